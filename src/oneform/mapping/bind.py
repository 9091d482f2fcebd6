"""mapping: the nodes of one form → MAPPING, every name looked up, every expression checked."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from pathlib import Path

from oneform.documents import Node
from oneform.errors import ConfigError, Fault
from oneform.mapping import lint, names, shapes
from oneform.mapping.model import Card, Check, Mapping, Output, Param, Piece, Split, Template, Total
from oneform.mapping.nodes import Reader
from oneform.mapping.outputs import Binding, patterns
from oneform.mapping.shapes import Bound
from oneform.schema import Schema

_NEEDED = ("oneform", "form", "title", "department", "purpose", "legal_basis", "recipient", "retention", "template")
_SHAPES = ("rows", "crosstab", "card")
_MORE = (
    *_SHAPES,
    *("params", "head", "columns", "cells", "repeat", "totals", "checks", "split", "extends", "source", "necessity"),
)
# Every form has these: the day of the report, and whom it is for (`-p audience=public` puts conditional masks on).
_STANDARD = (Param("day", "date"), Param("audience", "text"))


def bind(root: Node, schema: Schema, *, file: Path, folder: Path, sha256: str) -> tuple[Mapping | None, list[Fault]]:
    """Bind a form and gather every fault of it; None with at least one fault when it cannot be used.

    `folder` is where the template lies: beside the file that names it.
    """
    reader = Reader()
    binding = Binding(schema, reader)
    keys = reader.keys(root, _NEEDED, _MORE)
    params = _params(reader, keys.get("params"))
    try:
        bound = _shape(binding, root, keys, params)
        head, columns, cells = _outputs(binding, root, keys, bound, params)
        checks, split = _checks(binding, keys.get("checks"), bound), _split(binding, keys.get("split"), bound)
    except ConfigError as error:  # a virtual field of the schema is wrong
        return None, [*reader.faults, *error.faults]
    totals = _totals(reader, keys.get("totals"))
    necessity = _necessity(binding, keys.get("necessity"))
    lint.check(reader, [*head, *columns, *cells, *(bound.repeated if bound else ())])
    lint.necessity(reader, binding.sensitive, necessity)
    texts = _head(reader, keys)
    template = _template(reader, keys["template"], folder, tabular="card" not in keys) if "template" in keys else None
    source = reader.one_of(keys.get("source"), schema.sources, "") or None
    legal = _legal(reader, keys)
    if reader.faults or bound is None or template is None:
        return None, reader.faults
    mapping = Mapping(
        file=file,
        sha256=sha256,
        form=texts["form"],
        title=texts["title"],
        department=texts["department"],
        purpose=texts["purpose"],
        legal_basis=legal,
        recipient=texts["recipient"],
        retention=texts["retention"],
        params=params,
        template=template,
        head=head,
        shape=bound.shape,
        columns=columns,
        totals=totals,
        checks=checks,
        split=split,
        extends=reader.text(keys.get("extends")) or None,
        source=source,
        necessity=necessity,
        fields=frozenset(binding.fields),
        entities=_entities(schema, bound, binding.fields),
    )
    return mapping, reader.faults


def _legal(reader: Reader, keys: MappingOf[str, Node]) -> dict[str, str]:
    said = reader.keys(keys["legal_basis"], (), ("item", "cite", "note")) if "legal_basis" in keys else {}
    return {key: reader.text(node) for key, node in said.items()}


def _entities(schema: Schema, bound: Bound, fields: set[tuple[str, str]]) -> frozenset[str]:
    """Entities the form reads, counts or passes on the way from one to another."""
    shape = bound.shape
    found = {shape.each, *(entity for entity, _ in fields), *(one.entity for one in shape.withs)}
    found |= {one.of for one in bound.measures.values()}
    found |= {one.over for one in shape.repeats} if isinstance(shape, Card) else set()
    waiting = list(found)
    while waiting:
        more = set(schema.entities[waiting.pop()].refs.values()) - found
        found |= more
        waiting += more
    return frozenset(found & set(schema.entities))


def _head(reader: Reader, keys: MappingOf[str, Node]) -> dict[str, str]:
    """Texts every form states about itself."""
    if "oneform" in keys and keys["oneform"].value != "mapping/1":
        reader.wrong(keys["oneform"], "第一行应是 oneform: mapping/1", "the first line must be oneform: mapping/1")
    reader.pattern(keys.get("form"), r"[a-z][a-z0-9_]*", "form 只用小写字母、数字和下划线", "form: a-z, 0-9, _")
    retention = "保存期限要写成 30d、6m、3y 或 长期"
    reader.pattern(keys.get("retention"), r"[1-9][0-9]*[dmy]|长期", retention, "retention: 30d, 6m, 3y")
    return {
        key: reader.text(keys.get(key)) for key in ("form", "title", "department", "purpose", "recipient", "retention")
    }


def _params(reader: Reader, node: Node | None) -> tuple[Param, ...]:
    params = []
    for name, said in reader.mapping(node).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) and node is not None:
            reader.wrong(node.keys.get(name, node.where), "参数名只用小写字母、数字和下划线", "parameter: a-z, 0-9, _")
        kinds = ("date", "area", "text", "integer")
        if said.mapping is None:
            params.append(Param(name, reader.one_of(said, kinds, "text")))
        else:
            keys = reader.keys(said, ("kind",), ("default",))
            default = reader.text(keys["default"]) if "default" in keys else None
            params.append(Param(name, reader.one_of(keys.get("kind"), kinds, "text"), default))
    known = {param.name for param in params}
    return (*params, *(param for param in _STANDARD if param.name not in known))


def _shape(binding: Binding, root: Node, keys: MappingOf[str, Node], params: tuple[Param, ...]) -> Bound | None:
    given = [key for key in _SHAPES if key in keys]
    if len(given) != 1:
        zh = "要写且只写一种：rows（名册）、crosstab（汇总）、card（卡片）"
        binding.reader.wrong(root, zh, "exactly one of rows, crosstab, card")
        return None
    node = keys[given[0]]
    if given[0] == "rows":
        return shapes.rows(binding, node, params)
    if given[0] == "crosstab":
        return shapes.crosstab(binding, node, params)
    return shapes.card(binding, node, keys.get("cells"), keys.get("repeat"), params)


def _outputs(
    binding: Binding, root: Node, keys: MappingOf[str, Node], bound: Bound | None, params: tuple[Param, ...]
) -> tuple[tuple[Output, ...], tuple[Output, ...], tuple[Output, ...]]:
    """Head, columns (labels of a cross-tab first) and card cells."""
    reader = binding.reader
    measures = bound.measures if bound else {}
    head = shapes.entries(binding, keys.get("head"), names.parameters(params), measures, cell=True)
    card = "card" in keys
    for key in ("columns",) if card else ("cells", "repeat"):
        if key in keys:
            reader.wrong(keys[key], f"{key} 不能用在这种表里", f"{key} does not belong to this shape")
    if bound is None or card:
        return head, (), bound.shape.cells if bound and isinstance(bound.shape, Card) else ()
    if "columns" not in keys:
        reader.missing(root.where, "columns")
    countable = measures if "crosstab" in keys else {}
    columns = (*bound.labels, *shapes.entries(binding, keys.get("columns"), bound.scope, countable))
    lint.unique(reader, columns)
    _block_columns(reader, keys, columns)
    return head, columns, ()


def _block_columns(reader: Reader, keys: MappingOf[str, Node], columns: tuple[Output, ...]) -> None:
    """Refuse columns of a block that the form does not have."""
    shape = next((keys[key].mapping or {} for key in ("rows", "crosstab") if key in keys), {})
    block = shape["block"].mapping or {} if "block" in shape else {}
    paths = [column.path for column in columns]
    for key in ("merge", "once", "repeat"):
        for item in block[key].items or () if key in block else ():
            reader.known(item, reader.text(item), paths)


def _template(reader: Reader, node: Node, folder: Path, *, tabular: bool) -> Template:
    needed = ("file", "sheet", "header", "rows") if tabular else ("file", "sheet")
    keys = reader.keys(node, needed, ("sha256", "header", "rows", "grow", "surplus", "stop"))
    file = reader.text(keys.get("file"))
    if re.search(r'[\\/:*?"<>|\x00-\x1f]', file) or file.startswith("."):
        reader.wrong(keys["file"], "模板要放在映射文件旁边，这里只写文件名", "the template lies beside the mapping")
        file = ""
    return Template(
        file=folder / file,
        sha256=reader.text(keys.get("sha256")) or None,
        sheet=reader.text(keys.get("sheet")),
        header=reader.span(keys.get("header")),
        rows=reader.span(keys.get("rows")),
        grow=reader.one_of(keys.get("grow"), ("insert", "overwrite", "overwrite_insert"), "insert"),
        surplus=reader.one_of(keys.get("surplus"), ("keep", "clear", "delete"), "keep"),
        stop=reader.texts(keys.get("stop")),
    )


def _split(binding: Binding, node: Node | None, bound: Bound | None) -> Split | None:
    """`{by: grid, into: file}`; without a `name` a part is called by the value itself."""
    if node is None or bound is None:
        return None
    reader = binding.reader
    if isinstance(bound.shape, Card):
        reader.wrong(node, "卡片本来就是一户一张，不用 split；用 card.one", "a card is split by itself: card.one")
        return None
    keys = reader.keys(node, ("by",), ("into", "name"))
    by = reader.text(keys.get("by"))
    if "by" not in keys or binding.name(keys["by"], bound.scope) is None:
        return None
    pieces = patterns(binding, keys["name"], bound.scope) if "name" in keys else (Piece(by, ""),)
    return Split(by, reader.one_of(keys.get("into"), ("file", "sheet"), "file"), pieces or ())


def _totals(reader: Reader, node: Node | None) -> tuple[Total, ...]:
    totals = []
    for item in reader.items(node):
        keys = reader.keys(item, ("label",), ("over", "write"))
        over = reader.one_of(keys.get("over"), ("all",), "all")
        write = reader.one_of(keys.get("write"), ("formula", "value"), "formula")
        totals.append(Total(reader.text(keys.get("label")), over, write))
    return tuple(totals)


def _checks(binding: Binding, node: Node | None, bound: Bound | None) -> tuple[Check, ...]:
    reader, checks = binding.reader, []
    for item in reader.items(node):
        keys = reader.keys(item, ("zh",), ("expr", "compare", "measure", "max_change", "level"))
        level = reader.one_of(keys.get("level"), ("warn", "error"), "warn")
        zh = reader.text(keys.get("zh"))
        if ("expr" in keys) == ("compare" in keys) and item.mapping is not None:
            reader.wrong(item, "检查要写 expr 或 compare 之一", "a check has expr or compare")
        elif "expr" in keys and bound is not None:
            checks.append(Check(binding.expression(keys["expr"], bound.scope, "boolean"), zh, level))
        elif "compare" in keys and bound is not None:
            compare = reader.one_of(keys["compare"], ("last_delivery",), "last_delivery")
            for key in ("measure", "max_change"):
                if key not in keys:
                    reader.missing(item.where, key)
            if "measure" in keys:
                reader.known(keys["measure"], reader.text(keys["measure"]), bound.measures)
            change = "变化幅度要写成 5%"
            found = reader.pattern(keys.get("max_change"), r"[0-9]{1,3}(?:\.[0-9]+)?%", change, "max_change: 5%")
            checks.append(
                Check(None, zh, level, compare, reader.text(keys.get("measure")), found[0] if found else None)
            )
    return tuple(checks)


def _necessity(binding: Binding, node: Node | None) -> dict[str, str]:
    reader, stated = binding.reader, {}
    known = {one.name for entity in binding.schema.entities.values() for one in entity.fields.values()}
    for name, said in reader.mapping(node).items():
        place = Node(name, node.keys.get(name, said.where)) if node else said
        if reader.known(place, name.rpartition(".")[2], known):
            text = reader.text(said).strip()
            if text:
                stated[name] = text
            elif said.text is not None:
                reader.missing(said.where, name)
    return stated
