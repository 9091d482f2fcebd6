"""Link, standardise: LINKABLE → STANDARD: the keys by which records are blocked and compared; nothing is replaced.

Nulls say nothing. A date or sex is taken from a valid resident ID; what was typed beside it is kept where it differs,
because a number may be another person's (a parent's ID typed for a child).
"""

from __future__ import annotations

import polars as pl

from oneform import frames
from oneform.link.characters import SIMPLIFIED
from oneform.link.names import name_keys

STANDARD = pl.Schema(
    {
        "rec_id": pl.Int64(),
        "rec_key": pl.String(),
        "written": pl.String(),  # name, cleaned only
        "name": pl.String(),  # name key; null = no name given
        "bare": pl.String(),
        "variant": pl.String(),
        "surname": pl.String(),
        "naming": pl.String(),  # full | masked | placeholder | null
        "readings": pl.List(pl.UInt64),
        "words": pl.List(pl.String),  # of a name in Latin letters, in written order
        "id": pl.String(),  # a valid resident ID, 18 characters; the one kind of number two of which are two people
        "document": pl.String(),  # `type:number` of any other valid document
        "id_text": pl.String(),  # what was read where it is neither: damaged, masked, invalid
        "id_state": pl.String(),
        "first15": pl.String(),  # of a valid or a damaged number
        "dob": pl.String(),  # from the ID where there is a valid or damaged one, else as typed
        "dob_typed": pl.String(),  # the typed date where it is not the ID's
        "sex": pl.String(),  # null also where the ID and the sheet disagree
        "phones": pl.List(pl.String),
        "estate": pl.String(),
        "building": pl.String(),
        "unit": pl.String(),
        "room": pl.String(),
        "door": pl.String(),  # estate to door as one key; null when the address does not reach a door
        "tower": pl.String(),  # estate and building as one key
        "hukou": pl.String(),  # folded 户籍 address that holds a number
        "household": pl.String(),
    }
)

_TEXTS = ("estate", "building", "unit", "room", "hukou_address", "household_id")  # compared as folded texts
_VILLAGE = r"[村组屯庄寨巷弄湾坪]$"  # where a house number is the door
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECKS = "10X98765432"


def standardise(records: pl.DataFrame) -> pl.DataFrame:
    """One STANDARD row a LINKABLE row, in order. Pure: depends on no other row."""
    known = records.match_to_schema(frames.LINKABLE)
    # One step a line: an expression used in many others would be planned (and computed) many times over.
    seen = known.with_columns(id_seen=_shown(pl.col("id_seen").str.strip_chars().str.to_uppercase()))
    numbered = seen.with_columns(id_seen=_upgraded()).with_columns(**_identifiers())
    dated = numbered.with_columns(**_damage()).with_columns(**_births())
    folded = dated.with_columns(_folded(pl.col(name)) for name in _TEXTS)
    placed = folded.with_columns(**_places()).with_columns(**_addresses())
    named = name_keys(placed["name"]).rename({"key": "name_key"})
    keyed = placed.join(named, on="name", how="left", maintain_order="left", validate="m:1")
    return keyed.with_columns(
        name="name_key",
        phones=pl.col("phones").list.drop_nulls().list.unique().list.sort(),
        household="household_id",
    ).select(pl.col(name).cast(dtype) for name, dtype in STANDARD.items())


def _identifiers() -> dict[str, pl.Expr]:
    """The number split by what it can prove: `id`, `document` or mere `id_text`."""
    number = pl.col("id_seen")
    shaped = number.str.contains(r"^[0-9]{17}[0-9X]$")
    # A tail of three zeros passes the check digit by chance in 9 % of damaged numbers: it proves nobody.
    cut = number.str.ends_with("000")
    resident = pl.col("id_state").is_in(["valid18", "upgraded15"]) & shaped
    document = pl.col("id_state") == "document"
    return {
        "id": pl.when(resident & ~cut).then(number),
        "document": pl.when(document).then(pl.concat_str(pl.col("id_type").fill_null("?"), pl.lit(":"), number)),
        "id_text": pl.when(~(resident & ~cut) & ~document).then(number),
        "id_state": pl.when(resident & cut).then(pl.lit("damaged_tail")).otherwise("id_state"),
        "gender": pl.col("gender").replace({"0": None, "9": None}),
    }


def _upgraded() -> pl.Expr:
    """The number, a 15-digit one in its 18-digit form: century 19, check character appended."""
    old = pl.col("id_seen")
    body = pl.concat_str(old.str.slice(0, 6), pl.lit("19"), old.str.slice(6))
    total = pl.sum_horizontal(
        body.str.slice(place, 1).cast(pl.Int32, strict=False) * weight for place, weight in enumerate(_WEIGHTS)
    )
    check = (total % 11).replace_strict(dict(enumerate(_CHECKS)), default="", return_dtype=pl.String)
    asked = (pl.col("id_state") == "upgraded15") & old.str.contains(r"^[0-9]{15}$")
    return pl.when(asked).then(pl.concat_str(body, check)).otherwise(old)


def _damage() -> dict[str, pl.Expr]:
    damaged = pl.col("id_state") == "damaged_tail"
    head = pl.coalesce("id", pl.when(damaged).then("id_text")).str.extract(r"^([0-9]{15})", 1)
    return {"first15": head, "id_birth": _iso(head.str.slice(6, 8))}


def _births() -> dict[str, pl.Expr]:
    typed = pl.col("birth_date").str.strip_chars()
    typed = pl.when(typed.str.contains(r"^[0-9]{4}(-[0-9]{2}){0,2}$")).then(typed)
    # A typed month or year that the ID's date begins with says the same, only less.
    other = typed.is_not_null() & ~pl.col("id_birth").str.starts_with(typed)
    digit = pl.col("id").str.slice(16, 1).cast(pl.Int8, strict=False)
    by_id = pl.when(digit % 2 == 1).then(pl.lit("1")).when(digit % 2 == 0).then(pl.lit("2"))
    agree = by_id.is_null() | pl.col("gender").is_null() | (by_id == pl.col("gender"))
    return {
        "dob": pl.coalesce("id_birth", typed),
        "dob_typed": pl.when(other).then(typed),
        "sex": pl.when(agree).then(pl.coalesce(by_id, "gender")),
    }


def _iso(digits: pl.Expr) -> pl.Expr:
    """`19901205` as ISO text; null where that is no calendar date."""
    return digits.str.to_date("%Y%m%d", strict=False).dt.strftime("%Y-%m-%d")


def _folded(text: pl.Expr) -> pl.Expr:
    """Text for equality: width and blanks gone, traditional forms folded, upper case; null when nothing is left."""
    return _shown(
        text.str.normalize("NFKC").str.replace_all(r"\s+", "").str.replace_many(SIMPLIFIED).str.to_uppercase()
    )


def _shown(text: pl.Expr) -> pl.Expr:
    """The text, null when it is empty."""
    return text.replace("", None)


def _places() -> dict[str, pl.Expr]:
    """Address parts as keys; 无 means that the element does not exist and is left out of the key."""
    parts = {name: pl.col(name) for name in ("estate", "building", "unit", "room")}
    parts["estate"] = parts["estate"].str.replace(r"(.{2})小区$", "$1")
    for name in ("building", "unit", "room"):
        parts[name] = parts[name].str.replace(r"^(?:0+|第)([0-9A-Z一-龥])", "$1")
    hukou = pl.col("hukou_address")
    return {
        **{name: pl.when(part != "无").then(part) for name, part in parts.items()},
        "hukou": pl.when(hukou.str.contains(r"[0-9一二三四五六七八九十]") & (hukou.str.len_chars() >= 5)).then(hukou),
    }


def _addresses() -> dict[str, pl.Expr]:
    house = pl.col("building").is_not_null() & pl.col("estate").str.contains(_VILLAGE)
    reaches = pl.col("estate").is_not_null() & (pl.col("room").is_not_null() | house)
    whole = pl.concat_str(
        [pl.col(part).fill_null("") for part in ("estate", "building", "unit", "room")], separator="|"
    )
    return {
        "door": pl.when(reaches).then(whole),
        "tower": pl.concat_str("estate", "building", separator="|"),
    }
