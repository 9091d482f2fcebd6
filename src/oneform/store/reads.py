"""What the store answers: golden entities, links, problems, reviews, and where each value came from."""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.schema import Field
from oneform.store.database import Store


def golden(store: Store, entities: frozenset[str] | None = None) -> dict[str, pl.DataFrame]:
    """The golden tables by entity name (all of them, or the ones asked for), sorted by entity_id."""
    wanted = store.schema.entities if entities is None else sorted(entities & set(store.schema.entities))
    return {
        name: engine.collect(engine.sql(store.connection, f'SELECT * FROM "golden_{name}" ORDER BY entity_id'))  # noqa: S608 - names of the schema
        for name in wanted
    }


_LINKS = """
SELECT DISTINCT b.file, r.sheet, r.row, l.entity, l.entity_id AS resident
FROM record r JOIN import_batch b USING (import_id) JOIN current_link l USING (rec_id)
UNION ALL BY NAME
SELECT b.file, r.sheet, r.row, r.entity, NULL AS resident
FROM record r JOIN import_batch b USING (import_id)
WHERE NOT EXISTS (SELECT 1 FROM current_link l WHERE l.rec_id = r.rec_id)
ORDER BY file, sheet, row, entity
"""


_REGISTER = """
SELECT DISTINCT d.estate, d.building, d.unit, d.room
FROM golden_dwelling d JOIN current_link l ON l.entity = 'dwelling' AND l.entity_id = d.entity_id
JOIN record r ON r.rec_id = l.rec_id AND r.entity = 'dwelling' JOIN import_batch b ON b.import_id = r.import_id
WHERE b.source IN (SELECT source FROM believed) ORDER BY ALL
"""


def dwelling_register(store: Store) -> pl.DataFrame | None:
    """`estate, building, unit, room` of the dwellings that a list of dwellings names, from a source believed about them.

    None where nobody sent such a list: a list of residents is no register.
    """
    believed = [one.name for one in store.schema.sources.values() if "dwelling" in one.fields]
    with engine.lend(store.connection, believed=pl.DataFrame({"source": believed}, schema={"source": pl.String})):
        known = engine.collect(engine.sql(store.connection, _REGISTER))
    return None if known.is_empty() else known


def links(store: Store) -> pl.DataFrame:
    """`file, sheet, row, entity, resident` for every source row of the current state; a waiting row has no resident."""
    return engine.collect(engine.sql(store.connection, _LINKS))


def residents(store: Store) -> pl.DataFrame:
    """Golden residents, `resident` first, stored fields in the schema's order, then `household` and `dwelling`."""
    columns = ", ".join(f'"{field.name}"' for field in store.schema.stored("person"))
    query = f"SELECT entity_id AS resident, {columns}, household, dwelling FROM golden_person ORDER BY 1"  # noqa: S608 - names of the schema
    return engine.collect(engine.sql(store.connection, query))


# A blank cell whose value was read from another (a birth date from the ID) names that other cell. One row of a sheet may
# be several people, each with columns of its own: a record's columns are those its raw text names, and of two for one
# field the one that means nothing else (户主姓名 is the head's name, and the household's for every other member).
_ORIGINS = """
WITH bound AS (
  SELECT DISTINCT import_id, sheet, entity, field, "column",
         '"' || replace(replace(header, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '@' || "column" || '":' AS key
  FROM binding WHERE field IS NOT NULL),
mine AS (
  SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY import_id, sheet, "column") AS meanings FROM bound)
  WHERE entity = 'person')
SELECT v.resident, v.field, v.value, b.file, r.sheet, r.row,
       CASE WHEN c."column" IS NULL OR contains(p.raw, c.key || 'null')
            THEN d."column" ELSE c."column" END AS "column"
FROM said v JOIN record r USING (rec_id) JOIN import_batch b USING (import_id) JOIN source_person p USING (rec_id)
LEFT JOIN mine c ON c.import_id = r.import_id AND c.sheet = r.sheet AND c.field = v.field AND contains(p.raw, c.key)
LEFT JOIN mine d ON d.import_id = r.import_id AND d.sheet = r.sheet AND d.field = v.derived_from
                  AND contains(p.raw, d.key)
QUALIFY row_number() OVER (
  PARTITION BY v.resident, v.position ORDER BY c.meanings, c."column", d.meanings, d."column") = 1
ORDER BY v.resident, v.position
"""


def provenance(store: Store) -> pl.DataFrame:
    """`resident, field, value, file, sheet, row, column` per golden value; no `column` where a rule made the value."""
    people = golden(store, frozenset({"person"}))["person"]
    fields = store.schema.stored("person")
    said = pl.concat(
        [
            people.select(
                pl.col("entity_id").alias("resident"),
                pl.lit(field.name).alias("field"),
                pl.lit(_derived_from(field), pl.String).alias("derived_from"),
                pl.lit(position).alias("position"),
                pl.col(field.name).cast(pl.String).alias("value"),
                pl.col("prov").list.get(position, null_on_oob=True).alias("rec_id"),
            ).filter(pl.col("value").is_not_null())
            for position, field in enumerate(fields)
        ]
    )
    with engine.lend(store.connection, said=said):
        return engine.collect(engine.sql(store.connection, _ORIGINS))


def _derived_from(field: Field) -> str | None:
    """The field of the same row that fills this one when its cell is blank."""
    if field.derive:
        return field.derive.partition("(")[2].rstrip(")")
    return {"id_type": "id_number", "phone_alt": "phone"}.get(field.name)


def problem_list(store: Store) -> pl.DataFrame:
    """`batch, file, sheet, row, column, field, code, level, message, message_en` of every import, in order."""
    return engine.collect(
        engine.sql(
            store.connection,
            """SELECT p.import_id AS batch, b.file, p.sheet, p.row, p."column", p.field, p.code, p.level, p.message,
                      p.message_en
               FROM problem p JOIN import_batch b USING (import_id)
               ORDER BY batch, p.sheet, p.row NULLS FIRST, p."column" NULLS FIRST, p.code""",
        )
    )


_REVIEWS = """
WITH place AS (
  SELECT r.rec_id, b.file || '!' || r.sheet || '!' || r.row AS at FROM record r JOIN import_batch b USING (import_id))
SELECT row_number() OVER (ORDER BY v.weight DESC, l.at, g.at) AS review, l.at AS "left", g.at AS "right",
       v.weight AS match_weight, v.reason, v."left" AS left_record, v."right" AS right_record
FROM review v JOIN place l ON l.rec_id = v."left" JOIN place g ON g.rec_id = v."right"
WHERE v.reason NOT IN ('judged_same_two_ids', 'judgements_contradict')
ORDER BY 1
"""


def review_list(store: Store) -> pl.DataFrame:
    """`review, left, right, match_weight, reason`: pairs of rows that wait for a person, each named `file!sheet!row`.

    `left_record` and `right_record` are their rec_ids.
    """
    return engine.collect(engine.sql(store.connection, _REVIEWS))
