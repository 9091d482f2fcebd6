"""Names: cleaned as written, rare characters kept, odd ones doubted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import apply, read, read_all, told

from oneform.kinds import name


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("张三", "张三"),
        ("张 三", "张三"),
        ("张　三", "张三"),
        ("张 三 丰", "张三丰"),
        ("张\n三", "张三"),
        ("'张三", "张三"),
        ("\u200b张三\ufeff", "张三"),
        ("张\u202e三\u0007", "张三"),
        ("买买提·艾力", "买买提·艾力"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提 · 艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("买买提‧艾力∙江⋅山", "买买提·艾力·江·山"),
        ("John   Smith", "John Smith"),
        ("J. R. Smith", "J. R. Smith"),
        ("Ｊｏｈｎ　Ｓｍｉｔｈ", "John Smith"),
        ("O'Neil", "O'Neil"),
        ("𠮷田", "𠮷田"),
        ("李䶮", "李䶮"),
        ("王㐂𫖮𬀩", "王㐂𫖮𬀩"),
        ("葛󠄀城", "葛󠄀城"),  # with a variation selector
        ("張三", "張三"),  # stored as written
        ("豈凡", "豈凡"),  # a compatibility ideograph: no NFKC
    ],
)
def test_names_are_stored_as_written(raw: str, value: str) -> None:
    answer = read("name", raw)
    assert told(answer) == (value, "ok", None)
    assert (answer.note is None) == (raw == value)


@pytest.mark.parametrize(
    ("raw", "told_of"),
    [
        ("张\ue000", ("张\ue000", "ok", "OF308")),
        ("张\U000f1234", ("张\U000f1234", "ok", "OF308")),
        ("张😀", (None, "held", "OF309")),
        ("张\x00三", (None, "held", "OF309")),
        ("张" * 32_768, (None, "held", "OF309")),
        ("张", ("张", "ok", "OF318")),
        ("𠮷", ("𠮷", "ok", "OF318")),  # one character, although two code units
        ("阿" * 31, ("阿" * 31, "ok", "OF318")),
        ("张三（租户）", ("张三（租户）", "ok", "OF318")),
        ("张三/李四", ("张三/李四", "ok", "OF318")),
        ("13800138000", ("13800138000", "ok", "OF318")),
        ("=1+1", ("=1+1", "ok", "OF318")),
        ("无", (None, "none", "OF318")),
        ("不详", (None, "none", "OF318")),
        ("待查", (None, "none", "OF318")),
        ("测试", (None, "none", "OF318")),
        ("—", (None, "none", "OF318")),
        ("", (None, "blank", None)),
        ("\u3000", (None, "blank", None)),
        (None, (None, "blank", None)),
    ],
)
def test_doubts_and_refusals(raw: str | None, told_of: tuple[object, str, str | None]) -> None:
    assert told(read("name", raw)) == told_of


def test_keys_agree_where_only_the_writing_differs() -> None:
    pairs = [
        ("買買提·艾力", "买买提艾力"),
        ("張偉", "张伟"),
        ("John Smith", "JOHNSMITH"),
        ("李峯", "李峰"),
        ("王昇", "王升"),
    ]
    for one, other in pairs:
        assert apply(name.compare_key, one) == apply(name.compare_key, other)
    assert apply(name.compare_key, "买买提·艾力", None) == ["买买提艾力", None]
    assert apply(name.compare_key, "张三") != apply(name.compare_key, "张山")


TOKENS = st.sampled_from(
    ["张", "三", "𠮷", "買", " ", "　", "·", "•", ".", "．", "John", "Ｊ", "\u200b", "'", "\ue000", "-", "（"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(TOKENS, min_size=1, max_size=8).map("".join), min_size=1, max_size=20))
def test_reading_twice_changes_nothing(raws: list[str]) -> None:
    once = [(answer.value, answer.code) for answer in read_all("name", raws)]
    kept = [answer for answer in once if answer[0] is not None]
    assert [(answer.value, answer.code) for answer in read_all("name", [value for value, _ in kept])] == kept
