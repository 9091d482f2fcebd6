"""schema: SCHEMA → the data dictionary page for people, Markdown, Chinese first."""

from __future__ import annotations

from collections.abc import Iterable

from oneform.schema.model import CodeList, Entity, Field, Schema

KIND_LABELS = {
    "resident_id": "证件号",
    "name": "姓名",
    "phone": "电话",
    "date": "日期",
    "address": "地址",
    "code": "代码",
    "boolean": "是否",
    "integer": "整数",
    "decimal": "数字",
    "text": "文字",
    "uscc": "信用代码",
    "ref": "关联",
}
_PII = {"direct": "直接标识", "quasi": "间接标识", "sensitive": "敏感", None: "—"}

_INTRO = """# 数据字典

由 `schemas/` 生成，请改那里的文件，不要改本页。*Generated from `schemas/`; edit those files, not this page.*

- **字段**是我们自己的名字，映射文件里用它；**名称**是给人看的。列名与名称或「认得的列名」一致就能自动对上；
  「要看上下文」的列名须由分组、同行其他列或表的主题证实。
- 种类为「代码」的列，下文「代码表」里的代码、名称、别名都认。日期存成文字（1990-12-05，只知道月份时 1990-12）。
- **个人信息**：直接标识、间接标识、敏感。标「须说明用途」的，映射文件写明用途之后才会采集和输出。
- 标「推算」的空着也行，由别的字段推出；标「不存」的用时现算。
- 写在「并入」后面的，是更宽的那个字段的一部分：检查结果里用那个名字报告。"""


def dictionary(schema: Schema) -> str:
    """Whole page: entities, code lists, what is never stored, who is believed; ends with a line feed."""
    ordered = sorted(schema.entities.values(), key=_order)
    parts = [_INTRO, _contents(schema, ordered), *map(_entity, ordered)]
    parts += ["## 代码表 · Code lists", *(_codes(one) for one in schema.codes.values())]
    parts += [_denied(schema), _sources(schema)]
    return "\n\n".join(parts) + "\n"


def _order(one: Entity) -> tuple[bool, int]:
    """Things before events, people and their homes first; otherwise as the files are named."""
    first = ("person", "household", "dwelling")
    return one.event is not None, first.index(one.name) if one.name in first else len(first)


def _contents(schema: Schema, ordered: Iterable[Entity]) -> str:
    rows = [
        (f"[{one.zh}](#{one.name})", f"`{one.name}`", f"{schema.entities[one.event].zh}的事件" if one.event else "实体")
        for one in ordered
    ]
    return _table(("名称", "实体", "性质"), rows)


def _entity(one: Entity) -> str:
    lines = [f'<a id="{one.name}"></a>', f"## {one.zh} `{one.name}` · {one.en}"]
    if one.note:
        lines.append(one.note)
    if one.identify:
        keys = "；".join(" + ".join(f"`{name}`" for name in key) for key in one.identify)
        lines.append(f"认定同一个：{keys}（排在前面的更可靠）。")
    if one.once:
        lines.append(f"同一次的标志：{' + '.join(f'`{name}`' for name in one.once)}。")
    if one.occurs:
        lines.append(f"发生时间：`{one.occurs}`。")
    if one.emergency:
        lines.append("可随突发事件登记，事件结束后销毁。")
    rows = [(f"`{f.name}`", f.zh, _kind(f), _PII[f.pii], _facts(f), _headers(f)) for f in one.fields.values()]
    lines.append(_table(("字段", "名称", "种类", "个人信息", "说明", "认得的列名"), rows))
    if one.rules:
        rules = [(f"`{rule.id}`", f"`{rule.expr}`", f"`{rule.cell}`", rule.zh) for rule in one.rules]
        lines.append(_table(("规则", "应当成立", "问题标在", "提示"), rules))
    return "\n\n".join(lines)


def _kind(one: Field) -> str:
    kind = KIND_LABELS[one.kind]
    if one.codes:
        return f"{kind} [{one.codes}](#{one.codes})"
    return f"{kind} [{one.to}](#{one.to})" if one.to else kind


def _facts(one: Field) -> str:
    facts = [
        "必填" if one.ask == "always" and one.kind != "ref" else "",
        f"并入 `{one.part_of}`" if one.part_of else "",
        f"推算 `{one.derive}`" if one.derive else "",
        f"不存，算作 `{one.virtual}`" if one.virtual else "",
        "只在表上出现，不存" if one.output_only else "",
        f"{one.repeat} 列，登记为户内其他人" if one.repeat else "",
        "须说明用途" if one.necessity else "",
        f"{one.keep_days} 天后可再问" if one.keep_days else "",
        "以最新的为准" if one.prefer == "newest" else "",
        "合并单元格向下填" if one.fill_down else "",
        *(f"{_CHECKS[key]} {least}～{_word(most)}" for key, (least, most) in one.check.items()),
        one.note,
    ]
    return "；".join(fact for fact in facts if fact)


_CHECKS = {"range": "范围", "length": "字数"}


def _word(bound: object) -> str:
    return "今天" if bound == "today" else f"{bound}"


def _headers(one: Field) -> str:
    alone = "、".join(text for text in one.aliases if text != one.zh)
    context = "、".join(one.context_aliases)
    return "；".join(text for text in (alone, f"要看上下文：{context}" if context else "") if text)


def _codes(one: CodeList) -> str:
    rows = [(f"`{row.code}`", row.zh, row.en, "、".join(row.aliases), row.source) for row in one.rows]
    return f'<a id="{one.name}"></a>\n\n### {one.name}\n\n' + _table(("代码", "名称", "英文", "别名", "出处"), rows)


def _denied(schema: Schema) -> str:
    rows = [(f"`{one.name}`", one.zh, _headers(one)) for one in schema.denied]
    head = "## 不保存的内容 · Never stored\n\n表上有这些列时会点名说明，内容不入库，任何表都不能打开它们。"
    return f"{head}\n\n{_table(('名字', '名称', '认得的列名'), rows)}"


def _sources(schema: Schema) -> str:
    rows = [
        (f"`{one.name}`", one.zh, f"{one.trust}", "、".join(f"`{name}` {trust}" for name, trust in one.fields.items()))
        for one in schema.sources.values()
    ]
    head = "## 谁的话更可信 · Sources\n\n同一栏有几种说法时，信任高的为准；「以最新的为准」的字段先看日期。"
    return f"{head}\n\n{_table(('来源', '名称', '信任', '另有规定'), rows)}"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(header)
    lines = [titles, ("---",) * len(titles), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
