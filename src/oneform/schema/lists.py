"""schema: one codes/*.csv → CODE LIST, checked: no code twice, no spelling with two meanings."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from oneform import problems
from oneform.errors import Fault
from oneform.schema.model import CodeList, CodeRow

_HEADER = ["code", "zh", "en", "aliases", "source"]


def read(path: Path, faults: list[Fault]) -> CodeList:
    """List of a file, its faults appended to `faults` with file:line:column; aliases are parted by `|`."""
    name = f"codes/{path.name}"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.append(problems.fault("OF508", name))
        return CodeList(path.stem, ())
    lines = list(csv.reader(io.StringIO(text)))
    if not lines or lines[0] != _HEADER:
        _wrong(faults, f"{name}:1:1", f"首行应是 {','.join(_HEADER)}", f"the header must be {','.join(_HEADER)}")
        return CodeList(path.stem, ())
    rows = []
    owner: dict[str, str] = {}
    for line, cells in enumerate(lines[1:], start=2):
        where = f"{name}:{line}:1"
        if len(cells) != len(_HEADER) or not all(cells[i] for i in (0, 1, 2, 4)):
            _wrong(
                faults,
                where,
                "每行要有代码、中文、英文、别名（可空）、出处五格",
                "code, zh, en, aliases, source are wanted",
            )
            continue
        code, zh, en, aliases, source = cells
        row = CodeRow(code, zh, en, tuple(alias for alias in aliases.split("|") if alias), source)
        for spelling in dict.fromkeys((code, zh, *row.aliases, f"{code}-{zh}")):
            if spelling in owner:
                what = f"「{spelling}」已经表示代码 {owner[spelling]}"
                _wrong(faults, where, what, f"{spelling} means {owner[spelling]} already")
            owner.setdefault(spelling, code)
        rows.append(row)
    return CodeList(path.stem, tuple(rows))


def _wrong(faults: list[Fault], where: str, zh: str, en: str) -> None:
    faults.append(problems.fault("OF504", where, what=zh, what_en=en))
