"""fill: a card template + cards → one sheet a card: labelled cells, repeated lines, continuation sheets.

The first card takes the pattern sheet's own part; every further card gets a copy of it and of the parts it owns
(drawings, comments, print settings), because two sheets may not share those.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from oneform.fill import cells, follow, grow, pages
from oneform.fill.compiled import Area, Compiled, Limit
from oneform.fill.findings import Findings, area_limits
from oneform.fill.finish import STRINGS_PART, finish, misfits
from oneform.fill.move import Move
from oneform.fill.region import NO_BLOCKS, capacity, growth, region
from oneform.fill.roster import sheet_bytes
from oneform.fill.skeleton import Skeleton, skeleton
from oneform.fill.texts import Texts
from oneform.frames import CardReport, Filled, Report
from oneform.mapping.model import Card
from oneform.ooxml.deflate import Packed, deflate
from oneform.ooxml.package import Content, Package

FILE_NAME = re.compile(r"[<>|\"\[\]:*?/\\\x00-\x1f]+")


MAX_DRAWN = 500  # compressed sheets kept while cards are made

Written = tuple[tuple[tuple[int, int], grow.Content], ...]

_NO_LINES = pl.DataFrame()


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

    What no card changes (registers, workbook, other sheets, the pattern around its cells) is made once for all of them.
    """
    names = pages.unique((c.name for c in report.cards), set(), FILE_NAME)
    pattern = _pattern(compiled)
    # values are checked all together once every card is drawn
    drawn = [_file(compiled, report, card, pattern) for card in report.cards]
    return [(n, Filled(*f[:2], f[2].frame())) for n, f in zip(names, drawn, strict=True)]


@dataclass(frozen=True)
class _Pattern:
    """What is equal in every file of a card without inserted rows."""

    package: Package  # the template with its registers, workbook and other sheets as they will be
    skeleton: Skeleton | None
    said: Findings
    limits: Mapping[str, Mapping[str, tuple[Limit, ...]]]  # of each repeat's columns
    drawn: dict[Written, Packed]  # sheets met before: texts are numbered in order, so most cards have the same one

    def sheet(self, written: Mapping[tuple[int, int], grow.Content]) -> Packed:
        """The compressed sheet part with these cells written."""
        assert self.skeleton is not None  # noqa: S101 - the caller has looked
        key = tuple(written.items())
        packed = self.drawn.get(key)
        if packed is None:
            packed = deflate(self.skeleton.filled(written))
            if len(self.drawn) < MAX_DRAWN:
                self.drawn[key] = packed
        return packed


def _pattern(compiled: Compiled) -> _Pattern:
    said = Findings()
    texts = Texts(compiled.strings)
    texts.one("")
    parts: dict[str, Content | None] = {}
    parts |= follow.elsewhere(compiled.package, compiled.book, compiled.sheet, Move(), lambda _: None)
    parts |= finish(compiled, Move(), texts, follow.Register(), [], said)
    parts.pop(compiled.book.strings or STRINGS_PART)
    places = {(s.row, s.column) for s in compiled.slots.values()}
    for area in compiled.repeats.values():
        places |= {(r, c) for r in range(area.first, area.last + 1) for c in area.columns.values()}
    drawn = skeleton(compiled.sheet, places)
    package = Package.open(compiled.package.save(parts)) if drawn else compiled.package
    return _Pattern(package, drawn, said, _limits(compiled), {})


def _file(compiled: Compiled, report: Report, card: CardReport, pattern: _Pattern) -> tuple[bytes, int, Findings]:
    """One card's workbook: its bytes, the cells written, what did not fit."""
    sheet = compiled.sheet
    findings = Findings(list(pattern.said.rows), pattern.said.pending)
    texts = Texts(compiled.strings)
    own = replace(card, name=sheet.name)
    parted = list(_split(compiled, own, findings))
    areas = [(compiled.repeats[name], lines) for name, lines in parted[0].lines.items()]
    if pattern.skeleton is None or len(parted) > 1 or any(lines.height > area.height for area, lines in areas):
        filled = book(compiled, report, (own,))
        return filled.content, filled.cells, Findings(filled.problems.to_dicts())
    written = cells.slots(compiled, sheet.name, {**report.head, **card.cells}, Move(), texts, findings)
    for name, lines in parted[0].lines.items():
        area, values = compiled.repeats[name], _by_path(lines)
        written |= _lines(compiled, area, values, texts)
        _check(area, pattern.limits[name], values, (sheet.name, area.first), findings)
    strings = compiled.book.strings or STRINGS_PART
    content = pattern.package.save({sheet.part: pattern.sheet(written), strings: b"".join(texts.part())})
    misfits(texts, sheet.name, findings)
    return content, sum(bool(c.inner) for c in written.values()), findings


def _limits(compiled: Compiled) -> dict[str, dict[str, tuple[Limit, ...]]]:
    return {name: area_limits(compiled, area) for name, area in compiled.repeats.items()}


def _check(
    area: Area,
    limits: Mapping[str, tuple[Limit, ...]],
    lines: Mapping[str, Sequence[cells.Value]],
    where: tuple[str, int],
    findings: Findings,
) -> None:
    """Have the lines checked that stand at this sheet and row."""
    name, first = where
    for path, own in limits.items():
        for at, value in enumerate(lines.get(path, ())):
            for limit in own if value is not None else ():
                findings.pending.add(
                    limit, path, (findings, name, (first + at, area.columns[path])), cells.printed(value)
                )


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
        lines[repeat.name] = card.repeats.get(repeat.name, _NO_LINES)
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
        own = {k: _slice(v, capacity(compiled.repeats[k]), page) for k, v in lines.items()} if number > 1 else lines
        yield Page(name, card, own)


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
    written = cells.slots(compiled, page.name, {**report.head, **page.card.cells}, move, texts, findings)
    limits = _limits(compiled)
    for name, lines in page.lines.items():
        area = compiled.repeats[name]
        by_path = _by_path(lines)
        if lines.height <= area.height:
            written |= _lines(compiled, area, by_path, texts)
        _check(area, limits[name], by_path, (page.name, move.row(area.first) or area.first), findings)
    generated = set().union(*(r.generated for r in regions))
    edits = grow.row_edits(sheet, move, written, generated, lambda _: None)
    content = b"".join(sheet_bytes(compiled, move, regions, edits))
    return pages.Page(move, content, sum(r.cells for r in regions) + sum(bool(c.inner) for c in written.values()))


def _by_path(lines: pl.DataFrame) -> dict[str, tuple[cells.Value, ...]]:
    """Values of the lines by header path."""
    return dict(zip(lines.columns, zip(*lines.rows(), strict=True), strict=False))


def _lines(
    compiled: Compiled, area: Area, lines: Mapping[str, Sequence[cells.Value]], texts: Texts
) -> dict[tuple[int, int], grow.Content]:
    """Lines that fit the ruled rows: single cells, the rest of the rows as it is."""
    sheet = compiled.sheet
    return {
        (area.first + at, column): cells.content(sheet, value, texts)
        for path, column in area.columns.items()
        for at, value in enumerate(lines.get(path, ()))
        if value is not None and value != "" and not (isinstance(value, float) and not math.isfinite(value))
    }
