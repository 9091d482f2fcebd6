"""Households kept import by import are those that all records make at once."""

from __future__ import annotations

import polars as pl

from oneform.pipeline import Workspace, households


def test_households_kept_are_those_made_of_all_records_at_once(community: Workspace) -> None:
    connection = community.store.connection.cursor()
    records = connection.sql("SELECT rec_id FROM record WHERE NOT waiting").pl()
    kept = connection.sql("SELECT rec_id, entity_id AS home FROM current_link WHERE entity = 'household'").pl()
    connection.close()
    made, _ = households.clustered(community.store, records, op=0)
    assert _partition(kept, "home") == _partition(made, "cluster")


def _partition(rows: pl.DataFrame, label: str) -> set[frozenset[int]]:
    return {frozenset(group) for group in rows.group_by(label).agg("rec_id")["rec_id"].to_list()}
