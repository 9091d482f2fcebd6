"""Read, in the worker process: bytes → Workbook or refusal, answered on stdout as JSON and Arrow streams."""

from __future__ import annotations

import hashlib
import json
import sys
from io import BytesIO
from pathlib import Path

from oneform.errors import OneformError
from oneform.frames import Workbook
from oneform.read import sniff

MEMORY = 4 << 30  # bytes of address space: 20 million cells fit, a bomb does not


def main(arguments: list[str]) -> None:
    """Read the file named by the first argument within the seconds of the second, and answer on stdout."""
    _limit(int(arguments[1]))
    path = Path(arguments[0])
    try:
        book = parse(path.read_bytes(), path.name)
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
        sheets.append({"name": sheet.name, "merges": sheet.merges, "hidden": sheet.hidden, "sizes": sizes})
    _answer({"format": book.format, "sha256": book.file_sha256, "notes": book.notes, "sheets": sheets}, streams)


def parse(content: bytes, name: str) -> Workbook:
    """Workbook in these bytes, read in this process. WorkbookError OF101–OF110 in our own words, never a library's."""
    form, sheets, notes = sniff.sheets(content)
    return Workbook(name, form, sheets, hashlib.sha256(content).hexdigest(), notes)


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
