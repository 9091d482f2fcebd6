"""Recognise, cards: a SHEET whose labels each stand beside their own value → a TABLE with a row per card."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from oneform.frames import BLANK, LEFT_OUT, TEXT, Sheet, Table
from oneform.recognise.band import Band, Cell, Zone, zone
from oneform.recognise.bind import bind
from oneform.recognise.body import ABOVE
from oneform.recognise.dictionary import Dictionary, header
from oneform.recognise.facts import facts
from oneform.schema import header_key

FEWEST = 3  # labels with a place for their value that make a card
ROWS, MOST = 200, 20_000  # rows looked at for a first card, and for all of them
_NO_LABEL = ("卡片里没有认出标签的内容", "text of a card without a known label")
_BOX = re.compile("[□☐○◯■☑☒●◉√✓✔]")
_IN_ONE = re.compile(r"^\s*([^:：]{1,20})[:：]\s*(\S.*)$", re.DOTALL)


@dataclass(frozen=True)
class Slot:
    """A label of the card and the cell its value goes into; text None on a blank card."""

    label: str
    labelled: int  # the row of the label
    row: int
    column: int
    text: str | None


def is_card(sheet: Sheet, band: Band, known: Dictionary) -> bool:
    """True when the rows below the band hold labels too: then it is no header but the first line of a card."""
    cells = zone(sheet, rows=band.last + 12)
    first = {cell.origin: cell for cell in cells.get(band.last + 1, {}).values()}.values()
    if len(first) >= FEWEST and not any(_is_label(cell, known) for cell in first):
        return False  # a row of data; what comes below is a signature
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


def tables(sheet: Sheet, known: Dictionary) -> list[Table]:
    """The cards on this sheet as one table with a row per filled card; [] when too few labels have a place for a value.

    A value's column is where the first card has it; a second value of the same column gets the next free number. A row
    is the card's first.
    """
    if len(_slots(zone(sheet, rows=ROWS), known)) < FEWEST:
        return []
    cells = zone(sheet, rows=MOST)
    cards = _apart(_slots(cells, known))
    placed, columns = _placed(cards, sheet.texts.width)
    first = min(slot.row for slot in cards[0])
    said = facts(cells, 1, first - 1)
    headers = {column: header((slot.label,)) for column, slot in columns.items()}
    filled = [card for card in placed if any(slot.text for slot in card.values())]
    texts = pl.DataFrame(
        {
            "row": [min(slot.row for slot in card.values()) for card in filled],
            **{f"c{c}": [card[c].text if c in card else None for card in filled] for c in columns},
        },
        schema={"row": pl.Int32, **dict.fromkeys((f"c{c}" for c in columns), pl.String)},
    )
    types = texts.select(
        "row",
        *(
            pl.when(pl.col(f"c{c}").is_null()).then(BLANK).otherwise(TEXT).cast(pl.UInt8).alias(f"c{c}")
            for c in columns
        ),
    )
    entity, bound, found = bind(sheet.name, said.get("title", ""), headers, {}, known)
    data = (int(texts["row"][0]), int(texts["row"][-1])) if filled else None
    last = max(slot.row for slot in cards[0])
    left_out = pl.DataFrame(_unread(sheet, cells, cards), schema=LEFT_OUT, orient="row")
    return [Table(sheet.name, (first, last), data, bound, texts, types, said, left_out, found, entity)]


def _unread(sheet: Sheet, cells: Zone, cards: list[list[Slot]]) -> list[tuple[object, ...]]:
    """The rows that hold text and no label with its value."""
    used = {row for card in cards for slot in card for row in (slot.row, slot.labelled)}
    first = min(used)
    lines = [(row, ABOVE if row < first else _NO_LABEL) for row, line in cells.items() if line and row not in used]
    return [(sheet.name, row, None, *reason) for row, reason in sorted(lines)]


def _apart(slots: list[Slot]) -> list[list[Slot]]:
    """Cards one under another: a new one begins where the first label comes again with most of the others."""
    keys = [header_key(slot.label) for slot in slots]
    starts = [at for at, key in enumerate(keys) if key == keys[0]]
    starts = [at for n, at in enumerate(starts) if not n or slots[at].labelled > slots[starts[n - 1]].labelled]
    cards = [slots[at:end] for at, end in pairwise([*starts, len(slots)])]
    own = set(keys[: len(cards[0])])
    if len(own) < FEWEST:
        return [slots]
    alike = all(len(own & {header_key(slot.label) for slot in card}) * 2 >= len(own) for card in cards)
    return cards if alike else [slots]


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
                slots.setdefault((r, c), Slot(inside[1].strip(), r, r, c, inside[2].strip()))
            elif _is_label(cell, known):
                place = _place(cells, r, c, known)
                slots.setdefault(place, Slot(cell.text, r, *place, _text(cells, place)))
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
    """The text in a place; boxes to tick that stand in a cell each (□男 | ☑女) are read as one text."""
    row, column = place
    cell = cells.get(row, {}).get(column)
    if cell is None:
        return None
    texts = [cell.text]
    while _BOX.search(cell.text) and (cell := cells[row].get(column + 1)) and _BOX.search(cell.text):
        column += 1
        texts += [cell.text] if cells[row][column - 1].origin != cell.origin else []
    return " ".join(texts)


def _placed(cards: list[list[Slot]], width: int) -> tuple[list[dict[int, Slot]], dict[int, Slot]]:
    """Each card's slots by column, and per column the slot that named it first."""
    columns: dict[int, Slot] = {}
    by_label: dict[tuple[str, int], int] = {}
    free = max([width, *(slot.column for card in cards for slot in card)])
    placed = []
    for card in cards:
        mine: dict[int, Slot] = {}
        seen: Counter[str] = Counter()
        for slot in card:
            label = (header_key(slot.label), seen[header_key(slot.label)])
            seen[label[0]] += 1
            if label not in by_label:
                taken = slot.column in columns
                free += taken
                by_label[label] = free if taken else slot.column
                columns[by_label[label]] = slot
            mine[by_label[label]] = slot
        placed.append(mine)
    return placed, dict(sorted(columns.items()))
