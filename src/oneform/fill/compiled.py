"""fill: a department's workbook + a mapping → everything a render needs, or all faults of the template at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from oneform import problems
from oneform.errors import Fault, TemplateError, WorkbookError
from oneform.fill import labels, lists, rules, template
from oneform.fill.labels import Lost, Slot
from oneform.fill.template import Sheet
from oneform.mapping import model
from oneform.mapping.model import Card, Output, Repeat, Rows
from oneform.ooxml import refs, spans, workbook
from oneform.ooxml.package import Package

Limit = lists.Dropdown | rules.Rule

_ID = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))  # GB 11643-1999


@dataclass(frozen=True)
class Area:
    """A block of sample rows that records are written into: template rows, and the sheet column of each header path."""

    first: int
    last: int
    columns: Mapping[str, int]
    outputs: Mapping[str, Output]
    grow: str = "insert"
    surplus: str = "keep"
    vertical: frozenset[int] = frozenset()  # columns that are one merged cell per block of records

    def is_block(self, merge: refs.Box) -> bool:
        """True for a merge of the template that shows how a block looks: it gives way to the blocks of the report."""
        inside = self.first <= merge[0] < merge[2] <= self.last
        return inside and merge[1] in self.vertical

    @property
    def height(self) -> int:
        """Number of sample rows."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Compiled:
    """A template that was understood. Rows and columns are those of the template."""

    mapping: model.Mapping
    package: Package
    book: workbook.Book
    sheet: Sheet
    strings: template.Strings
    area: Area | None  # of a roster or cross-tab
    slots: Mapping[str, Slot]
    totals: tuple[int, ...]  # row of each total of the mapping
    repeats: Mapping[str, Area]  # of a card
    dropdowns: tuple[lists.Dropdown, ...]
    rules: tuple[rules.Rule, ...]

    def limits(self, column: int, rows: Iterable[int]) -> tuple[Limit, ...]:
        """What restricts the cells of a column: its first dropdown, and every rule."""
        rows = tuple(rows)
        found = [d for d in self.dropdowns if any(d.covers(r, column) for r in rows)]
        return (*found[:1], *(r for r in self.rules if any(r.covers(n, column) for n in rows)))

    @cached_property
    def slot_limits(self) -> dict[str, tuple[Limit, ...]]:
        """What restricts the cell of each labelled value."""
        return {path: self.limits(s.column, (s.row,)) for path, s in self.slots.items()}

    @cached_property
    def boxed(self) -> frozenset[str]:
        """Labelled values whose cell has boxes to tick."""
        return frozenset(p for p, s in self.slots.items() if labels.has_boxes(self.sheet.text(s.row, s.column)))


def compile(content: bytes, mapping: model.Mapping) -> Compiled:  # noqa: A001 - the verb of fill.md
    """Understand a template once for many renders.

    TemplateError with every fault: OF601 no such sheet or no .xlsx, OF602 at odds with the mapping, OF603 a label is
    not there, OF604 the fill area meets something, OF605 locked, OF609 personal data. WorkbookError when unsafe.
    """
    file = mapping.template.file.name
    try:
        return _compiled(content, mapping, file)
    except WorkbookError as refused:
        if refused.code not in ("OF101", "OF102"):
            raise
        what = "不是完整的 .xlsx，请在 Excel 或 WPS 中另存为 .xlsx"
        what_en = "is no complete .xlsx; save it as .xlsx"
        raise problems.refusal("OF601", file, file=file, what=what, what_en=what_en) from refused


def _compiled(content: bytes, mapping: model.Mapping, file: str) -> Compiled:
    package = Package.open(content)
    book = workbook.book(package)
    entry = book.sheet(mapping.template.sheet)
    if entry is None:
        known = "、".join(s.name for s in book.sheets)
        raise problems.refusal(
            "OF601",
            file,
            file=file,
            what=f"没有工作表「{mapping.template.sheet}」，现有：{known}",
            what_en=f"no sheet {mapping.template.sheet}",
        )
    strings = template.strings(package, book.strings)
    sheet = template.sheet(entry.name, entry.part, package.read(entry.part), strings.texts)
    faults: list[Fault] = []
    wanted = mapping.template.sha256
    if wanted and wanted.lower() != hashlib.sha256(content).hexdigest():
        faults.append(
            problems.fault("OF602", file, what="模板文件的 sha256 与映射记录的不同", what_en="sha256 differs")
        )

    area, repeats = _areas(sheet, mapping, faults)
    taken = _taken(mapping, area, repeats)
    slots = _slots(sheet, mapping, taken, faults)
    totals = _totals(sheet, mapping, area, faults)
    for block in [*filter(None, [area]), *repeats.values()]:
        faults.extend(_crossings(sheet, block, mapping.template.stop))
    targets = [(s.row, s.column) for s in slots.values()]
    targets += [
        (r, c)
        for b in [*filter(None, [area]), *repeats.values()]
        for r in range(b.first, b.last + 1)
        for c in b.columns.values()
    ]
    faults.extend(_locked(package, book, sheet, targets))
    faults.extend(_personal(sheet, strings))
    if faults:
        raise TemplateError(*faults)

    @cache
    def other(name: str) -> Sheet | None:
        found = book.sheet(name)
        return template.sheet(found.name, found.part, package.read(found.part), strings.texts) if found else None

    dropdowns = lists.dropdowns(sheet, lists.defined_names(package.read(book.part)), other)
    ruled = rules.rules(sheet, epoch=rules.epoch_of(package.parsed(book.part)[1]))
    return Compiled(mapping, package, book, sheet, strings, area, slots, totals, repeats, dropdowns, ruled)


def _areas(sheet: Sheet, mapping: model.Mapping, faults: list[Fault]) -> tuple[Area | None, dict[str, Area]]:
    if isinstance(mapping.shape, Card):
        return None, {r.name: _repeat(sheet, r, faults) for r in mapping.shape.repeats}
    spec = mapping.template
    if spec.rows is None:
        faults.append(
            problems.fault("OF602", str(mapping.file), what="映射没有写样例行 rows", what_en="template.rows is missing")
        )
        return None, {}
    header = spec.header or (spec.rows[0] - 1, spec.rows[0] - 1)
    columns = _columns(sheet, header, mapping.columns, faults)
    outputs = {o.path: o for o in mapping.columns}
    block = mapping.shape.block if isinstance(mapping.shape, Rows) else None
    vertical = frozenset(columns[c] for c in block.merge if c in columns) if block else frozenset()
    return Area(spec.rows[0], spec.rows[1], columns, outputs, spec.grow, spec.surplus, vertical), {}


def _repeat(sheet: Sheet, repeat: Repeat, faults: list[Fault]) -> Area:
    columns = _columns(sheet, (repeat.header, repeat.header), repeat.columns, faults)
    grow = "overwrite_insert" if repeat.overflow == "insert_rows" else "overwrite"
    return Area(repeat.rows[0], repeat.rows[1], columns, {o.path: o for o in repeat.columns}, grow)


def _columns(sheet: Sheet, header: tuple[int, int], outputs: Iterable[Output], faults: list[Fault]) -> dict[str, int]:
    found: dict[str, int] = {}
    outputs = tuple(outputs)
    lines = {o.path: o.line for o in outputs}
    for path, place in labels.columns(sheet, header, outputs).items():
        if isinstance(place, Lost):
            faults.append(_lost(place, path, lines[path]))
        elif place in found.values():
            twin = next(p for p, c in found.items() if c == place)
            what = f"「{twin}」和「{path}」都落在 {sheet.name} 的 {refs.letters(place)} 列"
            faults.append(problems.fault("OF602", lines[path], what=what, what_en=f"{twin} and {path} share a column"))
        else:
            found[path] = place
    return found


def _taken(mapping: model.Mapping, area: Area | None, repeats: Mapping[str, Area]) -> set[int]:
    taken: set[int] = set()
    if area:
        header = mapping.template.header or (area.first - 1, area.first - 1)
        taken.update(range(header[0], area.last + 1))
    if isinstance(mapping.shape, Card):
        for repeat in mapping.shape.repeats:
            block = repeats[repeat.name]
            taken.update({repeat.header}, range(block.first, block.last + 1))
    return taken


def _slots(sheet: Sheet, mapping: model.Mapping, taken: set[int], faults: list[Fault]) -> dict[str, Slot]:
    cells = mapping.shape.cells if isinstance(mapping.shape, Card) else ()
    slots: dict[str, Slot] = {}
    for output in (*mapping.head, *cells):
        place = labels.slot(sheet, output, taken)
        if isinstance(place, Lost):
            faults.append(_lost(place, output.path, output.line))
        else:
            slots[output.path] = place
    return slots


def _totals(sheet: Sheet, mapping: model.Mapping, area: Area | None, faults: list[Fault]) -> tuple[int, ...]:
    rows = []
    for total in mapping.totals if area else ():
        assert area is not None  # noqa: S101 - a card has no totals
        header = mapping.template.header or (area.first - 1, area.first - 1)
        row = labels.total_row(sheet, total.label, header[1], area.last)
        if row is None:
            faults.append(
                problems.fault(
                    "OF603", str(mapping.file), label=total.label, place=f"{sheet.name} 第 {area.last + 1} 行以下"
                )
            )
        elif area.first <= row <= area.last:
            place, what = sheet.place(row, 1), f"「{total.label}」行"
            faults.append(
                problems.fault("OF604", place, place=_rows(sheet, area), what=what, what_en=f"the row {total.label}")
            )
        else:
            rows.append(row)
    return tuple(rows)


def _crossings(sheet: Sheet, area: Area, stop: tuple[str, ...]) -> list[Fault]:
    """Merges that are neither within one sample row nor around all of them, and end labels inside the area."""
    faults = []
    columns = set(area.columns.values())
    for merge in sheet.merges:
        rows = range(max(merge[0], area.first), min(merge[2], area.last) + 1)
        if not rows or merge[0] == merge[2] or area.is_block(merge):
            continue
        around = merge[0] <= area.first and merge[2] >= area.last
        if not around or columns & set(range(merge[1], merge[3] + 1)):
            place = sheet.place(merge[0], merge[1])
            what = f"合并单元格 {refs.text(merge)} "
            faults.append(
                problems.fault(
                    "OF604", place, place=_rows(sheet, area), what=what, what_en=f"merged cells {refs.text(merge)}"
                )
            )
    ends = {template.key(s) for s in stop}
    for row in range(area.first, area.last + 1):
        for cell in sheet.rows[row].cells.values() if row in sheet.rows else ():
            if cell.text and template.key(cell.text).strip("：:") in ends:
                what = f"「{cell.text.strip()}」行"
                place = sheet.place(row, cell.column)
                faults.append(
                    problems.fault(
                        "OF604", place, place=_rows(sheet, area), what=what, what_en=f"the row {cell.text.strip()}"
                    )
                )
    return faults


def _locked(package: Package, book: workbook.Book, sheet: Sheet, targets: list[tuple[int, int]]) -> list[Fault]:
    """First locked cell of a protected sheet that a value would go into."""
    protection = sheet.root.child("sheetProtection")
    if protection is None or protection.attributes.get("sheet") not in ("1", "true"):
        return []
    unlocked = _unlocked(package.read(book.styles)) if book.styles else set()
    for row, column in targets:
        cell = sheet.cell(row, column)
        style = cell.element.attributes.get("s", "0") if cell else sheet.column_style(column) or "0"
        if style not in unlocked:
            place = sheet.place(row, column)
            return [problems.fault("OF605", place, place=place)]
    return []


def _unlocked(styles: bytes) -> set[str]:
    formats = spans.parse(styles).child("cellXfs")
    out = set()
    for index, style in enumerate(formats.children if formats else ()):
        protection = style.child("protection")
        if protection is not None and protection.attributes.get("locked") in ("0", "false"):
            out.add(str(index))
    return out


def _personal(sheet: Sheet, strings: template.Strings) -> list[Fault]:
    """A blank form holds nobody's valid identity number; the string table counts too, for it travels along."""
    cell = next((c for c in sheet.cells() if _has_id(c.text)), None)
    if cell is None and not any(map(_has_id, strings.texts)):
        return []
    place = sheet.place(cell.row, cell.column) if cell else "共享字符串表"
    return [problems.fault("OF609", place, place=place)]


def _has_id(text: str) -> bool:
    for found in _ID.findall(text):
        check = "10X98765432"[sum(int(d) * w for d, w in zip(found, _WEIGHTS, strict=False)) % 11]
        if check == found[17].upper() and "1900" <= found[6:10] < "2100" and "01" <= found[10:12] <= "12":
            return True
    return False


def _rows(sheet: Sheet, area: Area) -> str:
    return f"{sheet.name} 第 {area.first}–{area.last} 行"


def _lost(lost: Lost, label: str, line: str) -> Fault:
    if lost.code == "OF603":
        return problems.fault("OF603", line, label=label, place=lost.zh)
    return problems.fault("OF602", line, what=lost.zh, what_en=lost.en)
