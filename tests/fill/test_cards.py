"""Cards: one sheet or one file each, labelled cells, boxes, member lines and what does not fit."""

from __future__ import annotations

import dataclasses
import io
import re
import warnings
import zipfile

import openpyxl
import polars as pl
import pytest
from fill_templates import PNG, card, card_mapping, inject, members, names, output, part, report

from oneform import fill
from oneform.errors import TemplateError
from oneform.frames import CardReport

HEAD = {"填报单位": "幸福社区", "填表人": "张三", "日期": "2026年11月20日"}


def a_card(name: str, count: int = 2, **cells: object) -> CardReport:
    texts = {"户主姓名": "李0", "联系电话": "13800138000", "住房性质": "☐自有 ☑租住", "现住地址": "1栋", "残疾": "无"}
    return CardReport(name, {**texts, **cells}, {"成员": members(count)})


def render(*cards: CardReport, **more: str):
    compiled = fill.compile(card(), card_mapping(**more))
    return fill.render(compiled, report(pl.DataFrame(), head=HEAD, cards=cards))


def loaded(content: bytes) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(content))


def test_labels_boxes_and_lines_are_filled():
    sheet = loaded(render(a_card("1-1")).content)["1-1"]
    assert [sheet[a].value for a in ("B3", "E3", "B4", "B5", "A6")] == [
        "李0",
        "13800138000",
        "□自有 ☑租住 □单位",
        "1栋",
        "残疾：□有 ☑无",
    ]
    assert [c.value for c in sheet[8][:4]] == ["李0", "户主", "110101199001000000", None]
    assert [c.value for c in sheet[10][:3]] == [None, None, None]
    assert sheet["A2"].value == "填报单位：幸福社区（盖章）"
    assert sheet["A12"].value == "填表人：张三  日期：2026年11月20日"


def test_the_format_inside_a_label_cell_stays():
    strings = part(render(a_card("1-1")).content, "xl/sharedStrings.xml").decode()
    assert re.search(r"<r><rPr><u/>.*?</rPr><t[^>]*>幸福社区</t></r>", strings)


def test_one_sheet_a_card_in_the_patterns_place():
    result = render(a_card("1-1"), a_card("1-2"), a_card("2-1"))
    book = loaded(result.content)
    assert book.sheetnames == ["说明", "1-1", "1-2", "2-1", "附表"]
    assert [book[n].print_area for n in book.sheetnames[1:]] == [
        "'1-1'!$A$1:$F$12",
        "'1-2'!$A$1:$F$12",
        "'2-1'!$A$1:$F$12",
        "'附表'!$A$1:$B$2",
    ]
    assert book["附表"]["A1"].value == "='1-1'!B3"
    assert book.defined_names["户主"].attr_text == "'1-1'!$B$3"
    assert [bool(s.sheet_view.tabSelected) for s in book] == [False, True, False, False, False]
    assert "户卡" not in part(result.content, "xl/workbook.xml").decode()
    assert result.problems.is_empty()


def test_copies_own_their_drawings_and_comments_and_share_pictures():
    content = render(a_card("1-1"), a_card("1-2")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        rels = {n: archive.read(n).decode() for n in archive.namelist() if "worksheets/_rels" in n}
        media = [n for n in archive.namelist() if n.startswith("xl/media/")]
        types = archive.read("[Content_Types].xml").decode()
        listed = archive.namelist()
    targets = {n: re.findall(r'Target="\.\./([^"]+)"', x) for n, x in rels.items()}
    assert len(targets) == 2
    first, second = targets.values()
    assert not set(first) & set(second)
    assert {f"xl/{t}" for t in first + second} <= set(listed)
    assert media == ["xl/media/image1.png"]
    assert part(content, media[0]) == PNG
    assert types.count("drawing+xml") == 2
    assert types.count("comments+xml") == 2


def test_more_members_than_lines_go_on_a_continuation_sheet():
    book = loaded(render(a_card("1-1", 7)).content)
    assert book.sheetnames == ["说明", "1-1", "1-1（续）", "1-1（续2）", "附表"]
    assert [[book[n].cell(r, 1).value for r in (8, 9, 10)] for n in book.sheetnames[1:4]] == [
        ["李0", "李1", "李2"],
        ["李3", "李4", "李5"],
        ["李6", None, None],
    ]
    assert book["1-1（续）"]["B3"].value == "李0"


def test_more_members_than_lines_insert_rows():
    result = render(a_card("1-1", 2), a_card("1-2", 9), overflow="insert_rows")
    book = loaded(result.content)
    sheet = book["1-2"]
    assert [sheet.cell(r, 1).value for r in range(8, 17)] == [f"李{n}" for n in range(9)]
    assert sheet["B17"].value == "=COUNTA(A8:A16)"
    assert sheet["A18"].value.startswith("填表人：张三")
    assert sheet.print_area == "'1-2'!$A$1:$F$18"
    assert str(sheet.data_validations.dataValidation[0].sqref) == "B8:B16"
    assert book["1-1"]["B11"].value == "=COUNTA(A8:A10)"
    assert result.problems.is_empty()


def test_more_members_than_lines_is_a_problem():
    result = render(a_card("1-1", 4), overflow="error")
    problem = result.problems.row(0, named=True)
    assert (problem["code"], problem["sheet"], problem["message"]) == (
        "OF607",
        "1-1",
        "「成员」有 4 行，超过模板能容纳的数量（3）。",
    )


def test_lists_and_boxes_are_checked():
    bad = members(2).with_columns(pl.Series("与户主关系", ["户主", "朋友"]))
    drafted = CardReport("1-1", {"住房性质": "商用"}, {"成员": bad})
    result = render(drafted)
    found = result.problems.select("code", "sheet", "row", "column").rows()
    assert sorted(found) == [("OF606", "1-1", 4, 2), ("OF606", "1-1", 9, 2)]
    assert loaded(result.content)["1-1"]["B9"].value == "朋友"


def test_sheet_names_are_cleaned_unique_and_said():
    result = render(a_card("1/2:3"), a_card("1-2-3"), a_card("附表"), a_card("长" * 40), a_card(""))
    assert loaded(result.content).sheetnames == ["说明", "1-2-3", "1-2-3(2)", "附表(2)", "长" * 31, "未命名", "附表"]
    assert set(result.problems["code"]) == {"OF608"}
    assert result.problems.height == 5


def test_one_file_a_card():
    compiled = fill.compile(card(), card_mapping(one="file"))
    drafted = report(pl.DataFrame(), head=HEAD, cards=(a_card("a/b"), a_card("A-B", 5)))
    files = fill.render_cards(compiled, drafted)
    assert [n for n, _ in files] == ["a-b", "A-B(2)"]
    assert [loaded(f.content).sheetnames for _, f in files] == [
        ["说明", "户卡", "附表"],
        ["说明", "户卡", "户卡（续）", "附表"],
    ]
    again = fill.render_cards(compiled, drafted)
    assert [f.content for _, f in files] == [f.content for _, f in again]


def test_a_file_is_what_a_sheet_of_that_name_would_be():
    """The short way, by one join a card, and the long way write the same bytes."""
    for cells in ({}, {"联系电话": 5, "现住地址": None}, {"住房性质": "商用", "残疾": "有"}):
        drafted = dataclasses.replace(a_card("户卡", 3 - len(cells)), cells={**a_card("").cells, **cells})
        compiled = fill.compile(card(), card_mapping(one="file"))
        one = report(pl.DataFrame(), head=HEAD, cards=(drafted,))
        ((_, short),) = fill.render_cards(compiled, one)
        long = fill.render(compiled, one)
        for name in ("xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"):
            assert part(short.content, name) == part(long.content, name)
        assert (short.cells, short.problems.rows()) == (long.cells, long.problems.rows())


def test_cells_and_rows_the_card_lacks_are_made():
    def without(xml: bytes) -> bytes:
        xml = re.sub(rb'<c r="E3"[^>]*/>', b"", xml)
        return re.sub(rb'<row r="9".*?</row>', b"", xml, flags=re.DOTALL)

    bare = inject(card(), {"xl/worksheets/sheet2.xml": lambda x: re.sub(rb'<c r="[EF]3"[^>]*/>', b"", x)})
    bare_rows = inject(card(), {"xl/worksheets/sheet2.xml": without})
    for template in (bare, bare_rows):
        compiled = fill.compile(template, card_mapping(one="file"))
        ((_, made),) = fill.render_cards(compiled, report(pl.DataFrame(), cards=(a_card("1", 3),)))
        sheet = loaded(made.content)["户卡"]
        assert sheet["E3"].value == "13800138000"
        assert [sheet.cell(r, 1).value for r in (8, 9, 10)] == ["李0", "李1", "李2"]


def test_no_cards_give_the_templates_bytes():
    assert render().content == card()


def test_at_is_a_cross_check_of_labels():
    slot = fill.compile(card(), card_mapping(cells=(output("联系电话", at="E3"),))).slots["联系电话"]
    assert (slot.row, slot.column) == (3, 5)
    with pytest.raises(TemplateError) as refused:
        fill.compile(card(), card_mapping(cells=(output("联系电话", at="B3"),)))
    assert refused.value.code == "OF602"
    assert "户卡!E3" in str(refused.value)


def test_unfilled_parts_are_identical():
    before, after = card(), render(a_card("户卡")).content
    changed = {n for n in names(before) if n not in names(after) or part(before, n) != part(after, n)}
    assert changed == {
        "xl/worksheets/sheet2.xml",
        "xl/worksheets/sheet3.xml",
        "xl/workbook.xml",
        "xl/sharedStrings.xml",
    }
