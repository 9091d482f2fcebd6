"""The laws on two hundred made-up histories: imports in any order, answers, withdrawals; all lived through at once.

Each small community has its own people, doors and telephones, its own order of its own sheets and its own answers. So
that they take seconds, they share the workbooks: every workbook holds a few rows of many communities, and every act
answers for many of them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import clock
from tests.sheets import workbook
from tests.small_community import resident_id
from tests.test_reviews import HEAD, opened

from oneform import store
from oneform.errors import UsageError
from oneform.pipeline import Workspace, decide, ledger, withdraw
from oneform.pipeline.judging import resting

COMMUNITIES, SHEETS, ROWS, ORDERS = 200, 4, 6, 2
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余"
GIVEN = ("建国", "晓明", "秀英", "文博", "子涵", "丽华", "志强", "桂芳", "雨桐", "浩然", "思远", "美玲")
SLIPS = {"晓": "小", "涵": "函", "博": "搏", "华": "花", "强": "墙", "远": "元", "国": "果", "玲": "铃"}

Place = tuple[str, int]  # file, row
Answers = dict[tuple[Place, Place], str]


def people(number: int, chance: random.Random) -> list[dict[str, str]]:
    """A parent with a number, two children of one day without, and a neighbour."""
    surname, other = SURNAMES[number % len(SURNAMES)], SURNAMES[(number + 7) % len(SURNAMES)]
    given = chance.sample(GIVEN, 4)
    home, phone = f"阳光小区{number + 1}栋1单元{101 + number % 7}室", f"136{number:04d}0001"
    born = f"{1950 + number % 40}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    child = f"{2005 + number % 15}-{1 + number % 9:02d}-{3 + number % 20:02d}"
    return [
        {"name": surname + given[0], "id": resident_id(born, 11 + 2 * (number % 400)), "phone": phone, "home": home},
        {"name": surname + given[1], "born": child, "phone": phone, "home": home},
        {"name": surname + given[1][0] + given[2][1], "born": child, "phone": phone, "home": home},
        {
            "name": other + given[3],
            "id": resident_id(child, 20 + 2 * (number % 400)),
            "phone": f"137{number:04d}0002",
            "home": home.replace("1单元", "2单元"),
        },
    ]


def row(person: dict[str, str], family: list[dict[str, str]], chance: random.Random) -> str:
    """What one sheet says of a person: something left out, a slip, or another's number."""
    told = dict(person)
    for field in ("phone", "home", "born", "id"):
        if chance.random() < 0.25:
            told.pop(field, None)
    if chance.random() < 0.25:
        told["name"] = "".join(SLIPS.get(character, character) for character in told["name"])
    if chance.random() < 0.1:
        told["id"] = family[0]["id"]
    cells = [told.get(field, "") for field in ("name", "id", "born", "gender", "phone", "home")]
    return f"| {' | '.join(cells)} |"


def histories() -> tuple[dict[str, list[str]], dict[int, list[Place]]]:
    """The workbooks' rows, and where each community's rows are."""
    sheets: dict[str, list[str]] = {f"表{number}": [] for number in range(SHEETS)}
    places: dict[int, list[Place]] = defaultdict(list)
    for number in range(COMMUNITIES):
        chance = random.Random(number)
        family = people(number, chance)
        own = chance.sample(sorted(sheets), 3)
        for _ in range(ROWS):
            name = chance.choice(own)
            sheets[name].append(row(chance.choice(family), family, chance))
            places[number].append((f"{name}.xlsx", len(sheets[name]) + 1))
    return sheets, places


def answers(places: dict[int, list[Place]]) -> Answers:
    """What is decided in the end, whatever the order."""
    told: Answers = {}
    for number, own in places.items():
        chance = random.Random(1_000 + number)
        for _ in range(2):
            left, right = sorted(chance.sample(own, 2))
            told[left, right] = chance.choice(["same", "not_same", "unsure"])
    return told


class Lived:
    """One order of the imports and answers, lived through; the laws are looked at after every act."""

    def __init__(self, workspace: Workspace, told: Answers, seed: int) -> None:
        self.workspace, self.told, self.chance = workspace, told, random.Random(seed)
        self.records: dict[Place, int] = {}
        self.given: set[tuple[Place, Place]] = set()

    def take(self, path: Path) -> None:
        self.workspace.import_sheet(path, source="grid")
        found = self.workspace.store.connection.sql(
            "SELECT file, row, rec_id FROM record JOIN import_batch USING (import_id)"
        ).fetchall()
        self.records = {(file, number): record for file, number, record in found}
        self.look()

    def answer(self, share: float) -> None:
        """Some of the answers whose rows are there."""
        known = [
            pair
            for pair in self.told
            if pair not in self.given and all(place in self.records for place in pair) and self.chance.random() < share
        ]
        self.given |= set(known)
        self.decide([(*(self.records[place] for place in pair), self.told[pair]) for pair in known])
        self.look()

    def waver(self) -> None:
        """Answers to what is asked and to pairs at random, all taken back: nothing is left of them."""
        before = self.state()
        taken = {frozenset(row) for row in self.ledger().select("left_record", "right_record").iter_rows()}
        asked = self.workspace.reviews().select("left_record", "right_record").rows()
        pairs = self.chance.sample(asked, min(len(asked), COMMUNITIES // 2))
        records = sorted(self.records.values())
        pairs += [tuple(sorted(self.chance.sample(records, 2))) for _ in range(COMMUNITIES // 4)]
        first = self.ledger().height
        words = ["same", "not_same", "unsure"]
        self.decide([(*pair, self.chance.choice(words)) for pair in pairs if frozenset(pair) not in taken])
        self.look()
        made = self.ledger()["entry"].to_list()[first:]
        withdraw(self.workspace.store, made, who="test", now=clock())
        after = self.state()
        assert [name for name in before if not before[name].equals(after[name])] == []

    def regret(self) -> None:
        """Some answers are taken back one after another, where nothing rests on them, and given once more."""
        standing = self.ledger().filter(pl.col("in_force") & (pl.col("answer") != "unsure"))
        chosen = standing.sample(min(standing.height, 30), seed=self.chance.randrange(1_000))
        pairs = chosen.select(left="left_record", right="right_record", answer="answer")
        blocked = resting(self.workspace.store, pairs)
        if not blocked.is_empty():
            with pytest.raises(UsageError):
                withdraw(self.workspace.store, chosen["entry"].to_list(), who="test", now=clock())
            entries = pl.concat([chosen["entry"], blocked["entry"]]).unique()
            chosen = self.ledger().filter(pl.col("entry").is_in(entries.implode()))
            pairs = chosen.select(left="left_record", right="right_record", answer="answer")
            if not resting(self.workspace.store, pairs).is_empty():
                return
        before = self.state()
        withdraw(self.workspace.store, chosen["entry"].to_list(), who="test", now=clock())
        self.look()
        decide(self.workspace.store, pairs, who="test", now=clock())
        after = self.state()
        assert before["reviews"].equals(after["reviews"])
        assert partition(self.workspace) == partition_of(before["links"])

    def decide(self, rows: list[tuple[int, int, str]]) -> None:
        told = pl.DataFrame(rows, schema={"left": pl.Int64, "right": pl.Int64, "answer": pl.String}, orient="row")
        decide(self.workspace.store, told, who="test", now=clock())

    def ledger(self) -> pl.DataFrame:
        return ledger(self.workspace.store)

    def state(self) -> dict[str, pl.DataFrame]:
        golden = store.golden(self.workspace.store, frozenset({"person", "household", "dwelling"}))
        # Of several namesakes one is asked about at a time; which, is seen from the rows an act looked at.
        asked = self.workspace.reviews().filter(pl.col("reason") != "scored").drop("review")
        return {"links": self.workspace.links(), "reviews": asked, **golden}

    def look(self) -> None:
        """No two valid numbers in one resident; no «not the same» broken; nothing answered is asked."""
        connection = self.workspace.store.connection
        numbers = """SELECT l.entity_id FROM current_link l JOIN source_person p USING (rec_id)
                     WHERE l.entity = 'person' AND p.id_number__state = 'valid18'
                     GROUP BY l.entity_id HAVING count(DISTINCT p.id_number__seen) > 1"""
        assert connection.sql(numbers).fetchall() == []
        resident = dict(connection.sql("SELECT rec_id, entity_id FROM current_link WHERE entity = 'person'").fetchall())
        standing = self.ledger().filter("in_force").select("left_record", "right_record", "answer").rows()
        assert all(resident[left] != resident[right] for left, right, answer in standing if answer == "not_same")
        said = {(left, right) for left, right, answer in standing if answer != "unsure"}
        assert not said & set(self.workspace.reviews().select("left_record", "right_record").rows())


def partition_of(links: pl.DataFrame) -> set[frozenset[Place]]:
    people = links.filter(pl.col("entity") == "person").drop_nulls("resident")
    groups = people.group_by("resident").agg(pl.struct("file", "row"))
    return {frozenset((place["file"], place["row"]) for place in group) for group in groups["file"].to_list()}


def partition(workspace: Workspace) -> set[frozenset[Place]]:
    return partition_of(workspace.links())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[set[frozenset[Place]], list[str]]]:
    """Each order's partition and golden residents (ids aside) at its end."""
    folder = tmp_path_factory.mktemp("histories")
    sheets, places = histories()
    told = answers(places)
    for name, rows in sheets.items():
        workbook(folder / f"{name}.xlsx", HEAD + "\n".join(rows))
    outcomes = []
    for order in range(ORDERS):
        with opened(folder / f"w{order}") as workspace:
            one = Lived(workspace, told, order)
            for step, name in enumerate(random.Random(order).sample(sorted(sheets), SHEETS)):
                one.take(folder / f"{name}.xlsx")
                one.answer(0.6)
                if step == 1 + order:
                    one.regret()
            one.answer(1.0)
            one.waver()
            assert len(one.given) == len(told)
            golden = workspace.residents().drop("resident", "household", "dwelling")
            outcomes.append((partition(workspace), sorted(map(repr, golden.iter_rows()))))
    return outcomes


def test_any_order_of_imports_and_answers_gives_the_same_residents(
    lived: list[tuple[set[frozenset[Place]], list[str]]],
) -> None:
    first, second = lived
    assert first[0] == second[0]
    assert first[1] == second[1]


def test_the_histories_are_no_trifle(lived: list[tuple[set[frozenset[Place]], list[str]]]) -> None:
    rows = sorted(map(len, lived[0][0]))
    assert sum(rows) == COMMUNITIES * ROWS
    assert rows[-1] >= 4
    assert COMMUNITIES * 2 < len(rows) < COMMUNITIES * ROWS
