"""What people said about pairs of records: in force, to ask anew, without effect; the whole ledger and what rests on it."""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.frames import JUDGEMENTS
from oneform.store import Store

LEDGER = pl.Schema(
    {
        "entry": pl.Int64,  # its number for good: the ledger only grows
        "left": pl.String,  # file!sheet!row
        "right": pl.String,
        "answer": pl.String,
        "who": pl.String,
        "judged_at": pl.String,
        "reason": pl.String,
        "in_force": pl.Boolean,  # the newest word on its pair, and not a withdrawal
        "op": pl.Int64,
        "left_record": pl.Int64,
        "right_record": pl.Int64,
    }
)
IN_FORCE = pl.Schema([*JUDGEMENTS.items(), ("op", pl.Int64())])
UNMET = pl.Schema(
    {"left": pl.String, "right": pl.String, "reason": pl.String, "left_record": pl.Int64, "right_record": pl.Int64}
)

_IN_FORCE = """
SELECT "left", "right", max_by(answer, op) AS answer, max(op) AS op FROM judgement WHERE entity = 'person'
GROUP BY "left", "right" HAVING max_by(answer, op) <> 'withdrawn' ORDER BY 1, 2
"""

_NEWS = """
WITH newest AS (
  SELECT c.cluster, max(b.op) AS op
  FROM clustered c JOIN record r ON r.rec_id = c.rec_id JOIN import_batch b ON b.import_id = r.import_id GROUP BY ALL)
SELECT u."left", u."right", 'lapsed' AS answer
FROM unsure u JOIN clustered l ON l.rec_id = u."left" JOIN clustered g ON g.rec_id = u."right"
JOIN newest nl ON nl.cluster = l.cluster JOIN newest ng ON ng.cluster = g.cluster
WHERE greatest(nl.op, ng.op) > u.op ORDER BY 1, 2
"""

_UNMET = """
WITH linked AS (SELECT rec_id, entity_id FROM current_link WHERE entity = 'person'),
place AS (
  SELECT r.rec_id, b.file || '!' || r.sheet || '!' || r.row AS at FROM record r JOIN import_batch b USING (import_id)),
numbered AS (
  SELECT DISTINCT l.entity_id FROM linked l JOIN source_person p USING (rec_id)
  WHERE p.id_number__state IN ('valid18', 'upgraded15'))
SELECT a.at AS "left", z.at AS "right", CASE
    WHEN l.entity_id IN (FROM numbered) AND g.entity_id IN (FROM numbered) THEN 'judged_same_two_ids'
    ELSE 'judgements_contradict' END AS reason, s."left" AS left_record, s."right" AS right_record
FROM said s JOIN linked l ON l.rec_id = s."left" JOIN linked g ON g.rec_id = s."right"
JOIN place a ON a.rec_id = s."left" JOIN place z ON z.rec_id = s."right"
WHERE l.entity_id <> g.entity_id ORDER BY 1, 2
"""


_LEDGER = """
WITH place AS (
  SELECT r.rec_id, b.file || '!' || r.sheet || '!' || r.row AS at FROM record r JOIN import_batch b USING (import_id)),
numbered AS (
  SELECT row_number() OVER (ORDER BY op, "left", "right") AS entry, *,
         op = max(op) OVER (PARTITION BY "left", "right") AND answer <> 'withdrawn' AS in_force
  FROM judgement WHERE entity = 'person')
SELECT n.entry, l.at AS "left", g.at AS "right", n.answer, n.who, n.judged_at, n.reason, n.in_force, n.op,
       n."left" AS left_record, n."right" AS right_record
FROM numbered n LEFT JOIN place l ON l.rec_id = n."left" LEFT JOIN place g ON g.rec_id = n."right" ORDER BY 1
"""

# A later word rests on a «same» when it was said of the resident that this «same» had made: all three records were one.
_RESTING = """
WITH later AS (
  SELECT w."left" AS of_left, w."right" AS of_right, n.entry, n.op, n.left_record, n.right_record
  FROM wanted w JOIN entries j ON j.left_record = w."left" AND j.right_record = w."right" AND j.in_force AND j.answer = 'same'
  JOIN entries n ON n.op > j.op AND n.in_force AND n.answer IN ('same', 'not_same')
  WHERE NOT EXISTS (SELECT 1 FROM wanted x WHERE x."left" = n.left_record AND x."right" = n.right_record)),
ends AS (
  SELECT op, unnest([of_left, of_right, left_record, right_record]) AS rec_id FROM later),
was AS (
  SELECT e.op, e.rec_id, max_by(l.entity_id, l.op) AS entity_id
  FROM (SELECT DISTINCT op, rec_id FROM ends) e JOIN link l ON l.rec_id = e.rec_id AND l.entity = 'person' AND l.op < e.op
  GROUP BY ALL)
SELECT DISTINCT t.entry FROM later t
JOIN was a ON a.op = t.op AND a.rec_id = t.of_left
JOIN was z ON z.op = t.op AND z.rec_id = t.of_right AND z.entity_id = a.entity_id
LEFT JOIN was l ON l.op = t.op AND l.rec_id = t.left_record
LEFT JOIN was r ON r.op = t.op AND r.rec_id = t.right_record
WHERE l.entity_id = a.entity_id OR r.entity_id = a.entity_id ORDER BY 1
"""


def ledger(store: Store) -> pl.DataFrame:
    """LEDGER: every word of a person on a pair of records, in order; nothing is ever taken out of it."""
    return engine.collect(engine.sql(store.connection, _LEDGER)).match_to_schema(LEDGER)


def resting(store: Store, pairs: pl.DataFrame) -> pl.DataFrame:
    """LEDGER entries in force that were said of a resident whom a «same» on one of `pairs` (`left, right`) had made.

    Without that «same» nobody knows whom they meant. Entries about the pairs themselves are not among them.
    """
    entries = ledger(store)
    with engine.lend(store.connection, wanted=pairs.select("left", "right"), entries=entries):
        found = engine.collect(engine.sql(store.connection, _RESTING))
    return entries.join(found, on="entry", how="semi", maintain_order="left")


def in_force(store: Store) -> pl.DataFrame:
    """IN_FORCE: the newest judgement on each pair of records, with its op; a withdrawn one is no longer in force."""
    return engine.collect(engine.sql(store.connection, _IN_FORCE)).match_to_schema(IN_FORCE)


def lapsed(store: Store, judged: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """JUDGEMENTS `lapsed`: a person was unsure, and a record came since to a resident of theirs (of CLUSTERS)."""
    unsure = judged.filter(pl.col("answer") == "unsure")
    if unsure.is_empty():
        return pl.DataFrame(schema=JUDGEMENTS)
    with engine.lend(store.connection, unsure=unsure, clustered=clusters):
        return engine.collect(engine.sql(store.connection, _NEWS)).match_to_schema(JUDGEMENTS)


def unmet(store: Store) -> pl.DataFrame:
    """UNMET: pairs said to be one person that are two residents all the same, each row named `file!sheet!row`, and why.

    Two valid ID numbers are never one resident (`judged_same_two_ids`); or other judgements keep them apart
    (`judgements_contradict`).
    """
    said = in_force(store).filter(pl.col("answer") == "same")
    with engine.lend(store.connection, said=said):
        return engine.collect(engine.sql(store.connection, _UNMET)).match_to_schema(UNMET)
