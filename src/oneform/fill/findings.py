"""fill: what did not fit while a workbook was written → rows of PROBLEMS; what the template forbids among it.

A value that breaks the template's own dropdown or rule is written all the same: what a department forbids is for people
to settle, never to be dropped unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from oneform import problems
from oneform.fill.compiled import Area, Compiled, Limit
from oneform.fill.lists import Dropdown
from oneform.frames import PROBLEMS
from oneform.ooxml import refs

SHOWN = 5  # allowed values a message names

_NOTHING = pl.DataFrame(schema=PROBLEMS)


@dataclass
class Findings:
    """What did not fit while writing, as rows of PROBLEMS; `pending` values are checked before anyone looks."""

    rows: list[dict[str, object]] = field(default_factory=list)
    pending: Pending = field(default_factory=lambda: Pending())  # noqa: PLW0108 - the class stands below

    def add(
        self, code: str, sheet: str, at: tuple[int, int] | None, header: str | None = None, **facts: object
    ) -> None:
        """One finding at a cell (row, column) or, without one, about the sheet."""
        row, column = at or (None, None)
        said = problems.fault(code, "", **facts)
        self.rows.append(
            {
                "sheet": sheet,
                "row": row,
                "column": column,
                "header": header,
                "field": None,
                "code": code,
                "level": problems.level(code),
                "message": said.zh,
                "message_en": said.en,
            }
        )

    def breaks(self, limit: Limit, found: str, sheet: str, at: tuple[int, int], header: str) -> None:
        """OF606 or OF610: a value that the template forbids, its cell, and what the template allows."""
        place = f"{sheet}!{refs.address(*at)}"
        if isinstance(limit, Dropdown):
            self.add("OF606", sheet, at, header, place=place, allowed=shown_list(limit.allowed), found=found)
            return
        zh, en = limit.allowed()
        # the value may be somebody's number: its length is all a message needs
        length = len(found) if limit.kind == "textLength" else 0
        found_zh, found_en = (f"，现为 {length} 个字", f", found {length} characters") if length else ("", "")
        self.add("OF610", sheet, at, header, place=place, allowed=zh, allowed_en=en, found=found_zh, found_en=found_en)

    def frame(self) -> pl.DataFrame:
        """All findings, in the order they were made."""
        self.pending.settle()
        return pl.DataFrame(self.rows, schema=PROBLEMS) if self.rows else _NOTHING


class Pending:
    """Single values that wait to be checked, many at a time: one check of a column costs what one of a cell does."""

    def __init__(self) -> None:
        # by identity: the limits of a template live as long as it does
        self._waiting: dict[tuple[int, str], tuple[Limit, list[tuple[Findings, str, tuple[int, int], str]]]] = {}

    def add(self, limit: Limit, header: str, where: tuple[Findings, str, tuple[int, int]], value: str) -> None:
        """One value, and where to say so: findings, sheet, cell."""
        self._waiting.setdefault((id(limit), header), (limit, []))[1].append((*where, value))

    def settle(self) -> None:
        """Check all that wait; findings go to each value's own."""
        waiting, self._waiting = self._waiting, {}
        for (_, header), (limit, values) in waiting.items():
            bad = limit.bad(pl.Series([v for *_, v in values], dtype=pl.String))
            for at in bad.arg_true().to_list():
                findings, sheet, place, value = values[at]
                findings.breaks(limit, value, sheet, place, header)


def shown_list(allowed: tuple[str, ...]) -> str:
    """The first few values of a list, for a message."""
    more = f"等 {len(allowed)} 项" if len(allowed) > SHOWN else ""
    return "、".join(allowed[:SHOWN]) + more


def area_limits(compiled: Compiled, area: Area) -> dict[str, tuple[Limit, ...]]:
    """What restricts each filled column of an area, by header path; only columns that anything restricts."""
    rows = range(area.first, area.last + 1)
    found = {path: compiled.limits(column, rows) for path, column in area.columns.items()}
    return {path: own for path, own in found.items() if own}


def check_table(
    compiled: Compiled, area: Area, records: pl.DataFrame, name: str, first: int, findings: Findings
) -> None:
    """Check every value of the records, whose first row stands at row `first` of sheet `name`."""
    for path, own in area_limits(compiled, area).items():
        for limit in own if path in records.columns else ():
            for at in limit.bad(records[path]).arg_true().to_list():
                place = (first + at, area.columns[path])
                findings.breaks(limit, str(records[path][at]), name, place, path)
