"""Recognise: the words that make one header mean something else than another, and the spellings that do not."""

from __future__ import annotations

import re

# People and bodies a row may mention beside its subject. A header or group that names one speaks of that party.
_ROLES = (
    "户主 房主 房东 业主 产权人 承租人 租户 租客 雇主 店主 经营者 业委会 物业 配偶 家属 亲属 监护 联系人 "
    "申请人 代办 经办 主管 经理 上级 负责 法定代表 法人 指导员 网格员 网格长 楼长 片长 总长 组长 站长 "
    "队长 社工 民警 医生 医务 护士 司机 驾驶员 老师 教师 班主任 辅导员 校长 院长 科长 局长 主任 书记 "
    "干部 开户 捐赠 领取 发放 签收 见证 推荐 介绍 证明 担保 委托 受益 投保 来访 访客 被访 走访 登记人 "
    "登记员 操作 审核 审批 复核 填表 填报 制表 采集 录入 核实 核签 检查 成员 同住 随行 密接 逝者 死者 "
    "客户 收银 供应商 开发商 施工 厂家 单位 机构 公司 企业 学校 社区 村委 派出所 医院 殡仪馆 前 原"
)
_KIN = (
    "父亲 母亲 父母 父 母 丈夫 妻子 夫 妻 子女 儿子 女儿 儿媳 女婿 兄弟 姐妹 哥哥 弟弟 姐姐 妹妹 祖父 "
    "祖母 爷爷 奶奶 外公 外婆 岳父 岳母 公公 婆婆 孙子 孙女 子 孩子 儿童 家长"
)
_OTHER = re.compile(
    "|".join(sorted({*_ROLES.split(), *_KIN.split()}, key=len, reverse=True))
    + "|[^成人本个居]人(?!员|户|口|数)|[^人]员"
)

# Words before a header that only name the subject of the row.
_SELF = re.compile(
    r"^(?:本人|个人|居民|人员|被[^人员者]{1,4}(?:人员|人|员|者)的?|(?:人员|居民|个人|本人)的)(?:\(本人\))?"
)

# A group that says nothing beyond «about the subject».
_NEUTRAL = re.compile(
    r"^(?:[一二三四五六七八九十]+[、.])?(?:人员|个人|居民|本人|住户|人口|常住人口|实有人口|学生|志愿者|被采集人)?"
    r"(?:的)?(?:基本|基础|主要|身份|其他|补充|扩展|详细)?(?:信息|情况|资料|数据|内容|项目|档案)?(?:登记|采集)?(?:栏)?$"
)

# The same word in other letters: what is left of a header after this is compared whole.
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"(?:公民|居民)?身份(?:证|证件)?(?:号码|号|编号)|(?:居民|公民)?身份证$|证件(?:号码|号|编号)", "<id>"),
        (r"(?:联系|联络)?(?:电话|手机|移动电话)(?:号码|号)?|联[系络]方式|手机联系方式", "<phone>"),
        (r"(?:详细|具体)?(?:住址|地址|详址|住所|住处|所在地址)", "<address>"),
        (r"姓名|名字", "<name>"),
        (r"(?:时间|日期|年月日|年月)$", "<when>"),
        (r"状况|情况", "<state>"),
        (r"^(?:所属|所在|责任)", ""),
        (r"号码$|编号$|编码$", "号"),
        (r"的", ""),
        (r"现在|目前|现", "现"),
        (r"居住|居", "住"),
        (r"现住?地?<address>", "现<address>"),
        (r"地<address>", "<address>"),
        (r"人<name>$", "人"),
    )
)

# Two headers that differ in one of these do not mean the same, however alike they look.
_MOMENTS = (
    "入 离 出 迁入 迁出 开始 结束 起 止 拟 预计 计划 实际 填报 登记 操作 核实 签发 有效 截止 上次 下次 "
    "最近 首次 末次 生前"
)
_KINDS = (
    "代码 编号 编码 性质 类型 类别 等级 单位 电话 手机 地址 住址 关系 数 金额 是否 有无 名称 时间 日期 "
    "地 号 原因 结果 状态 其他 签名 情况"
)


def other_party(text: str, beside: str = "") -> bool:
    """True when the text names a person or body that `beside` (an alias, a title) does not name."""
    return any(word not in beside for word in _OTHER.findall(_SELF.sub("", text)))


def neutral(group: str) -> bool:
    """True for a group header that only says «about the subject»: 基本信息, 居民基本情况."""
    return _NEUTRAL.fullmatch(group) is not None


def canonical(key: str) -> str:
    """Header key with equal words spelled one way and the row's own subject left out."""
    key = _SELF.sub("", key) or key
    for pattern, word in _SPELLINGS:
        key = pattern.sub(word, key)
    return key


def differ(key: str, alias: str) -> bool:
    """True when one of the two names a party, a moment or a kind of value that the other does not."""
    if other_party(key, alias) or other_party(alias, key):
        return True
    return any((word in key) != (word in alias) for word in (*_MOMENTS.split(), *_KINDS.split()))
