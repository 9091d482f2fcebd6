"""answer: SIDES of a random sample of joined pairs → the workbook a person labels; and that WORKBOOK, labelled → LABELS.

One row a pair, what both rows say in one cell: once where they agree, else one above the other, coloured where they
contradict. What the program thinks of a pair is not shown: it would be agreed with. What comes back is read like any
file from outside.
"""

from __future__ import annotations

import io
import math
import unicodedata
from datetime import date, datetime, time

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from oneform.answer.review_workbook import FIELDS
from oneform.frames import Workbook

SHEET = "抽样核对"
LABELS = pl.Schema({"row": pl.Int64, "key": pl.String, "label": pl.String, "note": pl.String})
WORDS = {"same": "同一人", "not_same": "不是", "unclear": "看不出"}

_KEY, _ANSWER, _NOTE = "抽样编号（勿改）", "是不是同一个人？", "备注"
_TITLE = "抽样核对：程序把下面每一对（两行）都当成了同一个人，对不对？"
_HOW = (
    "按您知道的情况在「是不是同一个人？」里选：同一人、不是、看不出；不要只挑容易的答，没来得及的可以空着。"
    "一格里的①、②是两行各自写的，没有①②就是两行写得一样；橙色是写得不一样的地方，— 是没写。"
    "答好后：oneform links --labelled 抽样核对.xlsx，程序据此算出合并有多准，不改动任何数据。"
)
_TOP = 3  # rows above the header
_PLACE = "place"


def audit_sheet(sides: pl.DataFrame, *, day: date) -> bytes:
    """The workbook (.xlsx) of a sample: `sides` has `key` and FIELDS, two rows a pair; equal for equal input."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"title": SHEET, "author": "oneform", "created": datetime.combine(day, time())})
    page = book.add_worksheet(SHEET)
    shown = [name for name in FIELDS if name == "name" or sides[name].is_not_null().any()]
    widths = [5, *(34 if name == _PLACE else FIELDS[name][1] for name in shown), 17, 18, 12]
    pairs = sides.partition_by("key", maintain_order=True)
    _frame(book, page, ["对", *(FIELDS[name][0] for name in shown), _ANSWER, _NOTE, _KEY], widths)
    line = {"border": 1, "border_color": "#B7B7B7", "font_size": 10, "valign": "vcenter", "text_wrap": True}
    plain = {**line, "num_format": "@"}  # text for good: nothing of a resident becomes a formula or a number
    cell, differs = book.add_format(plain), book.add_format({**plain, "bg_color": "#FCD5B4"})
    answer = book.add_format({**plain, "bg_color": "#FFFFCC", "bold": True, "align": "center", "locked": False})
    number, hidden = book.add_format({**line, "align": "center"}), book.add_format({"font_color": "#FFFFFF"})
    last = len(widths) - 1
    for count, pair in enumerate(pairs, start=1):
        row, lines = _TOP + count, 2
        page.write_number(row, 0, count, number)
        for column, name in enumerate(shown, start=1):
            one, other = pair[name].to_list()
            text = (one or "") if one == other else f"①{one or '—'}\n②{other or '—'}"
            against = name != _PLACE and None not in {one, other} and one != other
            page.write_string(row, column, text, differs if against else cell)
            lines = max(lines, sum(math.ceil(_wide(part) / widths[column]) for part in text.split("\n")))
        page.set_row(row, 14 * lines + 4)
        page.write_blank(row, last - 2, None, answer)
        page.write_blank(row, last - 1, None, answer)
        page.write_string(row, last, pair["key"][0], hidden)
    choice = {
        "validate": "list",
        "source": list(WORDS.values()),
        "error_title": "请从列表里选",
        "error_message": "同一人、不是、看不出，三选一；没来得及的空着。",
    }
    page.data_validation(_TOP + 1, last - 2, _TOP + max(len(pairs), 1), last - 2, choice)
    page.protect("", {"format_columns": True, "format_rows": True})
    book.close()
    return content.getvalue()


def _frame(book: xlsxwriter.Workbook, page: Worksheet, heads: list[str], widths: list[int]) -> None:
    """What stands above and around the pairs; the last column is hidden."""
    last = len(heads) - 1
    small = {"font_size": 10, "text_wrap": True, "valign": "vcenter"}
    head = book.add_format({**small, "border": 1, "bold": True, "bg_color": "#DCE6F1", "align": "center"})
    for column, (text, width) in enumerate(zip(heads, widths, strict=True)):
        page.set_column(column, column, width, None, {"hidden": column == last})
        page.write_string(_TOP, column, text, head)
    page.merge_range(0, 0, 0, last - 1, _TITLE, book.add_format({"bold": True, "font_size": 15, "valign": "vcenter"}))
    page.merge_range(1, 0, 1, last - 1, _HOW, book.add_format({**small, "font_color": "#444444"}))
    for row, height in ((0, 26), (1, 34), (2, 6), (_TOP, 22)):
        page.set_row(row, height)
    page.freeze_panes(_TOP + 1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_TOP)
    page.set_footer("&C第 &P 页，共 &N 页")


def labels(workbook: Workbook) -> pl.DataFrame | None:
    """LABELS of a workbook that came back, every line with a key, in order; None when it is no audit sheet.

    `label` is same, not_same or unclear, null where the line was left blank, and the text itself where it is none of
    them.
    """
    for sheet in workbook.sheets:
        for number, cells in enumerate(sheet.texts.head(40).iter_rows(named=True), start=1):
            columns = {str(text).strip(): name for name, text in reversed(cells.items()) if text}
            if _KEY in columns and _ANSWER in columns:
                told = {zh: word for word, zh in WORDS.items()} | {"不是同一人": "not_same", "是": "same"}
                lines = sheet.texts.with_row_index("row", offset=1).filter(pl.col("row") > number)
                said = lines.select(
                    pl.col("row").cast(pl.Int64),
                    key=_text(columns[_KEY]),
                    label=_text(columns[_ANSWER]).replace(told),
                    note=_text(columns[_NOTE]) if _NOTE in columns else pl.lit(None, pl.String),
                )
                return said.filter(pl.col("key").is_not_null()).match_to_schema(LABELS)
    return None


def _wide(text: str) -> int:
    """Columns of a sheet that a text takes: a Chinese character two, and one to spare."""
    return 1 + sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _text(column: str) -> pl.Expr:
    said = pl.col(column).str.strip_chars()
    return pl.when(said != "").then(said)
