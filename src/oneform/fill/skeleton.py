"""fill: a pattern sheet + the cells that cards write → its bytes with holes; a card's contents → the sheet, by one join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from oneform.fill import grow
from oneform.fill.grow import Content
from oneform.fill.move import Move
from oneform.fill.template import Sheet

_HERE = "\0"  # stands for the content while the cell around it is written


@dataclass(frozen=True)
class Skeleton:
    """`pieces` are the sheet with nothing written; a cell's piece has its index in `at` and its tags in `tags`."""

    pieces: tuple[bytes, ...]
    at: Mapping[tuple[int, int], int]
    tags: Mapping[tuple[int, int], tuple[bytes, bytes, bytes]]  # of a text, of a number; the end of both

    def filled(self, written: Mapping[tuple[int, int], Content]) -> bytes:
        """The sheet with these cells written."""
        out = list(self.pieces)
        for place, content in written.items():
            text, number, end = self.tags[place]
            out[self.at[place]] = b"".join((text if content.kind else number, content.inner.encode(), end))
        return b"".join(out)


def skeleton(sheet: Sheet, places: Iterable[tuple[int, int]]) -> Skeleton | None:
    """The sheet with a hole at each place; None when a place's row is not in the file and would have to be made."""
    edits = {(start, end): new for start, end, new in grow.row_edits(sheet, Move(), {}, set(), lambda _: None)}
    holes: list[tuple[int, int, tuple[int, int] | None, bytes]] = [(s, e, None, new) for (s, e), new in edits.items()]
    tags = {}
    for row, column in sorted(set(places)):
        found = sheet.rows.get(row)
        if found is None or found.element.inner == found.element.end:
            return None
        cell = found.cells.get(column)
        if cell:
            start, end = cell.element.start, cell.element.end
        else:
            right = [c.element.start for n, c in sorted(found.cells.items()) if n > column]
            start = end = right[0] if right else found.element.close
        blank = edits.get((start, end), sheet.content[start:end])
        holes = [h for h in holes if h[2] is not None or (h[0], h[1]) != (start, end) or start == end]
        holes.append((start, end, (row, column), blank))
        text = grow.cell_xml(sheet, cell, row, column, row, Content("s", _HERE)).encode().split(_HERE.encode())
        number = grow.cell_xml(sheet, cell, row, column, row, Content(None, _HERE)).encode().split(_HERE.encode())
        tags[row, column] = (text[0], number[0], text[1])
    pieces: list[bytes] = []
    at: dict[tuple[int, int], int] = {}
    position = 0
    for start, end, place, blank in sorted(holes, key=lambda h: (h[0], h[1])):
        pieces.append(sheet.content[position:start])
        if place:
            at[place] = len(pieces)
        pieces.append(blank)
        position = end
    return Skeleton((*pieces, sheet.content[position:]), at, tags)
