"""Link, grouping: rows with exact keys → CLUSTERS: organisations, places, stock items, dwellings; and households.

Keys are tried in their order of evidence. Rows that share a key are one, unless that would join two different values of
the strongest key; then the rows that lead to exactly one such value go with it and the others stay apart. Order-free.
"""

from __future__ import annotations

import polars as pl

from oneform import frames
from oneform.link.components import component_labels

# GB/T 4761-2008: 01 oneself, 02 head; one-digit form 0.
_HEAD = ["0", "00", "01", "02", "户主", "本人", "本人或户主"]


def keyed(records: pl.DataFrame, identify: tuple[tuple[str, ...], ...]) -> pl.DataFrame:
    """CLUSTERS of every row (rec_id, rec_key, key columns): equal on all columns of any key of `identify` is one.

    Values are compared as given; a key with a null column says nothing. Two rows with different values of the first key
    are never one. A row without any key is a cluster of its own.
    """
    labels = records.select("rec_id", cluster="rec_id")
    strongest = records.select("rec_id", strong=_key(identify[0]))
    for columns in identify:
        keys = records.select("rec_id", key=_key(columns)).drop_nulls()
        labels = _joined(labels, keys, strongest)
    return _smallest(labels)


def households(claims: pl.DataFrame) -> pl.DataFrame:
    """CLUSTERS of households from what rows say of one.

    `claims` has rec_id, rec_key, person, household_id, head_name, head_id, dwelling and relation_to_head; all but the
    first two may be null. A `name` column, if there is one, names the row's own person.

    Evidence in its order: household number; the head's ID; the head's name at a dwelling; the same person at the same
    dwelling; the dwelling alone where no more than one household claims it. Two different numbers are never one
    household, and another head at the same dwelling (a tenant) is another household. A row that says nothing, or whose
    dwelling is claimed by several, is absent.
    """
    heads = claims.with_columns(is_head=pl.col("relation_to_head").is_in(_HEAD).fill_null(value=False))
    own = pl.col("name") if "name" in claims.columns else pl.lit(None, dtype=pl.String)
    told = heads.with_columns(
        head_name=pl.coalesce("head_name", pl.when("is_head").then(own)),
        head_person=pl.when("is_head").then(pl.col("person")),
    )
    strongest = told.select("rec_id", strong=_key(("household_id",)))
    labels = told.select("rec_id", cluster="rec_id")
    for columns in (("household_id",), ("head_id",), ("head_person", "dwelling"), ("head_name", "dwelling")):
        labels = _joined(labels, told.select("rec_id", key=_key(columns)).drop_nulls(), strongest)
    grounded = told.filter(
        pl.any_horizontal(pl.col("household_id", "head_id").is_not_null())
        | (pl.col("head_name").is_not_null() | pl.col("is_head")) & pl.col("dwelling").is_not_null()
    ).select("rec_id")
    labels = _joined(labels, _one_head(told, labels), strongest)
    labels = _joined(labels, _same_person(told, labels), strongest)
    settled = labels.join(grounded, on="rec_id", how="semi")
    return _smallest(pl.concat([settled, _by_dwelling(told, settled)]))


def _key(columns: tuple[str, ...]) -> pl.Expr:
    """The columns as one text, each with its length before it so that no two keys run together; null if any is null."""
    texts = [pl.col(column).cast(pl.String) for column in columns]
    return pl.concat_str([part for text in texts for part in (text.str.len_bytes().cast(pl.String), pl.lit(":"), text)])


def _joined(labels: pl.DataFrame, keys: pl.DataFrame, strongest: pl.DataFrame) -> pl.DataFrame:
    """Labels after rows that share a key are joined, as far as no cluster gets two values of the strongest key."""
    held = keys.join(labels, on="rec_id", how="inner").select("cluster", "key").unique()
    firsts = held.with_columns(first=pl.col("cluster").min().over("key"))
    links = firsts.select(left="first", right="cluster")
    parts = component_labels(held["cluster"].unique().sort(), links).rename({"rec_id": "cluster", "component": "part"})
    values = labels.join(strongest, on="rec_id", how="left").drop_nulls("strong").select("cluster", "strong").unique()
    valued = parts.join(values, on="cluster", how="left")
    clashing = valued.group_by("part").agg(n=pl.col("strong").drop_nulls().n_unique()).filter(pl.col("n") > 1)
    peaceful = parts.join(clashing, on="part", how="anti").select("cluster", to="part")
    contested = valued.join(clashing, on="part", how="semi")
    moved = pl.concat([peaceful, _contested(contested, held)])
    renamed = labels.join(moved, on="cluster", how="left", validate="m:1")
    return renamed.select("rec_id", cluster=pl.coalesce("to", "cluster"))


def _contested(contested: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """(cluster, to) where a component holds several values: a cluster without one goes to the one its keys lead to."""
    keys = held.join(contested.select("cluster", "strong"), on="cluster", how="inner")
    led = keys.filter(pl.col("strong").is_not_null()).select("key", value="strong").unique()
    homes = contested.drop_nulls("strong").group_by("strong").agg(to=pl.col("cluster").min())
    reached = (
        keys.filter(pl.col("strong").is_null())
        .join(led, on="key", how="inner")
        .group_by("cluster")
        .agg(n=pl.col("value").n_unique(), strong=pl.col("value").min())
        .filter(pl.col("n") == 1)
    )
    same = contested.drop_nulls("strong").join(homes, on="strong").select("cluster", "to")
    return pl.concat([same, reached.join(homes, on="strong").select("cluster", "to")])


def _one_head(told: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Keys of dwellings with one named head and one person who says to be the head: that person has that name."""
    at = told.join(labels, on="rec_id").filter(pl.col("dwelling").is_not_null())
    single = (
        at.group_by("dwelling")
        .agg(
            names=pl.col("head_name").drop_nulls().n_unique(),
            heads=pl.col("head_person").drop_nulls().n_unique(),
            households=pl.col("cluster").filter(pl.col("is_head") | pl.col("head_name").is_not_null()).n_unique(),
        )
        .filter((pl.col("names") == 1) & (pl.col("heads") == 1) & (pl.col("households") == 2))
    )
    claimed = at.filter(pl.col("is_head") | pl.col("head_name").is_not_null()).join(single, on="dwelling", how="semi")
    return claimed.select("rec_id", key=_key(("dwelling",)))


def _same_person(told: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Keys of rows of one person at one dwelling: the households they belong to are one, told twice."""
    return told.join(labels, on="rec_id").select("rec_id", key=_key(("person", "dwelling"))).drop_nulls()


def _by_dwelling(told: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """(rec_id, cluster) of the rows that have but a dwelling: with the one household there, or one of their own."""
    rest = told.join(settled, on="rec_id", how="anti").filter(pl.col("dwelling").is_not_null())
    there = (
        told.join(settled, on="rec_id")
        .filter(pl.col("dwelling").is_not_null())
        .group_by("dwelling")
        .agg(n=pl.col("cluster").n_unique(), cluster=pl.col("cluster").min())
    )
    found = rest.select("rec_id", "dwelling").join(there, on="dwelling", how="left")
    free = found.filter(pl.col("n").is_null()).select("rec_id", cluster=pl.col("rec_id").min().over("dwelling"))
    taken = found.filter(pl.col("n") == 1).select("rec_id", "cluster")
    return pl.concat([free, taken])


def _smallest(labels: pl.DataFrame) -> pl.DataFrame:
    """CLUSTERS labelled by the smallest rec_id, sorted."""
    named = labels.select("rec_id", cluster=pl.col("rec_id").min().over("cluster"))
    return named.sort("rec_id").match_to_schema(frames.CLUSTERS)
