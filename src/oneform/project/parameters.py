"""project: what the caller gave, a mapping and the day → every PARAMETER of the report with its value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingOf

import polars as pl

from oneform import documents
from oneform.mapping.model import Card, Expression, Mapping, Output, Param
from oneform.problems import usage

Values = dict[str, str | int | None]

# Where the one community of a workspace is told: (entity, field), the first that has exactly one value.
_COMMUNITY = (("grid", "grid_community"), ("person", "community"))


def parameters(
    mapping: Mapping, given: MappingOf[str, str], *, day: dt.date, golden: MappingOf[str, pl.DataFrame]
) -> Values:
    """Value of each parameter by name: given, else its default, else the day or the one community, else null.

    UsageError: a name the form does not have, a date or number that is none, a parameter an expression needs.
    """
    known = {param.name: param for param in mapping.params}
    for name in given:
        if name not in known:
            hint = documents.suggest(name, known) or f"，可用：{'、'.join(known)}"
            raise usage(f"表 {mapping.form} 没有参数 {name}{hint}", f"{mapping.form} has no parameter {name}")
    values: Values = {}
    for name, param in known.items():
        said = given.get(name, param.default)
        if said is None and name == "day":
            said = day.isoformat()
        if said is None and param.kind == "area":
            said = _community(golden)
        values[name] = _value(param, said)
    needed = sorted(name for name, value in values.items() if value is None and name in _used(mapping))
    if needed:
        asked = "、".join(f"-p {name}=…" for name in needed if name != "audience")
        if asked:
            raise usage(f"表 {mapping.form} 还要参数：{asked}", f"{mapping.form} needs: {asked}")
    return values


def frame(values: Values) -> pl.DataFrame:
    """One row with a column per parameter: Int64 for numbers, String for everything else."""
    return pl.DataFrame(
        {
            name: pl.Series([value], dtype=pl.Int64 if isinstance(value, int) else pl.String)
            for name, value in values.items()
        }
    )


def _value(param: Param, said: str | None) -> str | int | None:
    if said is None:
        return None
    if param.kind == "date":
        try:
            return dt.date.fromisoformat(said).isoformat()
        except ValueError:
            raise usage(
                f"参数 {param.name} 要写成 2026-11-20 这样的日期", f"{param.name}: a date, 2026-11-20"
            ) from None
    if param.kind == "integer":
        if not said.removeprefix("-").isdecimal() or not said.isascii():
            raise usage(f"参数 {param.name} 要写整数", f"{param.name}: a whole number")
        return int(said)
    return said


def _community(golden: MappingOf[str, pl.DataFrame]) -> str | None:
    for entity, field in _COMMUNITY:
        if entity in golden and field in golden[entity].columns:
            names = golden[entity].get_column(field).drop_nulls().unique()
            if len(names) == 1:
                return str(names.item())
    return None


def _used(mapping: Mapping) -> set[str]:
    """Names of parameters that expressions and conditions read."""
    outputs: list[Output] = [*mapping.head, *mapping.columns]
    expressions: list[Expression | None] = [mapping.shape.where, *(check.expression for check in mapping.checks)]
    if isinstance(mapping.shape, Card):
        outputs += mapping.shape.cells
        for repeat in mapping.shape.repeats:
            outputs += repeat.columns
            expressions.append(repeat.where)
    else:
        expressions += [measure.where for measure in mapping.shape.measures.values()]
    expressions += [one.expression for one in outputs if one.source == "expr"]
    names = {name for one in expressions if one for name in one.names}
    return {name.removeprefix("param.") for name in names}
