"""project: a mapping's `crosstab` → one row per grid, village, item …, its measures counted over what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oneform.mapping import names
from oneform.mapping.model import Crosstab, Expression, Measure
from oneform.mapping.names import Scope
from oneform.mapping.shapes import counting
from oneform.mapping.sql import quote
from oneform.project import run as common
from oneform.project.instance import PARAMETERS
from oneform.project.relation import aggregate, computed, order, relation, typed
from oneform.project.run import BY, Cell, Found, Run

_ZERO = frozenset({"count", "distinct", "sum"})  # of nothing these are 0; the greatest of nothing is missing


def found(run: Run, shape: Crosstab) -> list[Found]:
    """Rows of `each`, those with nothing to count included, with totals and the checks on both. One table a part."""
    mapping = run.mapping
    plain = names.scope(run.schema, shape.each, shape.withs, mapping.params)
    scope = counting(plain, shape.measures)
    more = common.expressions(mapping.columns, mapping.checks)
    by = shape.block.by if shape.block else None
    wanted = common.names(mapping.columns, more, shape.sort) | ({by} if by else set()) | common.split_names(run)
    wanted -= set(shape.measures)
    query = _counted(run, shape, plain, {name for name in wanted if name in plain.names})
    rows = common.select(run, query, more, order(shape.sort, plain.kinds))
    if by:
        rows = rows.with_columns(pl.col(by).alias(BY))
    return [_table(run, shape, scope, name, part) for name, _, part in common.parts(run, rows, scope)]


def _table(run: Run, shape: Crosstab, scope: Scope, part: str, rows: pl.DataFrame) -> Found:
    mapping = run.mapping
    rows = common.blocked(rows, shape.block)
    table = common.table(run, rows, mapping.columns, scope, shape.block)
    label = next(iter(shape.labels), None) or (table.columns[0] if table.width else None)
    named = table.get_column(label).cast(pl.String) if label else pl.Series([], dtype=pl.String)
    sums = _sums(run, shape, scope, rows)
    problems = common.failed(run, rows, named)
    if mapping.totals:
        problems = pl.concat([problems, common.failed(run, sums, pl.Series([mapping.totals[0].label]))])
    return Found(
        table=table,
        origins=common.origins(rows),
        totals=tuple(_totals(run, sums, scope) for _ in mapping.totals),
        problems=problems,
        numbers={name: sums.item(0, name) for name in shape.measures},
        part=part,
    )


def _counted(run: Run, shape: Crosstab, scope: Scope, wanted: set[str]) -> str:
    """SELECT of the rows of `each` with a column per measure; the measures of one entity are counted in one pass."""
    groups: dict[str, dict[str, Measure]] = {}
    for name, measure in shape.measures.items():
        groups.setdefault(measure.of, {})[name] = measure
    keys: dict[str, tuple[tuple[str, str], ...]] = {}
    joins: list[str] = []
    columns: list[str] = []
    for at, (entity, measures) in enumerate(groups.items()):
        counted = names.scope(run.schema, entity, shape.withs, run.mapping.params)
        links, own = _links(run, shape, counted, scope)
        keys |= {f"#key{at}.{n}": (column,) for n, column in enumerate(own)}
        group = _group(run, counted, measures, links)
        alias = quote(f"m{at}")
        on = " AND ".join(f"{alias}.{quote(key)} = r.{quote(f'#key{at}.{n}')}" for n, key in enumerate(links))
        joins.append(f"LEFT JOIN ({group}) AS {alias} ON {on}")
        columns += [_column(alias, name, measure) for name, measure in measures.items()]
    query = relation(scope, wanted, run.mapping.fields, where=shape.where, links=keys)
    return f"SELECT {', '.join(['r.*', *columns])} FROM ({query}) AS r {' '.join(joins)}"  # noqa: S608 - checked parts


def _links(
    run: Run, shape: Crosstab, counted: Scope, scope: Scope
) -> tuple[dict[str, tuple[tuple[str, str], ...]], list[tuple[str, str]]]:
    """Columns of the counted that say where it belongs, and beside each the column of the row it must equal."""
    if shape.by:
        pairs = [(counted.names[own], scope.names[of]) for own, of in shape.by.items()]
        links: dict[str, tuple[tuple[str, str], ...]] = {}
        links |= {f"@{n}": ((own.alias, own.column),) for n, (own, _) in enumerate(pairs)}
        return links, [(of.alias, of.column) for _, of in pairs]
    way = names.link(run.schema, counted, shape.each)
    assert way is not None, "refused when the mapping was bound"  # noqa: S101
    return {"@0": way[0]}, [(names.ROOT, way[1])]


def _group(
    run: Run, counted: Scope, measures: Mapping[str, Measure], links: dict[str, tuple[tuple[str, str], ...]]
) -> str:
    read = {word for one in measures.values() if (word := one.field or one.distinct)}
    ids = {name for name in read if name in counted.links}
    wanted = (read - ids) | {name for one in measures.values() if one.where for name in one.where.names}
    every = links | {f"@{name}": (counted.links[name],) for name in ids}
    query = relation(counted, wanted, run.mapping.fields, links=every)
    items = [quote(key) for key in links]
    for name, one in measures.items():
        word = one.field or one.distinct or ""
        items.append(aggregate(name, one, f"@{word}" if word in ids else word))
    by = ", ".join(quote(key) for key in links)
    return f"SELECT {', '.join(items)} FROM ({query}) GROUP BY {by}"  # noqa: S608 - checked parts


def _column(alias: str, name: str, measure: Measure) -> str:
    column = f"{alias}.{quote(name)}"
    if measure.how in _ZERO:
        column = typed(f"coalesce({column}, 0)", measure.kind)
    return f"{column} AS {quote(name)}"


def _sums(run: Run, shape: Crosstab, scope: Scope, rows: pl.DataFrame) -> pl.DataFrame:
    """One row as the rows have them: measures and computed columns added up, everything else null, checks anew."""
    added = [name for name, one in shape.measures.items() if one.how in _ZERO]
    added += [f"={one.path}" for one in run.mapping.columns if one.total == "sum" and one.source == "expr"]
    checks = common.expressions((), run.mapping.checks)
    known = [name for name in dict.fromkeys([*shape.measures, *added]) if name in rows.columns]
    sums = rows.select(
        pl.col(name).sum() if name in added else pl.lit(None, rows.schema[name]).alias(name) for name in known
    )
    return sums.hstack(_checked(run, scope, sums, checks)) if checks else sums


def _checked(run: Run, scope: Scope, sums: pl.DataFrame, checks: Mapping[str, Expression]) -> pl.DataFrame:
    """Compute the checks on the sums: fields of a single row are unknown there and cannot fail one."""
    items = []
    for name in sorted({name for one in checks.values() for name in one.names}):
        known = scope.names[name]
        if name in sums.columns:
            sql = typed("NULL" if (value := sums.item(0, name)) is None else repr(value), known.kind)
        else:
            sql = f"p.{quote(known.column)}" if not known.alias else typed("NULL", known.kind)
        items.append(f"{sql} AS {quote(name)}")
    rows = f"SELECT {', '.join(items)} FROM {quote(PARAMETERS)} AS p" if items else "SELECT 1"  # noqa: S608
    return run.private.rows(f"SELECT {', '.join(computed(checks))} FROM ({rows})")  # noqa: S608 - checked parts


def _totals(run: Run, sums: pl.DataFrame, scope: Scope) -> dict[str, Cell]:
    """Values of a total row by header path; labels and what does not add up are not in it."""
    outputs = [one for one in run.mapping.columns if one.total is not None]
    return {one.path: common.item(sums.select(common.written(run, one, scope))) for one in outputs}
