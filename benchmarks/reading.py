"""Reading: what safety costs beside bare python-calamine, and the way from an .xlsx to a normalised, validated frame.

Run by hand: python benchmarks/reading.py [--rows 300000] [--safety 50000] [--times 3] [--cache FOLDER]. Every
measurement runs in a process of its own; the ratios, within one run, are the figures to read.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
TODAY = date(2026, 11, 20)
TARGETS = {"safety": 1.7, "whole way": 3.0}
RIVALS = ("fastexcel", "openpyxl")


def plain_sheet(path: Path, rows: int, columns: int = 25) -> Path:
    """Texts and numbers without meaning, shared strings as Excel writes them: codes that repeat, numbers of their own."""
    if path.exists():
        return path
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("表")
    page.write_row(0, 0, [f"列{n}" for n in range(columns)])
    for row in range(1, rows + 1):
        for column in range(columns):
            if column % 5 == 4:
                page.write_number(row, column, row * (column + 1) % 9973)
            elif column % 2:
                page.write_string(row, column, f"第{(row + column) % 400}网格")
            else:
                page.write_string(row, column, f"{column}-{row:07d}")
    book.close()
    return path


# -- one measurement, in a process of its own ----------------------------------------------------------------------


def calamine(path: Path) -> dict[str, float]:
    """Cells as Python objects, as its users take them."""
    from python_calamine import CalamineWorkbook

    start = time.perf_counter()
    book = CalamineWorkbook.from_path(str(path))
    sheet = book.get_sheet_by_index(0)
    parsed = time.perf_counter() - start
    rows = sheet.to_python(skip_empty_area=False)
    return {"parse": parsed, "all": time.perf_counter() - start, "rows": len(rows)}


def fastexcel(path: Path) -> dict[str, float]:
    """Every column as text."""
    import fastexcel as library

    start = time.perf_counter()
    frame = library.read_excel(str(path)).load_sheet(0, dtypes="string").to_polars()
    return {"all": time.perf_counter() - start, "rows": frame.height}


def openpyxl(path: Path) -> dict[str, float]:
    """Read-only, values alone."""
    import openpyxl as library

    start = time.perf_counter()
    book = library.load_workbook(path, read_only=True)
    rows = sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))
    return {"all": time.perf_counter() - start, "rows": rows}


def safe(path: Path) -> dict[str, float]:
    """`read.workbook`: guard, worker process, frames back in the caller."""
    from oneform import read

    start = time.perf_counter()
    book = read.workbook(path)
    return {"all": time.perf_counter() - start, "rows": book.sheets[0].texts.height}


def whole(path: Path) -> dict[str, float]:
    """File → table → canonical values → accepted rows and problems, each stage by the clock."""
    from oneform import read, recognise, schema, shipped
    from oneform.normalise import normalised
    from oneform.validate import validated

    known = schema.load(shipped.folder("schemas"))
    marks = [_now()]
    book = read.workbook(path)
    marks.append(_now())
    (table,) = recognise.tables(book, known)
    marks.append(_now())
    values = normalised(table, known, today=TODAY, file=path.stem)
    marks.append(_now())
    validated(values, table, known, today=TODAY)
    marks.append(_now())
    told: dict[str, float] = {}
    for stage, before, after in zip(("read", "recognise", "normalise", "validate"), marks, marks[1:], strict=False):
        told[stage], told[f"{stage} cpu"] = after[0] - before[0], after[1] - before[1]
    return {**told, "all": marks[-1][0] - marks[0][0], "rows": table.cells.height}


def _now() -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds of this process and of the children that ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(s.ru_utime + s.ru_stime for s in spent)


WAYS = {way.__name__: way for way in (calamine, fastexcel, openpyxl, safe, whole)}


def measured(name: str, path: Path) -> None:
    """Run one way and print what it took; `cpu` is in all, `mb` the peak of the process, `worker_mb` of its worker."""
    # libraries are loaded before the clock runs: every way is asked the same question
    import polars  # noqa: F401

    start = _now()
    told = WAYS[name](path)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told |= {"cpu": _now()[1] - start[1], "mb": int(peak.split()[1]) >> 10, "worker_mb": children >> 10}
    print(json.dumps(told))


# -- all of them ---------------------------------------------------------------------------------------------------


def best(name: str, path: Path, times: int) -> dict[str, float]:
    """The least of several runs, figure by figure."""
    runs = []
    for _ in range(times):
        command = [sys.executable, __file__, "--way", name, "--file", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {name}: {done.stderr.strip().splitlines()[-1]}")
            return {}
        runs.append(json.loads(done.stdout))
    least = {key: round(min(run[key] for run in runs), 2) for key in runs[0]}
    print(f"  {name}: {least}", flush=True)
    return least


def ratio(what: str, ours: dict[str, float], floor: dict[str, float], key: str = "all") -> None:
    """Ratio by the clock and by CPU seconds, beside the target."""
    clock, cpu = ours["all"] / floor[key], ours["cpu"] / floor["cpu"]
    print(f"{what}: {clock:.2f} times by the clock, {cpu:.2f} times by CPU (target {TARGETS[what]})")


def main() -> None:
    """Make the sheets, measure every way on its own, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--safety", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.way:
        measured(given.way, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        cache = given.cache or Path(folder)
        print(f"safety: {given.safety} rows x 25 columns")
        sheet = plain_sheet(cache / f"plain-{given.safety}.xlsx", given.safety)
        bare, ours = best("calamine", sheet, given.times), best("safe", sheet, given.times)
        ratio("safety", ours, bare)
        print(f"whole way: {given.rows} residents x 20 columns")
        import pipeline

        sheet = pipeline.sheet(cache / f"residents-{given.rows}.xlsx", given.rows)
        bare, ours = best("calamine", sheet, given.times), best("whole", sheet, given.times)
        ratio("whole way", ours, bare)
        for rival in RIVALS:
            best(rival, sheet, 1)


if __name__ == "__main__":
    main()
