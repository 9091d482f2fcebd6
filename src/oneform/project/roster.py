"""project: a mapping's `rows` → one row per record."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oneform.mapping import names
from oneform.mapping.model import Measure, Output, Rows
from oneform.mapping.sql import quote
from oneform.project import run as common
from oneform.project.relation import aggregate, order, relation
from oneform.project.run import BY, Cell, Found, Run


def found(run: Run, shape: Rows) -> list[Found]:
    """Put records in their order, blocks together; totals where a total row asks for them. One table a part."""
    mapping = run.mapping
    scope = names.scope(run.schema, shape.each, shape.withs, mapping.params)
    more = common.expressions(mapping.columns, mapping.checks)
    by = shape.block.by if shape.block else None
    sort = [name for name in shape.sort if name.removeprefix("-") not in scope.links]
    wanted = common.names(mapping.columns, more, sort) | ({by} if by and by in scope.names else set())
    wanted |= common.split_names(run)
    ids = {name for name in (*shape.sort, *([by] if by else ())) if name in scope.links}
    links = {f"@{name}": (scope.links[name],) for name in ids}
    query = relation(scope, wanted, mapping.fields, where=shape.where, links=links)
    keys = [f"@{name}" if name in ids else name for name in shape.sort]
    rows = common.select(run, query, more, order(keys, scope.kinds))
    if by:
        rows = rows.with_columns(pl.col(f"@{by}" if by in ids else by).alias(BY))
    numbers = _numbers(run, shape, scope, mapping.split.by if mapping.split and rows.height else None)
    return [
        _table(run, shape, scope, name, part, numbers.get(value, {}))
        for name, value, part in common.parts(run, rows, scope)
    ]


def _table(
    run: Run, shape: Rows, scope: names.Scope, part: str, rows: pl.DataFrame, numbers: Mapping[str, Cell]
) -> Found:
    rows = common.blocked(rows, shape.block)
    table = common.table(run, rows, run.mapping.columns, scope, shape.block)
    labels = table.to_series(0).cast(pl.String) if table.width else pl.Series([], dtype=pl.String)
    return Found(
        table=table,
        origins=common.origins(rows),
        totals=tuple(_totals(run, rows, scope) for _ in run.mapping.totals),
        problems=common.failed(run, rows, labels),
        numbers=numbers,
        part=part,
    )


def _totals(run: Run, rows: pl.DataFrame, scope: names.Scope) -> dict[str, Cell]:
    """Add up the columns that have one, by header path; the ratio of a total is that of the sums."""
    outputs = [one for one in run.mapping.columns if one.total in {"sum", "ratio"}]
    columns = [
        column for one in outputs for column in (one.value.split(",") if one.source == "ratio" else [_summed(one)])
    ]
    sums = rows.select(pl.col(column).sum() for column in dict.fromkeys(columns))
    return {one.path: common.item(sums.select(common.written(run, one, scope))) for one in outputs}


def _summed(output: Output) -> str:
    return f"={output.path}" if output.source == "expr" else output.value


def _numbers(run: Run, shape: Rows, scope: names.Scope, by: str | None) -> dict[object, dict[str, Cell]]:
    """Measures over all rows of the roster, or of each part, under its value of `by`."""
    if not shape.measures:
        return {}
    read = {word for one in shape.measures.values() if (word := one.field or one.distinct)}
    links = {f"@{name}": (scope.links[name],) for name in read if name in scope.links}
    wanted = {name for name in read if name in scope.names and name not in scope.links}
    wanted |= {name for one in shape.measures.values() if one.where for name in one.where.names}
    query = relation(scope, wanted | ({by} if by else set()), run.mapping.fields, where=shape.where, links=links)
    items = ", ".join(aggregate(name, one, _column(one, scope)) for name, one in shape.measures.items())
    if by is None:
        return {None: run.private.rows(f"SELECT {items} FROM ({query})").row(0, named=True)}  # noqa: S608 - checked parts
    rows = run.private.rows(f'SELECT {quote(by)} AS "#by", {items} FROM ({query}) GROUP BY ALL')  # noqa: S608
    return {row.pop(BY): row for row in rows.to_dicts()}


def _column(measure: Measure, scope: names.Scope) -> str:
    word = measure.field or measure.distinct or ""
    return f"@{word}" if word in scope.links else word
