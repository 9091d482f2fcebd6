"""Kind code: a code, its name, an alias or the pair `NN-名称` → the code of the field's own list.

States: ok, held (not in the list), blank.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import polars as pl

from oneform.kinds import _clean
from oneform.kinds._clean import Reading

DTYPE = pl.String
SPECS = {"code": True, "zh": True, "code-zh": True}

_PAIR = re.compile(r"([0-9A-Z]{1,4})\s*[-:.、,=_]?\s*([^0-9\s].*)")
_PAIR_BEHIND = re.compile(r"(.*[^0-9\s(])\s*\(([0-9A-Z]{1,4})\)")

_ASKED = 200  # different unknown words of one column for which the nearest is looked up

_ANSWER = _clean.answer(DTYPE)


def parse(
    raw: pl.Expr,
    cell: pl.Expr,
    *,
    spellings: Mapping[str, str],
    legend: Mapping[str, str] | None = None,
    allowed: str = "",
) -> pl.Expr:
    """Struct of codes. `spellings`: every accepted spelling → code; `allowed`: the choices as the message names them.

    `legend` is what the header states (code → meaning). Where there is one, a bare code means what it says there or
    nothing; in a pair the name decides, because the number may belong to another list.
    """
    known = {_clean.key(spelling): code for spelling, code in spellings.items()}
    stated = {_clean.key(code): known.get(_clean.key(meaning)) for code, meaning in (legend or {}).items()}
    choices = allowed or "、".join(f"「{name}」" for name in list(spellings)[:12])
    words = [spelling for spelling in spellings if re.search("[\u4e00-\u9fff]", spelling)]
    return _clean.reading(lambda cells: _near(_read(cells, known, stated, choices), words), _ANSWER, raw, cell)


def format(  # noqa: A001 - every kind offers the same names
    value: pl.Expr, spec: str | None = None, *, labels: Mapping[str, str] | None = None
) -> pl.Expr:
    """`code` (default), `zh` or `code-zh`; the last two need `labels` (code → name). An unlabelled code is null."""
    if spec in (None, "code"):
        return value
    if spec not in SPECS:
        raise ValueError(spec)
    label = value.replace_strict(dict(labels or {}), default=None, return_dtype=pl.String)
    return label if spec == "zh" else pl.concat_str(value, label, separator="-")


def compare_key(value: pl.Expr) -> pl.Expr:
    """The code itself."""
    return value


def _read(
    cells: pl.DataFrame, known: Mapping[str, str], stated: Mapping[str, str | None], allowed: str
) -> pl.DataFrame:
    texts = cells.select(_clean.identifier(pl.col("raw")).alias("text"))["text"].to_list()
    return cells.with_columns(_clean.rows([_one(text, known, stated, allowed) for text in texts], DTYPE))


def _near(read: pl.DataFrame, words: list[str]) -> pl.DataFrame:
    """Names the nearest word beside one that is not in the list; the person decides."""
    unknown = read.filter(pl.col("code") == "OF320")["found"].unique(maintain_order=True).head(_ASKED).to_list()
    near = {text: difflib.get_close_matches(text, words, 1, 0.5) for text in unknown}
    told = {text: f"{text}，是否「{found[0]}」？" for text, found in near.items() if found}
    return read.with_columns(pl.col("found").replace(told)) if told else read


def _one(text: str | None, known: Mapping[str, str], stated: Mapping[str, str | None], allowed: str) -> Reading:
    if not text:
        return Reading(state=_clean.BLANK)
    options = _clean.ticked(text)
    if options == []:
        return Reading(state=_clean.BLANK)
    one = text if options is None else options[0] if len(options) == 1 else ""
    code, note = _code(one.removesuffix(".0"), known, stated)
    if code is None:
        return Reading(state=_clean.HELD, code="OF320", found=text[:40], allowed=allowed)
    return Reading(code, note=None if code == text else note)


def _code(text: str, known: Mapping[str, str], stated: Mapping[str, str | None]) -> tuple[str | None, str]:
    word = _clean.key(text)
    if word in stated:
        return stated[word], "按表头说明读取"
    if len(text) > _clean.LONGEST_WORD:
        return None, ""
    bare_code = re.fullmatch(r"[0-9]+", word) is not None
    if word in known and not (stated and bare_code):
        return known[word], "名称转为代码"
    pair = _PAIR.fullmatch(text.upper())
    behind = _PAIR_BEHIND.fullmatch(text.upper())
    name = pair[2] if pair else behind[1] if behind else ""
    return known.get(_clean.key(name)), "代码与名称并写，按名称读取"
