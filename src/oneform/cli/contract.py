"""The machine-readable outcome of `check` and `import`: a stable contract, only ever extended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oneform.frames import Table
    from oneform.pipeline import Checked, Imported
    from oneform.schema import Schema


def understood(path: Path, checked: Checked, bound: Schema) -> dict[str, object]:
    """The stable JSON of `check`."""
    left_out = checked.left_out.filter(~checked.left_out["sheet"].is_in([table.sheet for table in checked.tables]))
    return {
        "file": str(path),
        "sheets": [_sheet(table, bound) for table in checked.tables],
        "problems": checked.problems.select("code", "sheet", "row", "column", "field", "message").to_dicts(),
        "counts": checked.counts,
        "left_out_sheets": left_out.select("sheet", "reason").to_dicts(),
        "notes": [zh for zh, _ in checked.workbook.notes],
    }


def _sheet(table: Table, bound: Schema) -> dict[str, object]:
    """One table; fields under the name people see them by: the parts of an origin are all `origin`."""
    names = {field.name: field.reported for entity in bound.entities.values() for field in entity.fields.values()}
    return {
        "name": table.sheet,
        "header_rows": list(table.header_rows),
        "data_rows": list(table.data_rows) if table.data_rows else None,
        "columns": [
            {
                "index": column.index,
                "header": column.header,
                "field": names[column.field] if column.field else None,
                "fields": [names[field] for _, field in column.parts]
                or ([names[column.field]] if column.field else []),
                "confidence": round(column.confidence, 3),
                "suggestions": [
                    {"field": names.get(field, field), "confidence": round(sure, 3)}
                    for field, sure in column.suggestions
                ],
            }
            for column in table.columns
        ],
        "left_out": [
            {
                name: value
                for name, value in row.items()
                if name == "reason" or (name in {"row", "column"} and value is not None)
            }
            for row in table.left_out.to_dicts()
        ],
        "facts": dict(table.facts),
    }


def taken(outcome: Imported) -> dict[str, object]:
    """What an import adds to it; a dry run tells its changes too."""
    return {
        "batch": outcome.batch,
        "source": outcome.source,
        "date": outcome.valid_on,
        "again": outcome.again,
        **({"delivered": {"form": outcome.delivered[0], "day": outcome.delivered[1]}} if outcome.delivered else {}),
        "new": outcome.new,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "queued_for_review": outcome.queued_for_review,
        "merged": outcome.merged,
        "split": outcome.split,
        "missing": outcome.missing.to_dicts(),
        "remembered": [answer.shown for answer in outcome.checked.answers],
        **({"dry_run": True, "changes": outcome.changes.drop("entity").to_dicts()} if outcome.dry_run else {}),
    }


def named_workbook(made: Path | None) -> dict[str, object]:
    """Where the workbook handed back was written."""
    return {"problem_workbook": str(made) if made else None}
