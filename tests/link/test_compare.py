"""Comparison levels, row by row of the design's table, and the distances behind them."""

# ruff: noqa: E501 - a table of cases reads by the line

from __future__ import annotations

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from oneform.link.model import COMPARISONS, logs
from tests.link.rows import ID_A, ID_B, checked, level


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("张伟", "张玮", 1),
        ("李明", "明李", 1),
        ("王小明", "王晓明", 1),
        ("𠮷田", "吉田", 1),
        ("阿卜杜拉·买买提", "阿不都拉·买买提", 2),
        ("欧阳娜娜", "欧阳娜", 1),
    ],
)
def test_edits_are_counted_in_characters(one: str, other: str, distance: int) -> None:
    assert OSA.distance(one, other) == distance


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("王小明", "王小明", "equal"),
        ("張偉", "张伟", "variant"),
        ("萧红", "肖红", "variant"),
        ("闫丽华", "阎丽华", "variant"),
        ("买买提·艾力", "买买提艾力", "bare"),
        ("王小明", "王晓明", "homophone"),
        ("覃小芳", "谭小芳", "homophone"),
        ("张伟", "张玮", "homophone_short"),
        ("李未生", "李末生", "shape"),
        ("王红", "王江", "shape_short"),
        ("阿卜杜拉·买买提", "阿卜杜拉", "truncated"),
        ("阿卜杜拉·买买提", "阿不都拉·买买提", "similar"),
        ("王□明", "王小明", "wildcard"),
        ("王\ue123明", "王小明", "wildcard"),
        ("王晓鸣", "王小明", "reading"),  # two characters, both sound alike
        ("刘兰香", "刘南香", "reading"),  # n and l are one to many ears
        ("欧阳娜娜", "欧阳娜", "edit"),
        ("李明", "明李", "edit"),
        ("𠮷田", "吉田", "different"),
        ("张子涵", "张子墨", "one_differs"),
        ("王小明", "张小明", "edit"),
        ("张伟", "张芳", "surname"),
        ("张国强", "张丽", "surname"),
        ("张伟", "李芳", "different"),
        ("张某", "张伟", "missing"),
        ("张宝宝", "张宝宝", "placeholder"),
        ("张宝宝", "李宝宝", "missing"),
        (None, "张伟", "missing"),
        ("John Smith", "SMITH, John", "variant"),
        ("José O'Neill", "Jose ONeill", "variant"),
        ("Anna A Kofron", "Anna Kofron", "words"),
        ("Anna A Kofron", "A Anna Kofron", "variant"),
        ("Anna Kofron", "Ana Kofronn", "words_near"),
        ("Anna A Kofron", "Anna B Kofron", "words_conflict"),
        ("luke waller", "waller", "one_word"),
        ("luke waller", "luke", "one_word"),
        ("luke", "luke", "one_word"),
        ("luke waller", "sarah waller", "surname"),
        ("luke waller", "luke harrington", "given"),
        ("luke waller", "sarah harrington", "different"),
        ("Christopher Brown", "Chris Brown", "words_near"),
        ("Zhang Wei", "张伟", "different"),
    ],
)
def test_names(one: str | None, other: str | None, expected: str) -> None:
    assert level({"name": one}, {"name": other}, "name") == expected
    assert level({"name": other}, {"name": one}, "name") == expected


LINE, STREET = (
    "16 slessor crescent glebe garden wisemans ferry 2517 nsw",
    {"estate": "slessor crescent", "room": "16"},
)
WRONG = ID_A[:10] + "8" + ID_A[11:]  # one digit off


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"id": ID_A}, {"id": ID_A}, "equal"),
        ({"id": ID_A}, {"id": ID_B}, "different"),
        ({"id": ID_A}, {"id_seen": ID_A[:15] + "000", "id_state": "damaged_tail"}, "first15"),
        ({"id": ID_B}, {"id_seen": ID_A[:15] + "000", "id_state": "damaged_tail"}, "wrong"),
        ({"id": ID_A}, {"id_seen": WRONG, "id_state": "invalid"}, "typo"),
        ({"id": ID_B}, {"id_seen": WRONG, "id_state": "invalid"}, "wrong"),
        ({"id_seen": WRONG, "id_state": "invalid"}, {"id_seen": WRONG, "id_state": "invalid"}, "equal_wrong"),
        ({"id": ID_A}, {"id_seen": "1101**********029X", "id_state": "masked"}, "masked"),
        ({"id": ID_A}, {"id_seen": "1****************X", "id_state": "masked"}, "masked_weak"),
        ({"id": ID_B}, {"id_seen": "1101**********029X", "id_state": "masked"}, "masked_other"),
        ({"id_seen": "1101**********5381", "id_state": "masked"}, {"id_seen": "1101**********029X", "id_state": "masked"}, "masked_other"),
        ({"id_seen": WRONG, "id_state": "invalid"}, {"id_seen": "1101**********5381", "id_state": "masked"}, "wrong"),
        ({"id_seen": ID_A[:15] + "000", "id_state": "damaged_tail"}, {"id_seen": "1101**********029X", "id_state": "masked"}, "wrong"),
        ({"id": ID_A}, {"id_seen": "1101****029X", "id_state": "masked"}, "wrong"),
        ({"id_seen": "110101900307029", "id_state": "upgraded15"}, {"id": checked("11010119900307029")}, "equal"),
        ({"id": ID_A}, {"id_seen": ID_A[:16] + ID_A[17] + ID_A[16], "id_state": "invalid"}, "typo"),
        ({"id": ID_A}, {}, "missing"),
        ({"id_seen": "E1", "id_state": "document", "id_type": "414"}, {"id_seen": "E1", "id_state": "document", "id_type": "414"}, "equal"),
        ({"id_seen": "E1", "id_state": "document", "id_type": "414"}, {"id_seen": "E2", "id_state": "document", "id_type": "414"}, "document"),
        ({"id_seen": "E1", "id_state": "document", "id_type": "414"}, {"id_seen": "H2", "id_state": "document", "id_type": "516"}, "document"),
        ({"id_seen": "E1", "id_state": "document", "id_type": "414"}, {"id": ID_A}, "document"),
        ({"id_seen": "E12345678", "id_state": "document", "id_type": "414"}, {"id_seen": "E12345687", "id_state": "document", "id_type": "414"}, "document_near"),
        ({"id_seen": "E12345678", "id_state": "document", "id_type": "414"}, {"id_seen": "E12345679", "id_state": "document", "id_type": "516"}, "document"),
    ],
)  # fmt: skip
def test_identifiers(one: dict[str, object], other: dict[str, object], expected: str) -> None:
    assert level({"name": "张伟", **one}, {"name": "张伟", **other}, "id") == expected
    assert level({"name": "张伟", **other}, {"name": "张伟", **one}, "id") == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1990-03-07", "1990-03-07", "equal"),
        ("1990-03-07", "1990-07-03", "swapped"),
        ("1990-03-07", "1990-03-17", "near"),
        ("1990-03-31", "1990-04-01", "near"),
        ("1990-03-07", "1991-03-07", "near"),
        ("1990-03-07", "1990-03", "month"),
        ("1990-03", "1990-03", "month"),
        ("1990-03-07", "1990", "year"),
        ("1990-03-07", "1990-11-22", "same_year"),
        ("1990-03-07", "1990-05", "same_year"),
        ("1967-04-01", "1973-08-15", "different"),
        ("1930-06-09", "1962-06-09", "day"),
        ("1967-04-01", "2006-08-15", "generation"),
        ("1990-03-07", None, "missing"),
    ],
)
def test_birth_dates(one: str | None, other: str | None, expected: str) -> None:
    assert level({"birth_date": one}, {"birth_date": other}, "dob") == expected
    assert level({"birth_date": other}, {"birth_date": one}, "dob") == expected


def test_a_typed_date_counts_beside_the_date_of_a_number_that_may_be_another_persons() -> None:
    assert level({"id": ID_A, "birth_date": "2015-06-01"}, {"birth_date": "2015-06-01"}, "dob") == "equal"
    assert level({"id": ID_A, "birth_date": "2015-06-01"}, {"birth_date": "1990-03-07"}, "dob") == "equal"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"phone": "1", "home": "苑-3-2-501"}, {"phone": "1", "home": "苑-3-2-501"}, "both"),
        ({"phone": "1", "home": "苑-3-2-501"}, {"phone": "1", "home": "苑-4-2-501"}, "phone"),
        ({"phone": "1"}, {"phone": "1", "home": "苑-4-2-501"}, "phone"),
        ({"phones": ["1", "2"]}, {"phones": ["2", "3"]}, "phone"),
        ({"phone": "1", "home": "苑-3-2-501"}, {"phone": "2", "home": "苑-3-2-501"}, "door"),
        ({"estate": "苑", "building": "3", "room": "501"}, {"home": "苑-3-2-501"}, "door"),
        ({"home": "苑-3-1-501"}, {"home": "苑-3-2-501"}, "estate"),
        ({"estate": "苑", "building": "3"}, {"home": "苑-3-2-501"}, "tower"),
        ({"home": "苑-3-2-501"}, {"home": "苑-3-2-502"}, "estate"),
        ({"estate": "苑"}, {"home": "苑-3-2-502"}, "estate"),
        ({"home": "苑-3-2-501"}, {"home": "园-3-2-501"}, "none"),
        ({"phone": "1"}, {"phone": "2"}, "none"),
        ({"phone": "1"}, {"home": "苑-3-2-501"}, "missing"),
        ({"household_id": "H1"}, {"household_id": "H1"}, "door"),
        ({"household_id": "H1"}, {"household_id": "H2"}, "missing"),
        ({"estate": "talbot street", "room": "7"}, {"estate": "talbort street", "room": "7"}, "door_near"),
        ({"estate": "talbot street", "room": "7"}, {"estate": "talbort street", "room": "8"}, "none"),
        ({"home": "阳光花园小镇-3-2-501"}, {"home": "阳光华园小镇-3-2-501"}, "door_near"),
        ({"home": "阳光花园一期-3-2-501"}, {"home": "阳光花园二期-3-2-501"}, "none"),
        (
            {"hukou_address": LINE},
            {"hukou_address": "16 glebe garden slessor cresent wisemans ferry 2517"},
            "door_near",
        ),
        ({"hukou_address": LINE}, {"hukou_address": "4 moore street wisemans ferry 2517 nsw"}, "part"),
        ({"hukou_address": LINE}, {"hukou_address": "23 duncan street thornlie 2673 sa"}, "none"),
        (
            STREET | {"hukou_address": LINE},
            STREET | {"hukou_address": "16 slessor crescent barrack point old parsonage 6302 wa"},
            "part",
        ),
        (STREET | {"hukou_address": LINE}, STREET | {"hukou_address": LINE + " australia"}, "door"),
        ({"hukou_address": "李家湾村 12号"}, {"hukou_address": "李家湾村12号"}, "door"),
    ],
)
def test_phone_and_address_are_one_comparison(one: dict[str, object], other: dict[str, object], expected: str) -> None:
    assert level(one, other, "contact") == expected
    assert level(other, one, "contact") == expected


def test_a_place_of_now_and_one_of_the_register_are_both_evidence() -> None:
    moved = {"home": "苑-4-2-501", "hukou_address": "李家湾村12号"}
    assert level({"home": "苑-3-2-501", "hukou_address": "李家湾村12号"}, moved, "contact") == "door"
    assert level({"home": "苑-4-2-501", "hukou_address": "王家湾村7号"}, moved, "contact") == "door"


def test_sexes() -> None:
    assert level({"gender": "1"}, {"gender": "1"}, "sex") == "equal"
    assert level({"gender": "1"}, {"gender": "2"}, "sex") == "different"
    assert level({"gender": "1"}, {}, "sex") == "missing"


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_the_exact_level_outweighs_every_other_and_no_class_holds_more_than_all(comparison: str) -> None:
    table = logs(comparison)
    against_strangers, against_household = table[:, 0] - table[:, 2], table[:, 0] - table[:, 1]
    first = 1
    others = [n for n, found in enumerate(COMPARISONS[comparison]) if n > 1 and found.name not in ("variant", "bare")]
    if comparison != "contact":  # a phone alone may tell a person from the household better than phone and door
        assert all(against_household[first] >= against_household[n] - 3.5 for n in others)
    assert all(
        against_strangers[first] >= against_strangers[n] - 1e-9 for n in others if comparison not in ("name", "dob")
    ) or comparison in ("name", "dob", "id")
    assert np.isfinite(table).all()
