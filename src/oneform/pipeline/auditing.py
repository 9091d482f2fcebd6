"""How precise the links are, as a person sees it: a random sample of joined pairs → a workbook → labels → an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from oneform import engine, problems, read
from oneform.answer import audit_sheet as sheet
from oneform.answer.review_workbook import FIELDS
from oneform.pipeline import judging
from oneform.pipeline.reviewing import Decided, decide, sides
from oneform.store import Store

WRONG = pl.Schema(
    {
        "row": pl.Int64,  # of the workbook
        "left": pl.String,  # file!sheet!row
        "right": pl.String,
        "together": pl.Boolean,  # one resident still
        "answer": pl.String,  # a person's judgement in force
        "note": pl.String,
        "left_record": pl.Int64,
        "right_record": pl.Int64,
    }
)
MESSAGES = pl.Schema({"row": pl.Int64, "zh": pl.String, "en": pl.String})
_MOST = 2000  # pairs of one sample: nobody labels more
_SURE = 1.959963984540054  # standard deviations of 95 %


@dataclass(frozen=True)
class Sample:
    """A sample as a workbook: so many `pairs` of the `merged` ones there are."""

    content: bytes
    pairs: int
    merged: int


@dataclass(frozen=True)
class Audited:
    """What a labelled sample says. `precision` with its 95 % interval (Wilson) is null where nothing was labelled.

    `unclear` and `blank` pairs are no part of it. `wrong` (WRONG) are the pairs that are not one person; `messages`
    (MESSAGES) name the lines that could not be taken, and why.
    """

    same: int
    not_same: int
    unclear: int
    blank: int
    precision: float | None
    low: float | None
    high: float | None
    wrong: pl.DataFrame
    messages: pl.DataFrame

    @property
    def open(self) -> int:
        """How many of the wrong pairs no person has judged yet."""
        return _open(self.wrong).height


# The first of the joined pairs in the order of a hash of their content: the same ones in every copy of the dataset, and a
# larger sample holds the smaller one.
_DRAWN = """
WITH mine AS (SELECT rec_id, entity_id FROM current_link WHERE entity = 'person'),
joined AS (
  SELECT e."left", e."right" FROM edge e
  JOIN mine a ON a.rec_id = e."left" JOIN mine z ON z.rec_id = e."right" AND z.entity_id = a.entity_id),
keyed AS (
  SELECT j."left", j."right", LEAST(l.rec_key, g.rec_key) || '|' || GREATEST(l.rec_key, g.rec_key) AS key
  FROM joined j JOIN record l ON l.rec_id = j."left" JOIN record g ON g.rec_id = j."right")
SELECT "left", "right", key, (SELECT COUNT(*) FROM joined) AS merged FROM keyed ORDER BY md5(key), key LIMIT $count
"""

_STATES = """
WITH wanted AS (SELECT DISTINCT key, split_part(key, '|', 1) AS one, split_part(key, '|', 2) AS other FROM asked),
place AS (
  SELECT r.rec_id, r.rec_key, b.file || '!' || r.sheet || '!' || r.row AS at
  FROM record r JOIN import_batch b USING (import_id) WHERE NOT r.waiting)
SELECT w.key, a.at AS "left", z.at AS "right", l.entity_id = g.entity_id AS together, f.answer,
       a.rec_id AS left_record, z.rec_id AS right_record
FROM wanted w JOIN place a ON a.rec_key = w.one JOIN place z ON z.rec_key = w.other AND z.rec_id <> a.rec_id
JOIN current_link l ON l.rec_id = a.rec_id AND l.entity = 'person'
JOIN current_link g ON g.rec_id = z.rec_id AND g.entity = 'person'
LEFT JOIN in_force f ON f."left" = LEAST(a.rec_id, z.rec_id) AND f."right" = GREATEST(a.rec_id, z.rec_id)
ORDER BY w.key
"""


def audit_sample(store: Store, count: int, *, now: datetime) -> Sample | None:
    """So many random pairs of rows that were joined and compared, as a workbook; None where no two rows are joined.

    The same dataset gives the same sample. UsageError unless 1 ≤ count ≤ 2000.
    """
    if not 1 <= count <= _MOST:
        raise problems.usage(f"抽样请写 1 到 {_MOST} 对，如 50。", f"sample 1 to {_MOST} pairs, 50 for example.")
    drawn = engine.collect(engine.sql(store.connection, _DRAWN, count=count))
    if drawn.is_empty():
        return None
    said = sides(store, pl.concat([drawn["left"], drawn["right"]]).unique().to_list())
    rows = [
        {"key": pair["key"], **said[pair[side]]} for pair in drawn.iter_rows(named=True) for side in ("left", "right")
    ]
    place = pl.col("place").str.replace(r"^(.*)!(.*)!([0-9]+)$", "$1「$2」第 $3 行")
    known = pl.DataFrame(rows, schema={"key": pl.String, **dict.fromkeys(FIELDS, pl.String)}).with_columns(place)
    return Sample(sheet.audit_sheet(known, day=now.date()), drawn.height, int(drawn["merged"][0]))


def audit_read(store: Store, path: Path) -> Audited:
    """What a labelled sample says of the precision of the links; nothing is written.

    A label counts also where the pair was taken apart since: it was joined when the sample was drawn. UsageError when
    the file is no audit sheet.
    """
    told = sheet.labels(read.workbook(path))
    if told is None:
        raise problems.usage(
            f"{path.name} 不是抽样核对表，请用 oneform links --sample 50 -o 抽样核对.xlsx 生成。",
            f"{path.name} is no audit sheet; make one with oneform links --sample 50 -o FILE.",
        )
    once = told.group_by("key", maintain_order=True).agg(
        pl.col("row").min(),
        words=pl.col("label").drop_nulls().unique(maintain_order=True),
        note=pl.col("note").drop_nulls().first(),
    )
    with engine.lend(store.connection, asked=once.select("key"), in_force=judging.in_force(store)):
        states = engine.collect(engine.sql(store.connection, _STATES)).unique("key", keep="first")
    known = once.join(states, on="key", how="left", maintain_order="left")
    fates = [_fate(line["words"], known=line["together"] is not None) for line in known.iter_rows(named=True)]
    messages = [(row, *fate) for row, fate in zip(known["row"], fates, strict=True) if isinstance(fate, tuple)]
    counts = {word: sum(fate == word for fate in fates) for word in (*sheet.WORDS, "blank")}
    interval = wilson(counts["same"], counts["same"] + counts["not_same"])
    return Audited(
        **counts,
        precision=interval[0],
        low=interval[1],
        high=interval[2],
        wrong=known.filter(pl.Series([fate == "not_same" for fate in fates], dtype=pl.Boolean))
        .select(WRONG.names())
        .match_to_schema(WRONG),
        messages=pl.DataFrame(messages, schema=MESSAGES, orient="row").sort("row"),
    )


def judge_wrong(store: Store, audited: Audited, path: Path, *, who: str, now: datetime) -> Decided:
    """Write the pairs labelled «not one person» down as judgements, signed with the file's row: they are taken apart.

    A pair that a person said to be one is left alone: that word must be withdrawn first. Twice changes nothing.
    """
    note = pl.when(pl.col("note").is_not_null()).then(pl.format("：{}", "note")).otherwise(pl.lit(""))
    told = _open(audited.wrong).select(
        left="left_record",
        right="right_record",
        answer=pl.lit("not_same"),
        reason=pl.format("{} 第 {} 行{}", pl.lit(path.name), "row", note),
    )
    return decide(store, told, who=who, now=now)


def _open(wrong: pl.DataFrame) -> pl.DataFrame:
    return wrong.filter(pl.col("answer").is_null() | (pl.col("answer") == "unsure"))


def wilson(right: int, of: int) -> tuple[float, float, float] | tuple[None, None, None]:
    """A share and its 95 % interval (Wilson's: sensible also where all or none of a few are right)."""
    if of == 0:
        return None, None, None
    share, square = right / of, _SURE**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    beside = _SURE * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return share, max(0.0, middle - beside), min(1.0, middle + beside)


def _fate(words: list[str], *, known: bool) -> str | tuple[str, str]:
    """What a line is: same, not_same, unclear or blank; or why it cannot be taken, Chinese and English."""
    if not words:
        return "blank"
    if len(words) > 1:
        return "同一对有两种答案，没有采用，请只留一个。", "two answers for one pair; none was taken."
    word = words[0]
    if word not in sheet.WORDS:
        return (
            "答案看不懂，没有采用，请从列表里选：同一人、不是、看不出。",
            "the answer is not one of the list; not taken.",
        )
    if not known:
        return (
            "抽样编号被改动，或这两行已不在库里，没有采用。请重新抽样。",
            "the pair's key was changed or its rows are gone; not taken. Draw the sample anew.",
        )
    return word
