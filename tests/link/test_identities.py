"""Stable ids: minted once, kept where possible."""

from __future__ import annotations

import polars as pl

from oneform import frames, link

NUMBER = "11010119900307029X"


def clusters(*groups: list[int]) -> pl.DataFrame:
    return pl.DataFrame([(r, min(g)) for g in groups for r in g], schema=frames.CLUSTERS, orient="row")


def previous(**entities: list[int]) -> pl.DataFrame:
    rows = [(record, int(entity[1:])) for entity, records in entities.items() for record in records]
    return pl.DataFrame(rows, schema=link.LINKS, orient="row")


def standard(count: int, *, proven: tuple[int, ...] = ()) -> pl.DataFrame:
    ids = range(1, count + 1)
    return pl.DataFrame(
        {
            "rec_id": list(ids),
            "rec_key": [f"k{n:02d}" for n in ids],
            "id": [NUMBER if n in proven else None for n in ids],
        },
        schema_overrides={"id": pl.String},
    )


def test_new_records_get_new_ids_in_the_order_of_their_content() -> None:
    told = standard(3).with_columns(rec_key=pl.Series(["z", "a", "m"]))
    assigned = link.assign(clusters([1], [2, 3]), previous(), told, 100)
    assert assigned.links.rows() == [(1, 101), (2, 100), (3, 100)]
    assert (assigned.created, assigned.matched, assigned.merged, assigned.split) == (2, 0, 0, 0)
    assert assigned.next_id == 102


def test_a_record_joins_an_entity_and_only_its_link_is_told() -> None:
    assigned = link.assign(clusters([1, 2, 3]), previous(e7=[1, 2]), standard(3), 100)
    assert assigned.links.rows() == [(3, 7)]
    assert (assigned.created, assigned.matched, assigned.merged, assigned.split) == (0, 1, 0, 0)


def test_nothing_changed_says_nothing() -> None:
    assigned = link.assign(clusters([1, 2], [3]), previous(e7=[1, 2], e9=[3]), standard(3), 100)
    assert assigned.links.is_empty()
    assert assigned.next_id == 100


def test_a_merge_keeps_the_older_id_and_the_other_becomes_an_alias() -> None:
    assigned = link.assign(clusters([1, 2, 3]), previous(e9=[1, 2], e7=[3]), standard(3), 100)
    assert assigned.links.rows() == [(1, 7), (2, 7)]
    assert assigned.aliases.rows() == [(9, 7)]
    assert assigned.merged == 1


def test_a_split_leaves_the_id_with_the_valid_number_then_the_majority_then_the_oldest() -> None:
    before = previous(e7=[1, 2, 3])
    assert link.assign(clusters([1, 2], [3]), before, standard(3, proven=(3,)), 100).links.rows() == [
        (1, 100),
        (2, 100),
    ]
    assert link.assign(clusters([1], [2, 3]), before, standard(3), 100).links.rows() == [(1, 100)]
    halves = link.assign(clusters([1], [2]), previous(e7=[1, 2]), standard(2), 100)
    assert halves.links.rows() == [(2, 100)]
    assert (halves.created, halves.split) == (0, 1)


def test_a_split_and_a_merge_at_once() -> None:
    assigned = link.assign(clusters([1, 4], [2, 3]), previous(e7=[1, 2, 3], e8=[4]), standard(4), 100)
    # 7 stays with the majority; its lost record joins 8.
    assert assigned.links.rows() == [(1, 8)]
    assert assigned.aliases.is_empty()


def test_entities_without_numbers_of_people() -> None:
    told = standard(2).drop("id")
    assert link.assign(clusters([1, 2]), previous(), told, 5).links.rows() == [(1, 5), (2, 5)]


def test_undoing_a_merge_gives_the_records_back_without_reusing_an_id() -> None:
    merged = link.assign(clusters([1, 2, 3]), previous(e7=[1], e9=[2, 3]), standard(3, proven=(1,)), 100)
    assert merged.links.rows() == [(2, 7), (3, 7)]
    again = link.assign(clusters([1], [2, 3]), previous(e7=[1, 2, 3]), standard(3, proven=(1,)), merged.next_id)
    assert again.links.rows() == [(2, 100), (3, 100)]
