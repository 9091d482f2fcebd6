"""Who is who, after rows came or went: pairs, edges, clusters and ids for what is touched, then its golden values.

The order of the work: residents (blocked, weighed, clustered under constraints) → things with a key of their own (dwellings,
organisations, stock …) → households, built after people → events, told apart by their once-key → golden values.
Only components that the fresh records touch are clustered again, from all their edges: the outcome is that of clustering
everything at once, whatever the order of the imports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from oneform import engine, link
from oneform.frames import EDGES, LINKABLE, REVIEWS
from oneform.pipeline import editions, golden, households, judging
from oneform.schema import Entity
from oneform.store import Store
from oneform.store.models import latest_model

_KEYED = 100_000  # records whose block keys are made at a time: all at once they would be an import's peak of memory
_PARTITION = 500_000  # records that one statement takes on: past that, one statement stops scaling

_LINKABLE_SQL = """
SELECT r.rec_id, r.rec_key, p.name, p.id_type, p.id_number__seen AS id_seen, p.id_number__state AS id_state,
       p.birth_date, p.gender, p.phone, p.phone_alt, d.estate,
       nullif(concat_ws('-', d.village_group, d.lane, d.building), '') AS building, d.unit, d.room, p.hukou_address,
       h.household_id, h.head_name, p.relation_to_head
FROM wanted w JOIN record r ON r.rec_id = w.rec_id JOIN source_person p ON p.rec_id = r.rec_id
LEFT JOIN source_dwelling d ON d.rec_id = r.rec_id
LEFT JOIN source_household h ON h.rec_id = r.rec_id
WHERE NOT r.waiting
ORDER BY r.rec_id
"""


@dataclass(frozen=True)
class Settled:
    """What an act touched: `touched` has entity, entity_id and `minted` (the id was made now); `queued` counts reviews.

    Of residents: `created` anew, `merged` into another (their id is an alias now), `split` off another; `matched` counts
    the rows that found a resident already there.
    """

    touched: pl.DataFrame
    queued: int
    created: int = 0
    matched: int = 0
    merged: int = 0
    split: int = 0

    def ids(self, entity: str) -> pl.DataFrame:
        """The ids of one entity that may have changed, as `entity_id`."""
        return self.touched.filter(pl.col("entity") == entity).select("entity_id")


def settle(store: Store, fresh: pl.DataFrame, op: int) -> Settled:
    """Link the records of an act (`rec_id`, `waiting`) and bring the golden values of all it touches up to date."""
    live = fresh.filter(~pl.col("waiting")).select("rec_id")
    first_id = _next_id(store)
    queued, people = _link_residents(store, live, op)
    return _counted(_follow(store, live, op, first_id, queued), people)


def recluster(store: Store, records: pl.Series, op: int) -> Settled:
    """Who is who anew in the components that hold these rec_ids, from the edges and judgements that stand.

    Nothing is compared. Everything that hangs on the residents follows, as after an import.
    """
    first_id = _next_id(store)
    nothing = pl.DataFrame(schema=link.STANDARD)
    reviews, people = _cluster_residents(store, records.unique().alias("rec_id"), nothing, op)
    nobody = pl.DataFrame(schema={"rec_id": pl.Int64})
    return _counted(_follow(store, nobody, op, first_id, reviews.height), people)


def _counted(settled: Settled, people: link.Assigned | None) -> Settled:
    """With the counts of residents; None: no record was about a person."""
    if people is None:
        return settled
    return replace(settled, created=people.created, matched=people.matched, merged=people.merged, split=people.split)


def _follow(store: Store, live: pl.DataFrame, op: int, first_id: int, queued: int) -> Settled:
    """What follows the residents: things, households, events, golden values."""
    spoken = _spoken_of(store, live)
    for name, records in spoken.items():
        entity = store.schema.entities[name]
        if not entity.event and name not in {"person", "household"} and not records.is_empty():
            _link_keyed(store, entity, records, op)
    _link_households(store, live, op)
    subjects = _touched(store, op, first_id)
    for entity in store.schema.entities.values():
        if entity.event and entity.name in spoken:
            concerned = subjects.filter(pl.col("entity") == entity.event).select("entity_id")
            _link_events(store, entity, spoken[entity.name], concerned, op)
    settled = Settled(_touched(store, op, first_id), queued)
    anew = Settled(editions.renewed(store, settled.touched), queued)
    golden.renew(store, {name: anew.ids(name) for name in store.schema.entities})
    return settled


_TOUCHED = """
SELECT DISTINCT entity, entity_id, entity_id >= $first_id AS minted
FROM link WHERE entity_id IS NOT NULL AND rec_id IN (SELECT rec_id FROM link WHERE op = $op) ORDER BY 1, 2
"""


def _touched(store: Store, op: int, first_id: int) -> pl.DataFrame:
    """Every entity that a record relinked by this act is or was part of: all whose golden values may have changed."""
    return engine.collect(engine.sql(store.connection, _TOUCHED, op=op, first_id=first_id))


def _next_id(store: Store) -> int:
    return int(store.connection.execute("SELECT coalesce(max(entity_id), 0) + 1 FROM link").fetchall()[0][0])


# -- residents -----------------------------------------------------------------------------------------------------


def linkable(store: Store, records: pl.DataFrame) -> pl.DataFrame:
    """The LINKABLE rows of the given rec_ids that are about a person; waiting rows are not among them."""
    with engine.lend(store.connection, wanted=records.select("rec_id").unique()):
        rows = engine.collect(engine.sql(store.connection, _LINKABLE_SQL))
    phones = pl.concat_list("phone", "phone_alt").list.drop_nulls()
    return rows.with_columns(phones=phones).select(LINKABLE.names()).cast(LINKABLE).match_to_schema(LINKABLE)


def model_in_force(store: Store) -> link.Model:
    """The newest model that was trained here, else the default one."""
    parameters = latest_model(store)
    return link.from_json(parameters) if parameters else link.DEFAULT


def _link_residents(store: Store, fresh: pl.DataFrame, op: int) -> tuple[int, link.Assigned | None]:
    """Compare the fresh records with all there are, cluster what they reach; how many reviews concern them."""
    people = linkable(store, fresh)
    if people.is_empty():
        return 0, None
    standard = link.standardise(people)
    for part in standard.iter_slices(_KEYED):
        engine.write(store.connection, link.block_keys(part), "block_key")
    start = _reopened(store, people["rec_id"])
    pairs = _pairs(store, start)
    standard = _standard(store, standard, pl.concat([pairs["left"], pairs["right"]]))
    with engine.lend(store.connection, pairs=pairs):
        proposed = engine.sql(store.connection, 'SELECT "left", "right" FROM pairs ORDER BY "left", "right"')
        weigh = partial(link.weigh, standard=standard, model=model_in_force(store))
        edges = engine.collect(engine.map_arrow(store.connection, proposed, weigh))
    telling = edges.filter(~((pl.col("verdict") == "apart") & (pl.col("reason") == "scored")))
    engine.write(store.connection, telling.select(EDGES.names()), "edge")
    reviews, assigned = _cluster_residents(store, start, standard, op)
    mine = people["rec_id"].implode()
    asked = reviews.filter(~pl.col("reason").is_in(link.CONTRADICTIONS))
    return asked.filter(pl.col("left").is_in(mine) | pl.col("right").is_in(mine)).height, assigned


def _cluster_residents(
    store: Store, start: pl.Series, standard: pl.DataFrame, op: int
) -> tuple[pl.DataFrame, link.Assigned]:
    """Cluster every component that holds one of `start`, renew its links and questions; the REVIEWS found, and the ids.

    `standard` has the STANDARD rows already at hand.
    """
    reached = _reached(store, start)
    # Reviews lead out of the components reached; those on the other side are clustered along, to the same result as before.
    around = _reached(store, _asked_about(store, reached))
    standard = _standard(store, standard, around)
    edges, judged = _edges_among(store, around), judging.in_force(store)
    model = model_in_force(store)
    clusters, reviews = link.cluster(edges, standard, judged.drop("op"), model)
    lapsed = judging.lapsed(store, judged, clusters)
    if not lapsed.is_empty():  # the same clusters, but those questions are open again
        _, reviews = link.cluster(edges, standard, judged.drop("op").update(lapsed, on=["left", "right"]), model)
    _replace_reviews(store, reached, reviews)
    return reviews, _relink(store, "person", clusters, standard, op)


def _standard(store: Store, known: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    """The STANDARD rows of the records wanted, by rec_id; those already known are not made again."""
    asked = wanted.alias("rec_id").unique().to_frame()
    missing = asked.join(known, on="rec_id", how="anti")
    kept = known.join(asked, on="rec_id", how="semi")
    more = pl.concat([kept, link.standardise(linkable(store, missing))]) if not missing.is_empty() else kept
    return more.sort("rec_id")


def _reopened(store: Store, fresh: pl.Series) -> pl.Series:
    """The fresh records and those in blocks that they push over the cap, whose edges are forgotten to be made anew.

    Had all rows come at once, such a block would have given no pairs: the order of imports may not show.
    """
    with engine.lend(store.connection, fresh=fresh.to_frame("rec_id"), block_cap=link.CAPS):
        crossed = engine.collect(engine.sql(store.connection, link.CROSSED_SQL))["rec_id"]
    with engine.lend(store.connection, crossed=crossed.to_frame("rec_id")):
        store.connection.execute(
            """DELETE FROM edge WHERE "left" IN (SELECT rec_id FROM crossed) OR "right" IN (SELECT rec_id FROM crossed)"""
        )
    return pl.concat([fresh, crossed]).unique().alias("rec_id")


def _pairs(store: Store, start: pl.Series) -> pl.DataFrame:
    """Candidate pairs with at least one side in `start`, each once; made in partitions of the records that start them."""
    found = []
    for first in range(0, start.len(), _PARTITION):
        part = start.slice(first, _PARTITION).to_frame("rec_id")
        with engine.lend(store.connection, fresh=part, block_cap=link.CAPS):
            found.append(engine.collect(engine.sql(store.connection, link.PAIRS_SQL)))
    return pl.concat(found).unique().sort("left", "right")


def _replace_reviews(store: Store, reached: pl.Series, reviews: pl.DataFrame) -> None:
    with engine.lend(store.connection, reached=reached.to_frame("rec_id")):
        store.connection.execute(
            'DELETE FROM review WHERE "left" IN (SELECT rec_id FROM reached) OR "right" IN (SELECT rec_id FROM reached)'
        )
    inside = reached.implode()
    concerned = reviews.filter(pl.col("left").is_in(inside) | pl.col("right").is_in(inside))
    engine.write(store.connection, concerned.select(REVIEWS.names()), "review")


_NEIGHBOURS = """
SELECT DISTINCT other AS rec_id FROM (
  SELECT e."right" AS other FROM edge e JOIN frontier f ON f.rec_id = e."left" WHERE e.verdict = 'same'
  UNION SELECT e."left" FROM edge e JOIN frontier f ON f.rec_id = e."right" WHERE e.verdict = 'same'
  UNION SELECT j."right" FROM judgement j JOIN frontier f ON f.rec_id = j."left" WHERE j.answer = 'same'
  UNION SELECT j."left" FROM judgement j JOIN frontier f ON f.rec_id = j."right" WHERE j.answer = 'same'
  UNION SELECT m.rec_id FROM current_link m JOIN current_link l ON l.entity_id = m.entity_id AND l.entity = m.entity
        JOIN frontier f ON f.rec_id = l.rec_id WHERE l.entity = 'person')
"""


def _reached(store: Store, start: pl.Series) -> pl.Series:
    """Every record in a component with one of `start`: by edges that say same, by judgements, by the resident they share."""
    reached, frontier = start, start
    while not frontier.is_empty():
        with engine.lend(store.connection, frontier=frontier.to_frame("rec_id")):
            found = engine.collect(engine.sql(store.connection, _NEIGHBOURS))["rec_id"]
        frontier = found.filter(~found.is_in(reached.implode()))
        reached = pl.concat([reached, frontier])
    return reached.alias("rec_id")


_ASKED_ABOUT = """
SELECT rec_id FROM reached
UNION SELECT e."right" FROM edge e JOIN reached r ON r.rec_id = e."left"
UNION SELECT e."left" FROM edge e JOIN reached r ON r.rec_id = e."right" ORDER BY 1
"""


def _asked_about(store: Store, reached: pl.Series) -> pl.Series:
    with engine.lend(store.connection, reached=reached.to_frame("rec_id")):
        return engine.collect(engine.sql(store.connection, _ASKED_ABOUT))["rec_id"]


_AMONG = """
SELECT e.* FROM edge e
WHERE e."left" IN (SELECT rec_id FROM around) AND e."right" IN (SELECT rec_id FROM around) ORDER BY e."left", e."right"
"""


def _edges_among(store: Store, around: pl.Series) -> pl.DataFrame:
    with engine.lend(store.connection, around=around.to_frame("rec_id")):
        return engine.collect(engine.sql(store.connection, _AMONG)).match_to_schema(EDGES)


# -- everything that has a key of its own ---------------------------------------------------------------------------


def _spoken_of(store: Store, fresh: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Entity → the fresh records that say something about it; entities that no row ever spoke of are absent."""
    any_row = " UNION ALL ".join(
        f"SELECT '{name}' AS entity, EXISTS (FROM \"source_{name}\") AS spoken" for name in store.schema.entities
    )
    known = engine.collect(engine.sql(store.connection, any_row)).filter("spoken")["entity"].sort()
    if known.is_empty():
        return {}
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS entity, s.rec_id FROM \"source_{name}\" s JOIN fresh f ON f.rec_id = s.rec_id"  # noqa: S608 - names of the schema
        for name in known
    )
    with engine.lend(store.connection, fresh=fresh):
        spoken = engine.collect(engine.sql(store.connection, query))
    return {name: spoken.filter(pl.col("entity") == name).select("rec_id").sort("rec_id") for name in known}


def _link_keyed(store: Store, entity: Entity, fresh: pl.DataFrame, op: int) -> None:
    """Entities told apart by what they are called: equal identifying values are one."""
    ways = tuple(way for way in entity.identify if all(entity.fields[name].kind != "ref" for name in way))
    keys = list(dict.fromkeys(name for way in ways for name in way))
    columns = ", ".join(f's."{name}"' for name in keys)
    query = f"""SELECT s.rec_id, r.rec_key, {columns} FROM "source_{entity.name}" s JOIN record r ON r.rec_id = s.rec_id
                WHERE NOT r.waiting ORDER BY s.rec_id"""  # noqa: S608 - names of the schema
    records = engine.collect(engine.sql(store.connection, query))
    if entity.name == "dwelling":
        records = _same_rooms(records, fresh, keys)
        clusters = link.keyed(records, ways)
    else:
        clusters = link.keyed(records, ways)
    _relink(store, entity.name, clusters, records, op)


def _same_rooms(records: pl.DataFrame, fresh: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The records whose building, unit and room a fresh one shares, with what they leave out taken from the others.

    Absent parts are compared as empty: a villa has no unit, and says so by leaving it out. An unnamed 小区, group or lane
    is the only one known for that building and room; where there are several it stays unnamed.
    """
    outer = [name for name in ("estate", "village_group", "lane") if name in keys]
    inner = [name for name in keys if name not in outer]
    placed = pl.any_horizontal(pl.col("building").is_not_null(), pl.col("room").is_not_null())
    records = records.filter(placed).with_columns(pl.col(name).fill_null("") for name in inner)
    rooms = records.join(fresh, on="rec_id", how="semi").select(inner).unique()
    records = records.join(rooms, on=inner, how="semi")
    for name in outer:
        known = pl.col(name).drop_nulls()
        only = pl.when(known.n_unique().over(inner) == 1).then(known.first().over(inner))
        records = records.with_columns(pl.coalesce(name, only, pl.lit("")).alias(name))
        inner = [*inner, name]
    return records


def _link_households(store: Store, fresh: pl.DataFrame, op: int) -> None:
    """Households after people: from numbers, heads and dwellings that live rows claim."""
    clusters, claims = households.clustered(store, fresh, op)
    _relink(store, "household", clusters, claims, op)


def _link_events(store: Store, entity: Entity, fresh: pl.DataFrame, subjects: pl.DataFrame, op: int) -> None:
    """Events of the subjects concerned: equal once-keys of one subject are one event; an incomplete key is its own."""
    once = [name for name in entity.once if name in entity.fields]
    columns = "".join(f', s."{name}"' for name in once)
    query = f"""SELECT s.rec_id, r.rec_key, l.entity_id AS subject{columns}
                FROM "source_{entity.name}" s JOIN record r ON r.rec_id = s.rec_id
                LEFT JOIN current_link l ON l.rec_id = s.rec_id AND l.entity = '{entity.event}'
                WHERE NOT r.waiting AND (l.entity_id IN (SELECT entity_id FROM subjects)
                                         OR s.rec_id IN (SELECT rec_id FROM fresh)) ORDER BY s.rec_id"""  # noqa: S608 - names of the schema
    with engine.lend(store.connection, subjects=subjects, fresh=fresh):
        records = engine.collect(engine.sql(store.connection, query))
    if records.is_empty():
        return
    key = ("subject", *once)
    complete = pl.all_horizontal(pl.col(name).is_not_null() for name in key) & pl.lit(bool(once))
    records = records.with_columns(pl.col(key).cast(pl.String), pl.when(~complete).then("rec_key").alias("alone"))
    keyed = records.with_columns(pl.when(complete).then(pl.col(name)).alias(name) for name in key)
    _relink(store, entity.name, link.keyed(keyed, (key, ("alone",))), records, op)


# -- ids -------------------------------------------------------------------------------------------------------------


# Every link of these records, and of those that ever shared an id with them: from it ids are given back.
_HISTORY = """
WITH mine AS (
  SELECT DISTINCT l.entity_id FROM link l JOIN contested c ON c.rec_id = l.rec_id
  WHERE l.entity = $entity AND l.entity_id IS NOT NULL)
SELECT h.rec_id, h.entity_id, h.op FROM link h
WHERE h.entity = $entity AND h.rec_id IN (
  SELECT l.rec_id FROM link l JOIN mine m ON m.entity_id = l.entity_id WHERE l.entity = $entity)
ORDER BY h.rec_id, h.op
"""


def _relink(store: Store, entity: str, clusters: pl.DataFrame, records: pl.DataFrame, op: int) -> link.Assigned:
    """Give each cluster its lasting id and append the links that changed."""
    with engine.lend(store.connection, clustered=records.select("rec_id").unique()):
        previous = engine.collect(
            engine.sql(
                store.connection,
                """SELECT l.rec_id, l.entity_id FROM current_link l JOIN clustered c ON c.rec_id = l.rec_id
                   WHERE l.entity = $entity ORDER BY l.rec_id""",
                entity=entity,
            )
        )
    with engine.lend(store.connection, contested=link.contested(clusters, previous).to_frame("rec_id")):
        history = engine.collect(engine.sql(store.connection, _HISTORY, entity=entity))
    assigned = link.assign(clusters, previous, records, _next_id(store), history)
    # A record that belongs nowhere any more (its dwelling is claimed by two households now) is told so.
    ended = previous.join(clusters, on="rec_id", how="anti").select("rec_id", pl.lit(None, pl.Int64).alias("entity_id"))
    told = pl.concat([assigned.links, ended]).select(
        "rec_id", pl.lit(entity).alias("entity"), "entity_id", pl.lit(op, pl.Int64).alias("op")
    )
    engine.write(store.connection, told, "link")
    return assigned
