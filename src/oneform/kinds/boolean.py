"""Kind boolean: 是/否, √/×, ■是□否 … → true or false; 0, 1 and 2 mean nothing unless the column's own legend says so.

States: ok, held (unknown word), blank. Blank is unknown, never 否.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oneform import frames
from oneform.kinds import _clean
from oneform.kinds._clean import Reading

DTYPE = pl.Boolean
# Rendering `true/false` → whether it can be read back without a legend. Any two words around a slash work as well.
SPECS = {"是/否": True, "有/无": True, "√/×": True, "Y/N": True, "1/0": False, "0/1": False, "√/": False}

_TRUE = frozenset({"是", "有", "√", "✓", "✔", "对", "Y", "YES", "T", "TRUE", "是的", "☑", "■"})
_FALSE = frozenset({"否", "无", "没有", "×", "✗", "✘", "N", "NO", "F", "FALSE", "不是"})

_ANSWER = _clean.answer(DTYPE)


def parse(raw: pl.Expr, cell: pl.Expr, *, legend: Mapping[str, bool] | None = None) -> pl.Expr:
    """Struct of Boolean. `legend` is what the header states (`1=是，0=否`) and wins over the usual words."""
    stated = {_clean.key(word): meaning for word, meaning in (legend or {}).items()}
    return _clean.reading(lambda cells: _read(cells, stated), _ANSWER, raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """The two words of `spec` around its slash, 是/否 by default; null stays null."""
    true, slash, false = (spec or "是/否").partition("/")
    if not slash:
        raise ValueError(spec)
    return pl.when(value).then(pl.lit(true)).when(~value).then(pl.lit(false))


def compare_key(value: pl.Expr) -> pl.Expr:
    """`true` or `false`."""
    return value.cast(pl.String)


def _read(cells: pl.DataFrame, legend: Mapping[str, bool]) -> pl.DataFrame:
    texts = cells.select(_clean.identifier(pl.col("raw")).alias("text"))["text"].to_list()
    typed = (cells["cell"] == frames.BOOL).to_list()
    return cells.with_columns(
        _clean.rows([_one(text, legend, typed=is_bool) for text, is_bool in zip(texts, typed, strict=True)], DTYPE)
    )


def _one(text: str | None, legend: Mapping[str, bool], *, typed: bool) -> Reading:
    if not text:
        return Reading(state=_clean.BLANK)
    word = _clean.key(text)
    if typed and word in {"1", "0"}:  # some writers print a boolean cell as a number
        return Reading(word == "1")
    if word in legend:
        return Reading(legend[word], note="按表头说明读取")
    options = _clean.ticked(text)
    if options is not None:
        if not options:
            return Reading(state=_clean.BLANK)
        word = _clean.key(options[0]) if len(options) == 1 else ""
    for words, meaning in ((_TRUE, True), (_FALSE, False)):
        if word in words:
            return Reading(meaning, note=None if text in {"是", "否"} else "是否写法统一")
    return Reading(state=_clean.HELD, code="OF310", found=text[:40], allowed="「是」「否」")
