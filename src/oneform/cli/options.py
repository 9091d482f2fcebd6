"""Options that every command shares, and how results, remarks and progress are printed."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import polars as pl

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Shell:
    """What was asked of the command line as a whole."""

    workspace: Path
    lang: str = "zh"
    json: bool = False
    quiet: bool = False
    strict: bool = False

    def text(self, zh: str, en: str) -> str:
        """A sentence in the language asked for."""
        return en if self.lang == "en" else zh

    def result(self, text: str) -> None:
        """Print a result (stdout)."""
        click.echo(text)

    def remark(self, zh: str, en: str) -> None:
        """Print a remark (stderr) unless --quiet."""
        if not self.quiet:
            click.echo(self.text(zh, en), err=True)

    def progress(self, label: str) -> Callable[[str], None]:
        """A stage's name on stderr, once a job has lasted a second."""
        start = time.monotonic()

        def say(stage: str) -> None:
            if not self.quiet and time.monotonic() - start > 1:
                click.echo(f"  {label}: {stage} … {time.monotonic() - start:.0f}s", err=True)

        return say


def common(command: Command) -> Command:
    """Add --workspace, --lang, --json, --quiet and --strict, and hand the command a Shell first."""

    @click.option("--workspace", metavar="目录", help="工作区（默认：当前目录）。")
    @click.option("--lang", type=click.Choice(["zh", "en"]), help="信息的语言 (language of messages)。")
    @click.option("--json", is_flag=True, help="机器可读的结果 (UTF-8 JSON)。")
    @click.option("--quiet", is_flag=True, help="不显示进度和说明。")
    @click.option("--strict", is_flag=True, help="有提醒时也以 3 退出。")
    @click.pass_context
    def run(ctx: click.Context, /, **given: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        above = ctx.obj or {}
        shell = Shell(
            workspace=Path(given.pop("workspace") or above.get("workspace") or "."),
            lang=given.pop("lang") or above.get("lang") or "zh",
            json=given.pop("json"),
            quiet=given.pop("quiet"),
            strict=given.pop("strict"),
        )
        return ctx.invoke(command, shell, **given)

    run.__doc__ = command.__doc__
    run.__click_params__ = [*getattr(command, "__click_params__", []), *run.__click_params__]  # type: ignore[attr-defined]
    return run  # type: ignore[return-value]


def json_line(value: object) -> None:
    """One JSON object on one line, UTF-8 whatever the console is."""
    import json

    sys.stdout.flush()
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def csv_result(rows: pl.DataFrame) -> None:
    """A frame as CSV, UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(rows.write_csv().encode())


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Text columns aligned by the width that a terminal gives Chinese characters."""
    cells = [list(map(str, headers)), *([("" if c is None else str(c)) for c in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def column_letters(index: int) -> str:
    """A sheet column as people see it: 1 → A, 27 → AA."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def user() -> str:
    """Who is at the keyboard, as the system knows them."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
