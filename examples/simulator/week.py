"""What happened in the week: `week(community)` → trips, isolations, checks, tests, doses, passes, shifts, visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from .model import FIRST_DAY, LAST_DAY, Community, Person
from .people import ORIGINS

TEST_SITES = ("QX001", "QX002", "XH015")
CLINICS = ("清溪街道社区卫生服务中心", "云山区疾控中心接种点", "星河市第一人民医院")
VACCINES = ("新冠灭活疫苗（Vero细胞）", "重组新冠疫苗（CHO细胞）", "新冠腺病毒载体疫苗")
GATES = ("东门", "西门", "北门")


@dataclass(frozen=True)
class Trip:
    """A return to the community; `origin` is province, prefecture, county."""

    person: Person
    on: date
    origin: tuple[str, str, str]
    transport: str
    vehicle: str
    reason: str
    risk: str  # 低风险 | 中风险 | 高风险


@dataclass(frozen=True)
class Isolation:
    """Two weeks at home after a trip."""

    person: Person
    start: date
    end: date


@dataclass(frozen=True)
class Check:
    """A temperature taken at a gate or at an isolated home."""

    person: Person
    at: datetime
    temperature: float
    gate: str = ""


@dataclass(frozen=True)
class Swab:
    """A swab and its result."""

    person: Person
    at: datetime
    site: str
    result: str


@dataclass(frozen=True)
class Dose:
    """A vaccination of the week."""

    person: Person
    at: datetime
    number: int
    vaccine: str
    clinic: str


@dataclass(frozen=True)
class Pass:
    """A pass for the gates."""

    person: Person
    number: str
    colour: str
    batch: str
    issued: date
    until: date
    purpose: str


@dataclass(frozen=True)
class Shift:
    """A volunteer's turn."""

    person: Person
    team: str
    post: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Visit:
    """A visit to somebody who lives alone, and what they need."""

    person: Person
    on: date
    need: str
    contact: tuple[str, str, str]  # name, kinship, phone
    worker: str


@dataclass(frozen=True)
class Week:
    """Everything that happened, each list in the order of its days."""

    trips: list[Trip]
    isolations: list[Isolation]
    checks: list[Check]
    gate_checks: list[Check]
    tests: list[Swab]
    doses: list[Dose]
    passes: list[Pass]
    shifts: list[Shift]
    visits: list[Visit]


def week(made: Community) -> Week:
    """Week of a community, from its own seed."""
    rng = Random(f"{made.seed}/week")
    here = [p for p in made.people if made.home(p)]
    away = [p for p in made.people if not made.home(p)]
    trips = _trips(here, away, rng)
    isolations = [
        Isolation(trip.person, trip.on, trip.on + timedelta(days=14))
        for trip in trips
        if made.home(trip.person) and trip.on < date(2026, 11, 19) and (trip.risk != "低风险" or rng.random() < 0.2)
    ]
    return Week(
        trips=trips,
        isolations=isolations,
        checks=[
            Check(isolation.person, _at(rng, day, 8, 10), _temperature(rng))
            for day in _days(FIRST_DAY, date(2026, 11, 19))
            for isolation in isolations
            if isolation.start <= day <= isolation.end
        ],
        gate_checks=[
            Check(person, _at(rng, day, 9, 22), _temperature(rng), rng.choice(GATES))
            for day in _days(date(2026, 11, 18), date(2026, 11, 18))
            for person in _some(rng, here, 12)
            if person.age(day) >= 10
        ],
        tests=_tests(trips, here, rng),
        doses=_doses(here, rng),
        passes=_passes(made, here, rng),
        shifts=_shifts(here, rng),
        visits=_visits(made, here, rng),
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _at(rng: Random, day: date, earliest: int, latest: int) -> datetime:
    return datetime.combine(day, time(rng.randrange(earliest, latest), rng.randrange(60)))


def _temperature(rng: Random) -> float:
    return round(rng.gauss(36.5, 0.22), 1)


def _some(rng: Random, people: list[Person], one_in: int) -> list[Person]:
    return rng.sample(people, len(people) // one_in)


def _trips(here: list[Person], away: list[Person], rng: Random) -> list[Trip]:
    grown = [p for p in here if p.age(FIRST_DAY) >= 16]
    travellers = _some(rng, grown, 22) + _some(rng, away, 6)
    trips = []
    for person in travellers:
        _, *place = ORIGINS[rng.randrange(3)] if rng.random() < 0.45 else rng.choice(ORIGINS)
        transport = rng.choice(("铁路", "铁路", "自驾", "公路客运", "飞机"))
        vehicle = {
            "铁路": f"G{rng.randrange(100, 2000)}",
            "自驾": f"浙Z{rng.randrange(10000, 99999)}",
            "公路客运": f"浙Z{rng.randrange(1000, 9999)}挂",
            "飞机": f"CZ{rng.randrange(3000, 8999)}",
        }[transport]
        risk = rng.choice(("高风险", "中风险")) if place[1] == "武汉市" else rng.choice(("中风险", "低风险", "低风险"))
        day = date(2026, 11, 8) + timedelta(days=rng.randrange(12))
        origin = (place[0], place[1], place[2])
        trips.append(
            Trip(
                person,
                day,
                origin,
                transport,
                vehicle,
                rng.choice(("返乡探亲", "务工返回", "出差返回", "学生放假")),
                risk,
            )
        )
    return sorted(trips, key=lambda trip: (trip.on, trip.person.number))


def _tests(trips: list[Trip], here: list[Person], rng: Random) -> list[Swab]:
    tests = [
        Swab(trip.person, _at(rng, day, 8, 17), rng.choice(TEST_SITES), "阴性")
        for trip in trips
        for day in _days(FIRST_DAY, date(2026, 11, 18))
        if (day - trip.on).days in (1, 3, 7)
    ]
    tests += [
        Swab(person, _at(rng, date(2026, 11, 17), 8, 18), rng.choice(TEST_SITES), "阴性")
        for person in _some(rng, [p for p in here if p.age(FIRST_DAY) >= 3], 5)
    ]
    tests.sort(key=lambda test: (test.at, test.person.number))
    positive = tests[len(tests) // 3]
    tests[len(tests) // 3] = Swab(positive.person, positive.at, positive.site, "阳性")
    return tests


def _doses(here: list[Person], rng: Random) -> list[Dose]:
    doses = [
        Dose(person, _at(rng, day, 8, 17), rng.choice((1, 2, 2, 3)), rng.choice(VACCINES), rng.choice(CLINICS))
        for person in _some(rng, [p for p in here if p.age(FIRST_DAY) >= 3], 6)
        for day in (FIRST_DAY + timedelta(days=rng.randrange(4)),)
    ]
    return sorted(doses, key=lambda dose: (dose.at, dose.person.number))


def _passes(made: Community, here: list[Person], rng: Random) -> list[Pass]:
    grown = [p for p in here if 18 <= p.age(FIRST_DAY) <= 75]
    passes = []
    for number, person in enumerate(sorted(_some(rng, grown, 16), key=lambda p: p.number), 1):
        issued = date(2026, 11, 16 + number % 3)
        colour, purpose = rng.choice((("绿色", "日常出入"), ("黄色", "上下班"), ("红色", "保供运输")))
        grid = made.household(person).dwelling.grid
        passes.append(
            Pass(
                person,
                f"XF{grid:02d}{number:04d}",
                colour,
                "第一批" if number % 3 < 2 else "第二批",
                issued,
                issued + timedelta(days=30),
                purpose,
            )
        )
    return sorted(passes, key=lambda p: (p.issued, p.number))


def _shifts(here: list[Person], rng: Random) -> list[Shift]:
    ready = [p for p in here if 18 <= p.age(FIRST_DAY) <= 66 and p.phone]
    shifts = []
    for person in _some(rng, ready, 36):
        team = rng.choice(("幸福红马甲", "清溪青年突击队", "党员先锋队"))
        for day in sorted(rng.sample(_days(FIRST_DAY, date(2026, 11, 19)), rng.randrange(1, 6))):
            start = _at(rng, day, 7, 18)
            post = rng.choice(("卡口值守", "物资配送", "核酸点引导", "楼道消杀"))
            shifts.append(Shift(person, team, post, start, start + timedelta(minutes=30 * rng.randrange(4, 10))))
    return sorted(shifts, key=lambda shift: (shift.start, shift.person.number))


def _visits(made: Community, here: list[Person], rng: Random) -> list[Visit]:
    from .names import han

    visits = []
    for person in here:
        if not person.care:
            continue
        sex = rng.choice("12")
        contact = (han(rng, person.name[0], sex, 1975), "子" if sex == "1" else "女", f"179{rng.randrange(10**8):08d}")
        need = rng.choice(("代购药品", "每日测温", "送菜上门", "无", "陪同就医", "维修水管"))
        worker = made.grids[made.household(person).dwelling.grid - 1].staff
        visits.append(
            Visit(person, FIRST_DAY + timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days)), need, contact, worker)
        )
    return visits
