"""One Chinese sentence a pair."""

from __future__ import annotations

import pytest

from oneform import link
from tests.link.rows import ID_A, every_pair, linkable

HOME = "幸福小区-3-2-501"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            {"name": "王晓明", "birth_date": "1967-04-01", "phone": "1", "home": HOME},
            {"name": "王小明", "birth_date": "2006-08-15", "phone": "1", "home": HOME},
            "姓名同音（晓/小）＋同电话、同住址；出生日期不同（1967/2006），请核对是否同一人。",
        ),
        (
            {"name": "张国强", "birth_date": "1967-04-01", "phone": "1", "home": HOME},
            {"name": "张小强", "birth_date": "2006-08-15", "phone": "1", "home": HOME},
            "同电话、同住址；姓名差一字（国/小），出生日期不同（1967/2006），判为同户不同人。",
        ),
        (
            {"name": "张偉", "id": ID_A},
            {"name": "张伟", "id": ID_A},
            "姓名写法不同（繁简或异体）（偉/伟）＋证件号相同＋同一天出生＋同性别，证件号相同，判为同一人。",
        ),
        ({"name": "张三"}, {"phone": "1"}, "没有可以比较的内容，判为两个人。"),
        (
            {"name": "张三", "phone": "1", "gender": "1"},
            {"name": "李红", "phone": "2", "gender": "2"},
            "姓名不同（张三/李红），性别不同（男/女），电话、住址都不同，判为两个人。",
        ),
    ],
)
def test_sentences(one: dict[str, object], other: dict[str, object], expected: str) -> None:
    standard = link.standardise(linkable(one, other))
    edge = link.weigh(every_pair(standard), standard).row(0, named=True)
    assert link.sentence(edge, standard.row(0, named=True), standard.row(1, named=True)) == expected
