"""Fill a 20-column template: oneform against openpyxl load, fill, save. CPU seconds and peak memory, one process each.

Run by hand: python benchmarks/fill.py [rows]. The ratio is the figure to read; absolute times are this machine's.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

COLUMNS = [f"列{n}" for n in range(1, 21)]
NUMBERS = {"列1", "列6", "列7"}


def template() -> bytes:
    """Title, 填报单位, header, one sample row, 合计, footer."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("登记表")
    cell = book.add_format({"border": 1})
    sheet.merge_range("A1:T1", "人员登记表", cell)
    sheet.write("A2", "填报单位：____")
    sheet.write_row("A3", COLUMNS, cell)
    for column in range(20):
        sheet.write_blank(3, column, None, cell)
    sheet.write("A5", "合计", cell)
    sheet.write_formula("F5", "=SUM(F4:F4)", cell, 0)
    sheet.write("A6", "填表人：")
    sheet.data_validation("C4:C4", {"validate": "list", "source": ["男", "女"]})
    sheet.conditional_format("F4:F4", {"type": "data_bar"})
    book.close()
    return stream.getvalue()


def table(rows: int):
    """Texts as people write them: names and numbers of their own, codes that repeat."""
    import polars as pl

    at = pl.int_range(rows, eager=True, dtype=pl.Int64)
    columns = []
    for number, name in enumerate(COLUMNS):
        if name in NUMBERS:
            columns.append((at * (number + 1) % 997).alias(name))
        elif name == "列3":
            columns.append(
                pl.select(pl.when(at % 2 == 0).then(pl.lit("女")).otherwise(pl.lit("男"))).to_series().alias(name)
            )
        elif number % 3:
            columns.append((pl.Series([f"{name}-"] * rows) + at.cast(pl.String)).alias(name))
        else:
            columns.append((pl.Series(["幸福社区"] * rows) + (at % 40).cast(pl.String)).alias(name))
    return pl.DataFrame(columns)


def oneform(rows: int) -> int:
    """Fill through the library."""
    import polars as pl

    from oneform import fill
    from oneform.frames import Report
    from oneform.mapping.model import Mapping, Output, Rows, Template, Total

    columns = tuple(Output(path=c, source="field", value=c) for c in COLUMNS)
    head = (Output(path="填报单位", source="param", value="unit"),)
    spec = Template(Path("t.xlsx"), None, "登记表", (3, 3), (4, 4))
    form = Mapping(
        Path("m.yaml"),
        "",
        "form",
        "表",
        "d",
        "p",
        {},
        "r",
        "30d",
        (),
        spec,
        head,
        Rows("person"),
        columns,
        (Total("合计"),),
    )
    records = table(rows)
    origins = pl.DataFrame({"entity_id": range(rows)})
    report = Report("form", {"填报单位": "幸福社区"}, records, origins, ({"列6": int(records["列6"].sum())},))
    return measured(lambda: fill.render(fill.compile(template(), form), report).content)


def openpyxl(rows: int) -> int:
    """Load, insert, write cell by cell, save."""
    from openpyxl import load_workbook

    records = table(rows).rows()

    def fill() -> bytes:
        book = load_workbook(io.BytesIO(template()))
        sheet = book["登记表"]
        styles = [sheet.cell(4, c + 1)._style for c in range(20)]  # noqa: SLF001 - the fast way to copy a style
        sheet.insert_rows(5, rows - 1)
        for at, record in enumerate(records):
            for column, value in enumerate(record):
                cell = sheet.cell(4 + at, column + 1, value)
                cell._style = styles[column]  # noqa: SLF001
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    return measured(fill)


def measured(work) -> dict:
    """CPU seconds of the second run, the file's size, the process's peak memory above its start."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    start = time.process_time()
    content = work()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": round(seconds, 3), "mb": peak >> 10, "above_start_mb": (peak - before) >> 10, "bytes": len(content)}


def main() -> None:
    """Run both in processes of their own and print the ratio."""
    if len(sys.argv) > 2:
        print(json.dumps({"oneform": oneform, "openpyxl": openpyxl}[sys.argv[2]](int(sys.argv[1]))))
        return
    rows = sys.argv[1] if len(sys.argv) > 1 else "30000"
    runs = {}
    for name in ("oneform", "openpyxl"):
        done = subprocess.run([sys.executable, __file__, rows, name], capture_output=True, text=True, check=True)
        runs[name] = json.loads(done.stdout)
        print(name, runs[name])
    from oneform.ooxml.deflate import NAME

    print(f"{rows} x 20 with {NAME}: {runs['openpyxl']['cpu'] / runs['oneform']['cpu']:.1f} times less CPU")


if __name__ == "__main__":
    main()
