"""ooxml: a package → what its workbook part says: sheets, relationships, shared strings, content types."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from oneform import problems
from oneform.ooxml import spans
from oneform.ooxml.package import Package

CONTENT_TYPES = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship: `kind` is the last word of its type, `target` a part name, or the text of an external one."""

    id: str
    kind: str
    target: str
    external: bool


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One sheet as the workbook lists it; `state` is visible, hidden or veryHidden."""

    name: str
    part: str
    state: str
    relation: str


@dataclass(frozen=True)
class Book:
    """The workbook part and the parts every sheet shares."""

    part: str
    sheets: tuple[SheetEntry, ...]
    strings: str | None
    styles: str | None
    calc_chain: str | None

    def sheet(self, name: str) -> SheetEntry | None:
        """Sheet of this name; case does not matter to Excel."""
        return next((s for s in self.sheets if s.name.casefold() == name.casefold()), None)


def book(package: Package) -> Book:
    """Read the workbook part. WorkbookError OF102 when the package is no workbook."""
    root = relations(package, "")
    main = next((r.target for r in root if r.kind == "officeDocument"), None)
    if main is None or main not in package.parts:
        raise problems.refusal("OF102", what="没有工作簿", what_en="no workbook inside")
    linked = {r.id: r for r in relations(package, main)}
    document = package.parsed(main)[1]
    if document.local != "workbook":
        raise problems.refusal("OF102", what="没有工作簿", what_en="no workbook inside")
    sheets = []
    for element in (e for e in document.walk() if e.local == "sheet"):
        relation = next((v for k, v in element.attributes.items() if k.endswith(":id") or k == "id"), "")
        target = linked.get(relation)
        if target and target.kind == "worksheet" and target.target in package.parts:
            state = element.attributes.get("state", "visible")
            sheets.append(SheetEntry(element.attributes.get("name", ""), target.target, state, relation))

    def part(kind: str) -> str | None:
        return next((r.target for r in linked.values() if r.kind == kind and r.target in package.parts), None)

    return Book(main, tuple(sheets), part("sharedStrings"), part("styles"), part("calcChain"))


def relations_part(part: str) -> str:
    """Name of the part that holds a part's relationships; of the package itself for ''."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(package: Package, part: str) -> tuple[Relation, ...]:
    """Relationships of a part in their order; none when it has no such part."""
    name = relations_part(part)
    if name not in package.parts:
        return ()
    return tuple(
        relation(element.attributes, part)
        for element in package.parsed(name)[1].children
        if element.local == "Relationship"
    )


def relation(attributes: dict[str, str], part: str) -> Relation:
    """One relationship of `part`, its target resolved to a part name."""
    external = attributes.get("TargetMode") == "External"
    target = attributes.get("Target", "")
    if not external:
        base = "" if target.startswith("/") else posixpath.dirname(part)
        target = posixpath.normpath(posixpath.join(base, target.lstrip("/")))
    return Relation(attributes.get("Id", ""), attributes.get("Type", "").rpartition("/")[2], target, external)


def string_items(content: bytes) -> tuple[spans.Element, list[spans.Element]]:
    """Root of a shared string table and its items in order."""
    root = spans.parse(content)
    return root, [e for e in root.children if e.local == "si"]


def string_text(item: spans.Element) -> str:
    """Plain text of a shared or inline string; phonetic guides left out."""
    runs = [r.child("t") for r in item.children if r.local == "r"]
    plain = item.child("t")
    return spans.plain_text("".join(t.text for t in [plain, *runs] if t is not None))
