"""fill: the dropdowns of a template sheet → the values a cell allows; classic and x14, literal or from a range."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from oneform.fill.template import Sheet
from oneform.ooxml import refs, spans
from oneform.ooxml.spans import Element

MAX_CELLS = 100_000  # a longer source range is a whole column by mistake, not a list

_RANGE = re.compile(
    r"(?:('(?:[^']|'')+'|[^'!]+)!)?(\$?[A-Za-z]{1,3}\$?[0-9]+(?::\$?[A-Za-z]{1,3}\$?[0-9]+)?|\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})"
)


@dataclass(frozen=True)
class Dropdown:
    """A list validation: the template areas it covers and what it allows, in the list's order."""

    areas: tuple[refs.Box, ...]
    allowed: tuple[str, ...]

    def covers(self, row: int, column: int) -> bool:
        """True when the template cell is under this list."""
        return any(a[0] <= row <= a[2] and a[1] <= column <= a[3] for a in self.areas)

    def bad(self, values: pl.Series) -> pl.Series:
        """Boolean per value: True where the list does not have it; an empty value never breaks a list."""
        text = pl.col("value").cast(pl.String)
        text = text.str.strip_suffix(".0") if values.dtype.is_float() else text
        wrong = ~text.is_in(self.allowed) & (text != "")
        return values.to_frame("value").select(wrong.fill_null(False).alias("bad"))["bad"]


def dropdowns(sheet: Sheet, names: dict[str, str], sheet_of: Callable[[str], Sheet | None]) -> tuple[Dropdown, ...]:
    """All lists of a sheet whose values can be told; formulas (INDIRECT, OFFSET …) are left alone.

    `names` are the workbook's defined names, casefolded; `sheet_of` reads another sheet by name.
    """
    out = []
    for element in sheet.root.walk():
        if element.local != "dataValidation" or element.attributes.get("type") != "list":
            continue
        source = text_of(element, "formula1")
        covered = element.attributes.get("sqref") or text_of(element, "sqref")
        areas = tuple(b for b in map(refs.box, covered.split()) if b)
        allowed = _allowed(source.strip(), sheet, names, sheet_of)
        if areas and allowed:
            out.append(Dropdown(areas, allowed))
    return tuple(out)


def defined_names(workbook_xml: bytes) -> dict[str, str]:
    """Defined names of a workbook part, casefolded → formula."""
    root = spans.parse(workbook_xml)
    return {e.attributes.get("name", "").casefold(): e.text for e in root.walk() if e.local == "definedName"}


def text_of(element: Element, local: str) -> str:
    """Text of a direct child, or of the `xm:f` inside it."""
    child = element.child(local)
    return "".join(e.text for e in child.walk()).strip() if child else ""


def _allowed(
    source: str, sheet: Sheet, names: dict[str, str], sheet_of: Callable[[str], Sheet | None]
) -> tuple[str, ...]:
    source = source.removeprefix("=")
    if source.startswith('"') and source.endswith('"'):
        return _distinct(v.strip() for v in source[1:-1].replace('""', '"').split(","))
    source = names.get(source.casefold(), source)
    found = _RANGE.fullmatch(source.strip())
    if not found:
        return ()
    area = refs.box(found[2])
    named = found[1]
    if named and named.startswith("'"):
        named = named[1:-1].replace("''", "'")
    other = sheet if not named or named.casefold() == sheet.name.casefold() else sheet_of(named)
    if area is None or other is None or (area[3] - area[1] + 1) * min(area[2] - area[0] + 1, MAX_CELLS) > MAX_CELLS:
        return ()
    return _distinct(
        c.text.strip() for c in other.cells() if area[0] <= c.row <= area[2] and area[1] <= c.column <= area[3]
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))
