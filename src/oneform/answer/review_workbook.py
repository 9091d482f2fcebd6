"""answer: QUESTIONS and SIDES → the review workbook that goes out; and that WORKBOOK, filled in → its ANSWERS.

Two rows a pair, one above the other, cells that differ coloured; one answer a pair, picked from a list. The pair is told
by a key in a locked, hidden column, made of the content of its two rows: lines may be sorted, deleted or left blank.
What comes back is read like any file from outside: a key or an answer that is not ours is reported, never guessed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from oneform.frames import Sheet, Workbook

SHEET = "待核对"
QUESTIONS = pl.Schema(
    {"key": pl.String, "group": pl.Int64, "heading": pl.String, "sentence": pl.String}
)  # in the order they are asked; `heading` names the residents of a group
FIELDS = {
    "place": ("来源", 26),
    "name": ("姓名", 12),
    "id_number": ("证件号码", 21),
    "birth_date": ("出生日期", 12),
    "gender": ("性别", 6),
    "phone": ("联系电话", 14),
    "current_address": ("现住址", 26),
    "hukou_address": ("户籍地址", 26),
    "relation_to_head": ("与户主关系", 11),
    "household_id": ("户号", 12),
    "head_name": ("户主", 10),
}
SIDES = pl.Schema({"key": pl.String, **dict.fromkeys(FIELDS, pl.String)})  # two rows a key, left first
ANSWERS = pl.Schema({"row": pl.Int64, "key": pl.String, "answer": pl.String, "note": pl.String})

_WORDS = {"same": "同一人", "not_same": "不是", "unsure": "不确定", "later": "以后"}
_KEY, _ANSWER, _NOTE, _SENTENCE = "核对编号（勿改）", "答案", "备注", "电脑怎么看"
_TITLE = "待核对：下面每一对，是不是同一个人？"
_HOW = (
    "在「答案」一格里选：同一人、不是、不确定、以后。不知道的可以空着，只答一部分也行；想说明的写在「备注」。"
    "橙色是两行写得不一样的地方。改好后交回这个文件：oneform reviews 待核对.xlsx"
)
_MEANS = "同一人 = 合成一个人；不是 = 永远分开；不确定 = 有新资料再问；以后 = 下次再问。"
_TOP = 4  # rows above the header


@dataclass(frozen=True)
class _Look:
    """The formats of one workbook."""

    title: Format
    how: Format
    head: Format
    group: Format
    cell: Format
    differs: Format
    number: Format
    sentence: Format
    answer: Format
    key: Format


def review_workbook(questions: pl.DataFrame, sides: pl.DataFrame, *, day: date) -> bytes:
    """The workbook (.xlsx) with every question; equal for equal questions and day."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"title": SHEET, "author": "oneform", "created": datetime.combine(day, time())})
    page = book.add_worksheet(SHEET)
    look = _look(book)
    pairs = {str(key): rows.to_dicts() for (key,), rows in sides.group_by("key", maintain_order=True)}
    shown = [name for name in FIELDS if name == "name" or sides[name].is_not_null().any()]
    _frame(page, look, shown, questions.height)
    row, group = _TOP + 1, None
    for number, question in enumerate(questions.iter_rows(named=True), start=1):
        if question["group"] != group:
            group = question["group"]
            page.merge_range(row, 0, row, len(shown) + 3, question["heading"], look.group)
            page.set_row(row, 19)
            row += 1
        _pair(page, look, row, number, shown, question, pairs[question["key"]])
        row += 2
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_TOP)
    page.set_margins(0.4, 0.4, 0.5, 0.5)
    page.set_footer("&C第 &P 页，共 &N 页")
    page.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
    book.close()
    return content.getvalue()


def answers(workbook: Workbook) -> pl.DataFrame | None:
    """ANSWERS of a workbook that came back: every line with a key, its answer's word or null, in order.

    None when it is no review workbook. `answer` is same, not_same, unsure, later, or the text itself where it is none.
    """
    for sheet in workbook.sheets:
        place = _header(sheet)
        if place is None:
            continue
        row, columns = place
        lines = sheet.texts.with_row_index("row", offset=1).filter(pl.col("row") > row)
        words = {zh: word for word, zh in _WORDS.items()} | {"不是同一人": "not_same", "是": "same"}
        told = lines.select(
            pl.col("row").cast(pl.Int64),
            key=_text(columns[_KEY]),
            answer=_text(columns[_ANSWER]).replace(words),
            note=_text(columns[_NOTE]) if _NOTE in columns else pl.lit(None, pl.String),
        )
        return told.filter(pl.col("key").is_not_null()).match_to_schema(ANSWERS)
    return None


def _text(column: str) -> pl.Expr:
    said = pl.col(column).str.strip_chars()
    return pl.when(said != "").then(said)


def _header(sheet: Sheet) -> tuple[int, dict[str, str]] | None:
    """The header's row and the columns by what stands in it; None where the marks are missing."""
    marks = (_KEY, _ANSWER)
    top = sheet.texts.head(40)
    for number, cells in enumerate(top.iter_rows(named=True), start=1):
        columns = {str(text).strip(): name for name, text in reversed(cells.items()) if text}
        if all(mark in columns for mark in marks):
            return number, columns
    return None


def _look(book: xlsxwriter.Workbook) -> _Look:
    line = {"border": 1, "border_color": "#B7B7B7", "font_size": 10, "valign": "vcenter", "text_wrap": True}
    text = {**line, "num_format": "@"}
    return _Look(
        title=book.add_format({"bold": True, "font_size": 15, "valign": "vcenter"}),
        how=book.add_format({"font_size": 10, "font_color": "#444444", "text_wrap": True, "valign": "vcenter"}),
        head=book.add_format({**line, "bold": True, "bg_color": "#DCE6F1", "align": "center"}),
        group=book.add_format({**line, "bold": True, "bg_color": "#F2F2F2", "text_wrap": False}),
        cell=book.add_format(text),
        differs=book.add_format({**text, "bg_color": "#FCD5B4"}),
        number=book.add_format({**line, "align": "center"}),
        sentence=book.add_format({**text, "font_color": "#333333"}),
        answer=book.add_format(
            {**text, "bg_color": "#FFFFCC", "bold": True, "align": "center", "locked": False, "font_size": 11}
        ),
        key=book.add_format({"hidden": True, "font_color": "#FFFFFF"}),
    )


def _frame(page: Worksheet, look: _Look, shown: list[str], count: int) -> None:
    """What stands above and around the pairs."""
    last = len(shown) + 3
    page.merge_range(0, 0, 0, last, f"{_TITLE}（共 {count} 对）", look.title)
    page.merge_range(1, 0, 1, last, _HOW, look.how)
    page.merge_range(2, 0, 2, last, _MEANS, look.how)
    page.set_row(0, 26)
    page.set_row(1, 30)
    page.set_row(2, 18)
    page.set_row(3, 6)
    page.set_row(_TOP, 22)
    page.set_column(0, 0, 5)
    heads = ["对", *(FIELDS[name][0] for name in shown), _SENTENCE, _ANSWER, _NOTE]
    for column, head in enumerate(heads):
        page.write_string(_TOP, column, head, look.head)
    for column, name in enumerate(shown, start=1):
        page.set_column(column, column, FIELDS[name][1])
    page.set_column(last - 2, last - 2, 44)
    page.set_column(last - 1, last - 1, 11)
    page.set_column(last, last, 18)
    page.set_column(last + 1, last + 1, 12, None, {"hidden": True})
    page.write_string(_TOP, last + 1, _KEY, look.key)
    page.freeze_panes(_TOP + 1, 0)


def _pair(
    page: Worksheet,
    look: _Look,
    row: int,
    number: int,
    shown: list[str],
    question: Mapping[str, str | None],
    sides: list[dict[str, str | None]],
) -> None:
    """One pair: two rows, what is asked beside them once."""
    last = len(shown) + 3
    for offset, side in enumerate(sides):
        page.set_row(row + offset, 34)
        for column, name in enumerate(shown, start=1):
            values = [one[name] for one in sides]
            differs = name != "place" and None not in values and values[0] != values[1]
            page.write_string(row + offset, column, side[name] or "", look.differs if differs else look.cell)
        page.write_string(row + offset, last + 1, question["key"] or "", look.key)
    page.merge_range(row, 0, row + 1, 0, "", look.number)
    page.write_number(row, 0, number, look.number)
    for column, text, style in (
        (last - 2, question["sentence"] or "", look.sentence),
        (last - 1, "", look.answer),
        (last, "", look.answer),
    ):
        page.merge_range(row, column, row + 1, column, "", style)
        page.write_string(row, column, text, style)
    page.data_validation(
        row,
        last - 1,
        row,
        last - 1,
        {
            "validate": "list",
            "source": list(_WORDS.values()),
            "error_title": "请从列表里选",
            "error_message": "同一人、不是、不确定、以后，四选一；不知道就空着。",
        },
    )
