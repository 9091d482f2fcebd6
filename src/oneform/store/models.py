"""Versions of the link model: appended, never changed; the newest is in force."""

from __future__ import annotations

import hashlib

import polars as pl

from oneform import engine
from oneform.store.database import Store


def save_model(store: Store, version: str, op: int, parameters: str, note: str) -> None:
    """Append a version, inside a transaction; `parameters` is its JSON, `note` says in words how it came about."""
    sha256 = hashlib.sha256(parameters.encode()).hexdigest()
    row = {"version": version, "op": op, "parameters": parameters, "sha256": sha256, "note": note}
    engine.write(store.connection, pl.DataFrame([row]), "model")


def latest_model(store: Store) -> str | None:
    """The JSON of the version in force; None where none was ever saved."""
    found = store.connection.execute("SELECT max_by(parameters, op) FROM model").fetchall()
    return None if found[0][0] is None else str(found[0][0])


def model_list(store: Store) -> pl.DataFrame:
    """Every version: `version, op, sha256, note, who, acted_at`, oldest first."""
    return engine.collect(
        engine.sql(
            store.connection,
            """SELECT m.version, m.op, m.sha256, m.note, o.who, o.acted_at
               FROM model m JOIN op o ON o.op = m.op ORDER BY m.op""",
        )
    )
