"""Read, web pages: HTML served under a workbook's name → one sheet a table, spans kept as merged ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from oneform import problems
from oneform.frames import Sheet
from oneform.read import cells
from oneform.read.spreadsheet import CELLS

_SPACES = re.compile(r"[ \t\r\n]+")


def sheets(text: str) -> tuple[Sheet, ...]:
    """One sheet per table that holds text (a nested table is its own). WorkbookError OF102 when there is none."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    found = [table for table in parser.finished if any(text for row in table.rows for text, _, _ in row)]
    if not found:
        raise problems.refusal("OF102", what="网页里没有表格", what_en="a web page without a table")
    return tuple(_sheet(f"表{n}" if len(found) > 1 else "网页表格", table.rows) for n, table in enumerate(found, 1))


@dataclass
class _Table:
    """Rows of (text, rowspan, colspan) as they stand in the page, and the pieces of the cell being read."""

    rows: list[list[tuple[str, int, int]]] = field(default_factory=list)
    cell: list[str] | None = None
    spans: tuple[int, int] = (1, 1)


class _Tables(HTMLParser):
    """Collects the tables of a page, innermost first, as html.parser calls back."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.finished: list[_Table] = []
        self._open: list[_Table] = []
        self._mute = 0  # inside script or style

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._mute += 1
        elif tag == "table":
            self._open.append(_Table())
        elif self._open and tag == "tr":
            self._end_cell()
            self._open[-1].rows.append([])
        elif self._open and tag in {"td", "th"}:
            self._end_cell()
            table = self._open[-1]
            if not table.rows:
                table.rows.append([])
            said = dict(attrs)
            table.spans = (_span(said.get("rowspan")), _span(said.get("colspan")))
            table.cell = []
        elif tag == "br" and self._open and self._open[-1].cell is not None:
            self._open[-1].cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._mute = max(0, self._mute - 1)
        elif tag in {"td", "th", "tr"}:
            self._end_cell()
        elif tag == "table" and self._open:
            self._end_cell()
            self.finished.append(self._open.pop())

    def handle_data(self, data: str) -> None:
        if self._open and not self._mute and self._open[-1].cell is not None:
            self._open[-1].cell.append(_SPACES.sub(" ", data))

    def close(self) -> None:
        super().close()
        while self._open:  # a page cut off before </table>
            self._end_cell()
            self.finished.append(self._open.pop())

    def _end_cell(self) -> None:
        table = self._open[-1] if self._open else None
        if table is not None and table.cell is not None:
            text = "\n".join(part.strip(" ") for part in "".join(table.cell).split("\n")).strip()
            table.rows[-1].append((text, *table.spans))
            table.cell = None


def _span(value: str | None) -> int:
    return min(max(int(value), 1), 16_384) if value and value.strip().isascii() and value.strip().isdigit() else 1


def _sheet(name: str, rows: list[list[tuple[str, int, int]]]) -> Sheet:
    grid: list[dict[int, str]] = [{} for _ in rows]
    taken: list[set[int]] = [set() for _ in rows]
    merges = []
    total = 0
    for r, row in enumerate(rows):
        column = 1
        for text, down, across in row:
            while column in taken[r]:
                column += 1
            bottom = min(r + down, len(rows)) - 1
            total += (bottom - r + 1) * across
            if total > CELLS or column + across > 16_384:
                raise problems.refusal("OF108", cell=f"{name}!R{r + 1}C{column + across - 1}")
            for covered in range(r, bottom + 1):
                taken[covered].update(range(column, column + across))
            grid[r][column] = text
            if bottom > r or across > 1:
                merges.append((r + 1, column, bottom + 1, column + across - 1))
            column += across
    width = max((max(columns) for columns in taken if columns), default=0)
    lines = [[row.get(i, "") for i in range(1, width + 1)] for row in grid]
    return cells.sheet(name, lines, merges=tuple(merges))
