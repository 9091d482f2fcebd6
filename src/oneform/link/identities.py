"""Link, identities: CLUSTERS and the ids of before → the ids of now: minted once, never another's, kept or given back.

A merge keeps the older id and the other becomes an alias of it. A split gives ids back: a side that is again what it was
before a merge has the id it had then, a side whose rows once had an id of their own has that one, and the id of the
whole stays where it began. Where no merge is undone, the id stays with the side that has the valid resident ID, else
with the larger side, else with the side of the oldest record; only what never had an id gets a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

LINKS = pl.Schema({"rec_id": pl.Int64, "entity_id": pl.Int64})
ALIASES = pl.Schema({"entity_id": pl.Int64, "alias_of": pl.Int64})
HISTORY = pl.Schema({"rec_id": pl.Int64, "entity_id": pl.Int64, "op": pl.Int64})  # entity_id null: a link ended
_GIVEN = pl.Schema({"cluster": pl.Int64, "entity_id": pl.Int64})


@dataclass(frozen=True)
class Assigned:
    """The outcome of one assignment; every count is of entities but `matched`, which is of records."""

    links: pl.DataFrame  # LINKS: records whose entity id changed or is new
    aliases: pl.DataFrame  # ALIASES: ids that went into another by a merge
    next_id: int  # the first id still unused
    created: int  # entities none of whose records had an id
    matched: int  # records without an id that joined an existing entity
    merged: int  # ids that became aliases
    split: int  # entities whose records left another; their id is new or one they had before


def contested(clusters: pl.DataFrame, previous: pl.DataFrame) -> pl.Series:
    """`rec_id`s of clusters that are not plainly one id of before: several ids meet, one is split, or none is there.

    Only for these does the past matter (`history` of assign).
    """
    named = clusters.join(previous, on="rec_id", how="left", validate="1:1")
    ways = named.select("cluster", "entity_id").drop_nulls().unique()
    plain = ways.filter((pl.len().over("cluster") == 1) & (pl.len().over("entity_id") == 1))
    return named.join(plain, on="cluster", how="anti")["rec_id"]


def assign(
    clusters: pl.DataFrame,
    previous: pl.DataFrame,
    standard: pl.DataFrame,
    next_id: int,
    history: pl.DataFrame | None = None,
) -> Assigned:
    """Stable entity ids. `clusters` holds every record of each entity it touches; `previous` is (rec_id, entity_id).

    `standard` tells which records have a valid ID (`id`) and their content (`rec_key`), which orders new ids; it may
    lack `id` for other entities than persons. `history` (HISTORY) is every link that a contested record ever had, and
    every link of each record that ever had one of these ids; without it nothing is given back.
    """
    facts = standard.select(
        "rec_id", "rec_key", proven=pl.col("id").is_not_null() if "id" in standard.columns else False
    )
    before = previous.select("rec_id", pl.col("entity_id").alias("old"))
    records = clusters.join(facts, on="rec_id", how="left").join(before, on="rec_id", how="left", validate="1:1")
    spans = _spans(pl.DataFrame(schema=HISTORY) if history is None else history.match_to_schema(HISTORY))
    given = _restored(clusters, spans)
    for live in (True, False):
        claims = _claims(records, spans, live=live)
        given = pl.concat([given, _inherited(claims, given)])
    minted = _minted(records, given, next_id)
    named = records.join(pl.concat([given, minted]), on="cluster", how="left", validate="m:1")
    changed = named.filter(pl.col("old").is_null() | (pl.col("old") != pl.col("entity_id")))
    outcome = named.group_by("cluster").agg(
        pl.col("entity_id").first(),
        had=pl.col("old").is_not_null().any(),
        kept=(pl.col("old") == pl.col("entity_id")).any(),
        joined=pl.col("old").is_null().sum(),
    )
    stayed = pl.col("kept").fill_null(value=False)
    aliases = _aliases(named)
    gone = aliases["alias_of"].implode()
    left = outcome.filter(pl.col("had") & ~stayed & ~pl.col("entity_id").is_in(gone))
    return Assigned(
        links=changed.select("rec_id", "entity_id").sort("rec_id").match_to_schema(LINKS),
        aliases=aliases,
        next_id=next_id + minted.height,
        created=outcome.filter(~pl.col("had")).height,
        matched=int(outcome.filter("had")["joined"].sum()),
        merged=aliases.height,
        split=left.height,
    )


def _minted(records: pl.DataFrame, given: pl.DataFrame, next_id: int) -> pl.DataFrame:
    """New ids for the clusters that have none, in the order of their content."""
    orphans = (
        records.join(given, on="cluster", how="anti")
        .group_by("cluster")
        .agg(first=pl.col("rec_key").min(), oldest=pl.col("rec_id").min())
        .sort("first", "oldest")
    )
    return orphans.with_row_index("number").select("cluster", entity_id=pl.col("number").cast(pl.Int64) + next_id)


def _aliases(named: pl.DataFrame) -> pl.DataFrame:
    """ALIASES: ids of before that no cluster has now; of several clusters that share its records, the largest."""
    gone = named.filter(pl.col("old").is_not_null() & ~pl.col("old").is_in(named["entity_id"].implode()))
    counted = (
        gone.group_by("old", "entity_id")
        .len("rows")
        .sort(["old", "rows", "entity_id"], descending=[False, True, False])
    )
    return (
        counted.unique("old", keep="first", maintain_order=True)
        .select(entity_id="old", alias_of="entity_id")
        .match_to_schema(ALIASES)
    )


def _spans(history: pl.DataFrame) -> pl.DataFrame:
    """`rec_id, entity_id, since, until, fresh`: when each record was part of an entity; `until` null = still.

    `fresh`: the record was part of nothing before.
    """
    ordered = history.sort("rec_id", "op")
    spans = ordered.select(
        "rec_id",
        "entity_id",
        since="op",
        until=pl.col("op").shift(-1).over("rec_id"),
        fresh=pl.col("entity_id").shift(1).over("rec_id").is_null(),
    )
    return spans.filter(pl.col("entity_id").is_not_null())


def _restored(clusters: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """GIVEN: clusters that are once more exactly what an id stood for until it was merged or split; the newest such id.

    That rows were merely added to an entity gives the rows of before no claim: nothing of theirs was taken.
    """
    changes = pl.concat(
        [
            spans.select("entity_id", at="since", moved=~pl.col("fresh")),
            spans.filter(pl.col("until").is_not_null()).select("entity_id", at="until", moved=pl.lit(value=True)),
        ]
    )
    moments = changes.group_by("entity_id", "at").agg(pl.col("moved").any()).sort("entity_id", "at")
    ended = moments.with_columns(undone=pl.col("moved").shift(-1).over("entity_id")).filter("undone")
    members = ended.join(spans, on="entity_id", how="inner").filter(
        (pl.col("since") <= pl.col("at")) & (pl.col("until").is_null() | (pl.col("until") > pl.col("at")))
    )
    sizes = clusters.group_by("cluster").len("size")
    exact = (
        members.join(clusters, on="rec_id", how="left")
        .group_by("entity_id", "at")
        .agg(
            pl.col("cluster").first(),
            pl.col("cluster").null_count().alias("strange"),
            rows=pl.len(),
            n=pl.col("cluster").n_unique(),
        )
        .filter((pl.col("strange") == 0) & (pl.col("n") == 1))
        .join(sizes, on="cluster", how="inner")
        .filter(pl.col("rows") == pl.col("size"))
        .sort(["at", "entity_id"], descending=[True, False])
    )
    newest = exact.unique("cluster", keep="first", maintain_order=True).unique(
        "entity_id", keep="first", maintain_order=True
    )
    return newest.select(_GIVEN.names()).match_to_schema(_GIVEN)


def _claims(records: pl.DataFrame, spans: pl.DataFrame, *, live: bool) -> pl.DataFrame:
    """`cluster, old` and what speaks for it: a cluster claims the ids that its records have, or once had and nobody has.

    `founder`: the id began with one of its records; `undone`: some claimant has an earlier id of its own to go back to.
    """
    standing = pl.concat([records["old"].drop_nulls(), spans.filter(pl.col("until").is_null())["entity_id"]]).unique()
    past = records.drop("old").join(
        spans.filter(~pl.col("entity_id").is_in(standing.implode())).select("rec_id", old="entity_id").unique(),
        on="rec_id",
        how="inner",
    )
    held = records.filter(pl.col("old").is_not_null()) if live else past
    began = spans.filter(pl.col("since") == pl.col("since").min().over("entity_id")).select(
        "rec_id", old="entity_id", began=pl.lit(value=True)
    )
    return (
        held.join(began.unique(), on=["rec_id", "old"], how="left")
        .group_by("cluster", "old")
        .agg(
            founder=pl.col("began").any(),
            proven=pl.col("proven").any(),
            size=pl.len(),
            oldest=pl.col("rec_id").min(),
        )
        .with_columns(undone=pl.col("cluster").is_in(past["cluster"].implode()).any().over("old"))
    )


def _inherited(claims: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """GIVEN: each id still to have goes to one of the clusters still without; of several a cluster keeps the oldest."""
    open_ones = claims.join(given, on="cluster", how="anti").join(
        given, left_on="old", right_on="entity_id", how="anti"
    )
    heirs = open_ones.with_columns(founder=pl.col("founder") & pl.col("undone")).sort(
        ["old", "founder", "proven", "size", "oldest"], descending=[False, True, True, True, False]
    )
    heirs = heirs.unique("old", keep="first", maintain_order=True)
    return heirs.group_by("cluster").agg(entity_id=pl.col("old").min()).match_to_schema(_GIVEN)
