"""Dates: every spelling of the table, the rules of a birth, serials, and formats that can be read back."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import TODAY, apply, read, read_all, told

from oneform import frames
from oneform.kinds import date as dates


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2012-2-3", "2012-02-03"),
        ("2012-02-03", "2012-02-03"),
        ("2012/03/02", "2012-03-02"),
        ("2012/3/2", "2012-03-02"),
        ("2012.2.3", "2012-02-03"),
        ("1980.1.1", "1980-01-01"),
        ("２０１２－２－３", "2012-02-03"),
        ("20210403", "2021-04-03"),
        ("20210403.0", "2021-04-03"),
        ("201204", "2012-04"),
        ("2012-04", "2012-04"),
        ("2012/04", "2012-04"),
        ("1990-12", "1990-12"),
        ("1990.12", "1990-12"),
        ("1990年12月", "1990-12"),
        ("1990", "1990"),
        ("1990年", "1990"),
        ("1970年12月28日", "1970-12-28"),
        ("1970 年 12 月 28 日", "1970-12-28"),
        ("2021年4月3号", "2021-04-03"),
        ("2021年4月3日 星期六", "2021-04-03"),
        ("2021/4/3 8:30:00", "2021-04-03 08:30:00"),
        ("2021-04-03T08:30:00", "2021-04-03 08:30:00"),
        ("2021年4月3日 8时30分", "2021-04-03 08:30:00"),
        ("2021-04-03 00:00:00", "2021-04-03"),
        ("长期", "9999-12-31"),
        ("长期有效", "9999-12-31"),
        ("9999-12-30", "9999-12-31"),
        ("99991231", "9999-12-31"),
    ],
)
def test_spellings(raw: str, value: str) -> None:
    answer = read("date", raw)
    assert told(answer) == (value, "ok", None)
    assert (answer.note is None) == (raw == value)


@pytest.mark.parametrize(
    "raw",
    [
        "01/02/03",
        "3/4/2020",
        "12.2.3",
        "2020-06-10#2020-06-12",
        "2021.4.1-2021.4.3",
        "昨天",
        "上月底",
        "2021-02-29",
        "20210431",
        "2021-13",
        "29221",  # a serial only in a number cell
        "08:30:00",
        "2021-04-03 25:00:00",
        "_" * 40 + "年x",
    ],
)
def test_what_is_never_guessed(raw: str) -> None:
    answer = read("date", raw)
    assert told(answer) == (None, "held", "OF304")
    assert answer.facts["found"] == raw[:40]


@pytest.mark.parametrize("raw", ["年    月    日", "  年  月", "____年__月__日", "", None, " "])
def test_a_blank_form_is_empty(raw: str | None) -> None:
    assert told(read("date", raw)) == (None, "blank", None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("80年1月", "1980-01"),
        ("80.1.1", "1980-01-01"),
        ("80-01-01", "1980-01-01"),
        ("98年12月3日", "1998-12-03"),
        ("05年3月1日", "2005-03-01"),
        ("26年11月", "2026-11"),
        ("26年12月", "1926-12"),  # 2026-12 lies in the future
    ],
)
@pytest.mark.parametrize("role", ["birth", "event", "any"])
def test_two_digit_years_go_by_the_rule_that_is_shown(raw: str, value: str, role: str) -> None:
    answer = read("date", raw, role=role)
    assert told(answer) == (value, "ok", "OF317")
    assert answer.facts["found"] == value


@pytest.mark.parametrize(
    ("raw", "told_of"),
    [
        ("2026-11-20", ("2026-11-20", "ok", None)),
        ("2026-11-21", (None, "held", "OF305")),
        ("2026-11", ("2026-11", "ok", None)),
        ("2026-12", (None, "held", "OF305")),
        ("2027", (None, "held", "OF305")),
        ("1905-11-21", ("1905-11-21", "ok", None)),  # 120 today, 121 tomorrow
        ("1905-11-20", ("1905-11-20", "ok", "OF313")),
        ("1890", ("1890", "ok", "OF313")),
        ("1905", ("1905", "ok", None)),
        ("1990-03-07 08:30:00", ("1990-03-07", "ok", None)),
        ("长期", (None, "held", "OF304")),
        ("2099-1-1", (None, "held", "OF305")),
    ],
)
def test_rules_of_a_birth(raw: str, told_of: tuple[object, str, str | None]) -> None:
    assert told(read("date", raw, role="birth")) == told_of
    assert read("date", raw).code is None  # any other date may lie anywhere


@pytest.mark.parametrize(
    ("raw", "epoch1904", "value"),
    [
        ("29221", False, "1980-01-01"),
        ("29221", True, "1984-01-02"),
        ("1", False, "1900-01-01"),
        ("60", False, "1900-02-28"),  # the day that Excel alone knows, as every reader gives it
        ("61", False, "1900-03-01"),
        ("73050", False, "2099-12-31"),
        ("44289.354166666664", False, "2021-04-03 08:30:00"),
        ("29221.0", False, "1980-01-01"),
        ("20210403", False, "2021-04-03"),
        ("201204", False, "2012-04"),
        ("1990", False, "1990"),
        ("1990.12", False, "1990-12"),
    ],
)
def test_number_cells(raw: str, epoch1904: bool, value: str) -> None:
    answer = read("date", raw, frames.NUMBER, epoch1904=epoch1904)
    assert told(answer) == (value, "ok", None)
    assert answer.note


def test_number_cells_that_may_mean_two_things() -> None:
    for raw in ("1990.1", "73051", "0", "-3"):  # 1990.1 may have been 1990.10
        assert told(read("date", raw, frames.NUMBER)) == (None, "held", "OF304")


def test_every_serial_is_its_day() -> None:
    serials = [n for n in range(61, 73051, 37) if not 1900 <= n <= 2100]
    values = [answer.value for answer in read_all("date", [str(n) for n in serials], frames.NUMBER)]
    assert values == [(date(1899, 12, 30) + timedelta(days=n)).isoformat() for n in serials]


def test_date_cells_are_already_dates() -> None:
    assert told(read("date", "1990-03-07", frames.DATE)) == ("1990-03-07", "ok", None)
    assert told(read("datetime", "2021-04-03 08:30:00", frames.DATE)) == ("2021-04-03 08:30:00", "ok", None)


@pytest.mark.parametrize(
    ("spec", "day", "month", "year"),
    [
        (None, "1990-01-05", "1990-01", "1990"),
        ("yyyy-MM-dd", "1990-01-05", "1990-01", "1990"),
        ("yyyyMMdd", "19900105", "199001", "1990"),
        ("yyyy.M.d", "1990.1.5", "1990.1", "1990"),
        ("yyyy年M月d日", "1990年1月5日", "1990年1月", "1990年"),
        ("yyyy-MM", "1990-01", "1990-01", "1990"),
        ("yyyy/MM/dd", "1990/01/05", "1990/01", "1990"),
        ("M月d日", "1月5日", "1月", "1990"),
        ("yyyy-MM-dd HH:mm", "1990-01-05", "1990-01", "1990"),
        ("HH:mm", None, None, None),
    ],
)
def test_formats_end_where_the_precision_ends(spec: str | None, day: str, month: str, year: str) -> None:
    values = ("1990-01-05", "1990-01", "1990", None)
    assert apply(lambda value: dates.format(value, spec), *values) == [day, month, year, None]


def test_formats_of_moments_and_open_ends() -> None:
    moment = "2021-04-03 08:05:00"
    assert apply(lambda value: dates.format(value, "yyyy年M月d日H时mm分"), moment) == ["2021年4月3日8时05分"]
    assert apply(lambda value: dates.format(value, "yyyy-MM-dd HH:mm"), moment) == ["2021-04-03 08:05"]
    assert apply(lambda value: dates.format(value, "HH:mm"), moment) == ["08:05"]
    assert apply(lambda value: dates.format(value, "yyyyMMdd"), "9999-12-31") == ["长期"]
    for spec in ("no token", "", "年月日"):
        with pytest.raises(ValueError, match=f"^{spec}$"):
            apply(lambda value, spec=spec: dates.format(value, spec), moment)


@pytest.mark.parametrize("spec", [None, *(spec for spec, back in dates.SPECS.items() if back)])
@settings(max_examples=10, deadline=None)
@given(st.lists(st.dates(date(1900, 1, 1), date(2100, 12, 31)).map(date.isoformat), min_size=1, max_size=30))
def test_reversible_formats_can_be_read_back(spec: str | None, days: list[str]) -> None:
    texts = apply(lambda value: dates.format(value, spec), *days)
    assert [answer.value for answer in read_all("date", texts)] == days


TOKENS = st.sampled_from(
    [
        "1990",
        "2012",
        "20210403",
        "80",
        "12",
        "3",
        "01",
        "29",
        "-",
        "/",
        ".",
        "年",
        "月",
        "日",
        " ",
        "08:30:00",
        "#",
        "长期",
        "２",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(TOKENS, min_size=1, max_size=7).map("".join), min_size=1, max_size=20),
    st.sampled_from(["birth", "any"]),
)
def test_a_day_is_never_invented_and_reading_twice_changes_nothing(raws: list[str], role: str) -> None:
    answers = read_all("date", raws, role=role)
    values = [answer.value for answer in answers if answer.value is not None]
    assert [again.value for again in read_all("date", values, role=role)] == values
    for raw, answer in zip(raws, answers, strict=True):
        if answer.value is None or answer.value == dates.OPEN_END:
            continue
        assert role == "any" or answer.value <= TODAY.isoformat()
        said = [int(number) for number in re.findall(r"[0-9]+", raw.replace("２", "2"))]
        read_as = [int(part) for part in answer.value[:10].split("-")]
        if answer.code != "OF317" and len(said) == len(read_as):
            assert read_as == said
        if answer.code != "OF317" and len(said) == 1:
            assert "".join(answer.value[:10].split("-")) in re.sub(r"[^0-9]", "", raw.replace("２", "2"))
