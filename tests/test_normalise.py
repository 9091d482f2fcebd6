"""What a table says in canonical values: places taken apart, times completed, questions asked once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from oneform.normalise.derived import _with_plain_parts
from oneform.pipeline import check_sheet
from oneform.schema import Schema
from tests.sheets import workbook

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("written", "building", "unit", "room", "lane"),
    [
        ("3栋|2单元|501室", "3", "2", "501", None),
        ("三号楼|二单元|0502", "3", "2", "502", None),
        ("A座||1203", "A", None, "1203", None),
        ("||3-2-501", "3", "2", "501", None),
        ("||七巷2号402", "2", None, "402", "7"),
        ("||501", None, None, "501", None),
    ],
)
def test_a_place_in_columns_or_in_one_cell(
    written: str, building: str | None, unit: str | None, room: str, lane: str | None
) -> None:
    cells = dict(zip(("building", "unit", "room"), (part or None for part in written.split("|")), strict=True))
    plain = _with_plain_parts(pl.DataFrame([cells], schema=dict.fromkeys(cells, pl.String)))
    assert plain.select("building", "unit", "room", "lane").row(0) == (building, unit, room, lane)


def test_a_bare_time_is_completed_by_the_day_in_its_own_column(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "志愿者.xlsx",
        """
        | 姓名 | 联系电话 | 志愿服务队 | 服务日期 | 签到 | 签出 |
        |---|---|---|---|---|---|
        | 张伟 | 13800000001 | 红马甲队 | 2026-11-18 | 9:00 | 2026-11-18 11:30 |
        """,
    )
    (said,) = check_sheet(sheet, schema, today=TODAY).said
    assert said.records["volunteer_shift"].select("sign_in", "sign_out").row(0) == (
        "2026-11-18 09:00:00",
        "2026-11-18 11:30:00",
    )


def test_a_column_of_codes_nobody_explained_is_one_question_not_a_hundred(tmp_path: Path, schema: Schema) -> None:
    rows = "\n".join(f"| 张伟{'甲乙丙丁戊己庚辛壬癸'[n]} | 1380000000{n} | {n % 2} |" for n in range(10))
    sheet = workbook(tmp_path / "表.xlsx", f"| 姓名 | 联系电话 | 是否人户分离 |\n|---|---|---|\n{rows}\n")
    checked = check_sheet(sheet, schema, today=TODAY)
    asked = checked.problems.filter(pl.col("code") == "OF310")
    assert asked.select("row", "column").rows() == [(None, 3)]
    assert checked.said[0].records["person"]["hukou_separation"].is_null().all()


def test_held_cells_keep_their_raw_text_and_rows_go_in(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "表.xlsx",
        """
        | 姓名 | 身份证号 | 出生日期 | 备注2 |
        |---|---|---|---|
        | 张伟 | 110101198001010011 | 1980-01-01 | 甲 |
        | 李娜 | 11010119900307029X | 1990-03-08 | 乙 |
        """,
    )
    checked = check_sheet(sheet, schema, today=TODAY)
    people = checked.judged[0].records["person"]
    assert people["id_number"].to_list() == [None, "11010119900307029X"]
    assert people["id_number__state"].to_list() == ["invalid", "valid18"]
    assert people["held"].str.json_path_match("$.id_number").to_list() == ["110101198001010011", None]
    assert people["birth_date"].to_list() == ["1980-01-01", None]
    assert people["held"].str.json_path_match("$.birth_date").to_list() == [None, "1990-03-08"]
    assert people["extras"].str.contains("备注2").all()
    assert checked.counts["accepted"] == 2
    assert checked.counts["held_cells"] == 2


def test_the_sheet_speaks_for_its_rows(tmp_path: Path, schema: Schema) -> None:
    sheet = workbook(
        tmp_path / "名单.xlsx",
        """
        | 居家隔离人员名单 | < | < |
        | 填报单位：清溪街道幸福社区第五网格 | < | < |
        | 姓名 | 身份证号 | 开始隔离时间 |
        | 张伟 | 110101198001010010 | 2026-11-18 |
        """,
    )
    (said,) = check_sheet(sheet, schema, today=TODAY).said
    assert said.records["person"].select("grid", "community").row(0) == ("第五网格", "幸福社区")
    assert said.records["isolation"]["isolation_kind"].to_list() == ["居家"]
    assert said.records["grid"]["name"].to_list() == ["第五网格"]
