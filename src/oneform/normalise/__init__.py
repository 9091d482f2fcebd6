"""normalise: a TABLE of raw text → canonical values per entity, with what was held and why.

Each bound column goes through its field's kind as one expression; a cell that holds several facts is taken apart first.
Nothing is repaired silently: a value that cannot be read keeps its raw text in `held` and becomes a problem; a value
that was tidied is counted per column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from oneform import kinds, problems
from oneform.frames import BLANK, ERROR, FORMULA, NOTES, PROBLEMS, TEXT, Column, Normalised, Table
from oneform.normalise import parts
from oneform.normalise.derived import add_derived
from oneform.schema import Field, Schema

__all__ = ["normalised"]

_FEW = 5  # cells of one column that may each be asked about
_TRUE = {"true", "是", "有", "√", "对"}


@dataclass(frozen=True)
class Fact:
    """One field that a column gives: its text is in `c{key}`, its cell type in `t{key}`, what was made of it in `p{key}`.

    `key` is the sheet column, with the number of the part where a cell holds several.
    """

    column: Column
    field: Field
    key: str

    def part(self, name: str) -> pl.Expr:
        """One member of what the field's kind answered."""
        return pl.col(f"p{self.key}").struct.field(name)

    @property
    def whole(self) -> pl.Expr:
        """The text of the whole cell, whatever part of it this is."""
        return pl.col(f"c{self.column.index}")

    @property
    def is_held(self) -> pl.Expr:
        """True where the cell is not used until somebody mends it."""
        code = self.part("code")
        held = code.is_not_null() & ~code.is_in(sorted(problems.WARNINGS))
        return held | pl.col(f"u{self.column.index}") if self.column.split else held


def normalised(table: Table, schema: Schema, *, today: date, file: str = "", own: bool = False) -> Normalised:
    """Every bound column of a table in its canonical form; rows, order and coordinates are kept.

    `file` is the file's name: what it says of the grid or the list counts where the sheet itself is silent. `own`: the
    sheet is a form of the dataset's, whose short addresses (5-1-202) name no dwelling anew.
    """
    facts = _stored(table, schema)
    parsed = _parsed(table, facts, schema, today=today)
    main = table.entity
    records = {
        entity: parsed.select(
            pl.lit(table.sheet).alias("sheet"),
            "row",
            *(value for fact in facts if fact.field.entity == entity for value in _values(fact)),
            _held(parsed, [fact for fact in facts if fact.field.entity == entity]),
        )
        for entity in dict.fromkeys([main, *(fact.field.entity for fact in facts)])
    }
    add_derived(records, table, schema, file, own=own)
    used = [fact.column for fact in facts]
    records[main] = records[main].hstack(table.cells.select(_verbatim(used))).hstack(_extras(table, used))
    return Normalised(main, records, _problems(table, facts, parsed), _notes(facts, parsed))


def _stored(table: Table, schema: Schema) -> list[Fact]:
    """The fields that are kept: row numbers, ages, signatures are recognised and not stored."""
    facts = []
    for column in table.columns:
        if column.split:
            named = [(place, f"{column.index}_{number}") for number, place in enumerate(column.parts)]
        else:
            named = [((column.entity or "", column.field or ""), str(column.index))] if column.field else []
        facts += [Fact(column, schema.entities[entity].fields[name], key) for (entity, name), key in named]
    return [fact for fact in facts if fact.field in schema.stored(fact.field.entity)]


def _parsed(table: Table, facts: list[Fact], schema: Schema, *, today: date) -> pl.DataFrame:
    """`row`, the text `c{i}` of each bound column, for each fact the struct `p{key}` that its kind makes of it."""
    indices = dict.fromkeys(fact.column.index for fact in facts)
    cells = table.cells.select("row", *(f"c{index}" for index in indices)).hstack(
        table.types.select(pl.col(f"c{index}").alias(f"t{index}") for index in indices)
    )
    framed = {fact.column.index: fact.column for fact in facts if fact.column.framed}
    cells = cells.with_columns(column.bare(pl.col(f"c{index}")).alias(f"c{index}") for index, column in framed.items())
    cells = cells.with_columns(
        pl.when(pl.col(f"c{index}").is_null()).then(pl.lit(BLANK, pl.UInt8)).otherwise(f"t{index}").alias(f"t{index}")
        for index in framed
    )
    for column in dict.fromkeys(fact.column.index for fact in facts if fact.column.split):
        cells = cells.hstack(_apart(cells, next(c for c in table.columns if c.index == column), schema))
    keys = {(fact.field.entity, fact.field.name): f"c{fact.key}" for fact in facts}
    id_type = keys.get(("person", "id_type"))
    return cells.with_columns(
        kinds.parse(
            fact.field.kind,
            _with_day(f"c{fact.key}", keys.get((fact.field.entity, fact.field.day_in or ""))),
            pl.col(f"t{fact.key}"),
            today=today,
            **_options(fact.column, fact.field, schema, id_type=id_type),
        ).alias(f"p{fact.key}")
        for fact in facts
    )


def _apart(cells: pl.DataFrame, column: Column, schema: Schema) -> pl.DataFrame:
    """`c{key}` and `t{key}` of each part of a column whose cells hold several facts, `u{i}` where they cannot be told.

    An error cell stays whole, so that it is named as one.
    """
    fields = [schema.entities[entity].fields[name] for entity, name in column.parts]
    text, kind = pl.col(f"c{column.index}"), pl.col(f"t{column.index}")
    split = parts.split(column.split, cells[f"c{column.index}"], fields)
    broken = kind.is_in([ERROR, FORMULA])
    apart = []
    for number in range(len(fields)):
        part, key = pl.col(str(number)), f"{column.index}_{number}"
        stays = pl.lit(column.split == "whole") | (broken & pl.lit(number == 0))
        apart.append(pl.when(stays).then(text).otherwise(part).alias(f"c{key}"))
        seen = pl.when(part.is_null()).then(pl.lit(BLANK, pl.UInt8)).otherwise(pl.lit(TEXT, pl.UInt8))
        apart.append(pl.when(stays).then(kind).otherwise(seen).alias(f"t{key}"))
    return cells.hstack(split).select(*apart, (pl.col(parts.UNREAD) & ~broken).alias(f"u{column.index}"))


def _with_day(name: str, day: str | None) -> pl.Expr:
    """A raw cell; a bare time of day (`9:00`) is completed by the day that stands in its own column."""
    if day is None:
        return pl.col(name)
    bare = pl.col(name).str.contains(r"^\s*[0-9]{1,2}[:：][0-9]{2}(?:[:：][0-9]{2})?\s*$")
    return pl.when(bare).then(pl.format("{} {}", pl.col(day).str.slice(0, 10), pl.col(name))).otherwise(pl.col(name))


def _options(column: Column, field: Field, schema: Schema, *, id_type: str | None) -> dict[str, object]:
    """What a field's kind needs to know beside the cell."""
    if field.kind == "date":
        return {"role": "birth" if field.name == "birth_date" else "any"}
    if field.kind == "resident_id":
        return {"id_type": pl.col(id_type) if id_type and field.name == "id_number" else None}
    if field.kind == "code" and field.codes:
        codes = schema.codes[field.codes]
        labels = list(codes.labels.values())
        allowed = "".join(f"「{label}」" for label in labels[:8]) + (f"等 {len(labels)} 种" if len(labels) > 8 else "")
        return {"spellings": codes.spellings, "legend": dict(column.legend), "allowed": allowed}
    if field.kind == "boolean":
        return {"legend": {text: word in _TRUE for text, word in column.legend.items()}}
    return {}


def _values(fact: Fact) -> list[pl.Expr]:
    """What a cell gives its record: its value unless held, and an identifier's evidence even when it is."""
    value, field = fact.part("value"), fact.field
    columns = [pl.when(fact.is_held).then(None).otherwise(value).alias(field.name)]
    if field.kind == "resident_id":
        state = fact.part("state")
        columns.append(value.alias(f"{field.name}__seen"))
        columns.append(pl.when(state != "blank").then(state).alias(f"{field.name}__state"))
    if (field.entity, field.name) == ("person", "id_number"):
        columns.append(fact.part("id_type").alias("id_type__read"))
    if (field.entity, field.name) == ("person", "phone"):
        columns.append(fact.part("alt").list.first().alias("phone__more"))
    return columns


def _held(parsed: pl.DataFrame, facts: list[Fact]) -> pl.Series:
    """JSON of field → raw text where a cell is held (null members: nothing held there); null when none is."""
    if not facts:
        return pl.repeat(None, parsed.height, dtype=pl.String, eager=True).alias("held")
    held = parsed.select(pl.any_horizontal(pl.lit(value=False), *(fact.is_held for fact in facts)).alias("held"))[
        "held"
    ]
    texts = [pl.when(fact.is_held).then(fact.whole).alias(fact.field.name) for fact in facts]
    told = parsed.filter(held).select(pl.struct(texts).struct.json_encode() if texts else pl.lit(None, pl.String))
    place = pl.when(held).then(held.cum_sum().cast(pl.UInt32) - 1)  # the few rows with something held, by their place
    return told.to_series().gather(pl.select(place).to_series()).alias("held")


def _verbatim(used: Sequence[Column]) -> pl.Expr:
    """The bound cells as they were, by header and sheet column, for ever."""
    return _as_json(list({column.index: column for column in used}.values())).alias("raw")


def _extras(table: Table, used: Sequence[Column]) -> pl.DataFrame:
    """The columns that became no value, kept verbatim; denied ones are named in the report and never stored."""
    known = {column.index for column in used}
    unknown = [column for column in table.columns if column.index not in known and not column.denied]
    return table.cells.with_columns(_as_json(unknown).alias("extras")).select("extras")


def _as_json(columns: list[Column]) -> pl.Expr:
    texts = [pl.col(f"c{column.index}").alias(f"{column.header}@{column.index}") for column in columns]
    return pl.struct(texts).struct.json_encode() if texts else pl.lit(None, pl.String)


def _problems(table: Table, facts: list[Fact], parsed: pl.DataFrame) -> pl.DataFrame:
    """A problem per cell that its kind could not read or doubts, with the user's own header in the sentence."""
    found = [
        _of_cells(table, fact, parsed.filter(fact.part("code").is_not_null()), fact.part("code"), fact.part("facts"))
        for fact in facts
    ]
    for fact in {fact.column.index: fact for fact in reversed(facts) if fact.column.split}.values():
        fields = [one.field for one in facts if one.column.index == fact.column.index]
        unread = parsed.filter(pl.col(f"u{fact.column.index}"))
        found.append(_of_cells(table, fact, unread, pl.lit("OF323"), _unread(fact, fields)))
    found = [frame for frame in found if not frame.is_empty()]
    if not found:
        return pl.DataFrame(schema=PROBLEMS)
    found = [_as_question(frame, parsed) for frame in found]
    # the parts of one cell may say the same of it
    told = problems.worded(pl.concat(found)).unique(["row", "column", "code", "message"], maintain_order=True)
    return told.select(PROBLEMS.names()).match_to_schema(PROBLEMS).sort("row", "column")


def _of_cells(table: Table, fact: Fact, cells: pl.DataFrame, code: pl.Expr, facts: pl.Expr) -> pl.DataFrame:
    return cells.select(
        pl.lit(table.sheet).alias("sheet"),
        pl.col("row"),
        pl.lit(fact.column.index, pl.Int32).alias("column"),
        pl.lit(fact.column.header).alias("header"),
        pl.lit(fact.field.name).alias("field"),
        code.alias("code"),
        facts.alias("facts"),
    )


def _unread(fact: Fact, fields: Sequence[Field]) -> pl.Expr:
    said = {
        "found": fact.whole.str.head(40),
        "expected": pl.lit(None, pl.String),
        "what": pl.lit("、".join(field.zh for field in fields)),
        "what_en": pl.lit(", ".join(field.en for field in fields)),
        "allowed": pl.lit(parts.sample(fact.column.split, fields)),
    }
    return pl.struct(text.alias(name) for name, text in said.items())


def _as_question(found: pl.DataFrame, parsed: pl.DataFrame) -> pl.DataFrame:
    """One question about the column instead of hundreds about its cells, where most of them are not understood."""
    puzzling = found.filter(pl.col("code").is_in(["OF310", "OF320"]))
    if puzzling.height <= _FEW or puzzling.height * 2 <= parsed[f"c{found['column'][0]}"].count():
        return found
    first = puzzling.head(1).with_columns(pl.lit(None, pl.Int32).alias("row"))
    return pl.concat([first, found.filter(~pl.col("code").is_in(["OF310", "OF320"]))])


def _notes(facts: list[Fact], parsed: pl.DataFrame) -> pl.DataFrame:
    """How often each column needed each kind of tidying."""
    counted = [
        parsed.select(pl.lit(fact.column.header).alias("header"), fact.part("note").alias("note"))
        .filter(pl.col("note").is_not_null())
        .group_by("header", "note")
        .agg(pl.len().alias("count"))
        for fact in facts
    ]
    return pl.concat([pl.DataFrame(schema=NOTES), *counted]).sort("header", "note")
