"""Read, through calamine: xlsx, xlsb, xls and ods bytes → sheets."""

from __future__ import annotations

from io import BytesIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from oneform import problems
from oneform.errors import OneformError
from oneform.frames import Sheet
from oneform.read import cells

CELLS = 20_000_000  # the most cells a sheet may span: beyond that memory, not the library, decides
ROWS = 1_000_000
Marked = dict[tuple[int, int], tuple[str | None, int]]


def damaged() -> OneformError:
    """Refusal of a file that breaks off or contradicts itself."""
    return problems.refusal("OF101", what="文件不完整或已损坏", what_en="the file is incomplete or damaged")


def address(row: int, column: int) -> str:
    """`(3, 28)` → `AB3`."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def position(place: str) -> tuple[int, int]:
    """`AB3` → `(3, 28)`."""
    letters = place.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(place[len(letters) :]), column


def sheets(content: bytes, marked: dict[str, Marked]) -> tuple[Sheet, ...]:
    """Every worksheet; `marked` gives, per sheet name, the cells whose text and type calamine does not tell."""
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            return tuple(
                _sheet(
                    book.get_sheet_by_name(about.name),
                    hidden=about.visible != SheetVisibleEnum.Visible,
                    marked=marked.get(about.name, {}),
                )
                for about in book.sheets_metadata
                if about.typ == SheetTypeEnum.WorkSheet
            )
    except PasswordError as locked:
        raise problems.refusal("OF103") from locked
    except (CalamineError, XmlError, ZipError, ValueError, OSError) as broken:
        raise problems.refusal(
            "OF101", what="文件不完整或已损坏", what_en="the file is incomplete or damaged"
        ) from broken


def _sheet(sheet: CalamineSheet, *, hidden: bool, marked: Marked) -> Sheet:
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    if height > ROWS:
        raise problems.refusal(
            "OF110", what=f"行数超限（{height} 行，最多 {ROWS} 行）", what_en=f"too many rows ({height})"
        )
    if height * width > CELLS:
        raise problems.refusal("OF108", cell=f"{sheet.name}!{address(height, width)}")
    # ods files do not tell their merged ranges
    merges = tuple((a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or ())
    left = sheet.start[1] if sheet.start else 0
    return cells.sheet(sheet.name, sheet.iter_rows(), left=left, merges=merges, hidden=hidden, marked=marked)
