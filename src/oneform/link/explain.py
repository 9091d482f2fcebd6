"""Link, explain: an EDGES row and its two STANDARD rows → one sentence, Chinese or English; EDGES → their weight in steps.

The steps are made of the numbers that `weigh` adds up, and their sum is the match weight.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from oneform.link.model import COMPARISONS, DEFAULT, Model, logs, number
from oneform.link.weigh import Floats, name_shares

Row = Mapping[str, object]

WATERFALL = pl.Schema(
    {
        "left": pl.Int64,
        "right": pl.Int64,
        "step": pl.String,  # prior | a comparison: name, id … | namesakes | household
        "level": pl.String,  # of a comparison
        "weight": pl.Float64,  # log2
    }
)

_FOR = {
    "name": {"edit", "one_differs", "words_conflict", "given", "surname", "different"},
    "id": {"wrong", "masked_other", "document", "different"},
    "dob": {"day", "same_year", "different", "generation"},
    "sex": {"different"},
    "contact": {"none"},
}  # levels that speak against one person
_FROM_NUMBER = {"equal", "first15"}  # what two rows with one number agree on for the number's sake is no agreement

_ENGLISH = {
    "name equal": "same name",
    "name variant": "name in another script or variant",
    "name bare": "names differ in a separating dot only",
    "name homophone": "names sound alike",
    "name homophone_short": "names sound alike",
    "name shape": "names look alike",
    "name shape_short": "names look alike",
    "name words": "same words in the name, some left out or shortened",
    "name words_near": "nearly the same words in the name",
    "name words_conflict": "most words of the name nearly the same",
    "name truncated": "one name is cut off",
    "name similar": "transliterated names are close",
    "name wildcard": "a character of the name cannot be read, the rest is equal",
    "name reading": "names are read nearly alike",
    "name edit": "a character of the name added, left out or swapped",
    "name one_differs": "one character of the name differs",
    "name one_word": "only surname or given name is written, and fits",
    "name given": "given names are close, surnames differ",
    "name placeholder": "the same placeholder for a name",
    "name surname": "same surname, other given name",
    "name different": "names differ",
    "id equal": "same ID number",
    "id equal_wrong": "same ID number (but not a valid one)",
    "id first15": "the first 15 characters of the ID agree",
    "id typo": "ID numbers differ in one place (one is not valid)",
    "id masked": "a masked ID number fits",
    "id masked_weak": "a masked ID number fits",
    "id wrong": "ID numbers differ (one is not valid)",
    "id masked_other": "a masked ID number does not fit",
    "id document_near": "document numbers differ in one place",
    "id document": "documents differ",
    "id different": "ID numbers differ",
    "dob equal": "born on one day",
    "dob swapped": "month and day of birth swapped",
    "dob month": "born in one month",
    "dob near": "dates of birth differ in one place",
    "dob year": "born in one year",
    "dob day": "same day and month of birth, another year",
    "dob same_year": "born in one year, not on one day",
    "dob different": "dates of birth differ",
    "dob generation": "dates of birth differ",
    "sex equal": "same sex",
    "sex different": "sexes differ",
    "contact both": "same phone and address",
    "contact phone": "same phone",
    "contact door": "same address",
    "contact door_near": "addresses are close",
    "contact part": "addresses are the same in part",
    "contact tower": "same building",
    "contact estate": "same estate",
    "contact none": "phones and addresses differ",
}
# What a rule made of it, and why two records were not joined after all; Chinese and English.
_RULES = {
    "one_id_two_people": (
        "证号相同，可能是一个证号填给了两个人，请核对是谁的证件",
        "one ID number, perhaps written for two people: please check whose it is",
    ),
    "two_valid_ids": ("两个证号都有效而不同，判为两个人", "both ID numbers are valid and differ: two people"),
    "possible_duplicate_id": (
        "两个证号都有效而不同，请核对是否一人有两个证号",
        "both ID numbers are valid and differ: perhaps one person with two, please check",
    ),
    "damaged_tail": ("证号后几位丢失，判为同一人", "the end of an ID number was lost: one person"),
    "sole_bearer": (
        "名字少见又同在一处，此处没有别的同名人，判为同一人",
        "a rare name, and nobody else of that name is known at this place: one person",
    ),
    "sex_and_dob": ("判为两个人", "two people"),
    "document_and_dob": ("判为两个人", "two people"),
    "twins": ("名字只差一点，可能是双胞胎，请核对", "perhaps twins, please check"),
    "said_to_differ": (
        "但其中一方的其他行已被判定不是此人，请核对",
        "but other rows of one side were said to be another person: please check",
    ),
    "speaks_against": ("但合并后会与其他行矛盾，请核对", "but joined they would contradict other rows: please check"),
    "ambiguous": ("但同样也符合另一个人，请核对是哪一位", "but it fits somebody else as well: please check who it is"),
}
_HELD_BY_IDS = (
    "但两边另有不同的有效证号，没有合并，请核对",
    "but both sides have valid ID numbers that differ: please check",
)
_VERDICTS = {
    "same": ("判为同一人", "one person"),
    "review": ("请核对是否同一人", "please check whether they are one person"),
    "apart": ("判为两个人", "two people"),
    "never": ("判为两个人", "two people"),
}


def sentence(edge: Row, left: Row, right: Row, *, asked: str | None = None, english: bool = False) -> str:
    """What agrees, what differs (with the values), and what follows; values of both rows are part of the sentence.

    Missing comparisons are not mentioned. `asked` is the reason of REVIEWS where the pair is a question: it may be one
    that two plainly equal rows raise. Where two rows share a number, what the number itself tells is not repeated.
    """
    agree: list[str] = []
    differ: list[str] = []
    for comparison, word in _told(edge, left, right):
        said = _words(comparison, word, english=english) + _values(comparison, word, left, right, english=english)
        (differ if word in _FOR[comparison] else agree).append(said)
    outcome = _outcome(edge, dict(_graded(edge)), asked)[english]
    plus, comma, stop = (" + ", ", ", "; ") if english else ("＋", "，", "；")
    facts = stop.join(text for text in (plus.join(agree), comma.join(differ)) if text)
    if english:
        told = f"{facts}: {outcome}." if facts else f"nothing to compare: {outcome}."
        return told[0].upper() + told[1:]
    return f"{facts}，{outcome}。" if facts else f"没有可以比较的内容，{outcome}。"


def waterfall(edges: pl.DataFrame, standard: pl.DataFrame, model: Model = DEFAULT) -> pl.DataFrame:
    """WATERFALL: the steps of each pair's match weight, in order; their sum is the weight (rounded there to 6 digits).

    `prior`: one person among all pairs; then each comparison against strangers; `namesakes`: how much rarer or commoner
    this very name is than names are; `household`: what is taken off because two of one household would agree as well.
    """
    words = edges.select(
        pl.col("levels").str.extract(rf"{comparison}=([a-z0-9_]+)", 1).alias(comparison) for comparison in COMPARISONS
    )
    found = {name: _numbers(words[name], name) for name in COMPARISONS}
    size = edges.height
    m, h, u = (np.zeros(size) for _ in range(3))
    steps: list[tuple[str, pl.Series, Floats]] = []
    nothing = pl.Series([None] * size, dtype=pl.String)
    steps.append(("prior", nothing, np.full(size, np.log2(model.prior_person))))
    for name, numbers in found.items():
        table = logs(name, model)[numbers]
        m, h, u = m + table[:, 0], h + table[:, 1], u + table[:, 2]
        steps.append((name, words[name], table[:, 0] - table[:, 2]))
    namesakes = np.where(
        found["name"] == number("name", "equal")[0],
        logs("name", model)[number("name", "equal")[0], 2] - np.log2(_shares(edges, standard, model)),
        0.0,
    )
    steps.append(("namesakes", nothing, namesakes))
    against_strangers = np.log2(model.prior_person) + m - u + namesakes
    household = np.zeros(size)
    if model.prior_household:
        odds_household = np.log2(model.prior_household) + h - np.log2(model.prior_person) - m
        household = -against_strangers - np.logaddexp2(odds_household, -against_strangers)
    steps.append(("household", nothing, household))
    told = [
        edges.select("left", "right", step=pl.lit(step), level=level, weight=pl.Series(weight)).with_row_index("pair")
        for step, level, weight in steps
    ]
    kept = pl.concat(told).filter((pl.col("weight") != 0) | (pl.col("step") == "prior"))
    return kept.sort("pair", maintain_order=True).drop("pair").match_to_schema(WATERFALL)


def step_words(step: str, level: str | None, *, english: bool = False) -> str:
    """What a step of the WATERFALL is called."""
    if level is not None:
        return _words(step, level, english=english)
    called = {
        "prior": ("起点：任意两行", "start: any two rows"),
        "namesakes": ("这个名字的常见程度", "how common this name is"),
        "household": ("也可能是同户的两个人", "may be two of one household"),
    }
    return called[step][english]


def _numbers(words: pl.Series, comparison: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    table = {level.name: place for place, level in enumerate(COMPARISONS[comparison])}
    return words.replace_strict(table, return_dtype=pl.Int64).to_numpy()


def _shares(edges: pl.DataFrame, standard: pl.DataFrame, model: Model) -> Floats:
    """The share of the left record's name."""
    names = edges.select("left").join(
        standard.select("rec_id", "bare"), left_on="left", right_on="rec_id", how="left", maintain_order="left"
    )
    return name_shares(names["bare"].fill_null(""), model)


def _graded(edge: Row) -> list[tuple[str, str]]:
    """Comparison and level of each."""
    return [(comparison, word) for comparison, _, word in (part.partition("=") for part in str(edge["levels"]).split())]


def _told(edge: Row, left: Row, right: Row) -> list[tuple[str, str]]:
    """The comparisons worth telling: with one number in both rows, its date and sex say nothing more.

    A date of its own beside the number does, and where two rows have different ones, they differ.
    """
    graded = _graded(edge)
    kept = [(comparison, word) for comparison, word in graded if word != "missing"]
    if dict(graded).get("id") not in _FROM_NUMBER or not (left.get("first15") and right.get("first15")):
        return kept
    typed = [row.get("dob_typed") for row in (left, right)]
    told = []
    for comparison, word in kept:
        if comparison == "dob" and word == "equal":
            if typed[0] == typed[1] and typed[0] is not None:
                told.append((comparison, word))
            elif typed[0] != typed[1]:
                told.append((comparison, "different"))
        elif comparison != "sex" or word != "equal":
            told.append((comparison, word))
    return told


def _words(comparison: str, word: str, *, english: bool) -> str:
    if english:
        return _ENGLISH.get(f"{comparison} {word}", f"{comparison}: {word.replace('_', ' ')}")
    return next(level.zh for level in COMPARISONS[comparison] if level.name == word)


def _outcome(edge: Row, graded: Mapping[str, str], asked: str | None) -> tuple[str, str]:
    reason, verdict = str(edge["reason"]), str(edge["verdict"])
    if asked is not None and asked != reason:
        if asked in {"two_valid_ids", "judged_same_two_ids"} and verdict != "never":
            return _HELD_BY_IDS
        return _RULES.get(asked, _VERDICTS["review"])
    if reason == "unnamed":
        if graded.get("name") == "wildcard" or verdict != "same":
            return _VERDICTS[verdict]
        return "有一方没有写名字，其余相符，判为同一人", "one row has no name, the rest agrees: one person"
    if reason in _RULES:
        return _RULES[reason]
    if verdict == "apart" and graded.get("contact") in {"both", "door"}:
        return "判为同户不同人", "two people of one household"
    return _VERDICTS[verdict]


def _values(comparison: str, word: str, left: Row, right: Row, *, english: bool) -> str:
    """The two values in brackets, where they differ and a person can see it: characters of a name, dates, sexes."""
    if word == "equal" or comparison not in {"name", "dob", "sex"}:
        return ""
    if comparison == "name":
        said = _name_values(str(left.get("written") or ""), str(right.get("written") or ""))
    elif comparison == "dob":
        dates = [str(row.get("dob_typed") or row.get("dob") or "") for row in (left, right)]
        years = [date[:4] for date in dates]
        said = "/".join(years if years[0] != years[1] else dates)
    else:
        sexes = {"1": ("男", "male"), "2": ("女", "female")}
        said = "/".join(sexes.get(str(row.get("sex")), ("不明", "unknown"))[english] for row in (left, right))
    return f" ({said})" if english else f"（{said}）"


def _name_values(one: str, other: str) -> str:
    differing = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    if len(one) == len(other) and len(differing) == 1:
        return f"{differing[0][0]}/{differing[0][1]}"
    return f"{one}/{other}"
