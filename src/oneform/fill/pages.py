"""fill: sheets drawn from one pattern sheet → a workbook that has them all in the pattern's place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from oneform.fill import clone, follow
from oneform.fill.compiled import Compiled
from oneform.fill.findings import Findings
from oneform.fill.finish import finish
from oneform.fill.move import Move
from oneform.fill.texts import Texts
from oneform.frames import Filled
from oneform.ooxml.package import Content

SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
MAX_NAME = 31


@dataclass(frozen=True)
class Page:
    """One drawn sheet: how its rows moved, its part, the cells written."""

    move: Move
    xml: bytes
    cells: int


def book(compiled: Compiled, names_: Sequence[str], pages: Iterable[Page], texts: Texts, findings: Findings) -> Filled:
    """One workbook with a sheet per page, called `names_`; the pattern's own part is the first of them."""
    copies = clone.Copies(compiled.package, compiled.book, compiled.sheet, list(names_))
    parts: dict[str, Content | None] = {}
    moves: list[Move] = []
    written = 0
    for index, page in enumerate(pages):
        moves.append(page.move)
        written += page.cells
        moved = follow.related(compiled.package, compiled.sheet, page.move)
        parts |= copies.page(index, page.xml, moved)
    parts |= follow.elsewhere(compiled.package, compiled.book, compiled.sheet, moves[0], lambda _: None)
    register = follow.Register()
    edits = copies.workbook(register, moves)
    parts |= copies.elsewhere(parts)
    parts |= finish(compiled, Move(), texts, register, edits, findings)
    return Filled(compiled.package.save(parts), written, findings.frame())


def names(wanted: Iterable[str], compiled: Compiled, findings: Findings) -> list[str]:
    """Final names of the sheets; a name that had to change is said (OF608)."""
    wanted = list(wanted)
    others = {s.name for s in compiled.book.sheets if s.part != compiled.sheet.part}
    found = list(unique(wanted, others, SHEET_NAME))
    for before, name in zip(wanted, found, strict=True):
        if name != before:
            what = f"工作表名称「{before}」改为「{name}」"
            findings.add("OF608", name, None, what=what, what_en=f"sheet {before} was renamed {name}")
    return found


def unique(wanted: Iterable[str], taken: set[str], forbidden: re.Pattern[str]) -> Iterator[str]:
    """Names a sheet or file may carry: forbidden characters replaced, at most 31 long, no two alike in any case."""
    taken = {t.casefold() for t in taken}
    for name in wanted:
        base = forbidden.sub("-", name).strip(" '.-") or "未命名"
        number, suffix = 1, ""
        while (found := base[: MAX_NAME - len(suffix)] + suffix).casefold() in taken:
            number += 1
            suffix = f"({number})"
        taken.add(found.casefold())
        yield found
