"""fill: single values of a report → contents of single cells: labelled cells, tick boxes, total rows; lists checked."""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from oneform.fill import grow, labels
from oneform.fill.compiled import Area, Compiled
from oneform.fill.findings import SHOWN, Findings
from oneform.fill.labels import Slot
from oneform.fill.move import Move
from oneform.fill.template import Sheet, Strings
from oneform.fill.texts import Texts
from oneform.ooxml import refs, spans

Value = str | int | float | None


def slots(
    compiled: Compiled, name: str, values: Mapping[str, Value], move: Move, texts: Texts, findings: Findings
) -> dict[tuple[int, int], grow.Content]:
    """Contents of all labelled cells that have a value, for sheet `name`.

    Several labels may share one cell («填报人：__ 电话：__»). What a cell may hold waits in `findings` to be checked.
    """
    sheet = compiled.sheet
    out: dict[tuple[int, int], grow.Content] = {}
    inside: dict[tuple[int, int], list[tuple[Slot, str]]] = {}
    for path, slot in compiled.slots.items():
        value = values.get(path)
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            continue
        at = (slot.row, slot.column)
        if path in compiled.boxed:
            inside.setdefault(at, []).append((slot, str(value)))
        elif slot.how == "inside":
            inside.setdefault(at, []).append((slot, printed(value)))
        else:
            for limit in compiled.slot_limits[path]:
                place = (move.row(slot.row) or slot.row, slot.column)
                findings.pending.add(limit, path, (findings, name, place), printed(value))
            out[at] = content(sheet, value, texts)
    for at, wanted in inside.items():
        out[at] = _inside(compiled, name, at, wanted, move, texts, findings)
    return out


def content(sheet: Sheet, value: Value, texts: Texts) -> grow.Content:
    """Cell content of a value: a shared string, a number, or nothing. Never a formula."""
    p = sheet.prefix
    if value is None or value == "":
        return grow.Content(None, "")
    if isinstance(value, str):
        return grow.Content("s", f"<{p}v>{texts.one(value)}</{p}v>")
    return grow.Content(None, f"<{p}v>{printed(value)}</{p}v>")


def totals(
    compiled: Compiled,
    area: Area,
    table: pl.DataFrame,
    written: tuple[Mapping[str, Value], ...],
    move: Move,
    texts: Texts,
) -> dict[tuple[int, int], grow.Content]:
    """Contents of the total rows: the form's own formula with its value, a SUM with its value, or the plain value."""
    sheet = compiled.sheet
    out: dict[tuple[int, int], grow.Content] = {}
    first, last = move.rows(area.first, area.last) or (area.first, area.last)
    for spec, row, values in zip(compiled.mapping.totals, compiled.totals, written, strict=False):
        for path, value in values.items():
            column = area.columns.get(path)
            if column is None or value is None:
                continue
            cell = sheet.cell(row, column)
            summed = _sum(table, path)
            if cell and cell.formula is not None and spec.write == "formula":
                out[row, column] = grow.formula_content(sheet, cell, move, printed(value), _kind(value))
            elif spec.write == "formula" and table.height and summed is not None and equal(summed, value):
                p, letter = sheet.prefix, refs.letters(column)
                inner = f"<{p}f>SUM({letter}{first}:{letter}{last})</{p}f><{p}v>{printed(value)}</{p}v>"
                out[row, column] = grow.Content(None, inner)
            else:
                out[row, column] = content(sheet, value, texts)
    return out


def _inside(
    compiled: Compiled,
    name: str,
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
                where, found = f"{name}!{refs.address(*place)}", "、".join(missing)
                findings.add("OF606", name, place, slot.label, place=where, allowed=allowed, found=found)
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


def _sum(table: pl.DataFrame, path: str) -> float | int | None:
    if path not in table.columns or not table[path].dtype.is_numeric():
        return None
    total = table[path].sum()
    return total if isinstance(total, int | float) else float(total)


def printed(value: Value) -> str:
    """A value as text: whole floats without `.0`, '' for none."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def _kind(value: Value) -> str | None:
    return "str" if isinstance(value, str) else None


def equal(told: float, value: Value) -> bool:
    """True when a computed number is the one that was given."""
    return isinstance(value, int | float) and math.isclose(told, value, rel_tol=1e-9, abs_tol=1e-9)
