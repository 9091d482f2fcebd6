"""fill: a compiled template + a report → the bytes of the filled workbook and what did not fit.

Every part that need not change is copied as its compressed bytes. Equal inputs give equal bytes; a report with nothing
to place gives the template's own bytes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from oneform.fill import cells, follow, grow, pages
from oneform.fill.cells import Findings
from oneform.fill.compiled import Area, Compiled
from oneform.fill.finish import finish
from oneform.fill.move import Move
from oneform.fill.region import NO_BLOCKS, Region, blocks, capacity, growth, region
from oneform.fill.texts import Texts
from oneform.frames import Filled, Report
from oneform.mapping.model import Rows
from oneform.ooxml import refs, spans
from oneform.ooxml.package import Content


def table(compiled: Compiled, area: Area, report: Report) -> Filled:
    """Fill a roster or a cross-tab. TemplateError OF607 past the last row a sheet can have."""
    findings = Findings()
    sheet = compiled.sheet
    records, origins = _fitting(compiled, area, report, findings)
    if not records.height and not any(v not in (None, "") for v in report.head.values()):
        return Filled(compiled.package.content, 0, findings.frame())

    texts = Texts(compiled.strings)
    page = _page(compiled, area, report, records, origins, texts, findings)
    parts: dict[str, Content | None] = {sheet.part: page.xml}
    parts |= follow.related(compiled.package, sheet, page.move)
    parts |= follow.elsewhere(compiled.package, compiled.book, sheet, page.move, page.tell)
    parts |= finish(compiled, page.move, texts, follow.Register(), [], findings)
    content = compiled.package.save(parts)
    return Filled(content, page.cells, findings.frame())


def sheets(compiled: Compiled, area: Area, reports: Iterable[Report]) -> Filled:
    """One sheet a report, each called by its part; the template's sheet is the first of them."""
    findings, texts = Findings(), Texts(compiled.strings)
    reports = tuple(reports)
    names = pages.names((report.part for report in reports), compiled, findings)

    def drawn() -> Iterator[pages.Page]:
        for name, report in zip(names, reports, strict=True):
            said = Findings()
            records, origins = _fitting(compiled, area, report, said)
            page = _page(compiled, area, report, records, origins, texts, said)
            findings.rows.extend({**row, "sheet": name} for row in said.rows)
            yield pages.Page(page.move, b"".join(page.xml), page.cells)

    return pages.book(compiled, names, drawn(), texts, findings)


@dataclass(frozen=True)
class _Filled:
    """A sheet part in pieces, how its rows moved, the cells written, and the values its formulas must have."""

    xml: Iterator[bytes]
    move: Move
    cells: int
    tell: grow.Known


def _fitting(compiled: Compiled, area: Area, report: Report, findings: Findings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and origins that the sheet can take; OF607 says how many it cannot."""
    records, origins = report.table, report.origins
    if records.height > capacity(area) and area.grow == "overwrite":
        what, what_en = f"{records.height} 行", f"{records.height} rows"
        place = (area.last, 1)
        findings.add("OF607", compiled.sheet.name, place, what=what, what_en=what_en, capacity=capacity(area))
        return records.head(capacity(area)), origins.head(capacity(area))
    return records, origins


def _page(
    compiled: Compiled,
    area: Area,
    report: Report,
    records: pl.DataFrame,
    origins: pl.DataFrame,
    texts: Texts,
    findings: Findings,
) -> _Filled:
    sheet, shape = compiled.sheet, compiled.mapping.shape
    move = Move((growth(area, records.height),))
    groups = blocks(shape.block, origins) if isinstance(shape, Rows) else NO_BLOCKS
    filled = region(sheet, area, records, move, texts, groups)
    written = cells.slots(compiled, report.head, move, texts, findings)
    written |= cells.totals(compiled, area, records, report.totals, move, texts, findings)
    cells.check_lists(compiled, area, records, area.first, findings)
    tell = cells.known(sheet.name, area, groups.once(records), move)
    edits = grow.row_edits(sheet, move, {**filled.emptied, **written}, filled.generated, tell)
    return _Filled(sheet_bytes(compiled, move, [filled], edits), move, filled.cells + len(written), tell)


def sheet_bytes(compiled: Compiled, move: Move, regions: list[Region], edits: list[spans.Edit]) -> Iterator[bytes]:
    """The sheet part in pieces: edits outside the generated rows, then what refers to rows, then merges."""
    sheet = compiled.sheet
    dropped = frozenset[refs.Box]().union(*(r.dropped for r in regions))
    merges, count = b"".join(r.merges for r in regions), sum(r.merge_count for r in regions)
    edits = [*edits, *grow.tail_edits(sheet, move), *grow.merge_edits(sheet, move, dropped, merges, count)]
    return grow.assemble(sheet.content, edits, [r.block for r in regions if r.block])
