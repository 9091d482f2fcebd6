"""A person's answers: followed, never broken, never asked for again, taken back whole; in the library and the shell."""

from __future__ import annotations

import json
import os
import pty
import random
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from oneform import merge, store
from oneform.errors import UsageError
from oneform.pipeline import Workspace, decide, open_workspace, side_by_side, unmet
from tests.conftest import clock, take_in
from tests.sheets import workbook
from tests.test_cli import run

HEAD = "| 姓名 | 身份证号 | 出生日期 | 性别 | 联系电话 | 现住址 |\n|---|---|---|---|---|---|\n"
HOME = "阳光小区3栋2单元501室"
ID, OTHER_ID = "11010119900307029X", "110101199003075381"

# Two rows about which a person is asked.
ONE_ID_TWO_PEOPLE = (f"| 林文嘉 | {ID} | | | 13800000001 | {HOME} |", f"| 林宸嘉 | {ID} | | | 13800000002 | |")
TWINS = (f"| 张子涵 | | 2018-05-20 | | 13800000003 | {HOME} |", f"| 张子轩 | | 2018-05-20 | | 13800000003 | {HOME} |")
HOMOPHONE = ("| 王晓明 | | | | | 幸福苑1栋1单元101室 |", "| 王小明 | | | | | 幸福苑1栋1单元101室 |")
DUPLICATE_ID = (
    f"| 陈静怡 | {ID} | 1990-03-07 | | 13800000005 | {HOME} |",
    f"| 陈静怡 | {OTHER_ID} | 1990-03-07 | | 13800000005 | {HOME} |",
)
ASKED = [
    pytest.param(ONE_ID_TWO_PEOPLE, id="one-id-two-people"),
    pytest.param(TWINS, id="twins"),
    pytest.param(HOMOPHONE, id="homophone"),
]


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    with open_workspace(folder, create=True, who="张网格", clock=clock) as workspace:
        yield workspace


def take(workspace: Workspace, name: str, *rows: str) -> int:
    """Import a sheet of the rows; how many questions it raised."""
    folder = workspace.store.folder.parent / "sheets"
    folder.mkdir(exist_ok=True)
    return workspace.import_sheet(
        workbook(folder / f"{name}.xlsx", HEAD + "\n".join(rows)), source="grid"
    ).queued_for_review


def asked(workspace: Workspace) -> list[tuple[int, int]]:
    return workspace.reviews().select("left_record", "right_record").rows()


def people(workspace: Workspace) -> set[frozenset[str]]:
    """The rows of each resident, as file!row."""
    linked = workspace.links().filter(entity="person").drop_nulls("resident")
    groups: dict[int, set[str]] = {}
    for file, _, row, _, resident in linked.iter_rows():
        groups.setdefault(resident, set()).add(f"{file[:-5]}{row}")
    return {frozenset(rows) for rows in groups.values()}


def state(workspace: Workspace) -> dict[str, object]:
    """Links, golden values with their source rows, and questions; ids and ops aside."""
    told: dict[str, object] = {"reviews": workspace.reviews()}
    for name, rows in store.golden(workspace.store).items():
        refs = workspace.schema.entities[name].refs
        told[name] = sorted(map(repr, rows.drop("entity_id", *refs).iter_rows()))
    linked = workspace.links().drop_nulls("resident")
    groups = linked.group_by("entity", "resident").agg(pl.struct("file", "sheet", "row").sort())
    told["links"] = sorted(map(repr, groups.drop("resident").iter_rows()))
    return told


def assert_same(one: dict[str, object], other: dict[str, object]) -> None:
    one, other = dict(one), dict(other)
    assert one.pop("reviews").equals(other.pop("reviews"))  # type: ignore[attr-defined]
    assert one == other


@pytest.mark.parametrize("pair", ASKED)
def test_same_makes_one_resident(workspace: Workspace, pair: tuple[str, str]) -> None:
    assert take(workspace, "甲", *pair) == 1
    assert len(people(workspace)) == 2
    ((left, right),) = asked(workspace)
    decided = workspace.decide(left, right, "same", "看过户口本")
    assert (decided.merged, decided.split, decided.reviews, decided.unmet.height) == (1, 0, 0, 0)
    assert people(workspace) == {frozenset({"甲2", "甲3"})}
    assert workspace.residents().height == 1
    kept = workspace.store.connection.sql('SELECT "left", "right", answer, who, judged_at, reason FROM judgement')
    assert kept.fetchall() == [(left, right, "same", "test", clock().isoformat(timespec="seconds"), "看过户口本")]
    kinds = workspace.store.connection.sql("SELECT kind FROM op ORDER BY op").fetchall()
    assert kinds == [("import",), ("judgement",)]


@pytest.mark.parametrize("answer", ["not_same", "unsure"])
@pytest.mark.parametrize("pair", ASKED)
def test_a_no_is_two_residents_and_is_never_asked_again(
    workspace: Workspace, pair: tuple[str, str], answer: str
) -> None:
    take(workspace, "甲", *pair)
    ((left, right),) = asked(workspace)
    decided = workspace.decide(left, right, answer)
    assert (decided.merged, decided.split, decided.reviews) == (0, 0, 0)
    take(workspace, "甲", *pair)  # again: known
    take(workspace, "无关", "| 赵铁柱 | | 1950-01-01 | | 13900000009 | 幸福苑2栋1单元101室 |")
    assert asked(workspace) == []
    assert len(people(workspace)) == 3
    if answer == "not_same":
        for name in ("乙", "丙"):  # the same two people in later sheets
            assert take(workspace, name, pair[1], pair[0], "| 路人 | | | | | |") == 0
        assert len({rows for rows in people(workspace) if rows & {"甲2", "甲3"}}) == 2
        assert asked(workspace) == []


def test_unsure_is_asked_again_once_a_resident_of_the_pair_gets_a_new_row(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS)
    ((left, right),) = asked(workspace)
    workspace.decide(left, right, "unsure")
    assert asked(workspace) == []
    assert take(workspace, "乙", f"{TWINS[0]}") == 1
    ((again_left, again_right),) = asked(workspace)
    workspace.decide(again_left, again_right, "unsure")
    assert asked(workspace) == []
    assert len(people(workspace)) == 2


@pytest.mark.parametrize("answer", ["same", "not_same", "unsure"])
@pytest.mark.parametrize("pair", ASKED)
def test_withdrawing_restores_everything(workspace: Workspace, pair: tuple[str, str], answer: str) -> None:
    take(workspace, "甲", *pair, "| 赵铁柱 | | 1950-01-01 | | 13900000009 | 幸福苑2栋1单元101室 |")
    before = state(workspace)
    ((left, right),) = asked(workspace)
    workspace.decide(left, right, answer)
    workspace.decide(left, right, "withdrawn")
    assert_same(state(workspace), before)
    (count,) = workspace.store.connection.sql("SELECT count(*) FROM judgement").fetchall()[0]
    assert count == 2  # nothing is ever deleted
    again = workspace.decide(right, left, "withdrawn")  # nothing in force any more: nothing to write
    assert (again.merged, again.split) == (0, 0)
    assert workspace.store.connection.sql("SELECT count(*) FROM judgement").fetchall() == [(2,)]


def test_not_the_same_splits_what_was_linked_and_withdrawing_joins_it_again(workspace: Workspace) -> None:
    row = f"| 张伟 | | 1980-01-01 | | 13800000001 | {HOME} |"
    take(workspace, "甲", row)
    take(workspace, "乙", row, "| 路人 | | | | | |")
    before = state(workspace)
    assert len(people(workspace)) == 2
    assert workspace.decide(2, 1, "not_same").split == 1
    assert people(workspace) == {frozenset({"甲2"}), frozenset({"乙2"}), frozenset({"乙3"})}
    assert asked(workspace) == []
    assert workspace.decide(1, 2, "withdrawn").merged == 1
    assert_same(state(workspace), before)


def test_the_newest_answer_is_in_force(workspace: Workspace) -> None:
    take(workspace, "甲", *TWINS)
    for answer, count in (("same", 1), ("not_same", 2), ("unsure", 2), ("same", 1), ("later", 1), ("not_same", 2)):
        workspace.decide(1, 2, answer)
        assert len(people(workspace)) == count, answer
        assert asked(workspace) == []


def test_two_valid_ids_are_never_one_resident_whatever_a_person_says(workspace: Workspace) -> None:
    take(workspace, "甲", *DUPLICATE_ID)
    ((left, right),) = asked(workspace)
    decided = workspace.decide(left, right, "same")
    assert decided.unmet["reason"].to_list() == ["judged_same_two_ids"]
    assert (decided.merged, decided.reviews, len(people(workspace))) == (0, 0, 2)
    assert take(workspace, "乙", *DUPLICATE_ID, "| 路人 | | | | | |") == 0
    assert asked(workspace) == []
    assert unmet(workspace.store)["left"].to_list() == ["甲.xlsx!Sheet1!2"]
    workspace.decide(left, right, "not_same")
    assert unmet(workspace.store).is_empty()
    assert asked(workspace) == []


def test_a_row_that_fits_two_who_differ_equally_well_is_asked_about_once(workspace: Workspace) -> None:
    row = "| 王小明 | | | | 13800000004 | 幸福苑3栋1单元101室 |"
    take(workspace, "甲", row)
    take(workspace, "乙", row, "| 路人 | | | | | |")
    workspace.decide(1, 2, "not_same")
    take(workspace, "丙", row, "| 过客 | | | | | |")
    ((left, right),) = asked(workspace)
    workspace.decide(left, right, "not_same")
    assert asked(workspace) == []


@pytest.mark.parametrize(
    ("left", "right", "answer"), [(1, 2, "maybe"), (1, 1, "same"), (1, 99, "same")], ids=["word", "itself", "unknown"]
)
def test_what_is_no_answer_is_refused_and_nothing_is_written(
    workspace: Workspace, left: int, right: int, answer: str
) -> None:
    take(workspace, "甲", *TWINS)
    with pytest.raises(UsageError):
        workspace.decide(left, right, answer)
    assert workspace.store.connection.sql("SELECT count(*) FROM judgement").fetchall() == [(0,)]
    assert workspace.store.connection.sql("SELECT count(*) FROM op").fetchall() == [(1,)]


def test_two_rows_lie_side_by_side_in_words(workspace: Workspace) -> None:
    take(
        workspace,
        "甲",
        TWINS[0].replace("| |", "| 女 |", 1).replace("| 女 | 2018-05-20 | |", "| | 2018-05-20 | 女 |"),
        TWINS[1],
    )
    shown = {field: sides for field, *sides in side_by_side(workspace.store, 1, 2).iter_rows()}
    assert shown["place"] == ["甲.xlsx!Sheet1!2", "甲.xlsx!Sheet1!3"]
    assert shown["name"] == ["张子涵", "张子轩"]
    assert shown["gender"][0] == "女"
    assert "id_number" not in shown


# -- histories -----------------------------------------------------------------------------------------------------

SHEETS = {
    "甲": [*TWINS, *HOMOPHONE, ONE_ID_TWO_PEOPLE[0]],
    "乙": [TWINS[1], HOMOPHONE[0], ONE_ID_TWO_PEOPLE[1], *DUPLICATE_ID[1:]],
    "丙": [TWINS[0], HOMOPHONE[1], f"| 林文嘉 | {ID} | | | 13800000009 | |"],
}
PLACES = [f"{sheet}{row}" for sheet, rows in SHEETS.items() for row in range(2, len(rows) + 2)]


def history(seed: int) -> tuple[list[tuple[str, str, str]], list[list[str | tuple[str, str, str]]]]:
    """Made-up answers, and two orders of the imports and them; an answer comes after the rows it speaks of."""
    chance = random.Random(seed)
    pairs = {tuple(sorted(chance.sample(PLACES, 2))) for _ in range(4)}
    answers = [(*pair, chance.choice(["same", "not_same", "unsure"])) for pair in sorted(pairs)]
    orders = []
    for _ in range(2):
        steps: list[str | tuple[str, str, str]] = list(chance.sample(sorted(SHEETS), 3))
        for answer in chance.sample(answers, len(answers)):
            first = 1 + max(steps.index(place[0]) for place in answer[:2])
            steps.insert(chance.randint(first, len(steps)), answer)
        orders.append(steps)
    return answers, orders


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_answers_and_imports_does_not_show(tmp_path: Path, seed: int) -> None:
    answers, orders = history(seed)
    outcomes = []
    for number, steps in enumerate(orders):
        (tmp_path / str(number)).mkdir()
        with opened(tmp_path / str(number) / "w") as workspace:
            for step in steps:
                if isinstance(step, str):
                    take(workspace, step, *SHEETS[step])
                else:
                    left, right = (_record(workspace, place) for place in step[:2])
                    workspace.decide(left, right, step[2])
            found = people(workspace)
            for left, right, answer in answers:
                if answer == "not_same":
                    assert not any({left, right} <= rows for rows in found), step
            golden = sorted(map(repr, workspace.residents().drop("resident", "household", "dwelling").iter_rows()))
            _assert_lawful(workspace)
            outcomes.append((found, golden))
    assert outcomes[0] == outcomes[1]


def _record(workspace: Workspace, place: str) -> int:
    query = """SELECT rec_id FROM record JOIN import_batch b USING (import_id)
               WHERE b.file = $file AND row = $row"""
    params = {"file": f"{place[0]}.xlsx", "row": int(place[1:])}
    return int(workspace.store.connection.sql(query, params=params).fetchall()[0][0])


def _assert_lawful(workspace: Workspace) -> None:
    """No answer broken, no answered pair asked, golden values kept are those rebuilt."""
    connection = workspace.store.connection
    newest = """SELECT "left", "right", max_by(answer, op) AS answer FROM judgement GROUP BY ALL"""
    together = f"""SELECT count(*) FROM ({newest}) j JOIN current_link l ON l.rec_id = j."left"
                   JOIN current_link r ON r.rec_id = j."right" AND r.entity = l.entity
                   WHERE l.entity = 'person' AND j.answer = 'not_same' AND l.entity_id = r.entity_id"""
    assert connection.sql(together).fetchall() == [(0,)]
    said = set(
        connection.sql(f"SELECT \"left\", \"right\" FROM ({newest}) WHERE answer IN ('same', 'not_same')").fetchall()
    )
    assert not said & set(asked(workspace))
    numbers = """SELECT l.entity_id FROM current_link l JOIN source_person p USING (rec_id)
                 WHERE l.entity = 'person' AND p.id_number__state = 'valid18'
                 GROUP BY l.entity_id HAVING count(DISTINCT p.id_number__seen) > 1"""
    assert connection.sql(numbers).fetchall() == []
    person = workspace.schema.entities["person"]
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW touched AS SELECT DISTINCT entity_id FROM current_link WHERE entity = 'person'"
    )
    kept = connection.sql("SELECT * FROM golden_person ORDER BY entity_id").pl()
    rebuilt = connection.sql(f"SELECT * FROM ({merge.golden_sql(person, workspace.schema)}) ORDER BY entity_id").pl()
    connection.execute("DROP VIEW touched")
    assert rebuilt.select(kept.columns).equals(kept)


def test_no_answer_is_broken_in_a_community_that_goes_on_importing(
    tmp_path: Path, example_sheets: list[dict[str, str]]
) -> None:
    small = ("第一网格", "第五网格", "第六网格", "区防控办", "本人填报", "社区_志愿者")
    sheets = [sheet for sheet in example_sheets if sheet["file"].startswith(small)]
    assert len(sheets) == len(small)
    with opened(tmp_path / "w") as workspace:
        take_in(workspace, sheets[:4])
        waiting = workspace.reviews()
        words = ["same", "not_same", "unsure"]
        told = waiting.select(
            left="left_record",
            right="right_record",
            answer=pl.Series([words[number % 3] for number in range(waiting.height)], dtype=pl.String),
        )
        decide(workspace.store, told, who="张网格", now=clock())
        _assert_lawful(workspace)
        take_in(workspace, sheets[4:])
        _assert_lawful(workspace)
        rest = workspace.reviews()
        no = rest.select(left="left_record", right="right_record", answer=pl.lit("not_same"))
        decide(workspace.store, no, who="张网格", now=clock())
        _assert_lawful(workspace)
        told = pl.concat([told, no])
        decide(workspace.store, told.with_columns(answer=pl.lit("withdrawn")), who="张网格", now=clock())
        _assert_lawful(workspace)


# -- the shell -----------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A workspace in which two pairs wait: one ID for two people first, then the twins."""
    assert run("init", cwd=tmp_path).returncode == 0
    workbook(tmp_path / "甲.xlsx", HEAD + "\n".join([*ONE_ID_TWO_PEOPLE, *TWINS]))
    said = json.loads(run("import", "甲.xlsx", "--json", cwd=tmp_path).stdout)
    assert said["queued_for_review"] == 2
    return tmp_path


def residents(folder: Path) -> int:
    return len(run("residents", "--csv", cwd=folder).stdout.decode().splitlines()) - 1


def test_answers_on_the_command_line(waiting: Path) -> None:
    listed = run("reviews", cwd=waiting)
    assert listed.stdout.decode().startswith("1. 甲.xlsx「Sheet1」第 2 行")
    assert "--answer" in listed.stderr.decode()
    answered = run("reviews", "--answer", "1=same", "--answer", "2=not", cwd=waiting)
    assert answered.returncode == 0, answered.stderr.decode()
    assert answered.stdout.decode().strip() == "已记下 2 条：合并 1 人，分开 0 人；还有 0 对待确认。"
    assert residents(waiting) == 3
    assert run("reviews", cwd=waiting).stdout.decode().strip() == "没有要确认的。"
    assert run("reviews", "--csv", cwd=waiting).stdout.decode().splitlines() == [
        "review,left,right,match_weight,reason"
    ]


def test_answers_in_json_and_in_chinese(waiting: Path) -> None:
    said = json.loads(run("reviews", "--answer", "2=同一人", "--json", cwd=waiting).stdout)
    assert said == {"answers": 1, "merged": 1, "split": 0, "reviews": 1, "unmet": []}


@pytest.mark.parametrize("answer", ["3=same", "1=perhaps", "same", "一=same", "1="])
def test_an_answer_that_cannot_be_read_writes_nothing(waiting: Path, answer: str) -> None:
    refused = run("reviews", "--answer", "1=same", "--answer", answer, cwd=waiting)
    assert refused.returncode == 2
    assert b"Traceback" not in refused.stderr
    assert residents(waiting) == 4


def test_an_answer_that_cannot_be_followed_is_told(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)
    workbook(tmp_path / "甲.xlsx", HEAD + "\n".join(DUPLICATE_ID))
    run("import", "甲.xlsx", cwd=tmp_path)
    answered = run("reviews", "--answer", "1=same", cwd=tmp_path)
    assert answered.returncode == 0
    assert "证号都有效而且不同" in answered.stderr.decode()
    assert "证号都有效而且不同" in run("reviews", cwd=tmp_path).stderr.decode()
    assert ID not in answered.stderr.decode()


class Terminal:
    """`oneform reviews` on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oneform.cli", "reviews"],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            close_fds=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str, seconds: float = 30) -> str:
        """What is printed up to and with the text."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 65536).decode(errors="replace")
        shown, self.seen = self.seen.split(text, 1)
        return shown + text

    def press(self, key: str) -> None:
        """A key, once the program waits for one: what is typed before is thrown away."""
        while termios.tcgetattr(self.master)[3] & termios.ICANON:
            assert self.process.poll() is None
            time.sleep(0.02)
        os.write(self.master, key.encode())

    def close(self) -> int:
        status = self.process.wait(timeout=30)
        os.close(self.master)
        return status


def test_the_walk_on_a_terminal(waiting: Path) -> None:
    terminal = Terminal(waiting)
    shown = terminal.until("q 退出")
    assert "还有 2 对" in shown
    assert "林文嘉" in shown
    assert "林宸嘉" in shown
    assert "撤回" not in shown
    terminal.press("1")
    assert "→ 同一人" in terminal.until("q 退出")
    terminal.press("u")
    shown = terminal.until("q 退出")
    assert "已撤回" in shown
    assert "林文嘉" in shown
    terminal.press("4")
    assert "张子涵" in terminal.until("q 退出")
    terminal.press("2")
    assert "没有要确认的了" in terminal.until("q 退出")
    terminal.press("q")
    terminal.until("共回答 1 条")
    assert terminal.close() == 0
    assert residents(waiting) == 4
    assert len(run("reviews", "--csv", cwd=waiting).stdout.splitlines()) == 2  # the pair put off waits still


def test_leaving_the_walk_at_once_writes_nothing(waiting: Path) -> None:
    terminal = Terminal(waiting)
    terminal.until("q 退出")
    terminal.press("\x04")
    terminal.until("共回答 0 条")
    assert terminal.close() == 0
    assert len(run("reviews", "--csv", cwd=waiting).stdout.splitlines()) == 3
