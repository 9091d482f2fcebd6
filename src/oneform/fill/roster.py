"""fill: a compiled template + a report → the bytes of the filled workbook and what did not fit.

Every part that need not change is copied as its compressed bytes. Equal inputs give equal bytes; a report with nothing
to place gives the template's own bytes back.
"""

from __future__ import annotations

from collections.abc import Iterator

from oneform.fill import cells, follow, grow
from oneform.fill.cells import Findings
from oneform.fill.compiled import Area, Compiled
from oneform.fill.move import Move
from oneform.fill.region import NO_BLOCKS, Region, blocks, capacity, growth, region
from oneform.fill.texts import Texts
from oneform.frames import Filled, Report
from oneform.mapping.model import Rows
from oneform.ooxml import refs, spans
from oneform.ooxml.package import Content

STRINGS_PART = "xl/sharedStrings.xml"
_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def table(compiled: Compiled, area: Area, report: Report) -> Filled:
    """Fill a roster or a cross-tab. TemplateError OF607 past the last row a sheet can have."""
    findings = Findings()
    sheet = compiled.sheet
    records, origins = report.table, report.origins
    if records.height > capacity(area) and area.grow == "overwrite":
        what, what_en = f"{records.height} 行", f"{records.height} rows"
        findings.add("OF607", sheet.name, (area.last, 1), what=what, what_en=what_en, capacity=capacity(area))
        records, origins = records.head(capacity(area)), origins.head(capacity(area))
    if not records.height and not any(v not in (None, "") for v in report.head.values()):
        return Filled(compiled.package.content, 0, findings.frame())

    move = Move((growth(area, records.height),))
    texts = Texts(compiled.strings)
    shape = compiled.mapping.shape
    groups = blocks(shape.block, origins) if isinstance(shape, Rows) else NO_BLOCKS
    filled = region(sheet, area, records, move, texts, groups)
    written = cells.slots(compiled, report.head, move, texts, findings)
    written |= cells.totals(compiled, area, records, report.totals, move, texts, findings)
    cells.check_lists(compiled, area, records, area.first, findings)

    tell = cells.known(sheet.name, area, groups.once(records), move)
    edits = grow.row_edits(sheet, move, {**filled.emptied, **written}, filled.generated, tell)
    parts: dict[str, Content | None] = {sheet.part: sheet_bytes(compiled, move, [filled], edits)}
    parts |= follow.related(compiled.package, sheet, move)
    parts |= follow.elsewhere(compiled.package, compiled.book, sheet, move, tell)
    parts |= finish(compiled, move, texts, follow.Register(), [], findings)
    content = compiled.package.save(parts)
    return Filled(content, filled.cells + len(written), findings.frame())


def sheet_bytes(compiled: Compiled, move: Move, regions: list[Region], edits: list[spans.Edit]) -> Iterator[bytes]:
    """The sheet part in pieces: edits outside the generated rows, then what refers to rows, then merges."""
    sheet = compiled.sheet
    dropped = frozenset[refs.Box]().union(*(r.dropped for r in regions))
    merges, count = b"".join(r.merges for r in regions), sum(r.merge_count for r in regions)
    edits = [*edits, *grow.tail_edits(sheet, move), *grow.merge_edits(sheet, move, dropped, merges, count)]
    return grow.assemble(sheet.content, edits, [r.block for r in regions if r.block])


def finish(
    compiled: Compiled,
    move: Move,
    texts: Texts,
    register: follow.Register,
    workbook_edits: list[spans.Edit],
    findings: Findings,
) -> dict[str, Content | None]:
    """The parts every fill touches: string table, workbook, and the registers of the package."""
    package, book, sheet = compiled.package, compiled.book, compiled.sheet
    parts: dict[str, Content | None] = {}
    content, root = package.parsed(book.part)
    edits = [*workbook_edits, *follow.names(content, root, sheet.name, move)]
    if follow.has_formulas(package, book):
        edits.append(follow.recalculate(content, root))
    if edits:
        parts[book.part] = spans.apply(content, edits)
    if texts.grown:
        name = book.strings or STRINGS_PART
        parts[name] = texts.part()
        if book.strings is None:
            register.types.append((name, _STRINGS_TYPE))
            register.relations.append(("rIdOneformStrings", "sharedStrings", name))
    if book.calc_chain:
        register.removed.add(book.calc_chain)
    signatures = [n for n in package.names if n.startswith(follow.SIGNATURES)]
    if signatures:
        # an edit voids a signature; a stale one would be worse than none
        register.removed.update(signatures)
        findings.add(
            "OF608",
            sheet.name,
            None,
            what="去掉了模板里的数字签名（改动后签名失效）",
            what_en="the digital signature was dropped",
        )
    misfits(texts, sheet.name, findings)
    return parts | follow.registers(package, book, register)


def misfits(texts: Texts, sheet: str, findings: Findings) -> None:
    """Say what the string table had to change."""
    if texts.escaped:
        what = f"有 {texts.escaped} 处控制字符，已按 _x000B_ 的写法转写"
        findings.add("OF608", sheet, None, what=what, what_en=f"{texts.escaped} cells held control characters")
    if texts.cut:
        what = f"有 {texts.cut} 处超过 32767 个字，已截断"
        findings.add("OF608", sheet, None, what=what, what_en=f"{texts.cut} cells were cut at 32,767 characters")
