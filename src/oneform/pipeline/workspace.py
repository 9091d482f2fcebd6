"""A workspace as one value with a lifetime: the library's way in, and the command line's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from oneform import problems, schema, shipped, store
from oneform.answer.template import template
from oneform.errors import StoreBusyError, StoreError
from oneform.frames import Delivered, Memory
from oneform.mapping.model import Mapping as Form
from oneform.pipeline import auditing, checking, reports, reviewing, sheets, training
from oneform.pipeline.checking import Checked
from oneform.pipeline.confirming import Said
from oneform.pipeline.linkage import LinkageReport, linkage_report
from oneform.pipeline.reports import Written
from oneform.pipeline.reviewing import Decided
from oneform.pipeline.sheets import Imported
from oneform.schema import Schema
from oneform.store import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")  # ages, days and dates are Chinese dates wherever the machine stands


def now() -> datetime:
    """The clock the shells hand in: Chinese time."""
    return datetime.now(SHANGHAI)


def load_schema(folder: Path | None = None) -> Schema:
    """The shipped schema with a workspace's own files laid over it."""
    own = [folder / "schemas", folder / "sources.yaml"] if folder is not None else []
    return schema.load(shipped.folder("schemas"), *(place for place in own if place.exists()))


def load_forms(bound: Schema, folder: Path | None = None) -> dict[str, Form]:
    """The shipped forms with a workspace's own laid over them."""
    return reports.load_forms([shipped.folder("mappings"), *([folder / "mappings"] if folder else [])], bound)


def known_in(folder: Path, bound: Schema) -> tuple[Memory, pl.DataFrame | None]:
    """What people answered before and the dwellings known, for a check, which needs no database.

    Nothing where there is no database, or it is in use or broken.
    """
    if (folder / store.NAME).is_file():
        with suppress(StoreBusyError, StoreError), store.opened(folder, bound) as opened:
            return store.remembered(opened), store.dwelling_register(opened)
    return Memory(), None


def import_template(bound: Schema, entity: str, folder: Path | None = None) -> bytes:
    """The collection sheet of an entity: sensitive columns are in it where some form in force states why it needs them."""
    needed = {field for form in load_forms(bound, folder).values() for field in form.necessity}
    return template(bound, entity, switched_on=sorted(needed))


class Workspace:
    """One community's dataset, open: sheets go in, residents and forms come out. Made by `open_workspace`."""

    def __init__(self, opened: Store, *, who: str, clock: Callable[[], datetime]) -> None:
        self.store = opened
        self.who = who
        self.clock = clock
        self._forms: dict[str, Form] | None = None

    @property
    def schema(self) -> Schema:
        """The dataset's entities, code lists and sources."""
        return self.store.schema

    @property
    def forms(self) -> Mapping[str, Form]:
        """Every form that can be filled, by name."""
        if self._forms is None:
            self._forms = load_forms(self.schema, self.store.folder)
        return self._forms

    def form(self, name: str) -> Form:
        """The form of that name or Chinese title."""
        return reports.found_form(self.forms, name)

    def check(
        self,
        path: Path | str,
        *,
        form: str | None = None,
        columns: Mapping[str, str] | None = None,
        header: tuple[int, int] | None = None,
        skip_hidden: bool = False,
    ) -> Checked:
        """What a sheet was understood to say; nothing is written. `columns` and `header` as for `import_sheet`."""
        return checking.check_sheet(
            Path(path),
            self.schema,
            form=self.form(form) if form else None,
            today=self.clock().date(),
            said=Said(columns or {}, header),
            memory=store.remembered(self.store),
            register=store.dwelling_register(self.store),
            skip_hidden=skip_hidden,
        )

    def import_sheet(  # noqa: PLR0913 - what may be said with a sheet, each by keyword
        self,
        path: Path | str,
        *,
        form: str | None = None,
        source: str | None = None,
        valid_on: date | None = None,
        columns: Mapping[str, str] | None = None,
        header: tuple[int, int] | None = None,
        skip_hidden: bool = False,
        dry_run: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> Imported:
        """Take a sheet in; the same content again changes nothing. WorkbookError when the file is refused.

        `columns` says which field a column is that was not recognised (its own header → a field's label or name, 无 for
        nothing), `header` the first and last header row; both are remembered for the next sheet of that shape. A dry run
        writes nothing and tells what would change.
        """
        return sheets.import_sheet(
            self.store,
            Path(path),
            form=self.form(form) if form else None,
            source=source,
            valid_on=valid_on,
            said=Said(columns or {}, header),
            skip_hidden=skip_hidden,
            dry_run=dry_run,
            now=self.clock(),
            who=self.who,
            **({"say": say} if say else {}),
        )

    def memory(self) -> pl.DataFrame:
        """What people answered about columns and header rows: `number, kind, about, key, entity, field, …`."""
        return store.memory_list(self.store)

    def forget(self, number: int) -> None:
        """Take a remembered answer back. UsageError when there is none of that number."""
        at = self.clock().isoformat(timespec="seconds")
        with self.store.transaction():
            op = store.begin_op(self.store, "forget", at=at, who=self.who, detail=str(number))
            store.forget(self.store, number, op, at=at, who=self.who)
        self.store.settle()

    def problem_workbook(self, outcome: Imported | Checked) -> bytes | None:
        """The workbook that shows whoever made a sheet what to mend at which cell; None when nothing is wrong.

        The mended workbook is imported like any sheet.
        """
        taken_in = isinstance(outcome, Imported)
        checked = outcome.checked if isinstance(outcome, Imported) else outcome
        made = checking.problem_workbook_of(checked, self.schema, taken_in=taken_in)
        return made[1] if made else None

    def report(self, form: str, **params: str) -> bytes:
        """A filled form as bytes; a form of many files raises UsageError, `fill` gives them all."""
        files = self.fill(form, **params).files
        if len(files) != 1:
            raise problems.usage(
                f"表「{form}」有 {len(files)} 个文件，请用 fill。", f"form {form} has {len(files)} files; use fill."
            )
        return next(iter(files.values()))

    def fill(self, form: str, **params: str) -> Written:
        """A form's files as bytes by name, with what did not fit."""
        return reports.report(self.store, self.form(form), params=params, day=self.clock().date())

    def deliver(
        self, form: str, folder: Path | str, *, params: Mapping[str, str] | None = None, force: bool = False
    ) -> tuple[list[Delivered], pl.DataFrame]:
        """Write a filled form into a folder and record the delivery."""
        return reports.deliver(
            self.store, self.form(form), Path(folder), params=params, now=self.clock(), who=self.who, force=force
        )

    def residents(self) -> pl.DataFrame:
        """Golden residents, `resident` first."""
        return store.residents(self.store)

    def provenance(self) -> pl.DataFrame:
        """`resident, field, value, file, sheet, row, column` per golden value."""
        return store.provenance(self.store)

    def links(self) -> pl.DataFrame:
        """`file, sheet, row, entity, resident` of every source row."""
        return store.links(self.store)

    def linkage_report(self) -> LinkageReport:
        """How well rows about people are linked, as far as it can be told without labels; nothing is written."""
        return linkage_report(self.store)

    def audit_sample(self, count: int = 50) -> auditing.Sample | None:
        """Random pairs of joined rows as a workbook for a person to label; None where no two rows are joined."""
        return auditing.audit_sample(self.store, count, now=self.clock())

    def audit_read(self, path: Path | str) -> auditing.Audited:
        """The precision that a labelled sample shows, with its interval; nothing is written."""
        return auditing.audit_read(self.store, Path(path))

    def audit_judge(self, audited: auditing.Audited, path: Path | str) -> Decided:
        """Take the pairs of a sample apart that were labelled «not one person»; `path` signs the judgements."""
        return auditing.judge_wrong(self.store, audited, Path(path), who=self.who, now=self.clock())

    def train(self) -> training.Trained:
        """Fit the link model to what the workspace holds and link everything anew by it; the model becomes a version."""
        return training.train_model(self.store, now=self.clock(), who=self.who)

    def problems(self) -> pl.DataFrame:
        """What every import found: `batch, file, sheet, row, column, field, code, level, message, message_en`."""
        return store.problem_list(self.store)

    def reviews(self) -> pl.DataFrame:
        """Pairs of records that wait for a person: `review, left, right, match_weight, reason`."""
        return store.review_list(self.store)

    def decide(self, left_record: int, right_record: int, answer: str, reason: str = "") -> Decided:
        """Answer a review by its `left_record` and `right_record`: same, not_same, unsure, later, or withdrawn."""
        answers = pl.DataFrame({"left": [left_record], "right": [right_record], "answer": [answer]})
        return reviewing.decide(self.store, answers, who=self.who, now=self.clock(), reason=reason)


@contextmanager
def open_workspace(
    folder: Path | str, *, create: bool = False, who: str = "library", clock: Callable[[], datetime] = now
) -> Iterator[Workspace]:
    """Open the workspace in a folder, made first when `create` is set. StoreBusyError while another process has it."""
    place = Path(folder)
    bound = load_schema(place)
    if create:
        store.create(place, bound)
    with store.opened(place, bound) as opened:
        yield Workspace(opened, who=who, clock=clock)


def known_values(workspace: Workspace) -> int:
    """How many facts the dataset holds: golden values of every entity, each counted once however many sheets say it."""
    tables = store.golden(workspace.store)
    return sum(
        int(frame.select(pl.sum_horizontal(pl.col(field.name).is_not_null().sum() for field in fields)).item())
        for entity, frame in tables.items()
        if (fields := workspace.schema.stored(entity))
    )
