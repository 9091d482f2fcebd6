"""Rules over rows of one household, and dwellings against a register."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from oneform.pipeline import check_sheet
from oneform.schema import Schema
from oneform.validate import validated
from oneform.validate.register import unknown_dwellings
from tests.sheets import workbook

TODAY = date(2026, 11, 20)


def test_two_heads_hold_the_relation_of_the_whole_household(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 户号 | 姓名 | 身份证号 | 与户主关系 |
        |---|---|---|---|
        | H1 | 张伟 | 110101198001010010 | 户主 |
        | H1 | 李娜 | 11010119900307029X | 户主 |
        | H1 | 张小明 | 350302201501011235 | 子 |
        | H2 | 王强 |  | 户主 |
        | H2 | 王明 |  | 子 |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    assert checked.judged[0].records["person"]["relation_to_head"].to_list() == [None, None, None, "02", "20"]
    found = checked.problems.filter(pl.col("code") == "OF405")
    assert found.select("row", "column").rows() == [(2, 4), (3, 4), (4, 4)]
    assert found["message"].unique().to_list() == [
        "本户应当有且只有一名户主（现有 2 名），见第 2、3 行，请核对本户与户主关系。"
    ]


def test_one_person_in_two_households(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 户号 | 姓名 | 身份证号 |
        |---|---|---|
        | H1 | 张伟 | 110101198001010010 |
        | H2 | 张伟 | 110101198001010010 |
        | H3 | 李娜 | 11010119900307029X |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    assert checked.judged[0].records["household"]["household_id"].to_list() == [None, None, "H3"]
    assert checked.problems.select("row", "column", "code").rows() == [(2, 1, "OF405"), (3, 1, "OF405")]


def test_a_row_named_by_no_name_waits(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 姓名 | 身份证号 | 备注 |
        |---|---|---|
        | 不详 |  | 甲 |
        | 测试 | 110101198001010010 | 好😀 |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    assert checked.judged[0].waiting.to_list() == [True, False]
    assert sorted(checked.problems.select("row", "code").rows()) == [
        (2, "OF318"),
        (2, "OF406"),
        (3, "OF309"),
        (3, "OF318"),
    ]


REGISTER = pl.DataFrame(
    [("幸福小区", building, "1", room) for building in ("6", "8", "19") for room in ("101", "102", "501")],
    schema=["estate", "building", "unit", "room"],
    orient="row",
)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (("幸福小区", "9", "1", "101"), "没有 9 栋，是否 6栋 / 19栋？"),
        (("幸福小区", "30", "1", "101"), "没有 30 栋"),
        (("幸福小区", "6", "1", "101"), None),
        (("幸福小区", "6", "1", "502"), "没有 502 室，是否 102室 / 501室？"),
        (("幸福小区", "6", "2", "502"), None),  # nothing is known of that unit
        ((None, "9", None, None), "没有 9 栋，是否 6栋 / 19栋？"),  # there is only one estate
        (("阳光花园", "9", "1", "101"), None),  # not in the register
        (("幸福小区", None, None, "101"), None),
    ],
)
def test_a_dwelling_that_the_register_does_not_have(place: tuple[str | None, ...], found: str | None) -> None:
    asked = pl.DataFrame([place], schema=dict.fromkeys(["estate", "building", "unit", "room"], pl.String), orient="row")
    assert unknown_dwellings(asked, REGISTER).to_list() == [found]


@pytest.mark.parametrize("address", ["| 小区 | 楼栋 | 单元 | 室 |", "| 现住址 |"])
def test_an_unknown_building_is_held(tmp_path: Path, schema: Schema, address: str) -> None:
    there, astray = ("| 幸福小区 | 6 | 1 | 101 |", "| 幸福小区 | 9 | 1 | 101 |")
    if "现住址" in address:
        there, astray = "| 幸福小区6栋1单元101室 |", "| 幸福小区9栋1单元101室 |"
    sheet = workbook(tmp_path / "表.xlsx", f"| 姓名 {address}\n|---|\n| 张伟 {there}\n| 李娜 {astray}\n")
    checked = check_sheet(sheet, schema, today=TODAY)
    (table,), (said,) = checked.tables, checked.said
    judged = validated(said, table, schema, today=TODAY, register=REGISTER)
    assert judged.records["dwelling"]["building"].to_list() == ["6", None]
    found = judged.problems.filter(pl.col("code") == "OF311")
    assert found["row"].to_list() == [3]
    assert "没有 9 栋，是否 6栋 / 19栋？" in found["message"][0]
    assert "OF311" not in validated(said, table, schema, today=TODAY).problems["code"]
