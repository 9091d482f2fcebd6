"""Telephone numbers: spellings met in sheets, several in a cell, and what is doubted or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kinds.cells import apply, read, read_all, told

from oneform import frames
from oneform.kinds import phone


@pytest.mark.parametrize(
    ("raw", "value", "alt"),
    [
        ("13800138000", "13800138000", None),
        ("138 0013 8000", "13800138000", None),
        ("138-0013-8000", "13800138000", None),
        ("１３８００１３８０００", "13800138000", None),
        ("15888888888.0", "15888888888", None),
        ("1.5888888888E10", "15888888888", None),
        ("+86 13800138000", "13800138000", None),
        ("008613800138000", "13800138000", None),
        ("86-13800138000", "13800138000", None),
        ("'13800138000", "13800138000", None),
        ("13800138000（妻子）", "13800138000", None),
        ("手机：13800138000", "13800138000", None),
        ("0755-88886666", "0755-88886666", None),
        ("075588886666", "0755-88886666", None),
        ("(010)88886666", "010-88886666", None),
        ("86-0755-88886666", "0755-88886666", None),
        ("0755-88886666-801", "0755-88886666-801", None),
        ("0755-88886666转801", "0755-88886666-801", None),
        ("400-820-8820", "4008208820", None),
        ("+852 91234567", "+85291234567", None),
        ("13800138000;13900139000", "13800138000", ["13900139000"]),
        ("13800138000；13900139000", "13800138000", ["13900139000"]),
        ("13800138000、13900139000", "13800138000", ["13900139000"]),
        ("13800138000，13900139000", "13800138000", ["13900139000"]),
        ("13800138000/13900139000", "13800138000", ["13900139000"]),
        ("13800138000\n13900139000", "13800138000", ["13900139000"]),
        ("13800138000 13900139000", "13800138000", ["13900139000"]),
        ("138 0013 8000 139 0013 9000", "13800138000", ["13900139000"]),
        ("13800138000 / 13800138000", "13800138000", None),
        ("0755-88886666、13900139000", "0755-88886666", ["13900139000"]),
    ],
)
def test_numbers_that_can_be_dialled(raw: str, value: str, alt: list[str] | None) -> None:
    answer = read("phone", raw)
    assert told(answer) == (value, "ok", None)
    assert answer.alt == alt
    assert (answer.note is None) == (raw == value)


@pytest.mark.parametrize(
    ("raw", "cell", "told_of"),
    [
        ("88886666", frames.TEXT, ("88886666", "ok", "OF316")),
        ("8888666", frames.NUMBER, ("8888666", "ok", "OF316")),
        ("75588886666", frames.NUMBER, ("75588886666", "ok", "OF316")),  # the leading zero was lost
        ("1088886666", frames.NUMBER, ("1088886666", "ok", "OF316")),
        ("13800138000、123", frames.TEXT, ("13800138000", "ok", "OF315")),
        ("1380013800", frames.TEXT, (None, "held", "OF303")),
        ("138001380001", frames.NUMBER, (None, "held", "OF303")),
        ("1.38E+10", frames.TEXT, (None, "held", "OF303")),
        ("8686", frames.TEXT, (None, "held", "OF303")),
        ("张三", frames.TEXT, (None, "held", "OF303")),
        ("110101198001010010", frames.TEXT, (None, "held", "OF303")),
        ("(" * 32_000, frames.TEXT, (None, "held", "OF303")),
        ("无", frames.TEXT, (None, "none", None)),
        ("/", frames.TEXT, (None, "none", None)),
        ("", frames.TEXT, (None, "blank", None)),
        (None, frames.BLANK, (None, "blank", None)),
    ],
)
def test_doubts_and_refusals(raw: str | None, cell: int, told_of: tuple[object, str, str | None]) -> None:
    assert told(read("phone", raw, cell)) == told_of


@pytest.mark.parametrize("spec", [None, *phone.SPECS])
@pytest.mark.parametrize("number", ["13800138000", "0755-88886666", "010-88886666-801", "+85291234567", "4008208820"])
def test_each_rendering_can_be_read_back(spec: str | None, number: str) -> None:
    (text,) = apply(lambda value: phone.format(value, spec), number)
    assert read("phone", text).value == number


def test_spaced_mobiles_and_keys() -> None:
    assert apply(lambda value: phone.format(value, "spaced"), "13800138000") == ["138 0013 8000"]
    assert apply(phone.compare_key, "0755-88886666", "+85291234567", None) == ["075588886666", "85291234567", None]


TOKENS = st.sampled_from(
    [
        "86",
        "+86",
        "0086",
        "138",
        "1390013",
        "8000",
        "0755",
        "88886666",
        "-",
        " ",
        "；",
        "/",
        "１３８",
        ".0",
        "转",
        "(",
        ")",
    ]
)


@example(["1390013转0086"])  # no local number starts with 1: read as one, its extension made it a mobile number
@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(TOKENS, min_size=1, max_size=7).map("".join), min_size=1, max_size=20))
def test_no_digit_is_invented_and_reading_twice_changes_nothing(raws: list[str]) -> None:
    numbers = []
    for raw, answer in zip(raws, read_all("phone", raws), strict=True):
        written = re.sub(r"[^0-9]", "", raw.replace("１３８", "138"))
        found = [number for number in (answer.value, *(answer.alt or [])) if number is not None]
        assert all(re.sub(r"[^0-9]", "", number) in written for number in found)
        numbers += found
    assert [again.value for again in read_all("phone", numbers)] == numbers
