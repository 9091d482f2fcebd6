"""The columns and dtypes of every frame that crosses a stage, and the frozen values that carry them.

Cells are addressed as people see them: sheet name, Excel row (1-based), sheet column (1-based).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

# -- cells ---------------------------------------------------------------------------------------------------------

# What the file said a cell is, before anyone interprets it.
BLANK, TEXT, NUMBER, DATE, BOOL, ERROR, FORMULA, DURATION = range(8)  # FORMULA: a formula without a cached result


# What the workbooks handed back add to a sheet; it is no content of theirs when they come in again.
SUMMARY, LISTS = "错误汇总", "_码表"  # sheets: what is wrong; the very hidden lists of the drop-downs
ROW_NUMBER, EXPLAINED = "原行号", "错误说明"  # columns: the Excel row it had; what is wrong in this row
# On the summary: over the columns nobody could make out, over what each is said to be; the answer that it is nothing.
UNKNOWN, MEANT, NOTHING = "没有认出来的列", "这一列是什么（点开下拉选）", "都不是（不用导入）"


@dataclass(frozen=True)
class Sheet:
    """One worksheet as raw cells at absolute positions.

    `texts` has String columns `c1 … cN` and one row per Excel row from row 1 on (leading empty rows and columns are
    there); null is an empty cell. `types` has the same shape in UInt8: BLANK … DURATION. Numbers are printed without
    a `.0` and without exponent, dates as ISO text. `merges` are (first row, first column, last row, last column),
    1-based, inclusive; only the top-left cell of a merge has a text.
    """

    name: str
    texts: pl.DataFrame
    types: pl.DataFrame
    merges: tuple[tuple[int, int, int, int], ...] = ()
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()  # Excel rows that are hidden or filtered away, in order
    hidden_columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class Workbook:
    """A file as read: `format` is what its content is (xlsx, xls, ods, csv, html), `notes` what was seen (zh, en)."""

    file: str
    format: str
    sheets: tuple[Sheet, ...]
    file_sha256: str
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a table as it was understood; `entity`/`field` are None when nothing was bound."""

    index: int  # 1-based sheet column
    header: str  # header path, `组/列`
    entity: str | None = None
    field: str | None = None
    confidence: float = 0.0
    suggestions: tuple[tuple[str, float], ...] = ()  # (field name, confidence), best first
    legend: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # code → meaning, where the header itself states one
    denied: bool = False  # recognised as a field that is never stored
    parts: tuple[tuple[str, str], ...] = ()  # (entity, field) of each, where one cell holds several; else empty
    split: str = ""  # how such a cell is taken apart: place | range | region | kinds | whole (each reads all of it)
    # what the form that the sheet is writes for an empty value and for zero, and around every value
    empty: str | None = None
    zero: str | None = None
    prefix: str = ""
    suffix: str = ""

    def bare(self, text: pl.Expr) -> pl.Expr:
        """What a cell says without what its form writes for nothing, for zero and around a value."""
        said = text.str.strip_chars()
        without = (
            said.str.strip_prefix(self.prefix).str.strip_suffix(self.suffix) if self.prefix or self.suffix else text
        )
        zero = pl.when(said == self.zero).then(pl.lit("0")).otherwise(without) if self.zero else without
        return pl.when(said == self.empty).then(None).otherwise(zero) if self.empty else zero

    @property
    def framed(self) -> bool:
        """True when its form writes anything but the value."""
        return bool(self.empty or self.zero or self.prefix or self.suffix)


@dataclass(frozen=True)
class Memory:
    """What people answered before about columns and headers; the surest evidence there is.

    `columns`: (entity a row is about, or "" for any; header path key) → (entity, field), None for "nothing".
    `headers`: hash of the texts of a sheet's first rows up to the header's last → first and last header row.
    """

    columns: Mapping[tuple[str, str], tuple[str, str] | None] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)


LEFT_OUT = pl.Schema(
    {"sheet": pl.String, "row": pl.Int32, "column": pl.Int32, "reason": pl.String, "reason_en": pl.String}
)

PROBLEMS = pl.Schema(
    {
        "sheet": pl.String,
        "row": pl.Int32,  # null: the whole sheet or column
        "column": pl.Int32,  # null: the whole row
        "header": pl.String,  # the user's own header
        "field": pl.String,
        "code": pl.String,
        "level": pl.String,  # 错误 | 提醒
        "message": pl.String,
        "message_en": pl.String,
    }
)


@dataclass(frozen=True)
class Table:
    """One table found on a sheet.

    `cells` has `row` (Int32, Excel row) and a String column `c{index}` per entry of `columns`, data rows only,
    merged household cells already filled down where the schema allows; `types` the same in UInt8.
    `facts` are what the sheet says about itself outside the table: title, fill_unit, fill_date, grid, community …
    """

    sheet: str
    header_rows: tuple[int, int]
    data_rows: tuple[int, int] | None
    columns: tuple[Column, ...]
    cells: pl.DataFrame
    types: pl.DataFrame
    facts: Mapping[str, str]
    left_out: pl.DataFrame  # LEFT_OUT
    problems: pl.DataFrame  # PROBLEMS about structure: missing, duplicate or swapped columns
    entity: str = "person"  # what a row is about
    refused: tuple[str, str] | None = None  # why it is only shown and its rows are not read: zh, en


NOTES = pl.Schema({"header": pl.String, "note": pl.String, "count": pl.UInt32})


@dataclass(frozen=True)
class Normalised:
    """What one table says, in canonical values; `entity` is what a row is about.

    `records` has one frame per entity: `sheet`, `row`, one column per bound or derived field (plus `<id>__seen` and
    `<id>__state` for identifiers) and `held` (JSON of field → raw text of the cells held, null when none); the main
    entity's frame also has `raw` and `extras` (JSON of header → text). `notes` counts, per header, what was tidied.
    """

    entity: str
    records: dict[str, pl.DataFrame]
    problems: pl.DataFrame  # PROBLEMS
    notes: pl.DataFrame  # NOTES


# -- linking -------------------------------------------------------------------------------------------------------

# One person as one source row wrote them, in canonical values; null says nothing.
LINKABLE = pl.Schema(
    {
        "rec_id": pl.Int64(),
        "rec_key": pl.String(),  # content of the row and its batch: breaks ties, independent of arrival
        "name": pl.String(),
        "id_type": pl.String(),
        "id_seen": pl.String(),  # the identifier as read, also when its cell is held
        "id_state": pl.String(),  # valid18 upgraded15 document damaged_tail masked invalid; null = none given
        "birth_date": pl.String(),  # ISO, month precision allowed (1990-12)
        "gender": pl.String(),
        "phones": pl.List(pl.String),
        "estate": pl.String(),
        "building": pl.String(),
        "unit": pl.String(),
        "room": pl.String(),
        "hukou_address": pl.String(),
        "household_id": pl.String(),
        "head_name": pl.String(),
        "relation_to_head": pl.String(),
    }
)

BLOCK_KEYS = pl.Schema({"rec_id": pl.Int64, "rule": pl.UInt8, "key": pl.UInt64})
PAIRS = pl.Schema({"left": pl.Int64, "right": pl.Int64})
EDGES = pl.Schema(
    {
        "left": pl.Int64,
        "right": pl.Int64,  # left < right
        "weight": pl.Float64,  # match weight, log2 odds
        "probability": pl.Float64,
        "verdict": pl.String,  # same | review | apart | never
        "reason": pl.String,  # stable word, e.g. same_id, one_id_two_people, two_valid_ids, scored
        "levels": pl.String,  # the level of each comparison, `name=equal id=none …`
    }
)
JUDGEMENTS = pl.Schema({"left": pl.Int64, "right": pl.Int64, "answer": pl.String})  # same | not_same | unsure | lapsed
CLUSTERS = pl.Schema({"rec_id": pl.Int64, "cluster": pl.Int64})
REVIEWS = pl.Schema({"left": pl.Int64, "right": pl.Int64, "weight": pl.Float64, "reason": pl.String})

# -- reports -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardReport:
    """One filled card: its name (sheet or file), texts by label, and one frame per repeated block."""

    name: str
    cells: Mapping[str, str | int | float | None]
    repeats: Mapping[str, pl.DataFrame]
    entity_id: int | None = None


@dataclass(frozen=True)
class Report:
    """What a form will say, ready to be written.

    `table` has one column per mapping column, named by header path, in the mapping's order: String where text is
    written, Int64/Float64 where a number is, null for an empty cell. `origins` has the same height: `entity_id`
    (Int64) and `block` (Int32, equal for rows of one block). `head` maps a label to the text put beside or inside it.
    `totals` are, per total row of the mapping, the values by header path.
    """

    form: str
    head: Mapping[str, str | int | float | None]
    table: pl.DataFrame
    origins: pl.DataFrame
    totals: tuple[Mapping[str, str | int | float | None], ...] = ()
    cards: tuple[CardReport, ...] = ()
    problems: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PROBLEMS))
    part: str = ""  # name of the file or sheet, where a form is split into several


@dataclass(frozen=True)
class Filled:
    """A workbook as bytes, the number of cells written from data, and what did not fit (PROBLEMS)."""

    content: bytes
    cells: int
    problems: pl.DataFrame


@dataclass(frozen=True)
class Delivered:
    """One file that left: its form, department, path, rows and cells."""

    form: str
    department: str
    title: str
    file: Path
    rows: int
    cells: int
    sha256: str
