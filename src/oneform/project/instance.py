"""project: golden frames → a private DuckDB instance that holds the declared columns and can reach nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer

import duckdb
import polars as pl

from oneform.mapping.model import Mapping as Form
from oneform.problems import refusal
from oneform.schema import Schema

SECONDS = 120.0  # what one form may take before it is interrupted
PARAMETERS = "parameter"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
    "memory_limit": "4GB",
}
_DTYPES = {"VARCHAR": pl.String(), "BIGINT": pl.Int64(), "DOUBLE": pl.Float64(), "BOOLEAN": pl.Boolean()}


class Instance:
    """One locked in-memory database; `rows` is the only way to ask it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def rows(self, query: str) -> pl.DataFrame:
        """Rows of a query, in its order. ConfigError OF504 when the engine refuses; its own text may quote cells."""
        try:
            rows: pl.DataFrame = self._con.sql(query).pl()
        except duckdb.Error as error:
            kind = type(error).__name__
        else:
            return rows
        raise refusal("OF504", what=f"表达式无法计算（{kind}）", what_en=f"an expression cannot be evaluated ({kind})")


@contextmanager
def instance(tables: Mapping[str, pl.DataFrame]) -> Iterator[Instance]:
    """Open a private instance with these tables and nothing else; interrupted if it takes too long."""
    con = duckdb.connect(":memory:", config=_CONFIG)
    timer = Timer(SECONDS, con.interrupt)
    timer.daemon = True
    try:
        timer.start()
        for name, frame in tables.items():
            con.register(name, frame)
        yield Instance(con)
    finally:
        timer.cancel()
        con.close()


def tables(golden: Mapping[str, pl.DataFrame], mapping: Form, schema: Schema) -> dict[str, pl.DataFrame]:
    """`golden_<entity>` → ids, references and declared fields of what a mapping needs; what golden lacks is null."""
    declared: dict[str, list[str]] = {}
    for owner, field in sorted(mapping.fields):
        declared.setdefault(owner, []).append(field)
    registered = {}
    for entity in (schema.entities[name] for name in sorted(mapping.entities)):
        names = declared.get(entity.name, [])
        dtypes: dict[str, pl.DataType] = {"entity_id": pl.Int64(), **dict.fromkeys(entity.refs, pl.Int64())}
        dtypes |= {name: _DTYPES[schema.sql_type(entity.fields[name])] for name in names}
        frame = golden.get(entity.name, pl.DataFrame(schema=dtypes))
        columns = [
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in dtypes.items()
        ]
        registered[f"golden_{entity.name}"] = frame.select(columns)
    return registered
