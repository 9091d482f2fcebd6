"""Recognise, what a header may mean: the schema's aliases → lookups by key, equal words, initials, likeness."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from oneform import schema as schemas
from oneform.recognise import words
from oneform.schema import Schema, header_key


@dataclass(frozen=True)
class Meaning:
    """One field a header may mean. `alone` false: only with its group, its neighbours or the sheet's subject."""

    entity: str
    field: str
    alone: bool = True
    denied: bool = False


@dataclass(frozen=True)
class Header:
    """One header as it is compared: its path from the top, the key of its leaf, what its brackets state."""

    path: tuple[str, ...]
    key: str  # of the leaf, without legend and unit
    full_key: str  # of the leaf as written
    groups: tuple[str, ...]  # keys of the texts above
    legend: dict[str, str]


_PAIR = re.compile(
    r"([0-9A-Za-z]{1,3})\s*[-:：=、.．是为 ]?\s*"
    r"([\u4e00-\u9fff](?:[^0-9A-Za-z,，;；/、|()（）]|[(（][^()（）]*[)）])*)"
)
_BACKWARD = re.compile(r"([\u4e00-\u9fff]{1,8})\s*[:：=\-]\s*([0-9A-Za-z]{1,2})(?![0-9A-Za-z])")
_BRACKET = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
# brackets that say how to write a value, not which value
_UNIT = re.compile(r"(?:元|人|户|岁|周岁|天|个|平方米|平米|㎡|m2|℃|°c|公斤|小时)")
_HINT = re.compile(r"填|格式|文本|例|请|选择|下拉|[0-9]位|yyyy|必|可空|精确|自动生成", re.IGNORECASE)


def header(path: tuple[str, ...]) -> Header:
    """A header path made comparable; a legend such as 性别（男：1，女：2） is taken out of the key and kept."""
    leaf = path[-1]
    legend, base = _legend(leaf)
    groups = tuple(header_key(text) for text in path[:-1])
    return Header(path, header_key(_unhinted(base)), header_key(leaf), tuple(g for g in groups if g), legend)


def _legend(leaf: str) -> tuple[dict[str, str], str]:
    for bracket in _BRACKET.finditer(leaf):
        if pairs := _pairs(bracket[1]):
            return pairs, leaf[: bracket.start()] + leaf[bracket.end() :]
    base, colon, rest = leaf.partition("：") if "：" in leaf else leaf.partition(":")
    pairs = _pairs(rest) if colon and re.search("[0-9]", rest) else {}
    return (pairs, base) if pairs else ({}, leaf)


def _pairs(text: str) -> dict[str, str]:
    """`男：1，女：2` and `0-否 1-是` → {"1": "男", …}; empty unless two codes are stated."""
    backward = {code: _whole(word) for word, code in _BACKWARD.findall(text)}
    forward = {code: _whole(word) for code, word in _PAIR.findall(text)}
    found = backward if len(backward) >= 2 else forward
    return found if len(found) >= 2 else {}


def _whole(word: str) -> str:
    """A meaning with the bracket that the next code cut off: `已返（回` → `已返（回）`."""
    word = word.strip()
    return word + "）" if word.count("（") > word.count("）") else word


def _unhinted(text: str) -> str:
    return _BRACKET.sub(lambda b: "" if _UNIT.fullmatch(b[1].strip().lower()) or _HINT.search(b[1]) else b[0], text)


_ALIKE = 0.79  # likeness alone stays below what binds by itself


@dataclass(frozen=True)
class Dictionary:
    """Everything the schema calls its fields."""

    schema: Schema
    exact: dict[str, list[Meaning]] = field(repr=False)

    @cached_property
    def same_words(self) -> dict[str, list[Meaning]]:
        """Canonical form of every alias → its meanings."""
        found: dict[str, list[Meaning]] = defaultdict(list)
        for key, meanings in self.exact.items():
            found[words.canonical(key)] += meanings
        return dict(found)

    @cached_property
    def initials(self) -> dict[str, list[Meaning]]:
        """Pinyin initials of labels and aliases (xm, sfzh) → their meanings."""
        from pypinyin import Style, lazy_pinyin

        found: dict[str, list[Meaning]] = defaultdict(list)
        for key, meanings in self.exact.items():
            if re.fullmatch("[\u4e00-\u9fff]{2,8}", key):
                letters = "".join(lazy_pinyin(key, style=Style.FIRST_LETTER))
                found[letters] += meanings
        return dict(found)

    def meanings(self, key: str) -> list[Meaning]:
        """Fields the key names exactly."""
        return self.exact.get(key, [])

    def knows(self, path: tuple[str, ...]) -> bool:
        """True when a header path means something to the dictionary: used to find the header, never to bind."""
        if path not in self._known:
            self._known[path] = self._knows(header(path))
        return self._known[path]

    _known: dict[tuple[str, ...], bool] = field(default_factory=dict, repr=False)

    def _knows(self, one: Header) -> bool:
        if one.key in self.exact or one.full_key in self.exact:
            return True
        if words.canonical(one.key) in self.same_words:
            return True
        return re.fullmatch("[a-z]{2,8}", one.key) is not None and bool(self.initials.get(one.key))

    def alike(self, key: str, limit: int = 3) -> list[tuple[Meaning, float]]:
        """Fields whose aliases look like the key, best first, confidence below every automatic one; never bound."""
        from rapidfuzz import fuzz, process

        found: dict[tuple[str, str], tuple[Meaning, float]] = {}
        form = words.canonical(key)
        for text, aliases in ((form, self.same_words), (key, self.exact)):
            near = process.extract(text, list(aliases), scorer=fuzz.ratio, limit=12, score_cutoff=50)
            for alias, score, _ in near:
                sure = round(score / 100 * _ALIKE * (0.8 if words.differ(form, words.canonical(alias)) else 1.0), 3)
                for meaning in aliases[alias]:
                    known = found.get((meaning.entity, meaning.field))
                    if not meaning.denied and (known is None or known[1] < sure):
                        found[meaning.entity, meaning.field] = (meaning, sure)
        return sorted(found.values(), key=lambda pair: -pair[1])[:limit]


def dictionary(schema: Schema) -> Dictionary:
    """The dictionary of a schema; cheap, the two large lookups are made when first asked."""
    exact: dict[str, list[Meaning]] = defaultdict(list)
    for key, entity, name, alone, denied in schemas.aliases(schema).rows():
        exact[key].append(Meaning(entity, name, alone, denied))
    return Dictionary(schema, dict(exact))
