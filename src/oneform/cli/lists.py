"""Commands that list what the dataset holds: problems, links, residents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oneform.cli.describe import places
from oneform.cli.options import Shell, common, csv_result, json_line, table, user
from oneform.errors import Fault, UsageError

if TYPE_CHECKING:
    import polars as pl

    from oneform.pipeline import Workspace
    from oneform.schema import Schema

_SHOWN = 20  # rows, or lines of one file, on a screen
_RESIDENT = {
    "resident": ("编号", "resident"),
    "name": ("姓名", "name"),
    "gender": ("性别", "sex"),
    "birth_date": ("出生日期", "born"),
    "id_number": ("证件号码", "ID number"),
    "phone": ("联系电话", "phone"),
    "grid": ("网格", "grid"),
    "current_address": ("现住址", "address"),
}
_PROVENANCE = {
    "resident": ("编号", "resident"),
    "field": ("内容", "field"),
    "value": ("值", "value"),
    "file": ("来源文件", "file"),
    "sheet": ("工作表", "sheet"),
    "row": ("行", "row"),
    "column": ("列", "column"),
}


@click.command("problems")
@common
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV。")
@click.option("--batch", type=int, metavar="批次", help="只看这一批。")
def problems_(shell: Shell, as_csv: bool, batch: int | None) -> None:
    """列出各次导入发现的问题。

    List what every import found.
    """
    import polars as pl

    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace) as workspace:
        found = workspace.problems()
    found = found if batch is None else found.filter(pl.col("batch") == batch)
    if as_csv:
        csv_result(found.drop("message_en"))
    elif shell.json:
        for row in found.drop("message_en").iter_rows(named=True):
            json_line(row)
    elif found.is_empty():
        shell.result(shell.text("没有问题。", "No problems."))
    else:
        for (number, file), here in found.group_by("batch", "file", maintain_order=True):
            counts = dict(here.group_by("level").len().iter_rows())
            errors, warnings = counts.get("错误", 0), counts.get("提醒", 0)
            shell.result(
                shell.text(
                    f"第 {number} 批 {file}：错误 {errors}  提醒 {warnings}",
                    f"batch {number} {file}: errors {errors}  warnings {warnings}",
                )
            )
            lines = list(places(shell, here, several=here["sheet"].n_unique() > 1))
            for line in lines if batch is not None else lines[:_SHOWN]:
                shell.result(f"  {line}")
            if batch is None and len(lines) > _SHOWN:
                rest = len(lines) - _SHOWN
                shell.result(
                    shell.text(
                        f"  …… 还有 {rest} 条：oneform problems --batch {number}",
                        f"  … {rest} more: oneform problems --batch {number}",
                    )
                )
        shell.remark("逐处清单：oneform problems --csv", "every one of them: oneform problems --csv")


@click.command("links")
@common
@click.option("--csv", "as_csv", is_flag=True, help="每行一个来源行，CSV。")
@click.option("--report", is_flag=True, help="合得好不好：估计的准确率和召回率、规则、等确认的、用的模型。")
@click.option("--sample", type=int, metavar="对数", help="随机抽一些合在一起的行，写成 Excel 给人核对（要写 -o）。")
@click.option("-o", "--output", metavar="文件", help="抽样写到哪里，如 抽样核对.xlsx。")
@click.option("--labelled", metavar="文件", help="读回填好的抽样核对表，算出准确率；不改动数据。")
@click.option("--judge", is_flag=True, help="与 --labelled 同用：把填「不是」的记为判断，分开；可以撤回。")
@click.option("--train", is_flag=True, help="用现有的资料训练打分的模型，并重新合并所有行。")
@click.pass_context
def links_(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    shell: Shell,
    *,
    as_csv: bool,
    report: bool,
    sample: int | None,
    output: str | None,
    labelled: str | None,
    judge: bool,
    train: bool,
) -> None:
    """列出每个来源行属于哪位居民、哪一户；合得准不准（估计，或抽样核对）。

    List which resident, household … every source row belongs to; report how good the links are, by estimate or by sample.
    """
    from oneform.cli import audit, linkage
    from oneform.pipeline import open_workspace

    if sum((as_csv, report, sample is not None, labelled is not None, train)) > 1:
        raise _wrong(
            "--csv、--report、--sample、--labelled、--train 一次只能用一个。",
            "use one of --csv, --report, --sample, --labelled and --train at a time.",
        )
    if (judge and labelled is None) or (output is not None and sample is None):
        raise _wrong(
            "--judge 要和 --labelled 一起写，-o 要和 --sample 一起写。",
            "--judge goes with --labelled, -o with --sample.",
        )
    with open_workspace(shell.workspace, who=user()) as workspace:
        if report:
            linkage.report(shell, workspace)
        elif sample is not None:
            audit.write_sample(shell, workspace, sample, output)
        elif labelled is not None:
            ctx.exit(audit.take_labels(shell, workspace, labelled, judge=judge))
        elif train:
            linkage.train(shell, workspace)
        else:
            _list_links(shell, workspace, as_csv=as_csv)


def _list_links(shell: Shell, workspace: Workspace, *, as_csv: bool) -> None:
    import polars as pl

    linked = workspace.links()
    names = {one.name: shell.text(one.zh, one.en) for one in workspace.schema.entities.values()}
    if as_csv:
        csv_result(linked)
    elif shell.json:
        for row in linked.iter_rows(named=True):
            json_line(row)
    else:
        counts = linked.group_by("entity", maintain_order=True).agg(
            pl.len().alias("rows"),
            pl.col("resident").drop_nulls().n_unique().alias("distinct"),
            pl.col("resident").null_count().alias("waiting"),
        )
        rows = [(names.get(entity, entity), *numbers) for entity, *numbers in counts.rows()]
        headers = (
            ["对象", "来源行", "合并后", "等补填"] if shell.lang == "zh" else ["entity", "rows", "merged", "waiting"]
        )
        shell.result(table(headers, rows) if rows else shell.text("还没有导入过表。", "Nothing was imported yet."))
        if rows:
            shell.remark("合得准不准：oneform links --report", "how good the links are: oneform links --report")


def _wrong(zh: str, en: str) -> UsageError:
    return UsageError(Fault("", "", zh, en))


@click.command("residents")
@common
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV。")
@click.option("--provenance", is_flag=True, help="每个值一行，带来源文件、工作表、行、列。")
def residents_(shell: Shell, as_csv: bool, provenance: bool) -> None:
    """列出居民（每人一行）。

    List golden residents, one row each.
    """
    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace) as workspace:
        rows = workspace.provenance() if provenance else workspace.residents()
        bound = workspace.schema
    if as_csv:
        csv_result(rows)
    elif shell.json:
        for row in rows.iter_rows(named=True):
            json_line({name: value for name, value in row.items() if value is not None})
    else:
        shell.result(_first(shell, rows, bound, _PROVENANCE if provenance else _RESIDENT))
        what, option = ("个值", " --provenance") if provenance else ("位居民", "")
        shell.remark(
            f"共 {rows.height} {what}；全部：oneform residents{option} --csv",
            f"{rows.height} rows; all of them: oneform residents{option} --csv",
        )


def _first(shell: Shell, rows: pl.DataFrame, bound: Schema, columns: dict[str, tuple[str, str]]) -> str:
    """The first rows in columns that fit a screen, codes as the words they stand for."""
    shown = rows.head(_SHOWN).select(list(columns))
    fields = bound.entities["person"].fields
    for name in shown.columns:
        codes = fields[name].codes if name in fields else None
        if codes:
            shown = shown.with_columns(shown[name].replace(dict(bound.codes[codes].labels)))
    if "field" in shown.columns:
        words = {field.name: shell.text(field.zh, field.en) for field in fields.values()}
        shown = shown.with_columns(shown["field"].replace(words))
    return table([shell.text(*words) for words in columns.values()], shown.rows())
