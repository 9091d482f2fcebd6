"""fill: a compiled template + a report → the bytes of the filled workbook and what did not fit.

Every part that need not change is copied as its compressed bytes. Equal inputs give equal bytes; a report with nothing
to place gives the template's own bytes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from oneform.fill import cells, follow, grow, pages, values
from oneform.fill.compiled import Area, Compiled
from oneform.fill.findings import Findings, check_table
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
    report = _fitting(area, sheet.name, report, findings)
    if not report.table.height and not any(v not in (None, "") for v in report.head.values()):
        return Filled(compiled.package.content, 0, findings.frame())

    texts = Texts(compiled.strings)
    page = _page(compiled, area, sheet.name, report, texts, findings)
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
            page = _page(compiled, area, name, _fitting(area, name, report, findings), texts, findings)
            yield pages.Page(page.move, b"".join(page.xml), page.cells)

    return pages.book(compiled, names, drawn(), texts, findings)


@dataclass(frozen=True)
class _Filled:
    """A sheet part in pieces, how its rows moved, the cells written, and the values its formulas must have."""

    xml: Iterator[bytes]
    move: Move
    cells: int
    tell: grow.Known


def _fitting(area: Area, name: str, report: Report, findings: Findings) -> Report:
    """The report with the records that sheet `name` can take; OF607 says how many it cannot."""
    count, room = report.table.height, capacity(area)
    if count <= room or area.grow != "overwrite":
        return report
    findings.add("OF607", name, (area.last, 1), what=f"{count} 行", what_en=f"{count} rows", capacity=room)
    return replace(report, table=report.table.head(room), origins=report.origins.head(room))


def _page(
    compiled: Compiled,
    area: Area,
    name: str,
    report: Report,
    texts: Texts,
    findings: Findings,
) -> _Filled:
    sheet, shape, records = compiled.sheet, compiled.mapping.shape, report.table
    move = Move((growth(area, records.height),))
    groups = blocks(shape.block, report.origins) if isinstance(shape, Rows) else NO_BLOCKS
    filled = region(sheet, area, records, move, texts, groups)
    written = cells.slots(compiled, name, report.head, move, texts, findings)
    tell = values.known(sheet.name, area, filled.columns, records.height, move)
    written |= cells.totals(compiled, area, groups.once(records), report.totals, move, texts)
    values.disagreements(compiled, area, name, report.totals, move, tell, findings)
    check_table(compiled, area, records, name, area.first, findings)
    edits = grow.row_edits(sheet, move, {**filled.emptied, **written}, filled.generated, tell)
    return _Filled(sheet_bytes(compiled, move, [filled], edits), move, filled.cells + len(written), tell)


def sheet_bytes(compiled: Compiled, move: Move, regions: list[Region], edits: list[spans.Edit]) -> Iterator[bytes]:
    """The sheet part in pieces: edits outside the generated rows, then what refers to rows, then merges."""
    sheet = compiled.sheet
    dropped = frozenset[refs.Box]().union(*(r.dropped for r in regions))
    merges, count = b"".join(r.merges for r in regions), sum(r.merge_count for r in regions)
    edits = [*edits, *grow.tail_edits(sheet, move), *grow.merge_edits(sheet, move, dropped, merges, count)]
    return grow.assemble(sheet.content, edits, [r.block for r in regions if r.block])
