"""Link, identities: CLUSTERS and the ids of before → the ids of now: minted once, never used again, kept if possible.

A merge keeps the older id and the other becomes an alias of it. A split leaves the id with the side that has the valid
resident ID, else with the larger side, else with the side of the oldest record.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

LINKS = pl.Schema({"rec_id": pl.Int64, "entity_id": pl.Int64})
ALIASES = pl.Schema({"entity_id": pl.Int64, "alias_of": pl.Int64})


@dataclass(frozen=True)
class Assigned:
    """The outcome of one assignment; every count is of entities but `matched`, which is of records."""

    links: pl.DataFrame  # LINKS: records whose entity id changed or is new
    aliases: pl.DataFrame  # ALIASES: ids that went into another by a merge
    next_id: int  # the first id still unused
    created: int  # entities none of whose records had an id
    matched: int  # records without an id that joined an existing entity
    merged: int  # ids that became aliases
    split: int  # entities minted for records that left another


def assign(clusters: pl.DataFrame, previous: pl.DataFrame, standard: pl.DataFrame, next_id: int) -> Assigned:
    """Stable entity ids. `clusters` holds every record of each entity it touches; `previous` is (rec_id, entity_id).

    `standard` tells which records have a valid ID (`id`) and their content (`rec_key`), which orders new ids; it may
    lack `id` for other entities than persons.
    """
    facts = standard.select(
        "rec_id", "rec_key", proven=pl.col("id").is_not_null() if "id" in standard.columns else False
    )
    before = previous.select("rec_id", pl.col("entity_id").alias("old"))
    records = clusters.join(facts, on="rec_id", how="left").join(before, on="rec_id", how="left", validate="1:1")
    claims = (
        records.filter(pl.col("old").is_not_null())
        .group_by("cluster", "old")
        .agg(proven=pl.col("proven").any(), size=pl.len(), oldest=pl.col("rec_id").min())
    )
    # First each id chooses its heir among the clusters, then each cluster keeps its oldest id.
    heirs = claims.sort(["old", "proven", "size", "oldest"], descending=[False, True, True, False]).unique(
        "old", keep="first", maintain_order=True
    )
    kept = heirs.group_by("cluster").agg(entity_id=pl.col("old").min())
    orphans = (
        records.join(kept, on="cluster", how="anti")
        .group_by("cluster")
        .agg(first=pl.col("rec_key").min(), oldest=pl.col("rec_id").min(), left=pl.col("old").is_not_null().any())
        .sort("first", "oldest")
    )
    minted = orphans.with_row_index("number").select("cluster", entity_id=pl.col("number").cast(pl.Int64) + next_id)
    named = records.join(pl.concat([kept, minted]), on="cluster", how="left", validate="m:1")
    changed = named.filter(pl.col("old").is_null() | (pl.col("old") != pl.col("entity_id")))
    aliases = (
        heirs.join(kept, on="cluster", how="left")
        .filter(pl.col("old") != pl.col("entity_id"))
        .select(entity_id="old", alias_of="entity_id")
        .sort("entity_id")
    )
    joined = named.filter(pl.col("old").is_null()).join(kept, on="cluster", how="semi")
    return Assigned(
        links=changed.select("rec_id", "entity_id").sort("rec_id").match_to_schema(LINKS),
        aliases=aliases.match_to_schema(ALIASES),
        next_id=next_id + minted.height,
        created=orphans.filter(~pl.col("left")).height,
        matched=joined.height,
        merged=aliases.height,
        split=orphans.filter("left").height,
    )
