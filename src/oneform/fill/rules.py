"""fill: the number, date, time and length rules of a template sheet → what a cell allows; classic and x14 rules.

A rule is about what a person would type: the text `2026-11-20` counts as a date, the text `12` as a number. A rule by
formula (custom), and bounds that are computed, cannot be told and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from oneform.fill.lists import text_of
from oneform.fill.template import Sheet
from oneform.ooxml import refs, spans

EPOCH, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)  # day 0 of a workbook's dates
MAX_SERIAL = 2_958_465  # 9999-12-31

_KINDS = {"whole": "整数", "decimal": "数字", "date": "日期", "time": "时间", "textLength": "字数"}
_DATE = re.compile(r"DATE\(\s*([0-9]{4})\s*,\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)", re.IGNORECASE)
_ASTRAL = "[\U00010000-\U0010ffff]"  # two characters to Excel
# operator → (zh, en, what a good value does); `between` is what the file leaves out
_OPERATORS: dict[str, tuple[str, str, Callable[[pl.Expr, float, float], pl.Expr]]] = {
    "between": ("{0} 至 {1}", "{0} to {1}", lambda v, a, b: v.is_between(min(a, b), max(a, b))),
    "notBetween": ("不在 {0} 至 {1} 之间", "not {0} to {1}", lambda v, a, b: ~v.is_between(min(a, b), max(a, b))),
    "equal": ("等于 {0}", "equal to {0}", lambda v, a, _: v == a),
    "notEqual": ("不等于 {0}", "other than {0}", lambda v, a, _: v != a),
    "greaterThan": ("大于 {0}", "above {0}", lambda v, a, _: v > a),
    "lessThan": ("小于 {0}", "below {0}", lambda v, a, _: v < a),
    "greaterThanOrEqual": ("不小于 {0}", "at least {0}", lambda v, a, _: v >= a),
    "lessThanOrEqual": ("不大于 {0}", "at most {0}", lambda v, a, _: v <= a),
}


@dataclass(frozen=True)
class Rule:
    """A rule of the template: the areas it covers, its kind, operator and bounds (dates and times as serials)."""

    areas: tuple[refs.Box, ...]
    kind: str  # whole | decimal | date | time | textLength
    operator: str
    bounds: tuple[float, ...]
    epoch: date

    def covers(self, row: int, column: int) -> bool:
        """True when the template cell is under this rule."""
        return any(a[0] <= row <= a[2] and a[1] <= column <= a[3] for a in self.areas)

    def allowed(self) -> tuple[str, str]:
        """What the rule allows, for people: zh, en."""
        zh, en, _ = _OPERATORS[self.operator]
        shown = [self._shown(b) for b in self.bounds]
        said = zh.format(*shown)
        kind = _KINDS[self.kind]
        return f"字数{said}" if self.kind == "textLength" else f"{said} 的{kind}", f"{self.kind} {en.format(*shown)}"

    def bad(self, values: pl.Series) -> pl.Series:
        """Boolean per value: True where it breaks the rule; an empty value never does."""
        text = _text(values)
        number = _length(text) if self.kind == "textLength" else _number(text)
        if self.kind in ("date", "time"):
            number = pl.coalesce(number, _moment(text, self.epoch))
        fits = _OPERATORS[self.operator][2](number, self.bounds[0], self.bounds[-1])
        if self.kind == "whole":
            fits &= number == number.round()
        if self.kind in ("date", "time"):
            fits &= number.is_between(0, MAX_SERIAL)
        wrong = ~fits.fill_null(False) & (text.fill_null("") != "")
        return values.to_frame("value").select(wrong.alias("bad"))["bad"]

    def _shown(self, bound: float) -> str:
        if self.kind == "date":
            return str(self.epoch + timedelta(days=int(bound)))
        if self.kind == "time":
            minutes = round(bound % 1 * 1440)
            return f"{minutes // 60:02}:{minutes % 60:02}"
        return str(int(bound)) if bound == int(bound) else str(bound)


def rules(sheet: Sheet, *, epoch: date = EPOCH) -> tuple[Rule, ...]:
    """All rules of a sheet whose bounds can be told."""
    out = []
    for element in sheet.root.walk():
        kind = element.attributes.get("type", "none")
        if element.local != "dataValidation" or kind not in _KINDS:
            continue
        operator = element.attributes.get("operator", "between")
        covered = element.attributes.get("sqref") or text_of(element, "sqref")
        areas = tuple(b for b in map(refs.box, covered.split()) if b)
        names = ("formula1", "formula2") if operator in ("between", "notBetween") else ("formula1",)
        bounds = [_bound(text_of(element, name), sheet, epoch) for name in names]
        known = tuple(b for b in bounds if b is not None)
        if areas and operator in _OPERATORS and len(known) == len(bounds):
            out.append(Rule(areas, kind, operator, known, epoch))
    return tuple(out)


def epoch_of(root: spans.Element) -> date:
    """Day 0 of a workbook, from its workbook part."""
    properties = root.child("workbookPr")
    old = properties is not None and properties.attributes.get("date1904") in ("1", "true")
    return EPOCH_1904 if old else EPOCH


def _bound(source: str, sheet: Sheet, epoch: date) -> float | None:
    """A number, a DATE(…) or the constant of a fixed cell; None for what is computed."""
    source = source.strip().removeprefix("=").strip('"')
    if found := _DATE.fullmatch(source):
        try:
            return float((date(int(found[1]), int(found[2]), int(found[3])) - epoch).days)
        except ValueError:
            return None
    if at := refs.cell(source) if "$" in source else None:
        source = sheet.text(*at)
    try:
        return float(source)
    except ValueError:
        return None


def _text(values: pl.Series) -> pl.Expr:
    text = pl.col("value").cast(pl.String).str.strip_chars()
    return text.str.strip_suffix(".0") if values.dtype.is_float() else text


def _number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)


def _length(text: pl.Expr) -> pl.Expr:
    return (text.str.len_chars() + text.str.count_matches(_ASTRAL)).cast(pl.Float64)


def _moment(text: pl.Expr, epoch: date) -> pl.Expr:
    """Serial of `2026-11-20`, `2026/11/20 8:30`, `2026年11月`, `8:30`; null for other texts."""
    plain = text.str.replace_all("[/年月]", "-").str.strip_chars_end("-日").str.replace("日 ", " ")
    day = plain.str.extract("^([0-9]{4}-[0-9]{1,2}(?:-[0-9]{1,2})?)(?: |$)")
    day = pl.when(day.str.count_matches("-") == 1).then(day + "-01").otherwise(day)
    days = (day.str.to_date("%Y-%m-%d", strict=False) - pl.lit(epoch)).dt.total_days()
    time = plain.str.extract("(?:^| )([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)$")
    time = pl.when(time.str.count_matches(":") == 1).then(time + ":00").otherwise(time)
    clock = time.str.to_time("%H:%M:%S", strict=False).cast(pl.Int64) / 86_400e9
    serial = pl.when(plain.str.contains(" |^[0-9]{1,2}:")).then(days.fill_null(0) + clock).otherwise(days)
    return serial.cast(pl.Float64)
