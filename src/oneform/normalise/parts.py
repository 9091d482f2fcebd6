"""normalise, cells that hold several facts: `张三 13800000000`, `3-2-501`, `2021.1.3-2021.1.17` → a text per fact.

Only what can be told apart is taken apart. Each reader gets one text and the kinds of its parts in the header's order
and gives their texts (null: not in the cell), or None when the text cannot be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

from oneform.kinds import address
from oneform.schema import Field

UNREAD = "unread"  # the Boolean column beside the parts: something is written and cannot be told apart

Parts = list[str | None] | None

_SIGN = r"[\s/、,;|:\\]"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3010: 0x28, 0x3011: 0x29}
_LABELS = re.compile(
    r"(?:姓名|(?:本人)?(?:联系|移动)?(?:电话|方式|手机)(?:号码?)?|手机号码?|身份证号码?)(?=[: 0-9+]|$):?"
)
_MOBILE = re.compile(r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9Xx*])")
_DOCUMENT = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,3}[0-9*×]{4}[0-9A-Za-z*×]*(?:\([0-9A-Z]\))?")
_DIALLED = re.compile(r"(?<![0-9A-Za-z])(?:\+|\((?=0))?[0-9][0-9()\- ]{3,}[0-9](?:(?:转|-)[0-9]{1,6})?")
_YEARS = re.compile(r"(?<![0-9])[0-9]{1,3}\s*(?:周?岁)?(?![0-9])")
_DAY = (
    r"(?:[0-9]{4}\s*[-./年]\s*[0-9]{1,2}\s*(?:[-./月]\s*[0-9]{1,2}\s*[日号]?|月)?|[0-9]{8})"
    r"(?:\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_RANGE = re.compile(
    rf"(?:从|自)?\s*({_DAY})\s*(?:[-—–~～至到起]+\s*(?:({_DAY})|([0-9]{{1,2}})\s*[.月/-]\s*([0-9]{{1,2}})\s*[日号]?|(.{{0,4}}))止?)?"
)
_ENDLESS = {"", "今", "现在", "目前"}  # not over yet
_REGION = re.compile(
    r"(?P<first>[^省]{2,3}省|[^区]{2,5}自治区|(?:北京|上海|天津|重庆)市?|(?:香港|澳门)(?:特别行政区)?)?"
    r"(?P<second>.{2,8}?(?:市|自治州|地区|盟))?(?P<third>.{1,8}?(?:区|县|市|旗))?"
)
_SAMPLES = {
    "place": "3栋2单元501室",
    "range": "2026-11-03 至 2026-11-17",
    "region": "福建省莆田市城厢区",
    "name": "张三",
    "phone": "13800000000",
    "resident_id": "证件号码",
    "integer": "35岁",
    "code": "男",
    "id_type": "身份证",
}


def split(how: str, texts: pl.Series, fields: Sequence[Field]) -> pl.DataFrame:
    """A String column per field, `0`, `1` …, and UNREAD; each distinct text is read once. Null in, nulls out."""
    names = [str(number) for number in range(len(fields))]
    if how == "whole":
        return pl.DataFrame(dict.fromkeys(names, texts)).with_columns(pl.lit(value=False).alias(UNREAD))
    distinct = texts.unique().drop_nulls()
    distinct = distinct.filter(distinct.str.strip_chars() != "")
    read = _places(distinct, fields) if how == "place" else [_READERS[how](_plain(one), fields) for one in distinct]
    known = pl.DataFrame(
        [(text, *(found or [None] * len(fields)), found is None) for text, found in zip(distinct, read, strict=True)],
        schema={"text": pl.String, **dict.fromkeys(names, pl.String), UNREAD: pl.Boolean},
        orient="row",
    )
    asked = pl.DataFrame({"text": texts})
    joined = asked.join(known, on="text", how="left", maintain_order="left", validate="m:1")
    return joined.select(*names, pl.col(UNREAD).fill_null(value=False))


def sample(how: str, fields: Sequence[Field]) -> str:
    """How such a cell is written so that it can be read."""
    if how in _SAMPLES:
        return _SAMPLES[how]
    return " ".join(_SAMPLES["id_type" if one.name == "id_type" else one.kind] for one in fields)


def _plain(text: str) -> str:
    """Full-width signs and digits in their plain form; Chinese characters as written."""
    return text.translate(_WIDE).strip()


# -- people and their numbers ----------------------------------------------------------------------------------------


def _by_kind(text: str, fields: Sequence[Field]) -> Parts:
    """Numbers are told by their shape and taken out; what is left is the one part made of words."""
    found: list[str | None] = [None] * len(fields)
    rest = _LABELS.sub(" ", text)
    for kind, at in _numbers(fields):
        hits = [hit.strip() for hit in _shape(kind, fields).findall(rest)]
        if not hits and kind == "phone":  # no mobile: whatever can be dialled, or is meant to be
            hits = [hit.strip() for hit in _DIALLED.findall(rest)]
        if kind != "phone":
            hits = hits[:1]
        for hit in hits:
            rest = rest.replace(hit, " ", 1)
        found[at] = ";".join(hits) or None
    worded = [at for at, field in enumerate(fields) if field.kind in {"name", "code"}]
    rest = re.sub(r"\(\s*\)", " ", rest).strip(" -—~")
    words = [word for word in re.split(rf"{_SIGN}+", rest) if word]
    if len(worded) == 1:
        joined = re.sub(r"\s+", " ", re.sub(rf"^(?:{_SIGN})+|(?:{_SIGN})+$", "", rest)).strip(" -—~")
        found[worded[0]] = _unbracketed(joined) or None
    elif len(words) == 1 and (inside := re.fullmatch(r"([^()]+)\(([^()]+)\)", words[0])):
        words = [inside[1], inside[2]]
    if len(worded) > 1:
        if len(words) != len(worded):
            return None
        for at, word in zip(worded, words, strict=True):
            found[at] = word
    elif not worded and words:
        return None
    return found if any(found) else None


def _numbers(fields: Sequence[Field]) -> list[tuple[str, int]]:
    """The parts that are numbers, the one with the strictest shape first: an ID is no phone, an age neither."""
    at = {field.kind: number for number, field in enumerate(fields)}
    return [(kind, at[kind]) for kind in ("phone", "resident_id", "integer") if kind in at]


def _shape(kind: str, fields: Sequence[Field]) -> re.Pattern[str]:
    if kind == "phone":
        beside = any(field.kind == "resident_id" for field in fields)
        return _MOBILE if beside else re.compile(rf"{_MOBILE.pattern}|{_DIALLED.pattern}")
    return _DOCUMENT if kind == "resident_id" else _YEARS


def _unbracketed(word: str) -> str:
    return word[1:-1] if re.fullmatch(r"\([^()]*\)", word) else word


# -- times and places ------------------------------------------------------------------------------------------------


def _range(text: str, fields: Sequence[Field]) -> Parts:
    """Start and end; an end without its year is the next such day, one that is open or missing stays empty."""
    del fields  # always two dates
    found = _RANGE.fullmatch(text.strip())
    if not found:
        return None
    start, end, month, day, word = found.groups()
    if month:
        year, first = int(start[:4]), re.search(r"[0-9]{1,2}", start[4:])
        later = first is not None and int(month) < int(first[0])
        end = f"{year + later}-{int(month):02}-{int(day):02}"
    elif word and word.strip() not in _ENDLESS:
        return [start, word] if word.strip() in {"长期", "永久"} else None
    return [start, end]


def _region(text: str, fields: Sequence[Field]) -> Parts:
    """Province, city, district by the words they end in, or by signs between them."""
    pieces = re.split(rf"{_SIGN}+|-", text)
    if len(pieces) == len(fields):
        return [piece or None for piece in pieces]
    found = _REGION.fullmatch(re.sub(rf"{_SIGN}|-", "", text))
    parts = list(found.groups()) if found else []
    return parts if len(fields) == 3 and sum(part is not None for part in parts) > 1 else None


def _places(texts: pl.Series, fields: Sequence[Field]) -> list[Parts]:
    """Building, unit and room by the grammar of addresses, or by signs between as many parts."""
    frame = texts.to_frame("text").select("text", address.parts(pl.col("text")).alias("parts")).unnest("parts")
    wanted = [field.name for field in fields]
    read: list[Parts] = []
    for text, *parts in frame.select("text", *wanted).rows():
        if parts[wanted.index("building")] and parts[wanted.index("room")]:
            parts[wanted.index("room")] = text  # a room that names its building is taken apart later, 弄 and 组 with it
            read.append(parts)
            continue
        pieces = [piece.strip() for piece in re.split(r"[-/、,;|—–]|\s+", _plain(text))]
        named = len(pieces) == len(fields) and all(re.fullmatch(r".{0,6}", piece) for piece in pieces)
        numbered = sum(bool(re.search("[0-9A-Za-z一二三四五六七八九十]", piece)) for piece in pieces) > 1
        read.append([piece or None for piece in pieces] if named and numbered else None)
    return read


_READERS: dict[str, Callable[[str, Sequence[Field]], Parts]] = {"kinds": _by_kind, "range": _range, "region": _region}
