"""Recognise, what a table is about: the meanings of its headers and its title → the entity its rows are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from oneform.recognise.dictionary import Meaning
from oneform.schema import Entity, Schema

# what a list of events says of its people beside the key: who it is, not what they are like
_WHO = {"name", "id_type", "id_number", "gender", "birth_date", "age", "phone"}
_EVENT = 2  # own columns from which a table may be one of events


def entity(meanings: Iterable[Meaning], title: str, schema: Schema) -> str | None:
    """The entity a row is about: the one whose naming fields are there, a person before her home; None when none is.

    A table that has nothing but the key of its subject and the columns of one kind of event is about that event.
    """
    alone: dict[str, set[str]] = defaultdict(set)
    nearby: dict[str, set[str]] = defaultdict(set)
    for one in meanings:
        if not one.denied:
            (alone if one.alone else nearby)[one.entity].add(one.field)
    scores: dict[str, float] = {}
    for name, about in schema.entities.items():
        if about.event:
            continue
        naming = _naming(about)
        named = bool(alone[name] & naming)
        if not named and not (nearby[name] & naming and (alone[name] or about.zh in title)):
            continue
        events = sum(len(alone[e.name]) for e in schema.entities.values() if e.event == name)
        score = 4.0 * len(alone[name] & naming) + len(alone[name] - naming) + 0.5 * events
        score += 1.0 * len(nearby[name] & naming) + 0.3 * len(nearby[name] - naming) + 1.5 * (about.zh in title)
        scores[name] = score
    if "person" in scores:
        # a roster of people names their household and home too; it is about them all the same
        for home in ("household", "dwelling"):
            scores.pop(home, None)
    subject = max(scores, key=lambda name: (scores[name], name == "person"), default=None)
    return _event(subject, alone, schema) or subject


def _event(subject: str | None, alone: dict[str, set[str]], schema: Schema) -> str | None:
    """The one kind of event a table lists, None when it says more of its subject or of another entity."""
    if subject is None:
        return None
    events = [e.name for e in schema.entities.values() if e.event == subject and alone[e.name]]
    key = {name for way in schema.entities[subject].identify for name in way}
    said = {name for name in alone[subject] if not schema.entities[subject].fields[name].output_only}
    likely = max(events, key=lambda name: len(alone[name]), default=None)
    if likely is None or len(alone[likely]) < _EVENT or said - key - _WHO:
        return None
    dated = schema.entities[likely].occurs in alone[likely]  # without its date it is a fact about the subject
    return likely if dated and len(events) == 1 else None


def _naming(about: Entity) -> set[str]:
    """Fields that say which one it is: names and numbers of the identify keys, not dates, phones or references."""
    keys = {name for key in about.identify for name in key if name in about.fields}
    return {name for name in keys if about.fields[name].kind in {"name", "resident_id", "uscc", "text"}}


def eligible(name: str, schema: Schema) -> set[str]:
    """Entities whose fields a row about `name` may carry: itself, what it refers to, and what happens to it."""
    about = schema.entities.get(name)
    if about is None:
        return set()
    subject = about.event or ("person" if name == "person" else None)
    related = set(about.refs.values()) - ({"person"} if subject != "person" else set())
    own = {name, *related, *(e.name for e in schema.entities.values() if e.event == name)}
    return own | eligible(about.event, schema) if about.event else own
