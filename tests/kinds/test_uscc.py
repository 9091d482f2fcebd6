"""Unified social credit codes."""

from __future__ import annotations

import pytest
from tests.kinds.cells import apply, read, told

from oneform import frames
from oneform.kinds import uscc

GOOD = ["91440300MA5DA0001J", "N2440304MA5DA0001U", "54440304MJL000001M"]


@pytest.mark.parametrize("code", GOOD)
def test_valid_codes_of_every_register(code: str) -> None:
    assert told(read("uscc", code)) == (code, "ok", None)
    assert told(read("uscc", f" {code[:8].lower()}-{code[8:]} ")) == (code, "ok", None)
    assert read("uscc", *apply(lambda value: uscc.format(value, "quoted"), code)).value == code


@pytest.mark.parametrize(
    ("raw", "state", "code"),
    [
        ("91440300MA5DA0001K", "invalid", "OF302"),
        ("91440300MASDA0001J", "invalid", "OF302"),  # S is no symbol of these codes
        ("91440300MA5DA0001", "invalid", "OF302"),
        ("9.1440300E+17", "damaged_tail", "OF301"),
        ("个体工商户", "none", "OF315"),
        ("440304123456789", "none", "OF315"),  # an old licence number
        ("无", "none", None),
        ("", "blank", None),
    ],
)
def test_verdicts(raw: str, state: str, code: str | None) -> None:
    answer = read("uscc", raw)
    assert (answer.state, answer.code) == (state, code)
    assert (answer.value is None) == (state in {"none", "blank"} or "E+" in raw)


def test_a_number_cell_has_lost_its_tail() -> None:
    assert read("uscc", "914403001234567890", frames.NUMBER).code == "OF301"


def test_every_single_symbol_error_is_caught() -> None:
    good = GOOD[0]
    wrong = [good[:at] + s + good[at + 1 :] for at in range(18) for s in "019AJY" if s != good[at]]
    assert not any(apply(uscc.checksum_ok, *wrong))
    assert apply(uscc.checksum_ok, *GOOD, None) == [True, True, True, None]
