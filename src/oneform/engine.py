"""Where set work runs: portable SQL text and pure functions on Arrow batches; DuckDB stands behind the five verbs.

Nothing above this module names an engine. A relation is whatever `sql` returns; it is only ever handed back to another
verb. Every read ends in `collect`, because an unfinished result keeps the connection busy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import duckdb
import polars as pl

Connection = duckdb.DuckDBPyConnection
Relation = duckdb.DuckDBPyRelation

BATCH_ROWS = 100_000  # rows of one Arrow batch handed to a function


@contextmanager
def lend(connection: Connection, **frames: pl.DataFrame) -> Iterator[None]:
    """Let queries see frames under the given names, as views, for the length of a `with` block."""
    for name, frame in frames.items():
        connection.register(name, frame)
    try:
        yield
    finally:
        for name in frames:
            with suppress(duckdb.Error):  # inside a failed transaction: its own error is the one to see
                connection.unregister(name)


def sql(connection: Connection, text: str, **params: str | float | None) -> Relation:
    """A query's relation; values only as named parameters (`$name`)."""
    return connection.sql(text, params=params) if params else connection.sql(text)


def map_arrow(connection: Connection, relation: Relation, function: Callable[[pl.DataFrame], pl.DataFrame]) -> Relation:
    """The relation that a pure function makes of each batch of another; the function may not look beyond its batch."""
    batches = [pl.DataFrame(pl.from_arrow(batch)) for batch in relation.to_arrow_reader(BATCH_ROWS)]
    mapped = pl.concat([function(batch) for batch in batches] or [function(relation.pl())])
    return connection.from_arrow(mapped.to_arrow())


def write(connection: Connection, rows: pl.DataFrame, name: str) -> None:
    """Append rows to a table by column name; a column the table has and the rows lack becomes null."""
    if rows.is_empty():
        return
    with lend(connection, incoming_rows=rows):
        connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM incoming_rows')  # noqa: S608 - our own table


def collect(relation: Relation) -> pl.DataFrame:
    """All rows, in the query's own order."""
    rows: pl.DataFrame = relation.pl()
    return rows
