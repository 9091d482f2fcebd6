"""Questions out as a workbook and the answers back: half filled, twice, contradicting, tampered with, through an office."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from oneform import read
from oneform.answer import review_workbook
from oneform.errors import UsageError
from oneform.pipeline import Workspace, ledger
from oneform.pipeline.sheet_reviews import Answered, answer_from_workbook, ask_in_workbook
from tests.conftest import clock
from tests.sheets import workbook
from tests.test_reviews import HOMOPHONE, ONE_ID_TWO_PEOPLE, TWINS, asked, people, take


@pytest.fixture
def asking(workspace: Workspace) -> Workspace:
    """Three pairs wait: one ID for two people, twins, a homophone."""
    take(workspace, "甲", *ONE_ID_TWO_PEOPLE, *TWINS, *HOMOPHONE)
    assert len(asked(workspace)) == 3
    return workspace


def out(workspace: Workspace, folder: Path) -> Path:
    path = folder / "待核对.xlsx"
    content = ask_in_workbook(workspace.store, now=clock())
    assert content is not None
    path.write_bytes(content)
    return path


def back(workspace: Workspace, path: Path) -> Answered:
    return answer_from_workbook(workspace.store, path, who="张网格", now=clock())


def fill(path: Path, *words: str | None, note: str | None = None) -> Path:
    """Answer the pairs in the order in which they stand, as a person would; None leaves one blank."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    head = {cell.value: cell.column for cell in sheet[5]}
    first = [row for row in range(6, sheet.max_row + 1) if isinstance(sheet.cell(row, 1).value, int)]
    for row, word in zip(first, words, strict=True):
        sheet.cell(row, head["答案"]).value = word
        sheet.cell(row, head["备注"]).value = note
    book.save(path)
    return path


def messages(outcome: Answered) -> list[str]:
    return outcome.messages["zh"].to_list()


def test_the_workbook_asks_every_pair_and_protects_its_key(asking: Workspace, tmp_path: Path) -> None:
    path = out(asking, tmp_path)
    told = review_workbook.answers(read.workbook(path))
    assert told is not None
    assert (told["key"].n_unique(), told["answer"].null_count()) == (3, told.height)
    sheet = openpyxl.load_workbook(path).active
    assert sheet.title == "待核对"
    assert sheet.protection.sheet
    head = {cell.value: cell for cell in sheet[5]}
    key = head["核对编号（勿改）"]
    assert sheet.column_dimensions[key.column_letter].hidden
    assert sheet.cell(7, key.column).protection.locked
    assert not sheet.cell(7, head["答案"].column).protection.locked
    assert len(sheet.data_validations.dataValidation) == 3
    shown = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert "林文嘉（居民 " in shown
    assert "甲.xlsx「Sheet1」第 2 行" in shown
    colours = {sheet.cell(row, head["姓名"].column).fill.fgColor.rgb for row in (7, 8)}
    assert colours == {"FFFCD5B4"}  # the names differ


def test_equal_questions_are_equal_bytes(asking: Workspace) -> None:
    assert ask_in_workbook(asking.store, now=clock()) == ask_in_workbook(asking.store, now=clock())


def test_a_half_filled_workbook_is_taken_and_taken_once(asking: Workspace, tmp_path: Path) -> None:
    path = fill(out(asking, tmp_path), "同一人", None, "不是", note="看过户口本")
    outcome = back(asking, path)
    assert (outcome.told, outcome.known, outcome.blank, messages(outcome)) == (2, 0, 1, [])
    assert len(people(asking)) == 5
    signed = ledger(asking.store).select("who", "reason").rows()
    assert {who for who, _ in signed} == {"张网格"}
    assert all(reason.startswith("待核对.xlsx 第 ") and reason.endswith("行：看过户口本") for _, reason in signed)
    again = back(asking, path)
    assert (again.told, again.known, again.blank, messages(again)) == (0, 2, 1, [])
    assert ledger(asking.store).height == 2
    assert len(asked(asking)) == 1


def test_unsure_and_later(asking: Workspace, tmp_path: Path) -> None:
    path = fill(out(asking, tmp_path), "不确定", "以后", "以后")
    outcome = back(asking, path)
    assert (outcome.told, outcome.later) == (1, 2)
    assert len(asked(asking)) == 2
    sure = back(asking, fill(path, "不是", None, None))
    assert (sure.told, messages(sure)) == (1, [])


def test_an_answer_that_the_ledger_contradicts_is_told_and_changes_nothing(asking: Workspace, tmp_path: Path) -> None:
    path = out(asking, tmp_path)
    back(asking, fill(path, "不是", "不是", "不是"))
    before = people(asking)
    outcome = back(asking, fill(path, "同一人", "不确定", "不是"))
    assert (outcome.told, outcome.known) == (0, 1)
    assert [text.partition("，")[0] for text in messages(outcome)] == ["这一对先前已判定「不是」"] * 2
    assert people(asking) == before
    assert ledger(asking.store).height == 3


def test_pairs_that_lapsed_are_said(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, "甲", *TWINS, HOMOPHONE[0])
    path = out(workspace, tmp_path)
    workspace.decide(1, 3, "same")
    workspace.decide(2, 3, "same")  # so the twins of the workbook are one, without an answer of their own
    outcome = back(workspace, fill(path, "不是"))
    assert (outcome.told, len(people(workspace))) == (0, 1)
    assert messages(outcome)[0].startswith("这两行后来已合成一个人")
    assert back(workspace, fill(path, "同一人")).known == 1


def test_what_was_tampered_with_is_told(asking: Workspace, tmp_path: Path) -> None:
    path = fill(out(asking, tmp_path), "同一人", "也许", "=1+1")
    book = openpyxl.load_workbook(path)
    sheet = book.active
    column = {cell.value: cell.column for cell in sheet[5]}["核对编号（勿改）"]
    for row in (7, 8):
        sheet.cell(row, column).value = "x|y"
    book.save(path)
    outcome = back(asking, path)
    assert outcome.told == 0
    assert len(messages(outcome)) >= 2
    assert messages(outcome)[0].startswith("核对编号被改动")
    assert ledger(asking.store).is_empty()


def test_lines_deleted_and_sorted_are_still_known(asking: Workspace, tmp_path: Path) -> None:
    path = fill(out(asking, tmp_path), "不是", "不是", "同一人")
    book = openpyxl.load_workbook(path)
    sheet = book.active
    for span in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(span))
    sheet.delete_rows(6, 3)  # the first group
    book.save(path)
    outcome = back(asking, path)
    assert (outcome.told, messages(outcome)) == (2, [])


def test_another_workbook_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = workbook(tmp_path / "居民.xlsx", "| 姓名 | 答案 |\n|---|---|\n| 王芳 | 同一人 |")
    with pytest.raises(UsageError, match="不是核对表"):
        back(workspace, path)


def test_nothing_waits_nothing_is_written(workspace: Workspace) -> None:
    assert ask_in_workbook(workspace.store, now=clock()) is None


@pytest.mark.office
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_workbook_comes_back_through_libreoffice(asking: Workspace, tmp_path: Path) -> None:
    path = fill(out(asking, tmp_path), "同一人", "不是", None)
    before = review_workbook.answers(read.workbook(path))
    saved = tmp_path / "saved"
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    after = review_workbook.answers(read.workbook(saved / path.name))
    assert before is not None
    assert after is not None
    assert after.filter(pl.col("key").is_not_null()).equals(before)
    assert back(asking, saved / path.name).told == 2


def test_handed_in_as_a_sheet_it_is_refused(asking: Workspace, tmp_path: Path) -> None:
    path = out(asking, tmp_path)
    with pytest.raises(UsageError, match="oneform reviews 待核对"):
        asking.import_sheet(path)
