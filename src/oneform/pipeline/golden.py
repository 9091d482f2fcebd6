"""The golden values of what an act touched, made anew from what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oneform import engine, merge
from oneform.schema import Entity
from oneform.store import Store

_PARTITION = 500_000  # entities that one statement takes on: past that, one statement stops scaling


def renew(store: Store, touched: Mapping[str, pl.DataFrame]) -> None:
    """Make the golden rows of the entities touched (entity → `entity_id`) anew, then the heads of their households."""
    for entity in store.schema.entities.values():
        _refresh(store, entity, touched[entity.name])
    _set_heads(store, touched["person"], touched["household"])


def _refresh(store: Store, entity: Entity, concerned: pl.DataFrame) -> None:
    """Golden rows of the entities concerned, made anew: delete and insert, never update."""
    if concerned.is_empty():
        return
    parts = concerned.height // _PARTITION + 1
    with engine.lend(store.connection, touched=concerned):
        store.connection.execute(
            f'DELETE FROM "golden_{entity.name}" WHERE entity_id IN (SELECT entity_id FROM touched)'  # noqa: S608 - names of the schema
        )
        known = engine.collect(engine.sql(store.connection, merge.said_sql(entity))).row(0)
        said = frozenset(field.name for field, any_said in zip(entity.stored, known, strict=True) if any_said)
        for part in range(parts):
            statement = merge.golden_sql(entity, store.schema, said=said, part=part, parts=parts)
            store.connection.execute(f'INSERT INTO "golden_{entity.name}" BY NAME {statement}')


_HOUSEHOLDS = """
SELECT h.* EXCLUDE (head) FROM golden_household h JOIN touched t ON t.entity_id = h.entity_id ORDER BY h.entity_id
"""


def _set_heads(store: Store, people: pl.DataFrame, homes: pl.DataFrame) -> None:
    """Name the head of each household concerned, now that its residents' golden values stand."""
    connection = store.connection
    with engine.lend(connection, people=people, homes=homes):
        query = """SELECT household AS entity_id FROM golden_person JOIN people USING (entity_id)
                   WHERE household IS NOT NULL UNION SELECT entity_id FROM homes ORDER BY 1"""
        concerned = engine.collect(engine.sql(connection, query))
    if concerned.is_empty():
        return
    with engine.lend(connection, touched=concerned):
        heads = engine.collect(engine.sql(connection, merge.head_sql()))
        households = engine.collect(engine.sql(connection, _HOUSEHOLDS))
        connection.execute("DELETE FROM golden_household WHERE entity_id IN (SELECT entity_id FROM touched)")
    named = households.join(heads, left_on="entity_id", right_on="household", how="left", validate="1:1")
    engine.write(connection, named, "golden_household")
