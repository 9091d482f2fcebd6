"""normalise: a TABLE of raw text → canonical values per entity, with what was held and why.

Each bound column goes through its field's kind as one expression. Nothing is repaired silently: a value that cannot be
read keeps its raw text in `held` and becomes a problem; a value that was tidied is counted per column.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from oneform import kinds, problems
from oneform.frames import NOTES, PROBLEMS, Column, Normalised, Table
from oneform.kinds import address, resident_id
from oneform.schema import Field, Schema

Bound = list[tuple[Column, Field]]

_DWELLING_PARTS = ("estate", "building", "unit", "room")
_VALID = ("valid18", "upgraded15")


def normalised(table: Table, schema: Schema, *, today: date) -> Normalised:
    """Every bound column of a table in its canonical form; rows, order and coordinates are kept."""
    bound = [(c, schema.entities[c.entity].fields[c.field]) for c in table.columns if c.entity and c.field]
    parsed = _parsed(table, bound, schema, today=today)
    main = table.entity
    records = {
        entity: parsed.select(
            pl.lit(table.sheet).alias("sheet"),
            "row",
            *(value for column, field in bound if field.entity == entity for value in _values(column, field)),
            _held([(column, field) for column, field in bound if field.entity == entity]),
        )
        for entity in dict.fromkeys([main, *(field.entity for _, field in bound)])
    }
    _add_derived(records, table, schema)
    records[main] = records[main].hstack(parsed.select(_verbatim(bound, "raw"))).hstack(_extras(table))
    return Normalised(main, records, _problems(table, bound, parsed), _notes(bound, parsed))


def _parsed(table: Table, bound: Bound, schema: Schema, *, today: date) -> pl.DataFrame:
    """`row`, the raw text `c{i}` of each bound column and the struct `p{i}` that its kind makes of it."""
    names = [f"c{column.index}" for column, _ in bound]
    cells = table.cells.select("row", *names).hstack(
        table.types.select(pl.col(name).alias(f"t{name[1:]}") for name in names)
    )
    id_type = next((f"c{column.index}" for column, field in bound if field.name == "id_type"), None)
    return cells.with_columns(
        kinds.parse(
            field.kind,
            pl.col(f"c{column.index}"),
            pl.col(f"t{column.index}"),
            **_options(column, field, schema, today=today, id_type=id_type),
        ).alias(f"p{column.index}")
        for column, field in bound
    )


def _options(column: Column, field: Field, schema: Schema, *, today: date, id_type: str | None) -> dict[str, object]:
    """What a field's kind needs to know beside the cell."""
    if field.kind in {"date", "datetime"}:
        return {"role": "birth" if field.name == "birth_date" else "event", "today": today}
    if field.kind == "resident_id":
        return {"today": today, "id_type": pl.col(id_type) if id_type and field.name == "id_number" else None}
    if field.kind == "code" and field.codes:
        codes = schema.codes[field.codes]
        allowed = "、".join(list(codes.labels.values())[:8])
        return {"spellings": codes.spellings, "legend": dict(column.legend), "allowed": allowed}
    if field.kind == "boolean":
        return {"legend": {text: kinds.boolean.meaning(word) for text, word in column.legend.items()}}
    if field.kind in {"integer", "decimal"}:
        return {"integer": field.kind == "integer"}
    return {}


def _part(column: Column, name: str) -> pl.Expr:
    return pl.col(f"p{column.index}").struct.field(name)


def _is_held(column: Column) -> pl.Expr:
    code = _part(column, "code")
    return code.is_not_null() & ~code.is_in(sorted(problems.WARNINGS))


def _values(column: Column, field: Field) -> list[pl.Expr]:
    """What a cell gives its record: its value unless held, and an identifier's evidence even when it is."""
    value = _part(column, "value")
    columns = [pl.when(_is_held(column)).then(None).otherwise(value).alias(field.name)]
    if field.kind == "resident_id":
        state = _part(column, "state")
        columns.append(value.alias(f"{field.name}__seen"))
        columns.append(pl.when(state != "blank").then(state).alias(f"{field.name}__state"))
    if field.name == "id_number":
        columns.append(_part(column, "id_type").alias("id_type__read"))
    if field.name == "phone":
        columns.append(_part(column, "alt").list.first().alias("phone__more"))
    return columns


def _held(bound: Bound) -> pl.Expr:
    """JSON of field → raw text where a cell is held (null members: nothing held there); null when none is."""
    if not bound:
        return pl.lit(None, pl.String).alias("held")
    texts = [pl.when(_is_held(column)).then(pl.col(f"c{column.index}")).alias(field.name) for column, field in bound]
    anything = pl.any_horizontal(_is_held(column) for column, _ in bound)
    return pl.when(anything).then(pl.struct(texts).struct.json_encode()).alias("held")


def _verbatim(bound: Bound, name: str) -> pl.Expr:
    """The cells as they were, by header, for ever."""
    texts = {f"{column.header}@{column.index}": pl.col(f"c{column.index}") for column, _ in bound}
    return pl.struct(**texts).struct.json_encode().alias(name) if texts else pl.lit(None, pl.String).alias(name)


def _extras(table: Table) -> pl.DataFrame:
    """The unknown columns, kept verbatim; denied ones are named in the report and never stored."""
    unknown = [column for column in table.columns if column.field is None and not column.denied]
    texts = {f"{column.header}@{column.index}": pl.col(f"c{column.index}") for column in unknown}
    if not texts:
        return table.cells.select(pl.lit(None, pl.String).alias("extras"))
    return table.cells.select(pl.struct(**texts).struct.json_encode().alias("extras"))


def _add_derived(records: dict[str, pl.DataFrame], table: Table, schema: Schema) -> None:
    """What the sheet says without a column for it: birth and sex inside an ID, parts of an address, the sheet's grid."""
    main = records[table.entity]
    if table.entity == "person":
        main = _from_identifier(main, schema)
        if not {"building", "unit", "room"} & set(records.get("dwelling", main).columns) and "current_address" in main.columns:
            parts = main.select(address.parts(pl.col("current_address")).alias("parts")).unnest("parts")
            known = records.get("dwelling", main.select("sheet", "row", pl.lit(None, pl.String).alias("held")))
            missing = [name for name in _DWELLING_PARTS if name not in known.columns]
            records["dwelling"] = known.hstack(parts.select(missing))
    for fact in ("grid", "community"):
        if fact in table.facts and fact in schema.entities[table.entity].fields and fact not in main.columns:
            main = main.with_columns(pl.lit(table.facts[fact]).alias(fact))
    records[table.entity] = main
    for entity, frame in _mentions(records, schema).items():
        records.setdefault(entity, frame)


def _from_identifier(people: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Blank birth date, sex and document type filled from a valid identifier; a typed value always stands."""
    stored = schema.entities["person"].fields
    given: dict[str, pl.Expr] = {}
    if "id_number" in people.columns:
        valid = pl.when(pl.col("id_number__state").is_in(_VALID)).then(pl.col("id_number"))
        given = {
            "birth_date": resident_id.birth_date(valid),
            "gender": resident_id.gender(valid),
            "id_type": pl.col("id_type__read"),
        }
    if "phone__more" in people.columns:
        given["phone_alt"] = pl.col("phone__more")
    filled = [
        (pl.coalesce(pl.col(name), value) if name in people.columns else value).alias(name)
        for name, value in given.items()
        if name in stored
    ]
    return people.with_columns(filled).drop("id_type__read", "phone__more", strict=False)


def _mentions(records: dict[str, pl.DataFrame], schema: Schema) -> dict[str, pl.DataFrame]:
    """Naming a grid makes it known: the first row that mentions each value of a reference to a named entity."""
    made: dict[str, pl.DataFrame] = {}
    for entity, frame in records.items():
        for field in schema.entities[entity].fields.values():
            target = schema.entities.get(field.to or "")
            if field.name in frame.columns and target and target.identify and target.identify[0] == ("name",):
                made[target.name] = (
                    frame.filter(pl.col(field.name).is_not_null())
                    .unique(field.name, keep="first", maintain_order=True)
                    .select("sheet", "row", pl.col(field.name).alias("name"), pl.lit(None, pl.String).alias("held"))
                )
    return made


def _problems(table: Table, bound: Bound, parsed: pl.DataFrame) -> pl.DataFrame:
    """A problem per cell that its kind could not read or doubts, with the user's own header in the sentence."""
    found = [
        parsed.filter(_part(column, "code").is_not_null()).select(
            pl.lit(table.sheet).alias("sheet"),
            pl.col("row"),
            pl.lit(column.index, pl.Int32).alias("column"),
            pl.lit(column.header).alias("header"),
            pl.lit(field.name).alias("field"),
            _part(column, "code").alias("code"),
            _part(column, "facts").alias("facts"),
        )
        for column, field in bound
    ]
    found = [frame for frame in found if not frame.is_empty()]
    if not found:
        return pl.DataFrame(schema=PROBLEMS)
    return problems.worded(pl.concat(found)).select(PROBLEMS.names()).match_to_schema(PROBLEMS).sort("row", "column")


def _notes(bound: Bound, parsed: pl.DataFrame) -> pl.DataFrame:
    """How often each column needed each kind of tidying."""
    counted = [
        parsed.select(pl.lit(column.header).alias("header"), _part(column, "note").alias("note"))
        .filter(pl.col("note").is_not_null())
        .group_by("header", "note")
        .agg(pl.len().alias("count"))
        for column, _ in bound
    ]
    return pl.concat([pl.DataFrame(schema=NOTES), *counted]).sort("header", "note")
