"""A file of ours that comes back: what was delivered, by its bytes and by its cells → whose export it is, unchanged.

Another program that opens and saves a form keeps its cells and none of its bytes, so both are recorded.
"""

from __future__ import annotations

import hashlib

import polars as pl

from oneform.frames import NUMBER, Sheet, Workbook
from oneform.read.worker import parse
from oneform.store import Store

_DIGITS = 10  # of a number: other programs keep fewer than ours

_RECORDED = """
SELECT d.form, o.acted_at FROM delivery d JOIN op o USING (op)
WHERE d.sha256 = $file OR d.content_sha256 = $content ORDER BY d.delivery_id DESC LIMIT 1
"""


def content_sha256(workbook: Workbook) -> str:
    """The hash of every filled cell of every sheet, with its place: equal for a copy that another program saved again."""
    digest = hashlib.sha256()
    for sheet in workbook.sheets:
        digest.update(f"\x1d{sheet.name}\x1e{_cells(sheet)}".encode())
    return digest.hexdigest()


def _cells(sheet: Sheet) -> str:
    """The filled cells of a sheet, row by row; a row ends with its last filled cell, the sheet with its last filled row."""
    said = [
        pl.when(sheet.types[name] == NUMBER)
        .then(pl.col(name).cast(pl.Float64, strict=False).round_sig_figs(_DIGITS).cast(pl.String))
        .otherwise(pl.col(name).str.replace_all("\r\n?", "\n").str.strip_chars())
        .fill_null("")
        .alias(name)
        for name in sheet.texts.columns
    ]
    if not said:
        return ""
    lines = sheet.texts.select(pl.concat_str(said, separator="\x1f").str.strip_chars_end("\x1f"))
    return "\x1e".join(lines.to_series()).rstrip("\x1e")


def said_by(content: bytes, name: str) -> str:
    """`content_sha256` of a file of ours, as any program will read it; these bytes are trusted: we just made them."""
    return content_sha256(parse(content, name))


def delivery_of(store: Store, workbook: Workbook) -> tuple[str, str] | None:
    """Form and day of the delivery that this workbook still is, cell by cell; None for anything else."""
    found = store.connection.execute(
        _RECORDED, {"file": workbook.file_sha256, "content": content_sha256(workbook)}
    ).fetchall()
    return (str(found[0][0]), str(found[0][1])[:10]) if found else None
