"""schema: folders of schema files → one checked SCHEMA, or every fault of every file at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from oneform import documents, problems
from oneform.documents import Node
from oneform.errors import ConfigError, Fault
from oneform.schema import lists
from oneform.schema.model import KINDS, Bound, CodeList, Entity, Field, Rule, Schema, Source, header_key

# Files of a schema folder that are not an entity.
_DENIED, _SOURCES = "denied.yaml", "sources.yaml"

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
# Columns the tables have beside the fields, and words of mapping files.
_RESERVED = frozenset(
    {"rec_id", "rec_key", "import_id", "entity_id", "sheet", "row", "tie", "held", "raw", "extras", "prov", "day"}
)

_ENTITY = ("oneform", "entity", "label", "fields")
_ENTITY_MORE = ("key", "note", "identify", "event", "occurs", "once", "emergency", "rules")
_FIELD = ("kind", "label")
_FIELD_MORE = (
    *("aliases", "context", "codes", "to", "pii", "ask", "keep", "derive", "virtual", "check", "fill_down"),
    *("prefer", "necessity", "note", "output_only", "on_conflict", "part_of", "day_in", "repeat"),
)
_RULE = ("id", "over", "expr", "cell", "level", "zh")
_DERIVE = re.compile(r"(\w+)\((\w+)\)")
_FUNCTIONS = ("gender_from_id", "birth_from_id")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|today")


def load(*folders: Path) -> Schema:
    """Read `*.yaml` and `codes/*.csv` of the folders; a later folder's file replaces the earlier of the same path.

    A single file may stand for a folder that holds only it: a workspace's own `sources.yaml`.

    ConfigError with every fault of every file: OF501 unknown key, OF502 missing key, OF503 unknown field or entity,
    OF504 wrong value, OF508 and OF509 unreadable file, OF510 illegal name.
    """
    binder = _Binder(_found(folders, "*.yaml"), _found(folders, "codes/*.csv"))
    schema = binder.schema()
    if binder.faults:
        raise ConfigError(*sorted(binder.faults, key=_place))
    return schema


def _found(folders: Iterable[Path], pattern: str) -> dict[str, Path]:
    files = {path.name: path for place in folders for path in _matching(place, pattern)}
    return dict(sorted(files.items()))


def _matching(place: Path, pattern: str) -> list[Path]:
    return [place] if place.is_file() and place.match(pattern) else sorted(place.glob(pattern))


def _place(fault: Fault) -> tuple[str, int, int]:
    file, *place = fault.where.split(":")
    line, column = (*map(int, place), 0, 0)[:2]
    return file, line, column


class _Binder:
    """Binds nodes to values; whatever is wrong goes to `faults` and the work goes on with a harmless value."""

    def __init__(self, files: Mapping[str, Path], tables: Mapping[str, Path]) -> None:
        self.faults: list[Fault] = []
        self.nodes: dict[str, Node] = {}
        for name, path in files.items():
            try:
                self.nodes[name] = documents.load(path)
            except ConfigError as error:
                self.faults += error.faults
        self.entities = [Path(name).stem for name in files if name not in (_DENIED, _SOURCES)]
        self.codes: dict[str, CodeList] = {}
        for name, path in tables.items():
            self.codes[Path(name).stem] = lists.read(path, self.faults)

    def schema(self) -> Schema:
        denied = self._denied(self.nodes[_DENIED]) if _DENIED in self.nodes else ()
        entities = {name: self._entity(name, self.nodes[f"{name}.yaml"]) for name in self.entities if self._has(name)}
        sources = self._sources(self.nodes[_SOURCES], entities) if _SOURCES in self.nodes else {}
        schema = Schema(entities=entities, codes=self.codes, denied=denied, sources=sources)
        self._refuse_denied(schema)
        self._refuse_shared_aliases(schema)
        return schema

    def _has(self, name: str) -> bool:
        return f"{name}.yaml" in self.nodes

    # -- entities ------------------------------------------------------------------------------------------------

    def _entity(self, name: str, node: Node) -> Entity:
        keys = self._keys(node, _ENTITY, _ENTITY_MORE)
        self._head(keys, "schema/1")
        if (said := self._text(keys.get("entity"))) != name and "entity" in keys:
            self._wrong(
                keys["entity"], f"entity 应与文件名相同：{name}", f"entity must be the file's name, {name}: {said}"
            )
        zh, en = self._label(keys.get("label"))
        fields = self._fields(name, keys.get("fields"))
        event = self._one_of(keys.get("event"), self.entities, "实体")
        known = (*fields, *((event,) if event else ()))
        identify = tuple(self._names(group, known) for group in self._items(keys.get("identify")))
        occurs = self._one_of(keys.get("occurs"), fields, "字段")
        if occurs and fields[occurs].kind != "date":
            self._wrong(keys["occurs"], f"occurs 要指一个日期字段，{occurs} 不是", f"occurs must be a date: {occurs}")
        return Entity(
            name=name,
            zh=zh,
            en=en,
            event=event,
            occurs=occurs,
            once=self._names(keys.get("once"), known),
            identify=identify,
            emergency=self._one_of(keys.get("emergency"), ("erasable",), "emergency 的值") is not None,
            fields=fields,
            rules=tuple(self._rule(rule, fields) for rule in self._items(keys.get("rules"))),
            note=self._text(keys.get("note")),
        )

    def _fields(self, entity: str, node: Node | None) -> dict[str, Field]:
        declared = self._mapping(node)
        fields: dict[str, Field] = {}
        for name, body in declared.items():
            where = node.keys[name] if node else ""
            if not _NAME.fullmatch(name):
                self.faults.append(problems.fault("OF510", where, name=name))
            elif name in _RESERVED:
                self._wrong(where, f"{name} 是系统用名，请换一个字段名", f"{name} is reserved")
            fields[name] = self._field(entity, name, body)
        for one in fields.values():
            self._check_names(declared[one.name].mapping or {}, one, fields)
        return fields

    def _field(self, entity: str, name: str, node: Node) -> Field:
        keys = self._keys(node, _FIELD, _FIELD_MORE)
        kind = self._one_of(keys.get("kind"), KINDS, "字段种类") or "text"
        zh, en = self._label(keys.get("label"))
        context = self._texts(keys.get("context"))
        # A ref is found through keys, never through a column of its own.
        said = dict.fromkeys((zh, *self._texts(keys.get("aliases")))) if kind != "ref" else {}
        alone = tuple(text for text in said if header_key(text) not in set(map(header_key, context)))
        for key, wanted in (("codes", "code"), ("to", "ref")):
            if key in keys and kind != wanted:
                self._wrong(keys[key], f"{key} 只用于 {wanted} 字段", f"{key} belongs to a {wanted} field")
        if (needed := {"code": "codes", "ref": "to"}.get(kind)) and needed not in keys:
            self.faults.append(problems.fault("OF502", node.where, key=needed))
        return Field(
            entity=entity,
            name=name,
            kind=kind,
            zh=zh,
            en=en,
            aliases=alone,
            context_aliases=context,
            codes=self._one_of(keys.get("codes"), self.codes, "代码表"),
            to=self._one_of(keys.get("to"), self.entities, "实体"),
            pii=self._one_of(keys.get("pii"), ("direct", "quasi", "sensitive"), "pii 的值"),
            ask=self._one_of(keys.get("ask"), ("always", "never"), "ask 的值"),
            keep_days=self._days(keys.get("keep")),
            derive=self._text(keys.get("derive")) or None,
            virtual=self._text(keys.get("virtual")) or None,
            check=self._check(keys.get("check"), kind),
            fill_down=self._flag(keys.get("fill_down")),
            prefer=self._one_of(keys.get("prefer"), ("trust", "newest"), "prefer 的值") or "trust",
            necessity=self._flag(keys.get("necessity")),
            note=self._text(keys.get("note")),
            output_only=self._flag(keys.get("output_only")),
            on_conflict=self._one_of(keys.get("on_conflict"), ("warn",), "on_conflict 的值"),
            part_of=self._text(keys.get("part_of")) or None,
            day_in=self._text(keys.get("day_in")) or None,
            repeat=self._count(keys.get("repeat")),
        )

    def _check_names(self, keys: Mapping[str, Node], one: Field, fields: Mapping[str, Field]) -> None:
        if one.part_of is not None:
            self._one_of(keys["part_of"], [name for name in fields if name != one.name], "字段")
        if one.day_in is not None:
            self._one_of(keys["day_in"], [name for name in fields if name != one.name], "字段")
        if one.derive is None:
            return
        call = _DERIVE.fullmatch(one.derive)
        if call is None or call[1] not in _FUNCTIONS:
            functions = "、".join(f"{name}(字段)" for name in _FUNCTIONS)
            self._wrong(keys["derive"], f"derive 只能写 {functions}", f"derive: {', '.join(_FUNCTIONS)}")
        elif call[2] not in fields:
            self.faults.append(documents.unknown("OF503", keys["derive"].where, call[2], fields))

    def _check(self, node: Node | None, kind: str) -> dict[str, tuple[Bound, Bound]]:
        checks: dict[str, tuple[Bound, Bound]] = {}
        for key, pair in self._keys(node, (), ("range", "length")).items() if node else ():
            said = self._texts(pair)
            bounds = [_bound(text, "integer" if key == "length" else kind) for text in said]
            if len(bounds) != 2 or bounds[0] is None or bounds[1] is None:
                self._wrong(
                    pair, f"{key} 要写成 [最小, 最大]，并与字段种类 {kind} 相符", f"{key}: [least, most] of {kind}"
                )
            else:
                checks[key] = (bounds[0], bounds[1])
        return checks

    def _rule(self, node: Node, fields: Mapping[str, Field]) -> Rule:
        keys = self._keys(node, _RULE, ("en",))
        cell = self._one_of(keys.get("cell"), fields, "字段") or ""
        over = self._one_of(keys.get("over"), ("row", *self.entities), "实体") or "row"
        level = self._one_of(keys.get("level"), ("warn", "error"), "level 的值") or "warn"
        identity, expr, zh, en = (self._text(keys.get(key)) for key in ("id", "expr", "zh", "en"))
        return Rule(id=identity, over=over, expr=expr, cell=cell, level=level, zh=zh, en=en or zh)

    # -- the other files -----------------------------------------------------------------------------------------

    def _denied(self, node: Node) -> tuple[Field, ...]:
        keys = self._keys(node, ("oneform", "fields"), ())
        self._head(keys, "denied/1")
        denied = []
        for name, body in self._mapping(keys.get("fields")).items():
            said = self._keys(body, ("label",), ("aliases", "context", "note"))
            zh, en = self._label(said.get("label"))
            alone = tuple(dict.fromkeys((zh, *self._texts(said.get("aliases")))))
            context, note = self._texts(said.get("context")), self._text(said.get("note"))
            denied.append(Field("", name, "text", zh, en, aliases=alone, context_aliases=context, note=note))
        return tuple(denied)

    def _sources(self, node: Node, entities: Mapping[str, Entity]) -> dict[str, Source]:
        about = {*entities, *(name for entity in entities.values() for name in entity.fields)}
        sources: dict[str, Source] = {}
        for name, body in self._mapping(node).items():
            if name == "oneform":
                self._head({"oneform": body}, "sources/1")
                continue
            keys = self._keys(body, ("trust",), ("zh", "fields"))
            fields: dict[str, int] = {}
            for one, trust in self._mapping(keys.get("fields")).items():
                if one not in about:
                    self.faults.append(documents.unknown("OF503", keys["fields"].keys[one], one, about))
                fields[one] = self._trust(trust)
            sources[name] = Source(name, self._text(keys.get("zh")) or name, self._trust(keys.get("trust")), fields)
        return sources

    def _refuse_denied(self, schema: Schema) -> None:
        names = {one.name: one for one in schema.denied}
        keys = {header_key(text): one for one in schema.denied for text in one.aliases}
        for entity in schema.entities.values():
            for one in entity.fields.values():
                texts = (one.zh, *one.aliases, *one.context_aliases)
                hit = names.get(one.name) or next((keys[k] for k in map(header_key, texts) if k in keys), None)
                if hit:
                    zh = f"「{hit.zh}」是不得保存的内容，字段 {one.name} 不能登记它"
                    self._wrong(self._where(one), zh, f"{hit.name} is never stored; field {one.name} would")

    def _refuse_shared_aliases(self, schema: Schema) -> None:
        owner: dict[str, Field] = {}
        for entity in schema.entities.values():
            for one in entity.fields.values():
                for text in one.aliases:
                    first = owner.setdefault(header_key(text), one)
                    if first is not one:
                        other = f"{first.entity}.{first.name}"
                        zh = f"列名「{text}」已经属于 {other}，请改列入 context"
                        self._wrong(self._where(one), zh, f"header {text} belongs to {other} already; use context")

    def _where(self, one: Field) -> str:
        fields = (self.nodes[f"{one.entity}.yaml"].mapping or {}).get("fields")
        return fields.keys.get(one.name, fields.where) if fields else ""

    # -- values --------------------------------------------------------------------------------------------------

    def _wrong(self, place: Node | str, zh: str, en: str) -> None:
        where = place if isinstance(place, str) else place.where
        self.faults.append(problems.fault("OF504", where, what=zh, what_en=en))

    def _head(self, keys: Mapping[str, Node], wanted: str) -> None:
        node = keys.get("oneform")
        if node is not None and node.value != wanted:
            self._wrong(node, f"第一行应是 oneform: {wanted}", f"the first line must be oneform: {wanted}")

    def _mapping(self, node: Node | None) -> dict[str, Node]:
        if node is None or node.mapping is not None:
            return (node.mapping or {}) if node else {}
        self._wrong(node, "这里要写成“键: 值”", "a mapping is wanted here")
        return {}

    def _keys(self, node: Node | None, needed: Iterable[str], more: Iterable[str]) -> dict[str, Node]:
        found = self._mapping(node)
        known = (*needed, *more)
        for key in found:
            if key not in known and node is not None:
                self.faults.append(documents.unknown("OF501", node.keys[key], key, known))
        for key in needed:
            if key not in found and node is not None:
                self.faults.append(problems.fault("OF502", node.where, key=key))
        return {key: value for key, value in found.items() if key in known}

    def _items(self, node: Node | None) -> tuple[Node, ...]:
        if node is None or node.items is not None:
            return (node.items or ()) if node else ()
        self._wrong(node, "这里要写成 [甲, 乙] 这样的列表", "a list is wanted here")
        return ()

    def _text(self, node: Node | None) -> str:
        if node is None or node.text is not None:
            return (node.text or "") if node else ""
        self._wrong(node, "这里要写文字；含 { } 或 [ ] 的文字请加引号", "a text is wanted; put { } and [ ] in quotes")
        return ""

    def _texts(self, node: Node | None) -> tuple[str, ...]:
        return tuple(self._text(item) for item in self._items(node))

    def _label(self, node: Node | None) -> tuple[str, str]:
        keys = self._keys(node, ("zh", "en"), ())
        return self._text(keys.get("zh")), self._text(keys.get("en"))

    def _names(self, node: Node | None, known: Iterable[str]) -> tuple[str, ...]:
        names = []
        for item in self._items(node):
            names += [name] if (name := self._one_of(item, known, "字段")) else []
        return tuple(names)

    def _one_of(self, node: Node | None, known: Iterable[str], what: str) -> str | None:
        if node is None:
            return None
        word, known = self._text(node), tuple(known)
        if word in known:
            return word
        if what == "字段":
            self.faults.append(documents.unknown("OF503", node.where, word, known))
        else:
            near = documents.nearest(word, known)
            hint = f"可能想写「{near}」" if near else f"可用：{'、'.join(known)}"
            self._wrong(node, f"“{word}”不是{what}，{hint}", f"{word} is not one of: {', '.join(known)}")
        return None

    def _flag(self, node: Node | None) -> bool:
        return self._one_of(node, ("yes", "no"), " yes 或 no") == "yes"

    def _days(self, node: Node | None) -> int | None:
        return self._number(node, r"([1-9][0-9]{0,4})d", "天数要写成 180d 这样", "days are written 180d")

    def _count(self, node: Node | None) -> int | None:
        return self._number(node, r"([1-9][0-9]?)", "repeat 要写 1 到 99 的数", "repeat: 1 to 99")

    def _trust(self, node: Node | None) -> int:
        return self._number(node, r"(100|[1-9]?[0-9])", "trust 要写 0 到 100 的数", "trust: 0 to 100") or 0

    def _number(self, node: Node | None, pattern: str, zh: str, en: str) -> int | None:
        if node is None:
            return None
        if found := re.fullmatch(pattern, self._text(node)):
            return int(found[1])
        self._wrong(node, zh, en)
        return None


def _bound(text: str, kind: str) -> Bound | None:
    if kind == "date":
        return text if _DATE.fullmatch(text) else None
    try:
        return int(text) if kind == "integer" else float(text) if kind == "decimal" else None
    except ValueError:
        return None
