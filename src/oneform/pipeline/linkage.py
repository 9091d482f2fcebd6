"""How good the links are, told without labels: the stored edges, block keys, links and questions → a LinkageReport.

Precision is what the model itself claims of the pairs it joined. Recall is capture–recapture: blocking by number and
blocking by telephone or place go by different columns, so what one finds tells how much the other misses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from oneform import engine, link
from oneform.link import block
from oneform.pipeline import judging
from oneform.store import Store
from oneform.store.models import model_list

GROUNDS = {
    "judged": ("人工判定同一人", "a person said so"),
    "same_id": ("证号相同", "same ID number"),
    "damaged_tail": ("姓名相同，证号只是后几位丢失", "same name, an ID number that lost its end"),
    "scored": ("各项加总够高", "weight of all fields together"),
    "sole_bearer": ("姓名少见，同一小区或村组", "a rare name at one place"),
    "unnamed": ("一方没写全姓名，其余相符", "one row has no full name, the rest agrees"),
    "through_others": ("靠同一人的其他行连上", "joined through other rows of the resident"),
}
# Why a pair waits for a person, or was not joined although its own evidence is strong.
REASONS = {
    "one_id_two_people": ("一个证号，像是两个人", "one ID number, perhaps two people"),
    "possible_duplicate_id": ("两个有效证号，像是一个人", "two valid ID numbers, perhaps one person"),
    "two_valid_ids": ("两边有不同的有效证号", "two different valid ID numbers"),
    "twins": ("可能是双胞胎", "perhaps twins"),
    "said_to_differ": ("有人判定过不是同一人", "a person said they differ"),
    "speaks_against": ("合并后与其他行矛盾", "joined they would contradict other rows"),
    "ambiguous": ("同样也符合另一个人", "fits somebody else as well"),
    "unnamed": ("一方没写全姓名", "one row has no full name"),
    "scored": ("证据不够，拿不准", "not enough evidence either way"),
}
ASSUMES = (
    "按「证号」和按「电话、住址」两组独立找人，用两组重合的多少推算总数；假定两组互不相关。"
    "同一张表常常两样都写，实际召回率可能比这个数略低。",
    "estimated from how far blocking by ID number and blocking by phone or place overlap, as if they were independent; "
    "sheets that hold both columns may make the true recall somewhat lower.",
)

# The two captures: rules that look at the number only, rules that look at neither number nor birth date.
_BY_NUMBER = (block.SAME_ID, block.FIRST15, block.ID_7_TO_18)
_BY_CONTACT = (
    block.PHONE,
    block.NAME_PHONE,
    block.READING_ESTATE,
    block.PLACE_SURNAME_SEX,
    block.LATIN_PLACE,
    block.LATIN_NUMBER,
)
_RECAPTURED = 7  # pairs in both captures; with fewer the estimate means nothing
_COUNTED = 10_000_000  # pairs a rule, all rules together, that are counted one by one; of more a share of the records
_SHOWN = 20  # refused pairs and largest residents that are named

COUNTS = pl.Schema({"reason": pl.String, "pairs": pl.Int64})
REFUSED = pl.Schema(
    {"left": pl.String, "right": pl.String, "match_weight": pl.Float64, "reason": pl.String, "waits": pl.Boolean}
)


@dataclass(frozen=True)
class Recall:
    """Share of the pairs of rows of one person that were joined, with its 95 % interval; and what it was made of."""

    estimate: float
    low: float
    high: float
    by_number: int  # joined pairs that blocking by number found
    by_contact: int  # … by telephone or place
    by_both: int
    expected: float  # pairs of rows of one person that there should be


@dataclass(frozen=True)
class InForce:
    """The model all edges are weighed by: `number` counts the versions trained here, 0: none, the default is in force.

    `fallback`: it was trained and a guard was broken, so the newest version is the default; `note` says why.
    """

    version: str
    number: int
    fallback: bool
    note: str
    trained_at: str


@dataclass(frozen=True)
class LinkageReport:
    """How well rows about people were linked, as far as it can be told without labels; null where nothing can be.

    A pair is two rows. `grounds` (ground, pairs, probability): what joined the compared pairs of one resident, and how
    likely each is one person. `sizes` (rows, residents). `blocking`: `link.blocking`; counted on one in `counted_of`
    records, then estimated from them. `reviews` (reason, pairs) wait; `refused` (reason, pairs, waiting) are pairs of
    strong evidence in two residents, the strongest in `refused_pairs` (REFUSED).
    """

    rows: int
    residents: int
    merged_pairs: int
    compared_pairs: int
    precision: float | None
    recall: Recall | None
    grounds: pl.DataFrame
    sizes: pl.DataFrame
    largest: pl.DataFrame  # resident, rows
    blocking: pl.DataFrame
    counted_of: int
    reviews: pl.DataFrame
    refused: pl.DataFrame
    refused_pairs: pl.DataFrame
    model: InForce


_MINE = "mine AS (SELECT rec_id, entity_id FROM current_link WHERE entity = 'person')"

_SIZES = f"""
WITH {_MINE}, sized AS (SELECT entity_id, COUNT(*) AS rows FROM mine GROUP BY entity_id)
SELECT rows, COUNT(*) AS residents FROM sized GROUP BY rows ORDER BY rows
"""  # noqa: S608 - put together from constants of this module, as are the next four

_LARGEST = f"""
WITH {_MINE}
SELECT entity_id AS resident, COUNT(*) AS rows FROM mine GROUP BY entity_id
HAVING COUNT(*) > 1 ORDER BY rows DESC, resident LIMIT {_SHOWN}
"""  # noqa: S608

# What is certain counts as 1: a person's word, one valid number.
_GROUNDS = f"""
WITH {_MINE},
joined AS (
  SELECT CASE WHEN s.answer = 'same' THEN 'judged' WHEN e.verdict = 'same' THEN e.reason ELSE 'through_others' END
           AS ground, e.probability
  FROM edge e JOIN mine a ON a.rec_id = e."left" JOIN mine z ON z.rec_id = e."right" AND z.entity_id = a.entity_id
  LEFT JOIN said s ON s."left" = e."left" AND s."right" = e."right")
SELECT ground, COUNT(*) AS pairs,
       AVG(CASE WHEN ground IN ('judged', 'same_id') THEN 1.0 ELSE probability END) AS probability
FROM joined GROUP BY ground ORDER BY pairs DESC, ground
"""  # noqa: S608

# What is neither joined nor said to differ and may still be one person, in pairs.
_DOUBTFUL = f"""
WITH {_MINE}
SELECT COALESCE(SUM(e.probability), 0) FROM edge e
LEFT JOIN mine a ON a.rec_id = e."left" LEFT JOIN mine z ON z.rec_id = e."right"
LEFT JOIN said s ON s."left" = e."left" AND s."right" = e."right" AND s.answer = 'not_same'
WHERE e.verdict = 'review' AND e.reason = 'scored' AND a.entity_id <> z.entity_id AND s.answer IS NULL
"""  # noqa: S608

_LIVE = """live AS (
  SELECT k.rule, k.key, c.bit, COUNT(*) AS size FROM block_key k JOIN block_cap c ON c.rule = k.rule
  GROUP BY k.rule, k.key, c.cap, c.bit HAVING COUNT(*) > 1 AND COUNT(*) <= c.cap)"""

_EXTENT = f"WITH {_LIVE} SELECT CAST(COALESCE(SUM(size * (size - 1) / 2), 0) AS BIGINT) FROM live"  # noqa: S608

# Every candidate pair once, with the set of rules that found it as a sum of bits: how many pairs each such set has.
_FOUND = f"""
WITH {_MINE}, {_LIVE},
found AS (
  SELECT k.rec_id AS "left", o.rec_id AS "right", BIT_OR(l.bit) AS rules
  FROM block_key k JOIN live l ON l.rule = k.rule AND l.key = k.key
  JOIN block_key o ON o.rule = k.rule AND o.key = k.key AND o.rec_id > k.rec_id
  WHERE k.rec_id % $step = 0 GROUP BY k.rec_id, o.rec_id)
SELECT f.rules, COALESCE(a.entity_id = z.entity_id, FALSE) AS joined, COUNT(*) AS pairs
FROM found f LEFT JOIN mine a ON a.rec_id = f."left" LEFT JOIN mine z ON z.rec_id = f."right"
GROUP BY f.rules, joined ORDER BY f.rules, joined
"""  # noqa: S608

_REVIEWS = """
SELECT reason, COUNT(*) AS pairs FROM review WHERE reason NOT IN (SELECT reason FROM told)
GROUP BY reason ORDER BY pairs DESC, reason
"""

# A question between two residents speaks for every pair between them.
_REFUSED = f"""
WITH {_MINE},
ends AS (
  SELECT e."left", e."right", e.weight, a.entity_id AS one, z.entity_id AS other
  FROM edge e JOIN mine a ON a.rec_id = e."left" JOIN mine z ON z.rec_id = e."right"
  WHERE e.verdict = 'same' AND a.entity_id <> z.entity_id),
asked AS (
  SELECT LEAST(a.entity_id, z.entity_id) AS low, GREATEST(a.entity_id, z.entity_id) AS high, MIN(v.reason) AS reason
  FROM review v JOIN mine a ON a.rec_id = v."left" JOIN mine z ON z.rec_id = v."right"
  WHERE v.reason NOT IN (SELECT reason FROM told) GROUP BY 1, 2),
denied AS (
  SELECT DISTINCT LEAST(a.entity_id, z.entity_id) AS low, GREATEST(a.entity_id, z.entity_id) AS high
  FROM said s JOIN mine a ON a.rec_id = s."left" JOIN mine z ON z.rec_id = s."right" WHERE s.answer = 'not_same'),
numbered AS (
  SELECT m.entity_id, MIN(p.id_number) AS number FROM mine m JOIN source_person p ON p.rec_id = m.rec_id
  WHERE p.id_number__state IN ('valid18', 'upgraded15')
    AND m.entity_id IN (SELECT one FROM ends UNION SELECT other FROM ends) GROUP BY m.entity_id)
SELECT e."left", e."right", e.weight, q.reason IS NOT NULL AS waits,
       CASE WHEN d.low IS NOT NULL THEN 'said_to_differ'
            WHEN n.number <> o.number THEN 'two_valid_ids'
            ELSE COALESCE(q.reason, 'speaks_against') END AS reason
FROM ends e LEFT JOIN numbered n ON n.entity_id = e.one LEFT JOIN numbered o ON o.entity_id = e.other
LEFT JOIN denied d ON d.low = LEAST(e.one, e.other) AND d.high = GREATEST(e.one, e.other)
LEFT JOIN asked q ON q.low = LEAST(e.one, e.other) AND q.high = GREATEST(e.one, e.other)
"""  # noqa: S608

_PLACED = """
SELECT b.file || '!' || r.sheet || '!' || r.row AS "left", c.file || '!' || s.sheet || '!' || s.row AS "right",
       f.weight AS match_weight, f.reason, f.waits
FROM refused f JOIN record r ON r.rec_id = f."left" JOIN import_batch b ON b.import_id = r.import_id
JOIN record s ON s.rec_id = f."right" JOIN import_batch c ON c.import_id = s.import_id
ORDER BY match_weight DESC, r.rec_key, s.rec_key LIMIT $shown
"""


def linkage_report(store: Store) -> LinkageReport:
    """How well the rows about people are linked; nothing is written."""
    connection = store.connection
    said = judging.in_force(store)
    sizes = engine.collect(engine.sql(connection, _SIZES))
    merged = int(sizes.select((pl.col("residents") * (pl.col("rows") * (pl.col("rows") - 1) // 2)).sum()).item())
    with engine.lend(connection, said=said):
        grounds = engine.collect(engine.sql(connection, _GROUNDS))
        doubtful = float(engine.collect(engine.sql(connection, _DOUBTFUL)).item())
    compared = int(grounds["pairs"].sum())
    precision = float((grounds["pairs"] * grounds["probability"]).sum()) / compared if compared else None
    found, step = _found(store)
    with engine.lend(connection, block_cap=link.CAPS):
        dropped = engine.collect(engine.sql(connection, link.DROPPED_SQL))
    told = pl.DataFrame({"reason": list(link.CONTRADICTIONS)})
    with engine.lend(connection, said=said, told=told):
        reviews = engine.collect(engine.sql(connection, _REVIEWS)).match_to_schema(COUNTS)
        refused = engine.collect(engine.sql(connection, _REFUSED))
    with engine.lend(connection, refused=refused):
        placed = engine.collect(engine.sql(connection, _PLACED, shown=_SHOWN))
    return LinkageReport(
        rows=int((sizes["rows"] * sizes["residents"]).sum()),
        residents=int(sizes["residents"].sum()),
        merged_pairs=merged,
        compared_pairs=compared,
        precision=precision,
        recall=_recall(found, step, right=merged * (precision or 0.0), doubtful=doubtful),
        grounds=grounds,
        sizes=sizes,
        largest=engine.collect(engine.sql(connection, _LARGEST)),
        blocking=link.blocking(_by_rule(found, step), dropped),
        counted_of=step,
        reviews=reviews,
        refused=refused.group_by("reason")
        .agg(pairs=pl.len().cast(pl.Int64), waiting=pl.col("waits").sum().cast(pl.Int64))
        .sort(["pairs", "reason"], descending=[True, False]),
        refused_pairs=placed.select(REFUSED.names()).match_to_schema(REFUSED),
        model=_in_force(store),
    )


def _found(store: Store) -> tuple[pl.DataFrame, int]:
    """`rules` (a sum of bits), `joined`, `pairs`: how many candidate pairs; counted on one in so many records."""
    caps = link.CAPS.with_columns(bit=_bit(pl.col("rule")))
    with engine.lend(store.connection, block_cap=caps):
        extent = engine.collect(engine.sql(store.connection, _EXTENT)).item()
        step = max(1, math.ceil(extent / _COUNTED))
        return engine.collect(engine.sql(store.connection, _FOUND, step=step)), step


def _bit(rule: pl.Expr) -> pl.Expr:
    return pl.lit(2, pl.Int64).pow(rule.cast(pl.Int64)).cast(pl.Int64)


def _by_rule(found: pl.DataFrame, step: int) -> pl.DataFrame:
    """`rule, pairs, marginal` (pairs no other rule found)."""
    rows = []
    for rule in link.RULES:
        mine = found.filter((pl.col("rules") & (1 << rule)) != 0)
        alone = mine.filter(pl.col("rules") == 1 << rule)
        rows.append((rule, int(mine["pairs"].sum()) * step, int(alone["pairs"].sum()) * step))
    return pl.DataFrame(rows, schema={"rule": pl.UInt8, "pairs": pl.Int64, "marginal": pl.Int64}, orient="row")


def _recall(found: pl.DataFrame, step: int, *, right: float, doubtful: float) -> Recall | None:
    """Chapman's estimate over the joined pairs; None where too few are found both ways.

    `right`: joined pairs that are one person; `doubtful`: pairs that wait and are. Fewer than these cannot be there.
    """
    numbers, contacts = (sum(1 << rule for rule in rules) for rules in (_BY_NUMBER, _BY_CONTACT))
    joined = found.filter("joined").with_columns(
        number=(pl.col("rules") & numbers) != 0, contact=(pl.col("rules") & contacts) != 0
    )
    first, second, both = (
        int(joined.filter(held)["pairs"].sum())
        for held in (pl.col("number"), pl.col("contact"), pl.col("number") & pl.col("contact"))
    )
    if both < _RECAPTURED:
        return None
    there = (first + 1) * (second + 1) / (both + 1) - 1
    spread = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    beside = 1.96 * math.sqrt(spread)
    most, likely, least = (max(n * step, right + doubtful) for n in (there + beside, there, there - beside))
    return Recall(right / likely, right / most, right / least, first * step, second * step, both * step, likely)


def _in_force(store: Store) -> InForce:
    versions = model_list(store)
    if versions.is_empty():
        return InForce(link.DEFAULT.version, 0, fallback=False, note="", trained_at="")
    newest = versions.row(-1, named=True)
    fallback = newest["version"] == link.DEFAULT.version
    return InForce(newest["version"], versions.height, fallback, newest["note"] or "", newest["acted_at"])
