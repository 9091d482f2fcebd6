"""Addresses: every written form of the table, whole addresses, and what stays unclear."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import read, read_all, told

from oneform.kinds import address


def all_parts(texts: Sequence[str | None]) -> list[dict[str, str]]:
    """The parts that each address names."""
    found = pl.DataFrame({"v": texts}, schema={"v": pl.String}).select(address.parts(pl.col("v")))["v"].to_list()
    return [{name: part for name, part in one.items() if part is not None} for one in found]


def parts(text: str | None) -> dict[str, str]:
    return all_parts([text])[0]


WHOLE = {"building": "3", "unit": "2", "room": "501"}


@pytest.mark.parametrize(
    "text",
    [
        "3栋2单元501",
        "3栋2单元501室",
        "3幢2单元501",
        "3座2单元501",
        "3号楼2单元501室",
        "3#楼2单元501",
        "3#2-501",
        "3-2-501",
        "3－2－501",
        "3—2—501",
        "3/2/501",
        "3.2.501",
        "3、2、501",
        "三号楼二单元501室",
        "三栋二单元五〇一",
        "３栋２单元５０１",
        "3栋2门501",
        "3栋2单元5楼501",
        "3栋2单元5层1号",
        "3栋2-501",
        "3号楼-2-501",
        "3栋2单元501号",
        "3栋2单元501房",
        "03栋02单元0501",
    ],
)
def test_one_dwelling_in_many_spellings(text: str) -> None:
    assert parts(text) == WHOLE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第三幢", {"building": "3"}),
        ("十二栋", {"building": "12"}),
        ("廿三栋", {"building": "23"}),
        ("一百零五栋", {"building": "105"}),
        ("3栋乙单元501", {"building": "3", "unit": "乙", "room": "501"}),
        ("3栋A单元501", {"building": "3", "unit": "A", "room": "501"}),
        ("A座1203", {"building": "A", "room": "1203"}),
        ("B栋-1203", {"building": "B", "room": "1203"}),
        ("b栋-1203", {"building": "B", "room": "1203"}),
        ("2-3栋1单元501", {"building": "2-3", "unit": "1", "room": "501"}),
        ("3-501", {"building": "3", "room": "501"}),
        ("3栋501", {"building": "3", "room": "501"}),
        ("3楼501", {"building": "3", "room": "501"}),
        ("5楼501", {"room": "501"}),  # a floor that the room repeats
        ("501", {"room": "501"}),
        ("501室", {"room": "501"}),
        ("12弄3号501室", {"lane": "12", "building": "3", "room": "501"}),
        ("五巷8号402", {"lane": "5", "building": "8", "room": "402"}),
        ("二组15号", {"group": "2", "building": "15"}),
        ("第三村民小组15号", {"group": "3", "building": "15"}),
        ("18幢", {"building": "18"}),
        ("501-1", {"room": "501", "suffix": "1"}),
        ("501A", {"room": "501", "suffix": "A"}),
        ("501(南)", {"room": "501", "suffix": "南"}),
        ("501（南）", {"room": "501", "suffix": "南"}),
        ("3栋2单元501-1", WHOLE | {"suffix": "1"}),
        ("0502", {"room": "502"}),
        ("502", {"room": "502"}),
        ("1-10幢", {}),
        ("无", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_parts(text: str | None, found: dict[str, str]) -> None:
    assert parts(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("广东省深圳市福田区沙头街道沙嘴社区幸福花园3栋2单元501室", {"estate": "幸福花园", **WHOLE}),
        ("广东省 深圳市 福田区 沙头街道 沙嘴社区 幸福花园 3栋 2单元 501室", {"estate": "幸福花园", **WHOLE}),
        ("阳光小区3-2-501", {"estate": "阳光小区", **WHOLE}),
        ("某村二组15号", {"estate": "某村", "group": "2", "building": "15"}),
        ("沙嘴村五巷8号402", {"estate": "沙嘴村", "lane": "5", "building": "8", "room": "402"}),
        ("阳光小区东区3栋501", {"estate": "阳光小区东区", "building": "3", "room": "501"}),
        ("翠苑五区12幢3单元501", {"estate": "翠苑五区", "building": "12", "unit": "3", "room": "501"}),
        ("福田区城市花园3栋501", {"estate": "城市花园", "building": "3", "room": "501"}),
        ("水乡人家2幢", {"estate": "水乡人家", "building": "2"}),
        ("翠湖社区3栋501", {"estate": "翠湖社区", "building": "3", "room": "501"}),
        ("光明大道88号幸福花园3栋501", {"estate": "幸福花园", "building": "3", "room": "501"}),
        ("中山路12号501室", {"estate": "中山路", "building": "12", "room": "501"}),
        ("八一路88号", {"estate": "八一路", "building": "88"}),
        (
            "上海市浦东新区陆家嘴街道中山路100弄12号501室",
            {"estate": "中山路", "lane": "100", "building": "12", "room": "501"},
        ),
        ("北京市朝阳区阜成路12号院3号楼2单元501", {"estate": "阜成路12号院", **WHOLE}),
        ("浙江省杭州市建德市新安江街道幸福里三区3栋", {"estate": "幸福里三区", "building": "3"}),
        ("福建省莆田市荔城区镇海街道阳光社区阳光家园二期3号楼2单元501室", {"estate": "阳光家园二期", **WHOLE}),
        ("SOHO3栋501", {"estate": "SOHO", "building": "3", "room": "501"}),
        ("幸福花园A3栋2单元0502", {"estate": "幸福花园", "building": "A3", "unit": "2", "room": "502"}),
        ("幸福花园501", {"estate": "幸福花园", "room": "501"}),
        ("幸福花园", {"estate": "幸福花园"}),
        ("福田区沙头街道", {}),
    ],
)
def test_whole_addresses(text: str, found: dict[str, str]) -> None:
    assert parts(text) == found


@pytest.mark.parametrize(
    ("raw", "told_of"),
    [
        ("广东省 深圳市", ("广东省 深圳市", "ok", None)),
        (" 幸福花园　3栋 ", ("幸福花园 3栋", "ok", None)),
        ("３栋２单元５０１", ("３栋２单元５０１", "ok", None)),  # stored as written
        ("501", ("501", "ok", "OF311")),
        ("501室", ("501室", "ok", "OF311")),
        ("1-10幢", ("1-10幢", "ok", "OF311")),
        ("3栋2单元5层1号", ("3栋2单元5层1号", "ok", "OF311")),
        ("幸福\ue000花园3栋", ("幸福\ue000花园3栋", "ok", "OF308")),
        ("幸福花园😀", (None, "held", "OF309")),
        ("无", ("无", "none", None)),
        ("", (None, "blank", None)),
        (None, (None, "blank", None)),
    ],
)
def test_verdicts(raw: str | None, told_of: tuple[object, str, str | None]) -> None:
    assert told(read("address", raw)) == told_of


def test_a_room_alone_is_whole_where_the_sheet_names_the_building() -> None:
    assert told(read("address", "501", context=True)) == ("501", "ok", None)
    assert told(read("address", "1-10幢", context=True)) == ("1-10幢", "ok", "OF311")


TOKENS = st.sampled_from(
    [
        "广东省",
        "福田区",
        "沙嘴社区",
        "幸福花园",
        "某村",
        "3",
        "二",
        "501",
        "A",
        "栋",
        "号楼",
        "单元",
        "室",
        "号",
        "巷",
        "组",
        "-",
        "（",
        "）",
        "　",
        "0",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(TOKENS, min_size=1, max_size=9).map("".join), min_size=1, max_size=20))
def test_reading_twice_changes_nothing_and_parts_hold_nothing_new(raws: list[str]) -> None:
    values = [answer.value for answer in read_all("address", raws)]
    assert [again.value for again in read_all("address", values)] == values
    for raw, found in zip(raws, all_parts(raws), strict=True):
        written = set(unicodedata.normalize("NFKC", raw)) | {"2"}  # 二
        assert all(set(part) <= written for name, part in found.items() if name != "room")  # 5层1号 reads as 501
