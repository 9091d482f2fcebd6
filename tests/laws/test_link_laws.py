"""Laws of linking on made-up histories: order-free partitions, one valid ID a resident, judgements never broken."""

from __future__ import annotations

from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.link.rows import every_pair, linkable

from oneform import frames, link

# Tokens that collide: two families, twins, namesakes, one phone and door for several, valid and damaged numbers.
NUMBERS = ("11010119900307029X", "110101199003070265", "420102196704010017", "420102200608150035")
NAMES = ("王小明", "王晓明", "王小红", "王伟", "王玮", "張偉", "张伟", "李丽", "王宝宝", "王□明", "王某", None)
DATES = ("1990-03-07", "1990-07-03", "1967-04-01", "2006-08-15", "2006-08", None, None)
HOMES = ("幸福小区-3-2-501", "幸福-3--501", "阳光花园-1-1-101", None, None)
_PLAIN = [{"id_seen": number, "id_state": "valid18"} for number in NUMBERS]
_BROKEN = [
    {"id_seen": NUMBERS[0][:15] + "000", "id_state": "damaged_tail"},
    {"id_seen": NUMBERS[0][:9] + "7" + NUMBERS[0][10:], "id_state": "invalid"},
    {"id_seen": "1101**********029X", "id_state": "masked"},
]


@st.composite
def rows(draw: st.DrawFn) -> dict[str, object]:
    home = draw(st.sampled_from(HOMES))
    row: dict[str, object] = {
        "name": draw(st.sampled_from(NAMES)),
        "birth_date": draw(st.sampled_from(DATES)),
        "gender": draw(st.sampled_from(("1", "2", None, None))),
        "phones": draw(st.sampled_from((["13800000001"], ["13900000002"], ["13800000001", "13900000002"], [], []))),
    }
    row |= draw(st.sampled_from([*_PLAIN, *_BROKEN, {}, {}, {}]))
    return row | ({"home": home} if home else {})


histories = st.lists(rows(), min_size=2, max_size=14)


@st.composite
def judged(draw: st.DrawFn) -> tuple[list[dict[str, object]], list[tuple[int, int, str]]]:
    history = draw(histories)
    records = st.integers(1, len(history))
    answers = draw(st.lists(st.tuples(records, records, st.sampled_from(("same", "not_same", "unsure"))), max_size=4))
    said = {(min(a, b), max(a, b)): answer for a, b, answer in answers if a != b}
    return history, [(a, b, answer) for (a, b), answer in said.items()]


def _linked(
    records: pl.DataFrame, answers: list[tuple[int, int, str]]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    standard = link.standardise(records)
    edges = link.weigh(every_pair(records), standard)
    judgements = pl.DataFrame(answers, schema=frames.JUDGEMENTS, orient="row")
    return standard, *link.cluster(edges, standard, judgements)


def _partition(records: pl.DataFrame, clusters: pl.DataFrame) -> set[frozenset[str]]:
    keyed = clusters.join(records.select("rec_id", "rec_key"), on="rec_id")
    return {frozenset(keys) for keys in keyed.group_by("cluster").agg("rec_key")["rec_key"].to_list()}


@settings(max_examples=100, deadline=None)
@given(judged(), st.randoms(use_true_random=False))
def test_any_order_of_rows_gives_the_same_residents_and_questions(
    case: tuple[list[dict[str, object]], list[tuple[int, int, str]]], random: Random
) -> None:
    history, answers = case
    records = linkable(*history)
    _, clusters, reviews = _linked(records, answers)
    places = list(range(1, len(history) + 1))
    random.shuffle(places)
    moved = dict(zip(range(1, len(history) + 1), places, strict=True))
    renumbered = records.with_columns(rec_id=pl.Series([moved[n] for n in records["rec_id"]], dtype=pl.Int64)).sort(
        "rec_id"
    )
    _, other_clusters, other_reviews = _linked(renumbered, [(moved[a], moved[b], answer) for a, b, answer in answers])
    assert _partition(records, clusters) == _partition(renumbered, other_clusters)

    def asked(found: pl.DataFrame, number: dict[int, int]) -> set[tuple[frozenset[int], str]]:
        return {
            (frozenset((number[a], number[b])), why)
            for a, b, why in found.select("left", "right", "reason").iter_rows()
        }

    assert asked(reviews, moved) == asked(other_reviews, {n: n for n in places})


@settings(max_examples=100, deadline=None)
@given(judged())
def test_one_valid_id_a_resident_and_no_judgement_broken_and_no_pair_asked_twice(
    case: tuple[list[dict[str, object]], list[tuple[int, int, str]]],
) -> None:
    history, answers = case
    standard, clusters, reviews = _linked(linkable(*history), answers)
    cluster_of = dict(clusters.iter_rows())
    numbers = clusters.join(standard.select("rec_id", "id"), on="rec_id").drop_nulls("id")
    assert (numbers.group_by("cluster").agg(pl.col("id").n_unique().alias("n"))["n"] == 1).all()
    for left, right, answer in answers:
        if answer == "not_same":
            assert cluster_of[left] != cluster_of[right]
    contradictions = reviews["reason"].str.starts_with("judge")
    asked = set(reviews.filter(~contradictions).select("left", "right").iter_rows())
    assert not asked & {(left, right) for left, right, _ in answers}
    assert all(cluster_of[left] != cluster_of[right] for left, right in asked)


@settings(max_examples=40, deadline=None)
@given(histories, st.data())
def test_a_pair_weighs_the_same_in_any_batch(history: list[dict[str, object]], data: st.DataObject) -> None:
    records = linkable(*history)
    whole = link.standardise(records)
    pairs = every_pair(records)
    cut = data.draw(st.integers(0, pairs.height))
    parts = pl.concat([link.weigh(part, _of(part, whole)) for part in (pairs[:cut], pairs[cut:])])
    assert parts.equals(link.weigh(pairs, whole))
    halves = pl.concat([link.standardise(records[: len(history) // 2]), link.standardise(records[len(history) // 2 :])])
    assert halves.equals(whole)
    keys = pl.concat([link.block_keys(whole[:1]), link.block_keys(whole[1:])])
    assert keys.sort("rec_id", "rule", "key").equals(link.block_keys(whole))


def _of(pairs: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Only the records that these pairs name."""
    return standard.filter(pl.col("rec_id").is_in(pl.concat([pairs["left"], pairs["right"]]).implode()))


@settings(max_examples=40, deadline=None)
@given(judged(), st.integers(0, 3))
def test_ids_come_back_when_a_join_is_undone_and_are_never_reused(
    case: tuple[list[dict[str, object]], list[tuple[int, int, str]]], seed: int
) -> None:
    history, answers = case
    standard, clusters, _ = _linked(linkable(*history), [])
    _, judged_clusters, _ = _linked(linkable(*history), answers)
    nobody = pl.DataFrame(schema=link.LINKS)
    first = link.assign(clusters, nobody, standard, 1 + seed)
    later = link.assign(judged_clusters, first.links, standard, first.next_id)
    now = first.links.update(later.links, on="rec_id", how="left")
    assert later.next_id >= first.next_id
    by_cluster = judged_clusters.join(now, on="rec_id").group_by("cluster").agg(pl.col("entity_id").n_unique())
    assert (by_cluster["entity_id"] == 1).all()
    assert now["entity_id"].n_unique() == judged_clusters["cluster"].n_unique()
