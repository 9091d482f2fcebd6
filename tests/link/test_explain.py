"""One sentence a pair, Chinese and English; the match weight in steps that add up to it."""

from __future__ import annotations

import polars as pl
import pytest

from oneform import link
from oneform.link.model import COMPARISONS
from oneform.pipeline import Workspace
from oneform.pipeline.identity import linkable as linkable_rows
from tests.link.rows import ID_A, ID_B, every_pair, linkable

HOME = "幸福小区-3-2-501"

SENTENCES = [
    (
        {"name": "王晓明", "birth_date": "1967-04-01", "phone": "1", "home": HOME},
        {"name": "王小明", "birth_date": "2006-08-15", "phone": "1", "home": HOME},
        "姓名同音（晓/小）＋同电话、同住址；出生日期不同（1967/2006），请核对是否同一人。",
        "Names sound alike (晓/小) + same phone and address; dates of birth differ (1967/2006): "
        "please check whether they are one person.",
    ),
    (
        {"name": "张国强", "birth_date": "1967-04-01", "phone": "1", "home": HOME},
        {"name": "张小强", "birth_date": "2006-08-15", "phone": "1", "home": HOME},
        "同电话、同住址；姓名差一字（国/小），出生日期不同（1967/2006），判为同户不同人。",
        "Same phone and address; one character of the name differs (国/小), dates of birth differ (1967/2006): "
        "two people of one household.",
    ),
    (
        {"name": "张偉", "id": ID_A},
        {"name": "张伟", "id": ID_A},
        "姓名写法不同（繁简或异体）（偉/伟）＋证件号相同，判为同一人。",
        "Name in another script or variant (偉/伟) + same ID number: one person.",
    ),
    ({"name": "张三"}, {"phone": "1"}, "没有可以比较的内容，判为两个人。", "Nothing to compare: two people."),
    (
        {"name": "张三", "phone": "1", "gender": "1"},
        {"name": "李红", "phone": "2", "gender": "2"},
        "姓名不同（张三/李红），性别不同（男/女），电话、住址都不同，判为两个人。",
        "Names differ (张三/李红), sexes differ (male/female), phones and addresses differ: two people.",
    ),
    # One number: what it tells itself (date, sex) is not said to agree, and a date beside it that differs is.
    (
        {"name": "林文嘉", "id": ID_A, "birth_date": "1990-03-07"},
        {"name": "林宸嘉", "id": ID_A},
        "证件号相同；姓名差一字（文/宸），证号相同，可能是一个证号填给了两个人，请核对是谁的证件。",
        "Same ID number; one character of the name differs (文/宸): "
        "one ID number, perhaps written for two people: please check whose it is.",
    ),
    (
        {"name": "张桂英", "id": ID_A},
        {"name": "李小宝", "id": ID_A, "birth_date": "2019-06-01"},
        "证件号相同；姓名不同（张桂英/李小宝），出生日期不同（1990/2019），证号相同，可能是一个证号填给了两个人，请核对是谁的证件。",
        "Same ID number; names differ (张桂英/李小宝), dates of birth differ (1990/2019): "
        "one ID number, perhaps written for two people: please check whose it is.",
    ),
    (
        {"name": "王芳", "id": ID_A, "birth_date": "1990-08-01"},
        {"name": "王芳", "id": ID_A, "birth_date": "1990-08-01"},
        "姓名相同＋证件号相同＋同一天出生，判为同一人。",
        "Same name + same ID number + born on one day: one person.",
    ),
    (
        {"name": "陈静怡", "id": ID_A, "phone": "1"},
        {"name": "陈静怡", "id": ID_B, "birth_date": "1990-03-07", "phone": "1"},
        "姓名相同＋同一天出生＋同电话；证号不同，性别不同（男/女），两个证号都有效而不同，请核对是否一人有两个证号。",
        "Same name + born on one day + same phone; ID numbers differ, sexes differ (male/female): "
        "both ID numbers are valid and differ: perhaps one person with two, please check.",
    ),
    (
        {"name": "张子涵", "birth_date": "2018-05-20", "phone": "1", "home": HOME},
        {"name": "张子轩", "birth_date": "2018-05-20", "phone": "1", "home": HOME},
        "同一天出生＋同电话、同住址；姓名差一字（涵/轩），名字只差一点，可能是双胞胎，请核对。",
        "Born on one day + same phone and address; one character of the name differs (涵/轩): "
        "perhaps twins, please check.",
    ),
]


def told(one: dict[str, object], other: dict[str, object], *, asked: str | None = None, english: bool = False) -> str:
    standard = link.standardise(linkable(one, other))
    edge = link.weigh(every_pair(standard), standard).row(0, named=True)
    rows = standard.row(0, named=True), standard.row(1, named=True)
    return link.sentence(edge, *rows, asked=asked, english=english)


@pytest.mark.parametrize(("one", "other", "zh", "en"), SENTENCES)
def test_sentences(one: dict[str, object], other: dict[str, object], zh: str, en: str) -> None:
    assert told(one, other) == zh
    assert told(one, other, english=True) == en


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("said_to_differ", "但其中一方的其他行已被判定不是此人，请核对。"),
        ("speaks_against", "但合并后会与其他行矛盾，请核对。"),
        ("ambiguous", "但同样也符合另一个人，请核对是哪一位。"),
        ("two_valid_ids", "但两边另有不同的有效证号，没有合并，请核对。"),
    ],
)
def test_a_question_about_two_rows_that_agree_does_not_say_they_are_one(reason: str, said: str) -> None:
    row = {"name": "王芳", "birth_date": "1990-03-07", "phone": "1"}
    assert told(row, row, asked=reason) == f"姓名相同＋同一天出生＋同电话，{said}"
    english = told(row, row, asked=reason, english=True)
    assert "one person." not in english
    assert english.isascii()


def test_every_level_has_words_in_both_languages() -> None:
    for comparison, table in COMPARISONS.items():
        for level in table[1:]:
            assert link.step_words(comparison, level.name)
            english = link.step_words(comparison, level.name, english=True)
            assert english.isascii()
            assert ":" not in english, level.name


def test_the_steps_add_up_for_made_up_pairs() -> None:
    sides = [side for one, other, *_ in SENTENCES for side in (one, other)]
    standard = link.standardise(linkable(*sides))
    edges = link.weigh(every_pair(standard), standard)
    _assert_adds_up(edges, link.waterfall(edges, standard))


def test_the_steps_add_up_for_all_edges_of_the_examples(community: Workspace) -> None:
    connection = community.store.connection.cursor()
    edges = connection.sql('SELECT "left", "right" FROM edge ORDER BY 1, 2').pl()
    connection.close()
    ends = pl.concat([edges["left"], edges["right"]]).unique().alias("rec_id").to_frame()
    standard = link.standardise(linkable_rows(community.store, ends))
    weighed = link.weigh(edges, standard)
    assert weighed.height > 1000
    _assert_adds_up(weighed, link.waterfall(weighed, standard))


def _assert_adds_up(edges: pl.DataFrame, steps: pl.DataFrame) -> None:
    sums = steps.group_by("left", "right").agg(pl.col("weight").sum().alias("sum"))
    both = edges.join(sums, on=["left", "right"], how="left", validate="1:1")
    assert both.height == edges.height
    assert both.filter(((pl.col("sum") - pl.col("weight")).abs() > 1e-6) | pl.col("sum").is_null()).is_empty()
    assert steps.filter(pl.col("step") == "household")["weight"].max() <= 0
