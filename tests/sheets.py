"""A sheet as a markdown table in a test's text → a real .xlsx.

Cells are text unless marked: `num:110` a number, `date:1990-03-07` a date, `bool:TRUE`, `f:=A1` a formula without a
value, `err:#N/A` an error. `<` is merged with the cell to the left, `^` with the cell above. `\\n` is a line feed.
A line `|---|---|` is skipped; `||` (all cells empty) is a blank row.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet


def workbook(path: Path, sheets: str | dict[str, str], *, at: str = "A1", hidden: tuple[str, ...] = ()) -> Path:
    """The file with one sheet per table (named Sheet1 when only a text is given), each table's corner in cell `at`."""
    book = Workbook()
    book.remove(book.active)
    for name, text in ({"Sheet1": sheets} if isinstance(sheets, str) else sheets).items():
        sheet = book.create_sheet(name)
        _fill(sheet, rows(text), *coordinate_to_tuple(at))
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def rows(text: str) -> list[list[str]]:
    """The cells of a markdown table, outer blanks gone."""
    lines = [line.strip().strip("|").split("|") for line in text.strip().splitlines() if line.strip()]
    return [
        [cell.strip() for cell in line] for line in lines if not set("".join(line)) <= {"-", " "} or "-" not in line[0]
    ]


def _fill(sheet: Worksheet, table: list[list[str]], top: int, left: int) -> None:
    spans: dict[tuple[int, int], list[int]] = {}
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for r, line in enumerate(table, top):
        for c, text in enumerate(line, left):
            if text in {"<", "^"}:
                corner = owner[(r, c - 1) if text == "<" else (r - 1, c)]
                owner[r, c] = corner
                far = spans.setdefault(corner, [*corner])
                far[0], far[1] = max(far[0], r), max(far[1], c)
                continue
            owner[r, c] = (r, c)
            if text:
                _put(sheet, r, c, text)
    for (r, c), (bottom, right) in spans.items():
        sheet.merge_cells(start_row=r, start_column=c, end_row=bottom, end_column=right)


def _put(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    mark, _, rest = text.partition(":")
    if mark == "num":
        cell.value = float(rest) if "." in rest or "e" in rest.lower() else int(rest)
    elif mark == "date":
        cell.value = datetime.fromisoformat(rest) if " " in rest else date.fromisoformat(rest)
    elif mark == "bool":
        cell.value = rest == "TRUE"
    elif mark == "f":
        cell.value = rest
    elif mark == "err":
        cell.value, cell.data_type = rest, "e"
    else:
        cell.value, cell.data_type = text.replace("\\n", "\n"), "s"
        cell.number_format = "@"
