"""Names of the made-up residents: a seeded generator in, full names out.

The tables are this project's own short lists. Weights only make common surnames common; nothing here measures a real
population.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random

DOT = "·"

_SURNAMES: dict[int, str] = {
    70: "王李张",
    45: "刘陈杨",
    20: "黄赵吴周徐孙马",
    13: "朱胡郭何林高罗郑梁谢",
    8: "宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏",
    5: "魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严",
    2: "覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝",  # noqa: E501
}
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "东方", "皇甫")
_HUI_SURNAMES = "马马马马白丁沙哈纳撒金杨"

# Given-name characters by sex and the time of birth: names have fashions, and twins of a surname share them.
_GIVEN: dict[tuple[str, int], str] = {
    ("1", 0): "国建志德福贵明光荣华玉树文生才保金银山海林春根富发成清永振家洪万长祥宝忠义仁礼庆云龙",
    ("1", 1): "伟强军勇刚杰涛斌辉鹏飞峰亮平波超明建国志文海林俊宏洪永红卫东新民立学庆春晓江健凯宁",
    ("1", 2): "浩宇轩子俊杰博文泽昊天翔鹏程思远嘉伟晨阳旭东铭睿航晓明凯毅诚哲瀚逸楠骏锦鑫磊",
    ("1", 3): "沐宸奕辰梓睿一诺浩然子墨皓轩景行知远嘉禾亦宁泽宇承安星尧铭晟屿川",
    ("2", 0): "秀英桂兰玉珍淑华凤梅素芳翠莲菊香金花银月巧云爱珠春娥贞琴美清荣惠芬连仙",
    ("2", 1): "丽芳娟敏静艳霞燕红玲萍莉娜梅琴秀英华慧洁颖雪琳倩蓉晓虹春兰桂云建新小文",
    ("2", 2): "欣怡梦琪雨涵佳思雅诗婷子晴嘉悦语彤雪莹晓敏文静若曦可馨紫萱倩楠晨钰瑶璐",
    ("2", 3): "一诺梓涵沐瑶语桐若汐可欣芷妍安然星月念慈昕悦苡禾书意知夏婉清",
}
_RARE = "堃喆珮甯翀龑赟彧"  # characters that typists look for, all in GBK
_SUPPLEMENT = "䶮𠮷"  # outside GBK: the police system has no way to write them

_COMMON_FULL: dict[str, tuple[str, ...]] = {
    "1": (
        "张伟",
        "王伟",
        "李伟",
        "张强",
        "王强",
        "李强",
        "刘伟",
        "王磊",
        "李军",
        "刘洋",
        "张勇",
        "李杰",
        "张杰",
        "王军",
    ),
    "2": (
        "王芳",
        "李娜",
        "张敏",
        "李静",
        "王静",
        "张丽",
        "李秀英",
        "王秀英",
        "张秀英",
        "刘洋",
        "王丽",
        "李艳",
        "王艳",
        "刘静",
    ),
}

_UYGHUR: dict[str, tuple[str, ...]] = {
    "1": (
        "阿卜杜拉",
        "买买提",
        "艾合买提",
        "吐尔逊",
        "阿里木",
        "库尔班",
        "热合曼",
        "亚森",
        "依明",
        "艾尔肯",
        "木拉提",
        "玉素甫",
        "肉孜",
        "迪力夏提",
    ),
    "2": (
        "阿依古丽",
        "古丽娜尔",
        "热依汗",
        "帕提古丽",
        "麦热姆",
        "祖丽菲亚",
        "迪丽努尔",
        "阿依夏木",
        "茹仙古丽",
        "图尔荪古丽",
    ),
}
_KAZAKH: dict[str, tuple[str, ...]] = {
    "1": ("叶尔波力", "努尔兰", "哈那提", "巴合提", "沙尔山", "木拉提别克", "加尔肯", "叶尔江"),
    "2": ("阿依努尔", "加娜尔", "古丽加玛", "哈力哈西", "巴合提古丽", "努尔古丽"),
}
_FOREIGN = ("SMITH JOHN MICHAEL", "IVANOVA MARIA", "TANAKA YUKI", "GARCIA LOPEZ ANA", "DUPONT PIERRE", "KIM MINJUN")

_surname_list = [s for weight, group in _SURNAMES.items() for s in group]
_surname_steps = list(accumulate(w for w, group in _SURNAMES.items() for _ in group))


def surname(rng: Random) -> str:
    """Han surname, common ones more often; one in a hundred is a compound one."""
    if rng.random() < 0.01:
        return rng.choice(_COMPOUND)
    return _surname_list[bisect(_surname_steps, rng.random() * _surname_steps[-1])]


def hui_surname(rng: Random) -> str:
    """Surname usual among Hui families."""
    return rng.choice(_HUI_SURNAMES)


def era(birth_year: int) -> int:
    """Which fashion of names a birth year belongs to."""
    return (birth_year >= 1956) + (birth_year >= 1988) + (birth_year >= 2012)


def given(rng: Random, gender: str, birth_year: int) -> str:
    """One or two characters; a rare character now and then."""
    pool = _GIVEN[gender, era(birth_year)]
    if rng.random() < 0.004:
        return rng.choice(_RARE) if rng.random() < 0.5 else rng.choice(pool) + rng.choice(_RARE)
    if rng.random() < 0.18:
        return rng.choice(pool)
    return rng.choice(pool) + rng.choice(pool)


def han(rng: Random, family: str, gender: str, birth_year: int) -> str:
    """Full Han name in the given family; a few everybody knows somebody by."""
    common = _COMMON_FULL[gender]
    if rng.random() < 0.02 and birth_year < 2005:
        full = rng.choice(common)
        if full.startswith(family):
            return full
    return family + given(rng, gender, birth_year)


def common(rng: Random, gender: str) -> str:
    """One of the names that several people in any town carry."""
    return rng.choice(_COMMON_FULL[gender])


def twins(rng: Random, family: str, gender: str, birth_year: int) -> tuple[str, str]:
    """Two names that differ in one character."""
    pool = _GIVEN[gender, era(birth_year)]
    shared, first, second = rng.sample(sorted(set(pool)), 3)
    return family + shared + first, family + shared + second


def uyghur(rng: Random, gender: str, father: str | None = None) -> str:
    """Own name, interpunct, the father's own name."""
    return rng.choice(_UYGHUR[gender]) + DOT + (father or rng.choice(_UYGHUR["1"]))


def kazakh(rng: Random, gender: str, father: str | None = None) -> str:
    """Own name, interpunct, the father's own name."""
    return rng.choice(_KAZAKH[gender]) + DOT + (father or rng.choice(_KAZAKH["1"]))


def foreign(number: int) -> str:
    """Latin name as a passport prints it."""
    return _FOREIGN[number % len(_FOREIGN)]


def supplementary(number: int) -> str:
    """Given-name character that GBK cannot write."""
    return _SUPPLEMENT[number % len(_SUPPLEMENT)]
