"""Recognise, how tables lie on a sheet: side by side in one band, beside notes, one under another."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from oneform.frames import Sheet
from oneform.recognise.band import WIDTH, Band, Known, find, zone
from oneform.recognise.facts import facts

SAMPLE = 500  # rows below the header that tell whether a column without a header is used
RESTARTS = 200  # places looked at for another header
LINES = 6  # title lines over a further table
_PAGE = re.compile(r"[(（]?(?:续表?|第[0-9一二三四五六七八九十]+页|共[0-9一二三四五六七八九十]+页)[)）]?|\s")
_TITLE = re.compile(
    "表|册|名单|台账|登记|网格|社区|街道|统计|汇总|情况|信息|人员|居民|住户|[一二三四五六七八九十0-9][组队期]"
)
_SIGNED = re.compile(
    r"^(?:[\u4e00-\u9fff]{0,6}(?:填表人|填报人|制表人|审核人|负责人|签名|签字)|说明|备注|注)[0-9]?[:：]"
)
_OWN = ("title", "grid", "community", "fill_unit")  # facts that make a header printed again another table


def next_band(sheet: Sheet, band: Band, known: Known, said: Mapping[str, str]) -> tuple[Band, int] | None:
    """Another table below and the first of the lines over it; None when there is none.

    It starts after a blank line or a line of one text, most of it is known, and it is headed differently: by other
    names, or by lines that speak of another grid, community or title than `said`. The same header again is a new page.
    """
    own = set(band.leaves.values())
    tried = set()
    for start in _starts(sheet, band, known):
        below = find(sheet, known, start=start)
        if below is None or below.first in tried or len(below.paths) < min(3, len(band.paths)):
            continue
        tried.add(below.first)
        stated = sum(leaf.endswith((":", "：")) for leaf in below.leaves.values())
        if sum(map(known, below.paths.values())) * 2 <= len(below.paths) or stated * 3 >= len(below.paths):
            continue  # 填表人：  联系电话： is a signature, no header
        head = _head(sheet, below.first, band.last)
        fresh = [path for path in below.paths.values() if path[-1] not in own]
        if len(below.paths) >= 3 and len(fresh) * 2 > len(below.paths):
            return below, head
        lines = facts(zone(sheet, start=head, rows=below.first - head), head, below.first - 1)
        if any(name in lines and _plain(lines[name]) != _plain(said.get(name, "")) for name in _OWN):
            return below, head
    return None


def _plain(text: str) -> str:
    """A title without the mark of its page."""
    return _PAGE.sub("", text)


def _starts(sheet: Sheet, band: Band, known: Known) -> list[int]:
    """Rows below the band where another header may begin: several texts, two of them known, after a break."""
    names = sheet.texts.columns[:WIDTH]
    filled = sheet.texts.slice(band.last).select(pl.sum_horizontal(pl.col(n).is_not_null() for n in names)).to_series()
    denser = (filled >= 2) & (filled.shift(1) <= 1)
    found = []
    for at in denser.fill_null(value=False).arg_true().head(RESTARTS):
        row = band.last + at + 1
        near = sheet.texts.slice(row - 1, 5).select(names).rows()
        texts = [[text for text in line if text] for line in near]
        if any(len(line) >= 2 and sum(known((t.strip(),)) for t in line) * 2 >= len(line) for line in texts):
            # a group over the whole header, or its title, stands in the lines of one text above
            lines = 0
            while lines < LINES and at - lines - 1 >= 0 and filled[at - lines - 1] == 1:
                lines += 1
            found.append(row - lines)
    return found


def _head(sheet: Sheet, first: int, after: int) -> int:
    """The first of the lines over a header: few texts each, up to the blank line or the row of data above."""
    names = sheet.texts.columns[:WIDTH]
    head = first
    while head - 1 > after and first - head < LINES:
        texts = [text for text in sheet.texts.select(names).row(head - 2) if text and text.strip()]
        lines = facts(zone(sheet, start=head - 1, rows=1), head - 1, head - 1)
        titled = len(texts) == 1 and _TITLE.search(texts[0])
        if not texts or not (titled or lines.keys() - {"title"}) or _SIGNED.search(re.sub(r"\s", "", texts[0])):
            break
        head -= 1
    return head


def blocks(sheet: Sheet, band: Band, known: Known) -> tuple[list[list[int]], list[int]]:
    """Columns of each table in the band, from the left, and the columns of notes beside them.

    Blank columns part blocks. A block with the names of the first is another table, one whose names are mostly known
    goes on with it, any other is notes.
    """
    leaves = band.leaves
    runs: list[list[int]] = []
    for column in _used(sheet, band):
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    hits = [sum(known(band.paths[c]) for c in run if c in leaves) for run in runs]
    main = runs.pop(hits.index(max(hits)))
    mine = {leaves[c] for c in main if c in leaves}
    tables, beside = [main], []
    for run in runs:
        names = [leaves[c] for c in run if c in leaves]
        if names and len(mine.intersection(names)) * 2 > len(names):
            tables.append(run)
        elif names and sum(known(band.paths[c]) for c in run if c in leaves) * 2 >= len(names):
            main.extend(run)
        else:
            beside += run
    named = {c for run in (main, *runs) for c in run}
    beside += [int(n[1:]) for n in sheet.texts.columns if int(n[1:]) not in named and _noted(sheet, band, n)]
    ordered = sorted((sorted(table) for table in tables), key=lambda table: table[0])
    return [part for table in ordered for part in _repeated(table, leaves)], beside


def _noted(sheet: Sheet, band: Band, name: str) -> bool:
    return sheet.texts.slice(band.first - 1, SAMPLE)[name].is_not_null().any()


def blank_row(names: list[str]) -> pl.Expr:
    """True for rows whose cells are all blank."""
    return pl.all_horizontal(pl.col(name).str.strip_chars().fill_null("") == "" for name in names)


def _used(sheet: Sheet, band: Band) -> list[int]:
    """Columns of tables: those with a header, and those without one that are filled like the others.

    A header merged over several columns counts where content is. Text in few rows under no header is a note.
    """
    below = sheet.texts.slice(band.last, SAMPLE)
    counts = {int(name[1:]): below[name].drop_nulls().len() for name in below.columns}
    covered = {
        c
        for top, left, bottom, right in sheet.merges
        if bottom >= band.last >= top
        for c in range(left + 1, right + 1)
        if not counts.get(c)
    }
    named = [f"c{c}" for c in band.paths]
    rows = below.filter(~blank_row(named))
    beside = {c: rows[f"c{c}"].drop_nulls().len() for c in counts if c not in band.paths}
    unnamed = {c for c, count in beside.items() if count * 2 >= rows.height > 0 and count * 5 >= counts[c] * 4}
    inside = {c for c, count in counts.items() if count and min(band.paths) < c < max(band.paths)}
    return sorted({*band.paths, *unnamed, *inside} - covered)


def _repeated(block: list[int], leaves: dict[int, str]) -> list[list[int]]:
    """A block whose names come again in the same order is that many tables."""
    names = [leaves.get(c, "") for c in block]
    for times in range(4, 1, -1):
        size, rest = divmod(len(names), times)
        if not rest and size >= 2 and names[:size] * times == names and len(set(names[:size])) > 1:
            return [block[i * size : (i + 1) * size] for i in range(times)]
    return [block]
