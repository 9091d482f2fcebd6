"""validate: normalised records → accepted and waiting rows plus PROBLEMS, by rules compiled from the schema to pandera.

Rules run on one eager frame per table whose columns are named `entity.field`. Every rule sits on the column whose cell is
to be mended, names itself, and answers True (holds), or null (cannot tell). An 错误 holds its cell; a 提醒 holds nothing.
A row waits whole only when it cannot be about anyone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from oneform import kinds, problems
from oneform.frames import PROBLEMS, Column, Normalised, Table
from oneform.kinds import resident_id
from oneform.schema import Field, Schema

_FACTS = ("found", "expected", "what", "what_en", "allowed", "rows")
_VALID = ("valid18", "upgraded15")
_NAMED = 8  # rows named in one sentence
_COUNT_RULE = re.compile(r"^count_if\((?P<field>[a-z_0-9]+) = '(?P<value>[^']*)'\) = (?P<count>[0-9]+)$")


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


def validated(said: Normalised, table: Table, schema: Schema, *, today: date) -> Validated:
    """Apply every rule of the schema that this table's columns allow."""
    flat = _flat(said.records)
    headers = {f"{c.entity}.{c.field}": c for c in table.columns if c.field}
    rules = [rule for rule in _rules(flat, schema, today=today) if rule.column in headers]
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
    return Validated(
        _hold(said.records, held, headers, table),
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


def _valid_id() -> pl.Expr:
    return pl.when(pl.col("person.id_number__state").is_in(_VALID)).then(pl.col("person.id_number"))


def _birth_rule() -> Rule:
    typed, inside = pl.col("person.birth_date"), resident_id.birth_date(_valid_id())
    both = pl.format("与证号不符（表中 {}，证号 {}）", typed, inside)
    both_en = pl.format("disagrees with the ID ({} / {})", typed, inside)
    return Rule(
        "birth_in_id", "person.birth_date", "OF302", inside.str.starts_with(typed), {"what": both, "what_en": both_en}
    )


def _sex_rule(schema: Schema) -> Rule:
    typed, inside = pl.col("person.gender"), resident_id.gender(_valid_id())
    words = schema.codes[schema.entities["person"].fields["gender"].codes or ""].labels
    holds = pl.when(typed.is_in(["1", "2"])).then(typed == inside)
    facts = {"found": typed.replace(words), "expected": inside.replace(words)}
    return Rule("sex_in_id", "person.gender", "OF312", holds, facts)


def _one_id_one_name_rule() -> Rule:
    name, identifier = kinds.name.compare_key(pl.col("person.name")), _valid_id()
    rows = pl.col("row__").unique().sort().head(_NAMED).cast(pl.String).str.join("、")
    rows = pl.when(identifier.is_not_null()).then(rows.over(identifier))
    holds = pl.when(identifier.is_not_null()).then(name.n_unique().over(identifier) == 1)
    return Rule("one_id_one_name", "person.id_number", "OF401", holds, {"rows": rows})


def _household_rules(present: set[str], schema: Schema) -> Iterator[Rule]:
    """Counts over the rows of one 户号; a household whose rows do not all state the field is not judged."""
    household = pl.col("household.household_id")
    person = pl.coalesce(*(pl.col(c) for c in ("person.id_number__seen", "person.name") if c in present))
    for rule in schema.entities["person"].rules:
        parsed = _COUNT_RULE.match(rule.expr)
        column = f"person.{rule.cell}"
        if parsed is None or rule.over != "household" or column not in present:
            continue
        named = pl.col(f"person.{parsed['field']}")
        chosen = pl.when(named == parsed["value"]).then(person).drop_nulls().n_unique().over(household)
        complete = named.is_not_null().all().over(household) & household.is_not_null() & (pl.len().over(household) > 1)
        concerned = (chosen == 0) | (named == parsed["value"])
        holds = pl.when(complete & concerned).then(chosen == int(parsed["count"]))
        what = pl.format(rule.zh.replace("{n}", "{}"), chosen) if "{n}" in rule.zh else pl.lit(rule.zh)
        yield Rule(
            rule.id, column, "OF405", holds, {"what": what, "what_en": pl.format("the household has {} heads", chosen)}
        )


def _failures(flat: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    """`index` (row of the frame, 0-based) and `rule` of each failure, by one eager, lazy=True pandera pass."""
    import pandera.polars as pa
    from pandera.errors import SchemaErrors

    none = pl.DataFrame(schema={"index": pl.Int64, "rule": pl.String})
    if not rules:
        return none
    flat = flat.with_row_index("row__")

    def check(rule: Rule) -> pa.Check:
        # null means "cannot tell": never a failure
        return pa.Check(lambda d: d.lazyframe.select(rule.holds.fill_null(value=True)), name=rule.id, ignore_na=False)

    columns = {
        column: pa.Column(nullable=True, checks=[check(rule) for rule in rules if rule.column == column])
        for column in dict.fromkeys(rule.column for rule in rules)
    }
    try:
        pa.DataFrameSchema(columns).validate(flat, lazy=True)
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
    flat = flat.with_columns(rows.cast(pl.Int64).alias("row__"))
    found = []
    for rule in rules:
        failed = failures.filter(pl.col("rule") == rule.id)["index"].sort()
        if failed.is_empty():
            continue
        facts = pl.struct([rule.facts.get(name, pl.lit(None, pl.String)).alias(name) for name in _FACTS])
        column = headers[rule.column]
        found.append(
            pl.DataFrame({"row": rows})
            .with_columns(flat.select(facts.alias("facts"))["facts"])[failed.to_list()]
            .select(
                pl.lit(table.sheet).alias("sheet"),
                "row",
                pl.lit(column.index, pl.Int32).alias("column"),
                pl.lit(column.header).alias("header"),
                pl.lit(column.field).alias("field"),
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
        failed = pl.Series("failed", [False] * records[entity].height)
        failed[held.filter(pl.col("column") == name)["index"].to_list()] = True
        raw = table.cells[f"c{headers[name].index}"]
        member = pl.struct(raw.alias(field)).struct.json_encode()
        earlier = pl.col("held").str.strip_suffix("}")
        joined = pl.when(pl.col("held").is_null()).then(member).otherwise(earlier + "," + member.str.strip_prefix("{"))
        result[entity] = result[entity].with_columns(
            pl.when(failed).then(joined).otherwise(pl.col("held")).alias("held"),
            pl.when(failed).then(None).otherwise(pl.col(field)).alias(field),
        )
    return result
