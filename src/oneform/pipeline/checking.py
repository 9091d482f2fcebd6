"""The use case before an import: what a file is understood to say, and the workbook that hands it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from oneform import problems, read, recognise
from oneform.answer.problem_workbook import file_name, problem_workbook
from oneform.frames import LEFT_OUT, PROBLEMS, Memory, Normalised, Table, Workbook
from oneform.mapping.model import Crosstab
from oneform.mapping.model import Mapping as Form
from oneform.normalise import normalised
from oneform.pipeline import confirming
from oneform.pipeline.confirming import Said
from oneform.pipeline.reports import write_files
from oneform.pipeline.sheet_reviews import ensure_no_answers
from oneform.schema import Schema
from oneform.store import Answer
from oneform.validate import Validated, validated

_AGAINST_THE_STORE = ("OF404", "OF410")  # two sources disagree about the cell; it is used as trust and date have it


def silent(_: str) -> None:
    """Say nothing of how far the work is."""


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
    say: Callable[[str], None] = silent,
) -> Checked:
    """Read (unless it was: `workbook`), recognise, normalise and validate a file. WorkbookError when it is refused.

    `memory` is what people answered about earlier sheets, `said` what is said about this one, `register` the dwellings
    that are known to be there (store.dwelling_register): an import is given none, for what it holds back may not hang on
    which sheet came first.
    """
    ensure_rows(form, path)
    if workbook is None:
        say("读取")
        workbook = read_book(path, skip_hidden=skip_hidden)
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
    left_out = [*(table.left_out for table in tables), recognise.skipped(workbook, tables)]
    return Checked(
        workbook,
        tables,
        values,
        judged,
        pl.concat([pl.DataFrame(schema=LEFT_OUT), *left_out]),
        _problems(tables, judged),
        confirming.answers(workbook, tables, full, told),
        tuple(confirming.heard(table, full) for table in tables),
    )


def _problems(tables: tuple[Table, ...], judged: tuple[Validated, ...]) -> pl.DataFrame:
    """PROBLEMS of columns and cells, each once: the tables of one household's members share its cells."""
    found = [*(table.problems for table in tables), *(one.problems for one in judged)]
    place = ["sheet", "row", "column", "code", "message"]
    return pl.concat([pl.DataFrame(schema=PROBLEMS), *found]).unique(place, keep="first", maintain_order=True)


def read_book(path: Path, *, skip_hidden: bool) -> Workbook:
    """The cells of a file, without its hidden rows when they are skipped."""
    return read.workbook(path, skip_hidden=True) if skip_hidden else read.workbook(path)


def ensure_rows(form: Form | None, path: Path) -> None:
    """OF207 for a form of counts: nobody's row is in it."""
    if form is not None and isinstance(form.shape, Crosstab):
        zh, en = "统计表，表里的数是从名单数出来的，读不回去", "a table of counts, which cannot be read back"
        raise problems.refusal("OF207", path.name, sheet=form.title, what=zh, what_en=en)


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
