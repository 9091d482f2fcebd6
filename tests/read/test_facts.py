"""What a reader library would show as a blank, a bare number or not at all, in .xlsx, .xls and .ods."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.read import packages

from oneform import read
from oneform.errors import WorkbookError
from oneform.frames import BLANK, DATE, DURATION, ERROR, FORMULA, NUMBER, TEXT, Sheet
from oneform.read import worker

DATES = [14, 22, *range(27, 37), *range(50, 59), 165]
ROW = "table:table-row"


def sheet(content: bytes, **options: bool) -> Sheet:
    return worker.parse(content, "a", **options).sheets[0]


def cells(made: Sheet) -> list[tuple[str | None, int]]:
    """Text and type of the cells of the first row."""
    return list(zip(made.texts.row(0), made.types.row(0), strict=True))


def xlsx(*written: str) -> bytes:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return packages.xlsx(
        '<row r="1">' + "".join(f'<c r="{letters[n]}1"{w}</c>' for n, w in enumerate(written)) + "</row>"
    )


def ods(*written: str) -> bytes:
    return packages.ods(
        f"<{ROW}>" + "".join(f"<table:table-cell {w}</table:table-cell>" for w in written) + f"</{ROW}>"
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            xlsx(' t="e"><v>#DIV/0!</v>', "><f>A1</f>", ' t="e"><f>1/0</f><v>#DIV/0!</v>', "><f>1+1</f><v>2</v>"),
            id="xlsx",
        ),
        pytest.param(
            packages.xls(
                packages.error(0, 0, 7)
                + packages.formula(0, 1, b"\0\0\0\0\0\0\xff\xff")  # a text is promised and does not follow
                + packages.formula(0, 2, packages.ERROR_RESULT)
                + packages.formula(0, 3, 2.0)
            ),
            id="xls",
        ),
    ],
)
def test_errors_and_formulas_without_a_value_are_told(content: bytes) -> None:
    assert cells(sheet(content)) == [("#DIV/0!", ERROR), (None, FORMULA), ("#DIV/0!", ERROR), ("2", NUMBER)]


def test_the_empty_result_of_an_xls_formula_is_blank_only_where_something_was_calculated() -> None:
    empty = packages.label(0, 0, "甲") + packages.formula(0, 1, packages.EMPTY_RESULT)
    assert cells(sheet(packages.xls(empty))) == [("甲", TEXT), (None, FORMULA)]
    assert cells(sheet(packages.xls(empty, recalculated=True))) == [("甲", TEXT)]
    assert cells(sheet(packages.xls(empty + packages.formula(0, 2, 5.0)))) == [
        ("甲", TEXT),
        (None, BLANK),
        ("5", NUMBER),
    ]


def test_errors_and_formulas_of_an_ods() -> None:
    error = 'office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p>'
    empty, text = 'table:formula="of:=[.A1]">', 'office:value-type="string"><text:p>甲</text:p>'
    two = 'table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p>'
    assert cells(sheet(ods(error, empty, text))) == [("#DIV/0!", ERROR), (None, FORMULA), ("甲", TEXT)]
    # LibreOffice calculates what it saves: where one formula has a value, none stands for the empty text
    told = cells(sheet(ods(error.replace("office", 'table:formula="of:=1/0" office', 1), empty, two)))
    assert told == [("#DIV/0!", ERROR), (None, BLANK), ("2", NUMBER)]


@pytest.mark.parametrize("style", DATES)
def test_dates_are_known_by_their_style_the_chinese_ones_too(style: int) -> None:
    at = packages.STYLES.index(style)
    assert cells(sheet(xlsx(f' s="{at}"><v>32939</v>'))) == [("1990-03-07", DATE)]
    if style < 164:
        assert cells(sheet(packages.xls(packages.number(0, 0, 32939.0, 16), formats=(style,)))) == [
            ("1990-03-07", DATE)
        ]


def test_both_epochs() -> None:
    written = f'<row r="1"><c r="A1" s="{packages.STYLES.index(14)}"><v>29221</v></c></row>'
    old = packages.xls(packages.number(0, 0, 29221.0, 16), formats=(14,), epoch1904=True)
    new = packages.xls(packages.number(0, 0, 29221.0, 16), formats=(14,))
    for content, day in [
        (packages.xlsx(written), "1980-01-01"),
        (packages.xlsx(written, epoch1904=True), "1984-01-02"),
        (new, "1980-01-01"),
        (old, "1984-01-02"),
    ]:
        assert cells(sheet(content)) == [(day, DATE)]


def test_numbers_that_only_look_like_dates_stay_numbers_and_elapsed_times_are_durations() -> None:
    styles = packages.STYLES
    written = [(0, "32939"), (2, "0.5"), (9, "0.5"), (49, "5"), (166, "3"), (164, "1.5"), (167, "0.5"), (14, "-3")]
    told = cells(sheet(xlsx(*(f' s="{styles.index(style)}"><v>{value}</v>' for style, value in written))))
    assert told == [
        ("32939", NUMBER),
        ("0.5", NUMBER),
        ("0.5", NUMBER),
        ("5", NUMBER),
        ("3", NUMBER),
        ("36:00:00", DURATION),
        ("12:00:00", DURATION),
        ("-3", NUMBER),  # no day lies before the first
    ]


def test_long_numbers_are_numbers_with_the_digits_the_file_has() -> None:
    told = cells(sheet(xlsx("><v>1.10101198001010E+17</v>", "><v>110101198001010</v>", "><v>13800138000</v>")))
    assert told == [("110101198001010000", NUMBER), ("110101198001010", NUMBER), ("13800138000", NUMBER)]
    told = cells(sheet(packages.xls(packages.number(0, 0, 1.1010119800101e17))))
    assert told == [("110101198001010000", NUMBER)]


def hidden_row(kind: str) -> bytes:
    """Six rows, 2 to 4 and 6 hidden, and column B hidden."""
    if kind == "xls":
        hidden = b"".join(
            packages.record(0x0208, bytes([r, 0, 0, 0, 2, 0, 255, 0, 0, 0, 0, 0, 0x20 if r in (1, 2, 3, 5) else 0, 1]))
            for r in range(6)
        )
        columns = packages.record(0x007D, bytes([1, 0, 1, 0, 0, 8, 15, 0, 1, 0, 0, 0]))
        rows = b"".join(packages.label(r, 0, f"人{r + 1}") + packages.label(r, 1, "值") for r in range(6))
        return packages.xls(columns + hidden + rows)
    if kind == "ods":
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        rows = "".join(
            f'<{ROW} table:visibility="{"filter" if r in (2, 3, 4, 6) else "visible"}">'
            + cell.format(f"人{r}") + cell.format("值") + f"</{ROW}>"
            for r in range(1, 7)
        )  # fmt: skip
        return packages.ods('<table:table-column/><table:table-column table:visibility="collapse"/>' + rows)
    cell = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
    made = packages.parts("".join(
        f'<row r="{r}"{" hidden=" + chr(34) + "1" + chr(34) if r in (2, 3, 4, 6) else ""}>'
        f'{cell.format(f"A{r}", f"人{r}")}{cell.format(f"B{r}", "值")}</row>' for r in range(1, 7)
    ))  # fmt: skip
    part = "xl/worksheets/sheet1.xml"
    columns_xml = '<cols><col min="2" max="2" width="9" hidden="1"/></cols><sheetData>'
    return packages.zipped(made | {part: str(made[part]).replace("<sheetData>", columns_xml)})


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_rows_and_columns_are_read_counted_and_said(kind: str) -> None:
    book = worker.parse(hidden_row(kind), "a")
    made = book.sheets[0]
    assert made.texts["c1"].to_list() == [f"人{r}" for r in range(1, 7)]
    assert (made.hidden_rows, made.hidden_columns) == ((2, 3, 4, 6), (2,))
    assert [zh for zh, _ in book.notes] == [
        "「S」隐藏行 4 行已一并导入（第2–4、6行）",
        "「S」隐藏列 1 列已一并导入（B列）",
    ]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_hidden_rows_are_left_out_on_request_and_the_others_keep_their_numbers(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(hidden_row(kind))
    book = read.workbook(path, skip_hidden=True)
    made = book.sheets[0]
    assert made.texts["c1"].to_list() == ["人1", None, None, None, "人5", None]
    assert made.types["c1"].to_list() == [TEXT, BLANK, BLANK, BLANK, TEXT, BLANK]
    assert book.notes[0][0] == "「S」隐藏行 4 行没有导入（第2–4、6行）"
    assert made.hidden_rows == (2, 3, 4, 6)


def test_merges_of_an_ods_are_told() -> None:
    content = ods(
        'office:value-type="string" table:number-columns-spanned="2" table:number-rows-spanned="3"><text:p>户主</text:p>'
    )
    assert sheet(content).merges == ((1, 1, 3, 2),)


def test_an_ods_that_repeats_itself_without_end_is_refused() -> None:
    bomb = (
        f'<{ROW} table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" '
        f'office:value-type="string"><text:p>x</text:p></table:table-cell></{ROW}>'
    )
    with pytest.raises(WorkbookError) as refused:
        sheet(packages.ods(bomb))
    assert refused.value.code == "OF108"
    assert "S!XFD1048576" in str(refused.value)


def test_a_password_of_an_xls_is_said() -> None:
    locked = packages.xls(packages.label(0, 0, "甲"))
    at = locked.index(packages.record(0x0042, b"\xb0\x04"))
    locked = locked[:at] + packages.record(0x002F, b"\0\0") + locked[at + 6 :]
    with pytest.raises(WorkbookError) as refused:
        sheet(locked)
    assert refused.value.code == "OF103"


def test_an_xls_may_be_called_et() -> None:
    book = worker.parse(packages.xls(packages.label(0, 0, "姓名")), "名册.et")
    assert (book.format, book.sheets[0].texts.rows()) == ("xls", [("姓名",)])
