"""project: golden frames + MAPPING → REPORT: what one form says, row by row, ready to be written.

Work runs in a private instance per report. What comes back are raw values in columns called as the mapping's names;
they are turned into what is written by `values`, set-wise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingOf

import polars as pl

from oneform.frames import Report
from oneform.mapping import names
from oneform.mapping.model import Card, Crosstab, Mapping
from oneform.mapping.sql import quote
from oneform.mapping.text import pieces
from oneform.project import cards, crosstab, roster, values
from oneform.project.instance import PARAMETERS, instance, tables
from oneform.project.parameters import frame, parameters
from oneform.project.relation import computed
from oneform.project.run import Cell, Run, expressions, item, written
from oneform.schema import Schema

_NO_TABLE = (pl.DataFrame(), pl.DataFrame(schema={"entity_id": pl.Int64, "block": pl.Int32}))


def reports(
    mapping: Mapping,
    golden: MappingOf[str, pl.DataFrame],
    *,
    params: MappingOf[str, str],
    day: dt.date,
    schema: Schema,
) -> tuple[Report, ...]:
    """Say what a form says on a day: one report, or one a part where the mapping splits it.

    `golden` holds the golden table of each of `mapping.entities` under its name. Only fields the mapping declares reach
    the instance that computes. Rows are in the mapping's order, then by id. UsageError for parameters; ConfigError when
    an expression cannot be evaluated.
    """
    known = parameters(mapping, params, day=day, golden=golden)
    registered = tables(golden, mapping, schema) | {PARAMETERS: frame(known)}
    with instance(registered) as private:
        run = Run(mapping, schema, private, known)
        if isinstance(mapping.shape, Card):
            return (Report(mapping.form, head(run, {}), *_NO_TABLE, cards=cards.found(run, mapping.shape)),)
        shape = mapping.shape
        tables_ = crosstab.found(run, shape) if isinstance(shape, Crosstab) else roster.found(run, shape)
        return tuple(
            Report(
                form=mapping.form,
                head=head(run, found.numbers),
                table=found.table,
                origins=found.origins,
                totals=found.totals,
                problems=found.problems,
                part=found.part,
            )
            for found in tables_
        )


def title(mapping: Mapping, params: MappingOf[str, str], *, day: dt.date, schema: Schema) -> str:
    """Title of a report with its parameters put in: `疫情防控日报（11月20日）`."""
    parts = pieces(mapping.title)
    known = parameters(mapping, params, day=day, golden={})
    scope = names.parameters(mapping.params)
    if parts is None or any(part.name is not None and part.name not in scope.names for part in parts):
        return mapping.title
    return str(frame(known).select(values.text(parts, scope, schema)).item() or "")


def head(run: Run, numbers: MappingOf[str, Cell]) -> dict[str, Cell]:
    """Values outside the table by their label; `numbers` are the measures over all rows."""
    scope = names.parameters(run.mapping.params)
    more = expressions(run.mapping.head)
    known = ", ".join(f"{quote(name.column)} AS {quote(name.name)}" for name in scope.names.values())
    given = f"SELECT {known} FROM {quote(PARAMETERS)}"  # noqa: S608 - names of the mapping, quoted
    row = run.private.rows(f"SELECT {', '.join(['*', *computed(more)])} FROM ({given})")  # noqa: S608
    row = row.with_columns(pl.lit(value).alias(name) for name, value in numbers.items())
    row = row.with_columns(pl.lit(1, pl.Int64).alias(column) for column in ("#row", "#block", "#inside"))
    return {output.path: item(row.select(written(run, output, scope))) for output in run.mapping.head}
