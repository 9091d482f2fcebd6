"""Workbooks written by hand, byte by byte: an .xlsx around a piece of sheet XML, an .xls around records, an .ods."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
# number formats of the styles 0 … in the workbooks made here; 164 and up are custom
FORMATS = {164: "[h]:mm", 165: 'yyyy"年"m"月"d"日"', 166: '0.00"天"', 167: "[mm]:ss"}
STYLES = [0, 1, 2, 9, 14, 22, 49, *range(27, 37), *range(50, 59), *FORMATS]


def zipped(parts: dict[str, bytes | str]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def parts(data: str, *, shared: str = "", around: str = "", epoch1904: bool = False) -> dict[str, bytes | str]:
    """Parts of an .xlsx whose only sheet S has `data` in its sheetData and `around` behind it."""
    relation = '<Relationship Id="{}" Type="' + RELATED + '/{}" Target="{}"/>'
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="{code.replace(chr(34), "&quot;")}"/>' for n, code in FORMATS.items()
    )
    styles = "".join(f'<xf numFmtId="{n}" applyNumberFormat="1"/>' for n in STYLES)
    properties = '<workbookPr date1904="1"/>' if epoch1904 else ""
    made: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + relation.format("rId1", "officeDocument", "xl/workbook.xml")
        + "</Relationships>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + relation.format("rId1", "worksheet", "worksheets/sheet1.xml")
        + relation.format("rId2", "styles", "styles.xml")
        + relation.format("rId3", "sharedStrings", "sharedStrings.xml")
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}">{properties}<sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData>{around}</worksheet>',
    }
    if shared:
        made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    return made


def xlsx(data: str, **more: object) -> bytes:
    return zipped(parts(data, **more))  # type: ignore[arg-type]


# -- .xls ----------------------------------------------------------------------------------------------------------


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 15, len(text), 1) + text.encode("utf-16-le"))


def number(row: int, column: int, value: float, style: int = 15) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, style, value))


def error(row: int, column: int, code: int) -> bytes:
    return record(0x0205, struct.pack("<HHHBB", row, column, 15, code, 1))


def formula(row: int, column: int, result: bytes | float) -> bytes:
    """=1+1 with this stored result."""
    stored = result if isinstance(result, bytes) else struct.pack("<d", result)
    tokens = b"\x1e\x01\x00\x1e\x01\x00\x03"
    return record(0x0006, struct.pack("<HHH", row, column, 15) + stored + struct.pack("<HLH", 0, 0, 7) + tokens)


ERROR_RESULT, EMPTY_RESULT = b"\x02\0\x07\0\0\0\xff\xff", b"\x03\0\0\0\0\0\xff\xff"


def xls(cells: bytes, *, formats: tuple[int, ...] = (), epoch1904: bool = False, recalculated: bool = False) -> bytes:
    """A BIFF8 workbook with one sheet S; styles 16 … have these built-in number formats."""
    bof = record(0x0809, struct.pack("<HHHHLL", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    style = b"".join(record(0x00E0, struct.pack("<HHH", 0, f, 0).ljust(20, b"\0")) for f in (*[0] * 16, *formats))
    name = b"S"
    head = bof + record(0x0042, struct.pack("<H", 1200)) + record(0x0022, struct.pack("<H", epoch1904)) + style
    head += record(0x01C1, struct.pack("<LL", 0x01C1, 0)) if recalculated else b""
    bound = len(head) + 4 + 8 + len(name) + 4
    head += record(0x0085, struct.pack("<LBBBB", bound, 0, 0, len(name), 0) + name) + record(0x000A)
    page = record(0x0809, struct.pack("<HHHHLL", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    page += record(0x0200, struct.pack("<LLHHH", 0, 100, 0, 20, 0)) + cells + record(0x000A)
    return compound(head + page)


def compound(stream: bytes) -> bytes:
    """A compound file with one stream, Workbook, long enough to lie outside the mini stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    assert len(fat) <= 128

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<LLL", 0xFFFFFFFF, 0xFFFFFFFF, child)
        head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + links
        return head + bytes(16 + 4 + 16) + struct.pack("<LQ", start, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    directory = directory.ljust(512, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(10) + struct.pack("<LLLLLLLL", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109L", 0, *[0xFFFFFFFF] * 108)
    table = struct.pack(f"<{len(fat)}L", *fat).ljust(512, b"\xff")
    return header + table + directory + stream


# -- .ods ----------------------------------------------------------------------------------------------------------


def ods(rows: str) -> bytes:
    """An .ods whose only table S has these rows."""
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        "content.xml": f'<office:document-content {spaces} xmlns:calcext="urn:org:documentfoundation:names:'
        'experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>',
    })  # fmt: skip
