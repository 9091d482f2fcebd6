"""answer: what was drawn, PROBLEMS, LEFT_OUT and counts → the summary that the workbook handed back opens with."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from oneform.answer.problem_book import Book
from oneform.answer.problem_sheet import Drawn, lines
from oneform.answer.questions import asked
from oneform.frames import MEANT, NOTHING, UNKNOWN, Table
from oneform.problems import ERROR

_SAMPLES, _SAMPLE = 2, 12  # values shown of a column in question, characters of each
_RUNS = 12  # spans of rows named in one line
_HOW = (
    "粉色 = 错误，这一格先不用，改好才入库；黄色 = 提醒，已按原样收下，请核对。"
    "鼠标停在格上可看说明，最后一列「错误说明」也写着。",
    "改好后把这个文件直接交回再导入即可：不用删批注和颜色，行的先后可以变。没有问题的行不用再交。",
)


def write_summary(
    book: Book,
    page: Worksheet,
    drawn: list[tuple[Table, pl.DataFrame, Drawn]],
    left_out: pl.DataFrame,
    counts: Mapping[str, int],
    *,
    taken_in: bool,
) -> None:
    """Write the summary: the counts, what to do, every kind of problem with a jump to its first cell, the questions."""
    page.hide_gridlines(2)
    for at, width in enumerate((56, 8, 8, 24, 46)):
        page.set_column(at, at, width)
    rows_left_out = left_out["row"].drop_nulls().len()
    to_mend = sum(found.filter(pl.col("level") == ERROR)["row"].drop_nulls().n_unique() for _, found, _ in drawn)
    accepted = f"共 {counts['rows']} 行：{'已入库' if taken_in else '可入库'} {counts['accepted']}"
    waiting = f"（其中 {counts['waiting']} 行补填后才入库）" if counts["waiting"] else ""
    told = f"{accepted}，需修改 {to_mend}{waiting}，未读 {rows_left_out}"
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
    """The columns that may be meant for a known one. What is chosen here is read back by recognise.answers."""
    questions = [(table, sheet, *pair) for table, _, sheet in drawn for pair in asked(table, book.schema)]
    if not questions:
        return row
    row = _head(book, page, row, (UNKNOWN, "", "", "表头（点击跳转）", MEANT))
    for table, sheet, column, labels in questions:
        samples = table.cells[f"c{column.index}"].drop_nulls().unique(maintain_order=True).head(_SAMPLES).to_list()
        page.write_string(row, 0, column.header, book.format("said"))
        page.merge_range(row, 1, row, 2, "如：" + "、".join(one[:_SAMPLE] for one in samples), book.format("said"))
        _link(book, page, row, sheet, sheet.at(None, column.index))
        page.write_blank(row, 4, None, book.format("asked"))
        rule = {"validate": "list", "source": book.choices((*labels, NOTHING)), "error_type": "stop"}
        tip = {"input_title": "这一列是什么？", "input_message": f"可能是{'、'.join(labels)}。选好后交回，以后不再问。"}
        page.data_validation(row, 4, row, 4, rule | tip)
        page.set_row(row, 36)
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
