"""mapping: typed looks at the nodes of a file; whatever is wrong becomes a fault and the work goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oneform import documents, problems
from oneform.documents import Node
from oneform.errors import Fault

# Keys people know under another word: OF502 says 缺少「用途 purpose」.
LABELS = {
    "form": "表代号",
    "title": "表名",
    "department": "部门",
    "purpose": "用途",
    "legal_basis": "法律依据",
    "recipient": "接收单位",
    "retention": "保存期限",
    "template": "模板",
    "columns": "列",
}


class Reader:
    """Reads nodes and keeps the faults of one file, each at its place."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def wrong(self, place: Node | str, zh: str, en: str, *, code: str = "OF504") -> None:
        """Keep a fault of OF504 or OF506, whose sentence is given whole."""
        where = place if isinstance(place, str) else place.where
        self.faults.append(problems.fault(code, where, what=zh, what_en=en))

    def missing(self, where: str, key: str) -> None:
        """Keep the fault that a key is not there."""
        name = f"{LABELS[key]} {key}" if key in LABELS else key
        self.faults.append(problems.fault("OF502", where, key=name))

    def mapping(self, node: Node | None) -> dict[str, Node]:
        """Entries of a mapping; an absent or empty node has none."""
        if node is None or node.value == "":
            return {}
        if node.mapping is None:
            self.wrong(node, "这里要写成“键: 值”", "a mapping is wanted here")
        return node.mapping or {}

    def keys(self, node: Node, needed: Iterable[str], more: Iterable[str]) -> dict[str, Node]:
        """Entries under known keys; unknown and missing ones are faults."""
        found = self.mapping(node)
        needed = tuple(needed)
        known = (*needed, *more)
        for key in found:
            if key not in known:
                self.faults.append(documents.unknown("OF501", node.keys.get(key, node.where), key, known))
        for key in needed:
            if key not in found or found[key].value == "":
                self.missing(found[key].where if key in found else node.where, key)
        return {key: value for key, value in found.items() if key in known}

    def text(self, node: Node | None) -> str:
        """Text of a scalar, "" when absent."""
        if node is None:
            return ""
        if node.text is None:
            self.wrong(
                node, "这里要写文字；含 { } 或 [ ] 的文字请加引号", "a text is wanted; put { } and [ ] in quotes"
            )
        return node.text or ""

    def items(self, node: Node | None) -> tuple[Node, ...]:
        """Nodes of a sequence, none when absent."""
        if node is None or node.value == "":
            return ()
        if node.items is None:
            self.wrong(node, "这里要写成 [甲, 乙] 这样的列表", "a list is wanted here")
        return node.items or ()

    def texts(self, node: Node | None) -> tuple[str, ...]:
        """Texts of a sequence."""
        return tuple(self.text(item) for item in self.items(node))

    def one_of(self, node: Node | None, known: Iterable[str], default: str) -> str:
        """One word of a closed list; anything else is a fault and reads as the default."""
        if node is None:
            return default
        word, known = self.text(node), tuple(known)
        if word in known:
            return word
        if node.text is not None:
            near = documents.nearest(word, known)
            hint = f"，是否指「{near}」？可写：{'、'.join(known)}" if near else f"，可写：{'、'.join(known)}"
            self.wrong(node, f"不认识“{word}”{hint}", f"{word} is not one of: {', '.join(known)}")
        return default

    def pattern(self, node: Node | None, pattern: str, zh: str, en: str) -> re.Match[str] | None:
        """Match of a whole text; a fault when it is another."""
        if node is None:
            return None
        found = re.fullmatch(pattern, self.text(node))
        if found is None and node.text is not None:
            self.wrong(node, zh, en)
        return found

    def span(self, node: Node | None) -> tuple[int, int] | None:
        """Excel rows `3-4` or `3`, first to last."""
        found = self.pattern(node, r"([1-9][0-9]{0,6})(?:-([1-9][0-9]{0,6}))?", "行号要写成 3 或 3-4", "rows: 3 or 3-4")
        if found is None or node is None:
            return None
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            self.wrong(node, "行号要从小到大", "rows run upward")
        return first, max(first, last)

    def known(self, node: Node, word: str, names: Mapping[str, object] | Iterable[str]) -> bool:
        """Whether a field, measure or parameter is known; OF503 when not."""
        if word in names:
            return True
        self.faults.append(documents.unknown("OF503", node.where, word, list(names)))
        return False
