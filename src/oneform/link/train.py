"""Link, train: STANDARD and candidate PAIRS → a Model fitted to them without labels, and a TrainingReport.

How often a level holds among strangers (u) is counted on random pairs and stays fixed: learned freely, it collapses.
How often it holds among one person (m) and among a household (h) comes from expectation–maximisation over the counts
of agreement patterns, with priors per all pairs of records, not per candidate pair. The tables of the default model
count as a few observations each, so that a level that is rare here keeps a sensible weight.

Where the fit is not to be trusted (a guard is broken) the answer is the default model, and the report says why. Where
only the household class is empty, these are records of people who live alone, and the two other classes are fitted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from oneform.link.compare import Ints, Levels, levels
from oneform.link.hashing import text_keys
from oneform.link.model import COMPARISONS, DEFAULT, Model, logs, to_json
from oneform.link.names import FULL

Floats = npt.NDArray[np.float64]

_RANDOM = 1_000_000  # random pairs that u is counted on
_SLICE = 250_000  # … compared at a time
_PRIOR = 20.0  # pairs of each class that the default's tables count for
_FIRM = 3.0
_ITERATIONS, _STILL = 200, 1e-7
_FEWEST = 200  # records; fewer are no community
_COMMON = 5000  # names whose share is remembered
_SLACK = 1.0  # log2: so much a lower level may outweigh the exact one

# Guards, as a report names them, with their sentences.
FEW, PEOPLE, HOUSEHOLDS, ORDER, UNSETTLED = "few_records", "people", "households", "order", "unsettled"
BROKEN = {
    FEW: ("记录太少，无法估计", "too few records to learn from"),
    PEOPLE: ("估计出的同一人记录对数不合情理", "an implausible number of pairs that are one person"),
    HOUSEHOLDS: ("找不到同户不同人的记录对", "no pairs of two members of one household"),
    ORDER: ("较弱的一致竟比完全相同更有力", "a weaker agreement outweighs the exact one"),
    UNSETTLED: ("迭代未能收敛", "the iteration did not settle"),
}


@dataclass(frozen=True)
class TrainingReport:
    """What was learned, or why not: `broken` names the guards; with any of them the model is the default one."""

    records: int
    pairs: int  # candidate pairs
    patterns: int
    iterations: int
    person_pairs: float  # expected number of pairs that are one person
    household_pairs: float  # … two members of one household
    claimed_precision: float  # mean probability of the pairs that would be joined by weight alone
    broken: tuple[str, ...]
    alone: bool = False  # the model knows no households: a person said so, or none were found


@dataclass(frozen=True)
class _Fit:
    chances: dict[str, Floats]  # comparison → a row a level: m, h, u
    person: float
    household: float
    iterations: int
    probabilities: Floats  # of each pattern: one person
    ordered: bool  # no weaker level outweighs the exact one


def train(
    standard: pl.DataFrame, pairs: pl.DataFrame, *, seed: int, households: bool = True
) -> tuple[Model, TrainingReport]:
    """The model of these records and how it came about; the same for the same input and seed, in any order of rows.

    Where no two people among the records live together (a list of patients) the household class is left out, and with
    it the rules about twins and children: found so by the fit, or said so by a person with `households=False`.
    """
    rows = standard.sort("rec_key", "rec_id")
    graded, counts = _patterns(rows, pairs)
    all_pairs = max(rows.height * (rows.height - 1) / 2, 1.0)
    alone = replace(DEFAULT, prior_household=0.0)
    start = usual = DEFAULT if households else alone
    strangers = _strangers(rows, seed)
    fit = _maximise(graded, counts, all_pairs, strangers, start)
    if _broken(rows.height, all_pairs, fit, households=households) == (HOUSEHOLDS,):
        households, start = False, alone
        fit = _maximise(graded, counts, all_pairs, strangers, start)
    common, rare = _names(rows)
    tables = {
        name: tuple((float(m), float(h), float(u)) for m, h, u in found.tolist()) for name, found in fit.chances.items()
    }
    fitted = Model("", fit.person, fit.household, tables, common, rare)
    version = f"fitted-{hashlib.sha256(to_json(fitted).encode()).hexdigest()[:12]}"
    broken = _broken(rows.height, all_pairs, fit, households=households)
    sure = fit.probabilities >= 0.9
    weight = counts[sure]
    report = TrainingReport(
        records=rows.height,
        pairs=pairs.height,
        patterns=len(counts),
        iterations=fit.iterations,
        person_pairs=fit.person * all_pairs,
        household_pairs=fit.household * all_pairs,
        claimed_precision=float((fit.probabilities[sure] * weight).sum() / weight.sum()) if weight.sum() else 1.0,
        broken=broken,
        alone=not households and not broken,
    )
    return (usual if broken else replace(fitted, version=version)), report


def _positions(rows: pl.DataFrame, records: pl.Series) -> Ints:
    places = rows.select("rec_id").with_row_index("place")
    found = records.alias("rec_id").to_frame().join(places, on="rec_id", how="left", maintain_order="left")
    return found["place"].cast(pl.Int64).to_numpy()


def _patterns(rows: pl.DataFrame, pairs: pl.DataFrame) -> tuple[dict[str, Levels], Floats]:
    """The distinct level vectors of the pairs and how many pairs have each."""
    left, right = _positions(rows, pairs["left"]), _positions(rows, pairs["right"])
    parts = []
    for first in range(0, max(len(left), 1), _SLICE):
        part = slice(first, first + _SLICE)
        parts.append(_tallied(levels(rows, left[part], right[part])))
    return _summed(pl.concat(parts))


def _tallied(graded: dict[str, Levels]) -> pl.DataFrame:
    frame = pl.DataFrame({name: pl.Series(found, dtype=pl.Int8) for name, found in graded.items()})
    return frame.group_by(frame.columns).len("pairs")


def _counted(graded: dict[str, Levels]) -> tuple[dict[str, Levels], Floats]:
    return _summed(_tallied(graded))


def _summed(tallies: pl.DataFrame) -> tuple[dict[str, Levels], Floats]:
    frame = tallies.select(*COMPARISONS)
    counted = tallies.group_by(frame.columns).agg(pl.col("pairs").sum()).sort(frame.columns)
    distinct = {name: counted[name].to_numpy() for name in frame.columns}
    return distinct, counted["pairs"].to_numpy().astype(np.float64)


def _strangers(rows: pl.DataFrame, seed: int) -> dict[str, Floats]:
    """How many random pairs (of few records: all pairs) have each level, each counted as far as it is of strangers."""
    many = rows.height
    if many < 2:
        return {name: np.zeros(len(table)) for name, table in COMPARISONS.items()}
    if many * (many - 1) // 2 <= _RANDOM:
        left, right = np.triu_indices(many, 1)
    else:
        draw = np.random.default_rng(seed)
        left = draw.integers(0, many, _RANDOM)
        right = (left + draw.integers(1, many, _RANDOM)) % many
    tables = {name: logs(name) for name in COMPARISONS}
    seen = {name: np.zeros(len(table)) for name, table in COMPARISONS.items()}
    for first in range(0, len(left), _SLICE):  # compared all at once they would be training's peak of memory
        part = slice(first, first + _SLICE)
        graded, counts = _counted(levels(rows, left[part], right[part]))
        strange = _posteriors(graded, tables, DEFAULT.prior_person, DEFAULT.prior_household)[:, 2] * counts
        for name, levelled in graded.items():
            seen[name] += _sums(levelled, strange, len(seen[name]))
    return seen


def _sums(found: Levels, pairs: Floats, many: int) -> Floats:
    """How many of the pairs have each of so many levels."""
    return np.bincount(found, pairs, many).astype(np.float64)


def _shares(seen: Floats, default: Floats) -> Floats:
    """Log2 share of each level among the pairs that have one; the default's value counts for _PRIOR pairs.

    Averaged by logarithms and level by level: a level that never occurs here keeps the default in every class, and so
    its weight, whatever the number of pairs of the class.
    """
    total = max(float(seen[1:].sum()), 1.0)
    shares = np.log2(np.maximum(seen / total, 1e-12))
    usual = np.log2(default)
    mixed = np.where(seen > 0, (seen * shares + _PRIOR * usual) / (seen + _PRIOR), usual)
    mixed[0] = 0.0
    return mixed


def _chance(seen: Floats, default: Floats, persons: Floats) -> Floats:
    """Log2 share of each level among strangers: a level that one person's pairs show here and strangers' do not is rare.

    So many random pairs are looked at that seeing none tells much. The default counts as the pairs among which it would
    show a level _FIRM times. Where no pair of one person shows the level, nobody writes it here: the default stands.
    """
    counted = (seen + _FIRM) / (max(float(seen[1:].sum()), 1.0) + _FIRM / default)
    found = np.where(persons >= _PRIOR, np.log2(counted), _shares(seen, default))
    found[0] = 0.0
    return found


def _posteriors(graded: dict[str, Levels], tables: dict[str, Floats], person: float, household: float) -> Floats:
    """Probability of each class (one person, household, strangers) of each pattern."""
    logarithms = np.zeros((len(next(iter(graded.values()))), 3))
    for name, found in graded.items():
        logarithms += tables[name][found]
    with np.errstate(divide="ignore"):
        logarithms += np.log2([person, household, 1 - person - household])
    scaled = np.exp2(logarithms - logarithms.max(axis=1, keepdims=True))
    shares: Floats = scaled / scaled.sum(axis=1, keepdims=True)
    return shares


def _maximise(
    graded: dict[str, Levels], counts: Floats, all_pairs: float, strangers: dict[str, Floats], start: Model
) -> _Fit:
    tables = {name: logs(name, start).copy() for name in COMPARISONS}
    person, household = start.prior_person, start.prior_household
    first = _posteriors(graded, tables, person, household)[:, 0] * counts
    for name, table in tables.items():
        table[:, 2] = _chance(strangers[name], np.exp2(table[:, 2]), _sums(graded[name], first, len(table)))
    posteriors, still, iteration = np.zeros((len(counts), 3)), False, 0
    while not still and iteration < _ITERATIONS and len(counts):
        iteration += 1
        posteriors = _posteriors(graded, tables, person, household)
        expected = posteriors * counts[:, None]
        before = person, household
        person = float(expected[:, 0].sum() / all_pairs)
        household = float(expected[:, 1].sum() / all_pairs) if start.prior_household else 0.0
        for name, found in graded.items():
            default = np.exp2(logs(name, start))
            for column in (0, 1):
                sums = _sums(found, expected[:, column], len(default))
                tables[name][:, column] = _shares(sums, default[:, column])
        still = all(
            abs(now - then) <= _STILL * max(then, 1e-12) for now, then in zip((person, household), before, strict=True)
        )
    weighed = posteriors[:, 0] * counts
    seen = {
        name: np.minimum(_sums(found, weighed, len(tables[name])), strangers[name]) for name, found in graded.items()
    }
    ordered = all(_ordered(tables[name], found) for name, found in seen.items())
    chances = {name: np.exp2(_kept_below(tables[name], found)) for name, found in seen.items()}
    return _Fit(chances, person, household, iteration if still else _ITERATIONS + 1, posteriors[:, 0], ordered=ordered)


def _ordered(table: Floats, seen: Floats) -> bool:
    """Whether the exact level outweighs, against strangers, every weaker one that both classes show often enough."""
    weights = table[:, 0] - table[:, 2]
    often = (seen >= _PRIOR) & (np.arange(len(seen)) > 1)
    return not (weights[often] > weights[1] + _SLACK).any()


def _kept_below(table: Floats, seen: Floats) -> Floats:
    """The table with no level that a class hardly shows outweighing the exact one, whose names may be common here."""
    floor = table[:, 0] - (table[1, 0] - table[1, 2])
    hardly = (seen < _PRIOR) & (np.arange(len(seen)) > 1)
    return np.column_stack([table[:, :2], np.where(hardly, np.maximum(table[:, 2], floor), table[:, 2])])


def _names(rows: pl.DataFrame) -> tuple[dict[str, float], float]:
    """Shares of the names that several people bear, by key, and the largest share any other name can have.

    People are told apart by name and birth date here: a namesake is somebody of another day.
    """
    people = (
        rows.filter((pl.col("naming") == FULL) & (pl.col("dob").str.len_chars() == 10)).select("bare", "dob").unique()
    )
    if people.height < _FEWEST:
        return {}, 1.0
    borne = (
        people.group_by("bare")
        .len("bearers")
        .filter(pl.col("bearers") > 2)
        .sort("bearers", "bare", descending=[True, False])
    )
    kept = borne.head(_COMMON)
    keys = text_keys(kept["bare"]).tolist()
    shares = (kept["bearers"] / people.height).to_list()
    return {str(key): share for key, share in zip(keys, shares, strict=True)}, 3 / people.height


def _broken(records: int, all_pairs: float, fit: _Fit, *, households: bool) -> tuple[str, ...]:
    expected = fit.person * all_pairs
    found = {
        FEW: records < _FEWEST,
        PEOPLE: not 0.01 * records <= expected <= 20 * records,
        HOUSEHOLDS: households and fit.household * all_pairs < max(20.0, 0.001 * records),
        ORDER: not fit.ordered,
        UNSETTLED: fit.iterations > _ITERATIONS,
    }
    return tuple(name for name, held in found.items() if held)
