"""merge: linked source rows → golden values, each with the row it came from; portable SQL text, one statement an entity.

Per field the surviving value is the one with the greatest rank: who is believed about this field (trust), then how recent
the sheet is, then the row's own content; for fields that change (phone, address) recency comes before trust. Rank never
holds the order of arrival, so any order of the same batches gives the same values. A row that a newer edition of its
sheet replaces (`superseded`) says nothing any more, blanks of the newer row included. It is packed into one BIGINT:
1 bit "read from a valid identifier" · 7 bits trust · 16 bits day · 39 bits tie (or day before trust).
"""

from __future__ import annotations

from collections.abc import Mapping

from oneform.schema import Entity, Field, Schema

_DAY = "greatest(0, date_diff('day', DATE '1970-01-01', CAST(b.valid_on AS DATE)))"
_IDENTIFIED = {"birth_date", "gender", "id_number", "id_type"}  # a valid identifier proves these


def said_sql(entity: Entity) -> str:
    """One row: for each stored field, in order, whether any source row of the entities in `touched(entity_id)` says it."""
    said = ", ".join(f'count(s."{field.name}") > 0' for field in entity.stored)
    return f"""
SELECT {said} FROM touched t JOIN current_link l ON l.entity_id = t.entity_id AND l.entity = '{entity.name}'
JOIN "source_{entity.name}" s ON s.rec_id = l.rec_id
"""  # noqa: S608 - names of the schema


def golden_sql(
    entity: Entity, schema: Schema, *, said: frozenset[str] | None = None, part: int = 0, parts: int = 1
) -> str:
    """The golden rows of the entities in `touched(entity_id)`, one hash partition of them.

    Reads current_link, superseded, record, import_batch and source_<entity>; returns columns of golden_<entity>. Only
    the fields in `said` are looked for (all when None): most sheets say little, and every field costs two aggregates.
    """
    fields = [field for field in entity.stored if said is None or field.name in said]
    newest = (_newest("other", schema), False)
    ranks = {field.name: _rank(field, entity, schema) for field in fields}
    distinct = {rank: f"rank_{number}" for number, rank in enumerate(dict.fromkeys([*ranks.values(), newest]))}
    bases = {base: f"base_{number}" for number, base in enumerate(dict.fromkeys(base for base, _ in distinct))}
    links = _links(entity)
    columns = ", ".join(
        [
            "l.entity_id",
            "s.* EXCLUDE (rec_id)",
            "l.rec_id AS rec_id",
            *(f"{_of_row(bases[base], proven=proven)} AS {name}" for (base, proven), name in distinct.items()),
            *(f'l_{name}.entity_id AS "{name}__link"' for name in links),
        ]
    )
    joins = " ".join(
        f"LEFT JOIN current_link l_{name} ON l_{name}.rec_id = l.rec_id AND l_{name}.entity = '{target}'"
        for name, target in links.items()
    )
    values = [_survivor(f'"{field.name}"', distinct[ranks[field.name]], f'"{field.name}"') for field in fields]
    values += [_survivor(f'"{name}__link"', distinct[newest], f'"{name}"') for name in links]
    batch = ", ".join(f"{base} AS {name}" for base, name in bases.items())  # once a batch, not once a row
    places = {field.name: distinct[ranks[field.name]] for field in fields}
    # Identifiers come from the schema, which allows only [a-z0-9_]; every value is a column.
    return f"""
WITH batch AS (
  SELECT b.import_id, {batch} FROM import_batch b
),
said AS (
  SELECT {columns}
  FROM current_link l
  JOIN touched t ON t.entity_id = l.entity_id
  JOIN record r ON r.rec_id = l.rec_id
  LEFT JOIN "source_{entity.name}" s ON s.rec_id = l.rec_id
  JOIN batch b ON b.import_id = r.import_id
  {joins}
  WHERE l.entity = '{entity.name}' AND l.entity_id % {parts} = {part}
    AND NOT EXISTS (SELECT 1 FROM superseded x WHERE x.rec_id = l.rec_id AND x.entity = l.entity)
)
SELECT {", ".join(["entity_id", *values])}, [{_origins(entity, places)}] AS prov
FROM said GROUP BY entity_id
"""  # noqa: S608


def head_sql() -> str:
    """`household, head`: the resident who says 户主 in each household of `touched`, else the one bearing the head's name."""
    return """
SELECT p.household, coalesce(
         min_by(p.entity_id, concat(p.id_number, p.name, p.phone)) FILTER (WHERE p.relation_to_head = '02'),
         min_by(p.entity_id, concat(p.id_number, p.phone)) FILTER (WHERE p.name = h.head_name)) AS head
FROM golden_person p JOIN touched t ON t.entity_id = p.household
JOIN golden_household h ON h.entity_id = p.household
GROUP BY p.household
"""


def _origins(entity: Entity, ranks: Mapping[str, str]) -> str:
    """The row that gave each stored field, in order; null for a field without a rank."""
    return ", ".join(
        f'max_by(rec_id, {ranks[field.name]}) FILTER (WHERE "{field.name}" IS NOT NULL)'
        if field.name in ranks
        else "CAST(NULL AS BIGINT)"
        for field in entity.stored
    )


def _survivor(value: str, rank: str, name: str) -> str:
    # FILTER is required: some engines' max_by returns the null of the greatest rank
    return f"max_by({value}, {rank}) FILTER (WHERE {value} IS NOT NULL) AS {name}"


def _links(entity: Entity) -> dict[str, str]:
    """Golden columns that point at other entities, by the link that the same source rows have to them.

    The head of a household is not among them: it is found among its residents (`head_sql`).
    """
    return {name: target for name, target in entity.refs.items() if name != "head" and target != entity.name}


def _rank(field: Field, entity: Entity, schema: Schema) -> tuple[str, bool]:
    """What a batch gives the rank of a field, once a batch, and whether a row's valid identifier proves the field."""
    if field.prefer == "newest":
        return _newest(field.name, schema), False
    base = f"(({_trust(field.name, entity.name, schema)} * 65536 + {_DAY}) * 549755813888)"
    return base, entity.name == "person" and field.name in _IDENTIFIED


def _of_row(base: str, *, proven: bool) -> str:
    """The rank of one row: its batch's part, its own tie, and the bit of a valid identifier."""
    packed = f"b.{base} + r.tie"
    if proven:
        holds = "(CASE s.id_number__state WHEN 'valid18' THEN 1 WHEN 'upgraded15' THEN 1 ELSE 0 END)"
        return f"{holds} * 4611686018427387904 + {packed}"
    return packed


def _newest(field: str, schema: Schema) -> str:
    return f"(({_DAY} * 128 + {_trust(field, '', schema)}) * 549755813888)"


def _trust(field: str, entity: str, schema: Schema) -> str:
    """How far each source is believed about a field; a source's word on a whole entity covers its fields."""
    believed = {
        name: source.fields.get(field, source.fields.get(entity, source.trust))
        for name, source in schema.sources.items()
    }
    cases = " ".join(f"WHEN '{name}' THEN {trust}" for name, trust in sorted(believed.items()))
    return f"(CASE b.source {cases} ELSE 0 END)"
