"""Exact keys: organisations, places, dwellings; and households."""

# ruff: noqa: E501 - a table of cases reads by the line

from __future__ import annotations

import itertools

import polars as pl
import pytest

from oneform import link

CLAIM = ("household_id", "head_name", "head_id", "dwelling", "relation_to_head", "name")


def groups(found: pl.DataFrame) -> list[list[int]]:
    return sorted(found.group_by("cluster").agg(pl.col("rec_id").sort())["rec_id"].to_list())


def firms(*rows: tuple[str | None, str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(n, f"k{n}", *row) for n, row in enumerate(rows, start=1)],
        schema={"rec_id": pl.Int64, "rec_key": pl.String, "uscc": pl.String, "name": pl.String, "address": pl.String},
        orient="row",
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("A", "甲店", "东街"), ("A", "甲号店", None)], [[1, 2]]),
        ([(None, "甲店", "东街"), (None, "甲店", "东街")], [[1, 2]]),
        ([("A", "甲店", "东街"), (None, "甲店", "东街")], [[1, 2]]),
        # a chain: one number on both ends
        ([("A", "甲店", "东街"), (None, "甲店", "东街"), ("A", None, None)], [[1, 2, 3]]),
        # two numbers at one name and address never join, and a row without number cannot know which
        ([("A", "甲店", "东街"), ("B", "甲店", "东街")], [[1], [2]]),
        ([("A", "甲店", "东街"), ("B", "甲店", "东街"), (None, "甲店", "东街")], [[1], [2], [3]]),
        ([(None, "甲店", None), (None, "甲店", None)], [[1], [2]]),
        ([(None, None, None), (None, None, None)], [[1], [2]]),
        # key parts do not run together
        ([(None, "甲1", "1街"), (None, "甲", "11街")], [[1], [2]]),
    ],
)
def test_rows_equal_on_a_key_are_one(
    rows: list[tuple[str | None, str | None, str | None]], expected: list[list[int]]
) -> None:
    assert groups(link.keyed(firms(*rows), (("uscc",), ("name", "address")))) == expected


def test_numbers_are_keys_too() -> None:
    rows = pl.DataFrame({"rec_id": [1, 2, 3], "rec_key": ["a", "b", "c"], "grid": [5, 5, 6]})
    assert groups(link.keyed(rows, (("grid",),))) == [[1, 2], [3]]


def claims(*rows: dict[str, object]) -> pl.DataFrame:
    filled = [
        {"rec_id": n, "rec_key": f"k{n}", "person": n} | dict.fromkeys(CLAIM) | row
        for n, row in enumerate(rows, start=1)
    ]
    schema = {"rec_id": pl.Int64, "rec_key": pl.String, "person": pl.Int64} | dict.fromkeys(CLAIM, pl.String)
    return pl.DataFrame(filled, schema=schema | {"dwelling": pl.Int64}, orient="row")


HOUSEHOLDS: list[tuple[str, list[dict[str, object]], list[list[int]]]] = [
    ("one number", [{"household_id": "H1"}, {"household_id": "H1", "dwelling": 5}], [[1, 2]]),
    ("two numbers at one dwelling", [{"household_id": "H1", "dwelling": 5}, {"household_id": "H2", "dwelling": 5}], [[1], [2]]),
    ("the head's number", [{"head_id": "X"}, {"head_id": "X", "dwelling": 5}], [[1, 2]]),
    ("the head's name at a dwelling", [{"head_name": "张三", "dwelling": 5}, {"head_name": "张三", "dwelling": 5}], [[1, 2]]),
    ("one head's name at two dwellings", [{"head_name": "张三", "dwelling": 5}, {"head_name": "张三", "dwelling": 6}], [[1], [2]]),
    ("tenants have another head", [{"head_name": "张三", "dwelling": 5}, {"head_name": "李四", "dwelling": 5}], [[1], [2]]),
    ("a name without a dwelling says nothing", [{"head_name": "张三"}, {"head_name": "张三"}], []),
    ("nothing", [{}, {"relation_to_head": "10"}], []),
    ("the dwelling alone", [{"dwelling": 5}, {"dwelling": 5}, {"dwelling": 6}], [[1, 2], [3]]),
    ("the dwelling, one household claims it", [{"household_id": "H1", "dwelling": 5}, {"dwelling": 5}], [[1, 2]]),
    ("the dwelling, two claim it", [{"household_id": "H1", "dwelling": 5}, {"household_id": "H2", "dwelling": 5}, {"dwelling": 5}], [[1], [2]]),
    ("who says to be the head is it", [{"relation_to_head": "02", "dwelling": 5}, {"dwelling": 5, "relation_to_head": "10"}], [[1, 2]]),
    ("the head and who names the head", [{"relation_to_head": "户主", "dwelling": 5, "name": "张三"}, {"head_name": "张三", "dwelling": 5}], [[1, 2]]),
    ("the head without a name", [{"relation_to_head": "01", "dwelling": 5}, {"head_name": "张三", "dwelling": 5}], [[1, 2]]),
    ("two heads", [{"relation_to_head": "01", "dwelling": 5, "name": "张三"}, {"relation_to_head": "01", "dwelling": 5, "name": "李四"}], [[1], [2]]),
    ("a number and a head's name", [{"household_id": "H1", "head_name": "张三", "dwelling": 5}, {"head_name": "张三", "dwelling": 5}], [[1, 2]]),
    ("one person told twice", [{"household_id": "H1", "dwelling": 5, "person": 9}, {"head_name": "张三", "dwelling": 5, "person": 9}], [[1, 2]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"), [(r, e) for _, r, e in HOUSEHOLDS], ids=[name for name, *_ in HOUSEHOLDS]
)
def test_households(rows: list[dict[str, object]], expected: list[list[int]]) -> None:
    assert groups(link.households(claims(*rows))) == expected


@pytest.mark.parametrize(
    ("rows", "expected"), [(r, e) for _, r, e in HOUSEHOLDS], ids=[name for name, *_ in HOUSEHOLDS]
)
def test_households_do_not_depend_on_the_order_of_rows(
    rows: list[dict[str, object]], expected: list[list[int]]
) -> None:
    told = claims(*rows)
    for order in itertools.permutations(range(told.height)):
        assert groups(link.households(told[list(order)])) == expected


def test_a_claim_without_the_column_name() -> None:
    assert groups(link.households(claims({"household_id": "H1"}).drop("name"))) == [[1]]
