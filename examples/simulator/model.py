"""What a made-up community is: people, households, grids, and where their homes are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .numbers import HOME_CODE
from .places import CITY, COMMUNITY, DISTRICT, STREET, Dwelling

FIRST_DAY, LAST_DAY = date(2026, 11, 14), date(2026, 11, 20)


@dataclass(slots=True)
class Person:
    """One resident, as they truly are."""

    number: int
    name: str
    gender: str  # GB/T 2261.1: 1 male, 2 female
    birth: date
    ethnicity: str
    relation: str  # to the head of the household, in words
    household: int
    id_type: str = "居民身份证"
    id_number: str | None = None  # None: a newborn, not registered yet
    phone: str | None = None  # None: reached through the head of the household
    old_phone: str | None = None  # given up some months ago, still on older lists
    hukou: str = ""
    division: str = ""
    second_hukou: str | None = None  # the same person in a second register
    residence: str = "户籍人口"
    parent: int | None = None  # whose ID is typed for a child
    twin: bool = False
    education: str = ""
    employer: str = ""
    marital: str = "未婚"
    political: str = "群众"
    party_join: date | None = None
    care: str = ""

    @property
    def key(self) -> str:
        """The true id, `P00017`."""
        return f"P{self.number:05d}"

    def age(self, day: date) -> int:
        """Full years on a day."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


@dataclass(slots=True)
class Household:
    """People of one 户 and their home; `tenure` 空挂 means registered here, living elsewhere."""

    number: int
    dwelling: Dwelling
    tenure: str  # 自住 | 租住 | 空挂
    members: list[Person] = field(default_factory=list)
    landlord: tuple[str, str] | None = None  # name and phone, of a rented home
    elsewhere: str = ""  # where an absent household lives
    moved: tuple[date, Dwelling] | None = None  # within the week

    @property
    def key(self) -> str:
        """The true id, `H0017`."""
        return f"H{self.number:04d}"

    @property
    def code(self) -> str:
        """户号: 12 digits of the area, 2 of the grid, 4 in sequence."""
        return f"{HOME_CODE}001005{self.dwelling.grid:02d}{self.number % 10000:04d}"

    @property
    def head(self) -> Person:
        """The 户主."""
        return self.members[0]


@dataclass(frozen=True)
class Grid:
    """One grid and its worker."""

    number: int
    name: str
    staff: str
    phone: str


@dataclass(frozen=True)
class Community:
    """The truth: people in household order, households in the order of their homes."""

    seed: int
    people: list[Person]
    households: list[Household]
    dwellings: list[Dwelling]
    grids: tuple[Grid, ...]

    def household(self, person: Person) -> Household:
        """Household a person belongs to."""
        return self.households[person.household]

    def home(self, person: Person, day: date = FIRST_DAY) -> Dwelling | None:
        """Where the person lives on a day; None when not in the community."""
        household = self.household(person)
        if household.tenure == "空挂":
            return None
        return household.moved[1] if household.moved and household.moved[0] <= day else household.dwelling

    def reach(self, person: Person) -> str | None:
        """Phone a clerk writes for a person: their own, else the head's, else the first one in the family."""
        household = self.household(person)
        return person.phone or next((m.phone for m in household.members if m.phone), None)


def address(dwelling: Dwelling) -> str:
    """Estate and door as a register prints it."""
    d = dwelling
    door = {
        "商品房": f"{d.building}栋{d.unit}单元{d.room}室",
        "高层": f"{d.building}座{d.room}室",
        "城中村": f"{d.lane}巷{d.building}号{d.room}室",
        "自建房": f"{d.group}组{d.building}号",
        "别墅": f"{d.building}幢",
    }[d.housing]
    return d.estate + door


def full_address(dwelling: Dwelling) -> str:
    """With city, district, street and community in front."""
    return CITY + DISTRICT + STREET + COMMUNITY + address(dwelling)
