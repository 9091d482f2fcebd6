"""Who lives in the made-up community: `community(people, seed)` → residents, households, dwellings, grids."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from . import families, names
from .model import FIRST_DAY, Community, Grid, Household, Person, full_address
from .numbers import HOME_CODE, IdBook, PhoneBook, resident_id
from .places import CITY, GRIDS, Dwelling, dwellings, grid_name

# province code, province, prefecture, county: where people come from. An ID's area code keeps only the province.
ORIGINS = (
    ("42", "湖北省", "武汉市", "江汉区"),
    ("42", "湖北省", "荆州市", "监利市"),
    ("42", "湖北省", "黄冈市", "蕲春县"),
    ("36", "江西省", "上饶市", "鄱阳县"),
    ("41", "河南省", "周口市", "项城市"),
    ("34", "安徽省", "阜阳市", "颍上县"),
    ("43", "湖南省", "邵阳市", "隆回县"),
    ("51", "四川省", "达州市", "渠县"),
    ("52", "贵州省", "毕节市", "织金县"),
    ("45", "广西壮族自治区", "玉林市", "博白县"),
    ("62", "甘肃省", "天水市", "秦安县"),
    ("23", "黑龙江省", "绥化市", "海伦市"),
)
_NATIVE = {
    "维吾尔族": ("65", "新疆维吾尔自治区", "喀什地区", "疏勒县"),
    "哈萨克族": ("65", "新疆维吾尔自治区", "伊犁哈萨克自治州", "新源县"),
}
_NEIGHBOURS = (("339801", "河东区"), ("339803", "南湖区"), ("339821", "清远县"))
_EMPLOYERS = (
    "星河市第一人民医院",
    "云山区实验小学",
    "星河机械厂",
    "清溪农贸市场",
    "顺达物流有限公司",
    "个体经营",
    "自由职业",
    "星河公交公司",
    "云山电子有限公司",
    "清溪街道办事处",
)


def community(people: int, seed: int) -> Community:
    """At least `people` residents in households; the same arguments give the same community."""
    rng = Random(f"{seed}/people")
    ids, phones = IdBook(rng), PhoneBook(rng)
    homes = dwellings(round(people / 2.45) + 20, rng)
    households = _households(homes, people, rng)
    residents: list[Person] = []
    for number, household in enumerate(households):
        household.number = number
        for person in household.members:
            person.number, person.household = len(residents), number
            residents.append(person)
        _register(household, rng, ids)
        _life(household, rng, phones)
    made = Community(seed, residents, households, homes, _grids(rng, phones))
    _namesakes(made, rng)
    _strangers(made, rng, ids)
    _centenarian(made)
    _registered_twice(made, rng)
    _movers(made, rng)
    return made


def _households(homes: list[Dwelling], people: int, rng: Random) -> list[Household]:
    """Households in the order of their homes, until there are enough people; the homes left over stand empty."""
    clans = {home.estate: names.surname(rng) for home in homes if home.housing == "自建房"}
    order = list(range(len(homes)))
    rng.shuffle(order)
    made: list[Household] = []
    count = 0
    for position in order:
        if count >= people:
            break
        home = homes[position]
        for tenure, kind in _tenancies(home, rng):
            clan = clans.get(home.estate) if tenure != "租住" and rng.random() < 0.8 else None
            made.append(Household(0, home, tenure, families.members(kind, rng, FIRST_DAY, clan)))
            count += len(made[-1].members)
    return sorted(made, key=lambda household: household.dwelling.number)


def _tenancies(home: Dwelling, rng: Random) -> list[tuple[str, str]]:
    """Tenure and kind of family of every household tied to one home."""
    rented = rng.random() < {"城中村": 0.65, "自建房": 0.15, "别墅": 0.05}.get(home.housing, 0.2)
    if not rented:
        return [("空挂" if rng.random() < 0.035 else "自住", families.draw(rng, tenant=False))]
    if rng.random() < 0.12:
        return [("租住", "single")] * rng.choice((2, 3))  # strangers share a flat
    let = [("租住", families.draw(rng, tenant=True))]
    if rng.random() < 0.1:
        let.append(("空挂", families.draw(rng, tenant=False)))  # the owners' register stayed behind
    return let


def _register(household: Household, rng: Random, ids: IdBook) -> None:
    """IDs and registers: where each member is registered, and under which number."""
    separate = household.tenure == "自住" and rng.random() < 0.1
    code, county = rng.choice(_NEIGHBOURS)
    origin = _NATIVE.get(household.head.ethnicity) or rng.choice(ORIGINS)
    village = rng.choice(("前进村", "李家湾村", "大桥村", "城关镇东街", "新华路")) + f"{rng.randrange(1, 90)}号"
    before: Person | None = None
    for person in household.members:
        if household.tenure == "租住":
            person.residence, person.division = "流动人口", "".join(origin[1:])
            person.hukou = person.division + village
            area = f"{origin[0]}98{1 + sum(map(ord, origin[3])) % 20:02d}"
        elif separate:
            person.division, person.hukou = f"{CITY}{county}", f"{CITY}{county}{village}"
            area = code
        else:
            person.division, person.hukou = f"{CITY}云山区", full_address(household.dwelling)
            area = HOME_CODE if person.age(FIRST_DAY) < 30 or rng.random() < 0.7 else code
        if (FIRST_DAY - person.birth).days >= 62:
            near = before.id_number if before and person.twin and before.twin else None
            person.id_number = ids.number(area, person.birth, person.gender, near)
        before = person
    household.elsewhere = f"{CITY}{county}{village}" if household.tenure == "空挂" else ""


def _life(household: Household, rng: Random, phones: PhoneBook) -> None:
    """Phones, schooling, work, party, marriage, kinship."""
    couple = [p for p in household.members if p.relation in ("户主", "配偶")]
    parents = {p.gender: p for p in couple}
    for person in household.members:
        age = person.age(FIRST_DAY)
        if age >= 14 and (age < 75 or rng.random() < 0.65):
            person.phone = phones.landline() if age > 68 and rng.random() < 0.06 else phones.number()
            if age >= 20 and rng.random() < 0.06:
                person.old_phone = phones.number()
        if person.relation in ("子", "女"):
            chosen = parents.get(rng.choice("12")) or couple[0]
            person.parent = chosen.number
        if age >= 22:
            person.education = rng.choice(
                ("小学", "初中", "初中", "高中", "大专", "本科")
                if age > 45
                else ("初中", "高中", "大专", "本科", "本科", "研究生")
            )
            person.employer = rng.choice(_EMPLOYERS) if age < 60 else "退休"
            person.marital = (
                "已婚"
                if len(couple) == 2 and person in couple
                else ("未婚" if age < 40 else rng.choice(("离婚", "丧偶")))
            )
            if rng.random() < 0.08 and age > 24 and household.tenure != "空挂":
                person.political = "中共党员"
                person.party_join = date(person.birth.year + 23, rng.randrange(1, 13), rng.randrange(1, 29))
        elif age >= 6:
            person.education = "小学" if age < 13 else "初中" if age < 16 else "高中"
        if age >= 65 and len(household.members) == 1:
            person.care, person.marital = "独居老人", "丧偶"
    if household.tenure == "租住":
        landlord = names.han(rng, names.surname(rng), rng.choice("12"), 1970)
        household.landlord = (landlord, phones.number())


def _grids(rng: Random, phones: PhoneBook) -> tuple[Grid, ...]:
    staff = [(names.han(rng, names.surname(rng), rng.choice("12"), 1985), phones.number()) for _ in range(GRIDS)]
    return tuple(Grid(n, grid_name(n), *person) for n, person in enumerate(staff, 1))


def _share(made: Community, each: int) -> int:
    """How many of a rare kind a community of this size has: one for `each` people, at least one."""
    return max(1, len(made.people) // each)


def _namesakes(made: Community, rng: Random) -> None:
    """People of one name in one building, and several 张伟 in town."""
    by_building: dict[tuple[str, ...], list[Person]] = defaultdict(list)
    for household in made.households:
        home, head = household.dwelling, household.head
        if len(household.members) == 1 and head.ethnicity == "汉族" and household.tenure != "空挂":
            by_building[home.estate, home.lane, home.group, home.building, head.gender].append(head)
    pairs = [pair for heads in by_building.values() for pair in pairwise(heads)]
    for first, second in rng.sample(pairs, min(len(pairs), _share(made, 400))):
        first.name = second.name = names.common(rng, first.gender)
    men = [
        h.head for h in made.households if len(h.members) <= 2 and h.head.gender == "1" and h.head.ethnicity == "汉族"
    ]
    for person in rng.sample(men, min(len(men), _share(made, 400))):
        person.name = "张伟"


def _strangers(made: Community, rng: Random, ids: IdBook) -> None:
    """Tenants from 港澳台 and abroad, and a name that GBK cannot write."""
    singles = [h.head for h in made.households if h.tenure == "租住" and len(h.members) == 1 and not h.head.care]
    chosen = rng.sample(singles, min(len(singles), 6 * _share(made, 2000)))
    for number, person in enumerate(chosen):
        person.ethnicity = "" if number % 6 < 2 else person.ethnicity
        person.residence = "境外人员"
        match number % 6:
            case 0 | 1:
                person.id_type, person.id_number = "护照", f"E{rng.randrange(10**7, 10**8)}"
                person.name = names.foreign(number // 6 * 2 + number % 6)
                person.division = person.hukou = rng.choice(("美国", "俄罗斯", "日本", "法国"))
            case 2:
                person.id_type, person.id_number = "港澳居民来往内地通行证", f"H{rng.randrange(10**7, 10**8)}"
                person.division = person.hukou = "香港特别行政区"
            case 3:
                person.id_type, person.id_number = "台湾居民来往大陆通行证", f"{rng.randrange(10**7, 10**8)}"
                person.division = person.hukou = "台湾省"
            case _:
                area = ("810000", "830000")[number % 2]
                person.id_type, person.id_number = "港澳台居民居住证", ids.number(area, person.birth, person.gender)
                person.division = person.hukou = ("香港特别行政区", "台湾省")[number % 2]
    elders = [
        p for p in made.people if p.age(FIRST_DAY) > 40 and p.ethnicity == "汉族" and len(p.name) == 3 and not p.twin
    ]
    for number, person in enumerate(rng.sample(elders, min(len(elders), 2 * _share(made, 2000)))):
        person.name = person.name[:2] + names.supplementary(number)


def _centenarian(made: Community) -> None:
    """Oldest resident turns out to be over a hundred."""
    person = min((p for p in made.people if p.relation in ("父", "母") or p.care), key=lambda p: (p.birth, p.number))
    person.birth = date(1924, 3, 8)
    area = (person.id_number or HOME_CODE)[:6]
    person.id_number = resident_id(area, person.birth, 996 + int(person.gender) % 2)


def _registered_twice(made: Community, rng: Random) -> None:
    """Wives registered again after marriage and never struck off at their parents'."""
    wives = [p for p in made.people if p.relation == "配偶" and p.residence == "户籍人口"]
    for person in rng.sample(wives, min(len(wives), 3 * _share(made, 1000))):
        person.second_hukou = f"{CITY}{rng.choice(_NEIGHBOURS)[1]}东风路{rng.randrange(1, 200)}号"


def _movers(made: Community, rng: Random) -> None:
    """Households that move into an empty home of the community in the middle of the week."""
    taken = {household.dwelling.number for household in made.households}
    empty = [home for home in made.dwellings if home.number not in taken]
    ready = [h for h in made.households if h.tenure == "租住" and h.head.residence == "流动人口"]
    for household in rng.sample(ready, min(len(ready), len(empty), 6 * _share(made, 1000))):
        home = empty.pop(rng.randrange(len(empty)))
        household.moved = (FIRST_DAY + timedelta(days=rng.randrange(2, 5)), home)
