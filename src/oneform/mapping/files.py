"""mapping: folders of mappings/<department>/<form>.yaml → MAPPING per form, or every fault of every file at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from oneform import documents, problems
from oneform.documents import Node
from oneform.errors import ConfigError, Fault, PolicyError
from oneform.mapping.bind import bind
from oneform.mapping.model import Mapping
from oneform.schema import Schema

Base = Callable[[str], Path | None]

_SHAPES = ("rows", "crosstab", "card")
# Mappings whose entries are taken over one by one by `extends`; an entry itself is replaced whole.
_BY_ENTRY = frozenset(
    [
        *("params", "template", "legal_basis", "necessity", "head", "columns", "cells", "repeat"),
        *("rows", "crosstab", "card", "measures", "label", "with"),
    ]
)
_DROP = "drop"  # `列名: drop` in a form that extends another: this column is not taken over


@dataclass(frozen=True)
class _Source:
    """Nodes of a form over those of its bases, the folder of its template, and the bytes all of it came from."""

    root: Node
    folder: Path
    content: bytes


def load(path: Path, schema: Schema, *, base: Base) -> Mapping:
    """Load one file; `base` gives the file of a form named by `extends`.

    ConfigError with every fault of the file (OF501–OF507, OF801 among others); PolicyError when all are OF801.
    """
    try:
        source = _source(path, base, ())
    except ConfigError as error:
        raise _error(list(error.faults)) from None
    mapping, faults = _bound(path, source, schema)
    if mapping is None or faults:
        raise _error(faults)
    return mapping


def load_all(folders: Sequence[Path], schema: Schema) -> dict[str, Mapping]:
    """Every form of the folders, sorted; a later folder's file replaces the earlier one of the same relative path.

    ConfigError with every fault of every file, sorted by place; OF506 when two files define one form.
    """
    files = {path.relative_to(folder): path for folder in folders for path in sorted(folder.rglob("*.yaml"))}
    paths = [files[name] for name in sorted(files)]
    faults: list[Fault] = []
    forms: dict[str, Path] = {}
    for path in paths:
        node = _form(path)
        if node is None or not node.text:
            continue
        if node.text in forms:
            zh, en = f"表 {node.text} 已经在 {forms[node.text].name} 里定义", f"form {node.text} is defined twice"
            faults.append(problems.fault("OF506", node.where, what=zh, what_en=en))
        forms.setdefault(node.text, path)
    mappings = {}
    for path in paths:
        try:
            source = _source(path, forms.get, ())
        except ConfigError as error:
            faults += error.faults
            continue
        mapping, found = _bound(path, source, schema)
        faults += found
        if mapping is not None:
            mappings[mapping.form] = mapping
    if faults:
        raise _error(faults)
    return dict(sorted(mappings.items()))


def _bound(path: Path, source: _Source, schema: Schema) -> tuple[Mapping | None, list[Fault]]:
    sha256 = hashlib.sha256(source.content).hexdigest()
    return bind(source.root, schema, file=path, folder=source.folder, sha256=sha256)


def _error(faults: list[Fault]) -> ConfigError | PolicyError:
    """One error for all faults, each once and in the order of their places; policy only when nothing else is wrong."""
    ordered = sorted(dict.fromkeys(faults), key=_place)
    if all(fault.code == "OF801" for fault in ordered):
        return PolicyError(*ordered)
    return ConfigError(*ordered)


def _place(fault: Fault) -> tuple[str, int, int]:
    file, _, place = fault.where.partition(":")
    line, _, column = place.partition(":")
    return file, int(line) if line.isdecimal() else 0, int(column) if column.isdecimal() else 0


def _form(path: Path) -> Node | None:
    """Node of a file's `form`; None when the file cannot be read, which is told when it is bound."""
    try:
        return (documents.load(path).mapping or {}).get("form")
    except ConfigError:
        return None


def _source(path: Path, base: Base, chain: tuple[str, ...]) -> _Source:
    root = documents.load(path)
    keys = root.mapping or {}
    content = path.read_bytes()
    named = keys.get("extends")
    if named is None or not named.text:
        return _Source(root, path.parent, content)
    form = keys["form"].text or "" if "form" in keys else ""
    steps = (*chain, form)
    below = base(named.text)
    if named.text in steps or below is None:
        raise problems.refusal("OF507", named.where, chain=" → ".join((*steps, named.text)))
    under = _source(below, base, steps)
    folder = path.parent if "template" in keys and "file" in (keys["template"].mapping or {}) else under.folder
    return _Source(_laid(under.root, root), folder, under.content + b"\0" + content)


def _laid(under: Node, over: Node) -> Node:
    """Lay a form over its base: its own keys win; a shape of its own replaces the base's of another kind."""
    below, above = dict(under.mapping or {}), over.mapping or {}
    if any(shape in above for shape in _SHAPES):
        for shape in _SHAPES:
            if shape not in above:
                below.pop(shape, None)
    below.pop("extends", None)
    return _merged(Node(below, under.where, under.keys), over)


def _merged(under: Node, over: Node) -> Node:
    if under.mapping is None or over.mapping is None:
        return over
    values = dict(under.mapping)
    for key, node in over.mapping.items():
        if node.text == _DROP:
            values.pop(key, None)
        else:
            values[key] = _merged(values[key], node) if key in _BY_ENTRY and key in values else node
    return Node(values, over.where, {**under.keys, **over.keys})
