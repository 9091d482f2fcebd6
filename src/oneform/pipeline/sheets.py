"""The use case of a grid worker: a sheet is checked and taken in, one transaction, one batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from oneform import engine, problems, recognise
from oneform.frames import LEFT_OUT, PROBLEMS, Table, Workbook
from oneform.kinds import date as dates
from oneform.mapping.model import Mapping as Form
from oneform.pipeline import changes, editions
from oneform.pipeline.checking import Checked, check_sheet, ensure_rows, read_book, silent
from oneform.pipeline.confirming import Said
from oneform.pipeline.delivered import delivery_of
from oneform.pipeline.identity import settle
from oneform.schema import Schema
from oneform.store import (
    Batch,
    Store,
    begin_op,
    known_batch,
    remember,
    remembered,
    take_in,
)

_BYTES_PER_MB = 2**20
_GROWTH = 6  # a sheet's rows, links and golden values take up to about this many times its file


@dataclass(frozen=True)
class Imported:
    """An import's outcome: how many entities its rows made, changed, or left as they were. `again`: it was known already.

    `missing` (editions.MISSING) are the people of the sheet's last edition that it lacks now. Of a dry run, `batch` is
    what it would have been and `changes` (changes.CHANGES) the cells that would change a value.
    """

    checked: Checked
    batch: int
    source: str
    valid_on: str
    new: int
    updated: int
    unchanged: int
    queued_for_review: int
    again: bool = False
    missing: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=editions.MISSING))
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=changes.CHANGES))
    dry_run: bool = False
    merged: int = 0  # residents of before that turned out to be another one
    split: int = 0  # residents that came off another
    delivered: tuple[str, str] | None = None  # form and day of our own delivery that the file is, unchanged


def import_sheet(  # noqa: PLR0913 - what a batch carries, each by keyword
    store: Store,
    path: Path,
    *,
    form: Form | None = None,
    source: str | None = None,
    valid_on: date | None = None,
    said: Said | None = None,
    skip_hidden: bool = False,
    dry_run: bool = False,
    now: datetime,
    who: str,
    say: Callable[[str], None] = silent,
) -> Imported:
    """Take a file in: one transaction, one batch. The same content again changes nothing and says so.

    A dry run does all of it and takes it back: nothing is written, no id is used up.
    """
    _ensure_known(source, store.schema)
    ensure_rows(form, path)
    say("读取")
    workbook = read_book(path, skip_hidden=skip_hidden)
    own = delivery_of(store, workbook)
    if own is not None:
        return _unchanged(workbook, own, source or "other", now.date())
    checked = check_sheet(
        path, store.schema, form=form, today=now.date(), said=said, memory=remembered(store), workbook=workbook, say=say
    )
    _ensure_data(checked, store.schema, path)
    batch = _batch(checked, path, form, source, valid_on, now, who)
    earlier = known_batch(store, batch.content_sha256)
    if earlier is not None:
        if checked.answers and not dry_run:
            _keep_answers(store, checked, batch)
        return Imported(checked, earlier, batch.source, batch.valid_on, 0, 0, batch.accepted, 0, again=True)
    store.ensure_space(path.stat().st_size * _GROWTH // _BYTES_PER_MB)
    before = store.connection.cursor()  # sees the committed state until the end
    try:
        with store.transaction(keep=not dry_run):
            outcome = _taken_in(store, before, checked, batch, say, dry_run=dry_run)
    finally:
        before.close()
    if not dry_run:
        store.settle()
    return outcome


def _unchanged(workbook: Workbook, own: tuple[str, str], source: str, today: date) -> Imported:
    """The outcome for a delivery of ours that nobody has written in: all it says came from here."""
    nothing = Checked(workbook, (), (), (), pl.DataFrame(schema=LEFT_OUT), pl.DataFrame(schema=PROBLEMS))
    return Imported(nothing, 0, source, today.isoformat(), 0, 0, 0, 0, again=True, delivered=own)


def _ensure_data(checked: Checked, schema: Schema, path: Path) -> None:
    if any(table.data_rows is not None for table in checked.tables):
        return
    if any(table.refused for table in checked.tables):
        raise recognise.refusal(checked.workbook, schema)
    raise problems.refusal("OF110", path.name, what="表里没有数据行，请填好后再导入", what_en="no data rows")


def _ensure_known(source: str | None, schema: Schema) -> None:
    if source is not None and source not in schema.sources:
        known = "、".join(f"{name}（{one.zh}）" for name, one in schema.sources.items())
        known_en = ", ".join(schema.sources)
        raise problems.usage(f"没有来源「{source}」，可用：{known}。", f"no source {source}; known: {known_en}.")


def _taken_in(
    store: Store,
    before: engine.Connection,
    checked: Checked,
    batch: Batch,
    say: Callable[[str], None],
    *,
    dry_run: bool,
) -> Imported:
    """Everything an import writes, in the order of its stages."""
    say("入库")
    op = begin_op(store, "import", at=batch.received_at, who=batch.who, detail=batch.file)
    same = [
        editions.edition(table, one, checked.workbook, form=batch.form, source=batch.source, period=batch.valid_on)
        for table, one in zip(checked.tables, checked.said, strict=True)
    ]
    import_id, records = take_in(store, batch, op, _said(checked), same, **_lists(checked))
    remember(store, list(checked.answers), op, at=batch.received_at, who=batch.who, file=batch.file)
    say("比对同一人")
    settled = settle(store, records.select("rec_id", "waiting"), op)
    new, updated, unchanged = changes.counted(store, before, records, settled.touched)
    gone = editions.missing(store, import_id, checked.tables)
    doubts = pl.concat(
        [
            editions.missing_problems(checked.tables, gone),
            editions.conflicts(store, before, import_id, checked.tables),
        ]
    )
    engine.write(store.connection, doubts.with_columns(pl.lit(import_id, pl.Int64).alias("import_id")), "problem")
    return Imported(
        replace(checked, problems=pl.concat([checked.problems, doubts])),
        import_id,
        batch.source,
        batch.valid_on,
        new,
        updated,
        unchanged,
        settled.queued,
        missing=pl.concat(gone),
        changes=changes.cells(store, before, import_id, records, settled.touched)
        if dry_run
        else pl.DataFrame(schema=changes.CHANGES),
        dry_run=dry_run,
        merged=settled.merged,
        split=settled.split,
    )


def _keep_answers(store: Store, checked: Checked, batch: Batch) -> None:
    """Remember what was said with a file whose content is known already."""
    with store.transaction():
        op = begin_op(store, "memory", at=batch.received_at, who=batch.who, detail=batch.file)
        remember(store, list(checked.answers), op, at=batch.received_at, who=batch.who, file=batch.file)
    store.settle()


def _batch(
    checked: Checked, path: Path, form: Form | None, source: str | None, valid_on: date | None, now: datetime, who: str
) -> Batch:
    counts = checked.counts
    return Batch(
        file=path.name,
        format=checked.workbook.format,
        source=source or (form.source if form else None) or "other",
        form=form.form if form else None,
        received_at=now.isoformat(timespec="milliseconds"),
        valid_on=(_stated_date(checked, now.date()) or valid_on or now.date()).isoformat(),
        file_sha256=checked.workbook.file_sha256,
        content_sha256=content_sha256(checked.tables, checked.heard),
        who=who,
        mapping_sha256=form.sha256 if form else None,
        rows=counts["rows"],
        accepted=counts["accepted"],
        waiting=counts["waiting"],
    )


def _stated_date(checked: Checked, today: date) -> date | None:
    """The sheet's own 填报日期: the first table that states a whole day which is not in the future."""
    texts = [table.facts["fill_date"] for table in checked.tables if "fill_date" in table.facts]
    for text in texts:
        cell = pl.select(
            dates.parse(pl.lit(text), pl.lit(1, pl.UInt8), role="event", today=today)
            .struct.field("value")
            .alias("value")
        )["value"][0]
        if cell and len(cell) >= 10 and cell[:10] <= today.isoformat():
            return date.fromisoformat(cell[:10])
    return None


def content_sha256(tables: tuple[Table, ...], heard: tuple[str, ...] = ()) -> str:
    """The hash of what the tables say, cell by cell: equal for a copy that another program saved again.

    `heard`: a column that a person has named since makes the same cells say something new.
    """
    digest = hashlib.sha256("\x1c".join(heard).strip("\x1c").encode())
    for table in tables:
        heads = "\x1f".join(f"{column.index}:{column.header}" for column in table.columns)
        digest.update(f"\x1d{table.sheet}\x1e{heads}\x1e".encode())
        lines = table.cells.select(
            pl.concat_str(pl.all().cast(pl.String).fill_null(""), separator="\x1f").str.join("\x1e")
        )
        digest.update(lines.item().encode() if table.cells.height else b"")
    return digest.hexdigest()


def _said(checked: Checked) -> list[tuple[pl.DataFrame, dict[str, pl.DataFrame]]]:
    return [
        (
            table.cells.select(
                pl.lit(table.sheet).alias("sheet"),
                "row",
                pl.lit(table.entity).alias("entity"),
            ).with_columns(judged.waiting.alias("waiting")),
            judged.records,
        )
        for table, judged in zip(checked.tables, checked.judged, strict=True)
    ]


def _lists(checked: Checked) -> Mapping[str, pl.DataFrame]:
    bindings = [
        {
            "sheet": table.sheet,
            "column": column.index,
            "header": column.header,
            "entity": entity,
            "field": field,
        }
        for table in checked.tables
        for column in table.columns
        for entity, field in column.parts or ((column.entity, column.field),)
    ]
    return {"problem": checked.problems, "left_out": checked.left_out, "binding": pl.DataFrame(bindings)}
