"""answer: an entity of the SCHEMA → an empty workbook to collect it with: one sheet to fill, one that explains."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

from oneform.frames import LISTS
from oneform.schema import Field, Schema, header_key
from oneform.schema import aliases as aliases_of

ROWS = 5000  # rows with drop-downs
EXPLAINED = "填写说明"

# The one input sheet, in the words and the order grid workers already use; each is a known header of its field.
_PERSON = (
    *("姓名", "证件类型", "证件号码", "性别", "出生日期", "手机", "小区", "楼栋", "单元", "室", "网格", "与户主关系"),
    *("户主证件号", "人员类型", "户籍地区划", "户籍地详址", "现住地详址", "迁入时间", "迁出日期", "房屋状态"),
    *("房主联系电话", "关爱类别", "工作/学习单位", "民族", "政治面貌", "备注"),
)
_PERSON_KEY = ("姓名", "证件号码", "手机")  # how a row of an event says whom it is about

_HOW = {
    "resident_id": "18 位，最后一位可以是 X",
    "phone": "11 位手机号；座机带区号",
    "date": "写成 2026-11-20；只知道月份写 2026-11",
    "address": "写到门牌，如 幸福小区3栋2单元501室",
    "code": "从下拉里选",
    "boolean": "填 是 或 否",
    "integer": "填整数",
    "decimal": "填数字，不写单位",
    "uscc": "18 位",
}
_RULES = (
    "一行填一条，不要合并单元格，不要增删或改名表头，不要留空行。",
    "带 * 的列必须填；其他列知道多少填多少，不知道就空着，不要填「不详」「/」。",
    "证件号、电话、编号都按文本填写，本表已把这些列设成文本格式；从别处粘贴时请选「只粘贴文字」。",
    "有下拉的列请从下拉里选；浅色表头的列空着会自动推算。",
    "填好后直接交回这个文件。填过的内容以后不会再问。",
)
_WIDTHS = {
    "resident_id": 22,
    "phone": 15,
    "date": 13,
    "address": 34,
    "text": 14,
    "name": 12,
    "code": 13,
    "boolean": 10,
    "integer": 10,
    "decimal": 12,
    "uscc": 22,
}
_NARROW = {"楼栋": 8, "单元": 8, "室": 9, "性别": 7, "小区": 16, "备注": 24, "工作/学习单位": 22}
_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
_LINE = {"border": 1, "border_color": "#C9D3DC"}
_MADE = datetime(2020, 1, 1)  # noqa: DTZ001 - a fixed date: the same schema gives the same bytes


@dataclass(frozen=True)
class _Column:
    """One column to fill: its header without the mark, the field behind it, and its choices in order."""

    header: str
    field: Field
    choices: tuple[str, ...]

    @property
    def required(self) -> bool:
        return self.field.ask == "always"

    @property
    def note(self) -> str:
        """How to fill it; what the schema says comes before what the kind says."""
        said = self.field.note or _HOW.get(self.field.kind, "")
        return said or ("空着会自动推算" if self.field.derive else "")


def template(schema: Schema, entity: str, *, switched_on: Collection[str] = ()) -> bytes:
    """Workbook (.xlsx) to collect an entity; the same schema gives the same bytes.

    A person's has the columns of the one input sheet; another entity's has every field that can be imported, an
    event's led by those that say whose it is. Fields that need a stated purpose are left out unless their names are in
    `switched_on`. KeyError for an entity the schema does not have.
    """
    columns = _columns(schema, entity, switched_on)
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {"in_memory": True})
    workbook.set_properties({"title": f"{schema.entities[entity].zh}采集表", "author": "oneform", "created": _MADE})
    sheet = workbook.add_worksheet(schema.entities[entity].zh)
    explained = workbook.add_worksheet(EXPLAINED)
    places = _write_lists(workbook, columns)
    _write_table(workbook, sheet, columns, places)
    _write_explained(workbook, explained, schema.entities[entity].zh, columns)
    sheet.activate()
    workbook.close()
    return content.getvalue()


def _columns(schema: Schema, entity: str, switched_on: Collection[str]) -> list[_Column]:
    known = {
        key: schema.entities[owner].fields[name]
        for key, owner, name, alone, denied in aliases_of(schema).iter_rows()
        if alone and not denied
    }
    if entity == "person":
        headers = dict.fromkeys(_PERSON)
    else:
        subject = schema.entities[entity].event
        key = _PERSON_KEY if subject == "person" else _key_labels(schema, subject) if subject else ()
        headers = dict.fromkeys((*key, *(one.zh for one in schema.entities[entity].stored)))
    found = [(header, known[header_key(header)]) for header in headers if header_key(header) in known]
    return [
        _Column(header, one, choices_of(schema, one))
        for header, one in found
        if not one.necessity or one.name in switched_on
    ]


def _key_labels(schema: Schema, subject: str) -> tuple[str, ...]:
    entity = schema.entities[subject]
    return tuple(entity.fields[name].zh for name in entity.identify[-1] if name in entity.fields)


def choices_of(schema: Schema, one: Field) -> tuple[str, ...]:
    """What may be chosen in a cell of the field, in the order of its list; () for free text."""
    if one.kind == "boolean":
        return ("是", "否")
    return tuple(schema.codes[one.codes].labels.values()) if one.codes else ()


def _write_lists(workbook: xlsxwriter.Workbook, columns: list[_Column]) -> dict[tuple[str, ...], str]:
    """Write the lists sheet; gives the range of each list of choices."""
    sheet = workbook.add_worksheet(LISTS)
    sheet.very_hidden()
    places: dict[tuple[str, ...], str] = {}
    for one in columns:
        if one.choices and one.choices not in places:
            at = len(places)
            for row, text in enumerate((one.field.codes or "是否", *one.choices)):
                sheet.write_string(row, at, text)
            places[one.choices] = "=" + xlsxwriter.utility.xl_range_formula(LISTS, 1, at, len(one.choices), at)
    return places


def _write_table(
    workbook: xlsxwriter.Workbook,
    sheet: xlsxwriter.worksheet.Worksheet,
    columns: list[_Column],
    places: dict[tuple[str, ...], str],
) -> None:
    head = {**_FONT, "bold": True, "align": "center", "text_wrap": True, "border": 1, "border_color": "#FFFFFF"}
    required = workbook.add_format({**head, "bg_color": "#1F5C7A", "font_color": "#FFFFFF"})
    wanted = workbook.add_format({**head, "bg_color": "#4E8FAE", "font_color": "#FFFFFF"})
    derived = workbook.add_format({**head, "bg_color": "#D7E6EE", "font_color": "#1F3B4A"})
    text = workbook.add_format({**_FONT, **_LINE, "num_format": "@"})
    number = workbook.add_format({**_FONT, **_LINE})
    sheet.set_default_row(20)
    sheet.set_row(0, 32)
    for at, one in enumerate(columns):
        plain = one.field.kind in {"integer", "decimal"}
        sheet.set_column(at, at, _width(one), number if plain else text)
        style = required if one.required else derived if one.field.derive else wanted
        sheet.write_string(0, at, f"*{one.header}" if one.required else one.header, style)
        if one.note:
            size = {"width": 190, "height": 24 + 18 * (1 + len(one.note) // 13)}
            sheet.write_comment(0, at, one.note, {**size, "author": "oneform", "font_size": 9, "color": "#FFFBE6"})
        if one.choices:
            warning = {"error_type": "warning", "error_title": "不在可选范围内", "error_message": "请从下拉里选。"}
            rule = {"validate": "list", "source": places[one.choices], **warning}
            sheet.data_validation(1, at, ROWS, at, rule)
    sheet.freeze_panes(1, 1 if columns and columns[0].header == "姓名" else 0)
    sheet.set_landscape()
    sheet.set_paper(8 if len(columns) > 14 else 9)  # A3 for wide sheets, else A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _width(one: _Column) -> float:
    least = 2.2 * len(one.header) + 3
    return max(_NARROW.get(one.header, _WIDTHS.get(one.field.kind, 14)), min(least, 24))


def _write_explained(
    workbook: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, zh: str, columns: list[_Column]
) -> None:
    title = workbook.add_format({**_FONT, "bold": True, "font_size": 16, "font_color": "#1F5C7A"})
    plain = workbook.add_format({**_FONT, "text_wrap": True})
    head = workbook.add_format({**_FONT, **_LINE, "bold": True, "bg_color": "#1F5C7A", "font_color": "#FFFFFF"})
    cell = workbook.add_format({**_FONT, **_LINE, "text_wrap": True})
    mark = workbook.add_format({**_FONT, **_LINE, "align": "center"})
    sheet.hide_gridlines(2)
    for at, width in enumerate((20, 8, 44, 60)):
        sheet.set_column(at, at, width)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, f"{zh}采集表 填写说明", title)
    for row, rule in enumerate(_RULES, start=1):
        sheet.merge_range(row, 0, row, 3, f"{row}．{rule}", plain)
        sheet.set_row(row, 20)
    first = len(_RULES) + 2
    for at, label in enumerate(("列名", "必填", "怎么填", "可选内容")):
        sheet.write_string(first, at, label, head)
    sheet.set_row(first, 22)
    for row, one in enumerate(columns, start=first + 1):
        choices = _named(one.choices)
        sheet.write_string(row, 0, one.header, cell)
        sheet.write_string(row, 1, "*" if one.required else "", mark)
        sheet.write_string(row, 2, one.note, cell)
        sheet.write_string(row, 3, choices, cell)
        sheet.set_row(row, 20 * max(_lines(one.note, 44), _lines(choices, 60)))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _lines(text: str, width: int) -> int:
    """Lines a text takes in a column of so many half-width characters, at least one."""
    return max(1, -(-sum(2 if ord(sign) > 255 else 1 for sign in text) // width))


def _named(choices: tuple[str, ...]) -> str:
    """Choices in one line; a long list is cut after twelve and counted."""
    rest = f" 等 {len(choices)} 项，见下拉" if len(choices) > 12 else ""
    return "、".join(choices[:12]) + rest
