"""Recognise, what a header may mean: the schema's aliases → lookups by key, equal words, initials, likeness."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

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


_YES_NOUN = re.compile("(?:是否为?|是不是)(.*(?:者|户|代表|孤儿|孤老))")  # 是否志愿者 → 志愿者
_TELLING_NAME = 6  # letters of X名称 from which X says as much
_PAIR_OF_NAMES = 2
_ALIKE = 0.69  # likeness alone stays below what binds by itself
_REMEMBERED = 20_000  # header paths whose meaning is kept
_PLAIN = {
    "是",
    "否",
    "有",
    "无",
    "其他",
    "其它",
    "正常",
    "不详",
    "未知",
    "未说明",
    "没有",
    "不清楚",
    "无-无",
    "其他-其他",
}  # values that say nothing of their list
_CANDIDATES = 120  # aliases looked at closely
_LEAST = 0.45  # likeness below which nothing is suggested
_DIFFERENT = 0.75  # what is left of a likeness across a party, a moment or a kind of value


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Everything the schema calls its fields; its lookups are made when first asked and kept."""

    schema: Schema
    exact: dict[str, list[Meaning]] = field(repr=False)

    @cached_property
    def same_words(self) -> dict[str, list[Meaning]]:
        """Canonical form of every alias → its meanings; 是否X of a yes/no field and X代码 of a coded one stand beside X."""
        found: dict[str, list[Meaning]] = defaultdict(list)
        for key, meanings in self.exact.items():
            for one in meanings:
                kind = "" if one.denied else self.schema.entities[one.entity].fields[one.field].kind
                forms = [words.canonical(key)]
                if one.denied or kind == "boolean":
                    forms.append(words.canonical(f"是否{key}"))
                if kind == "boolean" and (noun := _YES_NOUN.fullmatch(key)):
                    forms.append(words.canonical(noun[1]))
                if kind == "code":
                    forms.append(words.canonical(f"{key}代码"))
                event = not one.denied and self.schema.entities[one.entity].event == "person"
                if event and kind == "text" and len(key) >= _TELLING_NAME and key.endswith("名称"):
                    forms.append(words.canonical(key.removesuffix("名称")))
                for form in dict.fromkeys(forms):
                    if one not in found[form]:
                        found[form].append(one)
        return dict(found)

    def in_same_words(self, key: str) -> list[Meaning]:
        """Fields the key names in equal words; X名称 names what X names."""
        found = self.same_words.get(words.canonical(key))
        if found is None and len(key) > len("名称") + 1 and re.search("名称$|全称$", key):
            found = [one for one in self.same_words.get(words.canonical(key[: -len("名称")]), []) if self._is_text(one)]
        found = found or self._of_parts(key)
        # 志愿者姓名 is a name, not whether somebody is one
        return [one for one in found if one.denied or self._may_be_named(one)] if re.search("姓名|名字", key) else found

    def _may_be_named(self, one: Meaning) -> bool:
        return self.schema.entities[one.entity].fields[one.field].kind in {"name", "text"}

    def _of_parts(self, key: str) -> list[Meaning]:
        """What a header of two names of one field means: 区(县), 文化程度(学历), 村/社区."""
        parts = [part for part in re.split(r"[/、或()]", key) if part]
        if len(parts) != _PAIR_OF_NAMES:
            return []
        first, second = (self.exact.get(part) or self.same_words.get(words.canonical(part)) or [] for part in parts)
        named = {(one.entity, one.field) for one in first} & {(one.entity, one.field) for one in second}
        return [replace(one, alone=True) for one in first if (one.entity, one.field) in named and not one.denied]

    def _is_text(self, one: Meaning) -> bool:
        return not one.denied and self.schema.entities[one.entity].fields[one.field].kind == "text"

    def in_initials(self, key: str) -> list[Meaning]:
        """Fields with a name of which the key is the pinyin initials: xm, sfzh."""
        return self._initials(len(key)).get(key, []) if re.fullmatch("[a-z]{2,8}", key) else []

    def _initials(self, length: int) -> dict[str, list[Meaning]]:
        """Pinyin initials of labels and aliases of so many characters → their meanings."""
        if length not in self._of_length:
            from pypinyin import Style, lazy_pinyin

            found: dict[str, list[Meaning]] = defaultdict(list)
            for key, meanings in self.exact.items():
                if len(key) == length and re.fullmatch("[\u4e00-\u9fff]+", key):
                    found["".join(lazy_pinyin(key, style=Style.FIRST_LETTER))] += meanings
            self._of_length[length] = dict(found)
        return self._of_length[length]

    @cached_property
    def listed(self) -> dict[str, frozenset[str]]:
        """Word → the code lists it is a spelling of; figures and yes/no tell no list from another."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, codes in self.schema.codes.items():
            for text in codes.spellings:
                if re.search("[\u4e00-\u9fff]", text) and text not in _PLAIN:
                    found[text].add(name)
        return {text: frozenset(names) for text, names in found.items()}

    @cached_property
    def coded(self) -> dict[str, tuple[Meaning, ...]]:
        """Code list → the fields whose values it holds."""
        found: dict[str, list[Meaning]] = defaultdict(list)
        for entity in self.schema.entities.values():
            for one in entity.fields.values():
                if one.codes and not one.output_only:
                    found[one.codes].append(Meaning(entity.name, one.name))
        return {name: tuple(fields) for name, fields in found.items()}

    def meanings(self, key: str) -> list[Meaning]:
        """Fields the key names exactly."""
        return self.exact.get(key, [])

    def knows(self, path: tuple[str, ...]) -> bool:
        """True when a header path means something to the dictionary: used to find the header, never to bind."""
        if path not in self._known:
            if len(self._known) >= _REMEMBERED:  # the dictionary outlives a sheet
                self._known.clear()
            self._known[path] = self._knows(header(path))
        return self._known[path]

    _known: dict[tuple[str, ...], bool] = field(default_factory=dict, repr=False)
    _of_length: dict[int, dict[str, list[Meaning]]] = field(default_factory=dict, repr=False)

    def _knows(self, one: Header) -> bool:
        if one.key in self.exact or one.full_key in self.exact or self.in_same_words(one.key):
            return True
        return bool(self.in_initials(one.key))

    @cached_property
    def _weights(self) -> dict[str, float]:
        """How telling a character is: one that few fields use (残, 疫) says more than one that many do (证, 日)."""
        used: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for key, meanings in self.exact.items():
            for letter in words.canonical(key) + key:
                used[letter].update((one.entity, one.field) for one in meanings)
        return {letter: 1 / math.sqrt(len(fields)) for letter, fields in used.items()}

    def alike(self, key: str, eligible: set[str], limit: int = 3) -> list[tuple[Meaning, float]]:
        """Fields whose aliases look like the key, best first, confidence below every automatic one; never bound."""
        best: dict[tuple[str, str], tuple[Meaning, float]] = {}
        for alias, sure in self._nearest(key):
            for meaning in self.exact[alias]:
                known = best.get((meaning.entity, meaning.field))
                if not meaning.denied and meaning.entity in eligible and (known is None or known[1] < sure):
                    best[meaning.entity, meaning.field] = (meaning, sure)
        return sorted(best.values(), key=lambda pair: -pair[1])[:limit]

    def _nearest(self, key: str) -> list[tuple[str, float]]:
        """The aliases most like a key: equal letters, telling letters, the same kind of value."""
        from rapidfuzz import fuzz

        form, letters = words.canonical(key), set(key)
        whole = sum(self._weights.get(letter, 1.0) for letter in letters)
        found = []
        for alias in self.exact:
            shared = letters & set(alias)
            if not shared:
                continue
            telling = sum(self._weights[letter] for letter in shared)
            of_alias = sum(self._weights[letter] for letter in set(alias))
            overlap = telling / math.sqrt(whole * of_alias)
            ratio = max(fuzz.ratio(key, alias), fuzz.ratio(form, words.canonical(alias))) / 100
            likeness = 0.5 * ratio + 0.5 * min(overlap, 1.0)
            found.append((alias, likeness))
        found.sort(key=lambda pair: -pair[1])
        said = words.telling(key)
        found = [pair for pair in found[:_CANDIDATES] if not said or said & words.telling(pair[0])]
        return [
            (alias, round(likeness * _ALIKE * (_DIFFERENT if words.differ(key, alias) else 1.0), 3))
            for alias, likeness in found
            if likeness >= _LEAST
        ]


@lru_cache(maxsize=4)
def dictionary(schema: Schema) -> Dictionary:
    """The dictionary of a schema, made once: a schema is frozen and known by its identity."""
    exact: dict[str, list[Meaning]] = defaultdict(list)
    for key, entity, name, alone, denied in schemas.aliases(schema).rows():
        exact[key].append(Meaning(entity, name, alone, denied))
    return Dictionary(schema, dict(exact))
