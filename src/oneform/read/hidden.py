"""Read, hidden rows and columns: sheets → what is said about them; on request the sheets without the hidden rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from oneform.frames import BLANK, ROW_NUMBER, Sheet
from oneform.ooxml import refs

Note = tuple[str, str]
_HEAD = 25  # rows that a header stands in
_SPANS = 10  # spans named in a note; a filtered list has hundreds


def notes(sheets: Sequence[Sheet], *, skipped: bool) -> tuple[Note, ...]:
    """One note per sheet with hidden rows, one per sheet with hidden columns (zh, en)."""
    told: list[Note] = []
    for sheet in sheets:
        if rows := sheet.hidden_rows:
            zh, en = ("没有导入", "are left out") if skipped else ("已一并导入", "are read too")
            where = _spans(rows, str)
            said = (f"隐藏行 {len(rows)} 行{zh}（第{where}行）", f"{len(rows)} hidden rows {en} ({where})")
            told.append((f"「{sheet.name}」{said[0]}", f"{sheet.name}: {said[1]}"))
        if columns := [one for one in sheet.hidden_columns if not _is_own(sheet, one)]:
            where = _spans(columns, refs.letters)
            told.append((
                f"「{sheet.name}」隐藏列 {len(columns)} 列已一并导入（{where}列）",
                f"{sheet.name}: {len(columns)} hidden columns are read too ({where})",
            ))  # fmt: skip
    return tuple(told)


def _is_own(sheet: Sheet, column: int) -> bool:
    """True for the row numbers that a problem workbook hides in its first column."""
    texts = sheet.texts.get_column(f"c{column}", default=None)
    return texts is not None and bool((texts.head(_HEAD).str.strip_chars() == ROW_NUMBER).any())


def without_rows(sheet: Sheet) -> Sheet:
    """The sheet with its hidden rows emptied: every other row keeps its number."""
    if not sheet.hidden_rows or not sheet.texts.height:
        return sheet
    hidden = (pl.int_range(1, sheet.texts.height + 1, eager=True)).is_in(sheet.hidden_rows)
    texts = sheet.texts.with_columns(pl.when(~hidden).then(pl.all()))
    types = sheet.types.with_columns(pl.when(~hidden).then(pl.all()).otherwise(BLANK).cast(pl.UInt8).name.keep())
    return replace(sheet, texts=texts, types=types)


def _spans(numbers: Sequence[int], shown: Callable[[int], str]) -> str:
    """`5–9、12` of the numbers in order; the first few when there are many."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    words = [shown(a) if a == b else f"{shown(a)}–{shown(b)}" for a, b in spans[:_SPANS]]
    return "、".join(words) + ("…" if len(spans) > _SPANS else "")
