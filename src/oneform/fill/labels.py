"""fill: the cells of a template + the words of a mapping → where each value goes: columns, label cells, total rows.

Everything is found by the text people read, never by a letter: header paths with merges expanded, labels beside or
around the blank they announce.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from oneform.fill.template import Cell, Sheet, key
from oneform.mapping.model import Output
from oneform.ooxml import refs

BOXES = "□☐○◯〇"
TICKED = "☑"
_BLANK = r"[\s\u3000_＿]"
_COLON = r"[:：]"
_TAIL = re.compile(rf"{_COLON}|{_BLANK}|[{BOXES}{TICKED}]|$")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a labelled value goes (template row and column) and how.

    `cell`: the value is the cell; `inside`: it replaces the blank behind the label in the cell's own text; `whole`: it
    replaces the label itself (a title).
    """

    label: str
    row: int
    column: int
    how: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A label that has no place: the code and what to say."""

    code: str
    zh: str
    en: str


def header_paths(sheet: Sheet, header: tuple[int, int]) -> dict[int, str]:
    """Header path of every column of the band, in compared form: `组/列`; equal texts below each other count once."""
    paths: dict[int, str] = {}
    for column in range(1, sheet.width + 1):
        steps: list[str] = []
        for row in range(header[0], header[1] + 1):
            area = sheet.merge(row, column)
            text = key(sheet.text(area[0], area[1])) if area[0] >= header[0] else ""
            if text and (not steps or steps[-1] != text):
                steps.append(text)
        if steps:
            paths[column] = "/".join(steps)
    return paths


def columns(sheet: Sheet, header: tuple[int, int], outputs: Iterable[Output]) -> Mapping[str, int | Lost]:
    """Sheet column of every output by its header path; a path's last words are enough where only one column has them.

    Of a header merged over several columns the first one counts.
    """
    places: dict[str, list[int]] = {}
    for column, path in header_paths(sheet, header).items():
        area = sheet.merge(header[1], column)
        if column == area[1]:
            places.setdefault(path, []).append(column)
    return {o.path: _column(sheet, header, o, places) for o in outputs}


def _column(sheet: Sheet, header: tuple[int, int], output: Output, places: Mapping[str, list[int]]) -> int | Lost:
    wanted = key(output.path)
    found = places.get(wanted) or [c for p, cs in places.items() if p.endswith(f"/{wanted}") for c in cs]
    pinned = _pinned(output.at)
    if len(found) > 1 and pinned:
        found = [c for c in found if c == pinned[1]]
    if not found:
        rows = f"第 {header[0]}–{header[1]} 行表头" if header[0] < header[1] else f"第 {header[0]} 行表头"
        return Lost("OF603", f"{sheet.name} {rows}", "")
    if len(found) > 1:
        letters = "、".join(map(refs.letters, found))
        return Lost(
            "OF602",
            f"「{output.path}」在 {letters} 列都有，请写全表头路径或写明 at",
            f"{output.path} stands in columns {letters}",
        )
    if pinned and pinned[1] != found[0]:
        here, there = refs.letters(found[0]), refs.letters(pinned[1])
        return Lost(
            "OF602", f"「{output.path}」在 {here} 列，映射写的是 {there} 列", f"{output.path} is in {here}, not {there}"
        )
    return found[0]


def slot(sheet: Sheet, output: Output, taken: Container[int]) -> Slot | Lost:
    """Place of a labelled value; rows in `taken` (table header and data) are not looked at."""
    *groups, name = output.path.split("/")
    label = _bare(name)
    pinned = _pinned(output.at)
    candidates = [c for c in sheet.cells() if c.row not in taken and label in _bare(c.text)]
    for fits in (_is_label, _opens_with, _holds):
        found = [c for c in candidates if fits(c.text, label)]
        if groups and len(found) > 1:
            found = [c for c in found if _under(sheet, c, _bare(groups[-1]))] or found
        slots = [_slot(sheet, output, c, pinned) for c in found]
        if pinned:
            exact = [s for s in slots if (s.row, s.column) == pinned]
            slots = exact[:1] or slots[:1]
        if len(slots) > 1:
            places = "、".join(sheet.place(c.row, c.column) for c in found)
            zh = f"「{output.path}」出现 {len(found)} 处（{places}），请写明 at"
            return Lost("OF602", zh, f"{output.path} stands {len(found)} times")
        if slots:
            return _checked(sheet, output, slots[0], pinned)
    return Lost("OF603", sheet.place(*pinned) if pinned else sheet.name, "")


def total_row(sheet: Sheet, label: str, header_end: int, last: int) -> int | None:
    """Row of a total, by its label: below the data, else between header and data."""
    wanted = _bare(label)
    rows = [c.row for c in sheet.cells() if c.text and _bare(c.text) == wanted]
    below = [r for r in rows if r > last]
    return min(below) if below else next((r for r in rows if header_end < r <= last), None)


@lru_cache(maxsize=4096)
def filled_in(text: str, label: str, value: str) -> str | None:
    """Text of a label cell with the value in its blank; None when the label is not in it.

    The blank is `{{label}}`, a run of blanks or underscores (also `  年  月  日`) behind the label, or nothing at all.
    """
    tag = "{{" + label + "}}"
    if tag in text:
        return text.replace(tag, value)
    found = _label_pattern(label).search(text)
    if not found:
        return None
    start = found.end()
    date = re.compile(rf"{_BLANK}*年{_BLANK}*月{_BLANK}*日").match(text, start)
    # blanks behind underscores belong to what follows
    blank = date or re.compile(r"[\s\u3000]*[_＿](?:[\s\u3000]*[_＿])*|[\s\u3000]*").match(text, start)
    end = blank.end() if blank else start
    rest = text[end:]
    wide = end - start - _width(value)
    # blanks hold the next label of the same cell at its place; underscores are the blank itself
    gap = " " * max(1, wide) if rest and rest[0] not in "（(，,。；;)）" and text[start:end].isspace() else ""
    return text[:start] + value + gap + rest


@lru_cache(maxsize=4096)
def ticked(text: str, value: str) -> tuple[str, tuple[str, ...]]:
    """Text with the boxes of the value's labels ticked, and the labels that have no box here."""
    chosen = re.findall(rf"[{TICKED}☒√■]\s*([^\s{BOXES}{TICKED}☒√■]+)", value) or [
        v for v in re.split(rf"[、,，;；\s{BOXES}]+", value) if v
    ]
    if any(b in value for b in BOXES) and TICKED not in value:
        chosen = []
    missing = []
    for label in chosen:
        text, count = re.subn(
            rf"[{BOXES}](?=\s*{re.escape(label)}(?![^\s{BOXES}{TICKED}、,，;；（(]))", TICKED, text, count=1
        )
        if not count:
            missing.append(label)
    return text, tuple(missing)


@lru_cache(maxsize=4096)
def box_labels(text: str) -> tuple[str, ...]:
    """Labels that stand behind the boxes of a text."""
    return tuple(re.findall(rf"[{BOXES}{TICKED}]\s*([^\s{BOXES}{TICKED}]+)", text))


@lru_cache(maxsize=4096)
def has_boxes(text: str) -> bool:
    """True for a text with boxes to tick."""
    return any(b in text for b in BOXES) and bool(box_labels(text))


def _slot(sheet: Sheet, output: Output, cell: Cell, pinned: tuple[int, int] | None) -> Slot:
    label = output.path.rpartition("/")[2]
    area = sheet.merge(cell.row, cell.column)
    right = sheet.merge(area[0], area[3] + 1)
    below = (area[2] + 1, area[1])
    whole = _is_label(cell.text, label)
    if pinned in ((cell.row, cell.column), below, (right[0], right[1])):
        how = "inside" if pinned == (cell.row, cell.column) else "cell"
        return Slot(label, *pinned, how) if pinned else Slot(label, cell.row, cell.column, how)
    if not whole or _has_blank(cell.text, label):
        return Slot(label, cell.row, cell.column, "inside")
    free = area[3] < sheet.width and (not sheet.text(right[0], right[1]) or has_boxes(sheet.text(right[0], right[1])))
    if free and right[0] == area[0]:
        return Slot(label, right[0], right[1], "cell")
    how = "whole" if output.source in ("text", "const") and not re.search(_COLON, cell.text) else "inside"
    return Slot(label, cell.row, cell.column, how)


def _checked(sheet: Sheet, output: Output, found: Slot, pinned: tuple[int, int] | None) -> Slot | Lost:
    if pinned and (found.row, found.column) != pinned:
        here, there = refs.address(found.row, found.column), refs.address(*pinned)
        return Lost(
            "OF602",
            f"「{output.path}」的位置是 {sheet.name}!{here}，映射写的是 {there}",
            f"{output.path} is at {here}, not {there}",
        )
    return found


def _pinned(at: str | None) -> tuple[int, int] | None:
    return refs.cell(at.rpartition("!")[2]) if at else None


def _bare(text: str) -> str:
    return key(text).strip("：:_＿")


def _is_label(text: str, label: str) -> bool:
    return _bare(text) == _bare(label)


def _opens_with(text: str, label: str) -> bool:
    found = _label_pattern(label).match(text.lstrip())
    return bool(found) or text.strip().startswith("{{" + label + "}}")


def _holds(text: str, label: str) -> bool:
    return bool(_label_pattern(label, marked=True).search(text)) or "{{" + label + "}}" in text


def _has_blank(text: str, label: str) -> bool:
    found = _label_pattern(label).search(text)
    return bool(found and found.end() < len(text) and re.match(_BLANK, text[found.end() :]))


@lru_cache(maxsize=4096)
def _label_pattern(label: str, *, marked: bool = False) -> re.Pattern[str]:
    """Label with blanks allowed between its characters, and its colon; then must come a blank, a box or the end."""
    letters = rf"{_BLANK}*".join(re.escape(c) for c in _bare(label))
    colon = rf"(?:{_BLANK}*{_COLON}|(?={_BLANK}))" if marked else rf"(?:{_BLANK}*{_COLON}|(?={_TAIL.pattern}))"
    return re.compile(letters + colon)


def _under(sheet: Sheet, cell: Cell, group: str) -> bool:
    left = any(_bare(sheet.seen(cell.row, c)) == group for c in range(1, cell.column))
    above = any(_bare(sheet.seen(r, cell.column)) == group for r in range(1, cell.row))
    return left or above


def _width(value: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in value)
