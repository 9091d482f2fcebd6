"""Commands of a grid worker: init, template, check, import."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from oneform.cli.contract import named_workbook, taken, understood
from oneform.cli.describe import changed, describe, missing, told
from oneform.cli.options import Shell, common, json_line, user
from oneform.errors import Fault, OneformError, UsageError

if TYPE_CHECKING:
    from oneform.pipeline import Checked, Imported
    from oneform.schema import Schema

Command = TypeVar("Command", bound=Callable[..., Any])

_ABOUT_THE_FILE = {2, 3, 5}  # exit codes of refusals after which the other files still run


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


def _reading(command: Command) -> Command:
    """Options that say how a sheet is to be read."""
    options = [
        click.option("--form", metavar="表名", help="按这张表的映射来读。"),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="表头=字段",
            help="这一列就是这个字段（=无：不用）；import 会记住。可写多次。",
        ),
        click.option("--header", metavar="行", help="表头在哪几行，如 3 或 3-4；import 会记住。"),
        click.option("--skip-hidden", is_flag=True, help="不读隐藏和筛掉的行、列。"),
        click.option("--all", "everything", is_flag=True, help="交回的表带上所有行（默认只有要改的）。"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _named_columns(given: Sequence[str]) -> dict[str, str]:
    """`表头=字段` as a dict; a header may hold a sign of its own."""
    named = {}
    for one in given:
        header, sign, field = one.replace("＝", "=").rpartition("=")
        if not sign or not header.strip() or not field.strip():
            raise UsageError(
                Fault("", "", f"--column 请写成 表头=字段，现为「{one}」。", f"--column takes HEADER=FIELD, not {one}.")
            )
        named[header.strip()] = field.strip()
    return named


def _header_rows(given: str | None) -> tuple[int, int] | None:
    """`3-4` or `3` as first and last row."""
    if given is None:
        return None
    rows = re.fullmatch(r"([1-9][0-9]{0,3})(?:-([1-9][0-9]{0,3}))?", given.strip())
    first, last = (int(rows[1]), int(rows[2] or rows[1])) if rows else (1, 0)
    if not first <= last < first + 10:
        raise UsageError(
            Fault(
                "", "", f"--header 请写成 3 或 3-4，现为「{given}」。", f"--header takes rows as 3 or 3-4, not {given}."
            )
        )
    return first, last


@click.command("check")
@common
@click.argument("files", nargs=-1, required=True, metavar="文件…")
@_reading
@click.option(
    "-o",
    "--output",
    metavar="目录",
    type=click.Path(file_okay=False, path_type=Path),
    help="把标出问题的表写到这个目录。",
)
@click.pass_context
def check_(  # noqa: PLR0913, PLR0917 - one argument an option
    ctx: click.Context,
    shell: Shell,
    files: tuple[str, ...],
    form: str | None,
    columns: tuple[str, ...],
    header: str | None,
    skip_hidden: bool,
    everything: bool,
    output: Path | None,
) -> None:
    """看看表格会被怎样理解；什么都不入库。

    Show what sheets were understood to say; nothing is taken in.
    """
    from oneform.pipeline import Said, check_sheet, found_form, known_in, load_forms, load_schema, now

    bound = load_schema(shell.workspace)
    named = found_form(load_forms(bound, shell.workspace), form) if form else None
    memory, register = known_in(shell.workspace, bound)
    checks = partial(
        check_sheet,
        schema=bound,
        form=named,
        today=now().date(),
        said=Said(_named_columns(columns), _header_rows(header)),
        memory=memory,
        register=register,
        skip_hidden=skip_hidden,
    )
    status = 0
    for path in _files(files):
        try:
            if absent := _absent(path):
                raise absent
            checked = checks(path, say=shell.progress(path.name))
        except OneformError as error:
            status = max(status, _refused(shell, path, error), key=_rank)
            continue
        made = _handed_back(output, checked, bound, taken_in=False, everything=everything) if output else None
        if shell.json:
            json_line(understood(path, checked, bound) | named_workbook(made))
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
@_reading
@click.option("--source", metavar="来源", help="谁给的表：grid police health property self other …")
@click.option(
    "--date", "valid_on", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="表的日期（表里没写填报日期时）。"
)
@click.option("--dry-run", is_flag=True, help="只看会新增、改动、缺少什么，不写入。")
@click.pass_context
def import_(  # noqa: PLR0913, PLR0917 - one argument an option
    ctx: click.Context,
    shell: Shell,
    files: tuple[str, ...],
    form: str | None,
    columns: tuple[str, ...],
    header: str | None,
    skip_hidden: bool,
    everything: bool,
    source: str | None,
    valid_on: datetime | None,
    dry_run: bool,
) -> None:
    """把表格收进来：对的入库，错的指出在哪一格、怎么改。

    Take sheets in: what is right goes in, what is wrong is named at its cell.
    """
    from oneform.pipeline import open_workspace

    said = {"columns": _named_columns(columns), "header": _header_rows(header)}
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
                    skip_hidden=skip_hidden,
                    dry_run=dry_run,
                    say=shell.progress(path.name),
                    **said,  # type: ignore[arg-type]
                )
            except OneformError as error:
                if error.exit_code not in _ABOUT_THE_FILE:
                    raise
                status = max(status, _refused(shell, path, error), key=_rank)
                continue
            made, unwritten = _marked(shell, outcome, workspace.schema, everything=everything)
            _show(shell, path, outcome, workspace.schema, made)
            status = max(status, _refused(shell, path, unwritten) if unwritten else 0, key=_rank)
            status = max(status, 0 if outcome.again else _problem_status(shell, outcome.checked), key=_rank)
    if dry_run:
        shell.remark("只是试看，未写入任何数据。", "A dry run: nothing was written.")
    ctx.exit(status)


def _marked(
    shell: Shell, outcome: Imported, bound: Schema, *, everything: bool
) -> tuple[Path | None, OneformError | None]:
    """The workbook with what to mend, in outbox/, and why it could not be written: the import stands all the same."""
    from oneform import problems

    if outcome.again or outcome.dry_run or "错误" not in outcome.checked.problems["level"]:
        return None, None
    folder = shell.workspace / "outbox"
    try:
        return _handed_back(folder, outcome.checked, bound, everything=everything), None
    except (OneformError, OSError):
        return None, problems.refusal("OF708", batch=outcome.batch, folder=folder)


def _show(shell: Shell, path: Path, outcome: Imported, bound: Schema, made: Path | None) -> None:
    """One outcome, as text or as JSON."""
    if shell.json:
        json_line(understood(path, outcome.checked, bound) | taken(outcome) | named_workbook(made))
        return
    if outcome.again:
        shell.result(path.name)
    else:
        describe(shell, path, outcome.checked, bound)
    told(shell, outcome, bound)
    changed(shell, outcome, bound)
    missing(shell, outcome)
    _say_where(shell, made)


def _handed_back(
    folder: Path, checked: Checked, bound: Schema, *, taken_in: bool = True, everything: bool = False
) -> Path | None:
    """Write the workbook that shows what to mend into a folder; None when nothing is wrong."""
    from oneform.pipeline import hand_back, problem_workbook_of

    made = problem_workbook_of(checked, bound, taken_in=taken_in, everything=everything)
    return hand_back(folder, *made) if made else None


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
