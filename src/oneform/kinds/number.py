"""Kind number: text of a number cell → Int64 or Float64; thousands separators and one unit word may stand in it.

States: ok, none (无, /), held (no number), blank.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from oneform.kinds import _clean
from oneform.kinds._clean import Case

INTEGER = pl.Int64
DECIMAL = pl.Float64
DTYPE = DECIMAL
# Rendering → whether an integer written so can be read back. Any number of decimal places works as well.
SPECS = {"0": True, "#,##0": True, "0.0": False, "0.00": False, "#,##0.00": False, "0%": False, "0.0%": False}

# As NFKC leaves them: ㎡ is m2, ℃ is °C.
_UNITS = (
    "元|块|人|岁|周岁|个|户|名|位|次|天|日|月|年|小时|分钟|分|套|间|层|栋|份|件|支|只|袋|瓶|盒|包|箱|条|台|辆|头|亩|"
    "平方米|平米|平方|m2|米|公里|公斤|千克|斤|克|kg|g|cm|m|度|摄氏度|°?C|吨|升"
)
_DIGITS = r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?(?:E[+-]?[0-9]{1,2})?"
_NUMBER = rf"(?i)^¥?({_DIGITS})\s*(?:{_UNITS})?$"

_ANSWERS = {True: _clean.answer(INTEGER), False: _clean.answer(DECIMAL)}


def parse(raw: pl.Expr, cell: pl.Expr, *, integer: bool = False) -> pl.Expr:
    """Struct of Int64 or Float64. A fraction in an integer column, or over 15 digits, is held (OF321)."""
    return _clean.reading(lambda cells: _read(cells, integer=integer), _ANSWERS[integer], raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """Shortest text without `.0` by default; `0.00`, `#,##0`, `0.0%` round halves away from zero, as Excel does.

    ValueError for another spec.
    """
    if spec is None:
        return value.cast(pl.String).str.replace(r"\.0$", "")
    pattern = re.fullmatch(r"(#,##)?0(?:\.(0+))?(%)?", spec)
    if pattern is None:
        raise ValueError(spec)
    places = Decimal(1).scaleb(-len(pattern[2] or ""))
    comma, percent = "," if pattern[1] else "", pattern[3] or ""

    def written(number: float) -> str:
        exact = Decimal(repr(number)) * (100 if percent else 1)
        return f"{exact.quantize(places, ROUND_HALF_UP):{comma}f}{percent}"

    def each(numbers: pl.Series) -> pl.Series:
        distinct = numbers.drop_nulls().unique()
        texts = pl.Series([written(number) for number in distinct.to_list()], dtype=pl.String)
        return numbers.replace_strict(distinct, texts, default=None, return_dtype=pl.String)

    return value.map_batches(each, return_dtype=pl.String)


def compare_key(value: pl.Expr) -> pl.Expr:
    """The shortest text of the number."""
    return format(value)


def _read(cells: pl.DataFrame, *, integer: bool) -> pl.DataFrame:
    text = pl.col("text")
    numbers = cells.with_columns(text=_clean.identifier(pl.col("raw")))
    digits = text.str.replace_all(r"([0-9])\s+([0-9]{3})", "${1}$2").str.extract(_NUMBER, 1).str.replace_all(",", "")
    numbers = numbers.with_columns(digits=digits)
    whole = pl.col("digits").str.replace(r"\.0*$", "")
    value = whole.cast(INTEGER, strict=False) if integer else pl.col("digits").cast(DECIMAL, strict=False)
    many = pl.col("digits").str.replace_all(r"E.*|[^0-9]", "").str.strip_chars_start("0").str.len_chars() > 15
    decided = _clean.decide(
        numbers.with_columns(value=pl.when(~many & value.cast(DECIMAL).is_finite()).then(value)),
        [
            Case(text.is_null() | (text == ""), _clean.BLANK),
            Case(pl.col("value").is_not_null(), _clean.OK),
            Case(text.is_in(list(_clean.NONE_WORDS)), _clean.NONE),
            Case(many, _clean.HELD, "OF321", {"found": pl.concat_str(text.str.head(40), pl.lit("，超过 15 位"))}),
            Case(
                pl.col("digits").is_not_null() & pl.lit(integer),
                _clean.HELD,
                "OF321",
                {"found": pl.concat_str(text.str.head(40), pl.lit("，应为整数"))},
            ),
            Case(pl.lit(value=True), _clean.HELD, "OF321", {"found": text.str.head(40)}),
        ],
    )
    plain = pl.col("raw") == pl.col("digits")
    return decided.with_columns(note=pl.when(pl.col("value").is_not_null() & ~plain).then(pl.lit("去掉千分位或单位")))
