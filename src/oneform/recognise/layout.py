"""Recognise, how tables lie on a sheet: side by side in one band, beside notes, one under another."""

from __future__ import annotations

import polars as pl

from oneform.frames import Sheet
from oneform.recognise.band import Band, Known, find

SAMPLE = 500  # rows below the header that tell whether a column without a header is used
RESTARTS = 50  # blank rows after which another header is looked for


def next_band(sheet: Sheet, band: Band, known: Known) -> Band | None:
    """Another table below, under a different header: only after a blank row, and only when most of it is known."""
    names = [f"c{column}" for column in band.paths]
    rows = sheet.texts.slice(band.last).select(names)
    blank = rows.select(blank_row(names)).to_series()
    own = set(band.leaves.values())
    tried = set()
    for at in blank.arg_true().head(RESTARTS):
        start = band.last + at + 2
        below = find(sheet, known, start=start) if start <= sheet.texts.height else None
        if below is None or below.first in tried:
            continue
        tried.add(below.first)
        fresh = [path for path in below.paths.values() if path[-1] not in own]
        hits = sum(map(known, below.paths.values()))
        if len(below.paths) >= 3 and len(fresh) * 2 > len(below.paths) and hits * 2 > len(below.paths):
            return below
    return None


def blocks(sheet: Sheet, band: Band, known: Known) -> tuple[list[list[int]], list[int]]:
    """Columns of each table in the band, from the left, and the columns of notes beside them.

    Blank columns part blocks. A block with the names of the first is another table, one whose names are mostly known
    goes on with it, any other is notes.
    """
    leaves = band.leaves
    runs: list[list[int]] = []
    for column in _used(sheet, band):
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    hits = [sum(known(band.paths[c]) for c in run if c in leaves) for run in runs]
    main = runs.pop(hits.index(max(hits)))
    mine = {leaves[c] for c in main if c in leaves}
    tables, beside = [main], []
    for run in runs:
        names = [leaves[c] for c in run if c in leaves]
        if names and len(mine.intersection(names)) * 2 > len(names):
            tables.append(run)
        elif names and sum(known(band.paths[c]) for c in run if c in leaves) * 2 >= len(names):
            main.extend(run)
        else:
            beside += run
    named = {c for run in (main, *runs) for c in run}
    beside += [int(n[1:]) for n in sheet.texts.columns if int(n[1:]) not in named and _noted(sheet, band, n)]
    ordered = sorted((sorted(table) for table in tables), key=lambda table: table[0])
    return [part for table in ordered for part in _repeated(table, leaves)], beside


def _noted(sheet: Sheet, band: Band, name: str) -> bool:
    return sheet.texts.slice(band.first - 1, SAMPLE)[name].is_not_null().any()


def blank_row(names: list[str]) -> pl.Expr:
    """True for rows whose cells are all blank."""
    return pl.all_horizontal(pl.col(name).str.strip_chars().fill_null("") == "" for name in names)


def _used(sheet: Sheet, band: Band) -> list[int]:
    """Columns of tables: those with a header, and those without one that are filled like the others.

    A header merged over several columns counts where content is. Text in few rows under no header is a note.
    """
    below = sheet.texts.slice(band.last, SAMPLE)
    counts = {int(name[1:]): below[name].drop_nulls().len() for name in below.columns}
    covered = {
        c
        for top, left, bottom, right in sheet.merges
        if bottom >= band.last >= top
        for c in range(left + 1, right + 1)
        if not counts.get(c)
    }
    named = [f"c{c}" for c in band.paths]
    rows = below.filter(~blank_row(named))
    beside = {c: rows[f"c{c}"].drop_nulls().len() for c in counts if c not in band.paths}
    unnamed = {c for c, count in beside.items() if count * 2 >= rows.height > 0 and count * 5 >= counts[c] * 4}
    inside = {c for c, count in counts.items() if count and min(band.paths) < c < max(band.paths)}
    return sorted({*band.paths, *unnamed, *inside} - covered)


def _repeated(block: list[int], leaves: dict[int, str]) -> list[list[int]]:
    """A block whose names come again in the same order is that many tables."""
    names = [leaves.get(c, "") for c in block]
    for times in range(4, 1, -1):
        size, rest = divmod(len(names), times)
        if not rest and size >= 2 and names[:size] * times == names and len(set(names[:size])) > 1:
            return [block[i * size : (i + 1) * size] for i in range(times)]
    return [block]
