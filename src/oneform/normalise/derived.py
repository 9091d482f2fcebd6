"""normalise, what a sheet says without a column for it: birth and sex inside an ID, parts of an address, the sheet's grid."""

from __future__ import annotations

import re

import polars as pl

from oneform.frames import Table
from oneform.kinds import address, resident_id
from oneform.schema import Schema

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


def add_derived(
    records: dict[str, pl.DataFrame], table: Table, schema: Schema, file: str, *, own: bool = False
) -> None:
    """What the sheet says without a column for it: birth and sex inside an ID, parts of an address, the sheet's grid."""
    if "person" in records:
        records["person"] = _from_identifier(_with_relation(records["person"], table, schema), schema)
        if "person" in (table.entity, schema.entities[table.entity].event):
            _add_address_parts(records, whole=own)
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


def _with_relation(people: pl.DataFrame, table: Table, schema: Schema) -> pl.DataFrame:
    """The relation to the head that holds for every row of a table: its columns stand for one member of the household."""
    word = table.facts.get("relation_to_head")
    codes = schema.entities["person"].fields["relation_to_head"].codes
    if word is None or codes is None or "relation_to_head" in people.columns:
        return people
    return people.with_columns(pl.lit(schema.codes[codes].spellings.get(word), pl.String).alias("relation_to_head"))


def _place(table: Table, file: str) -> dict[str, str]:
    """The grid and community that the whole sheet is about: stated, else read from who filled it, its title or names."""
    texts = [table.facts[name] for name in ("fill_unit", "title") if name in table.facts] + [table.sheet, file]
    found = {}
    for fact, pattern in _PLACES.items():
        named = [match[1] for text in texts for match in [re.search(pattern, text)] if match]
        if fact in table.facts or named:
            found[fact] = table.facts.get(fact) or named[0]
    return found


def _add_address_parts(records: dict[str, pl.DataFrame], *, whole: bool) -> None:
    """The dwelling that a current address names, where the sheet has no columns for building and room.

    `whole`: an address that names no estate names no dwelling.
    """
    people = records["person"]
    known = records.get("dwelling", people.select("sheet", "row", pl.lit(None, pl.String).alias("held")))
    if "current_address" in people.columns and not {"building", "unit", "room"} & set(known.columns):
        parts = (
            people.select(address.parts(pl.col("current_address")).alias("parts")).unnest("parts").rename(_PART_NAMES)
        )
        if whole:
            parts = parts.with_columns(pl.when(pl.col("estate").is_not_null()).then(pl.all()))
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
    return dwellings.with_columns(_with_plain_element(dwellings[name]) for name in present)


def _with_plain_element(written: pl.Series) -> pl.Series:
    """One element of a dwelling, read within a whole address; each distinct text once."""
    before, after = _ELEMENTS[written.name]
    text = pl.col(written.name)
    bare = before + text.str.strip_chars().str.replace_all(_ELEMENT_WORDS, "") + after
    distinct = written.unique().drop_nulls().to_frame()
    read = distinct.with_columns(plain=pl.coalesce(address.parts(bare).struct.field(written.name), text))
    return written.replace(read[written.name], read["plain"])


def _with_parts_of_room(dwellings: pl.DataFrame) -> pl.DataFrame:
    """A room cell that names a building too (`七巷2号402`, `3-2-501`) taken apart; columns of their own win."""
    whole = dwellings.select(address.parts(pl.col("room")).alias("whole")).unnest("whole").rename(_PART_NAMES)
    shared = whole["room"].is_not_null() & whole["room_suffix"].is_not_null()  # 501-1: one of several homes in a room
    apart = whole["building"].is_not_null() | shared
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
            "birth_date": resident_id.birth_in(valid),
            "gender": resident_id.gender_in(valid),
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
