"""Recognise, cards: a SHEET whose labels each stand beside their own value → a TABLE with a row per card."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import polars as pl

from oneform.frames import BLANK, LEFT_OUT, TEXT, Column, Sheet, Table
from oneform.mapping.model import Output
from oneform.recognise.band import Band, Cell, Zone, zone
from oneform.recognise.bind import bind
from oneform.recognise.body import ABOVE
from oneform.recognise.dictionary import Dictionary, header
from oneform.recognise.facts import facts
from oneform.recognise.forms import Form, stated_cell
from oneform.schema import header_key

FEWEST = 3  # labels with a place for their value that make a card
ROWS, MOST = 200, 20_000  # rows looked at for a first card, and for all of them
_NO_LABEL = ("卡片里没有认出标签的内容", "text of a card without a known label")
_EMPTY = re.compile(r"[\s_＿—/年月日]*|(?:[□☐○◯]\s*[^□☐○◯■☑☒●◉√✓✔]*)+")  # a place nobody filled in
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


def with_top(table: Table, sheet: Sheet, start: int, known: Dictionary, form: Form | None) -> Table:
    """The table of a household's members with what the labelled cells over it say of the household and its dwelling.

    These cells get columns of free numbers, the same text in every row. The head's own cells fill the blanks of the
    head's row; with a form that names them, a head who is not among the members gets a row.
    """
    above = zone(sheet, start=start, rows=max(table.header_rows[0] - start, 0))
    slots = [
        slot
        for slot in _slots(above, known, form.cells if form else None, loose=True)
        if slot.text and not _EMPTY.fullmatch(slot.text)
    ]
    if table.entity != "person" or len(slots) < FEWEST:
        return table
    free = max([sheet.texts.width, *(column.index for column in table.columns)]) + 1
    told = {free + number: slot for number, slot in enumerate(slots)}
    beside = {column.index: header((column.header,)) for column in table.columns}  # what gives 住址 its meaning
    headers = beside | {index: header((slot.label,)) for index, slot in told.items()}
    columns = tuple(one for one in bind(sheet.name, "", headers, {}, known)[1] if one.index in told)
    if form is not None and form.cells:
        columns = tuple(stated_cell(form, column, told[column.index].label) for column in columns)
    taken = {(column.entity, column.field) for column in table.columns}
    kept = [column for column in columns if _of_all(column, known) and (column.entity, column.field) not in taken]
    if not kept:
        return table
    head = {column.field: told[column.index] for column in columns if column.entity == "person" and column.field}
    table = _with_head(table, head) if form is not None and "name" in head else table
    texts = [pl.lit(told[column.index].text, pl.String).alias(f"c{column.index}") for column in kept]
    types = [pl.lit(TEXT, pl.UInt8).alias(f"c{column.index}") for column in kept]
    return replace(
        table,
        columns=(*table.columns, *kept),
        cells=table.cells.with_columns(texts),
        types=table.types.with_columns(types),
    )


def _of_all(column: Column, known: Dictionary) -> bool:
    """True for what is said of all who live there: the household, the dwelling, fields that are filled down."""
    if column.entity is None or column.field is None:
        return False
    return column.entity in {"household", "dwelling"} or (
        column.entity == "person" and known.schema.entities["person"].fields[column.field].fill_down
    )


def _with_head(table: Table, head: dict[str, Slot]) -> Table:
    """The table with the head's name and phone in the head's row; a row is made, where the name stands, if there is none."""
    at = {column.field: f"c{column.index}" for column in table.columns if column.entity == "person" and column.field}
    said = {at[field]: slot for field, slot in head.items() if field in at}
    if "name" not in at:
        return table
    name = head["name"].text or ""
    own = pl.col(at["name"]).str.replace_all(r"\s", "") == re.sub(r"\s", "", name)
    cells, types = table.cells, table.types
    if cells.filter(own).is_empty():
        texts = {column: slot.text for column, slot in said.items()}
        texts |= {at["relation_to_head"]: "户主"} if "relation_to_head" in at else {}
        line = {"row": head["name"].row, **texts}
        cells = pl.concat([pl.DataFrame([{c: line.get(c) for c in cells.columns}], schema=cells.schema), cells])
        kinds = {c: line.get(c, BLANK) if c == "row" else TEXT if c in texts else BLANK for c in types.columns}
        types = pl.concat([pl.DataFrame([kinds], schema=types.schema), types])
    else:
        for column, slot in said.items():
            blank = own & pl.col(column).is_null()
            filled = cells.select(blank.fill_null(value=False).alias("filled"))["filled"]
            cells = cells.with_columns(pl.when(blank).then(pl.lit(slot.text)).otherwise(column).alias(column))
            types = types.with_columns(pl.when(filled).then(pl.lit(TEXT, pl.UInt8)).otherwise(column).alias(column))
    rows = cells["row"].to_list()
    return replace(table, cells=cells, types=types, data_rows=(min(rows), max(rows)))


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


def _slots(
    cells: Zone, known: Dictionary, own: Mapping[str, Output] | None = None, *, loose: bool = False
) -> list[Slot]:
    """The labels that are known or a form's `own`, and their places; of one place the first label.

    `loose`: a word that needs other columns for its meaning (住址) is a label too.
    """
    slots: dict[tuple[int, int], Slot] = {}
    for r in sorted(cells):
        for c, cell in sorted(cells[r].items()):
            if cell.origin != (r, c):
                continue
            inside = _IN_ONE.match(cell.text)
            if inside and known.meanings(header_key(inside[1])):
                slots.setdefault((r, c), Slot(inside[1].strip(), r, r, c, inside[2].strip()))
            elif (
                header_key(cell.text) in (own or {})
                or _is_label(cell, known)
                or (loose and not cell.value and known.meanings(header_key(cell.text)))
            ):
                place = _place(cells, r, c, known, own)
                slots.setdefault(place, Slot(cell.text, r, *place, _text(cells, place)))
    return list(slots.values())


def _place(
    cells: Zone, row: int, column: int, known: Dictionary, labels: Mapping[str, Output] | None = None
) -> tuple[int, int]:
    """Where a label's value stands: right of the (merged) label, or below it when a label stands to the right."""
    own = cells[row][column].origin
    right = column + 1
    while right in cells[row] and cells[row][right].origin == own:
        right += 1
    beside = cells[row].get(right)
    if beside is not None and labels and header_key(beside.text) in labels:
        return row, right  # a form's values stand beside their labels
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
