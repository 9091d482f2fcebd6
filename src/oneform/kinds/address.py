"""Kind address: text of an address cell → the same text, cleaned; `parts` reads 小区, 栋, 单元 and 室 out of it.

States: ok (also with a 提醒 or OF311), none (无: there is no such element), held (emoji, NUL, oversize), blank.
"""

from __future__ import annotations

import re

import polars as pl

from oneform.kinds import _clean
from oneform.kinds._clean import Case

DTYPE = pl.String
SPECS = {"text": True}
PARTS = ("estate", "building", "unit", "room", "lane", "group", "suffix")

# The grammar of the last part of an address, after NFKC and without blanks. All of it is legal both for Python and for
# the engine of polars: the engine finds where the part begins in every address, Python reads each distinct part once.
_CHINESE = "〇零一二三四五六七八九十廿百两"
_NUMBER = rf"第?(?:[0-9]{{1,4}}[A-Z]?|[A-Z][0-9]{{0,2}}|[{_CHINESE}]{{1,5}}|[甲乙丙丁戊己庚辛])"
_DASH = r"[-/.、]"
_END = r"(?:-(?P<suffix_number>[0-9]{1,2})|(?P<suffix_letter>[A-Z])|\((?P<suffix_words>[^()]{1,8})\))?"
_ROOM_WORD = r"(?:号房|房间|室|房|号|户)?"
_WORDED = (  # 12弄3号501室 · 二组15号 · 3栋2单元5楼501 · A座1203 · 3#2-501 · 501(南)
    rf"(?:(?P<lane>{_NUMBER})(?:弄|巷))?"
    rf"(?:(?P<group>{_NUMBER})(?:村民小组|居民小组|小组|组))?"
    rf"(?:(?P<building>[0-9]{{1,2}}-[0-9]{{1,2}}|{_NUMBER})(?P<word>号楼|#楼|栋|幢|座|楼|#|号)-?)?"
    rf"(?:(?P<unit>{_NUMBER})(?:单元|门)-?|(?P<bare_unit>[0-9]{{1,2}}|[A-Z])-)?"
    rf"(?:(?P<floor>{_NUMBER})(?:层|楼))?"
    rf"(?:(?P<room>[A-Z]?[0-9]{{1,5}}|[{_CHINESE}]{{1,5}}){_ROOM_WORD}{_END}{_ROOM_WORD})?"
)
_SHORT = r"[0-9]{1,3}[A-Z]?|[A-Z][0-9]{0,2}"
_ROOM = r"[0-9]{2,5}"
_TRIPLE = rf"(?P<building>{_SHORT}){_DASH}(?P<unit>[0-9]{{1,2}}|[A-Z]){_DASH}(?P<room>{_ROOM})室?{_END}室?"
_DOUBLE = rf"(?P<building>{_SHORT})[-/](?P<room>[0-9]{{3,5}})室?{_END}室?"
_ALONE = rf"(?P<room>[A-Z]?[0-9]{{3,4}}){_ROOM_WORD[:-1]}?{_END}室?"


def _unnamed(pattern: str) -> str:
    return re.sub(r"\?P<\w+>", "?:", pattern)


_TAIL = _unnamed(rf"(?:{_TRIPLE}|{_DOUBLE}|{_ALONE}|{_WORDED})$")
_READERS = tuple(re.compile(pattern) for pattern in (_TRIPLE, _DOUBLE, _WORDED))
_RANGE = r"[0-9]+-[0-9]+(?:号楼|栋|幢|座)$"  # a scope (包干, 网格), not an address
_BY_FLOOR = r"[0-9一二三四五六七八九十](?:层|楼)[0-9]{1,2}(?:号|室|房)?$"  # 5层1号: 501 is a suggestion only

_ANSWER = _clean.answer(DTYPE)
_PARTS = pl.Struct(dict.fromkeys(PARTS, pl.String))


def parse(raw: pl.Expr, cell: pl.Expr, *, context: bool = False) -> pl.Expr:
    """Struct of the cleaned text. A range of buildings, `5层1号`, or a room alone is OF311 and keeps its text as value.

    `context`: estate and building come from other columns or the sheet's title, so that a room alone is whole.
    """
    return _clean.reading(lambda cells: _read(cells, context=context), _ANSWER, raw, cell)


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """The text itself."""
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """NFKC, no blanks, one kind of dash, upper case."""
    return _plain(value)


def parts(value: pl.Expr) -> pl.Expr:
    """Struct of estate, building, unit, room, lane, group, suffix; all String, null where the address names none.

    Numbers are Arabic without leading zeros, letters upper case. The estate is the name left of the building, without
    province, city, district, street office, community and street number where they can be told.
    """
    return value.cast(pl.String).map_batches(_parts, return_dtype=_PARTS)


def _read(cells: pl.DataFrame, *, context: bool) -> pl.DataFrame:
    raw, value, plain = pl.col("raw"), pl.col("value"), pl.col("plain")
    cleaned = _clean.prose(raw).str.replace_all(r"\s+", " ")
    texts = cells.with_columns(fault=_clean.unstorable(raw), value=cleaned)
    texts = texts.with_columns(plain=_plain(value))
    unclear = plain.str.contains(_RANGE) | plain.str.contains(_BY_FLOOR)
    if not context:
        unclear |= plain.str.contains(rf"^(?:{_unnamed(_ALONE)})$")
    held = pl.col("fault").is_not_null()
    decided = _clean.decide(
        texts,
        [
            Case(value.is_null() & ~held, _clean.BLANK),
            Case(held, _clean.HELD, "OF309", _clean.unstorable_facts()),
            Case(value == "", _clean.BLANK),
            Case(plain.is_in(list(_clean.NONE_WORDS)), _clean.NONE),
            Case(unclear, _clean.OK, "OF311", {"found": value.str.head(40)}),
            Case(_clean.private_use(value), _clean.OK, "OF308"),
            Case(pl.lit(value=True), _clean.OK),
        ],
    )
    gone = pl.col("state").is_in([_clean.HELD, _clean.BLANK])
    note = pl.when(~gone & (raw != value)).then(pl.lit("去掉空格或看不见的字符"))
    return decided.with_columns(value=pl.when(~gone).then(value), note=note)


def _plain(value: pl.Expr) -> pl.Expr:
    """NFKC, hidden characters and blanks gone, one kind of dash, upper case."""
    text = value.str.normalize("NFKC").str.replace_all(_clean.HIDDEN, "").str.replace_all(r"\s", "")
    return text.str.replace_all(r"[\p{Pd}−]+", "-").str.replace_all("○", "〇").str.to_uppercase()


# -- parts ------------------------------------------------------------------------------------------------------------


def _parts(values: pl.Series) -> pl.Series:
    """Finds where the dwelling begins in each distinct address, then reads each distinct dwelling and name once."""
    distinct = pl.DataFrame({"value": values.unique()}).drop_nulls()
    text = pl.col("text")
    cut = distinct.with_columns(text=_plain(pl.col("value")))
    scope = text.str.contains(_RANGE)
    cut = cut.with_columns(at=pl.when(~scope).then(text.str.replace(_TAIL, "").str.len_chars()).otherwise(0))
    # SOHO3栋: the building is 3, the letter belongs to the name before it.
    glued = text.str.slice(pl.col("at") - 1, 3).str.contains(r"^[A-Z]{2}[0-9]") & (pl.col("at") > 0)
    cut = cut.with_columns(at=pl.col("at") + glued.cast(pl.UInt32))
    dwelling = pl.when(scope).then(pl.lit("")).otherwise(text.str.slice(pl.col("at")))
    cut = cut.with_columns(head=text.str.head(pl.col("at")), tail=dwelling)
    tails, heads = cut["tail"].unique().to_list(), cut.select("head", named=pl.col("tail") != "").unique()
    dwellings = pl.DataFrame(
        [(tail, *_dwelling(tail)) for tail in tails],
        schema=dict.fromkeys(["tail", *PARTS[1:]], pl.String),
        orient="row",
    )
    names = [_estate(head, named=named) for head, named in heads.iter_rows()]  # distinct names only
    estates = heads.with_columns(estate=pl.Series(names, dtype=pl.String))
    read = (
        cut.with_columns(named=pl.col("tail") != "")
        .join(dwellings, on="tail", how="left", validate="m:1")
        .join(estates, on=["head", "named"], how="left", validate="m:1")
        .select("value", *PARTS)
    )
    rows = pl.DataFrame({"value": values}).join(read, on="value", how="left", maintain_order="left", validate="m:1")
    return rows.select(PARTS).to_struct("parts")


def _dwelling(tail: str) -> tuple[str | None, ...]:
    """building, unit, room, lane, group, suffix of one dwelling text."""
    for reader in _READERS:
        found = reader.fullmatch(tail)
        if found:
            break
    else:
        return (None,) * 6
    part = {name: _arabic(text) for name, text in found.groupdict().items() if text}
    building, room, floor = part.get("building"), part.get("room"), part.get("floor")
    unit = part.get("unit") or part.get("bare_unit")
    if found.groupdict().get("word") == "楼" and room and not unit and not floor and _repeats(building, room):
        building = None  # 5楼501: a floor, not a building
    if floor and room and floor.isdigit() and room.isdigit() and len(room) <= 2:
        room = f"{floor}{int(room):02}"
    suffix = found["suffix_number"] or found["suffix_letter"] or found["suffix_words"]
    return building, unit, room, part.get("lane"), part.get("group"), suffix


def _repeats(floor: str | None, room: str) -> bool:
    return floor is not None and len(room) == len(floor) + 2 and room.startswith(floor)


def _arabic(text: str) -> str:
    """Chinese numerals as digits, ordinal and leading zeros gone; anything else as it is."""
    number = text.removeprefix("第")
    if all(sign in _CHINESE for sign in number):
        number = _chinese(number)
    return number.lstrip("0") or number


def _chinese(number: str) -> str:
    """五〇一 digit by digit; 十二, 廿三, 一百零五 by value."""
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    if not re.search("[十廿百]", number):
        return "".join(str(digits[sign]) for sign in number)
    total, last = 0, 0
    for sign in number:
        if sign == "百":
            total, last = total + (last or 1) * 100, 0
        elif sign in "十廿":
            total, last = total + (20 if sign == "廿" else (last or 1) * 10), 0
        else:
            last = digits[sign]
    return str(total + last)


# What may stand before the name, each at most once (cities twice: 浙江省杭州市建德市); never all of the text.
_BEFORE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:中华人民共和国|中国)",
        r"(?:[^省市区县]{2,3}省|[^省市区县]{2,6}自治区|(?:香港|澳门)特别行政区)",
        r"(?:[^省市区县路号]{1,7}(?<![城都超门夜])市(?![场民政])|[^省市区县]{2,10}自治州|[^省市区县]{2,4}(?:地区|盟))",
        r"[^省市区县路号]{1,7}(?<![城都超门夜])市(?![场民政])",
        r"(?:[^市区县路号]{1,8}(?<![小社园院住活属厂校])区|[^市区县路号]{1,4}县(?![城委政医])|[^市区县路号]{1,8}旗)",
        r"(?:[^区县路号]{1,8}?街道(?:办事处|办)?|[^区县路号]{1,5}?(?<![小水古梦故江])[镇乡](?!村)|[^区县路号]{1,6}苏木)",
        r"[^号]{1,10}?(?:社区居民委员会|社区居委会|社区|居民委员会|居委会|村民委员会|村委会)",
        r".{1,10}?(?:路|街|大道|道|巷|弄|胡同|条)[0-9]{1,5}(?:弄|号)(?:大?院)?",
    )
)
# What is left must be a name of its own: 二期, A区, 小区 belong to what stands before them.
_NO_NAME = re.compile(
    r"[0-9A-Z一二三四五六七八九十东西南北中]*(?:期|区|小区|社区|苑|园|花园|院|大院|组团|地块|宿舍|公寓|新村|内)?"
)
_ESTATE_END = re.compile(r"(?:小区|苑|园|村|城|庭|府|湾|居|里|坊|寓|大厦|院|广场|中心|楼|庄|湖|轩|阁|郡|邸|邨)$")
_NOT_AN_ESTATE = re.compile(r"(?:街道|街道办事处|[^城]市|县|省)$")


def _estate(head: str, *, named: bool) -> str | None:
    """The name at the end of `head`; where no dwelling follows it (not `named`) only what ends like one."""
    name = head.strip(",.、-/#:;")
    for before in _BEFORE:
        found = before.match(name)
        if found and not _NO_NAME.fullmatch(name[found.end() :]):
            name = name[found.end() :].lstrip(",.、-/#:;")
    if not name or _NOT_AN_ESTATE.search(name) or not (named or _ESTATE_END.search(name)):
        return None
    return name
