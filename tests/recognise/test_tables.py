"""Recognise, tables: where header and rows are on the layouts people really use, and what was left out and why."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import sheets

from oneform import problems, recognise
from oneform.errors import WorkbookError
from oneform.frames import LEFT_OUT, NUMBER, PROBLEMS, TEXT, Table, Workbook
from oneform.mapping.model import Mapping, Output, Rows, Template
from oneform.pipeline import load_schema
from oneform.read import cells, worker
from oneform.schema import Schema

SCHEMA = load_schema()  # properties take no fixtures


def read(folder: Path, text: str | dict[str, str], **options) -> Workbook:
    path = sheets.workbook(folder / "表.xlsx", text, **options)
    return worker.parse(path.read_bytes(), path.name)


def one(schema: Schema, folder: Path, text: str | dict[str, str], **options) -> Table:
    (found,) = recognise.tables(read(folder, text, **options), schema)
    return found


def fields(found: Table) -> list[str | None]:
    return [column.field for column in found.columns]


def reasons(found: Table) -> dict[int, str]:
    return {row: reason for _, row, column, reason, _ in found.left_out.rows() if column is None}


def test_plain_header(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 姓名 | 身份证号 | 备注2 |\n| 张三 | 110101198001010010 | 甲 |\n| 李四 | | 乙 |")
    assert (found.sheet, found.header_rows, found.data_rows, found.entity) == ("Sheet1", (1, 1), (2, 3), "person")
    assert fields(found) == ["name", "id_number", None]
    assert found.cells.rows() == [(2, "张三", "110101198001010010", "甲"), (3, "李四", None, "乙")]
    assert found.cells.schema == {"row": pl.Int32, "c1": pl.String, "c2": pl.String, "c3": pl.String}
    assert found.left_out.schema == LEFT_OUT
    assert found.problems.schema == PROBLEMS


def test_title_unit_line_numbers_notes_and_signature(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 幸福社区返乡人员登记表 | < | < | < |
        | 填报单位：幸福社区  填报日期：2026年11月20日 | < | < | < |
        | 序号 | 姓名 | 身份证号 | 联系电话 |
        | num:1 | 张三 | 110101198001010010 | 13800138000 |
        | | | | |
        | num:2 | 李四 | 11010119900307029X | 13900139000 |
        | num:3 | | | |
        | 合 计 | num:2 | | |
        | 填表人： | | 审核人： | |
        | 说明：本表每日报送 | < | < | < |
        """,
    )
    assert found.header_rows == (3, 3)
    assert found.data_rows == (4, 6)
    assert found.facts == {
        "title": "幸福社区返乡人员登记表",
        "fill_unit": "幸福社区",
        "fill_date": "2026-11-20",
        "community": "幸福社区",
    }
    assert reasons(found) == {
        1: "表头以上的标题或说明",
        2: "表头以上的标题或说明",
        5: "空行",
        7: "只有序号，没有内容",
        8: "合计行",
        9: "表尾的签名、说明或其他内容",
        10: "表尾的签名、说明或其他内容",
    }


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("| 所属网格： | 三号网格 | 社区： | 幸福社区 |", {"grid": "三号网格", "community": "幸福社区"}),
        (
            "| 填报单位（盖章）：幸福社区　　联系人：张三 | < | < | < |",
            {"fill_unit": "幸福社区", "community": "幸福社区"},
        ),
        ("| 截至时间：2026-11-20 18:00 | < | < | < |", {"as_of": "2026-11-20", "fill_date": "2026-11-20"}),
        ("| 填报日期： 年 月 日 | < | < | < |", {}),
        ("| 填报单位：_____ | < | < | < |", {}),
    ],
)
def test_what_a_sheet_says_about_itself(schema: Schema, tmp_path: Path, line: str, facts: dict[str, str]) -> None:
    text = f"{line}\n| 姓名 | 身份证号 | 性别 | 联系电话 |\n| 张三 | | 男 | |"
    found = one(schema, tmp_path, text)
    assert found.header_rows == (2, 2)
    assert dict(found.facts) == facts


def test_groups_over_the_header(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 低保户花名册 | < | < | < | < | < |
        | 序号 | 个人信息 | < | 户主 | < | 备注 |
        | ^ | 姓名 | 身份证号 | 姓名 | 身份证号 | ^ |
        | 1 | 张三 | 110101198001010010 | 张大 | 130503196704010016 | |
        """,
    )
    assert found.header_rows == (2, 3)
    assert [c.header for c in found.columns] == [
        "序号",
        "个人信息/姓名",
        "个人信息/身份证号",
        "户主/姓名",
        "户主/身份证号",
        "备注",
    ]
    assert fields(found) == ["seq", "name", "id_number", "head_name", "head_id", "remark"]


def test_groups_that_were_never_merged(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 基本信息 | | | 房东 | |
        | 姓名 | 性别 | 身份证号 | 姓名 | 联系电话 |
        | 张三 | 男 | 110101198001010010 | 王五 | 13800138000 |
        """,
    )
    assert found.header_rows == (1, 2)
    assert fields(found) == ["name", "gender", "id_number", "landlord_name", "landlord_phone"]


def test_three_header_rows_and_a_code_row(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 人员情况 | < | < | 住址 | < | < |
        | 姓名 | 证件 | < | 现住 | < | 户籍地址 |
        | ^ | 证件类型 | 证件号码 | 小区 | 楼栋 | ^ |
        | 甲 | 1 | 2 | 3 | 4 | 5 |
        | 张三 | 身份证 | 110101198001010010 | 幸福里 | 3 | 某省某市 |
        """,
    )
    assert found.header_rows == (1, 3)
    assert fields(found)[:3] == ["name", "id_type", "id_number"]
    assert fields(found)[5] == "hukou_address"
    assert found.data_rows == (5, 5)
    assert reasons(found)[4] == "代码或编号行"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("| 必填，真实姓名 | 必填，18位身份证号 | 男/女 | YYYYMMDD | 多个电话用;分隔 |", "填写提示行"),
        ("| 示例 | 110101198001010010 | 男 | 1980-01-01 | 13800138000 |", "示例行"),
        ("| 1 | 2 | 3 | 4 | 5 |", "代码或编号行"),
        ("| A | B | C | D1 | D2 |", "代码或编号行"),
    ],
)
def test_rows_under_the_header_that_are_no_data(schema: Schema, tmp_path: Path, row: str, reason: str) -> None:
    text = f"| 姓名 | 身份证号 | 性别 | 出生日期 | 联系电话 |\n{row}\n| 李四 | | 女 | | 13900139000 |"
    found = one(schema, tmp_path, text)
    assert found.header_rows == (1, 1)
    assert reasons(found) == {2: reason}
    assert found.cells.rows()[0][:2] == (3, "李四")


def test_rules_in_a_merged_note_above(schema: Schema, tmp_path: Path) -> None:
    note = "填表说明：\\n1.严禁对表格的列进行增删；\\n2.带*的为必填项；\\n3.身份证号按文本格式填写。"
    found = one(schema, tmp_path, f"| {note} | < | < |\n| 姓名* | 身份证号* | 手机 |\n| 张三 | | 13800138000 |")
    assert found.header_rows == (2, 2)
    assert fields(found) == ["name", "id_number", "phone"]


def test_explanation_beside_the_table(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 姓名 | 身份证号 | 联系电话 | | 填写说明 | |
        | 张三 | 110101198001010010 | 13800138000 | | 姓名 | 按证件填写，不要空格 |
        | 李四 | | 13900139000 | | 身份证号 | 18 位 |
        | | | | | 联系电话 | 11 位 |
        """,
    )
    assert fields(found) == ["name", "id_number", "phone"]
    assert found.cells["row"].to_list() == [2, 3]
    assert {(c, r) for _, _, c, r, _ in found.left_out.rows() if c} == {(5, "表格旁边的说明"), (6, "表格旁边的说明")}


def test_dictionary_and_instruction_sheets_are_left_out_by_name(schema: Schema, tmp_path: Path) -> None:
    book = read(
        tmp_path,
        {
            "名册": "| 姓名 | 性别 | 民族 |\n| 张三 | 男 | 汉 |",
            "type": "| 性别 | 民族 |\n| 男 | 汉族 |\n| 女 | 回族 |",
            "码表": "| 性别 | 民族 | 文化程度 |\n| 男 | 汉族 | 小学 |\n| 女 | 回族 | 初中 |",
            "导入注意事项": "| 一、请先阅读本说明 |\n| 二、不要修改表头 |",
            "Sheet3": "||",
        },
        hidden=("type",),
    )
    found = recognise.tables(book, schema)
    assert [t.sheet for t in found] == ["名册"]
    assert {row[0]: row[3] for row in recognise.skipped(book, found).rows()} == {
        "type": "隐藏的工作表，当作字典，不读取",
        "码表": "没有找到表头",
        "导入注意事项": "没有找到表头",
        "Sheet3": "空工作表",
    }


def test_tables_that_start_off_the_corner(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 姓名 | 性别 |\n| 张三 | 男 |", at="D6")
    assert [c.index for c in found.columns] == [4, 5]
    assert found.header_rows == (6, 6)
    assert found.cells.rows() == [(7, "张三", "男")]


def test_merged_household_cells_are_filled_down_and_no_others(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 户号 | 户主姓名 | 姓名 | 家庭住址 | 工作单位 | 备注 |
        | num:1001 | 张大 | 张大 | 3栋501 | 供电局 | 低保 |
        | ^ | ^ | 张三 | ^ | ^ | ^ |
        | ^ | ^ | 张四 | ^ | ^ | ^ |
        | num:1002 | 李大 | 李大 | 3栋502 | | |
        """,
    )
    assert fields(found) == ["household_id", "head_name", "name", "current_address", "employer", "remark"]
    assert found.cells["c1"].to_list() == ["1001", "1001", "1001", "1002"]
    assert found.cells["c2"].to_list() == ["张大", "张大", "张大", "李大"]
    assert found.cells["c4"].to_list() == ["3栋501", "3栋501", "3栋501", "3栋502"]
    assert found.cells["c5"].to_list() == ["供电局", None, None, None]
    assert found.types["c1"].to_list() == [NUMBER] * 4
    assert found.types["c5"].to_list() == [TEXT, 0, 0, 0]


def test_two_rosters_side_by_side(schema: Schema, tmp_path: Path) -> None:
    for gap in ("", "| "):
        text = f"| 姓名 | 性别 {gap}| 姓名 | 性别 |\n| 张三 | 男 {gap}| 李四 | 女 |\n| 王五 | 男 {gap}| | |"
        left, right = recognise.tables(read(tmp_path, text), schema)
        assert left.cells.rows() == [(2, "张三", "男"), (3, "王五", "男")]
        assert right.cells.rows() == [(2, "李四", "女")]
        assert fields(left) == fields(right) == ["name", "gender"]
        assert left.problems.is_empty()


def test_one_table_under_another(schema: Schema, tmp_path: Path) -> None:
    first, second = recognise.tables(
        read(
            tmp_path,
            """
            | 姓名 | 性别 | 联系电话 |
            | 张三 | 男 | 13800138000 |
            | | | |
            | 物资名称 | 规格型号 | 安全库存 |
            | 口罩 | N95 | num:100 |
            """,
        ),
        schema,
    )
    assert (first.entity, first.data_rows) == ("person", (2, 2))
    assert (second.entity, second.header_rows, second.data_rows) == ("stock_item", (4, 4), (5, 5))


def test_a_header_printed_again_on_every_page(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 姓名 | 性别 |\n| 张三 | 男 |\n| 填表人：王五 | |\n| 姓名 | 性别 |\n| 李四 | 女 |")
    assert found.cells["c1"].to_list() == ["张三", "李四"]
    assert reasons(found) == {3: "表尾的签名、说明或其他内容", 4: "重复的表头"}


def test_headings_inside_the_table(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        "| 姓名 | 性别 | 民族 |\n| 第一网格 | < | < |\n| 张三 | 男 | 汉 |\n| 第二网格 | < | < |\n| 李四 | | |",
    )
    assert found.cells["c1"].to_list() == ["张三", "李四"]
    assert reasons(found) == {2: "分段标题", 4: "分段标题"}


def test_a_blank_form_has_no_data_rows(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 返乡人员登记表 | < | < |\n| 姓名 | 身份证号 | 返乡时间 |")
    assert found.data_rows is None
    assert found.cells.height == 0
    assert fields(found) == ["name", "id_number", "return_date"]


def test_members_written_as_columns_are_a_table_each(schema: Schema, tmp_path: Path) -> None:
    book = read(
        tmp_path,
        "| 户主姓名 | 身份证号 | 成员一姓名 | 成员一身份证号 | 成员二姓名 | 成员二身份证号 |\n"
        "| 张大 | 110101198001010010 | 张三 | | 张四 | |",
    )
    found = recognise.tables(book, schema)
    assert [fields(table)[-2:] for table in found] == [["name", "id_number"]] * 3


def test_an_error_or_an_uncached_formula_is_no_blank_row(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 姓名 | 年龄 |\n| f:=A9 | f:=B9 |\n| 李四 | num:5 |")
    assert found.cells["row"].to_list() == [2, 3]


def test_a_card(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema,
        tmp_path,
        """
        | 常住人口登记表 | < | < | < |
        | 姓名 | 张三 | 性别 | 男 |
        | 民族 | 汉族 | 出生日期 | 1980-01-01 |
        | 公民身份号码 | 110101198001010010 | < | < |
        | 现住址 | 幸福里3栋501 | < | < |
        """,
    )
    values = {column.field: found.cells[f"c{column.index}"][0] for column in found.columns}
    assert values == {
        "name": "张三",
        "gender": "男",
        "ethnicity": "汉族",
        "birth_date": "1980-01-01",
        "id_number": "110101198001010010",
        "current_address": "幸福里3栋501",
    }
    assert found.cells.height == 1
    assert found.facts["title"] == "常住人口登记表"


def test_a_blank_card_has_no_data(schema: Schema, tmp_path: Path) -> None:
    found = one(
        schema, tmp_path, "| 姓名 | | 性别 | |\n| 民族 | | 出生日期 | |\n| 籍贯 | | 现住址 | |\n| 职业 | | 学历 | |"
    )
    assert found.data_rows is None
    assert {"name", "gender", "birth_date"} <= set(fields(found))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("| 会议纪要 |\n| 今天开会 |", "OF205"),
        ("| num:1 | num:2 |\n| num:3 | num:4 |", "OF205"),
        ("| 颜色深浅 | 弹性系数 | 折射率 |\n| 红 | 大 | 小 |", "OF206"),
    ],
)
def test_sheets_without_a_table(schema: Schema, tmp_path: Path, text: str, code: str) -> None:
    book = read(tmp_path, text)
    assert recognise.tables(book, schema) == ()
    refusal = recognise.refusal(book, schema)
    assert isinstance(refusal, WorkbookError)
    assert refusal.code == code


def form(**outputs: Output) -> Mapping:
    """A roster mapping with these columns; only what recognise reads of it is filled in."""
    return Mapping(
        file=Path("f.yaml"), sha256="", form="f", title="居家隔离人员数据", department="", purpose="", legal_basis={},
        recipient="", retention="", params=(), template=Template(Path("f.xlsx"), None, "Sheet1"), head=(),
        shape=Rows("person"), columns=tuple(outputs.values()),
    )  # fmt: skip


def test_a_mapping_binds_its_columns_first_and_reads_its_codes_back(schema: Schema, tmp_path: Path) -> None:
    mapping = form(
        a=Output("个人信息/人", "field", "name", reversible=True, entity="person", field="name"),
        b=Output(
            "个人信息/性",
            "field",
            "gender",
            codes={"1": "M", "2": "F"},
            reversible=True,
            entity="person",
            field="gender",
        ),
        c=Output("电话", "field", "phone", mask="phone", reversible=False, entity="person", field="phone"),
    )
    text = "| 个人信息 | < | 电话 | 民族 |\n| 人 | 性 | ^ | ^ |\n| 张三 | M | 138****8000 | 汉 |"
    (found,) = recognise.tables(read(tmp_path, text), schema, mapping=mapping)
    assert found.header_rows == (1, 2)
    assert fields(found) == ["name", "gender", None, "ethnicity"]
    assert found.columns[0].confidence == 1.0
    assert found.columns[1].legend == {"M": "1", "F": "2"}


def test_a_sheet_of_another_form_is_said(schema: Schema, tmp_path: Path) -> None:
    mapping = form(
        a=Output("姓名", "field", "name", reversible=True, entity="person", field="name"),
        b=Output("隔离地址", "field", "x", reversible=True, entity="isolation", field="isolation_place"),
        c=Output("开始隔离时间", "field", "y", reversible=True, entity="isolation", field="isolation_start"),
    )
    text = "| 返乡人员登记表 | < | < |\n| 姓名 | 返乡时间 | 交通方式 |\n| 张三 | | 自驾 |"
    (found,) = recognise.tables(read(tmp_path, text), schema, mapping=mapping)
    assert "这张表应为「居家隔离人员数据」，实为「返乡人员登记表」" in found.problems["message"][0]


_ROWS = st.lists(
    st.sampled_from(
        [
            ["张三", "男", "110101198001010010"],
            ["李四", None, None],
            [None, None, None],
            ["合计", None, "2"],
            ["姓名", "性别", "身份证号"],
            ["小计", "3", None],
            ["王五", "女", "11010119900307029X"],
            ["填表人：赵六", None, None],
        ]
    ),
    max_size=12,
)


@settings(deadline=None)  # the first example loads rapidfuzz
@given(_ROWS)
def test_every_row_is_data_or_left_out_once(rows: list[list[str | None]]) -> None:
    table = [["姓名", "性别", "身份证号"], *[[cell or "" for cell in row] for row in rows]]
    sheet = cells.sheet("s", table)
    found = recognise.tables(Workbook("f", "xlsx", (sheet,), ""), SCHEMA)
    (told,) = found
    kept, dropped = told.cells["row"].to_list(), told.left_out["row"].to_list()
    assert sorted([1, *kept, *dropped]) == list(range(1, sheet.texts.height + 1))
    assert all(table[row - 1][0] in {"张三", "李四", "王五"} for row in kept)


def test_every_problem_sentence_is_in_the_catalogue(schema: Schema, tmp_path: Path) -> None:
    found = one(schema, tmp_path, "| 姓名 | 户号 | 户号 |\n| 张三 | 1 | 2 |")
    for problem in found.problems.rows(named=True):
        assert problem["level"] == problems.level(problem["code"])
        assert problem["message"]
        assert problem["message_en"]
