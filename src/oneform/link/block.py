"""Link, block: STANDARD → BLOCK_KEYS: which pairs are compared at all, as (record, rule, key) rows to be equi-joined.

A rule's block that is larger than its cap gives no pairs: such a key (one surname in a village whose addresses stop at
the group, an office's telephone) says nothing about a person, and its pairs would outnumber all others.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from oneform import frames
from oneform.link.hashing import joined_keys, text_keys
from oneform.link.names import FULL, PLACEHOLDER

(
    SAME_ID,
    FIRST15,
    ID_7_TO_18,
    PHONE,
    NAME_DOB,
    NAME_PHONE,
    READING_DOB,
    READING_ESTATE,
    PLACE_DOB,
    PLACE_SURNAME_SEX,
    NAME_LAST4,
) = range(1, 12)

RULES: dict[int, str] = {
    SAME_ID: "证件号相同",
    FIRST15: "证号前 15 位相同",
    ID_7_TO_18: "证号第 7 至 18 位相同",
    PHONE: "电话相同",
    NAME_DOB: "姓名、出生日期相同",
    NAME_PHONE: "姓名、电话相同",
    READING_DOB: "姓名同音、出生日期相同",
    READING_ESTATE: "姓名同音、小区相同",
    PLACE_DOB: "住址、出生日期相同",
    PLACE_SURNAME_SEX: "住址、姓、性别相同",
    NAME_LAST4: "姓名、证号后 4 位相同",
}

# Largest block of each rule that still gives pairs. A person comes back in at most a few dozen sheets; a household has
# a handful of members, each as often. PLACE_SURNAME_SEX is the rule that explodes, so it has the tightest cap.
CAPS = pl.DataFrame(
    {
        "rule": pl.Series(list(RULES), dtype=pl.UInt8),
        "cap": pl.Series([200, 100, 100, 80, 100, 80, 100, 80, 100, 50, 100], dtype=pl.Int64),
    }
)

_LIVE = """
    SELECT k.rule, k.key FROM block_key k JOIN block_cap c ON c.rule = k.rule
    GROUP BY k.rule, k.key, c.cap HAVING COUNT(*) > 1 AND COUNT(*) <= c.cap
"""

# Candidate pairs with at least one side in `fresh`, each once: tables block_key(rec_id, rule, key), block_cap (CAPS)
# and fresh(rec_id). `fresh` must also hold the records that CROSSED_SQL names, or edges depend on the order of imports.
PAIRS_SQL = f"""
WITH live AS ({_LIVE}),
met AS (
    SELECT k.rec_id, k.rule, k.key FROM block_key k
    JOIN fresh f ON f.rec_id = k.rec_id
    JOIN live l ON l.rule = k.rule AND l.key = k.key
)
SELECT DISTINCT
    CASE WHEN m.rec_id < k.rec_id THEN m.rec_id ELSE k.rec_id END AS left,
    CASE WHEN m.rec_id < k.rec_id THEN k.rec_id ELSE m.rec_id END AS right
FROM met m JOIN block_key k ON k.rule = m.rule AND k.key = m.key AND k.rec_id <> m.rec_id
"""  # noqa: S608 - the text is put together from constants of this module

# Records in blocks that are over their cap with the `fresh` records and not without them. Their edges among themselves
# may no longer count (fresh arrives) or count again (fresh is taken away, asked before it goes): drop the edges of
# these records and pair them anew, as if they were fresh. That keeps incremental edges equal to rebuilt ones.
CROSSED_SQL = """
WITH sized AS (
    SELECT k.rule, k.key, COUNT(*) AS size, COUNT(f.rec_id) AS fresh FROM block_key k
    LEFT JOIN fresh f ON f.rec_id = k.rec_id GROUP BY k.rule, k.key
),
crossed AS (
    SELECT s.rule, s.key FROM sized s JOIN block_cap c ON c.rule = s.rule
    WHERE s.fresh > 0 AND s.size > c.cap AND s.size - s.fresh <= c.cap
)
SELECT DISTINCT k.rec_id FROM block_key k JOIN crossed c ON c.rule = k.rule AND c.key = k.key
"""

# What the caps left out: rule, key, size; for the import report.
DROPPED_SQL = """
SELECT k.rule, k.key, COUNT(*) AS size FROM block_key k JOIN block_cap c ON c.rule = k.rule
GROUP BY k.rule, k.key, c.cap HAVING COUNT(*) > c.cap
"""


def block_keys(standard: pl.DataFrame) -> pl.DataFrame:
    """BLOCK_KEYS, each (record, rule, key) once, sorted; a rule of which a part is null gives no row."""
    full = pl.col("naming") == FULL
    names = _texts(standard, pl.when(full).then("bare"))
    dobs = _lists(standard, pl.concat_list(*(_day(pl.col(name)) for name in ("dob", "dob_typed"))))
    phones = _lists(standard, pl.col("phones"))
    readings = _numbers(standard, "readings")
    # Placeholders keep the other rules: 张某 with a birth date and a phone is findable.
    place = pl.concat_list("door", pl.when(pl.col("door").is_null()).then("tower"), "hukou", "household")
    places = _lists(standard, place)
    sexes = _lists(standard, pl.concat_list(pl.coalesce("sex", pl.lit("1")), pl.coalesce("sex", pl.lit("2"))))
    surnames = _texts(standard, pl.col("surname"))
    number = pl.coalesce("id", pl.when(pl.col("naming") != PLACEHOLDER).then("id_text"))
    rules = {
        SAME_ID: _texts(standard, pl.coalesce("id", "document", _whole(pl.col("id_text")))),
        FIRST15: _texts(standard, pl.col("first15")),
        ID_7_TO_18: _texts(standard, _whole(pl.coalesce("id", "id_text")).str.slice(6)),
        PHONE: phones,
        NAME_DOB: _joined(names, dobs),
        NAME_PHONE: _joined(names, phones),
        READING_DOB: _joined(readings, dobs),
        READING_ESTATE: _joined(readings, _texts(standard, pl.col("estate"))),
        PLACE_DOB: _joined(places, dobs),
        PLACE_SURNAME_SEX: _joined(_joined(places, surnames), sexes),
        NAME_LAST4: _joined(names, _texts(standard, number.str.extract(r"([0-9]{3}[0-9X])$", 1))),
    }
    kept = [keys.with_columns(rule=pl.lit(rule, dtype=pl.UInt8)) for rule, keys in rules.items()]
    together = pl.concat([keys.select("rec_id", "rule", "key") for keys in kept]).unique()
    return together.sort("rec_id", "rule", "key").match_to_schema(frames.BLOCK_KEYS)


def _day(date: pl.Expr) -> pl.Expr:
    """A date known to the day, else null: a month or a year names too many."""
    return pl.when(date.str.len_chars() == 10).then(date)


def _whole(number: pl.Expr) -> pl.Expr:
    """A number of 18 readable characters, right or wrong; a masked or cut one is null."""
    return pl.when(number.str.contains(r"^[0-9]{17}[0-9X]$")).then(number)


def _texts(standard: pl.DataFrame, text: pl.Expr) -> pl.DataFrame:
    """(rec_id, key) of the rows where the text is known."""
    known = standard.select("rec_id", text=text).drop_nulls()
    return known.select("rec_id", key=pl.Series(text_keys(known["text"]), dtype=pl.UInt64))


def _lists(standard: pl.DataFrame, texts: pl.Expr) -> pl.DataFrame:
    """(rec_id, key) of every known text of a list column, each once a record."""
    exploded = standard.select("rec_id", text=texts).explode("text").drop_nulls().unique()
    return _texts(exploded, pl.col("text"))


def _numbers(standard: pl.DataFrame, column: str) -> pl.DataFrame:
    return standard.select("rec_id", key=pl.col(column)).explode("key").drop_nulls()


def _joined(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Every key of one side with every key of the other, within a record."""
    both = some.join(others, on="rec_id", how="inner", suffix="_other", validate="m:m")
    keys = joined_keys(both["key"].to_numpy().astype(np.uint64), both["key_other"].to_numpy().astype(np.uint64))
    return both.select("rec_id", key=pl.Series(keys, dtype=pl.UInt64))
