"""The command line: parse, call one use case, print, exit. Chinese first; `--lang en` for the twin."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from itertools import pairwise
from pathlib import Path

from oneform.cli.group import oneform, wrong_usage
from oneform.errors import OneformError

__all__ = ["main", "oneform"]

# What the system says about a file that nobody can mend in the program.
_SYSTEM = {
    errno.EACCES: ("没有权限", "permission denied"),
    errno.EPERM: ("没有权限", "permission denied"),
    errno.EROFS: ("磁盘是只读的", "read-only disk"),
    errno.ENOSPC: ("磁盘已满", "the disk is full"),
    errno.EDQUOT: ("磁盘配额已用完", "the disk quota is used up"),
    errno.EFBIG: ("文件超过系统允许的大小", "the file is too large for the system"),
    errno.ENAMETOOLONG: ("文件名太长", "the file name is too long"),
}
_GONE = {errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN}  # what a closed pipe is called on one system or another


def main() -> None:
    """Run a command; the one place where errors become exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a GBK console lacks some names' characters
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(_status())


def _terminated(*_: object) -> None:
    sys.exit(143)


def _status() -> int:
    import click

    try:
        return _run()
    except OneformError as error:
        for fault in error.faults:
            sentence = fault.en if _english() else fault.zh
            click.echo(" ".join(part for part in ("[x]", fault.where, fault.code, sentence) if part), err=True)
        return error.exit_code
    except click.ClickException as error:
        _say(*wrong_usage(error))
        return 2
    except (click.Abort, KeyboardInterrupt):
        _say("已中断。没有做完的那一份什么都没有写入。", "interrupted; nothing was written of what was not done.")
        return 130
    except MemoryError:
        _say("OF705 内存不足，什么都没有写入。请关闭其他程序后再试。", "OF705 out of memory; nothing was written.")
        return 7
    except OSError as error:
        return _system_status(error)
    except Exception as bug:  # noqa: BLE001 - the shell's last resort
        return _bug_status(bug)


def _run() -> int:
    """The command's status; click's own runner would turn a closed pipe into status 1."""
    import click

    try:
        with oneform.make_context("oneform", sys.argv[1:]) as context:
            oneform.invoke(context)
        status = 0
    except click.exceptions.Exit as ended:
        status = ended.exit_code
    sys.stdout.flush()
    return status


def _system_status(error: OSError) -> int:
    if error.errno in _GONE and error.filename is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` is no error
        return 0
    if error.errno not in _SYSTEM:
        return _bug_status(error)
    zh, en = _SYSTEM[error.errno]
    place = f" {error.filename}" if error.filename else ""
    _say(f"无法读写{place}：{zh}。请检查后再试。", f"cannot read or write{place}: {en}.")
    return 7


def _bug_status(bug: Exception) -> int:
    place = _trace(bug)
    _say(
        f"程序出错了，已把位置写到 {place}（不含任何居民信息），请把它发给维护者。",
        f"a bug of ours; its place is in {place} (no resident's data); please send it to the maintainers.",
    )
    return 1


def _say(zh: str, en: str) -> None:
    import click

    click.echo(f"[x] {en if _english() else zh}", err=True)


def _english() -> bool:
    return "--lang=en" in sys.argv or ("--lang", "en") in pairwise(sys.argv)


def _trace(bug: BaseException) -> Path:
    """Functions, lines and exception types only, of its causes too: a library's message may quote a cell."""
    lines = []
    cause: BaseException | None = bug
    while cause is not None:
        lines.append(type(cause).__name__)
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)
        ]
        cause = cause.__cause__ or cause.__context__
    handle, name = tempfile.mkstemp(prefix="oneform-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return Path(name)
