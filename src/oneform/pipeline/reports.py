"""The use case of a department: its own template, filled from golden values, delivered whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from oneform import engine, fill, problems, project
from oneform.frames import Delivered, Filled, Report
from oneform.mapping.model import Card, Split
from oneform.mapping.model import Mapping as Form
from oneform.pipeline.delivered import said_by
from oneform.schema import Schema
from oneform.store import Store, begin_op, golden
from oneform.store.database import write_whole

_UNSAFE = str.maketrans('\\/:*?"<>|', "_________")


@dataclass(frozen=True)
class Written:
    """A filled form: file name → bytes, and → rows and cells written from data; what did not fit (PROBLEMS)."""

    files: Mapping[str, bytes]
    counts: Mapping[str, tuple[int, int]]
    problems: pl.DataFrame

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(rows for rows, _ in self.counts.values())

    @property
    def cells(self) -> int:
        """Cells of all files."""
        return sum(cells for _, cells in self.counts.values())


def report(
    store: Store, form: Form, *, params: Mapping[str, str] | None = None, day: date, template: bytes | None = None
) -> Written:
    """Project the dataset through a form's mapping and fill its template. Nothing is written to disk."""
    given = dict(params or {})
    unknown = set(given) - {param.name for param in form.params}
    if unknown:
        known = "、".join(param.name for param in form.params)
        raise problems.usage(
            f"表「{form.title}」没有参数 {'、'.join(sorted(unknown))}，可用：{known}。",
            f"form {form.form} has no parameter {', '.join(sorted(unknown))}; known: {known}.",
        )
    day = _day(given, day)
    entities = frozenset(form.entities) | {"grid"}  # the list of grids names the community
    tables = golden(store, entities)
    projected = project.reports(form, tables, params=given, day=day, schema=store.schema)
    title = project.title(form, given, day=day, schema=store.schema)
    return _written(form, projected, _template(form) if template is None else template, f"{title}_{day:%Y%m%d}")


def _day(params: Mapping[str, str], day: date) -> date:
    try:
        return date.fromisoformat(params["day"]) if "day" in params else day
    except ValueError:
        raise problems.usage("参数 day 要写成 2026-11-20 这样。", "write the parameter day as 2026-11-20.") from None


def _template(form: Form) -> bytes:
    path = form.template.file
    try:
        content = path.read_bytes()
    except OSError:
        raise problems.refusal(
            "OF601", file=path.name, what="找不到，请放回映射文件旁边", what_en="is missing"
        ) from None
    if form.template.sha256 and hashlib.sha256(content).hexdigest() != form.template.sha256:
        raise problems.refusal(
            "OF602",
            path.name,
            what="模板文件与映射里登记的不是同一个",
            what_en="the file is not the one the mapping names",
        )
    return content


def _written(form: Form, reports: tuple[Report, ...], template: bytes, name: str) -> Written:
    compiled = fill.compile(template, form)
    name = name.translate(_UNSAFE)
    if form.split and any(one.part for one in reports):
        return _parts(form.split, compiled, reports, name)
    (projected,) = reports
    if isinstance(form.shape, Card) and form.shape.one == "file":
        cards = fill.render_cards(compiled, projected)
        named = {f"{name}_{card.translate(_UNSAFE)}.xlsx": filled for card, filled in cards}
        found = pl.concat([projected.problems, *(filled.problems for _, filled in cards)])
        counts = {file: (1, filled.cells) for file, filled in named.items()}
        return Written({file: filled.content for file, filled in named.items()}, counts, found)
    filled = fill.render(compiled, projected)
    rows = len(projected.cards) if isinstance(form.shape, Card) else projected.table.height
    return _one_file(f"{name}.xlsx", filled, rows, [projected.problems])


def _one_file(name: str, filled: Filled, rows: int, problems_: list[pl.DataFrame]) -> Written:
    return Written({name: filled.content}, {name: (rows, filled.cells)}, pl.concat([*problems_, filled.problems]))


def _parts(split: Split, compiled: fill.Compiled, reports: tuple[Report, ...], name: str) -> Written:
    """A form that is split: one file a part, or one file with a sheet a part."""
    if split.into == "sheet":
        rows = sum(one.table.height for one in reports)
        return _one_file(f"{name}.xlsx", fill.render_sheets(compiled, reports), rows, [one.problems for one in reports])
    files: dict[str, bytes] = {}
    counts: dict[str, tuple[int, int]] = {}
    found: list[pl.DataFrame] = []
    for one in reports:
        filled = fill.render(compiled, one)
        part, number = one.part.translate(_UNSAFE), 1
        while (file := f"{name}_{part}{f'({number})' if number > 1 else ''}.xlsx") in files:
            number += 1
        files[file] = filled.content
        counts[file] = (one.table.height, filled.cells)
        found += [one.problems, filled.problems]
    return Written(files, counts, pl.concat(found))


def deliver(
    store: Store,
    form: Form,
    folder: Path,
    *,
    params: Mapping[str, str] | None = None,
    now: datetime,
    who: str,
    force: bool = False,
) -> tuple[list[Delivered], pl.DataFrame]:
    """Fill a form, write its files whole into a folder and record the delivery; also what did not fit (PROBLEMS)."""
    written = report(store, form, params=params, day=now.date())
    _ensure_free(folder, written, force=force)
    delivered = [
        Delivered(
            form.form,
            form.department,
            form.title,
            folder / name,
            *written.counts[name],
            hashlib.sha256(content).hexdigest(),
        )
        for name, content in written.files.items()
    ]
    with (
        store.transaction()
    ):  # a file that left without a record, or a record without its file, would be worse than none
        _record(store, form, delivered, written, params or {}, now=now, who=who)
        write_files(folder, written.files)
    return delivered, written.problems


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files whole into the folder; OF701 when the disk is full, OF706 when it may not be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as cause:
        if cause.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise problems.refusal("OF706", file=folder) from None
        if cause.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            need = sum(map(len, files.values())) // 2**20 + 1
            raise problems.refusal("OF701", need=need, free=_free_mb(folder)) from None
        raise problems.usage(
            f"无法写到 {folder}，请换一个目录。", f"cannot write to {folder}; name another folder."
        ) from None


def _ensure_free(folder: Path, written: Written, *, force: bool) -> None:
    taken = [name for name in written.files if (folder / name).exists()]
    if taken and not force:
        raise problems.usage(
            f"{folder / taken[0]} 已存在，要覆盖请加 --force。",
            f"{folder / taken[0]} exists; add --force to overwrite.",
        )


def _free_mb(folder: Path) -> int:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free // 2**20


def _record(
    store: Store,
    form: Form,
    delivered: list[Delivered],
    written: Written,
    params: Mapping[str, str],
    *,
    now: datetime,
    who: str,
) -> None:
    op = begin_op(store, "delivery", at=now.isoformat(timespec="seconds"), who=who, detail=form.form)
    first = int(store.connection.execute("SELECT coalesce(max(delivery_id), 0) + 1 FROM delivery").fetchall()[0][0])
    # a card of each household is hundreds of sheets: reading them all again would double the time of the delivery
    again = not isinstance(form.shape, Card)
    rows = [
        {
            "delivery_id": first + number,
            "op": op,
            "form": form.form,
            "mapping_sha256": form.sha256,
            "template_sha256": form.template.sha256,
            "params": json.dumps(dict(params), ensure_ascii=False),
            "rows": one.rows,
            "cells": one.cells,
            "recipient": form.recipient,
            "file": one.file.name,
            "sha256": one.sha256,
            "content_sha256": said_by(written.files[one.file.name], one.file.name) if again else None,
        }
        for number, one in enumerate(delivered)
    ]
    engine.write(store.connection, pl.DataFrame(rows), "delivery")


def found_form(forms: Mapping[str, Form], name: str) -> Form:
    """The form of that name or title; a usage error with the known ones."""
    for form in forms.values():
        if name in {form.form, form.title}:
            return form
    known = "、".join(f"{form.form}（{form.title}）" for form in forms.values())
    raise problems.usage(f"没有表「{name}」，可用：{known}。", f"no form {name}; known: {', '.join(forms)}.")


def load_forms(folders: list[Path], schema: Schema) -> dict[str, Form]:
    """Every mapping of the shipped folder and the workspace's, checked whole."""
    from oneform import mapping

    return mapping.load_all([folder for folder in folders if folder.is_dir()], schema)
