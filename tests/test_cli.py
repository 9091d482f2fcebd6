"""The command line: what it prints, its exit codes, its machine-readable contracts, its start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from tests.sheets import workbook

ROSTER = """
| 姓名 | 身份证号 | 联系电话 | 现住址 | 备注2 |
|---|---|---|---|---|
| 张伟 | 110101198001010010 | 13800000001 | 阳光小区3栋2单元501室 | 甲 |
| 李娜 | 110101199003070290 | 13800000002 | 阳光小区3栋2单元502室 | |
"""  # the second ID's check digit is wrong


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "oneform.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


@pytest.fixture
def community(tmp_path: Path) -> Path:
    assert run("init", cwd=tmp_path).returncode == 0
    workbook(tmp_path / "三号网格.xlsx", ROSTER)
    return tmp_path


def test_help_starts_quickly_and_loads_nothing_heavy(tmp_path: Path) -> None:
    best = 9.0
    for _ in range(5):
        start = time.perf_counter()
        shown = run("--help", cwd=tmp_path)
        best = min(best, time.perf_counter() - start)
    assert shown.returncode == 0
    assert "demo" in shown.stdout.decode()
    heavy = "'pandera', 'polars', 'duckdb', 'openpyxl'"
    probe = f"import sys, oneform.cli.group; print([name for name in ({heavy}) if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
    assert best < 1.0  # 0.3 s on an idle machine; the list above is the real guard


def test_a_mistyped_command_is_answered_with_the_right_one(tmp_path: Path) -> None:
    wrong = run("improt", "a.xlsx", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "是否指 import？" in wrong.stderr.decode()


def test_check_json_is_the_documented_contract(community: Path) -> None:
    checked = run("check", "三号网格.xlsx", "--json", cwd=community)
    assert checked.returncode == 3
    said = json.loads(checked.stdout)
    assert set(said) >= {"file", "sheets", "problems", "counts"}
    (sheet,) = said["sheets"]
    assert sheet["header_rows"] == [1, 1]
    assert sheet["data_rows"] == [2, 3]
    assert [column["field"] for column in sheet["columns"]] == ["name", "id_number", "phone", "current_address", None]
    assert [column["index"] for column in sheet["columns"]] == [1, 2, 3, 4, 5]
    assert said["counts"] == {"rows": 2, "accepted": 2, "waiting": 0, "left_out": 0, "held_cells": 1}
    (problem,) = said["problems"]
    assert (problem["code"], problem["row"], problem["column"], problem["field"]) == ("OF302", 3, 2, "id_number")


def test_import_json_and_a_second_import_that_changes_nothing(community: Path) -> None:
    first = json.loads(run("import", "三号网格.xlsx", "--json", "--source", "grid", cwd=community).stdout)
    assert (first["new"], first["updated"], first["unchanged"], first["queued_for_review"]) == (2, 0, 0, 0)
    second = run("import", "三号网格.xlsx", "--json", "--source", "grid", cwd=community)
    again = json.loads(second.stdout)
    assert (again["batch"], again["new"], again["updated"], again["unchanged"]) == (first["batch"], 0, 0, 2)
    assert second.returncode == 0


def test_several_files_print_one_object_a_line_and_a_refusal_outranks_problems(community: Path) -> None:
    (community / "空.xlsx").write_bytes(b"")
    both = run("import", "空.xlsx", "三号网格.xlsx", "--json", cwd=community)
    assert both.returncode == 5
    refused, taken = map(json.loads, both.stdout.splitlines())
    assert refused == {"file": "空.xlsx", "error": {"code": "OF101", "message": refused["error"]["message"]}}
    assert taken["new"] == 2


def test_csv_outputs_have_their_documented_columns(community: Path) -> None:
    run("import", "三号网格.xlsx", cwd=community)

    def header(*arguments: str) -> list[str]:
        return run(*arguments, "--csv", cwd=community).stdout.decode().splitlines()[0].split(",")

    assert header("links") == ["file", "sheet", "row", "entity", "resident"]
    assert header("problems") == ["batch", "file", "sheet", "row", "column", "field", "code", "level", "message"]
    assert header("reviews") == ["review", "left", "right", "match_weight", "reason"]
    assert header("residents")[0] == "resident"
    assert header("residents", "--provenance") == ["resident", "field", "value", "file", "sheet", "row", "column"]


def test_every_value_names_its_source_cell(community: Path) -> None:
    run("import", "三号网格.xlsx", cwd=community)
    shown = run("residents", "--provenance", "--csv", cwd=community).stdout
    values = pl.read_csv(shown)
    phone = values.filter((pl.col("field") == "phone") & (pl.col("value").cast(pl.String) == "13800000001"))
    assert phone.select("file", "row", "column").row(0) == ("三号网格.xlsx", 2, 3)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["import", "没有.xlsx"], 2, "没有.xlsx"),
        (["report", "nowhere", "-o", "out"], 2, "可用"),
        (["report", "residents", "-o", "out", "-p", "nonsense=1"], 2, "没有参数"),
        (["import", "三号网格.xlsx", "--source", "mars"], 2, "没有来源"),
        (["template", "martian", "-o", "x.xlsx"], 2, "可用"),
    ],
)
def test_usage_faults_say_what_is_known(community: Path, arguments: list[str], status: int, words: str) -> None:
    refused = run(*arguments, cwd=community)
    assert refused.returncode == status, refused.stderr.decode()
    assert words in refused.stderr.decode()


def test_without_a_database_every_command_says_to_run_init(tmp_path: Path) -> None:
    for command in (["residents"], ["links"], ["problems"], ["reviews"], ["report", "--all", "-o", "out"]):
        refused = run(*command, cwd=tmp_path)
        assert refused.returncode == 2
        assert "oneform init" in refused.stderr.decode()


def test_a_report_is_not_overwritten_unasked(community: Path) -> None:
    run("import", "三号网格.xlsx", cwd=community)
    assert run("report", "residents", "-o", "out", cwd=community).returncode == 0
    again = run("report", "residents", "-o", "out", cwd=community)
    assert again.returncode == 2
    assert "--force" in again.stderr.decode()
    assert run("report", "residents", "-o", "out", "--force", cwd=community).returncode == 0


def test_a_gbk_console_never_breaks_a_command(community: Path) -> None:
    workbook(community / "生僻.xlsx", ROSTER.replace("张伟", "张𠮷䶮"))
    for command in (["check", "生僻.xlsx"], ["import", "生僻.xlsx"], ["residents"], ["mapping", "list"]):
        shown = run(*command, cwd=community, PYTHONIOENCODING="gbk")
        assert shown.returncode in {0, 3}, shown.stderr
        assert b"Traceback" not in shown.stderr


def test_english_on_request(community: Path) -> None:
    shown = run("check", "三号网格.xlsx", "--lang", "en", cwd=community).stdout.decode()
    assert "columns known" in shown
    assert "读取" not in shown


def test_no_resident_value_in_a_refusal(community: Path) -> None:
    canary = "赵金丝雀"
    workbook(community / "坏.xlsx", ROSTER.replace("张伟", canary))
    (community / "坏.xlsx").write_bytes((community / "坏.xlsx").read_bytes()[:-200])
    refused = run("import", "坏.xlsx", cwd=community)
    assert refused.returncode == 5
    assert canary not in (refused.stderr + refused.stdout).decode()


def test_a_denied_column_is_named_and_not_stored(community: Path) -> None:
    workbook(community / "血型.xlsx", "| 姓名 | 联系电话 | 血型 |\n|---|---|---|\n| 张伟 | 13800000001 | 熊猫血 |\n")
    shown = run("import", "血型.xlsx", cwd=community).stdout.decode()
    assert "按规定不保存：血型" in shown
    assert "熊猫血".encode() not in (community / "oneform.duckdb").read_bytes()
