"""What was decided: the ledger listed, entries taken back, residents split; the review workbook out and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, json_line, user
from oneform.cli.reviews import SAID, outcome_text, place_text, tell_unmet
from oneform.errors import Fault, UsageError

if TYPE_CHECKING:
    from oneform.pipeline import Decided, Workspace


@click.command("split")
@common
@click.argument("resident", type=int, metavar="居民编号")
@click.option(
    "--row", "rows", multiple=True, required=True, metavar="文件!工作表!行", help="要分出去的行；可以写多次。"
)
@click.option("--reason", default="", metavar="说明", help="为什么；记在判断里。")
def split_(shell: Shell, resident: int, rows: tuple[str, ...], reason: str) -> None:
    """把错并到一位居民名下的行分出去，成为另一位居民；可以撤回。

    Split rows off a resident: they are another person's. Taken back with `reviews --withdraw`.
    """
    from oneform.pipeline import ledger, open_workspace, split
    from oneform.store.history import records_at, resolved

    with open_workspace(shell.workspace, who=user()) as workspace:
        found = records_at(workspace.store, *rows)
        for row in rows:
            if row not in found:
                raise _wrong(f"没有这一行：{row}。", f"no such row: {row}.")
        known = resolved(workspace.store, resident)
        alive = resident if known.is_empty() else int(known["resident"][0])
        before = ledger(workspace.store).height
        decided = split(
            workspace.store,
            alive,
            [found[row] for row in rows],
            who=workspace.who,
            now=workspace.clock(),
            reason=reason,
        )
        after = ledger(workspace.store).height
    made = list(range(before + 1, after + 1))
    if shell.json:
        json_line(_decided(decided) | {"entries": made})
        return
    shell.result(outcome_text(shell, len(made), decided))
    if made:
        numbers = f"{made[0]}-{made[-1]}" if len(made) > 1 else f"{made[0]}"
        shell.remark(
            f"撤回：oneform reviews --withdraw {numbers}", f"take it back: oneform reviews --withdraw {numbers}"
        )


def list_entries(shell: Shell, workspace: Workspace) -> None:
    """Every judgement with its number, in order."""
    from oneform.pipeline import ledger

    entries = ledger(workspace.store)
    if shell.json:
        for row in entries.drop("left_record", "right_record").iter_rows(named=True):
            json_line(row)
        return
    if entries.is_empty():
        shell.result(shell.text("还没有判断。", "No judgement yet."))
    for row in entries.iter_rows(named=True):
        left, right = (place_text(shell, row[side] or "") for side in ("left", "right"))
        said = shell.text(*SAID[row["answer"]])
        over = "" if row["in_force"] else shell.text("（已不作数）", " (no longer in force)")
        why = f"  {row['reason']}" if row["reason"] else ""
        shell.result(f"{row['entry']}. {left}  |  {right}：{said}{over}  {row['judged_at'][:10]} {row['who']}{why}")


def withdraw(shell: Shell, workspace: Workspace, texts: tuple[str, ...]) -> None:
    """Take entries back, all in one act."""
    from oneform.pipeline import ledger
    from oneform.pipeline import withdraw as take_back

    entries: list[int] = []
    for text in texts:
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text.strip())
        if found is None:
            raise _wrong(f"看不懂「{text}」，请写 3 或 3-5。", f"cannot read {text}; write 3 or 3-5.")
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= ledger(workspace.store).height:
            raise _wrong(f"没有第 {last} 号判断。", f"no judgement {last}.")
        entries += range(first, last + 1)
    before = ledger(workspace.store).height
    decided = take_back(workspace.store, entries, who=workspace.who, now=workspace.clock())
    count = ledger(workspace.store).height - before
    if shell.json:
        json_line(_decided(decided) | {"withdrawn": count})
    elif count == 0:
        shell.result(shell.text("先前已撤回，没有改动。", "Taken back before; nothing changed."))
    else:
        shell.result(
            shell.text(
                f"已撤回 {count} 条：合并 {decided.merged} 人，分开 {decided.split} 人；"
                f"还有 {decided.reviews} 对待确认。",
                f"{count} taken back: {decided.merged} merged, {decided.split} split; {decided.reviews} pairs wait.",
            )
        )


def write_workbook(shell: Shell, workspace: Workspace, output: str) -> None:
    """The questions that wait, as a workbook."""
    from oneform.pipeline.sheet_reviews import ask_in_workbook
    from oneform.store import write_whole

    if Path(output).suffix.lower() != ".xlsx":
        raise _wrong(f"核对表是 .xlsx 文件，请改名：{output}。", f"a review workbook is an .xlsx file: {output}.")
    content = ask_in_workbook(workspace.store, now=workspace.clock())
    if content is None:
        shell.result(shell.text("没有要确认的，没有写文件。", "No pair waits; nothing was written."))
        return
    write_whole(Path(output), content)
    waiting = workspace.reviews().height
    if shell.json:
        json_line({"file": output, "reviews": waiting})
        return
    shell.result(
        shell.text(
            f"{waiting} 对写在 {output}，填好「答案」后：oneform reviews {output}",
            f"{waiting} pairs are in {output}; once answered: oneform reviews {output}",
        )
    )


def take_workbook(shell: Shell, workspace: Workspace, path: str) -> int:
    """The answers of a workbook; 3 where some could not be taken."""
    from oneform.pipeline.sheet_reviews import answer_from_workbook

    outcome = answer_from_workbook(workspace.store, Path(path), who=workspace.who, now=workspace.clock())
    if shell.json:
        json_line(
            {
                "answers": outcome.told,
                "known": outcome.known,
                "later": outcome.later,
                "blank": outcome.blank,
                "messages": outcome.messages.to_dicts(),
                **(_decided(outcome.decided) if outcome.decided else {}),
            }
        )
        return 3 if outcome.messages.height else 0
    if outcome.decided:
        shell.result(outcome_text(shell, outcome.told, outcome.decided))
        tell_unmet(shell, outcome.decided.unmet)
    else:
        shell.result(shell.text("没有新的答案。", "No new answers."))
    shell.remark(
        f"先前已记下 {outcome.known} 条，以后再看 {outcome.later} 条，空着 {outcome.blank} 条。",
        f"{outcome.known} known before, {outcome.later} put off, {outcome.blank} left blank.",
    )
    for row in outcome.messages.iter_rows(named=True):
        shell.result(shell.text(f"[!] 第 {row['row']} 行：{row['zh']}", f"[!] row {row['row']}: {row['en']}"))
    return 3 if outcome.messages.height else 0


def _decided(decided: Decided) -> dict[str, object]:
    return {
        "merged": decided.merged,
        "split": decided.split,
        "reviews": decided.reviews,
        "unmet": decided.unmet.select("left", "right", "reason").to_dicts(),
    }


def _wrong(zh: str, en: str) -> UsageError:
    return UsageError(Fault("", "", zh, en))
