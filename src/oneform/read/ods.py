"""Read, beside calamine: the content part of an .ods → what calamine hides in its tables.

Repetitions are counted, never written out: a few bytes can claim a billion cells (OF108 before any library sees them).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from oneform import problems
from oneform.frames import ERROR, FORMULA
from oneform.ooxml import refs
from oneform.read.spreadsheet import CELLS, Facts, damaged

_HIDDEN = {"collapse", "filter"}
_ERROR_WORDS = ("#", "Err:")
_MARKS = 200_000  # cells that one repetition may mark


@dataclass
class _Table:
    name: str
    facts: Facts = field(default_factory=Facts)
    row: int = 0
    column: int = 0
    rows: int = 1  # how often the current row stands
    across: int = 0  # columns declared so far
    last: tuple[int, int] = (0, 0)
    cell: dict[str, str] | None = None
    text: list[str] = field(default_factory=list)
    empty: list[tuple[int, int]] = field(default_factory=list)  # formulas without a value
    calculated: bool = False  # some formula has one


def facts(chunks: Iterator[bytes]) -> dict[str, Facts]:
    """Per table of a content part: what is hidden in it. OF108 when it spans too many cells, OF101 for broken XML."""
    tables: list[_Table] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0  # a table inside a cell is part of that cell

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal depth
        if tag == "table:table":
            depth += 1
            if depth == 1:
                tables.append(_Table(said.get("table:name", "")))
        elif depth == 1:
            _start(tables[-1], tag, said)

    def end(tag: str) -> None:
        nonlocal depth
        if tag == "table:table":
            depth -= 1
        elif depth == 1 and tag in {"table:table-cell", "table:covered-table-cell"}:
            _finish(tables[-1])
        elif depth == 1 and tag == "table:table-row":
            tables[-1].row += tables[-1].rows - 1

    def characters(text: str) -> None:
        if depth == 1 and tables[-1].cell is not None:
            tables[-1].text.append(text)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    _parse(parser, chunks)
    return _told(tables)


def _told(tables: list[_Table]) -> dict[str, Facts]:
    if not any(table.calculated for table in tables):
        # a program wrote the formulas and nobody opened the file; otherwise no value is how the empty text is written
        for table in tables:
            table.facts.marked.update(dict.fromkeys(table.empty, (None, FORMULA)))
    return {table.name: table.facts for table in tables}


def _parse(parser: expat.XMLParserType, chunks: Iterator[bytes]) -> None:
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as broken:
        raise damaged() from broken


def _start(table: _Table, tag: str, said: dict[str, str]) -> None:
    if tag == "table:table-row":
        table.rows = _times(said, "table:number-rows-repeated")
        table.row, table.column = table.row + 1, 0
        if said.get("table:visibility") in _HIDDEN and table.row + table.rows <= refs.MAX_ROWS:
            table.facts.hidden_rows.update(range(table.row, table.row + table.rows))
    elif tag == "table:table-column":
        first, table.across = table.across + 1, table.across + _times(said, "table:number-columns-repeated")
        if said.get("table:visibility") in _HIDDEN:
            table.facts.hidden_columns.append((first, table.across))
    elif tag in {"table:table-cell", "table:covered-table-cell"}:
        table.cell, table.text = said, []
    elif tag in {"text:line-break", "text:s", "text:tab"} and table.cell is not None:
        table.text.append(" ")


def _finish(table: _Table) -> None:
    """Take in the cell that ends: its extent, its merge, its error or missing value."""
    said, text = table.cell or {}, "".join(table.text).strip()
    table.cell = None
    times = _times(said, "table:number-columns-repeated")
    first, table.column = table.column + 1, table.column + times
    formula = "table:formula" in said
    down, across = _times(said, "table:number-rows-spanned"), _times(said, "table:number-columns-spanned")
    if down * across > CELLS:
        raise problems.refusal("OF108", cell=f"{table.name}!{refs.address(table.row, first)}")
    if down > 1 or across > 1:
        table.facts.merges.append((table.row, first, table.row + down - 1, first + across - 1))
    if not text and not formula and "office:value-type" not in said:
        return
    bottom = table.row + table.rows - 1
    table.last = max(table.last[0], bottom), max(table.last[1], table.column)
    if table.last[0] * table.last[1] > CELLS or bottom > refs.MAX_ROWS or table.column > refs.MAX_COLUMNS:
        raise problems.refusal("OF108", cell=f"{table.name}!{refs.address(bottom, table.column)}")
    error = said.get("calcext:value-type") == "error" or (formula and text.startswith(_ERROR_WORDS))
    empty = formula and not text and said.get("office:value-type") in {None, "void"}
    table.calculated |= formula and not empty
    if not error and not empty:
        return
    if times * table.rows > _MARKS:
        raise problems.refusal("OF108", cell=f"{table.name}!{refs.address(bottom, table.column)}")
    places = [(r, c) for r in range(table.row, bottom + 1) for c in range(first, table.column + 1)]
    if error:
        table.facts.marked.update(dict.fromkeys(places, (text or "#N/A", ERROR)))
    else:
        table.empty += places


def _times(said: dict[str, str], name: str) -> int:
    text = said.get(name, "1")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise damaged()
    return max(int(text), 1)
