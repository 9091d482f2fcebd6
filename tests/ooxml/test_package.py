"""A package as bytes: parts copied raw, edits in place, and every attack refused with its code."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from oneform.errors import WorkbookError
from oneform.ooxml import guard, package
from oneform.ooxml.package import Package

TYPES = b'<?xml version="1.0" encoding="UTF-8"?><Types/>'
PARTS = {"[Content_Types].xml": TYPES, "xl/workbook.xml": b"<workbook/>", "xl/说明.xml": "<a>字</a>".encode()}


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


def packed(content: bytes, name: str) -> bytes:
    """The compressed bytes of a part, found without our code."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo(name)
    length, extra = struct.unpack_from("<HH", content, info.header_offset + 26)
    start = info.header_offset + 30 + length + extra
    return content[start : start + info.compress_size]


def test_no_edits_give_the_original_bytes():
    content = zipped(PARTS)
    assert Package.open(content).save({}) == content


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_edits_leave_other_parts_compressed_as_they_were(method):
    content = zipped(PARTS, method)
    edits = {"xl/workbook.xml": iter([b"<work", b"book a='1'/>"]), "xl/new.xml": b"<n/>"}
    saved = Package.open(content).save(edits)
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*PARTS, "xl/new.xml"]
        assert archive.read("xl/workbook.xml") == b"<workbook a='1'/>"
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for name in ("[Content_Types].xml", "xl/说明.xml"):
        assert packed(saved, name) == packed(content, name)


def test_removed_parts_are_gone_and_saving_twice_is_equal():
    package = Package.open(zipped(PARTS))
    edits = {"xl/说明.xml": None, "xl/workbook.xml": b"<w/>"}
    assert package.save(edits) == package.save(dict(edits))
    assert Package.open(package.save(edits)).names == ("[Content_Types].xml", "xl/workbook.xml")


def test_open_reads_a_path(tmp_path):
    file = tmp_path / "表.xlsx"
    file.write_bytes(zipped(PARTS))
    assert Package.open(file).read("xl/说明.xml") == "<a>字</a>".encode()


def doubled() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/a.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("xl/a.xml", b"<b/>")
    return out.getvalue()


def overlapped() -> bytes:
    """Two directory entries over one kernel."""
    content = zipped({"a.bin": b"x" * 100})
    start = content.index(b"PK\1\2")
    end = content.index(b"PK\5\6")
    entry = content[start:end]
    twin = entry.replace(b"a.bin", b"b.bin")
    tail = bytearray(content[end:])
    struct.pack_into("<HHLL", tail, 8, 2, 2, len(entry) * 2, start)
    return content[:start] + entry + twin + bytes(tail)


def lying() -> bytes:
    """A part that unpacks to more than its directory entry says."""
    content = bytearray(zipped({"a.bin": b"x" * 5000}))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<L", content, content.index(mark) + at, 50)
    return bytes(content)


def renamed_inside() -> bytes:
    """The local header names another part than the directory."""
    content = zipped({"a.xml": b"<a/>"})
    return content.replace(b"a.xml", b"b.xml", 1)


def damaged() -> bytes:
    content = bytearray(zipped({"a.xml": b"<a>" + bytes(range(65, 91)) * 9 + b"</a>"}))
    content[40] ^= 0xFF
    return bytes(content)


RELS = '<Relationships><Relationship Id="a" Type="t" Target="{}"{}/></Relationships>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)

ATTACKS = {
    "empty": (lambda: b"", "OF101"),
    "cut short": (lambda: zipped(PARTS)[:-30], "OF101"),
    "bit flip": (damaged, "OF101"),
    "text": (lambda: "姓名,电话".encode("gb18030"), "OF102"),
    "old xls": (lambda: OLE, "OF102"),
    "encrypted": (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "OF103"),
    "same name twice": (doubled, "OF104"),
    "same name, other case": (lambda: zipped({"xl/A.xml": b"<a/>", "xl/a.xml": b"<a/>"}), "OF104"),
    "one kernel, two parts": (overlapped, "OF104"),
    "two names for one part": (renamed_inside, "OF104"),
    "odd compression": (lambda: zipped({"a.xml": b"<a/>"}, zipfile.ZIP_LZMA), "OF104"),
    "doctype": (lambda: zipped({"a.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'}), "OF105"),
    "late doctype": (lambda: zipped({"a.xml": b"<!--" + b"-" * (1 << 20) + b"--><!DOCTYPE a><a/>"}), "OF105"),
    "utf-16": (lambda: zipped({"a.xml": "<a/>".encode("utf-16")}), "OF105"),
    "other encoding": (lambda: zipped({"a.xml": b'<?xml version="1.0" encoding="ISO-2022-JP"?><a/>'}), "OF105"),
    "hidden xml": (lambda: zipped({"a.bin": b"<!DOCTYPE a><a/>"}), "OF105"),
    "path up": (lambda: zipped({"../a.xml": b"<a/>"}), "OF106"),
    "absolute path": (lambda: zipped({"/a.xml": b"<a/>"}), "OF106"),
    "drive": (lambda: zipped({"C:\\a.xml": b"<a/>"}), "OF106"),
    "target up": (lambda: zipped({"xl/_rels/w.rels": RELS.format("../../etc/passwd", "").encode()}), "OF106"),
    "bomb": (lambda: zipped({"a.bin": bytes(40 << 20)}), "OF107"),
    "larger than declared": (lying, "OF107"),
    "many parts": (lambda: zipped({f"{n}": b"" for n in range(guard.MAX_PARTS + 1)}, zipfile.ZIP_STORED), "OF107"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused(name):
    make, code = ATTACKS[name]
    with pytest.raises(WorkbookError) as refused:
        Package.open(make())
    assert refused.value.code == code


def test_external_and_inner_targets_pass():
    inner = RELS.format("/xl/workbook.xml", "").encode()
    outer = RELS.format("../../../elsewhere", ' TargetMode="External"').encode()
    package = Package.open(zipped({"_rels/.rels": inner, "xl/_rels/w.rels": outer}))
    assert len(package.names) == 2


def test_crc_is_that_of_the_content():
    saved = Package.open(zipped(PARTS)).save({"xl/workbook.xml": b"<x/>"})
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert zlib.crc32(b"<x/>") == archive.getinfo("xl/workbook.xml").CRC


@pytest.mark.parametrize("limits", [{"_MAX_SIZE": 12}, {"_MAX_COUNT": 2}, {"_MAX_SIZE": 500, "_MAX_COUNT": 2}])
def test_what_does_not_fit_a_zip_is_written_as_zip64(limits, monkeypatch):
    """The limits are lowered: the same bytes at 4 GB would take an hour to make."""
    for name, limit in limits.items():
        monkeypatch.setattr(package, name, limit)
    package._kept_headers.cache_clear()
    edits = {"xl/workbook.xml": b"<w/>", "xl/new.xml": b"<n/>" * 300}
    saved = Package.open(zipped(PARTS)).save(edits)
    package._kept_headers.cache_clear()
    assert b"PK\6\6" in saved
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == {**PARTS, **edits}
    assert Package.open(saved).read("xl/new.xml") == edits["xl/new.xml"]
