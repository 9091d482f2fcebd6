"""answer.problem_workbook: what is wrong stands at its cell, and the mended workbook comes in like any sheet."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from oneform.answer.problem_workbook import file_name, problem_workbook
from oneform.cli.group import oneform
from oneform.pipeline import Checked, Workspace, check_sheet, hand_back, problem_workbook_of
from oneform.schema import Schema
from tests.conftest import TODAY
from tests.sheets import workbook

PINK, YELLOW = "FFFFC7CE", "FFFFEB9C"

ROSTER = """
| 第三网格人口信息表 | < | < | < | < | < | < |
| 填报日期：2026-11-18 | < | < | < | < | < | < |
| 户号 | 个人信息 | < | < | < | < | 与户主关系 |
| ^ | 姓名 | 身份证号 | 性别 | 出生日期 | 联系电话 | ^ |
| 1 | 张伟 | 110101198001010010 | 男 | num:29221 | 13800000001 | 户主 |
| ^ | 李娜 | 110101199003070290 | 女 | 1990-03-07 | 1380000000 | 配偶 |
| 2 | 王芳 | 110101197001010024 | 女 | 1970-01-01 | 13800000003 | 户主 |
| 3 | 陈静 | num:110101196001010000 | 公 | num:1960.1 | err:#N/A | 户主 |
| 4 | =1+1 | 110101198501010017 | 男 | 1985-01-01 | 13800000009 | 户主 |
| 5 | | | 男 | 1985-01-01 | 13800000010 | 户主 |
| 合计 | 6 | | | | | |
"""
# where each problem of ROSTER stands on the sheet handed back: columns one to the right, 王芳's row gone
WRONG = {"D6": PINK, "G6": PINK, "D7": PINK, "E7": PINK, "F7": PINK, "G7": PINK, "C8": YELLOW}


@pytest.fixture
def checked(tmp_path: Path, schema: Schema) -> Checked:
    return check_sheet(workbook(tmp_path / "三号网格.xlsx", {"人口": ROSTER}), schema, today=TODAY)


@pytest.fixture
def content(checked: Checked, schema: Schema) -> bytes:
    made = problem_workbook_of(checked, schema)
    assert made is not None
    return made[1]


@pytest.fixture
def people(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content))["人口"]


def found(checked: Checked) -> list[tuple[int, str | None, str]]:
    return checked.problems.select("row", "field", "code").sort("row", "field", "code").rows()


def test_only_failing_rows_and_their_household_under_the_sheets_own_header(people: Worksheet) -> None:
    assert [[cell.value for cell in row] for row in people.iter_rows(max_row=9, max_col=8)] == [
        [None, "第三网格人口信息表", *[None] * 6],
        [None, "填报日期：2026-11-18", *[None] * 6],
        [None, "户号", "个人信息", None, None, None, None, "与户主关系"],
        ["原行号", None, "姓名", "身份证号", "性别", "出生日期", "联系电话", None],
        ["5", "1", "张伟", "110101198001010010", "男", "1980-01-01", "13800000001", "户主"],
        ["6", "1", "李娜", "110101199003070290", "女", "1990-03-07", "1380000000", "配偶"],
        ["8", "3", "陈静", "110101196001010000", "公", "1960.1?", None, "户主"],
        ["9", "4", "=1+1", "110101198501010017", "男", "1985-01-01", "13800000009", "户主"],
        ["10", "5", None, None, "男", "1985-01-01", "13800000010", "户主"],
    ]
    assert {str(merge) for merge in people.merged_cells.ranges} == {"B1:H1", "B2:H2", "B3:B4", "C3:G3", "H3:H4"}
    assert people.column_dimensions["A"].hidden
    assert people.freeze_panes == "A5"
    assert people.auto_filter.ref == "B4:I9"


def test_every_problem_has_its_fill_and_its_comment(people: Worksheet) -> None:
    cells = [cell for row in people.iter_rows(min_row=5, max_col=8) for cell in row]
    assert {cell.coordinate: cell.fill.fgColor.rgb for cell in cells if cell.fill.fill_type} == WRONG
    assert {cell.coordinate for cell in cells if cell.comment} == set(WRONG)
    assert people["G6"].comment.text.startswith("错误：「个人信息/联系电话」不是能拨通的号码")
    assert "#N/A" in people["G7"].comment.text


def test_the_last_column_says_it_again_as_text(people: Worksheet) -> None:
    assert people["I4"].value == "错误说明"
    assert people["I5"].value is None
    first, second = people["I6"].value.split("；")
    assert first.startswith("【个人信息/身份证号】第 18 位校验不符")
    assert second.startswith("【个人信息/联系电话】不是能拨通的号码")
    assert people["I9"].value.startswith("这一行既没有姓名也没有证号")
    assert people["I9"].fill.fgColor.rgb == PINK


def test_marked_cells_identifiers_and_phones_are_text_and_nothing_is_a_formula(content: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for row in book["人口"].iter_rows(min_row=5) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    marked = [cell for cell in cells if cell.fill.fill_type]
    assert {cell.number_format for cell in [*marked, *book["人口"]["D"][4:], *book["人口"]["G"][4:]]} == {"@"}
    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("人口").to_python()[7][2] == "=1+1"


def test_code_columns_have_drop_downs(people: Worksheet, schema: Schema) -> None:
    rules = {str(rule.sqref): rule.formula1 for rule in people.data_validations.dataValidation}
    assert set(rules) == {"E5:E9", "H5:H9"}
    lists = people.parent["_码表"]
    assert lists.sheet_state == "veryHidden"
    place = rules["E5:E9"].split("!")[1].replace("$", "")
    assert [cell.value for (cell,) in lists[place]] == list(schema.codes["gb2261_sex"].labels.values())


def test_the_summary_counts_and_leads_to_the_cells(content: bytes) -> None:
    page = openpyxl.load_workbook(io.BytesIO(content))["错误汇总"]
    assert page["A1"].value == "共 6 行：已入库 5，需修改 3（其中 1 行补填后才入库），未读 3"
    lines = {row[0].value: row for row in page.iter_rows() if row[3].hyperlink}
    phone = next(row for what, row in lines.items() if "联系电话" in what and "拨通" in what)
    assert [cell.value for cell in phone[1:4]] == ["错误", 1, "人口!G6"]
    assert phone[3].hyperlink.location == "'人口'!G6"
    assert phone[4].value == "请核对。"
    assert lines["「个人信息/身份证号」被 Excel 存成数字，后几位已丢失"][4].value == "请把整列设为文本后重填。"
    left_out = [[cell.value for cell in row] for row in page.iter_rows() if row[4].value == "合计行"]
    assert left_out == [["人口", None, 1, "第 11 行", "合计行"]]


def test_equal_bytes(checked: Checked, schema: Schema, content: bytes) -> None:
    assert problem_workbook_of(checked, schema) == ("三号网格_需修改_7处.xlsx", content)


def test_everything_on_request(checked: Checked, schema: Schema) -> None:
    whole = problem_workbook(
        checked.workbook,
        checked.tables,
        checked.problems,
        checked.left_out,
        checked.counts,
        schema,
        everything=True,
    )
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(whole)).get_sheet_by_name("人口").to_python()
    assert [row[0] for row in sheet[3:]] == ["原行号", "5", "6", "7", "8", "9", "10"]


def test_unmended_it_has_the_same_problems(checked: Checked, schema: Schema, content: bytes, tmp_path: Path) -> None:
    again = check_sheet(hand_back(tmp_path, "交回.xlsx", content), schema, today=TODAY)
    moved = {5: 5, 6: 6, 8: 7, 9: 8, 10: 9}
    # an error cell is handed back blank: its text is no value
    expected = [(moved[row], field, code) for row, field, code in found(checked) if code != "OF307"]
    assert found(again) == expected
    assert {table.sheet for table in again.tables} == {"人口"}
    assert again.left_out.filter(pl.col("reason").str.starts_with("程序自己加的")).select("sheet", "column").rows() == [
        ("人口", 1),
        ("人口", 9),
        ("错误汇总", None),
        ("_码表", None),
    ]


def test_mended_it_is_taken_in_without_a_problem(workspace: Workspace, tmp_path: Path) -> None:
    outcome = workspace.import_sheet(workbook(tmp_path / "三号网格.xlsx", {"人口": ROSTER}))
    content = workspace.problem_workbook(outcome)
    assert content is not None
    book = openpyxl.load_workbook(io.BytesIO(content))
    mended = {
        "D6": "110101199003070281",
        "G6": "13800000002",
        "C8": "赵六",
        "D7": "11010119600101002X",
        "E7": "女",
        "F7": "1960-01",
        "G7": "13800000004",
        "C9": "孙七",
        "D9": "110101198501010033",
    }
    for place, text in mended.items():
        book["人口"][place].value = text
    book.save(tmp_path / "改好.xlsx")

    second = workspace.import_sheet(tmp_path / "改好.xlsx")

    assert found(second.checked) == []
    assert workspace.problem_workbook(second) is None
    assert second.valid_on == "2026-11-18"
    (extras,) = workspace.store.connection.sql("SELECT DISTINCT extras FROM source_person").pl()["extras"].to_list()
    assert extras is None
    residents = workspace.residents().select("name", "id_number", "birth_date", "phone").sort("phone")
    assert residents.filter(pl.col("phone").is_in(["13800000002", "13800000004", "13800000010"])).rows() == [
        ("李娜", "110101199003070281", "1990-03-07", "13800000002"),
        ("陈静", "11010119600101002X", "1960-01", "13800000004"),
        ("孙七", "110101198501010033", "1985-01-01", "13800000010"),
    ]


def test_rows_named_in_a_sentence_are_those_of_the_new_sheet(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 姓名 | 身份证号 | 联系电话 |
    |---|---|---|
    | 张伟 | 110101198001010010 | 13800000001 |
    | 王芳 | 110101197001010024 | 13800000003 |
    | 李娜 | 11010119900307029X | 13800000002 |
    | 李丽 | 11010119900307029X | 13800000005 |
    """
    made = problem_workbook_of(check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY), schema)
    assert made is not None
    page = openpyxl.load_workbook(io.BytesIO(made[1]))["Sheet1"]
    assert [cell.value for cell in page["B"]] == ["姓名", "李娜", "李丽"]
    assert "（第 2、3 行）" in page["E2"].value


def test_a_whole_column_in_question_brings_all_rows(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 姓名 | 身份证号 | 联系电话 | 联系电话 |
    |---|---|---|---|
    | 张伟 | 110101198001010010 | 13800000001 | |
    | 王芳 | 110101197001010024 | 13800000003 | 13800000008 |
    """
    checked = check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY)
    made = problem_workbook_of(checked, schema)
    assert made is not None
    page = openpyxl.load_workbook(io.BytesIO(made[1]))["Sheet1"]
    assert [cell.value for cell in page["B"]] == ["姓名", "张伟", "王芳"]
    assert page["D1"].fill.fgColor.rgb == PINK
    assert "D、E 列" in page["D1"].comment.text


def test_a_column_not_recognised_is_settled_at_its_header(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 姓名 | 身份证号 | 单位 |
    |---|---|---|
    | 张伟 | 110101198001010011 | 第一中学 |
    | 王芳 | 110101197001010024 | 人民医院 |
    """
    made = problem_workbook_of(check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY), schema)
    assert made is not None
    book = openpyxl.load_workbook(io.BytesIO(made[1]))
    (rule,) = book["Sheet1"].data_validations.dataValidation
    chosen = book["_码表"][rule.formula1.split("!")[1].replace("$", "").split(":")[0]]
    assert str(rule.sqref) == "D1"
    (line,) = [row for row in book["错误汇总"].iter_rows() if row[0].value == "单位"]
    assert line[1].value == "如：第一中学、人民医院"
    assert line[3].value == "Sheet1!D1"
    (offered,) = book["错误汇总"].data_validations.dataValidation
    assert str(offered.sqref) == line[4].coordinate
    place = offered.formula1.split("!")[1].replace("$", "")
    assert next(cell.value for (cell,) in book["_码表"][place]) == chosen.value
    assert [cell.value for (cell,) in book["_码表"][place]][-1] == "都不是（不用导入）"

    book["Sheet1"]["D1"].value = chosen.value
    book.save(tmp_path / "改好.xlsx")
    again = check_sheet(tmp_path / "改好.xlsx", schema, today=TODAY)
    assert [column.field for column in again.tables[0].columns] == ["name", "id_number", "employer"]
    assert again.counts["rows"] == 2


def test_two_tables_one_under_another_each_have_a_sheet(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 姓名 | 身份证号 | 联系电话 |
    | 张伟 | 110101198001010011 | 13800000001 |
    ||
    | 物资名称 | 规格 | 单位 | 安全库存 |
    | 口罩 | N95 | 只 | 许多 |
    """
    checked = check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY)
    made = problem_workbook_of(checked, schema)
    assert made is not None
    book = openpyxl.load_workbook(io.BytesIO(made[1]))
    assert book.sheetnames == ["错误汇总", "Sheet1", "Sheet1(2)", "_码表"]
    assert book["Sheet1"]["C2"].fill.fgColor.rgb == PINK
    first, second = book["Sheet1"], book["Sheet1(2)"]
    assert [[cell.value for cell in row[:5]] for row in first.iter_rows()][1] == [
        *("2", "张伟", "110101198001010011", "13800000001"),
        first["E2"].value,
    ]
    assert second["A3"].value == "5"
    assert second["E3"].fill.fgColor.rgb == PINK


def test_no_problem_no_workbook(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 姓名 | 身份证号 |
    | 张伟 | 110101198001010010 |
    """
    checked = check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY)
    assert problem_workbook_of(checked, schema) is None


@pytest.mark.parametrize(
    ("stem", "n", "name"),
    [
        ("三号网格", 2, "三号网格_需修改_2处.xlsx"),
        ("三号网格_需修改_12处", 1, "三号网格_需修改_1处.xlsx"),
        ("三号网格_需修改_12处(2)", 1, "三号网格_需修改_1处.xlsx"),
        ("三号网格", 0, "三号网格_请核对.xlsx"),
    ],
)
def test_the_file_is_named_for_what_is_left(stem: str, n: int, name: str) -> None:
    assert file_name(stem, n) == name


def test_another_ones_workbook_is_never_overwritten(tmp_path: Path) -> None:
    assert hand_back(tmp_path, "人口_需修改_1处.xlsx", b"one").name == "人口_需修改_1处.xlsx"
    assert hand_back(tmp_path, "人口_需修改_1处.xlsx", b"two").name == "人口_需修改_1处(2).xlsx"
    assert hand_back(tmp_path, "人口_需修改_1处.xlsx", b"one").name == "人口_需修改_1处.xlsx"


def test_a_card_comes_back_as_a_row_under_its_labels(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 居民登记卡 | < | < | < |
    | 姓名 | 张伟 | 性别 | 男 |
    | 身份证号 | 110101198001010011 | 联系电话 | 13800000001 |
    | 现住址 | 阳光小区3栋2单元501室 | 民族 | 汉族 |
    """
    checked = check_sheet(workbook(tmp_path / "卡.xlsx", sheet), schema, today=TODAY)
    made = problem_workbook_of(checked, schema)
    assert made is not None
    again = check_sheet(hand_back(tmp_path, *made), schema, today=TODAY)
    assert [code for _, _, code in found(again)] == ["OF302"]
    assert sorted(c.field or "" for c in again.tables[0].columns) == sorted(
        c.field or "" for c in checked.tables[0].columns
    )


def test_columns_that_miss_are_said_at_the_header_of_the_last(tmp_path: Path, schema: Schema) -> None:
    sheet = """
    | 联系电话 | 现住址 | 性别 | 出生日期 |
    | 13800000001 | 阳光小区3栋2单元501室 | 男 | 1980-01-01 |
    """
    checked = check_sheet(workbook(tmp_path / "a.xlsx", sheet), schema, today=TODAY)
    made = problem_workbook_of(checked, schema)
    assert made is not None
    page = openpyxl.load_workbook(io.BytesIO(made[1]))["Sheet1"]
    assert page["F1"].value == "错误说明"
    assert "缺少「姓名」列" in page["F1"].comment.text


def test_commands_hand_it_back(tmp_path: Path) -> None:
    workbook(tmp_path / "三号网格.xlsx", {"人口": ROSTER})
    shell, place = CliRunner(), ["--workspace", str(tmp_path)]
    assert shell.invoke(oneform, ["init", *place]).exit_code == 0
    given = str(tmp_path / "三号网格.xlsx")

    looked = shell.invoke(oneform, ["check", *place, given, "--json", "-o", str(tmp_path / "问题")])
    taken = shell.invoke(oneform, ["import", *place, given, "--json"])
    repeated = shell.invoke(oneform, ["import", *place, given, "--json"])

    assert [looked.exit_code, taken.exit_code, repeated.exit_code] == [3, 3, 0]
    name = "三号网格_需修改_7处.xlsx"
    assert json.loads(looked.stdout)["problem_workbook"] == str(tmp_path / "问题" / name)
    assert json.loads(taken.stdout)["problem_workbook"] == str(tmp_path / "outbox" / name)
    assert json.loads(repeated.stdout)["problem_workbook"] is None
    for folder, accepted in (("问题", "可入库 5"), ("outbox", "已入库 5")):
        assert accepted in openpyxl.load_workbook(tmp_path / folder / name)["错误汇总"]["A1"].value
