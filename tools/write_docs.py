"""Rewrite the generated pages: docs/commands.md (every --help) and docs/data-dictionary.md. Run after changing either."""

from __future__ import annotations

from pathlib import Path

import click

from oneform import schema, shipped
from oneform.cli.group import oneform

DOCS = Path(__file__).parents[1] / "docs"


def commands() -> str:
    """The commands page: the help of every command, in the order of the work."""
    parts = ["# 命令 / Commands\n\n由程序生成（`python tools/write_docs.py`）。 Generated.\n"]
    for words, command in _all(oneform, ("oneform",)):
        settings = {**oneform.context_settings, "max_content_width": 100, "terminal_width": 100}
        context = command.context_class(command, info_name=" ".join(words), **settings)
        parts.append(f"\n## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n")
    return "".join(parts)


def _all(command: click.Command, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(words, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                found += _all(inner, (*words, name))
    return found


def main() -> None:
    """Write both pages."""
    (DOCS / "commands.md").write_text(commands(), encoding="utf-8")
    dictionary = schema.dictionary(schema.load(shipped.folder("schemas")))
    (DOCS / "data-dictionary.md").write_text(dictionary, encoding="utf-8")


if __name__ == "__main__":
    main()
