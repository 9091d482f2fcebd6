"""Commands of a grid worker: init, template, check, import."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oneform.cli.describe import describe, told
from oneform.cli.options import Shell, common, json_line, user
from oneform.errors import Fault, OneformError, UsageError

if TYPE_CHECKING:
    from oneform.frames import Table
    from oneform.pipeline import Checked, Imported
    from oneform.schema import Schema

_ABOUT_THE_FILE = 5  # the exit code of a refusal after which the other files still run


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
@click.argument("entity", default="person", metavar="[对象]")
@click.option(
    "-o",
    "--output",
    metavar="文件",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="写到哪个文件。",
)
@click.option("--force", is_flag=True, help="覆盖已有文件。")
def template_(shell: Shell, entity: str, output: Path, force: bool) -> None:
    """生成采集表（默认：居民；带下拉和填写说明）。

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
    if not output.parent.is_dir():
        raise problems.usage(f"没有文件夹 {output.parent}，请先建好。", f"no folder {output.parent}; make it first.")
    if output.exists() and not force:
        raise problems.usage(f"{output} 已存在，要覆盖请加 --force。", f"{output} exists; add --force to overwrite.")
    write_whole(output, import_template(bound, entity, shell.workspace))
    shell.remark(f"[ok] 已生成 {output}", f"[ok] wrote {output}")


def _files(given: tuple[str, ...]) -> list[Path]:
    """The files named; a pattern that the console left alone is expanded, without the lock files of Office."""
    found: list[Path] = []
    for name in given:
        here = Path(name)
        if not any(mark in name for mark in "*?[") or here.exists():
            found.append(here)
            continue
        matched = sorted(here.parent.glob(here.name))
        found += [one for one in matched if not one.name.startswith((".", "~$"))] or [here]
    return found


def _absent(path: Path) -> UsageError | None:
    """Why there is nothing to read at this path, None when there is."""
    if path.is_dir():
        zh, en = f"{path} 是文件夹，请写里面的表，如 {path / '*.xlsx'}。", f"{path} is a folder; name the files in it."
    elif not path.exists():
        zh, en = f"没有文件 {path}，请检查文件名和所在的文件夹。", f"no file {path}; check its name and folder."
    else:
        return None
    return UsageError(Fault("", "", zh, en))


@click.command("check")
@common
@click.argument("files", nargs=-1, required=True, metavar="文件…")
@click.option("--form", metavar="表名", help="按这张表的映射来读。")
@click.option(
    "-o",
    "--output",
    metavar="目录",
    type=click.Path(file_okay=False, path_type=Path),
    help="把标出问题的表写到这个目录。",
)
@click.pass_context
def check_(ctx: click.Context, shell: Shell, files: tuple[str, ...], form: str | None, output: Path | None) -> None:
    """看看表格会被怎样理解；什么都不入库。

    Show what sheets were understood to say; nothing is taken in.
    """
    from oneform.pipeline import check_sheet, load_forms, load_schema, now
    from oneform.pipeline.reports import found_form

    bound = load_schema(shell.workspace)
    named = found_form(load_forms(bound, shell.workspace), form) if form else None
    status = 0
    for path in _files(files):
        try:
            if absent := _absent(path):
                raise absent
            say = shell.progress(path.name)
            checked = check_sheet(path, bound, form=named, today=now().date(), say=say)
        except OneformError as error:
            status = max(status, _refused(shell, path, error), key=_rank)
            continue
        made = _handed_back(output, checked, bound, taken_in=False) if output else None
        if shell.json:
            json_line(_understood(path, checked, bound) | _named(made))
        else:
            describe(shell, path, checked, bound)
            _say_where(shell, made)
        status = max(status, _problem_status(shell, checked), key=_rank)
    shell.remark("未写入任何数据。", "Nothing was taken in.")
    if status == 3 and not output:
        shell.remark("加 -o 目录 可得标出问题的表。", "Add -o FOLDER for workbooks with the problems marked.")
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
            if absent := _absent(path):
                status = max(status, _refused(shell, path, absent), key=_rank)
                continue
            try:
                outcome = workspace.import_sheet(
                    path,
                    form=form,
                    source=source,
                    valid_on=valid_on.date() if valid_on else None,
                    say=shell.progress(path.name),
                )
            except OneformError as error:
                if error.exit_code != _ABOUT_THE_FILE:
                    raise
                status = max(status, _refused(shell, path, error), key=_rank)
                continue
            wrong = not outcome.again and "错误" in outcome.checked.problems["level"]
            made = _handed_back(shell.workspace / "outbox", outcome.checked, workspace.schema) if wrong else None
            if shell.json:
                json_line(_understood(path, outcome.checked, workspace.schema) | _taken(outcome) | _named(made))
            else:
                if outcome.again:
                    shell.result(path.name)
                else:
                    describe(shell, path, outcome.checked, workspace.schema)
                told(shell, outcome, workspace.schema)
                _say_where(shell, made)
            if not outcome.again:
                status = max(status, _problem_status(shell, outcome.checked), key=_rank)
    ctx.exit(status)


def _handed_back(folder: Path, checked: Checked, bound: Schema, *, taken_in: bool = True) -> Path | None:
    """Write the workbook that shows what to mend into a folder; None when nothing is wrong."""
    from oneform.pipeline import hand_back, problem_workbook_of

    made = problem_workbook_of(checked, bound, taken_in=taken_in)
    return hand_back(folder, *made) if made else None


def _named(made: Path | None) -> dict[str, object]:
    return {"problem_workbook": str(made) if made else None}


def _say_where(shell: Shell, made: Path | None) -> None:
    if made:
        zh = f"要改的已标在 {made}，改好后直接交回这个文件。"
        shell.result("  " + shell.text(zh, f"What to mend is marked in {made}; hand that file in again."))


def _rank(status: int) -> int:
    """A refusal outranks "data needs people"; success comes last."""
    return {0: 0, 3: 1}.get(status, 2 + status)


def _refused(shell: Shell, path: Path, error: OneformError) -> int:
    fault = error.faults[0]
    if shell.json:
        json_line({"file": str(path), "error": {"code": fault.code, "message": shell.text(fault.zh, fault.en)}})
    else:
        for one in error.faults:
            place = f"{path}: {one.code} " if one.code else ""
            click.echo(f"[x] {place}{shell.text(one.zh, one.en)}", err=True)
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
    """One table; fields under the name people see them by: the parts of an origin are all `origin`."""
    names = {field.name: field.reported for entity in bound.entities.values() for field in entity.fields.values()}
    return {
        "name": table.sheet,
        "header_rows": list(table.header_rows),
        "data_rows": list(table.data_rows) if table.data_rows else None,
        "columns": [
            {
                "index": column.index,
                "header": column.header,
                "field": names[column.field] if column.field else None,
                "confidence": round(column.confidence, 3),
                "suggestions": [
                    {"field": names.get(field, field), "confidence": round(sure, 3)}
                    for field, sure in column.suggestions
                ],
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
