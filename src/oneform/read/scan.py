"""Read, before calamine: a checked xlsx package → what calamine hides in its sheets.

calamine shows error cells and formulas without a cached value as blanks, and asks for memory for the whole rectangle up
to the furthest cell, which aborts the process for one value in XFD1048576. Both are seen here in the inflated XML.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from xml.parsers import expat
from xml.sax.saxutils import unescape

from oneform import problems
from oneform.frames import ERROR, FORMULA
from oneform.ooxml.package import Package
from oneform.read.spreadsheet import CELLS, Marked, address, damaged, position

Note = tuple[str, str]
MACROS = ("宏已忽略", "macros are ignored")


def kind(package: Package) -> str:
    """Kind of workbook the package holds: xlsx xlsm xlsb ods; WorkbookError OF102 for another document."""
    lower = {name.lower(): name for name in package.names}
    if "xl/workbook.bin" in lower:
        return "xlsb"
    if any(name.startswith("xl/") for name in lower):
        return "xlsm" if "xl/vbaproject.bin" in lower else "xlsx"
    if "content.xml" in lower and b"spreadsheet" in package.read(lower.get("mimetype", lower["content.xml"])):
        return "ods"
    what = ("文字或演示文档", "another document") if "[content_types].xml" in lower else ("压缩包", "an archive")
    raise problems.refusal("OF102", what=what[0], what_en=what[1])


def scan(package: Package) -> tuple[bytes, dict[str, Marked], tuple[Note, ...]]:
    """Content to hand to calamine, per sheet the cells it does not tell, and notes.

    It is the content given, unless far-away cells that hold only blanks had to be cut out of it.
    """
    notes: list[Note] = []
    found: dict[str, Marked] = {}
    edits: dict[str, bytes] = {}
    for name, part in _sheets(package).items():
        xml = package.read(part)
        data = _PREFIX.search(xml)
        if data is None:
            continue
        patterns = _patterns(data[1] or b"")
        cut = _within_reach(xml, name, patterns, lambda: _blank_strings(package))
        if cut is not xml:
            edits[part] = xml = cut
            notes.append((f"「{name}」表格之外的空白单元格已忽略", f"stray blanks far outside {name} are ignored"))
        hidden = len(patterns.hidden.findall(xml)) if b"hidden=" in xml else 0
        if hidden:
            notes.append((f"「{name}」隐藏行 {hidden} 行已一并导入", f"{hidden} hidden rows of {name} are read too"))
        if marks := _marks(xml, patterns):
            found[name] = marks
    return package.save(edits), found, tuple(notes)


def _sheets(package: Package) -> dict[str, str]:
    """Sheet name → part name, through the relationships; what cannot be resolved is left to calamine."""
    by_lower = {name.lower(): name for name in package.names}
    book, links = by_lower.get("xl/workbook.xml"), by_lower.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return {}
    targets = {about.get("Id", ""): about.get("Target", "") for about in _elements(package.read(links), "Relationship")}
    sheets = {}
    for about in _elements(package.read(book), "sheet"):
        link = next((value for key, value in about.items() if key.endswith(":id")), "")
        target = targets.get(link, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if path.lower() in by_lower:
            sheets[about.get("name", "")] = by_lower[path.lower()]
    return sheets


def _elements(xml: bytes, name: str) -> list[dict[str, str]]:
    """Attributes of every element of that local name."""
    met: list[dict[str, str]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == name:
            met.append(attributes)

    parser.StartElementHandler = start
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as broken:
        raise damaged() from broken
    return met


_AT = re.compile(rb'\br="([A-Z]{1,3}[0-9]{1,7})"')
_WIDE = re.compile(rb' r="([A-Z]{2,3})[0-9]')
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>]*?>([^<]*)<")
_CACHED = re.compile(rb"<(?:\w+:)?v\b[^>]*>[^<]+<")
_PREFIX = re.compile(rb"<(\w+:)?sheetData\b")


@dataclass(frozen=True)
class _Patterns:
    """Patterns for one namespace prefix: each starts with literal bytes, which is what makes the search fast."""

    row: re.Pattern[bytes]  # its number
    hidden: re.Pattern[bytes]
    merge: re.Pattern[bytes]  # both corners
    cell: re.Pattern[bytes]  # attributes, inside
    formula: re.Pattern[bytes]


@cache
def _patterns(prefix: bytes) -> _Patterns:
    def pattern(text: bytes) -> re.Pattern[bytes]:
        return re.compile(text.replace(b"<", b"<" + prefix).replace(b"~", b"</" + prefix), re.DOTALL)

    return _Patterns(
        pattern(rb'<row\s[^>]*?\br="([0-9]{1,7})"'),
        pattern(rb'<row\s[^>]*?\bhidden="(?:1|true)"'),
        pattern(rb'<mergeCell\s[^>]*?\bref="([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})"'),
        pattern(rb"<c\b([^>]*?)(?:/>|>(.*?)~c>)"),
        pattern(rb"<f[ >/]"),
    )


def _within_reach(xml: bytes, sheet: str, patterns: _Patterns, blanks: Callable[[], set[int]]) -> bytes:
    """XML as it is, or without far cells that hold only blanks; OF108 when a value lies out of reach."""
    for merge in patterns.merge.finditer(xml):
        (top, left), (bottom, right) = position(merge[1].decode()), position(merge[2].decode())
        if (bottom - top + 1) * (right - left + 1) > CELLS:
            raise problems.refusal("OF108", cell=f"{sheet}!{merge[2].decode()}")
    height = max(map(int, patterns.row.findall(xml)), default=0)
    width = max((position(f"{letters.decode()}1")[1] for letters in set(_WIDE.findall(xml))), default=26)
    if height * width <= CELLS:
        return xml
    blank_items = blanks()
    said = {
        at[1]
        for cell in patterns.cell.finditer(xml)
        if (at := _AT.search(cell[1])) and not _says_nothing(cell[1], cell[2] or b"", blank_items)
    }
    last_row, last_column = _corner(said)
    if last_row * last_column > CELLS:
        raise problems.refusal("OF108", cell=f"{sheet}!{_furthest(said)}")

    def keep(cell: re.Match[bytes]) -> bytes:
        at = _AT.search(cell[1])
        row, column = position(at[1].decode()) if at else (0, 0)
        return cell[0] if row <= last_row and column <= last_column else b""

    return patterns.cell.sub(keep, xml)


def _corner(places: set[bytes]) -> tuple[int, int]:
    at = [position(place.decode()) for place in places] or [(0, 0)]
    return max(row for row, _ in at), max(column for _, column in at)


def _furthest(places: set[bytes]) -> str:
    row, column = max((position(place.decode()) for place in places), key=lambda at: at[0] * at[1])
    return address(row, column)


def _says_nothing(attributes: bytes, inside: bytes, blank_items: set[int]) -> bool:
    values = _VALUE.findall(inside)
    if b't="s"' in attributes and values and values[0].isdigit():
        return int(values[0]) in blank_items
    return not b"".join(values).strip() and b"<f" not in inside and b":f" not in inside


def _blank_strings(package: Package) -> set[int]:
    """Numbers of the shared strings that are only blanks."""
    part = next((name for name in package.names if name.lower() == "xl/sharedstrings.xml"), None)
    if part is None:
        return set()
    items = re.findall(rb"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", package.read(part), re.DOTALL)
    return {n for n, item in enumerate(items) if not b"".join(_VALUE.findall(item)).strip()}


def _marks(xml: bytes, patterns: _Patterns) -> Marked:
    """Error cells with their text, and formulas whose value was never stored."""
    if b't="e"' not in xml and not patterns.formula.search(xml):
        return {}
    marks: Marked = {}
    for cell in patterns.cell.finditer(xml):
        attributes, inside = cell[1], cell[2] or b""
        if b't="e"' in attributes:
            text = unescape(b"".join(_VALUE.findall(inside)).decode("utf-8", "replace"))
            mark: tuple[str | None, int] = (text or "#N/A", ERROR)
        # t="str" with an empty value is a formula whose result is the empty text
        elif b't="str"' not in attributes and patterns.formula.search(inside) and not _CACHED.search(inside):
            mark = (None, FORMULA)
        else:
            continue
        if at := _AT.search(attributes):
            marks[position(at[1].decode())] = mark
    return marks
