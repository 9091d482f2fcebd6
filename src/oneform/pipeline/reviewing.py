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
    people = {row["rec_id"]: row for row in standard.iter_rows(named=True)}
    compared = {(edge["left"], edge["right"]): edge for edge in edges.iter_rows(named=True)}
    pairs = zip(waiting["left_record"], waiting["right_record"], strict=True)
    sentences = [
        link.sentence(compared[pair], people[pair[0]], people[pair[1]]) if pair in compared else None for pair in pairs
    ]
    return waiting.with_columns(pl.Series("sentence", sentences, pl.String))
