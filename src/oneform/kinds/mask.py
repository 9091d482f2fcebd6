"""Masks: canonical value and the name of a mask → text that hides most of it, and never the value itself.

A value that does not have the shape its mask expects becomes stars altogether.
"""

from __future__ import annotations

import polars as pl

SPECS = ("id:1+2", "id:6+4", "id:3+4", "name:first", "name:surname", "phone:3+4", "addr:to=community")

_ALL = "******"
_COMPOUND = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|"
    "仲孙|钟离|长孙|宇文|司徒|鲜于|司空|闾丘|子车|亓官|司寇|巫马|公西|颛孙|壤驷|公良|漆雕|乐正|宰父|谷梁|拓跋|夹谷|轩辕|令狐|"
    "段干|百里|呼延|东郭|南门|羊舌|微生|梁丘|左丘|东门|西门|第五"
)


def apply(value: pl.Expr, spec: str) -> pl.Expr:
    """The masked text; null stays null and an empty text empty. ValueError for a mask that is not in SPECS."""
    if spec not in SPECS:
        raise ValueError(spec)
    kind, _, what = spec.partition(":")
    if kind == "id":
        head, _, tail = what.partition("+")
        masked = _identifier(value, int(head), int(tail))
    elif kind == "name":
        masked = _name(value, surname=what == "surname")
    elif kind == "phone":
        masked = _phone(value)
    else:
        masked = _address(value)
    masked = pl.coalesce(masked, pl.lit(_ALL))
    # Only stars can mask to themselves: one more then.
    masked = pl.when(masked == value).then(pl.concat_str(masked, pl.lit("*"))).otherwise(masked)
    return pl.when(value.str.len_chars() == 0).then(value).when(value.is_not_null()).then(masked)


def _identifier(value: pl.Expr, head: int, tail: int) -> pl.Expr:
    """A resident number keeps head and tail; another document, of eight characters or more, one and two."""
    shown = pl.concat_str(value.str.head(head), pl.lit("*" * (18 - head - tail)), value.str.tail(tail))
    document = value.str.contains(r"^[A-Z0-9]{8,17}$") & pl.lit(head + tail <= 3)
    hidden = pl.concat_str(value.str.head(head), pl.lit(_ALL), value.str.tail(tail))
    return pl.when(value.str.contains(r"^[0-9]{17}[0-9X]$")).then(shown).when(document).then(hidden)


def _name(value: pl.Expr, *, surname: bool) -> pl.Expr:
    """The first character, or a compound surname, and one to three stars: no more is told about the length."""
    length = value.str.len_chars()
    shown = pl.lit(1)
    if surname:
        compound = value.str.contains(rf"^(?:{_COMPOUND})\p{{Han}}{{1,2}}$")
        shown = pl.when(compound).then(pl.lit(2)).otherwise(shown)
    hidden = (length.cast(pl.Int64) - shown).clip(1, 3)
    stars = pl.lit("***").str.head(hidden)
    sound = value.str.contains(r"^[\p{L}〇]") & (length >= 2)
    return pl.when(sound).then(pl.concat_str(value.str.head(shown), stars))


def _phone(value: pl.Expr) -> pl.Expr:
    """A mobile keeps 3+4, a landline with its area code 4+2."""
    mobile = pl.concat_str(value.str.head(3), pl.lit("****"), value.str.tail(4))
    landline = pl.concat_str(value.str.head(4), pl.lit(_ALL), value.str.tail(2))
    return (
        pl.when(value.str.contains(r"^1[3-9][0-9]{9}$"))
        .then(mobile)
        .when(value.str.contains(r"^0[0-9]{2,3}-[0-9]{7,8}$"))
        .then(landline)
    )


def _address(value: pl.Expr) -> pl.Expr:
    """Everything up to the community; an address that names none is hidden whole."""
    community = value.str.extract(r"^(.{2,40}?(?:社区居委会|居民委员会|村民委员会|社区|居委会|村委会))", 1)
    return pl.concat_str(community, pl.lit(_ALL))
