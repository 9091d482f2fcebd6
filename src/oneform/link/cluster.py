"""Link, cluster: EDGES, STANDARD and JUDGEMENTS → CLUSTERS and REVIEWS: who is one resident, what people must decide.

Never plain components: evidence is taken in its order (a person's word, one valid ID, the weight, at last records
without a name), ties end in the records' content, and a join that breaks a constraint is refused and becomes a review.
Whatever the order of rows and batches, the same edges and judgements give the same partition.

Most components are plain: one name, one number, nothing against. They are taken as they are; only the others are walked
edge by edge, after the pairs inside them that blocking never proposed have been weighed too.
"""

from __future__ import annotations

import polars as pl

from oneform import frames
from oneform.link.components import component_labels
from oneform.link.model import DEFAULT, Model
from oneform.link.walk import (
    BY_ID,
    BY_PLACE,
    BY_REST,
    BY_WEIGHT,
    JUDGED,
    JUDGED_SAME_TWO_IDS,
    JUDGEMENTS_CONTRADICT,
    SAID_TO_DIFFER,
    speaks_against,
    walk,
)
from oneform.link.weigh import (
    POSSIBLE_DUPLICATE_ID,
    REVIEW,
    SAME,
    SAME_ID,
    SCORED,
    SOLE_BEARER,
    UNNAMED,
    weigh,
)

CONTRADICTIONS = (JUDGED_SAME_TWO_IDS, JUDGEMENTS_CONTRADICT)  # told, never asked: a person has spoken

# Answers of JUDGEMENTS. `lapsed` is an unsure whose residents got new rows since: it joins nobody, but is asked anew.
SAME_PERSON, NOT_SAME, UNSURE, LAPSED = "same", "not_same", "unsure", "lapsed"

_CROSS = 64  # a component of up to so many records has all its pairs weighed: at most 32 a record

_STEPS = pl.Schema(
    {"left": pl.Int64, "right": pl.Int64, "tier": pl.Int8, "weight": pl.Float64, "first": pl.Int64, "second": pl.Int64}
)


def cluster(
    edges: pl.DataFrame, standard: pl.DataFrame, judgements: pl.DataFrame, model: Model = DEFAULT
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CLUSTERS with every record of `standard` (label: its smallest rec_id) and REVIEWS, strongest first.

    `edges` must hold every edge of the records given, so whole components; judgements are the ones in force.
    """
    judged = _ordered(judgements.match_to_schema(frames.JUDGEMENTS)).unique(["left", "right", "answer"])
    weighed = edges.match_to_schema(frames.EDGES)
    steps = _steps(weighed, judged, standard)
    labels = component_labels(standard["rec_id"], steps)
    careful = _careful(labels, standard, weighed, judged)
    crossed = _crossed(labels.filter(pl.col("component").is_in(careful.implode())), weighed, standard, model)
    known = pl.concat([weighed, crossed])
    walked = labels.filter(pl.col("component").is_in(careful.implode()))
    joined, refused = walk(walked, steps, known, judged, standard)
    plain = labels.filter(~pl.col("component").is_in(careful.implode()))
    clusters = pl.concat([plain.rename({"component": "cluster"}), joined]).sort("rec_id")
    return clusters.match_to_schema(frames.CLUSTERS), _reviews(clusters, weighed, refused, judged, standard)


def _ordered(pairs: pl.DataFrame) -> pl.DataFrame:
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    return pairs.with_columns(left=low, right=high)


def _steps(edges: pl.DataFrame, judged: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Joins to try, in order: tier, then weight, then the content of the two records."""
    keys = standard.select("rec_id", "rec_key").with_columns(place=pl.col("rec_key").rank("dense").cast(pl.Int64))
    tier = (
        pl.when(pl.col("reason") == SAME_ID)
        .then(BY_ID)
        .when(pl.col("reason") == SOLE_BEARER)
        .then(BY_PLACE)
        .when(pl.col("reason") == UNNAMED)
        .then(BY_REST)
        .otherwise(BY_WEIGHT)
    )
    # Any answer of a person about this very pair outranks what was computed about it.
    computed = edges.filter(pl.col("verdict") == SAME).join(judged, on=["left", "right"], how="anti")
    denied = judged.filter(pl.col("answer") == "not_same")
    said = judged.filter(pl.col("answer") == "same").join(denied, on=["left", "right"], how="anti")
    together = pl.concat(
        [
            computed.select("left", "right", tier=tier.cast(pl.Int8), weight="weight"),
            said.select("left", "right", tier=pl.lit(JUDGED, dtype=pl.Int8), weight=pl.lit(0.0)),
        ]
    )
    placed = together
    for side in ("left", "right"):
        placed = placed.join(
            keys.select("rec_id", pl.col("place").alias(f"{side}_place")),
            left_on=side,
            right_on="rec_id",
            how="inner",
            validate="m:1",
        )
    places = ("left_place", "right_place")
    ranked = placed.with_columns(first=pl.min_horizontal(places), second=pl.max_horizontal(places))
    in_order = ranked.sort(["tier", "weight", "first", "second"], descending=[False, True, False, False])
    return in_order.select(_STEPS.names()).match_to_schema(_STEPS)


def _careful(labels: pl.DataFrame, standard: pl.DataFrame, edges: pl.DataFrame, judged: pl.DataFrame) -> pl.Series:
    """Components that may not be taken as they are.

    They hold several names, numbers, dates or sexes, a nameless record, or a pair that is said, ruled or weighed to be
    two people.
    """
    facts = labels.join(standard, on="rec_id", how="left", validate="1:1")
    several = [
        pl.col(column).drop_nulls().n_unique() > 1 for column in ("id", "bare", "dob", "sex", "first15", "dob_typed")
    ]
    nameless = (pl.col("naming").is_null() | (pl.col("naming") != "full")).any()
    unlike = (
        facts.group_by("component")
        .agg(size=pl.len(), unlike=pl.any_horizontal(*several, nameless, pl.col("dob_typed").is_not_null().any()))
        .filter(pl.col("unlike") & (pl.col("size") > 1))
    )
    against = edges.filter(speaks_against()).select("left", "right")
    denied = judged.filter(pl.col("answer") == "not_same").select("left", "right")
    thin = edges.filter(pl.col("reason") == SOLE_BEARER).select("left", "right")
    components = labels.select(left="rec_id", component="component")
    inside = (
        pl.concat([against, denied, thin])
        .join(components, on="left", how="inner")
        .join(components.rename({"left": "right"}), on=["right", "component"], how="inner")
    )
    return pl.concat([unlike["component"], inside["component"]]).unique().sort()


def _crossed(members: pl.DataFrame, edges: pl.DataFrame, standard: pl.DataFrame, model: Model) -> pl.DataFrame:
    """EDGES of the pairs inside components that blocking never proposed; of large components none."""
    small = members.filter(pl.len().over("component").is_between(3, _CROSS))
    pairs = (
        small.join(small, on="component", how="inner", suffix="_other", validate="m:m")
        .filter(pl.col("rec_id") < pl.col("rec_id_other"))
        .select(left="rec_id", right="rec_id_other")
        .join(edges, on=["left", "right"], how="anti")
    )
    return weigh(pairs, standard, model) if pairs.height else pl.DataFrame(schema=frames.EDGES)


def _reviews(
    clusters: pl.DataFrame, edges: pl.DataFrame, refused: pl.DataFrame, judged: pl.DataFrame, standard: pl.DataFrame
) -> pl.DataFrame:
    """REVIEWS: one question between two clusters, the weightiest; none that a person answered or an ID settles."""
    numbers = clusters.join(standard.select("rec_id", "id"), on="rec_id", how="left", validate="1:1").with_columns(
        number=pl.col("id").drop_nulls().first().over("cluster")
    )
    lapsed = judged.filter(pl.col("answer") == LAPSED).select("left", "right", lapsed=True)
    known = edges.join(lapsed, on=["left", "right"], how="left")
    asked = known.filter((pl.col("verdict") == REVIEW) | pl.col("lapsed")).select(*frames.REVIEWS)
    questions = pl.concat([asked.with_columns(rank=1), refused.match_to_schema(frames.REVIEWS).with_columns(rank=0)])
    placed = _between(questions, numbers)
    settled = (pl.col("number_left") != pl.col("number_right")).fill_null(value=False)
    kept = placed.filter((pl.col("rank") == 0) | ~settled | (pl.col("reason") == POSSIBLE_DUPLICATE_ID))
    # A word on two rows is one on the two residents: it is not asked for again at each new row of theirs.
    standing = judged.filter(pl.col("answer") != LAPSED)
    answered = _between(standing, numbers).select("low", "high").unique().with_columns(answered=True)
    pairs = standing.select("left", "right").unique().with_columns(judged=True)
    contradiction = pl.col("reason").is_in(CONTRADICTIONS)
    open_ones = (
        kept.join(pairs, on=["left", "right"], how="left")
        .join(answered, on=["low", "high"], how="left")
        .join(_torn(kept, edges, judged, clusters), on=["left", "right"], how="left")
        .filter(contradiction | pl.col("judged").is_null() & (pl.col("answered").is_null() | pl.col("torn")))
    )
    order = ["rank", "weight", "key_low", "key_high"]
    keys = clusters.join(standard.select("rec_id", "rec_key"), on="rec_id", how="left")
    for side in ("left", "right"):
        open_ones = open_ones.join(
            keys.select(pl.col("rec_id").alias(side), pl.col("rec_key").alias(f"key_{side}")), on=side, how="left"
        )
    ranked = open_ones.with_columns(
        key_low=pl.min_horizontal("key_left", "key_right"), key_high=pl.max_horizontal("key_left", "key_right")
    ).sort(order, descending=[False, True, False, False])
    once = _one_at_a_time(ranked.unique(["low", "high"], keep="first", maintain_order=True), clusters)
    return once.sort(["weight", "key_low", "key_high"], descending=[True, False, False]).select(*frames.REVIEWS)


def _torn(questions: pl.DataFrame, edges: pl.DataFrame, judged: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Refused pairs (`torn`) of a record that fits two residents who were said to differ equally well: whose is it?

    Where it fits its own resident better, or a person put it there, nothing is left to ask.
    """
    said = judged.filter(pl.col("answer") == SAME_PERSON).select("left", "right", weight=pl.lit(float("inf")))
    held = pl.concat([edges.filter(pl.col("verdict") == SAME).select("left", "right", "weight"), said])
    sides = pl.concat([held, held.select(left="right", right="left", weight="weight")])
    place = clusters.select("rec_id", "cluster")
    own = (
        sides.join(place, left_on="left", right_on="rec_id")
        .join(place, left_on="right", right_on="rec_id", suffix="_other")
        .filter(pl.col("cluster") == pl.col("cluster_other"))
        .group_by(rec_id="left")
        .agg(best=pl.col("weight").max())
    )
    refused = questions.filter(pl.col("reason") == SAID_TO_DIFFER).select("left", "right", "weight")
    for side in ("left", "right"):
        refused = refused.join(own.rename({"best": f"best_{side}"}), left_on=side, right_on="rec_id", how="left")
    torn = pl.any_horizontal(pl.col(f"best_{side}") <= pl.col("weight") for side in ("left", "right"))
    return refused.filter(torn).select("left", "right", torn=True)


def _one_at_a_time(questions: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """The first of the merely weighed questions about the smaller of two clusters.

    A record with several namesakes is compared with one candidate, and with the next only after a no.
    """
    sizes = clusters.group_by("cluster").len("size")
    sized = questions.with_row_index("order")
    for side in ("left", "right"):
        sized = sized.join(sizes.rename({"cluster": f"cluster_{side}", "size": f"size_{side}"}), on=f"cluster_{side}")
    left_asks = (pl.col("size_left") < pl.col("size_right")) | (
        (pl.col("size_left") == pl.col("size_right")) & (pl.col("key_left") <= pl.col("key_right"))
    )
    asking = sized.with_columns(asker=pl.when(left_asks).then("cluster_left").otherwise("cluster_right"))
    kept = asking.filter((pl.col("reason") != SCORED) | (pl.col("order") == pl.col("order").min().over("asker")))
    return kept.sort("order")


def _between(pairs: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Pairs whose ends are in different clusters, with both clusters (low, high) and their valid numbers."""
    placed = pairs
    for side in ("left", "right"):
        facts = numbers.select(
            pl.col("rec_id").alias(side),
            pl.col("cluster").alias(f"cluster_{side}"),
            pl.col("number").alias(f"number_{side}"),
        )
        placed = placed.join(facts, on=side, how="inner", validate="m:1")
    apart = placed.filter(pl.col("cluster_left") != pl.col("cluster_right"))
    return apart.with_columns(
        low=pl.min_horizontal("cluster_left", "cluster_right"), high=pl.max_horizontal("cluster_left", "cluster_right")
    )
