"""Recognise, headers that need others: an alias and its neighbours in a roster of people → may it bind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Place = tuple[str, str]  # entity, field


@dataclass(frozen=True)
class Neighbours:
    """A header's key, the keys beside it, the fields those claim by themselves, and whether it is the first column."""

    key: str
    others: tuple[str, ...]
    claimed: frozenset[Place]
    first: bool

    @property
    def named(self) -> bool:
        """True when another column holds the person's name."""
        return ("person", "name") in self.claimed

    def none_like(self, pattern: str) -> bool:
        """True when no other header looks like this one."""
        return not any(re.search(pattern, key) for key in self.others)

    def any_of(self, *places: Place) -> bool:
        """True when another column claims one of these fields."""
        return not self.claimed.isdisjoint(places)


_RULES: dict[Place, Callable[[Neighbours], bool]] = {
    ("person", "phone"): lambda n: n.named and n.none_like("电话|手机|联系方式"),
    ("person", "current_address"): lambda n: (
        n.named and n.key in {"住址", "地址", "详细地址"} and n.none_like("址|住地|籍地")
    ),
    # 三属人员身份证号 beside a bare 姓名: the kind of people the sheet is about
    ("person", "id_number"): lambda n: n.named and re.fullmatch("[^号证]{1,8}人员身份证号码?", n.key) is not None,
    ("person", "contact_name"): lambda n: n.named and n.key == "联系人",
    ("person", "employer"): lambda n: (
        n.named and n.key == "单位" and n.any_of(("person", "job_title"), ("person", "occupation"))
    ),
    ("person", "seq"): lambda n: n.first and "序号" not in n.others,
    ("person", "relation_to_head"): lambda n: n.key == "与其他人员关系" and n.any_of(("household", "household_id")),
    ("dwelling", "estate"): lambda n: n.named and n.key == "现住小区/建筑",
    ("household", "head_name"): lambda n: n.named and n.key == "户主",
    ("household", "hukou_type"): lambda n: n.any_of(
        ("household", "household_id"), ("household", "head_name"), ("person", "relation_to_head")
    ),
}


def fits(place: Place, neighbours: Neighbours) -> bool:
    """True when the neighbours settle what the header means; a field without a rule is never taken from context."""
    return place in _RULES and _RULES[place](neighbours)


# acts of which there are many kinds: by itself 发放日期 does not say whether a pass or an allowance was issued
_GENERAL_ACT = re.compile(
    "(?:发放|发证|办证|领证|领取|办理|办结|接收|移交|交接|核查|服务|判定|提出|解决|解除|检测|采样|生产|预约|出发|兑换|出车|派车|诉求|求助|"
    "积分|签到|签出|签退|存在|申领|申请|通行|查验|监测|测量|值守|颁发|通知|出行|管控)(?:的)?"
    "(?:日期|时间|单位|机构|人|人员|事由|原因|情况|结果|地点|点|类型|类别|项目|内容|企业|厂家|厂商|方式|困难|批次|时长)"
)


def general(key: str) -> bool:
    """True for a header such as 发放日期 that names an act but not of which kind: it needs another column of the event."""
    return _GENERAL_ACT.fullmatch(key) is not None
