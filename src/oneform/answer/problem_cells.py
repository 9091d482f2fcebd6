"""answer: a TABLE's cells → the texts a problem sheet shows for them, and which rows are one household."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from oneform.frames import BOOL, DATE, ERROR, FORMULA, NUMBER, Sheet, Table
from oneform.kinds import resident_id
from oneform.schema import Schema

_LAST_SERIAL = 73_050  # 2099-12-31
_A_YEAR = (1900, 2100)  # numbers read as years, not as serials
_DIGITS = {"resident_id", "phone", "uscc"}  # kinds
_HOME = {("dwelling", "room"), ("person", "current_address")}  # merged over rows: who lives there


def household(sheet: Sheet, table: Table) -> pl.Series:
    """Per data row a key that the rows of one household share: the 户号, else the cell merged over them."""
    rows = table.cells["row"]
    numbered = next((c for c in table.columns if c.field == "household_id" and c.entity == "household"), None)
    number = table.cells[f"c{numbered.index}"] if numbered else pl.repeat(None, rows.len(), dtype=pl.String, eager=True)
    about = {c.index for c in table.columns if c.entity == "household" or (c.entity, c.field) in _HOME}
    spans = [(top, bottom) for top, left, bottom, _ in sheet.merges if left in about and bottom > top]
    tops = {row: top for top, bottom in spans for row in range(top, bottom + 1)}
    merged = rows.replace_strict(list(tops), list(tops.values()), default=rows, return_dtype=pl.Int32)
    keys = pl.DataFrame({"row": merged, "number": number})
    own = pl.format("行{}", "row")
    return keys.select(pl.coalesce(pl.format("户{}", "number"), own).alias("household")).to_series()


def written(table: Table, found: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """`row` and `c{i}` as text that means the same when it is read again.

    Error cells and formulas without a result are blank: their text is no value. A date stored as a serial is written
    out. A number that is held only because Excel had cut it ends in `?`: as text it might pass for a whole one.
    """
    cells = table.cells
    bound = {c.index: schema.entities[c.entity].fields[c.field] for c in table.columns if c.entity and c.field}
    dates = {index for index, one in bound.items() if one.kind == "date"}
    texts = {}
    for column in table.columns:
        name = f"c{column.index}"
        text, kind = pl.col(name), table.types[name]
        held = found.filter(pl.col("column") == column.index, pl.col("code").is_in(["OF301", "OF304"]))
        text = pl.when(kind.is_in([ERROR, FORMULA])).then(None).otherwise(text)
        numbers = kind == NUMBER
        if numbers.any() and column.index in dates:
            text = pl.when(numbers).then(_date(text)).otherwise(text)
        if numbers.any() and not held.is_empty():
            cut = numbers & cells["row"].is_in(held["row"].implode())
            text = pl.when(cut).then(_cut(text)).otherwise(text)
        texts[name] = text
    return cells.select("row", **texts)


def _date(text: pl.Expr) -> pl.Expr:
    """A serial as the day (and time) it stands for; any other number as it is."""
    serial = text.cast(pl.Float64, strict=False)
    is_serial = serial.is_between(1, _LAST_SERIAL + 1, closed="left") & ~serial.floor().is_between(*_A_YEAR)
    # Excel counts a 29 February 1900 that never was
    start = pl.when(serial < 60).then(pl.datetime(1899, 12, 31)).otherwise(pl.datetime(1899, 12, 30))
    at = start + pl.duration(seconds=(serial * 86_400).round().cast(pl.Int64))
    stamp = at.dt.strftime("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
    return pl.when(is_serial).then(stamp).otherwise(text)


def _cut(text: pl.Expr) -> pl.Expr:
    """A held number that as text would pass: an identifier whose zeros happen to check, a month cut from `1990.10`."""
    passes = (text.str.len_chars() == 18) & resident_id.checksum_ok(text).fill_null(value=False)
    month = text.str.contains(r"^[0-9]{4}\.[0-9]$")
    return pl.when(passes).then(text.str.head(15) + "???").when(month).then(text + "?").otherwise(text)


def texts_only(table: Table, schema: Schema) -> set[int]:
    """The columns whose cells must stay text: a spreadsheet program would cut their digits."""
    return {
        column.index
        for column in table.columns
        if column.entity and schema.entities[column.entity].fields[column.field or ""].kind in _DIGITS
    }


def natives(table: Table, shown: pl.DataFrame, *, dates: bool) -> dict[int, dict[int, float | bool]]:
    """Row → column → the number, truth value or, where `dates` may be serials, date that the file has in the cell."""
    found: dict[int, dict[int, float | bool]] = {}
    for column in table.columns:
        name = f"c{column.index}"
        cells = pl.DataFrame({"row": table.cells["row"], "text": table.cells[name], "type": table.types[name]})
        cells = cells.filter(pl.col("type").is_in([NUMBER, DATE, BOOL]))
        # a serial that `written` made a day of would be no day as a number
        same = cells.join(shown.select("row", text=name), on=["row", "text"], how="semi")
        for row, text, kind in same.iter_rows():
            if kind == NUMBER:
                found.setdefault(row, {})[column.index] = float(text)
            elif kind == BOOL:
                found.setdefault(row, {})[column.index] = text == "TRUE"
            elif dates and text[:7] >= "1900-03" and text[4:5] == "-":
                since = datetime.fromisoformat(text) - datetime(1899, 12, 30)  # noqa: DTZ001 - a serial has no zone
                found.setdefault(row, {})[column.index] = since.days + since.seconds / 86_400
    return found
