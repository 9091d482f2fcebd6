"""The `oneform` command: its options, its commands, and a hint for a mistyped one."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

# name → module that holds it; a module is imported when its command runs, so that --help stays quick
_COMMANDS = {
    "init": "sheets",
    "template": "sheets",
    "check": "sheets",
    "import": "sheets",
    "problems": "lists",
    "reviews": "lists",
    "links": "lists",
    "residents": "lists",
    "report": "forms",
    "mapping": "forms",
    "demo": "demo",
}


class Commands(click.Group):
    """Commands loaded when they run, listed in the order in which people meet them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; a usage fault with a suggestion for an unknown one."""
        if cmd_name in _COMMANDS:
            command: click.Command = getattr(import_module(f"oneform.cli.{_COMMANDS[cmd_name]}"), f"{cmd_name}_")
            return command
        near = difflib.get_close_matches(cmd_name, _COMMANDS, 1)
        hint = f"，是否指 {near[0]}？" if near else f"，可用：{'、'.join(_COMMANDS)}。"
        ctx.fail(f"没有命令 {cmd_name}{hint}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oneform", message="oneform %(version)s")
@click.option("--workspace", metavar="目录", help="工作区（默认：当前目录）。")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="信息的语言。")
@click.pass_context
def oneform(ctx: click.Context, **options: object) -> None:
    """一份居民数据，填好每个部门的表。

    One dataset of residents and households; every department's form filled from it.
    """
    ctx.obj = options
