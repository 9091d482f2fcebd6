"""Cells that hold several facts and rows that hold several people: what becomes of them, up to the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from oneform.normalise.parts import split
from oneform.pipeline import Workspace, check_sheet
from oneform.schema import Schema
from oneform.store import reads
from tests.sheets import workbook

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("how", "fields", "written", "parts"),
    [
        ("kinds", "name phone", "张三 13800000000", ("张三", "13800000000")),
        ("kinds", "name phone", "张三（13800000000）", ("张三", "13800000000")),
        ("kinds", "name phone", "张三：138 0000 0000、13900000000", ("张三", "138 0000 0000;13900000000")),
        ("kinds", "name phone", "张三/0594-2812345", ("张三", "0594-2812345")),
        ("kinds", "name phone", "阿依古丽·买买提13800000000", ("阿依古丽·买买提", "13800000000")),
        ("kinds", "name phone", "张三", ("张三", None)),
        ("kinds", "name phone", "13800000000", (None, "13800000000")),
        ("kinds", "name id_number", "张三（110101199001010010）", ("张三", "110101199001010010")),
        (
            "kinds",
            "name id_number phone",
            "张三/110101199001010010/13800000000",
            ("张三", "110101199001010010", "13800000000"),
        ),
        ("kinds", "id_type id_number", "护照E12345678", ("护照", "E12345678")),
        ("kinds", "age gender", "35/男", ("35", "男")),
        ("kinds", "age gender", "女 7周岁", ("7周岁", "女")),
        ("kinds", "name gender", "张三（男）", ("张三", "男")),
        ("kinds", "name gender", "张三男", None),
        ("place", "building unit room", "3-2-501", ("3", "2", "3-2-501")),
        ("place", "building unit room", "12-1-3", ("12", "1", "3")),
        ("place", "building unit room", "3//501", ("3", None, "501")),
        ("place", "building unit room", "那家", None),
        ("range", "isolation_start isolation_end", "2021.1.3-2021.1.17", ("2021.1.3", "2021.1.17")),
        ("range", "isolation_start isolation_end", "2021-01-03至2021-01-17", ("2021-01-03", "2021-01-17")),
        ("range", "isolation_start isolation_end", "2021.12.28-1.10", ("2021.12.28", "2022-01-10")),
        ("range", "isolation_start isolation_end", "2021.1.3至今", ("2021.1.3", None)),
        ("range", "isolation_start isolation_end", "待定", None),
        ("region", "province city county", "福建省莆田市城厢区", ("福建省", "莆田市", "城厢区")),
        ("region", "province city county", "福建/莆田/城厢", ("福建", "莆田", "城厢")),
        ("region", "province city county", "莆田", None),
    ],
)
def test_a_cell_taken_apart(
    schema: Schema, how: str, fields: str, written: str, parts: tuple[str | None, ...] | None
) -> None:
    known = {
        name: field
        for home in ("person", "dwelling", "isolation")
        for name, field in schema.entities[home].fields.items()
    }
    asked = [known[name] for name in fields.split()]
    found = split(how, pl.Series([written, None]), asked)
    assert found.row(0) == (*(parts or [None] * len(asked)), parts is None)
    assert found.row(1) == (*[None] * len(asked), False)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("楼栋/单元/室", ["building", "unit", "room"]),
        ("楼栋号-单元号-门牌号", ["building", "unit", "room"]),
        ("楼号单元房号", ["building", "unit", "room"]),
        ("姓名及电话", ["name", "phone"]),
        ("姓名/联系方式", ["name", "phone"]),
        ("户主及联系电话", ["head_name", "head_phone"]),
        ("联系人及电话", ["contact_name", "contact_phone"]),
        ("房东姓名及电话", ["landlord_name", "landlord_phone"]),
        ("姓名（身份证号）", ["name", "id_number"]),
        ("证件类型及号码", ["id_type", "id_number"]),
        ("年龄/性别", ["age", "gender"]),
        ("隔离起止时间", ["isolation_start", "isolation_end"]),
        ("省市区", ["province", "city", "county"]),
        ("起止时间", []),
        ("与户主关系", ["relation_to_head"]),
        ("联系方式（手机）", ["phone"]),
    ],
)
def test_a_header_of_several_facts(tmp_path: Path, schema: Schema, header: str, fields: list[str]) -> None:
    taken = {"name", "phone", "id_number"}.intersection(fields)
    own = [text for text, name in (("姓名", "name"), ("身份证号", "id_number"), ("民族", "")) if name not in taken]
    heads = [*own, header]
    sheet = workbook(tmp_path / "表.xlsx", f"| {' | '.join(heads)} |\n|---|\n| {' | '.join('甲' for _ in heads)} |\n")
    (table,) = check_sheet(sheet, schema, today=TODAY).tables
    column = table.columns[-1]
    found = [name for _, name in column.parts] or ([column.field] if column.field else [])
    assert column.header == header
    assert found == fields


def test_what_cannot_be_told_apart_is_held_and_named_at_its_cell(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 姓名及电话 | 身份证号 | 楼栋/单元/室 |
        |---|---|---|
        | 张三 13800000000、13900000001 | 110101198001010010 | 3-2-501-1 |
        | 李四1390000000 | 11010119900307029X | 那家 |
        | err:#N/A | 350302201501011235 |  |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    records = checked.judged[0].records
    people = records["person"]
    assert people.select("name", "phone", "phone_alt").rows() == [
        ("张三", "13800000000", "13900000001"),
        ("李四", None, None),
        (None, None, None),
    ]
    assert records["dwelling"].select("building", "unit", "room", "room_suffix").row(0) == ("3", "2", "501", "1")
    assert people["held"].str.json_path_match("$.phone").to_list() == [None, "李四1390000000", None]
    assert people["held"].str.json_path_match("$.name").to_list() == [None, None, "#N/A"]
    assert checked.problems.select("row", "column", "code").rows() == [
        (3, 1, "OF303"),
        (3, 3, "OF323"),
        (4, 1, "OF307"),
    ]
    assert checked.counts["held_cells"] == 3
    assert people["raw"].str.contains("李四1390000000").to_list() == [False, True, False]


_MEMBERS = "成员一姓名 成员一身份证号 成员一与户主关系 成员二姓名 成员二身份证号 成员二与户主关系 成员三姓名"
_HOUSEHOLDS = f"""
| 户号 | 户主姓名 | 户主身份证号 | 联系电话 | 现住址 | {" | ".join(_MEMBERS.split())} |
|---|
| H1 | 张伟 | 110101198001010010 | 13800000000 | 幸福小区3栋2单元501室 \
| 李娜 | 11010119900307029X | 配偶 | 张小明 | 350302201501011235 | 子 | |
| H2 | 王强 | 350302197001011233 |  | 5层1号 | 陈静 | 110101198001010011 | 配偶 | 无 | | | |
"""


def test_members_in_columns_become_people_of_one_household(tmp_path: Path, workspace: Workspace) -> None:
    outcome = workspace.import_sheet(workbook(tmp_path / "户.xlsx", _HOUSEHOLDS), source="grid")
    checked = outcome.checked
    assert checked.counts == {"rows": 5, "accepted": 5, "waiting": 0, "left_out": 1, "held_cells": 3}
    assert checked.left_out.select("column", "reason").rows() == [(12, "成员列，没有一行填写")]
    # a cell that several members share is named once
    assert checked.problems.select("row", "column", "code", "header").rows() == [
        (3, 3, "OF302", "户主身份证号"),
        (3, 5, "OF311", "现住址"),
        (3, 7, "OF302", "成员一身份证号"),
    ]
    people = reads.residents(workspace.store)
    assert sorted(people.select("name", "relation_to_head", "phone").rows()) == [
        ("张伟", "02", "13800000000"),
        ("张小明", "20", None),
        ("李娜", "10", None),
        ("王强", "02", None),
        ("陈静", "10", None),
    ]
    assert people.group_by("household").agg(pl.col("name").sort()).sort(pl.col("name").list.len())[
        "name"
    ].to_list() == [
        ["王强", "陈静"],
        ["张伟", "张小明", "李娜"],
    ]
    columns = reads.provenance(workspace.store).join(people.select("resident", "name"), on="resident")
    named = columns.filter(pl.col("field").is_in(["name", "id_number", "relation_to_head", "birth_date"]))
    assert sorted(named.filter(pl.col("name") == "张小明").select("field", "column").rows()) == [
        ("birth_date", 10),
        ("id_number", 10),
        ("name", 9),
        ("relation_to_head", 11),
    ]
    assert named.filter(pl.col("name") == "张伟", pl.col("field") == "name")["column"].to_list() == [2]
    links = reads.links(workspace.store)
    assert links.filter(pl.col("row") == 2).group_by("entity").len().sort("entity").rows() == [
        ("dwelling", 1),
        ("household", 1),
        ("person", 3),
    ]
    again = workspace.import_sheet(tmp_path / "户.xlsx", source="grid")
    assert again.again


def test_members_under_group_headers_and_a_head_without_the_word(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 序号 | 户主信息 | < | 家庭成员1 | < | < | 家庭成员2 | < | < | 备注 |
        | ^ | 姓名 | 证件号码 | 姓名 | 证件号码 | 与户主关系 | 姓名 | 证件号码 | 与户主关系 | ^ |
        | 1 | 张伟 | 110101198001010010 | 李娜 | 11010119900307029X | 配偶 | 张小明 |  | 子 | 甲 |
        """,
    )
    tables = check_sheet(sheet, schema, today=TODAY).tables
    named = [[c.index for c in table.columns if (c.entity, c.field) == ("person", "name")] for table in tables]
    assert named == [[2], [4], [7]]
    assert [c.header for c in tables[1].columns][-1] == "家庭成员1/与户主关系"


def test_a_spouse_named_beside_a_person_who_need_not_be_the_head(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 姓名 | 身份证号 | 住址 | 配偶姓名 | 配偶身份证号 | 子女1姓名 |
        |---|---|---|---|---|---|
        | 张伟 | 110101198001010010 | 幸福小区3栋2单元501室 | 李娜 | 11010119900307029X | 张小明 |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    assert [one.records["person"]["name"].to_list() for one in checked.said] == [["张伟"], ["李娜"]]
    assert all("relation_to_head" not in one.records["person"].columns for one in checked.said)
    assert "张小明" in checked.said[0].records["person"]["extras"][0]  # a name alone is kept, and nobody is made of it


_HEADS = """
| 序号 | 户主姓名 | {number} | 联系电话 | 家庭住址 | 家庭人口数 | 低保证号 | 核查人 |
|---|
| 1 | 张伟 | 110101198001010010 | 13800000000 | 幸福小区3号楼2单元501室 | 3 | DB1 | 赵明 |
| 2 | 李娜 | 11010119900307029X | 13900000001 | 幸福小区4号楼1单元102室 | 2 | DB2 | 钱红 |
| 3 |  |  |  |  | 4 | DB3 | 孙军 |
"""


@pytest.mark.parametrize("number", ["户主身份证号", "身份证号"])
def test_a_list_of_households_gives_their_heads_and_homes(tmp_path: Path, workspace: Workspace, number: str) -> None:
    sheet = workbook(tmp_path / "户.xlsx", _HEADS.format(number=number))
    checked = workspace.import_sheet(sheet, source="grid").checked
    assert checked.counts["rows"] == 3
    people = reads.residents(workspace.store)
    assert sorted(people.select("name", "id_number", "relation_to_head", "phone", "current_address").rows()) == [
        ("张伟", "110101198001010010", "02", "13800000000", "幸福小区3号楼2单元501室"),
        ("李娜", "11010119900307029X", "02", "13900000001", "幸福小区4号楼1单元102室"),
    ]
    assert people["household"].n_unique() == 2
    homes = workspace.store.connection.execute("SELECT building, unit, room FROM golden_dwelling ORDER BY 1").fetchall()
    assert homes == [("3", "2", "501"), ("4", "1", "102")]
    told = (
        "SELECT head_name, head_id, relief_cert, household_size, dwelling IS NOT NULL FROM golden_household ORDER BY 3"
    )
    households = workspace.store.connection.execute(told).fetchall()
    assert households[:2] == [
        ("张伟", "110101198001010010", "DB1", 3, True),
        ("李娜", "11010119900307029X", "DB2", 2, True),
    ]


@pytest.mark.parametrize(
    ("heads", "entity"),
    [
        ("户号 户主姓名 家庭人口数", "household"),  # no more of a head than the name
        ("户号 户主 住址", "person"),
        ("户主姓名 户主性别 户主电话 现住址", "person"),
        ("户主姓名 与户主关系 身份证号 住址", "person"),
    ],
)
def test_what_a_list_of_households_is_about(tmp_path: Path, schema: Schema, heads: str, entity: str) -> None:
    sheet = workbook(tmp_path / "表.xlsx", f"| {' | '.join(heads.split())} |\n|---|\n")
    (table,) = check_sheet(sheet, schema, today=TODAY).tables
    assert table.entity == entity
    named = any(("person", "name") in (*column.parts, (column.entity, column.field)) for column in table.columns)
    assert named == (entity == "person" and "与户主关系" not in heads)
