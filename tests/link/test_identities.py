"""Stable ids: minted once, kept where possible."""

from __future__ import annotations

import polars as pl
import pytest

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


def history(*steps: tuple[int, dict[int, int | None]]) -> pl.DataFrame:
    """Links as the store keeps them: (op, {record: entity})."""
    rows = [(record, entity, op) for op, links in steps for record, entity in links.items()]
    return pl.DataFrame(rows, schema=link.HISTORY, orient="row")


def now(past: pl.DataFrame) -> pl.DataFrame:
    newest = past.sort("op").unique("rec_id", keep="last").drop_nulls("entity_id").sort("rec_id")
    return newest.select(*link.LINKS)


def links(past: pl.DataFrame, *groups: list[int], proven: tuple[int, ...] = ()) -> dict[int, int]:
    """The ids of all records after these clusters; new ids from 100 on."""
    before = now(past)
    told = standard(max(map(max, groups)), proven=proven)
    assigned = link.assign(clusters(*groups), before, told, 100, past)
    return dict(before.iter_rows()) | dict(assigned.links.iter_rows())


def test_without_a_history_a_side_that_leaves_gets_a_new_id() -> None:
    again = link.assign(clusters([1], [2, 3]), previous(e7=[1, 2, 3]), standard(3, proven=(1,)), 100)
    assert again.links.rows() == [(2, 100), (3, 100)]


@pytest.mark.parametrize("proven", [(), (1,), (2,)])
def test_undoing_a_merge_gives_both_sides_their_ids_again(proven: tuple[int, ...]) -> None:
    merged = history((1, {1: 7}), (2, {2: 9, 3: 9}), (3, {2: 7, 3: 7}))
    assert links(merged, [1], [2, 3], proven=proven) == {1: 7, 2: 9, 3: 9}
    # The records with 9 are most and have the valid number: 7 is theirs only while the merge stands.


def test_a_side_that_grew_since_the_merge_has_its_own_id_again() -> None:
    merged = history((1, {1: 7}), (2, {2: 9}), (3, {2: 7}), (4, {3: 7, 4: 7}))
    assert links(merged, [1], [2, 3, 4]) == {1: 7, 2: 9, 3: 9, 4: 9}
    assert links(merged, [1, 3, 4], [2]) == {1: 7, 2: 9, 3: 7, 4: 7}


def test_rows_that_only_joined_leave_the_rule_of_the_valid_number() -> None:
    joined = history((1, {1: 7}), (2, {2: 7, 3: 7}))
    assert links(joined, [1], [2, 3], proven=(2,)) == {1: 100, 2: 7, 3: 7}


def test_three_sides_of_a_merge() -> None:
    merged = history((1, {1: 5, 2: 7, 3: 9}), (2, {2: 5, 3: 5}))
    assert links(merged, [1], [2], [3], proven=(3,)) == {1: 5, 2: 7, 3: 9}
    assert links(merged, [2], [1, 3]) == {1: 5, 2: 7, 3: 5}


def test_a_split_and_its_withdrawal_and_the_split_again() -> None:
    split = history((1, {1: 7, 2: 7, 3: 7}), (2, {3: 8}))
    assert links(split, [1, 2, 3]) == {1: 7, 2: 7, 3: 7}
    joined = pl.concat([split, history((3, {3: 7}))])
    assert links(joined, [1, 2], [3], proven=(3,)) == {1: 7, 2: 7, 3: 8}


def test_the_newest_of_several_earlier_ids_is_given_back() -> None:
    past = history((1, {1: 5, 2: 6}), (2, {2: 5}), (3, {2: 11}), (4, {2: 5}))
    assert links(past, [1], [2]) == {1: 5, 2: 11}


def test_an_id_that_another_has_is_not_taken_from_them() -> None:
    # Record 2 was 7 once; 7 lives on in record 3, which is not concerned.
    past = history((1, {2: 7, 3: 7}), (2, {2: 8}), (3, {1: 8}))
    told = link.assign(clusters([1], [2]), now(past).filter(pl.col("rec_id") != 3), standard(3), 100, past)
    assert sorted(told.links.rows()) == [(2, 100)]
    assert told.split == 1


def test_a_record_whose_link_had_ended_has_its_id_again() -> None:
    past = history((1, {1: 7, 2: 8}), (2, {1: None}))
    assert links(past, [1], [2]) == {1: 7, 2: 8}


def test_only_what_meets_or_parts_is_contested() -> None:
    before = previous(e1=[1, 2], e2=[3], e3=[4], e4=[5, 6])
    found = link.contested(clusters([1, 2, 9], [3, 4], [5], [6], [7]), before)
    assert sorted(found) == [3, 4, 5, 6, 7]
