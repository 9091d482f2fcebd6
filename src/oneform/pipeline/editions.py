"""The same sheet sent again: its editions → the rows a newer one replaces, the people it lacks, the cells that disagree.

Two tables are editions of one sheet when their form, the place they are about and their period are equal. Which is the
newer is told by what the batches carry (when they were received; then a workbook of mended rows, then the one more of
which was understood, then the content), never by the order in which they were processed.
"""

from __future__ import annotations

import hashlib

import polars as pl

from oneform import engine, problems
from oneform.frames import PROBLEMS, SUMMARY, Normalised, Table, Workbook
from oneform.kinds import mask
from oneform.store import Edition, Store

_SAME_PEOPLE = 0.5  # share of the earlier sheet's people that must be there for it to be the same list again

MISSING = pl.Schema({"resident": pl.Int64, "name": pl.String, "file": pl.String, "sheet": pl.String, "row": pl.Int32})


def edition(
    table: Table, said: Normalised, workbook: Workbook, *, form: str | None, source: str, period: str
) -> Edition:
    """What a table is an edition of: a form of a source (mapping, else its headers), a grid (else the sheet's name)."""
    heads = sorted(recognised for column in table.columns if (recognised := "".join(column.header.split())))
    signature = hashlib.sha256("\x1f".join([table.entity, *heads]).encode()).hexdigest()[:16]
    main = said.records[said.entity]
    grids = main["grid"].drop_nulls().unique().to_list() if "grid" in main.columns else []
    place = str(grids[0]) if len(grids) == 1 else f"sheet:{table.sheet}"
    known = sum(column.field is not None for column in table.columns)
    partial = any(sheet.name == SUMMARY for sheet in workbook.sheets)
    return Edition(f"{source}:{form or signature}", place, period, known, partial)


# -- rows that a newer edition replaces ------------------------------------------------------------------------------

# Tables that came more than once; a greater age is newer. Tables of one batch are of one age.
_AGAIN = """
WITH aged AS (
  SELECT e.import_id, e.part, e.form, e.place, e.period, b.received_at, b.content_sha256,
         bool_or(e.partial) OVER (PARTITION BY e.import_id) AS partial, sum(e.known) OVER (PARTITION BY e.import_id) AS known
  FROM edition e JOIN import_batch b USING (import_id)),
ranked AS (
  SELECT import_id, part, dense_rank() OVER (ORDER BY form, place, period) AS edition_of,
         dense_rank() OVER (PARTITION BY form, place, period ORDER BY received_at, partial, known, content_sha256) AS age
  FROM aged)
SELECT * FROM ranked QUALIFY max(age) OVER (PARTITION BY edition_of) > 1 ORDER BY import_id, part
"""

# Rows of such tables that are or were about an entity touched, and every entity that they speak of now.
_NEAR = """
SELECT DISTINCT r.rec_id FROM link l JOIN touched t ON t.entity = l.entity AND t.entity_id = l.entity_id
JOIN record r ON r.rec_id = l.rec_id JOIN again a ON a.import_id = r.import_id AND a.part = r.part
WHERE l.entity = r.entity OR l.entity IN (SELECT entity FROM events)
"""
_AFFECTED = """
SELECT DISTINCT l.entity, l.entity_id FROM current_link l JOIN near n ON n.rec_id = l.rec_id ORDER BY 1, 2
"""

# What a row is about, and an event it tells of, is told by the newest edition alone. A row that stands for a row (one
# each, about the same) replaces all it says: a dwelling mistyped once leaves no ghost.
_REPLACED = """
WITH said AS (
  SELECT l.rec_id, l.entity, l.entity_id, a.edition_of, a.age, l.entity = r.entity AS own
  FROM affected f JOIN current_link l ON l.entity = f.entity AND l.entity_id = f.entity_id
  JOIN record r ON r.rec_id = l.rec_id JOIN again a ON a.import_id = r.import_id AND a.part = r.part),
aged AS (
  SELECT *, max(age) OVER sheet AS newest, count(*) OVER (PARTITION BY entity, entity_id, edition_of, age) AS alike
  FROM said WINDOW sheet AS (PARTITION BY entity, entity_id, edition_of)),
whole AS (
  SELECT o.rec_id FROM aged o
  JOIN aged n ON n.entity = o.entity AND n.entity_id = o.entity_id AND n.edition_of = o.edition_of AND n.age = o.newest
  WHERE o.own AND n.own AND o.age < o.newest AND o.alike = 1 AND n.alike = 1)
SELECT rec_id, entity FROM aged WHERE age < newest AND (own OR entity IN (SELECT entity FROM events))
UNION SELECT l.rec_id, l.entity FROM current_link l JOIN whole w ON w.rec_id = l.rec_id
ORDER BY 1, 2
"""


def renewed(store: Store, touched: pl.DataFrame) -> pl.DataFrame:
    """Bring `superseded` up to date around the entities touched; all (entity, entity_id) that may have changed."""
    concerned = touched.select("entity", "entity_id")
    again = engine.collect(engine.sql(store.connection, _AGAIN))
    if again.is_empty():
        return concerned
    events = pl.DataFrame({"entity": [one.name for one in store.schema.entities.values() if one.event]})
    with engine.lend(store.connection, again=again, touched=concerned, events=events):
        near = engine.collect(engine.sql(store.connection, _NEAR))
        with engine.lend(store.connection, near=near):
            affected = engine.collect(engine.sql(store.connection, _AFFECTED))
            with engine.lend(store.connection, affected=affected):
                replaced = engine.collect(engine.sql(store.connection, _REPLACED))
            store.connection.execute("DELETE FROM superseded WHERE rec_id IN (SELECT rec_id FROM near)")
    engine.write(store.connection, replaced.join(near, on="rec_id", how="semi"), "superseded")
    return pl.concat([concerned, affected]).unique(maintain_order=True)


# -- what an edition lacks -------------------------------------------------------------------------------------------

# Per table of a batch the edition before it, of whatever period; nothing when a newer one is there already.
_BEFORE = """
WITH aged AS (
  SELECT e.*, row_number() OVER (
           PARTITION BY e.form, place ORDER BY period, received_at, partial, known, content_sha256, part) AS age
  FROM edition e JOIN import_batch b USING (import_id)),
mine AS (SELECT * FROM aged WHERE import_id = $import_id)
SELECT m.part, o.import_id AS earlier, o.part AS earlier_part, o.period = m.period AS same_period, m.partial, o.age,
       EXISTS (FROM aged n WHERE n.form = m.form AND n.place = m.place AND n.import_id <> m.import_id
               AND n.age > m.age AND NOT n.partial) AS stale
FROM mine m JOIN aged o ON o.form = m.form AND o.place = m.place AND o.age < m.age AND o.import_id <> m.import_id
WHERE NOT o.partial QUALIFY o.age = max(o.age) OVER (PARTITION BY m.part) ORDER BY m.part
"""

_PEOPLE = """
SELECT l.entity_id AS resident, min(r.row) AS row, any_value(r.sheet) AS sheet, any_value(b.file) AS file
FROM record r JOIN current_link l ON l.rec_id = r.rec_id AND l.entity = 'person' JOIN import_batch b USING (import_id)
WHERE r.import_id = $import_id AND r.part = $part AND r.entity = 'person' GROUP BY 1 ORDER BY 2, 1
"""


def missing(store: Store, import_id: int, tables: tuple[Table, ...]) -> list[pl.DataFrame]:
    """MISSING per table of a batch: the people of the edition before it that it no longer has, at their old place.

    Nobody is missing from a workbook of rows to mend, from a sheet older than the store's, from a list of another period
    that tells of events, or where fewer than half come again: then it is another list.
    """
    found = [pl.DataFrame(schema=MISSING) for _ in tables]
    for part, earlier, earlier_part, same_period, partial, _, stale in engine.collect(
        engine.sql(store.connection, _BEFORE, import_id=import_id)
    ).iter_rows():
        lists_events = any(
            column.entity and store.schema.entities[column.entity].event for column in tables[part].columns
        )
        if partial or stale or (lists_events and not same_period):
            continue
        before = _people(store, earlier, earlier_part)
        gone = before.join(_everyone(store, import_id), on="resident", how="anti")
        if gone.height <= before.height * (1 - _SAME_PEOPLE):
            found[part] = _named(store, gone)
    return found


def _people(store: Store, import_id: int, part: int) -> pl.DataFrame:
    return engine.collect(engine.sql(store.connection, _PEOPLE, import_id=import_id, part=part))


def _everyone(store: Store, import_id: int) -> pl.DataFrame:
    """Residents that any row of the batch is about: one who moved to another table of it is not missing."""
    query = """SELECT DISTINCT l.entity_id AS resident FROM record r JOIN current_link l USING (rec_id)
               WHERE r.import_id = $import_id AND l.entity = 'person'"""
    return engine.collect(engine.sql(store.connection, query, import_id=import_id))


def _named(store: Store, gone: pl.DataFrame) -> pl.DataFrame:
    """MISSING with names of which only the surname is told."""
    if gone.is_empty():
        return pl.DataFrame(schema=MISSING)
    with engine.lend(store.connection, gone=gone):
        query = """SELECT g.*, p.name FROM gone g LEFT JOIN golden_person p ON p.entity_id = g.resident
                   ORDER BY g.row, g.resident"""
        named = engine.collect(engine.sql(store.connection, query))
    return (
        named.with_columns(mask.apply(pl.col("name"), "name:surname"))
        .match_to_schema(MISSING, extra_columns="ignore")
        .select(MISSING.names())
    )


def missing_problems(tables: tuple[Table, ...], gone: list[pl.DataFrame]) -> pl.DataFrame:
    """PROBLEMS OF403, one per table that lacks people."""
    found = [
        (
            table.sheet,
            None,
            None,
            None,
            None,
            "OF403",
            problems.level("OF403"),
            *_sentences("OF403", count=people.height),
        )
        for table, people in zip(tables, gone, strict=True)
        if not people.is_empty()
    ]
    return pl.DataFrame(found, schema=PROBLEMS, orient="row")


def _sentences(code: str, **facts: str | int) -> tuple[str, str]:
    """A sentence of the catalogue and its twin."""
    return problems.message(code, lang="zh", **facts), problems.message(code, lang="en", **facts)


# -- cells that disagree with the store --------------------------------------------------------------------------------

# The rows of the batch beside their residents' golden values of before, and the row of the edition before it, if any.
_ROWS = """
SELECT r.rec_id, r.part, r.row, l.entity_id FROM record r JOIN current_link l ON l.rec_id = r.rec_id AND l.entity = r.entity
WHERE r.import_id = $import_id AND r.entity = $entity ORDER BY r.rec_id
"""
_EDITIONS = """
SELECT e.import_id, e.part, e.form, e.place, e.period, b.received_at, b.valid_on
FROM edition e JOIN import_batch b USING (import_id) ORDER BY 1, 2
"""


def conflicts(store: Store, before: engine.Connection, import_id: int, tables: tuple[Table, ...]) -> pl.DataFrame:
    """PROBLEMS per cell that differs from a value the store got after this form's last edition (or from a newer one).

    OF404 where only the store has moved on (the sheet is a stale copy), OF410 where the sheet was changed too. Which
    value holds is settled by trust and date as ever.
    """
    editions = engine.collect(engine.sql(store.connection, _EDITIONS))
    found = []
    for part, table in enumerate(tables):
        mine = editions.filter((pl.col("import_id") == import_id) & (pl.col("part") == part)).row(0, named=True)
        others = editions.filter(
            (pl.col("form") == mine["form"]) & (pl.col("place") == mine["place"]) & (pl.col("import_id") != import_id)
        )
        if not others.is_empty():
            found.append(_of_table(store, before, table, part, mine, others))
    return pl.concat([pl.DataFrame(schema=PROBLEMS), *found])


def _of_table(
    store: Store, before: engine.Connection, table: Table, part: int, mine: dict[str, object], others: pl.DataFrame
) -> pl.DataFrame:
    when = (str(mine["period"]), str(mine["received_at"]))
    age = pl.concat_str("period", pl.lit(" "), "received_at")
    earlier = others.filter(age < " ".join(when)).sort(age, "import_id")
    columns = {c.field: c for c in table.columns if c.entity == table.entity and c.field}
    fields = [one.name for one in store.schema.stored(table.entity) if one.name in columns]
    if not fields:
        return pl.DataFrame(schema=PROBLEMS)
    rows = engine.collect(
        engine.sql(store.connection, _ROWS, import_id=int(str(mine["import_id"])), entity=table.entity)
    ).filter(pl.col("part") == part)
    new = _long(store.connection, table.entity, rows, fields).rename({"value": "new"})
    last = earlier.tail(1)
    base = _base(store, table.entity, last, fields)
    golden = _golden(store, before, table.entity, rows, fields)
    known = new.join(golden, on=["entity_id", "field"]).join(base, on=["entity_id", "field"], how="left")
    since = " ".join(str(last[name][0]) for name in ("period", "received_at")) if last.height else " ".join(when)
    newer = (pl.col("given") > since) & ~pl.col("import_id").is_in(last["import_id"].implode())
    if last.is_empty():  # the first edition to come; only a newer edition of it makes it stale
        newer &= pl.col("import_id").is_in(others["import_id"].implode())
    differing = known.filter(newer & (pl.col("new") != pl.col("old")) & pl.col("base").ne_missing(pl.col("old")))
    changed = pl.col("base").ne_missing(pl.col("new")) & pl.lit(not last.is_empty())
    told = differing.with_columns(code=pl.when(changed).then(pl.lit("OF410")).otherwise(pl.lit("OF404")))
    lines = [
        (
            *(table.sheet, row, columns[field].index, columns[field].header, field, code, problems.level(code)),
            *_sentences(code, header=columns[field].header),
        )
        for row, field, code in told.sort("row", "field").select("row", "field", "code").iter_rows()
    ]
    return pl.DataFrame(lines, schema=PROBLEMS, orient="row")


def _long(connection: engine.Connection, entity: str, rows: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """`rec_id, row, entity_id, field, value` of what source rows say; what they leave blank is absent."""
    names = ", ".join(f'CAST(s."{name}" AS VARCHAR) AS "{name}"' for name in fields)
    query = (
        f'SELECT w.rec_id, w.row, w.entity_id, {names} FROM wanted w JOIN "source_{entity}" s ON s.rec_id = w.rec_id'  # noqa: S608 - names of the schema
    )
    with engine.lend(connection, wanted=rows):
        wide = engine.collect(engine.sql(connection, query))
    long = wide.unpivot(fields, index=["rec_id", "row", "entity_id"], variable_name="field", value_name="value")
    return long.drop_nulls("value")


def _base(store: Store, entity: str, last: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """`entity_id, field, base`: what the edition before said of each entity; a blank one is null."""
    if last.is_empty():
        return pl.DataFrame(schema={"entity_id": pl.Int64, "field": pl.String, "base": pl.String})
    rows = engine.collect(
        engine.sql(store.connection, _ROWS, import_id=int(last["import_id"][0]), entity=entity)
    ).filter(pl.col("part") == last["part"][0])
    said = _long(store.connection, entity, rows, fields)
    return said.sort("rec_id").group_by("entity_id", "field").agg(base=pl.col("value").first())


def _golden(
    store: Store, before: engine.Connection, entity: str, rows: pl.DataFrame, fields: list[str]
) -> pl.DataFrame:
    """`entity_id, field, old, import_id, given` of the golden values before the batch: which batch gave each, and when."""
    places = {one.name: at for at, one in enumerate(store.schema.stored(entity), start=1)}
    ids = rows["entity_id"].unique().to_list()
    parts = [
        f"""SELECT g.entity_id, '{name}' AS field, CAST(g."{name}" AS VARCHAR) AS old, g.prov[{places[name]}] AS rec_id
            FROM "golden_{entity}" g WHERE g."{name}" IS NOT NULL AND g.entity_id = ANY($ids)"""  # noqa: S608 - names of the schema
        for name in fields
    ]
    query = f"""SELECT v.entity_id, v.field, v.old, r.import_id, b.valid_on || ' ' || b.received_at AS given
                FROM ({" UNION ALL ".join(parts)}) v JOIN record r USING (rec_id)
                JOIN import_batch b ON b.import_id = r.import_id"""  # noqa: S608
    return pl.DataFrame(before.sql(query, params={"ids": ids}).pl())
