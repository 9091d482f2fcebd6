"""project: a SCOPE and the names wanted of it → the SQL of one row per record, a column per name.

Every identifier is quoted here and comes from the bound schema; expressions come checked from the gate. Joins by id are
one to one; joins by text, of members and of events are made so before they join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oneform.mapping.model import Expression, Measure
from oneform.mapping.names import ROOT, Join, Name, Scope, joined, needed
from oneform.mapping.sql import quote
from oneform.project.instance import PARAMETERS

ID = "#id"
_CAST = {"integer": "BIGINT", "decimal": "DOUBLE", "boolean": "BOOLEAN"}


def relation(
    scope: Scope,
    names: Iterable[str],
    fields: frozenset[tuple[str, str]],
    *,
    where: Expression | None = None,
    links: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
) -> str:
    """SELECT of `#id`, the names and the links (column → what to coalesce), a row per record that `where` keeps.

    `fields` are those the mapping declares: nothing else is there to read. Unordered. Stored dates stay ISO
    text, a computed one becomes it.
    """
    wanted = set(names) | (where.names if where else set())
    every = [name for name in needed(scope, wanted) if name in scope.names]
    links = links or {}
    hung = joined(scope, every, [alias for columns in links.values() for alias, _ in columns])
    stored = [one for name in every if (one := scope.names[name]).expression is None]
    columns = [f"{quote(ROOT)}.entity_id AS {quote(ID)}", *map(_stored, stored)]
    columns += [f"{_coalesced(pair)} AS {quote(name)}" for name, pair in links.items()]
    sources = [f"{_table(scope.each)} AS {quote(ROOT)}", *(_joined(scope, join, fields) for join in hung)]
    query = f"SELECT {', '.join(columns)} FROM {' '.join(sources)} CROSS JOIN {quote(PARAMETERS)} AS p"  # noqa: S608
    virtual = [scope.names[name] for name in every if scope.names[name].expression is not None]
    if virtual:
        query = f"SELECT *, {', '.join(map(_virtual, virtual))} FROM ({query})"  # noqa: S608
    return f"SELECT * FROM ({query}) WHERE {where.sql}" if where else query  # noqa: S608


def computed(expressions: Mapping[str, Expression]) -> list[str]:
    """Select items of checked expressions: column → its SQL in the dtype of its kind, dates as ISO text."""
    return [f"{typed(one.sql, one.dtype)} AS {quote(name)}" for name, one in expressions.items()]


def typed(sql: str, kind: str) -> str:
    """Cast a value to the dtype the rest of the house uses for its kind."""
    return f"CAST({sql} AS {_CAST.get(kind, 'VARCHAR')})"


def aggregate(name: str, measure: Measure, column: str) -> str:
    """Select item of one measure over a relation; `column` is what it counts once, adds up or compares."""
    condition = f" FILTER (WHERE {measure.where.sql})" if measure.where else ""
    of = quote(column)
    call = {
        "count": "count(*)",
        "distinct": f"count(DISTINCT {of})",
        "sum": f"sum({of})",
        "max": f"max({of})",
        "min": f"min({of})",
    }[measure.how]
    return f"{typed(f'{call}{condition}', measure.kind)} AS {quote(name)}"


def order(names: Iterable[str], kinds: Mapping[str, str]) -> str:
    """ORDER BY items: nulls last, digits in a text by number (3栋 before 10栋), the id at the end."""
    items: list[str] = []
    for name in names:
        column, way = quote(name.removeprefix("-")), "DESC" if name.startswith("-") else "ASC"
        if kinds.get(name.removeprefix("-")) == "text":
            figures = _in_figures(column)
            items.append(f"regexp_extract({figures}, '^[^0-9]*') {way} NULLS LAST")
            items.append(f"try_cast(regexp_extract({figures}, '[0-9]+') AS BIGINT) {way} NULLS LAST")
        items.append(f"{column} {way} NULLS LAST")
    return ", ".join([*items, quote(ID)])


def _in_figures(column: str) -> str:
    """Chinese numerals up to 九十九 as figures, so that 第二网格 comes before 第三网格 and 第十网格 after both."""
    figures = f"translate({column}, '〇一二三四五六七八九', '0123456789')"
    for pattern, figure in (("([0-9])十([0-9])", r"\1\2"), ("([0-9])十", r"\10"), ("十([0-9])", r"1\1"), ("十", "10")):
        figures = f"regexp_replace({figures}, '{pattern}', '{figure}', 'g')"
    return figures


def _table(entity: str) -> str:
    return quote(f"golden_{entity}")


def _stored(one: Name) -> str:
    alias = one.alias or "p"
    column = f"{quote(alias)}.{quote(one.column)}"
    if one.column == "value" and one.info is None and one.alias:  # a count of nothing is 0
        column = f"coalesce({column}, 0)"
    return f"{column} AS {quote(one.name)}"


def _virtual(one: Name) -> str:
    return f"{typed(one.expression.sql, one.kind)} AS {quote(one.name)}" if one.expression else quote(one.name)


def _coalesced(columns: tuple[tuple[str, str], ...]) -> str:
    parts = [f"{quote(alias)}.{quote(column)}" for alias, column in columns]
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _joined(scope: Scope, join: Join, fields: frozenset[tuple[str, str]]) -> str:
    own, left, column = join.on
    key, rows = quote(own), _rows(join, fields)
    if join.how in {"latest", "first"}:
        source = _ordered(join, key, rows, sorted(field for entity, field in fields if entity == join.entity))
    elif join.how == "member":
        source = _member(join, key, rows)
    elif join.how == "one":
        source = _one(join, key)
    else:
        source = _number(join, key, rows, scope.names[join.alias].kind)
    alias = quote(join.alias)
    return f"LEFT JOIN {source} AS {alias} ON {alias}.{key} = {quote(left)}.{quote(column)}"


def _rows(join: Join, fields: frozenset[tuple[str, str]]) -> str:
    """The table of a join, or those of its rows that its condition keeps."""
    table = _table(join.entity)
    if join.where is None or join.within is None:
        return table
    kept = relation(join.within, (), fields, where=join.where)
    return f"(SELECT * FROM {table} WHERE entity_id IN (SELECT {quote(ID)} FROM ({kept})))"  # noqa: S608


def _one(join: Join, key: str) -> str:
    """Source of a reference: the table by id; by name its first row of each name, for names may be shared."""
    table = _table(join.entity)
    if join.on[0] == "entity_id":
        return table
    first = f"row_number() OVER (PARTITION BY {key} ORDER BY entity_id) = 1"
    return f"(SELECT * FROM {table} QUALIFY {first})"  # noqa: S608


def _member(join: Join, key: str, rows: str) -> str:
    """Source of the n-th person of each household beside its head: by relation, then by id."""
    place = f"row_number() OVER (PARTITION BY m.{key} ORDER BY m.relation_to_head NULLS LAST, m.entity_id)"
    beside = "m.entity_id IS DISTINCT FROM h.head"
    households = f"golden_household AS h ON h.entity_id = m.{key}"
    people = f"{rows} AS m JOIN {households}"
    return f"(SELECT m.* FROM {people} WHERE {beside} QUALIFY {place} = {join.number})"  # noqa: S608


def _ordered(join: Join, key: str, rows: str, content: list[str]) -> str:
    """Source of one event a subject, the latest or the first; ties end in content, then in id."""
    way = "DESC" if join.how == "latest" else "ASC"
    when = [f"{quote(join.field)} {way} NULLS LAST"] if join.field else []
    by = ", ".join([*when, *(f"{quote(column)} NULLS LAST" for column in content), "entity_id"])
    first = f"row_number() OVER (PARTITION BY {key} ORDER BY {by}) = 1"
    return f"(SELECT * FROM {rows} AS e QUALIFY {first})"  # noqa: S608


def _number(join: Join, key: str, rows: str, kind: str) -> str:
    value = typed("count(*)" if join.how == "count" else f"{join.how}({quote(join.field or '')})", kind)
    return f"(SELECT {key}, {value} AS value FROM {rows} AS e GROUP BY {key})"  # noqa: S608
