"""Read, by content: bytes → format, sheets and what was noticed; WorkbookError when they are no table."""

from __future__ import annotations

from oneform import problems
from oneform.frames import Sheet
from oneform.ooxml.package import Package
from oneform.read import biff, html, ods, spreadsheet, spreadsheetml, text, xlsx

Note = tuple[str, str]
_MACROS = ("宏已忽略", "macros are ignored")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# what people send by mistake: first bytes → what it is
OTHERS = {
    b"%PDF": ("PDF 文件", "PDF"),
    b"\x89PNG": ("图片", "an image"),
    b"\xff\xd8\xff": ("图片", "an image"),
    b"GIF8": ("图片", "an image"),
    b"Rar!": ("压缩包", "an archive"),
    b"7z\xbc\xaf": ("压缩包", "an archive"),
    b"\x1f\x8b": ("压缩包", "an archive"),
    b"{\\rtf": ("文字文档", "a text document"),
}


def sheets(content: bytes) -> tuple[str, tuple[Sheet, ...], tuple[Note, ...]]:
    """Format (xlsx xlsm xlsb ods xls html xml csv), the sheets, and notes (zh, en)."""
    if not content.strip(b"\0\t\r\n "):
        raise problems.refusal("OF101", what="文件是空的", what_en="the file is empty")
    for start, (zh, en) in OTHERS.items():
        if content.startswith(start):
            raise problems.refusal("OF102", what=zh, what_en=en)
    if content.startswith(b"PK"):
        return _zip(content)
    if content.startswith(OLE):
        return _ole(content)
    return _text(content)


def _zip(content: bytes) -> tuple[str, tuple[Sheet, ...], tuple[Note, ...]]:
    package = Package.open(content, keep=("xl/worksheets/", "xl/sharedstrings"))
    form = _kind(package)
    if form == "xlsb":
        return form, spreadsheet.sheets(content), ()
    if form == "ods":
        return form, spreadsheet.sheets(content, ods.facts(package.chunks("content.xml"))), ()
    found, notes = xlsx.sheets(package)
    return form, found, (*notes, *([_MACROS] if form == "xlsm" else []))


def _kind(package: Package) -> str:
    """Kind of workbook the package holds: xlsx xlsm xlsb ods; WorkbookError OF102 for another document."""
    lower = {name.lower(): name for name in package.names}
    if "xl/workbook.bin" in lower:
        return "xlsb"
    if any(name.startswith("xl/") for name in lower):
        return "xlsm" if "xl/vbaproject.bin" in lower else "xlsx"
    if "content.xml" in lower and b"spreadsheet" in package.read(lower.get("mimetype", lower["content.xml"])):
        return "ods"
    what = ("文字或演示文档", "another document") if "[content_types].xml" in lower else ("压缩包", "an archive")
    raise problems.refusal("OF102", what=what[0], what_en=what[1])


def _ole(content: bytes) -> tuple[str, tuple[Sheet, ...], tuple[Note, ...]]:
    # names of streams in the directory of an OLE file are UTF-16
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise problems.refusal("OF103")
    if not any(name.encode("utf-16-le") + b"\0\0" in content for name in ("Workbook", "Book")):
        if len(content) < 2048 or "Root Entry".encode("utf-16-le") not in content:
            raise spreadsheet.damaged()
        raise problems.refusal("OF102", what="不是表格，像是文字文档", what_en="another Office document")
    return "xls", spreadsheet.sheets(content, biff.facts(content)), ()


def _text(content: bytes) -> tuple[str, tuple[Sheet, ...], tuple[Note, ...]]:
    decoded, encoding = text.decode(content)
    head = decoded[:4096].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in head:
        note = ("按 XML 表格（2003）读取", "read as SpreadsheetML 2003")
        return "xml", spreadsheetml.sheets(decoded), (note,)
    if "<table" in decoded.lower() or head.lstrip().startswith(("<html", "<!doctype html")):
        note = (f"按网页表格（{encoding}）读取", f"read as an HTML table ({encoding})")
        return "html", html.sheets(decoded), (note,)
    note = (f"按 CSV（{encoding}）读取", f"read as CSV ({encoding})")
    return "csv", (text.sheet(decoded),), (note,)
