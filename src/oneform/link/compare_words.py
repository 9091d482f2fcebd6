"""Link, compare words: distinct pairs of unequal names in Latin letters → the number of their level (model.NAME).

Such a name is a handful of words in no safe order, one of them perhaps an initial, a nickname cut short or a slip. So
words are matched with words, wherever they stand; what is left over tells the level.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from oneform.link.model import number

Ints = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

_WORDS = 4  # words of a name that are compared: the first three and the last
_NONE, _INITIAL, _NEAR, _EQUAL = range(4)  # how two words match


def word_levels(names: pl.Series, some: Ints, others: Ints) -> Levels:
    """Levels of pairs of positions in `names` (lists of words); never 0, never `equal`."""
    codes, known = _matrix(names)
    if not len(some) or not len(known):
        return np.full(len(some), number("name", "different")[0], dtype=np.int8)
    a, b = codes[some], codes[others]
    met = _matches(known, a, b)
    of_a, of_b = met.max(axis=2), met.max(axis=1)
    count_a, count_b = (a >= 0).sum(axis=1), (b >= 0).sum(axis=1)
    # Of the name with fewer words every word must be found in the other; of two equally long ones, both ways.
    found_a, found_b = (of_a > _NONE).sum(axis=1) >= count_a, (of_b > _NONE).sum(axis=1) >= count_b
    whole = np.where(count_a < count_b, found_a, np.where(count_b < count_a, found_b, found_a & found_b))
    solid = np.minimum((of_a >= _NEAR).sum(axis=1), (of_b >= _NEAR).sum(axis=1))
    exact = np.minimum((of_a == _EQUAL).sum(axis=1), (of_b == _EQUAL).sum(axis=1))
    full_a, full_b = _full(known, a), _full(known, b)
    single = (full_a.sum(axis=1) == 1) | (full_b.sum(axis=1) == 1)
    row = np.arange(len(a))
    first = met[row, full_a.argmax(axis=1), full_b.argmax(axis=1)] >= _NEAR
    last = met[row, _last(full_a), _last(full_b)] >= _NEAR
    levels = number("name", "words", "words_near", "words_conflict", "one_word", "surname", "given", "different")
    words, words_near, words_conflict, one_word, surname, given, different = levels
    graded = np.select(
        [
            whole & (exact >= 2) & (exact == solid),
            whole & (solid >= 2),
            solid >= 2,
            single & (solid >= 1),
            last,
            first | (solid >= 1),
        ],
        [words, words_near, words_conflict, one_word, surname, given],
        different,
    )
    return graded.astype(np.int8)


def _matrix(names: pl.Series) -> tuple[Ints, pl.Series]:
    """Positions of each name's words in the dictionary, -1 where it has no more; and the dictionary."""
    lists = names.fill_null([])
    kept = pl.select(
        pl.when(lists.list.len() <= _WORDS)
        .then(lists)
        .otherwise(pl.concat_list(lists.list.head(_WORDS - 1), lists.list.tail(1)))
    ).to_series()
    known = kept.explode().drop_nulls().unique().sort()
    columns = [
        kept.list.get(place, null_on_oob=True).replace_strict(
            known, pl.Series(range(len(known)), dtype=pl.Int64), default=-1
        )
        if len(known)
        else pl.Series([-1] * len(names), dtype=pl.Int64)
        for place in range(_WORDS)
    ]
    return np.stack([column.fill_null(-1).to_numpy() for column in columns], axis=1), known


def _matches(known: pl.Series, a: Ints, b: Ints) -> npt.NDArray[np.int8]:
    """How each word of one name matches each of the other: pairs × words × words; every distinct pair judged once."""
    x, y = np.broadcast_arrays(a[:, :, None], b[:, None, :])
    met = np.where((x >= 0) & (x == y), _EQUAL, _NONE).astype(np.int8)
    open_ones = (x >= 0) & (y >= 0) & (x != y)
    low, high = np.minimum(x, y)[open_ones], np.maximum(x, y)[open_ones]
    distinct, back = np.unique(low * len(known) + high, return_inverse=True)
    met[open_ones] = _alike(known, distinct // len(known), distinct % len(known))[back]
    return met


def _alike(known: pl.Series, some: Ints, others: Ints) -> npt.NDArray[np.int8]:
    """Unequal words: near (slips in proportion to the length, or one cut short) or an initial of the other."""
    if not len(some):
        return np.zeros(0, dtype=np.int8)
    words = known.to_numpy()
    lengths = known.str.len_chars().to_numpy().astype(np.int64)
    shorter, longer = np.minimum(lengths[some], lengths[others]), np.maximum(lengths[some], lengths[others])
    edits = cpdist(words[some], words[others], scorer=OSA.distance, score_cutoff=4, dtype=np.int32, workers=1)
    allowed = np.select([longer >= 9, longer >= 5], [3, 2], 1)
    both = pl.DataFrame({"a": known.gather(some), "b": known.gather(others)})
    a, b = pl.col("a"), pl.col("b")
    begins = both.select(a.str.starts_with(b) | b.str.starts_with(a)).to_series().to_numpy()
    near = (shorter >= 3) & ((edits <= allowed) | begins)
    return np.where(near, _NEAR, np.where(begins & (shorter == 1), _INITIAL, _NONE)).astype(np.int8)


def _full(known: pl.Series, words: Ints) -> Flags:
    """Which words are more than an initial."""
    lengths = np.append(known.str.len_chars().to_numpy().astype(np.int64), 0)  # position -1: no word
    long: Flags = lengths[words] > 1
    return long


def _last(full: Flags) -> Ints:
    place: Ints = full.shape[1] - 1 - full[:, ::-1].argmax(axis=1)
    return place
