"""Outgoing values against the template's own rules, before the file leaves: lengths, numbers, dates, times."""

from __future__ import annotations

import polars as pl
import pytest
from fill_templates import card, card_mapping, inject, mapping, members, people, report, roster

from oneform import fill
from oneform.frames import CardReport

SHEET = "xl/worksheets/sheet1.xml"
TYPES = 'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"'


def rule(attributes: str, *formulas: str | int, sqref: str = "G5", x14: bool = False) -> bytes:
    """The roster with one rule in place of its own; G is 备注."""
    own = "".join(
        f"<x14:formula{n}><xm:f>{f}</xm:f></x14:formula{n}>" if x14 else f"<formula{n}>{f}</formula{n}>"
        for n, f in enumerate(formulas, 1)
    )
    one = f'<dataValidation {attributes} sqref="{sqref}">{own}</dataValidation>'
    classic = f'<dataValidations count="1">{one}</dataValidations>'
    other = (
        f'<ext uri="{{CCE6A557}}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" {TYPES}>'
        f'<x14:dataValidations count="1"><x14:dataValidation {attributes}>{own}<xm:sqref>{sqref}</xm:sqref>'
        "</x14:dataValidation></x14:dataValidations></ext>"
    )

    def put(xml: bytes) -> bytes:
        start, end = xml.index(b"<dataValidations"), xml.index(b"</dataValidations>") + len(b"</dataValidations>")
        if x14:
            before, last, after = (xml[:start] + xml[end:]).rpartition(b"<extLst>")
            return before + last + other.encode() + after
        return xml[:start] + classic.encode() + xml[end:]

    return inject(roster(), {SHEET: put})


def bad(template: bytes, *values: object) -> list[int]:
    """Which of the values are reported, by their index; each in its own cell of 备注."""
    found = problems(template, *values)
    assert found["code"].unique().to_list() in ([], ["OF610"])
    assert found["column"].unique().to_list() in ([], [7])
    return [row - 5 for row in found["row"]]


def problems(template: bytes, *values: object) -> pl.DataFrame:
    records = people(len(values)).with_columns(pl.Series("备注", values, strict=False))
    return fill.render(fill.compile(template, mapping()), report(records)).problems


@pytest.mark.parametrize("x14", [False, True])
@pytest.mark.parametrize(
    ("attributes", "formulas", "values", "expected"),
    [
        ('type="textLength" operator="lessThanOrEqual"', (3,), ["一二三", "一二三四", "", None, "𠮷𠮷"], [1, 4]),
        ('type="textLength"', (2, 4), [12, 1, 12345], [1, 2]),
        ('type="whole"', (0, 150), ["12", "12.5", "200", "十二", None, "-1"], [1, 2, 3, 5]),
        ('type="whole"', (0, 150), [12, 200], [1]),
        ('type="decimal" operator="greaterThan"', (0,), [0.5, 0.0, -1.0, None], [1, 2]),
        ('type="decimal" operator="notBetween"', (1, 2), ["1.5", "3"], [0]),
        ('type="whole" operator="equal"', (5,), ["5", "6"], [1]),
        ('type="whole" operator="notEqual"', (5,), ["5", "6"], [0]),
        ('type="decimal" operator="lessThan"', (5,), ["5", "4.9"], [0]),
        ('type="decimal" operator="greaterThanOrEqual"', (5,), ["5", "4.9"], [1]),
        (
            'type="date"',
            (43831, 46387),  # 2020-01-01 to 2026-12-31
            [
                "2026-11-20",
                "2019/12/31",
                "2026年11月20日",
                "2026年2月",
                "20261120",
                "不详",
                "2026-02-30",
                "2026-12-31 8:30",
            ],
            [1, 4, 5, 6, 7],
        ),
        ('type="date" operator="lessThanOrEqual"', ("DATE(2026,11,20)",), ["2026-11-20", "2026-11-21"], [1]),
        ('type="time"', ("0.25", "0.75"), ["8:30", "23:00", "06:00:00", "二点"], [1, 3]),
        # what cannot be told is left alone
        ('type="date" operator="lessThan"', ("TODAY()",), ["9999-01-01"], []),
        ('type="custom"', ("LEN(G5)&lt;3",), ["一二三四"], []),
        ('type="none"', (), ["一二三四"], []),
        ('type="whole" operator="equal"', ("字典!$A$1",), ["6"], []),
    ],
)
def test_a_value_that_breaks_a_rule_is_reported(attributes, formulas, values, expected, x14):
    assert bad(rule(attributes, *formulas, x14=x14), *values) == expected


def test_a_bound_may_stand_in_a_fixed_cell():
    template = inject(
        rule('type="whole" operator="lessThan"', "$J$1"),
        {SHEET: lambda x: x.replace(b"</row>", b'<c r="J1"><v>10</v></c></row>', 1)},
    )
    assert bad(template, "9", "10") == [1]


def test_dates_of_an_old_mac_workbook_start_later():
    template = inject(
        rule('type="date" operator="equal"', 0),
        {"xl/workbook.xml": lambda x: x.replace(b"<workbookPr", b'<workbookPr date1904="1"')},
    )
    assert bad(template, "1904-01-01", "1899-12-30") == [1]


@pytest.mark.parametrize(
    ("attributes", "formulas", "value", "message"),
    [
        (
            'type="textLength" operator="lessThanOrEqual"',
            (18,),
            "1" * 20,
            "登记表!G5 的值不合模板的数据验证：只允许字数不大于 18，现为 20 个字。请改数据，或请下发表格的部门改模板。",
        ),
        (
            'type="whole"',
            (0, 150),
            "三百",
            "登记表!G5 的值不合模板的数据验证：只允许0 至 150 的整数。请改数据，或请下发表格的部门改模板。",
        ),
        (
            'type="date" operator="greaterThan"',
            (43831,),
            "不详",
            "登记表!G5 的值不合模板的数据验证：只允许大于 2020-01-01 的日期。请改数据，或请下发表格的部门改模板。",
        ),
        (
            'type="time" operator="lessThan"',
            ("0.5",),
            "13:00",
            "登记表!G5 的值不合模板的数据验证：只允许小于 12:00 的时间。请改数据，或请下发表格的部门改模板。",
        ),
    ],
)
def test_the_message_shows_the_rule_and_never_the_value(attributes, formulas, value, message):
    found = problems(rule(attributes, *formulas), value).row(0, named=True)
    assert found["message"] == message
    assert value not in found["message"] + found["message_en"]
    assert found["level"] == "错误"


def test_labelled_cells_and_lines_of_cards_are_checked():
    rules = (
        b'<dataValidation type="textLength" operator="equal" sqref="E3"><formula1>11</formula1></dataValidation>'
        b'<dataValidation type="textLength" operator="equal" sqref="C8:C10"><formula1>18</formula1></dataValidation>'
    )
    template = inject(
        card(), {"xl/worksheets/sheet2.xml": lambda x: x.replace(b"</dataValidations>", rules + b"</dataValidations>")}
    )
    lines = members(3).with_columns(pl.Series("公民身份号码", ["1" * 18, "1" * 15, None]))
    drafts = (
        CardReport("1-1", {"联系电话": "1380013800"}, {"成员": lines}),
        CardReport("1-2", {"联系电话": "13800138000"}, {"成员": members(2)}),
    )
    result = fill.render(fill.compile(template, card_mapping()), report(pl.DataFrame(), cards=drafts))
    assert sorted(result.problems.select("code", "sheet", "row", "column").rows()) == [
        ("OF610", "1-1", 3, 5),
        ("OF610", "1-1", 9, 3),
    ]
