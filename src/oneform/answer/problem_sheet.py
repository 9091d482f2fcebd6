"""answer: one TABLE and its PROBLEMS → the worker's own sheet drawn again, each problem at its cell.

Where the file tells how it looks (answer.look), the sheet keeps it: the styles of its cells, widths, heights, panes,
hidden columns and drop-downs; numbers and dates that nothing is wrong with stay numbers and dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from oneform.answer.look import Look
from oneform.answer.problem_book import Book
from oneform.answer.problem_cells import household, natives, texts_only, written
from oneform.answer.questions import asked
from oneform.answer.styles import Properties
from oneform.answer.template import choices_of
from oneform.frames import EXPLAINED, ROW_NUMBER, Sheet, Table
from oneform.problems import ERROR, WARN

_LONGEST = 32_767  # what a cell can hold
_SAMPLE = 200  # rows that decide how wide a column is
_DEFAULT_WIDTH, _LEAST = 8.43, 4
_NARROW, _WIDE, _SENTENCE = 8, 40, 60  # column widths, in half-width characters
_LINE_HEIGHT, _HIGHEST = 18, 400  # points; Excel knows no row higher than 409
_SPEAKS_OF_ROWS = {"OF401", "OF402"}  # their sentences name rows, OF202's names columns


@dataclass(frozen=True)
class Mark:
    """One problem at one place: its level, the user's header, the sentence as it reads in the new sheet."""

    level: str
    header: str | None
    sentence: str


Place = tuple[int | None, int | None]  # Excel row and sheet column as the file had them; None as in PROBLEMS
Marks = dict[Place, list[Mark]]


@dataclass(frozen=True)
class Drawn:
    """A table on its new sheet: where its header and its rows went. Columns moved one to the right."""

    name: str
    header: int  # the last header row, 0-based
    rows: Mapping[int, int]  # Excel row → new row, 0-based
    leaves: Mapping[int, int]  # sheet column → new row of its own header text, 0-based
    explained: int  # the column 错误说明, 0-based

    def at(self, row: int | None, column: int | None) -> tuple[int, int]:
        """New row and column (0-based) of a place of the file; the header when it concerns the whole column."""
        known = column is not None and column in self.leaves
        line = self.leaves.get(column or 0, self.header) if row is None else self.rows.get(row, self.header)
        return line, column if known and column is not None else self.explained

    def reworded(self, code: str, sentence: str) -> str:
        """The sentence with the rows and columns it names counted as the new sheet has them."""
        if code in _SPEAKS_OF_ROWS:
            return re.sub(r"第 ([0-9]+(?:、[0-9]+)*) 行", lambda said: self._rows_named(said[1]), sentence)
        if code == "OF202":
            return re.sub(r"[A-Z]{1,3}(?=(?:、[A-Z]{1,3})* 列)", lambda said: _next_letters(said[0]), sentence)
        return sentence

    def _rows_named(self, numbers: str) -> str:
        rows = [int(number) for number in numbers.split("、")]
        here = [str(self.rows[row] + 1) for row in rows if row in self.rows]
        return f"第 {'、'.join(here)} 行" if here else f"原表第 {numbers} 行"


def _next_letters(letters: str) -> str:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return str(xl_col_to_name(column))  # 0-based, so this is the next one


def draw(  # noqa: PLR0913 - a sheet, what is wrong with it, and how to show it
    book: Book,
    name: str,
    sheet: Sheet,
    table: Table,
    found: pl.DataFrame,
    *,
    look: Look | None,
    first: int,
    everything: bool,
) -> Drawn:
    """Write a table on a new sheet called `name`: what stands above it from Excel row `first` on, its header, its rows.

    `found` are the PROBLEMS of this table. Only rows with a problem and the rest of their household are drawn, unless
    `everything` is set. Marked cells are text, so are identifiers and phones, and without a `look` every cell. Cells
    that were errors or formulas without a result are blank.
    """
    is_card = table.data_rows is not None and table.data_rows[0] <= table.header_rows[1]
    wanted = pl.Series(found["row"].drop_nulls().unique())
    kept = table.cells.select("row", household(sheet, table)).select(
        "row", keep=pl.lit(everything) | pl.col("row").is_in(wanted.implode()).any().over("household")
    )
    shown = written(table, found, book.schema).filter(kept["keep"]).with_columns(pl.exclude("row").str.head(_LONGEST))
    page = book.workbook.add_worksheet(name)
    look = None if is_card else look
    leaves = _write_card_head(book, page, table) if is_card else _write_head(book, page, sheet, table, look, first)
    header = 1 if is_card else table.header_rows[1] - first
    explained = max(column.index for column in table.columns) + 1
    rows = {row: header + number for number, row in enumerate(shown["row"].to_list(), start=1)}
    drawn = Drawn(name, header, rows, leaves, explained)
    marks = _marks(drawn, found)
    _write_rows(book, page, drawn, table, look, shown, marks)
    _mark_head(book, page, drawn, table, look, marks, first)
    _add_lists(book, page, drawn, table, look)
    _lay_out(page, drawn, table, look, shown, marks, first)
    return drawn


def _marks(drawn: Drawn, found: pl.DataFrame) -> Marks:
    marks: Marks = {}
    for row, column, header, code, level, message in found.select(
        "row", "column", "header", "code", "level", "message"
    ).iter_rows():
        place = (row, column if column in drawn.leaves else None)
        marks.setdefault(place, []).append(Mark(level, header, drawn.reworded(code, message)))
    return marks


def _write_card_head(book: Book, page: Worksheet, table: Table) -> dict[int, int]:
    """A card is drawn as a table of one row: its title, then its labels."""
    if "title" in table.facts:
        page.write_string(0, 1, table.facts["title"], book.format("title"))
    for column in table.columns:
        page.write_string(1, column.index, column.header, book.format("head"))
    return {column.index: 1 for column in table.columns}


def _kept(look: Look | None, row: int) -> Mapping[int, Properties]:
    """Column → how the file has its cell in this row; nothing for a column where it writes no cell."""
    if look is None or not look.styles:
        return {}
    return {column: look.styles[min(style, len(look.styles) - 1)] for column, style in look.row(row).items()}


def _write_head(
    book: Book, page: Worksheet, sheet: Sheet, table: Table, look: Look | None, first: int
) -> dict[int, int]:
    """Titles and header band with their merges, one column to the right; gives each column's row of its own header."""
    top, last = table.header_rows
    own = {column.index for column in table.columns}
    texts = sheet.texts.slice(first - 1, last - first + 1).rows()
    merged: dict[tuple[int, int], tuple[int, int]] = {}  # covered cell → corner
    for a, left, b, right in sheet.merges:
        right = min(right, sheet.texts.width)  # noqa: PLW2901 - a title may be merged to the last column of the sheet
        covered = [(r, c) for r in range(a, b + 1) for c in range(left, right + 1)] if first <= a and b <= last else []
        if a >= top and not own.intersection(range(left, right + 1)):
            continue
        if len(covered) < 2 or any(cell in merged for cell in covered):
            continue
        merged |= dict.fromkeys(covered, (a, left))
        style = book.format("head" if a >= top else "title", kept=_kept(look, a).get(left))
        page.merge_range(a - first, left, b - first, right, "", style)
    for r, line in enumerate(texts, start=first):
        kept = _kept(look, r)
        if look is not None and r in look.heights:
            page.set_row(r - first, look.heights[r])
        for c, text in enumerate(line, start=1):
            band = r >= top
            style = book.format("head" if band else "title", kept=kept.get(c))
            if merged.get((r, c), (r, c)) != (r, c):
                if c in kept:  # the lines around a merged cell are those of the cells it covers
                    page.write_blank(r - first, c, None, style)
            elif (c in own or not band) and (text or band):
                page.write_string(r - first, c, (text or "")[:_LONGEST], style)
    leaves = {}
    for column in own:
        lowest = next((r for r in range(last, top - 1, -1) if _says(texts, r - first, column)), last)
        under = merged.get((last, column))
        leaves[column] = (under[0] if under and under[1] == column else lowest) - first
    return leaves


def _says(texts: list[tuple[str | None, ...]], row: int, column: int) -> bool:
    return row < len(texts) and column <= len(texts[row]) and bool(texts[row][column - 1])


def _write_rows(
    book: Book, page: Worksheet, drawn: Drawn, table: Table, look: Look | None, shown: pl.DataFrame, marks: Marks
) -> None:
    """The data rows; a marked cell has its fill and its comment, the last column says it all again."""
    columns = [column.index for column in table.columns]
    plain, said = book.format("cell"), book.format("said")
    digits = texts_only(table, book.schema)
    unwritten = look.styles[0] if look and look.styles else None
    failing: dict[int, list[int | None]] = {}  # row → its places, the row as a whole before its cells
    for row, index in sorted((place for place in marks if place[0] is not None), key=lambda place: place[1] or 0):
        failing.setdefault(row or 0, []).append(index)
    native_of = natives(table, shown, dates=look.native_dates) if look else {}
    for row, *texts in shown.select("row", *(f"c{index}" for index in columns)).iter_rows():
        at, here, kept = drawn.rows[row], failing.get(row, []), _kept(look, row)
        native = native_of.get(row, {})
        page.write_string(at, 0, str(row), plain)
        for index, text in zip(columns, texts, strict=True):
            own, marked = kept.get(index, unwritten), index in here
            level = _worst(marks[row, index]) if marked else None
            as_text = look is None or marked or index in digits
            style = book.format("cell", level, kept=own, text=as_text)
            if as_text or index not in native or own is None:
                _put(page, (at, index), text, style)
            else:
                page.write(at, index, native[index], style)
            if marked:
                _comment(page, (at, index), marks[row, index])
        found = [mark for index in here for mark in marks[row, index]]
        style = book.format("said", _worst(found)) if found else said
        sentences = "；".join(map(_explained, found))[:_LONGEST]
        _put(page, (at, drawn.explained), sentences, style)
        height = min(_LINE_HEIGHT * lines(sentences, _SENTENCE), _HIGHEST)
        page.set_row(at, max(height, look.heights.get(row, 0) if look else 0))


def _put(page: Worksheet, place: tuple[int, int], text: str | None, look: Format) -> None:
    if text:
        page.write_string(*place, text, look)
    else:
        page.write_blank(*place, None, look)


def _worst(marks: list[Mark]) -> str:
    return ERROR if any(mark.level == ERROR for mark in marks) else WARN


def _explained(mark: Mark) -> str:
    """`【联系电话】不是能拨通的号码（少1位），请核对`."""
    sentence = mark.sentence.removesuffix("。")
    return f"【{mark.header}】{sentence.removeprefix(f'「{mark.header}」')}" if mark.header else sentence


def _comment(page: Worksheet, place: tuple[int, int], marks: list[Mark]) -> None:
    text = "\n".join(f"{mark.level}：{mark.sentence}" for mark in marks)[:_LONGEST]
    lines = sum(1 + len(part) // 16 for part in text.split("\n"))
    page.write_comment(*place, text, {"author": "oneform", "width": 230, "height": 24 + 18 * lines, "font_size": 9})


def lines(text: str, width: int) -> int:
    """Lines a text takes in a column of so many half-width characters, at least one."""
    return max(1, -(-sum(2 if ord(sign) > 255 else 1 for sign in text) // (width - 2)))


def _mark_head(
    book: Book, page: Worksheet, drawn: Drawn, table: Table, look: Look | None, marks: Marks, first: int
) -> None:
    """Our own two headers, and what is wrong with whole columns or the whole sheet, at the header."""
    texts = {column.index: column.header.rpartition("/")[2] for column in table.columns}
    page.write_string(drawn.header, 0, ROW_NUMBER, book.format("head"))
    page.write_string(drawn.header, drawn.explained, EXPLAINED, book.format("head"))
    for (row, index), here in marks.items():
        if row is not None:
            continue
        place = drawn.at(None, index)
        text = EXPLAINED if index is None else texts[index]
        own = _kept(look, place[0] + first).get(index) if index else None
        # writing the corner of a merge again keeps the merge
        page.write_string(*place, text, book.format("head", _worst(here), kept=own))
        _comment(page, place, here)


def _add_lists(book: Book, page: Worksheet, drawn: Drawn, table: Table, look: Look | None) -> None:
    """Drop-downs: the file's own, else the code list under a code column; the likely names in an unrecognised header."""
    last = drawn.header + len(drawn.rows)
    data = table.data_rows or table.header_rows
    for column in table.columns:
        choices = look.choices(column.index, *data) if look else ()
        if not choices and column.entity and column.field:
            choices = choices_of(book.schema, book.schema.entities[column.entity].fields[column.field])
        if choices and drawn.rows:
            rule = {"validate": "list", "source": book.choices(choices), "error_type": "warning"}
            said = {"error_title": "不在可选范围内", "error_message": "请从下拉里选。"}
            page.data_validation(drawn.header + 1, column.index, last, column.index, rule | said)
    for column, labels in asked(table, book.schema):
        if any(label.rpartition("·")[2] in column.header.rpartition("/")[2] for label in labels):
            continue  # the very word, ambiguous where it stands: renaming it would not help
        place = drawn.at(None, column.index)
        tip = {"input_title": "这一列没有认出来", "input_message": "是其中之一的话，从下拉里选。"}
        rule = {"validate": "list", "source": book.choices(labels), "error_type": "information"}
        page.data_validation(*place, *place, rule | tip)


def _lay_out(
    page: Worksheet, drawn: Drawn, table: Table, look: Look | None, shown: pl.DataFrame, marks: Marks, first: int
) -> None:
    sample = shown.head(_SAMPLE)
    page.set_column(0, 0, 8, None, {"hidden": True})
    marked = {index for _, index in marks}
    for column in table.columns:
        index = column.index
        if look is not None and look.widths:
            wide = look.widths.get(index, look.default_width or _DEFAULT_WIDTH)
            hidden = {"hidden": True} if index in look.hidden and index not in marked else {}
            page.set_column(index, index, max(wide, 0 if hidden else _LEAST), None, hidden)
            continue
        texts = sample[f"c{index}"].drop_nulls()
        # a Chinese character is three bytes long and two half-widths wide
        wide = int(((texts.str.len_bytes() + texts.str.len_chars()) / 2).quantile(0.95) or 0)
        head = 2 * len(column.header.rpartition("/")[2])
        page.set_column(index, index, min(max(wide + 3, min(head + 4, 20), _NARROW), _WIDE))
    page.set_column(drawn.explained, drawn.explained, _SENTENCE)
    left = min(column.index for column in table.columns)
    page.autofilter(drawn.header, left, drawn.header + max(len(drawn.rows), 1), drawn.explained)
    rows, columns = (look.frozen if look else None) or (drawn.header + first, 0)
    page.freeze_panes(max(rows - first + 1, 0), columns + 1 if columns else 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
