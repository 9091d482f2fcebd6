"""Pair precision and recall of a partition against the truth, and who is mixed."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from oneform import frames, link


@dataclass(frozen=True)
class Linked:
    standard: pl.DataFrame
    pairs: pl.DataFrame
    edges: pl.DataFrame
    clusters: pl.DataFrame
    reviews: pl.DataFrame


def pairs_of(block_key: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """PAIRS_SQL run in a private DuckDB."""
    with duckdb.connect() as connection:
        connection.register("block_key", block_key)
        connection.register("block_cap", link.CAPS)
        connection.register("fresh", fresh.select("rec_id"))
        return connection.sql(link.PAIRS_SQL).pl().sort("left", "right").match_to_schema(frames.PAIRS)


def linked(records: pl.DataFrame, judgements: pl.DataFrame | None = None) -> Linked:
    standard = link.standardise(records.select(*frames.LINKABLE))
    pairs = pairs_of(link.block_keys(standard), standard)
    edges = link.weigh(pairs, standard)
    said = pl.DataFrame(schema=frames.JUDGEMENTS) if judgements is None else judgements
    clusters, reviews = link.cluster(edges, standard, said)
    return Linked(standard, pairs, edges, clusters, reviews)


def scores(records: pl.DataFrame, clusters: pl.DataFrame) -> dict[str, float]:
    """Pair precision and recall after clustering, and the number of clusters that mix people."""
    both = records.select("rec_id", "truth").join(clusters, on="rec_id", validate="1:1")

    def pairs(*columns: str) -> int:
        sizes = both.group_by(*columns).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    right = pairs("truth", "cluster")
    mixed = both.group_by("cluster").agg(pl.col("truth").n_unique()).filter(pl.col("truth") > 1).height
    return {"precision": right / pairs("cluster"), "recall": right / pairs("truth"), "mixed": mixed}
