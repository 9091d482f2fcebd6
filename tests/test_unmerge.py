"""Taken back, an answer leaves nothing behind: ids, memberships and golden values are those of before, byte for byte."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from oneform import store
from oneform.errors import UsageError
from oneform.pipeline import Workspace, ledger, split, withdraw
from oneform.store.history import resolved
from tests.conftest import clock
from tests.sheets import workbook
from tests.test_cli import run
from tests.test_reviews import DUPLICATE_ID, HEAD, HOME, HOMOPHONE, ONE_ID_TWO_PEOPLE, TWINS, asked, people, take

ROW = f"| 张伟 | | 1980-01-01 | | 13800000001 | {HOME} |"


def kept(workspace: Workspace) -> dict[str, pl.DataFrame]:
    """Everything that can be seen, ids and all."""
    return {
        "links": workspace.links(),
        "reviews": workspace.reviews(),
        **{f"golden {name}": rows for name, rows in store.golden(workspace.store).items()},
    }


def assert_equal(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    differing = [name for name in one if not one[name].equals(other[name])]
    assert differing == []


def back(workspace: Workspace, *entries: int) -> None:
    withdraw(workspace.store, list(entries), who="test", now=clock())


@pytest.mark.parametrize("answer", ["same", "not_same", "unsure"])
@pytest.mark.parametrize(
    "pair", [ONE_ID_TWO_PEOPLE, TWINS, HOMOPHONE, DUPLICATE_ID], ids=["id", "twins", "name", "dup"]
)
def test_an_answer_taken_back_leaves_nothing_behind(workspace: Workspace, pair: tuple[str, str], answer: str) -> None:
    take(workspace, "甲", *pair)
    ((left, right),) = asked(workspace)
    before = kept(workspace)
    workspace.decide(left, right, answer)
    after = kept(workspace)
    back(workspace, 1)
    assert_equal(kept(workspace), before)
    back(workspace, 1)  # again: nothing in force
    assert ledger(workspace.store).height == 2
    workspace.decide(left, right, answer)
    assert_equal(kept(workspace), after)


def test_a_merge_of_two_imports_taken_back_though_the_later_side_is_larger(workspace: Workspace) -> None:
    take(workspace, "甲", TWINS[0])
    take(workspace, "乙", TWINS[1], TWINS[1].replace("13800000003", "13800000004"))
    ((left, right),) = asked(workspace)
    before = kept(workspace)
    assert workspace.decide(left, right, "same").merged == 1
    merged = workspace.residents()["resident"].to_list()
    gone = set(before["golden person"]["entity_id"]) - set(merged)
    assert resolved(workspace.store, *gone).rows() == [(*gone, *merged)]
    assert workspace.decide(left, right, "withdrawn").split == 1
    assert_equal(kept(workspace), before)
    assert resolved(workspace.store, *gone).rows() == [(*gone, *gone)]


def test_rows_that_came_after_the_merge_stay_with_their_side(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS)
    ((left, right),) = asked(workspace)
    ids = dict(workspace.links().filter(entity="person").select("row", "resident").iter_rows())
    workspace.decide(left, right, "same")
    take(workspace, "乙", TWINS[1], "| 路人 | | | | | |")
    back(workspace, 1)
    linked = workspace.links().filter(entity="person")
    assert dict(linked.filter(file="甲.xlsx").select("row", "resident").iter_rows()) == ids
    assert linked.filter(file="乙.xlsx", row=2)["resident"].to_list() == [ids[3]]


def test_a_later_word_on_the_merged_resident_holds_the_merge(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS, HOMOPHONE[0])
    workspace.decide(1, 2, "same")
    workspace.decide(2, 3, "same")
    before = kept(workspace)
    with pytest.raises(UsageError, match="第 2 号判断") as refused:
        back(workspace, 1)
    assert "张" not in str(refused.value)
    assert_equal(kept(workspace), before)
    assert ledger(workspace.store).height == 2
    back(workspace, 2)
    back(workspace, 1)
    assert len(people(workspace)) == 3


def test_both_may_be_taken_back_at_once(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS, HOMOPHONE[0])
    before = kept(workspace)
    workspace.decide(1, 2, "same")
    workspace.decide(2, 3, "not_same")
    back(workspace, 1, 2)
    assert_equal(kept(workspace), before)


def test_an_answer_on_other_people_holds_nothing(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS, *HOMOPHONE)
    workspace.decide(1, 2, "same")
    workspace.decide(3, 4, "same")
    back(workspace, 1)
    assert len(people(workspace)) == 3


def test_a_resident_whom_rules_had_merged_is_split_and_joined_again(workspace: Workspace) -> None:
    take(workspace, "甲", ROW)
    take(workspace, "乙", ROW, "| 路人 | | | | | |")
    take(workspace, "丙", ROW, "| 过客 | | | | | |")
    before = kept(workspace)
    first = int(workspace.residents()["resident"][0])
    decided = split(workspace.store, first, [2], who="张网格", now=clock())
    assert (decided.split, decided.reviews) == (1, 0)
    assert {frozenset({"甲2", "丙2"}), frozenset({"乙2"})} < people(workspace)
    assert ledger(workspace.store)["answer"].to_list() == ["not_same", "not_same"]
    back(workspace, 1, 2)
    assert_equal(kept(workspace), before)


@pytest.mark.parametrize("records", [[], [1, 2], [3], [99]], ids=["none", "all", "another's", "unknown"])
def test_a_split_that_means_nothing_is_refused(workspace: Workspace, records: list[int]) -> None:
    take(workspace, "甲", ROW)
    take(workspace, "乙", ROW, "| 路人 | | | | | |")
    first = int(workspace.residents()["resident"][0])
    with pytest.raises(UsageError):
        split(workspace.store, first, records, who="张网格", now=clock())
    assert ledger(workspace.store).is_empty()


def test_unknown_entries_are_refused(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS)
    with pytest.raises(UsageError, match="没有第 1 号判断"):
        back(workspace, 1)


def test_an_id_merged_twice_resolves_to_who_bears_it_now(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS, HOMOPHONE[0])
    ids = workspace.links().filter(entity="person").sort("row")["resident"].to_list()
    workspace.decide(2, 3, "same")
    workspace.decide(1, 2, "same")
    alive = workspace.residents()["resident"].to_list()
    assert resolved(workspace.store, *ids).rows() == [(one, *alive) for one in sorted(ids)]
    assert resolved(workspace.store, 999).is_empty()


def test_the_ledger_and_the_split_on_the_command_line(tmp_path: Path) -> None:
    assert run("init", cwd=tmp_path).returncode == 0
    workbook(tmp_path / "甲.xlsx", HEAD + ROW)
    workbook(tmp_path / "乙.xlsx", HEAD + ROW + "\n| 路人 | | | | | |")
    run("import", "甲.xlsx", "乙.xlsx", cwd=tmp_path)
    residents = run("residents", "--csv", cwd=tmp_path).stdout
    split_off = run("split", "1", "--row", "乙.xlsx!Sheet1!2", cwd=tmp_path)
    assert split_off.returncode == 0, split_off.stderr.decode()
    assert "分开 1 人" in split_off.stdout.decode()
    assert "--withdraw 1" in split_off.stderr.decode()
    listed = run("reviews", "--ledger", cwd=tmp_path).stdout.decode()
    assert listed.splitlines()[0].startswith("1. ")
    assert "不是同一人" in listed
    taken = run("reviews", "--withdraw", "1", cwd=tmp_path)
    assert taken.returncode == 0
    assert "合并 1 人" in taken.stdout.decode()
    assert run("residents", "--csv", cwd=tmp_path).stdout == residents
    assert "已撤回" in run("reviews", "--ledger", cwd=tmp_path).stdout.decode()
    assert run("reviews", "--withdraw", "1", cwd=tmp_path).returncode == 0
    assert run("reviews", "--withdraw", "9", cwd=tmp_path).returncode == 2
    assert run("split", "1", "--row", "丙.xlsx!Sheet1!2", cwd=tmp_path).returncode == 2
