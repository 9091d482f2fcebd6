"""Link, walk: the careful components of EDGES, edge by edge → CLUSTERS, and the joins that were refused on the way.

Evidence is taken in tiers: a person's word, one valid ID, the weight, a name and a place, at last records without a
name. An obstacle never goes away later, so nothing has to be tried twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import polars as pl

from oneform import frames
from oneform.link.components import component_labels
from oneform.link.weigh import (
    APART,
    CONTRADICTED,
    DAMAGED_TAIL,
    DOCUMENT_AND_DOB,
    NEVER,
    ONE_ID_TWO_PEOPLE,
    POSSIBLE_DUPLICATE_ID,
    SAME,
    SCORED,
    SEX_AND_DOB,
    SOLE_BEARER,
    TWO_VALID_IDS,
)

# Why a join was refused, strongest first; words of REVIEWS beside those of weigh.
SAID_TO_DIFFER, SPEAKS_AGAINST, AMBIGUOUS = "said_to_differ", "speaks_against", "ambiguous"
JUDGED_SAME_TWO_IDS, JUDGEMENTS_CONTRADICT = "judged_same_two_ids", "judgements_contradict"

JUDGED, BY_ID, BY_WEIGHT, BY_PLACE, BY_REST = range(5)  # tiers of evidence


def speaks_against() -> pl.Expr:
    """Edges that keep two clusters apart: hard rules, and evidence that speaks against one person."""
    apart = (pl.col("verdict") == APART) & pl.col("reason").is_in([SEX_AND_DOB, DOCUMENT_AND_DOB, CONTRADICTED])
    return (pl.col("verdict") == NEVER) | apart | pl.col("reason").is_in([ONE_ID_TWO_PEOPLE, POSSIBLE_DUPLICATE_ID])


@dataclass
class _Walk:
    """The state of one walk over the edges: union-find with what each cluster holds."""

    parent: dict[int, int]
    members: dict[int, list[int]]
    number: dict[int, str | None]  # the one valid resident ID of a cluster
    denied: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # record → records said to differ
    against: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # core → cores that speak against it
    cores: dict[int, int] = field(default_factory=dict)  # record → its core, once the second tier is done
    refused: list[tuple[int, int, float, str]] = field(default_factory=list)

    def find(self, record: int) -> int:
        while self.parent[record] != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def obstacle(self, one: int, other: int, tier: int) -> str | None:
        """Why two clusters (roots) may not be joined by evidence of this tier; None if they may."""
        numbers = self.number[one], self.number[other]
        if None not in numbers and numbers[0] != numbers[1]:
            return JUDGED_SAME_TWO_IDS if tier == JUDGED else TWO_VALID_IDS
        small, large = sorted((one, other), key=lambda root: len(self.members[root]))
        if any(self.find(said) == large for record in self.members[small] for said in self.denied.get(record, ())):
            return JUDGEMENTS_CONTRADICT if tier == JUDGED else SAID_TO_DIFFER
        if tier <= BY_ID:
            return None
        opposed = set().union(*(self.against.get(self.cores[record], ()) for record in self.members[small]))
        if opposed and any(self.cores[record] in opposed for record in self.members[large]):
            return SPEAKS_AGAINST
        return None

    def join(self, one: int, other: int) -> None:
        small, large = sorted((one, other), key=lambda root: len(self.members[root]))
        self.parent[small] = large
        self.members[large] += self.members.pop(small)
        self.number[large] = self.number[large] or self.number[small]


def walk(
    walked: pl.DataFrame, steps: pl.DataFrame, edges: pl.DataFrame, judged: pl.DataFrame, standard: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CLUSTERS of the records given, and REVIEWS of the joins refused on the way."""
    records = walked["rec_id"].to_list()
    known = standard.select("rec_id", "id", "document", "first15", "dob", "naming")
    facts = walked.join(known, on="rec_id", how="left", maintain_order="left")
    state = _Walk(
        {r: r for r in records}, {r: [r] for r in records}, dict(zip(records, facts["id"].to_list(), strict=True))
    )
    inside = walked.select(pl.col("rec_id").alias("left"))
    own = steps.join(inside, on="left", how="semi", maintain_order="left")
    unclear = _unclear_tails(own, edges, standard)
    tries = own.join(unclear, on=["left", "right"], how="anti", maintain_order="left")
    for left, right in judged.filter(pl.col("answer") == "not_same").select("left", "right").iter_rows():
        if left in state.parent and right in state.parent:
            state.denied[left].add(right)
            state.denied[right].add(left)
    _try(state, tries.filter(pl.col("tier") <= BY_ID))
    state.cores = {record: state.find(record) for record in records}
    _oppose(state, edges.join(inside, on="left", how="semi"))
    _try(state, tries.filter(pl.col("tier") == BY_WEIGHT))
    day = pl.col("dob").str.len_chars() == 10
    identified = facts.filter(
        pl.any_horizontal(pl.col("id", "document", "first15").is_not_null(), day.fill_null(False))
    )
    _try_sole(state, tries.filter(pl.col("tier") == BY_PLACE), set(identified["rec_id"].to_list()))
    named = set(facts.filter(pl.col("naming") == "full")["rec_id"].to_list())
    _try_nameless(state, tries.filter(pl.col("tier") == BY_REST), named)
    roots = pl.DataFrame(
        {"rec_id": records, "root": [state.find(r) for r in records]}, schema={"rec_id": pl.Int64, "root": pl.Int64}
    )
    joined = roots.select("rec_id", cluster=pl.col("rec_id").min().over("root"))
    refused = pl.DataFrame(state.refused, schema=frames.REVIEWS, orient="row")
    ambiguous = unclear.select("left", "right", "weight", reason=pl.lit(AMBIGUOUS))
    return joined, pl.concat([refused, ambiguous])


def _try(walk: _Walk, steps: pl.DataFrame) -> None:
    """Join what may be joined, in the order given; what may not is noted. An obstacle never goes away later."""
    for left, right, tier, weight in steps.select("left", "right", "tier", "weight").iter_rows():
        one, other = walk.find(left), walk.find(right)
        if one == other:
            continue
        reason = walk.obstacle(one, other, tier)
        if reason is None:
            walk.join(one, other)
        else:
            walk.refused.append((left, right, weight, reason))


def _oppose(walk: _Walk, edges: pl.DataFrame) -> None:
    """Which cores speak against each other: one pair does, and no pair between them says «same».

    A core is what a person or one valid ID holds together. A slip in one of its rows does not count against a record
    that another of its rows plainly agrees with.
    """
    between: dict[tuple[int, int], bool] = {}
    plain = (pl.col("verdict") == SAME) & (pl.col("reason") != SOLE_BEARER)
    relevant = edges.filter(speaks_against() | plain).with_columns(same=plain)
    for left, right, same in relevant.select("left", "right", "same").iter_rows():
        if left in walk.cores and right in walk.cores:
            one, other = walk.cores[left], walk.cores[right]
            pair = (one, other) if one < other else (other, one)
            between[pair] = between.get(pair, False) or same
    for (one, other), same in between.items():
        if not same and one != other:
            walk.against[one].add(other)
            walk.against[other].add(one)


def _unclear_tails(steps: pl.DataFrame, edges: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Steps of a damaged number whose first 15 characters and name fit two valid IDs: nobody can tell whose it is."""
    numbers = standard.select("rec_id", "id", "id_state")
    tails = steps.join(edges.filter(pl.col("reason") == DAMAGED_TAIL).select("left", "right"), on=["left", "right"])
    sides = []
    for damaged, valid in (("left", "right"), ("right", "left")):
        facts = tails.join(numbers, left_on=damaged, right_on="rec_id", how="left").join(
            numbers.select(rec_id="rec_id", other_id="id"), left_on=valid, right_on="rec_id", how="left"
        )
        sides.append(
            facts.filter((pl.col("id_state") == "damaged_tail") & pl.col("other_id").is_not_null()).select(
                "left", "right", "weight", "other_id", damaged=pl.col(damaged)
            )
        )
    return pl.concat(sides).filter(pl.col("other_id").n_unique().over("damaged") > 1).select("left", "right", "weight")


def _try_sole(walk: _Walk, steps: pl.DataFrame, identified: set[int]) -> None:
    """A name and a place join a record to the one person there who is known by a number or a birth date.

    Most residents are known so in some sheet: a second bearer of the name would show. Where two are, or none, a person
    is asked.
    """
    people = _in_reach(walk, steps, identified)
    clear = pl.Series([count == 1 for count in people], dtype=pl.Boolean)
    _try(walk, steps.filter(clear))
    for left, right, weight in steps.filter(~clear).select("left", "right", "weight").iter_rows():
        if walk.find(left) != walk.find(right):
            walk.refused.append((left, right, weight, SCORED))


def _in_reach(walk: _Walk, steps: pl.DataFrame, chosen: set[int]) -> list[int]:
    """For each step, how many clusters with a chosen record these steps together reach from it.

    It is settled before any of them joins, so that the outcome does not depend on their order.
    """
    ends = [(walk.find(left), walk.find(right)) for left, right in steps.select("left", "right").iter_rows()]
    roots = pl.DataFrame(ends, schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    reach = component_labels(pl.concat([roots["left"], roots["right"]]).unique().sort(), roots)
    people: dict[int, int] = defaultdict(int)
    for root, component in reach.iter_rows():
        people[component] += any(record in chosen for record in walk.members[root])
    component_of = dict(reach.iter_rows())
    return [people[component_of[left]] for left, _ in ends]


def _try_nameless(walk: _Walk, steps: pl.DataFrame, named: set[int]) -> None:
    """Records without a name join last, and only where one named cluster is in reach: a newborn may have a twin."""
    people = _in_reach(walk, steps, named)
    clear = pl.Series([count <= 1 for count in people], dtype=pl.Boolean)
    _try(walk, steps.filter(clear))
    for left, right, weight in steps.filter(~clear).select("left", "right", "weight").iter_rows():
        if walk.find(left) != walk.find(right):
            walk.refused.append((left, right, weight, AMBIGUOUS))
