"""Recognise: a WORKBOOK → TABLEs: header band, columns bound to fields, data rows, what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import polars as pl

from oneform import problems
from oneform.errors import OneformError
from oneform.frames import (
    BLANK,
    EXPLAINED,
    LEFT_OUT,
    LISTS,
    PROBLEMS,
    ROW_NUMBER,
    SUMMARY,
    Column,
    Memory,
    Sheet,
    Table,
    Workbook,
)
from oneform.mapping.model import Mapping
from oneform.recognise import cards, composite, forms, layout, members, refused, values
from oneform.recognise.answers import answers
from oneform.recognise.band import HEIGHT, ROWS, Band, Zone, find, stated, zone
from oneform.recognise.body import ABOVE, AFTER, Body, body, listed
from oneform.recognise.dictionary import Dictionary, Header, dictionary, header
from oneform.recognise.facts import below, facts
from oneform.recognise.forms import path_key
from oneform.recognise.remembered import Remembered, header_rows, signature
from oneform.recognise.seen import SUGGESTED
from oneform.schema import Schema

__all__ = ["answers", "path_key", "refusal", "signature", "skipped", "tables"]

_BESIDE = ("表格旁边的说明", "notes beside the table")
_HIDDEN = ("隐藏的工作表，当作字典，不读取", "hidden sheet, taken for a dictionary")
_OWN_SHEET = ("程序自己加的工作表", "a sheet oneform added itself")
_GUIDE = ("填写说明，不是数据", "instructions, no data")
_GUIDES = {"填写说明", "填表说明", "导入说明", "填报说明"}
_OWN_COLUMN = ("程序自己加的列", "a column oneform added itself")
_NO_TABLE = ("没有找到表头", "no header found")
_EMPTY = ("空工作表", "empty sheet")
_UNKNOWN = ("没有认得出来的列，没有读取", "no known column, not read")


def tables(
    workbook: Workbook,
    schema: Schema,
    *,
    mapping: Mapping | None = None,
    memory: Memory | None = None,
    header: tuple[int, int] | None = None,
) -> tuple[Table, ...]:
    """Every table of every visible sheet, in reading order; () when none is found (`refusal` says why).

    With a mapping its columns are bound first, by header path, and the codes it writes are read back as a legend. What
    people answered before (`memory`) is the surest evidence; the values of a column may still veto it. `header` are the
    header rows (Excel rows, first and last) that a person named, on every sheet that has text there.

    Where nothing can be read, a sheet that is no list (counts, indicators, a template) or whose columns are unknown is
    shown by its header alone: `refused` says why, its rows are not read.
    """
    known = dictionary(schema)
    form = forms.form(mapping, schema) if mapping else None
    read = [sheet for sheet in workbook.sheets if _why_skipped(sheet) is None]
    told = Remembered(memory or Memory())
    found = [table for sheet in read for table in _of_sheet(sheet, known, form, told, header) if _tells(table, schema)]
    # beside a roster, a sheet whose rows name nobody is its dictionary or its explanation
    naming = [table for table in found if _names_someone(table, schema)]
    shown = [] if found else [_shown(sheet, known, told, header) for sheet in workbook.sheets]
    return tuple(naming or found or [table for table in shown if table])


def skipped(workbook: Workbook, found: tuple[Table, ...]) -> pl.DataFrame:
    """LEFT_OUT: the sheets that gave no table, each with the reason."""
    read = {table.sheet for table in found}
    lines = [
        (sheet.name, None, None, *(_why_skipped(sheet) or refused.reason(sheet, refused.header(sheet)) or _NO_TABLE))
        for sheet in workbook.sheets
        if sheet.name not in read
    ]
    return pl.DataFrame(lines, schema=LEFT_OUT, orient="row")


def refusal(workbook: Workbook, schema: Schema) -> OneformError:
    """Why `tables` read nothing: OF207 for a sheet that is no list, OF206 for a header of unknown columns, else OF205."""
    del schema  # the dictionary found nothing; what is left to judge is the look of the rows
    headed: list[tuple[Sheet, Band]] = []
    for sheet in workbook.sheets:
        if _why_skipped(sheet) not in {None, refused.TEMPLATE}:
            continue
        band = refused.header(sheet)
        why = refused.reason(sheet, band)
        if why is not None:
            return problems.refusal("OF207", workbook.file, sheet=sheet.name, what=why[0], what_en=why[1])
        if band is not None:
            headed.append((sheet, band))
    if not headed:
        return problems.refusal("OF205", workbook.file)
    sheet, band = headed[0]
    return problems.refusal("OF206", workbook.file, sheet=sheet.name, rows=_span(band))


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
    return refused.TEMPLATE if refused.template(sheet) else None


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
    subject = schema.entities[table.entity].event or table.entity
    keys = {name for key in schema.entities[subject].identify for name in key}
    return any(column.entity == subject and column.field in keys for column in table.columns)


def _lists(table: Table, schema: Schema) -> bool:
    """True when a column holds names or numbers of what a row is about, so that counts beside them are its own."""
    for column in table.columns:
        about = schema.entities[column.entity] if column.entity and column.field else None
        if about is None or column.field is None or not any(column.field in key for key in about.identify):
            continue
        if about.fields[column.field].kind in {"name", "resident_id", "uscc", "text"}:
            return True
    return False


def _span(band: Band) -> str:
    return str(band.first) if band.first == band.last else f"{band.first}-{band.last}"


def _shown(sheet: Sheet, known: Dictionary, told: Remembered, header: tuple[int, int] | None) -> Table | None:
    """A sheet that is not read, by its header: one that is no list, or one with a known word but no column to bind."""
    if _why_skipped(sheet) not in {None, refused.TEMPLATE}:
        return None
    named = stated(sheet, *header, known.knows) if header else None
    guessed = None if named or refused.template(sheet) else find(sheet, known.knows)
    band = named or guessed or refused.header(sheet)
    why = refused.reason(sheet, band)
    if band is None:
        return None
    familiar = any(map(known.knows, band.paths.values())) and refused.telling(sheet, band)
    if not (why or named or familiar):
        return None
    nothing = body(sheet, (band.first, band.last), _leaves(band, sorted(band.paths)), stop=band.last + 1)
    reason = why or _UNKNOWN
    lines = [(sheet.name, None, None, *reason)]
    said = _said(sheet, 1, band, {})
    table = _table(sheet, band, sorted(band.paths), nothing, known, None, told, start=1, said=said, notes=lines)[0]
    code, about = ("OF207", {"what": reason[0], "what_en": reason[1]}) if why else ("OF206", {"rows": _span(band)})
    problem = (
        sheet.name, None, None, None, None, code, problems.level(code),
        problems.message(code, sheet=sheet.name, **about), problems.message(code, lang="en", sheet=sheet.name, **about),
    )  # fmt: skip
    # nobody is to rename the columns of a table of counts
    columns = tuple(replace(column, suggestions=()) for column in table.columns) if why else table.columns
    return replace(
        table, columns=columns, problems=pl.DataFrame([problem], schema=PROBLEMS, orient="row"), refused=reason
    )


def _of_sheet(
    sheet: Sheet, known: Dictionary, form: forms.Form | None, told: Remembered, header: tuple[int, int] | None
) -> list[Table]:
    """Tables of one sheet: side by side in one band, one under another, or cards."""
    sheet, own = _without_own(sheet)

    @cache  # every band holds the same texts
    def knows(path: tuple[str, ...]) -> bool:
        return (
            known.knows(path) or (form is not None and form.has(path)) or told.has(path) or composite.knows(path, known)
        )

    rows_said = header or header_rows(sheet, told.memory)
    named = stated(sheet, *rows_said, knows) if rows_said else None
    band = named or find(sheet, knows)
    if band is None or (not named and not (form and form.cells) and cards.is_card(sheet, band, known)):
        return cards.tables(sheet, known)
    found: list[Table] = []
    places = form.places if form else frozenset()
    start, said = 1, _said(sheet, 1, band, {}, places)
    while band is not None:
        further = layout.next_band(sheet, band, knows, said)
        stop = further[1] if further else sheet.texts.height + 1
        blocks, beside = layout.blocks(sheet, band, knows)
        notes = [(sheet.name, None, c, *_BESIDE) for c in beside]
        notes += [(sheet.name, None, c, *_OWN_COLUMN) for c in own]
        own = []
        for block in blocks:
            own_facts = _said(sheet, start, band, said, places, block if len(blocks) > 1 else None)
            above = [cell.text for line in _lines(sheet, start, band).values() for cell in line.values()]
            data = body(sheet, (band.first, band.last), _leaves(band, block), stop=stop, above=above)
            data = _without_foot(sheet, data, forms.ends(form, data.cells))
            made = _table(sheet, band, block, data, known, form, told, start=start, said=own_facts, notes=notes)
            made = [cards.with_top(one, sheet, start, known, form) for one in made]
            listing = any(_lists(table, known.schema) for table in made)
            found += made if listing or not refused.shape(band, said.get("title", "")) else []
            notes = []  # said once, with the first table
        if further is None:
            break
        band, start = further
        said = _said(sheet, start, band, said, places)
    return found


def _lines(sheet: Sheet, start: int, band: Band) -> Zone:
    """The texts of the rows from `start` up to the header."""
    return zone(sheet, start=start, rows=band.first - start)


def _without_foot(sheet: Sheet, data: Body, first: int | None) -> Body:
    """The body up to the row `first`, from which on the form has its own foot; None: it has none."""
    if first is None:
        return data
    foot = data.cells.filter(pl.col("row") >= first)["row"]
    own = listed(sheet.name, foot, pl.repeat(AFTER[0], foot.len(), dtype=pl.String, eager=True))
    above = pl.col("row") < first
    return Body(data.cells.filter(above), data.types.filter(above), pl.concat([data.left_out, own]).sort("row"))


def _said(
    sheet: Sheet,
    start: int,
    band: Band,
    inherited: dict[str, str],
    places: frozenset[str] = frozenset(),
    block: list[int] | None = None,
) -> dict[str, str]:
    """What the lines over a header say (of several tables side by side, those over the block), else what was said above.

    `places`: what a form prints over its table of itself, which says nothing of its rows.
    """
    lines = _lines(sheet, start, band)
    if block is not None:
        span = range(min(block), max(block) + 1)
        lines = {row: {c: cell for c, cell in line.items() if c in span} for row, line in lines.items()}
    return {**inherited, **facts(lines, start, band.first - 1, places)}


def _said_below(
    sheet: Sheet, left_out: pl.DataFrame, said: dict[str, str], places: frozenset[str] = frozenset()
) -> dict[str, str]:
    """`said` and what the signature and notes under a table add to it."""
    rows = left_out.filter(pl.col("reason") == AFTER[0])["row"]
    if rows.is_empty():
        return said
    first = int(rows[0])
    last = min(int(rows[-1]), first + ROWS)
    return below(zone(sheet, start=first, rows=last - first + 1), first, last, said, places)


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


def _table(  # noqa: PLR0913 - what is known of a sheet, one by one
    sheet: Sheet,
    band: Band,
    block: list[int],
    data: Body,
    known: Dictionary,
    form: forms.Form | None,
    told: Remembered,
    *,
    start: int,
    said: dict[str, str],
    notes: Sequence[tuple[object, ...]],
) -> list[Table]:
    said = _said_below(sheet, data.left_out, said, form.places if form else frozenset())
    headers = {column: header(band.paths.get(column, ("",))) for column in block}
    shares = values.shapes(forms.bare(data.cells, form, band.paths), [f"c{column}" for column in block], known.listed)

    def bound(some: dict[int, Header], by: forms.Form | None) -> tuple[str, tuple[Column, ...], pl.DataFrame]:
        by_column = {int(name[1:]): share for name, share in shares.items()}
        entity, columns, found = composite.bind(sheet.name, said.get("title", ""), some, by_column, known, by, told)
        if by is not None:
            columns = tuple(forms.framed(column, by.output((column.header,))) for column in columns)
        return entity, columns, found

    entity, columns, found = bound(headers, form)
    lines = pl.Series([row for row, line in _lines(sheet, start, band).items() if line], dtype=pl.Int32)
    left_out = pl.concat(
        [
            listed(sheet.name, lines, pl.repeat(ABOVE[0], lines.len(), dtype=pl.String, eager=True)),
            data.left_out,
            pl.DataFrame(notes, schema=LEFT_OUT, orient="row"),
        ]
    )
    cells, types = _filled_down(sheet, data, columns, known.schema)
    rows = (int(cells["row"][0]), int(cells["row"][-1])) if cells.height else None
    whole = Table(sheet.name, (band.first, band.last), rows, columns, cells, types, said, left_out, found, entity)
    if form and not form.members:  # it says itself what its columns are
        return [whole]
    people = replace(form, each=None) if form else None  # whose rows are households; here are its members
    parts = members.separated(whole, headers, lambda some: bound(some, people), known.schema)
    return [*parts[:1], *(forms.of_member(part, form) for part in parts[1:])] if form else parts


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
