"""The command that says why: two rows compared step by step, or what holds a resident's rows together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, json_line, table
from oneform.cli.reviews import LABELS, SAID, place_text
from oneform.errors import Fault, UsageError

if TYPE_CHECKING:
    from oneform.answer.waterfall import Chart
    from oneform.pipeline.explaining import Pair, Resident

_KINDS = {
    "household": ("户", "household"),
    "dwelling": ("房屋", "dwelling"),
    "hukou": ("户籍地址", "registered address"),
    "home": ("实际居住地", "home"),
}


@click.command("explain")
@common
@click.argument("what", nargs=-1, required=True, metavar="行 行｜居民编号")
@click.option("--svg", is_flag=True, help="画成图（SVG）。")
@click.option("-o", "--output", metavar="文件", help="图写到哪里（如 说明.svg）。")
def explain_(shell: Shell, what: tuple[str, ...], svg: bool, output: str | None) -> None:
    """说明为什么是（或不是）同一个人：两行逐项加减，或一位居民的各行靠什么连在一起。

    Say why two rows are one person or not, step by step; or what holds a resident's rows together. Rows: file!sheet!row.
    """
    from oneform.pipeline import open_workspace
    from oneform.pipeline.explaining import explain_pair, explain_resident

    resident: Resident | None = None
    with open_workspace(shell.workspace) as workspace:
        if len(what) == 2:
            pairs = [explain_pair(workspace.store, *what)]
        elif len(what) == 1 and what[0].isascii() and what[0].isdigit():
            resident = explain_resident(workspace.store, int(what[0]))
            pairs = list(resident.ties)
        else:
            raise UsageError(
                Fault(
                    "",
                    "",
                    "请写两行（文件!工作表!行），或一个居民编号。",
                    "name two rows (file!sheet!row) or one resident.",
                )
            )
    if svg or output:
        _draw(shell, pairs, output)
    elif shell.json:
        json_line(_resident_json(resident) if resident else _pair_json(pairs[0]))
    elif resident:
        _tell_resident(shell, resident)
    else:
        _tell_pair(shell, pairs[0])


def _tell_pair(shell: Shell, pair: Pair) -> None:
    heads = ["", shell.text("左", "left"), shell.text("右", "right")]
    lines = [
        (shell.text(*LABELS[field]), *(place_text(shell, value) if field == "place" else value for value in values))
        for field, *values in pair.sides.iter_rows()
    ]
    shell.result(f"{table(heads, lines)}\n")
    total, rows = 0.0, []
    for step in pair.steps:
        total += step.weight
        bar = ("+" if step.weight >= 0 else "-") * min(30, round(abs(step.weight)))
        rows.append((shell.text(step.zh, step.en), f"{step.weight:+.1f}", f"{total:+.1f}", bar))
    rows.append((shell.text("匹配权重", "match weight"), "", f"{pair.weight:+.1f}", f"P = {pair.probability:.4f}"))
    shell.result(
        table([shell.text("依据（以 2 为底的对数）", "evidence (log2)"), "+/-", shell.text("累计", "sum"), ""], rows)
    )
    shell.result(f"\n{shell.text(pair.zh, pair.en)}{_standing(shell, pair)}")


def _standing(shell: Shell, pair: Pair) -> str:
    """What is in force: a person's word, a question, one resident or two."""
    parts = []
    if pair.said:
        zh, en = SAID[pair.said]
        parts.append(shell.text(f"人工判定：{zh}（第 {pair.entry} 号）", f"judged: {en} (entry {pair.entry})"))
    elif pair.asked:
        parts.append(shell.text("正等人确认", "waits for a person"))
    parts.append(
        shell.text("现在是同一位居民", "one resident now")
        if pair.together
        else shell.text("现在是两位居民", "two residents now")
    )
    return shell.text(f"（{'；'.join(parts)}。）", f" ({'; '.join(parts)}.)")


def _tell_resident(shell: Shell, resident: Resident) -> None:
    if resident.asked != resident.resident:
        shell.result(
            shell.text(
                f"居民 {resident.asked} 已并入居民 {resident.resident}。",
                f"resident {resident.asked} went into resident {resident.resident}.",
            )
        )
    shell.result(
        shell.text(
            f"居民 {resident.resident}：{len(resident.rows)} 行",
            f"resident {resident.resident}: {len(resident.rows)} rows",
        )
    )
    for row in resident.rows:
        shell.result(f"  {place_text(shell, row)}")
    for pair in resident.ties:
        left, right = (place_text(shell, place) for place in (pair.left, pair.right))
        shell.result(f"\n{left}  |  {right}  ({pair.weight:+.1f})")
        shell.result(f"  {shell.text(pair.zh, pair.en)}{_standing(shell, pair) if pair.said else ''}")
    if not resident.history.is_empty():
        heads = ["", shell.text("内容", "what"), shell.text("从", "from"), shell.text("到", "to")]
        now = shell.text("至今", "now")
        lines = [
            (shell.text(*_KINDS[row["kind"]]), row["what"], row["since"], row["until"] or now)
            for row in resident.history.iter_rows(named=True)
        ]
        shell.result(f"\n{table(heads, lines)}")
    if len(resident.rows) > 1:
        shell.remark(
            f"有一行不是此人：oneform split {resident.resident} --row 文件!工作表!行",
            f"a row is not theirs: oneform split {resident.resident} --row file!sheet!row",
        )


def _draw(shell: Shell, pairs: list[Pair], output: str | None) -> None:
    from oneform.answer.waterfall import waterfall_svg
    from oneform.store import write_whole

    drawn = waterfall_svg([_chart(shell, pair) for pair in pairs])
    if output:
        write_whole(Path(output), drawn.encode())
        shell.remark(f"已写出 {output}。", f"wrote {output}.")
    else:
        shell.result(drawn.rstrip("\n"))


def _chart(shell: Shell, pair: Pair) -> Chart:
    from oneform.answer.waterfall import Chart

    return Chart(
        f"{place_text(shell, pair.left)}  |  {place_text(shell, pair.right)}",
        [(shell.text(step.zh, step.en), step.weight) for step in pair.steps],
        shell.text("匹配权重", "match weight"),
        shell.text(pair.zh, pair.en),
    )


def _pair_json(pair: Pair) -> dict[str, object]:
    return {
        "left": pair.left,
        "right": pair.right,
        "match_weight": pair.weight,
        "probability": pair.probability,
        "verdict": pair.verdict,
        "reason": pair.reason,
        "steps": [vars(step) for step in pair.steps],
        "sentence": pair.zh,
        "sentence_en": pair.en,
        "one_resident": pair.together,
        "judged": pair.said,
        "entry": pair.entry,
        "asked": pair.asked,
    }


def _resident_json(resident: Resident) -> dict[str, object]:
    return {
        "asked": resident.asked,
        "resident": resident.resident,
        "rows": list(resident.rows),
        "ties": [_pair_json(pair) for pair in resident.ties],
        "history": resident.history.drop("resident").to_dicts(),
    }
