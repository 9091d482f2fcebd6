"""Read, through calamine: xlsx, xlsb, xls and ods bytes → sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from oneform import problems
from oneform.errors import OneformError
from oneform.frames import Sheet
from oneform.ooxml import refs
from oneform.read import cells

CELLS = 20_000_000  # the most cells a sheet may span: beyond that memory, not the library, decides
ROWS = 1_000_000
Marked = dict[tuple[int, int], tuple[str | None, int]]


@dataclass
class Facts:
    """What calamine does not tell of a sheet; rows and columns count from 1, `hidden_columns` are spans."""

    marked: Marked = field(default_factory=dict)  # error cells with their text, formulas without a value
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


def damaged() -> OneformError:
    """Refusal of a file that breaks off or contradicts itself."""
    return problems.refusal("OF101", what="文件不完整或已损坏", what_en="the file is incomplete or damaged")


@contextmanager
def checked() -> Iterator[None]:
    """What calamine says is wrong with a file, in our own words: OF101, OF103."""
    try:
        yield
    except PasswordError as locked:
        raise problems.refusal("OF103") from locked
    except (CalamineError, XmlError, ZipError, ValueError, OSError) as broken:
        raise damaged() from broken


def sheets(content: bytes, facts: Sequence[Facts] | Mapping[str, Facts] = ()) -> tuple[Sheet, ...]:
    """Every worksheet; `facts` are those of the sheets in the workbook's order, or by name."""
    with checked(), CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        found = []
        for number, about in enumerate(book.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            if isinstance(facts, Mapping):
                more = facts.get(about.name, Facts())
            else:
                more = facts[number] if number < len(facts) else Facts()
            hidden = about.visible != SheetVisibleEnum.Visible
            found.append(_sheet(book.get_sheet_by_name(about.name), hidden=hidden, facts=more))
        return tuple(found)


def _sheet(sheet: CalamineSheet, *, hidden: bool, facts: Facts) -> Sheet:
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    if height > ROWS:
        raise problems.refusal(
            "OF110", what=f"行数超限（{height} 行，最多 {ROWS} 行）", what_en=f"too many rows ({height})"
        )
    if height * width > CELLS:
        raise problems.refusal("OF108", cell=f"{sheet.name}!{refs.address(height, width)}")
    merges = tuple((a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or ())
    left = sheet.start[1] if sheet.start else 0
    made = cells.sheet(sheet.name, sheet.iter_rows(), left=left, marked=facts.marked)
    height, width = made.texts.shape
    return replace(
        made,
        merges=merges or tuple(facts.merges),  # calamine does not tell those of ods files
        hidden=hidden,
        hidden_rows=tuple(sorted(row for row in facts.hidden_rows if row <= height)),
        hidden_columns=spread(facts.hidden_columns, width),
    )


def spread(spans: Iterable[tuple[int, int]], width: int) -> tuple[int, ...]:
    """Column numbers of these spans, up to the last column of the sheet."""
    return tuple(sorted({at for first, last in spans for at in range(first, min(last, width) + 1)}))
