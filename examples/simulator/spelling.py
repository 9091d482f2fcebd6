"""The many ways clerks write what is true: dates, addresses, sexes, relations. Every spelling here can be read back."""

from __future__ import annotations

from datetime import date, datetime

from .places import Dwelling, numeral

Cell = str | int | float | date | datetime | None

_DAYS = {
    "iso": "{y}-{m:02d}-{d:02d}",
    "iso_loose": "{y}-{m}-{d}",
    "slash": "{y}/{m}/{d}",
    "slash_padded": "{y}/{m:02d}/{d:02d}",
    "dot": "{y}.{m}.{d}",
    "compact": "{y}{m:02d}{d:02d}",
    "chinese": "{y}年{m}月{d}日",
    "chinese_spaced": "{y} 年 {m} 月 {d} 日",
    "float": "{y}{m:02d}{d:02d}",
    "month": "{y}-{m:02d}",
    "month_dot": "{y}.{m:02d}",
    "month_chinese": "{y}年{m}月",
    "short": "{s:02d}.{m}.{d}",
}
_FLATS = {
    "plain": "{b}栋{u}单元{r}室",
    "short": "{b}栋{u}单元{r}",
    "dash": "{b}-{u}-{r}",
    "wide_dash": "{b}－{u}－{r}",
    "slash": "{b}/{u}/{r}",
    "numeral": "{bn}号楼{un}单元{r}室",
    "hash": "{b}#{u}-{r}",
    "hash_word": "{b}#楼{u}单元{r}",
    "zhuang": "{b}幢{u}单元{r}",
    "zuo": "{b}座{u}单元{r}",
    "number_word": "{b}号楼{u}单元{r}室",
    "wide": "{b}栋{u}单元{r}",
    "floor": "{b}栋{u}单元{f}楼{r}",
    "door_word": "{b}栋{u}门{r}",
    "ordinal": "第{bn}幢{u}单元{r}室",
}
DATE_STYLES = (*_DAYS, "cell", "serial")
ADDRESS_STYLES = tuple(_FLATS)

_WIDE = str.maketrans("0123456789ABCDEFX-", "０１２３４５６７８９ＡＢＣＤＥＦＸ－")


def day(value: date, style: str) -> Cell:
    """One day in one style; `cell` is a real date cell, `serial` Excel's bare day number, `month` loses the day."""
    if style == "cell":
        return date(value.year, value.month, value.day)
    if style == "serial":
        return (value - date(1899, 12, 30)).days
    text = _DAYS[style].format(y=value.year, m=value.month, d=value.day, s=value.year % 100)
    return float(text) if style == "float" else text


def moment(value: datetime, style: str) -> Cell:
    """Day with its time of day: `cell` a real date-time cell, else text."""
    match style:
        case "slash":
            return f"{value.year}/{value.month}/{value.day} {value.hour}:{value.minute:02d}:00"
        case "iso":
            return f"{value:%Y-%m-%d %H:%M}"
        case "iso_seconds":
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return value


def door(home: Dwelling, style: str) -> str:
    """Part after the estate's name; a style that a kind of housing does not know falls back to a usual one."""
    match home.housing:
        case "商品房":
            return _flat(home, style)
        case "高层":
            return {
                "plain": f"{home.building}座{home.room}室",
                "dash": f"{home.building}栋-{home.room}",
                "wide": f"{home.building}座{home.room}".translate(_WIDE),
                "zhuang": f"{home.building}幢{home.room}室",
            }.get(style, f"{home.building}座{home.room}")
        case "城中村":
            lane, house = numeral(int(home.lane)), numeral(int(home.building))
            return {
                "plain": f"{home.lane}巷{home.building}号{home.room}室",
                "numeral": f"{lane}巷{house}号{home.room}室",
                "wide": f"{home.lane}巷{home.building}号{home.room}".translate(_WIDE),
                "short": f"{home.lane}巷{home.building}号{home.room}",
            }.get(style, f"{lane}巷{home.building}号{home.room}")
        case "自建房":
            return f"{numeral(int(home.group)) if style != 'plain' else home.group}组{home.building}号"
        case _:
            return {
                "plain": f"{home.building}幢",
                "ordinal": f"第{home.building}幢",
                "numeral": f"{numeral(int(home.building))}栋",
            }.get(style, f"{home.building}栋")


def _flat(home: Dwelling, style: str) -> str:
    text = _FLATS[style].format(
        b=home.building,
        u=home.unit,
        r=home.room,
        f=home.room[0],
        bn=numeral(int(home.building)),
        un=numeral(int(home.unit)),
    )
    return text.translate(_WIDE) if style == "wide" else text


def sex(code: str, style: str) -> Cell:
    """GB/T 2261.1 code → `word` 男, `coded` 1-男, `long` 男性, `digit` the bare code (its header must explain it)."""
    word = "男" if code == "1" else "女"
    if style == "digit":
        return int(code)
    return {"coded": f"{code}-{word}", "long": word + "性"}.get(style, word)


_KIN = {
    "配偶": ("妻", "夫"),
    "子": ("儿子", "长子", "子女"),
    "女": ("女儿", "长女", "子女"),
    "父": ("父亲", "父母"),
    "母": ("母亲", "父母"),
    "户主": ("本人",),
}


def kin(relation: str, gender: str, choice: int) -> str:
    """Another word for a relation to the head; `choice` picks among those that fit."""
    if relation == "配偶":
        return _KIN[relation][0 if gender == "2" else 1]
    words = _KIN.get(relation, (relation,))
    return words[choice % len(words)]
