"""Recognise, what is wrong with the columns of a table: twins, values of another kind, nobody named → rows of PROBLEMS."""

from __future__ import annotations

from collections import defaultdict

from oneform import problems
from oneform.recognise import values
from oneform.recognise.seen import Seen, field_of, letters, text, unbind
from oneform.schema import Schema

Row = tuple[str, int | None, int | None, str | None, str | None, str, str, str, str]


def problem(sheet: str, one: Seen | None, name: str | None, code: str, **facts: str) -> Row:
    """A row of PROBLEMS about a column, or about the whole sheet."""
    place = (one.index, text(one.header.path)) if one else (None, None)
    zh, en = problems.message(code, **facts), problems.message(code, lang="en", **facts)
    return (sheet, None, place[0], place[1], name, code, problems.level(code), zh, en)


def duplicates(sheet: str, seen: list[Seen]) -> list[Row]:
    """OF202 per header text that stands over two columns."""
    same: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for one in seen:
        if one.header.full_key:
            same[*one.header.groups, one.header.full_key].append(one)
    return [
        problem(
            sheet, twins[0], None, "OF202",
            header=text(twins[0].header.path), columns="、".join(letters(one.index) for one in twins),
        )
        for twins in same.values()
        if len(twins) > 1
    ]  # fmt: skip


def vetoed(sheet: str, seen: list[Seen], schema: Schema) -> list[Row]:
    """OF203 per bound column most of whose values cannot be its field's; the column is unbound."""
    found = []
    for one in seen:
        if one.bound is None:
            continue
        about = field_of(one.bound.meaning, schema)
        if values.impossible(one.share, about):
            facts = {"header": text(one.header.path), "expected": about.zh, "expected_en": about.en}
            found.append(problem(sheet, one, about.name, "OF203", **facts))
            unbind(one)
    return found


def missing(sheet: str, seen: list[Seen], entity: str, schema: Schema) -> list[Row]:
    """OF201 when a list of people has neither names nor identifiers; the nearest header is named."""
    bound = {one.bound.meaning.field for one in seen if one.bound and one.bound.meaning.entity == "person"}
    plain = {name for name in bound if not schema.entities["person"].fields[name].output_only}
    if entity != "person" or bound & {"name", "id_number"} or len(plain) < 3:
        return []
    label = schema.entities["person"].fields["name"].zh
    likely = [(c, one) for one in seen for m, c in one.suggestions if m.field in {"name", "id_number"}]
    near = text(max(likely, key=lambda pair: pair[0])[1].header.path) if likely else ""
    nearest, nearest_en = (f"，最接近的是「{near}」", f"; nearest: {near}") if near else ("", "")
    return [problem(sheet, None, "name", "OF201", header=label, nearest=nearest, nearest_en=nearest_en)]
