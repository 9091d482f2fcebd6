"""The `oneform` command: its options, its commands, its help and what it says to a wrong command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module

import click

from oneform.cli.options import table
from oneform.errors import Fault, UsageError

# name → module that holds it; a module is imported when its command runs, so that --help stays quick
_COMMANDS = {
    "init": "sheets",
    "template": "sheets",
    "check": "sheets",
    "import": "sheets",
    "problems": "lists",
    "memory": "memory",
    "reviews": "reviews",
    "split": "ledger",
    "explain": "explain",
    "conflicts": "conflicts",
    "links": "lists",
    "residents": "lists",
    "report": "forms",
    "mapping": "forms",
    "demo": "demo",
}
_WORDS = {
    "Options": "选项",
    "Commands": "命令",
    "[OPTIONS]": "[选项]",
    "[COMMAND] [ARGS]...": "命令 …",
    "  [required]": "（必写）",
    "Show this message and exit.": "显示这段说明。",
    "Show the version and exit.": "显示版本。",
}


class Help(click.HelpFormatter):
    """Help in Chinese words, its columns aligned by the width that Chinese characters have."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line."""
        del prefix
        super().write_usage(prog, _worded(args), "用法：")

    def write_heading(self, heading: str) -> None:
        """The line above a list."""
        self.write(f"{_WORDS.get(heading, heading)}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of terms, each with its explanation."""
        del col_max, col_spacing
        lines = table(["", ""], [(term, _worded(said)) for term, said in rows]).split("\n")[2:]
        self.write("".join(f"  {line}\n" for line in lines))


def _worded(text: str) -> str:
    for english, chinese in _WORDS.items():
        text = text.replace(english, chinese)
    return text


class _Context(click.Context):
    formatter_class = Help


class Group(click.Group):
    """Commands that help in Chinese; an unknown one is answered with the one meant."""

    context_class = _Context

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; UsageError with a suggestion for an unknown one."""
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise _unknown("命令", "command", cmd_name, self.list_commands(ctx))
        command.context_class = _Context
        return command


class Commands(Group):
    """Commands loaded when they run, listed in the order in which people meet them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command of that name first."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            self.add_command(getattr(import_module(f"oneform.cli.{_COMMANDS[cmd_name]}"), f"{cmd_name}_"), cmd_name)
        return super().get_command(ctx, cmd_name)


def _unknown(what: str, what_en: str, name: str, known: Iterable[str]) -> UsageError:
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    zh = f"，是否指 {near[0]}？" if near else f"，可用：{'、'.join(known)}。"
    en = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}."
    return UsageError(Fault("", "", f"没有{what} {name}{zh}", f"no {what_en} {name}{en}"))


def wrong_usage(error: click.ClickException) -> tuple[str, str]:
    """What is wrong with the command line and what to do, in Chinese and in click's own English."""
    context = getattr(error, "ctx", None)
    place = context.command_path if context else "oneform"
    return f"{_wrong(error)}用法见 {place} --help。", f"{error.format_message()} See {place} --help."


def _wrong(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        options = [name for one in error.ctx.command.params for name in one.opts] if error.ctx else []
        near = error.possibilities or difflib.get_close_matches(error.option_name, options, 1)
        return f"没有选项 {error.option_name}" + (f"，是否指 {near[0]}？" if near else "。")
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"还要写 {_named(error.param)}。"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_named(error.param)}的内容不对{_expected(error.param.type)}。"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 后面要写内容（只作开关的选项则不写）。"
    return "命令的写法不对，可能多写或少写了内容。"


def _named(param: click.Parameter) -> str:
    """An option by its shortest name and what it is for, an argument by what stands in the help."""
    if isinstance(param, click.Option):
        said = (param.help or "").rstrip("。")
        return f"{min(param.opts, key=len)}（{said}）"
    return param.make_metavar(click.Context(click.Command("oneform")))


def _expected(kind: object) -> str:
    if isinstance(kind, click.Choice):
        return f"，只能写 {'、'.join(map(str, kind.choices))}"
    if isinstance(kind, click.DateTime):
        return "，请写成 2026-11-20 这样"
    if isinstance(kind, click.types.IntParamType):
        return "，请写数字"
    if isinstance(kind, click.Path):
        return "，请写一个目录" if not kind.file_okay else "，请写一个文件名"
    return ""


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=False,
)
@click.version_option(package_name="oneform", message="oneform %(version)s")
@click.option("--workspace", metavar="目录", help="工作区（默认：当前目录）。")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="信息的语言 (language of messages)。")
@click.pass_context
def oneform(ctx: click.Context, /, **options: object) -> None:
    """一份居民数据，填好每个部门的表。

    One dataset of residents and households; every department's form filled from it.
    """
    ctx.obj = options
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
