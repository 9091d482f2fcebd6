"""ooxml: parts as bytes → raw deflate streams, with the fastest compressor that is installed.

`NAME` goes into the audit record of a delivery: the compressor decides the bytes of the file, never its content.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

try:
    from isal import isal_zlib as _engine

    _LEVEL, NAME = 2, "isal-2"
except ImportError:
    _engine, _LEVEL, NAME = zlib, 1, "zlib-1"


_SMALL = 1 << 13  # a window of this size needs 48 KB of memory, not 256: most of the cost of a small part


class Packed(NamedTuple):
    """A raw deflate stream in pieces, with the CRC-32 and the length of what went in."""

    pieces: list[bytes]
    crc: int
    size: int


def deflate(content: bytes | Iterable[bytes]) -> Packed:
    """Compress bytes, or chunks that belong together."""
    if isinstance(content, bytes) and len(content) <= _SMALL and _engine is zlib:
        stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, -13, 5)
        return Packed([stream.compress(content) + stream.flush()], zlib.crc32(content), len(content))
    chunks = [content] if isinstance(content, bytes) else content
    stream = _engine.compressobj(_LEVEL, zlib.DEFLATED, -15)
    pieces: list[bytes] = []
    crc = size = 0
    for chunk in chunks:
        crc = _engine.crc32(chunk, crc)
        size += len(chunk)
        if piece := stream.compress(chunk):
            pieces.append(piece)
    pieces.append(stream.flush())
    return Packed(pieces, crc, size)
