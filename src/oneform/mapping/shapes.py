"""mapping: the `rows`, `crosstab` or `card` of a file → its shape, and the scope its columns speak in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from oneform import documents
from oneform.documents import Node
from oneform.mapping import names
from oneform.mapping.model import Block, Card, Crosstab, Expression, Measure, Output, Param, Repeat, Rows, With
from oneform.mapping.names import Name, Scope
from oneform.mapping.outputs import Binding, output, patterns

_MEASURES = ("count", "distinct", "sum", "max", "min")
_TAKEN = frozenset({"each", "param", "head", "person", "household", "dwelling", "grid"})  # they have a meaning already
_TABLE = ("with", "where", "sort", "block", "measures")


@dataclass(frozen=True)
class Bound:
    """A shape, the names its columns may use (its measures among them in a cross-tab) and what else it holds."""

    shape: Rows | Crosstab | Card
    scope: Scope
    measures: Mapping[str, Measure] = field(default_factory=dict)
    labels: tuple[Output, ...] = ()
    repeated: tuple[Output, ...] = ()


def rows(binding: Binding, node: Node, params: Sequence[Param]) -> Bound | None:
    """Roster: one row a record; its measures are numbers about all of its rows."""
    keys = binding.reader.keys(node, ("each",), _TABLE)
    each = _entity(binding, keys.get("each"))
    if each is None:
        return None
    withs = _withs(binding, keys.get("with"), params)
    scope = names.scope(binding.schema, each, withs, params)
    _hang(binding, keys.get("with"), withs, [scope])
    measures = {
        name: measure
        for name, said in binding.reader.mapping(keys.get("measures")).items()
        if (measure := _own_measure(binding, said, scope))
    }
    where, sort = _where(binding, keys.get("where"), scope), _sort(binding, keys.get("sort"), scope)
    block = _block(binding, keys.get("block"), scope)
    return Bound(Rows(each, withs, where, sort, block, measures), scope, measures)


def crosstab(binding: Binding, node: Node, params: Sequence[Param]) -> Bound | None:
    """Cross-tab: one row per `each`, measures counted over whatever belongs to it."""
    reader = binding.reader
    keys = reader.keys(node, ("each", "measures"), (*_TABLE, "label", "by"))
    each = _entity(binding, keys.get("each"))
    if each is None:
        return None
    withs = _withs(binding, keys.get("with"), params)
    scope = names.scope(binding.schema, each, withs, params)
    by = _by(binding, keys.get("by"), scope)
    measures: dict[str, Measure] = {}
    scopes = [scope]
    for name, said in reader.mapping(keys.get("measures")).items():
        if counted := _counted(binding, said):
            scopes.append(names.scope(binding.schema, counted, withs, params))
            if measure := _measure(binding, said, scopes[-1], each, by):
                measures[name] = measure
    _hang(binding, keys.get("with"), withs, scopes)
    labels = {path: reader.text(said) for path, said in reader.mapping(keys.get("label")).items()}
    bound = [
        output(binding, path, Node({"field": said}, said.where, {"field": said.where}), scope, {})
        for path, said in reader.mapping(keys.get("label")).items()
    ]
    where, sort = _where(binding, keys.get("where"), scope), _sort(binding, keys.get("sort"), scope)
    block = _block(binding, keys.get("block"), scope)
    shape = Crosstab(each, labels, withs, where, sort, measures, block, by)
    printed = tuple(replace(one, total=None) for one in bound if one)
    return Bound(shape, counting(scope, measures), measures, printed)


def card(
    binding: Binding, node: Node, cells: Node | None, repeats: Node | None, params: Sequence[Param]
) -> Bound | None:
    """Card: one sheet or file a record, with scattered cells and blocks of lines."""
    reader = binding.reader
    keys = reader.keys(node, ("each", "one", "name"), ("with", "where", "sort"))
    each = _entity(binding, keys.get("each"))
    if each is None or "name" not in keys:
        return None
    withs = _withs(binding, keys.get("with"), params)
    scope = names.scope(binding.schema, each, withs, params)
    scopes = [scope]
    lines: list[Repeat] = []
    for name, said in reader.mapping(repeats).items():
        if over := _entity(binding, reader.mapping(said).get("over")):
            scopes.append(names.scope(binding.schema, over, withs, params))
            lines += [one] if (one := _repeat(binding, name, said, scopes[-1], each)) else []
    _hang(binding, keys.get("with"), withs, scopes)
    called = patterns(binding, keys["name"], scope) or ()
    shape = Card(
        each=each,
        one=reader.one_of(keys.get("one"), ("sheet", "file"), "sheet"),
        name=reader.text(keys["name"]),
        name_expression=Expression("", frozenset(piece.name for piece in called if piece.name), "text"),
        name_pieces=called,
        withs=withs,
        where=_where(binding, keys.get("where"), scope),
        sort=_sort(binding, keys.get("sort"), scope),
        cells=entries(binding, cells, scope, {}, cell=True),
        repeats=tuple(lines),
    )
    return Bound(shape, scope, {}, (), tuple(column for line in lines for column in line.columns))


def entries(
    binding: Binding, node: Node | None, scope: Scope, measures: Mapping[str, Measure], *, cell: bool = False
) -> tuple[Output, ...]:
    """Bind the entries of `columns`, `cells` or `head`, in the order of the file."""
    found = [
        output(binding, path, said, scope, measures, cell=cell)
        for path, said in binding.reader.mapping(node).items()
        if isinstance(said.value, dict) or _loose(binding, path, said)
    ]
    return tuple(one for one in found if one)


def counting(scope: Scope, measures: Mapping[str, Measure]) -> Scope:
    """Put the measures of a cross-tab among its names; a measure hides a field of the same name."""
    counted = {name: Name(name, "", name, measure.kind) for name, measure in measures.items()}
    return replace(scope, names={**scope.names, **counted})


def _loose(binding: Binding, path: str, said: Node) -> bool:
    zh = f"「{path}」要写成 {{field: 字段}} 这样"
    binding.reader.wrong(said, zh, "an entry is written {field: name}")
    return False


def _entity(binding: Binding, node: Node | None) -> str | None:
    if node is None:
        return None
    word = binding.reader.text(node)
    if word in binding.schema.entities:
        return word
    if node.text:
        hint = documents.suggest(word, binding.schema.entities)
        binding.reader.wrong(node, f"没有实体 {word}{hint}", f"no entity {word}")
    return None


def _withs(binding: Binding, node: Node | None, params: Sequence[Param]) -> tuple[With, ...]:
    """`alias: latest return_travel`, `max vaccination.dose_no`, `count visit`, `member 1`; or `{of: …, where: …}`."""
    reader, withs = binding.reader, []
    for alias, whole in reader.mapping(node).items():
        conditional = whole.mapping is not None
        keys = reader.keys(whole, ("of", "where"), ()) if conditional else {"of": whole}
        if "of" not in keys:
            continue
        said = keys["of"]
        written = reader.text(said)
        place = node.keys.get(alias, said.where) if node else said.where
        if not re.fullmatch(r"[a-z][a-z0-9_]*", alias) or alias in _TAKEN:
            reader.wrong(place, f"别名 {alias} 不能用，请换一个小写英文名", f"{alias} cannot be an alias")
            continue
        if found := re.fullmatch(r"member ([1-9][0-9]?)", written):
            condition = _among(binding, keys.get("where"), "person", params)
            withs.append(With(alias, "member", "person", None, int(found[1]), condition))
            continue
        found = re.fullmatch(r"(latest|first|count) (\w+)|(max|min|sum) (\w+)\.(\w+)", written)
        entity = str(found[2] or found[4]) if found else ""
        if found is None or entity not in binding.schema.entities:
            zh = "with 要写成 latest 事件、first 事件、count 事件、max 事件.字段、min、sum 或 member 1"
            hint = documents.suggest(written.split(" ")[-1].split(".")[0], binding.schema.entities)
            reader.wrong(said, zh + hint, "with: latest|first|count <event>, max|min|sum <event>.<field>, member <n>")
            continue
        stored = {one.name for one in binding.schema.entities[entity].stored}
        if found[5] and not reader.known(said, found[5], stored):
            continue
        condition = _among(binding, keys.get("where"), entity, params)
        withs.append(With(alias, str(found[1] or found[3]), entity, found[5], 0, condition))
    return tuple(withs)


def _among(binding: Binding, node: Node | None, entity: str, params: Sequence[Param]) -> Expression | None:
    """Which records of an entity a `with` is about, in the words of that entity."""
    return _where(binding, node, names.scope(binding.schema, entity, (), params)) if node is not None else None


def _hang(binding: Binding, node: Node | None, withs: Sequence[With], scopes: Sequence[Scope]) -> None:
    """Refuse a `with` that has nothing to do with any record of the form."""
    for one in withs:
        if all(one.alias not in scope.joins for scope in scopes):
            place = node.keys.get(one.alias, node.where) if node else ""
            zh = f"看不出 {one.entity} 怎样属于这张表的记录"
            binding.reader.wrong(place, zh, f"{one.entity} does not belong to the records of this form")


def _where(binding: Binding, node: Node | None, scope: Scope) -> Expression | None:
    return binding.expression(node, scope, "boolean") if node is not None else None


def _sort(binding: Binding, node: Node | None, scope: Scope) -> tuple[str, ...]:
    found = []
    for item in binding.reader.items(node):
        word = binding.reader.text(item)
        if word in scope.links or binding.name(item, scope, word.removeprefix("-")):
            found.append(word)
    return tuple(found)


def _block(binding: Binding, node: Node | None, scope: Scope) -> Block | None:
    if node is None:
        return None
    keys = binding.reader.keys(node, ("by",), ("merge", "once", "repeat"))
    by = binding.reader.text(keys.get("by"))
    if "by" in keys and by not in scope.links:
        binding.name(keys["by"], scope)
    return Block(by, binding.reader.texts(keys.get("merge")), binding.reader.texts(keys.get("once")))


def _repeat(binding: Binding, name: str, node: Node, scope: Scope, each: str) -> Repeat | None:
    reader = binding.reader
    keys = reader.keys(node, ("over", "header", "rows", "columns"), ("where", "sort", "overflow"))
    header, span = reader.span(keys.get("header")), reader.span(keys.get("rows"))
    way = names.link(binding.schema, scope, each)
    if way is None:
        reader.wrong(keys["over"], f"看不出 {scope.each} 怎样属于 {each}", f"{scope.each} does not belong to {each}")
    columns = entries(binding, keys.get("columns"), scope, {})
    if header is None or span is None or way is None:
        return None
    binding.fields |= names.way_fields(scope, way, each)
    return Repeat(
        name=name,
        over=scope.each,
        header=header[1],
        rows=span,
        columns=columns,
        where=_where(binding, keys.get("where"), scope),
        sort=_sort(binding, keys.get("sort"), scope),
        overflow=reader.one_of(keys.get("overflow"), ("new_sheet", "error", "insert_rows"), "error"),
    )


def _by(binding: Binding, node: Node | None, scope: Scope) -> dict[str, str]:
    by = {}
    for counted, said in binding.reader.mapping(node).items():
        name = binding.name(said, scope)
        if name is not None:
            by[counted] = name.name
    return by


def _counted(binding: Binding, node: Node) -> str | None:
    """Entity a measure counts: `of`, or the one its verb names."""
    keys = binding.reader.keys(node, (), (*_MEASURES, "of", "where"))
    verbs = [verb for verb in _MEASURES if verb in keys]
    if len(verbs) != 1:
        if node.mapping is not None:
            zh = "指标要写且只写一种：count、distinct、sum、max、min"
            binding.reader.wrong(node, zh, "exactly one of count, distinct, sum, max, min")
        return None
    if "of" in keys:
        return _entity(binding, keys["of"])
    said = keys[verbs[0]]
    return _entity(binding, Node(binding.reader.text(said).split(".")[0], said.where))


def _measure(binding: Binding, node: Node, scope: Scope, each: str, by: Mapping[str, str]) -> Measure | None:
    """Measure over the records of a scope, each belonging to one row of the cross-tab."""
    way = names.link(binding.schema, scope, each) if not by else None
    if by:
        for counted in by:
            binding.name(Node(counted, node.where), scope)
    elif way is None:
        zh = f"看不出 {scope.each} 怎样归到 {each}，请在 crosstab 里写 by: {{字段: 字段}}"
        binding.reader.wrong(node, zh, f"how does {scope.each} belong to {each}? state by")
        return None
    else:
        binding.fields |= names.way_fields(scope, way, each)
    return _own_measure(binding, node, scope)


def _own_measure(binding: Binding, node: Node, scope: Scope) -> Measure | None:
    reader = binding.reader
    keys = reader.keys(node, (), (*_MEASURES, "of", "where"))
    how = next((verb for verb in _MEASURES if verb in keys), None)
    if how is None:
        reader.wrong(node, "指标要写 count、distinct、sum、max、min 之一", "one of count, distinct, sum, max, min")
        return None
    said = keys[how]
    word = reader.text(said)
    where = _where(binding, keys.get("where"), scope)
    if how == "count":
        return Measure(how, scope.each, None, None, where)
    if how == "distinct":
        if word not in scope.links and binding.name(said, scope) is None:
            return None
        return Measure(how, scope.each, word, None, where)
    word = word.removeprefix(f"{scope.each}.")
    name = binding.name(said, scope, word)
    if name is None:
        return None
    if how == "sum" and name.kind not in {"integer", "decimal"}:
        reader.wrong(said, f"{word} 不是数字，不能相加", f"{word} is no number")
    return Measure(how, scope.each, None, word, where, name.kind)
