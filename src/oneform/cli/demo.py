"""The demo: a week of one simulated community's sheets in, every department's form out."""

from __future__ import annotations

import csv
import shutil
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, table

if TYPE_CHECKING:
    from oneform.pipeline import Workspace

_FOLDER = Path("oneform-demo")


@click.command("demo")
@common
def demo_(shell: Shell) -> None:
    """演示：一个社区一周的表收进来，各部门的表填好。

    One simulated community's week of sheets in, every department's form out, in ./oneform-demo.
    """
    from oneform import shipped
    from oneform.pipeline import open_workspace
    from oneform.pipeline.workspace import SHANGHAI

    started = time.monotonic()
    with (shipped.folder("examples") / "sheets.csv").open(encoding="utf-8", newline="") as file:
        sheets = list(csv.DictReader(file))
    last = max(date.fromisoformat(sheet["date"]) for sheet in sheets)
    _clear_away()
    shell.result(
        shell.text(
            f"示例：幸福社区一周的 {len(sheets)} 份表（虚构人物）。数据里的“今天”是 {last}。\n",
            f"Example: {len(sheets)} sheets of one week in a simulated community; “today” is {last}.\n",
        )
    )
    with open_workspace(
        _FOLDER, create=True, who="demo", clock=lambda: datetime(last.year, last.month, last.day, 18, tzinfo=SHANGHAI)
    ) as workspace:
        _take_in(shell, workspace, sheets)
        _sum_up(shell, workspace)
        cells = _deliver(shell, workspace)
        _closing(shell, workspace, cells, timedelta(seconds=time.monotonic() - started))


def _clear_away() -> None:
    """Remove an earlier demo; a folder of that name which is none is left alone."""
    from oneform import problems

    if _FOLDER.exists() and not (_FOLDER / "oneform.duckdb").exists():
        raise problems.usage(
            f"当前目录里已有别的 {_FOLDER}，请换个目录再运行。", f"another {_FOLDER} is here already; run it elsewhere."
        )
    if _FOLDER.exists():
        shutil.rmtree(_FOLDER)


def _take_in(shell: Shell, workspace: Workspace, sheets: list[dict[str, str]]) -> None:
    from oneform import shipped

    shell.result(shell.text("一、收表", "1. Sheets in"))
    rows = []
    for sheet in sheets:
        path = shipped.folder("examples") / "sheets" / sheet["file"]
        outcome = workspace.import_sheet(
            path,
            source=sheet["source"],
            form=sheet.get("form") or None,
            valid_on=date.fromisoformat(sheet["date"]),
            say=shell.progress(path.name),
        )
        counts = outcome.checked.counts
        known = sum(column.field is not None for one in outcome.checked.tables for column in one.columns)
        columns = sum(len(one.columns) for one in outcome.checked.tables)
        rows.append(
            (
                sheet["file"],
                workspace.schema.sources[outcome.source].zh,
                f"{known}/{columns}",
                counts["rows"],
                outcome.new,
                outcome.updated,
                counts["held_cells"],
                counts["waiting"],
                outcome.queued_for_review,
            )
        )
    headers = ["表", "来源", "认出列", "行", "新增", "更新", "存疑格", "等补填", "待确认"]
    headers_en = ["sheet", "source", "columns", "rows", "new", "updated", "held", "waiting", "review"]
    shell.result(table(headers if shell.lang == "zh" else headers_en, rows) + "\n")


def _sum_up(shell: Shell, workspace: Workspace) -> None:
    from oneform.pipeline import telling_pairs

    people, linked = workspace.residents(), workspace.links()
    rows = linked.filter((linked["entity"] == "person") & linked["resident"].is_not_null()).height
    homes = linked.filter(linked["entity"] == "household")["resident"].drop_nulls().n_unique()
    waiting = workspace.reviews().height
    found = workspace.problems()
    errors = found.filter(found["level"] == "错误").height
    shell.result(
        shell.text(
            f"二、认人\n{rows} 行记录合并为 {people.height} 位居民、{homes} 户；{waiting} 对拿不准，留给人判断；"
            f"错误 {errors} 处、提醒 {found.height - errors} 处，逐格可查。",
            f"2. Who is who\n{rows} rows became {people.height} residents in {homes} households; {waiting} pairs wait "
            f"for a person; {errors} errors and {found.height - errors} warnings, each at its cell.",
        )
    )
    for sentence in telling_pairs(workspace.store):
        shell.result(f"  {sentence}")
    for one in found.unique("code", keep="first", maintain_order=True).head(3).iter_rows(named=True):
        shell.result(f"  {one['file']} 「{one['sheet']}」第 {one['row'] or '-'} 行 {one['code']} {one['message']}")
    shell.result("")


def _deliver(shell: Shell, workspace: Workspace) -> int:
    shell.result(shell.text("三、出表", "3. Forms out"))
    rows = []
    for form in workspace.forms.values():
        delivered, found = workspace.deliver(form.form, _FOLDER / "outbox")
        rows += [(one.title, one.department, one.rows, one.cells, str(one.file)) for one in delivered]
        for one in found.head(3).iter_rows(named=True):
            shell.result(f"  [!] {form.title}: {one['code']} {one['message']}")
    headers = (
        ["表", "部门", "行数", "填写格数", "文件"]
        if shell.lang == "zh"
        else ["form", "department", "rows", "cells", "file"]
    )
    shell.result(table(headers, rows) + "\n")
    return sum(row[3] for row in rows)


def _closing(shell: Shell, workspace: Workspace, cells: int, took: timedelta) -> None:
    from oneform.pipeline.workspace import known_values

    facts = known_values(workspace)
    shell.result(
        shell.text(
            f"数据集里有 {facts:,} 个事实，每个只录过一次；各部门的表一共填了 {cells:,} 格，没有一格要再打字。"
            f"（用时 {took.total_seconds():.0f} 秒）\n\n"
            "接下来可以试试：\n"
            f"  oneform residents --workspace {_FOLDER}\n"
            f"  oneform reviews --workspace {_FOLDER}\n"
            f"  oneform check 你的表.xlsx",
            f"The dataset holds {facts:,} facts, each typed once; the departments' forms took {cells:,} cells, none of "
            f"them typed again. ({took.total_seconds():.0f} s)\n\nNext:\n  oneform residents --workspace {_FOLDER}\n"
            f"  oneform reviews --workspace {_FOLDER}\n  oneform check YOUR.xlsx",
        )
    )
