"""What people answered once: which field a column is, which rows are a sheet's header → listed, forgotten, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from oneform import engine, problems
from oneform.frames import Memory
from oneform.store.database import Store

COLUMN, HEADER = "column", "header"


@dataclass(frozen=True)
class Answer:
    """One thing a person said: `about` is what the rows of the sheet are about, `shown` the header as it was written.

    Of a column: the field it is (None: nothing). Of a header: its first and last row.
    """

    kind: str
    about: str
    key: str
    shown: str
    field: tuple[str, str] | None = None
    rows: tuple[int, int] | None = None


_IN_FORCE = """
WITH newest AS (SELECT *, row_number() OVER (PARTITION BY kind, about, key ORDER BY number DESC) AS age FROM memory)
SELECT number, kind, about, key, entity, field, first_row, last_row, shown, who, said_at, file FROM newest
WHERE age = 1 AND NOT forgotten ORDER BY number
"""


def memory_list(store: Store) -> pl.DataFrame:
    """The answers in force: `number, kind, about, key, entity, field, first_row, last_row, shown, who, said_at, file`."""
    return engine.collect(engine.sql(store.connection, _IN_FORCE))


def remembered(store: Store) -> Memory:
    """The answers in force, as recognise takes them; a field that the schema no longer has is left out."""
    columns: dict[tuple[str, str], tuple[str, str] | None] = {}
    headers: dict[str, tuple[int, int]] = {}
    for line in memory_list(store).iter_rows(named=True):
        if line["kind"] == HEADER:
            headers[line["key"]] = (line["first_row"], line["last_row"])
        elif line["field"] is None:
            columns[line["about"], line["key"]] = None
        elif line["entity"] in store.schema.entities and line["field"] in store.schema.entities[line["entity"]].fields:
            columns[line["about"], line["key"]] = (line["entity"], line["field"])
    return Memory(columns, headers)


def remember(store: Store, answers: list[Answer], op: int, *, at: str, who: str, file: str) -> None:
    """Append answers, inside a transaction; what is in force already is not said twice."""
    known = remembered(store)
    fresh = [one for one in answers if not _known(one, known)]
    rows: list[Mapping[str, object]] = [
        {
            "kind": one.kind,
            "about": one.about,
            "key": one.key,
            "entity": one.field[0] if one.field else None,
            "field": one.field[1] if one.field else None,
            "first_row": one.rows[0] if one.rows else None,
            "last_row": one.rows[1] if one.rows else None,
            "shown": one.shown,
            "forgotten": False,
            "file": file,
        }
        for one in fresh
    ]
    _append(store, rows, op, at=at, who=who)


def forget(store: Store, number: int, op: int, *, at: str, who: str) -> None:
    """Take an answer back, inside a transaction. UsageError when no answer in force has that number."""
    held = memory_list(store).filter(pl.col("number") == number)
    if held.is_empty():
        raise problems.usage(
            f"没有第 {number} 条记住的答案，请用 oneform memory 查看。",
            f"no remembered answer {number}; see oneform memory.",
        )
    row: Mapping[str, object] = held.drop("number", "who", "said_at").row(0, named=True)
    _append(store, [{**row, "forgotten": True}], op, at=at, who=who)


def _known(one: Answer, known: Memory) -> bool:
    if one.kind == HEADER:
        return known.headers.get(one.key) == one.rows
    place = (one.about, one.key)
    return place in known.columns and known.columns[place] == one.field


def _append(store: Store, rows: list[Mapping[str, object]], op: int, *, at: str, who: str) -> None:
    first = int(store.connection.execute("SELECT coalesce(max(number), 0) + 1 FROM memory").fetchall()[0][0])
    said = [{**row, "number": first + count, "who": who, "said_at": at, "op": op} for count, row in enumerate(rows)]
    texts = ("kind", "about", "key", "entity", "field", "shown", "who", "said_at", "file")
    schema = {"number": pl.Int64, "first_row": pl.Int32, "last_row": pl.Int32, "forgotten": pl.Boolean, "op": pl.Int64}
    engine.write(store.connection, pl.DataFrame(said, schema={**schema, **dict.fromkeys(texts, pl.String)}), "memory")
