"""ooxml: the outside of a package → nothing, or WorkbookError OF101–OF107 before any library sees it.

Limits after attacks that were measured against spreadsheet readers: 1 MB files that unpack to gigabytes, duplicate
entries that two readers see differently, DTDs, targets that leave the package.
"""

from __future__ import annotations

import posixpath
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote

from oneform import problems

MAX_BYTES = 512 << 20  # in sum; 300,000 rows of 20 columns are 210-360 MB
MAX_PARTS = 5_000
MAX_RATIO, RATIO_FROM = 200, 10 << 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: plain, strong, hidden headers
_UNICODE_PATH = 0x7075  # extra field: some readers take the part's name from here
_LOCAL_FILE = re.compile(r"file:|[A-Za-z]:/", re.IGNORECASE)
_XML_NAMES = (".xml", ".rels", ".vml")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""")
_TARGET = re.compile(rb"<(?:[\w.-]+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"""\s(Target|TargetMode)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def signature(content: bytes) -> None:
    """Refuse what is no zip: OF103 when encrypted, OF102 for an old .xls, a text, an image; OF101 when empty."""
    if content[:4] == b"PK\3\4":
        return
    if not content:
        raise problems.refusal("OF101", what="文件是空的", what_en="the file is empty")
    if content[:8] == _OLE:
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise problems.refusal("OF103")
        raise problems.refusal("OF102", what="旧版 .xls/.et 格式", what_en="old .xls/.et format")
    raise problems.refusal("OF102", what="不是 xlsx 文件", what_en="not an xlsx file")


def directory(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse by what the directory declares: count, duplicates, paths, passwords, methods, sizes."""
    if len(infos) > MAX_PARTS:
        raise problems.refusal("OF107", what=f"{len(infos)} 个部件", what_en=f"{len(infos)} parts")
    names = [i.filename.casefold() for i in infos]
    if len(set(names)) < len(names):
        raise problems.refusal("OF104", what="同名部件重复出现", what_en="duplicate entries")
    if any(i.flag_bits & _ENCRYPTED for i in infos):
        raise problems.refusal("OF104", what="部件带密码", what_en="encrypted entries")
    if any(i.compress_type not in (0, 8) for i in infos):
        raise problems.refusal("OF104", what="不认识的压缩方式", what_en="unknown compression method")
    for info in infos:
        _path(info.orig_filename)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise problems.refusal("OF106", what="部件是链接", what_en="a part is a symbolic link")
        if _other_name(info.extra, info.orig_filename.encode()):
            raise problems.refusal("OF104", what="部件另有别名", what_en="a part with a second name")
    total = sum(i.file_size for i in infos)
    if total > MAX_BYTES:
        raise problems.refusal("OF107", what=f"{total >> 20} MB", what_en=f"{total >> 20} MB")
    packed = sum(i.compress_size for i in infos)
    if total > RATIO_FROM and total > MAX_RATIO * max(packed, 1):
        raise problems.refusal("OF107", what="压缩比异常", what_en="suspicious compression ratio")


def overlaps(spans: Iterable[tuple[int, int]]) -> None:
    """Refuse parts that share compressed bytes: one kernel unpacked many times."""
    end = 0
    for start, length in sorted(spans):
        if start < end:
            raise problems.refusal("OF104", what="部件互相重叠", what_en="overlapping parts")
        end = start + length


def xml(name: str, chunks: Iterator[bytes]) -> None:
    """Refuse an XML part with a DOCTYPE, an entity or an encoding other than UTF-8, and relationships that leave."""
    head = next(chunks, b"")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not (name.lower().endswith(_XML_NAMES) or text.startswith(b"<")):
        for _ in chunks:  # its real size counts too
            pass
        return
    _encoding(head, text)
    relations = name.lower().endswith(".rels")
    body = [head]
    tail = b""
    while head:
        window = tail + head
        # one byte is looked for many times faster than a word
        if b"!" in window and (b"<!DOCTYPE" in window or b"<!ENTITY" in window):
            raise problems.refusal("OF105", what="DOCTYPE", what_en="DOCTYPE")
        tail = window[-16:]
        head = next(chunks, b"")
        if relations:
            body.append(head)
    if relations:
        _targets(name, b"".join(body))


def _encoding(head: bytes, text: bytes) -> None:
    """Refuse what another reader could take for another encoding; `text` is the head without mark and blanks."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        raise problems.refusal("OF105", what="UTF-16", what_en="UTF-16")
    declaration, ended, _ = text[:1024].partition(b"?>")
    declared = _ENCODING.match(declaration)
    foreign = declared is not None and declared[1].lower() not in (b"utf-8", b"utf8")
    unclear = declared is None and b"encoding" in declaration.partition(b">")[0] and text.startswith(b"<?xml")
    if foreign or unclear or (text.startswith(b"<?xml") and not ended) or (text and not text.startswith(b"<")):
        raise problems.refusal("OF105", what="不是 UTF-8", what_en="not UTF-8")


def _targets(name: str, content: bytes) -> None:
    base = posixpath.dirname(posixpath.dirname(name))
    for relationship in _TARGET.findall(content):
        attributes = {k: a or b for k, a, b in _ATTRIBUTE.findall(relationship)}
        # spelled as entities, percent signs or backslashes it is the same path
        target = unquote(unescape(attributes.get(b"Target", b"").decode("utf-8", "replace"))).replace("\\", "/")
        if attributes.get(b"TargetMode") == b"External" or not target or target.startswith("#"):
            continue
        if target.startswith("/"):
            target, base_of = target[1:], ""
        else:
            base_of = base
        joined = posixpath.normpath(posixpath.join(base_of, target))
        if joined.startswith(("..", "/")) or _LOCAL_FILE.match(target):
            raise problems.refusal("OF106", what="关系指向包外", what_en="a relationship leaves the package")


def _other_name(extra: bytes, name: bytes) -> bool:
    while len(extra) >= 4:
        kind, length = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == _UNICODE_PATH and extra[9 : 4 + length] != name:
            return True
        extra = extra[4 + length :]
    return False


def _path(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
        raise problems.refusal("OF106", what="部件路径越界", what_en="a part path leaves the package")
