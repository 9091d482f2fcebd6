"""fill: what every fill touches besides its sheets: string table, workbook, the registers of the package."""

from __future__ import annotations

from oneform.fill import follow
from oneform.fill.compiled import Compiled
from oneform.fill.findings import Findings
from oneform.fill.move import Move
from oneform.fill.texts import Texts
from oneform.ooxml import spans
from oneform.ooxml.package import Content

STRINGS_PART = "xl/sharedStrings.xml"
_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


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
