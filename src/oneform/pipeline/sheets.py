"""The use cases of a grid worker: check a sheet, import a sheet. Each is the plain order of its stages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from oneform import engine, problems, read, recognise
from oneform.answer.problem_workbook import file_name, problem_workbook
from oneform.frames import LEFT_OUT, PROBLEMS, Memory, Normalised, Table, Workbook
from oneform.kinds import date as dates
from oneform.mapping.model import Crosstab
from oneform.mapping.model import Mapping as Form
from oneform.normalise import normalised
from oneform.pipeline import changes, confirming, editions
from oneform.pipeline.confirming import Said
from oneform.pipeline.delivered import delivery_of
from oneform.pipeline.identity import settle
from oneform.pipeline.reports import write_files
from oneform.pipeline.sheet_reviews import ensure_no_answers
from oneform.schema import Schema
from oneform.store import (
    Answer,
    Batch,
    Store,
    begin_op,
    known_batch,
    remember,
    remembered,
    take_in,
)
from oneform.validate import Validated, validated

_BYTES_PER_MB = 2**20
_AGAINST_THE_STORE = ("OF404", "OF410")  # two sources disagree about the cell; it is used as trust and date have it
_GROWTH = 6  # a sheet's rows, links and golden values take up to about this many times its file


def _silent(_: str) -> None:
    return


@dataclass(frozen=True)
class Checked:
    """What a file was understood to say; nothing has been written. `said` and `judged` go with `tables` one by one."""

    workbook: Workbook
    tables: tuple[Table, ...]
    said: tuple[Normalised, ...]
    judged: tuple[Validated, ...]
    left_out: pl.DataFrame  # LEFT_OUT
    problems: pl.DataFrame  # PROBLEMS
    answers: tuple[Answer, ...] = ()  # what a person said about its columns and header, to be remembered
    heard: tuple[str, ...] = ()  # per table, how answers made it read otherwise

    @property
    def counts(self) -> dict[str, int]:
        """Rows read, accepted and waiting; rows, columns and sheets left out; cells held."""
        rows = sum(table.cells.height for table in self.tables)
        waiting = sum(int(one.waiting.sum()) for one in self.judged)
        held = self.problems.filter(
            (pl.col("level") == problems.ERROR)
            & pl.col("row").is_not_null()
            & pl.col("column").is_not_null()
            & ~pl.col("code").is_in(_AGAINST_THE_STORE)
        )
        return {
            "rows": rows,
            "accepted": rows - waiting,
            "waiting": waiting,
            "left_out": self.left_out.height,
            "held_cells": held.select("sheet", "row", "column").unique().height,
        }


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


def check_sheet(  # noqa: PLR0913 - how a file may be read, each by keyword
    path: Path,
    schema: Schema,
    *,
    form: Form | None = None,
    today: date,
    said: Said | None = None,
    memory: Memory | None = None,
    register: pl.DataFrame | None = None,
    skip_hidden: bool = False,
    workbook: Workbook | None = None,
    say: Callable[[str], None] = _silent,
) -> Checked:
    """Read (unless it was: `workbook`), recognise, normalise and validate a file. WorkbookError when it is refused.

    `memory` is what people answered about earlier sheets, `said` what is said about this one, `register` the dwellings
    that are known to be there (store.dwelling_register): an import is given none, for what it holds back may not hang on
    which sheet came first.
    """
    ensure_rows(form, path)
    if workbook is None:
        say("读取")
        workbook = _read(path, skip_hidden=skip_hidden)
    ensure_no_answers(workbook, path)
    say("识别表头")
    known, told = memory or Memory(), said or Said()
    full = confirming.memory_of(workbook, schema, known, told, form)
    tables = recognise.tables(workbook, schema, mapping=form, memory=full)
    if not tables:
        raise recognise.refusal(workbook, schema)
    confirming.unheard(tables, told)
    say("规范与校验")
    values = tuple(normalised(table, schema, today=today, file=path.stem, own=form is not None) for table in tables)
    judged = tuple(
        validated(one, table, schema, today=today, register=None if table.entity == "dwelling" else register)
        for one, table in zip(values, tables, strict=True)
    )
    found = [*(table.problems for table in tables), *(one.problems for one in judged)]
    left_out = [*(table.left_out for table in tables), recognise.skipped(workbook, tables)]
    return Checked(
        workbook,
        tables,
        values,
        judged,
        pl.concat([pl.DataFrame(schema=LEFT_OUT), *left_out]),
        # tables of one household's members share its cells
        pl.concat([pl.DataFrame(schema=PROBLEMS), *found]).unique(
            ["sheet", "row", "column", "code", "message"], keep="first", maintain_order=True
        ),
        confirming.answers(workbook, tables, full, told),
        tuple(confirming.heard(table, full) for table in tables),
    )


def _read(path: Path, *, skip_hidden: bool) -> Workbook:
    return read.workbook(path, skip_hidden=True) if skip_hidden else read.workbook(path)


def ensure_rows(form: Form | None, path: Path) -> None:
    """OF207 for a form of counts: nobody's row is in it."""
    if form is not None and isinstance(form.shape, Crosstab):
        zh, en = "统计表，表里的数是从名单数出来的，读不回去", "a table of counts, which cannot be read back"
        raise problems.refusal("OF207", path.name, sheet=form.title, what=zh, what_en=en)


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
    say: Callable[[str], None] = _silent,
) -> Imported:
    """Take a file in: one transaction, one batch. The same content again changes nothing and says so.

    A dry run does all of it and takes it back: nothing is written, no id is used up.
    """
    _ensure_known(source, store.schema)
    ensure_rows(form, path)
    say("读取")
    workbook = _read(path, skip_hidden=skip_hidden)
    own = delivery_of(store, workbook)
    if own is not None:
        return _unchanged(workbook, own, source or "other", now.date())
    checked = check_sheet(
        path,
        store.schema,
        form=form,
        today=now.date(),
        said=said,
        memory=remembered(store),
        skip_hidden=skip_hidden,
        workbook=workbook,
        say=say,
    )
    if all(table.data_rows is None for table in checked.tables):
        if any(table.refused for table in checked.tables):
            raise recognise.refusal(checked.workbook, store.schema)
        raise problems.refusal("OF110", path.name, what="表里没有数据行，请填好后再导入", what_en="no data rows")
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


def problem_workbook_of(
    checked: Checked, schema: Schema, *, taken_in: bool = True, everything: bool = False
) -> tuple[str, bytes] | None:
    """File name and bytes of the workbook handed back, None when there is no problem; `taken_in`: it was imported.

    `everything`: with all rows, not only those to mend.
    """
    if checked.problems.is_empty():
        return None
    content = problem_workbook(
        checked.workbook,
        checked.tables,
        checked.problems,
        checked.left_out,
        checked.counts,
        schema,
        everything=everything,
        taken_in=taken_in,
    )
    to_mend = checked.problems.filter(pl.col("level") == problems.ERROR).select("sheet", "row", "column")
    return file_name(Path(checked.workbook.file).stem, to_mend.unique().height), content


def hand_back(folder: Path, name: str, content: bytes) -> Path:
    """Write a workbook into a folder whole, never over another one: `(2)` and so on is added to the name."""
    path, number = folder / name, 1
    while path.exists() and path.read_bytes() != content:
        number += 1
        path = folder / f"{Path(name).stem}({number}).xlsx"
    write_files(folder, {path.name: content})
    return path


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
