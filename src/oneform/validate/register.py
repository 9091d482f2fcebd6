"""validate, dwellings against a register: what a sheet says of buildings and rooms → what no register knows."""

from __future__ import annotations

import polars as pl

_ALIKE = ({"6", "9"}, {"1", "7"}, {"3", "8"}, {"0", "6"}, {"5", "6"})  # figures that are misread


def unknown_dwellings(dwellings: pl.DataFrame, register: pl.DataFrame) -> pl.Series:
    """What is wrong with each dwelling that the register of buildings and rooms does not have; null where nothing is.

    Both frames have String columns estate, building, unit, room (null: not named). Only estates of the register are
    judged; a dwelling without an estate only where the register has no other. Up to two nearest are named.
    """
    estates = register["estate"].drop_nulls().unique()
    only = estates[0] if estates.len() == 1 else None
    asked = dwellings.select("estate", "building", "unit", "room").with_columns(
        pl.col("estate").fill_null(pl.lit(only, pl.String))
    )
    distinct = asked.unique().filter(pl.col("building").is_not_null(), pl.col("estate").is_in(estates.implode()))
    known: dict[tuple[str | None, ...], set[str]] = {}
    for estate, building, unit, room in register.select("estate", "building", "unit", "room").iter_rows():
        for place, part in (((estate,), building), ((estate, building, unit), room)):
            if part is not None:
                known.setdefault(place, set()).add(part)
    told = [
        _not_known(building, known.get((estate,), set()), "栋")
        or _not_known(room, known.get((estate, building, unit), set()), "室")
        for estate, building, unit, room in distinct.iter_rows()
    ]
    found = distinct.with_columns(pl.Series("found", told, dtype=pl.String))
    keys = ["estate", "building", "unit", "room"]
    joined = asked.join(found, on=keys, how="left", nulls_equal=True, maintain_order="left", validate="m:1")
    return joined["found"]


def _not_known(part: str | None, known: set[str], word: str) -> str | None:
    """`没有 9 栋，是否 6栋 / 19栋？`; None for a part that is known, or where nothing is known to compare it with."""
    if part is None or not known or part in known:
        return None
    near = sorted(known, key=lambda one: (_apart(part, one), len(one), one))[:2]
    likely = " / ".join(f"{one}{word}" for one in near if _apart(part, one) <= 1)
    return f"没有 {part} {word}" + (f"，是否 {likely}？" if likely else "")


def _apart(one: str, other: str) -> float:
    """How many signs to change, add or drop; a misread figure counts half."""
    line = [0.8 * at for at in range(len(other) + 1)]
    for row, sign in enumerate(one, 1):
        before, line[0] = line[0], 0.8 * row
        for at, meant in enumerate(other, 1):
            cost = 0.0 if sign == meant else 0.5 if {sign, meant} in _ALIKE else 1.0
            before, line[at] = line[at], min(before + cost, line[at] + 0.8, line[at - 1] + 0.8)
    return line[-1]
