"""Recognise, what values prove: samples of columns → may they belong to a field, do they prove one by themselves."""

from __future__ import annotations

import polars as pl

from oneform.kinds import resident_id
from oneform.schema import Field

SAMPLE = 1000  # filled cells looked at per column
PROOF = 0.6  # share of filled cells that must show a shape to prove a field
FEWEST = 3  # filled cells below which nothing is proved or vetoed

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
    "nation": (
        r"^(?:[0-9]{2}-?)?"
        r"(?:汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|畲|仡佬)族?$"
    ),
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
# field → the shape that proves it
_PROVES = {"id_number": "id", "phone": "phone", "gender": "sex", "name": "name", "ethnicity": "nation"}


def shapes(body: pl.DataFrame, names: list[str]) -> dict[str, dict[str, float]]:
    """Per column the share of its first filled cells of each shape, `valid` = right check digit; `n` = cells seen."""
    found = {}
    for name in names:
        filled = body[name].drop_nulls().head(2 * SAMPLE).str.replace_all(r"[\s'’]", "")
        sample = filled.filter(filled != "").head(SAMPLE).to_frame("v")
        if sample.height < FEWEST:
            found[name] = {"n": float(sample.height)}
            continue
        share = sample.select(
            *(pl.col("v").str.contains(pattern).mean().alias(shape) for shape, pattern in _SHAPES.items()),
            resident_id.checksum_ok(pl.col("v").str.to_uppercase()).fill_null(value=False).mean().alias("valid"),
        ).row(0, named=True)
        found[name] = {**{shape: float(value or 0) for shape, value in share.items()}, "n": float(sample.height)}
    return found


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
    return share["valid" if shape == "id" else shape] >= (0.8 if shape in {"name", "sex", "nation"} else PROOF)
