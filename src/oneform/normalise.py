"""normalise: a TABLE of raw text → canonical values per entity, with what was held and why.

Each bound column goes through its field's kind as one expression. Nothing is repaired silently: a value that cannot be
read keeps its raw text in `held` and becomes a problem; a value that was tidied is counted per column.
"""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from oneform import kinds, problems
from oneform.frames import NOTES, PROBLEMS, Column, Normalised, Table
from oneform.kinds import address, resident_id
from oneform.schema import Field, Schema

Bound = list[tuple[Column, Field]]

_FEW = 5  # cells of one column that may each be asked about
_PART_NAMES = {"group": "village_group", "suffix": "room_suffix"}  # as the dwelling calls the parts of an address
# how a text names the one grid or community it is about; several grids (第二第三网格) name none
_PLACES = {
    "grid": r"(?<![一二三四五六七八九十0-9、和])(第[一二三四五六七八九十0-9]+网格)",
    "community": r"(?:^|[街道镇乡区县市])([^街道镇乡区县市省\s]{2,8}社区)",
}
# the last word of an area's name → its level; of two that fit, the later
_LEVELS = {
    "(?:区|县)$": "区县",
    "(?:街道|镇|乡)$": "街道",
    "网格$": "网格",
    "小区$|花园$": "小区",
    "(?:社区|村|居委会|居委)$": "社区",
}
_TITLED = {
    ("target", "metric"): {"接种": "vaccination", "核酸": "test", "检测": "test"},
    ("isolation", "isolation_kind"): {"居家": "居家", "集中": "集中"},
}
# what makes one element a whole address that the grammar of addresses can read
_ELEMENTS = {
    "building": (pl.lit(""), pl.lit("栋")),
    "unit": (pl.lit("1栋"), pl.lit("单元")),
    "room": (pl.lit("1栋1单元"), pl.lit("室")),
}
_ELEMENT_WORDS = r"^第|(?:号楼|栋|幢|座|楼|#|单元|门|梯|室|号|房)$"
# fields that name another entity → that entity and what else is known of it by being named so
_NAMED: dict[str, tuple[str, dict[str, str]]] = {"grid": ("grid", {}), "community": ("area", {"level": "社区"})}
_VALID = ("valid18", "upgraded15")
_TRUE = {"是", "有", "√", "对"}


def normalised(table: Table, schema: Schema, *, today: date, file: str = "") -> Normalised:
    """Every bound column of a table in its canonical form; rows, order and coordinates are kept.

    `file` is the file's name: what it says of the grid or the list counts where the sheet itself is silent.
    """
    bound = _stored(table, schema)
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
    _add_derived(records, table, schema, file)
    records[main] = (
        records[main].hstack(parsed.with_columns(_verbatim(bound)).select("raw")).hstack(_extras(table, bound))
    )
    return Normalised(main, records, _problems(table, bound, parsed), _notes(bound, parsed))


def _stored(table: Table, schema: Schema) -> Bound:
    """The columns bound to fields that are kept: row numbers, ages, signatures are recognised and not stored."""
    fields = [
        (column, schema.entities[column.entity].fields[column.field])
        for column in table.columns
        if column.entity and column.field
    ]
    return [(column, field) for column, field in fields if field in schema.stored(field.entity)]


def _parsed(table: Table, bound: Bound, schema: Schema, *, today: date) -> pl.DataFrame:
    """`row`, the raw text `c{i}` of each bound column and the struct `p{i}` that its kind makes of it."""
    names = [f"c{column.index}" for column, _ in bound]
    cells = table.cells.select("row", *names).hstack(
        table.types.select(pl.col(name).alias(f"t{name[1:]}") for name in names)
    )
    columns = {(field.entity, field.name): f"c{column.index}" for column, field in bound}
    id_type = columns.get(("person", "id_type"))
    return cells.with_columns(
        kinds.parse(
            field.kind,
            _with_day(f"c{column.index}", columns.get((field.entity, field.day_in or ""))),
            pl.col(f"t{column.index}"),
            today=today,
            **_options(column, field, schema, id_type=id_type),
        ).alias(f"p{column.index}")
        for column, field in bound
    )


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
    if (field.entity, field.name) == ("person", "id_number"):
        columns.append(_part(column, "id_type").alias("id_type__read"))
    if (field.entity, field.name) == ("person", "phone"):
        columns.append(_part(column, "alt").list.first().alias("phone__more"))
    return columns


def _held(bound: Bound) -> pl.Expr:
    """JSON of field → raw text where a cell is held (null members: nothing held there); null when none is."""
    if not bound:
        return pl.lit(None, pl.String).alias("held")
    texts = [pl.when(_is_held(column)).then(pl.col(f"c{column.index}")).alias(field.name) for column, field in bound]
    anything = pl.any_horizontal(_is_held(column) for column, _ in bound)
    return pl.when(anything).then(pl.struct(texts).struct.json_encode()).alias("held")


def _verbatim(bound: Bound) -> pl.Expr:
    """The bound cells as they were, by header and sheet column, for ever."""
    return _as_json([column for column, _ in bound]).alias("raw")


def _extras(table: Table, bound: Bound) -> pl.DataFrame:
    """The columns that became no value, kept verbatim; denied ones are named in the report and never stored."""
    known = {column.index for column, _ in bound}
    unknown = [column for column in table.columns if column.index not in known and not column.denied]
    return table.cells.with_columns(_as_json(unknown).alias("extras")).select("extras")


def _as_json(columns: list[Column]) -> pl.Expr:
    texts = [pl.col(f"c{column.index}").alias(f"{column.header}@{column.index}") for column in columns]
    return pl.struct(texts).struct.json_encode() if texts else pl.lit(None, pl.String)


def _add_derived(records: dict[str, pl.DataFrame], table: Table, schema: Schema, file: str) -> None:
    """What the sheet says without a column for it: birth and sex inside an ID, parts of an address, the sheet's grid."""
    if table.entity == "person":
        records["person"] = _from_identifier(records["person"], schema)
        _add_address_parts(records)
    if "dwelling" in records:
        records["dwelling"] = _with_plain_parts(records["dwelling"])
    if "area" in records:
        records["area"] = _with_level(records["area"])
    for entity, field in _TITLED:
        if entity in records and field not in records[entity].columns:
            titled = pl.lit(_titled(table, file, entity, field), pl.String)
            records[entity] = records[entity].with_columns(titled.alias(field))
    for fact, value in _place(table, file).items():
        main = records[table.entity]
        if fact in schema.entities[table.entity].fields and fact not in main.columns:
            records[table.entity] = main.with_columns(pl.lit(value).alias(fact))
    for entity, frame in _mentions(records).items():
        records.setdefault(entity, frame)


def _place(table: Table, file: str) -> dict[str, str]:
    """The grid and community that the whole sheet is about: stated, else read from who filled it, its title or names."""
    texts = [table.facts[name] for name in ("fill_unit", "title") if name in table.facts] + [table.sheet, file]
    found = {}
    for fact, pattern in _PLACES.items():
        named = [match[1] for text in texts for match in [re.search(pattern, text)] if match]
        if fact in table.facts or named:
            found[fact] = table.facts.get(fact) or named[0]
    return found


def _add_address_parts(records: dict[str, pl.DataFrame]) -> None:
    """The dwelling that a current address names, where the sheet has no columns for building and room."""
    people = records["person"]
    known = records.get("dwelling", people.select("sheet", "row", pl.lit(None, pl.String).alias("held")))
    if "current_address" in people.columns and not {"building", "unit", "room"} & set(known.columns):
        parts = (
            people.select(address.parts(pl.col("current_address")).alias("parts")).unnest("parts").rename(_PART_NAMES)
        )
        missing = [name for name in parts.columns if name not in known.columns]
        records["dwelling"] = known.hstack(parts.select(missing))


def _with_level(areas: pl.DataFrame) -> pl.DataFrame:
    """An area's level by the word its name ends in, where no column states it."""
    if "name" not in areas.columns:
        return areas
    ending = pl.lit(None, pl.String)
    for pattern, level in _LEVELS.items():
        ending = pl.when(pl.col("name").str.contains(pattern)).then(pl.lit(level)).otherwise(ending)
    return areas.with_columns((pl.coalesce("level", ending) if "level" in areas.columns else ending).alias("level"))


def _titled(table: Table, file: str, entity: str, field: str) -> str | None:
    """What the title of a whole sheet says of each of its rows: which target it counts, which kind of isolation it lists."""
    title = f"{table.facts.get('title', '')} {table.sheet} {file}"
    return next((value for word, value in _TITLED[entity, field].items() if word in title), None)


def _with_plain_parts(dwellings: pl.DataFrame) -> pl.DataFrame:
    """Building, unit and room without their words and in Arabic figures: `三号楼` and `3栋` are both 3."""
    if "room" in dwellings.columns:
        dwellings = _with_parts_of_room(dwellings)
    present = [name for name in _ELEMENTS if name in dwellings.columns]
    bare = {name: pl.col(name).str.strip_chars().str.replace_all(_ELEMENT_WORDS, "") for name in present}
    return dwellings.with_columns(
        pl.coalesce(address.parts(before + bare[name] + after).struct.field(name), pl.col(name)).alias(name)
        for name, (before, after) in _ELEMENTS.items()
        if name in present
    )


def _with_parts_of_room(dwellings: pl.DataFrame) -> pl.DataFrame:
    """A room cell that names a building too (`七巷2号402`, `3-2-501`) taken apart; columns of their own win."""
    whole = dwellings.select(address.parts(pl.col("room")).alias("whole")).unnest("whole").rename(_PART_NAMES)
    apart = whole["building"].is_not_null()
    parts = [
        pl.when(apart).then(whole[name]).otherwise(pl.col(name) if name in dwellings.columns else None).alias(name)
        if name == "room" or name not in dwellings.columns
        else pl.coalesce(pl.col(name), pl.when(apart).then(whole[name])).alias(name)
        for name in whole.columns
        if name != "estate"
    ]
    return dwellings.with_columns(parts)


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
    unheld = {name: ~pl.col("held").fill_null("").str.contains(f'"{name}":"', literal=True) for name in given}
    filled = [
        (pl.coalesce(name, pl.when(unheld[name]).then(value)) if name in people.columns else value).alias(name)
        for name, value in given.items()
        if name in stored
    ]
    return people.with_columns(filled).drop("id_type__read", "phone__more", strict=False)


def _mentions(records: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Naming a grid or a community makes it known: the first row that mentions each one speaks of it."""
    made: dict[str, pl.DataFrame] = {}
    for frame in records.values():
        for field, (entity, fixed) in _NAMED.items():
            if field in frame.columns:
                made[entity] = (
                    frame.filter(pl.col(field).is_not_null())
                    .unique(field, keep="first", maintain_order=True)
                    .select("sheet", "row", pl.col(field).alias("name"), pl.lit(None, pl.String).alias("held"))
                    .with_columns(pl.lit(value).alias(name) for name, value in fixed.items())
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
    found = [_as_question(frame, parsed) for frame in found]
    return problems.worded(pl.concat(found)).select(PROBLEMS.names()).match_to_schema(PROBLEMS).sort("row", "column")


def _as_question(found: pl.DataFrame, parsed: pl.DataFrame) -> pl.DataFrame:
    """One question about the column instead of hundreds about its cells, where most of them are not understood."""
    puzzling = found.filter(pl.col("code").is_in(["OF310", "OF320"]))
    if puzzling.height <= _FEW or puzzling.height * 2 <= parsed[f"c{found['column'][0]}"].count():
        return found
    first = puzzling.head(1).with_columns(pl.lit(None, pl.Int32).alias("row"))
    return pl.concat([first, found.filter(~pl.col("code").is_in(["OF310", "OF320"]))])


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
