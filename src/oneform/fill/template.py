"""fill: the package of a template → its sheets as rows and cells that know their bytes, texts and merges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from oneform import problems
from oneform.ooxml import refs, spans, workbook
from oneform.ooxml.package import Package
from oneform.ooxml.spans import Element

_BLANKS = re.compile(r"[\s\u3000*＊\u200b\ufeff]+")


@dataclass(slots=True)
class Cell:
    """One cell of the template; `text` is what people see of a constant, '' for a formula; `value` the raw `<v>`."""

    row: int
    column: int
    element: Element
    text: str = ""

    @property
    def formula(self) -> Element | None:
        """Its `<f>`, if it has one."""
        return self.element.child("f")


@dataclass(slots=True)
class Row:
    """One row element and its cells by column."""

    number: int
    element: Element
    cells: dict[int, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """One worksheet part: the bytes, the tree of spans, rows by Excel number."""

    name: str
    part: str
    content: bytes
    root: Element
    data: Element
    rows: dict[int, Row]
    merges: tuple[refs.Box, ...]

    @cached_property
    def prefix(self) -> str:
        """`x:` or nothing, as this part writes its elements."""
        return self.root.prefix

    def cell(self, row: int, column: int) -> Cell | None:
        """Cell of the file at this place."""
        found = self.rows.get(row)
        return found.cells.get(column) if found else None

    def text(self, row: int, column: int) -> str:
        """Text at this place; '' where there is none."""
        cell = self.cell(row, column)
        return cell.text if cell else ""

    def merge(self, row: int, column: int) -> refs.Box:
        """Merged area a cell lies in; the cell alone when it is not merged."""
        return next(
            (m for m in self.merges if m[0] <= row <= m[2] and m[1] <= column <= m[3]), (row, column, row, column)
        )

    def seen(self, row: int, column: int) -> str:
        """Text people see at this place: that of the merged area it lies in."""
        area = self.merge(row, column)
        return self.text(area[0], area[1])

    def cells(self) -> Iterator[Cell]:
        """All cells of the file in reading order."""
        for row in self.rows.values():
            yield from row.cells.values()

    def place(self, row: int, column: int) -> str:
        """`登记表!C5`, for messages."""
        return f"{self.name}!{refs.address(row, column)}"

    @cached_property
    def width(self) -> int:
        """Last column that holds a cell."""
        return max((max(r.cells) for r in self.rows.values() if r.cells), default=1)

    @cached_property
    def formulas(self) -> dict[tuple[int, int], str]:
        """Formula of every formula cell, as written in XML, shared ones expanded to their own text."""
        masters: dict[str, tuple[str, int, int]] = {}
        out: dict[tuple[int, int], str] = {}
        from oneform.fill.move import shifted

        for cell in self.cells():
            element = cell.formula
            if element is None:
                continue
            text = spans.raw(self.content, element)
            if element.attributes.get("t") == "shared":
                key = element.attributes.get("si", "")
                if text:
                    masters[key] = (text, cell.row, cell.column)
                elif key in masters:
                    master, row, column = masters[key]
                    text = shifted(master, cell.row - row, cell.column - column)
            out[cell.row, cell.column] = text
        return out

    def column_style(self, column: int) -> str | None:
        """Style a new cell of this column takes from `<cols>`."""
        cols = self.root.child("cols")
        for col in cols.children if cols else ():
            if int(col.attributes.get("min", 0)) <= column <= int(col.attributes.get("max", 0)):
                return col.attributes.get("style")
        return None


@dataclass(frozen=True)
class Strings:
    """The shared string table of the template: its bytes, items and their texts; all empty when it has none."""

    content: bytes
    root: Element | None
    items: tuple[Element, ...]
    texts: tuple[str, ...]


def strings(package: Package, part: str | None) -> Strings:
    """Read the shared string table."""
    if part is None:
        return Strings(b"", None, (), ())
    content = package.read(part)
    root, items = workbook.string_items(content)
    return Strings(content, root, tuple(items), tuple(map(workbook.string_text, items)))


def sheet(name: str, part: str, content: bytes, texts: tuple[str, ...]) -> Sheet:
    """Read one worksheet part. Rows and cells without `r` are counted on, as Excel does."""
    root = spans.parse(content)
    data = root.child("sheetData")
    if data is None:
        raise problems.refusal("OF101", what="工作表没有内容", what_en="a sheet without sheetData")
    rows: dict[int, Row] = {}
    number = 0
    for element in data.children:
        number = int(element.attributes.get("r", number + 1))
        row = rows[number] = Row(number, element)
        column = 0
        for cell in element.children:
            place = refs.cell(cell.attributes.get("r", ""))
            column = place[1] if place else column + 1
            row.cells[column] = Cell(number, column, cell, _text(cell, texts))
    merged = root.child("mergeCells")
    boxes = [refs.box(m.attributes.get("ref", "")) for m in merged.children] if merged else []
    return Sheet(name, part, content, root, data, rows, tuple(b for b in boxes if b))


def key(text: str) -> str:
    """Form in which header texts and labels are compared: no blanks, line breaks or `*`."""
    return _BLANKS.sub("", text)


def _text(cell: Element, texts: tuple[str, ...]) -> str:
    if cell.child("f") is not None:
        return ""
    kind = cell.attributes.get("t", "n")
    if kind == "inlineStr":
        inline = cell.child("is")
        return workbook.string_text(inline) if inline else ""
    value = cell.child("v")
    if value is None:
        return ""
    if kind == "s":
        index = int(value.text or 0)
        return texts[index] if index < len(texts) else ""
    return value.text
