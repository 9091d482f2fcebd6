"""fill: a department's own workbook + a report → that workbook, filled; everything else in it untouched.

`compile` understands a template once, `render` fills it with a roster, a cross-tab or one sheet a card,
`render_cards` makes one workbook a card, `render_sheets` one sheet a part of a form that is split.
`compiled`, `roster` and `cards` say which errors they raise.
"""

from __future__ import annotations

from collections.abc import Sequence

from oneform.fill import cards as _cards
from oneform.fill import roster as _roster
from oneform.fill.compiled import Compiled, compile  # noqa: A004 - the verb of the stage
from oneform.frames import Filled, Report

__all__ = ["Compiled", "compile", "render", "render_cards", "render_sheets"]


def render(compiled: Compiled, report: Report) -> Filled:
    """One workbook: the report's table in the template's rows, or one sheet per card of the report."""
    if compiled.area is None:
        return _cards.book(compiled, report, report.cards)
    return _roster.table(compiled, compiled.area, report)


def render_sheets(compiled: Compiled, reports: Sequence[Report]) -> Filled:
    """One workbook with the table of each report on a sheet of its own, called by the report's part."""
    assert compiled.area is not None, "a card is never split"  # noqa: S101
    return _roster.sheets(compiled, compiled.area, reports)


def render_cards(compiled: Compiled, report: Report) -> list[tuple[str, Filled]]:
    """One workbook per card, each with a name that may be a file's (no two alike), in the order of the cards."""
    return _cards.files(compiled, report)
