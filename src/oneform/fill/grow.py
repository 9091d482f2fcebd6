"""fill: a sheet, its move and the cells to write → byte edits for all of the sheet but the generated rows."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from oneform.fill.move import Move, formula, stands_alone
from oneform.fill.rows import new_cell_style
from oneform.fill.template import Cell, Sheet
from oneform.ooxml import refs, spans
from oneform.ooxml.spans import Edit, Element

Known = Callable[[str], str | None]  # a moved formula → the value it must have, where that can be told

_FORMULAS = frozenset({"f", "formula", "formula1", "formula2", "calculatedColumnFormula", "totalsRowFormula"})
_PLACES = ("ref", "sqref")
_UNTOUCHED = frozenset({"sheetData", "mergeCells", "sheetViews", "selection", "sheetPr", "tableParts", "colBreaks"})
_WATCHED = frozenset({"inputCells", "cellWatch", "singleXmlCell"})  # they name a cell in `r`
# what may stand before <mergeCells>; a wrong order makes Office call the file corrupt
_BEFORE_MERGES = frozenset(
    {"sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState"}
    | {"dataConsolidate", "customSheetViews"}
)


class Content(NamedTuple):
    """What a cell holds after the fill: its type attribute and its inner XML."""

    kind: str | None
    inner: str


@dataclass(frozen=True)
class Block:
    """Generated rows: they replace the bytes of the written sample rows."""

    start: int
    end: int
    xml: Iterable[bytes]


def block_span(sheet: Sheet, first: int, last: int) -> tuple[int, int]:
    """Byte span of the row elements `first … last`; where they would stand when the file has none of them."""
    inside = [r.element for n, r in sheet.rows.items() if first <= n <= last]
    if inside:
        return inside[0].start, inside[-1].end
    at = _row_position(sheet, first)
    return at, at


def assemble(content: bytes, edits: list[Edit], blocks: Iterable[Block]) -> Iterator[bytes]:
    """Bytes of the sheet part in pieces: edits applied, blocks put in."""
    position = 0
    rest = sorted(edits, key=lambda e: (e[0], e[1]))
    for block in sorted(blocks, key=lambda b: b.start):
        here = [e for e in rest if e[1] <= block.start]
        rest = rest[len(here) :]
        yield b"".join(spans.pieces(content, here, position, block.start))
        yield from block.xml
        position = block.end
    yield b"".join(spans.pieces(content, rest, position, len(content)))


def row_edits(
    sheet: Sheet, move: Move, written: Mapping[tuple[int, int], Content], generated: set[int], known: Known
) -> list[Edit]:
    """Edits of all rows but the generated ones: moved rows, written cells, formulas with their values told or dropped.

    A cached value that is left standing would be shown as the truth by programs that do not recalculate.
    """
    edits: list[Edit] = []
    by_row: dict[int, dict[int, Content]] = {}
    for (at, column), content in written.items():
        if at not in generated:
            by_row.setdefault(at, {})[column] = content
    computed = {at for at, _ in sheet.formulas}
    for number, row in sheet.rows.items():
        if number in generated:
            continue
        new = move.row(number)
        if new is None:
            edits.append((row.element.start, row.element.end, b""))
            continue
        if new != number and "r" in row.element.attributes:
            edits.append(spans.set_attribute(sheet.content, row.element, "r", str(new)))
        wanted = by_row.pop(number, {})
        if new == number and not wanted and number not in computed:
            continue
        for cell in row.cells.values():
            edits.extend(_cell_edits(sheet, cell, new, wanted.pop(cell.column, None), move, known))
        edits.extend(_added(sheet, row.element, row.cells, number, new, wanted))
    for number, cells in sorted(by_row.items()):
        at = _row_position(sheet, number)
        new = move.row(number) or number
        inner = "".join(cell_xml(sheet, None, number, c, new, content) for c, content in sorted(cells.items()))
        edits.append((at, at, f'<{sheet.prefix}row r="{new}">{inner}</{sheet.prefix}row>'.encode()))
    return edits


def tail_edits(sheet: Sheet, move: Move) -> list[Edit]:
    """Edits of all that refers to rows outside the cells: dimension, filters, validations, formats, breaks."""
    edits: list[Edit] = []
    if move:
        for element in sheet.root.children:
            edits.extend(moved_element(sheet.content, element, move, sheet.name, here=True))
    return edits


def moved_element(content: bytes, element: Element, move: Move, sheet: str, *, here: bool) -> list[Edit]:
    """Edits of one element and all inside it; an element whose whole range is deleted goes, with a parent left empty.

    `here`: the part belongs to the moved sheet, so that ranges and formulas without a sheet name mean it.
    """
    if element.local in _UNTOUCHED:
        return []
    edits: list[Edit] = []
    if here:
        for name in _PLACES:
            if name in element.attributes:
                moved = move.sqref(element.attributes[name])
                if not moved:
                    return [(element.start, element.end, b"")]
                if moved != element.attributes[name]:
                    edits.append(spans.set_attribute(content, element, name, moved))
        edits.extend(_moved_details(content, element, move, sheet))
        if element.local == "sqref":
            return edits
    if element.local in _FORMULAS and not element.children:
        edits.extend(_moved_formula(content, element, move, sheet, here=here))
    gone = 0
    for child in element.children:
        if here and child.local == "sqref" and not move.sqref(child.text):
            return [(element.start, element.end, b"")]
        inner = moved_element(content, child, move, sheet, here=here)
        gone += inner == [(child.start, child.end, b"")]
        edits.extend(inner)
    if gone and gone == len(element.children):
        return [(element.start, element.end, b"")]
    return edits


def merge_edits(sheet: Sheet, move: Move, dropped: Container[refs.Box], added: bytes, count: int) -> list[Edit]:
    """Edits of `<mergeCells>`: `dropped` ones go, the others move, `count` new ones follow."""
    element = sheet.root.child("mergeCells")
    p = sheet.prefix
    if element is None:
        if not count:
            return []
        before = [c for c in sheet.root.children if c.local in _BEFORE_MERGES]
        at = before[-1].end
        return [(at, at, f'<{p}mergeCells count="{count}">'.encode() + added + f"</{p}mergeCells>".encode())]
    edits: list[Edit] = []
    left = 0
    for merge in element.children:
        area = refs.box(merge.attributes.get("ref", ""))
        moved = move.box(area) if area else None
        if area in dropped:
            moved = None
        if moved is None:
            edits.append((merge.start, merge.end, b""))
            continue
        left += 1
        if moved != area:
            edits.append(spans.set_attribute(sheet.content, merge, "ref", refs.text(moved)))
    if not left + count:
        return [(element.start, element.end, b"")]
    if count or left != len(element.children):
        edits.append(spans.set_attribute(sheet.content, element, "count", str(left + count)))
        edits.append((element.close, element.close, added))
    return edits


def formula_content(sheet: Sheet, cell: Cell, move: Move, value: str | None, kind: str | None = None) -> Content:
    """A formula cell after the move with its value, or without one."""
    p = sheet.prefix
    element = cell.formula
    assert element is not None  # noqa: S101 - called for formula cells only
    text = formula(sheet.formulas[cell.row, cell.column], move, sheet=sheet.name, here=True)
    own = dict(element.attributes)
    if own.get("t") == "shared":
        own = {k: v for k, v in own.items() if k not in ("t", "si", "ref")}
    for name in ("ref", "r1", "r2"):  # of an array; the input cells of a data table
        if name in own:
            own[name] = move.sqref(own[name]) or own[name]
    attributes = "".join(f' {k}="{spans.escape(v)}"' for k, v in own.items())
    cached = "" if value is None else f"<{p}v>{spans.escape(value)}</{p}v>"
    return Content(kind if value is not None else None, f"<{p}f{attributes}>{text}</{p}f>{cached}")


def keeps_value(sheet: Sheet, cell: Cell) -> bool:
    """True for a formula cell that no fill can change: it stays as it is, cached value included."""
    element = cell.formula
    return element is not None and "t" not in element.attributes and stands_alone(sheet.formulas[cell.row, cell.column])


def _cell_edits(sheet: Sheet, cell: Cell, row: int, content: Content | None, move: Move, known: Known) -> list[Edit]:
    element = cell.element
    if content is None and cell.formula is not None and not keeps_value(sheet, cell):
        moved = formula(sheet.formulas[cell.row, cell.column], move, sheet=sheet.name, here=True)
        content = formula_content(sheet, cell, move, known(moved))
    if content is not None:
        xml = cell_xml(sheet, cell, cell.row, cell.column, row, content)
        return [(element.start, element.end, xml.encode())]
    if row != cell.row and "r" in element.attributes:
        return [spans.set_attribute(sheet.content, element, "r", refs.address(row, cell.column))]
    return []


def _added(
    sheet: Sheet, row: Element, cells: Mapping[int, Cell], number: int, new: int, wanted: Mapping[int, Content]
) -> list[Edit]:
    """Cells the template's row does not have yet, each at its place in the order of columns."""
    if not wanted:
        return []
    xml = {c: cell_xml(sheet, None, number, c, new, content).encode() for c, content in sorted(wanted.items())}
    if row.inner == row.end:
        return [(row.end - 2, row.end, b">" + b"".join(xml.values()) + f"</{row.name}>".encode())]
    edits: list[Edit] = []
    for column, cell in xml.items():
        at = next((cells[c].element.start for c in sorted(cells) if c > column), row.close)
        edits.append((at, at, cell))
    return edits


def cell_xml(sheet: Sheet, cell: Cell | None, row: int, column: int, new: int, content: Content) -> str:
    """A cell with new content in output row `new`; `cell` is the template's own, whose attributes stay."""
    p = sheet.prefix
    kind = {"t": content.kind} if content.kind else {}
    if cell:
        old = {"t", "vm"} if content.inner.startswith(f"<{p}f") else {"t", "cm", "vm"}
        without = frozenset(old - kind.keys())
        tag = spans.open_tag(cell.element, {"r": refs.address(new, column), **kind}, without=without)
    else:
        style = new_cell_style(sheet, row, column)
        tag = f'<{p}c r="{refs.address(new, column)}"' + (f' s="{style}"' if style else "")
        tag += f' t="{content.kind}"' if content.kind else ""
    return f"{tag}>{content.inner}</{p}c>" if content.inner else f"{tag}/>"


def _moved_details(content: bytes, element: Element, move: Move, sheet: str) -> list[Edit]:
    """Row numbers that are neither ranges nor formulas: page breaks, anchors, links inside the book."""
    own = element.attributes
    if element.local in _WATCHED and "r" in own:
        moved = move.sqref(own["r"])
        return [spans.set_attribute(content, element, "r", moved) if moved else (element.start, element.end, b"")]
    if element.local == "sqref":
        return [(element.inner, element.close, move.sqref(element.text).encode())]
    if element.local == "brk" and own.get("id", "").isdigit():
        kept = move.rows(int(own["id"]), int(own["id"]))
        if kept is None:
            return [(element.start, element.end, b"")]
        return [spans.set_attribute(content, element, "id", str(kept[1]))]
    if element.local == "hyperlink" and "location" in own:
        return [_moved_attribute(content, element, "location", move, sheet)]
    if element.local == "cfvo" and own.get("type") == "formula" and "val" in own:
        return [_moved_attribute(content, element, "val", move, sheet)]
    if element.local in ("anchor", "twoCellAnchor", "oneCellAnchor"):
        return anchor_edits(element, move)
    return []


def anchor_edits(anchor: Element, move: Move) -> list[Edit]:
    """Rows of a picture's corners. One that sits on the area's edge and ends below it moves as a whole, unstretched."""
    if anchor.attributes.get("editAs") == "absolute":
        return []
    corners = [c.child("row") for c in (anchor.child("from"), anchor.child("to")) if c is not None]
    rows = [(c, int(c.text) + 1) for c in corners if c is not None and c.text.strip().isdigit()]
    if not rows:
        return []
    element, top = rows[0]
    area = next((g for g in move.growths if g.first <= top <= g.last), None)
    straddles = area is not None and len(rows) == 2 and rows[1][1] > area.last and area.by > 0
    fixed = straddles or (len(rows) == 2 and anchor.attributes.get("editAs") == "oneCell")
    start = top + area.by if straddles and area else move.rows(top, top + refs.MAX_ROWS)
    first = start if isinstance(start, int) else start[0] if start else top
    edits: list[Edit] = [(element.inner, element.close, str(first - 1).encode())]
    if len(rows) == 2:
        bottom = rows[1][1]
        moved = first + bottom - top if fixed else (move.row(bottom) or first)
        edits.append((rows[1][0].inner, rows[1][0].close, str(moved - 1).encode()))
    return edits


def _moved_attribute(content: bytes, element: Element, name: str, move: Move, sheet: str) -> Edit:
    moved = formula(spans.escape(element.attributes[name]), move, sheet=sheet, here=True)
    return spans.set_attribute(content, element, name, spans.unescaped(moved))


def _moved_formula(content: bytes, element: Element, move: Move, sheet: str, *, here: bool) -> list[Edit]:
    text = spans.raw(content, element)
    moved = formula(text, move, sheet=sheet, here=here)
    return [(element.inner, element.close, moved.encode())] if moved != text else []


def _row_position(sheet: Sheet, number: int) -> int:
    return next((r.element.start for n, r in sheet.rows.items() if n > number), sheet.data.close)
