"""Draw templates: the layouts of template_layouts.py → the department workbooks beside the mappings.

Each table is one `Form`; the household card has its own function. They are drawn in the manner of real
blank forms: merged title, 填报单位/填报日期 line, bordered header, empty drawn rows, 合计, 填表说明, signature line,
and a print set-up that fits the paper. Nothing depends on the clock: two runs give equal bytes.

    python tools/draw_templates.py               redraw every template
    python tools/draw_templates.py --write-sha   … and write each sha256 into the mapping beside it
"""

from __future__ import annotations

import argparse
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import xlsxwriter
from template_layouts import A4, CARD_CELLS, CARD_COLUMNS, FORMS, Form
from xlsxwriter.utility import xl_col_to_name, xl_range_abs

Sheet: TypeAlias = xlsxwriter.worksheet.Worksheet
Style: TypeAlias = xlsxwriter.format.Format
MAPPINGS = Path(__file__).parents[1] / "mappings"
DRAWN_ON = datetime(2026, 11, 20)  # noqa: DTZ001  the workbook's creation date, the same at every run


@dataclass(frozen=True)
class Column:
    """One column: header path, width in characters, number format, horizontal alignment."""

    path: tuple[str, ...]
    width: float
    number: str
    align: str


_ALIGNED = {"center": {"align": "center"}, "left": {"align": "left", "indent": 1}}
_FLAGS = {"@": "@", "#": "0", ".": "0.0", "%": "0.0%"}


def columns_of(form: Form) -> list[Column]:
    """Columns of a form, in order."""
    columns = []
    for text in form.columns.split(";"):
        header, _, size = text.strip().rpartition("|")
        width, flags = re.fullmatch(r"([0-9]+)([@#.%<]*)", size).groups()  # type: ignore[union-attr]
        number = next((_FLAGS[flag] for flag in flags if flag in _FLAGS), "General")
        align = "left" if "<" in flags else "center"
        columns.append(Column(tuple(header.split("/")), float(width), number, align))
    return columns


def open_book(file: Path, title: str) -> xlsxwriter.Workbook:
    """Workbook whose properties are the same at every run."""
    book = xlsxwriter.Workbook(file, {"default_format_properties": {"font_name": "宋体", "font_size": 11}})
    book.set_properties({"title": title, "author": "社区", "created": DRAWN_ON})
    return book


def set_up(sheet: Sheet, *, paper: int, last_header_row: int, pages: int = 1) -> None:
    """Landscape, fitted to the pages in width, header (and the first columns) repeated on every page, page numbers."""
    sheet.set_landscape()
    sheet.set_paper(paper)
    sheet.fit_to_pages(pages, 0)
    if pages > 1:
        sheet.repeat_columns(0, 2)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页　共 &N 页")
    sheet.repeat_rows(0, last_header_row)


def across(sheet: Sheet, row: int, first: int, last: int, text: str, style: Style) -> None:
    """Text over the columns first … last of a row, merged when there are several."""
    if first == last:
        sheet.write_string(row, first, text, style)
    else:
        sheet.merge_range(row, first, row, last, text, style)


def draw_header(sheet: Sheet, columns: list[Column], top: int, depth: int, style: Style) -> None:
    """Header rows: a group is merged over its columns, a column without a group over both rows."""
    i = 0
    while i < len(columns):
        path = columns[i].path
        if len(path) < depth:
            if depth == 1:
                sheet.write_string(top, i, path[0], style)
            else:
                sheet.merge_range(top, i, top + depth - 1, i, path[0], style)
            i += 1
            continue
        members = [j for j in range(i, len(columns)) if len(columns[j].path) == depth and columns[j].path[0] == path[0]]
        if depth == 2:
            across(sheet, top, i, members[-1], path[0], style)
        for j in members:
            sheet.write_string(top + depth - 1, j, columns[j].path[-1], style)
        i = members[-1] + 1


def add_lists(
    book: xlsxwriter.Workbook, sheet: Sheet, form: Form, paths: list[str], first_row: int, last_row: int
) -> None:
    """Drop-downs over the drawn rows: inside the validation, or on the hidden sheet 字典."""
    apart = book.add_worksheet("字典") if form.lists_apart else None
    for n, (path, choices) in enumerate(form.lists.items()):
        source: Any = list(choices)
        if apart is not None:
            apart.write_column(0, n, [path, *choices])
            source = f"=字典!{xl_range_abs(1, n, len(choices), n)}"
        column = paths.index(path)
        rule = {
            "validate": "list",
            "source": source,
            "error_title": "请从下拉中选择",
            "error_message": "只能填写下拉列表里的内容。",
        }
        sheet.data_validation(first_row, column, last_row, column, rule)
    if apart is not None:
        apart.hide()


def draw(form: Form, folder: Path) -> Path:
    """One table, at its path under the folder."""
    file = folder / f"{form.path}.xlsx"
    columns = columns_of(form)
    paths = ["/".join(column.path) for column in columns]
    depth = max(len(column.path) for column in columns)
    last = len(columns) - 1
    with open_book(file, form.title) as book:
        sheet = book.add_worksheet(form.sheet)
        body = {"font_name": form.font, "font_size": 11, "valign": "vcenter"}
        grid = {**body, "border": 1, "align": "center", "text_wrap": True}
        head = {**grid, "font_name": form.head_font, "bold": form.head_font != "黑体"}
        if form.fill:
            head["bg_color"] = f"#{form.fill}"
        styles = {name: book.add_format(style) for name, style in {"head": head, "grid": grid, "info": body}.items()}
        title = book.add_format(
            {"font_name": "宋体", "font_size": 18, "bold": True, "align": "center", "valign": "vcenter"}
        )
        right = book.add_format({**body, "align": "right"})
        note = book.add_format({**body, "font_size": 10, "text_wrap": True, "valign": "vcenter"})

        for i, column in enumerate(columns):
            sheet.set_column(i, i, column.width)
        across(sheet, 0, 0, last, form.title, title)
        sheet.set_row(0, 36)
        for text, first, end in form.info:
            across(sheet, 1, first, end, text, right if end == last else styles["info"])
        sheet.set_row(1, 22)
        draw_header(sheet, columns, 2, depth, styles["head"])
        for row in range(2, 2 + depth):
            sheet.set_row(row, header_height(columns, depth))

        first_row, last_row = 2 + depth, 1 + depth + form.drawn
        cells = [book.add_format({**grid, "num_format": column.number, **_ALIGNED[column.align]}) for column in columns]
        for row in range(first_row, last_row + 1):
            sheet.set_row(row, 24)
            for i, style in enumerate(cells):
                sheet.write_blank(row, i, None, style)
        row = last_row + 1
        if form.total:
            draw_total(book, sheet, form, columns, (first_row, last_row), grid)
            row += 1
        if form.foot:
            for text, first, end in form.foot:
                across(sheet, row, first, end, text, styles["info"])
            sheet.set_row(row, 24)
            row += 1
        for text in form.notes:
            across(sheet, row, 0, last, text, note)
            sheet.set_row(row, form.note_height)
            row += 1
        across(sheet, row, 0, last, form.sign, styles["info"])
        sheet.set_row(row, 28)
        add_lists(book, sheet, form, paths, first_row, last_row)
        sheet.freeze_panes(first_row, 0)
        set_up(sheet, paper=form.paper, last_header_row=first_row - 1, pages=form.pages)
        sheet.print_area(0, 0, row, last)
    return file


def header_height(columns: list[Column], depth: int) -> float:
    """Row height in points that shows the longest header; a character of 11 pt takes two units of width."""
    lines = max(-(-2 * len(column.path[-1]) // max(1, int(column.width) - 1)) for column in columns)
    return max(24, 15 * lines + 6 if depth == 1 else 22)


def draw_total(
    book: xlsxwriter.Workbook,
    sheet: Sheet,
    form: Form,
    columns: list[Column],
    rows: tuple[int, int],
    grid: dict[str, Any],
) -> None:
    """Row 合计 under the drawn rows, its formulas over them; 0 until something is filled in."""
    at = rows[1] + 1
    letters = {"/".join(column.path): xl_col_to_name(i) for i, column in enumerate(columns)}
    ranges = {path: f"{letter}{rows[0] + 1}:{letter}{rows[1] + 1}" for path, letter in letters.items()}
    sheet.set_row(at, 24)
    for i, column in enumerate(columns):
        path = "/".join(column.path)
        style = book.add_format({**grid, "bold": True, "num_format": "0" if column.number == "@" else column.number})
        if path in form.total:
            formula = re.sub(r"\{([^}]+)\}", lambda found: ranges[found[1]], form.total[path])
            sheet.write_formula(at, i, f"={formula}", style, "—" if formula.startswith("IF") else 0)
        elif i:
            sheet.write_blank(at, i, None, style)
    across(
        sheet,
        at,
        0,
        1 if "/".join(columns[1].path) not in form.total else 0,
        "合计",
        book.add_format({**grid, "bold": True}),
    )


def draw_card(folder: Path) -> Path:
    """Household card: label and value cells, a block of 8 member lines, notes, signature."""
    file = folder / "juwei" / "household_card.xlsx"
    with open_book(file, "家庭户登记卡") as book:
        sheet = book.add_worksheet("登记卡")
        body = {"font_name": "仿宋", "font_size": 12, "valign": "vcenter"}
        grid = {**body, "border": 1, "align": "center", "text_wrap": True}
        label = book.add_format({**grid, "font_name": "黑体", "bg_color": "#F2F2F2"})
        value = book.add_format({**grid, **_ALIGNED["left"], "num_format": "@"})
        member = {**grid, "font_size": 11}
        line, text_line = book.add_format(member), book.add_format({**member, "num_format": "@"})
        title = book.add_format(
            {"font_name": "宋体", "font_size": 18, "bold": True, "align": "center", "valign": "vcenter"}
        )
        for i, (_, width) in enumerate(CARD_COLUMNS):
            sheet.set_column(i, i, width)
        across(sheet, 0, 0, 9, "家庭户登记卡（一户一档）", title)
        sheet.set_row(0, 36)
        across(sheet, 1, 0, 9, "填报单位：____________", book.add_format(body))
        sheet.set_row(1, 22)
        for row, text, first, last, end in CARD_CELLS:
            across(sheet, row - 1, first, last, text, label)
            across(sheet, row - 1, last + 1, end, "□自住　□出租　□空置" if text == "房屋状态" else "", value)
        across(sheet, 6, 0, 9, "家 庭 成 员 情 况", label)
        for i, (header, _) in enumerate(CARD_COLUMNS):
            sheet.write_string(7, i, header, label)
            for row in range(8, 16):
                sheet.write_blank(
                    row, i, None, text_line if header in {"出生日期", "公民身份号码", "联系电话"} else line
                )
        for row in range(2, 16):
            sheet.set_row(row, 32)
        note = book.add_format({**body, "font_size": 10})
        across(
            sheet,
            16,
            0,
            9,
            "填表说明：一户一卡；成员超过8人的另加一张；“人员类型”填户籍、流动或境外；房屋状态以最近一次核实为准。",
            note,
        )
        across(
            sheet,
            17,
            0,
            9,
            "填表人：                    网格员：                    居委会（盖章）：",
            book.add_format(body),
        )
        sheet.set_row(16, 20)
        sheet.set_row(17, 30)
        set_up(sheet, paper=A4, last_header_row=1)
        sheet.print_area(0, 0, 17, 9)
    return file


def write_sha(template: Path) -> bool:
    """Put the template's sha256 into the mapping beside it; False when the mapping already has it."""
    mapping = template.with_suffix(".yaml")
    text = mapping.read_text(encoding="utf-8")
    digest = hashlib.sha256(template.read_bytes()).hexdigest()
    changed = re.sub(r"sha256: *[0-9a-z]+", f"sha256: {digest}", text, count=1)
    if changed != text:
        mapping.write_text(changed, encoding="utf-8")
    return changed != text


def draw_all(folder: Path = MAPPINGS) -> list[Path]:
    """Every template, drawn under a folder laid out like mappings/."""
    for path in ("juwei/household_card", *(form.path for form in FORMS)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    return [*(draw(form, folder) for form in FORMS), draw_card(folder)]


def main() -> None:
    """Redraw; with --write-sha also bind the mappings to what was drawn."""
    parser = argparse.ArgumentParser(description="重画 mappings/ 下的全部空白表模板")
    parser.add_argument("--write-sha", action="store_true", help="把每个模板的 sha256 写进旁边的映射文件")
    wanted = parser.parse_args()
    for template in draw_all():
        if wanted.write_sha:
            write_sha(template)


if __name__ == "__main__":
    main()
