"""Read, SpreadsheetML 2003: the XML workbooks old systems export under .xls → sheets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

from oneform import problems
from oneform.frames import ERROR, Sheet
from oneform.read import cells
from oneform.read.spreadsheet import CELLS, Marked, damaged

_SPACE = "urn:schemas-microsoft-com:office:spreadsheet "


@dataclass
class _Grid:
    """A worksheet being read: where the next cell stands (1-based) and what was met so far."""

    name: str
    rows: dict[int, dict[int, object]] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    errors: Marked = field(default_factory=dict)
    row: int = 0
    column: int = 0
    width: int = 0
    kind: str = ""
    text: list[str] | None = None


def sheets(text: str) -> tuple[Sheet, ...]:
    """Every worksheet. WorkbookError OF105 for a DOCTYPE, OF101 when the XML breaks off."""
    grids: list[_Grid] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = tag.removeprefix(_SPACE)
        said = {key.removeprefix(_SPACE): value for key, value in attributes.items()}
        if name == "Worksheet":
            grids.append(_Grid(said.get("Name", f"Sheet{len(grids) + 1}")))
        elif grids:
            _start(grids[-1], name, said)

    def end(tag: str) -> None:
        if grids and tag == _SPACE + "Data" and grids[-1].text is not None:
            grid = grids[-1]
            _put(grid, "".join(grid.text or []))
            grid.text = None

    def characters(data: str) -> None:
        if grids and grids[-1].text is not None:
            grids[-1].text.append(data)

    def doctype(*_: object) -> None:
        raise problems.refusal("OF105", what="DOCTYPE", what_en="DOCTYPE")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(text.lstrip("\ufeff \r\n\t"), True)
    except (expat.ExpatError, ValueError) as broken:
        raise damaged() from broken
    return tuple(_sheet(grid) for grid in grids)


def _start(grid: _Grid, name: str, said: dict[str, str]) -> None:
    if name == "Row":
        grid.row = int(said.get("Index", grid.row + 1))
        grid.column = 0
        grid.width = 0
    elif name == "Cell":
        grid.column = int(said.get("Index", grid.column + 1 + grid.width))
        across, down = int(said.get("MergeAcross", 0)), int(said.get("MergeDown", 0))
        grid.width = across
        if across or down:
            grid.merges.append((grid.row, grid.column, grid.row + down, grid.column + across))
    elif name == "Data":
        grid.kind = said.get("Type", "String")
        grid.text = []


def _put(grid: _Grid, text: str) -> None:
    value: object = text
    if grid.kind == "Number" and text:
        value = float(text)
    elif grid.kind == "Boolean":
        value = text == "1"
    elif grid.kind == "DateTime" and text:
        value = datetime.fromisoformat(text)
    elif grid.kind == "Error":
        grid.errors[grid.row, grid.column] = (text, ERROR)
    grid.rows.setdefault(grid.row, {})[grid.column] = value


def _sheet(grid: _Grid) -> Sheet:
    height = max(grid.rows, default=0)
    width = max((max(row) for row in grid.rows.values()), default=0)
    if height * width > CELLS:
        raise problems.refusal("OF108", cell=f"{grid.name}!R{height}C{width}")
    lines = ([grid.rows.get(r, {}).get(c, "") for c in range(1, width + 1)] for r in range(1, height + 1))
    return cells.sheet(grid.name, lines, merges=tuple(grid.merges), marked=grid.errors)
