"""Link, compare: pairs of STANDARD rows → the number of the level of each comparison (model.COMPARISONS), int8.

Values are compared as numbers of a dictionary, so equality costs nothing; only unequal pairs of values are looked at
more closely, each distinct one once. Missing on either side is level 0, never disagreement. Every comparison is
symmetric.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from oneform.link.compare_lines import line_likeness
from oneform.link.compare_names import name_levels
from oneform.link.compare_words import word_levels
from oneform.link.model import number

Ints = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

# Two random lines share .07 of their triples (median) and seldom, 1 in 2,000, the .4 that one suburb and postcode make.
_LINE, _LINE_NEAR, _LINE_PART = 12, 0.55, 0.4
_PHONES = 4  # telephones of a record that are compared; sorted, so the choice does not depend on order


def levels(rows: pl.DataFrame, left: Ints, right: Ints) -> dict[str, Levels]:
    """Levels of each comparison, by pair; `left` and `right` are positions in `rows` (STANDARD)."""
    return {
        "name": _names(rows, left, right),
        "id": _ids(rows, left, right),
        "dob": _dobs(rows, left, right),
        "sex": _sexes(rows, left, right),
        "contact": _contacts(rows, left, right),
    }


def codes(*columns: pl.Series) -> tuple[list[Ints], pl.Series]:
    """Columns of text as positions in their common sorted dictionary (null: -1), and the dictionary."""
    known = pl.concat([column.alias("value") for column in columns]).drop_nulls().unique().sort()
    numbered = known.to_frame().with_row_index("code")
    found = []
    for column in columns:
        coded = column.alias("value").to_frame().join(numbered, on="value", how="left", maintain_order="left")
        found.append(coded["code"].cast(pl.Int64).fill_null(-1).to_numpy())
    return found, known


def on_distinct(some: Ints, others: Ints, judge: Callable[[Ints, Ints], npt.NDArray[np.int8]]) -> Levels:
    """`judge` called once on the distinct unordered pairs of codes, its answers scattered back."""
    if not len(some):
        return np.zeros(0, dtype=np.int8)
    low, high = np.minimum(some, others), np.maximum(some, others)
    span = int(high.max()) + 1
    distinct, back = np.unique(low * span + high, return_inverse=True)
    return judge(distinct // span, distinct % span)[back]


def _names(rows: pl.DataFrame, left: Ints, right: Ints) -> Levels:
    naming = rows["naming"]
    (written, keys), _ = codes(rows["written"], rows["name"])
    unnamed = (naming == "placeholder").fill_null(value=True).to_numpy()
    words = np.where(unnamed & rows["surname"].is_not_null().to_numpy(), keys, -1)
    keys = np.where(unnamed, -1, keys)
    equal, variant, one_word, placeholder = number("name", "equal", "variant", "one_word", "placeholder")
    some, others = keys[left], keys[right]
    graded = np.where((words[left] >= 0) & (words[left] == words[right]), placeholder, 0).astype(np.int8)
    both = (some >= 0) & (others >= 0)
    masked = (naming == "masked").fill_null(value=False).to_numpy()
    same = both & (some == others) & ~masked[left]
    # One word in Latin letters is a given name or a surname alone.
    half = (rows["words"].list.len() == 1).fill_null(value=False).to_numpy()
    graded[same] = np.where(half[left], one_word, np.where(written[left] == written[right], equal, variant))[same]
    unequal = np.flatnonzero(both & ~same)
    # One name stands for its key: the judging of an unequal pair only needs the key's own columns.
    names = pl.DataFrame({"code": keys}).with_columns(rows["name", "bare", "variant", "surname", "words"])
    names = names.filter(pl.col("code") >= 0).unique("code", keep="any").sort("code")
    position = np.full(int(keys.max(initial=-1)) + 2, -1, dtype=np.int64)
    position[names["code"].to_numpy()] = np.arange(names.height)
    latin = names["words"].is_not_null().to_numpy()

    def judge(one: Ints, other: Ints) -> Levels:
        found = np.empty(len(one), dtype=np.int8)
        words = latin[one] & latin[other]
        found[words] = word_levels(names["words"], one[words], other[words])
        found[~words] = name_levels(names, one[~words], other[~words])
        return found

    graded[unequal] = on_distinct(position[some[unequal]], position[others[unequal]], judge)
    return graded


def _ids(rows: pl.DataFrame, left: Ints, right: Ints) -> Levels:
    equal, wrong_equal, first15, different, document = number(
        "id", "equal", "equal_wrong", "first15", "different", "document"
    )
    (valid, papers, texts, heads), dictionary = codes(rows["id"], rows["document"], rows["id_text"], rows["first15"])
    damaged = (rows["id_state"] == "damaged_tail").fill_null(value=False).to_numpy()
    graded = np.zeros(len(left), dtype=np.int8)

    def meet(column: Ints) -> Flags:
        return (column[left] >= 0) & (column[right] >= 0)

    # Any number against any other, where at least one is no proof; then the stronger findings overwrite.
    numbers = np.where(valid >= 0, valid, texts)
    unproven = np.flatnonzero(meet(numbers) & ~meet(valid))
    graded[unproven] = on_distinct(
        numbers[left][unproven], numbers[right][unproven], lambda a, b: _number_levels(dictionary, a, b)
    )
    # A masked number need not fit one that is itself damaged or wrong.
    masked_other, wrong = number("id", "masked_other", "wrong")
    unsure = (valid < 0) & ~_masked(dictionary)[texts]
    graded[(graded == masked_other) & (unsure[left] | unsure[right])] = wrong
    tail = damaged[left] | damaged[right]
    graded[meet(heads) & (heads[left] == heads[right]) & tail] = first15
    same_text = meet(texts) & (texts[left] == texts[right]) & (graded != first15) & ~_masked(dictionary)[texts[left]]
    graded[same_text] = wrong_equal
    # A passport beside a resident ID, or beside another passport: people rarely show now one, now the other.
    proven = (valid >= 0) | (papers >= 0)
    graded[proven[left] & proven[right]] = document
    two = np.flatnonzero(meet(papers))
    graded[two] = on_distinct(papers[left][two], papers[right][two], lambda a, b: _document_levels(dictionary, a, b))
    graded[meet(papers) & (papers[left] == papers[right])] = equal
    graded[meet(valid)] = np.where(valid[left] == valid[right], equal, different)[meet(valid)]
    return graded


def _document_levels(dictionary: pl.Series, some: Ints, others: Ints) -> Levels:
    """Two documents (`type:number`): one kind and one slip in a long number, or simply different."""
    near, different = number("id", "document_near", "document")
    long = (dictionary.str.replace(r"^[^:]*:", "").str.len_chars() >= 6).to_numpy()
    types = dictionary.str.extract(r"^([^:]*):").rank("dense").fill_null(0).to_numpy()
    slip = (_osa(dictionary, some, others) <= 1) & long[some] & long[others] & (types[some] == types[others])
    return np.where(slip, near, different).astype(np.int8)


def _masked(dictionary: pl.Series) -> Flags:
    flags = dictionary.str.contains(r"[*＊×]").to_numpy()
    return np.append(flags, False)  # position -1: null


def _number_levels(dictionary: pl.Series, some: Ints, others: Ints) -> Levels:
    """Two identifiers of which at least one is no proof: typo, masked, masked_weak, masked_other or wrong."""
    typo, strong, weak, other, wrong = number("id", "typo", "masked", "masked_weak", "masked_other", "wrong")
    near = _osa(dictionary, some, others) <= 1
    width = 18
    # Damaged tails say nothing about the last three characters: they are stars for this purpose.
    texts = dictionary.str.replace_all(r"[＊×]", "*").fill_null("")
    letters = np.array(texts.to_list(), dtype=f"<U{width}").view(np.uint32).reshape(len(texts), width)
    a, b = letters[some], letters[others]
    star = np.uint32(ord("*"))
    hidden = (a == star) | (b == star)
    same_length = texts.str.len_chars().to_numpy()
    aligned = same_length[some] == same_length[others]
    fits = (((a == b) | hidden).all(axis=1)) & aligned & hidden.any(axis=1)
    # Places 1–6 are the community's own area: only what is visible after them tells people apart.
    visible = ((a == b) & ~hidden & (a != 0))[:, 6:].sum(axis=1)
    masked = hidden.any(axis=1)
    seen = np.select([fits & (visible >= 3), fits, aligned], [strong, weak, other], wrong)
    graded = np.where(masked, seen, np.where(near, typo, wrong))
    return graded.astype(np.int8)


def _osa(dictionary: pl.Series, some: Ints, others: Ints) -> npt.NDArray[np.int32]:
    """Edit distance with adjacent swaps, in characters; 2 stands for two and more."""
    if not len(some):
        return np.zeros(0, dtype=np.int32)
    texts = dictionary.to_numpy()
    return cpdist(texts[some], texts[others], scorer=OSA.distance, score_cutoff=1, dtype=np.int32, workers=1)


def _dobs(rows: pl.DataFrame, left: Ints, right: Ints) -> Levels:
    """The best level of either record's dates: an ID's date and a typed one may both be there."""
    (by_id, typed), dictionary = codes(rows["dob"], rows["dob_typed"])
    graded = _date_levels(dictionary, by_id[left], by_id[right])
    for some, others in ((typed, by_id), (by_id, typed), (typed, typed)):
        extra = np.flatnonzero((some[left] >= 0) & (others[right] >= 0))
        better = _date_levels(dictionary, some[left][extra], others[right][extra])
        graded[extra] = np.where((better > 0) & (better < graded[extra]), better, graded[extra])
    return graded


def _date_levels(dictionary: pl.Series, some: Ints, others: Ints) -> Levels:
    graded = np.zeros(len(some), dtype=np.int8)
    equal, month, year = number("dob", "equal", "month", "year")
    precision = np.append(dictionary.str.len_chars().replace_strict({4: year, 7: month, 10: equal}).to_numpy(), 0)
    both = (some >= 0) & (others >= 0)
    same = both & (some == others)
    graded[same] = precision[some[same]]
    unequal = np.flatnonzero(both & ~same)
    graded[unequal] = on_distinct(some[unequal], others[unequal], lambda a, b: _unequal_dates(dictionary, a, b))
    return graded


def _unequal_dates(dictionary: pl.Series, some: Ints, others: Ints) -> Levels:
    swapped, month, near, year, day, same_year, different, generation = number(
        "dob", "swapped", "month", "near", "year", "day", "same_year", "different", "generation"
    )
    texts = pl.DataFrame({"a": dictionary.gather(some), "b": dictionary.gather(others)})
    distance = pl.Series(_osa(dictionary.str.replace_all("-", ""), some, others))
    a, b = pl.col("a"), pl.col("b")
    whole = (a.str.len_chars() == 10) & (b.str.len_chars() == 10)
    shorter = pl.min_horizontal(a.str.len_chars(), b.str.len_chars())
    turned = pl.concat_str(b.str.slice(0, 5), b.str.slice(8, 2), pl.lit("-"), b.str.slice(5, 2))
    # Off by a day or two: midnight births, lunar and registry slips.
    days = (a.str.to_date("%Y-%m-%d", strict=False) - b.str.to_date("%Y-%m-%d", strict=False)).dt.total_days().abs()
    graded = texts.select(
        pl.when(whole & (a == turned))
        .then(swapped)
        .when(whole & ((distance <= 1) | (days <= 2)))
        .then(near)
        .when(~whole & (a.str.slice(0, 7) == b.str.slice(0, 7)) & (shorter == 7))
        .then(month)
        .when(~whole & (a.str.slice(0, 4) == b.str.slice(0, 4)) & (shorter == 4))
        .then(year)
        .when(a.str.slice(0, 4) == b.str.slice(0, 4))
        .then(same_year)
        .when(whole & (a.str.slice(5) == b.str.slice(5)))
        .then(day)
        .when((a.str.slice(0, 4).cast(pl.Int32) - b.str.slice(0, 4).cast(pl.Int32)).abs() >= 15)
        .then(generation)
        .otherwise(different)
    )
    return graded.to_series().cast(pl.Int8).to_numpy()


def _sexes(rows: pl.DataFrame, left: Ints, right: Ints) -> Levels:
    (sex,), _ = codes(rows["sex"])
    equal, different = number("sex", "equal", "different")
    graded = np.where(sex[left] == sex[right], equal, different)
    return np.where((sex[left] >= 0) & (sex[right] >= 0), graded, 0).astype(np.int8)


def _contacts(rows: pl.DataFrame, left: Ints, right: Ints) -> Levels:
    """Telephone and address as one comparison; the household number and the 户籍 address count as an address."""
    both, phone, door, door_near, part, tower, estate, none = number(
        "contact", "both", "phone", "door", "door_near", "part", "tower", "estate", "none"
    )
    phones = [rows["phones"].list.get(place, null_on_oob=True) for place in range(_PHONES)]
    phone_codes, _ = codes(*phones)
    same_phone = np.zeros(len(left), dtype=np.bool_)
    for some in phone_codes:
        for others in phone_codes:
            same_phone |= (some[left] >= 0) & (some[left] == others[right])
    phone_known = (phone_codes[0][left] >= 0) & (phone_codes[0][right] >= 0)
    ((doors,), _), ((towers,), _), ((households,), _) = (codes(rows[name]) for name in ("door", "tower", "household"))
    ((estates,), estate_texts), ((hukous,), hukou_texts) = (codes(rows[name]) for name in ("estate", "hukou"))
    buildings, units, rooms = (codes(rows[name])[0][0] for name in ("building", "unit", "room"))

    def same(column: Ints) -> Flags:
        equal: Flags = (column[left] >= 0) & (column[left] == column[right])
        return equal

    def known(column: Ints) -> Flags:
        return (column[left] >= 0) & (column[right] >= 0)

    # The unit is often left out: equal estate, building and room are one door unless two units are named.
    unitless = same(estates) & same(buildings) & same(rooms) & ~(known(units) & ~same(units))
    at_door = same(doors) | unitless | same(hukous) | same(households)
    # A slip in the name of the street or 小区, or in an address on one line.
    inside = same(rooms) & ~(known(buildings) & ~same(buildings)) & ~(known(units) & ~same(units))
    line_near, line_part, line_other = _lines(hukou_texts, hukous, left, right)
    near_door = (
        (inside & _near(estate_texts, estates, left, right)) | _near(hukou_texts, hukous, left, right) | line_near
    )
    # Building and room of an unnamed estate: no more than a hint.
    other_door = (known(rooms) & ~same(rooms)) | (known(units) & ~same(units))
    at_tower = (same(towers) & ~other_door) | (~known(estates) & same(buildings) & same(rooms))
    address_known = known(estates) | known(hukous) | at_tower
    graded = np.where(phone_known | address_known, none, 0)
    graded = np.where(same(estates), estate, graded)
    graded = np.where(at_tower, tower, graded)
    graded = np.where(line_part, part, graded)
    graded = np.where(near_door, door_near, graded)
    # One house number of one street's name, in two towns.
    graded = np.where(at_door, np.where(line_other, part, door), graded)
    at_door &= ~line_other
    graded = np.where(same_phone, np.where(at_door, both, phone), graded)
    return graded.astype(np.int8)


def _lines(texts: pl.Series, column: Ints, left: Ints, right: Ints) -> tuple[Flags, Flags, Flags]:
    """Unequal addresses on one line in Latin letters: nearly the same in some order, at least in part, not even that."""
    near, part, other = (np.zeros(len(left), dtype=np.bool_) for _ in range(3))
    latin = np.append((texts.str.len_chars() >= _LINE).to_numpy() & ~texts.str.contains(r"\p{Han}").to_numpy(), False)
    some, others = column[left], column[right]
    unequal = np.flatnonzero((some != others) & latin[some] & latin[others])
    likeness = line_likeness(texts, some[unequal], others[unequal])
    near[unequal], part[unequal] = likeness >= _LINE_NEAR, likeness >= _LINE_PART
    other[unequal] = likeness < _LINE_PART
    return near, part, other


def _near(texts: pl.Series, column: Ints, left: Ints, right: Ints) -> Flags:
    """Addresses that differ by slips of the pen."""
    near = np.zeros(len(left), dtype=np.bool_)
    unequal = np.flatnonzero((column[left] >= 0) & (column[right] >= 0) & (column[left] != column[right]))
    judged = on_distinct(column[left][unequal], column[right][unequal], lambda a, b: _near_texts(texts, a, b))
    near[unequal] = judged > 0
    return near


def _near_texts(texts: pl.Series, some: Ints, others: Ints) -> Levels:
    """1 where two addresses are alike but for slips, else 0; in Chinese the numbers (一期, 3栋) must be the same ones."""
    if not len(some):
        return np.zeros(0, dtype=np.int8)
    values = texts.to_numpy()
    likeness = cpdist(
        values[some], values[others], scorer=OSA.normalized_similarity, score_cutoff=0.6, dtype=np.float32, workers=1
    )
    lengths = texts.str.len_chars().to_numpy()
    han = texts.str.contains(r"\p{Han}").to_numpy()
    numbers = texts.str.replace_all(r"[^0-9一二三四五六七八九十东南西北]", "").rank("dense").to_numpy()
    shorter = np.minimum(lengths[some], lengths[others])
    chinese = (likeness >= 0.75) & (shorter >= 4) & (numbers[some] == numbers[others])
    latin = (likeness >= 0.7) & (shorter >= 5) & ~han[others]
    alike: Levels = np.where(han[some], chinese, latin).astype(np.int8)
    return alike
