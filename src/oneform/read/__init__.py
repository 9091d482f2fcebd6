"""Read: a file as it came → a Workbook of raw cells at absolute positions; parsing happens in a limited worker process.

One hostile cell makes a spreadsheet library abort the whole process and no library can be stopped half way, so the file
is opened by `oneform.read.worker` in a child process under a memory and a time limit. What comes back over the pipe is
one line of JSON (the workbook without its cells, or the refusal) and then, per sheet, two Arrow streams: texts and
types. No file is written, so no resident's value is left behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from oneform import problems
from oneform.errors import Fault, WorkbookError
from oneform.frames import Sheet, Workbook

# the child finds this package where the parent did, installed or not; one arena per thread would eat its address space
_CHILD = (
    f"import os, sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); "
    "os.environ['POLARS_MAX_THREADS'] = '2'; from oneform.read.worker import main; main(sys.argv[1:])"
)
SECONDS = 60  # wall time for a small file; large ones get a second more per megabyte


def workbook(path: Path, *, skip_hidden: bool = False) -> Workbook:
    """Every sheet of the file, hidden ones too; the format is found by content, never by extension.

    Hidden rows are read and said, or with `skip_hidden` left empty and said.

    Raises UsageError when there is no such file, WorkbookError (OF101–OF110) when it cannot be taken in.
    """
    if not path.is_file():
        zh, en = ("这是一个文件夹", "is a folder") if path.is_dir() else ("没有这个文件", "no such file")
        raise problems.usage(f"{path}：{zh}。", f"{path}: {en}.")
    seconds = SECONDS + path.stat().st_size // 1_000_000
    command = [sys.executable, "-X", "utf8", "-c", _CHILD, str(path.resolve()), str(seconds)]
    command += ["skip-hidden"] if skip_hidden else []
    try:
        # the command is ours; the path is one argument and never seen by a shell
        answer = subprocess.run(command, capture_output=True, timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as late:
        raise problems.refusal(
            "OF109", path.name, what=f"超过 {seconds} 秒", what_en=f"more than {seconds} s"
        ) from late
    if answer.returncode != 0:
        raise problems.refusal("OF109", path.name, what="内存不够或文件异常", what_en="out of memory or a broken file")
    return _received(path, answer.stdout)


def _received(path: Path, answer: bytes) -> Workbook:
    head, _, frames = answer.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "faults" in told:
        raise WorkbookError(*(Fault(code, path.name, zh, en) for code, zh, en in told["faults"]))
    sheets, start = [], 0
    for sheet in told["sheets"]:
        pair = []
        for size in sheet["sizes"]:
            pair.append(pl.read_ipc_stream(BytesIO(frames[start : start + size])))
            start += size
        merges = tuple((a, b, c, d) for a, b, c, d in sheet["merges"])
        rows, columns = tuple(sheet["hidden_rows"]), tuple(sheet["hidden_columns"])
        name = (
            path.stem if told["format"] == "csv" else sheet["name"]
        )  # as spreadsheet programs call a CSV's only sheet
        sheets.append(Sheet(name, pair[0], pair[1], merges, sheet["hidden"], rows, columns))
    notes = tuple((zh, en) for zh, en in told["notes"])
    return Workbook(str(path), told["format"], tuple(sheets), told["sha256"], notes)
