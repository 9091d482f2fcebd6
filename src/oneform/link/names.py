"""Link, names: a name as written → its keys: folded form, bare form, surname, how it is a name at all, readings.

Everything here works on distinct names or distinct characters; callers join the keys back.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, product

import polars as pl
from pypinyin import Style, pinyin

from oneform.link.characters import (
    COMPOUND_SURNAMES,
    INTERPUNCT,
    INTERPUNCTS,
    OTHER_SURNAME_SHARE,
    SIMPLIFIED,
    SURNAME_READING,
    SURNAME_SHARE,
    UNREADABLE,
    UNREADABLES,
    VARIANTS,
)
from oneform.link.hashing import text_keys

FULL, MASKED, PLACEHOLDER = "full", "masked", "placeholder"

NAMES = pl.Schema(
    {
        "name": pl.String(),  # as given
        "written": pl.String(),  # cleaned only: width, blanks, interpunct
        "key": pl.String(),  # written, traditional and old forms folded to the simplified ones
        "bare": pl.String(),  # key without interpunct and blanks
        "variant": pl.String(),  # bare with interchanged characters (萧/肖) folded
        "surname": pl.String(),  # null for a name in parts, in Latin letters, or unreadable
        "naming": pl.String(),  # full | masked (some characters unreadable) | placeholder (says no given name)
        "readings": pl.List(pl.UInt64),  # keys of the ways the name may be read: whole, or a part of a name in parts
        "words": pl.List(pl.String),  # of a name in Latin letters, in written order; null for any other
    }
)

_READINGS_PER_NAME = (
    8  # 18 % of given-name characters have several readings; the product is cut here, common ones first
)
_HAN = r"\p{Han}"
_PLACEHOLDER = (
    rf"某|之[子女婴孙儿]|的[儿女孩]|(?:宝宝|贝贝|毛毛|婴儿|新生儿|先生|女士|小姐|同志|师傅|家属)$|^.?{UNREADABLE}+$|^.[{UNREADABLE}]+$"
    r"|^(?:无名|无|不详|未知|待定|未取名|未起名|未命名|佚名|匿名|暂无|空|宝宝|小宝|毛毛|婴儿|新生儿|本人|同上)"
    r"(?:氏)?[0-9一二12甲乙]?$"
)
_LONG = 5  # Han names of five and more characters without interpunct are transliterations; they have no surname


def name_keys(names: pl.Series) -> pl.DataFrame:
    """The NAMES of the distinct non-null values, sorted by name; empty texts are left out."""
    distinct = names.drop_nulls().unique().sort().alias("name").to_frame()
    cleaned = distinct.with_columns(written=_cleaned(pl.col("name"))).filter(pl.col("written") != "")
    keyed = cleaned.with_columns(key=pl.col("written").str.replace_many(SIMPLIFIED)).with_columns(
        key=pl.when(pl.col("key").str.contains(rf"{_HAN}")).then("key").otherwise(_sorted_words(pl.col("key")))
    )
    bare = pl.col("key").str.replace_all(rf"[{INTERPUNCT} ]", "")
    classed = keyed.with_columns(bare=bare, variant=bare.str.replace_many(VARIANTS), naming=_naming(bare))
    latin = ~pl.col("key").str.contains(rf"{_HAN}|{UNREADABLE}") & (pl.col("naming") == FULL)
    words = _simple(pl.col("written")).str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars().str.split(" ")
    surnamed = classed.with_columns(surname=_surname(pl.col("key")), words=pl.when(latin).then(words))
    return surnamed.with_columns(readings=_readings(surnamed)).match_to_schema(NAMES)


def share(names: pl.Series) -> pl.Series:
    """How likely a stranger bears each of these bare names: surname's share times a share by the given name's length.

    There is no table of given names to ask (and none may be learned from the rows: the same pair must always weigh the
    same), so length stands for rarity: one given character ~ 1/250, two ~ 1/2,500, more ~ 1/10,000; never below
    1/2,000,000. Names in Latin letters come from few and are written in few ways: 1/10,000.
    """
    name = pl.col("name")
    compound = name.str.slice(0, 2).is_in(list(COMPOUND_SURNAMES)) & (name.str.len_chars() > 2)
    surname = pl.when(compound).then(name.str.slice(0, 2)).otherwise(name.str.slice(0, 1))
    given = name.str.len_chars().cast(pl.Int64) - surname.str.len_chars().cast(pl.Int64)
    of_surname = surname.replace_strict(SURNAME_SHARE, default=OTHER_SURNAME_SHARE, return_dtype=pl.Float64)
    of_given = pl.when(given <= 1).then(1 / 250).when(given == 2).then(1 / 2500).otherwise(1e-4)
    whole = pl.when(name.str.contains(_HAN)).then((of_surname * of_given).clip(5e-7)).otherwise(1e-4)
    return names.alias("name").to_frame().select(whole).to_series()


@lru_cache(maxsize=20_000)
def syllables(character: str, *, surname: bool = False) -> tuple[str, ...]:
    """The ways a character may be read, without tones, the usual one first; without any, the character itself."""
    if surname:
        return SURNAME_READING.get(character) or tuple(pinyin(character, style=Style.NORMAL)[0])
    return tuple(dict.fromkeys(pinyin(character, style=Style.NORMAL, heteronym=True)[0]))


_SOUNDS = {
    letter: digit for digit, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}


def soundex(word: str) -> str:
    """A Latin word as it sounds: its first letter and up to three digits (the code of the US census of 1920)."""
    digits: list[int] = []
    last = _SOUNDS.get(word[0], 0)
    for letter in word[1:]:
        digit = _SOUNDS.get(letter, 0)
        if digit and digit != last:
            digits.append(digit)
        if letter not in "HW":
            last = digit
    return word[0] + "".join(map(str, digits[:3]))


def folded(syllable: str) -> str:
    """A syllable as many dialects hear it: n/l, zh/z, ch/c, sh/s, f/h and the nasal endings are one."""
    for heard, spoken in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l")):
        if syllable.startswith(heard):
            syllable = spoken + syllable[len(heard) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable


def _cleaned(name: pl.Expr) -> pl.Expr:
    """Width folded, blanks between Han characters gone, one interpunct, one sign for what cannot be read."""
    dots = f"[{INTERPUNCTS}{INTERPUNCT}]"
    unreadable = rf"[{UNREADABLES}\x{{E000}}-\x{{F8FF}}\x{{F0000}}-\x{{10FFFD}}]"
    return (
        name.str.replace_all(rf"[{INTERPUNCTS}]", INTERPUNCT)
        .str.replace_all(unreadable, UNREADABLE)
        .str.normalize("NFKC")
        .str.replace_all(rf"({_HAN})\s*\.\s*", f"$1{INTERPUNCT}")
        .str.replace_all(rf"\s*{dots}\s*", INTERPUNCT)
        .str.replace_all(rf"({_HAN}|{UNREADABLE})\s+", "$1")
        .str.replace_all(rf"({_HAN})[Xx]{{1,3}}$", f"$1{UNREADABLE}")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars(f" {INTERPUNCT}")
        .str.to_uppercase()
    )


def _simple(name: pl.Expr) -> pl.Expr:
    """A Latin name without accents and apostrophes: `O'Neill` is `ONEILL`, `José` is `JOSE`."""
    return name.str.normalize("NFKD").str.replace_all(r"[\p{Mn}'’`´]", "")


def _sorted_words(key: pl.Expr) -> pl.Expr:
    """A Latin name: its words in one order, so that `SMITH John` is `John Smith`."""
    return _simple(key).str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars().str.split(" ").list.sort().list.join(" ")


def _naming(bare: pl.Expr) -> pl.Expr:
    return (
        pl.when(bare.str.contains(_PLACEHOLDER))
        .then(pl.lit(PLACEHOLDER))
        .when(bare.str.contains(UNREADABLE))
        .then(pl.lit(MASKED))
        .otherwise(pl.lit(FULL))
    )


def _surname(key: pl.Expr) -> pl.Expr:
    one = key.str.slice(0, 1)
    plain = key.str.contains(rf"^{_HAN}") & (
        ~key.str.contains(INTERPUNCT) & (key.str.len_chars() < _LONG) | (pl.col("naming") == PLACEHOLDER)
    )
    known = (pl.col("naming") != PLACEHOLDER) | one.is_in(list(SURNAME_SHARE))
    two = key.str.slice(0, 2)
    compound = two.is_in(list(COMPOUND_SURNAMES)) & (key.str.len_chars() > 2)
    return pl.when(plain & known).then(pl.when(compound).then(two).otherwise(one))


def _readings(names: pl.DataFrame) -> pl.Series:
    """Keys of the readings of each full name, List[UInt64]; null where the name is not full.

    A name in parts is also read by its first part, because sheets cut such names at the first dot; a Latin name by
    each of its words, as Soundex hears them.
    """
    spoken: list[tuple[int, str]] = []
    rows = names.select("key", "bare", "surname", "naming", "words").iter_rows()  # distinct names only
    for row, (key, bare, surname, naming, words) in enumerate(rows):
        if words:
            spoken += [(row, soundex(word)) for word in words if len(word) > 1]
        elif naming == FULL:
            first = key.partition(INTERPUNCT)[0]
            if 2 <= len(first) < len(key):
                spoken.append((row, " ".join(syllables(c)[0] for c in first)))
            taken = len(surname) if surname else 0
            parts = [syllables(c, surname=True) for c in bare[:taken]] + [syllables(c) for c in bare[taken:]]
            spoken += [(row, " ".join(way)) for way in islice(product(*parts), _READINGS_PER_NAME)]
    ways = pl.DataFrame(spoken, schema={"row": pl.UInt32, "way": pl.String}, orient="row")
    keyed = ways.select("row", key=pl.Series(text_keys(ways["way"]), dtype=pl.UInt64))
    lists = keyed.group_by("row").agg(pl.col("key").unique().sort())
    rows_all = pl.DataFrame({"row": pl.Series(range(names.height), dtype=pl.UInt32)})
    return rows_all.join(lists, on="row", how="left", maintain_order="left")["key"].alias("readings")
