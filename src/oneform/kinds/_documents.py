"""Names of identity documents → their GA/T 517 codes."""

from __future__ import annotations

# None is a document whose code is not sure.
TYPES: dict[str, str | None] = {
    "身份证": "111",
    "居民身份证": "111",
    "公民身份证": "111",
    "二代身份证": "111",
    "第二代身份证": "111",
    "公民身份": "111",
    "临时身份证": "112",
    "临时居民身份证": "112",
    "户口簿": "113",
    "户口薄": "113",
    "户口本": "113",
    "护照": "414",
    "普通护照": "414",
    "台湾居民来往大陆通行证": "511",
    "台胞证": "511",
    "往来港澳通行证": "513",
    "港澳通行证": "513",
    "港澳居民来往内地通行证": None,
    "回乡证": None,
    "港澳居民居住证": None,
    "台湾居民居住证": None,
    "港澳台居民居住证": None,
    "外国人永久居留身份证": None,
    "外国人永久居留证": None,
    "军官证": None,
    "士兵证": None,
    "其他": None,
    "其它": None,
}
# Documents that carry a resident identity number, so that the number's own shape decides.
CARRIES_AN_ID = {"111", "112", "113", "港澳居民居住证", "台湾居民居住证", "港澳台居民居住证"}
CARRIES_AN_ID |= {"外国人永久居留身份证", "外国人永久居留证"}
