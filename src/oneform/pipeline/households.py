"""Households after people: records of an act → CLUSTERS of what they say of households, for all households they touch.

What ties records to one household (its number, its head's ID, a dwelling) makes islands that know nothing of another.
So only the islands that the act touches are clustered again, whole: the outcome is that of clustering all records at
once, whatever the order of the imports. Islands are read from every link a record ever had, not only from the one in
force: a few records more are looked at and none is forgotten that a changed link has set free.
"""

from __future__ import annotations

import polars as pl

from oneform import engine, link
from oneform.store import Store

_CLAIMS = """
SELECT r.rec_id, r.rec_key, lp.entity_id AS person, p.name, h.household_id, h.head_name, h.head_id,
       ld.entity_id AS dwelling, p.relation_to_head
FROM reached JOIN record r ON r.rec_id = reached.rec_id
LEFT JOIN source_household h ON h.rec_id = r.rec_id
LEFT JOIN source_person p ON p.rec_id = r.rec_id
LEFT JOIN current_link lp ON lp.rec_id = r.rec_id AND lp.entity = 'person'
LEFT JOIN current_link ld ON ld.rec_id = r.rec_id AND ld.entity = 'dwelling'
WHERE NOT r.waiting AND (h.rec_id IS NOT NULL OR ld.entity_id IS NOT NULL OR lp.entity_id IS NOT NULL)
ORDER BY r.rec_id
"""

# Records of the act, those it linked anew, and those that share a person or a dwelling with one of these or once did.
_START = """
WITH moved AS (
  SELECT rec_id FROM fresh UNION SELECT rec_id FROM link WHERE op = $op AND entity IN ('person', 'dwelling'))
SELECT rec_id FROM moved
UNION SELECT o.rec_id FROM link o JOIN (
  SELECT DISTINCT l.entity, l.entity_id FROM link l JOIN moved m ON m.rec_id = l.rec_id
  WHERE l.entity IN ('person', 'dwelling')) t ON t.entity = o.entity AND t.entity_id = o.entity_id
ORDER BY 1
"""

_TIED = """
SELECT o.rec_id FROM source_household o JOIN (
  SELECT DISTINCT s.household_id FROM source_household s JOIN frontier f ON f.rec_id = s.rec_id) t
  ON t.household_id = o.household_id
UNION SELECT o.rec_id FROM source_household o JOIN (
  SELECT DISTINCT s.head_id FROM source_household s JOIN frontier f ON f.rec_id = s.rec_id) t ON t.head_id = o.head_id
UNION SELECT o.rec_id FROM link o JOIN (
  SELECT DISTINCT l.entity, l.entity_id FROM link l JOIN frontier f ON f.rec_id = l.rec_id
  WHERE l.entity IN ('dwelling', 'household')) t ON t.entity = o.entity AND t.entity_id = o.entity_id
"""

_SAME_PEOPLE = """
SELECT o.rec_id FROM link o JOIN (
  SELECT DISTINCT l.entity_id FROM link l JOIN frontier f ON f.rec_id = l.rec_id WHERE l.entity = 'person') t
  ON t.entity_id = o.entity_id
WHERE o.entity = 'person'
"""


def clustered(store: Store, fresh: pl.DataFrame, op: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CLUSTERS and the claims they are made of (rec_id, rec_key …); claims without a cluster belong to no household.

    A record that says nothing of a household belongs to the one its resident has everywhere else; so the residents of
    the islands touched are followed to all their records, and these records' islands are clustered along.
    """
    with engine.lend(store.connection, fresh=fresh):
        start = engine.collect(engine.sql(store.connection, _START, op=op))["rec_id"]
    touched = _islands(store, start, start)
    elsewhere = _beyond(store, _SAME_PEOPLE, touched, touched)
    concerned = pl.concat([touched, elsewhere])
    with engine.lend(store.connection, reached=_islands(store, concerned, elsewhere).to_frame("rec_id")):
        claims = engine.collect(engine.sql(store.connection, _CLAIMS))
    told = link.households(claims)
    people = claims.filter(pl.col("rec_id").is_in(concerned.implode())).select("rec_id", "person").drop_nulls()
    homes = (
        told.join(people, on="rec_id", how="inner")
        .group_by("person")
        .agg(pl.col("cluster").min(), pl.col("cluster").n_unique().alias("homes"))
        .filter(pl.col("homes") == 1)
    )
    silent = people.join(told, on="rec_id", how="anti").join(homes, on="person", how="inner", validate="m:1")
    clusters = pl.concat([told, silent.select("rec_id", "cluster")])
    # Of islands only clustered along, a record without a household of its own keeps what it has.
    settled = pl.concat([concerned, told["rec_id"]]).implode()
    return clusters, claims.filter(pl.col("rec_id").is_in(settled))


def _islands(store: Store, reached: pl.Series, frontier: pl.Series) -> pl.Series:
    """The records reached and every record tied to one of `frontier`, directly or through others."""
    while not frontier.is_empty():
        frontier = _beyond(store, _TIED, frontier, reached)
        reached = pl.concat([reached, frontier])
    return reached.alias("rec_id")


def _beyond(store: Store, query: str, frontier: pl.Series, reached: pl.Series) -> pl.Series:
    """What a query finds from `frontier` that is not reached yet."""
    with engine.lend(store.connection, frontier=frontier.to_frame("rec_id")):
        found = engine.collect(engine.sql(store.connection, query))["rec_id"].unique()
    return found.filter(~found.is_in(reached.implode())).alias("rec_id")
