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
from oneform.recognise import values, words
from oneform.recognise.dictionary import Header, header
from oneform.recognise.seen import text
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
_NAMES = {"姓名", "名字", "名"}
_AS_PERSON = {("household", name) for name in _AS_HEAD.values()}
_TELLING = {("person", "id_number"), ("person", "phone"), ("person", "current_address")}  # more of a head than a name
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
        return _of_heads(table, headers, bind)
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
    for word, above in ((header_key("".join(one.path[-2:])), one.path[:-2]), (header_key(one.path[-1]), one.path[:-1])):
        for pattern in _HEADERS:
            found = pattern.fullmatch(word)
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
    return entity, tuple(replace(one, header=text(headers[one.index].path) or one.header) for one in columns)


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


def _of_heads(table: Table, headers: dict[int, Header], bind: Bind) -> list[Table]:
    """A list of households as one of their heads, each with the household, where it says more of a head than the name.

    家庭住址 and a bare 身份证号 are then the head's. A row without the head stays one about the household alone.
    """
    named = [index for index, one in headers.items() if (found := _of_head(one)) and found.key in _NAMES]
    if len(named) != 1 or _names_others(table, headers, named[0]):
        return [table]
    kept = {
        column.index for column in table.columns if set(_places(column)) - _AS_PERSON and column.entity == "household"
    }
    own = {i: found for i, one in headers.items() if i not in kept and (found := _of_head(one, whole=True))}
    entity, columns = _bound(headers | own, headers, bind)
    told = {place for column in columns for place in _places(column)}
    if (
        entity != "person"
        or ("person", "name") not in told
        or not told & _TELLING
        or _known(columns) < _known(table.columns)
    ):
        return [table]
    columns = _with_head(columns)
    heads = [c.index for c in columns if any(("person", name) in _places(c) for name in _IDENTITY)]
    kept_rows = _spoken(table.cells, heads) if table.cells.height else pl.Series([], dtype=pl.Boolean)
    made = replace(
        table,
        columns=columns,
        entity="person",
        facts=dict(table.facts) | _relation(columns, _HEAD, is_head=True),
        problems=table.problems.filter(pl.col("code") != "OF201"),
    )
    if kept_rows.all():
        return [made]
    if not kept_rows.any():
        return [table]
    rest = replace(table, left_out=table.left_out.clear(), problems=table.problems.clear())
    return [_some_rows(made, kept_rows), _some_rows(rest, ~kept_rows)]


def _known(columns: tuple[Column, ...]) -> int:
    """How many columns give a field."""
    return sum(bool(_places(column)) for column in columns)


def _names_others(table: Table, headers: dict[int, Header], head: int) -> bool:
    """True when the rows name people beside the head: a roster, or a bare 身份证号 that is not the head's.

    Who checked or filled in may be named, right of what is the head's.
    """
    others = [index for index in headers if index != head]
    if any(re.search("姓名|名字|成员|关系", headers[index].full_key) for index in others):
        return True
    bound = {column.index for column in table.columns if column.field}
    unknown = [index for index in others if index not in bound]
    shapes = values.shapes(table.cells, [f"c{index}" for index in unknown])
    named = [index for index in unknown if shapes[f"c{index}"].get("name", 0) >= values.PROOF]
    last = max((c.index for c in table.columns if ("person", "id_number") in _places(c)), default=0)
    return any(index < last or not words.other_party(headers[index].key) for index in named)


def _some_rows(table: Table, kept: pl.Series) -> Table:
    cells = table.cells.filter(kept)
    return replace(
        table, cells=cells, types=table.types.filter(kept), data_rows=(int(cells["row"][0]), int(cells["row"][-1]))
    )


def _of_head(one: Header, *, whole: bool = False) -> Header | None:
    """A header of the head, 户主姓名 or 户主信息/姓名, as it would stand in a roster; None for any other.

    Only what makes somebody of the head counts, unless the `whole` sheet is about heads: then 户主性别 does too.
    """
    above = any(re.fullmatch(rf"{_HEAD}(?:的?(?:基本)?(?:信息|情况|资料))?", group) for group in one.groups)
    key = header_key(one.path[-1])
    rest = re.sub(rf"^{_HEAD}的?", "", key)
    if not above and rest == key:
        return None
    rest = re.sub("^(?=[及和与、/(])", "姓名", rest)  # 户主及电话
    return header((rest or "姓名",)) if not rest or whole or any(word in rest for word in _WRITTEN) else None


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
