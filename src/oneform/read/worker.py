"""Read, in the worker process: bytes → Workbook or refusal, answered on stdout as JSON and Arrow streams."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import polars as pl

from oneform import problems
from oneform.errors import OneformError
from oneform.frames import Sheet, Workbook
from oneform.ooxml import refs
from oneform.read import hidden, sniff
from oneform.read.spreadsheet import CELLS

ABOUT = ("name", "merges", "hidden", "hidden_rows", "hidden_columns")  # of a sheet, beside its cells
SPARSE = 2_000_000  # cells from which a grid must be filled to a hundredth
LONGEST = 32_767  # characters a cell of a worksheet can hold
MEMORY = 4 << 30  # bytes of address space: 20 million cells fit, a bomb does not


def main(arguments: list[str]) -> None:
    """Read the file named by the first argument within the seconds of the second, and answer on stdout."""
    _limit(int(arguments[1]))
    path = Path(arguments[0])
    try:
        book = parse(path.read_bytes(), path.name, skip_hidden=arguments[2:] == ["skip-hidden"])
    except OneformError as refused:
        _answer({"faults": [[fault.code, fault.zh, fault.en] for fault in refused.faults]}, [])
        return
    sheets, streams = [], []
    for sheet in book.sheets:
        pair = []
        for frame in (sheet.texts, sheet.types):
            stream = BytesIO()
            frame.write_ipc_stream(stream)
            pair.append(stream.getbuffer())
        streams += pair
        sizes = [len(part) for part in pair]
        about = {name: getattr(sheet, name) for name in ABOUT}
        sheets.append({**about, "sizes": sizes})
    _answer({"format": book.format, "sha256": book.file_sha256, "notes": book.notes, "sheets": sheets}, streams)


def parse(content: bytes, name: str, *, skip_hidden: bool = False) -> Workbook:
    """Workbook in these bytes, read in this process. WorkbookError OF101–OF110 in our own words, never a library's."""
    form, sheets, notes = sniff.sheets(content)
    sheets = _bearable(sheets)
    notes = (*notes, *hidden.notes(sheets, skipped=skip_hidden))
    if skip_hidden:
        sheets = tuple(map(hidden.without_rows, sheets))
    return Workbook(name, form, sheets, hashlib.sha256(content).hexdigest(), notes)


def _bearable(sheets: tuple[Sheet, ...]) -> tuple[Sheet, ...]:
    """The sheets as the caller can hold them; OF108 for a giant grid with next to nothing in it, OF110 for too much.

    A text longer than a cell can be is cut to one character too many: enough to be found fault with (OF309).
    """
    total = sum(sheet.texts.height * sheet.texts.width for sheet in sheets)
    if total > CELLS:
        what = f"各表合计 {total} 格，超限（最多 {CELLS} 格）"
        raise problems.refusal("OF110", what=what, what_en=f"{total} cells in all, more than {CELLS}")
    kept = []
    for sheet in sheets:
        texts, area = sheet.texts, sheet.texts.height * sheet.texts.width
        filled = sum(texts.height - nulls for nulls in (texts.null_count().row(0) if area else ()))
        if area > SPARSE and filled * 100 < area:
            raise problems.refusal("OF108", cell=f"{sheet.name}!{refs.address(texts.height, texts.width)}")
        if area and (texts.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() or 0) > LONGEST:
            texts = texts.select(pl.all().str.head(LONGEST + 1))
        kept.append(replace(sheet, texts=texts))
    return tuple(kept)


def _limit(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the caller's clock still ends the process
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def _answer(head: dict[str, object], streams: list[memoryview]) -> None:
    out = sys.stdout.buffer
    out.write(json.dumps(head, ensure_ascii=False).encode() + b"\n")
    for stream in streams:
        out.write(stream)
    out.flush()
