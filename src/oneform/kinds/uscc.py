"""Kind uscc: text → the 18-character unified social credit code of GB 32100-2015.

States: ok, none (无, or only the words of a licence), damaged_tail, invalid, blank.
"""

from __future__ import annotations

import polars as pl

from oneform import frames
from oneform.kinds import _clean
from oneform.kinds._clean import Case

DTYPE = pl.String
SPECS = {"text": True, "quoted": True}

_SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O Z S V
_SHAPE = rf"^[{_SYMBOLS}]{{18}}$"
_WEIGHTS = tuple(pow(3, at, 31) for at in range(17))

_ANSWER = _clean.answer(DTYPE)


def parse(raw: pl.Expr, cell: pl.Expr) -> pl.Expr:
    """Struct of codes. A held code keeps its cleaned text as value; words of a licence give null and OF315."""
    return _clean.reading(_read, _ANSWER, raw, cell)


def checksum_ok(value: pl.Expr) -> pl.Expr:
    """Whether 18 characters carry the right check character (modulus 31); false for any other shape, null for null."""
    shaped = value.str.contains(_SHAPE)
    return pl.when(shaped).then(_check_character(value) == value.str.tail(1)).otherwise(shaped)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """`text` (default) or `quoted`."""
    if spec == "quoted":
        return pl.concat_str(pl.lit("'"), value)
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """The code itself."""
    return value


def _check_character(value: pl.Expr) -> pl.Expr:
    symbols = list(_SYMBOLS)
    ranks = (
        value.str.slice(at, 1).replace_strict(symbols, range(31), default=None, return_dtype=pl.Int32) * weight
        for at, weight in enumerate(_WEIGHTS)
    )
    check = (31 - pl.sum_horizontal(ranks, ignore_nulls=False) % 31) % 31
    return check.replace_strict(range(31), symbols, default=None, return_dtype=pl.String)


def _read(cells: pl.DataFrame) -> pl.DataFrame:
    raw, text = pl.col("raw"), pl.col("text")
    cleaned = _clean.identifier(raw)
    codes = cells.with_columns(
        spoken=cleaned, text=cleaned.str.to_uppercase().str.replace_all(r"[\s\p{Pd}_]", "").str.replace(r"^'", "")
    ).with_columns(ok=checksum_ok(text))
    codelike = text.str.contains(r"^[0-9A-Z]{16,20}$")
    numeric = pl.col("cell") == frames.NUMBER
    lost = (numeric & text.str.contains(r"^[0-9]{16,}(\.0*)?$")) | text.str.contains(r"^[0-9](\.[0-9]+)?E\+?1[5-9]$")
    length = pl.concat_str(pl.lit("应为 18 位，现为 "), text.str.len_chars().cast(pl.String), pl.lit(" 位"))
    check = pl.concat_str(pl.lit("第 18 位校验不符（按前 17 位应为 "), _check_character(text), pl.lit("）"))
    decided = _clean.decide(
        codes,
        [
            Case(text.is_null() | (pl.col("spoken") == ""), _clean.BLANK),
            Case(pl.col("spoken").is_in(list(_clean.NONE_WORDS)) | (text == ""), _clean.NONE),
            Case(lost, "damaged_tail", "OF301"),
            Case(pl.col("ok"), _clean.OK),
            Case(
                text.str.contains(_SHAPE),
                "invalid",
                "OF302",
                {"what": check, "what_en": "wrong check character", "expected": _check_character(text)},
            ),
            Case(
                text.str.contains(r"^[0-9A-Z]{18}$"),
                "invalid",
                "OF302",
                {"what": "含有不会出现的字母（I、O、Z、S、V）", "what_en": "a letter that codes do not use"},
            ),
            Case(codelike, "invalid", "OF302", {"what": length, "what_en": "18 characters expected"}),
            Case(
                pl.lit(value=True),
                _clean.NONE,
                "OF315",
                {"what": "不是统一社会信用代码，原文留存", "what_en": "no unified social credit code"},
            ),
        ],
    )
    mantissa = text.str.contains("E") & (pl.col("state") == "damaged_tail")
    gone = pl.col("state").is_in([_clean.BLANK, _clean.NONE]) | mantissa
    decided = decided.with_columns(value=pl.when(~gone).then(text))
    note = pl.when(pl.col("value").is_not_null() & (raw != pl.col("value"))).then(pl.lit("去掉空格、横线或全角写法"))
    return decided.with_columns(note=note)
