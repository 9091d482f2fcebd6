"""What people said about pairs of records: the judgements in force, those to ask anew, those that had no effect."""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.frames import JUDGEMENTS
from oneform.store import Store

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
