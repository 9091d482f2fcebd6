"""The command that lists where trusted sources disagree, and households that do not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, csv_result, json_line

if TYPE_CHECKING:
    import polars as pl

    from oneform.schema import Schema

_SHOWN = 20  # disputes on a screen


@click.command("conflicts")
@common
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV（不遮蔽）。")
def conflicts_(shell: Shell, as_csv: bool) -> None:
    """列出可信来源说法不一的内容：谁说了什么、取了哪个、为什么；以及户主不清的户。

    List golden fields on which trusted sources disagree: who said what, which value won and why; and household problems.
    """
    from oneform.pipeline import open_workspace
    from oneform.pipeline.conflicting import conflicts, household_problems, masked

    with open_workspace(shell.workspace) as workspace:
        found = conflicts(workspace.store)
        homes = household_problems(workspace.store)
        bound = workspace.schema
    if as_csv:
        csv_result(found)
        return
    if shell.json:
        for row in found.iter_rows(named=True):
            json_line(row)
        for row in homes.iter_rows(named=True):
            json_line(row)
        return
    _tell(shell, masked(found).partition_by("entity", "id", "field", maintain_order=True), bound)
    for row in homes.head(_SHOWN).iter_rows(named=True):
        zh = f"户 {row['household']}  {row['code']} {row['zh']}"
        shell.result(shell.text(zh, f"household {row['household']}  {row['code']} {row['en']}"))
    if homes.height > _SHOWN:
        rest = homes.height - _SHOWN
        zh, en = f"…… 还有 {rest} 户：oneform conflicts --json", f"… {rest} more: oneform conflicts --json"
        shell.result(shell.text(zh, en))


def _tell(shell: Shell, disputes: list[pl.DataFrame], bound: Schema) -> None:
    """Each field on which sources disagree, with a line for each of them; the first of many."""
    from oneform.pipeline.conflicting import REASONS

    for rows in disputes[:_SHOWN]:
        first = rows.row(0, named=True)
        entity = bound.entities[first["entity"]]
        field = entity.fields[first["field"]]
        shell.result(shell.text(f"{entity.zh} {first['id']}  {field.zh}", f"{entity.en} {first['id']}  {field.en}"))
        for row in rows.iter_rows(named=True):
            known = bound.sources.get(row["source"])
            source = known.zh if known and shell.lang == "zh" else row["source"]
            place = shell.text(
                f"{source}（信任 {row['trust']}，{row['valid_on']}）{row['file']}「{row['sheet']}」第 {row['row']} 行",
                f"{source} (trust {row['trust']}, {row['valid_on']}) {row['file']} {row['sheet']} row {row['row']}",
            )
            zh, en = REASONS[row["why"]] if row["won"] else ("", "")
            won = shell.text(f"  ← 采用：{zh}", f"  <- used: {en}") if row["won"] else ""
            shell.result(f"  {row['value']}  {place}{won}")
    if len(disputes) > _SHOWN:
        rest = len(disputes) - _SHOWN
        zh, en = f"…… 还有 {rest} 处：oneform conflicts --csv", f"… {rest} more: oneform conflicts --csv"
        shell.result(shell.text(zh, en))
    if not disputes:
        shell.result(shell.text("可信来源之间没有不一致。", "Trusted sources agree."))
