"""How good a partition of rows into residents is: links found and the truth in, pairwise precision and recall out.

Every measure counts groups, never pairs one by one: a cluster of n rows holds n(n−1)/2 pairs, so the frames stay as
long as the rows. A row that waits (no resident) is alone: it is in no found pair, and the true pairs it should be in
are missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

ROW = ("file", "sheet", "row")


@dataclass(frozen=True)
class Accuracy:
    """Pairs of rows, and the clusters behind them."""

    true_pairs: int  # pairs of rows that are one person
    found_pairs: int  # pairs of rows that were given one resident
    right_pairs: int  # both
    mixed_clusters: int  # residents that hold rows of two or more people
    split_people: int  # people whose rows are in two or more clusters, waiting rows counted
    waiting: int  # rows about a person that have no resident
    strays: int  # rows about nobody that were given a resident

    @property
    def precision(self) -> float:
        """Right pairs per found pair; 1 when nothing was linked."""
        return self.right_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        """Right pairs per true pair; 1 when there was nothing to link."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def read_truth(path: Path) -> pl.DataFrame:
    """truth.csv: file, sheet, row (Int64, as Excel counts), person, household (null: nobody), dirt (List of kinds)."""
    truth = pl.read_csv(path, infer_schema=False).with_columns(pl.col("row").cast(pl.Int64))
    return truth.with_columns(
        pl.col("person", "household").replace("", None),
        pl.col("dirt").fill_null("").str.split(";").list.filter(pl.element() != ""),
    )


def pairwise(found: pl.DataFrame, truth: pl.DataFrame) -> Accuracy:
    """Judge `found` (file, sheet, row, resident; null resident = waiting) by `truth` (file, sheet, row, person).

    Rows of `found` the truth does not know are left out; rows of the truth that were not found wait. A row given two
    residents is an error of the caller and raises polars' ComputeError.
    """
    links = found.select(*ROW[:2], pl.col("row").cast(pl.Int64), pl.col("resident").cast(pl.String))
    rows = truth.select(*ROW, "person").join(links, on=list(ROW), how="left", validate="1:1")
    about = rows.filter(pl.col("person").is_not_null())
    linked = about.filter(pl.col("resident").is_not_null())
    # A waiting row is a cluster of one, so it counts as one cluster more for its person.
    parts = pl.col("resident").drop_nulls().n_unique() + pl.col("resident").null_count()
    clusters = about.group_by("person").agg(parts.alias("clusters"))
    people = linked.group_by("resident").agg(pl.col("person").n_unique())
    return Accuracy(
        true_pairs=_pairs(about, "person"),
        found_pairs=_pairs(linked, "resident"),
        right_pairs=_pairs(linked, "resident", "person"),
        mixed_clusters=people.filter(pl.col("person") > 1).height,
        split_people=clusters.filter(pl.col("clusters") > 1).height,
        waiting=about.height - linked.height,
        strays=rows.filter(pl.col("person").is_null() & pl.col("resident").is_not_null()).height,
    )


def by_dirt(found: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Recall per kind of dirt: dirt, rows, true_pairs, recall; worst first.

    A pair counts for a kind when a row of that dirt is in it. Null recall: none of those rows had a partner. Rows
    without dirt are listed under an empty name.
    """
    links = found.select(*ROW[:2], pl.col("row").cast(pl.Int64), pl.col("resident").cast(pl.String))
    about = truth.filter(pl.col("person").is_not_null()).join(links, on=list(ROW), how="left", validate="1:1")
    partners = about.with_columns(
        (pl.len().over("person") - 1).alias("true"),
        pl.when(pl.col("resident").is_not_null())
        .then(pl.len().over("person", "resident") - 1)
        .otherwise(0)
        .alias("right"),
    )
    return (
        partners.with_columns(pl.when(pl.col("dirt").list.len() > 0).then("dirt").otherwise(pl.lit([""])).alias("dirt"))
        .explode("dirt")
        .group_by("dirt")
        .agg(pl.len().alias("rows"), pl.col("true").sum().alias("true_pairs"), pl.col("right").sum())
        .with_columns(pl.when(pl.col("true_pairs") > 0).then(pl.col("right") / pl.col("true_pairs")).alias("recall"))
        .select("dirt", "rows", "true_pairs", "recall")
        .sort("recall", "dirt")
    )


def _pairs(rows: pl.DataFrame, *keys: str) -> int:
    """Pairs of rows that agree on every key."""
    sizes = rows.group_by(*keys).len("rows").select(pl.col("rows").cast(pl.Int64))
    return int(sizes.select((pl.col("rows") * (pl.col("rows") - 1) // 2).sum()).item() or 0)
