"""A form filled from the dataset is read back by its own mapping: no column lost, nobody new, nothing changed.

Forms that count (cross-tabs) say nothing of one resident and are not read back; a card is a sheet of its own a household.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from oneform.frames import Table
from oneform.mapping.model import Mapping, Rows
from oneform.pipeline import Workspace, load_forms, load_schema, open_workspace
from oneform.recognise import forms as readable_forms
from tests.conftest import clock

ROSTERS = sorted(name for name, form in load_forms(load_schema()).items() if isinstance(form.shape, Rows))
UNCHANGED = {"home_isolation", "party_members", "passes", "small_places"}
# what still keeps a form from coming back unchanged
OPEN = {
    "lone_elders": "the 填报单位 over a form of ours is taken for a fact about every resident in it",
    "residents": "a resident known by a name alone cannot be told from a new one; 填报单位 as in lone_elders",
    "returnees": "the words a mapping writes for an empty value (empty: 无) are read back as values",
    "volunteers": "a second phone in a roster of events meets no column; a day is read back for a moment",
}


@pytest.fixture(scope="module")
def filled(community: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every roster as the department gets it."""
    folder = tmp_path_factory.mktemp("filled")
    found = {}
    for name in ROSTERS:
        ((file, content),) = community.fill(name).files.items()
        found[name] = folder / file
        found[name].write_bytes(content)
    return found


@pytest.fixture
def copy(community: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """The example community in a folder of its own, to be written."""
    community.store.connection.execute("CHECKPOINT")
    shutil.copytree(community.store.folder, tmp_path / "copy")
    with open_workspace(tmp_path / "copy", who="test", clock=clock) as opened:
        yield opened


@pytest.mark.parametrize("name", ROSTERS)
def test_every_column_comes_back_or_is_made_by_the_form(
    name: str, filled: dict[str, Path], community: Workspace
) -> None:
    form = community.form(name)
    (table,) = community.check(filled[name], form=name).tables
    outputs = {readable_forms.path_key(output.path): output for output in form.columns}
    seen = {readable_forms.path_key(column.header): column for column in table.columns}
    assert set(outputs) <= set(seen)
    lost = [
        output.path
        for key, output in outputs.items()
        if readable_forms.readable(output) and (seen[key].entity, seen[key].field) != (output.entity, output.field)
    ]
    empty = [path for path in lost if _says_nothing(form, table, path)]
    assert lost == empty


def _says_nothing(form: Mapping, table: Table, path: str) -> bool:
    """True when the column holds nothing but what the form writes for an empty value."""
    output = next(one for one in form.columns if one.path == path)
    column = next(one for one in table.columns if readable_forms.path_key(one.header) == readable_forms.path_key(path))
    texts = table.cells[f"c{column.index}"].drop_nulls()
    return texts.filter(texts != (output.empty or "")).len() * 2 < texts.len()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[] if name in UNCHANGED else [pytest.mark.xfail(run=False, reason=OPEN.get(name, "not tried yet"))],
        )
        for name in ROSTERS
    ],
)
def test_it_changes_nothing(name: str, filled: dict[str, Path], copy: Workspace) -> None:
    before = copy.residents().sort("resident")
    outcome = copy.import_sheet(filled[name], form=name)
    assert (outcome.new, outcome.updated) == (0, 0)
    assert outcome.checked.counts["waiting"] == 0
    after = copy.residents().sort("resident")
    changed = after.join(before, on=after.columns, how="anti", nulls_equal=True)
    assert changed.select(pl.col("resident")).to_series().to_list() == []
