"""What `oneform links` says of itself: the report on how good the links are, and training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from oneform.cli.options import Shell, json_line, table
from oneform.cli.reviews import place_text
from oneform.link import block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oneform.pipeline import Workspace
    from oneform.pipeline.linkage import LinkageReport

_NAMED = 3  # largest residents and refused pairs that a screen names
_BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, None))  # rows of a resident
_RULES = {
    block.SAME_ID: "same ID number",
    block.FIRST15: "first 15 of the number",
    block.ID_7_TO_18: "7th to 18th of the number",
    block.PHONE: "same phone",
    block.NAME_DOB: "name and birth date",
    block.NAME_PHONE: "name and phone",
    block.READING_DOB: "reading and birth date",
    block.READING_ESTATE: "reading and estate",
    block.PLACE_DOB: "address and birth date",
    block.PLACE_SURNAME_SEX: "address, surname and sex",
    block.NAME_LAST4: "name and last 4 of the number",
    block.LATIN_NAME: "foreign name",
    block.LATIN_DOB: "birth date, of foreign names",
    block.LATIN_PLACE: "address, of foreign names",
    block.LATIN_NUMBER: "reading and door number or postcode, of foreign names",
    block.DOCUMENT_HALF: "first or last 4 of a document that is no resident ID",
}


def report(shell: Shell, workspace: Workspace) -> None:
    """How well the rows are linked, as far as it can be told without labels."""
    found = workspace.linkage_report()
    if shell.json:
        json_line(_report_json(found))
        return
    if not found.rows:
        shell.result(shell.text("还没有导入过人员的表。", "No sheet about people was imported yet."))
        return
    for part in (_quality, _sizes, _blocking, _open):
        shell.result(f"{part(shell, found)}\n")
    shell.result(_model(shell, found))
    shell.remark(
        "想知道实际有多准：oneform links --sample 50 -o 抽样核对.xlsx，看过、填好再交回。",
        "how precise it really is: oneform links --sample 50 -o FILE.xlsx, to be labelled by a person.",
    )


def _quality(shell: Shell, found: LinkageReport) -> str:
    from oneform.pipeline.linkage import ASSUMES, GROUNDS

    lines = [
        shell.text(
            f"{found.rows} 行，合成 {found.residents} 位居民。", f"{found.rows} rows, {found.residents} residents."
        )
    ]
    if found.precision is None:
        lines.append(
            shell.text("没有两行合在一起，准确率无从估计。", "No two rows are joined: precision cannot be told.")
        )
    else:
        rest = found.merged_pairs - found.compared_pairs
        lines.append(
            shell.text(
                f"准确率（合在一起的，是不是同一人）：约 {share_text(found.precision)}，由模型自己估计，没有人核对过。",
                f"precision (joined rows that are one person): about {share_text(found.precision)}, by the model's own word.",
            )
        )
        rows = [
            (shell.text(*GROUNDS.get(ground, (ground, ground))), pairs, share_text(probability))
            for ground, pairs, probability in found.grounds.iter_rows()
        ]
        if rest:
            rows.append((shell.text("没有直接比较，由其他行连上", "not compared, joined through other rows"), rest, ""))
        heads = (
            ("合在一起的依据", "对数", "平均把握") if shell.lang == "zh" else ("joined by", "pairs", "mean probability")
        )
        lines.append(_indented(heads, rows))
    if found.recall is None:
        lines.append(
            shell.text(
                "召回率（是同一人的，合了多少）：估不出来，同时靠证号和靠电话、住址找到的太少。",
                "recall (rows of one person that are joined): too few pairs are found both by number and by phone or place.",
            )
        )
    else:
        one = found.recall
        about = shell.text("约", "about") if one.low < one.high else shell.text("最多约", "at most about")
        spread = f"{share_text(one.low)}–{share_text(one.high)}"
        interval = shell.text(f"（95% 区间 {spread}）", f" (95% interval {spread})") if one.low < one.high else ""
        lines.append(
            shell.text(
                f"召回率（是同一人的，合了多少）：{about} {share_text(one.estimate)}{interval}。",
                f"recall (rows of one person that are joined): {about} {share_text(one.estimate)}{interval}.",
            )
        )
        lines.append(f"  {shell.text(*ASSUMES)}")
    return "\n".join(lines)


def _sizes(shell: Shell, found: LinkageReport) -> str:
    counts = dict(found.sizes.iter_rows())
    rows = []
    for first, last in _BUCKETS:
        residents = sum(n for size, n in counts.items() if first <= size and (last is None or size <= last))
        if residents:
            rows.append((str(first) if first == last else f"{first}–{last}" if last else f"{first}+", residents))
    lines = [
        shell.text("每位居民由几行合成：", "rows of a resident:"),
        _indented(("行数", "居民") if shell.lang == "zh" else ("rows", "residents"), rows),
    ]
    named = list(found.largest.head(_NAMED).iter_rows())
    if named:
        zh = "、".join(f"居民 {resident}（{size} 行）" for resident, size in named)
        en = ", ".join(f"resident {resident} ({size} rows)" for resident, size in named)
        lines.append(
            shell.text(
                f"  行数最多的：{zh}；要看靠什么合在一起：oneform explain {named[0][0]}",
                f"  largest: {en}; what holds one together: oneform explain {named[0][0]}",
            )
        )
    return "\n".join(lines)


def _blocking(shell: Shell, found: LinkageReport) -> str:
    used = found.blocking.filter((found.blocking["pairs"] > 0) | (found.blocking["dropped"] > 0))
    zh = shell.lang == "zh"
    heads = ("规则", "配对", "只有它找到") if zh else ("rule", "pairs", "found by no other")
    title = shell.text(
        "哪些行拿来比较（先按规则配对，再逐对打分）：", "which rows are compared (paired by rules, then weighed):"
    )
    if found.counted_of > 1:
        title += shell.text(
            f"数量按 {found.counted_of} 行取 1 行推算。", f" estimated from one row in {found.counted_of}."
        )
    rows = [(_rule(shell, row), row["pairs"], row["marginal"]) for row in used.iter_rows(named=True)]
    lines = [title, _indented(heads, rows)]
    lines += [
        shell.text(
            f"  [!] {row['name']}：{row['dropped']} 个值各有超过 {row['cap']} 行（最多 {row['largest']} 行，"
            f"共 {row['records']} 行次），太多了，没有按它配对。",
            f"  [!] {_rule(shell, row)}: {row['dropped']} values are shared by more than {row['cap']} rows (at most "
            f"{row['largest']}, {row['records']} in all): not paired by them.",
        )
        for row in used.filter(used["dropped"] > 0).iter_rows(named=True)
    ]
    return "\n".join(lines)


def _rule(shell: Shell, row: dict[str, Any]) -> str:
    return shell.text(row["name"], _RULES.get(row["rule"], row["name"]))


def _open(shell: Shell, found: LinkageReport) -> str:
    """What waits for a person, and what was not joined although it looks alike."""
    from oneform.pipeline.linkage import REASONS

    def worded(reason: str) -> str:
        return shell.text(*REASONS.get(reason, (reason, reason)))

    waiting = sum(found.reviews["pairs"])
    lines = [shell.text(f"等人确认：{waiting} 对。", f"{waiting} pairs wait for a person.")]
    lines += [f"  {worded(reason)}  {pairs}" for reason, pairs in found.reviews.iter_rows()]
    if waiting:
        lines.append(shell.text("  逐对确认：oneform reviews", "  decide them: oneform reviews"))
    refused = sum(found.refused["pairs"])
    lines.append(
        shell.text(f"证据很强、但没有合在一起：{refused} 对。", f"{refused} pairs of strong evidence were kept apart.")
    )
    for reason, pairs, asked in found.refused.iter_rows():
        beside = shell.text(f"（其中 {asked} 对等人确认）", f" ({asked} of them wait)") if asked else ""
        lines.append(f"  {worded(reason)}  {pairs}{beside}")
    for row in found.refused_pairs.head(_NAMED).iter_rows(named=True):
        lines.append("    " + "  |  ".join(place_text(shell, row[side]) for side in ("left", "right")))
    if refused > _NAMED:
        lines.append(
            shell.text("    …… 更多：oneform links --report --json", "    … more: oneform links --report --json")
        )
    return "\n".join(lines)


def _model(shell: Shell, found: LinkageReport) -> str:
    one = found.model
    if one.number == 0:
        return shell.text(
            "打分的模型：默认模型（没有在这个工作区训练过；资料多了可以：oneform links --train）。",
            "model: the default one (never trained here; with enough rows: oneform links --train).",
        )
    day = one.trained_at[:10]
    if one.fallback:
        return shell.text(
            f"打分的模型：默认模型（{day} 训练过第 {one.number} 次，没有采用）。{one.note}",
            f"model: the default one (trained on {day}, version {one.number}, which was not to be trusted).",
        )
    return shell.text(
        f"打分的模型：第 {one.number} 版（{one.version}，{day} 训练）。{one.note}",
        f"model: version {one.number} ({one.version}, trained on {day}).",
    )


def _report_json(found: LinkageReport) -> dict[str, object]:
    from dataclasses import asdict

    from oneform.pipeline.linkage import ASSUMES

    frames = ("grounds", "sizes", "largest", "blocking", "reviews", "refused", "refused_pairs")
    return {
        "rows": found.rows,
        "residents": found.residents,
        "merged_pairs": found.merged_pairs,
        "compared_pairs": found.compared_pairs,
        "precision": found.precision,
        "recall": asdict(found.recall) | {"assumes": ASSUMES[0]} if found.recall else None,
        "model": asdict(found.model),
        "counted_of": found.counted_of,
        **{name: getattr(found, name).to_dicts() for name in frames},
    }


def train(shell: Shell, workspace: Workspace) -> None:
    """Fit the model to what the workspace holds, and link everything anew by it."""
    from oneform.link import BROKEN

    shell.remark("正在训练并重新比较所有行，资料多时要几分钟 ……", "training, then comparing all rows anew ...")
    trained = workspace.train()
    learned, settled = trained.report, trained.settled
    if shell.json:
        numbers = ("created", "matched", "merged", "split", "queued")
        json_line(
            {
                "version": trained.version,
                "changed": trained.changed,
                "broken": list(learned.broken),
                "records": learned.records,
                "person_pairs": round(learned.person_pairs, 1),
                "household_pairs": round(learned.household_pairs, 1),
                **({name: getattr(settled, name) for name in numbers} if settled else {}),
            }
        )
        return
    if learned.broken:
        zh = "；".join(BROKEN[name][0] for name in learned.broken)
        en = "; ".join(BROKEN[name][1] for name in learned.broken)
        shell.result(
            shell.text(f"[!] 没有采用训练的结果（{zh}），用默认模型。", f"[!] not trusted ({en}): the default model.")
        )
    if not trained.changed:
        shell.result(shell.text("模型没有变，数据没有改动。", "The model is what it was; nothing was changed."))
    elif settled:
        shell.result(
            shell.text(
                f"由 {learned.records} 行训练出新模型（{trained.version}），所有行已重新比较："
                f"新增 {settled.created} 人，合并 {settled.merged} 人，分开 {settled.split} 人；"
                f"{settled.queued} 对等人确认。",
                f"{learned.records} rows gave a new model ({trained.version}); all rows were compared anew: "
                f"{settled.created} created, {settled.merged} merged, {settled.split} split; {settled.queued} pairs wait.",
            )
        )
        shell.remark("看现在有多准：oneform links --report", "how good it is now: oneform links --report")


def share_text(share: float) -> str:
    """A percentage, rounded down: 100% is said only of all."""
    return "100%" if share >= 1 - 1e-12 else f"{math.floor(share * 1000 + 1e-9) / 10:.1f}%"


def _indented(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return "\n".join(f"  {line}" for line in table(heads, rows).split("\n"))
