"""fill: a moved sheet → the edited bytes of the other parts that refer to it, and the package's own registers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oneform.fill import lists, template
from oneform.fill.grow import Known, anchor_edits, formula_content, keeps_value, moved_element
from oneform.fill.move import Move, formula
from oneform.fill.template import Sheet
from oneform.ooxml import refs, spans, workbook
from oneform.ooxml.package import Package
from oneform.ooxml.spans import Edit

SIGNATURES = "_xmlsignatures/"

_SHAPE = re.compile(rb"<v:shape\s.*?</v:shape>", re.DOTALL)
_ANCHOR = re.compile(rb"(<x:Anchor>)([^<]*)(</x:Anchor>)")
_VML_ROW = re.compile(rb"(<x:Row>)\s*([0-9]+)\s*(</x:Row>)")
_VML_LINK = re.compile(rb"(<x:Fmla(?:Link|Range|Macro)>)([^<]*)(</x:Fmla(?:Link|Range|Macro)>)")
_LINKS = ("fmlaLink", "fmlaRange")
_SHOWN = ("textlink", "cellRange")  # what a shape or a camera picture shows
_PLACED = ("table", "comments", "threadedComment", "pivotTable")
# <calcPr> stands behind these children of <workbook>
_BEFORE_CALC = frozenset({"sheets", "functionGroups", "externalReferences", "definedNames"})


@dataclass
class Register:
    """What the package's registers must learn: parts taken out, content types and workbook relationships put in."""

    removed: set[str] = field(default_factory=set)
    types: list[tuple[str, str]] = field(default_factory=list)  # part, content type
    relations: list[tuple[str, str, str]] = field(default_factory=list)  # id, kind, target part


def related(package: Package, sheet: Sheet, move: Move) -> dict[str, bytes]:
    """Parts that belong to the moved sheet: drawings, comments and their shapes, tables, form controls."""
    out: dict[str, bytes] = {}
    for relation in workbook.relations(package, sheet.part) if move else ():
        if relation.external or relation.target not in package.parts:
            continue
        content = package.read(relation.target)
        moved = content
        if relation.kind == "drawing":
            root = spans.parse(content)
            anchors = (e for e in root.children if e.local in ("twoCellAnchor", "oneCellAnchor"))
            edits = [e for a in anchors for e in anchor_edits(a, move)]
            moved = spans.apply(content, [*edits, *_shown(content, root, move, sheet.name, here=True)])
        elif relation.kind in _PLACED:
            moved = spans.apply(content, moved_element(content, spans.parse(content), move, sheet.name, here=True))
        elif relation.kind == "vmlDrawing":
            moved = _SHAPE.sub(lambda m: _moved_shape(m[0], move, sheet.name), content)
        elif relation.kind == "ctrlProp":
            moved = _moved_control(content, move, sheet.name)
        if moved != content:
            out[relation.target] = moved
    return out


def elsewhere(package: Package, book: workbook.Book, sheet: Sheet, move: Move, known: Known) -> dict[str, bytes]:
    """Parts that name the moved sheet: other sheets' formulas and rules, charts, pivot sources.

    A sheet whose formulas depend on the moved one, straight or through other sheets, loses its cached values.
    """
    mention = re.compile(re.escape(spans.escape(sheet.name.replace("'", "''"))).encode(), re.IGNORECASE)
    out: dict[str, bytes] = {}
    stale = _stale(package, book, sheet)
    own = {r.target for r in workbook.relations(package, sheet.part) if r.kind in ("drawing", "ctrlProp", *_PLACED)}
    for name in package.names:
        if not name.endswith(".xml") or name in (sheet.part, book.part, book.strings, book.styles) or name in own:
            continue
        if name in stale:
            out[name] = _recalculated(stale[name], sheet.name, move, known)
        elif move and name.startswith("xl/") and mention.search(content := package.read(name)):
            root = spans.parse(content)
            edits = [
                *moved_element(content, root, move, sheet.name, here=False),
                *_pivot_source(content, root, sheet.name, move),
                *_shown(content, root, move, sheet.name, here=False),
            ]
            if edits:
                out[name] = spans.apply(content, edits)
    return out


def names(content: bytes, root: spans.Element, sheet: str, move: Move) -> list[Edit]:
    """Edits of the workbook's defined names: print areas, titles, filters and people's own names follow the move."""
    edits: list[Edit] = []
    for element in root.walk() if move else ():
        if element.local == "definedName":
            text = spans.raw(content, element)
            moved = formula(text, move, sheet=sheet, here=False)
            if moved != text:
                edits.append((element.inner, element.close, moved.encode()))
    return edits


def recalculate(content: bytes, root: spans.Element) -> Edit:
    """Edit that makes spreadsheet programs compute everything when the file is opened."""
    calc = root.child("calcPr")
    if calc is not None:
        return spans.set_attribute(content, calc, "fullCalcOnLoad", "1")
    at = [c for c in root.children if c.local in _BEFORE_CALC][-1].end
    return (at, at, f'<{root.prefix}calcPr fullCalcOnLoad="1"/>'.encode())


def has_formulas(package: Package, book: workbook.Book) -> bool:
    """True when any sheet computes something."""
    return any(re.search(rb"<(?:\w+:)?f[\s>]", package.read(s.part)) for s in book.sheets)


def registers(package: Package, book: workbook.Book, register: Register) -> dict[str, bytes | None]:
    """Content types and relationships after parts came and went; removed parts map to None."""
    out: dict[str, bytes | None] = dict.fromkeys(sorted(register.removed))
    for owner in ("", book.part):
        name = workbook.relations_part(owner)
        content, root = package.parsed(name)
        edits = [
            (e.start, e.end, b"")
            for e in root.children
            if workbook.relation(e.attributes, owner).target in register.removed
        ]
        if owner == book.part and register.relations:
            edits.append((root.close, root.close, _relations(root, book, register.relations)))
        if edits:
            out[name] = spans.apply(content, edits)
    content, root = package.parsed(workbook.CONTENT_TYPES)
    edits = [
        (e.start, e.end, b"")
        for e in root.children
        if e.local == "Override" and e.attributes.get("PartName", "").lstrip("/") in register.removed
    ]
    if register.types:
        added = "".join(
            f'<{root.prefix}Override PartName="/{spans.escape(p)}" ContentType="{t}"/>' for p, t in register.types
        )
        edits.append((root.close, root.close, added.encode()))
    if edits:
        out[workbook.CONTENT_TYPES] = spans.apply(content, edits)
    return out


def _relations(root: spans.Element, book: workbook.Book, added: Iterable[tuple[str, str, str]]) -> bytes:
    base = next(e.attributes["Type"] for e in root.children if "Type" in e.attributes).rpartition("/")[0]
    folder = book.part.rpartition("/")[0]
    xml = ""
    for key, kind, part in added:
        target = part.removeprefix(f"{folder}/") if folder else part
        target = target if target != part or not folder else f"/{part}"
        xml += f'<{root.prefix}Relationship Id="{key}" Type="{base}/{kind}" Target="{spans.escape(target)}"/>'
    return xml.encode()


def _stale(package: Package, book: workbook.Book, sheet: Sheet) -> Mapping[str, Sheet]:
    """Other sheets with a formula that names the changed sheet, a name or table that lies on it, or such a sheet."""
    others = {}
    for entry in book.sheets:
        content = package.read(entry.part)
        if entry.part != sheet.part and re.search(rb"<(?:\w+:)?f[\s>]", content):
            others[entry.part] = template.sheet(entry.name, entry.part, content, ())
    names = lists.defined_names(package.parsed(book.part)[0]) if others else {}
    tables = [r.target for r in workbook.relations(package, sheet.part) if r.kind == "table" and others]
    changed = [sheet.name, *(package.parsed(t)[1].attributes.get("displayName", sheet.name) for t in tables)]
    found: dict[str, Sheet] = {}
    while changed:
        plain = changed.pop().replace("'", "''").casefold()
        word = spans.escape(plain)
        hit = [n for n, text in names.items() if plain in text.casefold() and not n.startswith("_xlnm.")]
        changed.extend(hit)
        names = {n: text for n, text in names.items() if n not in hit}
        for part, other in others.items():
            if part not in found and any(word in f.casefold() for f in other.formulas.values()):
                found[part] = other
                changed.append(other.name)
    return found


def _recalculated(other: Sheet, name: str, move: Move, known: Known) -> bytes:
    """A sheet that computes from the filled one: its references moved, its values told or dropped."""
    edits: list[Edit] = []
    p = other.prefix
    for cell in other.cells():
        if cell.formula is None or keeps_value(other, cell):
            continue
        moved = formula(other.formulas[cell.row, cell.column], move, sheet=name, here=False)
        value = known(moved)
        content = formula_content(other, cell, Move(), value)
        inner = content.inner.replace(other.formulas[cell.row, cell.column], moved, 1)
        tag = spans.open_tag(cell.element, {}, without=frozenset({"t", "vm"}))
        edits.append((cell.element.start, cell.element.end, f"{tag}>{inner}</{p}c>".encode()))
    for element in other.root.children if move else ():
        edits.extend(moved_element(other.content, element, move, name, here=False))
    return spans.apply(other.content, edits)


def _shown(content: bytes, root: spans.Element, move: Move, sheet: str, *, here: bool) -> list[Edit]:
    """Edits of the cells whose text a shape shows, and of the range a camera picture shows."""
    edits: list[Edit] = []
    for element in root.walk():
        for name in _SHOWN:
            text = element.attributes.get(name)
            moved = spans.unescaped(formula(spans.escape(text), move, sheet=sheet, here=here)) if text else text
            if moved and moved != text:
                edits.append(spans.set_attribute(content, element, name, moved))
    return edits


def _pivot_source(content: bytes, root: spans.Element, sheet: str, move: Move) -> list[Edit]:
    return [
        spans.set_attribute(content, e, "ref", moved)
        for e in root.walk()
        if e.local == "worksheetSource" and e.attributes.get("sheet", "").casefold() == sheet.casefold()
        if (moved := move.sqref(e.attributes.get("ref", "")))
    ]


def _moved_shape(shape: bytes, move: Move, sheet: str) -> bytes:
    """A comment's or control's shape: its anchor (8 numbers, rows at 2 and 6, from 0) and the row it belongs to."""

    def row(number: int) -> int:
        moved = move.rows(number + 1, refs.MAX_ROWS)
        return moved[0] - 1 if moved else number

    def anchor(found: re.Match[bytes]) -> bytes:
        numbers = [int(n) for n in found[2].split(b",")]
        if len(numbers) != 8:
            return found[0]
        by = row(numbers[2]) - numbers[2]
        numbers[2], numbers[6] = numbers[2] + by, numbers[6] + by
        return found[1] + ", ".join(map(str, numbers)).encode() + found[3]

    def link(found: re.Match[bytes]) -> bytes:
        return found[1] + formula(found[2].decode(), move, sheet=sheet, here=True).encode() + found[3]

    shape = _ANCHOR.sub(anchor, shape)
    shape = _VML_ROW.sub(lambda m: m[1] + str(row(int(m[2]))).encode() + m[3], shape)
    return _VML_LINK.sub(link, shape)


def _moved_control(content: bytes, move: Move, sheet: str) -> bytes:
    root = spans.parse(content)
    edits = [
        spans.set_attribute(
            content, root, name, spans.unescaped(formula(spans.escape(text), move, sheet=sheet, here=True))
        )
        for name in _LINKS
        if (text := root.attributes.get(name))
    ]
    return spans.apply(content, edits)
