"""Read: rows of typed cells → texts and types at absolute positions (frames.Sheet), built a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice

import polars as pl

from oneform.frames import BLANK, BOOL, DATE, DURATION, ERROR, FORMULA, NUMBER, TEXT, Sheet

CHUNK = 20_000  # rows turned at a time: the Python objects of a chunk are gone before the next one
Merge = tuple[int, int, int, int]


def sheet(
    name: str,
    rows: Iterable[Sequence[object]],
    *,
    left: int = 0,
    merges: tuple[Merge, ...] = (),
    hidden: bool = False,
    marked: dict[tuple[int, int], tuple[str | None, int]] | None = None,
) -> Sheet:
    """One sheet from its rows, the first being Excel row 1; `left` empty columns stand before each.

    `marked` are cells whose text and type are known better than the rows say: (row, column), 1-based → (text, type).
    Rows and columns at the end that hold nothing but blanks are dropped.
    """
    source = iter(rows)
    parts = []
    while chunk := list(islice(source, CHUNK)):
        parts.append(_chunk(chunk, left))
    texts = pl.concat([t for t, _ in parts], how="diagonal") if parts else pl.DataFrame()
    types = pl.concat([k for _, k in parts], how="diagonal") if parts else pl.DataFrame()
    texts, types = _marked(texts, types, marked or {})
    texts, types = _trimmed(texts, types.fill_null(BLANK))
    return Sheet(name, texts, types, merges, hidden)


def grid(told: pl.DataFrame, height: int, width: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Texts and types at their places from one row a cell: `row`, `column` (1-based), `text`, `kind`.

    Of two cells at one place the later one stands.
    """
    at = told.select((pl.col("row").cast(pl.Int64) - 1) * width + pl.col("column") - 1).to_series()
    places = pl.repeat(None, height * width, dtype=pl.UInt32, eager=True)
    places = places.scatter(at, pl.int_range(told.height, dtype=pl.UInt32, eager=True))
    texts, types = {}, {}
    for i in range(width):
        index = places.gather_every(width, i)
        texts[f"c{i + 1}"] = told["text"].gather(index)
        types[f"c{i + 1}"] = told["kind"].gather(index).fill_null(BLANK)
    return pl.DataFrame(texts), pl.DataFrame(types)


def number(value: float) -> str:
    """Digits of a number: no `.0`, no exponent; the shortest text that reads back as the same float."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = format(Decimal(repr(value)), "f")
    return text[:-2] if text.endswith(".0") else text


def _chunk(rows: list[Sequence[object]], left: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    width = max(map(len, rows))
    if any(len(row) != width for row in rows):
        rows = [[*row, *[""] * (width - len(row))] for row in rows]
    texts = {f"c{i}": pl.repeat(None, len(rows), dtype=pl.String, eager=True) for i in range(1, left + 1)}
    types = {f"c{i}": pl.repeat(BLANK, len(rows), dtype=pl.UInt8, eager=True) for i in range(1, left + 1)}
    for i, values in enumerate(zip(*rows, strict=True), left + 1):
        texts[f"c{i}"], types[f"c{i}"] = column(values)
    return pl.DataFrame(texts), pl.DataFrame(types)


def column(values: Sequence[object]) -> tuple[pl.Series, pl.Series]:
    """Texts and types of these cells; an empty text is an empty cell."""
    met = set(map(type, values))
    if met <= {str}:
        texts = pl.Series(values, dtype=pl.String)
        texts = texts.set(texts == "", None)
        return texts, texts.is_not_null().cast(pl.UInt8) * TEXT
    texts = pl.Series([_CELL[type(v)][0](v) for v in values], dtype=pl.String)
    types = pl.Series([_CELL[type(v)][1] for v in values], dtype=pl.UInt8)
    blank = (texts == "").fill_null(value=True)
    return texts.set(blank, None), types.set(blank, BLANK)


def _date(value: date) -> str:
    return value.isoformat()


def _datetime(value: datetime) -> str:
    if value.time() == time.min:
        return value.date().isoformat()
    return value.isoformat(" ", timespec="seconds")


def _time(value: time) -> str:
    return value.isoformat(timespec="seconds")


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


# what calamine and our own parsers put in a cell → its text and its type
_CELL: dict[type, tuple[Callable[..., str], int]] = {
    str: (lambda v: v, TEXT),
    float: (number, NUMBER),
    int: (str, NUMBER),
    bool: (lambda v: "TRUE" if v else "FALSE", BOOL),
    date: (_date, DATE),
    datetime: (_datetime, DATE),
    time: (_time, DATE),
    timedelta: (_duration, DURATION),
    type(None): (lambda _: "", BLANK),
}


def _marked(
    texts: pl.DataFrame, types: pl.DataFrame, marked: dict[tuple[int, int], tuple[str | None, int]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both frames with the marked cells set; rows and columns are added where a mark lies beyond them."""
    if not marked:
        return texts, types
    height = max(texts.height, *(row for row, _ in marked))
    width = max(texts.width, *(column for _, column in marked))
    rows = pl.DataFrame({"row": pl.int_range(height, eager=True)})
    texts = rows.join(texts.with_row_index("row").cast({"row": pl.Int64}), "row", how="left").drop("row")
    types = rows.join(types.with_row_index("row").cast({"row": pl.Int64}), "row", how="left").drop("row")
    for i in range(texts.width + 1, width + 1):
        texts = texts.with_columns(pl.lit(None, pl.String).alias(f"c{i}"))
        types = types.with_columns(pl.lit(BLANK, pl.UInt8).alias(f"c{i}"))
    by_column: dict[int, list[tuple[int, str | None, int]]] = {}
    for (row, column), (text, kind) in marked.items():
        by_column.setdefault(column, []).append((row - 1, text, kind))
    for column, cells in by_column.items():
        at = pl.Series([row for row, _, _ in cells], dtype=pl.UInt32)
        name = f"c{column}"
        texts = texts.with_columns(texts[name].scatter(at, pl.Series([t for _, t, _ in cells], dtype=pl.String)))
        types = types.with_columns(
            types[name].fill_null(BLANK).scatter(at, pl.Series([k for _, _, k in cells], dtype=pl.UInt8))
        )
    return texts, types


def _trimmed(texts: pl.DataFrame, types: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Without the rows and columns after the last cell that says something (a cell marked without text does)."""
    filled = texts.select(pl.all().str.strip_chars().fill_null("") != "")
    says = pl.DataFrame([filled[c] | types[c].is_in([ERROR, FORMULA]) for c in texts.columns])
    columns = [c for c in texts.columns if says[c].any()]
    if not columns:
        return pl.DataFrame(), pl.DataFrame()
    width = texts.columns.index(columns[-1]) + 1
    last = says.select(pl.any_horizontal(pl.all()).arg_true().max()).item() + 1
    kept = texts.columns[:width]
    return texts.select(kept).head(last), types.select(kept).head(last)
