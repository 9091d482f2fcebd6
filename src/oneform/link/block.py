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
    LATIN_NAME,
    LATIN_DOB,
    LATIN_PLACE,
    LATIN_NUMBER,
    DOCUMENT_HALF,
) = range(1, 17)

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
    LATIN_NAME: "外文姓名相同",
    LATIN_DOB: "外文姓名者出生日期相同",
    LATIN_PLACE: "外文姓名者住址相同",
    LATIN_NUMBER: "外文姓名读音、门牌号或邮编相同",
    DOCUMENT_HALF: "证件号前 4 位或后 4 位相同（非居民身份证）",
}

# Largest block of each rule that still gives pairs. A person comes back in at most a few dozen sheets; a household has
# a handful of members, each as often. PLACE_SURNAME_SEX is the rule that explodes, so it has the tightest cap.
CAPS = pl.DataFrame(
    {
        "rule": pl.Series(list(RULES), dtype=pl.UInt8),
        "cap": pl.Series([200, 100, 100, 80, 100, 80, 100, 80, 100, 50, 100, 50, 50, 30, 30, 30], dtype=pl.Int64),
    }
)

# Everything starts from the blocks that fresh records are in: forty rows must be cheap among a million.
_BLOCKS = """
    mine AS (SELECT k.rec_id, k.rule, k.key FROM block_key k JOIN fresh f ON f.rec_id = k.rec_id),
    asked AS (SELECT DISTINCT rule, key FROM mine),
    near AS (SELECT k.rec_id, k.rule, k.key FROM block_key k JOIN asked a ON a.rule = k.rule AND a.key = k.key)
"""

# Candidate pairs with at least one side in `fresh`, each once: tables block_key(rec_id, rule, key), block_cap (CAPS)
# and fresh(rec_id). `fresh` must also hold the records that CROSSED_SQL names, or edges depend on the order of imports.
PAIRS_SQL = f"""
WITH {_BLOCKS},
live AS (
    SELECT n.rule, n.key FROM near n JOIN block_cap c ON c.rule = n.rule
    GROUP BY n.rule, n.key, c.cap HAVING COUNT(*) > 1 AND COUNT(*) <= c.cap
)
SELECT DISTINCT
    CASE WHEN m.rec_id < n.rec_id THEN m.rec_id ELSE n.rec_id END AS left,
    CASE WHEN m.rec_id < n.rec_id THEN n.rec_id ELSE m.rec_id END AS right
FROM mine m JOIN live l ON l.rule = m.rule AND l.key = m.key
JOIN near n ON n.rule = m.rule AND n.key = m.key AND n.rec_id <> m.rec_id
"""  # noqa: S608 - the text is put together from constants of this module

# Records in blocks that are over their cap with the `fresh` records and not without them. Their edges among themselves
# may no longer count (fresh arrives) or count again (fresh is taken away, asked before it goes): drop the edges of
# these records and pair them anew, as if they were fresh. That keeps incremental edges equal to rebuilt ones.
CROSSED_SQL = f"""
WITH {_BLOCKS},
arrived AS (SELECT rule, key, COUNT(*) AS fresh FROM mine GROUP BY rule, key),
crossed AS (
    SELECT n.rule, n.key FROM near n JOIN arrived a ON a.rule = n.rule AND a.key = n.key
    JOIN block_cap c ON c.rule = n.rule GROUP BY n.rule, n.key, a.fresh, c.cap
    HAVING COUNT(*) > c.cap AND COUNT(*) - a.fresh <= c.cap
)
SELECT DISTINCT n.rec_id FROM near n JOIN crossed c ON c.rule = n.rule AND c.key = n.key
"""  # noqa: S608 - the text is put together from constants of this module

# What each rule finds in all there is: rule, pairs, marginal pairs (found by no other rule).
RULES_SQL = """
WITH live AS (
    SELECT k.rule, k.key FROM block_key k JOIN block_cap c ON c.rule = k.rule
    GROUP BY k.rule, k.key, c.cap HAVING COUNT(*) > 1 AND COUNT(*) <= c.cap
),
found AS (
    SELECT DISTINCT k.rule, k.rec_id AS first, o.rec_id AS second
    FROM block_key k JOIN live l ON l.rule = k.rule AND l.key = k.key
    JOIN block_key o ON o.rule = k.rule AND o.key = k.key AND o.rec_id > k.rec_id
),
alone AS (SELECT MIN(rule) AS rule FROM found GROUP BY first, second HAVING COUNT(*) = 1),
marginal AS (SELECT rule, COUNT(*) AS marginal FROM alone GROUP BY rule)
SELECT f.rule, COUNT(*) AS pairs, COALESCE(MAX(m.marginal), 0) AS marginal
FROM found f LEFT JOIN marginal m ON m.rule = f.rule GROUP BY f.rule ORDER BY f.rule
"""

# What the caps left out: rule, key, size; for the import report.
DROPPED_SQL = """
SELECT k.rule, k.key, COUNT(*) AS size FROM block_key k JOIN block_cap c ON c.rule = k.rule
GROUP BY k.rule, k.key, c.cap HAVING COUNT(*) > c.cap
"""


def blocking(found: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    """How the rules did, one row a rule, from the rows of RULES_SQL and of DROPPED_SQL.

    `rule, name, pairs, marginal` (pairs that no other rule found), `cap`, `dropped` (blocks over the cap, which gave no
    pairs), `records` (block places in them) and `largest` (block).
    """
    rules = pl.DataFrame(
        {"rule": list(RULES), "name": list(RULES.values())}, schema={"rule": pl.UInt8, "name": pl.String}
    )
    left_out = dropped.group_by(pl.col("rule").cast(pl.UInt8)).agg(
        dropped=pl.len().cast(pl.Int64),
        records=pl.col("size").sum().cast(pl.Int64),
        largest=pl.col("size").max().cast(pl.Int64),
    )
    counted = found.select(pl.col("rule").cast(pl.UInt8), pl.col("pairs", "marginal").cast(pl.Int64))
    report = (
        rules.join(counted, on="rule", how="left")
        .join(CAPS, on="rule", how="left")
        .join(left_out, on="rule", how="left")
    )
    numbers = ("pairs", "marginal", "cap", "dropped", "records", "largest")
    return report.sort("rule").select("rule", "name", pl.col(numbers).fill_null(0))


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
    # Names in Latin letters are written in many ways: any of them, the date or the door alone proposes a pair.
    latin = pl.col("words").is_not_null()
    foreign = standard.filter(latin)
    # House number and, from an address on one line, the postcode.
    figures = pl.concat_list(pl.coalesce("room", "building"), pl.col("hukou").str.extract_all(r"[0-9]{4,}").list.last())
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
        LATIN_NAME: _texts(foreign, pl.when(pl.col("words").list.len() > 1).then("bare")),
        LATIN_DOB: dobs.join(foreign.select("rec_id"), on="rec_id", how="semi"),
        LATIN_PLACE: _lists(foreign, pl.concat_list("door", "hukou")),
        LATIN_NUMBER: _joined(_numbers(foreign, "readings"), _lists(foreign, figures)),
        # A slip leaves one end of a number as it was.
        DOCUMENT_HALF: _lists(standard, pl.concat_list(*_ends(pl.col("document")))),
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


def _ends(document: pl.Expr) -> tuple[pl.Expr, ...]:
    """The first and the last four characters of `type:number`, each with the type; null for short numbers."""
    kind, digits = document.str.extract(r"^([^:]*):"), document.str.extract(r":(.{6,})$")
    return tuple(
        pl.concat_str(kind, pl.lit(place), end) for place, end in (("<", digits.str.head(4)), (">", digits.str.tail(4)))
    )


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
