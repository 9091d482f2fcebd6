"""What the tests of kinds share: read a few cells through a kind, and make synthetic identity numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

import polars as pl

from oneform import frames, kinds, problems

TODAY = date(2026, 11, 20)


def read_all(
    kind: str, raws: Sequence[str | None], cell: int = frames.TEXT, **options: object
) -> list[SimpleNamespace]:
    """One namespace a cell: value, state, code, note, facts (dict or None) and the kind's extra fields."""
    cells = pl.DataFrame({"raw": raws}, schema={"raw": pl.String}).with_columns(cell=pl.lit(cell, dtype=pl.UInt8))
    answers = cells.select(kinds.parse(kind, pl.col("raw"), pl.col("cell"), today=TODAY, **options).alias("answer"))
    return [SimpleNamespace(**row) for row in answers.unnest("answer").iter_rows(named=True)]


def read(kind: str, raw: str | None, cell: int = frames.TEXT, **options: object) -> SimpleNamespace:
    """One cell through its kind; whatever the verdict, its sentence can be written in both languages."""
    (answer,) = read_all(kind, [raw], cell, **options)
    if answer.code is None:
        assert answer.facts is None
    else:
        facts = {name: fact or "" for name, fact in answer.facts.items()}
        assert "列" in problems.message(answer.code, header="列", **facts)
        assert problems.message(answer.code, lang="en", header="列", **facts)
    return answer


def told(answer: SimpleNamespace) -> tuple[object, str, str | None]:
    """Value, state and code: what most tables of cases compare."""
    return answer.value, answer.state, answer.code


def apply(function: object, *values: object, dtype: object = pl.String) -> list[object]:
    """A function of expressions over a column of values."""
    column = pl.DataFrame({"v": values}, schema={"v": dtype})
    return column.select(function(pl.col("v")).alias("out"))["out"].to_list()  # type: ignore[operator]


def identity_number(area: str, born: str, sequence: int) -> str:
    """A synthetic number with its check character, worked out digit by digit."""
    digits = f"{area}{born}{sequence:03}"
    total = sum(int(digit) * (2 ** (17 - at) % 11) for at, digit in enumerate(digits))
    return digits + "10X98765432"[total % 11]
