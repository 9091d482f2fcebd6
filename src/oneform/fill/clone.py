"""fill: a pattern sheet + the names of the cards → copies of it and of the parts it owns, listed in the workbook."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache

from oneform.fill.follow import Register
from oneform.fill.move import Move, formula, renamed
from oneform.fill.template import Sheet
from oneform.ooxml import spans, workbook
from oneform.ooxml.package import Content, Package
from oneform.ooxml.spans import Edit, Element

# parts that several owners may point at; everything else belongs to one sheet alone
_SHARED = frozenset({"image", "theme", "hyperlink", "slicerCache", "pivotCacheDefinition", "person"})
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s>]")  # the first tag that is no declaration
_NUMBER = re.compile(r"[0-9]*(?=\.[^.]*$)")
# attributes that name cells: of links, of shapes and camera pictures, of form controls
_LINKED = frozenset({"location", "textlink", "cellRange", "fmlaLink", "fmlaRange"})
_FORMULAS = frozenset({"f", "formula", "formula1", "formula2", "definedName"})


class Copies:
    """The sheets of one workbook of cards: page 0 is the pattern's own part, the others are new parts."""

    def __init__(self, package: Package, book: workbook.Book, sheet: Sheet, names: list[str]) -> None:
        self._package = package
        self._book = book
        self._sheet = sheet
        self._names = names
        self._used = set(package.names)
        self._types = _overrides(package)
        self._added: list[tuple[str, str]] = []  # part, content type
        self._pages: list[str] = []  # sheet part of each page
        self._tables = 0
        self._numbers: dict[str, int] = {}

    def page(self, index: int, content: bytes, moved: Mapping[str, bytes]) -> dict[str, Content | None]:
        """Parts of one page: its sheet, and for a copy the parts it owns, `moved` ones in their new form."""
        name = self._names[index]
        if index == 0:
            self._pages.append(self._sheet.part)
            own = {self._sheet.part: content, **moved}
            return {part: self._named(part, xml, name) for part, xml in own.items()}
        out: dict[str, Content | None] = {}
        part = self._copy(self._sheet.part, {**moved, self._sheet.part: content}, name, out)
        self._pages.append(part)
        return out

    def workbook(self, register: Register, moves: list[Move]) -> list[Edit]:
        """Edits of the workbook part: the sheets in the pattern's place, names with a print area for each."""
        register.types.extend(self._added)
        content, root = self._package.parsed(self._book.part)
        sheets = next(e for e in root.children if e.local == "sheets")
        pattern = next(e for e in sheets.children if self._is_pattern(e))
        position = sheets.children.index(pattern)
        last_id = max(int(e.attributes.get("sheetId", "0")) for e in sheets.children)
        key = next(k for k in pattern.attributes if k.endswith(":id") or k == "id")
        edits = [spans.set_attribute(content, pattern, "name", self._names[0])]
        added = ""
        for index in range(1, len(self._names)):
            relation = f"rIdOneform{index}"
            register.relations.append((relation, "worksheet", self._pages[index]))
            own = {"name": self._names[index], "sheetId": str(last_id + index), key: relation}
            added += spans.open_tag(pattern, own) + "/>"
        edits.append((pattern.end, pattern.end, added.encode()))
        edits.extend(self._defined_names(content, root, position, moves))
        return edits

    def elsewhere(self, done: Mapping[str, Content | None]) -> dict[str, bytes]:
        """Parts of the template that name the pattern sheet: they follow the first card's."""
        out: dict[str, bytes] = {}
        skipped = (self._sheet.part, self._book.part, self._book.strings, self._book.styles)
        for part in self._package.names:
            if not part.startswith("xl/") or not part.endswith(".xml") or part in skipped:
                continue
            before = done.get(part)
            before = before if isinstance(before, bytes) else self._package.read(part)
            content = self._named(part, before, self._names[0])
            if content is not before:
                out[part] = content
        return out

    def _copy(self, part: str, given: Mapping[str, bytes], name: str, out: dict[str, Content | None]) -> str:
        """Copy one part and the parts it owns under new names; returns the new name of the part."""
        new = self._free(part)
        content = given[part] if part in given else self._package.read(part)
        if part == self._sheet.part:
            content = _unselected(content)
        if part in self._types:
            self._added.append((new, self._types[part]))
        if self._types.get(part, "").endswith(".table+xml"):
            content = self._own_table(content)
        out[new] = self._named(new, content, name)
        rels = workbook.relations_part(part)
        if rels in self._package.parts:
            xml, root = self._package.parsed(rels)
            edits = []
            for element in root.children:
                relation = workbook.relation(element.attributes, part)
                if relation.external or relation.kind in _SHARED or relation.target not in self._package.parts:
                    continue
                target = self._copy(relation.target, given, name, out)
                edits.append(spans.set_attribute(xml, element, "Target", _relative(target, new)))
            out[workbook.relations_part(new)] = spans.apply(xml, edits)
        return new

    def _free(self, part: str) -> str:
        """Next unused part name with the same stem."""
        stem = _NUMBER.sub("{}", part, count=1)
        number = self._numbers.get(stem, 1)
        while (name := stem.format(number)) in self._used:
            number += 1
        self._numbers[stem] = number
        self._used.add(name)
        return name

    def _named(self, part: str, content: bytes, name: str) -> bytes:
        """Content whose formulas name the page's own sheet instead of the pattern."""
        word = spans.escape(self._sheet.name.replace("'", "''")).encode()
        if not part.endswith(".xml") or word not in content:
            return content
        edits: list[Edit] = []
        for element in spans.parse(content).walk():
            if element.local in _FORMULAS and not element.children and element.close > element.inner:
                edits.append((element.inner, element.close, self._renamed(spans.raw(content, element), name).encode()))
            for attribute in _LINKED & element.attributes.keys():
                text = spans.unescaped(self._renamed(spans.escape(element.attributes[attribute]), name))
                edits.append(spans.set_attribute(content, element, attribute, text))
            if element.local == "worksheetSource" and self._is_pattern_name(element.attributes.get("sheet", "")):
                edits.append(spans.set_attribute(content, element, "sheet", name))
        return spans.apply(content, edits)

    def _renamed(self, formula: str, name: str) -> str:
        pattern = self._sheet.name.casefold()
        return renamed(formula, lambda sheet: name if sheet.casefold() == pattern else None)

    def _defined_names(self, content: bytes, root: Element, position: int, moves: list[Move]) -> list[Edit]:
        """Names of the pattern sheet once per page; those of sheets behind count on; others follow the first page."""

        def followed(text: str, page: int) -> str:
            moved = formula(text, moves[page], sheet=self._sheet.name, here=False)
            return self._renamed(moved, self._names[page])

        edits: list[Edit] = []
        more = len(self._names) - 1
        for element in (e for e in root.walk() if e.local == "definedName"):
            scope = int(element.attributes.get("localSheetId", "-1"))
            text = spans.raw(content, element)
            edits.append((element.inner, element.close, followed(text, 0).encode()))
            if scope > position and more:
                edits.append(spans.set_attribute(content, element, "localSheetId", str(scope + more)))
            elif scope == position:
                copies = "".join(
                    spans.open_tag(element, {"localSheetId": str(position + i)})
                    + f">{followed(text, i)}</{element.name}>"
                    for i in range(1, len(self._names))
                )
                edits.append((element.end, element.end, copies.encode()))
        return edits

    def _own_table(self, content: bytes) -> bytes:
        self._tables += 1
        root = spans.parse(content)
        number = 10_000 + self._tables
        return spans.apply(
            content,
            [
                spans.set_attribute(content, root, "id", str(number)),
                spans.set_attribute(content, root, "name", f"Table{number}"),
                spans.set_attribute(content, root, "displayName", f"Table{number}"),
            ],
        )

    def _is_pattern(self, element: Element) -> bool:
        return self._is_pattern_name(element.attributes.get("name", ""))

    def _is_pattern_name(self, name: str) -> bool:
        return name.casefold() == self._sheet.name.casefold()


def _unselected(content: bytes) -> bytes:
    """A copied sheet is not the selected one, and has no name of its own for macros: both are said before its rows."""
    rows = content.find(b"<sheetData")
    return _unselected_head(content[:rows]) + content[rows:] if rows >= 0 else _plain(content, content)


@lru_cache(maxsize=8)
def _unselected_head(head: bytes) -> bytes:
    """The part of a sheet before its rows, alike in all its copies: read once, not once a card."""
    root = _ROOT.search(head)
    return _plain(head, head + b"</" + root[1] + b">") if root else head


def _plain(content: bytes, whole: bytes) -> bytes:
    root = spans.parse(whole)
    views = (c for e in root.children if e.local == "sheetViews" for c in e.children)
    edits = [spans.set_attribute(whole, v, "tabSelected", "0") for v in views if "tabSelected" in v.attributes]
    properties = root.child("sheetPr")
    if properties is not None and "codeName" in properties.attributes:
        span = spans.attribute(whole, properties, "codeName")
        if span:
            start = whole.rindex(b"codeName", properties.start, span[0])
            edits.append((start, span[1] + 1, b""))
    return spans.apply(content, edits)


def _overrides(package: Package) -> dict[str, str]:
    _, root = package.parsed(workbook.CONTENT_TYPES)
    own = (e.attributes for e in root.children if e.local == "Override")
    return {a.get("PartName", "").lstrip("/"): a.get("ContentType", "") for a in own}


def _relative(target: str, owner: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(owner))
