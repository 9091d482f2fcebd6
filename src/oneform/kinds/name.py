"""Kind name: text of a name cell → cleaned name as written, with `·` (U+00B7) as its only interpunct; no NFKC.

States: ok (also with a 提醒), none (不详, 测试: a word that stands where no name is known), held (emoji, NUL, oversize),
blank.
"""

from __future__ import annotations

import re

import polars as pl

from oneform.kinds import _clean
from oneform.kinds._clean import Case

DTYPE = pl.String
SPECS = {"text": True}

_INTERPUNCTS = "•・･‧∙⋅．·"
_FULL_WIDTH_BLOCKS = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]  # digits, A-Z, a-z
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in _FULL_WIDTH_BLOCKS}
_PLACEHOLDERS = sorted(_clean.NONE_WORDS) + re.split(
    r"\s+",
    "某 某某 某某某 测试 测试人员 无名 无名氏 未命名 姓名 无姓名 同上 待查 待补 待定 待核实 空 空白 未填 未填写 不明 不知 "
    "不知道 未登记 未提供 略 ? ？ ?? ？？ * ** *** . … NULL null None N/A n/a",
)
_IDEOGRAPH = r"[\p{Han}〇\p{Co}]"
_SELECTORS = r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]"  # choose a glyph of one character; part of the name as written

# Written forms of one character that registers mix: kept in values, folded in keys. Pairs: variant, usual form.
_FOLDED = (
    "張张買买陳陈劉刘黃黄吳吴趙赵楊杨孫孙馬马羅罗鄭郑謝谢許许鄧邓馮冯蕭萧葉叶蔣蒋盧卢賈贾鍾钟鐘钟陸陆範范韋韦龍龙萬万錢钱湯汤賀贺賴赖龔龚嚴严"
    "顧顾韓韩呂吕歐欧關关譚谭鄒邹閻阎閆闫聶聂莊庄齊齐龐庞樂乐倪倪華华國国麗丽軍军偉伟傑杰強强東东蘭兰鳳凤蓮莲榮荣慶庆寶宝貴贵義义紅红"
    "雲云飛飞濤涛澤泽潔洁靜静愛爱連连銀银鋼钢鐵铁曉晓嬌娇瑩莹穎颖瓊琼遠远進进運运達达順顺銘铭鋒锋鎮镇長长門门開开陽阳雙双靈灵風风馳驰"
    "驍骁魯鲁鴻鸿鵬鹏鶴鹤麥麦興兴勝胜學学書书會会來来倫伦儀仪優优凱凯勁劲動动勳勋單单嘯啸圍围園园塵尘壽寿夢梦奮奋婦妇寧宁實实對对導导"
    "峯峰嶽岳師师帥帅幹干廣广張张彥彦從从憶忆應应戰战擇择敵敌斌斌時时晉晋條条棟栋樹树橋桥權权歡欢氣气漢汉潤润瀟潇煒炜燦灿爾尔獻献瑋玮"
    "瑤瑶璽玺畢毕當当發发盡尽監监穩稳競竞筆笔節节紀纪純纯紹绍綺绮維维緒绪緯纬縣县績绩繼继羣群聖圣聰聪聲声職职臨临舉举藝艺蘇苏處处號号"
    "術术衛卫裡里製制親亲覺觉觀观訓训記记詩诗誌志認认誠诚語语說说調调論论諾诺謙谦譯译議议護护豐丰貞贞財财賓宾賢贤贊赞車车軒轩輝辉輪轮"
    "農农這这選选邁迈郵邮鄉乡釗钊鈞钧鈴铃鉅巨鑑鉴鑒鉴鑫鑫隊队階阶隨随雋隽電电韻韵項项須须頌颂領领頻频題题顏颜類类顯显飲饮養养館馆駿骏"
    "騰腾驗验體体魚鱼鮮鲜鳴鸣鷹鹰麟麟黨党點点龜龟凃涂邨村菓果勣绩迺乃祕秘靑青眞真昇升陞升甦苏堃坤淸清囯国喆哲"
)
_PAIRS = {_FOLDED[at]: _FOLDED[at + 1] for at in range(0, len(_FOLDED), 2) if _FOLDED[at] != _FOLDED[at + 1]}

_ANSWER = _clean.answer(DTYPE)


def parse(raw: pl.Expr, cell: pl.Expr) -> pl.Expr:
    """Struct of the cleaned name. Rare characters stay; private-use ones stay with OF308, odd spellings with OF318."""
    return _clean.reading(_read, _ANSWER, raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """The name itself."""
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """For matching only, never stored or printed: NFKC, no blanks or interpuncts, variants folded, upper case."""
    plain = value.str.normalize("NFKC").str.replace_all(rf"[\s.{_INTERPUNCTS}]|{_SELECTORS}", "")
    return plain.str.to_uppercase().str.replace_many(_PAIRS)


def _read(cells: pl.DataFrame) -> pl.DataFrame:
    raw, value = pl.col("raw"), pl.col("value")
    names = cells.with_columns(fault=_clean.unstorable(raw), value=_cleaned(raw))
    length = value.str.replace_all(_SELECTORS, "").str.len_chars()
    decided = _clean.decide(
        names,
        [
            Case(value.is_null() & pl.col("fault").is_null(), _clean.BLANK),
            Case(pl.col("fault").is_not_null(), _clean.HELD, "OF309", _clean.unstorable_facts()),
            Case(value == "", _clean.BLANK),
            Case(_clean.private_use(value), _clean.OK, "OF308"),
            Case(
                value.is_in(_PLACEHOLDERS),
                _clean.NONE,
                "OF318",
                _odd("不是姓名，当作没有填", "no name, taken as blank"),
            ),
            Case(value.str.contains(r"[0-9]"), _clean.OK, "OF318", _odd("姓名里有数字", "digits in the name")),
            Case(length < 2, _clean.OK, "OF318", _odd("只有一个字", "one character only")),
            Case(length > 30, _clean.OK, "OF318", _odd("超过 30 个字", "longer than 30 characters")),
            Case(_has_odd_sign(value), _clean.OK, "OF318", _odd("姓名里有符号", "a sign in the name")),
            Case(pl.lit(value=True), _clean.OK),
        ],
    )
    gone = pl.col("state").is_in([_clean.HELD, _clean.BLANK, _clean.NONE])
    return decided.with_columns(value=pl.when(~gone).then(value)).with_columns(note=_note())


def _cleaned(raw: pl.Expr) -> pl.Expr:
    text = _clean.prose(raw).str.replace_many(_FULL_WIDTH).str.replace_all(r"\s+", " ")
    text = text.str.replace_all(rf"\s*[{_INTERPUNCTS}][{_INTERPUNCTS}\s]*", "·")
    # Twice: matches cannot overlap, and 「张 三 丰」 shares its middle character.
    for _ in range(2):
        text = text.str.replace_all(rf"({_IDEOGRAPH})\s+({_IDEOGRAPH})", "$1$2")
        text = text.str.replace_all(rf"({_IDEOGRAPH})\s*\.\s*({_IDEOGRAPH})", "${1}·${2}")
    return text


def _has_odd_sign(value: pl.Expr) -> pl.Expr:
    """Anything but letters, marks, ideographs, and between them interpunct, blank, dash, dot or apostrophe."""
    return ~value.str.contains(r"^[\p{L}〇][\p{L}\p{M}〇·\x{20}\-.'’]*$") | value.str.ends_with("·")


def _odd(what: str, what_en: str) -> dict[str, pl.Expr | str]:
    return {"what": what, "what_en": what_en}


def _note() -> pl.Expr:
    raw, value = pl.col("raw"), pl.col("value")
    return (
        pl.when(value.is_null() | (raw == value))
        .then(pl.lit(None, dtype=pl.String))
        .when(value.str.contains("·") & raw.str.contains(r"[•・･‧∙⋅．.]"))
        .then(pl.lit("间隔号统一为 ·"))
        .when(raw.str.contains(_clean.HIDDEN))
        .then(pl.lit("去掉看不见的字符"))
        .otherwise(pl.lit("去掉空格或全角写法"))
    )
