"""Taking a batch in: the op, the batch, its records and source rows, problems and what was left out, verbatim."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from oneform import engine
from oneform.store.database import Store


@dataclass(frozen=True)
class Batch:
    """One file taken in. `content_sha256` is what makes a re-saved copy the same sheet; `valid_on` is ISO."""

    file: str
    format: str
    source: str
    form: str | None
    received_at: str
    valid_on: str
    file_sha256: str
    content_sha256: str
    who: str
    mapping_sha256: str | None
    rows: int
    accepted: int
    waiting: int


@dataclass(frozen=True)
class Edition:
    """What makes one table of a batch the same sheet as another: its form, the place it is about, its period (ISO day).

    `known` counts its bound columns; `partial` is true for a workbook that holds only the rows to mend.
    """

    form: str
    place: str
    period: str
    known: int
    partial: bool = False


def known_batch(store: Store, content_sha256: str) -> int | None:
    """The import that already holds this content, if any."""
    found = store.connection.execute(
        "SELECT min(import_id) FROM import_batch WHERE content_sha256 = $sha", {"sha": content_sha256}
    ).fetchall()
    return None if found[0][0] is None else int(found[0][0])


def begin_op(store: Store, kind: str, *, at: str, who: str, detail: str = "") -> int:
    """The next tick of the one clock."""
    op = int(store.connection.execute("SELECT coalesce(max(op), 0) + 1 FROM op").fetchall()[0][0])
    store.connection.execute(
        "INSERT INTO op VALUES ($op, $kind, $at, $who, $detail)",
        {"op": op, "kind": kind, "at": at, "who": who, "detail": detail},
    )
    return op


def take_in(
    store: Store,
    batch: Batch,
    op: int,
    said: list[tuple[pl.DataFrame, dict[str, pl.DataFrame]]],
    editions: list[Edition],
    **lists: pl.DataFrame,
) -> tuple[int, pl.DataFrame]:
    """Store a batch; `said` has, per table, its rows (sheet, row, entity, waiting) and its records per entity.

    `editions` go with `said` one by one.
    `lists` are frames for the tables problem, left_out and binding. Returns the import id and the batch's rows of the
    table `record`.
    """
    connection = store.connection
    first = int(connection.execute("SELECT coalesce(max(rec_id), 0) + 1 FROM record").fetchall()[0][0])
    import_id = int(connection.execute("SELECT coalesce(max(import_id), 0) + 1 FROM import_batch").fetchall()[0][0])
    engine.write(connection, pl.DataFrame([{"import_id": import_id, "op": op, **vars(batch)}]), "import_batch")
    taken = []
    for number, (rows, records) in enumerate(said):
        stamped = _stamped(rows, batch, number).with_columns(
            pl.int_range(first, first + rows.height, dtype=pl.Int64).alias("rec_id"),
            pl.lit(import_id, pl.Int64).alias("import_id"),
            pl.lit(number, pl.Int32).alias("part"),
        )
        first += rows.height
        engine.write(connection, stamped, "record")
        place = stamped.select("rec_id", "import_id", "row")
        for entity, frame in records.items():
            fields = [name for name in frame.columns if name not in {"sheet", "row", "held", "raw", "extras"}]
            speaks = pl.any_horizontal(pl.col(name).is_not_null() for name in [*fields, "held"])
            spoken = frame if "raw" in frame.columns else frame.filter(speaks)
            located = spoken.join(place, on="row", how="inner", validate="m:1")
            engine.write(connection, located, f"source_{entity}")
        taken.append(stamped)
    parts = [{"import_id": import_id, "part": number, **vars(one)} for number, one in enumerate(editions)]
    engine.write(connection, pl.DataFrame(parts), "edition")
    for table, frame in lists.items():
        engine.write(connection, frame.with_columns(pl.lit(import_id, pl.Int64).alias("import_id")), table)
    return import_id, pl.concat(taken) if taken else pl.DataFrame()


def _stamped(rows: pl.DataFrame, batch: Batch, number: int) -> pl.DataFrame:
    """`rec_key` and `tie`: the row's identity and last word, made of the batch's content and its place in it."""
    # 39 bits: what is left of a BIGINT beside a trust of 0…127 and a day number (merge.py)
    seed = int(batch.content_sha256[:8], 16) + number * 1_000_003
    mixed = (pl.col("row").cast(pl.Int64) * 2_654_435_761 + seed * 40_503) % (1 << 39)
    return rows.with_columns(
        pl.format(
            "{}:{}:{}",
            pl.lit(batch.content_sha256[:16]),
            pl.lit(f"{number:02d}"),
            pl.col("row").cast(pl.String).str.zfill(7),
        ).alias("rec_key"),
        mixed.alias("tie"),
    )
