"""What became of whom: ids that went into others, rows by their place, and where people lived when."""

from __future__ import annotations

import polars as pl

from oneform import engine
from oneform.store.database import Store

RESOLVED = pl.Schema({"entity_id": pl.Int64, "resident": pl.Int64})

# The rows an id had last, and whose they are now; an id in use is its own.
_RESOLVED = """
WITH mine AS (
  SELECT DISTINCT w.entity_id, l.rec_id FROM wanted w JOIN link l ON l.entity_id = w.entity_id AND l.entity = $entity),
spans AS (
  SELECT l.rec_id, l.entity_id, l.op, lead(l.op) OVER (PARTITION BY l.rec_id ORDER BY l.op) AS until
  FROM link l WHERE l.entity = $entity AND l.rec_id IN (SELECT rec_id FROM mine)),
last AS (
  SELECT m.entity_id, s.rec_id FROM mine m JOIN spans s ON s.rec_id = m.rec_id AND s.entity_id = m.entity_id
  QUALIFY coalesce(s.until, 9e18) = max(coalesce(s.until, 9e18)) OVER (PARTITION BY m.entity_id))
SELECT entity_id, resident FROM (
  SELECT l.entity_id, c.entity_id AS resident, count(*) AS rows
  FROM last l JOIN current_link c ON c.rec_id = l.rec_id AND c.entity = $entity GROUP BY ALL)
QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY rows DESC, resident) = 1
ORDER BY 1
"""


def resolved(store: Store, *ids: int, entity: str = "person") -> pl.DataFrame:
    """RESOLVED: who bears each id now. One that was merged away gives the one it went into, one in use itself.

    An id that never was, or whose rows are all gone, has no row.
    """
    wanted = pl.DataFrame({"entity_id": sorted(set(ids))}, schema={"entity_id": pl.Int64})
    with engine.lend(store.connection, wanted=wanted):
        return engine.collect(engine.sql(store.connection, _RESOLVED, entity=entity)).match_to_schema(RESOLVED)


_PLACES = """
SELECT w.place, max(r.rec_id) AS rec_id
FROM wanted w JOIN import_batch b ON starts_with(w.place, b.file || '!')
JOIN record r ON r.import_id = b.import_id AND w.place = b.file || '!' || r.sheet || '!' || r.row
GROUP BY w.place ORDER BY 1
"""


def records_at(store: Store, *places: str) -> dict[str, int]:
    """`file!sheet!row` → rec_id; of files of one name the one taken in last. Places that no row has are absent."""
    with engine.lend(store.connection, wanted=pl.DataFrame({"place": list(places)}, schema={"place": pl.String})):
        return dict(engine.collect(engine.sql(store.connection, _PLACES)).iter_rows())


LIVED = pl.Schema(
    {
        "resident": pl.Int64,
        "kind": pl.String,  # household | dwelling | hukou (户籍) | home (实居)
        "entity_id": pl.Int64,  # of the household or dwelling
        "what": pl.String,  # household number or head, place of a dwelling, the address as written
        "since": pl.String,  # day of the first sheet that says so, ISO
        "until": pl.String,  # day of the first sheet that says otherwise; null = as far as is known, still
        "rows": pl.Int64,  # how many rows say so
    }
)

# One line a row and kind; lines that say the same after each other are one stay, whatever sheet they come from.
_LIVED = """
WITH mine AS (
  SELECT l.entity_id AS resident, l.rec_id, b.valid_on, r.rec_key
  FROM current_link l JOIN record r USING (rec_id) JOIN import_batch b USING (import_id)
  WHERE l.entity = 'person' AND ($resident IS NULL OR l.entity_id = $resident)),
said AS (
  SELECT m.*, 'household' AS kind, h.entity_id, coalesce(g.household_id, g.head_name) AS what
  FROM mine m JOIN current_link h ON h.rec_id = m.rec_id AND h.entity = 'household'
  LEFT JOIN golden_household g ON g.entity_id = h.entity_id
  UNION ALL BY NAME
  SELECT m.*, 'dwelling' AS kind, d.entity_id,
         concat_ws('-', g.estate, g.village_group, g.lane, g.building, g.unit, g.room) AS what
  FROM mine m JOIN current_link d ON d.rec_id = m.rec_id AND d.entity = 'dwelling'
  LEFT JOIN golden_dwelling g ON g.entity_id = d.entity_id
  UNION ALL BY NAME
  SELECT m.*, 'hukou' AS kind, NULL AS entity_id, p.hukou_address AS what
  FROM mine m JOIN source_person p USING (rec_id) WHERE p.hukou_address IS NOT NULL
  UNION ALL BY NAME
  SELECT m.*, 'home' AS kind, NULL AS entity_id, p.current_address AS what
  FROM mine m JOIN source_person p USING (rec_id) WHERE p.current_address IS NOT NULL),
marked AS (
  SELECT *, coalesce(CAST(entity_id AS VARCHAR), what) AS told,
         lag(coalesce(CAST(entity_id AS VARCHAR), what)) OVER stay AS before FROM said
  WINDOW stay AS (PARTITION BY resident, kind ORDER BY valid_on, rec_key)),
stays AS (
  SELECT *, count(*) FILTER (WHERE before IS DISTINCT FROM told)
            OVER (PARTITION BY resident, kind ORDER BY valid_on, rec_key) AS stay FROM marked),
spans AS (
  SELECT resident, kind, stay, any_value(entity_id) AS entity_id, any_value(what) AS what, min(valid_on) AS since,
         count(*) AS rows FROM stays GROUP BY ALL)
SELECT resident, kind, entity_id, what, since, lead(since) OVER (PARTITION BY resident, kind ORDER BY stay) AS until, rows
FROM spans ORDER BY resident, kind, stay
"""


def lived(store: Store, resident: int | None = None) -> pl.DataFrame:
    """LIVED: households, dwellings and addresses of a resident (of all when None) with their days, oldest first.

    Derived from the days of the sheets (`valid_on`) and nothing else, so that any order of imports gives the same;
    户籍 and 实居 run beside each other.
    """
    found = engine.collect(engine.sql(store.connection, _LIVED, resident=resident))
    return found.select(pl.col(name).cast(dtype) for name, dtype in LIVED.items())
