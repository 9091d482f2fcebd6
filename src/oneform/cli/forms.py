"""Commands of a department: report, mapping."""

from __future__ import annotations

from pathlib import Path

import click

from oneform.cli.group import Group
from oneform.cli.options import Shell, common, json_line, table, user


@click.command("report")
@common
@click.argument("forms", nargs=-1, metavar="表名…")
@click.option("--all", "every", is_flag=True, help="全部表。")
@click.option(
    "-o",
    "--output",
    metavar="目录",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="写到哪个目录。",
)
@click.option("-p", "--param", "given", multiple=True, metavar="名=值", help="表的参数，如 day=2026-11-20。")
@click.option("--force", is_flag=True, help="覆盖已有文件。")
@click.pass_context
def report_(
    ctx: click.Context,
    shell: Shell,
    forms: tuple[str, ...],
    every: bool,
    output: Path,
    given: tuple[str, ...],
    force: bool,
) -> None:
    """出表：把部门自己的模板填好。

    Fill departments' own templates.
    """
    from oneform import problems
    from oneform.pipeline import open_workspace

    params = _params(given)
    with open_workspace(shell.workspace, who=user()) as workspace:
        if not forms and not every:
            known = "、".join(f"{form.form}（{form.title}）" for form in workspace.forms.values())
            raise problems.usage(
                f"请写表名或 --all。可用：{known}。", f"name a form or use --all; known: {', '.join(workspace.forms)}."
            )
        named = [workspace.form(name) for name in forms] or list(workspace.forms.values())
        misfits = 0
        rows = []
        for form in named:
            wanted = {
                name: value for name, value in params.items() if not every or name in {p.name for p in form.params}
            }
            delivered, found = workspace.deliver(form.form, output, params=wanted, force=force)
            misfits += found.height
            rows += [(one.form, one.department, one.rows, one.cells, str(one.file)) for one in delivered]
            for one in found.iter_rows(named=True):
                shell.remark(
                    f"[!] {form.title} {one['sheet']}: {one['code']} {one['message']}",
                    f"[!] {form.form}: {one['code']} {one['message_en']}",
                )
    if shell.json:
        for row in rows:
            json_line(dict(zip(["form", "department", "rows", "cells", "file"], row, strict=True)))
    else:
        headers = ["表", "部门", "行数", "填写格数", "文件"]
        shell.result(table(headers if shell.lang == "zh" else ["form", "department", "rows", "cells", "file"], rows))
    ctx.exit(3 if misfits and shell.strict else 0)


def _params(given: tuple[str, ...]) -> dict[str, str]:
    from oneform import problems

    params = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise problems.usage(
                f"参数「{one}」要写成 名=值，如 day=2026-11-20。", f"write {one} as name=value, e.g. day=2026-11-20."
            )
        params[name.strip()] = value.strip()
    return params


@click.group("mapping", cls=Group, invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def mapping_(ctx: click.Context) -> None:
    """各部门的表：列出、检查。

    Departments' forms: list them, check them.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@mapping_.command("list")
@common
def list_(shell: Shell) -> None:
    """列出可以出的表。

    List the forms that can be filled.
    """
    from oneform.pipeline import load_forms, load_schema

    forms = load_forms(load_schema(shell.workspace), shell.workspace)
    rows = [
        (form.form, form.title, form.department, form.purpose, "、".join(param.name for param in form.params))
        for form in forms.values()
    ]
    if shell.json:
        for row in rows:
            json_line(dict(zip(["form", "title", "department", "purpose", "params"], row, strict=True)))
    else:
        headers = ["表", "名称", "部门", "用途", "参数"]
        shell.result(
            table(headers if shell.lang == "zh" else ["form", "title", "department", "purpose", "params"], rows)
        )


@mapping_.command("check")
@common
def check_(shell: Shell) -> None:
    """检查全部映射文件，一次指出所有错误。

    Check every mapping file whole.
    """
    from oneform.pipeline import load_forms, load_schema

    forms = load_forms(load_schema(shell.workspace), shell.workspace)
    shell.result(shell.text(f"[ok] {len(forms)} 张表的映射都可用。", f"[ok] {len(forms)} mappings are good."))
