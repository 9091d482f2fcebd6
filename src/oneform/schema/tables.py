"""schema: SCHEMA → the DDL of its tables and the ALIASES frame that headers are looked up in."""

from __future__ import annotations

import polars as pl

from oneform.schema.model import Entity, Field, Schema, header_key

_ALIASES = pl.Schema(
    {"key": pl.String, "entity": pl.String, "field": pl.String, "alone": pl.Boolean, "denied": pl.Boolean}
)


def aliases(schema: Schema) -> pl.DataFrame:
    """Every header key a field answers to, once per field: key, entity, field, alone, denied.

    `alone` false: the key needs a group, a role or the sheet's subject beside it. Denied fields have the entity "".
    """
    rows = [
        (key, one.entity, one.name, alone, denied)
        for fields, denied in ((_all_fields(schema), False), (schema.denied, True))
        for one in fields
        for key, alone in _keys(one).items()
    ]
    return pl.DataFrame(rows, schema=_ALIASES, orient="row")


def ddl(schema: Schema) -> list[str]:
    """CREATE TABLE statements: `source_<entity>` for what rows said, `golden_<entity>` for what survives.

    Held ids keep what was read and how good it was in `<field>__seen` and `<field>__state`. `prov` holds one rec_id
    per stored field, in the order of `Schema.stored`. No keys, indexes or defaults: invariants are queries.
    """
    statements = []
    for entity in schema.entities.values():
        statements += [_source(schema, entity), _golden(schema, entity)]
    return statements


def _all_fields(schema: Schema) -> list[Field]:
    return [one for entity in schema.entities.values() for one in entity.fields.values()]


def _keys(one: Field) -> dict[str, bool]:
    keys = {header_key(text): False for text in one.context_aliases}
    return keys | {header_key(text): True for text in one.aliases}


def _source(schema: Schema, entity: Entity) -> str:
    columns = [("rec_id", "BIGINT"), ("import_id", "BIGINT"), ("sheet", "VARCHAR"), ("row", "INTEGER")]
    for one in entity.stored:
        columns.append((one.name, schema.sql_type(one)))
        if one.kind == "resident_id":
            columns += [(f"{one.name}__seen", "VARCHAR"), (f"{one.name}__state", "VARCHAR")]
    columns += [("held", "VARCHAR"), ("raw", "VARCHAR"), ("extras", "VARCHAR")]
    return _create(f"source_{entity.name}", columns)


def _golden(schema: Schema, entity: Entity) -> str:
    columns = [("entity_id", "BIGINT")]
    columns += [(one.name, schema.sql_type(one)) for one in entity.stored]
    columns += [(name, "BIGINT") for name in entity.refs]
    columns += [("prov", "BIGINT[]")]
    return _create(f"golden_{entity.name}", columns)


def _create(table: str, columns: list[tuple[str, str]]) -> str:
    body = ", ".join(f"{_quoted(name)} {kind}" for name, kind in columns)
    return f"CREATE TABLE {_quoted(table)} ({body})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
