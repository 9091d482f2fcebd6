"""The same sheet sent again: re-saved, edited, shorter, older; and what a dry run tells before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from oneform import merge
from oneform.cli import oneform
from oneform.pipeline import Workspace, open_workspace
from oneform.store import HEAD, NAME
from tests.conftest import clock
from tests.sheets import workbook
from tests.test_memory import ticking

FIRST = """
| 姓名 | 身份证号 | 联系电话 | 现住址 | 工作单位 |
|---|---|---|---|---|
| 张伟 | 110101198001010010 | 13800000001 | 阳光小区3栋2单元501室 | 邮局 |
| 李娜 | 11010119900307029X | 13800000002 | 阳光小区3栋2单元502室 | 学校 |
| 王明 | 110101199003070265 | 13800000003 | 阳光小区3栋2单元503室 | 医院 |
"""
# 张伟's phone is another, 李娜's employer blank, 王明 left out
EDITED = """
| 姓名 | 身份证号 | 联系电话 | 现住址 | 工作单位 |
|---|---|---|---|---|
| 张伟 | 110101198001010010 | 13900000001 | 阳光小区3栋2单元501室 | 邮局 |
| 李娜 | 11010119900307029X | 13800000002 | 阳光小区3栋2单元502室 |  |
"""


@pytest.fixture
def opened(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_workspace(tmp_path / "w", create=True, who="test", clock=ticking()) as workspace:
        yield workspace


def said(opened: Workspace, *fields: str) -> dict[str, tuple[str | None, ...]]:
    return {row[0]: row[1:] for row in opened.residents().select("name", *fields).iter_rows()}


def test_a_newer_edition_wins_and_its_blanks_clear_what_the_older_said(opened: Workspace, tmp_path: Path) -> None:
    assert opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid").new == 3
    second = opened.import_sheet(workbook(tmp_path / "表.xlsx", EDITED), source="grid")
    assert (second.new, second.updated, second.unchanged) == (0, 2, 0)
    assert said(opened, "phone", "employer") == {
        "张伟": ("13900000001", "邮局"),
        "李娜": ("13800000002", None),
        "王明": ("13800000003", "医院"),  # rows that are absent delete nothing
    }


def test_people_left_out_are_asked_about_by_place_and_never_deleted(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid")
    outcome = opened.import_sheet(workbook(tmp_path / "表.xlsx", EDITED), source="grid")
    assert outcome.missing.select("name", "file", "sheet", "row").rows() == [("王*", "表.xlsx", "Sheet1", 4)]
    (problem,) = opened.problems().filter(code="OF403").to_dicts()
    assert (problem["batch"], problem["row"], problem["level"]) == (outcome.batch, None, "错误")
    assert "王明" not in problem["message"]
    again = EDITED.replace("13900000001", "13900000009")
    assert opened.import_sheet(workbook(tmp_path / "表.xlsx", again), source="grid").missing.is_empty()  # asked once


def test_a_blank_never_clears_what_another_source_said(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid")
    police = "| 姓名 | 身份证号 | 工作单位 |\n|---|---|---|\n| 李娜 | 11010119900307029X | 第一中学 |"
    opened.import_sheet(workbook(tmp_path / "公安.xlsx", police), source="police")
    opened.import_sheet(workbook(tmp_path / "表.xlsx", EDITED), source="grid")
    assert said(opened, "employer")["李娜"] == ("第一中学",)


def test_a_sheet_of_another_source_or_period_replaces_nothing(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid", valid_on=clock().date().replace(day=13))
    opened.import_sheet(workbook(tmp_path / "表.xlsx", EDITED), source="property")
    opened.import_sheet(workbook(tmp_path / "新.xlsx", EDITED.replace("邮局", "银行")), source="grid")
    assert said(opened, "employer")["李娜"] == ("学校",)


def test_a_dwelling_mistyped_once_leaves_no_ghost(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid")
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST.replace("501室", "510室")), source="grid")
    rooms = opened.store.connection.sql("SELECT room FROM golden_dwelling ORDER BY 1").fetchall()
    assert rooms == [("502",), ("503",), ("510",)]


def test_any_order_of_the_editions_gives_the_same_values(tmp_path: Path) -> None:
    """They are received at one moment, so content alone tells which is the newer."""
    texts = [FIRST, EDITED, EDITED.replace("学校", "").replace("邮局", "银行")]
    sheets = [workbook(tmp_path / f"{n}.xlsx", text) for n, text in enumerate(texts)]
    outcomes = []
    for number, order in enumerate(([0, 1, 2], [2, 0, 1], [1, 2, 0])):
        with open_workspace(tmp_path / f"w{number}", create=True, clock=clock) as opened:
            for one in order:
                opened.import_sheet(sheets[one], source="grid")
            outcomes.append(said(opened, "phone", "employer", "current_address"))
            _assert_rebuilt(opened)
    assert all(outcome == outcomes[0] for outcome in outcomes)


def _assert_rebuilt(opened: Workspace) -> None:
    person = opened.schema.entities["person"]
    cursor = opened.store.connection.cursor()
    cursor.execute(
        "CREATE OR REPLACE TEMP VIEW touched AS SELECT DISTINCT entity_id FROM current_link WHERE entity = 'person'"
    )
    rebuilt = cursor.sql(f"SELECT * FROM ({merge.golden_sql(person, opened.schema)}) ORDER BY entity_id").pl()
    kept = cursor.sql("SELECT * FROM golden_person ORDER BY entity_id").pl()
    assert rebuilt.equals(kept.select(rebuilt.columns))
    cursor.close()


def test_a_sheet_of_a_template_that_others_use_too_asks_after_nobody(opened: Workspace, tmp_path: Path) -> None:
    other = (
        "| 姓名 | 身份证号 | 联系电话 | 现住址 | 工作单位 |\n|---|---|---|---|---|\n| 赵丽 | 110101198505050027 | | | |"
    )
    opened.import_sheet(workbook(tmp_path / "甲.xlsx", FIRST), source="grid")
    assert opened.import_sheet(workbook(tmp_path / "乙.xlsx", other), source="grid").missing.is_empty()


def test_a_stale_copy_and_a_field_changed_on_both_sides_are_told_at_their_cells(
    opened: Workspace, tmp_path: Path
) -> None:
    day = clock().date().replace
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid", valid_on=day(day=10))
    police = """
    | 姓名 | 身份证号 | 联系电话 |
    |---|---|---|
    | 张伟 | 110101198001010010 | 13700000001 |
    | 李娜 | 11010119900307029X | 13700000002 |
    """
    opened.import_sheet(workbook(tmp_path / "公安.xlsx", police), source="police", valid_on=day(day=15))
    assert said(opened, "phone")["张伟"] == ("13700000001",)
    late = FIRST.replace("13800000002", "13600000002")  # 张伟's phone as ever, 李娜's changed
    outcome = opened.import_sheet(workbook(tmp_path / "表.xlsx", late), source="grid", valid_on=day(day=18))
    found = outcome.checked.problems.filter(pl.col("code").is_in(["OF404", "OF410"]))
    assert found.select("code", "row", "column", "header").rows() == [
        ("OF404", 2, 3, "联系电话"),
        ("OF410", 3, 3, "联系电话"),
    ]
    assert outcome.checked.counts["held_cells"] == 0
    assert "13700000001" not in "".join(found["message"])


def test_an_old_export_never_wins_and_says_where_it_is_old(opened: Workspace, tmp_path: Path) -> None:
    day = clock().date().replace
    opened.import_sheet(workbook(tmp_path / "表.xlsx", EDITED), source="grid", valid_on=day(day=18))
    outcome = opened.import_sheet(workbook(tmp_path / "旧.xlsx", FIRST), source="grid", valid_on=day(day=10))
    assert outcome.missing.is_empty()
    told = outcome.checked.problems.filter(code="OF404")
    assert told.select("row", "column").rows() == [(2, 3)]
    assert said(opened, "phone")["张伟"] == ("13900000001",)


def test_a_dry_run_tells_each_change_and_writes_nothing(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "表.xlsx", FIRST), source="grid")
    head = (opened.store.folder / HEAD).read_bytes()
    tables = opened.store.connection.sql("SELECT count(*), max(rec_id) FROM record").fetchall()
    before = opened.residents()
    outcome = opened.import_sheet(workbook(tmp_path / "新.xlsx", EDITED), source="grid", dry_run=True)
    assert (outcome.new, outcome.updated, outcome.missing.height) == (0, 2, 1)
    assert outcome.changes.select("row", "column", "field", "old", "new").rows() == [
        (2, 3, "phone", "13800000001", "13900000001"),
        (3, 5, "employer", "学校", None),
    ]
    assert opened.residents().equals(before)
    assert opened.store.connection.sql("SELECT count(*), max(rec_id) FROM record").fetchall() == tables
    assert (opened.store.folder / HEAD).read_bytes() == head
    taken = opened.import_sheet(tmp_path / "新.xlsx", source="grid")
    assert (taken.batch, taken.new, taken.updated) == (outcome.batch, 0, 2)


def test_the_command_shows_a_dry_run_and_who_is_missing(tmp_path: Path) -> None:
    place = ["--workspace", str(tmp_path / "w")]
    shell = CliRunner()
    assert shell.invoke(oneform, ["init", *place]).exit_code == 0
    sheet = str(workbook(tmp_path / "表.xlsx", FIRST))
    assert shell.invoke(oneform, ["import", sheet, *place]).exit_code == 0
    workbook(tmp_path / "表.xlsx", EDITED)
    database = (tmp_path / "w" / NAME).read_bytes()
    tried = shell.invoke(oneform, ["import", sheet, "--dry-run", *place])
    assert tried.exit_code == 3
    assert "第 2 行 C 列 联系电话：13800000001 → 13900000001" in tried.output
    assert "本次缺 1 人，迁出还是漏填？" in tried.output
    assert "王*（表.xlsx!Sheet1!4）" in tried.output
    assert (tmp_path / "w" / NAME).read_bytes() == database
    assert not list((tmp_path / "w" / "outbox").iterdir())
    told = json.loads(shell.invoke(oneform, ["import", sheet, "--dry-run", "--json", *place]).stdout.splitlines()[0])
    assert told["dry_run"]
    assert told["missing"][0]["row"] == 4
    assert {"sheet", "row", "column", "field", "old", "new"} == set(told["changes"][0])


def test_a_workbook_that_cannot_be_written_does_not_unsay_the_import(tmp_path: Path) -> None:
    place = ["--workspace", str(tmp_path / "w")]
    shell = CliRunner()
    assert shell.invoke(oneform, ["init", *place]).exit_code == 0
    (tmp_path / "w" / "outbox").rmdir()
    (tmp_path / "w" / "outbox").write_text("a file where the folder should be", encoding="utf-8")
    sheet = str(workbook(tmp_path / "表.xlsx", FIRST.replace("13800000001", "138")))
    taken = shell.invoke(oneform, ["import", sheet, *place])
    assert taken.exit_code == 7
    assert "OF708 表已入库（第 1 批）" in taken.output
    assert "什么都没有写入" not in taken.output


def test_a_room_that_the_register_of_dwellings_does_not_have_is_told_by_a_check(
    opened: Workspace, tmp_path: Path
) -> None:
    rooms = "\n".join(f"| 阳光小区 | 3 | 2 | {room} |" for room in (501, 502, 503))
    register = f"| 小区 | 楼栋 | 单元 | 房号 |\n|---|---|---|---|\n{rooms}"
    opened.import_sheet(workbook(tmp_path / "房屋.xlsx", register), source="property")
    outcome = opened.check(workbook(tmp_path / "表.xlsx", FIRST.replace("503室", "508室")))
    assert outcome.problems.filter(code="OF311")["row"].to_list() == [4]
