"""Recognise, a column on its way to being understood: what claims it, what it is bound to, how it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from oneform.recognise.dictionary import Header, Meaning
from oneform.schema import Field, Schema

SUGGESTED = 0.7  # a context alias whose context is missing
Share = dict[str, float]


@dataclass(frozen=True)
class Claim:
    """A column says it is a field, and how surely."""

    meaning: Meaning
    confidence: float


@dataclass
class Seen:
    """One column on its way to being understood."""

    index: int
    header: Header
    share: Share
    claims: list[Claim] = field(default_factory=list)
    bound: Claim | None = None
    denied: bool = False
    suggestions: list[tuple[Meaning, float]] = field(default_factory=list)
    doubtful: bool = False  # may speak of the person named before it
    by_values: Meaning | None = None  # suggested by the cells alone: the header is not like it


def field_of(meaning: Meaning, schema: Schema) -> Field:
    """The field of the schema that is meant."""
    return schema.entities[meaning.entity].fields[meaning.field]


def unbind(one: Seen) -> None:
    """Take back what a column was bound to; it stays the first suggestion."""
    if one.bound:
        one.suggestions = [(one.bound.meaning, SUGGESTED), *one.suggestions][:3]
        one.bound = None


def text(path: tuple[str, ...]) -> str:
    """A header path as people read it: `组/列`, line feeds and padding blanks gone."""
    return "/".join(re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", re.sub(r"\s+", " ", part)) for part in path)


def letters(column: int) -> str:
    """28 → `AB`."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
