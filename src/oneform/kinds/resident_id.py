"""Kind resident_id: text of a document number → the 18-character number of GB 11643-1999, or another document's number.

States: valid18, upgraded15 (15 digits, now 18), document (passport, permit, permanent-resident card of the old form),
damaged_tail (digits lost in a numeric cell), masked, invalid, none (无), blank.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from oneform import frames
from oneform.kinds import _clean, _documents
from oneform.kinds._clean import Case, Plain

DTYPE = pl.String
SPECS = {"text": True, "spaced": True, "lower-x": True, "quoted": True}  # rendering → can be read back

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_PROVINCES = [
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
]
_FEWEST_DAMAGED = 5  # fewer numbers ending 000 say nothing about the column

_ANSWER = _clean.answer(DTYPE, id_type=pl.String)
_TEXT = pl.col("text")
_ENDS_000 = _TEXT.str.ends_with("000")


def parse(raw: pl.Expr, cell: pl.Expr, *, today: date, id_type: pl.Expr | None = None) -> pl.Expr:
    """Struct with the extra field `id_type` (GA/T 517 code, null when not known).

    `id_type` is the text of a column that names the document (code, word, or `1居民身份证`). A held number keeps its
    cleaned text as value: it is evidence, not a key. Area codes are at most doubted (OF314).
    """
    given = pl.lit(None, dtype=pl.String) if id_type is None else id_type.cast(pl.String)
    plain = Plain(
        lambda cells: _plain(cells, today),
        {"state": "valid18", "id_type": "111"},
        lambda cells: _read(cells, today, damaged=False),
    )
    return _clean.reading(lambda cells: _read(cells, today), _ANSWER, raw, cell, plain, given=given)


def checksum_ok(value: pl.Expr) -> pl.Expr:
    """Whether 18 characters carry the right check character (MOD 11-2); false for any other shape, null for null."""
    shaped = value.str.contains(r"^[0-9]{17}[0-9X]$")
    return pl.when(shaped).then(_check_character(value) == value.str.tail(1)).otherwise(shaped)


def birth_date(value: pl.Expr) -> pl.Expr:
    """ISO birth date inside a number with a right check character, or one whose tail was lost as 000; else null.

    Null too for permanent-resident cards (9…), whose inner layout is not sure.
    """
    born = value.str.slice(6, 8)
    sound = checksum_ok(value) | value.str.contains(r"^[0-9]{15}000$")
    calendar = born.str.to_date("%Y%m%d", strict=False)
    return pl.when(sound & ~value.str.starts_with("9")).then(calendar.dt.to_string("%Y-%m-%d"))


def gender(value: pl.Expr) -> pl.Expr:
    """GB/T 2261.1 code from digit 17 (`1` 男, `2` 女); null for what is no valid number or may have lost its tail."""
    odd = value.str.slice(16, 1).is_in(list("13579"))
    sound = checksum_ok(value) & ~value.str.contains("^9|000$")
    return pl.when(sound & odd).then(pl.lit("1")).when(sound).then(pl.lit("2"))


def format(value: pl.Expr, spec: str | None = None) -> pl.Expr:  # noqa: A001 - every kind offers the same names
    """`text` (default), `spaced` 6-8-4, `lower-x`, or `quoted` with a leading apostrophe; all can be read back."""
    shaped = value.str.contains(r"^[0-9]{17}[0-9X]$")
    if spec == "spaced":
        parts = pl.concat_str(value.str.slice(0, 6), value.str.slice(6, 8), value.str.slice(14), separator=" ")
        return pl.when(shaped).then(parts).otherwise(value)
    if spec == "lower-x":
        return pl.when(shaped).then(value.str.to_lowercase()).otherwise(value)
    if spec == "quoted":
        return pl.concat_str(pl.lit("'"), value)
    if spec not in (None, "text"):
        raise ValueError(spec)
    return value


def compare_key(value: pl.Expr) -> pl.Expr:
    """Upper case, letters and digits only."""
    return value.str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")


def birth_in(sound: pl.Expr) -> pl.Expr:
    """`birth_date` of numbers whose state is valid18 or upgraded15: what was judged once is not judged again."""
    parts = [sound.str.slice(6, 4), sound.str.slice(10, 2), sound.str.slice(12, 2)]
    return pl.when(~sound.str.starts_with("9")).then(pl.concat_str(parts, separator="-"))


def gender_in(sound: pl.Expr) -> pl.Expr:
    """`gender` of numbers whose state is valid18 or upgraded15."""
    odd = sound.str.slice(16, 1).is_in(list("13579"))
    told = ~(sound.str.starts_with("9") | sound.str.ends_with("000"))
    return pl.when(told & odd).then(pl.lit("1")).when(told).then(pl.lit("2"))


def _check_character(value: pl.Expr) -> pl.Expr:
    """The check character that the first 17 digits ask for; null where they are no digits."""
    remainder = value.map_batches(_remainders, return_dtype=pl.Int32)
    return remainder.replace_strict(range(11), list(_CHECK_CHARACTERS), default=None, return_dtype=pl.String)


def _remainders(values: pl.Series) -> pl.Series:
    """Σ weight · digit mod 11 over the first 17 characters of each value, null where they are no digits.

    Bytes in one matrix: three times as fast as slices of strings.
    """
    sound = values.str.contains("^[0-9]{17}").fill_null(value=False)
    digits = values.filter(sound).str.head(17).str.join("").item() or ""
    matrix = np.frombuffer(digits.encode(), dtype=np.uint8).reshape(-1, 17).astype(np.int32) - ord("0")
    remainders = np.full(len(values), -1, dtype=np.int32)
    remainders[sound.to_numpy()] = matrix @ np.array(_WEIGHTS, dtype=np.int32) % 11
    return pl.Series(values.name, remainders).replace(-1, None)


def _plain(cells: pl.DataFrame, today: date) -> pl.Series:
    """True for text cells that hold a whole, sound number of a resident born on a day that may be, and nothing else.

    Never in a column whose numbers may have lost their tails: there no number can be judged by itself.
    """
    raw = pl.col("raw")
    born = raw.str.slice(6, 8)
    shaped = cells.select(
        (
            (pl.col("cell") == frames.TEXT)
            & raw.str.contains(r"^[1-7][0-9]{16}[0-9X]$")
            & ~raw.str.ends_with("000")
            & (pl.col("given").is_null() | pl.col("given").is_in(["身份证", "居民身份证", "111"]))
        ).fill_null(value=False)
    ).to_series()
    numbers = cells.select("raw").filter(shaped)
    sound = numbers.select(
        (_check_character(raw) == raw.str.tail(1))
        & raw.str.head(2).is_in(_PROVINCES)
        & (born <= f"{today:%Y%m%d}")
        & (born > f"{today.year - 121:04}{today:%m%d}")
        & born.str.to_date("%Y%m%d", strict=False).is_not_null()
    ).to_series()
    plain = np.zeros(cells.height, dtype=bool)
    plain[np.flatnonzero(shaped.to_numpy())] = sound.fill_null(value=False).to_numpy()
    others = int((~plain & cells["raw"].is_not_null().to_numpy()).sum())
    if others >= _FEWEST_DAMAGED and others * 2 > numbers.filter(sound)["raw"].n_unique():
        return pl.zeros(cells.height, dtype=pl.Boolean, eager=True)  # those others may be the damaged ones
    return pl.Series(plain)


def _read(cells: pl.DataFrame, today: date, *, damaged: bool | None = None) -> pl.DataFrame:
    """`damaged`: whether the column's numbers may have lost their tails; None: to be judged from these cells."""
    numbers = _shaped(_typed(_cleaned(cells)))
    numbers = numbers.with_columns(_birth_facts(today), check=_check_character(pl.col("number")))
    numbers = numbers.with_columns(ok18=pl.col("is18") & (pl.col("check") == _TEXT.str.tail(1)))
    damaged = _column_is_damaged(numbers) if damaged is None else damaged
    decided = _clean.decide(numbers, _cases(damaged=damaged))
    upgraded = pl.col("is15") & (pl.col("state") == "valid18")
    decided = decided.with_columns(state=pl.when(upgraded).then(pl.lit("upgraded15")).otherwise(pl.col("state")))
    id_type = (
        pl.when(pl.col("type").is_not_null())
        .then(pl.col("type"))
        .when(pl.col("state").is_in(["valid18", "upgraded15"]) & ~_TEXT.str.contains("^(9|8[123])"))
        .then(pl.lit("111"))
        .when((pl.col("state") == "document") & pl.col("chinese_passport"))
        .then(pl.lit("414"))
    )
    return decided.with_columns(value=_value(), id_type=id_type).with_columns(note=_note())


def _cleaned(cells: pl.DataFrame) -> pl.DataFrame:
    """Adds `spoken`, the cell as cleaned, and `text`: upper case, no blanks or dashes, look-alikes of X read as X."""
    text = pl.col("spoken").str.to_uppercase().str.replace_all(r"[\s\p{Pd}_]", "").str.replace("Х$", "X")  # Cyrillic
    text = text.str.replace(r"^([0-9]{17})×$", "${1}X").str.replace(r"^([0-9]{15})\.0+$", "$1")
    return cells.with_columns(spoken=_clean.identifier(pl.col("raw"))).with_columns(text=text)


def _typed(numbers: pl.DataFrame) -> pl.DataFrame:
    """Splits `身份证110101…`, adds `head` (the word split off), `type` (code) and `foreign` (no resident number)."""
    nothing = pl.lit(None, dtype=pl.String)
    if numbers["given"].is_null().all() and not numbers["text"].str.contains(r"\p{Han}").any():
        return numbers.with_columns(head=nothing, type=nothing, foreign=pl.lit(value=False))
    words = list(_documents.TYPES)
    head = _TEXT.str.extract(r"^(\p{Han}+?)(?:证件)?(?:号码|号)?[:,;]?[0-9A-Z*]", 1)
    given = _clean.identifier(pl.col("given")).str.replace_all(r"\s", "")
    given = given.str.replace(r"^[0-9]+[-.、:]?(\p{Han})", "$1").str.replace(r"(\p{Han})\([^)]*\)$", "$1")
    split = numbers.with_columns(head=pl.when(head.is_in(words)).then(head)).with_columns(
        text=pl.when(pl.col("head").is_not_null()).then(_TEXT.str.replace(r"^\p{Han}+[:,;]?", "")).otherwise(_TEXT),
        word=pl.coalesce(given.replace("", None), pl.col("head")),
    )
    word = pl.col("word")
    by_word = word.replace_strict(words, list(_documents.TYPES.values()), default=None, return_dtype=pl.String)
    stated = word.is_in([code for code in _documents.TYPES.values() if code])
    split = split.with_columns(type=pl.when(stated).then(word).otherwise(by_word))
    carries = pl.coalesce(pl.col("type"), word).is_in(list(_documents.CARRIES_AN_ID))
    named = word.is_in(words) | stated
    return split.with_columns(foreign=(named & ~carries).fill_null(value=False))


def _shaped(numbers: pl.DataFrame) -> pl.DataFrame:
    """Adds what the shape of `text` is, in Boolean columns, and `number`: the 18-character form of 15 and 18 digits."""
    is15 = _TEXT.str.contains(r"^[0-9]{15}$")
    with_century = pl.concat_str(_TEXT.str.slice(0, 6), pl.lit("19"), _TEXT.str.slice(6))
    numeric = pl.col("cell") == frames.NUMBER
    lost = numeric & _TEXT.str.contains(r"^[0-9]{16,}(\.0*)?$")
    lost |= _TEXT.str.contains(r"^[0-9](\.[0-9]+)?E\+?1[4-9]$") | _TEXT.str.contains(r"^[0-9]{16,18}\.0+$")
    masked = _TEXT.str.contains(r"^[0-9A-Z]{0,14}[*×●•#?.]{2,}[0-9]{0,8}X?$|^[0-9]{1,14}X{3,}[0-9]{0,8}X?$")
    shaped = numbers.with_columns(
        is15=is15,
        is18=_TEXT.str.contains(r"^[0-9]{17}[0-9X]$"),
        lost=lost,
        masked=masked & _TEXT.str.contains("[0-9]"),
        old_permanent=_TEXT.str.contains(r"^[A-Z]{3}[0-9]{12}$"),
        chinese_passport=_TEXT.str.contains(r"^(?:[EGDPS][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})$"),
        home_permit=_TEXT.str.contains(r"^[HM][0-9]{8}(?:[0-9]{2})?$"),
        permissive=_TEXT.str.contains(r"^[A-Z0-9]{6,12}$")
        & (_TEXT.str.count_matches("[0-9]") >= 4)
        & (_TEXT.str.contains("[A-Z]") | _TEXT.str.contains(r"^[0-9]{8}$"))
        & (pl.col("cell") != frames.DATE),
        letters=_TEXT.str.contains(r"^[0-9OIL]{17}[0-9OILX]$|^[0-9OIL]{15}$"),
        number=pl.when(is15).then(with_century).otherwise(_TEXT),
    )
    upgraded = pl.concat_str(pl.col("number"), _check_character(pl.col("number")))
    if not shaped["is15"].any():
        return shaped
    return shaped.with_columns(number=pl.when(pl.col("is15")).then(upgraded).otherwise(pl.col("number")))


def _birth_facts(today: date) -> list[pl.Expr]:
    """`born` (YYYYMMDD), `impossible`, `future`, `old` and `area_known`, of the 18-character form."""
    born = pl.col("number").str.slice(6, 8)
    eight = f"{today:%Y%m%d}"
    oldest = f"{today.year - 121:04}{today:%m%d}"  # whoever was born then turns 121 today
    area = pl.col("number").str.head(2)
    permanent = pl.col("number").str.starts_with("9")
    province = pl.when(permanent).then(pl.col("number").str.slice(1, 2)).otherwise(area)
    return [
        born.alias("born"),
        permanent.alias("permanent"),
        (born.str.to_date("%Y%m%d", strict=False).is_null() | (born < "18000101")).alias("impossible"),
        (born > eight).alias("future"),
        (born <= oldest).alias("old"),
        province.is_in(_PROVINCES).alias("area_known"),
    ]


def _column_is_damaged(numbers: pl.DataFrame) -> bool:
    """Most 18-character cells end 000: the column was a number column once, and no tail in it can be trusted."""
    eighteen = numbers.filter("is18")
    ends = eighteen.filter(_ENDS_000).height
    return ends >= _FEWEST_DAMAGED and ends * 2 > eighteen.height


def _cases(*, damaged: bool) -> list[Case]:
    """Every verdict, the first that holds; `damaged`: no tail of this column can be trusted."""
    col = pl.col
    is_id = col("is18") | col("is15")
    other = col("foreign") & ~(col("is15") | col("ok18"))
    odd = ~_TEXT.str.contains(r"^[A-Z0-9()/]{5,20}$")
    plain_document = col("old_permanent") | col("chinese_passport") | col("home_permit")
    resident_typed = col("type").is_in(["111", "112"]).fill_null(value=False)
    return [
        Case(_TEXT.is_null() | (col("spoken") == ""), _clean.BLANK),
        Case(col("spoken").is_in(list(_clean.NONE_WORDS)) | (_TEXT == ""), _clean.NONE),
        Case(col("lost"), "damaged_tail", "OF301"),
        Case(col("masked"), "masked", "OF315", _doubt("证号被遮蔽，只能核对不能登记", "the number is masked")),
        Case(other & odd, "document", "OF315", _doubt("证件号码写法少见", "odd document number")),
        Case(other, "document"),
        *_number_cases(is_id, damaged=damaged),
        Case(plain_document & ~resident_typed, "document"),
        Case(col("letters"), "invalid", "OF302", _letters()),
        Case(
            plain_document | col("permissive"),
            "document",
            "OF315",
            _doubt("按其他证件留存", "kept as another document"),
        ),
        Case(pl.lit(value=True), "invalid", "OF302", _length()),
    ]


def _number_cases(is_id: pl.Expr, *, damaged: bool) -> list[Case]:
    """The verdicts on 15 and 18 digits; 15 are called valid18 here and renamed by the caller."""
    col = pl.col
    wrong = col("is18") & ~col("ok18")
    no_tail = col("is18") & _TEXT.str.contains("^[0-9]{18}$") & pl.lit(damaged)
    born = col("born")
    iso = pl.concat_str(born.str.slice(0, 4), born.str.slice(4, 2), born.str.slice(6, 2), separator="-")
    check = {
        "what": pl.concat_str(pl.lit("第 18 位校验不符（按前 17 位应为 "), col("check"), pl.lit("）")),
        "what_en": pl.lit("the check character is wrong"),
        "expected": col("check"),
        "found": _TEXT.str.tail(1),
    }
    no_date = {
        "what": pl.concat_str(pl.lit("里的出生日期 "), born, pl.lit(" 不存在")),
        "what_en": pl.lit("impossible birth date"),
    }
    odd_date = col("permanent") & (col("impossible") | col("future"))
    return [
        Case(wrong & _ENDS_000, "damaged_tail", "OF301"),
        Case(wrong, "invalid", "OF302", check),
        Case(is_id & odd_date, "valid18", "OF315", _doubt("里的出生日期少见", "odd birth date in the number")),
        Case(is_id & col("impossible"), "invalid", "OF302", no_date),
        Case(is_id & col("future"), "invalid", "OF305", {"found": iso}),
        Case(no_tail, "damaged_tail", "OF301"),
        Case(col("is18") & _ENDS_000, "damaged_tail", "OF315", _doubt("末尾是 000，可能曾被存成数字", "ends 000")),
        Case(is_id & col("foreign"), "valid18", "OF315", _doubt("证件类型与号码不符", "type and number differ")),
        Case(is_id & col("old"), "valid18", "OF313"),
        Case(is_id & ~col("area_known"), "valid18", "OF314", {"found": _TEXT.str.head(6)}),
        Case(is_id, "valid18"),
    ]


def _letters() -> dict[str, pl.Expr]:
    digits = _TEXT.str.replace_all("O", "0").str.replace_all("[IL]", "1")
    what = pl.concat_str(pl.lit("含字母 O、I 或 L，是否应为 "), digits)
    return {"what": what, "what_en": pl.lit("a letter among the digits"), "expected": digits}


def _length() -> dict[str, pl.Expr]:
    what = pl.concat_str(pl.lit("应为 18 位，现为 "), _TEXT.str.len_chars().cast(pl.String), pl.lit(" 位"))
    return {"what": what, "what_en": pl.lit("18 characters expected")}


def _doubt(what: str, what_en: str) -> dict[str, pl.Expr | str]:
    return {"what": what, "what_en": what_en}


def _value() -> pl.Expr:
    """What is kept of the cell, by state; no digit is ever added but by 15→18."""
    mantissa = _TEXT.str.extract(r"^([0-9]\.?[0-9]*)E", 1).str.replace(r"\.", "")
    survived = pl.when(mantissa.str.len_chars() >= 15).then(mantissa.str.head(15))
    state = pl.col("state")
    return (
        pl.when(state.is_in([_clean.BLANK, _clean.NONE]))
        .then(pl.lit(None, dtype=pl.String))
        .when(mantissa.is_not_null() & (state == "damaged_tail"))
        .then(survived)
        .when(state == "damaged_tail")
        .then(_TEXT.str.replace(r"\..*$", ""))
        .when(state == "upgraded15")
        .then(pl.col("number"))
        .when(state == "masked")
        .then(_stars())
        .otherwise(_TEXT)
    )


def _stars() -> pl.Expr:
    """A masked number with `*` for every hidden character; X hides where it is the only sign that does."""
    starred = _TEXT.str.replace_all(r"[×●•#?.]", "*")
    return pl.when(starred.str.contains(r"\*")).then(starred).otherwise(starred.str.replace_all("X", "*"))


def _note() -> pl.Expr:
    """What was normalised, in one phrase; null when the cell says just the value."""
    raw, value = pl.col("raw"), pl.col("value")
    return (
        pl.when(value.is_null() | (raw == value) | pl.col("code").is_in(["OF301", "OF302", "OF305"]))
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("state") == "upgraded15")
        .then(pl.lit("15 位证号升为 18 位"))
        .when(pl.col("head").is_not_null())
        .then(pl.lit("证件类型与号码拆开"))
        .when(raw.str.contains("[xｘхХＸ×]$"))
        .then(pl.lit("末位读作 X"))
        .otherwise(pl.lit("去掉空格、横线、引号或全角写法"))
    )
