"""fill: a card template + cards → one sheet a card: labelled cells, repeated lines, continuation sheets.

The first card takes the pattern sheet's own part; every further card gets a copy of it and of the parts it owns
(drawings, comments, print settings), because two sheets may not share those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from oneform.fill import cells, follow, grow, pages
from oneform.fill.cells import Findings
from oneform.fill.compiled import Area, Compiled
from oneform.fill.finish import STRINGS_PART, finish, misfits
from oneform.fill.move import Move
from oneform.fill.region import NO_BLOCKS, capacity, growth, region
from oneform.fill.roster import sheet_bytes
from oneform.fill.texts import Texts
from oneform.frames import CardReport, Filled, Report
from oneform.mapping.model import Card
from oneform.ooxml.package import Content

FILE_NAME = re.compile(r"[<>|\"\[\]:*?/\\\x00-\x1f]+")


@dataclass(frozen=True)
class Page:
    """One sheet to write: a card, or the part of one that did not fit on the sheets before."""

    name: str
    card: CardReport
    lines: Mapping[str, pl.DataFrame]


def book(compiled: Compiled, report: Report, cards: Iterable[CardReport]) -> Filled:
    """One workbook with a sheet per card. No cards give the template's own bytes back."""
    findings = Findings()
    drafts = list(_pages(compiled, cards, findings))
    if not drafts:
        return Filled(compiled.package.content, 0, findings.frame())
    texts = Texts(compiled.strings)
    drawn = (_sheet(compiled, report, page, texts, findings) for page in drafts)
    return pages.book(compiled, [page.name for page in drafts], drawn, texts, findings)


def files(compiled: Compiled, report: Report) -> list[tuple[str, Filled]]:
    """One workbook per card with a name for its file, no two alike; the sheet keeps the template's name.

    What no card changes (registers, workbook, other sheets) is made once for all of them.
    """
    names = pages.unique((c.name for c in report.cards), set(), FILE_NAME)
    alike, said = _alike(compiled)
    return [(n, _file(compiled, report, c, alike, said)) for n, c in zip(names, report.cards, strict=True)]


def _alike(compiled: Compiled) -> tuple[dict[str, Content | None], Findings]:
    """Parts that are equal in every file of a card without inserted rows, and what is to be said of each file."""
    said = Findings()
    texts = Texts(compiled.strings)
    texts.one("")
    parts: dict[str, Content | None] = {}
    parts |= follow.elsewhere(compiled.package, compiled.book, compiled.sheet, Move(), lambda _: None)
    parts |= finish(compiled, Move(), texts, follow.Register(), [], said)
    return parts, said


def _file(
    compiled: Compiled, report: Report, card: CardReport, alike: Mapping[str, Content | None], said: Findings
) -> Filled:
    findings = Findings(list(said.rows))
    texts = Texts(compiled.strings)
    own = replace(card, name=compiled.sheet.name)
    parted = list(_split(compiled, own, findings))
    page = _sheet(compiled, report, parted[0], texts, findings)
    if page.move or len(parted) > 1:
        return book(compiled, report, (own,))
    strings = compiled.book.strings or STRINGS_PART
    parts = {**alike, compiled.sheet.part: page.xml, strings: texts.part()}
    misfits(texts, compiled.sheet.name, findings)
    return Filled(compiled.package.save(parts), page.cells, findings.frame())


def _pages(compiled: Compiled, cards: Iterable[CardReport], findings: Findings) -> Iterator[Page]:
    """Pages of all cards under their final sheet names; lines past a block's capacity go on as its mapping says."""
    drafts = [page for card in cards for page in _split(compiled, card, findings)]
    names = pages.names((page.name for page in drafts), compiled, findings)
    for page, name in zip(drafts, names, strict=True):
        yield Page(name, page.card, page.lines)


def _split(compiled: Compiled, card: CardReport, findings: Findings) -> Iterator[Page]:
    shape = compiled.mapping.shape
    repeats = shape.repeats if isinstance(shape, Card) else ()
    number = 1
    lines: dict[str, pl.DataFrame] = {}
    for repeat in repeats:
        area = compiled.repeats[repeat.name]
        lines[repeat.name] = card.repeats.get(repeat.name, pl.DataFrame())
        count, room = lines[repeat.name].height, capacity(area)
        if count > room and repeat.overflow == "new_sheet":
            number = max(number, -(-count // room))
        elif count > room:
            what = f"「{repeat.name}」有 {count} 行"
            place = (area.first, 1)
            findings.add("OF607", card.name, place, repeat.name, what=what, what_en=f"{count} lines", capacity=room)
            lines[repeat.name] = lines[repeat.name].head(room)
    for page in range(number):
        name = card.name if not page else _continued(card.name, page)
        yield Page(name, card, {k: _slice(v, capacity(compiled.repeats[k]), page) for k, v in lines.items()})


def _continued(name: str, page: int) -> str:
    suffix = "（续）" if page == 1 else f"（续{page}）"
    return pages.SHEET_NAME.sub("-", name)[: pages.MAX_NAME - len(suffix)] + suffix


def _slice(lines: pl.DataFrame, room: int, page: int) -> pl.DataFrame:
    return lines.slice(page * room, room) if lines.height else lines


def _sheet(compiled: Compiled, report: Report, page: Page, texts: Texts, findings: Findings) -> pages.Page:
    """One page's sheet part, its move and the number of cells written."""
    sheet = compiled.sheet
    areas = [(compiled.repeats[name], lines) for name, lines in page.lines.items()]
    growing = [(a, n) for a, n in areas if n.height > a.height]
    move = Move(tuple(sorted((growth(a, n.height) for a, n in growing), key=lambda g: g.first)))
    regions = [region(sheet, area, lines, move, texts, NO_BLOCKS) for area, lines in growing]
    found = Findings()
    written = cells.slots(compiled, {**report.head, **page.card.cells}, move, texts, found)
    for area, lines in areas:
        if lines.height <= area.height:
            written |= _lines(compiled, area, lines, texts)
        cells.check_lists(compiled, area, lines, move.row(area.first) or area.first, found)
    findings.rows.extend({**row, "sheet": page.name} for row in found.rows)
    generated = set().union(*(r.generated for r in regions))
    edits = grow.row_edits(sheet, move, written, generated, lambda _: None)
    content = b"".join(sheet_bytes(compiled, move, regions, edits))
    return pages.Page(move, content, sum(r.cells for r in regions) + sum(bool(c.inner) for c in written.values()))


def _lines(compiled: Compiled, area: Area, lines: pl.DataFrame, texts: Texts) -> dict[tuple[int, int], grow.Content]:
    """Lines that fit the ruled rows: single cells, the rest of the rows as it is."""
    out: dict[tuple[int, int], grow.Content] = {}
    for path, column in area.columns.items():
        for at, value in enumerate(lines[path].to_list() if path in lines.columns else ()):
            if value is not None and value != "":
                out[area.first + at, column] = cells.content(compiled.sheet, value, texts)
    return out
