"""Sheets about something else: supplies, donations, grids, small places, companies. Their rows are nobody's."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from . import names
from .clerk import numbered
from .layout import Book, Column, Layout, Line, Sheet
from .model import FIRST_DAY, Community
from .numbers import PhoneBook, credit_code
from .places import COMMUNITY, DISTRICT, STREET
from .spelling import Cell

# name, unit, safety level, first stock, days until it expires (0: never)
_SUPPLIES = (
    ("一次性医用口罩", "只", 20000, 31500, 520),
    ("N95口罩", "只", 2000, 1860, 700),
    ("75%酒精", "瓶", 300, 412, 400),
    ("84消毒液", "瓶", 200, 187, 210),
    ("额温枪", "支", 13, 15, 0),
    ("防护服", "套", 150, 96, 610),
    ("医用手套", "双", 1000, 2300, 800),
    ("免洗洗手液", "瓶", 120, 140, 330),
    ("隔离面罩", "个", 80, 64, 0),
    ("抗原检测试剂", "盒", 400, 655, 150),
)
_PLACES = (
    ("小餐饮", ("沙县小吃", "兰州拉面", "老地方面馆", "早点铺", "川湘小炒")),
    ("小商店", ("便民超市", "水果店", "烟酒行", "粮油店")),
    ("小作坊", ("豆腐坊", "面条加工", "裁缝铺")),
    ("小理发", ("美发店", "理发店")),
    ("小旅馆", ("家庭旅馆", "招待所")),
    ("药店", ("大药房",)),
)
_FIRMS = (
    "云山电子有限公司",
    "清溪制衣有限公司",
    "顺达物流有限公司",
    "星河精工机械有限公司",
    "幸福里商业管理有限公司",
    "翠湖酒店有限公司",
    "绿源食品有限公司",
    "安居装饰工程有限公司",
    "博文教育咨询有限公司",
    "蓝天环保科技有限公司",
    "正通汽车维修有限公司",
    "康宁医疗器械有限公司",
    "石塘村股份经济合作社",
)


def books(made: Community) -> list[Book]:
    """Places and grids came first, supplies last."""
    rng, phones = Random(f"{made.seed}/business"), PhoneBook(Random(f"{made.seed}/business phones"))
    return [_places(made, rng, phones), _supplies(rng, phones)]


def _places(made: Community, rng: Random, phones: PhoneBook) -> Book:
    day = date(2026, 11, 15)
    grids = (
        Column("序号", "seq", 6),
        Column("网格名称", "name", 11),
        Column("所属社区", "community", 11),
        Column("街道", "street", 11),
        Column("网格员", "staff", 10),
        Column("网格员电话", "phone", 14),
    )
    workers = [
        Line({"name": g.name, "community": COMMUNITY, "street": STREET, "staff": g.staff, "phone": g.phone})
        for g in made.grids
    ]
    places = (
        Column("序号", "seq", 6),
        Column("场所名称", "name", 16),
        Column("场所类型", "kind", 10),
        Column("经营者姓名", "operator", 11),
        Column("统一社会信用代码", "code", 21),
        Column("地址", "address", 24),
        Column("所属网格", "grid", 10),
        Column("联系电话", "phone", 14),
        Column("从业人数", "staff", 9),
        Column("是否复工", "open", 9),
        Column("复工日期", "since", 12),
        Column("隐患情况", "hazard", 14),
    )
    firms = (
        Column("序号", "seq", 6),
        Column("单位名称", "name", 26),
        Column("统一社会信用代码", "code", 21),
        Column("地址", "address", 24),
        Column("是否四上", "large", 9),
        Column("是否千家重点", "key", 12),
        Column("复工日期", "since", 12),
        Column("员工总数", "staff", 9),
        Column("已返岗人数", "back", 11),
        Column("联系人姓名", "contact", 11),
        Column("联系人电话", "phone", 14),
    )
    title = Layout(title="三小场所台账", unit=f"填报单位：{COMMUNITY}", date="填报日期：2026年11月15日")
    sheets = (
        Sheet("网格员名单", grids, numbered(workers), Layout(title=f"{COMMUNITY}网格员名单")),
        Sheet("三小场所", places, numbered(_small_places(made, rng, phones)), title),
        Sheet("企业", firms, numbered(_firms(rng, phones)), Layout(title="复工复产企业名单")),
    )
    return Book("社区_网格场所企业.xlsx", "other", day, "网格员名单、三小场所、复工企业", sheets)


def _somebody(rng: Random) -> str:
    return names.han(rng, names.surname(rng), rng.choice("12"), 1980)


def _small_places(made: Community, rng: Random, phones: PhoneBook) -> list[Line]:
    lines = []
    for _ in range(46):
        kind, words = rng.choice(_PLACES)
        opened = rng.random() < 0.8
        values: dict[str, Cell] = {
            "name": rng.choice(("幸福", "老王", "石塘", "阿芳", "好日子", "清溪", "福满", "小李")) + rng.choice(words),
            "kind": kind,
            "operator": _somebody(rng),
            "code": credit_code(rng) if rng.random() < 0.8 else None,
            "address": f"清溪路{rng.randrange(1, 300)}号",
            "grid": rng.choice(made.grids).name,
            "phone": float(phones.number()),
            "staff": rng.randrange(1, 9),
            "open": "是" if opened else "否",
            "since": date(2026, 11, rng.randrange(1, 15)) if opened else None,
            "hazard": rng.choice(("无", "无", "电线私拉", "通道堆物")),
        }
        lines.append(Line(values))
    return lines


def _firms(rng: Random, phones: PhoneBook) -> list[Line]:
    lines = []
    for firm in _FIRMS:
        staff = rng.randrange(8, 400)
        lines.append(
            Line(
                {
                    "name": firm,
                    "code": credit_code(rng, "N2" if "合作社" in firm else "91"),
                    "address": f"云山大道{rng.randrange(1, 600)}号",
                    "large": "是" if staff > 150 else "否",
                    "key": "是" if staff > 250 else "否",
                    "since": f"2026-11-{rng.randrange(2, 15):02d}",
                    "staff": staff,
                    "back": staff * rng.randrange(60, 101) // 100,
                    "contact": _somebody(rng),
                    "phone": phones.number(),
                }
            )
        )
    return lines


def _supplies(rng: Random, phones: PhoneBook) -> Book:
    day = date(2026, 11, 20)
    items = (
        Column("序号", "seq", 6),
        Column("物资名称", "name", 16),
        Column("单位", "unit", 7),
        Column("期初结存", "stock", 10),
        Column("安全库存", "safety", 10),
        Column("有效期至", "expiry", 12),
        Column("备注", "note", 14),
    )
    moves = (
        Column("日期", "day", 12),
        Column("物资名称", "name", 16),
        Column("单位", "unit", 7),
        Column("入库数量", "in", 10),
        Column("出库数量", "out", 10),
        Column("来源或去向", "where", 18),
        Column("经手人", "by", 10),
    )
    gifts = (
        Column("序号", "seq", 6),
        Column("捐赠人", "donor", 24),
        Column("捐赠物资", "name", 14),
        Column("数量", "amount", 9),
        Column("单位", "unit", 7),
        Column("捐赠日期", "day", 12),
        Column("用途", "use", 16),
        Column("联系电话", "phone", 14),
    )
    stock = [
        Line({"name": n, "unit": u, "stock": s, "safety": low, "expiry": day + timedelta(days=life) if life else None})
        for n, u, low, s, life in _SUPPLIES
    ]
    donated = [
        Line(
            {
                "donor": donor,
                "name": what,
                "amount": amount,
                "unit": unit,
                "day": f"2026.11.{14 + n % 6}",
                "use": "社区防疫",
                "phone": phones.number(),
            }
        )
        for n, (donor, what, amount, unit) in enumerate(
            (
                ("云山电子有限公司", "N95口罩", 500, "只"),
                ("爱心市民", "84消毒液", 30, "瓶"),
                ("幸福里商业管理有限公司", "防护服", 40, "套"),
                ("石塘村股份经济合作社", "大米", 100, "袋"),
                ("绿源食品有限公司", "蔬菜", 3000, "斤"),
                ("清溪商会", "现金", 20000, "元"),
                ("康宁医疗器械有限公司", "额温枪", 5, "支"),
                ("爱心市民", "一次性医用口罩", 1000, "只"),
            )
        )
    ]
    note = ("口径：当日结存＝上日结存＋当日入库－当日出库。",)
    sheets = (
        Sheet(
            "物资目录",
            items,
            numbered(stock),
            Layout(title="防疫物资目录", unit=f"填报单位：{COMMUNITY}", date="期初日期：2026年11月14日", notes=note),
        ),
        Sheet("出入库明细", moves, _moves(rng), Layout(title="防疫物资出入库明细")),
        Sheet(
            "捐赠台账",
            gifts,
            numbered(donated),
            Layout(title=f"{DISTRICT}{COMMUNITY}捐赠台账", footer="填表人：|审核人："),
        ),
    )
    return Book("社区_防疫物资台账.xlsx", "other", day, "物资目录、出入库、捐赠", sheets)


def _moves(rng: Random) -> list[Line]:
    """In and out through the week; nothing is ever taken out that is not there."""
    left = {name: stock for name, _, _, stock, _ in _SUPPLIES}
    lines = []
    for offset in range(7):
        for name, unit, low, _, _ in rng.sample(_SUPPLIES, 7):
            if rng.random() < 0.3 or left[name] < low // 4:
                amount, key, where = (
                    max(1, low // rng.randrange(2, 6)),
                    "in",
                    rng.choice(("街道调拨", "区里下发", "社会捐赠", "采购")),
                )
                left[name] += amount
            else:
                amount, key, where = (
                    max(1, left[name] // rng.randrange(12, 40)),
                    "out",
                    rng.choice(("卡口", "居家隔离户", "志愿者", "核酸点")),
                )
                left[name] -= amount
            lines.append(
                Line(
                    {
                        "day": FIRST_DAY + timedelta(days=offset),
                        "name": name,
                        "unit": unit,
                        key: amount,
                        "where": where,
                        "by": _somebody(rng),
                    }
                )
            )
    return lines
