"""Codes, booleans, numbers and text."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinds.cells import TODAY, apply, read, read_all, told

from oneform import frames, kinds
from oneform.kinds import boolean, code, number, text

SEX = {"1": "1", "2": "2", "男": "1", "女": "2", "男性": "1", "女性": "2", "0": "0", "未知": "0"}
NATION = {"01": "01", "汉族": "01", "汉": "01", "05": "05", "维吾尔族": "05"}


@pytest.mark.parametrize(
    ("spellings", "raw", "value"),
    [
        (SEX, "男", "1"),
        (SEX, "女性", "2"),
        (SEX, "２", "2"),
        (SEX, " 男 ", "1"),
        (SEX, "1-男", "1"),
        (SEX, "1 男", "1"),
        (SEX, "男(1)", "1"),
        (SEX, "0男", "1"),  # the number belongs to another list, the name does not
        (SEX, "2.0", "2"),
        (SEX, "■男 □女", "1"),
        (SEX, "□男☑女", "2"),
        (NATION, "01-汉族", "01"),
        (NATION, "汉", "01"),
        (NATION, "维 吾 尔 族", "05"),
    ],
)
def test_codes_names_and_pairs(spellings: dict[str, str], raw: str, value: str) -> None:
    assert told(read("code", raw, spellings=spellings)) == (value, "ok", None)


@pytest.mark.parametrize("raw", ["中立", "3", "1-外星人", "1-", "■男 ■女", "/", "1"])
def test_what_is_not_in_the_list_is_held(raw: str) -> None:
    spellings = {"男": "1", "女": "2"}
    answer = read("code", raw, spellings=spellings, allowed="「男」「女」")
    assert told(answer) == (None, "held", "OF320")
    assert (answer.facts["found"], answer.facts["allowed"]) == (raw, "「男」「女」")


def test_a_legend_of_the_header_replaces_the_codes_but_not_the_names() -> None:
    legend = {"0": "男", "1": "女", "2": "外星人"}
    answers = read_all("code", ["0", "1", "女", "1女", "9", "2"], spellings=SEX, legend=legend)
    assert [answer.value for answer in answers] == ["1", "2", "2", "2", None, None]


def test_blank_boxes_are_a_blank_cell() -> None:
    assert told(read("code", "□男 □女", spellings=SEX)) == (None, "blank", None)
    assert told(read("code", None, spellings=SEX)) == (None, "blank", None)


def test_codes_are_written_as_asked_and_read_back() -> None:
    labels = {"01": "汉族", "05": "维吾尔族"}
    for spec, written in {None: "05", "code": "05", "zh": "维吾尔族", "code-zh": "05-维吾尔族"}.items():
        (said,) = apply(lambda value, spec=spec: code.format(value, spec, labels=labels), "05")
        assert said == written
        assert read("code", said, spellings=NATION).value == "05"


@pytest.mark.parametrize(
    "raw", ["是", "有", "√", "✓", "对", "Y", "y", "t", "是的", "■是", "☑", "☑是", "■是□否", "√是□否", "Ｙ", "true"]
)
def test_true(raw: str) -> None:
    assert told(read("boolean", raw)) == (True, "ok", None)


@pytest.mark.parametrize("raw", ["否", "无", "没有", "×", "N", "n", "f", "不是", "■否", "□是■否", "FALSE"])
def test_false(raw: str) -> None:
    assert told(read("boolean", raw)) == (False, "ok", None)


@pytest.mark.parametrize("raw", ["0", "1", "2", "也许", "阴", "/", "健在", "■是■否"])
def test_an_unknown_word_is_a_question(raw: str) -> None:
    answer = read("boolean", raw)
    assert told(answer) == (None, "held", "OF310")
    assert answer.facts["found"] == raw


def test_zero_and_one_mean_what_the_header_says() -> None:
    for legend in ({"1": True, "0": False}, {"1": False, "0": True}, {"1": True, "2": False}):
        for said, meaning in legend.items():
            assert read("boolean", said, legend=legend).value is meaning
        assert read("boolean", "3", legend=legend).code == "OF310"
    assert [read("boolean", raw, frames.BOOL).value for raw in ("TRUE", "false", "1", "0")] == [
        True,
        False,
        True,
        False,
    ]


def test_blank_is_unknown_never_no() -> None:
    for raw in (None, "", " ", "□是 □否"):
        assert told(read("boolean", raw)) == (None, "blank", None)


@pytest.mark.parametrize("spec", [None, *(spec for spec, back in boolean.SPECS.items() if back)])
def test_booleans_are_read_back(spec: str | None) -> None:
    written = apply(lambda value: boolean.format(value, spec), True, False, None, dtype=pl.Boolean)
    assert [answer.value for answer in read_all("boolean", written)] == [True, False, None]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("integer", "3", 3),
        ("integer", "3.0", 3),
        ("integer", "-2", -2),
        ("integer", "１２", 12),
        ("integer", "1,234", 1234),
        ("integer", "1，234，567", 1234567),
        ("integer", "12人", 12),
        ("integer", "85岁", 85),
        ("decimal", "3.5", 3.5),
        ("decimal", "1,234.50元", 1234.5),
        ("decimal", "￥12", 12.0),
        ("decimal", "36.8℃", 36.8),
        ("decimal", "89.5㎡", 89.5),
        ("decimal", "1.5E3", 1500.0),
    ],
)
def test_numbers(kind: str, raw: str, value: float) -> None:
    answer = read(kind, raw)
    assert told(answer) == (value, "ok", None)
    assert type(answer.value) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw", "told_of"),
    [
        ("integer", "3.5", (None, "held", "OF321")),
        ("integer", "五", (None, "held", "OF321")),
        ("integer", "约5", (None, "held", "OF321")),
        ("integer", "1,23", (None, "held", "OF321")),
        ("integer", "3-5", (None, "held", "OF321")),
        ("integer", "1234567890123456", (None, "held", "OF321")),
        ("decimal", "50%", (None, "held", "OF321")),
        ("decimal", "1.5万元", (None, "held", "OF321")),
        ("decimal", "nan", (None, "held", "OF321")),
        ("decimal", "1E999", (None, "held", "OF321")),
        ("integer", "/", (None, "none", None)),
        ("integer", "无", (None, "none", None)),
        ("integer", "", (None, "blank", None)),
    ],
)
def test_what_is_no_number(kind: str, raw: str, told_of: tuple[object, str, str | None]) -> None:
    assert told(read(kind, raw)) == told_of


def test_numbers_are_written_as_excel_rounds_them() -> None:
    values = (37.25, -0.125, 1234.5, None)
    written = {
        None: ["37.25", "-0.125", "1234.5", None],
        "0": ["37", "-0", "1235", None],
        "0.0": ["37.3", "-0.1", "1234.5", None],
        "0.00": ["37.25", "-0.13", "1234.50", None],
        "#,##0.00": ["37.25", "-0.13", "1,234.50", None],
        "0.0%": ["3725.0%", "-12.5%", "123450.0%", None],
    }
    for spec, texts in written.items():
        assert apply(lambda value, spec=spec: number.format(value, spec), *values, dtype=pl.Float64) == texts
    assert apply(number.format, 3, 2.0, dtype=pl.Float64) == ["3", "2"]
    with pytest.raises(ValueError, match="0,0"):
        apply(lambda value: number.format(value, "0,0"), 1.0, dtype=pl.Float64)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=20), st.sampled_from([None, "0", "#,##0"]))
def test_integers_are_read_back(values: list[int], spec: str | None) -> None:
    said = apply(lambda value: number.format(value, spec), *values, dtype=pl.Int64)
    assert [answer.value for answer in read_all("integer", said)] == values


@pytest.mark.parametrize(
    ("raw", "told_of"),
    [
        (" a\u00a0b ", ("a b", "ok", None)),
        ("第一行\r\n第二行", ("第一行\n第二行", "ok", None)),
        ("=1+1", ("=1+1", "ok", None)),
        ("-无", ("-无", "ok", None)),
        ("１２３", ("１２３", "ok", None)),  # no NFKC
        ("好😀", (None, "held", "OF309")),
        ("☎ 13800000000 ☑", ("☎ 13800000000 ☑", "ok", None)),  # signs, not pictures
        ("\ue000", ("\ue000", "ok", "OF308")),
        ("a\x00b", (None, "held", "OF309")),
        ("长" * 32_768, (None, "held", "OF309")),
        ("\u3000", (None, "blank", None)),
    ],
)
def test_text(raw: str, told_of: tuple[object, str, str | None]) -> None:
    assert told(read("text", raw)) == told_of
    assert told(read("ref", raw)) == told_of


def test_text_keys() -> None:
    assert apply(text.compare_key, "１ Ａb", "1ab", None) == ["1AB", "1AB", None]


KINDS = [
    "name",
    "resident_id",
    "phone",
    "date",
    "datetime",
    "address",
    "code",
    "boolean",
    "integer",
    "decimal",
    "text",
    "uscc",
    "ref",
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_for_every_kind(kind: str) -> None:
    options = {"spellings": SEX} if kind == "code" else {}
    error = read(kind, "#DIV/0!", frames.ERROR, **options)
    assert told(error) == (None, "held", "OF307")
    assert error.facts["found"] == "#DIV/0!"
    assert told(read(kind, None, frames.FORMULA, **options)) == (None, "held", "OF306")
    assert told(read(kind, None, frames.BLANK, **options)) == (None, "blank", None)
    assert read_all(kind, [], **options) == []
    module = kinds.of(kind)
    (key,) = apply(module.compare_key, None, dtype=kinds.dtype(kind))
    assert key is None
    assert apply(module.format, None, dtype=kinds.dtype(kind)) == [None]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_stay_in_order_and_repeats_read_alike(kind: str) -> None:
    raws = ["男", "13800138000", None, "2012.2.3", "男", "110101198001010010", "3", "13800138000", "#N/A", "是", ""] * 3
    options = {"spellings": SEX} if kind == "code" else {}
    together = read_all(kind, raws, **options)
    assert together == [read(kind, raw, **options) for raw in raws[:11]] * 3


def test_kinds_may_be_read_side_by_side() -> None:
    cells = pl.DataFrame({"a": ["13800138000", "1"], "b": ["2012.2.3", None], "t": [frames.TEXT] * 2})
    cells = cells.with_columns(pl.col("t").cast(pl.UInt8))
    answers = cells.select(
        number_of=kinds.phone.parse(pl.col("a"), pl.col("t")).struct.field("value"),
        day=kinds.date.parse(pl.col("b"), pl.col("t"), today=TODAY).struct.field("value"),
    )
    assert answers.rows() == [("13800138000", "2012-02-03"), (None, None)]


def test_a_word_that_is_no_kind() -> None:
    with pytest.raises(KeyError):
        kinds.of("colour")
