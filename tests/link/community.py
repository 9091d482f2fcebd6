"""A small made-up community as LINKABLE rows with the person behind each: families, sheets that say little, slips.

Independent of the linker's own tables: the confusable characters here are typed by hand for this file.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl

from oneform import frames

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚钟"
    "姜崔谭陆汪范廖石金韦贾夏付方邹熊白孟秦邱江尹薛闫段雷侯龙史陶黎贺毛郝顾龚邵万钱严覃武戴莫孔向汤"
)
MALE = (
    "伟强磊洋勇军杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆亮峰林帅旭宁龙阳建国志文博子轩梓浩然宏家豪天佑一鸣海东学思远嘉泽"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀英玲桂兰萍红梅燕琴云莲雪婷欣怡梓涵子萱雨桐佳琪诗雅思彤可馨梦洁语嫣晓月慧颖倩丹凤美珍淑华春香玉"
)
SOUNDS = (
    "伟炜纬",
    "静婧靖",
    "佳嘉家",
    "欣鑫馨",
    "宇雨语",
    "轩萱",
    "子梓紫",
    "明鸣铭",
    "洁杰捷",
    "晓小",
    "思斯",
    "涵晗函",
    "建健",
    "英瑛",
    "秀绣",
    "志智",
    "华桦",
    "琪琦",
    "雅娅",
    "文雯",
    "平萍",
    "浩皓",
    "丽莉",
    "红宏",
    "芳方",
)
LOOKS = (
    "未末",
    "明朋",
    "杰木",
    "帆机",
    "静净",
    "桐铜",
    "林材",
    "玉王",
    "旭旬",
    "怡恰",
    "倩情",
    "红江",
    "洁结",
    "峰锋",
    "梅海",
    "宁宇",
)
ESTATES = (
    "幸福小区",
    "阳光花园",
    "滨江苑",
    "翠湖名邸",
    "东风里",
    "建设新村",
    "金桂园",
    "清河湾",
    "望江楼",
    "学府城",
    "百合苑",
    "龙泉山庄",
)


def check_character(body: str) -> str:
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def resident_id(area: str, born: date, sequence: int) -> str:
    body = f"{area}{born:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def community(people: int, *, seed: int, village: bool = False) -> pl.DataFrame:
    """LINKABLE and the columns `truth` (person), `household`, rows shuffled; about four rows a person."""
    rng = Random(seed)
    rows: list[dict[str, object]] = []
    used: set[str] = set()
    persons = households = 0
    estates = tuple(f"{name}{part}期" for name in ESTATES for part in range(1, 2 + people // 10_000))
    while persons < people:
        family = _family(rng, households, village=village, used=used, estates=estates)
        for person in family:
            times = rng.choice((1, 2, 3, 4, 5, 6, 7))
            rows += [_row(rng, person, family) | {"truth": persons, "family": households} for _ in range(times)]
            persons += 1
        households += 1
    rng.shuffle(rows)
    for number, row in enumerate(rows):
        row["rec_id"] = number + 1
        row["rec_key"] = f"{rng.getrandbits(64):016x}"
    schema = {**frames.LINKABLE, "truth": pl.Int64, "family": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _family(rng: Random, number: int, *, village: bool, used: set[str], estates: tuple[str, ...]) -> list[dict]:
    estate = f"{'一二三四五六'[number % 6]}组" if village else rng.choice(estates)
    place = {"estate": ("张家村" + estate) if village else estate, "building": None, "unit": None, "room": None}
    if not village:
        place |= {
            "building": str(rng.randrange(1, 60)),
            "unit": str(rng.randrange(1, 5)),
            "room": f"{rng.randrange(1, 30)}0{rng.randrange(1, 5)}",
        }
    clan = "张" if village and rng.random() < 0.8 else _surname(rng)
    year = rng.randrange(1940, 1998)
    kind = rng.choice(("single", "couple", "kids", "kids", "kids", "three"))
    people = [_person(rng, clan, "1", year, used)]
    if kind != "single":
        people.append(_person(rng, _surname(rng), "2", year + rng.randrange(-4, 6), used))
    if kind in ("kids", "three"):
        shared = rng.choice(MALE + FEMALE) if rng.random() < 0.35 else None
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            child = _person(rng, clan, rng.choice("12"), min(year + rng.randrange(22, 35), 2022), used, shared)
            people.append(child)
            if rng.random() < 0.02:
                people.append(_person(rng, clan, rng.choice("12"), 0, used, shared, twin=child))
    if kind == "three":
        people.append(_person(rng, clan, "1", max(year - rng.randrange(22, 32), 1922), used))
    # Nobody gives two living members of a household one name.
    people = list({person["name"]: person for person in people}.values())
    home_phone = _phone(rng)
    for person in people:
        age = 2024 - int(person["born"].year)
        person["phone"] = _phone(rng) if 14 < age < 70 or rng.random() < 0.3 else home_phone
        person.update(place)
        person["household_id"] = f"H{number:07d}"
    people[0]["phone"] = home_phone
    return people


def _surname(rng: Random) -> str:
    return SURNAMES[min(int(rng.paretovariate(0.55)) - 1, rng.randrange(len(SURNAMES)))]


def _person(
    rng: Random, surname: str, sex: str, year: int, used: set[str], shared: str | None = None, twin: dict | None = None
) -> dict:
    pool = MALE if sex == "1" else FEMALE
    given = rng.choice(pool) if rng.random() < 0.3 and not shared else (shared or rng.choice(pool)) + rng.choice(pool)
    born = twin["born"] if twin else date(year, 1, 1) + timedelta(days=rng.randrange(365))
    area = twin["id"][:6] if twin else rng.choice(("420102", "420102", "420102", "421003", "511702"))
    while True:
        number = resident_id(area, born, rng.randrange(1, 500) * 2 - (sex == "1"))
        if number not in used and not number.endswith("000"):
            used.add(number)
            return {"name": surname + given, "sex": sex, "born": born, "id": number}


def _phone(rng: Random) -> str:
    return f"1{rng.choice('3578')}{rng.randrange(10**9):09d}"


def _row(rng: Random, person: dict, family: list[dict]) -> dict[str, object]:
    """One sheet's words about a person: what the sheet asks for, then slips, each rare."""
    asks = rng.choices(
        (
            {"id", "phone", "address"},
            {"id"},
            {"phone", "address"},
            {"dob", "sex", "address"},
            {"id", "dob", "sex", "address", "household"},
            {"masked", "address"},
            {"dob", "phone"},
        ),
        (30, 12, 12, 8, 25, 4, 9),
    )[0]
    row: dict[str, object] = dict.fromkeys(frames.LINKABLE)
    row |= {"name": _name(rng, person["name"]), "phones": []}
    if "id" in asks and rng.random() < 0.93:
        row |= _identifier(rng, person, family)
    if "masked" in asks:
        row |= {"id_seen": person["id"][:4] + "*" * 10 + person["id"][14:], "id_state": "masked"}
    if "dob" in asks:
        row["birth_date"] = _dob(rng, person["born"])
    if "sex" in asks:
        row["gender"] = person["sex"] if rng.random() > 0.004 else rng.choice("12")
    if "phone" in asks and rng.random() < 0.9:
        row["phones"] = [_slip(rng, person["phone"])] if rng.random() > 0.05 else [_phone(rng)]
    if "address" in asks and rng.random() < 0.95:
        source = (
            person
            if rng.random() > 0.04
            else {"estate": rng.choice(ESTATES), "building": str(rng.randrange(1, 60)), "unit": "1", "room": "302"}
        )
        row |= {part: source[part] for part in ("estate", "building", "unit", "room")}
        if rng.random() < 0.1:
            row |= {"unit": None}
        if rng.random() < 0.05:
            row |= {"room": None}
    if "household" in asks:
        row["household_id"] = person["household_id"]
    return row


def _name(rng: Random, name: str) -> str:
    if rng.random() > 0.025:
        return name
    how = rng.randrange(5)
    if how < 3:
        groups = SOUNDS if how < 2 else LOOKS
        spots = [(i, g) for i, c in enumerate(name) if i for g in groups if c in g]
        if spots:
            at, group = rng.choice(spots)
            return name[:at] + rng.choice([c for c in group if c != name[at]]) + name[at + 1 :]
        return name
    if how == 3:
        return name[:-1] + rng.choice("?□*")
    return f"{name[0]} {name[1:]}"


def _identifier(rng: Random, person: dict, family: list[dict]) -> dict[str, object]:
    chance = rng.random()
    number = person["id"]
    if chance < 0.015:
        return {"id_seen": number[:15] + "000", "id_state": "damaged_tail"}
    if chance < 0.03:
        at = rng.randrange(6, 18)
        wrong = number[:at] + rng.choice([d for d in "0123456789" if d != number[at]]) + number[at + 1 :]
        return {"id_seen": wrong, "id_state": "invalid"}
    if chance < 0.04 and person["born"].year > 2005 and len(family) > 1:
        return {"id_seen": family[1]["id"], "id_state": "valid18", "birth_date": f"{person['born']:%Y-%m-%d}"}
    return {"id_seen": number, "id_state": "valid18"}


def _dob(rng: Random, born: date) -> str:
    chance = rng.random()
    if chance < 0.01:
        return f"{born + timedelta(days=rng.choice((-1, 1, 30, 365))):%Y-%m-%d}"
    if chance < 0.02 and born.day <= 12:
        return f"{born.year}-{born.day:02d}-{born.month:02d}"
    return f"{born:%Y-%m}" if chance > 0.98 else f"{born:%Y-%m-%d}"


def _slip(rng: Random, phone: str) -> str:
    if rng.random() > 0.01:
        return phone
    at = rng.randrange(3, 11)
    return phone[:at] + rng.choice("0123456789") + phone[at + 1 :]
