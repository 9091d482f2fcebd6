"""What goes wrong when people type: a true row in, a damaged row and the names of the damages out.

A row in the making is a dict of canonical values (`name`, `id_number`, `gender`, `birth_date`, `phone`, `address` …).
Each damage answers whether it could be done; one that cannot (no interpunct to lose, no X to write small) changes
nothing. The confusable characters are this module's own short lists, typed by hand: they must not be the tables of any
linker, or the linker would be judged by its own knowledge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from .model import Community, Person
from .names import DOT
from .numbers import check_character

Draft = dict[str, Any]


def _groups(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HOMOPHONES = _groups(
    "伟玮炜维 丽莉利 静婧靖敬 芳方 军君均钧 建健 国果 明铭鸣 英瑛莹 秀绣 玉钰裕 "
    "珍真贞 华桦骅 强蔷 勇永泳 杰洁捷 涛滔 飞菲妃 鹏朋彭 平萍苹 波博 志智致 文雯 "
    "海嗨 俊骏峻 宏洪红鸿 卫蔚慰 新欣鑫心馨 民敏 立力 庆清青 晓小筱 江姜 凯楷 宁凝 "
    "浩昊皓 宇雨语羽 轩宣萱 子梓紫 泽择 天添 思斯 远苑 嘉佳家 晨辰宸 阳洋扬 睿瑞锐 "
    "航杭 毅逸易亦奕 诚成城 涵函晗 怡仪宜 梦孟 琪琦祺 诗施 婷亭庭 悦月越 彤童 雪学 "
    "若偌 曦希熙 倩茜 霞侠 燕艳雁 玲玲灵凌 娜那 梅媚 琴芹勤 惠慧会 兰岚 桂贵 香湘 "
    "银吟 张章 陈程 徐许 于余俞 吴武伍 何和贺 蒋讲 邓登 "
)
_SHAPES = _groups(
    "未末 己已 侯候 王玉 洁结 江红 睛晴 茜西 宁宇 天夭 杨扬 明朋 清请 辰晨 成戌 "
    "颖颍 怡恰 治冶 崇祟 土士 太大 思恩 兰三 雨两 琪棋 梅海 洪供 建健 志忘 刚钢 "
    "林材 勇男 静净 诗特 悦说 若苦 欣饮 春舂 荣茉 俊俏 梓样 彬杉 莉利 云去 月用 "
    "永水 凤风 玲铃 "
)
_TRADITIONAL = dict(
    zip(
        "张刘陈杨赵吴孙马罗郑谢韩冯邓许萧苏卢叶姜钟谭陆贾韦邹龙严万钱贺顾龚汤温伟丽国军华兰凤强飞云岭庆杰娟艳红红静颖雪建荣贵发学东兴银宝义礼爱莲杰琼泽鹏涛刚志语诗梦轩",
        "張劉陳楊趙吳孫馬羅鄭謝韓馮鄧許蕭蘇盧葉姜鍾譚陸賈韋鄒龍嚴萬錢賀顧龔湯溫偉麗國軍華蘭鳳強飛雲嶺慶傑娟艷紅紅靜穎雪建榮貴發學東興銀寶義禮愛蓮傑瓊澤鵬濤剛志語詩夢軒",
        strict=True,
    )
)
_SURNAME_VARIANTS = {"萧": "肖", "闫": "阎", "傅": "付", "付": "傅", "戴": "代", "邱": "丘", "余": "佘"}
_DOTS = "•・．.‧ "
_WIDE_DIGITS = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass(frozen=True)
class Hand:
    """What a damage may look at besides the row: the person, the community, the day of the sheet, chance."""

    person: Person
    made: Community
    day: date
    rng: Random


def soil(draft: Draft, hand: Hand, allowed: frozenset[str] | None = None) -> str | None:
    """Damage one field of a row in place; the name of the damage, or None when six tries found none that fits."""
    kinds = [kind for kind in _DAMAGES if allowed is None or kind in allowed]
    if hand.person.age(hand.day) < 16 and hand.rng.random() < 0.15:
        kinds = ["id_parent"]
    elif DOT in (draft.get("name") or "") and hand.rng.random() < 0.6:
        kinds = [kind for kind in ("name_no_dot", "name_other_dot", "name_truncated") if kind in kinds]
    weights = [_DAMAGES[kind][0] for kind in kinds]
    for kind in hand.rng.choices(kinds, weights, k=6):
        if _DAMAGES[kind][1](draft, hand):
            return kind
    return None


def _swap_character(draft: Draft, rng: Random, groups: tuple[str, ...]) -> bool:
    name = draft.get("name") or ""
    spots = [(i, g) for i, c in enumerate(name) for g in groups if c in g and len(set(g)) > 1]
    if not spots or DOT in name:
        return False
    # A clerk knows the surname; the given name is what is misheard or misread.
    spots = [spot for spot in spots if spot[0] > 0] or spots
    at, group = rng.choice(spots)
    draft["name"] = name[:at] + rng.choice([c for c in group if c != name[at]]) + name[at + 1 :]
    return True


def _homophone(draft: Draft, hand: Hand) -> bool:
    return _swap_character(draft, hand.rng, _HOMOPHONES)


def _shape(draft: Draft, hand: Hand) -> bool:
    return _swap_character(draft, hand.rng, _SHAPES)


def _set(draft: Draft, field: str, value: Any) -> bool:  # noqa: ANN401 - a cell may hold anything
    if draft.get(field) is None or value is None or value == draft[field]:
        return False
    draft[field] = value
    return True


def _traditional(draft: Draft, _: Hand) -> bool:
    return _set(draft, "name", "".join(_TRADITIONAL.get(c, c) for c in draft.get("name") or ""))


def _variant(draft: Draft, _: Hand) -> bool:
    name = draft.get("name") or " "
    return _set(draft, "name", _SURNAME_VARIANTS.get(name[0], name[0]) + name[1:])


def _padded(draft: Draft, hand: Hand) -> bool:
    name = draft.get("name") or ""
    gap = hand.rng.choice(("　", " ", "  "))
    return len(name) in (2, 3) and _set(draft, "name", name[0] + gap + name[1:] if len(name) == 2 else f" {name}{gap}")


def _no_dot(draft: Draft, _: Hand) -> bool:
    return _set(draft, "name", (draft.get("name") or "").replace(DOT, ""))


def _other_dot(draft: Draft, hand: Hand) -> bool:
    return _set(draft, "name", (draft.get("name") or "").replace(DOT, hand.rng.choice(_DOTS)))


def _truncated(draft: Draft, _: Hand) -> bool:
    return _set(draft, "name", (draft.get("name") or "").split(DOT)[0])


def _unreadable(draft: Draft, hand: Hand) -> bool:
    name = draft.get("name") or ""
    if len(name) != 3 or DOT in name:
        return False
    draft["name"] = name[:2] + hand.rng.choice(("?", "□", "\ue863"))
    return True


def _resident(draft: Draft) -> str:
    number = draft.get("id_number")
    return number if isinstance(number, str) and len(number) == 18 and number[:17].isdigit() else ""


def _fifteen(draft: Draft, hand: Hand) -> bool:
    number = _resident(draft)
    return bool(number) and hand.person.birth.year < 1985 and _set(draft, "id_number", number[:6] + number[8:17])


def _numeric(draft: Draft, _: Hand) -> bool:
    number = _resident(draft)  # Excel keeps 15 digits and writes zeros after them; an X never becomes a number
    return number.isdigit() and _set(draft, "id_number", float(number[:15] + "000"))


def _wrong_digit(draft: Draft, hand: Hand) -> bool:
    number = _resident(draft)
    if not number:
        return False
    at = hand.rng.randrange(6, 17)
    return _set(
        draft, "id_number", number[:at] + str((int(number[at]) + hand.rng.randrange(1, 10)) % 10) + number[at + 1 :]
    )


def _swapped(draft: Draft, hand: Hand) -> bool:
    number = _resident(draft)
    spots = [i for i in range(6, 16) if number and number[i] != number[i + 1]]
    if not spots:
        return False
    at = hand.rng.choice(spots)
    return _set(draft, "id_number", number[:at] + number[at + 1] + number[at] + number[at + 2 :])


def _lower_x(draft: Draft, _: Hand) -> bool:
    return _set(draft, "id_number", _resident(draft).replace("X", "x") or None)


def _blanks(draft: Draft, hand: Hand) -> bool:
    number = _resident(draft)
    pattern = hand.rng.choice((f"{number[:6]} {number[6:14]} {number[14:]}", f" {number}", f"'{number}"))
    return bool(number) and _set(draft, "id_number", pattern)


def _fullwidth(draft: Draft, _: Hand) -> bool:
    return _set(draft, "id_number", _resident(draft).translate(_WIDE_DIGITS) or None)


def masked(number: str) -> str:
    """First six and last four characters, stars between."""
    return number[:6] + "*" * 8 + number[14:]


def _masked(draft: Draft, _: Hand) -> bool:
    number = _resident(draft)
    return bool(number) and _set(draft, "id_number", masked(number))


def _parent(draft: Draft, hand: Hand) -> bool:
    child = hand.person
    if child.parent is None or child.age(hand.day) > 16:
        return False
    return _set(draft, "id_number", hand.made.people[child.parent].id_number)


def _blank(field: str) -> Callable[[Draft, Hand], bool]:
    def damage(draft: Draft, _: Hand) -> bool:
        if draft.get(field) is None:
            return False
        # The one who cannot be told from anybody else is left alone: such rows are about nobody.
        others = [f for f in ("id_number", "phone", "address") if f != field and draft.get(f) is not None]
        if not others:
            return False
        draft[field] = None
        return True

    return damage


def _mobile(draft: Draft) -> str:
    phone = draft.get("phone")
    return phone if isinstance(phone, str) and len(phone) == 11 and phone.isdigit() else ""


def _respell_phone(pattern: Callable[[str, Hand], str]) -> Callable[[Draft, Hand], bool]:
    def damage(draft: Draft, hand: Hand) -> bool:
        phone = _mobile(draft)
        return bool(phone) and _set(draft, "phone", pattern(phone, hand))

    return damage


def _second_phone(phone: str, hand: Hand) -> str:
    others = [m.phone for m in hand.made.household(hand.person).members if m.phone and m.phone != phone]
    return phone + hand.rng.choice(("；", "/", "、", " ")) + others[0] if others else phone


def _old_phone(draft: Draft, hand: Hand) -> bool:
    old = hand.person.old_phone
    return old is not None and draft.get("phone") == hand.person.phone and _set(draft, "phone", old)


def _day_and_month(draft: Draft, _: Hand) -> bool:
    born = draft.get("birth_date")
    if not isinstance(born, date) or born.day > 12:
        return False
    return _set(draft, "birth_date", date(born.year, born.day, born.month))


def _wrong_birth(draft: Draft, hand: Hand) -> bool:
    born = draft.get("birth_date")
    return isinstance(born, date) and _set(
        draft, "birth_date", born - timedelta(days=hand.rng.choice((1, 10, 30, 365)))
    )


def _future_birth(draft: Draft, _: Hand) -> bool:
    born = draft.get("birth_date")
    if not isinstance(born, date) or born.year >= 2010:
        return False
    return _set(
        draft,
        "birth_date",
        date(born.year % 100 + (2000 if born.year % 100 > 26 else 2100), born.month, min(born.day, 28)),
    )


def _wrong_sex(draft: Draft, _: Hand) -> bool:
    sex = draft.get("gender")
    return sex in ("1", "2") and _set(draft, "gender", "2" if sex == "1" else "1")


def _coarse_address(draft: Draft, _: Hand) -> bool:
    home = draft.get("address")
    estate = getattr(home, "estate", None)
    return estate is not None and draft.get("id_number") is not None and _set(draft, "address", estate)


def _error(draft: Draft, hand: Hand) -> bool:
    fields = [f for f in ("birth_date", "phone", "gender") if draft.get(f) is not None]
    return bool(fields) and draft.get("id_number") is not None and _set(draft, hand.rng.choice(fields), "#N/A")


# damage → how often among its fellows, and the act
_DAMAGES: dict[str, tuple[int, Callable[[Draft, Hand], bool]]] = {
    "name_homophone": (12, _homophone),
    "name_shape": (6, _shape),
    "name_traditional": (4, _traditional),
    "name_variant": (20, _variant),
    "name_padded": (8, _padded),
    "name_no_dot": (8, _no_dot),
    "name_other_dot": (8, _other_dot),
    "name_truncated": (8, _truncated),
    "name_unreadable": (4, _unreadable),
    "id_15": (9, _fifteen),
    "id_numeric": (7, _numeric),
    "id_wrong_digit": (8, _wrong_digit),
    "id_swapped": (5, _swapped),
    "id_lower_x": (12, _lower_x),
    "id_blanks": (5, _blanks),
    "id_fullwidth": (4, _fullwidth),
    "id_masked": (4, _masked),
    "id_missing": (6, _blank("id_number")),
    "id_parent": (8, _parent),
    "phone_spaced": (4, _respell_phone(lambda p, _: f"{p[:3]} {p[3:7]} {p[7:]}")),
    "phone_dashed": (4, _respell_phone(lambda p, _: f"{p[:3]}-{p[3:7]}-{p[7:]}")),
    "phone_86": (3, _respell_phone(lambda p, h: h.rng.choice(("+86", "86-", "+86 ", "0086")) + p)),
    "phone_two": (5, _respell_phone(_second_phone)),
    "phone_short": (3, _respell_phone(lambda p, _: p[:10])),
    "phone_missing": (4, _blank("phone")),
    "phone_old": (25, _old_phone),
    "birth_day_month": (8, _day_and_month),
    "birth_wrong": (5, _wrong_birth),
    "birth_future": (3, _future_birth),
    "sex_wrong": (7, _wrong_sex),
    "address_missing": (4, _blank("address")),
    "address_coarse": (3, _coarse_address),
    "cell_error": (2, _error),
}

# Made where a sheet is put together, not by a slip in one field.
_STRUCTURAL = _groups(
    "date_spelling address_spelling sex_spelling relation_spelling row_duplicate moved two_registers no_id_yet "
    "name_placeholder character_lost"
)

SPELLINGS = frozenset(
    _groups(
        "date_spelling address_spelling sex_spelling relation_spelling phone_spaced phone_dashed phone_86 phone_two "
        "name_padded id_lower_x id_blanks id_fullwidth"
    )
)
"""Kinds of dirt that lose nothing: the value can still be read exactly."""

KINDS = (*_DAMAGES, *_STRUCTURAL)
"""Every kind of dirt a row may be tagged with."""


def still_valid(number: str) -> bool:
    """Whether a text is an 18-character number with the right check character."""
    return len(number) == 18 and number[:17].isdigit() and check_character(number[:17]) == number[17]
