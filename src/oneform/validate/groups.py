"""validate, what rules over groups need: rows of one identifier or one household → counts beside each row."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from oneform import kinds
from oneform.schema import Rule, Schema

_VALID = ("valid18", "upgraded15")
_NAMED = 8  # rows named in one sentence
# columns of `flat` that _with_groups adds
NAMES, HOMES, ROWS = "names of this ID", "households of this ID", "rows of this ID"
_COUNT_RULE = re.compile(r"^count_if\((?P<field>[a-z_0-9]+) = '(?P<value>[^']*)'\) = (?P<count>[0-9]+)$")


def valid_id() -> pl.Expr:
    """The identifier of a row where it is valid, else null."""
    return pl.when(pl.col("person.id_number__state").is_in(_VALID)).then(pl.col("person.id_number"))


def count_rules(schema: Schema) -> Iterator[tuple[Rule, re.Match[str]]]:
    """The rules of the schema that count the people of a household with a value, taken apart."""
    for rule in schema.entities["person"].rules:
        parsed = _COUNT_RULE.match(rule.expr)
        if parsed is not None and rule.over == "household":
            yield rule, parsed


def chosen_of(rule: Rule) -> str:
    """The column of `flat` with the number a rule counts; with ROWS behind it, of the rows it counts."""
    return f"chosen:{rule.id}"


def with_groups(flat: pl.DataFrame, rows: pl.Series, schema: Schema) -> pl.DataFrame:
    """What rules over groups need of each row's group, counted once: names per identifier, heads per household."""
    present = set(flat.columns)
    if {"person.id_number", "person.name"} <= present:
        flat = flat.hstack(_names_of_ids(flat, rows))
    if {"person.name", "household.household_id"} <= present:
        for rule, count in count_rules(schema):
            if f"person.{count['field']}" in present:
                told = _peoplechosen_of(flat, rows, count)
                flat = flat.with_columns(
                    told["chosen"].alias(chosen_of(rule)), told["rows"].alias(chosen_of(rule) + ROWS)
                )
    return flat


def _names_of_ids(flat: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """NAMES, HOMES and ROWS: how many names and households a valid identifier has, in which rows.

    Null where it stands in one row only.
    """
    home = pl.col("household.household_id") if "household.household_id" in flat.columns else pl.lit(None, pl.String)
    marked = flat.select(valid_id().alias("id"), pl.col("person.name").alias("name"), home.alias("home"))
    marked = marked.with_columns(rows.alias("row"))
    again = marked.filter(pl.col("id").is_not_null() & pl.col("id").is_duplicated())
    told = again.group_by("id").agg(
        kinds.name.compare_key(pl.col("name")).n_unique().alias(NAMES),
        pl.col("home").drop_nulls().n_unique().alias(HOMES),
        pl.col("row").cast(pl.Int64).unique().sort().head(_NAMED).cast(pl.String).str.join("、").alias(ROWS),
    )
    return marked.join(told, on="id", how="left", maintain_order="left", validate="m:1").select(NAMES, HOMES, ROWS)


def _peoplechosen_of(flat: pl.DataFrame, rows: pl.Series, count: re.Match[str]) -> pl.DataFrame:
    """`chosen`: how many people of the row's household have the value; `rows`: in which rows.

    Null for households of one row or not fully stated.
    """
    person = [pl.col(c) for c in ("person.id_number__seen", "person.name") if c in flat.columns]
    marked = flat.select(
        pl.col("household.household_id").alias("household"),
        pl.col(f"person.{count['field']}").alias("value"),
        pl.coalesce(person).alias("person"),
    ).with_columns(rows.alias("row"))
    homes = (
        marked.drop_nulls("household")
        .group_by("household")
        .agg((pl.col("value").is_not_null().all() & (pl.len() > 1)).alias("judged"))
    )
    having = marked.filter(pl.col("value") == count["value"], pl.col("person").is_not_null())
    numbers = having.group_by("household").agg(
        pl.col("person").n_unique().alias("chosen"),
        pl.col("row").sort().head(_NAMED).cast(pl.String).str.join("、").alias("rows"),
    )
    told = (
        homes.filter("judged")
        .join(numbers, on="household", how="left")
        .select("household", pl.col("chosen").fill_null(0), "rows")
    )
    joined = marked.join(told, on="household", how="left", maintain_order="left", validate="m:1")
    return joined.select("chosen", "rows")
