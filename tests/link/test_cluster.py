"""Clustering as a whole: accuracy on a made-up community, and the time it may take."""

from __future__ import annotations

import polars as pl
import pytest

from oneform import frames, link
from oneform.link.components import component_labels
from tests.link.community import community
from tests.link.measure import linked, scores


@pytest.mark.parametrize("seed", [3, 17])
def test_a_made_up_community_is_found_again(seed: int) -> None:
    records = community(1500, seed=seed)
    found = linked(records)
    measured = scores(records, found.clusters)
    # Rows that say only a name are in the truth too, so recall has a ceiling near .97.
    assert measured["precision"] >= 0.999, measured
    assert measured["recall"] >= 0.95, measured
    assert found.reviews.height <= 0.009 * records.height


def test_a_village_of_one_surname_is_not_mixed() -> None:
    records = community(1500, seed=5, village=True)
    assert scores(records, linked(records).clusters)["precision"] >= 0.998


def test_no_cluster_has_two_valid_ids_and_every_record_has_a_cluster() -> None:
    records = community(1500, seed=23)
    found = linked(records)
    numbers = found.clusters.join(found.standard.select("rec_id", "id"), on="rec_id")
    assert numbers.group_by("cluster").agg(pl.col("id").drop_nulls().n_unique().alias("n"))["n"].max() == 1
    assert found.clusters["rec_id"].to_list() == sorted(records["rec_id"].to_list())
    assert found.clusters.schema == frames.CLUSTERS
    assert found.reviews.schema == frames.REVIEWS
    assert found.edges.schema == frames.EDGES


def test_answering_every_question_leaves_none_of_them() -> None:
    records = community(800, seed=29)
    first = linked(records)
    truth = records.select("rec_id", "truth")
    asked = first.reviews.select("left", "right")
    people = [
        asked.select(rec_id=side).join(truth, on="rec_id", maintain_order="left")["truth"] for side in asked.columns
    ]
    answer = pl.when(people[0] == people[1]).then(pl.lit("same")).otherwise(pl.lit("not_same"))
    answers = asked.with_columns(answer=answer)
    standard = first.standard
    clusters, reviews = link.cluster(first.edges, standard, answers)
    asked_again = reviews.join(answers, on=["left", "right"]).filter(~pl.col("reason").str.starts_with("judge"))
    assert asked_again.is_empty()
    assert scores(records, clusters)["precision"] >= scores(records, first.clusters)["precision"] - 1e-9


def test_nothing_to_cluster() -> None:
    standard = link.standardise(pl.DataFrame(schema=frames.LINKABLE))
    nothing = pl.DataFrame(schema=frames.PAIRS)
    edges = link.weigh(nothing, standard)
    clusters, reviews = link.cluster(edges, standard, pl.DataFrame(schema=frames.JUDGEMENTS))
    assert (edges.height, clusters.height, reviews.height) == (0, 0, 0)


def test_components_of_chains_rings_and_loners() -> None:
    records = pl.Series([9, 1, 2, 3, 4, 5, 6], dtype=pl.Int64)
    pairs = pl.DataFrame({"left": [2, 1, 5, 7], "right": [3, 2, 4, 9]})
    found = dict(component_labels(records, pairs).iter_rows())
    assert found == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 6, 9: 9}


def test_a_long_chain_is_one_component() -> None:
    places = list(range(5000))
    pairs = pl.DataFrame({"left": places[:-1], "right": places[1:]})
    assert component_labels(pl.Series(places), pairs)["component"].unique().to_list() == [0]
