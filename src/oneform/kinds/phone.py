"""Kind phone: text of a telephone cell → 11-digit mobile, `0755-12345678`, `+85291234567`; further numbers beside it.

States: ok, none (无), held (unreadable), blank.
"""

from __future__ import annotations

import re

import polars as pl

from oneform import frames
from oneform.kinds import _clean
from oneform.kinds._clean import Plain, Reading

DTYPE = pl.String
SPECS = {"text": True, "spaced": True, "quoted": True}  # rendering → can be read back

_MOBILE = r"1[3-9][0-9]{9}"
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})(?:(?:转|分机|EXT\.?|X|#)([0-9]{1,6}))?")
_LOCAL = re.compile(r"[2-9][0-9]{6,7}(?:(?:转|分机|EXT\.?|X|#)[0-9]{1,6})?")
_LOST_ZERO = re.compile(r"(?:10|2[0-9]|[3-9][0-9]{2})[1-9][0-9]{6,7}")
_SERVICE = re.compile(r"[48]00[0-9]{7}|95[0-9]{3,4}|12[0-9]{3}")
_FOREIGN = re.compile(r"(?:\+|00)(?!86)([1-9][0-9]{6,14})")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=(?:1[3-9][0-9]{9}|0?[1-9][0-9]{8,10})$)")
_WORDS = re.compile(r"\((?![^)]*[0-9]{3})[^)]*\)|(?!转|分机)[一-鿿]+[:.]?")  # 本人, 手机:, (妻子)
_MOBILE_START = re.compile(r"1[3-9][0-9]{6,12}")  # too short or too long for a mobile
_SEPARATORS = re.compile(r"[;、,/|\n\r或]+")
_SIGNS = re.compile(r"[\s\-–—()]")
_MOBILE_WORD = re.compile(_MOBILE)
_MOBILES = re.compile(rf"(?:{_MOBILE}){{2,}}")
_EXTENSION = re.compile(r"(.*[0-9]{7,8})\s*[-–—]\s*([0-9]{1,6})")
_EXTENSION_WORD = re.compile(r"转|分机|EXT\.?|X|#")
_AREA_CODE = re.compile(r"[\s(]*0[0-9]{2,3}[\s)]*")
_EXPONENT = re.compile(r"([0-9])\.([0-9]+)E\+?([0-9]{1,2})")

_ANSWER = _clean.answer(DTYPE, alt=pl.List(pl.String))
_PLAIN = Plain(
    lambda cells: cells.select(
        (pl.col("raw").str.contains(rf"^{_MOBILE}$") & ~pl.col("cell").is_in([frames.ERROR, frames.FORMULA])).fill_null(
            value=False
        )
    ).to_series(),
    {"state": _clean.OK},
)


def parse(raw: pl.Expr, cell: pl.Expr) -> pl.Expr:
    """Struct with the extra field `alt` (List[String]): the cell's further numbers, in order, or null."""
    return _clean.reading(_read, _ANSWER, raw, cell, _PLAIN)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """`text` (default), `spaced` 3-4-4 for mobiles, or `quoted`; all can be read back."""
    if spec == "spaced":
        return value.str.replace(rf"^({_MOBILE[:-5]}[0-9]{{1}})([0-9]{{4}})([0-9]{{4}})$", "$1 $2 $3")
    if spec == "quoted":
        return pl.concat_str(pl.lit("'"), value)
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """Digits only; an extension is part of the number."""
    return value.str.replace_all(r"[^0-9]", "")


def _read(cells: pl.DataFrame) -> pl.DataFrame:
    """Plain mobiles by expression; everything else by the grammar below."""
    text = _clean.identifier(pl.col("raw")).str.to_uppercase().str.replace(r"^([0-9]+)\.0+$", "$1")
    joined = pl.col("text").str.replace_all(r"[\p{Zs}\p{Pd}]", "").str.replace(rf"^(?:\+|00)?86({_MOBILE})$", "$1")
    numbers = cells.with_columns(text=text).with_columns(joined=joined)
    plain = pl.col("joined").str.contains(rf"^{_MOBILE}$").fill_null(value=False)
    hard = numbers.filter(~plain)
    read = _clean.rows([_number(text) for text in hard["text"].to_list()], DTYPE)
    hard = pl.concat([hard, read], how="horizontal")
    easy = numbers.filter(plain).with_columns(value=pl.col("joined"), state=pl.lit(_clean.OK), note=_note())
    both = pl.concat([easy, hard], how="diagonal")
    return cells.join(both, on=["raw", "cell"], how="left", nulls_equal=True, maintain_order="left", validate="1:1")


def _note() -> pl.Expr:
    raw = pl.col("raw")
    return (
        pl.when(raw == pl.col("joined"))
        .then(pl.lit(None, dtype=pl.String))
        .when(raw.str.contains(r"\.0+$"))
        .then(pl.lit("手机号去掉 .0"))
        .when(raw.str.contains("86"))
        .then(pl.lit("去掉国家码 86、空格或横线"))
        .otherwise(pl.lit("去掉空格、横线、引号或全角写法"))
    )


def _number(text: str | None) -> Reading:
    if not text:
        return Reading(state=_clean.BLANK)
    if text in _clean.NONE_WORDS:
        return Reading(state=_clean.NONE, note="写明没有电话")
    pieces = _pieces(_expanded(text)) if len(text) <= _clean.LONGEST_WORD else []
    found = [one for one in map(_one, pieces) if one]
    if not found:
        digits = len(text) if _MOBILE_START.fullmatch(text) else 0
        what = f"手机号应为 11 位，现为 {digits} 位" if digits else f"读到「{text[:40]}」"
        return Reading(state=_clean.HELD, code="OF303", what=what, what_en="not a phone number")
    value, doubt = found[0]
    alt = list(dict.fromkeys(number for number, _ in found[1:] if number != value)) or None
    note = "一格多个号码已拆开" if alt else None if value == text else "去掉空格、横线、文字或全角写法"
    if len(found) < len(pieces):
        what, what_en = "其中一段不是电话号码", "one part is no phone number"
        return Reading(value, code="OF315", note=note, what=what, what_en=what_en, alt=alt)
    return Reading(value, code="OF316" if doubt else None, note=note, alt=alt)


def _expanded(text: str) -> str:
    """`1.5888888888E10` with all its digits there, written out; anything shorter has lost digits and stays."""
    written = _EXPONENT.fullmatch(text)
    if written and len(written[2]) == int(written[3]):
        return written[1] + written[2]
    return text


def _pieces(text: str) -> list[str]:
    """The cell cut at `; 、 , / |` and line feeds, and at blanks where a part is no number as a whole."""
    pieces: list[str] = []
    for part in _SEPARATORS.split(text):
        plain = _WORDS.sub(" ", part).strip(" .:")
        words = plain.split()
        if not words:
            continue
        if len(words) == 1 or _one(plain):
            pieces.append(plain)
        elif all(map(_one, words)):
            pieces.extend(words)
        else:
            joined = _SIGNS.sub("", plain)
            pieces.extend(_MOBILE_WORD.findall(joined) if _MOBILES.fullmatch(joined) else [plain])
    return pieces


def _one(piece: str) -> tuple[str, bool] | None:
    """One number in normal form and whether it lacks its area code; None when it cannot be dialled."""
    extension = _EXTENSION.fullmatch(piece)
    if extension and not _AREA_CODE.fullmatch(extension[1]):
        as_extension = _one_joined(_SIGNS.sub("", extension[1]) + "转" + extension[2])
        if as_extension:
            return as_extension
    return _one_joined(_SIGNS.sub("", piece))


def _one_joined(digits: str) -> tuple[str, bool] | None:
    foreign = _FOREIGN.fullmatch(digits)
    if foreign:
        return "+" + foreign[1], False
    number = _COUNTRY.sub("", digits)
    if _MOBILE_WORD.fullmatch(number) or _SERVICE.fullmatch(number):
        return number, False
    landline = _LANDLINE.fullmatch(number)
    if landline:
        return "-".join(part for part in landline.groups() if part), False
    if _LOCAL.fullmatch(number) or _LOST_ZERO.fullmatch(number):
        return _EXTENSION_WORD.sub("-", number), True
    return None
