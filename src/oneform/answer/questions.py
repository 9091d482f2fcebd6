"""answer: a TABLE's columns that nothing was bound to → what a person may say they are."""

from __future__ import annotations

from collections.abc import Iterator

from oneform.frames import Column, Table
from oneform.schema import Schema

WORTH_ASKING = 0.7  # a suggestion below it is a guess among guesses


def asked(table: Table, schema: Schema) -> Iterator[tuple[Column, tuple[str, ...]]]:
    """The filled columns nothing was bound to that a person can settle: up to three labels each, best first."""
    taken = {column.field for column in table.columns}
    for column in table.columns:
        if column.field or column.denied or table.cells[f"c{column.index}"].is_null().all():
            continue
        if max((sure for name, sure in column.suggestions if name not in taken), default=0) < WORTH_ASKING:
            continue
        likely = [name for name, _ in column.suggestions if name not in taken]
        yield column, tuple(dict.fromkeys(label(schema, *_home(schema, table.entity, name)) for name in likely))[:3]


def label(schema: Schema, entity: str, name: str) -> str:
    """A field as people choose it: its Chinese name, with the entity's before it where several fields bear it."""
    zh = schema.entities[entity].fields[name].zh
    bearers = sum(one.zh == zh for about in schema.entities.values() for one in about.fields.values())
    return zh if bearers == 1 else f"{schema.entities[entity].zh}·{zh}"


def _home(schema: Schema, entity: str, name: str) -> tuple[str, str]:
    """The entity a suggested field is of: the row's own, the person, else the first that has it."""
    homes = [schema.entities[entity], schema.entities["person"], *schema.entities.values()]
    return next(one.name for one in homes if name in one.fields), name
