"""Link, components: records and pairs → the connected component of each record, labelled by its smallest record."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]


def component_labels(records: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
    """(rec_id, component), one row a record, in order; pairs (left, right) of records not given are left out."""
    places = pl.DataFrame({"rec_id": records}).with_row_index("place")
    ends = pairs.select("left", "right")
    for side in ("left", "right"):
        known = places.select(pl.col("rec_id").alias(side), pl.col("place").cast(pl.Int64).alias(f"{side}_place"))
        ends = ends.join(known, on=side, how="inner", validate="m:1")
    smallest = smallest_labels(len(records), ends["left_place"].to_numpy(), ends["right_place"].to_numpy())
    labelled = pl.DataFrame({"rec_id": records, "part": smallest})
    return labelled.select("rec_id", component=pl.col("rec_id").min().over("part"))


def smallest_labels(count: int, left: Ints, right: Ints) -> Ints:
    """The smallest place of each place's component.

    Labels of neighbours are lowered to the smaller one, then every label jumps to its label's label: the rounds grow
    with the logarithm of the longest chain.
    """
    labels = np.arange(count, dtype=np.int64)
    while True:
        low = np.minimum(labels[left], labels[right])
        lowered = labels.copy()
        # The label's own representative is lowered too, so that a whole tree moves at once.
        for ends in (left, right, labels[left], labels[right]):
            np.minimum.at(lowered, ends, low)
        lowered = lowered[lowered]
        if np.array_equal(lowered, labels):
            return labels
        labels = lowered
