"""Recognise: the words that make one header mean something else than another, and the spellings that do not."""

from __future__ import annotations

import re
from functools import lru_cache

# People and bodies a row may mention beside its subject. A header or group that names one speaks of that party.
_ROLES = (
    "户主 房主 房东 业主 产权人 承租人 租户 租客 雇主 店主 经营者 业委会 物业 配偶 家属 亲属 监护 联系人 "
    "申请人 代办 经办 主管 经理 上级 负责 法定代表 法人 指导员 网格员 网格长 楼长 片长 总长 组长 站长 "
    "队长 社工 民警 医生 医务 护士 司机 驾驶员 老师 教师 班主任 辅导员 校长 院长 科长 局长 主任 书记 "
    "干部 开户 捐赠 领取 发放 签收 见证 推荐 介绍 证明 担保 委托 受益 投保 来访 访客 被访 走访 登记人 "
    "登记员 操作 审核 审批 复核 填表 填报 制表 采集 录入 核实 核签 检查 成员 同住 随行 密接 逝者 死者 "
    "客户 收银 供应商 开发商 施工 厂家 单位 机构 公司 企业 学校 社区 村委 派出所 医院 殡仪馆 前 原 "
    "保姆 护工 照料 照护 陪护 看护 帮扶 包保 结对 包户 包联 下沉 值班 带班 车主 牵头 对接 转运 接收 移交 "
    "接送 陪同 同行 合租 二房东 中介 雇佣 用工 爱人 前夫 前妻 恋人 邻居 保安 门卫 园长 厂长 所长 队员 "
    "主要领导 分管 责任人 实际控制 股东 出资 举报 举荐 引荐 转介 受访 报告人 报送 上报 发现人 处理人 办理人"
)
_KIN = (
    "父亲 母亲 父母 父 母 丈夫 妻子 夫 妻 子女 儿子 女儿 儿媳 女婿 兄弟 姐妹 哥哥 弟弟 姐姐 妹妹 祖父 "
    "祖母 爷爷 奶奶 外公 外婆 岳父 岳母 公公 婆婆 孙子 孙女 子 孩子 儿童 家长 亲戚 赡养人 抚养人"
)
# words that only hold one of the above, or say which people a sheet lists
_NOT_PARTY = r"老年?人|残疾人|参保人|患病人|病人|电子|子女数|亲子|原因|原籍|母婴|前往|目前|当前|提前"
_OTHER = re.compile(
    f"(?:{_NOT_PARTY})|("
    + "|".join(sorted({*_ROLES.split(), *_KIN.split()}, key=len, reverse=True))
    + "|[^成人本个居]人(?!员|户|口|数)|[^人]员)"
)

# Words before a header that only name the subject of the row, or only ask for it.
_ASKING = re.compile(
    r"^(?:请(?:您|你)?)?(?:准确|如实|正确)?(?:填写|输入|选择|录入)?(?:您|你)的?|^请(?:填写|输入|选择|录入)"
)
_SELF = re.compile(
    r"^(?:本人|个人|居民|人员|被[^人员者]{1,4}(?:人员|人|员|者)的?|(?:人员|居民|个人|本人)的)(?:\(本人\))?"
)

# A group that says nothing beyond «about the subject».
_NEUTRAL = re.compile(
    r"^(?:[一二三四五六七八九十]+[、.])?(?:人员|个人|居民|本人|住户|人口|常住人口|实有人口|学生|志愿者|被采集人|群众|对象)?"
    r"(?:的)?(?:基本|基础|主要|身份|其他|补充|扩展|详细|联系|相关)?(?:信息|情况|资料|数据|内容|项目|档案)?(?:登记|采集)?(?:栏)?$"
)

# Longer phrases first made one word; the order matters, each sees what the ones before it left.
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (
            r"\((?:万?元|人|户|岁|周岁|天|个|间|平方米|平米|㎡|m2|m²|℃|°c|度|公斤|小时|元/[月年]|[是有][/、或]?[否无])\)",
            "",
        ),
        (r"(?<!^)[、,，;；/()\[\]]|或", ""),
        (r"^[与和同跟](?=.*关系)|^主要|(?:所持|持有|有效)的?(?=证件|身份证)", ""),
        (r"有效(?:期(?:限|至|止|截止日期|截止时间|日期)?|截止日期|截止时间|日期)", "有效期"),
        (r"(?:居民|公民)?身份证(?=有效期|到期|签发|发证)", "证件"),
        (
            r"(?:公民|居民|二代)?身份证(?:件)?(?:号码|号|编号|编码)|(?:居民|公民)?身份证$|(?:公民|居民)?身份号码?"
            r"|证件(?:号码|号|编号)",
            "<id>",
        ),
        (r"(?:开户银行|开户行|银行|开户)(?:卡|账户)?(?:账号|账户号?|卡号)码?|银行卡$", "<account>"),
        (r"(?:账户|开户)(?:名称|姓名|户名|名)(?!行)", "<holder>"),
        (r"固定电话|座机(?:电话)?|固话|住宅电话|宅电", "<fixed>"),
        (r"(?:联系|联络|移动|手机)?(?:电话|手机)(?:号码|号)?|联[系络]方式|手机联系方式", "<phone>"),
        (r"(?:详细|具体)?(?:住址|地址|详址|住所地?|住处|所在地址)", "<address>"),
        (r"姓名|名字", "<name>"),
        (r"(?:家庭)?成员[一二三四五六七八九十0-9]{0,2}(?=<)", "成员"),
        (r"户口本", "户口簿"),
        (r"户口簿<address>", "户籍<address>"),
        (r"户[籍口](?:所在地|所在|登记地|地)(?:<address>)?$|户[籍口](?:所在地|地)?<address>", "户籍<address>"),
        (r"户[籍口](?:所在地|所在|地)|户口", "户籍"),
        (
            r"(?:(?:现在?|目前|当前|实际|常|家庭|现有|本地|在[本当]地|经常)的?)+(?:家庭)?(?:居住|常住|居|住)?地?<address>"
            r"|(?:居住|常住|现住|现居)地?<address>"
            r"|(?:(?:现|现在|目前|当前|实际|经常)(?:居住|居|住)|居住|常住)(?:所在)?地(?:点)?$",
            "现住<address>",
        ),
        (r"(?:现|现在|目前|当前|实际)?(?:居住|常住|现住|现居)(?:所在)?地", "现住"),
        (r"(?:行政)?村(?:委会)?社区|社区(?:行政)?村|村居(?:委会)?", "社区"),
        (r"乡?镇街道|街道乡?镇|镇街|街镇", "街道"),
        (r"县市区|区县|县区|县市", "区县"),
        (r"省份", "省"),
        (r"来源地(?=[省市县区街乡社村])", "来源"),
        (r"(?:时间|日期|年月日|年月|年份|年代)$", "<when>"),
        (r"是否(?:属于|已经|正在|为|是|有|已)?|是不是|有没有|有无", "<yn>"),
        (r"<yn>房$", "<yn>房屋"),
        (r"状况|情况|(?:(?<=婚姻)|(?<=健康)|(?<=就业))状态", "<state>"),
        (r"(?<=能力|保险|程度)<state>$", ""),
        (r"类型|类别|种类|分类", "<kind>"),
        (r"(?:住房|住宅|房产)(?!.{0,4}(?:<kind>|<state>|状态)$)", "房屋"),
        (r"房屋(?=总?(?:建筑|建成|建造)[^物])", ""),
        (r"总人口数?|人口总?数量?|人口数|总人数|人数|人口$", "<persons>"),
        (r"(?:数量|数目|总数|个数|数)$", "<count>"),
        (
            r"^(?:所属|所在|责任|所)的?(?=社区|村|街道|乡|镇|网格|小区|楼|党支部|部门|学校|班级|行业|区|县|市|派出所)",
            "",
        ),
        (r"^所在", "所属"),
        (r"(?:号码|编号|编码|代码)$", "号"),
        (r"地点$", "地"),
        (r"等级|级别", "等级"),
        (r"方式|形式|方法", "方式"),
        (r"的|具体|(?:现在|目前|当前)(?=.)|^现(?![住金场役有代])|^最高(?=学[历位]|文化)|^证件(?=发证|签发)", ""),
        (r"([人者东长]|(?<!成)员)<name>$", r"\1"),
        (r"(?:紧急|应急)?联[系络]人", "联系人"),
    )
)
# Words of one meaning.
_SAME = {
    "始": "开始 起始 起",
    "止": "结束 截止 终止 止",
    "死亡": "死亡 去世 过世 身故 逝世 亡故",
    "退役": "退役 退伍 复员",
    "入伍": "入伍 参军 应征入伍",
    "房屋": "房屋",
    "医保": "医疗保险 医保",
    "养老": "养老保险 养老",
    "社保": "社会保障 社会保险 社保",
    "开户行": "开户银行 开户行",
    "账户": "账户 户头",
    "残疾证": "残疾人证 残疾证",
    "房主": "房主 房东",
    "末次": "最近一次 最后一次 末次 最近 最后",
    "缘由": "原因 事由 缘由 理由",
    "行政区划": "行政区划 区划",
    "拟": "拟 预计 计划",
    "总": "总",
    "发热": "发热 发烧",
    "医疗": "医疗费用 医疗费 医疗",
}
_MOVABLE = {"始", "止", "末次", "拟", "实际", "总"}  # words that mean the same before and after what they time
_TOKENS = {word: token for token, words in _SAME.items() for word in words.split()} | {word: word for word in _MOVABLE}
_TOKEN = re.compile("<[a-z]+>|" + "|".join(sorted(_TOKENS, key=len, reverse=True)))

# Two headers that differ in one of these do not mean the same, however alike they look.
_MOMENTS = re.compile(
    "迁入|迁出|入职|离职|入伍|入库|出库|入住|入党|入学|拟|预计|预约|计划|实际|填报|登记|操作|核实|签发|有效|上次|下次|最近|首次|末次|"
    "生前|毕业|解除|开始|起始|结束|截止|终止|离开|出生|死亡|去世|前往|曾|第[一二三四五六七八九十0-9]"
)
_HEADS: tuple[tuple[str, str], ...] = (
    ("phone", "<phone>|<fixed>"),
    ("id", "<id>"),
    ("name", "<name>|名称$"),
    ("when", "<when>|日$|年份$|年度$|期$"),
    ("yes", "<yn>"),
    ("address", "<address>|地点$|地$"),
    ("count", "<persons>|<count>|面积$|间数$|金额|收入$|年龄$|天数$|标准$"),
    ("number", "号$|代码$|证$"),
    ("kind", "<kind>|性质$|等级$|方式$|程度$"),
    ("relation", "关系"),
    ("reason", "缘由$|原因$|结果$|说明$"),
    ("sign", "签名|签字|盖章"),
    ("unit", "单位$|机构$"),
)
_HEAD_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _HEADS)


def parties(text: str) -> list[str]:
    """The people and bodies a header names beside the subject of the row."""
    return [word for word in _OTHER.findall(_SELF.sub("", text)) if word]


def other_party(text: str, beside: str = "") -> bool:
    """True when the text names a person or body that `beside` (an alias, a title) does not name."""
    return any(word not in beside for word in parties(text))


_SOMEBODY = re.compile(
    "(?:人|员|长|亲|父母|配偶|丈夫|妻子|家属|亲属|子女|儿子|女儿|医生|护士|民警|干部|老师|教师|班主任|志愿者|社工|护工|保姆|房东|业主)(?:姓名|名字)?"
)
_OWNED = re.compile("姓名|名字|名$|(?:居民|公民)?身份|证件|(?:联系|移动|手机)?电话|手机|联系方式|性别|民族|体温")


_WHEN_MEASURED = re.compile("(?:[今当昨每]?[日天早晚晨]上?|上午|中午|下午)|测量|检测|填报|登记|所属|的")


def somebody_else(key: str) -> bool:
    """True for a header that names another person beside the row's subject and nothing more of them: 监护人, 父亲姓名."""
    found = _SOMEBODY.search(key)
    return found is not None and found.end() == len(key) and "户主" not in key and other_party(key)


def owner(key: str) -> str:
    """What stands before the noun of a header of a person: 幼儿身份证号 → 幼儿; "" for the row's own."""
    found = _OWNED.search(key)
    return _WHEN_MEASURED.sub("", _SELF.sub("", key[: found.start()])) if found else ""


def neutral(group: str) -> bool:
    """True for a group header that only says «about the subject»: 基本信息, 居民基本情况."""
    return _NEUTRAL.fullmatch(group) is not None


@lru_cache(maxsize=16384)
def canonical(key: str) -> str:
    """Header key with equal words spelled one way and the row's own subject left out.

    Words of time stand first: 隔离开始时间 and 开始隔离时间 are both `始 隔离 <when>`. Two keys mean the same when their
    canonical forms are equal.
    """
    text = _ASKING.sub("", key) or key
    bare = _phrased(_SELF.sub("", text))
    # 人员类型 is no bare 类型: the subject is left out only where what stays has a meaning of its own
    text = _phrased(text) if bare in _GENERAL else bare
    tokens: list[str] = []
    end = 0
    for word in _TOKEN.finditer(text):
        tokens += [text[end : word.start()], _TOKENS.get(word[0], word[0])]
        end = word.end()
    tokens = [token for token in (*tokens, text[end:]) if token]
    moved = sorted(token for token in tokens[:-1] if token in _MOVABLE)
    return " ".join([*moved, *(token for token in tokens[:-1] if token not in _MOVABLE), *tokens[-1:]])


_GENERAL = {
    "",
    "<kind>",
    "<state>",
    "<when>",
    "<address>",
    "<persons>",
    "<count>",
    "号",
    "名称",
    "单位",
    "性质",
    "等级",
    "代码",
}


def _phrased(text: str) -> str:
    for pattern, word in _PHRASES:
        text = pattern.sub(word, text)
    return text


@lru_cache(maxsize=16384)
def traits(key: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """What keeps two headers apart: the parties, the moments and the kind of value a key names."""
    text = _phrased(key)
    kinds = frozenset(name for name, pattern in _HEAD_PATTERNS if pattern.search(text))
    return frozenset(parties(key)), frozenset(_MOMENTS.findall(key)), kinds


def differ(key: str, alias: str) -> bool:
    """True when one of two header keys names a party, a moment or a kind of value that the other does not."""
    return traits(key) != traits(alias)


def contradicts(key: str, alias: str) -> bool:
    """True when a header cannot mean an alias whatever its values show: another party or moment, or a kind of its own."""
    mine, theirs = traits(key), traits(alias)
    return mine[:2] != theirs[:2] or not mine[2] <= theirs[2]


# Words that many headers share whatever they are about: who, when, which kind, how many.
_UNTELLING = re.compile(
    "时间|日期|年月|年份|号码|编号|编码|代码|情况|状况|状态|类型|类别|种类|分类|性质|等级|级别|级|名称|名(?!字)|(?<!姓)名|是否|有无|"
    "金额|数量|次数|天数|个数|时长|方式|原因|缘由|结果|标志|标识|信息|内容|项目|说明|登记|家庭|个人|人员|居民|本人|人|员|"
    "[的号数日期时年月费第一二三四五六七八九十0-9()/、]"
)
_TELLING = re.compile("<(?:id|phone|fixed|address|account|holder|persons)>|姓名")


@lru_cache(maxsize=16384)
def telling(key: str) -> frozenset[str]:
    """The characters and words of a header key that say what it is about."""
    return frozenset(_UNTELLING.sub("", key.replace("姓名", ""))) | frozenset(_TELLING.findall(canonical(key) + key))
