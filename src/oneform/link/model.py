"""Link, model: the weights: for each comparison level, how often it holds in each of three classes of pairs.

Three classes (not two): `m`, two records of one person; `h`, two members of one household; `u`, strangers of one
community. A telephone and an address are the household's evidence: with two classes a father and his son would be one
person. Weights are log2 ratios of these probabilities; a level of `missing` is no evidence in any class.

The tables are the shipped default, so that fifty rows can be linked without training; `train` fits the same levels to
the records of one community. A pair weighs the same whatever else is stored, as long as the model does not change.
Orders of magnitude and their grounds:
- u(surname) .027: chance that two strangers share a surname (the five commonest hold 32 % of people); u of an equal
  name is not in the table: it is the share of that very name, `names.share`.
- u(homophone) .01 a character; the rest of a three-character name must agree too (× .027 × .0025).
- u(birth date) 1/20,000: days over the ages a community holds; h .003: twins, and a head's date copied to a member.
- u(sex) 1/2; h .55 differ: couples and children.
- contact is one comparison of telephone and address together: strangers share a door about 1 in 10,000 (tenants
  before and after), members of a household nearly always.
- identifiers: two right numbers are never a typo (the check character catches every single-digit error and swap), so
  `different` is a rule and not a weight; `typo` is for pairs of which one side fails its check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

AUTO, ASK, BLOCK = (
    0.9,
    0.05,
    0.02,
)  # probability: same from AUTO; a person is asked from ASK; below BLOCK apart for good

# Priors over all pairs of records of a community, not over candidate pairs: ten thousand residents in about five
# sheets each, three to a household.
PRIOR_PERSON, PRIOR_HOUSEHOLD = 2.0**-14, 2.0**-13


@dataclass(frozen=True)
class Level:
    """One comparison level: its word, how often it holds among one person, a household and strangers; its Chinese."""

    name: str
    m: float
    h: float
    u: float
    zh: str


MISSING = Level("missing", 1, 1, 1, "")

# In each table the strongest evidence for one person comes first. A pair has exactly one level of each comparison.
NAME: tuple[Level, ...] = (
    MISSING,
    Level("equal", 0.90, 5e-4, 2.4e-5, "姓名相同"),  # u: replaced by the share of the name
    Level("variant", 0.02, 2e-5, 5e-7, "姓名写法不同（繁简或异体）"),
    Level("bare", 0.005, 1e-5, 2e-7, "姓名只差间隔号"),
    Level("homophone", 0.020, 8e-4, 2e-6, "姓名同音"),
    Level("shape", 0.006, 2e-4, 1e-6, "姓名形近"),
    Level("words", 0.03, 1e-4, 1e-6, "姓名中的词都相同，有缺省或缩写"),  # Latin letters, as are the next four
    Level("words_near", 0.05, 4e-4, 1e-5, "姓名中的词相近"),
    Level("words_conflict", 0.01, 2e-3, 3e-5, "姓名中多数词相近"),
    Level("truncated", 0.004, 2e-4, 1e-6, "姓名被截断"),
    Level("similar", 0.004, 1e-3, 2e-6, "音译姓名相近"),
    Level("wildcard", 0.004, 4e-3, 1e-4, "姓名有字看不清，其余相同"),
    Level("reading", 0.004, 2e-3, 2e-5, "姓名读音相近"),
    Level("homophone_short", 0.020, 1e-3, 3e-4, "姓名同音"),
    Level("shape_short", 0.006, 5e-4, 2e-4, "姓名形近"),
    Level("edit", 0.004, 5e-3, 5e-5, "姓名多一字、少一字或颠倒"),
    Level("one_differs", 0.004, 0.04, 2e-4, "姓名差一字"),  # brothers and sisters of one generation
    Level("one_word", 0.02, 0.015, 4e-4, "只写了姓或名，相符"),
    Level("given", 0.02, 0.01, 0.01, "名相近而姓不同"),
    Level("placeholder", 0.60, 0.05, 0.01, "同一个代称（如某宝宝）"),
    Level("surname", 0.006, 0.50, 0.027, "同姓不同名"),
    Level("different", 0.005, 0.44, 0.97, "姓名不同"),
)
ID: tuple[Level, ...] = (
    MISSING,
    Level("equal", 0.80, 1e-4, 1e-9, "证件号相同"),
    Level("equal_wrong", 0.03, 1e-5, 1e-9, "证件号相同（但号码有误）"),
    Level("first15", 0.06, 2e-3, 3e-8, "证号前 15 位相同"),
    Level("typo", 0.05, 5e-4, 1e-7, "证号只差一位（其中一个有误）"),
    Level("masked", 0.04, 1e-4, 1e-4, "遮蔽的证号对得上"),
    Level("masked_weak", 0.02, 0.02, 0.02, "遮蔽的证号对得上"),
    Level("wrong", 0.03, 0.99, 0.99, "证号不同（其中一个有误）"),
    Level("masked_other", 0.01, 0.99, 0.99, "遮蔽的证号对不上"),
    Level("document_near", 0.08, 5e-3, 1e-5, "证件号只差一位"),
    Level("document", 0.10, 0.99, 0.99, "证件号或证件种类不同"),
    Level("different", 1e-6, 0.99, 0.99, "证号不同"),  # both valid: a rule decides, not this weight
)
DOB: tuple[Level, ...] = (
    MISSING,
    Level("equal", 0.92, 3e-3, 5e-5, "同一天出生"),
    Level("swapped", 0.004, 5e-5, 5e-5, "出生月日颠倒"),
    Level("month", 0.92, 8e-3, 1.5e-3, "出生年月相同"),  # one side knows no day
    Level("near", 0.025, 2e-3, 1.5e-3, "出生日期差一处"),
    Level("year", 0.92, 0.03, 0.016, "出生年份相同"),  # one side knows no month
    Level("day", 0.004, 3e-3, 2.7e-3, "出生月日相同而年份不同"),
    Level("same_year", 0.015, 0.02, 0.015, "同年不同日出生"),
    Level("different", 0.010, 0.42, 0.32, "出生日期不同"),
    Level("generation", 0.004, 0.55, 0.66, "出生日期不同"),  # fifteen years and more apart: seldom a slip
)
SEX: tuple[Level, ...] = (
    MISSING,
    Level("equal", 0.995, 0.45, 0.5, "同性别"),
    Level("different", 0.005, 0.55, 0.5, "性别不同"),
)
CONTACT: tuple[Level, ...] = (
    MISSING,
    Level("both", 0.40, 0.45, 2e-6, "同电话、同住址"),
    Level("phone", 0.17, 0.12, 3e-5, "同电话"),
    Level("door", 0.25, 0.38, 1e-4, "同住址"),
    Level("door_near", 0.04, 0.04, 3e-5, "住址相近"),
    Level("part", 0.02, 0.02, 5e-4, "住址部分相同"),  # on one line in Latin letters
    Level("tower", 0.06, 0.015, 6e-3, "同小区同楼栋"),
    Level("estate", 0.07, 0.02, 0.15, "同小区"),
    Level("none", 0.05, 0.015, 0.84, "电话、住址都不同"),
)
COMPARISONS: dict[str, tuple[Level, ...]] = {"name": NAME, "id": ID, "dob": DOB, "sex": SEX, "contact": CONTACT}


def number(comparison: str, *names: str) -> list[int]:
    """The numbers of levels in their comparison's table."""
    words = [level.name for level in COMPARISONS[comparison]]
    return [words.index(name) for name in names]


Chances = Mapping[str, tuple[tuple[float, float, float], ...]]  # comparison → a row a level: m, h, u


@dataclass(frozen=True)
class Model:
    """What pairs are weighed by. `prior_household` 0: every record is told to be of a person who lives alone."""

    version: str
    prior_person: float  # of all pairs of records, those of one person
    prior_household: float  # … those of two members of one household
    chances: Chances
    common: Mapping[str, float] = field(default_factory=dict)  # key of a name borne by several → share of people
    rare: float = 1.0  # no other name has a larger share


DEFAULT = Model(
    "default",
    PRIOR_PERSON,
    PRIOR_HOUSEHOLD,
    {name: tuple((level.m, level.h, level.u) for level in table) for name, table in COMPARISONS.items()},
)


def logs(comparison: str, model: Model = DEFAULT) -> npt.NDArray[np.float64]:
    """Log2 probabilities, one row a level: m, h, u."""
    return np.log2(np.array(model.chances[comparison], dtype=np.float64))


def to_json(model: Model) -> str:
    """The model as text, the same for equal models: levels by their words, so that it outlives their order."""
    levels = {
        name: {level.name: chances for level, chances in zip(table, model.chances[name], strict=True)}
        for name, table in COMPARISONS.items()
    }
    told = {
        "version": model.version,
        "prior_person": model.prior_person,
        "prior_household": model.prior_household,
        "levels": levels,
        "common": dict(sorted(model.common.items())),
        "rare": model.rare,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Model:
    """The model of a text of `to_json`; a level it does not know has the default's chances."""
    told = json.loads(text)
    chances = {
        name: tuple(tuple(told["levels"].get(name, {}).get(level.name, (level.m, level.h, level.u))) for level in table)
        for name, table in COMPARISONS.items()
    }
    return Model(told["version"], told["prior_person"], told["prior_household"], chances, told["common"], told["rare"])
