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
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from oneform.answer.problem_sheet import Book, Drawn, asked, draw, lines
from oneform.frames import LISTS, SUMMARY, Table, Workbook
from oneform.problems import ERROR
from oneform.schema import Schema

_MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - a fixed date: the same findings give the same bytes
_STEM = 60  # characters of the file's own name kept; a file system takes 255 bytes
_RUNS = 12  # spans of rows named in one line
_HOW = (
    "粉色 = 错误，这一格先不用，改好才入库；黄色 = 提醒，已按原样收下，请核对。"
    "鼠标停在格上可看说明，最后一列「错误说明」也写着。",
    "改好后把这个文件直接交回再导入即可：不用删批注和颜色，行的先后可以变。没有问题的行不用再交。",
)


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
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    for number, table in enumerate(tables):
        found = problems.filter(_about(table, first=_is_first(tables, number)))
        questions = any(True for _ in asked(table, schema))
        if found.is_empty() and not questions and not everything:
            continue
        whole = everything or questions or bool((found["row"].is_null() & (found["level"] == ERROR)).any())
        name = _sheet_name(table.sheet, names)
        start = _start(tables, table)
        drawn.append((table, found, draw(book, name, sheets[table.sheet], table, found, first=start, everything=whole)))
    _write_summary(book, page, drawn, left_out, counts, taken_in=taken_in)
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


# -- the summary ---------------------------------------------------------------------------------------------------


def _write_summary(
    book: Book,
    page: Worksheet,
    drawn: list[tuple[Table, pl.DataFrame, Drawn]],
    left_out: pl.DataFrame,
    counts: Mapping[str, int],
    *,
    taken_in: bool,
) -> None:
    page.hide_gridlines(2)
    for at, width in enumerate((56, 8, 8, 24, 46)):
        page.set_column(at, at, width)
    rows_left_out = left_out["row"].drop_nulls().len()
    accepted = f"共 {counts['rows']} 行：{'已入库' if taken_in else '可入库'} {counts['accepted']}"
    told = f"{accepted}，等补填 {counts['waiting']}，未读 {rows_left_out}"
    page.write_string(0, 0, told, book.format("big"))
    page.set_row(0, 28)
    for row, text in enumerate(_HOW, start=1):
        page.merge_range(row, 0, row, 4, "", book.format("wrapped"))
        page.write_string(row, 0, text, book.format("wrapped"))
        page.set_row(row, 32)
    row = _write_problems(book, page, drawn, len(_HOW) + 2)
    row = _write_questions(book, page, drawn, row)
    _write_left_out(book, page, left_out, row)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _head(book: Book, page: Worksheet, row: int, labels: tuple[str, ...]) -> int:
    for at, label in enumerate(labels):
        page.write_string(row, at, label, book.format("head"))
    return row + 1


def _link(book: Book, page: Worksheet, row: int, drawn: Drawn, place: tuple[int, int]) -> None:
    """A jump to a cell of a drawn sheet, written as people write it: 工作表!B5."""
    cell = xl_rowcol_to_cell(*place)
    quoted = drawn.name.replace("'", "''")
    page.write_url(row, 3, f"internal:'{quoted}'!{cell}", book.format("link"), string=f"{drawn.name}!{cell}")


def _write_problems(book: Book, page: Worksheet, drawn: list[tuple[Table, pl.DataFrame, Drawn]], row: int) -> int:
    """One line per sheet, column and kind of problem, errors first, each with its first example."""
    row = _head(book, page, row, ("问题", "级别", "处数", "例子（点击跳转）", "怎么改"))
    told = [
        (level, count, at, index, code, message, sheet)
        for _, found, sheet in drawn
        for (_, index, code, level), count, at, message in _grouped(found)
    ]
    for level, count, at, index, code, message, sheet in sorted(told, key=lambda line: (line[0] != ERROR, -line[1])):
        what, remedy = _parted(sheet.reworded(code, message))
        page.write_string(row, 0, what, book.format("wrapped"))
        page.write_string(row, 1, level, book.format("cell", level))
        page.write_number(row, 2, count, book.format("count"))
        _link(book, page, row, sheet, sheet.at(at, index))
        page.write_string(row, 4, remedy, book.format("wrapped"))
        page.set_row(row, 18 * max(lines(what, 56), lines(remedy, 46)))
        row += 1
    return row + 1


def _grouped(found: pl.DataFrame) -> list[tuple[tuple[str, int | None, str, str], int, int | None, str]]:
    kinds = found.group_by("sheet", "column", "code", "level", maintain_order=True).agg(
        pl.len(), pl.col("row").first(), pl.col("message").first()
    )
    return [((line[0], line[1], line[2], line[3]), line[4], line[5], line[6]) for line in kinds.iter_rows()]


def _parted(message: str) -> tuple[str, str]:
    """A sentence of the catalogue as what is wrong and what to do about it."""
    parts = re.fullmatch(r"(.*)[，。；](请.*)", message, re.DOTALL)
    return (parts[1], parts[2]) if parts else (message, "请补填或改正，改好后交回。")


def _write_questions(book: Book, page: Worksheet, drawn: list[tuple[Table, pl.DataFrame, Drawn]], row: int) -> int:
    """The columns that may be meant for a known one; chosen at the header itself, so that the sheet says it."""
    questions = [(sheet, *pair) for table, _, sheet in drawn for pair in asked(table, book.schema)]
    if not questions:
        return row
    row = _head(book, page, row, ("没有认出来的列", "", "", "表头（点击跳转）", "是否指"))
    for sheet, column, labels in questions:
        page.write_string(row, 0, column.header, book.format("wrapped"))
        page.write_blank(row, 1, None, book.format("cell"))
        page.write_blank(row, 2, None, book.format("cell"))
        _link(book, page, row, sheet, sheet.at(None, column.index))
        page.write_string(row, 4, f"{'、'.join(labels)}？在表头的下拉里选。", book.format("wrapped"))
        row += 1
    return row + 1


def _write_left_out(book: Book, page: Worksheet, left_out: pl.DataFrame, row: int) -> None:
    if left_out.is_empty():
        return
    row = _head(book, page, row, ("没有读的内容", "", "处数", "在原文件的", "原因"))
    kinds = left_out.group_by("sheet", "reason", maintain_order=True).agg(
        pl.len(), pl.col("row").drop_nulls(), pl.col("column").drop_nulls()
    )
    for sheet, reason, count, rows, columns in kinds.iter_rows():
        place = f"第 {_spans(rows)} 行" if rows else f"第 {_spans(columns)} 列" if columns else "整张工作表"
        page.write_string(row, 0, sheet, book.format("wrapped"))
        page.write_blank(row, 1, None, book.format("cell"))
        page.write_number(row, 2, count, book.format("count"))
        page.write_string(row, 3, place, book.format("wrapped"))
        page.write_string(row, 4, reason, book.format("wrapped"))
        page.set_row(row, 18 * lines(place, 24))
        row += 1


def _spans(numbers: list[int]) -> str:
    """5, 6, 7, 9 → `5-7、9`; a long list is cut and counted."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    return "、".join(texts[:_RUNS]) + (f" 等 {len(numbers)}" if len(texts) > _RUNS else "")
