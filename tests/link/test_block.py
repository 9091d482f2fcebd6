"""Blocking: what is found by which rule, caps, stable keys, and the SQL that pairs them."""

# ruff: noqa: E501 - a table of cases reads by the line

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from oneform import link
from oneform.link import block
from oneform.link.hashing import joined_keys, text_keys
from tests.link.community import community
from tests.link.measure import pairs_of
from tests.link.rows import ID_A, linkable

HOME = "幸福小区-3-2-501"
WRONG_AREA = "999999" + ID_A[6:]


def test_keys_are_the_same_for_ever() -> None:
    # These numbers are stored: a change of the hash would lose every key of every database.
    keys = text_keys(pl.Series(["张伟", "", "110101199003070291", "a\0"])).tolist()
    assert keys == [9532624361969029610, 16294208416658607535, 18184045851386900823, 11433294354171565884]


def test_keys_depend_on_the_text_only_and_on_the_order_of_what_is_joined() -> None:
    one, other = text_keys(pl.Series(["张伟", "b"])), text_keys(pl.Series(["b", "张伟"]))
    assert one.tolist() == other.tolist()[::-1]
    assert joined_keys(one, other).tolist() != joined_keys(other, one).tolist()
    many = text_keys(pl.Series([f"{n:05d}" for n in range(50_000)]))
    assert len(set(many.tolist())) == 50_000


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ({"id": ID_A}, {"id": ID_A}, block.SAME_ID),
        ({"id": ID_A}, {"id_seen": ID_A[:15] + "000", "id_state": "damaged_tail"}, block.FIRST15),
        ({"id": ID_A}, {"id_seen": WRONG_AREA, "id_state": "invalid"}, block.ID_7_TO_18),
        ({"phones": ["1", "2"]}, {"phones": ["2", "3"]}, block.PHONE),
        ({"name": "張偉", "birth_date": "1990-03-07"}, {"name": "张伟", "id": ID_A}, block.NAME_DOB),
        ({"name": "张伟", "id": ID_A, "birth_date": "2015-06-01"}, {"name": "张伟", "birth_date": "2015-06-01"}, block.NAME_DOB),
        ({"name": "张伟", "phone": "1"}, {"name": "张伟", "phone": "1"}, block.NAME_PHONE),
        ({"name": "王小明", "birth_date": "1990-03-07"}, {"name": "王晓明", "birth_date": "1990-03-07"}, block.READING_DOB),
        ({"name": "王乐", "estate": "幸福小区"}, {"name": "王月", "estate": "幸福"}, block.READING_ESTATE),
        ({"name": "张宝宝", "birth_date": "2025-01-01", "home": HOME}, {"name": "张三", "birth_date": "2025-01-01", "home": HOME}, block.PLACE_DOB),
        ({"name": "张宝宝", "home": HOME}, {"name": "张三", "home": HOME, "gender": "2"}, block.PLACE_SURNAME_SEX),
        ({"name": "张三", "household_id": "H1"}, {"name": "张四", "household_id": "H1"}, block.PLACE_SURNAME_SEX),
        ({"name": "张三", "hukou_address": "李家湾村12号"}, {"name": "张四", "hukou_address": "李家湾村12号"}, block.PLACE_SURNAME_SEX),
        ({"name": "张伟", "id": ID_A}, {"name": "张伟", "id_seen": "1101**********029X", "id_state": "masked"}, block.NAME_LAST4),
        ({"name": "Brooke Burford", "hukou_address": "85 smiths road kinglake west 4560"}, {"name": "Brooe Burford", "hukou_address": "28 kinglake west 4560 nsw"}, block.LATIN_NUMBER),
        ({"id_seen": "E12345678", "id_state": "document", "id_type": "414"}, {"id_seen": "E12345687", "id_state": "document", "id_type": "414"}, block.DOCUMENT_HALF),
        ({"id_seen": "E12345678", "id_state": "document", "id_type": "414"}, {"id_seen": "G12345678", "id_state": "document", "id_type": "414"}, block.DOCUMENT_HALF),
    ],
)  # fmt: skip
def test_every_rule_finds_what_it_is_for(one: dict[str, object], other: dict[str, object], rule: int) -> None:
    keys = link.block_keys(link.standardise(linkable(one, other)))
    shared = keys.group_by("rule", "key").len().filter(pl.col("len") == 2)["rule"].to_list()
    assert rule in shared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"name": "张某"}, {"name": "张某"}),
        ({"name": "张三"}, {"name": "张三"}),
        ({"name": "张三", "birth_date": "1990"}, {"name": "张三", "birth_date": "1990"}),
        ({"gender": "1"}, {"gender": "1"}),
    ],
)
def test_null_and_vague_values_pair_nobody(one: dict[str, object], other: dict[str, object]) -> None:
    standard = link.standardise(linkable(one, other))
    assert pairs_of(link.block_keys(standard), standard).is_empty()


def test_every_rule_has_a_name_and_a_cap() -> None:
    assert sorted(link.RULES) == link.CAPS["rule"].to_list() == list(range(1, 17))


def test_only_pairs_with_a_fresh_side_each_once() -> None:
    standard = link.standardise(linkable(*({"name": "张伟", "phone": "1", "home": HOME} for _ in range(4))))
    keys = link.block_keys(standard)
    assert pairs_of(keys, standard).rows() == [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]
    assert pairs_of(keys, standard.filter(pl.col("rec_id") == 3)).rows() == [(1, 3), (2, 3), (3, 4)]


def _query(sql: str, keys: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    with duckdb.connect() as connection:
        connection.register("block_key", keys)
        connection.register("block_cap", link.CAPS)
        connection.register("fresh", fresh.select("rec_id"))
        return connection.sql(sql).pl()


def test_a_block_over_its_cap_gives_no_pairs_and_is_listed() -> None:
    cap = link.CAPS.filter(pl.col("rule") == block.PHONE)["cap"].item()
    standard = link.standardise(linkable(*({"phone": "114"} for _ in range(cap + 1))))
    keys = link.block_keys(standard)
    assert pairs_of(keys, standard).is_empty()
    assert _query(link.DROPPED_SQL, keys, standard).select("rule", "size").rows() == [(block.PHONE, cap + 1)]
    assert pairs_of(keys.filter(pl.col("rec_id") > 1), standard).height == cap * (cap - 1) // 2


def test_the_records_of_a_block_that_crosses_its_cap_are_named_both_ways() -> None:
    cap = link.CAPS.filter(pl.col("rule") == block.PHONE)["cap"].item()
    standard = link.standardise(linkable(*({"phone": "114"} for _ in range(cap + 1)), {"phone": "110"}))
    keys = link.block_keys(standard)
    crossing = _query(link.CROSSED_SQL, keys, standard.filter(pl.col("rec_id") == 1))
    assert sorted(crossing["rec_id"].to_list()) == list(range(1, cap + 2))
    assert _query(link.CROSSED_SQL, keys, standard.filter(pl.col("rec_id") == cap + 2)).is_empty()


def test_a_village_of_one_surname_stays_within_thirty_pairs_a_record() -> None:
    records = community(2500, seed=11, village=True)
    standard = link.standardise(records.select(*linkable().columns))
    assert pairs_of(link.block_keys(standard), standard).height <= 30 * records.height
