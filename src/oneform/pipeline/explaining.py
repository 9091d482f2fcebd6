"""Why rows are one resident or not: two rows, or all rows of a resident → weights in steps, sentences, what people said."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from oneform import engine, link, problems
from oneform.pipeline import judging
from oneform.pipeline.identity import linkable
from oneform.pipeline.reviewing import side_by_side
from oneform.store import Store
from oneform.store.history import lived, records_at, resolved


@dataclass(frozen=True)
class Step:
    """One step of a match weight, in log2: `zh` and `en` say what was found."""

    step: str
    level: str | None
    weight: float
    zh: str
    en: str


@dataclass(frozen=True)
class Pair:
    """Two rows compared: the steps add up to `weight`; `reason` names the rule that overrode it, if not `scored`.

    `together`: they are one resident now. `said` is the answer of a person in force (`entry` its number), `asked` the
    reason why the pair waits for one.
    """

    left: str
    right: str
    weight: float
    probability: float
    verdict: str
    reason: str
    steps: tuple[Step, ...]
    zh: str
    en: str
    together: bool
    said: str | None
    entry: int | None
    asked: str | None
    sides: pl.DataFrame  # field, left, right


@dataclass(frozen=True)
class Resident:
    """A resident's rows, each with the strongest comparison that ties it to one of the rows before; and where they lived.

    `asked` is the number asked for: another than `resident` where that one went into this by a merge.
    """

    asked: int
    resident: int
    rows: tuple[str, ...]
    ties: tuple[Pair, ...]
    history: pl.DataFrame  # store.history.LIVED


def explain_pair(store: Store, left: str, right: str) -> Pair:
    """Two rows, each named `file!sheet!row`. UsageError for a row that is not there or not about a person."""
    found = records_at(store, left, right)
    for place in (left, right):
        if place not in found:
            raise problems.usage(
                f"没有这一行：{place}。请写成 文件!工作表!行，如 三号网格.xlsx!人口!5（oneform links --csv 列出全部）。",
                f"no such row: {place}; write file!sheet!row (oneform links --csv lists them).",
            )
    if found[left] == found[right]:
        raise problems.usage("两边是同一行，请给出两行。", "both are the same row; name two.")
    pairs = _pairs(store, [(found[left], found[right])])
    if not pairs:
        raise problems.usage(
            "这两行里有一行不是关于人的（或还在等补填），无法比较。", "one of the rows is not about a person, or waits."
        )
    return pairs[0]


def explain_resident(store: Store, resident: int) -> Resident:
    """A resident by number; a number merged away gives the resident it went into. UsageError for an unknown one."""
    known = resolved(store, resident)
    if known.is_empty():
        raise problems.usage(f"没有居民 {resident}：oneform residents。", f"no resident {resident}: oneform residents.")
    alive = int(known["resident"][0])
    members = store.connection.execute(_MEMBERS, {"resident": alive}).fetchall()
    ties = _tree([int(row[0]) for row in members], store)
    return Resident(
        resident, alive, tuple(str(row[1]) for row in members), tuple(_pairs(store, ties)), lived(store, alive)
    )


_MEMBERS = """
SELECT l.rec_id, b.file || '!' || r.sheet || '!' || r.row
FROM current_link l JOIN record r USING (rec_id) JOIN import_batch b USING (import_id)
WHERE l.entity = 'person' AND l.entity_id = $resident ORDER BY b.valid_on, r.rec_key
"""

_TIES = """
SELECT "left", "right", weight, CASE WHEN reason = 'same_id' THEN 1 ELSE 2 END AS tier FROM edge
WHERE verdict = 'same' AND "left" IN (SELECT rec_id FROM members) AND "right" IN (SELECT rec_id FROM members)
UNION ALL SELECT "left", "right", 0, 0 FROM said WHERE answer = 'same'
  AND "left" IN (SELECT rec_id FROM members) AND "right" IN (SELECT rec_id FROM members)
ORDER BY tier, weight DESC, "left", "right"
"""


def _tree(members: list[int], store: Store) -> list[tuple[int, int]]:
    """The strongest ties that hold the rows together: each joins what those before it left apart."""
    frame = pl.DataFrame({"rec_id": members}, schema={"rec_id": pl.Int64})
    with engine.lend(store.connection, members=frame, said=judging.in_force(store)):
        ties = engine.collect(engine.sql(store.connection, _TIES))
    part = {record: record for record in members}
    kept = []
    for left, right in ties.select("left", "right").iter_rows():
        if part[left] != part[right]:
            kept.append((left, right))
            old, new = part[right], part[left]
            part = {record: new if where == old else where for record, where in part.items()}
    return kept


_STANDING = """
WITH place AS (
  SELECT r.rec_id, b.file || '!' || r.sheet || '!' || r.row AS at FROM record r JOIN import_batch b USING (import_id))
SELECT w."left", w."right", l.at AS left_at, g.at AS right_at, a.entity_id = z.entity_id AS together, v.reason AS asked,
       s.answer, s.entry
FROM wanted w JOIN place l ON l.rec_id = w."left" JOIN place g ON g.rec_id = w."right"
LEFT JOIN current_link a ON a.rec_id = w."left" AND a.entity = 'person'
LEFT JOIN current_link z ON z.rec_id = w."right" AND z.entity = 'person'
LEFT JOIN review v ON v."left" = w."left" AND v."right" = w."right"
LEFT JOIN entries s ON s.left_record = w."left" AND s.right_record = w."right" AND s.in_force
"""


def _pairs(store: Store, pairs: list[tuple[int, int]]) -> list[Pair]:
    """The pairs in order, weighed as every pair is; those of which a row is about no person are left out."""
    ordered = [(min(pair), max(pair)) for pair in pairs]
    wanted = pl.DataFrame(ordered, schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    ends = pl.concat([wanted["left"], wanted["right"]]).unique().to_frame("rec_id")
    standard = link.standardise(linkable(store, ends))
    known = standard["rec_id"].implode()
    wanted = wanted.filter(pl.col("left").is_in(known) & pl.col("right").is_in(known))
    if wanted.is_empty():
        return []
    edges = link.weigh(wanted, standard)
    steps = link.waterfall(edges, standard).partition_by("left", "right", as_dict=True)
    with engine.lend(store.connection, wanted=wanted, entries=judging.ledger(store)):
        found = engine.collect(engine.sql(store.connection, _STANDING))
    standing = {(row["left"], row["right"]): row for row in found.iter_rows(named=True)}
    people = {row["rec_id"]: row for row in standard.iter_rows(named=True)}
    told = []
    for edge in edges.iter_rows(named=True):
        pair = (edge["left"], edge["right"])
        now, sides = standing[pair], (people[pair[0]], people[pair[1]])
        told.append(
            Pair(
                left=now["left_at"],
                right=now["right_at"],
                weight=edge["weight"],
                probability=edge["probability"],
                verdict=edge["verdict"],
                reason=edge["reason"],
                steps=tuple(
                    Step(
                        row["step"],
                        row["level"],
                        round(row["weight"], 6),
                        link.step_words(row["step"], row["level"]),
                        link.step_words(row["step"], row["level"], english=True),
                    )
                    for row in steps[pair].iter_rows(named=True)
                ),
                zh=link.sentence(edge, *sides, asked=now["asked"]),
                en=link.sentence(edge, *sides, asked=now["asked"], english=True),
                together=bool(now["together"]),
                said=now["answer"],
                entry=now["entry"],
                asked=now["asked"],
                sides=side_by_side(store, *pair),
            )
        )
    return told
