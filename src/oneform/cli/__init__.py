"""The command line: parse, call one use case, print, exit. Chinese first; `--lang en` for the twin."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import traceback
from itertools import pairwise
from pathlib import Path

from oneform.cli.group import oneform
from oneform.errors import OneformError

__all__ = ["main", "oneform"]


def main() -> None:
    """Run a command; the one place where errors become exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a GBK console lacks some names' characters
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(_status())


def _status() -> int:
    import click

    try:
        status = oneform.main(standalone_mode=False)
        sys.stdout.flush()
    except OneformError as error:
        for fault in error.faults:
            sentence = fault.en if _english(sys.argv) else fault.zh
            click.echo(" ".join(part for part in ("[x]", fault.where, fault.code, sentence) if part), err=True)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        click.echo(f"[x] {error.format_message()}", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` is no error
        return 0
    except Exception as bug:  # noqa: BLE001 - the shell's last resort
        click.echo(f"[x] 程序出错了，已把位置写到 {_trace(bug)}（不含任何居民信息），请把它发给维护者。", err=True)
        return 1
    return status if isinstance(status, int) else 0


def _english(arguments: list[str]) -> bool:
    return "--lang=en" in arguments or ("--lang", "en") in pairwise(arguments)


def _trace(bug: BaseException) -> Path:
    """Functions, lines and exception types only: a library's message may quote a cell."""
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(bug.__traceback__)]
    handle, name = tempfile.mkstemp(prefix="oneform-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, type(bug).__name__]) + "\n")
    return Path(name)
