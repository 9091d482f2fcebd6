"""answer: a WORKBOOK, its TABLEs and PROBLEMS → the workbook handed back: a summary, then each sheet with its problems.

The person who made the sheet mends the coloured cells and hands the same file in again; `recognise` leaves out what is
added here (frames.SUMMARY, LISTS, ROW_NUMBER, EXPLAINED).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import datetime

import polars as pl
import xlsxwriter

from oneform.answer.look import looks
from oneform.answer.problem_book import Book
from oneform.answer.problem_sheet import Drawn, draw
from oneform.answer.questions import asked
from oneform.answer.summary import write_summary
from oneform.frames import LISTS, SUMMARY, Table, Workbook
from oneform.problems import ERROR
from oneform.schema import Schema

_MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - a fixed date: the same findings give the same bytes
_STEM = 60  # characters of the file's own name kept; a file system takes 255 bytes


def file_name(stem: str, n: int) -> str:
    """Name of the workbook for a file of this stem with `n` cells to mend; a second round names its own count only."""
    stem = re.sub(r"_(?:需修改_[0-9]+处|请核对)(?:\([0-9]+\))?$", "", stem)[:_STEM]
    return f"{stem}_需修改_{n}处.xlsx" if n else f"{stem}_请核对.xlsx"


def problem_workbook(  # noqa: PLR0913 - what a check gives, one by one
    workbook: Workbook,
    tables: tuple[Table, ...],
    problems: pl.DataFrame,
    left_out: pl.DataFrame,
    counts: Mapping[str, int],
    schema: Schema,
    *,
    everything: bool = False,
    taken_in: bool = True,
) -> bytes:
    """The workbook (.xlsx) handed back; the same findings give the same bytes.

    `problems` are PROBLEMS, `left_out` LEFT_OUT, `counts` the counts of a check. Of a table only the rows with a
    problem and the rest of their household are shown, all of them when `everything` is set or a column is in question:
    a renamed column must bring all its values. `taken_in` is False when nothing was stored.
    """
    content = io.BytesIO()
    book = Book(xlsxwriter.Workbook(content, {"in_memory": True}), schema)
    book.workbook.set_properties({"title": SUMMARY, "author": "oneform", "created": _MADE})
    page = book.workbook.add_worksheet(SUMMARY)
    drawn: list[tuple[Table, pl.DataFrame, Drawn]] = []
    names = {SUMMARY.casefold(), LISTS.casefold(), "history"}  # the last is reserved by Excel
    sheets, kept = {sheet.name: sheet for sheet in workbook.sheets}, looks(workbook)
    for number, table in enumerate(tables):
        found = problems.filter(_about(table, first=_is_first(tables, number)))
        questions = any(True for _ in asked(table, schema))
        if found.is_empty() and not questions and not everything:
            continue
        whole = everything or questions or bool((found["row"].is_null() & (found["level"] == ERROR)).any())
        name = _sheet_name(table.sheet, names)
        start = _start(tables, table)
        sheet, look = sheets[table.sheet], kept.get(table.sheet)
        page_of = draw(book, name, sheet, table, found, look=look, first=start, everything=whole)
        drawn.append((table, found, page_of))
    write_summary(book, page, drawn, left_out, counts, taken_in=taken_in)
    book.write_lists()
    book.workbook.close()
    return content.getvalue()


def _is_first(tables: tuple[Table, ...], number: int) -> bool:
    return all(other.sheet != tables[number].sheet for other in tables[:number])


def _about(table: Table, *, first: bool) -> pl.Expr:
    """Which PROBLEMS are this table's; one about the whole sheet is its first table's."""
    columns = [column.index for column in table.columns]
    in_rows = pl.col("row").is_in(table.cells["row"].implode())
    named = pl.any_horizontal(
        (pl.col("column") == column.index) & (pl.col("header") == column.header) for column in table.columns
    )
    of_rows = in_rows & (pl.col("column").is_null() | pl.col("column").is_in(columns))
    of_columns = pl.col("row").is_null() & pl.col("column").is_not_null() & named.fill_null(value=False)
    of_sheet = pl.col("row").is_null() & pl.col("column").is_null() & pl.lit(first)
    return (pl.col("sheet") == table.sheet) & (of_rows | of_columns | of_sheet).fill_null(value=False)


def _start(tables: tuple[Table, ...], table: Table) -> int:
    """The Excel row after the table that stands above this one on its sheet, 1 when none does."""
    ends = [(one.data_rows or one.header_rows)[1] for one in tables if one.sheet == table.sheet and one is not table]
    return max((end for end in ends if end < table.header_rows[0]), default=0) + 1


def _sheet_name(name: str, taken: set[str]) -> str:
    """The sheet's own name as Excel allows it, unlike those taken."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name).strip("'")[:31] or "表"
    chosen, number = plain, 1
    while chosen.casefold() in taken:
        number += 1
        chosen = f"{plain[:26]}({number})"
    taken.add(chosen.casefold())
    return chosen
