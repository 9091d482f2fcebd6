"""Pairs of records that wait for a person: put in one sentence, laid side by side, decided, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from oneform import engine, link, problems
from oneform.frames import EDGES, JUDGEMENTS
from oneform.pipeline import judging
from oneform.pipeline.identity import linkable, recluster
from oneform.store import Store, begin_op, review_list

# What a person may answer; `later` leaves the question open, `withdrawn` takes an answer back.
ANSWERS = ("same", "not_same", "unsure", "later", "withdrawn")

_EDGES = """
SELECT e.* FROM edge e JOIN asked a ON a.left_record = e."left" AND a.right_record = e."right" ORDER BY 1, 2
"""

# One pair of each telling kind: a name written otherwise, an ID that lost its tail, one ID used for two people.
_TELLING = """
WITH told AS (
  SELECT e."left", e."right", e.weight, l.rec_key, CASE
      WHEN e.verdict = 'same' AND e.reason = 'scored' AND regexp_matches(e.levels, 'name=(homophone|shape|variant)') THEN 1
      WHEN e.reason = 'damaged_tail' THEN 2
      WHEN e.reason = 'one_id_two_people' THEN 3 END AS kind
  FROM edge e JOIN record l ON l.rec_id = e."left")
SELECT "left" AS left_record, "right" AS right_record FROM told WHERE kind IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY weight DESC, rec_key) = 1
ORDER BY kind
"""


def explain_reviews(store: Store, waiting: pl.DataFrame, *, english: bool = False) -> pl.DataFrame:
    """The reviews (with `left_record`, `right_record` and perhaps `reason`) and a `sentence` each, in their order."""
    if waiting.is_empty():
        return waiting.with_columns(pl.lit(None, pl.String).alias("sentence"))
    with engine.lend(store.connection, asked=waiting):
        edges = engine.collect(engine.sql(store.connection, _EDGES)).match_to_schema(EDGES)
    ends = pl.concat([waiting["left_record"], waiting["right_record"]]).unique().to_frame("rec_id")
    people = {row["rec_id"]: row for row in link.standardise(linkable(store, ends)).iter_rows(named=True)}
    compared = {(edge["left"], edge["right"]): edge for edge in edges.iter_rows(named=True)}
    pairs = list(zip(waiting["left_record"], waiting["right_record"], strict=True))
    reasons = waiting["reason"].to_list() if "reason" in waiting.columns else [None] * len(pairs)
    sentences = [
        link.sentence(compared[pair], people[pair[0]], people[pair[1]], asked=reason, english=english)
        if pair in compared
        else None
        for pair, reason in zip(pairs, reasons, strict=True)
    ]
    return waiting.with_columns(pl.Series("sentence", sentences, pl.String))


def telling_pairs(store: Store) -> list[str]:
    """Up to three sentences: two merges that were not plain, and one that was refused and waits for a person."""
    pairs = engine.collect(engine.sql(store.connection, _TELLING))
    return explain_reviews(store, pairs)["sentence"].drop_nulls().to_list()


_SIDES = """
SELECT a.rec_id, b.file || '!' || r.sheet || '!' || r.row AS place, p.name,
       coalesce(p.id_number__seen, p.id_number) AS id_number, p.birth_date, p.gender,
       nullif(concat_ws('、', p.phone, array_to_string(p.phone_alt, '、')), '') AS phone, p.current_address,
       p.hukou_address, p.relation_to_head, h.household_id, h.head_name
FROM asked a JOIN record r ON r.rec_id = a.rec_id JOIN import_batch b ON b.import_id = r.import_id
LEFT JOIN source_person p ON p.rec_id = a.rec_id LEFT JOIN source_household h ON h.rec_id = a.rec_id
"""


def sides(store: Store, records: list[int]) -> dict[int, dict[str, str | None]]:
    """rec_id → what its row says of a person, codes as the words they stand for; `place` is `file!sheet!row`."""
    with engine.lend(store.connection, asked=pl.DataFrame({"rec_id": records}, schema={"rec_id": pl.Int64})):
        rows = engine.collect(engine.sql(store.connection, _SIDES))
    fields = store.schema.entities["person"].fields
    for name in rows.columns:
        if name in fields and (codes := fields[name].codes):
            rows = rows.with_columns(pl.col(name).replace(store.schema.codes[codes].labels))
    return {row.pop("rec_id"): row for row in rows.to_dicts()}


def side_by_side(store: Store, left: int, right: int) -> pl.DataFrame:
    """`field, left, right`: what two rows say of a person, one line a field that either states; `place` comes first.

    Codes are given as the words they stand for; null says nothing.
    """
    rows = sides(store, [left, right])
    lines = [(name, rows[left][name], rows[right][name]) for name in rows[left]]
    stated = [line for line in lines if line[1:] != (None, None)]
    return pl.DataFrame(stated, schema={"field": pl.String, "left": pl.String, "right": pl.String}, orient="row")


@dataclass(frozen=True)
class Decided:
    """What answers led to: residents that went `merged` into another, `split` off one; `reviews` still wait.

    `unmet` are the answers given now that could not be followed (judging.UNMET): told, not asked again.
    """

    merged: int
    split: int
    reviews: int
    unmet: pl.DataFrame


def decide(store: Store, judgements: pl.DataFrame, *, who: str, now: datetime, reason: str = "") -> Decided:
    """Write down a person's answers (`left, right, answer`, rec_ids) and bring the residents they concern up to date.

    One transaction, one op. The newest answer on a pair is in force; what changes nothing is not written. A column
    `reason` says more of each answer than `reason` of all. UsageError for an unknown answer, a record that is about no
    person, or a «same» taken back on which a later word rests.
    """
    told = _told(store, judgements, reason)
    _ensure_free(store, told.filter(pl.col("answer") == "withdrawn"))
    merged = split = 0
    if not told.is_empty():
        at = now.isoformat(timespec="seconds")
        with store.transaction():
            op = begin_op(store, "judgement", at=at, who=who, detail=f"{told.height}")
            stamp = {"entity": "person", "who": who, "judged_at": at}
            signed = told.with_columns(pl.lit(op, pl.Int64).alias("op"), **{k: pl.lit(v) for k, v in stamp.items()})
            engine.write(store.connection, signed, "judgement")
            settled = recluster(store, pl.concat([told["left"], told["right"]]), op)
            merged, split = settled.merged, settled.split
        store.settle()
    given = told.select(left_record="left", right_record="right")
    unmet = judging.unmet(store).join(given, on=["left_record", "right_record"], how="semi")
    return Decided(merged, split, review_list(store).height, unmet)


def withdraw(store: Store, entries: list[int], *, who: str, now: datetime) -> Decided:
    """Take ledger entries back, by number: ids, memberships and golden values are those of before. One act.

    An entry that is no longer in force changes nothing. UsageError for an unknown number or one on which others rest.
    """
    known = judging.ledger(store)
    missing = sorted(set(entries) - set(known["entry"]))
    if missing:
        raise problems.usage(
            f"没有第 {missing[0]} 号判断，现有 {known.height} 条：oneform reviews --ledger。",
            f"no judgement {missing[0]}; there are {known.height}: oneform reviews --ledger.",
        )
    taken = known.filter(pl.col("entry").is_in(entries) & pl.col("in_force"))
    pairs = taken.select(left="left_record", right="right_record", answer=pl.lit("withdrawn"))
    return decide(store, pairs, who=who, now=now)


def split(store: Store, resident: int, records: list[int], *, who: str, now: datetime, reason: str = "") -> Decided:
    """Say that these records of a resident are another person's: «not the same» between each and each that stays.

    Taken back by withdrawing those entries. UsageError when a record is not the resident's, or none would stay.
    """
    members = [row[0] for row in store.connection.execute(_MEMBERS, {"resident": resident}).fetchall()]
    leaving = sorted(set(records))
    if not leaving or not set(leaving) < set(members):
        raise problems.usage(
            f"居民 {resident} 有 {len(members)} 行记录，请给出其中要分出去的行（不能是全部）：oneform explain {resident}。",
            f"resident {resident} has {len(members)} rows; name some of them, not all: oneform explain {resident}.",
        )
    pairs = [(gone, stays, "not_same") for gone in leaving for stays in members if stays not in leaving]
    told = pl.DataFrame(pairs, schema=JUDGEMENTS, orient="row")
    return decide(store, told, who=who, now=now, reason=reason)


_MEMBERS = "SELECT rec_id FROM current_link WHERE entity = 'person' AND entity_id = $resident ORDER BY 1"


def _ensure_free(store: Store, withdrawn: pl.DataFrame) -> None:
    """Refuse, by name, to take a «same» back on which a later word rests that is not taken back with it."""
    if withdrawn.is_empty():
        return
    blocking = judging.resting(store, withdrawn)
    if not blocking.is_empty():
        first = blocking.row(0, named=True)
        numbers = "、".join(map(str, blocking["entry"]))
        raise problems.usage(
            f"不能撤回：第 {numbers} 号判断是在合并之后、针对合并后的这位居民作出的（第 {first['entry']} 号："
            f"{first['judged_at'][:10]} {first['who']}）。请先撤回它们，或一起撤回：oneform reviews --ledger。",
            f"cannot be withdrawn: later judgements ({', '.join(map(str, blocking['entry']))}) are about the merged "
            "resident; withdraw them first or along with it.",
        )


def _told(store: Store, judgements: pl.DataFrame, reason: str) -> pl.DataFrame:
    """The answers that say something new, once a pair, the smaller rec_id left; JUDGEMENTS and `reason`."""
    why = pl.col("reason") if "reason" in judgements.columns else pl.lit(reason)
    given = judgements.select("left", "right", "answer", why.alias("reason"))
    if not given["answer"].is_in(ANSWERS).all():
        words = "、".join(ANSWERS)
        raise problems.usage(f"不认识的答案，可用：{words}。", f"unknown answer; known: {', '.join(ANSWERS)}.")
    ends = pl.concat([given["left"], given["right"]]).unique()
    people = linkable(store, ends.to_frame("rec_id"))["rec_id"]
    if ends.len() != people.len() or (given["left"] == given["right"]).any():
        raise problems.usage(
            "只能判断两条不同的、关于人的记录，请用 oneform reviews 里的编号。",
            "two different records about people are needed; take the numbers of oneform reviews.",
        )
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    pairs = given.with_columns(left=low, right=high).unique(["left", "right"], keep="last", maintain_order=True)
    before = judging.in_force(store).select("left", "right", was="answer")
    known = pairs.join(before, on=["left", "right"], how="left", maintain_order="left").with_columns(
        pl.col("was").fill_null("withdrawn")
    )
    # Who is unsure again has looked again: that is news.
    news = (pl.col("answer") != pl.col("was")) | (pl.col("answer") == "unsure")
    return known.filter(news & (pl.col("answer") != "later")).select(*JUDGEMENTS, "reason")
