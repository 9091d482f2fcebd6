"""mapping: what a record is and what hangs on it → the SCOPE of names an expression about it may use.

A scope is a small tree of joins. Its root is the entity a row is about; from there follow the references of the
golden tables (an event's person, a person's household and dwelling, the head of a household), the grid a record names
and whatever `with` asks for. A name is a column of one of these joins, or a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from oneform.mapping import gate
from oneform.mapping.model import Expression, Param, With
from oneform.schema import Entity, Field, Schema

ROOT = "each"
_OWN_KINDS = frozenset({"integer", "decimal", "boolean", "date"})
_NUMBERS = frozenset({"max", "min", "sum", "count"})  # joins that give one value, not a record
_PLACES = ("grid", "community", "street")


@dataclass(frozen=True)
class Join:
    """One table of a scope: `on` is (own column, alias it hangs on, that one's column)."""

    alias: str
    entity: str
    how: str  # each | one | member | latest | first | max | min | sum | count
    on: tuple[str, str, str] = ("", "", "")
    field: str | None = None
    number: int = 0
    where: Expression | None = None  # which of its rows are joined, in the names of `within`
    within: Scope | None = None


@dataclass(frozen=True)
class Name:
    """One name: the join and golden column behind it; a virtual field has its expression, a parameter no join."""

    name: str
    alias: str
    column: str
    kind: str  # text | integer | decimal | boolean | date
    info: Field | None = None
    expression: Expression | None = None


@dataclass(frozen=True)
class Scope:
    """Names about one record of `each`; `links` are ids (an entity's name → alias and column), never printed."""

    each: str
    joins: Mapping[str, Join]
    names: Mapping[str, Name]
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        """Name → kind, as the gate takes them."""
        return {name: one.kind for name, one in self.names.items()}


def scope(schema: Schema, each: str, withs: Sequence[With] = (), params: Sequence[Param] = ()) -> Scope:
    """Everything that can be said about one record of `each`; ConfigError when a virtual field of it is wrong.

    A `with` that does not hang on this record is left out. A field hides a parameter of the same name, which is then
    `param.<name>`; of two joins equally near, neither gives the bare name.
    """
    levels = _tree(schema, each)
    joins = {join.alias: join for level in levels for join in level}
    links = {each: (ROOT, "entity_id")}
    for join in joins.values():
        if join.how == "one" and join.on[0] == "entity_id" and join.alias == join.entity:
            links.setdefault(join.entity, (join.on[1], join.on[2]))
    names: dict[str, Name] = {}
    for level in levels:
        found: dict[str, list[Name]] = {}
        for join in level:
            for one in _fields(schema, join, ""):
                found.setdefault(one.name, []).append(one)
        names |= {name: ones[0] for name, ones in found.items() if len(ones) == 1 and name not in names}
    for join in joins.values():
        if join.alias != ROOT:
            names |= {one.name: one for one in _fields(schema, join, f"{join.alias}.")}
    if each == "household":
        said = {place: names.get(f"head.{place}") for place in _PLACES if place not in names}
        names |= {place: replace(one, name=place) for place, one in said.items() if one}
    for hung in withs:
        if hung.alias not in joins and (attached := attach(schema, hung, joins)):
            within = scope(schema, hung.entity, (), params) if hung.where else None
            joins[hung.alias] = replace(attached, where=hung.where, within=within)
            names |= {name.name: name for name in _with_names(schema, attached, hung)}
    return Scope(each, joins, {**_parameters(params), **names}, links)


def attach(schema: Schema, one: With, joins: Mapping[str, Join]) -> Join | None:
    """Join of a `with`, or None when its entity has nothing to do with the records of these joins."""
    # what orders the latest and the first is when the event took place
    about = schema.entities[one.entity].occurs if one.how in {"latest", "first"} else one.field
    for column, target in schema.entities[one.entity].refs.items():
        for join in joins.values():
            if join.entity == target and join.alias in {ROOT, target}:
                return Join(one.alias, one.entity, one.how, (column, join.alias, "entity_id"), about, one.number)
    for own, target in _by_text(schema.entities[one.entity]):
        for join in joins.values():
            if join.entity == target and join.alias in {ROOT, target}:
                return Join(one.alias, one.entity, one.how, (own, join.alias, "name"), about, one.number)
    return None


def link(schema: Schema, counted: Scope, each: str) -> tuple[tuple[tuple[str, str], ...], str] | None:
    """How a counted record belongs to a row of `each`: columns of the counted (first not null) → column of `each`."""
    if each in counted.links:
        return (counted.links[each],), "entity_id"
    for join in counted.joins.values():
        if join.alias == each:
            return ((join.on[1], join.on[2]),), join.on[0]
    keys = [counted.names[name] for name in ("community", "grid.grid_community") if name in counted.names]
    if each == "area" and keys:
        return tuple(dict.fromkeys((one.alias, one.column) for one in keys)), "name"
    for own, target in _by_text(schema.entities[counted.each]):
        if target == each:
            return ((ROOT, own),), "name"
    return None


def way_fields(scope: Scope, way: tuple[tuple[tuple[str, str], ...], str], each: str) -> frozenset[tuple[str, str]]:
    """Fields a link reads, on both sides; ids are none."""
    counted, own = way
    found = {(scope.joins[alias].entity, column) for alias, column in counted}
    for join in joined(scope, (), [alias for alias, _ in counted]):
        found |= _join_fields(scope, join)
    found = {(entity, column) for entity, column in found if column not in _ids(scope, entity)}
    return frozenset(found | ({(each, own)} if own != "entity_id" else set()))


def parameters(params: Iterable[Param]) -> Scope:
    """Scope of the head: parameters and nothing else."""
    return Scope("", {}, _parameters(params))


def reads(scope: Scope, names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Fields of the golden tables behind these names, those that joins need included; ids are no fields."""
    found: set[tuple[str, str]] = set()
    for name in needed(scope, names):
        one = scope.names[name]
        if one.alias and one.expression is None and scope.joins[one.alias].how not in _NUMBERS:
            found.add((scope.joins[one.alias].entity, one.column))
    for join in joined(scope, names):
        found |= _join_fields(scope, join)
    return frozenset(found)


def needed(scope: Scope, names: Iterable[str]) -> tuple[str, ...]:
    """Names with those their virtual fields are made of, sorted; unknown ones are an error of ours."""
    found: set[str] = set()
    for name in names:
        found.add(name)
        if expression := scope.names[name].expression:
            found |= expression.names
    return tuple(sorted(found))


def joined(scope: Scope, names: Iterable[str], aliases: Iterable[str] = ()) -> tuple[Join, ...]:
    """Find the joins these names need, each after the one it hangs on; the root is not among them."""
    wanted: set[str] = set()
    waiting = [scope.names[name].alias for name in needed(scope, names)] + list(aliases)
    while waiting:
        alias = waiting.pop()
        if alias and alias not in wanted:
            wanted.add(alias)
            waiting.append(scope.joins[alias].on[1])
    return tuple(join for alias, join in scope.joins.items() if alias in wanted and alias != ROOT)


def returns(scope: Scope, name: Name) -> bool:
    """Whether a value read back under this name has one place to go: a stored field of the record or its own event.

    Not a virtual field, not a number about many events, not somebody else's name (the head, another member).
    """
    join = scope.joins.get(name.alias)
    if join is None or name.expression is not None or join.how in {*_NUMBERS, "member"}:
        return False
    return join.how != "one" or not _in_a_role(join)


def gate_kind(one: Field) -> str:
    """Kind of a field inside an expression."""
    return one.kind if one.kind in _OWN_KINDS else "text"


def _parameters(params: Iterable[Param]) -> dict[str, Name]:
    found = {}
    for param in params:
        kind = param.kind if param.kind in _OWN_KINDS else "text"
        found[param.name] = Name(param.name, "", param.name, kind)
        found[f"param.{param.name}"] = Name(f"param.{param.name}", "", param.name, kind)
    return found


def _join_fields(scope: Scope, join: Join) -> set[tuple[str, str]]:
    own, left, column = join.on
    found = set()
    if own not in _ids(scope, join.entity):
        found.add((join.entity, own))
    left_entity = scope.joins[left].entity
    if column not in _ids(scope, left_entity):
        found.add((left_entity, column))
    if join.how == "member":
        found.add((join.entity, "relation_to_head"))
    if join.field:
        found.add((join.entity, join.field))
    return found


def _ids(scope: Scope, entity: str) -> set[str]:
    """Columns of an entity that hold ids: its own and, as the tree and `with` use them, its references."""
    ids = {"entity_id"}
    for join in scope.joins.values():
        own, left, column = join.on
        if own == "entity_id" and scope.joins[left].entity == entity:
            ids.add(column)
        if column == "entity_id" and join.entity == entity:
            ids.add(own)
    return ids


def _tree(schema: Schema, each: str) -> list[list[Join]]:
    """Lay out joins by distance from the record: itself, what it refers to, what those refer to …; an entity once."""
    levels = [[Join(ROOT, each, "each")]]
    seen = {each}
    while True:
        level: list[Join] = []
        for join in (one for one in levels[-1] if not _in_a_role(one)):
            entity = schema.entities[join.entity]
            for column, target in entity.refs.items():
                if column not in seen and target in schema.entities:
                    seen.add(column)
                    level.append(Join(column, target, "one", ("entity_id", join.alias, column)))
            for own, target in _by_text(entity):
                if target == "grid" and target in schema.entities and target not in seen:
                    seen.add(target)
                    level.append(Join(target, target, "one", ("name", join.alias, own)))
        if not level:
            break
        levels.append(level)
    if "head" in seen and "grid" in schema.entities and "grid" not in seen:  # a household is where its head says
        levels.append([Join("grid", "grid", "one", ("name", "head", "grid"))])
    return levels


def _in_a_role(join: Join) -> bool:
    """Whether a reference is called otherwise than its entity (`head` of a household): only its prefix names it."""
    return join.alias not in {ROOT, join.entity}


def _by_text(entity: Entity) -> list[tuple[str, str]]:
    """Text fields that name another entity: `grid` a grid, `community` or `area` an area."""
    pairs = (("grid", "grid"), ("area", "area"), ("community", "area"))
    stored = {one.name for one in entity.stored}
    return [(own, target) for own, target in pairs if own in stored and entity.name != target]


def _fields(schema: Schema, join: Join, prefix: str) -> list[Name]:
    if _in_a_role(join) and not prefix:
        return []
    entity = schema.entities[join.entity]
    stored = {one.name: Name(prefix + one.name, join.alias, one.name, gate_kind(one), one) for one in entity.stored}
    virtual = [_virtual(one, join, prefix, stored) for one in entity.fields.values() if one.virtual is not None]
    return [*stored.values(), *virtual]


def _virtual(one: Field, join: Join, prefix: str, stored: Mapping[str, Name]) -> Name:
    """Bind a virtual field, its expression over the prefixed names it is made of."""
    known = tuple((name, bound.kind, bound.name) for name, bound in stored.items())
    expression = _checked(one.virtual or "", (*known, ("day", "date", "param.day")), f"{one.entity}.yaml {one.name}")
    return Name(prefix + one.name, join.alias, one.name, gate_kind(one), one, expression)


@cache
def _checked(written: str, known: tuple[tuple[str, str, str], ...], where: str) -> Expression:
    """Check the expression of a virtual field; `known` are (name, kind, column). The same for every report."""
    columns = {name: column for name, _, column in known}
    checked = gate.check(written, {name: kind for name, kind, _ in known}, where=where, columns=columns)
    return Expression(checked.sql, frozenset(columns[name] for name in checked.names), checked.dtype)


def _with_names(schema: Schema, join: Join, one: With) -> list[Name]:
    if one.how in {"latest", "first", "member"}:
        return _fields(schema, join, f"{one.alias}.")
    if one.how == "count" or one.field is None:
        return [Name(one.alias, one.alias, "value", "integer")]
    info = schema.entities[one.entity].fields[one.field]
    return [Name(one.alias, one.alias, "value", gate_kind(info), info)]
