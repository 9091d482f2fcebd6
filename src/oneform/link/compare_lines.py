"""Link, compare lines: distinct pairs of addresses on one line in Latin letters → how much of them is the same, 0 to 1.

Such a line is written in any order (the house before the street, the estate before or after it), with words joined or
torn apart. So it is taken as the set of its triples of letters and figures, which keeps most of itself through all that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]

_WORDS, _BITS = 16, 64  # a line's triples are marked in 16 numbers of 64 bits; a street's forty seldom collide there
_SLICE = 200_000  # pairs at a time


def line_likeness(lines: pl.Series, some: Ints, others: Ints) -> npt.NDArray[np.float32]:
    """Share of the triples of both lines that they have in common (Dice); of a line of fewer than three letters 0."""
    marks = _marks(lines)
    sizes = np.bitwise_count(marks).sum(axis=1, dtype=np.int64)
    shares = np.zeros(len(some), dtype=np.float32)
    for first in range(0, len(some), _SLICE):
        part = slice(first, first + _SLICE)
        common = np.bitwise_count(marks[some[part]] & marks[others[part]]).sum(axis=1, dtype=np.int64)
        shares[part] = 2 * common / np.maximum(sizes[some[part]] + sizes[others[part]], 1)
    return shares


def _marks(lines: pl.Series) -> npt.NDArray[np.uint64]:
    """A row of bits a line, one set for each of its triples of bytes."""
    plain = lines.str.replace_all(r"[^\pL\pN]", "").fill_null("")
    letters = np.frombuffer("".join(plain.to_list()).encode(), dtype=np.uint8).astype(np.uint32)
    owner = np.repeat(np.arange(len(plain)), plain.str.len_bytes().to_numpy())
    marks = np.zeros((len(plain), _WORDS), dtype=np.uint64)
    if len(letters) < 3:
        return marks
    inside = owner[:-2] == owner[2:]
    triples = (letters[:-2] * np.uint32(65_536) + letters[1:-1] * np.uint32(256) + letters[2:])[inside]
    places = ((triples * np.uint32(0x9E3779B1)) >> np.uint32(22)).astype(np.int64)  # 10 bits
    bits = np.uint64(1) << (places % _BITS).astype(np.uint64)
    np.bitwise_or.at(marks, (owner[:-2][inside], places // _BITS), bits)
    return marks
