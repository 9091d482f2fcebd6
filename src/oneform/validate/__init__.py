"""validate: normalised records → accepted and waiting rows plus PROBLEMS, by rules compiled from the schema to pandera.

Rules run on one eager frame per table whose columns are named `entity.field`. Every rule sits on the column whose cell is
to be mended, names itself, and answers True (holds), or null (cannot tell). An 错误 holds its cell; a 提醒 holds nothing.
A row waits whole only when it cannot be about anyone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from oneform import problems
from oneform.frames import PROBLEMS, Column, Normalised, Table
from oneform.kinds import resident_id
from oneform.schema import Field, Schema
from oneform.validate.groups import HOMES, NAMES, ROWS, chosen_of, count_rules, valid_id, with_groups
from oneform.validate.register import unknown_dwellings

_PLACE = ("estate", "building", "unit", "room")
_PARTS = ("building", "unit", "room", "room_suffix")
# the column to mend, the first that is there
_PLACED = ("dwelling.building", "dwelling.room", "person.current_address")
_UNKNOWN = "in_register"
_FACTS = ("found", "expected", "what", "what_en", "allowed", "rows")


@dataclass(frozen=True)
class Rule:
    """`holds` is True where the cell of `column` is good; `facts` fill the sentence of `code`."""

    id: str
    column: str
    code: str
    holds: pl.Expr
    facts: dict[str, pl.Expr]


@dataclass(frozen=True)
class Validated:
    """The records with failing cells held, a Boolean per row (in the records' order) for those that wait, the problems."""

    records: dict[str, pl.DataFrame]
    waiting: pl.Series
    problems: pl.DataFrame  # PROBLEMS, those of normalise included


def validated(
    said: Normalised, table: Table, schema: Schema, *, today: date, register: pl.DataFrame | None = None
) -> Validated:
    """Apply every rule of the schema that this table's columns allow.

    `register` are the dwellings known to be there (String columns estate, building, unit, room), None where nobody has
    said so: a list of residents is no register.
    """
    flat = with_groups(_flat(said.records), table.cells["row"], schema)
    headers = {
        f"{entity}.{field}": column
        for column in table.columns
        for entity, field in column.parts or ((column.entity, column.field),)
        if field
    }
    rules = [rule for rule in _rules(flat, schema, today=today) if rule.column in headers]
    placed = next((name for name in _PLACED if name in headers), None)
    if register is not None and placed and {f"dwelling.{name}" for name in _PLACE} <= set(flat.columns):
        parts = flat.select(pl.col(f"dwelling.{name}").alias(name) for name in _PLACE)
        flat = flat.with_columns(unknown_dwellings(parts, register).alias(_UNKNOWN))
        unknown = pl.col(_UNKNOWN)
        rules.append(Rule(_UNKNOWN, placed, "OF311", unknown.is_null(), {"found": unknown}))
    failures = _failures(flat, rules)
    found = _problems(flat, failures, rules, headers, table)
    waiting, missing = _waiting(said, table, schema)
    held = failures.join(
        pl.DataFrame(
            {
                "rule": [rule.id for rule in rules],
                "column": [rule.column for rule in rules],
                "code": [rule.code for rule in rules],
            },
            schema={"rule": pl.String, "column": pl.String, "code": pl.String},
        ),
        on="rule",
        how="inner",
    ).filter(~pl.col("code").is_in(sorted(problems.WARNINGS)))
    records = _hold(said.records, held, headers, table)
    astray = held.filter(pl.col("rule") == _UNKNOWN)["index"]
    if not astray.is_empty():  # what the cell said of a dwelling is held with it
        there = ~pl.int_range(pl.len()).is_in(astray.implode())
        home = records["dwelling"]
        records["dwelling"] = records["dwelling"].with_columns(
            pl.when(there).then(pl.col(name)).alias(name) for name in _PARTS if name in home.columns
        )
    return Validated(
        records,
        waiting,
        pl.concat([said.problems, found, missing]).sort("row", "column", "code", nulls_last=True),
    )


def _flat(records: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """All entities' columns side by side, `entity.field`; only frames that have a row per data row take part."""
    height = max(frame.height for frame in records.values())
    return pl.concat(
        [
            frame.drop("sheet", "row", "held", "raw", "extras", strict=False).select(pl.all().name.prefix(f"{entity}."))
            for entity, frame in records.items()
            if frame.height == height
        ],
        how="horizontal",
    )


def _rules(flat: pl.DataFrame, schema: Schema, *, today: date) -> Iterator[Rule]:
    present = set(flat.columns)
    for entity in schema.entities.values():
        for field in entity.fields.values():
            if f"{entity.name}.{field.name}" in present:
                yield from _field_rules(field, today=today)
    if {"person.id_number", "person.birth_date"} <= present:
        yield _birth_rule()
    if {"person.id_number", "person.gender"} <= present:
        yield _sex_rule(schema)
    if {"person.id_number", "person.name"} <= present:
        yield _one_id_one_name_rule()
    if {"person.name", "household.household_id"} <= present:
        yield from _household_rules(present, schema)


def _field_rules(field: Field, *, today: date) -> Iterator[Rule]:
    column = f"{field.entity}.{field.name}"
    if "range" in field.check:
        low, high = (today.isoformat() if bound == "today" else bound for bound in field.check["range"])
        value = pl.col(column)
        if field.kind in {"integer", "decimal"}:
            holds = value.is_between(float(low), float(high))
        else:  # ISO text sorts as time does; a month or a moment is compared by as much of it as the bound says
            holds = (value.str.slice(0, 10) <= high) & (value >= low) | (value == "9999-12-31")
        yield Rule(
            f"{column}:range",
            column,
            "OF322",
            holds,
            {"found": value.cast(pl.String), "allowed": pl.lit(f"{low} 至 {high}")},
        )
    if "length" in field.check:
        low, high = map(int, field.check["length"])
        holds = pl.col(column).str.len_chars().is_between(low, high)
        yield Rule(
            f"{column}:length",
            column,
            "OF318",
            holds,
            {"what": pl.lit(f"应为 {low} 到 {high} 个字"), "what_en": pl.lit(f"{low} to {high} characters")},
        )


def _birth_rule() -> Rule:
    typed, inside = pl.col("person.birth_date"), resident_id.birth_in(valid_id())
    both = pl.format("与证号不符（表中 {}，证号 {}）", typed, inside)
    both_en = pl.format("disagrees with the ID ({} / {})", typed, inside)
    return Rule(
        "birth_in_id", "person.birth_date", "OF302", inside.str.starts_with(typed), {"what": both, "what_en": both_en}
    )


def _sex_rule(schema: Schema) -> Rule:
    typed, inside = pl.col("person.gender"), resident_id.gender_in(valid_id())
    words = schema.codes[schema.entities["person"].fields["gender"].codes or ""].labels
    holds = pl.when(typed.is_in(["1", "2"])).then(typed == inside)
    facts = {"found": typed.replace(words), "expected": inside.replace(words)}
    return Rule("sex_in_id", "person.gender", "OF312", holds, facts)


def _one_id_one_name_rule() -> Rule:
    return Rule("one_id_one_name", "person.id_number", "OF401", pl.col(NAMES) == 1, {"rows": pl.col(ROWS)})


def _household_rules(present: set[str], schema: Schema) -> Iterator[Rule]:
    """Counts over the rows of one 户号; a household whose rows do not all state the field is not judged.

    What is doubtful of one is doubtful of all: the field is held for the whole household.
    """
    for rule, count in count_rules(schema):
        if f"person.{rule.cell}" not in present:
            continue
        chosen, rows = pl.col(chosen_of(rule)), pl.col(chosen_of(rule) + ROWS)
        what = pl.format(rule.zh.replace("{n}", "{}"), chosen) if "{n}" in rule.zh else pl.lit(rule.zh)
        what += pl.when(chosen > 0).then(pl.format("，见第 {} 行", rows)).otherwise(pl.lit(""))
        what_en = pl.format("the household has {} heads", chosen)
        holds = chosen == int(count["count"])
        yield Rule(rule.id, f"person.{rule.cell}", "OF405", holds, {"what": what, "what_en": what_en})
    if "person.id_number" in present:
        what = pl.format("同一个证号写在 {} 户里（第 {} 行）", pl.col(HOMES), pl.col(ROWS))
        what_en = pl.format("one ID in {} households (rows {})", pl.col(HOMES), pl.col(ROWS))
        facts = {"what": what, "what_en": what_en}
        holds = pl.when(pl.col(NAMES) == 1).then(pl.col(HOMES) <= 1)  # else it is two people with one ID
        yield Rule("one_household", "household.household_id", "OF405", holds, facts)


def _failures(flat: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    """`index` (row of the frame, 0-based) and `rule` of each failure, by one eager, lazy=True pandera pass."""
    import pandera.polars as pa
    from pandera.errors import SchemaErrors

    none = pl.DataFrame(schema={"index": pl.Int64, "rule": pl.String})
    if not rules:
        return none

    def check(rule: Rule) -> pa.Check:
        # null means "cannot tell": never a failure
        return pa.Check(lambda d: d.lazyframe.select(rule.holds.fill_null(value=True)), name=rule.id, ignore_na=False)

    columns = {
        column: pa.Column(nullable=True, checks=[check(rule) for rule in rules if rule.column == column])
        for column in dict.fromkeys(rule.column for rule in rules)
    }
    needed = {name for rule in rules for name in (rule.column, *rule.holds.meta.root_names())}
    try:
        pa.DataFrameSchema(columns).validate(flat.select(sorted(needed)), lazy=True)
    except SchemaErrors as errors:
        cases = pl.DataFrame(errors.failure_cases)
        broken = cases.filter(pl.col("index").is_null())
        if not broken.is_empty():  # a check that crashed is a bug of ours, not a finding
            raise RuntimeError("rules failed to run: " + ", ".join(broken["check"].unique().to_list())) from None
        return cases.select(pl.col("index").cast(pl.Int64), pl.col("check").alias("rule"))
    return none


def _problems(
    flat: pl.DataFrame, failures: pl.DataFrame, rules: list[Rule], headers: dict[str, Column], table: Table
) -> pl.DataFrame:
    rows = table.cells["row"]
    found = []
    for rule in rules:
        failed = failures.filter(pl.col("rule") == rule.id)["index"].sort()
        if failed.is_empty():
            continue
        facts = pl.struct([rule.facts.get(name, pl.lit(None, pl.String)).alias(name) for name in _FACTS])
        column = headers[rule.column]
        found.append(
            flat.select(pl.all().gather(failed))
            .select(facts.alias("facts"), rows.gather(failed).alias("row"))
            .select(
                pl.lit(table.sheet).alias("sheet"),
                "row",
                pl.lit(column.index, pl.Int32).alias("column"),
                pl.lit(column.header).alias("header"),
                pl.lit(rule.column.partition(".")[2]).alias("field"),
                pl.lit(rule.code).alias("code"),
                "facts",
            )
        )
    if not found:
        return pl.DataFrame(schema=PROBLEMS)
    return problems.worded(pl.concat(found)).select(PROBLEMS.names()).match_to_schema(PROBLEMS)


def _waiting(said: Normalised, table: Table, schema: Schema) -> tuple[pl.Series, pl.DataFrame]:
    """Which rows cannot be about anyone, and a problem for each."""
    main = said.records[said.entity]
    entity = schema.entities[said.entity]
    if said.entity == "person" or entity.event == "person":
        people = said.records.get("person", main)
        keys = [pl.col(name).is_not_null() for name in ("name", "id_number__seen") if name in people.columns]
        known, code, header = people.select(pl.any_horizontal(keys) if keys else pl.lit(False)).to_series(), "OF406", ""
    elif said.entity == "dwelling":
        parts = [pl.col(name).is_not_null() for name in ("building", "room") if name in main.columns]
        known = main.select(pl.any_horizontal(parts) if parts else pl.lit(False)).to_series()
        code, header = "OF407", entity.fields["room"].zh
    elif entity.identify:
        ways = [
            pl.all_horizontal(pl.col(name).is_not_null() for name in way)
            for way in entity.identify
            if set(way) <= set(main.columns)
        ]
        first = entity.fields[entity.identify[0][0]]
        known, code, header = (
            main.select(pl.any_horizontal(ways) if ways else pl.lit(False)).to_series(),
            "OF407",
            first.zh,
        )
    else:
        return pl.Series("waiting", [False] * main.height, pl.Boolean), pl.DataFrame(schema=PROBLEMS)
    known = known if len(known) == main.height else pl.Series([bool(known[0])] * main.height, dtype=pl.Boolean)
    waiting = (~known).alias("waiting")
    found = table.cells.select("row").filter(waiting)
    return waiting, found.select(
        pl.lit(table.sheet).alias("sheet"),
        "row",
        pl.lit(None, pl.Int32).alias("column"),
        pl.lit(None, pl.String).alias("header"),
        pl.lit(None, pl.String).alias("field"),
        pl.lit(code).alias("code"),
        pl.lit(problems.level(code)).alias("level"),
        pl.lit(problems.message(code, header=header)).alias("message"),
        pl.lit(problems.message(code, lang="en", header=header)).alias("message_en"),
    ).match_to_schema(PROBLEMS)


def _hold(
    records: dict[str, pl.DataFrame], held: pl.DataFrame, headers: dict[str, Column], table: Table
) -> dict[str, pl.DataFrame]:
    """Take the failing cells out of their records; their raw text joins `held`."""
    result = dict(records)
    for name in held["column"].unique(maintain_order=True):
        entity, field = name.split(".", 1)
        at = held.filter(pl.col("column") == name)["index"].unique().sort()
        frame = result[entity].with_row_index("at__")
        raw = table.cells[f"c{headers[name].index}"].gather(at)
        told = pl.DataFrame({"at__": at.cast(pl.get_index_type()), field: raw}).select(
            "at__", pl.struct(field).struct.json_encode().alias("member__")
        )
        frame = frame.join(told, on="at__", how="left", maintain_order="left", validate="1:1")
        earlier = pl.col("held").str.strip_suffix("}") + "," + pl.col("member__").str.strip_prefix("{")
        failed = pl.col("member__").is_not_null()
        result[entity] = frame.with_columns(
            pl.when(failed).then(pl.coalesce(earlier, "member__")).otherwise("held").alias("held"),
            pl.when(~failed).then(field).alias(field),
        ).drop("at__", "member__")
    return result
