"""Read, beside calamine: the bytes of an .xls or .et → what calamine hides in its sheets: errors, formulas, hidden rows.

Only the few records that say so are looked at; the values themselves are calamine's. The container is walked with every
chain bounded by the size of the file, so a loop in it ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from oneform import problems
from oneform.frames import ERROR, FORMULA
from oneform.read.spreadsheet import Facts, damaged

_BOF, _EOF, _SHEET, _PASSWORD, _RECALCULATED = 0x0809, 0x000A, 0x0085, 0x002F, 0x01C1
_BOOLERR, _FORMULA_CELL, _STRING, _ROW, _COLUMNS = 0x0205, 0x0006, 0x0207, 0x0208, 0x007D
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_LAST = 0xFFFFFFF0  # sector numbers from here on are marks
_MINI = 4096  # shorter streams lie in the mini stream


@dataclass
class _Sheet:
    facts: Facts = field(default_factory=Facts)
    empty: list[tuple[int, int]] = field(default_factory=list)  # formulas whose stored result is the empty text
    calculated: bool = False  # some formula has a result


def facts(content: bytes) -> list[Facts]:
    """What is hidden in each sheet, in the order the workbook lists them. OF103 when a password protects it."""
    stream = _workbook(content)
    starts, calculated, protected = [], False, False
    for kind, _, record in _records(stream, 0):
        if kind == _SHEET and len(record) >= 4:
            starts.append(struct.unpack_from("<L", record)[0])
        calculated |= kind == _RECALCULATED
        protected |= kind == _PASSWORD
    if protected:
        raise problems.refusal("OF103")
    sheets = [_sheet(stream, start) for start in starts]
    calculated |= any(sheet.calculated for sheet in sheets)
    for sheet in sheets:
        if not calculated:  # a program wrote the formulas and nobody ever opened the file
            sheet.facts.marked.update(dict.fromkeys(sheet.empty, (None, FORMULA)))
    return [sheet.facts for sheet in sheets]


def _sheet(stream: bytes, start: int) -> _Sheet:
    sheet = _Sheet()
    marked = sheet.facts.marked
    waiting: tuple[int, int] | None = None  # a formula whose text follows
    for kind, depth, record in _records(stream, start):
        if waiting and kind != _STRING and kind in {_FORMULA_CELL, _BOOLERR, _EOF, _ROW}:
            marked[waiting] = (None, FORMULA)
            waiting = None
        if depth != 1:  # a chart inside the sheet
            continue
        if kind == _STRING:
            waiting, sheet.calculated = None, True
        elif kind == _BOOLERR and len(record) >= 8:
            row, column, _, value, error = struct.unpack_from("<HHHBB", record)
            if error:
                marked[row + 1, column + 1] = (_ERRORS.get(value, "#N/A"), ERROR)
        elif kind == _FORMULA_CELL and len(record) >= 14:
            row, column = struct.unpack_from("<HH", record)
            waiting = _formula(sheet, (row + 1, column + 1), record[6:14])
        elif kind == _ROW and len(record) >= 14:
            row, options = struct.unpack_from("<H10xH", record)
            if options & 0x20:
                sheet.facts.hidden_rows.add(row + 1)
        elif kind == _COLUMNS and len(record) >= 10:
            first, last, options = struct.unpack_from("<HH4xH", record)
            if options & 1:
                sheet.facts.hidden_columns.append((first + 1, last + 1))
    return sheet


def _formula(sheet: _Sheet, place: tuple[int, int], result: bytes) -> tuple[int, int] | None:
    """Note the stored result of a formula; its place when a text is still to follow."""
    if result[6:] != b"\xff\xff":
        sheet.calculated = True
    elif result[0] == 2:
        sheet.calculated = True
        sheet.facts.marked[place] = (_ERRORS.get(result[2], "#N/A"), ERROR)
    elif result[0] == 3:
        sheet.empty.append(place)
    elif result[0] == 0:
        return place
    return None


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Records of one substream as (kind, depth, content): depth 1 is the substream itself, more is inside it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += kind == _BOF
        yield kind, depth, stream[at + 4 : at + 4 + length]
        depth -= kind == _EOF
        if depth <= 0:
            return
        at += 4 + length


# -- the container -------------------------------------------------------------------------------------------------


def _workbook(content: bytes) -> bytes:
    """The workbook stream of a compound file; OF101 when the file contradicts itself."""
    try:
        return _stream(content)
    except (struct.error, IndexError) as broken:
        raise damaged() from broken


def _stream(content: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    if size not in (512, 4096):
        raise damaged()
    _, directory, _, _, mini_fat, _, more, _ = struct.unpack_from("<8L", content, 44)
    sectors = len(content) // size + 1
    fat_at = [n for n in struct.unpack_from("<109L", content, 76) if n < _LAST]
    for _ in range(sectors):  # the rest of the list of FAT sectors
        if more >= _LAST:
            break
        numbers = struct.unpack(f"<{size // 4}L", _sector(content, more, size))
        fat_at += [n for n in numbers[:-1] if n < _LAST]
        more = numbers[-1]
    fat = [n for at in fat_at[:sectors] for n in struct.unpack(f"<{size // 4}L", _sector(content, at, size))]
    entries = _chain(content, directory, fat, size)
    root = entries[:128]
    named = {_name(entries[at : at + 128]): entries[at : at + 128] for at in range(0, len(entries), 128)}
    entry = named.get("workbook", named.get("book"))
    if entry is None:
        raise damaged()
    first, whole = struct.unpack_from("<L", entry, 116)[0], struct.unpack_from("<L", entry, 120)[0]
    if whole >= _MINI:
        return _chain(content, first, fat, size)[:whole]
    minis = _chain(content, struct.unpack_from("<L", root, 116)[0], fat, size)
    table = _chain(content, mini_fat, fat, size)
    links = list(struct.unpack(f"<{len(table) // 4}L", table))
    return _chain(minis, first, links, 64, header=0)[:whole]


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace").casefold()


def _sector(content: bytes, number: int, size: int, header: int = 1) -> bytes:
    at = (number + header) * size
    return content[at : at + size].ljust(size, b"\0")


def _chain(content: bytes, first: int, links: list[int], size: int, header: int = 1) -> bytes:
    found: list[bytes] = []
    at = first
    while at < _LAST:
        if len(found) > len(content) // size:
            raise damaged()
        found.append(_sector(content, at, size, header))
        at = links[at]
    return b"".join(found)
