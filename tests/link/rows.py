"""LINKABLE rows for tests: a dict of what matters, everything else null."""

from __future__ import annotations

import itertools

import polars as pl

from oneform import frames, link

# Right check characters; 1990-03-07 female in 1101…, 1967 and 2006 a father and a son.
ID_A, ID_B = "11010119900307029X", "110101199003075381"
ID_A_TWIN = "110101199003070265"
FATHER, SON = "420102196704010017", "420102200608150035"


def checked(body: str) -> str:
    """The 18-digit number of 17 digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def linkable(*rows: dict[str, object]) -> pl.DataFrame:
    """Records 1, 2, … in order; `id` is a valid number; `key` the rec_key, else the place."""
    filled = []
    for number, row in enumerate(rows, start=1):
        told = dict(row)
        known = {"rec_id": number, "rec_key": told.pop("key", f"k{number:04d}"), "phones": []}
        if "id" in told:
            known |= {"id_seen": told.pop("id"), "id_state": "valid18"}
        if "phone" in told:
            known["phones"] = [told.pop("phone")]
        if "home" in told:
            parts = str(told.pop("home")).split("-")
            known |= dict(zip(("estate", "building", "unit", "room"), parts, strict=False))
        filled.append(dict.fromkeys(frames.LINKABLE) | known | told)
    return pl.DataFrame(filled, schema=frames.LINKABLE, orient="row")


def every_pair(records: pl.DataFrame) -> pl.DataFrame:
    ids = sorted(records["rec_id"].to_list())
    return pl.DataFrame(list(itertools.combinations(ids, 2)), schema=frames.PAIRS, orient="row")


def edge(left: dict[str, object], right: dict[str, object]) -> dict[str, object]:
    """The EDGES row of two records."""
    standard = link.standardise(linkable(left, right))
    return link.weigh(every_pair(standard), standard).row(0, named=True)


def level(left: dict[str, object], right: dict[str, object], comparison: str) -> str:
    """The word of one comparison."""
    words = dict(part.split("=") for part in str(edge(left, right)["levels"]).split())
    return words[comparison]


def said(*answers: tuple[int, int, str]) -> pl.DataFrame:
    return pl.DataFrame(list(answers), schema=frames.JUDGEMENTS, orient="row")


def partition(*rows: dict[str, object], judgements: pl.DataFrame | None = None) -> list[list[int]]:
    """Clusters of all pairs of these records, as sorted lists."""
    return sorted(clustered(*rows, judgements=judgements)[0])


def clustered(
    *rows: dict[str, object], judgements: pl.DataFrame | None = None
) -> tuple[list[list[int]], list[tuple[int, int, str]]]:
    """Clusters and reviews (left, right, reason)."""
    standard = link.standardise(linkable(*rows))
    edges = link.weigh(every_pair(standard), standard)
    clusters, reviews = link.cluster(edges, standard, said() if judgements is None else judgements)
    groups = clusters.group_by("cluster").agg(pl.col("rec_id").sort())["rec_id"].to_list()
    return sorted(groups), [(r["left"], r["right"], r["reason"]) for r in reviews.iter_rows(named=True)]
