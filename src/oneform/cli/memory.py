"""The answers people gave about columns and header rows: listed, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, common, csv_result, json_line, table

if TYPE_CHECKING:
    import polars as pl

    from oneform.schema import Schema


@click.command("memory")
@common
@click.option("--csv", "as_csv", is_flag=True, help="全部，CSV。")
@click.option("--forget", type=int, metavar="编号", help="忘掉这一条；下次遇到会再问。")
def memory_(shell: Shell, as_csv: bool, forget: int | None) -> None:
    """列出确认过、以后照用的列名和表头行。

    List what was answered about columns and header rows, and is used from then on.
    """
    from oneform.cli.options import user
    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace, who=user()) as workspace:
        if forget is not None:
            workspace.forget(forget)
            shell.remark(
                f"[ok] 已忘掉第 {forget} 条；已入库的内容不变。",
                f"[ok] forgot answer {forget}; what was imported stays.",
            )
            return
        known = workspace.memory()
        bound = workspace.schema
    if as_csv:
        csv_result(_plain(known))
    elif shell.json:
        for row in _plain(known).iter_rows(named=True):
            json_line(row)
    elif known.is_empty():
        shell.result(
            shell.text(
                "还没有记住什么。导入时用 --column 表头=字段 告诉程序，以后同样的表就不再问。",
                "Nothing is remembered. Say it once with --column HEADER=FIELD when you import.",
            )
        )
    else:
        headers = ["编号", "表头", "当作", "谁", "何时", "哪份表"]
        headers_en = ["no.", "header", "taken for", "who", "when", "sheet"]
        lines = [_line(shell, row, bound) for row in known.iter_rows(named=True)]
        shell.result(table(headers if shell.lang == "zh" else headers_en, lines))
        shell.remark("忘掉一条：oneform memory --forget 编号", "take one back: oneform memory --forget NUMBER")


def _plain(known: pl.DataFrame) -> pl.DataFrame:
    """The machine-readable columns."""
    import polars as pl

    return known.select(
        "number", "kind", "about", pl.col("shown").alias("header"), "entity", "field", "first_row", "last_row", "who",
        pl.col("said_at").alias("at"), "file",
    )  # fmt: skip


def _line(shell: Shell, row: dict[str, object], bound: Schema) -> list[object]:
    if row["kind"] == "header":
        shown = shell.text(f"工作表「{row['shown']}」的表头行", f"header rows of sheet {row['shown']}")
        meant = f"{row['first_row']}-{row['last_row']}"
    else:
        shown, meant = str(row["shown"]), shell.text("无（不用）", "nothing")
        home = bound.entities.get(str(row["entity"]))
        if home is not None and row["field"] in home.fields:
            field = home.fields[str(row["field"])]
            meant = shell.text(f"{home.zh}·{field.zh}", f"{home.en}: {field.en}")
        elif row["field"]:
            meant = f"{row['entity']}.{row['field']}"
    return [row["number"], shown, meant, row["who"], str(row["said_at"])[:16].replace("T", " "), row["file"]]
