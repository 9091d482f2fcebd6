"""What a person answered once about a column or a header is remembered, used for the next sheet, listed and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from oneform.cli import oneform
from oneform.errors import UsageError
from oneform.frames import MEANT, NOTHING, SUMMARY, UNKNOWN
from oneform.pipeline import Workspace, open_workspace
from tests.conftest import clock
from tests.sheets import workbook

FIRST = """
| 姓名 | 身份证号 | 紧要号 | 现住址 |
|---|---|---|---|
| 张伟 | 110101198001010010 | 13800000001 | 阳光小区3栋2单元501室 |
| 李娜 | 11010119900307029X | 13800000002 | 阳光小区3栋2单元502室 |
"""
SECOND = """
| 姓名 | 身份证号 | 紧要号 | 现住址 |
|---|---|---|---|
| 王明 | 110101199003070265 | 13900000003 | 阳光小区5栋1单元101室 |
"""


def ticking() -> Callable[[], datetime]:
    """A clock that goes on by a minute whenever it is read."""
    read: list[int] = []

    def tick() -> datetime:
        read.append(1)
        return clock() + timedelta(minutes=len(read))

    return tick


@pytest.fixture
def opened(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_workspace(tmp_path / "w", create=True, who="test", clock=ticking()) as workspace:
        yield workspace


def phones(opened: Workspace) -> dict[str, str]:
    return dict(opened.residents().select("name", "phone").drop_nulls().iter_rows())


def test_a_column_answered_once_is_known_on_the_next_sheet(opened: Workspace, tmp_path: Path) -> None:
    first, second = workbook(tmp_path / "一.xlsx", FIRST), workbook(tmp_path / "二.xlsx", SECOND)
    assert [column.field for column in opened.check(first).tables[0].columns][2] is None
    answered = opened.import_sheet(first, columns={"紧要号": "联系电话"})
    assert [answer.shown for answer in answered.checked.answers] == ["紧要号"]
    later = opened.import_sheet(second)
    column = later.checked.tables[0].columns[2]
    assert (column.field, column.confidence, column.suggestions) == ("phone", 1.0, ())
    assert later.checked.answers == ()
    assert phones(opened) == {"张伟": "13800000001", "李娜": "13800000002", "王明": "13900000003"}
    (known,) = opened.memory().to_dicts()
    assert (known["kind"], known["about"], known["shown"], known["field"], known["who"], known["file"]) == (
        "column", "person", "紧要号", "phone", "test", "一.xlsx",
    )  # fmt: skip


def test_the_same_file_says_more_once_its_column_is_answered(opened: Workspace, tmp_path: Path) -> None:
    first = workbook(tmp_path / "一.xlsx", FIRST)
    assert opened.import_sheet(first).new == 2
    answered = opened.import_sheet(first, columns={"紧要号": "phone"})
    assert (answered.again, answered.new, answered.updated, answered.missing.height) == (False, 0, 2, 0)
    assert opened.import_sheet(first).again  # with what is remembered now, it is the same content


def test_nothing_is_an_answer_and_the_column_is_not_asked_about_again(opened: Workspace, tmp_path: Path) -> None:
    text = FIRST.replace("紧要号", "联系方法")
    first, second = (
        workbook(tmp_path / "一.xlsx", text),
        workbook(tmp_path / "二.xlsx", SECOND.replace("紧要号", "联系方法")),
    )
    opened.import_sheet(first, columns={"联系方法": "无"})
    column = opened.import_sheet(second).checked.tables[0].columns[2]
    assert (column.field, column.suggestions) == (None, ())
    assert phones(opened) == {}


def test_values_veto_a_remembered_column(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "一.xlsx", FIRST), columns={"紧要号": "联系电话"})
    rows = "\n".join(
        f"| 甲{n} | 1990-0{n}-07 | 阳光小区 |" for n in "一二三四".translate(str.maketrans("一二三四", "1234"))
    )
    swapped = workbook(tmp_path / "二.xlsx", f"| 姓名 | 紧要号 | 现住址 |\n|---|---|---|\n{rows}")
    outcome = opened.check(swapped)
    assert [column.field for column in outcome.tables[0].columns] == ["name", None, "current_address"]
    assert "OF203" in outcome.problems["code"]


def test_a_vetoed_answer_is_not_remembered(opened: Workspace, tmp_path: Path) -> None:
    rows = "\n".join(f"| 甲乙 | 1990-0{n}-07 | 阳光小区{n}栋 |" for n in range(1, 5))
    sheet = workbook(tmp_path / "一.xlsx", f"| 姓名 | 紧要号 | 现住址 |\n|---|---|---|\n{rows}")
    assert opened.import_sheet(sheet, columns={"紧要号": "联系电话"}).checked.answers == ()
    assert opened.memory().is_empty()


def test_an_answer_is_forgotten_by_its_number(opened: Workspace, tmp_path: Path) -> None:
    opened.import_sheet(workbook(tmp_path / "一.xlsx", FIRST), columns={"紧要号": "联系电话"})
    opened.forget(1)
    assert opened.memory().is_empty()
    assert opened.check(workbook(tmp_path / "二.xlsx", SECOND)).tables[0].columns[2].field is None
    with pytest.raises(UsageError, match="oneform memory"):
        opened.forget(1)
    said = opened.store.connection.execute("SELECT number, forgotten FROM memory ORDER BY number").fetchall()
    assert said == [(1, False), (2, True)]  # nothing is ever deleted


def test_header_rows_said_once_are_known_by_the_sheet_s_first_rows(opened: Workspace, tmp_path: Path) -> None:
    form = """
    | 编制说明甲 | 编制说明乙 | 编制说明丙 |
    | 户主之名 | 号头 | 门头 |
    | {} | {} | 3栋 |
    """
    first = workbook(tmp_path / "一.xlsx", form.format("张伟", "110101198001010010"))
    columns = {"户主之名": "姓名", "号头": "公民身份号码", "门头": "无"}
    outcome = opened.import_sheet(first, header=(2, 2), columns=columns)
    assert outcome.checked.tables[0].header_rows == (2, 2)
    assert set(opened.memory()["kind"]) == {"column", "header"}
    second = workbook(tmp_path / "二.xlsx", form.format("李娜", "11010119900307029X"))
    assert opened.import_sheet(second).new == 1
    assert set(opened.residents()["name"]) == {"张伟", "李娜"}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"紧要号": "月亮"}, "没有字段「月亮」"),
        ({"别的列": "联系电话"}, "没有「别的列」列"),
    ],
)
def test_an_answer_that_names_nothing_is_refused_with_what_there_is(
    opened: Workspace, tmp_path: Path, columns: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        opened.import_sheet(workbook(tmp_path / "一.xlsx", FIRST), columns=columns)
    assert opened.links().is_empty()


def test_a_choice_in_the_workbook_handed_back_is_remembered(opened: Workspace, tmp_path: Path) -> None:
    workbook(tmp_path / "回.xlsx", {"Sheet1": FIRST})
    book = openpyxl.load_workbook(tmp_path / "回.xlsx")
    summary = book.create_sheet(SUMMARY, 0)
    summary.append([UNKNOWN, "", "", "", MEANT])
    summary.append(["紧要号", "", "", "", "联系电话"])
    book.save(tmp_path / "回.xlsx")
    assert opened.import_sheet(tmp_path / "回.xlsx").checked.answers[0].field == ("person", "phone")
    assert opened.check(workbook(tmp_path / "二.xlsx", SECOND)).tables[0].columns[2].field == "phone"
    assert NOTHING  # the other choice of the drop-down


def test_the_command_lists_and_forgets(tmp_path: Path) -> None:
    place = ["--workspace", str(tmp_path / "w")]
    shell = CliRunner()
    assert shell.invoke(oneform, ["init", *place]).exit_code == 0
    sheet = str(workbook(tmp_path / "一.xlsx", FIRST))
    taken = shell.invoke(oneform, ["import", sheet, "--column", "紧要号=联系电话", *place])
    assert taken.exit_code == 0, taken.output
    assert "记住了：「紧要号」" in taken.output
    listed = shell.invoke(oneform, ["memory", *place])
    assert "紧要号" in listed.output
    assert "居民·联系电话" in listed.output
    table = shell.invoke(oneform, ["memory", "--csv", *place]).stdout.splitlines()
    assert table[0] == "number,kind,about,header,entity,field,first_row,last_row,who,at,file"
    assert len(table) == 2
    checked = shell.invoke(oneform, ["check", str(workbook(tmp_path / "二.xlsx", SECOND)), "--json", *place])
    assert json.loads(checked.stdout.splitlines()[0])["sheets"][0]["columns"][2]["field"] == "phone"
    assert shell.invoke(oneform, ["memory", "--forget", "1", *place]).exit_code == 0
    assert len(shell.invoke(oneform, ["memory", "--csv", *place]).stdout.splitlines()) == 1
