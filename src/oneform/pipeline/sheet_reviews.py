"""Questions as a workbook and back: what waits → the review workbook; that workbook, filled in → answers in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from oneform import engine, problems, read
from oneform.answer import review_workbook as sheet
from oneform.frames import Workbook
from oneform.link.components import component_labels
from oneform.pipeline import judging
from oneform.pipeline.reviewing import Decided, decide, explain_reviews, sides
from oneform.store import Store, review_list

MESSAGES = pl.Schema({"row": pl.Int64, "zh": pl.String, "en": pl.String})

_WORDS = {"same": "同一人", "not_same": "不是", "unsure": "不确定", "later": "以后"}

_FACTS = """
WITH mine AS (SELECT rec_id, entity_id FROM current_link WHERE entity = 'person'),
asked AS (SELECT DISTINCT m.entity_id FROM mine m JOIN waiting w ON m.rec_id IN (w.left_record, w.right_record)),
sizes AS (SELECT entity_id, count(*) AS rows FROM mine WHERE entity_id IN (FROM asked) GROUP BY ALL)
SELECT r.rec_id, r.rec_key, m.entity_id AS resident, s.rows, g.name
FROM waiting w JOIN record r ON r.rec_id IN (w.left_record, w.right_record) JOIN mine m ON m.rec_id = r.rec_id
JOIN sizes s ON s.entity_id = m.entity_id LEFT JOIN golden_person g ON g.entity_id = m.entity_id
GROUP BY ALL ORDER BY 1
"""


@dataclass(frozen=True)
class Answered:
    """What a review workbook brought: `told` answers taken now, `known` ones that were in the ledger already.

    `later` were put off, `blank` left open; `messages` (MESSAGES) name what could not be taken, and why.
    """

    told: int
    known: int
    later: int
    blank: int
    messages: pl.DataFrame
    decided: Decided | None


def ask_in_workbook(store: Store, *, now: datetime) -> bytes | None:
    """Every question that waits as a workbook; None when none waits.

    Grouped by residents that questions connect; first what unblocks most: the rows and questions that hang on an answer,
    times how open it is. Whatever a rule asks is wide open, what was merely weighed the less, the surer the weight.
    """
    waiting = review_list(store)
    if waiting.is_empty():
        return None
    with engine.lend(store.connection, waiting=waiting):
        facts = engine.collect(engine.sql(store.connection, _FACTS))
    placed = waiting
    for side in ("left", "right"):
        names = {name: f"{side}_{name}" for name in ("rec_key", "resident", "rows", "name")}
        placed = placed.join(
            facts.rename({"rec_id": f"{side}_record", **names}), on=f"{side}_record", how="inner", validate="m:1"
        )
    ends = placed.select(left="left_resident", right="right_resident")
    hanging = pl.concat([ends["left"], ends["right"]]).value_counts(name="questions")
    groups = component_labels(pl.concat([ends["left"], ends["right"]]).unique().sort(), ends)
    sure = 1 / (1 + (-pl.col("match_weight") * pl.lit(2.0).log()).exp())
    openness = pl.when(pl.col("reason") == "scored").then((4 * sure * (1 - sure)).clip(0.05)).otherwise(1.0)
    scored = (
        placed.join(hanging, left_on="left_resident", right_on="left", how="left")
        .join(hanging, left_on="right_resident", right_on="left", how="left", suffix="_right")
        .join(groups, left_on="left_resident", right_on="rec_id", how="left")
        .with_columns(
            key=_key(),
            score=(pl.sum_horizontal("left_rows", "right_rows", "questions", "questions_right")) * openness,
        )
        .with_columns(first=pl.col("score").max().over("component"))
        .sort(["first", "component", "score", "key"], descending=[True, False, True, False])
    )
    questions = explain_reviews(store, scored).join(
        _headings(scored), on="component", how="left", maintain_order="left"
    )
    pages = questions.select("key", "heading", "sentence", group="component").select(*sheet.QUESTIONS)
    said = sides(store, facts["rec_id"].to_list())
    rows = [
        {"key": one["key"], **said[one[f"{side}_record"]]}
        for one in scored.iter_rows(named=True)
        for side in ("left", "right")
    ]
    return sheet.review_workbook(
        pages.match_to_schema(sheet.QUESTIONS),
        pl.DataFrame(rows, schema=dict(sheet.SIDES)).with_columns(pl.col("place").map_elements(_spoken, pl.String)),
        day=now.date(),
    )


def answer_from_workbook(store: Store, path: Path, *, who: str, now: datetime) -> Answered:
    """Take the answers of a review workbook: one act, signed with who, when and from which file and row.

    An answer that the ledger contradicts, a pair that no longer waits, a key or word that is not ours is a message and
    changes nothing. The same file again changes nothing. UsageError when it is no review workbook.
    """
    told = sheet.answers(read.workbook(path))
    if told is None:
        raise problems.usage(
            f"{path.name} 不是核对表，请用 oneform reviews -o 待核对.xlsx 生成。",
            f"{path.name} is no review workbook; make one with oneform reviews -o FILE.",
        )
    asked = told.group_by("key", maintain_order=True).agg(
        pl.col("row").min(),
        words=pl.col("answer").drop_nulls().unique(maintain_order=True),
        note=pl.col("note").drop_nulls().first(),
    )
    states = {row["key"]: row for row in _states(store, asked).iter_rows(named=True)}
    taken: list[tuple[int, int, str, str]] = []
    counts = {"known": 0, "later": 0, "blank": 0}
    messages: list[tuple[int, str, str]] = []
    for line in asked.iter_rows(named=True):
        fate = _fate(line["words"], states.get(line["key"]))
        if isinstance(fate, tuple):
            messages.append((line["row"], *fate))
        elif fate != "take":
            counts[fate] += 1
        else:
            pair = states[line["key"]]
            note = f"：{line['note']}" if line["note"] else ""
            signed = f"{path.name} 第 {line['row']} 行{note}"
            taken.append((pair["left_record"], pair["right_record"], line["words"][0], signed))
    schema = {"left": pl.Int64, "right": pl.Int64, "answer": pl.String, "reason": pl.String}
    judgements = pl.DataFrame(taken, schema=schema, orient="row")
    decided = decide(store, judgements, who=who, now=now) if taken else None
    said = pl.DataFrame(messages, schema=MESSAGES, orient="row").sort("row")
    return Answered(len(taken), counts["known"], counts["later"], counts["blank"], said, decided)


def ensure_no_answers(workbook: Workbook, path: Path) -> None:
    """Refuse a review workbook handed in as a sheet: its rows are in the dataset already."""
    if sheet.answers(workbook) is not None:
        raise problems.usage(
            f"{path.name} 是核对表，不是人口表，请用 oneform reviews {path.name} 交回。",
            f"{path.name} is a review workbook, no sheet of people: oneform reviews {path.name}.",
        )


def _key() -> pl.Expr:
    """The pair, by the content and place of its rows: the same in every copy of the dataset."""
    ends = "left_rec_key", "right_rec_key"
    return pl.concat_str(pl.min_horizontal(ends), pl.max_horizontal(ends), separator="|")


def _headings(scored: pl.DataFrame) -> pl.DataFrame:
    """`component, heading`: the residents of a group by name and number."""
    people = pl.concat(
        [
            scored.select("component", resident=f"{side}_resident", name=pl.col(f"{side}_name").fill_null("无名"))
            for side in ("left", "right")
        ]
    ).unique()
    called = pl.format("{}（居民 {}）", "name", "resident").alias("heading")
    named = people.sort("component", "resident").group_by("component", maintain_order=True).agg(called)
    return named.with_columns(pl.col("heading").list.join("、"))


def _spoken(place: str) -> str:
    rest, _, row = place.rpartition("!")
    file, _, tab = rest.partition("!")
    return f"{file}「{tab}」第 {row} 行"


_STATES = """
WITH wanted AS (SELECT key, split_part(key, '|', 1) AS one, split_part(key, '|', 2) AS other FROM asked),
ends AS (
  SELECT w.key, least(a.rec_id, z.rec_id) AS left_record, greatest(a.rec_id, z.rec_id) AS right_record
  FROM wanted w JOIN record a ON a.rec_key = w.one JOIN record z ON z.rec_key = w.other
  WHERE NOT a.waiting AND NOT z.waiting)
SELECT e.key, e.left_record, e.right_record, f.answer,
       EXISTS (SELECT 1 FROM review v WHERE v."left" = e.left_record AND v."right" = e.right_record) AS waits,
       l.entity_id = g.entity_id AS together
FROM ends e JOIN current_link l ON l.rec_id = e.left_record AND l.entity = 'person'
JOIN current_link g ON g.rec_id = e.right_record AND g.entity = 'person'
LEFT JOIN in_force f ON f."left" = e.left_record AND f."right" = e.right_record
ORDER BY 1
"""


def _states(store: Store, asked: pl.DataFrame) -> pl.DataFrame:
    """Per key that is ours: its records, the answer in force, whether it waits, whether both are one resident."""
    with engine.lend(store.connection, asked=asked.select("key"), in_force=judging.in_force(store)):
        return engine.collect(engine.sql(store.connection, _STATES)).unique("key", keep="first", maintain_order=True)


def _fate(  # noqa: PLR0911 - one answer a case
    words: list[str], state: dict[str, object] | None
) -> str | tuple[str, str]:
    """What becomes of a line: take, known, later or blank; or why it cannot be taken, Chinese and English."""
    if not words:
        return "blank"
    if len(words) > 1:
        return "同一对有两种答案，没有采用，请只留一个。", "two answers for one pair; none was taken."
    word = words[0]
    if word not in _WORDS:
        return (
            "答案看不懂，没有采用，请从列表里选：同一人、不是、不确定、以后。",
            "the answer is not one of the list; not taken.",
        )
    if state is None:
        return (
            "核对编号被改动，或这两行已不在库里，没有采用。请重新生成核对表。",
            "the pair's key was changed or its rows are gone; make the workbook anew.",
        )
    before = state["answer"]
    if before == word:
        return "known"
    if word == "later":
        return "later"
    if before is not None and before != "unsure":
        return (
            f"这一对先前已判定「{_WORDS[str(before)]}」，与这里的「{_WORDS[word]}」不同，没有改动。"
            "确实要改，请先撤回：oneform reviews --ledger。",
            f"the ledger says {before}, here {word}: left as it was; withdraw that first (oneform reviews --ledger).",
        )
    if state["waits"] or before == "unsure":
        return "take"
    if state["together"] and word == "same":
        return "known"
    if state["together"]:
        return (
            "这两行后来已合成一个人，不再等答案，没有采用。确实不是同一人，请用 oneform split 分开。",
            "the rows have become one person since; not taken. Use oneform split if they are not.",
        )
    return (
        "这一对后来已不用再问（其他答案或新资料已经说清），没有采用。",
        "this pair no longer waits: other answers or new rows settled it; not taken.",
    )
