"""A clerk: a true person in, one line of a sheet out, in this clerk's own handwriting and with this clerk's slips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any, TypeVar

from . import spelling
from .dirt import Hand, soil
from .layout import Column, Line
from .model import Community, Person, full_address
from .places import CITY, COMMUNITY, DISTRICT, STREET, Dwelling, grid_name
from .spelling import Cell

Event = TypeVar("Event")

_DOOR_FIELDS = frozenset(("address", "door", "building", "unit", "room", "lane"))


@dataclass(frozen=True)
class Pen:
    """How somebody writes, and how often they slip: `damage` and `slack` are chances per row."""

    dates: str = "iso"
    sexes: str = "word"
    address: str = "plain"
    prefix: str = "estate"  # estate | full | none
    numbers: bool = False  # phones typed as numbers
    stale: bool = False  # an older list: given-up phones are still on it
    damage: float = 0.08
    slack: float = 0.05
    odd_dates: tuple[str, ...] = spelling.DATE_STYLES
    odd_doors: tuple[str, ...] = spelling.ADDRESS_STYLES


@dataclass(frozen=True)
class Clerk:
    """One sheet's author: the community they see on a day, their pen, their own run of chance."""

    made: Community
    day: date
    columns: tuple[Column, ...]
    pen: Pen
    rng: Random

    def line(self, person: Person, **more: Cell) -> Line:
        """Person as this clerk writes them; `more` are values of the sheet's own (what happened, remarks)."""
        pen, rng = self.pen, self.rng
        home = self.made.home(person, self.day)
        fields = {column.field for column in self.columns}
        draft: dict[str, Any] = {
            "name": person.name,
            "id_number": person.id_number,
            "gender": person.gender,
            "birth_date": person.birth,
            "phone": self.made.reach(person),
            "relation": person.relation,
            "address": home or self.made.household(person).elsewhere,
        }
        shown = {"address" if f in _DOOR_FIELDS else f for f in fields}
        draft = {f: value if f in shown else None for f, value in draft.items()}
        dirt = self._facts_of_life(person, draft, home)
        if rng.random() < pen.damage:
            slip = soil(draft, Hand(person, self.made, self.day, rng))
            dirt += [slip] if slip else []
        odd = rng.choice(("birth_date", "address", "gender", "relation")) if rng.random() < pen.slack else ""
        values = self._background(person) | self._spelled(draft, person, odd, dirt) | more
        return Line(values, person.key, self.made.household(person).key, tuple(dict.fromkeys(dirt)))

    def lines(self, events: Iterable[Event], one: Callable[[Event], tuple[Person, Mapping[str, Cell]]]) -> list[Line]:
        """One line an event; `one` gives its person and what the sheet says about it."""
        return [self.line(person, **values) for person, values in map(one, events)]

    def twice(self, lines: list[Line], times: int) -> list[Line]:
        """Lines with some entered a second time further down."""
        lines = list(lines)
        for line in self.rng.sample([line for line in lines if line.person], min(times, len(lines))):
            at = self.rng.randrange(lines.index(line) + 1, len(lines) + 1)
            lines.insert(at, Line(line.values, line.person, line.household, (*line.dirt, "row_duplicate")))
        return lines

    def when(self, value: date, style: str = "") -> Cell:
        """Day (or moment) of the week in this clerk's hand."""
        if isinstance(value, datetime):
            return spelling.moment(value, style or self.pen.dates)
        return spelling.day(value, style or self.pen.dates)

    def _facts_of_life(self, person: Person, draft: dict[str, Any], home: Dwelling | None) -> list[str]:
        """Tags no clerk is to blame for: newborns without a number, a move in mid-week, a phone given up."""
        dirt = []
        if person.id_number is None and "id_number" in {c.field for c in self.columns}:
            dirt.append("no_id_yet")
            if self.rng.random() < 0.3:
                mother = self.made.household(person).members[1 if person.number % 2 else 0]
                draft["name"] = self.rng.choice((f"{person.name[0]}宝宝", f"{mother.name}之{person.relation}"))
                dirt.append("name_placeholder")
        if draft["address"] is not None and home != self.made.household(person).dwelling and home is not None:
            dirt.append("moved")
        if self.pen.stale and person.old_phone and draft["phone"] == person.phone:
            draft["phone"] = person.old_phone
            dirt.append("phone_old")
        return dirt

    def _spelled(self, draft: dict[str, Any], person: Person, odd: str, dirt: list[str]) -> dict[str, Cell]:
        """Row in this hand; one field may come out in another spelling than the rest of its column."""
        values: dict[str, Cell] = {f: draft[f] for f in ("name", "id_number")}
        values["birth_date"] = self._birth(draft["birth_date"], odd == "birth_date", dirt)
        values["gender"] = self._sex(draft["gender"], odd == "gender", dirt)
        relation = draft["relation"]
        if odd == "relation" and relation:
            other = spelling.kin(relation, person.gender, self.rng.randrange(3))
            dirt += ["relation_spelling"] if other != relation else []
            relation = other
        values["relation"] = relation
        phone = draft["phone"]
        digits = self.pen.numbers and isinstance(phone, str) and phone.isdigit() and not phone.startswith("0")
        values["phone"] = float(phone) if digits else phone
        return values | self._address(draft["address"], odd == "address", dirt)

    def _birth(self, born: Cell, odd: bool, dirt: list[str]) -> Cell:
        if not isinstance(born, date):
            return born
        style = self.pen.dates
        if odd:
            style = self.rng.choice([s for s in self.pen.odd_dates if s != style])
            style = style if style != "short" or born.year in range(1930, 2000) else "slash"
            dirt.append("date_spelling")
        return spelling.day(born, style)

    def _sex(self, code: Cell, odd: bool, dirt: list[str]) -> Cell:
        if code not in ("1", "2"):
            return code
        if odd and self.pen.sexes == "word":
            dirt.append("sex_spelling")
            return spelling.sex(str(code), self.rng.choice(("coded", "long")))
        return spelling.sex(str(code), self.pen.sexes)

    def _address(self, home: Dwelling | str | None, odd: bool, dirt: list[str]) -> dict[str, Cell]:
        if not isinstance(home, Dwelling):
            return {"address": home, "door": home}
        style = self.pen.address
        if odd:
            style = self.rng.choice([s for s in self.pen.odd_doors if s != style])
        door = spelling.door(home, style)
        if odd and door != spelling.door(home, self.pen.address):
            dirt.append("address_spelling")
        before = {"estate": home.estate, "full": CITY + DISTRICT + STREET + COMMUNITY + home.estate, "none": ""}
        return {
            "address": before[self.pen.prefix] + door,
            "door": door,
            "estate": home.estate,
            "building": home.building,
            "unit": home.unit or None,
            "room": home.room or None,
            "lane": home.lane or home.group or None,
            "grid": grid_name(home.grid),
        }

    def _background(self, person: Person) -> dict[str, Cell]:
        """Columns nobody slips in."""
        household = self.made.household(person)
        landlord = household.landlord or ("", "")
        absent = household.tenure == "空挂"
        local = person.residence == "户籍人口"
        return {
            "id_type": person.id_type,
            "age": person.age(self.day),
            "hukou": person.hukou,
            "division": person.division,
            "residence": person.residence,
            "ethnicity": person.ethnicity,
            "marital": person.marital if person.age(self.day) >= 20 else "未婚",
            "education": person.education,
            "employer": person.employer,
            "political": person.political if person.age(self.day) >= 18 else None,
            "household_code": household.code,
            "head_name": household.head.name,
            "landlord_name": landlord[0],
            "landlord_phone": landlord[1],
            "care": person.care,
            "estate": household.dwelling.estate,
            "grid": grid_name(household.dwelling.grid),
            "apart": "1" if absent or (local and person.hukou != full_address(household.dwelling)) else "0",
            "remark": "空挂户，长期在外" if absent else None,
        }


def hire(made: Community, sheet: str, day: date, columns: tuple[Column, ...], pen: Pen) -> Clerk:
    """Clerk of a named sheet, with a run of chance that no other sheet disturbs."""
    return Clerk(made, day, columns, pen, Random(f"{made.seed}/{sheet}"))


def numbered(lines: Iterable[Line]) -> list[Line]:
    """Lines with 序号 1, 2, 3 … under `seq`; blank rows keep none."""
    made, count = [], 0
    for line in lines:
        if line.values:
            count += 1
            line = Line({"seq": count, **line.values}, line.person, line.household, line.dirt)  # noqa: PLW2901
        made.append(line)
    return made
