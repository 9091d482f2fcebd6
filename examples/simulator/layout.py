"""A sheet as a clerk lays it out: columns and lines in, cells at absolute places out, with the row of every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from .spelling import Cell


@dataclass(frozen=True)
class Column:
    """One column: header path (`组/列`), the value it prints, its width; `merge`: one cell a household."""

    header: str
    field: str
    width: float = 11
    merge: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Line:
    """One row under the header and the truth about it: whose it is, what is wrong. No values: a blank row."""

    values: dict[str, Cell]
    person: str = ""
    household: str = ""
    dirt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What stands around a table: title, note, unit and date above; hints inside; total, notes, signatures below."""

    title: str = ""
    unit: str = ""
    date: str = ""
    above: str = ""
    top: int = 1
    left: int = 1
    hints: bool = False
    total: str = ""
    notes: tuple[str, ...] = ()
    footer: str = ""


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its table and what stands around it."""

    name: str
    columns: tuple[Column, ...]
    lines: list[Line]
    layout: Layout = field(default_factory=Layout)


@dataclass(frozen=True)
class Book:
    """A file as a source sent it; `form` names the department's form when it is one."""

    file: str
    source: str
    day: date
    what: str
    sheets: tuple[Sheet, ...]
    form: str = ""


@dataclass(frozen=True)
class Placed:
    """Cells by (row, column), 1-based as people count; `rows` is the row of each line."""

    cells: dict[tuple[int, int], Cell]
    merges: list[tuple[int, int, int, int]]  # first row, first column, last row, last column
    header: list[int]  # first and last row of the header
    rows: list[int]
    styles: dict[int, str]  # row → title | meta | note; every other row is part of the table


def place(sheet: Sheet) -> Placed:
    """Where everything stands."""
    placed = Placed({}, [], [], [], {})
    cells, left = placed.cells, sheet.layout.left
    first = _above(sheet, placed)
    row = _header(sheet, first, cells, placed.merges)
    placed.header.extend((first, row - 1))
    if sheet.layout.hints:
        cells.update({(row, left + i): column.hint for i, column in enumerate(sheet.columns) if column.hint})
        row += 1
    placed.rows.extend(range(row, row + len(sheet.lines)))
    for at, line in zip(placed.rows, sheet.lines, strict=True):
        for i, column in enumerate(sheet.columns):
            value = line.values.get(column.field)
            if value is not None and value != "":
                cells[at, left + i] = value
    _merge_households(sheet, placed.rows, cells, placed.merges)
    _below(sheet.layout, row + len(sheet.lines), placed)
    return placed


def _above(sheet: Sheet, placed: Placed) -> int:
    """Title, note, the line of unit and date; the row after them."""
    layout, left, right = sheet.layout, sheet.layout.left, sheet.layout.left + len(sheet.columns) - 1
    row = layout.top
    for text, style in ((layout.title, "title"), (layout.above, "note")):
        if text:
            placed.cells[row, left] = text
            placed.merges.append((row, left, row, right))
            placed.styles[row] = style
            row += 1
    if layout.unit or layout.date:
        for column, text in ((left, layout.unit), (max(left + 1, right - 2), layout.date)):
            if text:
                placed.cells[row, column] = text
        placed.styles[row] = "meta"
        row += 1
    return row


def _below(layout: Layout, row: int, placed: Placed) -> None:
    """Total, notes, signatures; `合计|325人` stands in two cells."""
    for text, style in [(layout.total, "total"), *((note, "note") for note in layout.notes), (layout.footer, "note")]:
        if text:
            for column, part in enumerate(text.split("|", 1), layout.left):
                placed.cells[row, column] = part
            placed.styles[row] = style
            row += 1


def _header(sheet: Sheet, row: int, cells: dict[tuple[int, int], Cell], merges: list[tuple[int, int, int, int]]) -> int:
    """One header row, or a group row above it; the row after the header."""
    left = sheet.layout.left
    paths = [column.header.split("/", 1) if _grouped(column) else [column.header] for column in sheet.columns]
    deep = any(len(path) == 2 for path in paths)
    for i, path in enumerate(paths):
        cells[row + (deep and len(path) == 2), left + i] = path[-1]
        if deep and len(path) == 1:
            merges.append((row, left + i, row + 1, left + i))
    if deep:
        for group, run in _runs([path[0] if len(path) == 2 else "" for path in paths]):
            if group:
                cells[row, left + run[0]] = group
                if len(run) > 1:
                    merges.append((row, left + run[0], row, left + run[-1]))
    return row + 1 + deep


def _grouped(column: Column) -> bool:
    """Whether `/` parts a group from a column; some headers hold a stroke of their own."""
    return "/" in column.header and "小区/" not in column.header


def _runs(labels: list[str]) -> Iterator[tuple[str, list[int]]]:
    for label, run in groupby(range(len(labels)), key=labels.__getitem__):
        yield label, list(run)


def _merge_households(
    sheet: Sheet, rows: list[int], cells: dict[tuple[int, int], Cell], merges: list[tuple[int, int, int, int]]
) -> None:
    spots = [sheet.layout.left + i for i, column in enumerate(sheet.columns) if column.merge]
    if not spots:
        return
    for household, run in _runs([line.household for line in sheet.lines]):
        if household and len(run) > 1:
            first, last = rows[run[0]], rows[run[-1]]
            for column in spots:
                merges.append((first, column, last, column))
                for row in range(first + 1, last + 1):
                    cells.pop((row, column), None)
