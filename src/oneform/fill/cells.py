"""fill: single values of a report → contents of single cells: labelled cells, tick boxes, total rows; lists checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from oneform import problems
from oneform.fill import grow, labels
from oneform.fill.compiled import Area, Compiled
from oneform.fill.labels import Slot
from oneform.fill.move import Move, formula
from oneform.fill.template import Sheet, Strings
from oneform.fill.texts import Texts
from oneform.frames import PROBLEMS
from oneform.ooxml import refs, spans

Value = str | int | float | None
SHOWN = 5  # allowed values a message names

_AGGREGATE = re.compile(
    r"(?:(.+)!)?(SUM|COUNT|COUNTA|AVERAGE)\((?:(.+)!)?(\$?[A-Z]{1,3}\$?[0-9]+:\$?[A-Z]{1,3}\$?[0-9]+)\)"
)


_NOTHING = pl.DataFrame(schema=PROBLEMS)


@dataclass
class Findings:
    """What did not fit while writing, as rows of PROBLEMS."""

    rows: list[dict[str, object]] = field(default_factory=list)

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

    def frame(self) -> pl.DataFrame:
        """All findings, in the order they were made."""
        return pl.DataFrame(self.rows, schema=PROBLEMS) if self.rows else _NOTHING


def slots(
    compiled: Compiled, values: Mapping[str, Value], move: Move, texts: Texts, findings: Findings
) -> dict[tuple[int, int], grow.Content]:
    """Contents of all labelled cells that have a value. Several labels may share one cell («填报人：__ 电话：__»)."""
    sheet = compiled.sheet
    out: dict[tuple[int, int], grow.Content] = {}
    inside: dict[tuple[int, int], list[tuple[Slot, str]]] = {}
    for path, slot in compiled.slots.items():
        value = values.get(path)
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            continue
        at = (slot.row, slot.column)
        place = (move.row(slot.row) or slot.row, slot.column)
        if labels.has_boxes(sheet.text(*at)):
            inside.setdefault(at, []).append((slot, str(value)))
        elif slot.how == "inside":
            inside.setdefault(at, []).append((slot, _printed(value)))
        else:
            _check(compiled, at, place, path, value, sheet.name, findings)
            out[at] = content(sheet, value, texts)
    for at, wanted in inside.items():
        out[at] = _inside(compiled, at, wanted, move, texts, findings)
    return out


def content(sheet: Sheet, value: Value, texts: Texts) -> grow.Content:
    """Cell content of a value: a shared string, a number, or nothing. Never a formula."""
    p = sheet.prefix
    if value is None or value == "":
        return grow.Content(None, "")
    if isinstance(value, str):
        return grow.Content("s", f"<{p}v>{texts.one(value)}</{p}v>")
    return grow.Content(None, f"<{p}v>{_printed(value)}</{p}v>")


def totals(
    compiled: Compiled,
    area: Area,
    table: pl.DataFrame,
    written: tuple[Mapping[str, Value], ...],
    move: Move,
    texts: Texts,
    findings: Findings,
) -> dict[tuple[int, int], grow.Content]:
    """Contents of the total rows: the form's own formula with its value, a SUM with its value, or the plain value."""
    sheet = compiled.sheet
    out: dict[tuple[int, int], grow.Content] = {}
    first, last = _extent(area, move)
    for spec, row, values in zip(compiled.mapping.totals, compiled.totals, written, strict=False):
        for path, value in values.items():
            column = area.columns.get(path)
            if column is None or value is None:
                continue
            cell = sheet.cell(row, column)
            summed = _sum(table, path)
            if cell and cell.formula is not None and spec.write == "formula":
                out[row, column] = grow.formula_content(sheet, cell, move, _printed(value), _kind(value))
                moved = formula(sheet.formulas[row, column], move, sheet=sheet.name, here=True)
                told = known(sheet.name, area, table, move)(moved)
                if told is not None and not _equal(float(told), value):
                    place = (move.row(row) or row, column)
                    what = f"合计公式算出 {told}，应为 {_printed(value)}（{refs.address(*place)}）"
                    findings.add("OF608", sheet.name, place, path, what=what, what_en=f"formula gives {told}")
            elif spec.write == "formula" and table.height and summed is not None and _equal(summed, value):
                p, letter = sheet.prefix, refs.letters(column)
                inner = f"<{p}f>SUM({letter}{first}:{letter}{last})</{p}f><{p}v>{_printed(value)}</{p}v>"
                out[row, column] = grow.Content(None, inner)
            else:
                out[row, column] = content(sheet, value, texts)
    return out


def known(name: str, area: Area, table: pl.DataFrame, move: Move) -> Callable[[str], str | None]:
    """What a moved formula must give: SUM, COUNT, COUNTA or AVERAGE over exactly the filled rows of one column."""
    first, last = _extent(area, move)
    columns = {c: table[p] for p, c in area.columns.items() if p in table.columns}
    filled = last - first + 1 == table.height

    def value(text: str) -> str | None:
        found = _AGGREGATE.fullmatch(text.strip()) if filled else None
        area_of = refs.box(found[4]) if found else None
        if not found or area_of is None or found[1] or (found[3] and found[3].strip("'").replace("''", "'") != name):
            return None
        if area_of[0] != first or area_of[2] != last or area_of[1] != area_of[3] or area_of[1] not in columns:
            return None
        return _aggregate(found[2], columns[area_of[1]])

    return value


def check_lists(compiled: Compiled, area: Area, table: pl.DataFrame, first: int, findings: Findings) -> None:
    """OF606 for every value of the table that the template's own dropdown over its column does not allow."""
    for path, column in area.columns.items():
        lists = [d for d in compiled.dropdowns if any(d.covers(r, column) for r in range(area.first, area.last + 1))]
        if path not in table.columns or not lists:
            continue
        allowed = lists[0].allowed
        values = table.select(
            pl.int_range(pl.len(), dtype=pl.Int32).alias("at"), pl.col(path).cast(pl.String).alias("found")
        )
        bad = values.filter(~pl.col("found").is_in(allowed) & (pl.col("found") != ""))
        shown = _shown(allowed)
        for at, found in bad.iter_rows():
            place = (first + at, column)
            findings.add(
                "OF606",
                compiled.sheet.name,
                place,
                path,
                place=compiled.sheet.place(*place),
                allowed=shown,
                found=found,
            )


def _check(
    compiled: Compiled,
    at: tuple[int, int],
    place: tuple[int, int],
    header: str,
    value: Value,
    sheet: str,
    findings: Findings,
) -> None:
    dropdown = next((d for d in compiled.dropdowns if d.covers(*at)), None)
    if dropdown and _printed(value) not in dropdown.allowed:
        where = f"{sheet}!{refs.address(*place)}"
        findings.add(
            "OF606", sheet, place, header, place=where, allowed=_shown(dropdown.allowed), found=_printed(value)
        )


def _inside(
    compiled: Compiled,
    at: tuple[int, int],
    wanted: list[tuple[Slot, str]],
    move: Move,
    texts: Texts,
    findings: Findings,
) -> grow.Content:
    """One cell's own text, its blanks filled and boxes ticked; the runs of a formatted text keep their format."""
    sheet = compiled.sheet
    runs = _runs(compiled.strings, sheet, at)
    for slot, value in wanted:
        text = "".join(t for _, t in runs)
        if labels.has_boxes(text):
            new, missing = labels.ticked(text, value)
            if missing:
                place = (move.row(at[0]) or at[0], at[1])
                allowed = "、".join(labels.box_labels(text)[:SHOWN])
                where, found = sheet.place(*place), "、".join(missing)
                findings.add("OF606", sheet.name, place, slot.label, place=where, allowed=allowed, found=found)
        else:
            new = labels.filled_in(text, slot.label, value) or text
        runs = _changed(runs, new)
    p = sheet.prefix
    if len(runs) == 1 and not runs[0][0]:
        return content(sheet, runs[0][1], texts)
    q = compiled.strings.root.prefix if compiled.strings.root else ""
    item = "".join(
        f'<{q}r>{form}<{q}t xml:space="preserve">{spans.cell_text(text)}</{q}t></{q}r>' for form, text in runs if text
    )
    return grow.Content("s", f"<{p}v>{texts.rich(f'<{q}si>{item}</{q}si>')}</{p}v>")


def _runs(strings: Strings, sheet: Sheet, at: tuple[int, int]) -> list[tuple[str, str]]:
    """Formatted pieces of a cell's text: format XML and text; one piece without format for plain text."""
    cell = sheet.cell(*at)
    value = cell.element.child("v") if cell else None
    if cell and cell.element.attributes.get("t") == "s" and value is not None:
        item = strings.items[int(value.text)]
        runs = []
        for run in (r for r in item.children if r.local == "r"):
            form, text = run.child("rPr"), run.child("t")
            xml = strings.content[form.start : form.end].decode() if form else ""
            runs.append((xml, spans.plain_text(text.text) if text else ""))
        if runs:
            return runs
    return [("", cell.text if cell else "")]


def _changed(runs: list[tuple[str, str]], new: str) -> list[tuple[str, str]]:
    """Runs whose joined text becomes `new`: what differs goes into the run it starts in."""
    old = "".join(t for _, t in runs)
    if old == new:
        return runs
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    end, added = len(old) - tail, new[start : len(new) - tail]
    out = []
    position = 0
    for index, (form, text) in enumerate(runs):
        low, high = position, position + len(text)
        position = high
        kept = text[: max(0, min(start, high) - low)]
        rest = text[max(0, min(end, high) - low) :] if end > low else text
        if low <= start < high or (start == high == len(old) and index == len(runs) - 1):
            kept += added
        out.append((form, kept + (rest if start < high else "")))
    return out


def _extent(area: Area, move: Move) -> tuple[int, int]:
    moved = move.rows(area.first, area.last)
    return moved or (area.first, area.last)


def _sum(table: pl.DataFrame, path: str) -> float | int | None:
    if path not in table.columns or not table[path].dtype.is_numeric():
        return None
    return _total(table[path])


def _total(numbers: pl.Series) -> int | float:
    total = numbers.sum()
    return total if isinstance(total, int | float) else float(total)


def _aggregate(name: str, values: pl.Series) -> str | None:
    if name == "COUNTA":
        filled = values.drop_nulls()
        return str(len(filled) if filled.dtype.is_numeric() else int((filled != "").sum()))
    numbers = values.drop_nulls() if values.dtype.is_numeric() else pl.Series([], dtype=pl.Int64)
    if name == "COUNT":
        return str(len(numbers))
    if name == "AVERAGE":
        return _printed(_total(numbers) / len(numbers)) if len(numbers) else None
    return _printed(_total(numbers))


def _printed(value: Value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def _kind(value: Value) -> str | None:
    return "str" if isinstance(value, str) else None


def _equal(told: float, value: Value) -> bool:
    return isinstance(value, int | float) and math.isclose(told, value, rel_tol=1e-9, abs_tol=1e-9)


def _shown(allowed: tuple[str, ...]) -> str:
    more = f"等 {len(allowed)} 项" if len(allowed) > SHOWN else ""
    return "、".join(allowed[:SHOWN]) + more
