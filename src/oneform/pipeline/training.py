"""Fit the link model to the records of this store, on command, and link everything anew by it; how the blocking did.

Training is rare (a year, or after a first big import). What it learns is a version of its own in the store, and every
edge is weighed by one model: so all pairs are weighed again, as one act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from oneform import engine, link
from oneform.pipeline.identity import Settled, linkable, model_in_force, settle
from oneform.store import Store, begin_op
from oneform.store.models import save_model

_SEED = 20261120  # of the random pairs that chance agreement is counted on: the same store trains to the same model


@dataclass(frozen=True)
class Trained:
    """What came of it: `version` is in force now; `changed` False: it was before, and nothing was written.

    `settled` counts what the new weights did to residents.
    """

    report: link.TrainingReport
    version: str
    changed: bool
    settled: Settled | None


def train_model(store: Store, *, now: datetime, who: str, households: bool = True) -> Trained:
    """Fit the model to all live records and link them anew: one transaction, one op.

    Where a guard is broken (`report.broken`) the default model is what comes of it. Whether people of
    these records live together is found out; `households=False` is a person's word that they do not.
    """
    records = engine.collect(
        engine.sql(store.connection, "SELECT rec_id, waiting FROM record WHERE NOT waiting ORDER BY rec_id")
    )
    standard = link.standardise(linkable(store, records))
    with engine.lend(store.connection, fresh=standard.select("rec_id"), block_cap=link.CAPS):
        pairs = engine.collect(engine.sql(store.connection, link.PAIRS_SQL)).sort("left", "right")
    model, report = link.train(standard, pairs, seed=_SEED, households=households)
    if link.to_json(model) == link.to_json(model_in_force(store)):
        return Trained(report, model.version, changed=False, settled=None)
    with store.transaction():
        at = now.isoformat(timespec="seconds")
        op = begin_op(store, "train", at=at, who=who, detail=model.version)
        save_model(store, model.version, op, link.to_json(model), _note(report))
        store.connection.execute("DELETE FROM edge")
        store.connection.execute("DELETE FROM block_key")
        settled = settle(store, records, op)
    store.settle()
    return Trained(report, model.version, changed=True, settled=settled)


def _note(report: link.TrainingReport) -> str:
    """How the version came about, in one Chinese sentence."""
    if report.broken:
        return f"{'；'.join(link.BROKEN[name][0] for name in report.broken)}，改用默认模型。"
    found = f"同一人 {report.person_pairs:.0f} 对，"
    found += "没有同户不同人" if report.alone else f"同户不同人 {report.household_pairs:.0f} 对"
    return f"由 {report.records} 条记录估计：{found}。"


def blocking_report(store: Store) -> pl.DataFrame:
    """What each blocking rule finds, finds alone, and leaves out: the columns of `link.blocking`, one row a rule."""
    with engine.lend(store.connection, block_cap=link.CAPS):
        found = engine.collect(engine.sql(store.connection, link.RULES_SQL))
        dropped = engine.collect(engine.sql(store.connection, link.DROPPED_SQL))
    return link.blocking(found, dropped)
