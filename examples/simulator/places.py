"""Estates, dwellings and grids of the made-up community."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

CITY, DISTRICT, STREET, COMMUNITY = "星河市", "云山区", "清溪街道", "幸福社区"
GRIDS = 6

_DIGITS = "〇一二三四五六七八九"

# kind of housing → share of the dwellings, and the first estates' names
_HOUSING: dict[str, tuple[float, tuple[str, ...]]] = {
    "商品房": (0.53, ("幸福花园", "阳光家园")),
    "高层": (0.17, ("翠湖名邸",)),
    "城中村": (0.17, ("石塘村",)),
    "自建房": (0.09, ("下塘村",)),
    "别墅": (0.04, ("云山公馆",)),
}
_NAME_FRONTS = (
    "锦绣",
    "和平",
    "东湖",
    "新城",
    "丽景",
    "书香",
    "明珠",
    "金桂",
    "银杏",
    "滨河",
    "四季",
    "光明",
    "学府",
    "松涛",
    "望江",
    "康宁",
)
_NAME_BACKS = {
    "商品房": ("小区", "家园", "花园", "苑", "新村"),
    "高层": ("名邸", "国际", "中心", "华府"),
    "城中村": ("塘村", "桥村", "岗村", "浦村"),
    "自建房": ("溪村", "坪村", "湾村", "坑村"),
    "别墅": ("公馆", "山庄", "墅院"),
}


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A home. Empty text means the element does not exist there: a high-rise has no unit, a villa no room."""

    number: int
    estate: str
    housing: str
    building: str
    unit: str = ""
    room: str = ""
    lane: str = ""  # 城中村
    group: str = ""  # 自建房
    grid: int = 0


def numeral(number: int) -> str:
    """Chinese numeral of 0 … 99: 12 → 十二."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def grid_name(grid: int) -> str:
    """`第三网格`."""
    return f"第{numeral(grid)}网格"


def dwellings(count: int, rng: Random) -> list[Dwelling]:
    """About `count` homes of every kind, estate by estate, each in one of the six grids."""
    homes: list[Dwelling] = []
    for housing, (share, _) in _HOUSING.items():
        wanted = len(homes) + round(count * share)
        for estate in _estate_names(housing):
            homes += _ESTATES[housing](estate, rng)
            if len(homes) >= wanted:
                del homes[wanted:]
                break
    return _in_grids(homes)


def _estate_names(housing: str) -> Iterator[str]:
    yield from _HOUSING[housing][1]
    fronts = [*_NAME_FRONTS, *(a + b[0] for a in _NAME_FRONTS for b in _NAME_FRONTS if a != b)]
    for front in fronts:
        for back in _NAME_BACKS[housing]:
            yield front + back


def _commercial(estate: str, rng: Random) -> list[Dwelling]:
    homes = []
    for building in range(1, 11):
        for unit in range(1, rng.choice((2, 2, 3)) + 1):
            homes += [
                Dwelling(0, estate, "商品房", str(building), str(unit), f"{floor}{door:02d}")
                for floor in range(1, 7)
                for door in (1, 2)
            ]
    return homes


def _high_rise(estate: str, rng: Random) -> list[Dwelling]:
    floors = rng.choice((11, 13))
    return [
        Dwelling(0, estate, "高层", letter, "", f"{floor}{door:02d}")
        for letter in "ABCDEF"
        for floor in range(1, floors + 1)
        for door in (1, 2, 3, 4)
    ]


def _urban_village(estate: str, rng: Random) -> list[Dwelling]:
    homes = []
    for lane in range(1, 9):
        for house in range(1, rng.randrange(6, 10)):
            rooms = rng.sample(("101", "201", "202", "301", "302", "401", "402"), rng.randrange(1, 6))
            homes += [Dwelling(0, estate, "城中村", str(house), "", room, lane=str(lane)) for room in sorted(rooms)]
    return homes


def _self_built(estate: str, rng: Random) -> list[Dwelling]:
    return [
        Dwelling(0, estate, "自建房", str(house), group=str(group))
        for group in range(1, 5)
        for house in range(1, rng.randrange(18, 28))
    ]


def _villas(estate: str, rng: Random) -> list[Dwelling]:
    return [Dwelling(0, estate, "别墅", str(house)) for house in range(1, rng.randrange(36, 44))]


_ESTATES = {
    "商品房": _commercial,
    "高层": _high_rise,
    "城中村": _urban_village,
    "自建房": _self_built,
    "别墅": _villas,
}


def _in_grids(homes: list[Dwelling]) -> list[Dwelling]:
    """Homes numbered and cut them into grids of about equal size; a building is never cut."""
    placed: list[Dwelling] = []
    grid = 1
    for number, home in enumerate(homes):
        last = placed[-1] if placed else home
        new_building = (home.estate, home.lane, home.group, home.building) != (
            last.estate,
            last.lane,
            last.group,
            last.building,
        )
        if new_building and grid < GRIDS and number >= grid * len(homes) / GRIDS:
            grid += 1
        placed.append(replace(home, number=number, grid=grid))
    return placed
