"""Link, compare names: distinct pairs of unequal names → the number of their level (model.NAME).

Names are rows of a matrix of characters, so the questions (how many characters differ, where, do they sound or look
alike) are asked of all pairs at once. Edit distance is counted in characters; a prefix earns nothing, because what
Chinese names share at the front is the surname.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from oneform.link.characters import INTERPUNCT, SHAPES, UNREADABLE
from oneform.link.model import number
from oneform.link.names import folded, syllables

Ints = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
Points = npt.NDArray[np.uint32]

_WIDTH = 16  # characters of a name that are looked at one by one
_TRAITS = 6  # readings or look-alike groups kept a character


def name_levels(names: pl.DataFrame, some: Ints, others: Ints) -> Levels:
    """Levels of pairs of positions in `names` (columns name, bare, variant, surname); never 0, never `equal`."""
    letters = _letters(names["bare"])
    lengths = names["bare"].str.len_chars().to_numpy().astype(np.int64)
    a, b = letters[some], letters[others]
    short = np.minimum(lengths[some], lengths[others])
    longest = np.maximum(lengths[some], lengths[others])
    same_length = (lengths[some] == lengths[others]) & (longest <= _WIDTH)
    differs = a != b
    one = same_length & (differs.sum(axis=1) == 1)
    surname = _equal(names["surname"], some, others)
    sounds, heard, looks = _alike(letters, a, b, differs)
    distance = _distances(names["bare"], some, others)
    blank = np.uint32(ord(UNREADABLE))
    unread = (a == blank) | (b == blank)
    wild = unread.any(axis=1) & same_length & (~differs | unread).all(axis=1) & ((~differs & (a != 0)).sum(axis=1) >= 2)
    inside = (np.arange(_WIDTH) >= short[:, None]) | ~differs
    cut = inside.all(axis=1) & (lengths[some] != lengths[others])
    dotted = names["name"].str.contains(INTERPUNCT, literal=True).to_numpy()
    truncated = cut & (dotted[some] | dotted[others] | (short >= 4)) & (short >= 2)
    han3 = longest >= 3
    swapped = same_length & (longest == 2) & (distance == 1) & ~one
    findings = (
        ("variant", _equal(names["variant"], some, others) & ~_equal(names["bare"], some, others)),
        ("bare", _equal(names["bare"], some, others) & ~unread.any(axis=1)),
        ("wildcard", wild),
        ("homophone", one & sounds & han3),
        ("shape", one & looks & han3),
        ("truncated", truncated),
        ("similar", (longest >= 6) & (distance * 3 <= longest)),
        ("reading", same_length & sounds & (longest >= 2) & ~one),
        ("homophone_short", one & sounds),
        ("shape_short", one & looks),
        ("reading", same_length & heard & han3),
        ("one_differs", one & han3 & ~differs[:, 0]),
        ("edit", (distance == 1) & (han3 | swapped)),
        ("surname", surname),
    )
    words = [word for word, _ in findings]
    graded = np.select([found for _, found in findings], number("name", *words), number("name", "different")[0])
    return graded.astype(np.int8)


def _letters(texts: pl.Series) -> Points:
    """Code points, one row a text, 0 after its end."""
    if not len(texts):
        return np.zeros((0, _WIDTH), dtype=np.uint32)
    return np.array(texts.to_list(), dtype=f"<U{_WIDTH}").view(np.uint32).reshape(len(texts), _WIDTH)


def _equal(column: pl.Series, some: Ints, others: Ints) -> Flags:
    ranks: Ints = column.rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
    equal: Flags = (ranks[some] >= 0) & (ranks[some] == ranks[others])
    return equal


def _distances(texts: pl.Series, some: Ints, others: Ints) -> npt.NDArray[np.int32]:
    """Edits in characters, an adjacent swap counted once; 6 stands for six and more."""
    values = texts.to_numpy()
    if not len(some):
        return np.zeros(0, dtype=np.int32)
    return cpdist(values[some], values[others], scorer=OSA.distance, score_cutoff=5, dtype=np.int32, workers=1)


def _alike(letters: Points, a: Points, b: Points, differs: Flags) -> tuple[Flags, Flags, Flags]:
    """Whether all characters that differ sound alike, sound alike to a dialect's ear, look alike."""
    points = np.unique(letters)
    characters = [chr(point) for point in points]
    groups: dict[str, list[str]] = {}
    for group in SHAPES:
        for character in group:
            groups.setdefault(character, []).append(group)
    spoken = _traits(characters, syllables)
    at_front = _traits(characters, lambda c: syllables(c, surname=True))
    dull = _traits(characters, lambda c: tuple(folded(s) for s in syllables(c)))
    drawn = _traits(characters, lambda c: groups.get(c, ()))
    pair, place = np.nonzero(differs)
    x = np.searchsorted(points, a[pair, place])
    y = np.searchsorted(points, b[pair, place])
    front = place == 0  # read as a surname

    def shared(traits: npt.NDArray[np.int32]) -> Flags:
        met: Flags = ((traits[x][:, :, None] == traits[y][:, None, :]) & (traits[x][:, :, None] >= 0)).any(axis=(1, 2))
        return met

    def everywhere(found: Flags) -> Flags:
        without_miss: Flags = np.bincount(pair[~found], minlength=len(a)) == 0
        return without_miss

    sounds = np.where(front, shared(at_front), shared(spoken))
    return everywhere(sounds), everywhere(sounds | (shared(dull) & ~front)), everywhere(shared(drawn))


def _traits(characters: Sequence[str], traits_of: Callable[[str], Sequence[str]]) -> npt.NDArray[np.int32]:
    """Numbers of the traits of each character, -1 where it has no more."""
    numbers: dict[str, int] = {}
    table = np.full((len(characters), _TRAITS), -1, dtype=np.int32)
    for row, character in enumerate(characters):
        for column, trait in enumerate(traits_of(character)[:_TRAITS]):
            table[row, column] = numbers.setdefault(trait, len(numbers))
    return table
