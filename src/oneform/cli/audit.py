"""The audit sample of `oneform links`: random joined pairs out as a workbook, a person's labels back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oneform.cli.linkage import share_text
from oneform.cli.options import Shell, json_line
from oneform.cli.reviews import outcome_text, place_text, tell_unmet
from oneform.errors import Fault, UsageError

if TYPE_CHECKING:
    from oneform.pipeline import Workspace
    from oneform.pipeline.auditing import Audited


def write_sample(shell: Shell, workspace: Workspace, count: int, output: str | None) -> None:
    """A random sample of joined pairs as a workbook."""
    from oneform.store import write_whole

    if output is None or Path(output).suffix.lower() != ".xlsx":
        raise _wrong(
            f"请写出要写成哪个 .xlsx 文件：oneform links --sample {count} -o 抽样核对.xlsx。",
            f"name the .xlsx file to write: oneform links --sample {count} -o FILE.xlsx.",
        )
    if Path(output).exists():
        raise _wrong(
            f"{output} 已经有了，里面可能有填好的答案，没有覆盖。请换个文件名，或先把它移走。",
            f"{output} exists and may hold answers: not overwritten. Take another name.",
        )
    sample = workspace.audit_sample(count)
    if sample is None:
        shell.result(shell.text("没有合在一起的行，没有写文件。", "No two rows are joined; nothing was written."))
        return
    write_whole(Path(output), sample.content)
    if shell.json:
        json_line({"file": output, "pairs": sample.pairs, "merged_pairs": sample.merged})
        return
    shell.result(
        shell.text(
            f"从 {sample.merged} 对里随机抽了 {sample.pairs} 对，写在 {output}。\n填好后：oneform links --labelled {output}",
            f"{sample.pairs} random pairs of {sample.merged} are in {output}.\n"
            f"Once labelled: oneform links --labelled {output}",
        )
    )
    shell.remark("文件里有居民的真实信息，请妥善保管。", "the file holds residents' data: keep it safe.")


def take_labels(shell: Shell, workspace: Workspace, file: str, *, judge: bool) -> int:
    """What a labelled sample says; 3 where some lines could not be taken. Written down only with `judge`."""
    from oneform.pipeline import ledger

    audited = workspace.audit_read(file)
    if shell.json and not judge:
        json_line(_audited_json(audited))
        return 3 if audited.messages.height else 0
    before = ledger(workspace.store).height if judge else 0
    decided = workspace.audit_judge(audited, file) if judge else None
    made = ledger(workspace.store).height - before if judge else 0
    if shell.json:
        outcome = {"merged": decided.merged, "split": decided.split, "reviews": decided.reviews} if decided else {}
        json_line(_audited_json(audited) | {"judgements": made} | outcome)
        return 3 if audited.messages.height else 0
    _tell_audited(shell, audited)
    if decided and made:
        shell.result(outcome_text(shell, made, decided))
        tell_unmet(shell, decided.unmet)
        entries = f"{before + 1}-{before + made}" if made > 1 else f"{before + 1}"
        shell.remark(
            f"撤回：oneform reviews --withdraw {entries}", f"take it back: oneform reviews --withdraw {entries}"
        )
    elif judge:
        shell.result(shell.text("没有要新记下的判断。", "No new judgement."))
    elif audited.open:
        shell.result(
            shell.text(
                f"数据没有改动。要把这 {audited.open} 对分开：oneform links --labelled {file} --judge",
                f"Nothing was changed. To take the wrong pairs apart: oneform links --labelled {file} --judge",
            )
        )
    return 3 if audited.messages.height else 0


def _tell_audited(shell: Shell, audited: Audited) -> None:
    if audited.precision is None or audited.low is None or audited.high is None:
        shell.result(
            shell.text(
                f"还没有填「同一人」或「不是」（看不出 {audited.unclear} 对，空着 {audited.blank} 对），算不出准确率。",
                f"Nothing is labelled yet ({audited.unclear} unclear, {audited.blank} blank): no precision can be told.",
            )
        )
    else:
        labelled = audited.same + audited.not_same
        interval = f"{share_text(audited.low)}–{share_text(audited.high)}"
        shell.result(
            shell.text(
                f"看过 {labelled} 对，{audited.same} 对合对了：准确率 {share_text(audited.precision)}"
                f"（95% 区间 {interval}）。",
                f"{labelled} pairs labelled, {audited.same} right: precision {share_text(audited.precision)} "
                f"(95% interval {interval}).",
            )
        )
        if audited.unclear or audited.blank:
            shell.result(
                shell.text(
                    f"看不出 {audited.unclear} 对，空着 {audited.blank} 对，都没有算进去；空着的多，结果就不太可靠。",
                    f"{audited.unclear} unclear, {audited.blank} blank: not counted; with many left blank, trust it less.",
                )
            )
    for row in audited.wrong.iter_rows(named=True):
        left, right = (place_text(shell, row[side]) for side in ("left", "right"))
        now = ""
        if row["answer"] == "same":
            now = shell.text("（先前判定过「同一人」，要改请先撤回）", " (judged the same before: withdraw that first)")
        elif not row["together"]:
            now = shell.text("（现已分开）", " (two residents by now)")
        shell.result(
            shell.text(
                f"  第 {row['row']} 行，不是同一人：{left}  |  {right}{now}",
                f"  row {row['row']}, not one person: {left}  |  {right}{now}",
            )
        )
    for row in audited.messages.iter_rows(named=True):
        shell.result(shell.text(f"[!] 第 {row['row']} 行：{row['zh']}", f"[!] row {row['row']}: {row['en']}"))


def _audited_json(audited: Audited) -> dict[str, object]:
    return {
        "same": audited.same,
        "not_same": audited.not_same,
        "unclear": audited.unclear,
        "blank": audited.blank,
        "precision": audited.precision,
        "low": audited.low,
        "high": audited.high,
        "wrong": audited.wrong.drop("left_record", "right_record").to_dicts(),
        "messages": audited.messages.to_dicts(),
    }


def _wrong(zh: str, en: str) -> UsageError:
    return UsageError(Fault("", "", zh, en))
