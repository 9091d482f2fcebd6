"""mapping: one column, cell or head entry of a file → OUTPUT, its source checked against the names of its scope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from oneform import documents, problems
from oneform.documents import Node
from oneform.errors import ConfigError, Fault
from oneform.kinds import mask
from oneform.mapping import gate, names, sql, text
from oneform.mapping.model import Expression, Measure, Output, Piece
from oneform.mapping.names import Scope
from oneform.mapping.nodes import Reader
from oneform.schema import Field, Schema

SOURCES = ("field", "text", "expr", "seq", "const", "param", "measure", "ratio")
WRITING = ("format", "accept", "codes", "empty", "suffix", "prefix", "mask", "when", "import", "held", "zero", "tick")
_DATE_FORMAT = re.compile(r"(?:yyyy|MM?|dd?|HH?|mm|ss|[^A-Za-z{}])+")
_NUMBER_FORMAT = re.compile(r"(?:#,##0|0)(?:\.0{1,6})?%?")
_FLAGS = {"true": "true", "是": "true", "1": "true", "false": "false", "否": "false", "0": "false"}
_FORMATS = {
    "date": "日期如 yyyy-MM-dd、yyyy年M月d日",
    "number": "数字如 0、0.0、0.0%、#,##0",
    "boolean": "是否如 有/无",
    "code": "代码如 code、zh、code-zh",
}


@dataclass
class Binding:
    """What binding one file knows and gathers: schema, reader, the fields read, where sensitive ones stand."""

    schema: Schema
    reader: Reader
    fields: set[tuple[str, str]] = field(default_factory=set)
    sensitive: list[tuple[Field, str]] = field(default_factory=list)

    def expression(self, node: Node, scope: Scope, kind: str | None = None) -> Expression | None:
        """Check the expression of a node, of the wanted kind; None when it is faulty."""
        written = self.reader.text(node)
        if node.text is None:
            return None
        try:
            checked = gate.check(written, scope.kinds, where=node.where)
        except ConfigError as error:
            denied = self._denied(written) if error.code == "OF503" else None
            self.reader.faults += [self._forbidden(denied, node.where)] if denied else error.faults
            return None
        if kind and checked.dtype != kind:
            self.reader.wrong(node, "这里要写一个成立或不成立的条件", "a condition is wanted here")
            return None
        self.read(scope, checked.names, node.where)
        return checked

    def name(self, node: Node, scope: Scope, word: str | None = None) -> names.Name | None:
        """Name of a scope a node says; None and a fault when there is none."""
        word = self.reader.text(node) if word is None else word
        if node.text is None:
            return None
        if word not in scope.names and (denied := self._denied(word)):
            self.reader.faults.append(self._forbidden(denied, node.where))
            return None
        if not self.reader.known(node, word, scope.names):
            return None
        self.read(scope, [word], node.where)
        return scope.names[word]

    def read(self, scope: Scope, words: frozenset[str] | list[str], where: str) -> None:
        """Note the fields behind names."""
        self.fields |= names.reads(scope, words)
        for word in names.needed(scope, words):
            info = scope.names[word].info
            if info is not None and (info.necessity or info.pii == "sensitive"):
                self.sensitive.append((info, where))

    def _denied(self, written: str) -> Field | None:
        words = set(re.findall(r"\w+", written))
        return next((one for one in self.schema.denied if {one.name, one.zh} & words), None)

    def _forbidden(self, denied: Field, where: str) -> Fault:
        what, what_en = "法规不许保存，任何表都不能要求", "never stored, no form may ask for it"
        return problems.fault("OF801", where, field=denied.zh, what=what, what_en=what_en)


def output(
    binding: Binding, path: str, node: Node, scope: Scope, measures: Mapping[str, Measure], *, cell: bool = False
) -> Output | None:
    """One output of a file; None when its source is faulty (the faults are in the binding's reader)."""
    reader = binding.reader
    keys = reader.keys(node, (), (*SOURCES, *WRITING, "total", *(("at",) if cell else ())))
    given = [source for source in SOURCES if source in keys]
    if len(given) != 1:
        if node.mapping is not None:
            zh = f"「{path}」要写且只写一种来源：{'、'.join(SOURCES)}"
            reader.wrong(node, zh, f"exactly one of {', '.join(SOURCES)}")
        return None
    source, said = given[0], keys[given[0]]
    value = ",".join(reader.texts(said)) if source == "ratio" else reader.text(said)
    expression, parts, name = _source(binding, source, said, scope, measures)
    if expression is None and source in {"field", "text", "expr"}:
        return None
    kind = _kind(source, value, expression, name, measures)
    written = _writing(binding, keys, kind, name.info if name else None)
    plain = source == "field" and name is not None and names.returns(scope, name)
    reversible = plain and _reversible(written, kind)
    skip = not plain or written.mask is not None
    return Output(
        path=path,
        source=source,
        value=value,
        expression=expression,
        format=written.format,
        accept=reader.texts(keys.get("accept")),
        codes=written.codes,
        empty=reader.text(keys["empty"]) if "empty" in keys else None,
        suffix=reader.text(keys.get("suffix")),
        prefix=reader.text(keys.get("prefix")),
        mask=written.mask,
        when=_when(reader, keys.get("when"), scope),
        importing="skip" if skip else reader.one_of(keys.get("import"), ("skip", "fill_only", "update"), "update"),
        held=reader.one_of(keys.get("held"), ("blank", "print"), "blank"),
        zero=reader.text(keys["zero"]) if "zero" in keys else None,
        tick=written.tick,
        at=_address(reader, keys.get("at")),
        reversible=reversible,
        entity=name.info.entity if name and name.info else None,
        field=name.info.name if name and name.info else None,
        kind=kind,
        line=node.where,
        pieces=parts,
        total=_total(reader, keys.get("total"), (source, value, kind), name, measures),
    )


def patterns(binding: Binding, node: Node, scope: Scope) -> tuple[Piece, ...] | None:
    """Pieces of a text pattern with every name known and every format right; None when faulty."""
    found = text.pieces(binding.reader.text(node))
    if found is None:
        binding.reader.wrong(node, "花括号没有成对", "unpaired braces")
        return None
    good = True
    for piece in found:
        if piece.name is None:
            continue
        name = binding.name(node, scope, piece.name)
        good = good and name is not None
        if name is not None and piece.format is not None:
            kind = name.info.kind if name.info else name.kind
            good = _format_fits(binding.reader, node, piece.format, kind) and good
    return found if good else None


def _source(
    binding: Binding, source: str, said: Node, scope: Scope, measures: Mapping[str, Measure]
) -> tuple[Expression | None, tuple[Piece, ...], names.Name | None]:
    reader = binding.reader
    if source == "field":
        name = binding.name(said, scope)
        return (Expression(sql.quote(name.name), frozenset({name.name}), name.kind) if name else None), (), name
    if source == "text":
        parts = patterns(binding, said, scope) if said.text is not None else None
        used = frozenset(piece.name for piece in parts or () if piece.name)
        return (Expression("", used, "text") if parts is not None else None), parts or (), None
    if source == "expr":
        return binding.expression(said, scope), (), None
    if source == "seq":
        reader.one_of(said, ("rows", "blocks", "block"), "rows")
    elif source == "param":
        reader.known(said, reader.text(said), parameters(scope))
    elif source == "measure":
        reader.known(said, reader.text(said), measures)
    elif source == "ratio":
        return _ratio(binding, said, scope, measures), (), None
    return None, (), None


def _ratio(binding: Binding, said: Node, scope: Scope, measures: Mapping[str, Measure]) -> Expression | None:
    """Names a ratio reads: two measures of a cross-tab (none of them a name), or two number fields of a roster's row."""
    reader, pair = binding.reader, binding.reader.items(said)
    if len(pair) != 2 and said.items is not None:
        reader.wrong(said, "ratio 要写两个指标或两个数字字段，如 [已完成, 总数]", "ratio takes two measures or fields")
    if measures:
        for one in pair:
            reader.known(one, reader.text(one), measures)
        return None
    found = [name for one in pair if (name := binding.name(one, scope))]
    for name, one in zip(found, pair, strict=False):
        if name.kind not in {"integer", "decimal"}:
            reader.wrong(one, f"{name.name} 不是数字，不能求比例", f"{name.name} is no number")
    return Expression("", frozenset(name.name for name in found), "decimal") if found else None


def _kind(
    source: str,
    value: str,
    expression: Expression | None,
    name: names.Name | None,
    measures: Mapping[str, Measure],
) -> str:
    """Kind of the value: that of the field, of the expression, or of the measure."""
    if name is not None and name.info is not None and name.kind == names.gate_kind(name.info):
        return name.info.kind
    if name is not None:
        return name.kind
    if source == "expr" and expression is not None:
        return expression.dtype
    if source == "measure" and value in measures:
        return measures[value].kind
    return {"seq": "integer", "ratio": "decimal"}.get(source, "text")


@dataclass(frozen=True)
class _Written:
    format: str | None
    codes: Mapping[str, str]
    tick: Mapping[str, str]
    mask: str | None


def _writing(binding: Binding, keys: Mapping[str, Node], kind: str, info: Field | None) -> _Written:
    reader = binding.reader
    spec = None
    if "format" in keys and (spec := reader.text(keys["format"])):
        param = "param" in keys  # a parameter's kind is known when it is given: dates are what people format
        _format_fits(reader, keys["format"], spec, "date" if param else kind)
    for one in reader.items(keys.get("accept")):
        _format_fits(reader, one, reader.text(one), kind)
    codes = _codes(binding, keys["codes"], info, kind) if "codes" in keys else {}
    tick = _codes(binding, keys["tick"], info, kind) if "tick" in keys else {}
    masked = reader.one_of(keys["mask"], mask.SPECS, next(iter(mask.SPECS))) if "mask" in keys else None
    return _Written(spec, codes, tick, masked)


def _format_fits(reader: Reader, node: Node, spec: str, kind: str) -> bool:
    family = "number" if kind in {"integer", "decimal"} else kind
    fits = {
        "date": bool(_DATE_FORMAT.fullmatch(spec)) and bool(re.search("[yMdHms]", spec)),
        "number": bool(_NUMBER_FORMAT.fullmatch(spec)),
        "boolean": spec.count("/") == 1,
        "code": spec in {"code", "zh", "code-zh"},
    }.get(family, False)
    if not fits and node.text is not None:
        able = _FORMATS.get(family, "；".join(_FORMATS.values()))
        reader.wrong(node, f"格式 {spec} 不适用，可写：{able}", f"the format {spec} does not fit a {kind}")
    return fits


def _codes(binding: Binding, node: Node, info: Field | None, kind: str) -> dict[str, str]:
    """Canonical code → spelling: written out, or `list.zh`, `list.code`, `list.code-zh` of a code list."""
    reader, lists = binding.reader, binding.schema.codes
    if node.text is not None:
        found = reader.pattern(
            node, r"(\w+)\.(zh|code|code-zh)", "codes 要写成 代码表.zh 或 {代码: 文字}", "codes: list.zh"
        )
        if found is None or not reader.known(node, found[1], lists):
            return {}
        return {row.code: spelling(row.code, row.zh, found[2]) for row in lists[found[1]].rows}
    codes: dict[str, str] = {}
    allowed = lists[info.codes].labels if info and info.codes and info.codes in lists else None
    for code, said in reader.mapping(node).items():
        canonical = _FLAGS.get(code, code) if kind == "boolean" else code
        if (allowed is not None and canonical not in allowed) or (kind == "boolean" and canonical not in _FLAGS):
            known = allowed or dict.fromkeys(_FLAGS)
            hint = documents.suggest(code, known) or f"，可写：{'、'.join(list(known)[:12])}"
            reader.wrong(node.keys.get(code, node.where), f"代码表里没有 {code}{hint}", f"no such code: {code}")
        codes[canonical] = reader.text(said)
    return codes


def spelling(code: str, zh: str, form: str) -> str:
    """Text of a code in one of the forms zh, code, code-zh."""
    return {"zh": zh, "code": code}.get(form, f"{code}-{zh}")


def _reversible(written: _Written, kind: str) -> bool:
    """Codes one to one, the format keeps the whole value, nothing masked."""
    if written.mask is not None or any(len(set(c.values())) < len(c) for c in (written.codes, written.tick)):
        return False
    return written.format is None or injective(written.format, kind)


def injective(spec: str, kind: str) -> bool:
    """Whether a format keeps values apart: whole codes, both sides of a boolean, whole days; decimals are rounded."""
    if kind == "boolean":
        return len(set(spec.split("/"))) == 2
    if kind != "date":
        return kind in {"code", "integer"}
    parts = re.findall(r"yyyy|MM?|dd?", spec)
    if [part[0] for part in parts] != ["y", "M", "d"]:
        return False
    return parts[1:] == ["MM", "dd"] or re.search(r"y[^A-Za-z]+M+[^A-Za-z]+d", spec) is not None


def _when(reader: Reader, node: Node | None, scope: Scope) -> dict[str, str]:
    """Parameter → value under which the mask is put on (without a mask: under which the value is written)."""
    said = reader.mapping(node)
    for key in said:
        if node is not None:
            reader.known(Node("", node.keys.get(key, node.where)), key, parameters(scope))
    return {key: reader.text(one) for key, one in said.items()}


def parameters(scope: Scope) -> list[str]:
    """Parameters a scope knows."""
    return [name[6:] for name in scope.names if name.startswith("param.")]


def _address(reader: Reader, node: Node | None) -> str | None:
    found = reader.pattern(node, r"[A-Z]{1,3}[1-9][0-9]{0,6}", "单元格要写成 C3 这样", "a cell is written C3")
    return found[0] if found else None


def _total(
    reader: Reader,
    node: Node | None,
    plain: tuple[str, str, str],
    name: names.Name | None,
    measures: Mapping[str, Measure],
) -> str | None:
    """Say what a total row holds of a column: sums of counts and amounts, nothing of labels, ages and days."""
    source, value, kind = plain
    if source == "ratio":
        return "ratio"
    number = kind in {"integer", "decimal"}
    if node is not None:
        said = reader.one_of(node, ("sum", "none"), "none")
        if said == "sum" and not number:
            reader.wrong(node, "只有数字列可以合计", "only numbers have a total")
        return "sum" if said == "sum" and number else None
    if source == "measure" and value in measures:
        return "sum" if measures[value].how in {"count", "distinct", "sum"} else None
    if source == "expr":
        return "sum" if number and measures else None
    if source == "field" and name is not None and not measures:
        return "sum" if kind == "decimal" or (kind == "integer" and name.expression is None) else None
    return None
