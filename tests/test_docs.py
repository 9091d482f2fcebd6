"""The documentation is executed and complete."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from click import Group
from click.testing import CliRunner

from oneform import problems
from oneform.cli.group import oneform

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_developer_example_of_the_readme_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = runpy.run_path(str(script))
    assert ran["workbook"].startswith(b"PK")
    assert ran["outcome"].new > 0


def test_every_command_is_in_the_documentation_and_explains_itself_in_both_languages() -> None:
    said = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    context = oneform.make_context("oneform", ["demo"], resilient_parsing=True)
    for name in oneform.list_commands(context):
        command = oneform.get_command(context, name)
        assert command is not None
        assert f"oneform {name}" in said, name
        assert re.search(r"[一-鿿]", command.help or ""), name
        assert re.search(r"[A-Za-z]{4}", command.help or ""), name
        if isinstance(command, Group):
            assert command.commands


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_message_can_be_worded_from_the_facts_stages_give() -> None:
    known = dict.fromkeys(re.findall(r"\{(\w+)\}", " ".join(m.zh + m.en for m in problems.CATALOGUE.values())), "甲")
    for code in problems.CATALOGUE:
        for lang in ("zh", "en"):
            assert "{" not in problems.message(code, lang=lang, **known)


def test_the_commands_page_is_what_the_program_says() -> None:
    written = runpy.run_path(str(ROOT / "tools" / "write_docs.py"))["commands"]()
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == written, "run: python tools/write_docs.py"


def test_the_version_is_printed() -> None:
    assert "oneform 0." in CliRunner().invoke(oneform, ["--version"]).output
