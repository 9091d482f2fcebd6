"""Recognise, what values prove: samples of columns → may they belong to a field, do they prove one by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl

from oneform.kinds import resident_id
from oneform.schema import Field

SAMPLE = 1000  # filled cells looked at per column
PROOF = 0.6  # share of filled cells that must show a shape to prove a field
FEWEST = 3  # filled cells below which nothing is proved or vetoed
LISTED = 0.9  # share of filled cells that must be words of a code list

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎雷龙黎史陶贺毛段郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪季葛"
)
_HAN_NAME = (
    f"^(?:[{_SURNAMES}][\u3400-\u9fff]{{1,3}}|(?:欧阳|上官|司马|诸葛|皇甫|令狐|司徒|慕容)[\u3400-\u9fff]{{1,2}})$"
)

# shapes that tell one kind of value from another, on text without blanks
_SHAPES: dict[str, str] = {
    "id": r"^[1-9][0-9]{16}[0-9Xx*]$|^[1-9][0-9]{14}$|^[0-9]{3,6}\*{6,}[0-9Xx]{0,4}$",
    "phone": r"^(?:\+?86-?)?1[3-9][0-9]-?[0-9]{4}-?[0-9]{4}$|^0[0-9]{2,3}-?[0-9]{7,8}$",
    "date": (
        r"^(?:19|20)[0-9]{2}(?:[-/.年][0-9]{1,2}(?:[-/.月][0-9]{1,2}日?)?月?|[01][0-9](?:[0-3][0-9])?)"
        r"(?:[0-9T]*[0-9]{1,2}:[0-9:.]+)?$"
    ),
    "sex": r"^(?:男|女|男性|女性|[12][-.、]?[男女])$",
    "yes": r"^(?:是|否|有|无|√|×|✓|[YNyn])$",
    "name": _HAN_NAME,
    # a decimal in most cells: whole numbers of this size are ages as well
    "temperature": r"^(?:3[4-9]|4[0-2])\.[0-9]{1,2}(?:℃|°[Cc]|度)?$",
    "digits": r"^[0-9.,*Xx:/年月日-]*[0-9][0-9.,*Xx:/年月日-]*$",
    "digit": r"[0-9]",
}
# kind of a field → shapes its values cannot have
_IMPOSSIBLE: dict[str, tuple[str, ...]] = {
    "resident_id": ("phone", "date", "sex", "yes", "name"),
    "name": ("digits", "sex", "yes"),
    "phone": ("id", "date", "sex", "yes", "name"),
    "date": ("id", "phone", "sex", "name"),
    "address": ("id", "phone", "date", "sex"),
    "code": ("id", "phone"),
    "boolean": ("id", "phone", "date", "sex", "name"),
    "integer": ("id", "phone", "date", "sex", "name"),
    "decimal": ("id", "phone", "sex", "name"),
    "uscc": ("phone", "date", "sex", "yes", "name"),
}
_CODES = "codes:"  # + code list: the share of cells that are its words
# field → the shape that proves it
_PROVES = {
    "id_number": "valid", "phone": "phone", "gender": "sex", "name": "name", "ethnicity": f"{_CODES}gb3304_ethnic",
    "temperature": "temperature",
}  # fmt: skip
_CLEAR = {"name", "sex"}  # shapes that much else has too


def shapes(
    body: pl.DataFrame, names: list[str], listed: Mapping[str, frozenset[str]] | None = None
) -> dict[str, dict[str, float]]:
    """Per column the share of its first filled cells of each shape, `valid` = right check digit; `n` = cells seen.

    `listed`: word → the code lists it is of; a list that nearly all cells are words of is there as `codes:<list>`.
    """
    found = {}
    for name in names:
        filled = body[name].drop_nulls().head(2 * SAMPLE).str.replace_all(r"[\s'’]", "")
        sample = filled.filter(filled != "").head(SAMPLE).to_frame("v")
        found[name] = {"n": float(sample.height), **_lists(sample["v"], listed or {})}
        if sample.height < FEWEST:
            continue
        share = sample.select(
            *(pl.col("v").str.contains(pattern).mean().alias(shape) for shape, pattern in _SHAPES.items()),
            resident_id.checksum_ok(pl.col("v").str.to_uppercase()).fill_null(value=False).mean().alias("valid"),
        ).row(0, named=True)
        found[name] |= {shape: float(value or 0) for shape, value in share.items()}
    return found


def _lists(sample: pl.Series, listed: Mapping[str, frozenset[str]]) -> dict[str, float]:
    """The code lists that the cells are words of: at least three cells or two different ones, nearly all."""
    counts = sample.value_counts()
    if sample.len() < FEWEST and counts.height < 2:
        return {}
    cells: Counter[str] = Counter()
    for text, count in counts.rows():
        cells.update(dict.fromkeys(listed.get(text, ()), count))
    return {f"{_CODES}{name}": n / sample.len() for name, n in cells.items() if n >= LISTED * sample.len()}


def code_lists(share: dict[str, float]) -> list[str]:
    """The code lists that the cells of a column are words of."""
    return [shape.removeprefix(_CODES) for shape in share if shape.startswith(_CODES)]


def impossible(share: dict[str, float], field: Field) -> bool:
    """True when more than half of the filled cells cannot be a value of the field."""
    if share.get("n", 0) < FEWEST:
        return False
    bad = sum(share[shape] for shape in _IMPOSSIBLE.get(field.kind, ()))
    wordless = field.kind in {"phone", "resident_id", "integer", "decimal"} and share["digit"] < 0.2
    return bad > 0.5 or wordless


def proves(share: dict[str, float], field: Field) -> bool:
    """True when a clear majority of the cells shows what only this field holds."""
    shape = _PROVES.get(field.name)
    if shape is None or share.get("n", 0) < FEWEST:
        return False
    return share.get(shape, 0) >= (0.8 if shape in _CLEAR else PROOF)
