"""Recognise, a workbook handed back: its summary sheet → what a person chose for the columns nobody could make out."""

from __future__ import annotations

from oneform.frames import MEANT, NOTHING, SUMMARY, UNKNOWN, Workbook
from oneform.schema import Schema

Meant = tuple[str, str] | None  # (entity, field); None: the column says nothing that is wanted


def answers(workbook: Workbook, schema: Schema) -> dict[str, Meant]:
    """Header path as it was shown → the entity and field chosen for it; {} when nothing was asked or chosen.

    A choice that names no field of the schema, or one that is never stored, is no answer. Two different answers for one
    header are none either.
    """
    summary = next((sheet.texts for sheet in workbook.sheets if sheet.name.strip() == SUMMARY), None)
    if summary is None or summary.is_empty():
        return {}
    lines = [[text.strip() if text else "" for text in line] for line in summary.rows()]
    top = next((at for at, line in enumerate(lines) if line[0] == UNKNOWN and MEANT in line), None)
    if top is None:
        return {}
    column = lines[top].index(MEANT)
    found: dict[str, set[Meant]] = {}
    for line in lines[top + 1 :]:
        if not line[0]:
            break
        if line[column] == NOTHING:
            found.setdefault(line[0], set()).add(None)
        elif meant := _meant(line[column], schema):
            found.setdefault(line[0], set()).add(meant)
    return {header: chosen.pop() for header, chosen in found.items() if len(chosen) == 1}


def _meant(text: str, schema: Schema) -> Meant:
    """`工作单位`, or `住房·备注` where several entities have a field of that name."""
    about, _, name = text.rpartition("·")
    fields = [
        (entity.name, field.name)
        for entity in schema.entities.values()
        for field in entity.stored
        if field.zh == name and (not about or entity.zh == about)
    ]
    return fields[0] if len(fields) == 1 else None
