"""Sheets to files: .xlsx and .csv written here, the same bytes every time; .xls and .ods turned by LibreOffice."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from .layout import Book, Placed, Sheet, place
from .spelling import Cell

_CREATED = datetime(2026, 11, 14, 8, 0, 0)  # noqa: DTZ001 - a workbook's own clock has no zone
_OFFICE_FILTERS = {".xls": "xls:MS Excel 97", ".ods": "ods"}
_TRUTH = ("file", "sheet", "row", "person", "household", "dirt")


def write(books: list[Book], folder: Path) -> list[Book]:
    """Write every book; the books as written: without LibreOffice an .xls or .ods is an .xlsx of another name."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(book, folder) for book in books]


def truth(books: list[Book]) -> Iterator[tuple[str, str, int, str, str, str]]:
    """file, sheet, row, person, household, dirt (`;` between) of every row under a header."""
    for book in books:
        for sheet in book.sheets:
            for row, line in zip(place(sheet).rows, sheet.lines, strict=True):
                if line.values:
                    yield book.file, sheet.name, row, line.person, line.household, ";".join(line.dirt)


def table(path: Path, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> None:
    """UTF-8 CSV of our own."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_truth(books: list[Book], path: Path) -> None:
    """Truth about every row of every book."""
    table(path, _TRUTH, truth(books))


def _write(book: Book, folder: Path) -> Book:
    path = folder / book.file
    if path.suffix == ".csv":
        path.write_bytes(_csv(book.sheets[0]).encode("gbk"))
        return book
    if path.suffix == ".xlsx":
        _xlsx(book, path)
        return book
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / f"{path.stem}.xlsx"
        _xlsx(book, source)
        if _turned(source, path):
            return book
    renamed = Book(path.stem + ".xlsx", book.source, book.day, book.what, book.sheets, book.form)
    _xlsx(renamed, folder / renamed.file)
    return renamed


def _turned(source: Path, target: Path) -> bool:
    """Have LibreOffice save the workbook as another format; False when there is no LibreOffice."""
    office = shutil.which("soffice")
    if office is None:
        return False
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        _OFFICE_FILTERS[target.suffix],
        "--outdir",
        str(source.parent),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)  # noqa: S603 - our own file, our own arguments
    shutil.move(source.with_suffix(target.suffix), target)
    return True


def _csv(sheet: Sheet) -> str:
    placed = place(sheet)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in range(1, max(r for r, _ in placed.cells) + 1):
        writer.writerow([_text(placed.cells.get((row, 1 + i))) for i in range(len(sheet.columns))])
    return out.getvalue()


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _xlsx(book: Book, path: Path) -> None:
    workbook = xlsxwriter.Workbook(str(path))
    workbook.set_properties({"created": _CREATED, "author": "", "title": ""})
    styles = _styles(workbook)
    for sheet in book.sheets:
        _sheet(workbook.add_worksheet(sheet.name), sheet, styles)
    workbook.close()


def _styles(workbook: xlsxwriter.Workbook) -> dict[str, object]:
    base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
    boxed = {**base, "border": 1}
    kinds = {
        "title": {**base, "font_size": 18, "bold": True, "align": "center"},
        "meta": base,
        "note": {**base, "text_wrap": True, "font_size": 10},
        "header": {**boxed, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#D9E1F2"},
        "hint": {**boxed, "font_size": 9, "font_color": "#7F7F7F", "text_wrap": True},
        "cell": boxed,
        "middle": {**boxed, "text_wrap": True},
        "text": {**boxed, "num_format": "@"},
        "date": {**boxed, "num_format": "yyyy/m/d", "align": "left"},
        "moment": {**boxed, "num_format": "yyyy/m/d h:mm", "align": "left"},
        "number": {**boxed, "num_format": "0", "align": "left"},
    }
    return {kind: workbook.add_format(properties) for kind, properties in kinds.items()}


def _sheet(worksheet: Worksheet, sheet: Sheet, styles: dict[str, object]) -> None:
    placed = place(sheet)
    left = sheet.layout.left
    for i, column in enumerate(sheet.columns):
        worksheet.set_column(left - 1 + i, left - 1 + i, column.width)
    _heights(worksheet, placed, sheet)
    merged = {(r1, c1): (r2, c2) for r1, c1, r2, c2 in placed.merges}
    first, last = placed.rows[0] if placed.rows else 0, placed.rows[-1] if placed.rows else 0
    for row in range(first, last + 1):  # the grid of the table is drawn for empty cells too
        for i in range(len(sheet.columns)):
            if (row, left + i) not in placed.cells:
                worksheet.write_blank(row - 1, left - 1 + i, None, styles["cell"])
    for (row, at), value in sorted(placed.cells.items(), key=lambda item: item[0]):
        style = _style(placed, sheet, row, value)
        if (row, at) in merged:
            bottom, right = merged[row, at]
            style = "middle" if style in ("cell", "text") else style
            worksheet.merge_range(row - 1, at - 1, bottom - 1, right - 1, "", styles[style])
        _put(worksheet, row - 1, at - 1, value, styles[style])
    worksheet.freeze_panes(placed.header[1], 0)
    worksheet.set_landscape()
    worksheet.set_paper(9)  # A4
    worksheet.fit_to_pages(1, 0)


def _heights(worksheet: Worksheet, placed: Placed, sheet: Sheet) -> None:
    for row, style in placed.styles.items():
        worksheet.set_row(row - 1, {"title": 30, "note": 28}.get(style, 18))
    if max((len(column.header.split("/")[-1]) / column.width for column in sheet.columns), default=0) > 0.5:
        worksheet.set_row(placed.header[1] - 1, 45)


def _style(placed: Placed, sheet: Sheet, row: int, value: Cell) -> str:
    if row in placed.styles:
        return placed.styles[row] if placed.styles[row] != "total" else "cell"
    if placed.header[0] <= row <= placed.header[1]:
        return "header"
    if sheet.layout.hints and row == placed.header[1] + 1:
        return "hint"
    if isinstance(value, datetime):
        return "moment"
    if isinstance(value, date):
        return "date"
    if isinstance(value, float) and value >= 1e9:
        return "number"
    return "text" if isinstance(value, str) else "cell"


def _put(worksheet: Worksheet, row: int, column: int, value: Cell, style: object) -> None:
    if isinstance(value, datetime | date):
        worksheet.write_datetime(row, column, value, style)
    elif value == "#N/A":
        worksheet.write_formula(row, column, "=NA()", style, "#N/A")
    elif isinstance(value, int | float):
        worksheet.write_number(row, column, value, style)
    else:
        worksheet.write_string(row, column, str(value), style)
