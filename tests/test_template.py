"""answer.template: the empty workbook opens everywhere, asks only what it may, and reads back by its own headers."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from oneform import schema
from oneform.answer.template import LISTS, ROWS, template

ROOT = Path(__file__).parents[1]

# The one input sheet; the last two but one only where a mapping states their purpose.
PERSON = [
    *("*姓名", "证件类型", "*证件号码", "性别", "出生日期", "手机", "小区", "楼栋", "单元", "室", "网格", "与户主关系"),
    *("户主证件号", "人员类型", "户籍地区划", "户籍地详址", "现住地详址", "迁入时间", "迁出日期", "房屋状态"),
    *("房主联系电话", "关爱类别", "工作/学习单位", "民族", "政治面貌", "备注"),
]


@pytest.fixture(scope="module")
def shipped() -> schema.Schema:
    return schema.load(ROOT / "schemas")


@pytest.fixture(scope="module")
def person(shipped):
    return openpyxl.load_workbook(
        io.BytesIO(template(shipped, "person", switched_on={"ethnicity", "political_status"}))
    )


def _headers(content: bytes) -> list[str]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()[0]


def test_person_has_the_26_columns(shipped):
    assert _headers(template(shipped, "person", switched_on={"ethnicity", "political_status"})) == PERSON


def test_sensitive_columns_are_off_until_a_purpose_is_stated(shipped):
    assert _headers(template(shipped, "person")) == [text for text in PERSON if text not in {"民族", "政治面貌"}]


def test_sheets(person):
    assert [(sheet.title, sheet.sheet_state) for sheet in person] == [
        ("居民", "visible"),
        ("填写说明", "visible"),
        (LISTS, "veryHidden"),
    ]
    assert person["居民"].freeze_panes == "B2"
    assert person["填写说明"]["A1"].value == "居民采集表 填写说明"


def test_ids_phones_and_dates_are_text_columns(person):
    sheet = person["居民"]
    formats = {at: one.number_format for one in sheet.column_dimensions.values() for at in range(one.min, one.max + 1)}

    assert formats == dict.fromkeys(range(1, len(PERSON) + 1), "@")


def test_drop_downs_hold_the_names_of_the_code_list(person, shipped):
    rules = {str(rule.sqref): rule.formula1 for rule in person["居民"].data_validations.dataValidation}

    assert set(rules) == {f"{c}2:{c}{ROWS + 1}" for c in ("B", "D", "L", "N", "T", "V", "X", "Y")}
    place = rules[f"X2:X{ROWS + 1}"]
    assert place.startswith((f"{LISTS}!$", f"'{LISTS}'!$"))
    cells = person[LISTS][place.split("!")[1].replace("$", "")]
    assert [cell.value for (cell,) in cells] == list(shipped.codes["gb3304_ethnic"].labels.values())


def test_notes_say_how_to_fill(person):
    assert person["居民"]["A1"].comment.text.startswith("按证件填写")
    assert "推算" in person["居民"]["D1"].comment.text


def test_equal_bytes(shipped):
    assert template(shipped, "household") == template(shipped, "household")


def test_an_event_says_whose_it_is(shipped):
    assert _headers(template(shipped, "vaccination"))[:5] == ["*姓名", "*证件号码", "手机", "接种剂次", "接种时间"]
    assert _headers(template(shipped, "stock_txn"))[:2] == ["*物资名称", "*出入库日期"]
    assert _headers(template(shipped, "target"))[:2] == ["*区域名称", "*区域级别"]


def test_numbers_are_not_text(shipped):
    sheet = openpyxl.load_workbook(io.BytesIO(template(shipped, "stock_item")))["物资"]

    assert sheet["E1"].value == "安全库存"
    assert sheet.column_dimensions["E"].number_format == "General"


def test_every_header_of_every_template_is_known_alone(shipped):
    known = set(schema.aliases(shipped).filter("alone", ~schema.aliases(shipped)["denied"])["key"])
    for entity in shipped.entities:
        headers = _headers(template(shipped, entity))
        assert headers, entity
        assert {schema.header_key(text) for text in headers} <= known, entity


def test_no_template_asks_for_what_is_derived_denied_or_off(shipped):
    denied = set(schema.aliases(shipped).filter("denied")["key"])
    for name, entity in shipped.entities.items():
        keys = {schema.header_key(text) for text in _headers(template(shipped, name))}
        off = {one.zh for one in entity.fields.values() if one.necessity or one.virtual or one.output_only}
        assert not keys & (denied | {schema.header_key(text) for text in off}), name


def test_unknown_entity(shipped):
    with pytest.raises(KeyError):
        template(shipped, "nobody")
