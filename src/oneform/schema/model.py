"""schema: what the schema files mean once read and checked, as frozen values; and the key headers are compared by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

Bound = str | int | float  # by kind: an ISO date or `today`, a whole number, a decimal

# Kinds a field may have; `integer` and `decimal` are the number kind, `ref` points at another entity's id.
KINDS = (
    "resident_id",
    "name",
    "phone",
    "date",
    "address",
    "code",
    "boolean",
    "integer",
    "decimal",
    "text",
    "uscc",
    "ref",
)


@dataclass(frozen=True)
class CodeRow:
    """One code: what it is called, what else it is called, and where the list comes from."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class CodeList:
    """One closed list in the order of its file; no spelling of it means two codes."""

    name: str
    rows: tuple[CodeRow, ...]

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Every accepted spelling → code: the code, its name, its aliases, and the pair `code-name`."""
        found: dict[str, str] = {}
        for row in self.rows:
            for spelling in (row.code, row.zh, *row.aliases, f"{row.code}-{row.zh}"):
                found.setdefault(spelling, row.code)
        return found

    @cached_property
    def labels(self) -> dict[str, str]:
        """Code → Chinese name."""
        return {row.code: row.zh for row in self.rows}


@dataclass(frozen=True)
class Field:
    """One attribute of an entity: its label, the header texts that mean it, and what may be done with it."""

    entity: str
    name: str
    kind: str  # one of KINDS
    zh: str
    en: str
    aliases: tuple[str, ...] = ()  # header texts that may bind alone, the label among them unless it is in the next
    context_aliases: tuple[str, ...] = ()  # header texts that need a group, a role or the sheet's subject beside them
    codes: str | None = None  # code list of a code field
    to: str | None = None  # entity of a ref field
    pii: str | None = None  # direct | quasi | sensitive
    ask: str | None = None  # always: wanted of every record; never: by no gap sheet; None: when an active form wants it
    keep_days: int | None = None  # how long an answer stands before it may be asked again; None: for good
    derive: str | None = None  # fills the blank from other fields: function(field)
    virtual: str | None = None  # computed when read, never stored
    check: Mapping[str, tuple[Bound, Bound]] = field(default_factory=dict)  # range, length: both ends inclusive
    fill_down: bool = False  # a merged cell speaks for every row under it
    prefer: str = "trust"  # survivorship: trust (then newest) | newest (then trust)
    necessity: bool = False  # off until a mapping says why it needs it
    note: str = ""  # how to fill it, shown in the import template
    output_only: bool = False  # recognised on a sheet and skipped: row numbers, signatures, dates of filling
    on_conflict: str | None = None  # warn: two sources may differ without a review
    part_of: str | None = None  # the broader field of the same entity under whose name people see this one
    day_in: str | None = None  # of a date: the field whose day completes a bare time of day
    repeat: int | None = None  # columns 1 … n of one row that name other people of the household; never stored here

    @property
    def reported(self) -> str:
        """Name under which columns bound to this field are shown: `origin` for `origin_city`."""
        return self.part_of or self.name


@dataclass(frozen=True)
class Rule:
    """A rule over rows or groups: `expr` must hold; where it does not, the problem sits on `cell`."""

    id: str
    over: str  # the entity whose rows are judged together, or `row`
    expr: str
    cell: str
    level: str  # warn | error
    zh: str
    en: str


@dataclass(frozen=True)
class Entity:
    """One table of the dataset: a thing (`event` is None) or what happened to one (`event` is its subject)."""

    name: str
    zh: str
    en: str
    event: str | None = None
    occurs: str | None = None  # the field that dates an event
    once: tuple[str, ...] = ()  # rows equal in these are one event; may name the subject
    identify: tuple[tuple[str, ...], ...] = ()  # keys, strongest first; may name a ref
    emergency: bool = False  # erasable with the emergency it was taken in for
    fields: Mapping[str, Field] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    note: str = ""

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """Fields that have a column, in the order of the file: not refs, virtual, output-only or repeated ones."""
        return tuple(
            f
            for f in self.fields.values()
            if f.kind != "ref" and f.virtual is None and not f.output_only and f.repeat is None
        )

    @cached_property
    def refs(self) -> Mapping[str, str]:
        """Reference columns of the golden table → entity they point at: the subject of an event, then declared refs."""
        subject = {self.event: self.event} if self.event else {}
        return subject | {f.name: f.to for f in self.fields.values() if f.kind == "ref" and f.to}


@dataclass(frozen=True)
class Source:
    """Somebody who sends sheets: how much is believed in general, and about which fields or entities in particular."""

    name: str
    zh: str
    trust: int  # 0 … 100
    fields: Mapping[str, int] = field(default_factory=dict)


_SQL = {"integer": "BIGINT", "decimal": "DOUBLE", "boolean": "BOOLEAN", "ref": "BIGINT"}


@dataclass(frozen=True, eq=False)  # known by identity: what is made of a schema is kept beside it
class Schema:
    """The whole dataset: entities in the order of their names, code lists, what is never stored, who is believed."""

    entities: Mapping[str, Entity]
    codes: Mapping[str, CodeList]
    denied: tuple[Field, ...]
    sources: Mapping[str, Source]

    def stored(self, entity: str) -> tuple[Field, ...]:
        """Fields of an entity that have a column, in the order of `prov`."""
        return self.entities[entity].stored

    def sql_type(self, one: Field) -> str:
        """Column type: VARCHAR, BIGINT, DOUBLE or BOOLEAN; dates are ISO text, a DATE would invent a day."""
        return _SQL.get(one.kind, "VARCHAR")


_BRACKETS = str.maketrans("【〔[{〈《「『】〕]}〉》」』", "((((((((" + "))))))))")
_TYPOS = (("户口薄", "户口簿"), ("帐号", "账号"), ("帐户", "账户"), ("其它", "其他"), ("祥址", "详址"))
# Brackets carry meaning (units, qualifiers, code lists) unless all they hold is a filling hint.
_HINT = re.compile(r"\((?:必填|选填|可填|格式|如|例|y{2,4}[-/.年]?m{1,2})[^()]*\)|\(\)")
_NUMBERING = re.compile(
    r"^(?:\([0-9]{1,2}\)|[0-9]{1,2}(?:\.[0-9]{1,2})*(?:[/、)]|\.(?![0-9]))|[一二三四五六七八九十]{1,3}、)"
)
_NOISE = re.compile(r"[\s*\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_TAIL = re.compile(r"[:_]+$")


@lru_cache(maxsize=8192)  # a form repeats its headers, a load the aliases
def header_key(text: str) -> str:
    """Text as headers are compared: without blanks, stars, hints and numbering; one width, case and kind of bracket."""
    key = _NOISE.sub("", unicodedata.normalize("NFKC", text).translate(_BRACKETS).casefold())
    before = None
    while key != before:  # taking one thing away may uncover the next
        before = key
        key = _TAIL.sub("", _NUMBERING.sub("", _HINT.sub("", key)))
        for typo, meant in _TYPOS:
            key = key.replace(typo, meant)
    return key
