"""Recognise, where the header is: a SHEET → the band of rows that names its columns.

A band of one to four rows among the first rows is scored by how many of its columns the dictionary knows, how short its
texts are, how wide it is, whether its rows group the ones below, and against bands that cut a merged cell, hold a title
or hold values. A column's leaf is its lowest text in the band: an empty lower cell inherits the upper text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from oneform.frames import DATE, NUMBER, Sheet

ROWS = 20  # how far down a header may start
HEIGHT = 5  # four, and one more for forms that leave a merged row empty
WIDTH = 400  # columns looked at
LONGEST = 8  # characters of a name that may be written over several rows

Known = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True)
class Cell:
    """A text of the header zone and the cell it really stands in; a merged text stands over every cell it covers."""

    text: str
    origin: tuple[int, int]
    value: bool  # a number or date cell


@dataclass(frozen=True)
class Band:
    """Header rows (Excel rows, inclusive) and, per sheet column, the texts over it from the top, the leaf last."""

    first: int
    last: int
    paths: dict[int, tuple[str, ...]]

    @property
    def leaves(self) -> dict[int, str]:
        """Sheet column → its own header text."""
        return {column: path[-1] for column, path in self.paths.items()}


Zone = dict[int, dict[int, Cell]]  # row → column → cell


def zone(sheet: Sheet, *, start: int = 1, rows: int = ROWS + HEIGHT) -> Zone:
    """Texts of the rows from `start` on with merged cells spread out, blanks left away."""
    texts = sheet.texts.slice(start - 1, rows)
    types = sheet.types.slice(start - 1, rows)
    names = texts.columns[:WIDTH]
    cells: Zone = {}
    for r, (line, kinds) in enumerate(zip(texts.select(names).rows(), types.select(names).rows(), strict=True), start):
        cells[r] = {
            c: Cell(text.strip(), (r, c), kind in (NUMBER, DATE))
            for c, (text, kind) in enumerate(zip(line, kinds, strict=True), 1)
            if text and text.strip()
        }
    for top, left, bottom, right in sheet.merges:
        cell = cells.get(top, {}).get(left)
        if cell is None:
            continue
        for r in range(top, min(bottom, start + rows - 1) + 1):
            line_of = cells.setdefault(r, {})
            for c in range(left, min(right, len(names)) + 1):
                line_of.setdefault(c, cell)
    return cells


def find(sheet: Sheet, known: Known, *, start: int = 1) -> Band | None:
    """The best band from row `start` on, or None when no rows look like a header the dictionary knows."""
    cells = zone(sheet, start=start)
    widest = max((len({c.origin for c in row.values()}) for row in cells.values()), default=0)
    merges = tuple(m for m in sheet.merges if m[0] < start + ROWS + HEIGHT and m[2] >= start)
    best, best_score = None, 0.0
    for first in range(start, start + ROWS):
        if not cells.get(first):
            continue
        for last in range(first, first + HEIGHT):
            if not cells.get(last):
                break
            band = _band(cells, first, last, known)
            score = _score(band, cells, known, widest, merges)
            # further down a header may be printed again under rows that look like groups: the first one stands
            margin = 0.25 if best is not None and first > best.last else 1e-9
            if score > best_score + margin:
                best, best_score = band, score
    return best


def stated(sheet: Sheet, first: int, last: int, known: Known) -> Band | None:
    """The band of the rows that a person said are the header; None when they hold no text."""
    band = _band(zone(sheet, rows=last), first, last, known)
    return band if band.paths else None


def _band(cells: Zone, first: int, last: int, known: Known) -> Band:
    paths: dict[int, tuple[str, ...]] = {}
    for column in sorted({c for r in range(first, last + 1) for c in cells.get(r, {})}):
        path: list[Cell] = []
        for r in range(first, last + 1):
            cell = cells.get(r, {}).get(column) or _group_to_the_left(cells, r, column, last)
            if cell is not None and (not path or path[-1].origin != cell.origin):
                path.append(cell)
        texts = [cell.text for cell in path if not _NUMBERING.fullmatch(cell.text)]
        if len(texts) > 1 and all(_stands_alone(cells, cell, column) for cell in path):
            texts = _joined(texts, known)
        if cells.get(last, {}).get(column) is not None or any(column in cells.get(r, {}) for r in range(first, last)):
            paths[column] = tuple(texts or [cell.text for cell in path])
    return Band(first, last, paths)


def _stands_alone(cells: Zone, cell: Cell, column: int) -> bool:
    """True for a cell over this column only."""
    row = cells[cell.origin[0]]
    return all(c not in row or row[c].origin != cell.origin for c in (column - 1, column + 1))


_ANSWERS = {"男", "女", "是", "否", "有", "无"}  # values one under another are no word


def _joined(texts: list[str], known: Known) -> list[str]:
    """One word whose characters were written into several rows (身份 / 证号), when only the whole is a known name."""
    whole = "".join(texts)
    if texts[0] not in _ANSWERS and len(whole) <= LONGEST and not known((texts[-1],)) and known((whole,)):
        return [whole]
    return texts


_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_STATES = re.compile("[:：]|盖章|公章|印章|签章|^(?:填报|填表|制表|统计|上报)(?:单位|日期|时间|人)")
_NUMBERING = re.compile(r"[(（]?[0-9]{1,3}(?:\.0)?[)）]?")


def _group_to_the_left(cells: Zone, row: int, column: int, last: int) -> Cell | None:
    """In an upper row whose groups were never merged, a group reaches to the next one."""
    line = cells.get(row, {})
    below = cells.get(row + 1, {})
    if row == last or column not in below or len(line) * 2 > len(below):
        return None
    left = max((c for c in line if c < column), default=None)
    # every column on the way needs a text below it, else the group ends
    if left is None or any(c not in below for c in range(left, column)):
        return None
    # a vertically merged or plain column header is no group
    return line[left] if line[left].origin != below[left].origin and left in below else None


def _score(band: Band, cells: Zone, known: Known, widest: int, merges: tuple[tuple[int, int, int, int], ...]) -> float:
    """How much the band looks like a header; 0 or less when it does not."""
    lowest = _lowest(band, cells)
    origins = {cell.origin: column for column, cell in reversed(lowest.items())}
    names = [band.paths[column] for column in origins.values()]
    count = len(names)
    hits = sum(known(path) for path in names)
    if hits < 1 or (hits < 2 and count > 3) or count * 3 < widest or (count == 1 and widest > 1) or hits * 6 < count:
        return 0.0
    if band.last > band.first and _is_codes(cells[band.last], band.last):
        return 0.0  # 甲 1 2 3 … stands under a header, also where that left its lower cells empty
    share = hits / count
    short = sum(len(path[-1]) <= 16 for path in names) / count
    values = sum(cell.value or bool(_VALUE.search(cell.text)) for cell in lowest.values()) / len(lowest)
    cut = sum(
        top <= band.last < bottom or top < band.first <= bottom
        for top, left, bottom, right in merges
        if any(c in band.paths for c in range(left, right + 1)) and top <= band.last and bottom >= band.first
    )
    titles = _titles(band, cells)
    upper = [cells.get(r, {}) for r in range(band.first, band.last)]
    groups = sum(_groups(cells, r, band) for r in range(band.first, band.last))
    numbered = sum(all(_NUMBERING.fullmatch(cell.text) for cell in line.values()) for line in upper)
    # a line such as «填报单位：…  日期：…» has wide cells too, but it groups nothing
    stated = sum(any(_STATES.search(_without_notes(cell.text)) for cell in line.values()) for line in upper)
    idle = max(0, band.last - band.first - groups - numbered) + 2 * stated
    score = 2 * share + 0.5 * short + min(1.0, count / max(widest, 1)) + 0.15 * groups
    score -= 2.5 * values + 0.6 * min(cut, 2) + 0.05 * (band.last - band.first) + 0.3 * idle
    return score - (0.8 * titles if widest > 1 else 0)


def _titles(band: Band, cells: Zone) -> int:
    """Rows of one text at the top of the band; further down such a row is a group under a group."""
    single = [len({c.origin for c in cells[r].values()}) == 1 for r in range(band.first, band.last + 1)]
    return single.index(False) if False in single else len(single)


_CODE = re.compile(r"[(（]?(?:[0-9]{1,3}|[A-Z]{1,2}[0-9]{0,3}|[甲乙丙丁戊己庚辛壬癸]|[①-⑳])[)）]?")


def _is_codes(line: dict[int, Cell], row: int) -> bool:
    """True when most texts that stand in this row are column codes."""
    own = {cell.origin: cell.text for cell in line.values() if cell.origin[0] == row}
    return len(own) > 2 and sum(_CODE.fullmatch(text) is not None for text in own.values()) * 10 >= len(own) * 8


def _without_notes(text: str) -> str:
    """A text without bracketed notes, which may hold colons of their own; a seal's bracket stays."""
    return _BRACKETS.sub(lambda b: b[0] if "章" in b[0] else "", text)


def _lowest(band: Band, cells: Zone) -> dict[int, Cell]:
    return {
        column: next(cells[r][column] for r in range(band.last, band.first - 1, -1) if column in cells.get(r, {}))
        for column in band.paths
    }


# what stands in data and never in a header: identity numbers, phones, whole dates
_VALUE = re.compile(
    r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|1[3-9][0-9]{9}|(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2})(?![0-9])"
)


def _groups(cells: Zone, row: int, band: Band) -> bool:
    """True when the row stands over the next one as groups do: wider cells, or fewer texts than below."""
    line = cells.get(row, {})
    origins = {cell.origin for cell in line.values()}
    spans = len(line) > len(origins)
    below = cells.get(row + 1, {})
    reaching_down = any(c in below and below[c].origin == cell.origin for c, cell in line.items())
    several = len(origins) > 1 or row > band.first
    return row < band.last and several and (spans or reaching_down or len(line) < len(below))
