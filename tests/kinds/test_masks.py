"""Masks hide, and never return what they were given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import apply

from oneform.kinds import mask


@pytest.mark.parametrize(
    ("spec", "value", "masked"),
    [
        ("id:1+2", "11010119900307029X", "1***************9X"),
        ("id:6+4", "11010119900307029X", "110101********029X"),
        ("id:3+4", "11010119900307029X", "110***********029X"),
        ("id:1+2", "E12345678", "E******78"),
        ("id:6+4", "E12345678", "******"),
        ("id:1+2", "1234", "******"),
        ("id:1+2", "1***************9X", "******"),
        ("name:first", "段誉", "段*"),
        ("name:first", "段正淳", "段**"),
        ("name:first", "欧阳娜娜", "欧***"),
        ("name:first", "𠮷田", "𠮷*"),
        ("name:first", "段", "******"),
        ("name:first", "买买提·艾力江", "买***"),
        ("name:surname", "欧阳娜娜", "欧阳**"),
        ("name:surname", "欧阳", "欧*"),
        ("name:surname", "张三丰", "张**"),
        ("phone:3+4", "18012341999", "180****1999"),
        ("phone:3+4", "0755-88886666", "0755******66"),
        ("phone:3+4", "88886666", "******"),
        ("phone:3+4", "+85291234567", "******"),
        ("addr:to=community", "深圳市福田区沙头街道沙嘴社区幸福花园3栋501", "深圳市福田区沙头街道沙嘴社区******"),
        ("addr:to=community", "沙头街道沙嘴社区", "沙头街道沙嘴社区******"),
        ("addr:to=community", "幸福花园3栋501", "******"),
    ],
)
def test_masks(spec: str, value: str, masked: str) -> None:
    assert apply(lambda v: mask.apply(v, spec), value, None, "") == [masked, None, ""]


TOKENS = st.sampled_from(
    ["*", "******", "段", "欧阳", "110101", "19900307", "029X", "138", "0013", "8000", "社区", "E", "-", "·"]
)


@pytest.mark.parametrize("spec", mask.SPECS)
@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(TOKENS, min_size=1, max_size=5).map("".join), min_size=1, max_size=20))
def test_a_mask_never_returns_its_input(spec: str, values: list[str]) -> None:
    for value, masked in zip(values, apply(lambda v: mask.apply(v, spec), *values), strict=True):
        assert masked != value
        assert "*" in masked
        if masked.strip("*") == "":
            assert len(masked) in {6, 7}  # nothing is told about the length of what does not fit


def test_an_unknown_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="id:9"):
        apply(lambda v: mask.apply(v, "id:9+9"), "x")
