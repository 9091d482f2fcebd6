"""Commands of a grid worker: init, template, check, import."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oneform.cli.options import Shell, column_letters, common, json_line, user
from oneform.errors import OneformError

if TYPE_CHECKING:
    from oneform.frames import Table
    from oneform.pipeline import Checked, Imported
    from oneform.schema import Schema

_SHOWN = 20  # problems printed in full; the rest are counted


@click.command("init")
@common
def init_(shell: Shell) -> None:
    """在工作区建立数据库（已有则不动）。

    Make a workspace: database, inbox, outbox, own schemas and mappings.
    """
    from oneform.pipeline import open_workspace

    with open_workspace(shell.workspace, create=True):
        shell.remark(
            f"[ok] 工作区已就绪：{shell.workspace.resolve()}。下一步：oneform import 表格.xlsx",
            f"[ok] workspace ready: {shell.workspace.resolve()}. Next: oneform import SHEET.xlsx",
        )


@click.command("template")
@common
@click.argument("entity", default="person")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="写到哪个文件。")
@click.option("--force", is_flag=True, help="覆盖已有文件。")
def template_(shell: Shell, entity: str, output: Path, force: bool) -> None:
    """生成采集表（默认：居民 26 列，带下拉和填写说明）。

    Write an import template workbook for an entity (default: person).
    """
    from oneform import problems
    from oneform.pipeline import import_template, load_schema
    from oneform.store import write_whole

    bound = load_schema(shell.workspace)
    if entity not in bound.entities:
        known = "、".join(f"{one.name}（{one.zh}）" for one in bound.entities.values())
        raise problems.usage(
            f"没有「{entity}」，可用：{known}。", f"no entity {entity}; known: {', '.join(bound.entities)}."
        )
    if output.exists() and not force:
        raise problems.usage(f"{output} 已存在，要覆盖请加 --force。", f"{output} exists; add --force to overwrite.")
    write_whole(output, import_template(bound, entity, shell.workspace))
    shell.remark(f"[ok] 已生成 {output}", f"[ok] wrote {output}")


def _files(given: tuple[str, ...]) -> list[Path]:
    """The files named; a pattern that the console did not expand is expanded here."""
    found: list[Path] = []
    for name in given:
        here = Path(name)
        pattern = any(mark in name for mark in "*?[") and not here.exists()
        found += sorted(here.parent.glob(here.name)) or [here] if pattern else [here]
    return found


@click.command("check")
@common
@click.argument("files", nargs=-1, required=True, metavar="文件…")
@click.option("--form", metavar="表名", help="按这张表的映射来读。")
@click.pass_context
def check_(ctx: click.Context, shell: Shell, files: tuple[str, ...], form: str | None) -> None:
    """看看表格会被怎样理解；什么都不写入。

    Show what sheets were understood to say; nothing is written.
    """
    from oneform.pipeline import check_sheet, load_forms, load_schema, now
    from oneform.pipeline.reports import found_form

    bound = load_schema(shell.workspace)
    named = found_form(load_forms(bound, shell.workspace), form) if form else None
    status = 0
    for path in _files(files):
        try:
            say = shell.progress(path.name)
            checked = check_sheet(path, bound, form=named, today=now().date(), say=say)
        except OneformError as error:
            status = max(status, _refused(shell, path, error), key=_rank)
            continue
        if shell.json:
            json_line(_understood(path, checked, bound))
        else:
            _describe(shell, path, checked, bound)
            shell.remark("未写入任何数据。", "Nothing was written.")
        status = max(status, _problem_status(shell, checked), key=_rank)
    ctx.exit(status)


@click.command("import")
@common
@click.argument("files", nargs=-1, required=True, metavar="文件…")
@click.option("--form", metavar="表名", help="按这张表的映射来读。")
@click.option("--source", metavar="来源", help="谁给的表：grid police health property self other …")
@click.option(
    "--date", "valid_on", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="表的日期（表里没写填报日期时）。"
)
@click.pass_context
def import_(
    ctx: click.Context,
    shell: Shell,
    files: tuple[str, ...],
    form: str | None,
    source: str | None,
    valid_on: datetime | None,
) -> None:
    """把表格收进来：对的入库，错的指出在哪一格、怎么改。

    Take sheets in: what is right goes in, what is wrong is named at its cell.
    """
    from oneform.pipeline import open_workspace

    status = 0
    with open_workspace(shell.workspace, who=user()) as workspace:
        for path in _files(files):
            try:
                outcome = workspace.import_sheet(
                    path,
                    form=form,
                    source=source,
                    valid_on=valid_on.date() if valid_on else None,
                    say=shell.progress(path.name),
                )
            except OneformError as error:
                if error.exit_code in {6, 7}:
                    raise
                status = max(status, _refused(shell, path, error), key=_rank)
                continue
            if shell.json:
                json_line(_understood(path, outcome.checked, workspace.schema) | _taken(outcome))
            else:
                _describe(shell, path, outcome.checked, workspace.schema)
                _tell(shell, outcome, workspace.schema)
            if not outcome.again:
                status = max(status, _problem_status(shell, outcome.checked), key=_rank)
    ctx.exit(status)


def _rank(status: int) -> int:
    """A refusal outranks "data needs people"; success comes last."""
    return {0: 0, 3: 1}.get(status, 2 + status)


def _refused(shell: Shell, path: Path, error: OneformError) -> int:
    fault = error.faults[0]
    if shell.json:
        json_line({"file": str(path), "error": {"code": fault.code, "message": shell.text(fault.zh, fault.en)}})
    else:
        for one in error.faults:
            click.echo(f"[x] {path}: {one.code} {shell.text(one.zh, one.en)}".replace(":  ", ": "), err=True)
    return error.exit_code


def _problem_status(shell: Shell, checked: Checked) -> int:
    levels = checked.problems["level"].unique().to_list()
    return 3 if "错误" in levels or (shell.strict and levels) else 0


def _understood(path: Path, checked: Checked, bound: Schema) -> dict[str, object]:
    """The stable JSON of `check`."""
    left_out = checked.left_out.filter(~checked.left_out["sheet"].is_in([table.sheet for table in checked.tables]))
    return {
        "file": str(path),
        "sheets": [_sheet(table, bound) for table in checked.tables],
        "problems": checked.problems.select("code", "sheet", "row", "column", "field", "message").to_dicts(),
        "counts": checked.counts,
        "left_out_sheets": left_out.select("sheet", "reason").to_dicts(),
        "notes": [zh for zh, _ in checked.workbook.notes],
    }


def _sheet(table: Table, bound: Schema) -> dict[str, object]:
    return {
        "name": table.sheet,
        "header_rows": list(table.header_rows),
        "data_rows": list(table.data_rows) if table.data_rows else None,
        "columns": [
            {
                "index": column.index,
                "header": column.header,
                "field": bound.entities[column.entity].fields[column.field].reported
                if column.entity and column.field
                else None,
                "confidence": round(column.confidence, 3),
                "suggestions": [{"field": field, "confidence": round(sure, 3)} for field, sure in column.suggestions],
            }
            for column in table.columns
        ],
        "left_out": [
            {
                name: value
                for name, value in row.items()
                if name == "reason" or (name in {"row", "column"} and value is not None)
            }
            for row in table.left_out.to_dicts()
        ],
        "facts": dict(table.facts),
    }


def _taken(outcome: Imported) -> dict[str, object]:
    return {
        "batch": outcome.batch,
        "source": outcome.source,
        "date": outcome.valid_on,
        "again": outcome.again,
        "new": outcome.new,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "queued_for_review": outcome.queued_for_review,
    }


def _describe(shell: Shell, path: Path, checked: Checked, bound: Schema) -> None:
    """What was understood and what is wrong, as a tired clerk wants to read it."""
    shell.result(path.name)
    for zh, en in checked.workbook.notes:
        shell.result(f"  {shell.text(zh, en)}")
    for table in checked.tables:
        first, last = table.header_rows
        rows = f"第 {first} 行" if first == last else f"第 {first}-{last} 行"
        rows_en = f"row {first}" if first == last else f"rows {first}-{last}"
        known = [column for column in table.columns if column.field]
        unused = [column.header for column in table.columns if not column.field]
        rest = f"（未使用：{'、'.join(unused)}）" if unused else ""
        rest_en = f" (unused: {', '.join(unused)})" if unused else ""
        shell.result(
            "  "
            + shell.text(
                f"读取：工作表「{table.sheet}」（{bound.entities[table.entity].zh}），表头{rows}，{table.cells.height} 行；认出 {len(known)}/{len(table.columns)} 列{rest}",
                f"read: sheet {table.sheet} ({table.entity}), header {rows_en}, {table.cells.height} rows; {len(known)}/{len(table.columns)} columns known{rest_en}",
            )
        )
        for column in table.columns:
            if not column.field and column.suggestions:
                asked = "、".join(_label(bound, field) for field, _ in column.suggestions)
                shell.result(f"    「{column.header}」" + shell.text(f"是否指 {asked}？", f"did you mean {asked}?"))
    _list_left_out(shell, checked)
    _list_problems(shell, checked)


def _label(bound: Schema, field: str) -> str:
    return next((one.fields[field].zh for one in bound.entities.values() if field in one.fields), field)


def _list_left_out(shell: Shell, checked: Checked) -> None:
    reasons = checked.left_out.group_by("reason", "reason_en", maintain_order=True).len()
    for reason, reason_en, count in reasons.iter_rows():
        shell.result("  " + shell.text(f"未读：{reason} × {count}", f"left out: {reason_en} × {count}"))


def _list_problems(shell: Shell, checked: Checked) -> None:
    found = checked.problems
    if found.is_empty():
        return
    counts = dict(found.group_by("level").len().iter_rows())
    shell.result(
        "  "
        + shell.text(
            f"错误 {counts.get('错误', 0)}  提醒 {counts.get('提醒', 0)}",
            f"errors {counts.get('错误', 0)}  warnings {counts.get('提醒', 0)}",
        )
    )
    for one in found.head(_SHOWN).iter_rows(named=True):
        row = "" if one["row"] is None else shell.text(f"第 {one['row']} 行 ", f"row {one['row']} ")
        column = "" if one["column"] is None else f"{column_letters(one['column'])} " + shell.text("列 ", "column ")
        shell.result(f"    {row}{column}{one['code']} {shell.text(one['message'], one['message_en'])}")
    if found.height > _SHOWN:
        rest = "，".join(f"{code} {count} 处" for code, count in found.group_by("code").len().sort("code").iter_rows())
        shell.result("    " + shell.text(f"…… 共 {found.height} 处：{rest}。", f"… {found.height} in all."))


def _tell(shell: Shell, outcome: Imported, bound: Schema) -> None:
    source = bound.sources[outcome.source].zh or outcome.source
    if outcome.again:
        shell.result(
            "  "
            + shell.text(
                f"[ok] 这份内容已在第 {outcome.batch} 批导入过：0 新增，0 更新，{outcome.unchanged} 未变",
                f"[ok] already imported as batch {outcome.batch}: 0 new, 0 updated, {outcome.unchanged} unchanged",
            )
        )
        return
    waiting = outcome.checked.counts["waiting"]
    shell.result(
        "  "
        + shell.text(
            f"[ok] 第 {outcome.batch} 批（{source}，{outcome.valid_on}）：{outcome.new} 新增，{outcome.updated} 更新，{outcome.unchanged} 未变；等补填 {waiting} 行，待人确认 {outcome.queued_for_review} 对",
            f"[ok] batch {outcome.batch} ({outcome.source}, {outcome.valid_on}): {outcome.new} new, {outcome.updated} updated, {outcome.unchanged} unchanged; {waiting} rows wait, {outcome.queued_for_review} pairs for review",
        )
    )
