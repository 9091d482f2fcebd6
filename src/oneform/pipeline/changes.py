"""What an import did to golden values, before it is committed: entities counted, and each cell that changed a value."""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.store import Store

CHANGES = pl.Schema(
    {
        "sheet": pl.String,
        "row": pl.Int32,
        "column": pl.Int32,  # null: a rule made the value, or no column of the sheet says it
        "entity": pl.String,
        "field": pl.String,
        "old": pl.String,
        "new": pl.String,  # null: the newer edition of the sheet leaves it blank
    }
)


def counted(
    store: Store, before: engine.Connection, records: pl.DataFrame, touched: pl.DataFrame
) -> tuple[int, int, int]:
    """New, updated and unchanged among the entities that the batch's rows are about."""
    entities = records["entity"].unique().to_list()
    new = touched.filter(pl.col("minted") & pl.col("entity").is_in(entities)).height
    updated = 0
    for entity in entities:
        ids = touched.filter((pl.col("entity") == entity) & ~pl.col("minted"))["entity_id"].to_list()
        if ids:
            now, was = _golden(store, store.connection, entity, ids), _golden(store, before, entity, ids)
            updated += now.join(was, on=now.columns, how="anti", nulls_equal=True).height
    concerned = touched.filter(pl.col("entity").is_in(entities)).height
    return new, updated, max(0, concerned - new - updated)


def _golden(store: Store, connection: engine.Connection, entity: str, ids: list[int]) -> pl.DataFrame:
    fields = ", ".join(f'"{field.name}"' for field in store.schema.stored(entity))
    query = f'SELECT entity_id, {fields} FROM "golden_{entity}" WHERE entity_id = ANY($ids)'  # noqa: S608 - names of the schema
    return pl.DataFrame(connection.sql(query, params={"ids": ids}).pl())


_PLACES = """
SELECT l.entity_id, b.field, min_by(r.sheet, r.rec_id) AS sheet, min(r.row) AS row, min_by(b."column", r.rec_id) AS "column"
FROM record r JOIN current_link l ON l.rec_id = r.rec_id AND l.entity = $entity
JOIN binding b ON b.import_id = r.import_id AND b.sheet = r.sheet AND b.entity = l.entity AND b.field IS NOT NULL
WHERE r.import_id = $import_id AND r.entity = $entity GROUP BY ALL
"""


def cells(
    store: Store, before: engine.Connection, import_id: int, records: pl.DataFrame, touched: pl.DataFrame
) -> pl.DataFrame:
    """CHANGES of the entities that the rows are about and that were known before, in the order of the rows.

    Only the cells of the batch: a value that another source's row now gives is no change of this sheet.
    """
    found = [pl.DataFrame(schema=CHANGES)]
    for entity in records["entity"].unique().sort().to_list():
        ids = touched.filter((pl.col("entity") == entity) & ~pl.col("minted"))["entity_id"].to_list()
        if not ids:
            continue
        was, now = (_long(_golden(store, one, entity, ids)) for one in (before, store.connection))
        places = engine.collect(engine.sql(store.connection, _PLACES, entity=entity, import_id=import_id))
        both = was.rename({"value": "old"}).join(
            now.rename({"value": "new"}), on=["entity_id", "field"], how="full", coalesce=True
        )
        changed = both.filter(pl.col("old").ne_missing(pl.col("new"))).join(places, on=["entity_id", "field"])
        found.append(
            changed.select(
                "sheet", "row", "column", pl.lit(entity).alias("entity"), "field", "old", "new"
            ).match_to_schema(CHANGES)
        )
    return pl.concat(found).sort("sheet", "row", "column")


def _long(golden: pl.DataFrame) -> pl.DataFrame:
    texts = golden.with_columns(pl.exclude("entity_id").cast(pl.String))
    return texts.unpivot(index="entity_id", variable_name="field", value_name="value").drop_nulls("value")
