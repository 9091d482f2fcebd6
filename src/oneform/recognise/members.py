"""Recognise, members of a household as columns: `成员一姓名 成员一证件号码 … 成员二姓名 …` → a TABLE per member.

One row of the sheet is one household. Every member becomes rows of a table of its own, which holds the household's
columns and that member's. The columns without a number are the head's: that table comes first and has every row. A row
that says nothing of a member is not in that member's table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import polars as pl

from oneform.frames import LEFT_OUT, Column, Table
from oneform.recognise import bind as binding
from oneform.recognise.dictionary import Header, header
from oneform.schema import Schema, header_key

_NUMBER = r"(?:第)?(?P<number>[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_MEMBER = r"(?:家庭|户内|同户|共同居住|家属)?(?:其他)?成员|同住(?:人员?|家属)"
# a header of one member: who (成员, 子女, 配偶), which one, and the header as it would stand in a roster
_HEADERS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<who>{_MEMBER}|子女|孩子){_NUMBER}的?(?P<rest>.*)",
        rf"(?P<who>{_MEMBER}|子女|孩子)(?P<rest>[^0-9]*?[^0-9一二三四五六七八九十]){_NUMBER}",
        r"(?P<who>配偶)(?P<number>)的?(?P<rest>.*)",
    )
)
_HEAD = "户主"
_WRITTEN = ("姓名", "身份证", "证件", "电话", "手机", "联系方式")  # what of a head makes it a person of its own
# the head as the person in the first table, and as the head of the household in the others
_AS_HEAD = {"name": "head_name", "id_number": "head_id", "phone": "head_phone"}
_IDENTITY = {"name", "id_number"}
_FILLERS = ["", "无", "/", "-", "—", "——"]
_UNUSED = ("成员列，没有一行填写", "columns of a member, filled in no row")

Bind = Callable[[dict[int, Header]], tuple[str, tuple[Column, ...], pl.DataFrame]]


def separated(table: Table, headers: dict[int, Header], bind: Bind, schema: Schema) -> list[Table]:
    """The table, or a table per member where its columns stand for several people; `bind` binds some of its headers.

    `table` is the whole, its cells already filled down. What it left out and its problems stay with the first part.
    """
    numbered = {index: found for index, one in headers.items() if (found := _member(one))}
    people: dict[str, tuple[Column, ...]] = {}
    for who in dict.fromkeys(who for who, _ in numbered.values()):
        entity, columns = _bound(
            {index: one for index, (owner, one) in numbered.items() if owner == who}, headers, bind
        )
        bound = {field for column in columns for _, field in _places(column)}
        # 配偶姓名 alone is a fact about the row's person: too little to make somebody of
        if entity == "person" and bound & ({"id_number"} if re.match("配偶|子女|孩子", who) else _IDENTITY):
            people[who] = columns
    if not people:
        return [table]
    taken = {column.index for columns in people.values() for column in columns}
    rest, is_head = _rest({index: one for index, one in headers.items() if index not in taken}, headers, bind, people)
    shared = tuple(column for column in rest if column.entity and _of_household(column, schema))
    members = list(people.items())
    if any(("person", name) in _places(column) for column in rest for name in _IDENTITY):
        parts = [(_HEAD, _with_head(rest) if is_head else rest)]
        shared += _named_head(rest) if is_head else ()
    else:
        parts = [(members[0][0], (*rest, *members[0][1]))]
        members = members[1:]
    own = {who: [column.index for column in columns] for who, columns in members}
    parts += [(who, (*shared, *columns)) for who, columns in members]
    known = table.problems.filter(pl.col("code") != "OF201")  # 姓名 is there: once per member
    return _tables(replace(table, problems=known), parts, own, is_head=is_head)


def _member(one: Header) -> tuple[str, Header] | None:
    """Whose column it is (成员1) and its header as one of the person's own; None for any other."""
    for text, above in ((header_key("".join(one.path[-2:])), one.path[:-2]), (header_key(one.path[-1]), one.path[:-1])):
        for pattern in _HEADERS:
            found = pattern.fullmatch(text)
            if found and found["rest"]:
                own = header((*above, found["rest"].lstrip("-_/.:")))
                return found["who"] + _arabic(found["number"]), replace(own, path=(found["rest"],), groups=())
    return None


def _arabic(number: str) -> str:
    """十二 → 12; digits as they are."""
    if not re.fullmatch("[一二三四五六七八九十]+", number):
        return number.lstrip("0")
    tens, ten, ones = number.rpartition("十")
    figures = "零一二三四五六七八九"
    return str((figures.index(tens or "一") if ten else 0) * 10 + (figures.index(ones) if ones else 0))


def _bound(some: dict[int, Header], headers: dict[int, Header], bind: Bind) -> tuple[str, tuple[Column, ...]]:
    """What the rows are about and the columns, under the headers that the sheet has."""
    entity, columns, _ = bind(some)
    return entity, tuple(replace(one, header=binding.text(headers[one.index].path) or one.header) for one in columns)


def _rest(
    some: dict[int, Header], headers: dict[int, Header], bind: Bind, people: dict[str, tuple[Column, ...]]
) -> tuple[tuple[Column, ...], bool]:
    """The columns that are no member's, and whether their person is the head of the household.

    Where only 户主姓名 and the like name a person, these are the columns of that person.
    """
    _, columns = _bound(some, headers, bind)
    if any(("person", "name") in _places(column) for column in columns):
        return columns, any(re.match(_MEMBER, who) for who in people)
    own = {index: found for index, one in some.items() if (found := _of_head(one))}
    return _bound(some | own, headers, bind)[1] if own else columns, bool(own)


def _of_head(one: Header) -> Header | None:
    """A header of the head, 户主姓名 or 户主信息/姓名, as it would stand in a roster; None for any other."""
    above = any(re.fullmatch(rf"{_HEAD}(?:的?(?:基本)?(?:信息|情况|资料))?", group) for group in one.groups)
    key = header_key(one.path[-1])
    rest = re.sub(rf"^{_HEAD}的?", "", key)
    if not above and rest == key:
        return None
    return header((rest or "姓名",)) if not rest or any(word in rest for word in _WRITTEN) else None


def _places(column: Column) -> tuple[tuple[str, str], ...]:
    """Every field a column gives."""
    return column.parts or (((column.entity, column.field),) if column.entity and column.field else ())


def _of_household(column: Column, schema: Schema) -> bool:
    """True for what is said of all who live there: the household, the dwelling, fields that are filled down."""
    return all(
        entity in {"household", "dwelling"} or schema.entities[entity].fields[name].fill_down
        for entity, name in _places(column)
    )


def _with_head(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The head's own columns, read once as the person's and once as the household's."""
    claimed = {field for column in columns for entity, field in _places(column) if entity == "household"}
    told = []
    for column in columns:
        name = _AS_HEAD.get(column.field or "") if column.entity == "person" and not column.parts else None
        if name and name not in claimed:
            both = (("person", column.field or ""), ("household", name))
            told.append(replace(column, parts=both, split="whole"))
        else:
            told.append(column)
    return tuple(told)


def _named_head(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The head's name, number and phone as the members' tables hold them: the household's."""
    claimed = {field for column in columns for entity, field in _places(column) if entity == "household"}
    told = []
    for column in columns:
        places = tuple(("household", _AS_HEAD.get(name, "")) for entity, name in _places(column) if entity == "person")
        if not places or any(not name or name in claimed for _, name in places) or len(places) < len(_places(column)):
            continue
        told.append(replace(column, entity="household", field=places[0][1], parts=places if column.parts else ()))
    return tuple(told)


def _tables(
    table: Table, parts: list[tuple[str, tuple[Column, ...]]], own: dict[str, list[int]], *, is_head: bool
) -> list[Table]:
    """A table per part: the first with every row, a member's with the rows where one of its `own` columns is filled."""
    made: list[Table] = []
    unused: list[int] = []
    for who, columns in parts:
        kept = _spoken(table.cells, own[who]) if who in own else pl.repeat(True, table.cells.height, eager=True)
        if table.cells.height and not kept.any():
            unused += own[who]
            continue
        names = [f"c{index}" for index in sorted({column.index for column in columns})]
        rows = table.cells.filter(kept).select("row", *names)
        one = replace(
            table,
            columns=tuple(sorted(columns, key=lambda column: column.index)),
            cells=rows,
            types=table.types.filter(kept).select(names),
            data_rows=(int(rows["row"][0]), int(rows["row"][-1])) if rows.height else None,
            facts=dict(table.facts) | _relation(columns, who, is_head=is_head),
            entity="person",
        )
        made.append(replace(one, left_out=table.left_out.clear(), problems=table.problems.clear()) if made else one)
    lines = pl.DataFrame([(table.sheet, None, index, *_UNUSED) for index in unused], schema=LEFT_OUT, orient="row")
    made[0] = replace(made[0], left_out=pl.concat([made[0].left_out, lines]))
    return made


def _spoken(cells: pl.DataFrame, own: list[int]) -> pl.Series:
    """True for the rows where one of these columns says something."""
    said = (~pl.col(f"c{index}").str.strip_chars().fill_null("").is_in(_FILLERS) for index in own)
    return cells.select(pl.any_horizontal(said).alias(str(own))).to_series()


def _relation(columns: tuple[Column, ...], who: str, *, is_head: bool) -> dict[str, str]:
    """The relation to the head that a member's columns stand for, where no column of theirs states it."""
    stated = any(("person", "relation_to_head") in _places(column) for column in columns)
    word = re.sub("[0-9]+", "", who).replace("孩子", "子女")
    return {"relation_to_head": word} if is_head and not stated and word in {_HEAD, "配偶", "子女"} else {}
