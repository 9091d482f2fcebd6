"""Kind date: text of a date cell → ISO text of the precision that was written; a missing day is never invented.

Values: `1990-12-05`, `1990-12`, `1990`, `2021-04-03 08:30:00`, and `9999-12-31` for an open end (长期).
States: ok, none (无), held, blank.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import polars as pl

from oneform import frames
from oneform.kinds import _clean
from oneform.kinds._clean import Reading

DTYPE = pl.String
OPEN_END = "9999-12-31"
# Rendering → whether every full date written so can be read back. Any other pattern of these tokens works as well.
SPECS = {
    "yyyy-MM-dd": True,
    "yyyyMMdd": True,
    "yyyy.M.d": True,
    "yyyy.MM.dd": True,
    "yyyy/M/d": True,
    "yyyy/MM/dd": True,
    "yyyy年M月d日": True,
    "yyyy年MM月dd日": True,
    "yyyy-MM-dd HH:mm:ss": True,
    "yyyy/M/d H:mm:ss": True,
    "yyyy-MM-dd HH:mm": False,
    "yyyy-MM": False,
    "yyyy.MM": False,
    "yyyy/MM": False,
    "yyyyMM": False,
    "yyyy年M月": False,
    "M月d日": False,
    "yyyy": False,
}

_TIME = r"(?:[T ]\s*([0-9]{1,2})[:时]([0-9]{2})(?:[:分]([0-9]{2})?(?:\.0+)?秒?)?)?"
_DAY = re.compile(r"([0-9]{4})\s*([-/.年])\s*([0-9]{1,2})\s*([-/.月])\s*([0-9]{1,2})\s*[日号]?\s*" + _TIME)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2}))?")
_MONTH = re.compile(r"([0-9]{4})\s*(?:[-/.]\s*([0-9]{1,2})|年\s*([0-9]{1,2})\s*月(?:份)?)")
_MONTH_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})")
_YEAR = re.compile(r"([0-9]{4})\s*年?")
_SHORT_YEAR = re.compile(r"([0-9]{2})\s*(?:年\s*([0-9]{1,2})\s*月(?:\s*([0-9]{1,2})\s*[日号])?)")
_SHORT_SIGNS = re.compile(r"([0-9]{2})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_SERIAL = re.compile(r"([0-9]{1,5})(\.[0-9]+)?")
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周)[一二三四五六日天]\)?")
_OPEN_WORDS = frozenset({"长期", "长期有效", "长期有效期", "永久", "永久有效"})
_UNIFIED = "日期写法统一为 2026-11-20"
# What polars reads by itself; years as in _plausible.
_PLAIN_DAY = r"^(?:1[89]|2[01])[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日)$"
_PLAIN_DIGITS = r"^(?:1[89]|2[01])[0-9]{6}$"
_PLAIN_MOMENT = r"^(?:1[89]|2[01])[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2} [0-9]{1,2}:[0-9]{2}:[0-9]{2}$"
_LAST_SERIAL = 73_050  # 2099-12-31

_ANSWER = _clean.answer(DTYPE)


def parse(raw: pl.Expr, cell: pl.Expr, *, today: date, role: str = "any", epoch1904: bool = False) -> pl.Expr:
    """Struct of ISO text. `role` is birth (never after today, no time, no open end), event or any.

    Number cells from 1 to 73050 are Excel serials, counted from 1904 where the workbook says so; those from 1900 to
    2100 are years. A two-digit year is 20xx unless that lies in the future, then 19xx (OF317).
    """
    return _clean.reading(lambda cells: _read(cells, today, role, epoch1904), _ANSWER, raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """Tokens yyyy MM M dd d HH H mm ss, anything else as it is; ends where the value's precision ends. Open end: 长期.

    ValueError for a spec without any token.
    """
    if spec is None:
        written = value
    else:
        tokens = re.findall(r"yyyy|MM|M|dd|d|HH|H|mm|ss|[^yMdHms]+", spec)
        if "".join(tokens) != spec or not any(token in _TOKENS for token in tokens):
            raise ValueError(spec)
        length = value.str.len_chars()
        written = (
            pl.when(length == 4)
            .then(_written(value, tokens, "y"))
            .when(length == 7)
            .then(_written(value, tokens, "yM"))
            .when(length == 10)
            .then(_written(value, tokens, "yMd"))
            .when(length == 19)
            .then(_written(value, tokens, "yMdHms"))
        )
    return pl.when(value == OPEN_END).then(pl.lit("长期")).otherwise(written)


def compare_key(value: pl.Expr) -> pl.Expr:
    """The value itself."""
    return value


# -- writing ----------------------------------------------------------------------------------------------------------

_TOKENS = {  # token → (offset, length in the ISO text, whether a leading zero goes)
    "yyyy": (0, 4, False),
    "MM": (5, 2, False),
    "M": (5, 2, True),
    "dd": (8, 2, False),
    "d": (8, 2, True),
    "HH": (11, 2, False),
    "H": (11, 2, True),
    "mm": (14, 2, False),
    "ss": (17, 2, False),
}
_UNITS = "年月日号时分秒"


def _written(value: pl.Expr, tokens: list[str], known: str) -> pl.Expr:
    """The tokens whose unit (yMdHms) the value knows; 年月日 go with the token before, other signs with the next."""
    parts: list[pl.Expr] = []
    signs, kept = "", False
    for token in tokens:
        if token in _TOKENS:
            kept = token[0] in known
            if kept:
                offset, length, short = _TOKENS[token]
                piece = value.str.slice(offset, length)
                parts += [pl.lit(signs), piece.str.strip_prefix("0") if short else piece]
            signs = ""
        else:
            unit = token[: len(token) - len(token.lstrip(_UNITS))]
            parts += [pl.lit(unit)] if unit and kept else []
            signs = token[len(unit) :] if parts else ""
    if not parts:  # a month and day pattern for a value that knows its year only; no time of day is nothing
        return value if set("yMd") & {token[0] for token in tokens} else pl.lit(None, dtype=pl.String)
    return pl.concat_str(parts)


# -- reading ----------------------------------------------------------------------------------------------------------


def _read(cells: pl.DataFrame, today: date, role: str, epoch1904: bool) -> pl.DataFrame:
    """Full dates in the usual order by expression, everything else by the grammar below; then the rules of the role."""
    dates = cells.with_columns(text=_clean.identifier(pl.col("raw")))
    day = pl.col("text").str.replace_all(r"[/.年月]", "-").str.strip_suffix("日")
    shaped = pl.when(pl.col("text").str.contains(_PLAIN_DAY)).then(day)
    digits = pl.when(pl.col("text").str.contains(_PLAIN_DIGITS)).then(pl.col("text"))
    moment = pl.when(pl.col("text").str.contains(_PLAIN_MOMENT)).then(day)
    dates = dates.with_columns(
        at=pl.coalesce(
            shaped.str.to_datetime("%Y-%m-%d", strict=False),
            digits.str.to_datetime("%Y%m%d", strict=False),
            moment.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
        )
    )
    easy, hard = dates.filter(pl.col("at").is_not_null()), dates.filter(pl.col("at").is_null())
    iso = pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
    easy = easy.with_columns(value=iso, state=pl.lit(_clean.OK)).with_columns(
        note=pl.when(pl.col("raw") != pl.col("value")).then(pl.lit(_UNIFIED))
    )
    read = [
        (_number(text, epoch1904=epoch1904) if text and cell == frames.NUMBER else None) or _text(text, today)
        for text, cell in zip(hard["text"].to_list(), hard["cell"].to_list(), strict=True)
    ]
    hard = pl.concat([hard, _clean.rows(read, DTYPE)], how="horizontal")
    both = pl.concat([easy, hard], how="diagonal")
    if role == "birth":
        both = _births(both, today)
    return cells.join(both, on=["raw", "cell"], how="left", nulls_equal=True, maintain_order="left", validate="1:1")


def _births(dates: pl.DataFrame, today: date) -> pl.DataFrame:
    """A birth is a day without a time, not after today; over 120 years ago only with a 提醒; never an open end."""
    value, code = pl.col("value"), pl.col("code")
    dates = dates.with_columns(value=value.str.head(10))
    length = value.str.len_chars()
    now = pl.when(length == 4).then(pl.lit(f"{today:%Y}")).when(length == 7).then(pl.lit(f"{today:%Y-%m}"))
    latest = pl.concat_str(value, pl.lit("-12-31").str.slice(length.cast(pl.Int64) - 4))  # that the precision allows
    oldest = f"{today.year - 121:04}{today:-%m-%d}"  # whoever was born then turns 121 today
    endless = value == OPEN_END
    future = ~endless & (value > now.otherwise(pl.lit(today.isoformat())))
    wrong = (endless | future).fill_null(value=False)
    return dates.with_columns(
        value=pl.when(~wrong).then(value),
        state=pl.when(wrong).then(pl.lit(_clean.HELD)).otherwise("state"),
        note=pl.when(~wrong).then("note"),
        found=pl.when(wrong).then(value.replace(OPEN_END, "长期")).otherwise("found"),
        code=pl.when(endless)
        .then(pl.lit("OF304"))
        .when(future)
        .then(pl.lit("OF305"))
        .when(code.is_null() & (latest <= oldest))
        .then(pl.lit("OF313"))
        .otherwise(code),
    )


def _number(text: str, *, epoch1904: bool) -> Reading | None:
    """What only a number cell can be: a serial or a year. None: read it as text."""
    plain = text.removesuffix(".0")
    serial = _SERIAL.fullmatch(plain)
    if not serial or not 1 <= float(plain) < _LAST_SERIAL + 1:
        return None
    days = int(serial[1])
    if 1900 <= days <= 2100:
        if not serial[2]:
            return Reading(plain, note="四位数字按年份读取")
        # 1990.1 may have been 1990.10: the number cell drops the zero
        month = int(serial[2][1:]) if len(serial[2]) == 3 else 0
        return Reading(f"{days}-{month:02}", note="按年月读取") if 1 <= month <= 12 else _unreadable(text)
    base = datetime(1904, 1, 1) if epoch1904 else datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001 - no zone
    at = base + timedelta(days=days, seconds=round(float("0" + (serial[2] or "")) * 86_400))
    return Reading(_iso(at), note=f"按 Excel 日期序号读取（{1904 if epoch1904 else 1900} 起算）")


def _text(text: str | None, today: date) -> Reading:
    if not text:
        return Reading(state=_clean.BLANK)
    if len(text) > _clean.LONGEST_WORD:
        return _unreadable(text)
    if re.fullmatch(r"[\s_]*年[\s_]*月?[\s_]*日?|[\s/.\-]*[-/.]\s+[\s/.\-]*", text):
        return Reading(state=_clean.BLANK)
    if text in _clean.NONE_WORDS:
        return Reading(state=_clean.NONE, note="写明没有日期")
    plain = _WEEKDAY.sub("", text).rstrip(".。; ").removesuffix(".0")
    if plain in _OPEN_WORDS or re.fullmatch(r"9999\D?12\D?3[01]\D?", plain):
        return Reading(OPEN_END, note=None if text == OPEN_END else "长期按没有截止日读取")
    value = _written_out(plain)
    if value:
        return Reading(value, note=None if value == text else _UNIFIED)
    value = _two_digit_year(plain, today)
    if value:
        return Reading(value, code="OF317", found=value, note="两位年份补全世纪")
    return _unreadable(text)


def _unreadable(text: str) -> Reading:
    return Reading(state=_clean.HELD, code="OF304", found=text[:40])


def _written_out(text: str) -> str | None:
    """Y-M-D with or without a time, Y-M, or Y; None when it is none of them or no day of the calendar."""
    day = _DAY.fullmatch(text)
    if day:
        if (day[2] == "年") != (day[4] == "月"):
            return None
        return _moment(day[1], day[3], day[5], *day.groups()[5:])
    day = _DIGITS.fullmatch(text)
    if day:
        return _moment(*day.groups())
    month = _MONTH.fullmatch(text) or _MONTH_DIGITS.fullmatch(text)
    if month:
        number = next(part for part in month.groups()[1:] if part)
        return f"{month[1]}-{int(number):02}" if _plausible(month[1]) and 1 <= int(number) <= 12 else None
    year = _YEAR.fullmatch(text)
    return year[1] if year and _plausible(year[1]) else None


def _plausible(year: str) -> bool:
    return 1800 <= int(year) <= 2199


def _moment(*parts: str | None) -> str | None:
    """Year, month, day and perhaps hour, minute, second as ISO text; midnight is no time of day."""
    if not _plausible(parts[0] or "0"):
        return None
    try:
        return _iso(datetime(*(int(part or 0) for part in parts)))  # type: ignore[arg-type] # noqa: DTZ001 - no zone
    except ValueError:
        return None


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")


def _two_digit_year(text: str, today: date) -> str | None:
    """`80年1月`, `80.1.1`; three signs-only numbers are a year first only where the first is no day of a month."""
    short = _SHORT_YEAR.fullmatch(text)
    if short:
        year, month, day = short.groups()
    else:
        signs = _SHORT_SIGNS.fullmatch(text)
        if not signs or int(signs[1]) <= 31:
            return None
        year, month, day = signs[1], signs[3], signs[4]
    for century in ("20", "19"):
        value = _written_out("-".join(part for part in (century + year, month, day) if part))
        if value and value <= today.isoformat()[: len(value)]:
            return value
    return None
