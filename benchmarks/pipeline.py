"""The whole way of one big sheet: 300,000 residents × 20 columns in, linked, golden, and 15 community reports out.

Run by hand: python benchmarks/pipeline.py [--people 300000] [--cache FOLDER]. The real import runs in a process of its
own; the functions of each stage are wrapped, so that CPU seconds and peak memory are charged to the stage at work and
what no stage claims is shown as `rest`. Beside each stage stands its floor: the least work that any program would do
for it, measured in the same run. Afterwards a sheet of 400 rows goes into the full store, as happens every day.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 11, 20)
REPORTS = 15
SMALL = 400  # rows of the daily sheet
HEADERS = (
    *("序号", "户号", "与户主关系", "姓名", "性别", "证件类型", "身份证号", "出生日期", "民族", "联系电话"),
    *("户籍地址", "小区", "楼栋", "单元", "室号", "网格", "文化程度", "工作单位", "婚姻状况", "政治面貌"),
)
TARGET_RATIO, TARGET_MB = 5, 3000


# -- the sheet -----------------------------------------------------------------------------------------------------


def sheet(path: Path, people: int, *, first: int = 0, count: int | None = None) -> Path:
    """The residents of a made-up community as one sheet; a few cells in a hundred rows are wrong or oddly written."""
    if path.exists():
        return path
    import xlsxwriter

    sys.path.insert(0, str(ROOT / "examples"))
    from simulator.people import community

    made = community(people, 20261120)
    rng = Random(1)
    beside = path.with_suffix(".part")
    book = xlsxwriter.Workbook(str(beside), {"constant_memory": True, "strings_to_numbers": False})
    page = book.add_worksheet("居民")
    page.write_row(0, 0, HEADERS)
    chosen = made.people[first : first + count if count else None]
    for row, person in enumerate(chosen, 1):
        for column, text in enumerate(_cells(row, person, made, rng)):
            if text:
                page.write_string(row, column, text)
    book.close()
    beside.rename(path)
    return path


def _cells(row: int, person: Any, made: Any, rng: Random) -> tuple[str, ...]:
    """The row of one person; about one identifier in 200 and one telephone in 100 is damaged, one date in 50 odd."""
    household = made.household(person)
    home = household.dwelling
    number, phone, birth = person.id_number or "", person.phone or "", person.birth.isoformat()
    if number and rng.random() < 0.005:
        number = number[:-1] + str((int(number[-1].replace("X", "3")) + 1) % 10)
    if phone and rng.random() < 0.01:
        phone = phone[:-1]
    if rng.random() < 0.02:
        birth = birth.replace("-", ".")
    parts = (home.estate + (home.lane and home.lane + "巷") + (home.group and home.group + "组"), home.building)
    return (
        str(row),
        f"{home.grid:02d}{household.number:06d}",
        person.relation,
        person.name,
        "男" if person.gender == "1" else "女",
        person.id_type if number else "",
        number,
        birth,
        person.ethnicity,
        phone,
        person.hukou,
        *parts,
        home.unit,
        home.room,
        f"第{home.grid}网格",
        person.education,
        person.employer,
        person.marital,
        person.political,
    )


# -- the meter -----------------------------------------------------------------------------------------------------


@dataclass
class Cost:
    """What a stage took in all: CPU seconds of every thread and child, wall seconds, peak resident MB."""

    cpu: float = 0.0
    wall: float = 0.0
    peak: int = 0


class Meter:
    """Charges time and memory to the stage at work; a stage called inside another is charged for itself alone."""

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}
        self.stage = "idle"
        self._mark = self._now()

    def enter(self, stage: str) -> str:
        """Charge what was used since the last call to the stage that was at work; which one that was."""
        cpu, wall = self._now()
        cost = self.costs.setdefault(self.stage, Cost())
        cost.cpu, cost.wall = cost.cpu + cpu - self._mark[0], cost.wall + wall - self._mark[1]
        cost.peak = max(cost.peak, _peak_mb())
        before, self.stage = self.stage, stage
        self._mark = self._now()
        return before

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, charged to a stage."""

        def charged(*args: Any, **named: Any) -> Any:
            before = self.enter(stage)
            try:
                return function(*args, **named)
            finally:
                self.enter(before)

        return charged

    def taken(self) -> dict[str, dict[str, Any]]:
        """What each stage took so far; the meter starts again from nothing."""
        self.enter("idle")
        costs = {name: vars(cost) for name, cost in self.costs.items() if name != "idle"}
        self.costs = {}
        return costs

    @staticmethod
    def _now() -> tuple[float, float]:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system, time.monotonic()


def _peak_mb() -> int:
    """High-water mark of resident memory since the last call, in MB; since the start where Linux does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def instrument(meter: Meter) -> None:
    """Wrap the functions in which each stage of an import is called."""
    from oneform import link, read, recognise
    from oneform.pipeline import checking, golden, identity, sheets

    for module, name, stage in (
        (read, "workbook", "read"),
        (recognise, "tables", "recognise"),
        (checking, "normalised", "normalise"),
        (checking, "validated", "validate"),
        (sheets, "content_sha256", "take in"),
        (sheets, "take_in", "take in"),
        (identity, "linkable", "link: rows"),
        (link, "standardise", "link: standardise"),
        (link, "block_keys", "link: block"),
        (identity, "_reopened", "link: pairs"),
        (identity, "_pairs", "link: pairs"),
        (link, "weigh", "link: weigh"),
        (link, "cluster", "link: cluster"),
        (link, "assign", "link: assign"),
        (identity, "_link_keyed", "link: keyed"),
        (identity, "_link_households", "link: households"),
        (golden, "renew", "golden"),
    ):
        setattr(module, name, meter.around(stage, getattr(module, name)))


# -- the run -------------------------------------------------------------------------------------------------------


def run(big: Path, small: Path, folder: Path) -> dict[str, Any]:
    """Import, link, report; then the floors, the daily sheet, and what all of it cost."""
    from oneform.pipeline import load_schema, open_workspace
    from oneform.pipeline.workspace import SHANGHAI

    load_schema()
    clock = lambda: datetime(DAY.year, DAY.month, DAY.day, 18, tzinfo=SHANGHAI)  # noqa: E731
    meter = Meter()
    instrument(meter)
    with open_workspace(folder, create=True, who="benchmark", clock=clock) as workspace:
        form = workspace.form("residents")
        meter.taken()
        meter.enter("rest")
        took = workspace.import_sheet(big, source="police", valid_on=DAY)
        meter.enter("reports")
        rows = _reports(workspace, form)
        costs = meter.taken()
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
        costs["read"]["peak"] = max(costs["read"]["peak"], child)
        found = floors(workspace, big)
        meter.taken()
        meter.enter("rest")
        again = workspace.import_sheet(small, source="grid", valid_on=DAY)
        daily = meter.taken()
        return {
            "costs": costs,
            "floors": found,
            "daily": daily,
            "facts": {
                "rows": took.checked.counts["rows"],
                "residents": took.new,
                "reviews": took.queued_for_review,
                "report_rows": rows,
                "problems": took.checked.problems.height,
                "daily_new": again.new,
                "daily_updated": again.updated,
                "database_mb": (folder / "oneform.duckdb").stat().st_size >> 20,
            },
        }


def _reports(workspace: Any, form: Any) -> int:
    """The form `residents` for 15 slices of the golden people, as 15 communities would ask for it."""
    from oneform import fill, project, store

    tables = store.golden(workspace.store, frozenset(form.entities) | {"grid"})
    template = form.template.file.read_bytes()
    people, rows = tables["person"], 0
    size = people.height // REPORTS + 1
    for start in range(0, people.height, size):
        part = {**tables, "person": people.slice(start, size)}
        (projected,) = project.reports(form, part, params={}, day=DAY, schema=workspace.schema)
        fill.render(fill.compile(template, form), projected)
        rows += projected.table.height
    return rows


# -- the floors ----------------------------------------------------------------------------------------------------


def floors(workspace: Any, big: Path) -> dict[str, float]:
    """CPU seconds of the least that any program does for a stage, on the same rows."""
    import polars as pl

    from oneform import read

    connection = workspace.store.connection
    texts = read.workbook(big).sheets[0].texts.slice(1)
    texts = texts.rename(dict(zip(texts.columns, HEADERS, strict=True)))
    pairs = connection.sql(_PAIRS).fetchall()[0][0]
    people = pl.from_arrow(connection.sql("SELECT * FROM golden_person").to_arrow_table())
    assert isinstance(people, pl.DataFrame)
    return {
        "read": _spent(lambda: _inflated(big)),
        "validate": _spent(lambda: _six_rules(texts)),
        "link: pairs": _spent(lambda: connection.sql(_PAIRS).fetchall()),
        "link: weigh": _spent(lambda: _scored(texts)) * pairs / 1_000_000,
        "take in": _spent(lambda: _loaded(texts)),
        "golden": _spent(lambda: _golden(texts)),
        "reports": _spent(lambda: _written(people)),
        "pairs": pairs,
    }


_PAIRS = """
WITH live AS (SELECT rule, key FROM block_key GROUP BY rule, key HAVING count(*) BETWEEN 2 AND 80),
     k AS (SELECT b.rule, b.key, b.rec_id FROM block_key b JOIN live USING (rule, key))
SELECT count(DISTINCT (a.rec_id, b.rec_id))
FROM k a JOIN k b ON a.rule = b.rule AND a.key = b.key AND a.rec_id < b.rec_id
"""


def _spent(work: Callable[[], object]) -> float:
    before = Meter._now()[0]  # noqa: SLF001 - same file
    work()
    return Meter._now()[0] - before  # noqa: SLF001


def _inflated(path: Path) -> int:
    with zipfile.ZipFile(path) as package:
        name = next(n for n in package.namelist() if n.startswith("xl/worksheets/sheet"))
        return package.read(name).count(b' t="e"')


def _six_rules(texts: Any) -> object:
    import polars as pl

    return texts.select(
        (~pl.col("身份证号").str.contains(r"^[0-9]{17}[0-9X]$")).sum(),
        (~pl.col("联系电话").str.contains(r"^1[0-9]{10}$")).sum().alias("phone"),
        (~pl.col("出生日期").is_between(pl.lit("1900"), pl.lit("2027"))).sum(),
        (~pl.col("性别").is_in(["男", "女"])).sum(),
        (~pl.col("姓名").str.len_chars().is_between(2, 30)).sum(),
        (pl.col("出生日期") != pl.col("身份证号").str.slice(6, 8)).sum().alias("birth"),
    )


def _scored(texts: Any) -> object:
    """A million pairs, three fields each."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    some = [texts[name].fill_null("").to_numpy() for name in ("姓名", "身份证号", "联系电话")]
    for values in some:
        at = [n % len(values) for n in range(1_000_000)]
        left = values[at]
        cpdist(left, left[::-1], scorer=OSA.distance, score_cutoff=3)
    return None


def _loaded(texts: Any) -> None:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect(f"{folder}/floor.duckdb")
        connection.register("texts", texts)
        connection.execute("CREATE TABLE loaded AS SELECT * FROM texts")
        connection.execute("CHECKPOINT")
        connection.close()


def _golden(texts: Any) -> None:
    import duckdb

    connection = duckdb.connect()
    connection.register("texts", texts.with_row_index("id"))
    values = ", ".join(f'max_by("{n}", rank) FILTER (WHERE "{n}" IS NOT NULL) AS "{n}"' for n in texts.columns)
    connection.execute(f"CREATE TABLE g AS SELECT id, {values} FROM (SELECT *, id % 97 AS rank FROM texts) GROUP BY id")
    connection.close()


def _written(people: Any) -> int:
    """The rows of the reports as sheet XML, deflated."""
    import polars as pl

    from oneform.ooxml.deflate import deflate

    names = ["name", "id_number", "gender", "birth_date", "phone", "hukou_address", "current_address"]
    size = people.height // REPORTS + 1
    total = 0
    for start in range(0, people.height, size):
        part = people.slice(start, size).with_row_index("n", offset=4)
        cells = [
            pl.format(
                f'<c r="{column}{{}}" s="1" t="inlineStr"><is><t>{{}}</t></is></c>', "n", pl.col(name).fill_null("")
            )
            for column, name in zip("BCDEFGH", names, strict=True)
        ]
        lines = part.select(pl.concat_str(pl.format('<row r="{}">', "n"), *cells, pl.lit("</row>")).str.join(""))
        total += sum(map(len, deflate([lines.item().encode()])[0]))
    return total


# -- the table -----------------------------------------------------------------------------------------------------

ORDER = (
    *("read", "recognise", "normalise", "validate", "take in", "link: rows", "link: standardise", "link: block"),
    *("link: pairs", "link: weigh", "link: cluster", "link: assign", "link: keyed", "link: households"),
    *("golden", "rest", "reports"),
)


def table(told: dict[str, Any]) -> None:
    """Print the stages with their floors, the whole, and the daily sheet."""
    print(f"{'stage':<20}{'CPU s':>8}{'wall s':>8}{'floor s':>9}{'ratio':>8}{'peak MB':>9}")
    costs, least = told["costs"], told["floors"]
    for name in ORDER:
        if name in costs:
            one, floor = costs[name], least.get(name)
            ratio = f"{one['cpu'] / floor:.1f}" if floor else ""
            print(f"{name:<20}{one['cpu']:>8.2f}{one['wall']:>8.2f}{floor or 0:>9.2f}{ratio:>8}{one['peak']:>9}")
    cpu, wall = (sum(one[what] for one in costs.values()) for what in ("cpu", "wall"))
    floor = sum(seconds for name, seconds in least.items() if name in ORDER)
    peak = max(one["peak"] for one in costs.values())
    print(f"{'whole':<20}{cpu:>8.2f}{wall:>8.2f}{floor:>9.2f}{cpu / floor:>8.1f}{peak:>9}")
    print(f"aim: ratio ≤ {TARGET_RATIO}, peak ≤ {TARGET_MB} MB; {least['pairs']:,} candidate pairs; {told['facts']}")
    daily = {name: round(one["cpu"], 2) for name, one in told["daily"].items()}
    took = sum(one["cpu"] for one in told["daily"].values())
    waited = sum(one["wall"] for one in told["daily"].values())
    print(f"then a sheet of {SMALL} rows: {took:.2f} CPU s, {waited:.2f} wall s: {daily}")


def main() -> None:
    """Make the sheets if the cache has none, run in a fresh process, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "oneform-benchmark")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    big = sheet(given.cache / f"people-{given.people}.xlsx", given.people)
    small = sheet(given.cache / f"people-{given.people}-daily.xlsx", given.people, first=given.people // 2, count=SMALL)
    if given.json:
        with tempfile.TemporaryDirectory(dir=given.cache) as folder:
            print(json.dumps(run(big, small, Path(folder) / "workspace")))
        return
    command = [sys.executable, __file__, "--people", str(given.people), "--cache", str(given.cache), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    table(json.loads(done.stdout))


if __name__ == "__main__":
    main()
