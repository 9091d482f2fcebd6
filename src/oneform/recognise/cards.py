"""Recognise, a card: a SHEET whose labels each stand beside their own value → a TABLE of one row."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from oneform.frames import BLANK, LEFT_OUT, TEXT, Sheet, Table
from oneform.recognise.band import Band, Cell, Zone, zone
from oneform.recognise.bind import bind
from oneform.recognise.dictionary import Dictionary, header
from oneform.recognise.facts import facts
from oneform.schema import header_key

FEWEST = 3  # labels with a place for their value that make a card
ROWS = 200
_IN_ONE = re.compile(r"^\s*([^:：]{1,20})[:：]\s*(\S.*)$", re.DOTALL)


@dataclass(frozen=True)
class Slot:
    """A label of the card and the cell its value goes into; text None on a blank card."""

    label: str
    row: int
    column: int
    text: str | None


def is_card(sheet: Sheet, band: Band, known: Dictionary) -> bool:
    """True when the rows below the band hold labels too: then it is no header but the first line of a card."""
    cells = zone(sheet, rows=band.last + 12)
    names = {header_key(leaf) for leaf in band.leaves.values()}
    below = {
        r: {
            key
            for cell in cells.get(r, {}).values()
            if _is_label(cell, known) and (key := header_key(cell.text)) not in names
        }
        for r in range(band.last + 1, band.last + 13)
    }
    return len(set().union(*below.values())) >= FEWEST and sum(map(bool, below.values())) >= 2


def table(sheet: Sheet, known: Dictionary) -> Table | None:
    """The card on this sheet as a table of one row, or None when fewer than three labels have a place for a value.

    A value's column is the sheet's where it is free; a second value of the same column gets the next free number.
    """
    cells = zone(sheet, rows=ROWS)
    slots = _slots(cells, known)
    if len(slots) < FEWEST:
        return None
    placed = _placed(slots, sheet.texts.width)
    first, last = min(slot.row for slot in slots), max(slot.row for slot in slots)
    said = facts(cells, 1, first - 1)
    headers = {column: header((slot.label,)) for column, slot in placed.items()}
    entity, columns, found = bind(sheet.name, said.get("title", ""), headers, {}, known)
    filled = any(slot.text for slot in slots)
    texts = pl.DataFrame(
        {"row": [first], **{f"c{c}": [slot.text] for c, slot in placed.items()}},
        schema={"row": pl.Int32, **dict.fromkeys((f"c{c}" for c in placed), pl.String)},
    )
    types = texts.select(
        "row",
        *(pl.when(pl.col(f"c{c}").is_null()).then(BLANK).otherwise(TEXT).cast(pl.UInt8).alias(f"c{c}") for c in placed),
    )
    if not filled:
        texts, types = texts.clear(), types.clear()
    data = (first, first) if filled else None
    left_out = pl.DataFrame(schema=LEFT_OUT)
    return Table(sheet.name, (first, last), data, columns, texts, types, said, left_out, found, entity)


def _is_label(cell: Cell, known: Dictionary) -> bool:
    return not cell.value and any(m.alone or m.denied for m in known.meanings(header_key(cell.text)))


def _slots(cells: Zone, known: Dictionary) -> list[Slot]:
    slots: dict[tuple[int, int], Slot] = {}
    for r in sorted(cells):
        for c, cell in sorted(cells[r].items()):
            if cell.origin != (r, c):
                continue
            inside = _IN_ONE.match(cell.text)
            if inside and known.meanings(header_key(inside[1])):
                slots.setdefault((r, c), Slot(inside[1].strip(), r, c, inside[2].strip()))
            elif _is_label(cell, known):
                place = _place(cells, r, c, known)
                slots.setdefault(place, Slot(cell.text, *place, _text(cells, place)))
    return list(slots.values())


def _place(cells: Zone, row: int, column: int, known: Dictionary) -> tuple[int, int]:
    """Where a label's value stands: right of the (merged) label, or below it when a label stands to the right."""
    own = cells[row][column].origin
    right = column + 1
    while right in cells[row] and cells[row][right].origin == own:
        right += 1
    beside = cells[row].get(right)
    if beside is not None and _is_label(beside, known):
        below = row + 1
        while below in cells and column in cells[below] and cells[below][column].origin == own:
            below += 1
        return below, column
    return row, right


def _text(cells: Zone, place: tuple[int, int]) -> str | None:
    cell = cells.get(place[0], {}).get(place[1])
    return cell.text if cell is not None else None


def _placed(slots: list[Slot], width: int) -> dict[int, Slot]:
    placed: dict[int, Slot] = {}
    free = max([width, *(slot.column for slot in slots)])
    for slot in slots:
        column = slot.column
        if column in placed:
            free += 1
            column = free
        placed[column] = slot
    return dict(sorted(placed.items()))
