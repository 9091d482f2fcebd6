"""Pairs that wait for a person, each with one Chinese sentence that says what agrees and what differs."""

from __future__ import annotations

import polars as pl

from oneform import engine, link
from oneform.frames import EDGES
from oneform.pipeline.identity import linkable
from oneform.store import Store

_EDGES = """
SELECT e.* FROM edge e JOIN asked a ON a.left_record = e."left" AND a.right_record = e."right" ORDER BY 1, 2
"""


def explain_reviews(store: Store, waiting: pl.DataFrame) -> pl.DataFrame:
    """The reviews with a `sentence` each, in their order."""
    if waiting.is_empty():
        return waiting.with_columns(pl.lit(None, pl.String).alias("sentence"))
    with engine.lend(store.connection, asked=waiting):
        edges = engine.collect(engine.sql(store.connection, _EDGES)).match_to_schema(EDGES)
    ends = pl.concat([waiting["left_record"], waiting["right_record"]]).unique().to_frame("rec_id")
    standard = link.standardise(linkable(store, ends))
    said = link.sentences(edges, standard)
    keys = ["left_record", "right_record"]
    return waiting.join(said.rename({"left": keys[0], "right": keys[1]}), on=keys, how="left", validate="1:1", maintain_order="left")
