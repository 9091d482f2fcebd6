"""What a mapping file means once it has been read and checked: frozen values, nothing left to look up."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Expression:
    """One checked expression: the SQL regenerated from the whitelisted tree, and the names it reads."""

    sql: str  # DuckDB scalar SQL; names quoted, `"alias.field"` for a joined one
    names: frozenset[str]  # as written: field, alias.field, param
    dtype: str  # text | integer | decimal | boolean | date: the kind of its value


@dataclass(frozen=True)
class Piece:
    """A part of a text pattern: a literal, or the value of a name with the literal that follows it."""

    name: str | None
    literal: str  # of a name: what follows it, dropped with it when the value is missing
    format: str | None = None


@dataclass(frozen=True)
class Param:
    """A value the caller gives: `oneform report form -p day=2026-11-20`."""

    name: str
    kind: str  # date | area | text | integer
    default: str | None = None


@dataclass(frozen=True)
class Template:
    """The department's own workbook and where its parts lie (Excel rows, inclusive)."""

    file: Path
    sha256: str | None
    sheet: str
    header: tuple[int, int] | None = None
    rows: tuple[int, int] | None = None  # the sample row(s) a record is drawn from
    grow: str = "insert"  # insert | overwrite | overwrite_insert
    surplus: str = "keep"  # sample rows left over: keep | clear | delete
    stop: tuple[str, ...] = ()  # labels that end the table: 合计, 填表人 …


@dataclass(frozen=True)
class Output:
    """One outgoing value: exactly one source, then how it is written.

    `source` is one of field, text, expr, seq, const, param, measure, ratio; `value` is its text as written in the file;
    `expression` is the checked SQL behind field, text and expr. `reversible` is computed, never claimed.
    """

    path: str  # header path (rows, crosstab, repeat) or label text (head, card cells)
    source: str
    value: str
    expression: Expression | None = None
    format: str | None = None
    accept: tuple[str, ...] = ()
    codes: MappingOf[str, str] = field(default_factory=dict)  # canonical code → the department's own spelling
    empty: str | None = None
    suffix: str = ""
    prefix: str = ""
    mask: str | None = None
    when: MappingOf[str, str] = field(default_factory=dict)
    importing: str = "update"  # skip | fill_only | update
    held: str = "blank"  # blank | print
    zero: str | None = None
    tick: MappingOf[str, str] = field(default_factory=dict)  # canonical code → the box's label
    at: str | None = None  # cell address, a cross-check
    reversible: bool = False
    entity: str | None = None  # of a plain field: where it lives in the schema
    field: str | None = None
    kind: str = "text"
    line: str = ""  # file:line:column of its definition
    pieces: tuple[Piece, ...] = ()  # of a text: its parts; the expression then only lists the names
    total: str | None = None  # what a total row holds: sum | ratio | None (blank)


@dataclass(frozen=True)
class With:
    """`alias: latest return_travel`: one row per record from a related event kind; `where` says which of them count."""

    alias: str
    how: str  # latest | first | max | min | sum | count | member
    entity: str
    field: str | None = None  # for max, min and sum
    number: int = 0  # for member: the n-th person of the household beside its head
    where: Expression | None = None


@dataclass(frozen=True)
class Block:
    """Records that belong together: consecutive rows of equal `by`; columns in `merge` become one merged cell."""

    by: str
    merge: tuple[str, ...] = ()
    once: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """A roster: one row a record of `each`."""

    each: str
    withs: tuple[With, ...] = ()
    where: Expression | None = None
    sort: tuple[str, ...] = ()  # names, a leading `-` turns the order round; the entity's id decides ties
    block: Block | None = None
    measures: MappingOf[str, Measure] = field(default_factory=dict)  # numbers about all rows, for the head


@dataclass(frozen=True)
class Measure:
    """A number per row of a cross-tab, or of a whole roster; `of` is the entity counted, `distinct` counts once."""

    how: str  # count | distinct | sum | max | min
    of: str
    distinct: str | None = None
    field: str | None = None  # for sum, max and min
    where: Expression | None = None
    kind: str = "integer"  # integer | decimal | text | date: of its value


@dataclass(frozen=True)
class Crosstab:
    """One row per `each` (rows with nothing to count included), a measure per column."""

    each: str
    labels: MappingOf[str, str]  # header path → field of `each`
    withs: tuple[With, ...] = ()
    where: Expression | None = None
    sort: tuple[str, ...] = ()
    measures: MappingOf[str, Measure] = field(default_factory=dict)
    block: Block | None = None
    by: MappingOf[str, str] = field(default_factory=dict)  # field of the counted → field of `each`; empty: by the links


@dataclass(frozen=True)
class Repeat:
    """A block of lines inside a card."""

    name: str
    over: str
    header: int
    rows: tuple[int, int]
    columns: tuple[Output, ...]
    where: Expression | None = None
    sort: tuple[str, ...] = ()
    overflow: str = "error"  # new_sheet | error | insert_rows


@dataclass(frozen=True)
class Card:
    """One sheet (or file) a record of `each`: scattered cells and repeated blocks."""

    each: str
    one: str  # sheet | file
    name: str  # text pattern with {field}
    name_expression: Expression | None = None
    name_pieces: tuple[Piece, ...] = ()
    withs: tuple[With, ...] = ()
    where: Expression | None = None
    sort: tuple[str, ...] = ()
    cells: tuple[Output, ...] = ()
    repeats: tuple[Repeat, ...] = ()


@dataclass(frozen=True)
class Split:
    """One file or one sheet for each value of `by`, which is a name of the rows; `pieces` make its name."""

    by: str
    into: str  # file | sheet
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Total:
    """A total row below the table, found by its label; `write`: formula (kept or made, with cached value) | value."""

    label: str
    over: str = "all"
    write: str = "formula"


@dataclass(frozen=True)
class Check:
    """A rule on the finished report: an expression over measures, or a comparison with the last delivery."""

    expression: Expression | None
    zh: str
    level: str = "warn"  # warn | error
    compare: str | None = None  # last_delivery
    measure: str | None = None
    max_change: str | None = None


@dataclass(frozen=True)
class Mapping:
    """One form: whose it is, why it may ask, its template, and what goes where. `shape` is Rows, Crosstab or Card."""

    file: Path
    sha256: str
    form: str
    title: str
    department: str
    purpose: str
    legal_basis: MappingOf[str, str]
    recipient: str
    retention: str
    params: tuple[Param, ...]
    template: Template
    head: tuple[Output, ...]
    shape: Rows | Crosstab | Card
    columns: tuple[Output, ...]
    totals: tuple[Total, ...] = ()
    checks: tuple[Check, ...] = ()
    split: Split | None = None  # of a roster or cross-tab
    extends: str | None = None
    source: str | None = None  # whose words a sheet of this form is when it comes back (sources.yaml)
    necessity: MappingOf[str, str] = field(default_factory=dict)  # sensitive field → why this form needs it
    fields: frozenset[tuple[str, str]] = frozenset()  # (entity, field) this form may read: the whitelist
    entities: frozenset[str] = frozenset()  # tables it needs: those of its fields, those it counts, those between
