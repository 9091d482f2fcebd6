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
from oneform.link.hashing import text_keys
from oneform.link.model import ASK, AUTO, BLOCK, COMPARISONS, DEFAULT, Model, logs, number
from oneform.link.names import share

SAME, REVIEW, APART, NEVER = "same", "review", "apart", "never"

# Reasons: rules that overrode the probability, else `scored`.
SAME_ID, ONE_ID_TWO_PEOPLE, TWO_VALID_IDS = "same_id", "one_id_two_people", "two_valid_ids"
POSSIBLE_DUPLICATE_ID, DAMAGED_TAIL = "possible_duplicate_id", "damaged_tail"
SEX_AND_DOB, DOCUMENT_AND_DOB = "sex_and_dob", "document_and_dob"
TWINS, UNNAMED, CONTRADICTED, SCORED = "twins", "unnamed", "contradicted", "scored"
SOLE_BEARER = "sole_bearer"  # a rare name and a place alone: enough where one known person there bears it

_SOLE = 0.25  # probability from which a name and a place may be enough; of a commoner name a person is asked

Floats = npt.NDArray[np.float64]


def weigh(pairs: pl.DataFrame, standard: pl.DataFrame, model: Model = DEFAULT) -> pl.DataFrame:
    """EDGES, one a pair, in order; every record of a pair must be in `standard`."""
    known = pairs.match_to_schema(frames.PAIRS)
    asked = pl.concat([known["left"], known["right"]]).unique()
    rows = standard.filter(pl.col("rec_id").is_in(asked.implode()))
    positions = rows.select("rec_id").with_row_index("row")
    left, right = (_positions(known[side], positions) for side in ("left", "right"))
    graded = levels(rows, left, right)
    weights, evidence = _weights(rows, graded, left, model)
    probabilities = 1 / (1 + np.exp2(-weights))
    against = evidence < np.log2(BLOCK / (1 - BLOCK))
    verdicts, reasons = _decide(
        rows, graded, probabilities, left, right, against=against, alone=not model.prior_household
    )
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


def name_shares(names: pl.Series, model: Model) -> Floats:
    """How likely a stranger bears each of these bare names: as the model counted, else as names of its make are."""
    made: Floats = np.minimum(share(names).to_numpy(), model.rare)
    if not model.common:
        return made
    keys = pl.Series(text_keys(names), dtype=pl.UInt64).cast(pl.String)
    counted = keys.replace_strict(dict(model.common), default=None, return_dtype=pl.Float64).to_numpy()
    shares: Floats = np.where(np.isnan(counted), made, counted)
    return shares


def _weights(rows: pl.DataFrame, graded: dict[str, Levels], left: Ints, model: Model) -> tuple[Floats, Floats]:
    """Log2 odds of one person against the two other classes together; and what the values alone say, without priors.

    The second is asked of two records that a third one connects: there the prior has already been overcome, and two
    records that share nothing to compare do not speak against each other.
    """
    m, h, u = (np.zeros(len(left)) for _ in range(3))
    for comparison, found in graded.items():
        table = logs(comparison, model)[found]
        m, h, u = m + table[:, 0], h + table[:, 1], u + table[:, 2]
    same_name = graded["name"] == number("name", "equal")[0]
    chance = np.log2(name_shares(rows["bare"].fill_null(""), model))
    u = np.where(same_name, u - logs("name", model)[number("name", "equal")[0], 2] + chance[left], u)
    h = h if model.prior_household else np.full(len(left), -np.inf)
    odds_household = np.log2(model.prior_household or 1) + h - np.log2(model.prior_person) - m
    odds_strangers = u - np.log2(model.prior_person) - m
    weights = -np.asarray(np.logaddexp2(odds_household, odds_strangers), dtype=np.float64)
    return weights, np.asarray(m - np.logaddexp2(h, u), dtype=np.float64)


def _decide(
    rows: pl.DataFrame,
    graded: dict[str, Levels],
    probabilities: Floats,
    left: Ints,
    right: Ints,
    *,
    against: Flags,
    alone: bool,
) -> tuple[list[str], list[str]]:
    """Verdict and reason of each pair: the first rule that holds.

    Of people who live alone (`alone`) there are no twins and no child under its parent's number.
    """

    def at(comparison: str, *words: str) -> Flags:
        return np.isin(graded[comparison], number(comparison, *words))

    name_missing, name_against = at("name", "missing", "placeholder"), at("name", "surname", "different")
    name_equal = at("name", "equal", "variant", "bare", "words", "words_near")
    dob_equal, dob_against = at("dob", "equal"), at("dob", "different", "generation", "same_year", "day")
    near = at("contact", "both", "phone", "door")
    likely, possible = probabilities >= AUTO, probabilities >= ASK
    typed_equal, typed_against = _typed(rows, left, right)
    name_doubtful = name_against | at("name", "one_differs")
    one_id, two_ids = at("id", "equal"), at("id", "different")
    # A valid number beside the other sex: the number is perhaps another person's.
    doubted = (rows["id"].is_not_null() & rows["sex"].is_null()).to_numpy()
    child = name_doubtful & (~typed_equal | doubted[left] | doubted[right]) | (~name_equal & typed_against)
    # A passport's number holds neither date nor sex nor check character: against it the weights may speak.
    resident = rows["id"].is_not_null().to_numpy()
    child &= resident[left] | ~likely
    lone = alone & likely
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
        at("dob", "missing")
        & at("id", "missing", "masked_weak", "masked_other", "wrong")
        & at("contact", "missing", "estate", "none")
    )
    # Nothing but the name and the 小区 or village group in common, and nothing against.
    sole = (
        at("name", "equal", "variant", "bare")
        & at("dob", "missing")
        & at("id", "missing")
        & at("contact", "estate")
        & ~at("sex", "different")
        & ~_elsewhere(rows, left, right)
    )
    duplicate = two_ids & name_equal & dob_equal & at("contact", "both", "phone")
    rules: tuple[tuple[Flags, str, str], ...] = (
        (duplicate, REVIEW, POSSIBLE_DUPLICATE_ID),
        (two_ids, NEVER, TWO_VALID_IDS),
        (one_id & child, REVIEW, ONE_ID_TWO_PEOPLE),
        (one_id & name_missing, SAME, UNNAMED),
        (one_id, SAME, SAME_ID),
        (at("sex", "different") & dob_against, APART, SEX_AND_DOB),
        (at("id", "document") & dob_against & ~lone, APART, DOCUMENT_AND_DOB),
        (tail, SAME, DAMAGED_TAIL),
        (~possible & (against | at("id", "masked_other")), APART, CONTRADICTED),
        (~possible, APART, SCORED),
        (twins & ~lone, REVIEW, TWINS),
        (sole & (probabilities >= _SOLE), SAME, SOLE_BEARER),
        # Without a name that fits only one valid number joins, and a name alone joins nobody: else a person is asked.
        (likely & (unnamed | name_against & ~lone | thin | other_sex), REVIEW, SCORED),
        (likely & (name_missing | at("name", "wildcard")), SAME, UNNAMED),
        (likely, SAME, SCORED),
    )
    holds = [rule for rule, _, _ in rules]
    verdicts = np.select(holds, [verdict for _, verdict, _ in rules], REVIEW)
    reasons = np.select(holds, [reason for _, _, reason in rules], SCORED)
    return verdicts.tolist(), reasons.tolist()


def _typed(rows: pl.DataFrame, left: Ints, right: Ints) -> tuple[Flags, Flags]:
    """Of records with one number: birth dates that agree and are not the number's own; dates that differ.

    The number's own date is in both records for the number's sake (sheets compute it from the number, and so does the
    import): it cannot confirm that the number is theirs.
    """
    own = pl.when(pl.col("first15").is_null()).then("dob")  # no date came from the number
    claims = rows.select(typed=pl.coalesce("dob_typed", own), claim=pl.coalesce("dob_typed", "dob"))
    (typed, claim), _ = codes(claims["typed"], claims["claim"])
    agree: Flags = (typed[left] >= 0) & (typed[left] == typed[right])
    differ: Flags = (claim[left] != claim[right]) & (claim[left] >= 0) & (claim[right] >= 0)
    return agree, differ


def _elsewhere(rows: pl.DataFrame, left: Ints, right: Ints) -> Flags:
    """Records that both name a telephone or a place inside the 小区, and not the same one.

    The comparison of telephone and address says no more of them than that the 小区 is one.
    """
    phones = (rows["phones"].list.len() > 0).to_numpy()
    found: Flags = phones[left] & phones[right]
    for part in ("building", "unit", "room"):
        (place,), _ = codes(rows[part])
        found |= (place[left] >= 0) & (place[right] >= 0) & (place[left] != place[right])
    return found


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
