"""fill: a sample row's bytes + a frame of values → the XML of all rows, column-wise, a few thousand rows at a time.

A sample row becomes a program once: literal text, row numbers and holes for values. What the sample row carries
(styles, height, unknown attributes, formulas) is thereby in every new row.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from oneform.fill.compiled import Area
from oneform.fill.move import Growth, Move, row_pieces
from oneform.fill.template import Cell, Sheet
from oneform.ooxml import refs, spans

CHUNK = 4096  # same CPU as larger chunks, half the peak memory

_VALUE_BOUND = frozenset({"r", "t", "cm", "vm"})  # attributes that belong to the old value or place


@dataclass(frozen=True, slots=True)
class Hole:
    """Place of one value: column `c{n}` of the values; `before`, `after` around it; `blank` when it is null."""

    column: int
    before: str
    after: str
    blank: str


Piece = str | int | Hole  # an int n is the record's own row + n


@dataclass(frozen=True)
class Program:
    """How one record is written: the pieces of its `<row>`, and the column spans merged in it."""

    pieces: tuple[Piece, ...]
    merges: tuple[tuple[int, int], ...]


def program(
    sheet: Sheet,
    row: int,
    area: Area,
    move: Move,
    growth: Growth,
    texts: Mapping[int, bool],
    told: Container[int] = (),
) -> Program:
    """Program of sample row `row`; `texts` tells for each filled column whether it holds text (else numbers).

    `told` are the formula columns whose results are known.
    """
    p = sheet.prefix
    sample = sheet.rows.get(row)
    attributes = "" if sample is None else _attributes(sample.element, frozenset({"r"}))
    pieces: list[Piece] = [f'<{p}row r="', 0, f'"{attributes}>']
    cells = sample.cells if sample else {}
    fixed = {
        area.columns[path] for path, o in area.outputs.items() if o.source in ("seq", "ratio") and path in area.columns
    }
    for column in sorted({*cells, *texts}):
        cell = cells.get(column)
        formula = sheet.formulas.get((row, column))
        pieces += [f'<{p}c r="{refs.letters(column)}', 0, f'"{_style(sheet, row, column, cell)}']
        if formula is not None and (column not in texts or column in fixed):
            calculated = [*row_pieces(formula, row, move, growth, sheet=sheet.name)]
            # the form's own formula stays; what we know of its result stands beside it
            kind = ' t="str"' if texts.get(column) else ""
            pieces += [f"{kind}><{p}f>", *calculated, f"</{p}f>"]
            if column in texts or column in told:
                pieces.append(Hole(column, f"<{p}v>", f"</{p}v>", ""))
            pieces.append(f"</{p}c>")
        elif column in texts:
            kind = ' t="s"' if texts[column] else ""
            pieces.append(Hole(column, f"{kind}><{p}v>", f"</{p}v></{p}c>", "/>"))
        else:
            pieces.append(_constant(sheet, cell))
    pieces.append(f"</{p}row>")
    merges = tuple((m[1], m[3]) for m in sheet.merges if m[0] == m[2] == row)
    return Program(_joined(pieces), merges)


def plan(count: int, area: Area) -> list[int]:
    """Index of the sample row each of `count` records is drawn from.

    `insert` repeats the sample rows in turn (alternate styles); the other ways fill them in order, and what is inserted
    looks like the last but one, so that a closing border stays at the end.
    """
    k = area.height
    if area.grow == "insert" or count <= k or k == 1:
        return [i % k for i in range(count)]
    return [*range(k - 1), *([k - 2] * (count - k)), k - 1]


def chunks(programs: Sequence[Program], order: Sequence[int], values: pl.DataFrame, first: int) -> Iterator[bytes]:
    """XML of the rows from output row `first` on: record i by program `order[i]`, its values in columns `c{n}`."""
    alike = list(dict.fromkeys(programs[i].pieces for i in dict.fromkeys(order)))
    which = {i: alike.index(p.pieces) for i, p in enumerate(programs) if i in set(order)}
    gaps = {c.name for c in values.get_columns() if c.null_count()}
    lines = [_expression(pieces, gaps).alias("xml") for pieces in alike]
    numbers = pl.Series("program", [which[i] for i in order], pl.UInt32)
    for start in range(0, len(order), CHUNK):
        records = values.slice(start, CHUNK).with_columns(
            pl.int_range(first + start, first + start + min(CHUNK, len(order) - start), dtype=pl.Int32).alias("row")
        )
        records = records.with_columns(pl.col("row").cast(pl.String).alias("own row"))
        if len(lines) == 1:
            xml = records.select(lines[0])["xml"]
        else:
            records = records.with_columns(numbers.slice(start, CHUNK))
            kinds = [records.filter(pl.col("program") == n).select("row", line) for n, line in enumerate(lines)]
            xml = pl.concat(kinds).sort("row")["xml"]
        yield xml.str.join("").cast(pl.Binary).item()


def _expression(pieces: Sequence[Piece], gaps: set[str]) -> pl.Expr:
    parts: list[pl.Expr] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(pl.lit(piece))
        elif isinstance(piece, int):
            parts.append((pl.col("row") + piece).cast(pl.String) if piece else pl.col("own row"))
        elif (name := f"c{piece.column}") not in gaps:
            parts += [pl.lit(piece.before), pl.col(name).cast(pl.String), pl.lit(piece.after)]
        else:
            value = pl.col(name).cast(pl.String)
            filled = pl.concat_str(pl.lit(piece.before), value, pl.lit(piece.after))
            parts.append(filled.fill_null(pl.lit(piece.blank)))
    return pl.concat_str(parts)


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _style(sheet: Sheet, row: int, column: int, cell: Cell | None) -> str:
    if cell:
        return _attributes(cell.element, _VALUE_BOUND)
    style = new_cell_style(sheet, row, column)
    return f' s="{style}"' if style else ""


def new_cell_style(sheet: Sheet, row: int, column: int) -> str | None:
    """Style of a cell that the template does not have: its row's, else its column's."""
    found = sheet.rows.get(row)
    own = found.element.attributes if found else {}
    return own.get("s") if own.get("customFormat") in ("1", "true") else sheet.column_style(column)


def _constant(sheet: Sheet, cell: Cell | None) -> str:
    if cell is None or cell.element.inner == cell.element.end:
        return "/>"
    kind = cell.element.attributes.get("t")
    inner = spans.raw(sheet.content, cell.element)
    return (f' t="{kind}"' if kind else "") + f">{inner}</{sheet.prefix}c>"


def _attributes(element: spans.Element, without: frozenset[str]) -> str:
    return "".join(f' {k}="{spans.escape(v)}"' for k, v in element.attributes.items() if k not in without)
