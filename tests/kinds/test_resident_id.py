"""Identity numbers: every verdict of the standard, the way back, and no false reject."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import TODAY, apply, identity_number, read, read_all, told

from oneform import frames
from oneform.kinds import resident_id

GOOD = "110101198001010010"


@pytest.mark.parametrize(
    "number",
    [
        GOOD,
        "11010119900307029X",
        "110101198002290018",  # a leap day
        "810000199505051236",
        "830000199001010012",
        identity_number("820000", "19881111", 45),
        identity_number("320219", "19700101", 45),  # reported valid although in no official list
        identity_number("911344", "19790202", 12),  # permanent-resident card of 2023
    ],
)
def test_valid_numbers_pass_without_a_word(number: str) -> None:
    answer = read("resident_id", number)
    assert told(answer) == (number, "valid18", None)
    assert answer.note is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("11010119900307029x", "11010119900307029X"),
        ("11010119900307029Ｘ", "11010119900307029X"),
        ("11010119900307029х", "11010119900307029X"),  # Cyrillic
        ("11010119900307029Х", "11010119900307029X"),  # Cyrillic capital
        ("110101 19800101 0010", GOOD),
        ("110101-19800101-0010", GOOD),
        ("１１０１０１１９８００１０１００１０", GOOD),
        ("'110101198001010010", GOOD),
        ("\u200b110101198001010010\ufeff\u00a0", GOOD),
        ("身份证110101198001010010", GOOD),
        ("居民身份证：110101198001010010", GOOD),
        ("身份证号码:110101198001010010", GOOD),
    ],
)
def test_renderings_of_one_number_are_read_alike(raw: str, value: str) -> None:
    answer = read("resident_id", raw)
    assert told(answer) == (value, "valid18", None)
    assert answer.note
    assert answer.id_type == "111"


def test_fifteen_digits_become_eighteen_also_from_a_number_cell() -> None:
    for cell in (frames.TEXT, frames.NUMBER):
        answer = read("resident_id", "130503670401001", cell)
        assert told(answer) == ("130503196704010016", "upgraded15", None)
        assert answer.note == "15 位证号升为 18 位"


@pytest.mark.parametrize(
    ("raw", "state", "code"),
    [
        ("110101198001010011", "invalid", "OF302"),  # check digit
        ("110101199902290018", "invalid", "OF302"),  # check digit right, no such day
        ("130503670431001", "invalid", "OF302"),  # 31 April
        (identity_number("110101", "20991231", 12), "invalid", "OF305"),
        (identity_number("110101", "18900101", 12), "valid18", "OF313"),
        (identity_number("990101", "19800101", 12), "valid18", "OF314"),  # a permanent resident of province 90
        (identity_number("160101", "19800101", 12), "valid18", "OF314"),
        (identity_number("000101", "19800101", 12), "valid18", "OF314"),
        ("11010119800101001O", "invalid", "OF302"),  # a letter O
        ("1101011980010100", "invalid", "OF302"),
        ("13800138000", "invalid", "OF302"),
        ("张三", "invalid", "OF302"),
        ("1101**********0010", "masked", "OF315"),
        ("5***************1X", "masked", "OF315"),
        ("110101********0010", "masked", "OF315"),
        ("110101XXXXXXXX0010", "masked", "OF315"),
        ("110101198001021000", "damaged_tail", "OF315"),  # right check digit and looks cut
        ("110101198001011000", "damaged_tail", "OF301"),  # wrong check digit and looks cut
        ("1.10101E+17", "damaged_tail", "OF301"),
        ("1.30504E+14", "damaged_tail", "OF301"),
        ("1.10101198001010e+17", "damaged_tail", "OF301"),
        ("110101198001010010.0", "damaged_tail", "OF301"),
        ("E12345678", "document", None),
        ("EA1234567", "document", None),
        ("H12345678", "document", None),
        ("CAN123456789012", "document", None),  # permanent-resident card of the old form
        ("N1234567", "document", "OF315"),
        ("12345678", "document", "OF315"),
        ("无", "none", None),
        ("  ", "blank", None),
        (None, "blank", None),
    ],
)
def test_verdicts(raw: str | None, state: str, code: str | None) -> None:
    answer = read("resident_id", raw)
    assert (answer.state, answer.code) == (state, code)


def test_masks_of_all_kinds_are_kept_with_stars() -> None:
    raws = ["1101**********0010", "110101XXXXXXXX0010", "110101●●●●●●●●001X", "110101????????0010", "1101…0010"]
    values = [answer.value for answer in read_all("resident_id", raws)]
    assert values == [
        "1101**********0010",
        "110101********0010",
        "110101********001X",
        "110101********0010",
        "1101***0010",
    ]


def test_a_wrong_check_digit_is_named_only_as_something_to_check() -> None:
    answer = read("resident_id", "110101198001010011")
    assert answer.value == "110101198001010011"  # evidence, held
    assert answer.facts["expected"] == "0"
    assert read("resident_id", "11010119800101001O").facts["expected"] == GOOD


@pytest.mark.parametrize("raw", [GOOD, "110101198001010016", "110101198001010000", "11010119800101001"])
def test_a_number_cell_of_more_than_fifteen_digits_has_lost_its_tail_whatever_the_check_digit(raw: str) -> None:
    answer = read("resident_id", raw, frames.NUMBER)
    assert told(answer) == (raw, "damaged_tail", "OF301")


def test_a_column_that_mostly_ends_000_was_numbers_once() -> None:
    cut = [identity_number("110101", f"198001{day:02}", 100)[:15] + "000" for day in range(1, 8)]
    ends_in_x = next(
        number
        for number in (identity_number("110101", "19900307", n) for n in range(500))
        if number.endswith("X") and not number.endswith("000")
    )
    answers = read_all("resident_id", [*cut, GOOD, ends_in_x])
    assert {answer.code for answer in answers[:-1]} == {"OF301"}
    assert told(answers[-1]) == (ends_in_x, "valid18", None)
    assert told(read_all("resident_id", [*cut[:2], GOOD])[-1]) == (GOOD, "valid18", None)


@pytest.mark.parametrize(
    ("given", "raw", "state", "code", "id_type"),
    [
        ("护照", "E12345678", "document", None, "414"),
        ("414", "AB1234567", "document", None, "414"),
        ("台湾居民来往大陆通行证", "12345678", "document", None, "511"),
        ("1居民身份证", GOOD, "valid18", None, "111"),
        ("居民身份证(户口簿)", GOOD, "valid18", None, "111"),
        ("户口簿", GOOD, "valid18", None, "113"),
        ("港澳居民来往内地通行证", "H1234567890", "document", None, None),
        ("护照", "E1", "document", "OF315", "414"),
        ("护照", GOOD, "valid18", "OF315", "414"),
        ("居民身份证", "E12345678", "document", "OF315", "111"),
        ("居民身份证", "110101198001010011", "invalid", "OF302", "111"),
        ("其他", "AB123", "document", None, None),
        (None, GOOD, "valid18", None, "111"),
    ],
)
def test_the_type_column_wins(given: str | None, raw: str, state: str, code: str | None, id_type: str | None) -> None:
    answer = read("resident_id", raw, id_type=pl.lit(given, dtype=pl.String))
    assert (answer.state, answer.code, answer.id_type) == (state, code, id_type)


# County codes of every province, abolished ones among them, and areas that are in no list.
AREAS = [
    "110101 110228 120101 130503 130503 140105 150102 210102 220102 230102 310101 310115 320102 320219 321119 330102",
    "330113 330114 340102 350102 350302 360102 370102 410102 420102 430102 430419 440303 440304 440305 450102 460105",
    "460400 500101 500112 510104 520102 530102 540102 610102 620102 630102 632825 640104 650102 653228 710000 810000",
]


def test_no_number_is_refused_for_its_area_or_year() -> None:
    areas = [*" ".join(AREAS).split(), "820000", "830000", "911344", "931156"]
    areas += [f"{area[:4]}{county:02}" for area in areas[:48] for county in range(1, 62)]  # 2,900 more county codes
    years = (1930, 1945, 1958, 1964, 1976, 1985, 1996, 2008, 2021)
    numbers = [identity_number(area, f"{year}0615", 100 + at % 800) for at, area in enumerate(areas) for year in years]
    numbers = [number for number in numbers if not number.endswith("000")]
    answers = read_all("resident_id", numbers)
    assert len(numbers) > 25_000
    assert [(n, a.code) for n, a in zip(numbers, answers, strict=True) if a.code or a.state != "valid18"] == []
    old = [n[:6] + n[8:17] for n in numbers if n[6:8] == "19" and n[0] != "9"]
    assert {(a.code, a.state) for a in read_all("resident_id", old)} == {(None, "upgraded15")}


def test_every_single_digit_error_is_caught() -> None:
    wrong = [GOOD[:at] + d + GOOD[at + 1 :] for at in range(18) for d in "0123456789X" if d != GOOD[at]]
    assert not any(apply(resident_id.checksum_ok, *wrong))
    assert apply(resident_id.checksum_ok, GOOD, None, "1101", "") == [True, None, False, False]


def test_what_a_number_yields() -> None:
    girl = identity_number("440304", "20080229", 124)
    numbers = (GOOD, girl, "110101198001010011", "110101198001011000", "E12345678", None)
    assert apply(resident_id.birth_date, *numbers) == ["1980-01-01", "2008-02-29", None, "1980-01-01", None, None]
    assert apply(resident_id.gender, *numbers) == ["1", "2", None, None, None, None]


NUMBERS = st.builds(
    identity_number,
    st.sampled_from(["110101", "440304", "810000", "350302"]),
    st.dates(date(1910, 1, 1), TODAY).map(lambda day: f"{day:%Y%m%d}"),
    st.integers(0, 999),
)


@pytest.mark.parametrize("spec", [None, *resident_id.SPECS])
@settings(max_examples=20, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_each_rendering_can_be_read_back(spec: str | None, numbers: list[str]) -> None:
    texts = apply(lambda value: resident_id.format(value, spec), *numbers)
    assert [answer.value for answer in read_all("resident_id", texts)] == numbers


TOKENS = st.sampled_from(
    [
        "110101",
        "1980",
        "0101",
        "0010",
        "000",
        "x",
        "Х",
        "×",
        "**",
        " ",
        "-",
        "１",
        "'",
        "身份证",
        "E",
        "H",
        "O",
        "19",
        "无",
        ".",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(TOKENS, min_size=1, max_size=7).map("".join), min_size=1, max_size=20),
    st.sampled_from([frames.TEXT, frames.NUMBER]),
)
def test_no_digit_is_invented_and_reading_twice_changes_nothing(raws: list[str], cell: int) -> None:
    answers = read_all("resident_id", raws, cell)
    for raw, answer in zip(raws, answers, strict=True):
        if answer.value is not None and answer.state != "upgraded15":
            written = re.sub(r"[^0-9]", "", raw.replace("１", "1"))
            assert re.sub(r"[^0-9]", "", answer.value) in written
    sound = [a.value for a in answers if a.state in {"valid18", "upgraded15", "document", "masked"}]
    assert [again.value for again in read_all("resident_id", sound)] == sound
