"""The use cases of a grid worker: check a sheet, import a sheet. Each is the plain order of its stages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from oneform import problems, read, recognise
from oneform.answer.problem_workbook import file_name, problem_workbook
from oneform.frames import LEFT_OUT, PROBLEMS, Normalised, Table, Workbook
from oneform.kinds import date as dates
from oneform.mapping.model import Mapping as Form
from oneform.normalise import normalised
from oneform.pipeline.identity import settle
from oneform.pipeline.reports import write_files
from oneform.schema import Schema
from oneform.store import Batch, Store, begin_op, known_batch, take_in
from oneform.validate import Validated, validated

_BYTES_PER_MB = 2**20
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

    @property
    def counts(self) -> dict[str, int]:
        """Rows read, accepted and waiting; rows, columns and sheets left out; cells held."""
        rows = sum(table.cells.height for table in self.tables)
        waiting = sum(int(one.waiting.sum()) for one in self.judged)
        held = self.problems.filter(
            (pl.col("level") == problems.ERROR) & pl.col("row").is_not_null() & pl.col("column").is_not_null()
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
    """An import's outcome: how many entities its rows made, changed, or left as they were. `again`: it was known already."""

    checked: Checked
    batch: int
    source: str
    valid_on: str
    new: int
    updated: int
    unchanged: int
    queued_for_review: int
    again: bool = False


def check_sheet(
    path: Path, schema: Schema, *, form: Form | None = None, today: date, say: Callable[[str], None] = _silent
) -> Checked:
    """Read, recognise, normalise and validate a file. WorkbookError when it is refused as a whole."""
    say("读取")
    workbook = read.workbook(path)
    say("识别表头")
    tables = recognise.tables(workbook, schema, mapping=form)
    if not tables:
        raise recognise.refusal(workbook, schema)
    say("规范与校验")
    said = tuple(normalised(table, schema, today=today, file=path.stem) for table in tables)
    judged = tuple(validated(one, table, schema, today=today) for one, table in zip(said, tables, strict=True))
    found = [*(table.problems for table in tables), *(one.problems for one in judged)]
    left_out = [*(table.left_out for table in tables), recognise.skipped(workbook, tables)]
    return Checked(
        workbook,
        tables,
        said,
        judged,
        pl.concat([pl.DataFrame(schema=LEFT_OUT), *left_out]),
        pl.concat([pl.DataFrame(schema=PROBLEMS), *found]),
    )


def import_sheet(  # noqa: PLR0913 - what a batch carries, each by keyword
    store: Store,
    path: Path,
    *,
    form: Form | None = None,
    source: str | None = None,
    valid_on: date | None = None,
    now: datetime,
    who: str,
    say: Callable[[str], None] = _silent,
) -> Imported:
    """Take a file in: one transaction, one batch. The same content again changes nothing and says so."""
    if source is not None and source not in store.schema.sources:
        known = "、".join(f"{name}（{one.zh}）" for name, one in store.schema.sources.items())
        known_en = ", ".join(store.schema.sources)
        raise problems.usage(f"没有来源「{source}」，可用：{known}。", f"no source {source}; known: {known_en}.")
    checked = check_sheet(path, store.schema, form=form, today=now.date(), say=say)
    if all(table.data_rows is None for table in checked.tables):
        raise problems.refusal("OF110", path.name, what="表里没有数据行，请填好后再导入", what_en="no data rows")
    batch = _batch(checked, path, form, source, valid_on, now, who)
    earlier = known_batch(store, batch.content_sha256)
    if earlier is not None:
        return Imported(checked, earlier, batch.source, batch.valid_on, 0, 0, batch.accepted, 0, again=True)
    store.ensure_space(path.stat().st_size * _GROWTH // _BYTES_PER_MB)
    before = store.connection.cursor()  # sees the committed state until the end
    try:
        with store.transaction():
            say("入库")
            op = begin_op(store, "import", at=now.isoformat(timespec="seconds"), who=who, detail=batch.file)
            import_id, records = take_in(store, batch, op, _said(checked), **_lists(checked))
            say("比对同一人")
            settled = settle(store, records.select("rec_id", "waiting"), op)
            new, updated, unchanged = _changes(store, before, records, settled.touched)
    finally:
        before.close()
    store.settle()
    return Imported(checked, import_id, batch.source, batch.valid_on, new, updated, unchanged, settled.queued)


def problem_workbook_of(checked: Checked, schema: Schema, *, taken_in: bool = True) -> tuple[str, bytes] | None:
    """File name and bytes of the workbook handed back, None when there is no problem; `taken_in`: it was imported."""
    if checked.problems.is_empty():
        return None
    content = problem_workbook(
        checked.workbook,
        checked.tables,
        checked.problems,
        checked.left_out,
        checked.counts,
        schema,
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
        received_at=now.isoformat(timespec="seconds"),
        valid_on=(_stated_date(checked, now.date()) or valid_on or now.date()).isoformat(),
        file_sha256=checked.workbook.file_sha256,
        content_sha256=content_sha256(checked.tables),
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


def content_sha256(tables: tuple[Table, ...]) -> str:
    """The hash of what the tables say, cell by cell: equal for a copy that another program saved again."""
    digest = hashlib.sha256()
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
            "entity": column.entity,
            "field": column.field,
        }
        for table in checked.tables
        for column in table.columns
    ]
    return {"problem": checked.problems, "left_out": checked.left_out, "binding": pl.DataFrame(bindings)}


def _changes(store: Store, before: object, records: pl.DataFrame, touched: pl.DataFrame) -> tuple[int, int, int]:
    """New, updated and unchanged among the entities that the batch's rows are about."""
    entities = records["entity"].unique().to_list()
    new = touched.filter(pl.col("minted") & pl.col("entity").is_in(entities)).height
    updated = 0
    for entity in entities:
        ids = touched.filter((pl.col("entity") == entity) & ~pl.col("minted"))["entity_id"].to_list()
        if not ids:
            continue
        fields = ", ".join(f'"{field.name}"' for field in store.schema.stored(entity))
        query = f'SELECT entity_id, {fields} FROM "golden_{entity}" WHERE entity_id = ANY($ids)'  # noqa: S608 - names of the schema
        was = before.sql(query, params={"ids": ids}).pl()  # type: ignore[attr-defined]
        now = store.connection.sql(query, params={"ids": ids}).pl()
        updated += now.join(was, on=now.columns, how="anti", nulls_equal=True).height
    concerned = touched.filter(pl.col("entity").is_in(entities)).height
    return new, updated, max(0, concerned - new - updated)
