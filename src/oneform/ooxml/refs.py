"""ooxml: cell addresses as people write them → numbers, and back. Rows and columns count from 1."""

from __future__ import annotations

import re
from functools import cache

Box = tuple[int, int, int, int]  # first row, first column, last row, last column, inclusive

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_BOX = re.compile(r"\$?([A-Za-z]{1,3})?\$?([0-9]{1,7})?(?::\$?([A-Za-z]{1,3})?\$?([0-9]{1,7})?)?")


@cache
def letters(column: int) -> str:
    """Letters of a column: 1 → A, 28 → AB."""
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


@cache
def column(text: str) -> int:
    """Number of a column: A → 1, AB → 28."""
    out = 0
    for letter in text.upper():
        out = out * 26 + ord(letter) - 64
    return out


def cell(text: str) -> tuple[int, int] | None:
    """Row and column of `C5` or `$C$5`; None when it is no address."""
    found = _CELL.fullmatch(text.strip())
    return (int(found[2]), column(found[1])) if found else None


def address(row: int, col: int) -> str:
    """Row 5, column 3 → `C5`."""
    return f"{letters(col)}{row}"


def box(text: str) -> Box | None:
    """Corners of `A1:C5`, `C5`, `C:C` or `5:5`, put in order; None when it is no range."""
    found = _BOX.fullmatch(text.strip())
    if not found or not (found[1] or found[2]):
        return None
    single = ":" not in text
    c1, r1 = found[1], found[2]
    c2, r2 = (c1, r1) if single else (found[3], found[4])
    if (c1 is None) != (c2 is None) or (r1 is None) != (r2 is None) or (single and not (c1 and r1)):
        return None
    rows = sorted((int(r1), int(r2))) if r1 and r2 else [1, MAX_ROWS]
    columns = sorted((column(c1), column(c2))) if c1 and c2 else [1, MAX_COLUMNS]
    return rows[0], columns[0], rows[1], columns[1]


def text(area: Box) -> str:
    """Box → `A1:C5`, or `C5` when it is one cell."""
    first, last = address(area[0], area[1]), address(area[2], area[3])
    return first if first == last else f"{first}:{last}"
