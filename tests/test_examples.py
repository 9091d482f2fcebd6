"""The example community: the generator is deterministic, the truth fits the files, the measure of accuracy is right."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter, defaultdict
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tests.accuracy import Accuracy, by_dirt, pairwise, read_truth

EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

import generate  # noqa: E402
from simulator import dirt, files  # noqa: E402
from simulator.layout import Placed, place  # noqa: E402
from simulator.numbers import check_character, credit_code  # noqa: E402

Grid = list[list[Any]]


@pytest.fixture(scope="session")
def made() -> generate.Community:
    return generate.community(generate.PEOPLE, generate.SEED)


@pytest.fixture(scope="session")
def books(made: generate.Community) -> list[generate.Book]:
    return generate.sheets(made)


@pytest.fixture(scope="session")
def truth() -> pl.DataFrame:
    return read_truth(EXAMPLES / "truth.csv")


@pytest.fixture(scope="session")
def grids() -> dict[tuple[str, str], Grid]:
    """Every committed sheet as its raw cells, by (file, sheet)."""
    read: dict[tuple[str, str], Grid] = {}
    for path in sorted((EXAMPLES / "sheets").iterdir()):
        if path.suffix == ".csv":
            read[path.name, path.stem] = list(csv.reader(io.StringIO(path.read_bytes().decode("gbk"), newline="")))
            continue
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            read[path.name, name] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return read


# -- the files -----------------------------------------------------------------------------------------------------


def test_the_committed_files_are_what_the_command_writes(
    books: list[generate.Book], grids: dict[tuple[str, str], Grid], tmp_path: Path
) -> None:
    plain = [book for book in books if Path(book.file).suffix in (".xlsx", ".csv")]
    files.write(plain, tmp_path)
    for book in plain:
        committed = (EXAMPLES / "sheets" / book.file).read_bytes()
        assert (tmp_path / book.file).read_bytes() == committed, f"{book.file}: run python examples/generate.py"
    turned = [book for book in books if book not in plain]
    assert {Path(book.file).suffix for book in turned} == {".xls", ".ods"}
    for book in turned:  # LibreOffice stamps its own time into them: their cells are compared
        for sheet in book.sheets:
            _same_cells(place(sheet), grids[book.file, sheet.name])


def _same_cells(placed: Placed, grid: Grid) -> None:
    for (row, column), value in placed.cells.items():
        found = grid[row - 1][column - 1]
        wanted = float(value) if isinstance(value, int | float) else value
        if value == "#N/A":
            assert found in ("", "#N/A")
        elif isinstance(value, datetime | date):
            assert str(found)[:10] == str(value)[:10]
        else:
            assert found == wanted


def test_the_tables_beside_the_sheets_are_what_the_command_writes(
    made: generate.Community, books: list[generate.Book], tmp_path: Path
) -> None:
    files.write_truth(books, tmp_path / "truth.csv")
    assert (tmp_path / "truth.csv").read_bytes() == (EXAMPLES / "truth.csv").read_bytes()
    with (EXAMPLES / "sheets.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert [row["file"] for row in listed] == [book.file for book in books]
    assert {row["source"] for row in listed} == {"police", "grid", "health", "property", "self", "other"}
    assert [row["date"] for row in listed] == sorted(row["date"] for row in listed)
    with (EXAMPLES / "people.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id_number"] for row in csv.DictReader(file)] == [p.id_number or "" for p in made.people]


def test_another_seed_is_another_community() -> None:
    first, again, other = (generate.community(150, seed) for seed in (1, 1, 2))
    assert first == again
    assert [p.name for p in first.people] != [p.name for p in other.people]
    assert generate.sheets(first) == generate.sheets(again)


def test_the_sheets_stay_small() -> None:
    sizes = [path.stat().st_size for path in (EXAMPLES / "sheets").iterdir()]
    assert 12 <= len(sizes) <= 18
    assert sum(sizes) <= 1_000_000


# -- the truth -----------------------------------------------------------------------------------------------------


def test_every_row_of_the_truth_is_a_row_of_its_file(truth: pl.DataFrame, grids: dict[tuple[str, str], Grid]) -> None:
    for file, sheet, row in truth.select("file", "sheet", "row").iter_rows():
        assert any(str(cell).strip() for cell in grids[file, sheet][row - 1]), (file, sheet, row)
    assert truth.select("file", "sheet", "row").is_duplicated().sum() == 0


def test_every_row_about_a_person_shows_a_name_like_theirs(
    made: generate.Community, truth: pl.DataFrame, grids: dict[tuple[str, str], Grid]
) -> None:
    names = {person.key: person.name for person in made.people}
    rewritten = {"name_placeholder", "name_traditional"}  # these may share no character with the name at all
    for file, sheet, row, person, kinds in truth.select("file", "sheet", "row", "person", "dirt").iter_rows():
        if person is None or rewritten & set(kinds):
            continue
        cells = [str(cell) for cell in grids[file, sheet][row - 1]]
        assert any(_alike(names[person], cell) for cell in cells), (file, sheet, row, kinds)


def _alike(name: str, cell: str) -> bool:
    """All but one character in place; of a name with interpuncts, the part before the first."""
    squeezed = "".join(cell.split())
    if "·" in name:
        return squeezed.startswith(name.split("·", maxsplit=1)[0])
    name = "".join(name.split())
    return len(squeezed) == len(name) and sum(a != b for a, b in zip(name, squeezed, strict=True)) <= 1


def test_rows_below_the_last_line_of_a_table_are_not_in_the_truth(
    truth: pl.DataFrame, grids: dict[tuple[str, str], Grid]
) -> None:
    ends = ("合计", "填表人", "注：", "口径", "网格员：")
    about = set(truth.select("file", "sheet", "row").iter_rows())
    left = 0
    for (file, sheet), grid in grids.items():
        for row, cells in enumerate(grid, 1):
            if any(str(cell).startswith(ends) for cell in cells):
                left += 1
                assert (file, sheet, row) not in about
    assert left >= 10


def test_every_kind_of_dirt_is_there_and_most_rows_are_clean(truth: pl.DataFrame) -> None:
    people = truth.filter(pl.col("person").is_not_null())
    assert set(people["dirt"].explode().drop_nulls()) == set(dirt.KINDS)
    touched = people.filter(pl.col("dirt").list.len() > 0).height / people.height
    damaged = people.filter(pl.col("dirt").list.set_difference(sorted(dirt.SPELLINGS)).list.len() > 0).height
    assert 0.10 <= touched <= 0.15
    assert 0.05 <= damaged / people.height <= 0.12
    assert truth.filter(pl.col("person").is_null())["dirt"].list.len().sum() == 0


def test_damages_are_what_they_are_called(made: generate.Community, books: list[generate.Book]) -> None:
    people = {person.key: person for person in made.people}
    owners = {person.id_number: person for person in made.people if person.id_number}
    seen: Counter[str] = Counter()
    for line in (line for book in books for sheet in book.sheets for line in sheet.lines if line.person):
        person, number = people[line.person], line.values.get("id_number")
        for kind in set(line.dirt) & {k for k in dirt.KINDS if k.startswith("id_")}:
            seen[kind] += 1
            match kind:
                case "id_wrong_digit" | "id_swapped":
                    assert isinstance(number, str)
                    assert not dirt.still_valid(number)
                case "id_numeric":
                    assert isinstance(number, float) or "E+17" in str(number)
                case "id_parent":
                    assert person.parent is not None
                    assert owners[str(number)].number == person.parent
                case "id_masked":
                    assert "*" in str(number)
                case "id_missing":
                    assert number is None
                case "id_15":
                    assert len(str(number)) == 15
        if not line.dirt and number is not None:
            assert number == person.id_number
    assert seen["id_parent"] >= 5
    assert seen["id_numeric"] >= 5


# -- the community -------------------------------------------------------------------------------------------------


def test_numbers_are_valid_and_belong_to_nobody(made: generate.Community) -> None:
    numbers = [person.id_number for person in made.people if person.id_number]
    assert len(set(numbers)) == len(numbers)
    for person in made.people:
        number = person.id_number
        if number is None or person.id_type not in ("居民身份证", "港澳台居民居住证"):
            continue
        assert check_character(number[:17]) == number[17]
        assert number[6:14] == f"{person.birth:%Y%m%d}"
        assert int(number[16]) % 2 == int(person.gender) % 2
        assert number[2:4] == "98" or number[:6] in ("810000", "830000")  # prefectures that were never assigned
    assert credit_code(Random(1), "91").startswith("91339802MA")


def test_the_community_holds_the_people_that_make_linking_hard(made: generate.Community) -> None:
    people = made.people
    assert len(people) >= 2000
    assert 700 <= len(made.households) <= 800
    assert sum(person.name == "张伟" for person in people) >= 4
    assert {"回族", "维吾尔族", "哈萨克族"} <= {person.ethnicity for person in people}
    assert sum(person.id_number is None for person in people) >= 5
    assert max(person.age(date(2026, 11, 14)) for person in people) >= 100
    types = {"居民身份证", "护照", "港澳居民来往内地通行证", "台湾居民来往大陆通行证", "港澳台居民居住证"}
    assert {person.id_type for person in people} == types
    assert {household.tenure for household in made.households} == {"自住", "租住", "空挂"}
    assert {home.housing for home in made.dwellings} == {"商品房", "高层", "城中村", "自建房", "别墅"}
    assert sum(household.moved is not None for household in made.households) >= 5
    assert sum(person.second_hukou is not None for person in people) >= 3
    assert sum(person.care == "独居老人" for person in people) >= 10


def test_twins_differ_in_one_character(made: generate.Community) -> None:
    twins = defaultdict(list)
    for person in made.people:
        if person.twin:
            twins[person.household].append(person)
    assert len(twins) >= 2
    for first, second in twins.values():
        assert first.birth == second.birth
        assert sum(a != b for a, b in zip(first.name, second.name, strict=True)) == 1
        assert first.id_number != second.id_number or first.id_number is None


def test_some_namesakes_live_in_one_building(made: generate.Community) -> None:
    where = Counter()
    for person in made.people:
        home = made.household(person).dwelling
        where[person.name, home.estate, home.lane, home.building] += 1
    assert sum(count > 1 for count in where.values()) >= 3


def test_one_village_has_one_surname(made: generate.Community) -> None:
    heads = [h.head.name[0] for h in made.households if h.dwelling.housing == "自建房" and h.tenure != "租住"]
    assert Counter(heads).most_common(1)[0][1] / len(heads) > 0.6


def test_supplies_never_run_below_nothing(books: list[generate.Book]) -> None:
    supplies = next(book for book in books if "物资" in book.file)
    catalogue, moves, _ = supplies.sheets
    left = {line.values["name"]: line.values["stock"] for line in catalogue.lines}
    for line in moves.lines:
        left[line.values["name"]] += (line.values.get("in") or 0) - (line.values.get("out") or 0)
        assert left[line.values["name"]] >= 0


# -- the measure ---------------------------------------------------------------------------------------------------


def _rows(people: list[str | None], name: str) -> pl.DataFrame:
    rows = pl.DataFrame({name: people}, schema={name: pl.String}).with_row_index("row", 2)
    return rows.select(pl.lit("a.xlsx").alias("file"), pl.lit("s").alias("sheet"), pl.col("row").cast(pl.Int64), name)


@pytest.mark.parametrize(
    ("people", "residents", "wanted"),
    [
        # everything right
        (["p", "p", "q"], ["1", "1", "2"], Accuracy(1, 1, 1, 0, 0, 0, 0)),
        # two people in one resident
        (["p", "p", "q"], ["1", "1", "1"], Accuracy(1, 3, 1, 1, 0, 0, 0)),
        # a row that waits is in no pair, and its person is in two parts
        (["p", "p", "p"], ["1", "1", None], Accuracy(3, 1, 1, 0, 1, 1, 0)),
        # waiting rows are apart from one another
        (["p", "p"], [None, None], Accuracy(1, 0, 0, 0, 1, 2, 0)),
        # a row about nobody that was linked is a stray and in no pair
        (["p", "p", None], ["1", "1", "1"], Accuracy(1, 1, 1, 0, 0, 0, 1)),
        ([], [], Accuracy(0, 0, 0, 0, 0, 0, 0)),
    ],
)
def test_pairwise(people: list[str | None], residents: list[str | None], wanted: Accuracy) -> None:
    assert pairwise(_rows(residents, "resident"), _rows(people, "person")) == wanted


def test_rows_the_links_do_not_mention_wait() -> None:
    found = _rows(["1", "1"], "resident")
    assert pairwise(found, _rows(["p", "p", "p"], "person")).waiting == 1


def test_a_row_with_two_residents_is_refused() -> None:
    found = _rows(["1", "2"], "resident").with_columns(pl.lit(2, pl.Int64).alias("row"))
    with pytest.raises(pl.exceptions.ComputeError):
        pairwise(found, _rows(["p"], "person"))


ROWS = st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from(["1", "2", "3", None])), max_size=12)


@given(ROWS)
def test_pairwise_counts_what_a_walk_over_all_pairs_counts(rows: list[tuple[str, str | None]]) -> None:
    measured = pairwise(_rows([r for _, r in rows], "resident"), _rows([p for p, _ in rows], "person"))
    pairs = list(combinations(rows, 2))
    assert measured.true_pairs == sum(a[0] == b[0] for a, b in pairs)
    assert measured.found_pairs == sum(a[1] == b[1] is not None for a, b in pairs)
    assert measured.right_pairs == sum(a[0] == b[0] and a[1] == b[1] is not None for a, b in pairs)
    assert 0 <= measured.f1 <= 1


def test_recall_is_told_per_kind_of_dirt() -> None:
    truth = _rows(["p", "p", "q", "q"], "person").with_columns(pl.Series("dirt", [["id_missing"], [], [], []]))
    told = by_dirt(_rows([None, "1", "2", "2"], "resident"), truth)
    recalls = [("id_missing", 1, 1, 0.0), ("", 3, 3, 2 / 3)]
    assert told.rows() == recalls
