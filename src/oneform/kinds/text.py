"""Kind text: free text of a cell → the same text without hidden characters and outer blanks; no NFKC.

States: ok, held (emoji, NUL, oversize), blank.
"""

from __future__ import annotations

import polars as pl

from oneform.kinds import _clean
from oneform.kinds._clean import Case

DTYPE = pl.String
SPECS = {"text": True}

_ANSWER = _clean.answer(DTYPE)


def parse(raw: pl.Expr, cell: pl.Expr) -> pl.Expr:
    """Struct of the cleaned text; line feeds inside it stay. Text that starts with `= + - @` is text."""
    return _clean.reading(_read, _ANSWER, raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """The text itself."""
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """NFKC, no blanks, upper case."""
    return value.str.normalize("NFKC").str.replace_all(r"\s", "").str.to_uppercase()


def _read(cells: pl.DataFrame) -> pl.DataFrame:
    raw, value = pl.col("raw"), pl.col("value")
    cleaned = _clean.prose(raw.str.replace_all("\r\n?", "\n"))
    texts = cells.with_columns(fault=_clean.unstorable(raw, signs=True), value=cleaned)
    decided = _clean.decide(texts, prose_cases(value))
    gone = pl.col("state").is_in([_clean.HELD, _clean.BLANK])
    note = pl.when(~gone & (raw != value)).then(pl.lit("去掉空格或看不见的字符"))
    return decided.with_columns(value=pl.when(~gone).then(value), note=note)


def prose_cases(value: pl.Expr) -> list[Case]:
    """Verdicts of any text that is stored as written; needs the column `fault` (_clean.unstorable)."""
    return [
        Case(value.is_null() & pl.col("fault").is_null(), _clean.BLANK),
        Case(pl.col("fault").is_not_null(), _clean.HELD, "OF309", _clean.unstorable_facts()),
        Case(value == "", _clean.BLANK),
        Case(_clean.private_use(value), _clean.OK, "OF308"),
        Case(pl.lit(value=True), _clean.OK),
    ]
