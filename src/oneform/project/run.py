"""project: what every shape of report shares: raw rows from the instance, their order and blocks, written columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from oneform import frames
from oneform.kinds import date as dates
from oneform.mapping.model import Block, Check, Expression, Output
from oneform.mapping.model import Mapping as Form
from oneform.mapping.names import Scope
from oneform.problems import worded
from oneform.project import values
from oneform.project.instance import Instance
from oneform.project.parameters import Values
from oneform.project.relation import ID, computed
from oneform.schema import Schema

BY = "#by"
_PART = "#part"
Cell = str | int | float | None


@dataclass(frozen=True)
class Run:
    """One report being made: its mapping, the private instance that computes it, the value of each parameter."""

    mapping: Form
    schema: Schema
    private: Instance
    params: Values


@dataclass(frozen=True)
class Found:
    """A finished table: `numbers` are the measures over all of its rows, for the head."""

    table: pl.DataFrame
    origins: pl.DataFrame
    totals: tuple[Mapping[str, Cell], ...] = ()
    problems: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=frames.PROBLEMS))
    numbers: Mapping[str, Cell] = field(default_factory=dict)
    part: str = ""  # name of the file or sheet, of a form that is split


def expressions(outputs: Iterable[Output], checks: Iterable[Check] = ()) -> dict[str, Expression]:
    """Expressions the engine computes beside the names: `=path` of an output, `?n` of the n-th check."""
    found = {f"={one.path}": one.expression for one in outputs if one.source == "expr" and one.expression}
    return found | {f"?{n}": check.expression for n, check in enumerate(checks) if check.expression}


def names(outputs: Iterable[Output], computed_: Mapping[str, Expression], sort: Sequence[str]) -> set[str]:
    """Names the outputs, their expressions and the order read."""
    read = {name for one in outputs if one.expression for name in one.expression.names}
    read |= {name for one in computed_.values() for name in one.names}
    return read | {name.removeprefix("-") for name in sort}


def select(run: Run, query: str, more: Mapping[str, Expression], order: str) -> pl.DataFrame:
    """Rows of a query with the computed columns beside its own, in order."""
    items = ", ".join(["*", *computed(more)])
    return run.private.rows(f"SELECT {items} FROM ({query}) ORDER BY {order}")  # noqa: S608 - all from checked parts


def split_names(run: Run) -> set[str]:
    """Names that tell the parts of a form apart and call them."""
    split = run.mapping.split
    return {split.by, *(piece.name for piece in split.pieces if piece.name)} if split else set()


def parts(run: Run, rows: pl.DataFrame, scope: Scope) -> list[tuple[str, object, pl.DataFrame]]:
    """Name, value and rows of each part, in the order of their first rows; the whole under "" when nothing is split."""
    split = run.mapping.split
    if split is None or rows.is_empty():
        return [("", None, rows)]
    named = rows.with_columns(values.text(split.pieces, scope, run.schema).fill_null("未填").alias(_PART))
    found = named.partition_by(split.by, as_dict=True, maintain_order=True)
    return [(part.item(0, _PART), key[0], part.drop(_PART)) for key, part in found.items()]


def blocked(rows: pl.DataFrame, block: Block | None) -> pl.DataFrame:
    """Rows with `#row`, `#block` and `#inside` (from 1); rows of one block stand together, where its first row stood.

    A row whose `by` is missing is a block of its own.
    """
    rows = rows.with_row_index("#at").with_columns(pl.col("#at").cast(pl.Int64))
    if block is None:
        first = pl.col("#at")
    else:
        first = pl.when(pl.col(BY).is_null()).then(pl.col("#at")).otherwise(pl.col("#at").min().over(BY))
    rows = rows.with_columns(first.alias("#first")).sort("#first", "#at")
    return rows.with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("#row"),
        pl.col("#first").rank("dense").cast(pl.Int64).alias("#block"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("#first").alias("#inside"),
    )


def written(run: Run, output: Output, scope: Scope) -> pl.Expr:
    """Column of an output, named by its path, over rows whose columns are called as the names."""
    return _source(run, output, scope).alias(output.path)


def table(run: Run, rows: pl.DataFrame, outputs: Sequence[Output], scope: Scope, block: Block | None) -> pl.DataFrame:
    """Written columns of blocked rows; a column written `once` per block stands in its first row only."""
    once = set(block.once) if block else set()
    found = rows.select([written(run, output, scope) for output in outputs] + [pl.col("#inside")])
    hidden = [pl.when(pl.col("#inside") == 1).then(pl.col(path)).alias(path) for path in found.columns if path in once]
    return found.with_columns(hidden).drop("#inside")


def origins(rows: pl.DataFrame) -> pl.DataFrame:
    """Record and block of each row."""
    return rows.select(pl.col(ID).cast(pl.Int64).alias("entity_id"), pl.col("#block").cast(pl.Int32).alias("block"))


def failed(run: Run, rows: pl.DataFrame, labels: pl.Series) -> pl.DataFrame:
    """PROBLEMS of the checks that do not hold; what cannot be told (null) holds."""
    found: list[pl.DataFrame] = []
    for n, check in enumerate(run.mapping.checks):
        if f"?{n}" not in rows.columns:
            continue
        wrong = labels.filter(~rows.get_column(f"?{n}").fill_null(value=True))
        code = "OF408" if check.level == "error" else "OF409"
        facts = pl.struct(
            pl.lit(check.zh).alias("what"), pl.lit(check.zh).alias("what_en"), pl.col("row").fill_null("")
        )
        found.append(wrong.rename("row").to_frame().select(code=pl.lit(code), header=pl.lit(""), facts=facts))
    if not found or not sum(map(len, found)):
        return pl.DataFrame(schema=frames.PROBLEMS)
    missing = {"row": pl.Int32, "column": pl.Int32, "field": pl.String}
    sheet = pl.lit(run.mapping.template.sheet).alias("sheet")
    return (
        worded(pl.concat(found))
        .drop("facts")
        .with_columns(sheet, *(pl.lit(None, dtype).alias(name) for name, dtype in missing.items()))
        .match_to_schema(frames.PROBLEMS)
    )


def item(one: pl.DataFrame) -> Cell:
    """Value of a one by one frame."""
    found: Cell = one.item()
    return found


def _source(run: Run, output: Output, scope: Scope) -> pl.Expr:
    if output.source == "seq":
        return pl.col({"rows": "#row", "blocks": "#block", "block": "#inside"}[output.value])
    if output.source == "const":
        return pl.lit(output.value or None, pl.String)
    if output.source == "param":
        return _parameter(run.params.get(output.value), output)
    if output.source == "text":
        text = values.text(output.pieces, scope, run.schema)
        return values.written(output, text, codes=None, params=run.params)
    if output.source == "ratio":
        part, whole = output.value.split(",")
        return values.ratio(output, pl.col(part), pl.col(whole))
    column = f"={output.path}" if output.source == "expr" else output.value
    info = scope.names[output.value].info if output.source == "field" else None
    codes = run.schema.codes.get(info.codes) if info and info.codes else None
    return values.written(output, pl.col(column), codes=codes, params=run.params)


def _parameter(value: str | int | None, output: Output) -> pl.Expr:
    if isinstance(value, int):
        return pl.lit(value, pl.Int64)
    if value is not None and output.format:
        return dates.format(pl.lit(value, pl.String), output.format)
    return pl.lit(output.empty if value is None else value, pl.String)
