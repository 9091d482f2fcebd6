"""Kinds: what a value means. One module a kind, all with the same functions; raw text → canonical value, verdict.

A kind module has `DTYPE`, `parse(raw, cell, …)`, `format(value, spec)`, `compare_key(value)` and `SPECS`, the
renderings that `format` knows, each with whether it can be read back.
"""

from __future__ import annotations

from datetime import date as _date
from types import ModuleType

import polars as pl

from oneform.kinds import (
    address,
    boolean,
    code,
    date,
    mask,
    name,
    number,
    phone,
    resident_id,
    text,
    uscc,
)

__all__ = [
    "address",
    "boolean",
    "code",
    "date",
    "dtype",
    "mask",
    "name",
    "number",
    "of",
    "parse",
    "phone",
    "resident_id",
    "text",
    "uscc",
]

KINDS: dict[str, ModuleType] = {
    "address": address,
    "boolean": boolean,
    "code": code,
    "date": date,
    "datetime": date,
    "decimal": number,
    "integer": number,
    "name": name,
    "phone": phone,
    "ref": text,
    "resident_id": resident_id,
    "text": text,
    "uscc": uscc,
}
_NEED_TODAY = (date, resident_id)


def of(kind: str) -> ModuleType:
    """The module of a kind of the schema; KeyError for a word that is none."""
    return KINDS[kind]


def dtype(kind: str) -> pl.DataType | type[pl.DataType]:
    """The polars dtype of a kind's canonical values."""
    if kind == "integer":
        return number.INTEGER
    canonical: type[pl.DataType] = of(kind).DTYPE
    return canonical


def parse(kind: str, raw: pl.Expr, cell: pl.Expr, *, today: _date, **options: object) -> pl.Expr:
    """A kind's `parse`, given what it needs of the call: error cells are OF307, formulas without a result OF306.

    Struct of value, state, code, note, facts {found, expected, what, what_en, allowed} (null without a code) and the
    kind's extra fields. `options` are those of the kind's own `parse`.
    """
    module = of(kind)
    if module in _NEED_TODAY:
        options["today"] = today
    if module is number:
        options["integer"] = kind == "integer"
    parsed: pl.Expr = module.parse(raw, cell, **options)
    return parsed
