"""ooxml: parts as bytes → raw deflate streams, with the fastest compressor that is installed.

`NAME` goes into the audit record of a delivery: the compressor decides the bytes of the file, never its content.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

try:
    from isal import isal_zlib as _engine

    _LEVEL, NAME = 2, "isal-2"
except ImportError:
    _engine, _LEVEL, NAME = zlib, 1, "zlib-1"


def deflate(chunks: Iterable[bytes]) -> tuple[list[bytes], int, int]:
    """Raw deflate stream of the joined chunks in pieces, the CRC-32 and the length of what went in."""
    stream = _engine.compressobj(_LEVEL, zlib.DEFLATED, -15)
    pieces: list[bytes] = []
    crc = size = 0
    for chunk in chunks:
        crc = _engine.crc32(chunk, crc)
        size += len(chunk)
        if piece := stream.compress(chunk):
            pieces.append(piece)
    pieces.append(stream.flush())
    return pieces, crc, size
