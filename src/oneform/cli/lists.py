"""Commands that list what the dataset holds: problems, reviews, links, residents."""

from __future__ import annotations

import click

from oneform.cli.options import Shell, common, csv_result, json_line, table


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
        csv_result(found)
    elif shell.json:
        for row in found.iter_rows(named=True):
            json_line(row)
    else:
        counts = found.group_by("file", "level", "code", maintain_order=True).agg(
            pl.len().alias("count"), pl.col("message").first()
        )
        shell.result(table(["文件", "级别", "代码", "处数", "例"], counts.rows()) if found.height else "没有问题。")
        shell.remark("逐处清单：oneform problems --csv", "every one of them: oneform problems --csv")


@click.command("reviews")
@common
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV。")
def reviews_(shell: Shell, as_csv: bool) -> None:
    """列出可能是同一人、要人来判断的成对记录。

    List the pairs of records that wait for a person's judgement.
    """
    from oneform.pipeline import explain_reviews, open_workspace

    with open_workspace(shell.workspace) as workspace:
        waiting = workspace.reviews()
        if as_csv:
            csv_result(waiting.select("review", "left", "right", "match_weight", "reason"))
            return
        explained = explain_reviews(workspace.store, waiting)
    if shell.json:
        for row in explained.iter_rows(named=True):
            json_line(row)
        return
    if explained.is_empty():
        shell.result("没有要确认的。")
    for row in explained.iter_rows(named=True):
        shell.result(
            f"{row['review']}. {row['left']}  |  {row['right']}  ({row['match_weight']:+.1f})\n   {row['sentence']}"
        )


@click.command("links")
@common
@click.option("--csv", "as_csv", is_flag=True, help="每行一个来源行，CSV。")
def links_(shell: Shell, as_csv: bool) -> None:
    """列出每个来源行属于哪位居民、哪一户。

    List which resident, household … every source row belongs to.
    """
    import polars as pl

    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace) as workspace:
        linked = workspace.links()
        names = {entity.name: entity.zh for entity in workspace.schema.entities.values()}
    if as_csv:
        csv_result(linked)
    elif shell.json:
        for row in linked.iter_rows(named=True):
            json_line(row)
    else:
        counts = linked.group_by("entity", maintain_order=True).agg(
            pl.len(), pl.col("resident").n_unique(), pl.col("resident").null_count()
        )
        rows = [
            (names.get(entity, entity), rows, distinct - bool(waiting), waiting)
            for entity, rows, distinct, waiting in counts.rows()
        ]
        shell.result(table(["对象", "来源行", "合并后", "等补填"], rows))


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
        labels = {field.name: field.zh for field in workspace.schema.entities["person"].fields.values()}
    if as_csv:
        csv_result(rows)
    elif shell.json:
        for row in rows.iter_rows(named=True):
            json_line({name: value for name, value in row.items() if value is not None})
    else:
        kept = rows.select(name for name in rows.columns if rows[name].null_count() < rows.height).head(20)
        shown = kept.select(kept.columns[:8])
        shell.result(table([labels.get(name, name) for name in shown.columns], shown.rows()))
        shell.remark(
            f"共 {rows.height} 行；全部：oneform residents --csv",
            f"{rows.height} rows; all of them: oneform residents --csv",
        )
