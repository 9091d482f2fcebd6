"""Read, plain text: bytes → characters and their encoding; comma, semicolon or tab separated text → a sheet."""

from __future__ import annotations

import csv
import re
from io import StringIO

from oneform import problems
from oneform.frames import Sheet
from oneform.read import cells
from oneform.read.spreadsheet import ROWS

_BOMS = {
    b"\xef\xbb\xbf": ("utf-8-sig", "UTF-8"),
    b"\xff\xfe": ("utf-16", "UTF-16"),
    b"\xfe\xff": ("utf-16", "UTF-16"),
}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
# control characters no text file holds; a NUL or an escape means a binary file
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')


def decode(content: bytes) -> tuple[str, str]:
    """Text and the name of its encoding (UTF-8, UTF-16, GBK): mark first, then what decodes whole."""
    for mark, (codec, name) in _BOMS.items():
        if content.startswith(mark):
            return _checked(content, codec), name
    if content[:200].count(b"\0") > 20:
        codec = "utf-16-le" if content[1::2][:100].count(0) > content[0::2][:100].count(0) else "utf-16-be"
        return _checked(content, codec), "UTF-16"
    charset = _CHARSET.search(content[:4096])
    declared = charset[1].decode().lower() if charset else ""
    order = ["gb18030", "utf-8"] if declared.startswith("gb") else ["utf-8", "gb18030"]
    for codec in order:
        try:
            return _checked(content, codec), {"utf-8": "UTF-8", "gb18030": "GBK"}[codec]
        except UnicodeDecodeError:
            continue
    raise problems.refusal("OF102", what="不是文本，也不是表格文件", what_en="neither text nor a workbook")


def sheet(text: str) -> Sheet:
    """One sheet of separated text, every cell as it was typed. WorkbookError OF102 when nothing separates columns."""
    delimiter = _delimiter(text)
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    if len(rows) > ROWS:
        raise problems.refusal("OF110", what=f"行数超限（最多 {ROWS} 行）", what_en=f"more than {ROWS} rows")
    if any('="' in cell for row in rows[:100] for cell in row):
        # ="0101…" is how exports force Excel to show text; read as the text it stands for
        rows = [[_QUOTED_FORMULA.sub(r"\1", cell) for cell in row] for row in rows]
    return cells.sheet("CSV", rows or [[]])


def _checked(content: bytes, codec: str) -> str:
    text = content.decode(codec, errors="replace" if codec.startswith("utf-16") else "strict")
    if ("\ufffd" in text and codec.startswith("utf-16")) or _BINARY.search(text[:100_000]):
        raise problems.refusal("OF102", what="不是文本，也不是表格文件", what_en="neither text nor a workbook")
    return text


def _delimiter(text: str) -> str:
    """Separator that cuts the first lines into the most even number of columns, at least two."""
    lines = [line for line in text[:200_000].splitlines() if line.strip()][:100]
    best, share = "", 0.0
    for delimiter in ("\t", ",", ";"):
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(widths), key=lambda w: (widths.count(w), w), default=1)
        if usual > 1 and widths.count(usual) / len(widths) > share:
            best, share = delimiter, widths.count(usual) / len(widths)
    # prose has commas too, but not the same number in most lines
    if share < 0.3:
        raise problems.refusal("OF102", what="文本里没有表格", what_en="a text without a table")
    return best
