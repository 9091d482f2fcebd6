"""Pairs of records, each with one Chinese sentence that says what agrees, what differs and what follows."""

from __future__ import annotations

import polars as pl

from oneform import engine, link
from oneform.frames import EDGES
from oneform.pipeline.identity import linkable
from oneform.store import Store

_EDGES = """
SELECT e.* FROM edge e JOIN asked a ON a.left_record = e."left" AND a.right_record = e."right" ORDER BY 1, 2
"""

# One pair of each telling kind: a name written otherwise, an ID that lost its tail, one ID used for two people.
_TELLING = """
WITH told AS (
  SELECT e."left", e."right", e.weight, l.rec_key, CASE
      WHEN e.verdict = 'same' AND e.reason = 'scored' AND regexp_matches(e.levels, 'name=(homophone|shape|variant)') THEN 1
      WHEN e.reason = 'damaged_tail' THEN 2
      WHEN e.reason = 'one_id_two_people' THEN 3 END AS kind
  FROM edge e JOIN record l ON l.rec_id = e."left")
SELECT "left" AS left_record, "right" AS right_record FROM told WHERE kind IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY weight DESC, rec_key) = 1
ORDER BY kind
"""


def explain_reviews(store: Store, waiting: pl.DataFrame) -> pl.DataFrame:
    """The reviews (with `left_record` and `right_record`) and a `sentence` each, in their order."""
    if waiting.is_empty():
        return waiting.with_columns(pl.lit(None, pl.String).alias("sentence"))
    with engine.lend(store.connection, asked=waiting):
        edges = engine.collect(engine.sql(store.connection, _EDGES)).match_to_schema(EDGES)
    ends = pl.concat([waiting["left_record"], waiting["right_record"]]).unique().to_frame("rec_id")
    people = {row["rec_id"]: row for row in link.standardise(linkable(store, ends)).iter_rows(named=True)}
    compared = {(edge["left"], edge["right"]): edge for edge in edges.iter_rows(named=True)}
    pairs = zip(waiting["left_record"], waiting["right_record"], strict=True)
    sentences = [
        link.sentence(compared[pair], people[pair[0]], people[pair[1]]) if pair in compared else None for pair in pairs
    ]
    return waiting.with_columns(pl.Series("sentence", sentences, pl.String))


def telling_pairs(store: Store) -> list[str]:
    """Up to three sentences: two merges that were not plain, and one that was refused and waits for a person."""
    pairs = engine.collect(engine.sql(store.connection, _TELLING))
    return explain_reviews(store, pairs)["sentence"].drop_nulls().to_list()
