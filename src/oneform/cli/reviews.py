"""The command that puts pairs of records to a person: lists them, takes answers, or walks through them one by one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, csv_result, json_line, table, user
from oneform.errors import Fault, UsageError

if TYPE_CHECKING:
    import polars as pl

    from oneform.pipeline import Decided, Workspace

# What may be written after `N=`, and what it means.
_WORDS = {
    "same": "same",
    "not": "not_same",
    "not_same": "not_same",
    "unsure": "unsure",
    "later": "later",
    "同一人": "same",
    "不是": "not_same",
    "不确定": "unsure",
    "以后": "later",
}
SAID = {
    "same": ("同一人", "same person"),
    "not_same": ("不是同一人", "not the same"),
    "unsure": ("不确定", "unsure"),
    "later": ("以后再看", "later"),
    "withdrawn": ("已撤回", "withdrawn"),
}
_KEYS = {"1": "same", "2": "not_same", "3": "unsure", "4": "later"}
_UNMET = {
    "judged_same_two_ids": (
        "判为同一人，但两边的证号都有效而且不同，没有合并；请核对证件，改正证号后再导入。",
        "judged the same, but both ID numbers are valid and differ: not merged; check the documents.",
    ),
    "judgements_contradict": (
        "判为同一人，但与另一条判断矛盾，没有合并；请核对后重新判断。",
        "judged the same, but another judgement keeps them apart: not merged.",
    ),
}
LABELS = {
    "place": ("来源", "source"),
    "name": ("姓名", "name"),
    "id_number": ("证件号码", "ID number"),
    "birth_date": ("出生日期", "born"),
    "gender": ("性别", "sex"),
    "phone": ("联系电话", "phone"),
    "current_address": ("现住址", "address"),
    "hukou_address": ("户籍地址", "registered address"),
    "relation_to_head": ("与户主关系", "relation to head"),
    "household_id": ("户号", "household"),
    "head_name": ("户主", "head"),
}


@click.command("reviews")
@common
@click.argument("workbook", required=False, metavar="[核对表]")
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV。")
@click.option("-o", "--output", metavar="文件", help="写成核对表（Excel），填好再交回：oneform reviews 核对表。")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="编号=答案",
    help="回答一条：1=same（同一人）、1=not（不是）、1=unsure（不确定）；可以写多次。",
)
@click.option("--ledger", "listing", is_flag=True, help="列出作过的判断，带编号。")
@click.option("--withdraw", "entries", multiple=True, metavar="编号", help="撤回判断：3 或 3-5；一切回到判断之前。")
@click.pass_context
def reviews_(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    shell: Shell,
    workbook: str | None,
    as_csv: bool,
    output: str | None,
    answers: tuple[str, ...],
    listing: bool,
    entries: tuple[str, ...],
) -> None:
    """判断成对的记录是不是同一人；在终端里逐条问，否则列出；也可以用 Excel 核对表来答。

    Decide pairs of records that may be one person: asked one by one on a terminal, in a workbook, else listed.
    """
    from oneform.cli import ledger
    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace, who=user()) as workspace:
        if workbook:
            ctx.exit(ledger.take_workbook(shell, workspace, workbook))
        elif output:
            ledger.write_workbook(shell, workspace, output)
        elif entries:
            ledger.withdraw(shell, workspace, entries)
        elif listing:
            ledger.list_entries(shell, workspace)
        elif as_csv:
            columns = ("review", "left", "right", "match_weight", "reason")
            csv_result(workspace.reviews().select(columns))
        elif answers:
            _answer(shell, workspace, answers)
        elif not shell.json and sys.stdin.isatty() and sys.stdout.isatty():
            _walk(shell, workspace)
        else:
            _list(shell, workspace)


def _list(shell: Shell, workspace: Workspace) -> None:
    from oneform.pipeline import explain_reviews, unmet

    explained = explain_reviews(workspace.store, workspace.reviews(), english=shell.lang == "en")
    if shell.json:
        for row in explained.iter_rows(named=True):
            json_line(row)
        return
    if explained.is_empty():
        shell.result(shell.text("没有要确认的。", "No pair waits."))
    for row in explained.iter_rows(named=True):
        left, right = (place_text(shell, row[side]) for side in ("left", "right"))
        shell.result(
            f"{row['review']}. {left}  |  {right}  ({_weight(shell, row)})\n   {row['sentence'] or ''}".rstrip()
        )
    if not explained.is_empty():
        shell.remark(
            "回答：oneform reviews --answer 1=same（同一人）、1=not（不是）、1=unsure（不确定）",
            "answer: oneform reviews --answer 1=same, 1=not or 1=unsure",
        )
    tell_unmet(shell, unmet(workspace.store))


def _answer(shell: Shell, workspace: Workspace, answers: tuple[str, ...]) -> None:
    """Every answer belongs to the list as it was shown: all are read first, then written in one act."""
    import polars as pl

    from oneform.pipeline import decide

    waiting = workspace.reviews()
    pairs = {row["review"]: (row["left_record"], row["right_record"]) for row in waiting.iter_rows(named=True)}
    given: dict[int, str] = {}
    for text in answers:
        number, answer = _read(text)
        if number not in pairs:
            raise _wrong(f"没有第 {number} 条，现有 {len(pairs)} 条。", f"no review {number}; there are {len(pairs)}.")
        if given.get(number, answer) != answer:
            raise _wrong(f"第 {number} 条答了两次，答案不同。", f"review {number} has two different answers.")
        given[number] = answer
    rows = [(*pairs[number], answer) for number, answer in given.items()]
    told = pl.DataFrame(rows, schema=["left", "right", "answer"], orient="row")
    decided = decide(workspace.store, told, who=workspace.who, now=workspace.clock())
    if shell.json:
        json_line(
            {
                "answers": len(rows),
                "merged": decided.merged,
                "split": decided.split,
                "reviews": decided.reviews,
                "unmet": decided.unmet.select("left", "right", "reason").to_dicts(),
            }
        )
        return
    shell.result(outcome_text(shell, len(rows), decided))
    tell_unmet(shell, decided.unmet)


def _read(text: str) -> tuple[int, str]:
    number, _, word = text.partition("=")
    if not (number.strip().isascii() and number.strip().isdigit()) or word.strip() not in _WORDS:
        raise _wrong(
            f"看不懂「{text}」，请写成 1=same、1=not 或 1=unsure。",
            f"cannot read {text}; write 1=same, 1=not or 1=unsure.",
        )
    return int(number), _WORDS[word.strip()]


def _wrong(zh: str, en: str) -> UsageError:
    return UsageError(Fault("", "", zh, en))


def _walk(shell: Shell, workspace: Workspace) -> None:
    """One pair after the other until none is left; each answer is written at once, and can be taken back."""
    history: list[tuple[tuple[int, int], str]] = []
    while True:
        waiting = _open(workspace, [pair for pair, answer in history if answer == "later"])
        if waiting.is_empty():
            shell.result(shell.text("没有要确认的了。", "No more pairs wait."))
        else:
            _show(shell, workspace, waiting)
        key = _key(shell, answering=not waiting.is_empty(), undoing=bool(history))
        if key == "q":
            break
        if key == "u":
            pair, answer = history.pop()
            if answer != "later":
                workspace.decide(*pair, "withdrawn")
            shell.result(shell.text("已撤回上一条。", "The last answer was taken back."))
            continue
        pair = waiting.select("left_record", "right_record").row(0)
        history.append((pair, _KEYS[key]))
        decided = workspace.decide(*pair, _KEYS[key])
        shell.result(f"→ {shell.text(*SAID[_KEYS[key]])}")
        tell_unmet(shell, decided.unmet)
    said = sum(answer != "later" for _, answer in history)
    shell.remark(f"共回答 {said} 条。", f"{said} answered.")
    shell.remark(
        "看作过的判断：oneform reviews --ledger；已并在一起的要分开：oneform split",
        "judgements made: oneform reviews --ledger; rows wrongly joined: oneform split",
    )


def _open(workspace: Workspace, later: list[tuple[int, int]]) -> pl.DataFrame:
    """The reviews but for the pairs put off."""
    waiting = workspace.reviews()
    put_off = [pair in later for pair in waiting.select("left_record", "right_record").iter_rows()]
    return waiting.filter([not off for off in put_off])


def _show(shell: Shell, workspace: Workspace, waiting: pl.DataFrame) -> None:
    """The first pair: the two rows side by side, and what was found in a sentence."""
    from oneform.pipeline import explain_reviews, side_by_side

    row = explain_reviews(workspace.store, waiting.head(1), english=shell.lang == "en").row(0, named=True)
    sides = side_by_side(workspace.store, row["left_record"], row["right_record"])
    lines = [
        (shell.text(*LABELS[field]), *(place_text(shell, value) if field == "place" else value for value in values))
        for field, *values in sides.iter_rows()
    ]
    left = shell.text(f"还有 {waiting.height} 对", f"{waiting.height} left")
    said = f"{row['sentence'] or ''}（{_weight(shell, row)}）"
    shell.result(f"\n{table([left, shell.text('左', 'left'), shell.text('右', 'right')], lines)}\n{said}")


def _key(shell: Shell, *, answering: bool, undoing: bool) -> str:
    """A key that means something now; with nothing left to answer and nothing to take back, `q`."""
    choices = [(key, *SAID[answer]) for key, answer in _KEYS.items()] if answering else []
    choices += [("u", "撤回上一条", "undo")] if undoing else []
    if not choices:
        return "q"
    choices.append(("q", "退出", "quit"))
    shell.result("  ".join(f"{key} {shell.text(zh, en)}" for key, zh, en in choices))
    while True:
        try:
            key = click.getchar().lower()
        except EOFError:  # Ctrl-D
            return "q"
        if key in {choice for choice, *_ in choices}:
            return key


def outcome_text(shell: Shell, count: int, decided: Decided) -> str:
    """What answers led to."""
    return shell.text(
        f"已记下 {count} 条：合并 {decided.merged} 人，分开 {decided.split} 人；还有 {decided.reviews} 对待确认。",
        f"{count} answers kept: {decided.merged} merged, {decided.split} split; {decided.reviews} pairs still wait.",
    )


def tell_unmet(shell: Shell, unmet: pl.DataFrame) -> None:
    """Answers that could not be followed: a message, not a question."""
    for row in unmet.iter_rows(named=True):
        left, right = (place_text(shell, row[side]) for side in ("left", "right"))
        zh, en = _UNMET[row["reason"]]
        shell.remark(f"[!] {left}  |  {right}：{zh}", f"[!] {left}  |  {right}: {en}")


def _weight(shell: Shell, row: dict[str, object]) -> str:
    return shell.text(f"匹配权重 {row['match_weight']:+.1f}", f"match weight {row['match_weight']:+.1f}")


def place_text(shell: Shell, place: str) -> str:
    """`file!sheet!row` as people say it."""
    rest, _, row = place.rpartition("!")
    file, _, sheet = rest.partition("!")
    return shell.text(f"{file}「{sheet}」第 {row} 行", f"{file} {sheet} row {row}")
