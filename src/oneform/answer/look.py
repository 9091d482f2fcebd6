"""answer: the worker's own .xlsx → how its sheets look: styles, widths, heights, panes, drop-downs, to be drawn again.

The package is untrusted: it passes the guard of `ooxml` first, only its styles, theme and sheet parts are looked into, and
none that is larger than _LARGEST. What is not understood is left out; a look never stops a workbook from being made.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oneform.answer.styles import Properties, properties
from oneform.errors import OneformError
from oneform.frames import Sheet, Workbook
from oneform.ooxml import refs, spans
from oneform.ooxml.package import Package
from oneform.ooxml.workbook import book

_LARGEST = 64 << 20  # bytes of a sheet part looked into; the others are smaller by far
_SMALL = 8 << 20  # bytes of a part that is made a tree
_MOST_CHOICES = 1000
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})[0-9]+"(?:[^>]*?\ss="([0-9]+)")?')
_ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*"([^"]*)"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)/?>")
_PANE = re.compile(rb"<(?:\w+:)?pane\b([^>]*)/?>")
_FORMAT = re.compile(rb"<(?:\w+:)?sheetFormatPr\b([^>]*)/?>")
_LISTS = re.compile(rb"<(?:\w+:)?dataValidation\b[^>]*>.*?</(?:\w+:)?dataValidation>", re.DOTALL)
_REFERENCE = re.compile(r"=?(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)")
_TRUE = {b"1", b"true"}


@dataclass(frozen=True)
class Look:
    """How one sheet looks. Rows and columns are those of the file, 1-based; sizes are in characters and points.

    `lists` are the columns with a drop-down: boxes and what may be chosen. `native_dates` is False where a serial counts
    from 1904.
    """

    styles: tuple[Properties, ...]
    widths: Mapping[int, float]
    hidden: frozenset[int]
    default_width: float | None
    heights: Mapping[int, float]
    frozen: tuple[int, int] | None  # rows and columns
    lists: tuple[tuple[refs.Box, tuple[str, ...]], ...]
    native_dates: bool
    _part: bytes = field(repr=False)
    _rows: tuple[tuple[int, int], ...] = field(repr=False)  # Excel row and where its tag begins

    def row(self, row: int) -> dict[int, int]:
        """Column → number of its style, for the cells of a row that the file writes."""
        at = bisect_right(self._rows, (row, len(self._part))) - 1
        if at < 0 or self._rows[at][0] != row:
            return {}
        end = self._rows[at + 1][1] if at + 1 < len(self._rows) else len(self._part)
        cells = _CELL.findall(self._part, self._rows[at][1], end)
        return {refs.column(name.decode()): int(style or 0) for name, style in cells}

    def choices(self, column: int, first: int, last: int) -> tuple[str, ...]:
        """What may be chosen in a column somewhere between two rows, () when the file says nothing about it."""
        return next(
            (names for (top, left, bottom, right), names in self.lists
             if left <= column <= right and top <= last and bottom >= first), ()
        )  # fmt: skip


def looks(workbook: Workbook) -> dict[str, Look]:
    """The look of every sheet by name; {} for a file that is no .xlsx, has changed since it was read or is too large."""
    path = Path(workbook.file)
    if workbook.format not in {"xlsx", "xlsm"} or not path.is_file():
        return {}
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != workbook.file_sha256:
        return {}
    try:
        package = Package.open(content)
        entries = book(package)
        document = package.parsed(entries.part)[1]
        styles = _small(package, entries.styles)
        theme = _small(package, next((name for name in package.names if name.startswith("xl/theme/")), None))
        known = properties(styles, theme)
        texts = {sheet.name: sheet for sheet in workbook.sheets}
        names = _names(document)
        dated = any(e.local == "workbookPr" and e.attributes.get("date1904", "0") in {"1", "true"}
                    for e in document.children)  # fmt: skip
        return {
            entry.name: _look(package.read(entry.part), known, texts, names, native_dates=not dated)
            for entry in entries.sheets
            if package.parts[entry.part].size <= _LARGEST
        }
    except (OneformError, ValueError, KeyError):  # an odd package is drawn plainly
        return {}


def _small(package: Package, name: str | None) -> spans.Element | None:
    if name is None or name not in package.parts or package.parts[name].size > _SMALL:
        return None
    return spans.parse(package.read(name))


def _names(document: spans.Element) -> dict[str, str]:
    """Defined names of the workbook → what they stand for."""
    return {e.attributes.get("name", ""): e.text for e in document.walk() if e.local == "definedName"}


def _look(
    part: bytes, styles: tuple[Properties, ...], sheets: Mapping[str, Sheet], names: Mapping[str, str],
    *, native_dates: bool,
) -> Look:  # fmt: skip
    body = part.find(b"sheetData")
    head, widths, hidden = part[: max(body, 0)], {}, set()
    for found in _COLUMN.finditer(head):
        said = _attributes(found[1])
        first, last = int(said.get(b"min", b"0")), int(said.get(b"max", b"0"))
        for column in range(first, min(last, first + 400) + 1):
            if b"width" in said:
                widths[column] = float(said[b"width"])
            if said.get(b"hidden") in _TRUE:
                hidden.add(column)
    rows, heights, number = [], {}, 0
    for found in _ROW.finditer(part, max(body, 0)):
        said = _attributes(found[1])
        number = int(said.get(b"r", number + 1))
        rows.append((number, found.start()))
        if b"ht" in said and said.get(b"hidden") not in _TRUE:
            heights[number] = float(said[b"ht"])
    rows.sort()
    default = _FORMAT.search(head)
    wide = _attributes(default[1]).get(b"defaultColWidth") if default else None
    return Look(
        styles, widths, frozenset(hidden), float(wide) if wide else None, heights, _frozen(head),
        tuple(_lists(part[max(part.rfind(b"sheetData"), 0) :], sheets, names)), native_dates, part, tuple(rows),
    )  # fmt: skip


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(tag))


def _frozen(head: bytes) -> tuple[int, int] | None:
    pane = _PANE.search(head)
    said = _attributes(pane[1]) if pane else {}
    if not said.get(b"state", b"").startswith(b"frozen"):
        return None
    return int(float(said.get(b"ySplit", b"0"))), int(float(said.get(b"xSplit", b"0")))


def _lists(
    tail: bytes, sheets: Mapping[str, Sheet], names: Mapping[str, str]
) -> list[tuple[refs.Box, tuple[str, ...]]]:
    """The list validations of a sheet, those of the 2010 extension too, with their choices read from where they stand."""
    found = []
    for written in _LISTS.findall(tail):
        rule = spans.parse(written)
        if rule.attributes.get("type") != "list":
            continue
        formula = next((e for e in rule.children if e.local == "formula1"), None)
        area = rule.attributes.get("sqref") or next((e.text for e in rule.walk() if e.local == "sqref"), "")
        text = "".join(e.text for e in formula.walk()) if formula else ""
        choices = _choices(text.strip(), sheets, names)
        if choices:
            found += [(box, choices) for box in map(refs.box, area.split()) if box]
    return found


def _choices(formula: str, sheets: Mapping[str, Sheet], names: Mapping[str, str]) -> tuple[str, ...]:
    """What a list's formula offers; () for what only a spreadsheet program can work out."""
    if formula.startswith('"'):
        return tuple(part.strip() for part in formula.strip('"').split(",") if part.strip())
    place = _REFERENCE.fullmatch(names.get(formula.lstrip("="), formula).strip())
    area = refs.box(place[3]) if place else None
    sheet = sheets.get((place[1] or place[2]).replace("''", "'")) if place else None
    if area is None or sheet is None or area[1] != area[3] or area[1] > sheet.texts.width:
        return ()
    column = sheet.texts[f"c{area[1]}"].slice(area[0] - 1, min(area[2] - area[0] + 1, _MOST_CHOICES))
    return tuple(dict.fromkeys(column.drop_nulls().to_list()))
