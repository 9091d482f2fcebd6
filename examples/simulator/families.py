"""One household's people: a kind of family and a seed in, persons with names, sexes, ages and relations out."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from . import names
from .model import Person

# kind of family → weight among owners, among tenants
_KINDS: dict[str, tuple[int, int]] = {
    "couple_child": (24, 26),
    "couple_children": (11, 10),
    "three_generations": (22, 4),
    "old_couple": (13, 1),
    "lone_elder": (8, 0),
    "young_couple": (7, 22),
    "single": (5, 33),
    "parent_child": (5, 4),
    "newborn": (5, 3),
}
_ETHNICITIES = (
    ("汉族",) * 1820 + ("回族",) * 80 + ("维吾尔族",) * 50 + ("哈萨克族",) * 26 + ("满族",) * 12 + ("壮族",) * 12
)

Member = tuple[str, str, date]  # relation to the head, sex, birth


def draw(rng: Random, *, tenant: bool) -> str:
    """Kind of family, as owners or tenants have them."""
    return rng.choices(list(_KINDS), [weights[tenant] for weights in _KINDS.values()])[0]


def members(kind: str, rng: Random, day: date, lineage: str | None) -> list[Person]:
    """People of a household, its head first; `lineage` is the surname of a one-surname village."""
    ethnicity = "汉族" if lineage else rng.choice(_ETHNICITIES)
    shapes = _SHAPES[kind](rng, day)
    family = lineage or (names.hui_surname(rng) if ethnicity == "回族" else names.surname(rng))
    people = [
        Person(number=0, name="", gender=sex, birth=born, ethnicity=ethnicity, relation=relation, household=0)
        for relation, sex, born in shapes
    ]
    _name(people, family, rng)
    return people


def _name(people: list[Person], family: str, rng: Random) -> None:
    head = people[0]
    if head.ethnicity in ("维吾尔族", "哈萨克族"):
        make = names.uyghur if head.ethnicity == "维吾尔族" else names.kazakh
        head.name = make(rng, head.gender)
        father = head.name.split(names.DOT)[0] if head.gender == "1" else None
        for person in people[1:]:
            person.name = make(rng, person.gender, father if person.relation in ("子", "女") else None)
        return
    for person in people:
        # Wives and mothers keep their own surname; children take the father's, the father being head or not.
        own = person.relation in ("配偶", "母") and head.gender == "1"
        person.name = names.han(rng, names.surname(rng) if own else family, person.gender, person.birth.year)
    children = [p for p in people if p.relation in ("子", "女", "孙子", "孙女")]
    if len(children) == 2 and children[0].birth == children[1].birth:
        for person, name in zip(
            children, names.twins(rng, family, children[0].gender, children[0].birth.year), strict=True
        ):
            person.name, person.twin = name, True


def _born(rng: Random, day: date, youngest: int, oldest: int) -> date:
    """Day between `youngest` and `oldest` full years before a day."""
    return day - timedelta(days=rng.randrange(youngest * 365 + 30, oldest * 365 + 365))


def _years_before(rng: Random, born: date, least: int, most: int) -> date:
    return born - timedelta(days=rng.randrange(least * 365, most * 365))


def _couple(rng: Random, day: date, youngest: int, oldest: int) -> list[Member]:
    husband = _born(rng, day, youngest, oldest)
    return [("户主", "1", husband), ("配偶", "2", husband + timedelta(days=rng.randrange(-700, 1500)))]


def _child(rng: Random, day: date, mother: date) -> Member:
    born = mother + timedelta(days=rng.randrange(22 * 365, 33 * 365))
    if born > day - timedelta(days=400):
        born = _born(rng, day, 1, 6)
    sex = rng.choice("12")
    return ("子" if sex == "1" else "女", sex, born)


def _couple_child(rng: Random, day: date) -> list[Member]:
    couple = _couple(rng, day, 26, 50)
    return [*couple, _child(rng, day, couple[1][2])]


def _couple_children(rng: Random, day: date) -> list[Member]:
    couple = _couple(rng, day, 29, 48)
    first = _child(rng, day, couple[1][2])
    if rng.random() < 0.09:
        return [*couple, first, first]  # twins
    second = _child(rng, day, couple[1][2])
    return [*couple, *sorted((first, second), key=lambda child: child[2])]


def _three_generations(rng: Random, day: date) -> list[Member]:
    family = (_couple_children if rng.random() < 0.3 else _couple_child)(rng, day)
    father = _years_before(rng, family[0][2], 22, 31)
    mother = father + timedelta(days=rng.randrange(-500, 1800))
    parents = [("父", "1", father), ("母", "2", mother)]
    return family + (parents if rng.random() < 0.6 else [rng.choice(parents)])


def _old_couple(rng: Random, day: date) -> list[Member]:
    return _couple(rng, day, 60, 84)


def _lone_elder(rng: Random, day: date) -> list[Member]:
    return [("户主", rng.choice("112222"), _born(rng, day, 65, 93))]


def _young_couple(rng: Random, day: date) -> list[Member]:
    return _couple(rng, day, 23, 34)


def _single(rng: Random, day: date) -> list[Member]:
    return [("户主", rng.choice("12"), _born(rng, day, 19, 42))]


def _parent_child(rng: Random, day: date) -> list[Member]:
    sex = rng.choice("1222")
    parent = _born(rng, day, 30, 48)
    return [("户主", sex, parent), _child(rng, day, parent)]


def _newborn(rng: Random, day: date) -> list[Member]:
    couple = _couple(rng, day, 24, 34)
    sex = rng.choice("12")
    # Some weeks old: the hospital's paper is there, the household register is not.
    age = rng.randrange(5, 60) if rng.random() < 0.4 else rng.randrange(90, 360)
    return [*couple, ("子" if sex == "1" else "女", sex, day - timedelta(days=age))]


_SHAPES = {
    "couple_child": _couple_child,
    "couple_children": _couple_children,
    "three_generations": _three_generations,
    "old_couple": _old_couple,
    "lone_elder": _lone_elder,
    "young_couple": _young_couple,
    "single": _single,
    "parent_child": _parent_child,
    "newborn": _newborn,
}
