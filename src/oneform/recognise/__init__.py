"""Recognise: a WORKBOOK → TABLEs: header band, columns bound to fields, data rows, what was left out and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from oneform import problems
from oneform.errors import OneformError
from oneform.frames import (
    BLANK,
    EXPLAINED,
    LEFT_OUT,
    LISTS,
    ROW_NUMBER,
    SUMMARY,
    Column,
    Sheet,
    Table,
    Workbook,
)
from oneform.mapping.model import Mapping
from oneform.recognise import cards, forms, layout, values
from oneform.recognise.band import HEIGHT, ROWS, Band, find, zone
from oneform.recognise.bind import SUGGESTED, bind
from oneform.recognise.body import ABOVE, Body, body, listed
from oneform.recognise.dictionary import Dictionary, dictionary, header
from oneform.recognise.facts import facts
from oneform.schema import Schema

__all__ = ["refusal", "skipped", "tables"]

_BESIDE = ("表格旁边的说明", "notes beside the table")
_HIDDEN = ("隐藏的工作表，当作字典，不读取", "hidden sheet, taken for a dictionary")
_OWN_SHEET = ("程序自己加的工作表", "a sheet oneform added itself")
_GUIDE = ("填写说明，不是数据", "instructions, no data")
_GUIDES = {"填写说明", "填表说明", "导入说明", "填报说明"}
_OWN_COLUMN = ("程序自己加的列", "a column oneform added itself")
_NO_TABLE = ("没有找到表头", "no header found")
_EMPTY = ("空工作表", "empty sheet")
_TAGGED = ("待填的模板（含模板标记），不是数据", "a template with tags, no data")
_TAG = r"\{\{|\{\.[A-Za-z]|\{[A-Za-z]+[0-9]*\.[A-Za-z]|<jx:|\$\{"


def tables(workbook: Workbook, schema: Schema, *, mapping: Mapping | None = None) -> tuple[Table, ...]:
    """Every table of every visible sheet, in reading order; () when none is found (`refusal` says why).

    With a mapping its columns are bound first, by header path, and the codes it writes are read back as a legend.
    """
    known = dictionary(schema)
    form = forms.form(mapping) if mapping else None
    read = [sheet for sheet in workbook.sheets if _why_skipped(sheet) is None]
    found = [table for sheet in read for table in _of_sheet(sheet, known, form) if _tells(table, schema)]
    # beside a roster, a sheet whose rows name nobody is its dictionary or its explanation
    naming = [table for table in found if _names_someone(table, schema)]
    return tuple(naming or found)


def skipped(workbook: Workbook, found: tuple[Table, ...]) -> pl.DataFrame:
    """LEFT_OUT: the sheets that gave no table, each with the reason."""
    read = {table.sheet for table in found}
    lines = [
        (sheet.name, None, None, *(_why_skipped(sheet) or _NO_TABLE))
        for sheet in workbook.sheets
        if sheet.name not in read
    ]
    return pl.DataFrame(lines, schema=LEFT_OUT, orient="row")


def refusal(workbook: Workbook, schema: Schema) -> OneformError:
    """Why `tables` found nothing: OF206 when a row looks like a header of unknown columns, else OF205."""
    del schema  # the dictionary found nothing; what is left to judge is the look of the rows
    bands = [find(sheet, _short_text) for sheet in workbook.sheets if _why_skipped(sheet) is None]
    headed = any(band is not None and len(band.paths) > 1 for band in bands)
    return problems.refusal("OF206" if headed else "OF205", workbook.file)


def _why_skipped(sheet: Sheet) -> tuple[str, str] | None:
    """The reason a sheet is not looked at, None when it is."""
    if sheet.name in {SUMMARY, LISTS}:
        return _OWN_SHEET
    if sheet.name.strip() in _GUIDES:
        return _GUIDE
    if sheet.hidden:
        return _HIDDEN
    if sheet.texts.is_empty():
        return _EMPTY
    tagged = sheet.texts.head(50).select(pl.any_horizontal(pl.all().str.contains(_TAG).any())).item()
    return _TAGGED if tagged else None


def _tells(table: Table, schema: Schema) -> bool:
    """True when a column is known that says something of its subject, or two may be asked about."""
    asked = sum(any(sure >= SUGGESTED for _, sure in column.suggestions) for column in table.columns)
    known = [
        schema.entities[column.entity].fields[column.field]
        for column in table.columns
        if column.entity and column.field
    ]
    return asked >= 2 or any(one.name != "remark" and not one.output_only for one in known)


def _names_someone(table: Table, schema: Schema) -> bool:
    """True when the rows say who or what they are about; a code list or a table of notes does not."""
    keys = {name for key in schema.entities[table.entity].identify for name in key}
    return any(column.entity == table.entity and column.field in keys for column in table.columns)


def _short_text(path: tuple[str, ...]) -> bool:
    return len(path[-1]) <= 12 and re.search("[A-Za-z\u4e00-\u9fff]", path[-1]) is not None


def _of_sheet(sheet: Sheet, known: Dictionary, form: forms.Form | None) -> list[Table]:
    """Tables of one sheet: side by side in one band, one under another, or one card."""
    sheet, own = _without_own(sheet)

    def knows(path: tuple[str, ...]) -> bool:
        return known.knows(path) or (form is not None and form.has(path))

    band = find(sheet, knows)
    if band is None or cards.is_card(sheet, band, known):
        card = cards.table(sheet, known)
        return [card] if card else []
    found: list[Table] = []
    while band is not None:
        below = layout.next_band(sheet, band, knows)
        blocks, beside = layout.blocks(sheet, band, knows)
        rows = [body(sheet, band.last, _leaves(band, block), stop=below.first if below else None) for block in blocks]
        notes = [(sheet.name, None, c, *_BESIDE) for c in beside]
        notes += [(sheet.name, None, c, *_OWN_COLUMN) for c in own]
        own = []
        for block, data in zip(blocks, rows, strict=True):
            found.append(_table(sheet, band, block, data, known, form, notes))
            notes = []  # said once, with the first table
        band = below
    return found


def _without_own(sheet: Sheet) -> tuple[Sheet, list[int]]:
    """The sheet with the columns emptied that a problem workbook had added to it, and their numbers."""
    marked = sheet.texts.head(ROWS + HEIGHT).select(
        pl.all().str.strip_chars().is_in([ROW_NUMBER, EXPLAINED]).fill_null(value=False).any()
    )
    names = [name for name in marked.columns if marked[name][0]]
    if not names:
        return sheet, []
    texts = sheet.texts.with_columns(pl.lit(None, pl.String).alias(name) for name in names)
    types = sheet.types.with_columns(pl.lit(BLANK, pl.UInt8).alias(name) for name in names)
    return replace(sheet, texts=texts, types=types), [int(name[1:]) for name in names]


def _leaves(band: Band, block: list[int]) -> dict[int, str]:
    return {column: band.paths[column][-1] if column in band.paths else "" for column in block}


def _table(
    sheet: Sheet,
    band: Band,
    block: list[int],
    data: Body,
    known: Dictionary,
    form: forms.Form | None,
    notes: Sequence[tuple[object, ...]],
) -> Table:
    above = zone(sheet, rows=band.first)
    said = facts(above, 1, band.first - 1)
    headers = {column: header(band.paths.get(column, ("",))) for column in block}
    shares = values.shapes(data.cells, [f"c{column}" for column in block])
    entity, columns, found = bind(
        sheet.name, said.get("title", ""), headers, {int(n[1:]): s for n, s in shares.items()}, known, form
    )
    lines = pl.Series([row for row in range(1, band.first) if above.get(row)], dtype=pl.Int32)
    left_out = pl.concat(
        [
            listed(sheet.name, lines, pl.repeat(ABOVE[0], lines.len(), dtype=pl.String, eager=True)),
            data.left_out,
            pl.DataFrame(notes, schema=LEFT_OUT, orient="row"),
        ]
    )
    cells, types = _filled_down(sheet, data, columns, known.schema)
    rows = (int(cells["row"][0]), int(cells["row"][-1])) if cells.height else None
    return Table(sheet.name, (band.first, band.last), rows, columns, cells, types, said, left_out, found, entity)


def _filled_down(
    sheet: Sheet, data: Body, columns: tuple[Column, ...], schema: Schema
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Merged cells of fields that speak for every row under them (户号, 户主, 住址), repeated there; no other field."""
    cells, types = data.cells, data.types
    for column in columns:
        if not column.entity or not column.field or not schema.entities[column.entity].fields[column.field].fill_down:
            continue
        name = f"c{column.index}"
        spans = [m for m in sheet.merges if m[1] <= column.index <= m[3] and m[2] > m[0]]
        covered = [
            (row, top) for top, left, bottom, _ in spans if left == column.index for row in range(top + 1, bottom + 1)
        ]
        if not covered:
            continue
        source = pl.DataFrame(covered, schema={"row": pl.Int32, "top": pl.UInt32}, orient="row").unique("row")
        source = source.filter(pl.col("top") <= sheet.texts.height)
        at = source["top"] - 1
        source = source.with_columns(text=sheet.texts[name].gather(at), type=sheet.types[name].gather(at))
        filled = cells.select("row", name).join(source, "row", how="left", maintain_order="left")
        blank = types[name] == BLANK
        cells = cells.with_columns(filled.select(pl.when(blank).then("text").otherwise(name).alias(name)).to_series())
        types = types.with_columns(
            filled.select(
                pl.when(blank & pl.col("type").is_not_null()).then("type").otherwise(types[name]).alias(name)
            ).to_series()
        )
    return cells, types
