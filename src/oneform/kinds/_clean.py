"""Kinds, common part: raw cell text → cleaned text, and the struct that every kind's `parse` returns.

A kind reads a frame with the columns `raw` (String, null = empty) and `cell` (UInt8, frames.BLANK …) and answers with
one row per row: `value`, `state`, `code`, `note`, the facts its message needs, and its own extra columns. `reading`
wraps that as an expression and lets the kind see every distinct cell only once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from oneform import frames

FACTS = ("found", "expected", "what", "what_en", "allowed")  # what problems.message needs besides the header
VERDICT = ("value", "state", "code", "note")

BLANK, OK, NONE, HELD = "blank", "ok", "none", "held"  # NONE: the cell says that there is none (无)

# People write these where there is nothing to write; they are an answer, unlike an empty cell.
NONE_WORDS = frozenset(
    {"无", "没有", "暂无", "不详", "未知", "无号码", "无电话", "无证件", "/", "-", "--", "—", "——", "\\"}
)

HIDDEN = r"[[\p{Cc}\p{Cf}]--[\t\n\r]]"  # zero-width, BOM, direction marks, control characters
_EMOJI = r"[\p{Extended_Pictographic}\x{1F1E6}-\x{1F1FF}\x{20E3}]"
_DRAWN = r"[\p{Emoji_Presentation}\x{1F1E6}-\x{1F1FF}\x{20E3}]|\p{Extended_Pictographic}\x{FE0F}"  # shown as a picture
_PRIVATE = r"\p{Co}"
# an error of a spreadsheet that came as text, and a column too narrow for its number
_ERROR_TEXT = r"^\s*#(?:N/A|DIV/0!|NAME\?|REF!|VALUE!|NUM!|NULL!|SPILL!|CALC!|#{2,})\s*$"
_LONGEST_CELL = 32_767  # what a worksheet cell can hold
LONGEST_WORD = 200  # no phone, date, code or yes/no is longer; keeps grammars written in Python from long searches


def identifier(raw: pl.Expr) -> pl.Expr:
    """For identifiers, dates, codes and phones: NFKC, hidden characters and outer blanks gone, no leading quote."""
    return _outer(raw.str.normalize("NFKC").str.replace_all(HIDDEN, ""))


def prose(raw: pl.Expr) -> pl.Expr:
    """For names, addresses and text, which are stored as written: every kind of blank becomes a plain one, no NFKC."""
    return _outer(raw.str.replace_all(HIDDEN, "").str.replace_all(r"\p{Zs}", " "))


def _outer(text: pl.Expr) -> pl.Expr:
    return text.str.replace(r"^['‘’\s]+", "").str.strip_chars()


def unstorable(raw: pl.Expr, *, signs: bool = False) -> pl.Expr:
    """What makes a cell impossible to keep (OF309) as a Chinese phrase, null when there is nothing of the kind.

    `signs`: ☎, ☑ and the like, which are pictures only where they are drawn as such, may stay.
    """
    too_long = raw.str.len_chars() > _LONGEST_CELL
    pictures = raw.str.contains(_DRAWN if signs else _EMOJI)
    return (
        pl.when(too_long)
        .then(pl.lit("超过 32767 个字"))
        .when(raw.str.contains("\\x00"))
        .then(pl.lit("看不见的空字符"))
        .when(pictures)
        .then(pl.lit("表情符号"))
    )


UNSTORABLE_EN = {
    "超过 32767 个字": "more than 32,767 characters",
    "看不见的空字符": "a NUL character",
    "表情符号": "an emoji",
}


def private_use(text: pl.Expr) -> pl.Expr:
    """Whether a character of a private-use area is in the text: only the system that made it can show it."""
    return text.str.contains(_PRIVATE)


def key(text: str | None) -> str:
    """How code lists and legends are looked up: NFKC, no blanks, upper case."""
    return "".join(unicodedata.normalize("NFKC", text or "").split()).upper()


# -- verdicts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One possible verdict: the first case whose condition holds is the verdict of the cell."""

    when: pl.Expr
    state: str
    code: str | None = None
    facts: Mapping[str, pl.Expr | str] = field(default_factory=dict)


def decide(cells: pl.DataFrame, cases: Sequence[Case]) -> pl.DataFrame:
    """Adds `state`, `code` and the facts of the first case that holds; a null condition does not hold.

    The last case must hold for every row that is left.
    """
    conditions = [case.when.fill_null(value=False) for case in cases]
    number = pl.lit(None, dtype=pl.UInt8)
    for position in reversed(range(len(cases))):
        number = pl.when(conditions[position]).then(pl.lit(position, dtype=pl.UInt8)).otherwise(number)
    decided = cells.with_columns(number.alias("case"))
    constants = pl.DataFrame(
        {"case": range(len(cases)), "state": [c.state for c in cases], "code": [c.code for c in cases]},
        schema={"case": pl.UInt8, "state": pl.String, "code": pl.String},
    )
    decided = decided.join(constants, on="case", how="left", maintain_order="left", validate="m:1")
    return decided.with_columns(_fact(cases, name) for name in FACTS)


def _fact(cases: Sequence[Case], name: str) -> pl.Expr:
    text = pl.lit(None, dtype=pl.String)
    for position, case in enumerate(cases):
        if name in case.facts:
            fact = case.facts[name]
            said = pl.lit(fact) if isinstance(fact, str) else fact
            text = pl.when(pl.col("case") == position).then(said).otherwise(text)
    return text.alias(name)


class Reading(NamedTuple):
    """What a grammar written in Python says about one text; facts as in FACTS, `more` for a kind's extra columns."""

    value: str | bool | None = None
    state: str = OK
    code: str | None = None
    note: str | None = None
    found: str | None = None
    expected: str | None = None
    what: str | None = None
    what_en: str | None = None
    allowed: str | None = None
    alt: list[str] | None = None  # phones only


def rows(readings: Sequence[Reading], dtype: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    """Readings as a frame, one row each: value (of `dtype`), state, code, note, the facts and `alt`."""
    columns = list(zip(*readings, strict=True)) or [()] * len(Reading._fields)
    dtypes = dict.fromkeys(Reading._fields, pl.String()) | {"value": dtype, "alt": pl.List(pl.String)}
    return pl.DataFrame(
        [pl.Series(name, values, dtype=dtypes[name]) for name, values in zip(Reading._fields, columns, strict=True)]
    )


# -- the struct a kind answers with ---------------------------------------------------------------------------------


def answer(dtype: pl.DataType | type[pl.DataType], **more: pl.DataType | type[pl.DataType]) -> pl.Struct:
    """The dtype of what `parse` returns for a kind with values of `dtype`: value, state, code, note, facts, more."""
    facts = pl.Struct(dict.fromkeys(FACTS, pl.String))
    return pl.Struct({"value": dtype, "state": pl.String, "code": pl.String, "note": pl.String, "facts": facts, **more})


@dataclass(frozen=True)
class Plain:
    """The short way for cells that say just their value in its usual form, which is most of a good column.

    `is_plain` gives a Boolean per cell; `answer` are the members of the answer beside `value`, which is the text itself;
    `rest` reads the others where a reader must know that there are plain ones. The answers are those of the long way.
    """

    is_plain: Callable[[pl.DataFrame], pl.Series]
    answer: Mapping[str, str]
    rest: Callable[[pl.DataFrame], pl.DataFrame] | None = None


def reading(
    read: Callable[[pl.DataFrame], pl.DataFrame],
    returns: pl.Struct,
    raw: pl.Expr,
    cell: pl.Expr,
    plain: Plain | None = None,
    **columns: pl.Expr,
) -> pl.Expr:
    """`read` as an expression over whole columns; it sees each distinct (raw, cell, columns) once, plain ones never.

    What holds for every kind is settled here: an error cell is OF307, a formula without a result OF306.
    """

    def run(batch: pl.Series) -> pl.Series:
        cells = batch.struct.unnest()
        if plain is None:
            return run_long(cells, read)
        easy = plain.is_plain(cells)
        if not easy.any():
            return run_long(cells, read)
        texts = cells.select(pl.when(easy).then("raw").cast(returns.to_schema()["value"]).alias("value"))
        said = {name: pl.when(easy).then(pl.lit(text)).alias(name) for name, text in plain.answer.items()}
        answers = texts.with_columns(code=pl.lit(None, pl.String), **said)
        if easy.all():
            return _packed(answers, returns)
        # each cell takes the answer at its place: its own when it is plain, else that of the long way
        others = run_long(cells.filter(~easy), plain.rest or read)
        place = pl.when(easy).then(pl.lit(None, pl.UInt32)).otherwise((~easy).cum_sum().cast(pl.UInt32) - 1)
        at = cells.select(place.alias("at"))["at"]
        return pl.select(pl.when(easy).then(_packed(answers, returns)).otherwise(others.gather(at))).to_series()

    def run_long(cells: pl.DataFrame, read: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.Series:
        distinct = cells.unique(maintain_order=True)
        broken = pl.col("cell").is_in([frames.ERROR, frames.FORMULA]) | pl.col("raw").str.contains(_ERROR_TEXT)
        broken = broken.fill_null(value=False)
        sound, bad = distinct.filter(~broken), distinct.filter(broken)
        answers = _packed(read(sound), returns)
        if sound.height == cells.height:
            return answers
        answered = pl.concat([sound, bad]).with_columns(
            pl.concat([answers, _packed(bad.with_columns(*_broken()), returns)]).alias("answer")
        )
        joined = cells.join(
            answered, on=cells.columns, how="left", nulls_equal=True, maintain_order="left", validate="m:1"
        )
        return joined["answer"]

    inputs = [raw.cast(pl.String).alias("raw"), cell.alias("cell")]
    inputs += [column.alias(name) for name, column in columns.items()]
    return pl.struct(inputs).map_batches(run, return_dtype=returns)


def _broken() -> list[pl.Expr]:
    """The verdict that every kind gives on an error cell and on a formula without a result."""
    error = pl.col("cell") != frames.FORMULA
    return [
        pl.lit(HELD).alias("state"),
        pl.when(error).then(pl.lit("OF307")).otherwise(pl.lit("OF306")).alias("code"),
        pl.when(error).then(pl.coalesce("raw", pl.lit("错误值"))).alias("found"),
    ]


def _packed(answers: pl.DataFrame, returns: pl.Struct) -> pl.Series:
    names = [part.name for part in returns.fields]
    silent = [name for name in (*names, *FACTS) if name not in answers.columns]
    complete = answers.with_columns(pl.lit(None).alias(name) for name in silent)
    facts = pl.when(pl.col("code").is_not_null()).then(pl.struct(*FACTS)).alias("facts")
    return complete.with_columns(facts).select(names).to_struct("answer").cast(returns)


def unstorable_facts() -> dict[str, pl.Expr | str]:
    """The facts of OF309, from the column `fault` (see `unstorable`)."""
    fault = pl.col("fault")
    return {"what": fault, "what_en": fault.replace_strict(UNSTORABLE_EN, default=None, return_dtype=pl.String)}


def ticked(text: str) -> list[str] | None:
    """The options marked in `■是 □否` (also ☑ ● √); None when the cell holds no list of boxes."""
    if len(text) > LONGEST_WORD:
        return None
    if not re.search(r"[□☐○◯]", text) and not re.fullmatch(r"\s*[■☑●]\s*[^\s■☑●]+\s*", text):
        return None
    marked = re.findall(r"[■☑●√✓✔]\s*([^\s■☑●√✓✔□☐○◯]+)|([^\s■☑●√✓✔□☐○◯]+)\s*[√✓✔]", text)
    return [before or behind for before, behind in marked]
