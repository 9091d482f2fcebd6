"""fill: records + the sample rows of an area → the generated rows, their merges, and how far everything below moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from oneform import problems
from oneform.fill import rows, values
from oneform.fill.compiled import Area
from oneform.fill.grow import Block, Content, block_span
from oneform.fill.move import Growth, Move
from oneform.fill.template import Sheet
from oneform.fill.texts import Texts
from oneform.mapping.model import Block as Grouping
from oneform.ooxml import refs


@dataclass(frozen=True)
class Region:
    """What one area adds to the sheet: generated rows, `<mergeCell>` elements, cells emptied, values written."""

    block: Block | None
    generated: set[int]  # sample rows whose bytes the block replaces
    dropped: frozenset[refs.Box]  # merges of the sample rows
    merges: bytes
    merge_count: int
    emptied: Mapping[tuple[int, int], Content]
    cells: int
    columns: Mapping[int, pl.Series]  # what stands in each filled or told column, record by record


def capacity(area: Area) -> int:
    """Most records an area can take."""
    return area.height if area.grow == "overwrite" else refs.MAX_ROWS - area.last


def growth(area: Area, count: int) -> Growth:
    """How many rows the sample rows become for `count` records. TemplateError OF607 past the last row of a sheet."""
    if count > capacity(area) and area.grow != "overwrite":
        raise problems.refusal("OF607", what=f"{count} 行", what_en=f"{count} rows", capacity=capacity(area))
    if area.grow != "overwrite" and count > area.height:
        return Growth(area.first, area.last, count)
    left = max(count, 1) if area.surplus == "delete" else area.height
    return Growth(area.first, area.last, left)


def region(sheet: Sheet, area: Area, table: pl.DataFrame, move: Move, texts: Texts, blocks: Blocks) -> Region:
    """Write `table` (columns by header path) into an area; not more records than its capacity."""
    count = table.height
    own = next(g for g in move.growths if g.first == area.first)
    first = move.row(area.first)
    assert first is not None  # noqa: S101 - an area keeps at least its first row
    once = blocks.once(table)
    columns = {column: once[path] for path, column in area.columns.items() if path in once.columns}
    filled, kinds, cells = _values(columns, texts)
    told = values.row_formulas(sheet, area, columns, count, first)
    filled = filled.with_columns(_number(series).alias(f"c{column}") for column, series in told.items())
    order = rows.plan(count, area)
    generated = set(range(area.first, area.first + min(count, area.height)))
    emptied = _emptied(sheet, area, move, count)
    if not count:
        return Region(None, set(), frozenset(), b"", 0, emptied, 0, columns)
    programs = [
        rows.program(sheet, row, area, move, own, kinds, told) if row in generated else rows.Program((), ())
        for row in range(area.first, area.last + 1)
    ]
    span = block_span(sheet, area.first, area.first + len(generated) - 1)
    xml = rows.chunks(programs, order, filled, first)
    merges = _merges(sheet, area, programs, order, first, blocks)
    merged = "".join(merges).encode()
    dropped = frozenset(m for m in sheet.merges if m[0] in generated and (m[0] == m[2] or area.is_block(m)))
    return Region(Block(*span, xml), generated, dropped, merged, len(merges), emptied, cells, columns | told)


@dataclass(frozen=True)
class Blocks:
    """Runs of records that belong together: first record and length of each, and what their columns do."""

    grouping: Grouping | None
    runs: tuple[tuple[int, int], ...]
    height: int

    def once(self, table: pl.DataFrame) -> pl.DataFrame:
        """Table with the value of merged and once columns in the first record of each run only."""
        if self.grouping is None or not self.runs:
            return table
        starts = pl.Series([s for s, _ in self.runs], dtype=pl.Int64)
        first = pl.int_range(pl.len()).is_in(starts.implode())
        single = [c for c in (*self.grouping.merge, *self.grouping.once) if c in table.columns]
        return table.with_columns(pl.when(first).then(pl.col(c)).otherwise(None).alias(c) for c in single)


NO_BLOCKS = Blocks(None, (), 0)


def blocks(grouping: Grouping | None, origins: pl.DataFrame) -> Blocks:
    """Runs of equal `block` in the origins of a report; a record without a block stands alone."""
    if grouping is None or "block" not in origins.columns or not origins.height:
        return NO_BLOCKS
    # a null is no block: give each its own number below all others
    alone = -1 - pl.int_range(pl.len(), dtype=pl.Int64)
    runs = origins.select(pl.coalesce(pl.col("block").cast(pl.Int64), alone).rle().alias("run")).unnest("run")
    lengths = runs["len"].cast(pl.Int64)
    starts = lengths.cum_sum() - lengths
    return Blocks(grouping, tuple(zip(starts.to_list(), lengths.to_list(), strict=True)), origins.height)


def _values(columns: Mapping[int, pl.Series], texts: Texts) -> tuple[pl.DataFrame, dict[int, bool], int]:
    """Values as columns `c{n}`: string indices or numbers; for each column whether it is text; filled cells."""
    numbers: list[pl.Series] = []
    words: list[pl.Series] = []
    for column, given in columns.items():
        series = given.rename(f"c{column}")
        if series.dtype.is_integer():
            numbers.append(series)
        elif series.dtype.is_float():
            numbers.append(_number(series))
        else:
            text = series.cast(pl.String).to_frame()
            words.append(text.select(pl.when(pl.first() != "").then(pl.first())).to_series())
    values = pl.DataFrame([*numbers, *texts.many(words)])
    kinds = {int(s.name[1:]): False for s in numbers} | {int(s.name[1:]): True for s in words}
    cells = values.height * values.width - sum(c.null_count() for c in values.get_columns())
    return values, kinds, cells


def _number(series: pl.Series) -> pl.Series:
    """Floats as a spreadsheet file writes them; null for what is no number."""
    finite = series.to_frame().select(pl.when(pl.first().is_finite()).then(pl.first()).cast(pl.String))
    return finite.to_series().str.strip_suffix(".0")


def _emptied(sheet: Sheet, area: Area, move: Move, count: int) -> dict[tuple[int, int], Content]:
    """Filled-in example values of sample rows that no record took: emptied unless they are kept."""
    if area.surplus == "keep":
        return {}
    return {
        (row, column): Content(None, "")
        for row in range(area.first + count, area.last + 1)
        if move.row(row) is not None and row in sheet.rows
        for column in area.columns.values()
        if column in sheet.rows[row].cells and not sheet.rows[row].cells[column].formula
    }


def _merges(
    sheet: Sheet, area: Area, programs: list[rows.Program], order: list[int], first: int, groups: Blocks
) -> list[str]:
    """`<mergeCell>` of every generated row and of every run of records, in one pass."""
    p = sheet.prefix
    right_of = {m[0]: m[1] for program in programs for m in program.merges}
    right_of |= {m[1]: m[3] for m in sheet.merges if area.is_block(m)}
    vertical = sorted(area.vertical) if groups.grouping else []
    out: list[str] = []
    for column in vertical:
        left, right = refs.letters(column), refs.letters(right_of.get(column, column))
        out.extend(
            f'<{p}mergeCell ref="{left}{first + s}:{right}{first + s + n - 1}"/>' for s, n in groups.runs if n > 1
        )
    in_run = _long(groups.runs)
    for at, index in enumerate(order) if any(program.merges for program in programs) else ():
        for a, b in programs[index].merges:
            if not (a in vertical and at in in_run):
                out.append(f'<{p}mergeCell ref="{refs.letters(a)}{first + at}:{refs.letters(b)}{first + at}"/>')
    return out


def _long(runs: Iterable[tuple[int, int]]) -> set[int]:
    return {i for s, n in runs if n > 1 for i in range(s, s + n)}
