"""Templates that cannot be filled: every fault at once, in Chinese, with its place."""

from __future__ import annotations

import hashlib
import re

import pytest
from fill_templates import card, card_mapping, inject, mapping, output, roster

from oneform import fill
from oneform.errors import OneformError, TemplateError, WorkbookError
from oneform.mapping.model import Total

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def sheet(pattern: bytes, replacement: bytes) -> bytes:
    changed = inject(roster(), {SHEET: lambda x: re.sub(pattern, replacement, x, count=1)})
    assert changed != roster()
    return changed


def protect(xml: bytes) -> bytes:
    return xml.replace(b"</sheetData>", b'</sheetData><sheetProtection sheet="1"/>')


def with_id(xml: bytes) -> bytes:
    return xml.replace("填表说明：不得有空。".encode(), "例：11010119900307002X 张某".encode())


def refused(content: bytes, form) -> OneformError:
    with pytest.raises(OneformError) as caught:
        fill.compile(content, form)
    return caught.value


CASES = {
    "an .xls": (OLE, mapping(), "OF601", "另存为 .xlsx"),
    "a text": (b"abc", mapping(), "OF601", "form.xlsx"),
    "no such sheet": (roster(), mapping(sheet="表二"), "OF601", "现有：登记表、字典、汇总"),
    "another template": (roster(), mapping(sha256="0" * 64), "OF602", "sha256"),
    "no sample rows": (roster(), mapping(rows=None), "OF602", "样例行"),
    "no such column": (
        roster(),
        mapping(columns=("个人信息/曾用名",)),
        "OF603",
        "找不到「个人信息/曾用名」（登记表 第 3–4 行表头）",
    ),
    "no such label": (roster(), mapping(head=("审核人",)), "OF603", "找不到「审核人」"),
    "no such total": (roster(), mapping(totals=(Total("小计"),)), "OF603", "找不到「小计」（登记表 第 6 行以下）"),
    "total inside": (roster(), mapping(rows=(5, 6)), "OF604", "登记表 第 5–6 行 与模板的「合计」行"),
    "end label inside": (roster(), mapping(rows=(5, 6), totals=(), stop=("合计",)), "OF604", "「合计」行"),
    "merge across": (sheet(b'ref="G5:H5"', b'ref="G5:H6"'), mapping(), "OF604", "合并单元格 G5:H6"),
    "locked": (inject(roster(), {SHEET: protect}), mapping(), "OF605", "锁定"),
    "personal data": (inject(roster(), {"xl/sharedStrings.xml": with_id}), mapping(), "OF609", "登记表!A7"),
    "label twice": (card(), card_mapping(cells=(output("姓名"),)), "OF603", "找不到「姓名」"),
}


@pytest.mark.parametrize("name", CASES)
def test_faults_are_named(name):
    content, form, code, words = CASES[name]
    error = refused(content, form)
    assert isinstance(error, TemplateError)
    assert code in [f.code for f in error.faults]
    assert words in str(error)


def test_all_faults_at_once():
    form = mapping(columns=("甲", "序号", "乙"), head=("审核人",), totals=(Total("小计"),))
    assert [f.code for f in refused(roster(), form).faults] == ["OF603"] * 4


@pytest.mark.parametrize(("extra", "code"), [("EncryptedPackage".encode("utf-16-le"), "OF103")])
def test_a_password_is_named(extra, code):
    error = refused(OLE + extra, mapping())
    assert isinstance(error, WorkbookError)
    assert error.code == code


def test_unlocked_cells_of_a_protected_sheet_are_filled():
    def unlock(xml: bytes) -> bytes:
        start, end = xml.index(b"<cellXfs"), xml.index(b"</cellXfs>")
        formats = xml[start:end].replace(b"/>", b"></xf>").replace(b"></xf></xf>", b"/></xf>")
        formats = formats.replace(b"</xf>", b'<protection locked="0"/></xf>')
        return xml[:start] + formats + xml[end:]

    template = inject(roster(), {SHEET: protect, "xl/styles.xml": unlock})
    assert fill.compile(template, mapping()).area is not None


def test_the_right_hash_passes():
    content = roster()
    assert fill.compile(content, mapping(sha256=hashlib.sha256(content).hexdigest()))


def test_columns_are_found_by_their_last_words_too():
    compiled = fill.compile(roster(), mapping(columns=("姓名", "备 注", "性别")))
    assert dict(compiled.area.columns) == {"姓名": 3, "备 注": 7, "性别": 5}


def test_at_is_a_cross_check_of_columns():
    form = mapping(columns=())
    form = type(form)(
        **{**{f: getattr(form, f) for f in form.__dataclass_fields__}, "columns": (output("金额", at="E5"),)}
    )
    assert refused(roster(), form).code == "OF602"
