"""Where trusted sources disagree: golden fields with several values, who said what, which won and why; households too.

One scan an entity finds the fields in dispute, so that it takes seconds on hundreds of thousands of residents; only
those are then looked at row by row. A source's newest word stands for it: that it said otherwise before is no dispute.
"""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.kinds import mask
from oneform.schema import Entity, Field, Schema
from oneform.store import Store

CONFLICTS = pl.Schema(
    {
        "entity": pl.String,
        "id": pl.Int64,
        "field": pl.String,
        "value": pl.String,  # as it is stored; codes as the words they stand for
        "won": pl.Boolean,
        "why": pl.String,  # of the value that won: a word of REASONS
        "source": pl.String,
        "trust": pl.Int64,  # how far this source is believed about this field
        "valid_on": pl.String,
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.Int64,
    }
)
REASONS = {
    "identifier": ("由有效证件号得出", "read from a valid ID"),
    "trust": ("来源更可信", "the source is trusted more"),
    "newest": ("日期更近", "newer"),
    "content": ("可信程度和日期都相同，按内容定", "equal trust and day: decided by content"),
}
HOUSEHOLDS = pl.Schema({"household": pl.Int64, "code": pl.String, "zh": pl.String, "en": pl.String})

_TRUSTED = 50  # a source believed less does not dispute what others say
_PROVEN = {"birth_date", "gender", "id_number", "id_type"}  # a valid identifier proves these


def conflicts(store: Store) -> pl.DataFrame:
    """CONFLICTS: one line a source and value, the value that won first; ordered by entity, id and field.

    Events and links are not among them. Sources believed less than 50 of 100 about a field have no say.
    """
    found = [
        _of_field(store, entity, field)
        for entity in store.schema.entities.values()
        if not entity.event
        for field in _disputed(store, entity)
    ]
    told = pl.concat([pl.DataFrame(schema=CONFLICTS), *found])
    order = {(e.name, f.name): n for e in store.schema.entities.values() for n, f in enumerate(e.stored)}
    place = pl.Series([order[pair] for pair in told.select("entity", "field").iter_rows()], dtype=pl.Int64)
    return (
        told.with_columns(place.alias("place"))
        .sort(
            ["entity", "id", "place", "won", "trust", "source", "file", "sheet", "row"],
            descending=[False] * 3 + [True] * 2 + [False] * 4,
        )
        .drop("place")
    )


def _disputed(store: Store, entity: Entity) -> list[Field]:
    """Fields of which some entity has two values among its rows."""
    fields = [field for field in entity.stored if _comparable(field)]
    if not fields:
        return []
    tests = ", ".join(f"bool_or(lo_{n} <> hi_{n})" for n, _ in enumerate(fields))
    ends = ", ".join(
        f'min(s."{field.name}") AS lo_{n}, max(s."{field.name}") AS hi_{n}' for n, field in enumerate(fields)
    )
    query = f"""SELECT {tests} FROM (
        SELECT l.entity_id, {ends} FROM current_link l JOIN "source_{entity.name}" s ON s.rec_id = l.rec_id
        WHERE l.entity = '{entity.name}' GROUP BY l.entity_id)"""  # noqa: S608 - names of the schema
    answers = engine.collect(engine.sql(store.connection, query)).row(0)
    return [field for field, disputed in zip(fields, answers, strict=True) if disputed]


def _comparable(field: Field) -> bool:
    """Whether values of the field can contradict: names of the household's paper and lists of numbers cannot."""
    return field.name != "phone_alt" and field.kind != "ref"


def _of_field(store: Store, entity: Entity, field: Field) -> pl.DataFrame:
    """CONFLICTS of one field: the newest word of each trusted source, where these differ."""
    place = [one.name for one in entity.stored].index(field.name) + 1
    state = "s.id_number__state" if entity.name == "person" and field.name in _PROVEN else "NULL"
    # Names come from the schema ([a-z0-9_] only); sources' names likewise.
    query = f"""
WITH disputed AS (
  SELECT l.entity_id FROM current_link l JOIN "source_{entity.name}" s ON s.rec_id = l.rec_id
  WHERE l.entity = '{entity.name}' GROUP BY 1 HAVING min(s."{field.name}") <> max(s."{field.name}")),
said AS (
  SELECT l.entity_id AS id, s."{field.name}" AS value, b.source, b.valid_on, b.file, r.sheet, r.row, r.rec_id,
         {_trust(entity, field, store.schema)} AS trust, coalesce({state} IN ('valid18', 'upgraded15'), false) AS proven
  FROM disputed d JOIN current_link l ON l.entity_id = d.entity_id AND l.entity = '{entity.name}'
  JOIN "source_{entity.name}" s ON s.rec_id = l.rec_id JOIN record r ON r.rec_id = l.rec_id
  JOIN import_batch b ON b.import_id = r.import_id WHERE s."{field.name}" IS NOT NULL),
newest AS (
  SELECT *, g."{field.name}" AS golden, list_extract(g.prov, {place}) AS giver
  FROM said JOIN "golden_{entity.name}" g ON g.entity_id = said.id
  WHERE trust >= {_TRUSTED} OR list_extract(g.prov, {place}) = rec_id
  QUALIFY valid_on = max(valid_on) OVER (PARTITION BY id, source) OR giver = rec_id),
told AS (
  SELECT *, value = golden AS won FROM newest
  QUALIFY min(value) OVER (PARTITION BY id) <> max(value) OVER (PARTITION BY id))
SELECT '{entity.name}' AS entity, id, '{field.name}' AS field, CAST(value AS VARCHAR) AS value, won, source, trust, valid_on,
       file, sheet, row, rec_id = giver AS gave, proven
FROM told"""  # noqa: S608
    told = engine.collect(engine.sql(store.connection, query))
    labels = store.schema.codes[field.codes].labels if field.codes else {}
    return (
        told.with_columns(
            why=pl.when("won").then(_why(field)),
            value=pl.col("value").replace(labels),
            row=pl.col("row").cast(pl.Int64),
            trust=pl.col("trust").cast(pl.Int64),
        )
        .select(CONFLICTS.names())
        .match_to_schema(CONFLICTS)
    )


def _why(field: Field) -> pl.Expr:
    """Why the golden value won over the others: what it has more of, in the order survivorship asks."""
    one = pl.col("id")
    giver = {name: pl.col(name).filter(pl.col("gave")).first().over(one) for name in ("trust", "valid_on", "proven")}
    others = {name: pl.col(name).filter(~pl.col("won")).max().over(one) for name in ("trust", "valid_on", "proven")}
    by_trust, by_day = giver["trust"] > others["trust"], giver["valid_on"] > others["valid_on"]
    first, second = (
        (("newest", by_day), ("trust", by_trust))
        if field.prefer == "newest"
        else (("trust", by_trust), ("newest", by_day))
    )
    return (
        pl.when(giver["proven"] & ~others["proven"])
        .then(pl.lit("identifier"))
        .when(first[1])
        .then(pl.lit(first[0]))
        .when(second[1])
        .then(pl.lit(second[0]))
        .otherwise(pl.lit("content"))
    )


def _trust(entity: Entity, field: Field, schema: Schema) -> str:
    believed = {
        name: source.fields.get(field.name, source.fields.get(entity.name, source.trust))
        for name, source in schema.sources.items()
    }
    cases = " ".join(f"WHEN '{name}' THEN {trust}" for name, trust in sorted(believed.items()))
    return f"(CASE b.source {cases} ELSE 0 END)"


_HOUSEHOLDS = """
WITH member AS (
  SELECT DISTINCT h.entity_id AS household, p.entity_id AS person
  FROM current_link h JOIN current_link p ON p.rec_id = h.rec_id AND p.entity = 'person' WHERE h.entity = 'household'),
named AS (
  SELECT m.household, count(*) AS members, count(*) FILTER (WHERE g.relation_to_head = '02') AS heads,
         min(g.relation_to_head) IS NOT NULL AS related
  FROM member m JOIN golden_person g ON g.entity_id = m.person GROUP BY 1),
several AS (
  SELECT m.person, list(m.household ORDER BY m.household) AS homes FROM member m GROUP BY 1 HAVING count(*) > 1)
SELECT household, 'two_heads' AS what, heads AS count, NULL AS person FROM named WHERE heads > 1
UNION ALL BY NAME
SELECT n.household, 'no_head' AS what, n.members AS count, NULL AS person FROM named n
JOIN golden_household h ON h.entity_id = n.household WHERE n.heads = 0 AND n.related AND h.head IS NULL
UNION ALL BY NAME
SELECT homes[1] AS household, 'two_homes' AS what, len(homes) AS count, person FROM several
ORDER BY what, household, person
"""


def household_problems(store: Store) -> pl.DataFrame:
    """HOUSEHOLDS (OF405): two heads, none though relations are stated, a member whose rows name two households."""
    rows = []
    for row in engine.collect(engine.sql(store.connection, _HOUSEHOLDS)).iter_rows(named=True):
        home, count = row["household"], row["count"]
        said = {
            "two_heads": (f"本户有 {count} 位户主", f"the household has {count} heads"),
            "no_head": (f"本户 {count} 人，没有户主", f"a household of {count} without a head"),
            "two_homes": (
                f"居民 {row['person']} 登记在 {count} 户里",
                f"resident {row['person']} is registered in {count} households",
            ),
        }[row["what"]]
        zh, en = f"{said[0]}，请核对本户与户主关系。", f"{said[1]}."
        rows.append((home, "OF405", zh, en))
    return pl.DataFrame(rows, schema=HOUSEHOLDS, orient="row")


def masked(told: pl.DataFrame) -> pl.DataFrame:
    """CONFLICTS with numbers of documents and telephones masked, for a screen."""
    value = pl.col("value")
    return told.with_columns(
        pl.when(pl.col("field").str.contains("phone"))
        .then(mask.apply(value, "phone:3+4"))
        .when(pl.col("field").str.contains(r"(?:^|_)id(?:_number|$)|passport|cert|account"))
        .then(mask.apply(value, "id:3+4"))
        .otherwise(value)
        .alias("value")
    )
