"""Link, keys: text → 64-bit numbers that are the same in every process, on every machine, in every version.

Block keys are stored, so no library's own hash may be used. A text is hashed by multiplying each byte with a fixed
random factor of its position and summing modulo 2^64; SplitMix64 then spreads the bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(numbers: Keys) -> Keys:
    """SplitMix64's finaliser (a bijection), element by element."""
    spread = (numbers + _GOLDEN).astype(np.uint64)
    spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return spread ^ (spread >> np.uint64(31))


def text_keys(texts: pl.Series) -> Keys:
    """One key a text, in order; null and the empty text have the key of the empty text (callers leave nulls out)."""
    known = texts.fill_null("")
    lengths = known.str.len_bytes().to_numpy().astype(np.int64)
    joined = np.frombuffer("".join(known.to_list()).encode(), dtype=np.uint8)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    place = np.arange(len(joined), dtype=np.int64) - np.repeat(starts, lengths)
    factors = mix(np.arange(int(lengths.max(initial=0)) + 1, dtype=np.uint64)) | np.uint64(1)
    # Byte values start at 1, so that a trailing NUL is not nothing.
    terms = (joined.astype(np.uint64) + np.uint64(1)) * factors[place]
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms, dtype=np.uint64)])
    return mix(sums[ends] - sums[starts])


def joined_keys(*columns: Keys) -> Keys:
    """One key for several columns taken together; the order of the columns counts."""
    together = np.zeros(len(columns[0]), dtype=np.uint64)
    for number, column in enumerate(columns, start=1):
        together = mix(together ^ mix(column + np.uint64(number)))
    return together
