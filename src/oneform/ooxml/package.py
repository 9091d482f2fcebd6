"""ooxml: the bytes of an .xlsx → its parts by name; edited parts → the bytes of a new .xlsx.

A part that is not edited is copied as its compressed bytes, so it is byte-identical by construction. The order of the
parts is the original's, new parts follow at the end, timestamps are fixed: equal edits give equal bytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from oneform import problems
from oneform.ooxml import guard
from oneform.ooxml.deflate import Packed, deflate
from oneform.ooxml.spans import Element, parse

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
# what stands beside them when a number does not fit (ZIP64)
_LOCAL_64, _CENTRAL_64 = struct.Struct("<2H2Q"), struct.Struct("<2H3Q")
_END_64, _LOCATOR_64 = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_OFFSET = struct.Struct("<L")
_OFFSET_AT = 42  # byte of a directory entry
_DOS_EPOCH = (1 << 5) | 1  # 1980-01-01, the first day a zip can name
_UTF8, _DESCRIPTOR = 0x800, 0x8
_CHUNK = 1 << 20
_MAX_SIZE, _MAX_COUNT = 0xFFFFFFFF, 0xFFFF  # and above: ZIP64
_MAX_OPEN = 5_000

Content = bytes | Packed | Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """Where one part lies in the package: `start` is the first compressed byte, `method` 0 (stored) or 8 (deflate)."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int
    flags: int

    @property
    def name_bytes(self) -> bytes:
        """The name as the original wrote it."""
        return self.name.encode("utf-8" if self.flags & _UTF8 else "cp437")


@dataclass(frozen=True)
class Package:
    """An .xlsx that passed the guard: the original bytes and an index of its parts."""

    content: bytes
    parts: Mapping[str, Part]
    _trees: dict[str, tuple[bytes, Element]] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[str, list[bytes]] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def open(source: bytes | Path, keep: tuple[str, ...] = ()) -> Package:
        """Index and check a package. WorkbookError OF101–OF107; nothing is unpacked to disk.

        Parts whose name starts with one of `keep` (small letters) are unpacked only once: `take` hands out what was checked.
        """
        content = source.read_bytes() if isinstance(source, Path) else source
        package = Package(content, _index(content))
        for name in package.parts:
            chunks = package.chunks(name)
            guard.xml(name, package._keeping(name, chunks) if name.lower().startswith(keep) else chunks)
        return package

    def _keeping(self, name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        kept = self._kept.setdefault(name, [])
        for chunk in chunks:
            kept.append(chunk)
            yield chunk
        self._kept[name] = [b"".join(kept)]

    def take(self, name: str) -> bytes:
        """Unpacked bytes of a part, kept ones for the last time; KeyError when there is none of this name."""
        kept = self._kept.pop(name, None)
        return b"".join(kept) if kept is not None else self.read(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Part names in the order of the package."""
        return tuple(self.parts)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Unpacked bytes of a part, at most 1 MB at a time; OF101 when damaged, OF107 when larger than declared."""
        part = self.parts[name]
        packed = memoryview(self.content)[part.start : part.start + part.packed]
        crc = size = 0
        for chunk in _inflate(packed) if part.method else iter([bytes(packed)]):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            if size > part.size:
                raise problems.refusal("OF107", what="内容比声明的大", what_en="larger than declared")
            yield chunk
        if size != part.size or crc != part.crc:
            raise problems.refusal("OF101", what="文件已损坏", what_en="the file is damaged")

    def read(self, name: str) -> bytes:
        """Unpacked bytes of a part; KeyError when there is none of this name."""
        return b"".join(self.chunks(name))

    def parsed(self, name: str) -> tuple[bytes, Element]:
        """Bytes and element tree of a part, kept for the next caller: for registers and other small parts."""
        if name not in self._trees:
            content = self.read(name)
            self._trees[name] = (content, parse(content))
        return self._trees[name]

    def save(self, edits: Mapping[str, Content | None]) -> bytes:
        """Bytes of the package with the edited parts; None removes a part, an unknown name is added at the end.

        No edits give the original bytes back. Above 4 GB or 65,535 parts the package is written as ZIP64.
        """
        if not edits:
            return self.content
        out: list[bytes] = []
        directory: list[bytes] = []
        offset = 0
        view = memoryview(self.content)
        for name, part in self._saved(edits):
            if part is None:
                edit = edits[name]
                assert edit is not None  # noqa: S101 - _saved leaves removed parts out
                pieces, crc, size = edit if isinstance(edit, Packed) else deflate(edit)
                part = Part(name, 8, crc, sum(map(len, pieces)), size, 0, _UTF8)  # noqa: PLW2901
                header, entry = _headers(part)
            else:
                pieces = [view[part.start : part.start + part.packed]]  # type: ignore[list-item]
                header, entry = _kept_headers(part)
            directory.append(_placed(entry, part, offset))
            out.append(header)
            out.extend(pieces)
            offset += len(header) + part.packed
        return b"".join([*out, *directory, _end(len(directory), sum(map(len, directory)), offset)])

    def _saved(self, edits: Mapping[str, Content | None]) -> Iterator[tuple[str, Part | None]]:
        """Parts to write, in order; None stands for a part that comes from the edits."""
        for name, part in self.parts.items():
            if name not in edits:
                yield name, part
            elif edits[name] is not None:
                yield name, None
        yield from ((name, None) for name, edit in edits.items() if name not in self.parts and edit is not None)


def _index(content: bytes) -> dict[str, Part]:
    guard.signature(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as cause:
        raise problems.refusal("OF101", what="文件不完整", what_en="the file is incomplete") from cause
    guard.directory(infos)
    parts: dict[str, Part] = {}
    for info in infos:
        if info.is_dir():
            continue
        part = Part(
            info.filename,
            info.compress_type,
            info.CRC,
            info.compress_size,
            info.file_size,
            _data_start(content, info),
            info.flag_bits & _UTF8,
        )
        parts[part.name] = part
    guard.overlaps((p.start, p.packed) for p in parts.values())
    return parts


def _data_start(content: bytes, info: zipfile.ZipInfo) -> int:
    """Where the compressed bytes begin; the local header must name the same part as the directory."""
    offset = info.header_offset
    header = content[offset : offset + _LOCAL.size]
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
        raise problems.refusal("OF101", what="文件不完整", what_en="the file is incomplete")
    fields = _LOCAL.unpack(header)
    length, extra = int(fields[9]), int(fields[10])
    start = offset + _LOCAL.size
    name = content[start : start + length]
    if name != info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"):
        raise problems.refusal("OF104", what="文件目录前后不一致", what_en="the two directories disagree")
    start += length + extra
    if start + info.compress_size > len(content):
        raise problems.refusal("OF101", what="文件不完整", what_en="the file is incomplete")
    return start


def _inflate(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(-15)
    rest: bytes | memoryview = packed
    try:
        while not stream.eof:
            chunk = stream.decompress(rest, _CHUNK)
            if not chunk and not stream.unconsumed_tail and not stream.eof:
                break
            yield chunk
            rest = stream.unconsumed_tail
    except zlib.error as cause:
        raise problems.refusal("OF101", what="文件已损坏", what_en="the file is damaged") from cause


def _headers(part: Part) -> tuple[bytes, bytes]:
    """Local header of a part, and its directory entry with the offset 0."""
    name = part.name_bytes
    large = max(part.packed, part.size) >= _MAX_SIZE
    version = 45 if large else 20
    packed, size = (0xFFFFFFFF, 0xFFFFFFFF) if large else (part.packed, part.size)
    extra = _LOCAL_64.pack(1, 16, part.size, part.packed) if large else b""
    fixed = (version, part.flags & ~_DESCRIPTOR, part.method, 0, _DOS_EPOCH, part.crc, packed, size, len(name))
    local = _LOCAL.pack(b"PK\3\4", *fixed, len(extra)) + name + extra
    return local, _CENTRAL.pack(b"PK\1\2", version, *fixed, 0, 0, 0, 0, 0, 0) + name


_kept_headers = lru_cache(maxsize=_MAX_OPEN)(_headers)  # the same parts are kept in every card of a template


def _placed(entry: bytes, part: Part, offset: int) -> bytes:
    """Directory entry of a part that begins at this byte."""
    if max(offset, part.packed, part.size) < _MAX_SIZE:
        return entry[:_OFFSET_AT] + _OFFSET.pack(offset) + entry[_OFFSET_AT + 4 :]
    fields = list(_CENTRAL.unpack(entry[: _CENTRAL.size]))
    fields[1] = fields[2] = 45
    fields[8] = fields[9] = fields[16] = 0xFFFFFFFF  # sizes and offset stand behind the name
    fields[11] = _CENTRAL_64.size
    return _CENTRAL.pack(*fields) + entry[_CENTRAL.size :] + _CENTRAL_64.pack(1, 24, part.size, part.packed, offset)


def _end(count: int, length: int, offset: int) -> bytes:
    """End of the package: a directory of `count` entries and `length` bytes at byte `offset`."""
    large = b""
    if count >= _MAX_COUNT or max(length, offset) >= _MAX_SIZE:
        large = _END_64.pack(b"PK\6\6", _END_64.size - 12, 45, 45, 0, 0, count, count, length, offset)
        large += _LOCATOR_64.pack(b"PK\6\7", 0, offset + length, 1)
        count, length, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    return large + _END.pack(b"PK\5\6", 0, 0, count, count, length, offset, 0)
