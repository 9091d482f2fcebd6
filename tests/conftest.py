"""Fixtures shared by all tests: the schema, a workspace with a fixed clock, the example sheets."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import hypothesis
import pytest

from oneform import shipped
from oneform.pipeline import Workspace, load_schema, open_workspace
from oneform.pipeline.workspace import SHANGHAI
from oneform.schema import Schema

TODAY = date(2026, 11, 20)

# The same cases at every run: what fails here fails everywhere. HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile("repeat", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


@pytest.fixture(scope="session")
def schema() -> Schema:
    return load_schema()


def clock() -> datetime:
    return datetime(TODAY.year, TODAY.month, TODAY.day, 18, tzinfo=SHANGHAI)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "workspace", create=True, who="test", clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def example_sheets() -> list[dict[str, str]]:
    with (shipped.folder("examples") / "sheets.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def take_in(opened: Workspace, sheets: list[dict[str, str]]) -> None:
    """Import example sheets in the order given."""
    for sheet in sheets:
        opened.import_sheet(
            shipped.folder("examples") / "sheets" / sheet["file"],
            source=sheet["source"],
            form=sheet.get("form") or None,
            valid_on=date.fromisoformat(sheet["date"]),
        )


@pytest.fixture(scope="session")
def community(tmp_path_factory: pytest.TempPathFactory, example_sheets: list[dict[str, str]]) -> Iterator[Workspace]:
    """The example community, imported once; tests may only read it."""
    folder = tmp_path_factory.mktemp("community")
    with open_workspace(folder, create=True, who="test", clock=clock) as opened:
        take_in(opened, example_sheets)
        yield opened
