"""Hostile files through the real reader: the code each gets, nothing outside the file read, and the caller's memory.

Every attack is judged by the reader itself; the heaviest of each sort also go the whole way, through a caller in a
process of its own whose peak memory is that of a program that was attacked again and again.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.read import packages

from oneform.errors import WorkbookError
from oneform.read import worker

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
BOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
ROW = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
SECRET = "机密内容不可外泄"
BLANKS = b" " * (40 << 20)


def good() -> dict[str, bytes | str]:
    return packages.parts(ROW, shared="<si><t>姓名</t></si>")


def with_part(name: str, change: Callable[[str], bytes | str]) -> bytes:
    parts = good()
    return packages.zipped(parts | {name: change(str(parts.get(name, "")))})


def inside(name: str, found: str, put: bytes | str) -> bytes:
    put = put if isinstance(put, bytes) else put.encode()
    return with_part(name, lambda xml: xml.encode().replace(found.encode(), put, 1))


def data(rows: str, around: str = "") -> bytes:
    return packages.xlsx(rows, around=around)


def doctype(canary: Path) -> str:
    return f'<!DOCTYPE a [<!ENTITY b SYSTEM "{canary.as_uri()}">]>'


def laughs() -> str:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY l0 "ha">{lines}]>'


def target(written: str) -> bytes:
    return inside(RELATIONS, "worksheets/sheet1.xml", written)


def entry(change: Callable[[zipfile.ZipInfo], None], name: str = "xl/extra.xml") -> bytes:
    """A good workbook and one more entry whose header was tampered with."""
    out = io.BytesIO(packages.zipped(good()))
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
        change(info)
        archive.writestr(info, b"<a/>")
    return out.getvalue()


def link(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, 0o120777 << 16


def second_name(info: zipfile.ZipInfo) -> None:
    other = b"xl/worksheets/sheet1.xml"
    info.extra = struct.pack("<HHBL", 0x7075, 5 + len(other), 1, 0) + other


def locked() -> bytes:
    """The flag of an encrypted entry, in both directories."""
    content = bytearray(packages.zipped(good()))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


def twice() -> bytes:
    out = io.BytesIO(packages.zipped(good()))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(STRINGS, b"<sst/>")
    return out.getvalue()


def declared(size: int) -> bytes:
    """A part that claims this size."""
    content = bytearray(packages.zipped(good()))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<L", content, content.index(mark) + at, size)
    return bytes(content)


def nested() -> bytes:
    """Bombs inside a zip inside the workbook: nothing opens them."""
    bomb = packages.zipped({"a.xml": BLANKS})
    return packages.zipped(good() | {"xl/embeddings/a.xlsx": packages.zipped({f"{n}.zip": bomb for n in range(5)})})


def loop() -> bytes:
    """A compound file whose sector table runs in a circle."""
    content = bytearray(packages.xls(packages.label(0, 0, "姓名")))
    struct.pack_into("<L", content, 512 + 4 * 9, 2)
    return bytes(content)


def utf7(_: str) -> bytes:
    text = '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<worksheet/>'
    return text.encode()


def attacks(canary: Path) -> dict[str, tuple[Callable[[], bytes], str]]:
    """What → the file, and its code ("" when it is read)."""
    dtd, external = doctype(canary), canary.as_uri()
    found: dict[str, tuple[Callable[[], bytes], str]] = {
        # T1, expansion
        "blanks in the sheet": (lambda: inside(SHEET, "<sheetData>", b"<sheetData>" + BLANKS), "OF107"),
        "blanks in the strings": (lambda: inside(STRINGS, "</si>", b"</si>" + BLANKS), "OF107"),
        "blanks in the styles": (lambda: inside(STYLES, "</cellXfs>", b"</cellXfs>" + BLANKS), "OF107"),
        "one giant text": (lambda: inside(STRINGS, "姓名", b"a" * (40 << 20)), "OF107"),
        "zips in a zip": (nested, ""),
        "declares 600 MB": (lambda: declared(600 << 20), "OF107"),
        "larger than declared": (lambda: declared(40), "OF107"),
        "6,000 parts": (lambda: packages.zipped(good() | {f"xl/{n}.xml": "" for n in range(6000)}), "OF107"),
        # T2, sparse grids
        "far value": (lambda: data('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "OF108"),
        "far address": (lambda: data('<row r="1"><c r="ZZZZZ9999999999"><v>1</v></c></row>'), "OF108"),
        "two far corners": (
            lambda: data('<row r="1"><c r="XFD1"><v>1</v></c></row><row r="9"><c r="A1048576"><v>1</v></c></row>'),
            "OF108",
        ),
        "sparse within the limit": (
            lambda: data('<row r="1"><c r="A1"><v>1</v></c></row><row r="990000"><c r="T990000"><v>1</v></c></row>'),
            "OF108",
        ),
        "far blank": (
            lambda: data(ROW.replace(' t="s"', "") + '<row r="1048576"><c r="AD1048576" t="str"><v> </v></c></row>'),
            "",
        ),
        "more columns than a sheet has": (lambda: data("<row>" + "<c><v>1</v></c>" * 16_385 + "</row>"), "OF108"),
        "merge of everything": (
            lambda: data(ROW, '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
            "OF108",
        ),
        "ods that repeats itself": (
            lambda: packages.ods(
                '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" '
                'office:value="1" table:number-columns-repeated="16000"/></table:table-row>'
            ),
            "OF108",
        ),
        # T3, DTD and encodings
        **{
            f"external entity in {name}": ((lambda part=name: with_part(part, lambda xml: dtd + xml)), "OF105")
            for name in (
                SHEET,
                STRINGS,
                STYLES,
                BOOK,
                RELATIONS,
                "[Content_Types].xml",
                "docProps/core.xml",
                "xl/a.bin",
            )
        },
        "entity used in a text": (lambda: with_part(STRINGS, lambda xml: dtd + xml.replace("姓名", "&b;")), "OF105"),
        "a billion laughs": (lambda: with_part(SHEET, lambda xml: laughs() + xml), "OF105"),
        "DTD of a URL": (
            lambda: with_part(SHEET, lambda xml: f'<!DOCTYPE a SYSTEM "{external}">' + xml),
            "OF105",
        ),
        "DTD behind a megabyte of blanks": (lambda: with_part("xl/a.dat", lambda _: " " * (1 << 19) + dtd), "OF105"),
        "DTD in an ods": (lambda: packages.zipped({"mimetype": "x", "content.xml": dtd + "<a/>"}), "OF105"),
        "DTD in SpreadsheetML": (
            (dtd + '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&b;</Workbook>').encode,
            "OF105",
        ),
        **{
            f"sheet in {codec}": ((lambda c=codec: with_part(SHEET, lambda xml: (dtd + xml).encode(c))), "OF105")
            for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037")
        },
        "sheet in UTF-7": (lambda: with_part(SHEET, utf7), "OF105"),
        "sheet in ISO-2022-JP": (
            lambda: with_part(SHEET, lambda xml: '<?xml version="1.0" encoding="ISO-2022-JP"?>' + xml),
            "OF105",
        ),
        "encoding far behind": (
            lambda: with_part(SHEET, lambda xml: f'<?xml version="1.0"{" " * 2000}encoding="UTF-16"?>' + xml),
            "OF105",
        ),
        # T4, two readings of one file
        "two tables of strings": (twice, "OF104"),
        "two spellings of a part": (lambda: packages.zipped(good() | {"XL/Workbook.XML": "<a/>"}), "OF104"),
        "encrypted entry": (locked, "OF104"),
        "second name of a part": (lambda: entry(second_name), "OF104"),
        # T5, paths
        **{
            f"part {name}": ((lambda n=name: entry(lambda _: None, n)), "OF106")
            for name in ("../x.xml", "/etc/x.xml", "C:\\x.xml", "xl\\..\\..\\x.xml", "xl/../../x.xml")
        },
        "symbolic link": (lambda: entry(link), "OF106"),
        **{
            f"target {written}": ((lambda w=written: target(w)), "OF106")
            for written in (
                "../../../etc/passwd",
                "..%2f..%2f..%2fetc/passwd",
                "&#46;&#46;/../../etc/passwd",
                "..\\..\\..\\etc\\passwd",
                "file:///etc/passwd",
                "C:/Windows/win.ini",
            )
        },
        # .xls
        "circle of sectors": (loop, "OF101"),
    }
    return found


ATTACKS = list(attacks(Path("/canary.txt")))
HEAVIEST = (
    *("blanks in the sheet", "one giant text", "zips in a zip", "declares 600 MB", "far value", "far blank"),
    *("sparse within the limit", "ods that repeats itself", "entity used in a text", "DTD in SpreadsheetML"),
    *("two tables of strings", "target file:///etc/passwd", "circle of sectors"),
)


@pytest.mark.parametrize("what", ATTACKS)
def test_every_attack_is_refused_by_its_code(what: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(SECRET, encoding="utf-8")
    os.utime(canary, (0, 1_700_000_000))  # were it read, its time of access would be of today
    make, code = attacks(canary)[what]
    if code:
        with pytest.raises(WorkbookError, match=f"{code} .*请") as refused:
            worker.parse(make(), "a.xlsx")
        assert SECRET not in str(refused.value)
    else:
        assert worker.parse(make(), "a.xlsx").sheets[0].texts.height
    assert canary.stat().st_atime == 0


CHILD = """
import json, re, sys
from pathlib import Path
from oneform import read
from oneform.errors import OneformError
told = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read.workbook(path)
        told[path.name] = ""
    except OneformError as refused:
        told[path.name] = refused.code
# getrusage would tell the peak of the process that started this one, if that was higher
peak = re.search("VmHWM:\\s*([0-9]+) kB", Path("/proc/self/status").read_text())
print(json.dumps([told, int(peak[1])]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_the_heaviest_attacks_cost_the_caller_nothing(tmp_path: Path) -> None:
    canary, folder = tmp_path / "canary.txt", tmp_path / "files"
    canary.write_text(SECRET, encoding="utf-8")
    os.utime(canary, (0, 1_700_000_000))
    folder.mkdir()
    expected, made = {}, attacks(canary)
    for number, what in enumerate(HEAVIEST):
        make, code = made[what]
        (folder / f"{number}.xlsx").write_bytes(make())
        expected[what] = code
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", CHILD, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    told, kilobytes = json.loads(ended.stdout)
    assert {what: told[f"{number}.xlsx"] for number, what in enumerate(HEAVIEST)} == expected
    assert SECRET not in ended.stdout + ended.stderr
    assert canary.stat().st_atime == 0
    assert kilobytes < 300 << 10


def test_a_text_longer_than_a_cell_can_be_is_kept_long_enough_to_be_found_fault_with(tmp_path: Path) -> None:
    long = "".join(chr(0x4E00 + n % 20_000) for n in range(100_000))
    (cell,) = worker.parse(packages.xlsx(ROW, shared=f"<si><t>{long}</t></si>"), "a.xlsx").sheets[0].texts.row(0)
    assert cell == long[:32_768]
