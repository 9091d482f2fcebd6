"""The laws of the dataset, on the example community and on small histories made of its sheets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from tests import accuracy
from tests.conftest import clock, take_in

from oneform import merge
from oneform.pipeline import Workspace, open_workspace
from oneform.problems import ERROR

Sheets = list[dict[str, str]]


@contextmanager
def imported(folder: Path, sheets: Sheets) -> Iterator[Workspace]:
    with open_workspace(folder, create=True, who="test", clock=clock) as opened:
        take_in(opened, sheets)
        yield opened


def partition(opened: Workspace, entity: str = "person") -> set[frozenset[tuple[str, str, int]]]:
    """The rows of each entity, ids aside."""
    linked = opened.links().filter(pl.col("entity") == entity).drop_nulls("resident")
    groups: dict[int, set[tuple[str, str, int]]] = {}
    for file, sheet, row, _, resident in linked.iter_rows():
        groups.setdefault(resident, set()).add((file, sheet, row))
    return {frozenset(rows) for rows in groups.values()}


def values(opened: Workspace) -> set[tuple[object, ...]]:
    """Golden residents without their ids."""
    return set(opened.residents().drop("resident", "household", "dwelling").iter_rows())


def test_a_second_import_of_everything_changes_nothing(community: Workspace, example_sheets: Sheets) -> None:
    before = community.links(), community.residents(), community.problems(), community.reviews()
    for sheet in example_sheets:
        again = community.import_sheet(_path(sheet), source=sheet["source"])
        assert (again.new, again.updated, again.again) == (0, 0, True), sheet["file"]
    after = community.links(), community.residents(), community.problems(), community.reviews()
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))


def _path(sheet: dict[str, str]) -> Path:
    from oneform import shipped

    return shipped.folder("examples") / "sheets" / sheet["file"]


def test_any_order_of_the_sheets_gives_the_same_residents_and_values(
    tmp_path: Path, community: Workspace, example_sheets: Sheets
) -> None:
    shuffled = random.Random(7).sample(example_sheets, len(example_sheets))
    with imported(tmp_path / "w", shuffled) as opened:
        for entity in ("person", "household", "dwelling"):
            assert partition(opened, entity) == partition(community, entity), entity
        assert values(opened) == values(community)


def test_golden_values_rebuilt_from_nothing_are_those_kept(community: Workspace) -> None:
    connection = community.store.connection.cursor()
    for entity in community.schema.entities.values():
        kept = connection.sql(f'SELECT * FROM "golden_{entity.name}" ORDER BY entity_id').pl()
        connection.execute(
            "CREATE OR REPLACE TEMP VIEW touched AS SELECT DISTINCT entity_id FROM current_link WHERE entity = "
            f"'{entity.name}'"
        )
        query = f"SELECT * FROM ({merge.golden_sql(entity, community.schema)}) ORDER BY entity_id"
        rebuilt = connection.sql(query).pl()
        shared = [name for name in kept.columns if name in rebuilt.columns]
        assert rebuilt.select(shared).equals(kept.select(shared)), entity.name
    connection.close()


def test_every_golden_value_is_some_row_s_value_and_says_which(community: Workspace) -> None:
    connection = community.store.connection.cursor()
    for entity in community.schema.entities.values():
        for position, field in enumerate(entity.stored, 1):
            query = f"""SELECT count(*) FROM "golden_{entity.name}" g
                        LEFT JOIN "source_{entity.name}" s ON s.rec_id = g.prov[{position}]
                        LEFT JOIN current_link l ON l.rec_id = s.rec_id AND l.entity = '{entity.name}'
                        WHERE g."{field.name}" IS NOT NULL
                          AND (s."{field.name}" IS DISTINCT FROM g."{field.name}" OR l.entity_id <> g.entity_id)"""
            assert connection.sql(query).fetchall() == [(0,)], field.name
    connection.close()


def test_no_resident_has_two_valid_ids(community: Workspace) -> None:
    query = """SELECT l.entity_id FROM current_link l JOIN source_person p USING (rec_id)
               WHERE l.entity = 'person' AND p.id_number__state IN ('valid18', 'upgraded15')
               GROUP BY l.entity_id HAVING count(DISTINCT p.id_number__seen) > 1"""
    assert community.store.connection.cursor().sql(query).fetchall() == []


def test_every_row_read_is_accepted_waiting_or_left_out(community: Workspace, example_sheets: Sheets) -> None:
    for sheet in example_sheets:
        checked = community.check(_path(sheet))
        for table, judged in zip(checked.tables, checked.judged, strict=True):
            taken = set(table.cells["row"])
            out = set(table.left_out["row"].drop_nulls())
            assert not taken & out
            assert table.data_rows is not None
            assert set(range(table.data_rows[0], table.data_rows[1] + 1)) <= taken | out, sheet["file"]
            assert judged.waiting.len() == len(taken)


def test_held_cells_are_in_no_golden_value(community: Workspace) -> None:
    held = community.problems().filter((pl.col("level") == ERROR) & pl.col("row").is_not_null())
    said = community.provenance().join(held, on=["file", "sheet", "row", "column", "field"], how="semi")
    assert said.is_empty()


def test_the_examples_are_linked_as_well_as_promised(community: Workspace) -> None:
    truth = pl.read_csv(_path({"file": ""}).parent / "truth.csv", infer_schema=False).with_columns(
        pl.col("row").cast(pl.Int32)
    )
    found = community.links().filter(pl.col("entity") == "person")
    measured = accuracy.pairwise(found, truth)
    assert measured.precision >= 0.99, measured
    assert measured.recall >= 0.90, measured
