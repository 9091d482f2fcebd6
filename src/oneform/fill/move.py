"""fill: which rows grow or shrink, and by how many → where every other row, range and formula reference goes.

A growing area is the sample rows `first … last` of the template, which become `rows` rows. What lies below moves by the
difference; a range that ends inside the area, or at its edge, follows its new end: a total over the sample rows becomes
the total over all of them. References are changed inside the text as written, so entities, spaces and names survive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from oneform.ooxml import refs, spans


@dataclass(frozen=True, slots=True)
class Growth:
    """Sample rows `first … last` (Excel rows of the template, inclusive) that become `rows` ≥ 1 rows."""

    first: int
    last: int
    rows: int

    @property
    def by(self) -> int:
        """Rows gained; negative when rows go."""
        return self.rows - (self.last - self.first + 1)


@dataclass(frozen=True)
class Move:
    """All growths of one sheet, from top to bottom, not overlapping."""

    growths: tuple[Growth, ...] = ()

    def __bool__(self) -> bool:
        return any(g.by for g in self.growths)

    def row(self, row: int) -> int | None:
        """New place of a template row; None when it is deleted."""
        offset = 0
        for growth in self.growths:
            if row < growth.first:
                break
            if row <= growth.last:
                return row + offset if row < growth.first + growth.rows else None
            offset += growth.by
        return row + offset

    def rows(self, first: int, last: int) -> tuple[int, int] | None:
        """New place of a range of rows; it grows with an area it ends in. None when nothing of it is left."""
        offset = 0
        start = end = None
        for growth in self.growths:
            if start is None:
                if first < growth.first:
                    start = first + offset
                elif first <= growth.last:
                    start = min(first, growth.first + growth.rows) + offset
            if last < growth.first:
                end = last + offset
                break
            if last <= growth.last:
                end = growth.first + growth.rows - 1 + offset
                break
            offset += growth.by
        start = first + offset if start is None else start
        end = last + offset if end is None else end
        return (start, end) if start <= end else None

    def inside(self, row: int) -> bool:
        """True for a template row that belongs to a growing area."""
        return any(g.first <= row <= g.last for g in self.growths)

    def box(self, area: refs.Box) -> refs.Box | None:
        """Where a range of cells goes; a whole column stays."""
        if area[2] >= refs.MAX_ROWS:
            return area
        moved = self.rows(area[0], area[2])
        return None if moved is None else (moved[0], area[1], min(moved[1], refs.MAX_ROWS), area[3])

    def sqref(self, text: str) -> str:
        """A list of ranges after the move; empty when nothing is left."""
        out = []
        for item in text.split():
            area = refs.box(item)
            moved = self.box(area) if area else None
            out.append(item if area is None or moved == area else "" if moved is None else refs.text(moved))
        return " ".join(filter(None, out))


# A formula as it stands in XML: strings and brackets are passed over; an optional sheet, then cells, columns or rows.
TOKEN = re.compile(
    r"""(?P<skip>"[^"]*"|&quot;.*?&quot;|\[[^\]]*\](?:[\w.]+!)?)
    |(?<![\w.\\$\]!])
     (?P<sheet>(?:'(?:[^']|'')*'|[^\s'"!(),;:+\-*/^&=<>{}\[\]%@\#]+)!)?
     (?:(?P<c1>\$?[A-Za-z]{1,3})(?P<r1>\$?[0-9]{1,7})(?::(?P<c2>\$?[A-Za-z]{1,3})(?P<r2>\$?[0-9]{1,7}))?
       |(?P<w1>\$?[0-9]{1,7}):(?P<w2>\$?[0-9]{1,7})
       |(?P<k1>\$?[A-Za-z]{1,3}):(?P<k2>\$?[A-Za-z]{1,3}))
     (?![\w.(!\[])""",
    re.VERBOSE,
)
# An aggregate over one single sample cell means the whole column of records.
_ALONE = re.compile(r"(?:SUM|COUNTA?|AVERAGE|MAX|MIN|PRODUCT)\($", re.IGNORECASE)
# What may stand in a formula that depends on no cell, name, place or clock: texts, numbers, these functions.
_TEXTS = re.compile(r'"[^"]*"')
_CONSTANTS = re.compile(
    r"\b(?:(?:_xlfn\.)?(?:DISPIMG|HYPERLINK|DATE|CHAR|TEXT|REPT|ROUND|SUM)\(|(?:TRUE|FALSE)\b|[0-9]+(?:\.[0-9]+)?)",
    re.IGNORECASE,
)


def formula(text: str, move: Move, *, sheet: str, here: bool) -> str:
    """Formula after the move: references to `sheet`, or without a sheet when it stands there itself (`here`)."""

    def replaced(token: re.Match[str]) -> str:
        if token["skip"] is not None or token["k1"] or not _about(token, sheet, here):
            return token[0]
        prefix = token["sheet"] or ""
        if token["w1"]:
            return prefix + _pair(move, token["w1"], token["w2"], "", "")
        if token["r2"]:
            return prefix + _pair(move, token["r1"], token["r2"], token["c1"], token["c2"])
        row = _number(token["r1"])
        if _is_alone(token) and move.inside(row):
            return prefix + _pair(move, token["r1"], token["r1"], token["c1"], token["c1"])
        moved = move.row(row)
        return "#REF!" if moved is None else f"{prefix}{token['c1']}{_row(token['r1'], moved)}"

    return TOKEN.sub(replaced, text)


def stands_alone(text: str) -> bool:
    """True for a formula whose value no other cell can change: `2*3`, a picture of WPS by its id."""
    return not re.search(r"[\w\[!#@$:]", _CONSTANTS.sub("", _TEXTS.sub("", spans.unescaped(text))))


def shifted(text: str, rows: int, columns: int) -> str:
    """A formula copied to another cell: relative references follow, absolute ones stay."""

    def corner(col: str, row: str) -> str:
        if not col.startswith("$"):
            number = refs.column(col) + columns
            if not 1 <= number <= refs.MAX_COLUMNS:
                return "#REF!"
            col = refs.letters(number)
        if not row.startswith("$"):
            number = int(row) + rows
            if not 1 <= number <= refs.MAX_ROWS:
                return "#REF!"
            row = str(number)
        return col + row

    def replaced(token: re.Match[str]) -> str:
        if token["skip"] is not None:
            return token[0]
        prefix = token["sheet"] or ""
        if token["k1"]:
            return prefix + ":".join(corner(k, "$1").removesuffix("$1") for k in (token["k1"], token["k2"]))
        if token["w1"]:
            ends = [w if w.startswith("$") else str(int(w) + rows) for w in (token["w1"], token["w2"])]
            return prefix + ":".join(ends)
        first = corner(token["c1"], token["r1"])
        return prefix + (f"{first}:{corner(token['c2'], token['r2'])}" if token["r2"] else first)

    return TOKEN.sub(replaced, text)


def row_pieces(text: str, row: int, move: Move, area: Growth, *, sheet: str) -> list[str | int]:
    """A formula of sample row `row` as literals and row offsets: an int n stands for «the record's own row + n».

    Relative rows inside or above the area follow the record; rows fixed
    by `$` and rows below the area keep meaning the cells they meant.
    """
    out: list[str | int] = []
    position = 0
    for token in TOKEN.finditer(text):
        if token["skip"] is not None or token["k1"] or not _about(token, sheet, here=True):
            continue
        ends = [token["w1"] or token["r1"], token["w2"] or token["r2"]]
        columns = ["", ""] if token["w1"] else [token["c1"], token["c2"]]
        follow = [bool(r) and not r.startswith("$") and _number(r) <= area.last for r in ends]
        if not any(follow):
            fixed = formula(token[0], move, sheet=sheet, here=True)
            out.append(text[position : token.start()] + fixed)
        else:
            out.append(text[position : token.start()] + (token["sheet"] or ""))
            for i, (col, end) in enumerate(zip(columns, ends, strict=True)):
                if end:
                    number = _number(end)
                    out.append((":" if i else "") + (col or ""))
                    out.append(number - row if follow[i] else _row(end, move.row(number) or number))
        position = token.end()
    out.append(text[position:])
    return out


def renamed(text: str, names: Callable[[str], str | None]) -> str:
    """A formula whose sheet prefixes were given new names; None keeps the prefix."""

    def replaced(token: re.Match[str]) -> str:
        prefix = token["sheet"]
        new = names(_sheet(prefix)) if token["skip"] is None and prefix else None
        return token[0] if new is None else quoted(new) + token[0][len(prefix) :]

    return TOKEN.sub(replaced, text)


def quoted(sheet: str) -> str:
    """A sheet's prefix in a formula, XML-escaped: `'1-2-501'!`."""
    return "'" + spans.escape(sheet.replace("'", "''")) + "'!"


def _about(token: re.Match[str], sheet: str, here: bool) -> bool:
    prefix = token["sheet"]
    return here if prefix is None else _sheet(prefix).casefold() == sheet.casefold()


def _sheet(prefix: str) -> str:
    name = spans.unescaped(prefix[:-1])
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def _pair(move: Move, first: str, last: str, c1: str, c2: str) -> str:
    low, high = sorted((_number(first), _number(last)))
    if high >= refs.MAX_ROWS:
        return f"{c1}{first}:{c2}{last}"
    moved = move.rows(low, high)
    return "#REF!" if moved is None else f"{c1}{_row(first, moved[0])}:{c2}{_row(last, moved[1])}"


def _is_alone(token: re.Match[str]) -> bool:
    return bool(_ALONE.search(token.string[: token.start()])) and token.string[token.end() :].startswith(")")


def _number(row: str) -> int:
    return int(row.lstrip("$"))


def _row(written: str, row: int) -> str:
    return f"${row}" if written.startswith("$") else str(row)
