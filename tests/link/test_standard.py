"""Standardise: names, identifiers, dates and addresses as keys."""

# ruff: noqa: E501 - a table of cases reads by the line

from __future__ import annotations

import polars as pl
import pytest

from oneform import link
from oneform.link.names import name_keys, share, syllables
from tests.link.rows import ID_A, linkable


def key(name: str, column: str = "key") -> object:
    return name_keys(pl.Series([name]))[column].item()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("張偉", "张伟"),
        ("张 伟", "张伟"),
        ("张　三", "张三"),
        ("瀋昇", "沈升"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提 ． 艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("SMITH, John", "JOHN SMITH"),
        ("Ｊｏｈｎ  Smith", "JOHN SMITH"),
        ("王*明", "王□明"),
        ("王\ue000明", "王□明"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_the_name_key_folds_width_blanks_interpunct_and_traditional_forms(name: str, expected: str) -> None:
    assert key(name) == expected


@pytest.mark.parametrize(
    ("name", "naming"),
    [
        ("张三", "full"),
        ("王□明", "masked"),
        ("张某", "placeholder"),
        ("张某某", "placeholder"),
        ("无名", "placeholder"),
        ("无名氏", "placeholder"),
        ("张建国之子", "placeholder"),
        ("张宝宝", "placeholder"),
        ("宝宝", "placeholder"),
        ("张先生", "placeholder"),
        ("张**", "placeholder"),
        ("张XX", "placeholder"),
        ("不详", "placeholder"),
    ],
)
def test_a_name_that_names_nobody_is_a_placeholder(name: str, naming: str) -> None:
    assert key(name, "naming") == naming


@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("欧阳娜娜", "欧阳"),
        ("欧阳", "欧"),
        ("王小明", "王"),
        ("买买提·艾力", None),
        ("阿卜杜拉买买提", None),
        ("John Smith", None),
        ("张宝宝", "张"),
        ("无名", None),
    ],
)
def test_surnames(name: str, surname: str | None) -> None:
    assert key(name, "surname") == surname


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("曾强", "增强", True),  # the surname is zeng, whatever the word is
        ("覃芳", "秦芳", True),  # both tan and qin are borne
        ("覃芳", "谭芳", True),
        ("单晓", "善小", True),
        ("翟强", "狄强", False),
        ("王乐", "王月", True),  # 乐 is le and yue
        ("王伟", "王玮", True),
        ("王伟", "王芳", False),
    ],
)
def test_readings_are_sets_and_surnames_have_their_own(one: str, other: str, alike: bool) -> None:
    keys = name_keys(pl.Series([one, other])).sort("name")["readings"].to_list()
    assert bool(set(keys[0]) & set(keys[1])) is alike


def test_the_surname_reading_table_outranks_the_everyday_reading() -> None:
    assert [syllables(c, surname=True)[0] for c in "曾翟阚仇解查"] == ["zeng", "zhai", "kan", "qiu", "xie", "zha"]


def test_a_common_name_is_likelier_among_strangers_than_a_rare_one() -> None:
    common, longer, rare = share(pl.Series(["王伟", "王小伟", "逄小伟"])).to_list()
    assert common > longer > rare > 0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"id": ID_A}, {"id": ID_A, "id_text": None, "dob": "1990-03-07", "sex": "1", "first15": ID_A[:15]}),
        ({"id": ID_A.lower()}, {"id": ID_A}),
        ({"id": ID_A, "birth_date": "1990-03-07"}, {"dob": "1990-03-07", "dob_typed": None}),
        ({"id": ID_A, "birth_date": "1990-03"}, {"dob": "1990-03-07", "dob_typed": None}),
        ({"id": ID_A, "birth_date": "2015-06-01"}, {"dob": "1990-03-07", "dob_typed": "2015-06-01"}),
        ({"id": ID_A, "gender": "2"}, {"sex": None}),
        ({"gender": "2"}, {"sex": "2"}),
        ({"gender": "0"}, {"sex": None}),
        # A tail of three zeros proves nobody, whatever its check character says.
        ({"id": "110101198001021000"}, {"id": None, "id_state": "damaged_tail", "first15": "110101198001021", "dob": "1980-01-02"}),
        ({"id_seen": "110101900307029", "id_state": "upgraded15"}, {"id": ID_A, "dob": "1990-03-07"}),
        ({"id_seen": "1101**********029X", "id_state": "masked"}, {"id": None, "first15": None, "dob": None}),
        ({"id_seen": "E12345678", "id_state": "document", "id_type": "414"}, {"document": "414:E12345678", "id": None}),
        ({"id_seen": "110101199013070291", "id_state": "invalid"}, {"id": None, "dob": None, "first15": None}),
    ],
)  # fmt: skip
def test_identifiers_and_what_they_yield(told: dict[str, object], expected: dict[str, object]) -> None:
    row = link.standardise(linkable({"name": "张伟", **told})).row(0, named=True)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("幸福小区-3-2-501", "幸福-3-2-0501", True),
        ("幸福小区-3-2-501", "幸福小区-3-2-502", False),
        ("張家村二组-15", "张家村二组-15", True),
        ("幸福小区-3", "幸福小区-3", False),  # a building is no door
        ("金桂園-A-1-1203", "金桂园-a-1-1203", True),
    ],
)
def test_doors(one: str, other: str, same: bool) -> None:
    doors = link.standardise(linkable({"home": one}, {"home": other}))["door"].to_list()
    assert (doors[0] is not None and doors[0] == doors[1]) is same


def test_rows_keep_their_order_and_a_row_without_a_name_stays() -> None:
    standard = link.standardise(linkable({"name": "王五"}, {"phone": "13800000001"}, {"name": "李四"}))
    assert standard["name"].to_list() == ["王五", None, "李四"]
    assert standard.schema == link.STANDARD


def test_no_rows() -> None:
    assert link.standardise(linkable()).schema == link.STANDARD
