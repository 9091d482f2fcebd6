"""Link, weigh: PAIRS and STANDARD → EDGES: levels, match weight and verdict of each pair; always the same for a pair.

The weight is the log2 odds of «one person» against «two members of one household or two strangers». Before the
probability is asked, the hard rules speak: two valid resident IDs are never one person; one valid ID is one person
unless neither the name nor a birth date of its own says so; twins are never joined without a person's word.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

from oneform import frames
from oneform.link.compare import Flags, Ints, Levels, codes, levels
from oneform.link.model import ASK, AUTO, BLOCK, COMPARISONS, PRIOR_HOUSEHOLD, PRIOR_PERSON, logs, number
from oneform.link.names import share

SAME, REVIEW, APART, NEVER = "same", "review", "apart", "never"

# Reasons: rules that overrode the probability, else `scored`.
SAME_ID, ONE_ID_TWO_PEOPLE, TWO_VALID_IDS = "same_id", "one_id_two_people", "two_valid_ids"
POSSIBLE_DUPLICATE_ID, DAMAGED_TAIL = "possible_duplicate_id", "damaged_tail"
SEX_AND_DOB, DOCUMENT_AND_DOB = "sex_and_dob", "document_and_dob"
TWINS, UNNAMED, CONTRADICTED, SCORED = "twins", "unnamed", "contradicted", "scored"

Floats = npt.NDArray[np.float64]


def weigh(pairs: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """EDGES, one a pair, in order; every record of a pair must be in `standard`."""
    known = pairs.match_to_schema(frames.PAIRS)
    asked = pl.concat([known["left"], known["right"]]).unique()
    rows = standard.filter(pl.col("rec_id").is_in(asked.implode()))
    positions = rows.select("rec_id").with_row_index("row")
    left, right = (_positions(known[side], positions) for side in ("left", "right"))
    graded = levels(rows, left, right)
    weights, evidence = _weights(rows, graded, left)
    probabilities = 1 / (1 + np.exp2(-weights))
    against = evidence < np.log2(BLOCK / (1 - BLOCK))
    verdicts, reasons = _decide(rows, graded, probabilities, left, right, against=against)
    edges = known.with_columns(
        weight=pl.Series(np.round(weights, 6)),
        probability=pl.Series(np.round(probabilities, 9)),
        verdict=pl.Series(verdicts, dtype=pl.String),
        reason=pl.Series(reasons, dtype=pl.String),
        levels=_texts(graded),
    )
    return edges.match_to_schema(frames.EDGES)


def _positions(records: pl.Series, positions: pl.DataFrame) -> Ints:
    found = records.alias("rec_id").to_frame().join(positions, on="rec_id", how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).to_numpy()


def _weights(rows: pl.DataFrame, graded: dict[str, Levels], left: Ints) -> tuple[Floats, Floats]:
    """Log2 odds of one person against the two other classes together; and what the values alone say, without priors.

    The second is asked of two records that a third one connects: there the prior has already been overcome, and two
    records that share nothing to compare do not speak against each other.
    """
    m, h, u = (np.zeros(len(left)) for _ in range(3))
    for comparison, found in graded.items():
        table = logs(comparison)[found]
        m, h, u = m + table[:, 0], h + table[:, 1], u + table[:, 2]
    same_name = graded["name"] == number("name", "equal")[0]
    chance = np.log2(share(rows["bare"].fill_null("")).to_numpy())
    u = np.where(same_name, u - logs("name")[number("name", "equal")[0], 2] + chance[left], u)
    odds_household = np.log2(PRIOR_HOUSEHOLD) + h - np.log2(PRIOR_PERSON) - m
    odds_strangers = u - np.log2(PRIOR_PERSON) - m
    weights = -np.asarray(np.logaddexp2(odds_household, odds_strangers), dtype=np.float64)
    return weights, np.asarray(m - np.logaddexp2(h, u), dtype=np.float64)


def _decide(
    rows: pl.DataFrame, graded: dict[str, Levels], probabilities: Floats, left: Ints, right: Ints, *, against: Flags
) -> tuple[list[str], list[str]]:
    """Verdict and reason of each pair: the first rule that holds."""

    def at(comparison: str, *words: str) -> Flags:
        return np.isin(graded[comparison], number(comparison, *words))

    name_missing, name_against = at("name", "missing", "placeholder"), at("name", "surname", "different")
    name_equal = at("name", "equal", "variant", "bare")
    dob_equal, dob_against = at("dob", "equal"), at("dob", "different", "generation", "same_year")
    near = at("contact", "both", "phone", "door")
    likely, possible = probabilities >= AUTO, probabilities >= ASK
    typed_equal, typed_against = _typed(rows, left, right)
    name_doubtful = name_against | at("name", "one_differs")
    one_id, two_ids = at("id", "equal"), at("id", "different")
    # A valid number beside the other sex: the number is perhaps another person's.
    doubted = (rows["id"].is_not_null() & rows["sex"].is_null()).to_numpy()
    child = name_doubtful & (~typed_equal | doubted[left] | doubted[right]) | (~name_equal & typed_against)
    # A boy and a girl born on one day, or two numbers alike but for the end, are twins wherever they live.
    twins = (
        dob_equal
        & (near | at("sex", "different") | at("id", "first15"))
        & _twin_names(rows, graded["name"], left, right)
    )
    tail = at("id", "first15") & name_equal
    unnamed = name_missing & ~(dob_equal & near & ~at("sex", "different"))
    other_sex = at("sex", "different") & ~near
    thin = (
        at("dob", "missing") & at("id", "missing", "masked_weak", "wrong") & at("contact", "missing", "estate", "none")
    )
    duplicate = two_ids & name_equal & dob_equal & at("contact", "both", "phone")
    rules: tuple[tuple[Flags, str, str], ...] = (
        (duplicate, REVIEW, POSSIBLE_DUPLICATE_ID),
        (two_ids, NEVER, TWO_VALID_IDS),
        (one_id & child, REVIEW, ONE_ID_TWO_PEOPLE),
        (one_id & name_missing, SAME, UNNAMED),
        (one_id, SAME, SAME_ID),
        (at("sex", "different") & dob_against, APART, SEX_AND_DOB),
        (at("id", "document") & dob_against, APART, DOCUMENT_AND_DOB),
        (tail, SAME, DAMAGED_TAIL),
        (~possible & against, APART, CONTRADICTED),
        (~possible, APART, SCORED),
        (twins, REVIEW, TWINS),
        # Without a name that fits only one valid number joins, and a name alone joins nobody: else a person is asked.
        (likely & (unnamed | name_against | thin | other_sex), REVIEW, SCORED),
        (likely & (name_missing | at("name", "wildcard")), SAME, UNNAMED),
        (likely, SAME, SCORED),
    )
    holds = [rule for rule, _, _ in rules]
    verdicts = np.select(holds, [verdict for _, verdict, _ in rules], REVIEW)
    reasons = np.select(holds, [reason for _, _, reason in rules], SCORED)
    return verdicts.tolist(), reasons.tolist()


def _typed(rows: pl.DataFrame, left: Ints, right: Ints) -> tuple[Flags, Flags]:
    """Of records with one ID: birth dates that agree and are not the number's own; dates that differ.

    The number's own date is in both records for the number's sake (sheets compute it from the number, and so does the
    import): it cannot confirm that the number is theirs.
    """
    (typed, claim), _ = codes(rows["dob_typed"], rows.select(pl.coalesce("dob_typed", "dob")).to_series())
    agree: Flags = (typed[left] >= 0) & (typed[left] == typed[right])
    differ: Flags = (claim[left] != claim[right]) & (claim[left] >= 0) & (claim[right] >= 0)
    return agree, differ


def _twin_names(rows: pl.DataFrame, name_level: Levels, left: Ints, right: Ints) -> Flags:
    """Names as parents give to twins: they begin alike and then differ, however little."""
    alike = number(
        "name", "homophone", "shape", "reading", "homophone_short", "shape_short", "edit", "one_differs", "surname"
    )
    (front,), _ = codes(rows["bare"].str.slice(0, 1))
    # Transliterated names carry the father's name at the end, so theirs may begin differently.
    similar = name_level == number("name", "similar")[0]
    found: Flags = similar | np.isin(name_level, alike) & (front[left] == front[right])
    return found


def _texts(graded: dict[str, Levels]) -> pl.Series:
    """The levels as words, `name=equal id=missing …`; made once a pattern."""
    patterns = pl.DataFrame({name: pl.Series(found, dtype=pl.Int8) for name, found in graded.items()})
    words: Iterable[pl.Expr] = (
        pl.concat_str(
            pl.lit(f"{name}="),
            pl.col(name).replace_strict(dict(enumerate(level.name for level in table)), return_dtype=pl.String),
        )
        for name, table in COMPARISONS.items()
    )
    distinct = patterns.unique().with_columns(levels=pl.concat_str(list(words), separator=" "))
    return patterns.join(distinct, on=list(graded), how="left", maintain_order="left")["levels"]
