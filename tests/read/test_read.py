"""Read: every format by content, positions and types kept, every refusal in our own words."""

from __future__ import annotations

import re
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import sheets

from oneform import read
from oneform.errors import OneformError, UsageError, WorkbookError
from oneform.frames import BLANK, BOOL, DATE, DURATION, ERROR, FORMULA, NUMBER, TEXT, Workbook
from oneform.read import cells, text, worker

ROSTER = "姓名,身份证号,联系电话\n张三,110101198001010010,13800138000\n李四,11010119900307029X,13900139000\n"


def parsed(path: Path) -> Workbook:
    """In this process: the child process has its own tests below."""
    return worker.parse(path.read_bytes(), path.name)


def refused(content: bytes) -> OneformError:
    with pytest.raises(WorkbookError) as caught:
        worker.parse(content, "a.xlsx")
    return caught.value


def edited(path: Path, part: str, change) -> bytes:
    """The workbook's bytes with one part rewritten by hand."""
    out = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return out.getvalue()


SHEET1 = "xl/worksheets/sheet1.xml"


def test_cells_keep_place_text_and_type(tmp_path: Path) -> None:
    path = sheets.workbook(
        tmp_path / "a.xlsx",
        """
        | 姓名 | num:13800138000 | date:1990-03-07 | date:1990-03-07 08:30:00 |
        | num:1.5 | bool:TRUE | num:110101198001010010 | num:0.1 |
        """,
        at="B3",
    )
    sheet = parsed(path).sheets[0]
    assert sheet.texts.columns == ["c1", "c2", "c3", "c4", "c5"]
    assert sheet.texts.rows()[2:] == [
        (None, "姓名", "13800138000", "1990-03-07", "1990-03-07 08:30:00"),
        (None, "1.5", "TRUE", "110101198001010000", "0.1"),
    ]
    assert sheet.types.rows()[2:] == [(BLANK, TEXT, NUMBER, DATE, DATE), (BLANK, NUMBER, BOOL, NUMBER, NUMBER)]
    assert sheet.texts.rows()[:2] == [(None,) * 5] * 2


def test_durations_and_times(tmp_path: Path) -> None:
    from datetime import time, timedelta

    book = openpyxl.Workbook()
    book.active.append([timedelta(hours=30, minutes=5), time(8, 30)])
    book.save(tmp_path / "a.xlsx")
    sheet = parsed(tmp_path / "a.xlsx").sheets[0]
    assert sheet.texts.row(0) == ("30:05:00", "08:30:00")
    assert sheet.types.row(0) == (DURATION, DATE)


def test_errors_and_formulas_without_a_value_are_not_blank(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 甲 | err:#N/A | f:=A1 |\n| 乙 | | f:=A2 |")
    sheet = parsed(path).sheets[0]
    assert sheet.texts.rows() == [("甲", "#N/A", None), ("乙", None, None)]
    assert sheet.types.rows() == [(TEXT, ERROR, FORMULA), (TEXT, BLANK, FORMULA)]


def test_a_formula_whose_result_is_the_empty_text_is_blank(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", '| 甲 | f:="" |')
    content = edited(path, SHEET1, lambda xml: re.sub(rb'<c r="B1"[^>]*>', b'<c r="B1" t="str">', xml))
    assert worker.parse(content, "a").sheets[0].types.rows() == [(TEXT,)]


def test_merges_hidden_sheets_and_hidden_rows(tmp_path: Path) -> None:
    path = sheets.workbook(
        tmp_path / "a.xlsx", {"一": "| 户主 | 张三 |\n| ^ | 李四 |", "码表": "| 男 |"}, hidden=("码表",)
    )
    book = openpyxl.load_workbook(path)
    book["一"].row_dimensions[2].hidden = True
    book.save(path)
    book = parsed(path)
    assert [(s.name, s.hidden) for s in book.sheets] == [("一", False), ("码表", True)]
    assert book.sheets[0].merges == ((1, 1, 2, 1),)
    assert book.notes == (("「一」隐藏行 1 行已一并导入（第2行）", "一: 1 hidden rows are read too (2)"),)


def test_the_dimension_tag_is_not_trusted(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "\n".join(f"| 行{i} | 值 |" for i in range(50)))
    content = edited(path, SHEET1, lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', xml))
    assert worker.parse(content, "a").sheets[0].texts.height == 50


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (ROSTER.encode(), "UTF-8"),
        (ROSTER.encode("utf-8-sig"), "UTF-8"),
        (ROSTER.encode("gb18030"), "GBK"),
        (ROSTER.encode("utf-16"), "UTF-16"),
        (ROSTER.replace(",", ";").encode(), "UTF-8"),
        (ROSTER.replace(",", "\t").encode("gb18030"), "GBK"),
    ],
)
def test_csv_under_any_name(content: bytes, encoding: str) -> None:
    book = worker.parse(content, "名册.xlsx")
    assert book.format == "csv"
    assert book.notes[0][0] == f"按 CSV（{encoding}）读取"
    assert book.sheets[0].texts.rows()[1] == ("张三", "110101198001010010", "13800138000")
    assert set(book.sheets[0].types.row(1)) == {TEXT}


def test_csv_quotes_ragged_rows_and_forced_text() -> None:
    content = '姓名,住址,证号\n张三,"3栋,2单元\n501","=""110101"""\n李四,4栋\n'.encode()
    assert worker.parse(content, "a.csv").sheets[0].texts.rows()[1:] == [
        ("张三", "3栋,2单元\n501", "110101"),
        ("李四", "4栋", None),
    ]


def test_html_under_xls_with_spans() -> None:
    page = """<html><head><meta charset="gb2312"><style>td{}</style></head><body><table>
        <tr><th rowspan="2">序号</th><th colspan="2">个人信息</th></tr>
        <tr><td>姓名</td><td>证&nbsp;号<br>码</td></tr>
        <tr><td>1<td>张三<td>110101198001010010</tr></table></body></html>"""
    book = worker.parse(page.encode("gb18030"), "常住人口.xls")
    assert book.format == "html"
    assert book.notes[0][0] == "按网页表格（GBK）读取"
    assert book.sheets[0].texts.rows() == [
        ("序号", "个人信息", None),
        (None, "姓名", "证\xa0号\n码"),
        ("1", "张三", "110101198001010010"),
    ]
    assert book.sheets[0].merges == ((1, 1, 2, 1), (1, 2, 1, 3))


def test_spreadsheetml_2003() -> None:
    xml = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
      xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="名册"><Table>
      <Row ss:Index="2"><Cell ss:MergeAcross="1"><Data ss:Type="String">姓名</Data></Cell>
      <Cell><Data ss:Type="String">出生</Data></Cell></Row>
      <Row><Cell><Data ss:Type="String">张三</Data></Cell>
      <Cell ss:Index="3"><Data ss:Type="DateTime">1990-03-07T00:00:00.000</Data></Cell>
      <Cell><Data ss:Type="Number">5</Data></Cell></Row></Table></Worksheet></Workbook>"""
    sheet = worker.parse(xml.encode(), "a.xls").sheets[0]
    assert sheet.name == "名册"
    assert sheet.texts.rows() == [(None,) * 4, ("姓名", None, "出生", None), ("张三", None, "1990-03-07", "5")]
    assert sheet.merges == ((2, 1, 2, 2),)


def ole(*names: str) -> bytes:
    """The look of an OLE file with streams of these names."""
    directory = b"".join(n.encode("utf-16-le").ljust(128, b"\0") for n in ("Root Entry", *names))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000 + directory


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "OF101", "文件是空的"),
        (b"\0" * 4096, "OF101", "文件是空的"),
        (b"PK\x03\x04" + b"\0" * 100, "OF101", "文件不完整"),
        (ole("Workbook"), "OF101", "文件不完整或已损坏"),
        (ole("WordDocument"), "OF102", "文字文档"),
        (ole("EncryptedPackage", "EncryptionInfo"), "OF103", "文件有密码"),
        (b"%PDF-1.7\n...", "OF102", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "OF102", "图片"),
        ("今天上午召开了会议，传达了精神。大家一致表示同意\n第二段没有逗号".encode(), "OF102", "文本里没有表格"),
        (b"<html><body><p>no table</p></body></html>", "OF102", "网页里没有表格"),
        (bytes(range(256)) * 8, "OF102", "不是文本"),
    ],
)
def test_refusals(content: bytes, code: str, words: str) -> None:
    error = refused(content)
    assert error.code == code
    assert words in str(error)


def test_damaged_zips(tmp_path: Path) -> None:
    content = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |\n| 张三 |").read_bytes()
    assert refused(content[:-1000]).code == "OF101"
    start = content.index(b"xl/worksheets/sheet1.xml") + 40
    broken = content[:start] + bytes(b ^ 0x55 for b in content[start : start + 40]) + content[start + 40 :]
    assert refused(broken).code == "OF101"


def zipped(*parts: tuple[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def test_other_zips() -> None:
    assert "文字或演示文档" in str(
        refused(zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")))
    )
    assert "压缩包" in str(refused(zipped(("名册.csv", ROSTER.encode()))))


def test_doctype_is_refused(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |")
    content = edited(path, SHEET1, lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml)
    assert refused(content).code == "OF105"


FAR = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>%s</t></is></c></row></sheetData>'


def test_a_far_cell_is_named_before_any_library_sees_it(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |\n| 张三 |")
    content = edited(path, SHEET1, lambda xml: xml.replace(b"</sheetData>", FAR % b"x"))
    assert "Sheet1!XFD1048576" in str(refused(content))
    assert refused(content).code == "OF108"


def test_a_far_blank_is_dropped_and_said(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |\n| 张三 |")
    content = edited(path, SHEET1, lambda xml: xml.replace(b"</sheetData>", FAR % b" "))
    book = worker.parse(content, "a.xlsx")
    assert book.sheets[0].texts.rows() == [("姓名",), ("张三",)]
    assert "空白单元格已忽略" in book.notes[0][0]


def test_a_giant_merge_is_refused(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 | < |")
    content = edited(
        path,
        SHEET1,
        lambda xml: xml.replace(b'ref="A1:B1"', b'ref="A1:XFD1048576"', 1).replace(
            b'<mergeCell ref="A1:B1"', b'<mergeCell ref="A1:XFD1048576"'
        ),
    )
    assert refused(content).code == "OF108"


def test_cells_of_a_prefixed_namespace_are_scanned(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "a.xlsx", "| 甲 | err:#REF! |")

    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)([a-zA-Z]+)", rb"<\1x:\2", xml)
        return xml.replace(b'xmlns="', b'xmlns:x="')

    sheet = worker.parse(edited(path, SHEET1, prefixed), "a").sheets[0]
    assert sheet.texts.rows() == [("甲", "#REF!")]


def test_missing_files_are_usage_faults(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="没有这个文件"):
        read.workbook(tmp_path / "no.xlsx")
    with pytest.raises(UsageError, match="文件夹"):
        read.workbook(tmp_path)


def test_the_child_process_gives_the_same_workbook(tmp_path: Path) -> None:
    path = sheets.workbook(tmp_path / "名册.xlsx", {"一": "| 姓名 | err:#N/A |\n| 𠮷田 | num:5 |", "二": "||"})
    there, here = read.workbook(path), parsed(path)
    assert (there.format, there.file_sha256, there.notes) == (here.format, here.file_sha256, here.notes)
    assert there.file == str(path)
    for a, b in zip(there.sheets, here.sheets, strict=True):
        assert (a.name, a.merges, a.hidden) == (b.name, b.merges, b.hidden)
        assert a.texts.equals(b.texts)
        assert a.types.equals(b.types)


def test_refusals_cross_the_process_border_with_the_file_name(tmp_path: Path) -> None:
    path = tmp_path / "空.xlsx"
    path.write_bytes(b"")
    with pytest.raises(WorkbookError) as caught:
        read.workbook(path)
    assert str(caught.value) == "空.xlsx OF101 文件是空的，请重新保存或重新发送后再导入。"
    assert caught.value.exit_code == 5


def test_an_abort_of_the_reader_is_a_refusal(tmp_path: Path) -> None:
    # an .xls whose only cell is far away cannot be scanned as XML: the library aborts, the child dies, the parent lives
    path = tmp_path / "a.xls"
    path.write_bytes(_biff_with_garbage())
    with pytest.raises(WorkbookError) as caught:
        read.workbook(path)
    assert caught.value.code in {"OF101", "OF109"}


def _biff_with_garbage() -> bytes:
    return ole("Workbook") + struct.pack("<HH", 0x0809, 0xFFFF) * 100


NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.sampled_from([13800138000, 1.10101198001010e17, 36.6, 0.1, -0.0, 1e-7, 1e21, 29221, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False, width=64).filter(lambda v: abs(v) < 1e60),
)


@given(NUMBERS)
def test_numbers_are_digits_and_read_back_as_the_same_number(value: float) -> None:
    told = cells.number(float(value))
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", told)
    assert not told.endswith(".0")
    assert float(told) == float(value)


@given(
    st.lists(st.lists(st.sampled_from(["", " ", "张三", 5.0, True, "13800138000"]), min_size=3, max_size=3), max_size=8)
)
def test_rows_keep_their_order_and_blanks_at_the_end_go(table: list[list[object]]) -> None:
    sheet = cells.sheet("s", table, left=1)
    assert sheet.texts.shape == sheet.types.shape
    for r, row in enumerate(sheet.texts.rows()):
        for said, cell in zip(row[1:], table[r], strict=False):
            assert (said or "") == ({5.0: "5", True: "TRUE"}.get(cell, cell) if not isinstance(cell, str) else cell)
    if sheet.texts.height:
        assert any((cell or "").strip() for cell in sheet.texts.row(-1))
        assert sheet.types.dtypes == [pl.UInt8] * sheet.types.width


def test_prose_with_commas_is_no_table() -> None:
    with pytest.raises(WorkbookError):
        text.sheet("他来了,我走了\n没有\n还是没有,一,二,三\n就这样\n好,的,吧,啊,哦\n句子\n句子二\n句子三")


def test_no_library_text_leaks(tmp_path: Path) -> None:
    content = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |").read_bytes()
    for cut in range(200, len(content), 1500):
        told = str(refused(content[:cut]))
        assert re.search("[A-Za-z]{4,}", told.replace("Sheet1", "")) is None


def test_a_real_password_is_said(tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    path = sheets.workbook(tmp_path / "a.xlsx", "| 姓名 |\n| 张三 |")
    out = BytesIO()
    with path.open("rb") as plain:
        OOXMLFile(plain).encrypt("secret", out)
    assert refused(out.getvalue()).code == "OF103"
