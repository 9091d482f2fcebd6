"""Recognise, sheets that are no list: a BAND → what they are instead (template, indicators, months, counts), or None.

Such a sheet is shown with its header and refused by name: its rows say nothing of one person, household or place.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from oneform.frames import DATE, NUMBER, Sheet
from oneform.recognise.band import HEIGHT, Band, find

Reason = tuple[str, str]
TEMPLATE = ("待填的模板（含模板标记），不是数据", "a template with tags, no data")
INDICATORS = ("指标表（编号/项目/数量），不是人员名单", "a list of indicators, no list of people")
MONTHS = ("按月份或日期排列的统计表，不是人员名单", "a matrix of months or days, no list of people")
PAIRS = ("累计/新增统计表，不是人员名单", "totals and increases, no list of people")
COUNTS = ("统计表（户数、人数等），不是人员名单", "a table of counts, no list of people")
GRADES = ("打分表（好/较好/一般/差），不是人员名单", "a table of grades, no list of people")
SHAPES = (TEMPLATE, INDICATORS, MONTHS, PAIRS, COUNTS, GRADES)

FEWEST = 3  # different names that make a header nobody knows
SAMPLE = 200  # rows under a header compared with it
_VALUE = re.compile(
    r"[0-9][0-9./:*xX-]*|男|女|男性|女性|是|否|有|无|√|[\u4e00-\u9fff]{1,4}族|汉|小学|初中|高中|大专|本科|大学本科|已婚|未婚|离异|群众|党员|户主|本人"
    r"|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭][\u3400-\u9fff]{1,2}"
)
_TAG = r"\{\{|\{\.[A-Za-z]|\{[A-Za-z]+[0-9]*\.[A-Za-z]|<jx:|\$\{"
_NUMBERS = re.compile(r"序号|编号|代码|行次|序|(?:指标|项目)(?:代码|编号|序号)")
_ITEMS = re.compile(r"(?:填表|统计|调查|填报|考核|检查|主要)?(?:项目|指标|内容)(?:名称|内容)?")
_AMOUNTS = re.compile(r"数量|数值|数据|指标值|(?:填报|统计|本期|本月|本年|上年|实际|完成)?数(?:值|据)?|合计|计量")
_MONTH = re.compile(r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?:份)?")
_DAY = re.compile(r"(?:[12][0-9]|3[01]|0?[1-9])[日号]?")
_COUNT = re.compile(
    r"[(（](?:户|人|个|元|次|人次|万元|亩|%|％|所|间|条|处|项|米|公里|公斤|吨|台|辆|张|件|户次|万人|头|只|名|份|栋)[)）]$"
    r"|(?:人数|户数|次数|总数|人口数|家数|个数|资金|经费|数量|比例|占比|比率|金额|合计|小计|总计|人次|户次|增减|同比|环比)$|^(?:合计|总计|小计|累计)"
)
_GRADE = {
    "好",
    "较好",
    "很好",
    "一般",
    "差",
    "较差",
    "优",
    "良",
    "中",
    "满意",
    "较满意",
    "基本满意",
    "不满意",
    "非常满意",
}
_TITLED = re.compile(r"统计表|汇总表|报表|一览表|进度表|日报|周报|月报")


def template(sheet: Sheet) -> bool:
    """True when the first rows hold the marks of a program that fills it: `{{title}}`, `{.name}`, `<jx:forEach`."""
    tagged = sheet.texts.head(50)
    return any(tagged[name].str.contains(_TAG).any() for name in tagged.columns)


def reason(sheet: Sheet, band: Band | None) -> Reason | None:
    """Why a sheet is no list; None for one that may be."""
    if template(sheet):
        return TEMPLATE
    if band is None:
        return None
    title = " ".join(text for line in sheet.texts.head(band.first - 1).rows() for text in line if text)
    return shape(band, title)


def header(sheet: Sheet) -> Band | None:
    """The rows that look like a header to someone who knows none of its words; None when they look like data."""
    if template(sheet):
        return _over_the_tags(sheet)
    band = find(sheet, _word)
    return band if band is not None and telling(sheet, band) else None


def telling(sheet: Sheet, band: Band) -> bool:
    """True when the band holds names of columns, not values: they differ, are no values and do not come again below."""
    if len(set(band.paths.values())) < FEWEST:
        return False
    names = [f"c{column}" for column in band.paths]
    leaves = [path[-1] for path in band.paths.values()]
    below = sheet.texts.slice(band.last, SAMPLE).select(names)
    again = sum(leaf in set(below[name]) for name, leaf in zip(names, leaves, strict=True))
    values = sum(_VALUE.fullmatch(re.sub(r"\s", "", leaf)) is not None for leaf in leaves)
    lowest = sheet.types.slice(band.last - 1, 1).select(pl.all().is_in([NUMBER, DATE]))
    typed = sum(any(column) for column in lowest.iter_columns())
    return again * 4 <= len(leaves) and values * 3 < len(leaves) and typed * 2 < len(leaves)


def _over_the_tags(sheet: Sheet) -> Band | None:
    """The header right above the first row of several tags."""
    marks = [
        [text is not None and re.search(_TAG, text) is not None for text in row] for row in sheet.texts.head(50).rows()
    ]
    first = next((at for at, row in enumerate(marks) if sum(row) > 1), 0)
    while first and any(marks[first - 1]):
        first -= 1
    if not first:
        return None
    above = replace(sheet, texts=sheet.texts.head(first), types=sheet.types.head(first))
    band = find(above, _word, start=max(1, first - HEIGHT))
    return band if band and band.last == first else None


def _word(path: tuple[str, ...]) -> bool:
    text = path[-1]
    return len(text) <= 24 and not re.search(r"[{}<>$]", text) and re.search("[A-Za-z\u4e00-\u9fff]", text) is not None


def shape(band: Band, title: str = "") -> Reason | None:
    """What the header says the sheet is instead of a list."""
    paths = {column: [re.sub(r"\s", "", text) for text in path] for column, path in band.paths.items()}
    leaves = [path[-1] for path in paths.values()]
    if len(leaves) <= 8 and all(any(map(one.fullmatch, leaves)) for one in (_NUMBERS, _ITEMS, _AMOUNTS)):
        return INDICATORS
    if sum(_MONTH.fullmatch(leaf) is not None for leaf in leaves) >= 6:
        return MONTHS
    if sum(_DAY.fullmatch(leaf) is not None for leaf in leaves) >= 15:
        return MONTHS
    whole = ["/".join(path) for path in paths.values()]
    if sum("累计" in path for path in whole) >= 2 and sum(any(w in path for w in _NEW) for path in whole) >= 2:
        return PAIRS
    if sum(leaf in _GRADE for leaf in leaves) >= 3:
        return GRADES
    counted = sum(any(map(_COUNT.search, path)) for path in paths.values())
    telling = [leaf for leaf in leaves if not _NUMBERS.fullmatch(leaf)]
    if counted >= 3 and counted * (3 if _TITLED.search(title) else 2) >= len(telling):
        return COUNTS
    return None


_NEW = ("新增", "本日", "当日", "今日", "本周", "本月", "昨日")
