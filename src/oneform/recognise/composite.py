"""Recognise, headers of cells that hold several facts: `楼栋/单元/室`, `姓名及电话` → one COLUMN, several fields.

Such a header is opened into one header per fact, which are bound like any others, beside them; the column is closed
again only when each of them bound surely and the facts can be told apart in a cell. Otherwise it stays one header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from oneform.frames import Column
from oneform.recognise import bind as binding
from oneform.recognise import forms
from oneform.recognise.dictionary import Dictionary, Header, header
from oneform.recognise.remembered import Remembered
from oneform.recognise.seen import text
from oneform.schema import Field, Schema

# kinds whose values can be told apart in one cell, each set in the order of its names
_TOLD_APART = {
    ("name", "phone"),
    ("name", "resident_id"),
    ("name", "phone", "resident_id"),
    ("phone", "resident_id"),
    ("code", "resident_id"),
    ("code", "integer"),
    ("code", "name"),
    ("code", "integer", "name"),
    ("integer", "name"),
}
# how the parts of a dwelling are called inside such a header, where the short word alone may mean something else
_PLACE = re.compile(
    r"(?:现住|居住|所住)?(?P<building>楼栋|楼幢|楼号|栋号|幢号|楼|栋|幢|座|号楼)号?{s}"
    r"(?:(?P<unit>单元|门洞|梯)号?{s})?(?P<room>房室|门牌|房间|房屋|室|房|户)号?".replace("{s}", r"[-/、,.及和与|—–]?")
)
_PLACE_LABELS = {"building": "楼栋", "unit": "单元", "room": "室号"}
# `…起止时间` → the words before it or above it, and the headers of its start and its end
_RANGE = re.compile(r"(?P<about>.*?)起(?:止|讫)(?:时间|日期|年月)?")
_RANGES = (
    (r"隔离", "开始隔离时间", "结束隔离时间"),
    (r"租", "租期起", "租期止"),
    (r"居住", "居住起始日期", "居住结束日期"),
    (r"状态|健康码", "状态起始时间", "状态结束时间"),
    (r"包干", "包干起始日期", "包干截止日期"),
)
# `…省市区` → what stands before it, and the three headers
_REGION = re.compile(r"(?P<about>.*?)\(?省[-/、]?市[-/、]?(?:区县|县区|区|县|县\(区\)|区\(县\)|县市区)\)?")
_REGIONS = {
    r"(?:所属|所在)?": ("省份", "地市", "区县"),
    r"(?:来源|返回|出发|返乡来源|何)地?|来自": ("来源省份", "来源地市", "来源县市区"),
}
_JOINT = re.compile(r"以及|及其|[/、,;|+&及和与—–-]")
_BESIDE = re.compile(r"([^()]+)\(([^()]+)\)")
# what a first part leaves behind when its own noun is gone: 房东姓名及电话 → 房东 + 电话
_NOUN = re.compile(r"(?:姓名|名字|名称|类型|种类|类别)$")
_VIRTUAL = 1_000_000  # sheet columns are below 16,385: no number of a part can be one

_LONGEST = 40  # characters of a header

Bound = tuple[str, tuple[Column, ...], pl.DataFrame]
Opened = Mapping[int, tuple[Header, ...]]


def bind(
    sheet: str,
    title: str,
    headers: dict[int, Header],
    shares: dict[int, dict[str, float]],
    known: Dictionary,
    form: forms.Form | None = None,
    told: Remembered | None = None,
) -> Bound:
    """As `recognise.bind.bind`; a column of several facts has its fields in `parts` and how to tell them in `split`."""
    about = title + sheet
    opened = {
        index: parts
        for index, one in headers.items()
        if not _settled(one, form, told) and (parts := _opened(one, about, known))
    }
    stand = {one.key for index, one in headers.items() if index not in opened}
    opened = {index: parts for index, parts in opened.items() if not stand.intersection(part.key for part in parts)}
    while True:
        entity, columns, found = binding.bind(sheet, title, _spread(headers, opened), shares, known, form, told)
        closed, failed = _closed(headers, opened, columns, known.schema)
        if not failed:
            real = pl.col("column").is_null() | (pl.col("column") < _VIRTUAL)
            return entity, closed, found.filter(real)
        opened = {index: parts for index, parts in opened.items() if index not in failed}


def _settled(one: Header, form: forms.Form | None, told: Remembered | None) -> bool:
    """True when a form or a person says what this column is, be it nothing."""
    said = told is not None and any(key == forms.path_key("/".join(one.path)) for _, key in told.memory.columns)
    return said or (form is not None and form.has(one.path))


def knows(path: tuple[str, ...], known: Dictionary) -> bool:
    """True when a header path names several facts: used to find the header, never to bind."""
    return len(path[-1]) <= _LONGEST and bool(_opened(header(path), "", known))


def _spread(headers: dict[int, Header], opened: Opened) -> dict[int, Header]:
    """The headers with a header per fact in the place of those opened."""
    spread: dict[int, Header] = {}
    for index, one in headers.items():
        if index in opened:
            spread |= {_VIRTUAL * (number + 1) + index: part for number, part in enumerate(opened[index])}
        else:
            spread[index] = one
    return spread


def _closed(
    headers: dict[int, Header], opened: Opened, columns: tuple[Column, ...], schema: Schema
) -> tuple[tuple[Column, ...], set[int]]:
    """One column per sheet column again, and the opened ones whose parts did not all bind or cannot be told apart."""
    bound = {column.index: column for column in columns}
    closed, failed = [], set()
    for index, one in headers.items():
        if index not in opened:
            closed.append(bound[index])
            continue
        parts = [bound[_VIRTUAL * (number + 1) + index] for number in range(len(opened[index]))]
        places = tuple((part.entity, part.field) for part in parts if part.entity and part.field)
        how = _split([schema.entities[entity].fields[name] for entity, name in places])
        if len(places) < len(parts) or how is None:
            failed.add(index)
            continue
        # a list of choices under the column would refuse what belongs in it
        main = next(part for part in parts if part.field and _kind(part, schema) not in {"code", "boolean"})
        sure = min(part.confidence for part in parts)
        path = text(one.path)
        closed.append(replace(main, index=index, header=path, confidence=sure, parts=places, split=how))
    return tuple(closed), failed


def _kind(column: Column, schema: Schema) -> str:
    return schema.entities[column.entity or ""].fields[column.field or ""].kind


def _split(fields: list[Field]) -> str | None:
    """How a cell with these facts is taken apart; None when it cannot be."""
    names = [field.name for field in fields]
    kinds = tuple(sorted(field.kind for field in fields))
    if len(set(names)) < len(names) or len(fields) < 2:
        return None
    if {field.entity for field in fields} == {"dwelling"} and {"building", "room"} <= set(names):
        return "place"
    if kinds == ("date", "date"):
        return "range"
    if kinds == ("text", "text", "text"):
        return "region"
    return "kinds" if kinds in _TOLD_APART else None


# -- what a header is made of --------------------------------------------------------------------------------------


def _opened(one: Header, about: str, known: Dictionary) -> tuple[Header, ...]:
    """A header per fact; () for a header that means one thing, or nothing that can be told."""
    key = one.full_key
    if not key or one.legend or known.meanings(key):
        return ()
    texts = _placed(key) or _ranged(key, "".join(one.groups) or about) or _regional(key)
    if not texts and not known.knows(one.path):
        texts = _joined(key, known)
    return tuple(header((*one.path[:-1], text)) for text in texts)


def _placed(key: str) -> tuple[str, ...]:
    found = _PLACE.fullmatch(key)
    parts = found.groupdict() if found else {}
    return tuple(_PLACE_LABELS[name] for name, word in parts.items() if word) if parts.get("room") else ()


def _ranged(key: str, about: str) -> tuple[str, ...]:
    found = _RANGE.fullmatch(key)
    if not found:
        return ()
    fitting = [pair for pattern, *pair in _RANGES if re.search(pattern, found["about"] or about)]
    return tuple(fitting[0]) if len(fitting) == 1 else ()


def _regional(key: str) -> tuple[str, ...]:
    found = _REGION.fullmatch(key)
    if not found:
        return ()
    return next((texts for pattern, texts in _REGIONS.items() if re.fullmatch(pattern, found["about"])), ())


def _joined(key: str, known: Dictionary) -> tuple[str, ...]:
    """姓名/联系方式, 姓名(身份证号): every part is a name of a field; 户主及电话 speaks of the same party twice."""
    beside = _BESIDE.fullmatch(key)
    parts = list(beside.groups()) if beside else _JOINT.split(key)
    if not 2 <= len(parts) <= 4 or not all(parts):
        return ()
    owner = _NOUN.sub("", parts[0])
    texts = [_named(parts[0], "", known), *(_named(part, owner, known) for part in parts[1:])]
    return tuple(text for text in texts if text) if all(texts) else ()


def _named(part: str, owner: str, known: Dictionary) -> str | None:
    """The part as a header that binds by itself, with its owner where that is meant; None for an unknown word."""
    for word in dict.fromkeys((owner + part, part)):
        meanings = [one for one in known.meanings(word) if not one.denied]
        if any(one.alone for one in meanings):
            return word
        homes = [one for home in ("person", "household", "dwelling") for one in meanings if one.entity == home]
        if homes:
            return known.schema.entities[homes[0].entity].fields[homes[0].field].zh
    return None
