"""What a person says about a sheet's columns and header rows → the Memory it is read with, the answers to keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from oneform import problems, recognise
from oneform.frames import Memory, Table, Workbook
from oneform.mapping.model import Mapping as Form
from oneform.schema import Field, Schema, header_key
from oneform.store import COLUMN, HEADER, Answer

NOTHING = "无"


@dataclass(frozen=True)
class Said:
    """What is said with a file: its own header → a field by label or name (无: nothing); its first and last header row."""

    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    header: tuple[int, int] | None = None


def memory_of(workbook: Workbook, schema: Schema, known: Memory, said: Said, form: Form | None) -> Memory:
    """All that people said about this file: what is remembered, what came back in the workbook, what is said now.

    UsageError when a column that is said is not there or a label names no field.
    """
    columns = dict(known.columns)
    for header, meant in recognise.answers(workbook, schema).items():
        columns["", recognise.path_key(header)] = meant
    headers = dict(known.headers)
    if said.header:
        headers |= {recognise.signature(sheet, said.header[1]): said.header for sheet in workbook.sheets}
    told = Memory(columns, headers)
    if not said.columns:
        return told
    tables = recognise.tables(workbook, schema, mapping=form, memory=told)
    for header, label in said.columns.items():
        places = _named(tables, header)
        about = places[0][0] if places else "person"
        field = None if label == NOTHING else _field(schema, about, label)
        for key in {key for _, key in places} or {recognise.path_key(header)}:
            columns["", key] = (field.entity, field.name) if field else None
    return Memory(columns, headers)


def unheard(tables: tuple[Table, ...], said: Said) -> None:
    """UsageError when a column that something was said about is in no table."""
    for header in said.columns:
        if not _named(tables, header):
            there = list(dict.fromkeys(column.header for table in tables for column in table.columns))
            raise problems.usage(
                f"表里没有「{header}」列，有：{'、'.join(there)}。",
                f"no column {header}; there are: {', '.join(there)}.",
            )


def answers(workbook: Workbook, tables: tuple[Table, ...], memory: Memory, said: Said) -> tuple[Answer, ...]:
    """What was answered with this file and held: to be remembered for the next sheet of its kind.

    An answer that the values vetoed is none.
    """
    found = [
        Answer(COLUMN, table.entity, key, column.header, field=memory.columns["", key])
        for table in tables
        for column in table.columns
        if ("", key := recognise.path_key(column.header)) in memory.columns
        and memory.columns["", key] == ((column.entity, column.field) if column.entity and column.field else None)
    ]
    if said.header:
        sheets = {table.sheet for table in tables if table.header_rows == said.header}
        found += [
            Answer(HEADER, "", recognise.signature(sheet, said.header[1]), sheet.name, rows=said.header)
            for sheet in workbook.sheets
            if sheet.name in sheets
        ]
    return tuple(dict.fromkeys(found))


def heard(table: Table, memory: Memory) -> str:
    """How people's answers made the table read otherwise: part of what makes its content the same again."""
    return ",".join(
        f"{column.index}={column.entity}.{column.field}"
        for column in table.columns
        if {("", key := recognise.path_key(column.header)), (table.entity, key)} & set(memory.columns)
    )


def _named(tables: tuple[Table, ...], header: str) -> list[tuple[str, str]]:
    """(entity the rows are about, path key) of the columns called so: by whole header path, else by its last part."""
    key, leaf = recognise.path_key(header), header_key(header)
    columns = [(table.entity, recognise.path_key(column.header)) for table in tables for column in table.columns]
    return [place for place in columns if place[1] == key] or [
        place for place in columns if place[1].rpartition("/")[2] == leaf
    ]


def _field(schema: Schema, about: str, label: str) -> Field:
    """The field of that label, alias or name in a table about `about`; `entity.field` names one for certain."""
    entity, dot, name = label.partition(".")
    if dot and entity in schema.entities and name in schema.entities[entity].fields:
        return schema.entities[entity].fields[name]
    main = schema.entities[about]
    near = [about, *main.refs.values(), *(one.name for one in schema.entities.values() if one.event == about)]
    homes = [schema.entities[name] for name in dict.fromkeys(near) if name in schema.entities]
    fields = [one for home in homes for one in home.fields.values() if not one.output_only and one.virtual is None]
    key = header_key(label)
    for match in (
        lambda one: one.name == label,
        lambda one: header_key(one.zh) == key,
        lambda one: key in map(header_key, one.aliases),
    ):
        found = [one for one in fields if match(one)]
        own = [one for one in found if one.entity == about] or found
        if len(own) == 1 or (own and own[0].entity == about):
            return own[0]
        if own:
            named = "、".join(f"{one.entity}.{one.name}（{schema.entities[one.entity].zh}）" for one in own)
            raise problems.usage(
                f"「{label}」可指 {named}，请写其中一个。", f"{label} may be {named}; write one of them."
            )
    known = "、".join(dict.fromkeys(one.zh for one in main.fields.values() if not one.output_only))
    raise problems.usage(
        f"没有字段「{label}」，{main.zh}有：{known}；不要这一列就写 {NOTHING}。", f"no field {label} for {main.en}."
    )
