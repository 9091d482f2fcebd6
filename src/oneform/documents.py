"""documents: a YAML file that people write → NODE tree of strings, each with its place.

Read from libyaml's events, not through a loader: every scalar stays the text that was typed (`01`, `NO`, `1:30`),
nothing is expanded, and each node knows its line and column. What a loader would accept in silence is refused with
its place: duplicate keys, anchors, aliases, tags, a second document, more than 20 levels, more than 1 MB, not UTF-8.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from oneform import problems
from oneform.errors import ConfigError, Fault

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the same events either way, libyaml's ten times as fast


@dataclass(frozen=True)
class Node:
    """One value of a file: a text, a sequence of nodes, or nodes by key in the order of the file; never null.

    An empty value (`key:`) is the text "". `where` is file:line:column, 1-based; `keys` gives the place of each key
    of a mapping and is empty otherwise.
    """

    value: str | tuple[Node, ...] | dict[str, Node]
    where: str
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """Text of a scalar; None for a sequence or a mapping."""
        return self.value if isinstance(self.value, str) else None

    @property
    def items(self) -> tuple[Node, ...] | None:
        """Nodes of a sequence; None otherwise."""
        return self.value if isinstance(self.value, tuple) else None

    @property
    def mapping(self) -> dict[str, Node] | None:
        """Nodes of a mapping by key; None otherwise."""
        return self.value if isinstance(self.value, dict) else None


def load(path: Path) -> Node:
    """Tree of a file; its places start with the file's name. ConfigError with every fault of the file.

    OF508 not UTF-8; OF509 too big, too deep, anchors, aliases, tags or broken YAML; OF501 a key written twice.
    """
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise problems.refusal("OF509", path.name, what="文件超过 1 MB", what_en="the file is larger than 1 MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise problems.refusal("OF508", path.name) from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Node:
    """Tree of a text, as `load` gives it; `name` stands for the file in places."""
    reader = _Reader(text, name)
    try:
        root = reader.document()
    except yaml.YAMLError as error:
        raise ConfigError(*reader.faults, _syntax(error, text, name)) from None
    if reader.faults:
        raise ConfigError(*reader.faults)
    return root


def suggest(word: str, known: Iterable[str]) -> str:
    """`，是否指「x」？` for the known word nearest to this one, or "" when none is near."""
    near = nearest(word, known)
    return f"，是否指「{near}」？" if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Known word nearest to this one, or "" when none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def unknown(code: str, where: str, word: str, known: Iterable[str]) -> Fault:
    """Fault of an unknown key (OF501) or field (OF503), with the nearest known word."""
    near = nearest(word, known)
    fact = {"key": word} if code == "OF501" else {"field": word}
    hint, hint_en = (f"，是否指「{near}」？", f"; did you mean {near}?") if near else ("", "")
    fault = problems.fault(code, where, hint=hint, hint_en=hint_en, **fact)
    return replace(fault, zh=fault.zh.replace("？。", "？"), en=fault.en.replace("?.", "?"))  # one mark ends a sentence


class _Reader:
    """Builds nodes from the events of one file and collects what is forbidden in it."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.events = iter(yaml.parse(text, Loader=_Loader))

    def document(self) -> Node:
        """Root node; an empty file is an empty text."""
        root = Node("", f"{self.name}:1:1")
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._forbid(self._place(event), "一个文件只能有一份内容（多出了 ---）", "a second document")
                    break
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        where = self._place(event)
        if depth > MAX_DEPTH:
            zh, en = f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH} levels"
            raise problems.refusal("OF509", where, what=zh, what_en=en)
        if getattr(event, "anchor", None) is not None:
            self._forbid(where, "不能使用锚点 & 和引用 *，若是文字请加引号", "anchors and aliases are not allowed")
        if getattr(event, "tag", None) not in (None, "!"):  # libyaml marks a quoted text with "!"
            self._forbid(where, "不能使用标签 !，若是文字请加引号", "tags are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            return Node(event.value, where)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(step := next(self.events), yaml.SequenceEndEvent):
                items.append(self._node(step, depth + 1))
            return Node(tuple(items), where)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(where, depth)
        return Node("", where)  # an alias: refused above

    def _mapping(self, where: str, depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, str] = {}
        while not isinstance(step := next(self.events), yaml.MappingEndEvent):
            key = self._node(step, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key.value, str):
                self._forbid(key.where, "键必须是文字；含括号的文字请加引号", "a key must be a text; put it in quotes")
            elif key.value in values:
                zh, en = "：同一层里写了两次，请删去一处", ": written twice at one level"
                self.faults.append(problems.fault("OF501", key.where, key=key.value, hint=zh, hint_en=en))
            else:
                values[key.value] = value
                keys[key.value] = key.where
        return Node(values, where, keys)

    def _place(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name

    def _forbid(self, where: str, zh: str, en: str) -> None:
        self.faults.append(problems.fault("OF509", where, what=zh, what_en=en))


def _syntax(error: yaml.YAMLError, text: str, name: str) -> Fault:
    """Sentence of our own: the library's text may quote the file. The line decides which remedy is named."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character YAML forbids
        return problems.fault("OF509", name, what="含有不允许的控制字符", what_en="a character YAML forbids")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    zh, en = "YAML 写法不对，请检查缩进、冒号和括号", "not YAML; check indents, colons and brackets"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        zh, en = "缩进用了制表符，请改成空格", "a tab in the indent; use blanks"
    elif "{" in line:
        zh, en = "YAML 写法不对；含有 { } 的文字请加引号", "not YAML; put texts with { } in quotes"
    return problems.fault("OF509", f"{name}:{mark.line + 1}:{mark.column + 1}", what=zh, what_en=en)
