"""Filling a department's form: oneform beside other writers. CPU seconds and peak memory, each run in its own process.

    python benchmarks/fill.py roster 30000          # a 20-column roster; also 300000
    python benchmarks/fill.py merges 8500           # 8,500 rows, 27,000 merged household cells
    python benchmarks/fill.py cards 3000            # a workbook a card; openpyxl makes at most 200 of them
    python benchmarks/fill.py roster 300000 oneform floor     # only these writers

The ratios are the figures to read; absolute times are this machine's. `floor` is the text of the rows and of the string
table, from columns that are ready, and the compressor: what no writer of this file can do without.
"""

from __future__ import annotations

import gc
import io
import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

COLUMNS = [f"列{n}" for n in range(1, 21)]
NUMBERS = {"列1", "列6", "列7"}
MERGED = [f"列{n}" for n in (2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15)]
SIZES = (2, 4, 5, 4)  # people of a household, in turn
MEMBERS = ("姓名", "关系", "证件号码", "电话", "备注")
LABELS = ("户主姓名", "联系电话", "住房性质", "现住地址", "户籍地址", "人数", "网格", "建档人", "建档日期", "说明")
MAX_SLOW_CARDS = 200  # openpyxl needs a minute for thousands


def roster_template() -> bytes:
    """Title, 填报单位, header, one sample row, 合计, footer; a list, a length rule, a data bar."""
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
    sheet.data_validation("B4:B4", {"validate": "length", "criteria": "<=", "value": 20})
    sheet.conditional_format("F4:F4", {"type": "data_bar"})
    book.close()
    return stream.getvalue()


def card_template() -> bytes:
    """Ten labelled cells and six ruled lines of members, with a list, a total and a stamp of text."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("户卡")
    cell = book.add_format({"border": 1})
    sheet.merge_range("A1:F1", "家庭档案", cell)
    for at, label in enumerate(LABELS):
        row, column = 1 + at // 2, 3 * (at % 2)
        sheet.write(row, column, label, cell)
        sheet.write_blank(row, column + 1, None, cell)
        sheet.write_blank(row, column + 2, None, cell)
    sheet.write_row(6, 0, MEMBERS, cell)
    for row in range(7, 13):
        for column in range(5):
            sheet.write_blank(row, column, None, cell)
    sheet.write("A14", "合计")
    sheet.write_formula("B14", "=COUNTA(A8:A13)", cell, 0)
    sheet.data_validation("B8:B13", {"validate": "list", "source": ["户主", "配偶", "子女"]})
    book.close()
    return stream.getvalue()


def table(rows: int):
    """Texts as people write them: names and numbers of their own, codes that repeat."""
    import polars as pl

    at = pl.int_range(rows, eager=True, dtype=pl.Int64)
    columns = []
    for number, name in enumerate(COLUMNS):
        if name in NUMBERS:
            column = at * (number + 1) % 997
        elif name == "列3":
            column = pl.select(pl.when(at % 2 == 0).then(pl.lit("女")).otherwise(pl.lit("男"))).to_series()
        elif number % 3:
            column = pl.select(pl.concat_str(pl.lit(f"{name}-"), at.cast(pl.String))).to_series()
        else:
            column = pl.select(pl.concat_str(pl.lit("幸福社区"), (at % 40).cast(pl.String))).to_series()
        columns.append(column.alias(name))
    return pl.DataFrame(columns)


def households(rows: int):
    """Number of the household of each row."""
    import polars as pl

    sizes = [SIZES[n % len(SIZES)] for n in range(rows)]
    return pl.int_range(rows, eager=True).repeat_by(pl.Series(sizes)).explode().head(rows).cast(pl.Int32)


def mapping(columns, head, shape, spec, totals=()):
    from oneform.mapping.model import Mapping

    return Mapping(Path("m.yaml"), "", "form", "表", "d", "p", {}, "r", "30d", (), spec, head, shape, columns, totals)


def output(path: str, source: str = "field"):
    from oneform.mapping.model import Output

    return Output(path=path, source=source, value=path)


def roster_form(block=None):
    from oneform.mapping.model import Rows, Template, Total

    spec = Template(Path("t.xlsx"), None, "登记表", (3, 3), (4, 4))
    columns = tuple(map(output, COLUMNS))
    return mapping(columns, (output("填报单位", "param"),), Rows("person", block=block), spec, (Total("合计"),))


def oneform_roster(rows: int, block=None):
    import polars as pl

    from oneform import fill
    from oneform.frames import Report

    records = table(rows)
    origins = pl.DataFrame({"entity_id": range(rows), "block": households(rows)})
    form, template = roster_form(block), roster_template()
    total = {"列6": int(records["列6"].sum())} if not block else {}
    report = Report("form", {"填报单位": "幸福社区"}, records, origins, (total,) if total else ())
    return lambda: len(fill.render(fill.compile(template, form), report).content)


def oneform_merges(rows: int):
    from oneform.mapping.model import Block

    return oneform_roster(rows, Block("household_id", merge=tuple(MERGED)))


def card_values(count: int):
    for n in range(count):
        cells = {label: f"{label}{n}" for label in LABELS}
        yield (
            cells,
            [(f"王{n}{m}", ("户主", "配偶", "子女")[m], f"1101011990{n:04}{m:04}", f"138{n:08}", "") for m in range(3)],
        )


def oneform_cards(count: int):
    import polars as pl

    from oneform import fill
    from oneform.frames import CardReport, Report
    from oneform.mapping.model import Card, Repeat, Template

    lines = Repeat("成员", "person", 7, (8, 13), tuple(map(output, MEMBERS)))
    shape = Card("household", "file", "{name}", cells=tuple(map(output, LABELS)), repeats=(lines,))
    form = mapping((), (), shape, Template(Path("t.xlsx"), None, "户卡"))
    cards = tuple(
        CardReport(f"户{n}", cells, {"成员": pl.DataFrame(members, schema=MEMBERS, orient="row")})
        for n, (cells, members) in enumerate(card_values(count))
    )
    template, report = card_template(), Report("form", {}, pl.DataFrame(), pl.DataFrame(), (), cards)
    return lambda: sum(len(f.content) for _, f in fill.render_cards(fill.compile(template, form), report))


def openpyxl_roster(rows: int, *, merges: bool = False):
    from openpyxl import load_workbook

    records, template = table(rows).rows(), roster_template()
    blocks = _runs(rows) if merges else []

    def work() -> int:
        book = load_workbook(io.BytesIO(template))
        sheet = book["登记表"]
        styles = [sheet.cell(4, c + 1)._style for c in range(20)]  # noqa: SLF001 - the fast way to copy a style
        sheet.insert_rows(5, rows - 1)
        for at, record in enumerate(records):
            for column, value in enumerate(record):
                cell = sheet.cell(4 + at, column + 1, value)
                cell._style = styles[column]  # noqa: SLF001
        for first, last in blocks:
            for name in MERGED:
                column = COLUMNS.index(name) + 1
                sheet.merge_cells(start_row=first, start_column=column, end_row=last, end_column=column)
        return _saved(book)

    return work


def openpyxl_merges(rows: int):
    return openpyxl_roster(rows, merges=True)


def openpyxl_cards(count: int):
    from openpyxl import load_workbook

    template, values = card_template(), list(card_values(min(count, MAX_SLOW_CARDS)))

    def work() -> int:
        size = 0
        for cells, members in values:
            book = load_workbook(io.BytesIO(template))
            sheet = book["户卡"]
            for at, label in enumerate(LABELS):
                sheet.cell(2 + at // 2, 2 + 3 * (at % 2), cells[label])
            for row, member in enumerate(members, 8):
                for column, value in enumerate(member, 1):
                    sheet.cell(row, column, value)
            size += _saved(book)
        return size

    return work


def _saved(book) -> int:
    stream = io.BytesIO()
    book.save(stream)
    return stream.tell()


def _runs(rows: int) -> list[tuple[int, int]]:
    """First and last sheet row of every household of more than one."""
    lengths = households(rows).rle().struct.field("len").to_list()
    out, row = [], 4
    for length in lengths:
        if length > 1:
            out.append((row, row + length - 1))
        row += length
    return out


def xlsxwriter_roster(rows: int, *, merges: bool = False):
    """A fresh file: it keeps nothing of the template. Merges need its whole-in-memory mode."""
    import xlsxwriter

    records = table(rows).rows()
    blocks = _runs(rows) if merges else []

    def work() -> int:
        stream = io.BytesIO()
        options = {"in_memory": True} if merges else {"constant_memory": True}
        book = xlsxwriter.Workbook(stream, options)
        sheet = book.add_worksheet("登记表")
        cell = book.add_format({"border": 1})
        sheet.write_row(0, 0, COLUMNS, cell)
        for at, record in enumerate(records, 3):
            for column, value in enumerate(record):
                if isinstance(value, str):
                    sheet.write_string(at, column, value, cell)
                else:
                    sheet.write_number(at, column, value, cell)
        for first, last in blocks:
            for name in MERGED:
                column = COLUMNS.index(name)
                sheet.merge_range(first - 1, column, last - 1, column, records[first - 4][column], cell)
        book.close()
        return stream.tell()

    return work


def xlsxwriter_merges(rows: int):
    return xlsxwriter_roster(rows, merges=True)


def floor_roster(rows: int):
    """Row text and string items from ready columns, and deflate; nothing else."""
    import polars as pl

    from oneform.ooxml.deflate import deflate

    records = table(rows)
    texts = [c for c in COLUMNS if c not in NUMBERS]
    distinct = pl.concat([records[c].unique() for c in texts])
    at = pl.int_range(rows, eager=True, dtype=pl.UInt32)
    ready = records.with_columns(*(at.alias(c) for c in texts), (at + 4).alias("row"))
    pieces = [pl.lit('<row r="'), pl.col("own row"), pl.lit('" spans="1:20">')]
    for number, name in enumerate(COLUMNS):
        kind = ' t="s"' if name in texts else ""
        pieces += [pl.lit(f'<c r="{chr(65 + number)}'), pl.col("own row"), pl.lit(f'" s="1"{kind}><v>')]
        pieces += [pl.col(name).cast(pl.String), pl.lit("</v></c>")]
    line = pl.concat_str(*pieces, pl.lit("</row>"))

    def sheet():
        for start in range(0, rows, 4096):
            chunk = ready.slice(start, 4096).with_columns(pl.col("row").cast(pl.String).alias("own row"))
            yield chunk.select(line.str.join("").cast(pl.Binary)).item()

    def strings():
        item = pl.concat_str(pl.lit("<si><t>"), pl.col("t"), pl.lit("</t></si>"))
        for start in range(0, len(distinct), 20_000):
            yield distinct.slice(start, 20_000).to_frame("t").select(item.str.join("").cast(pl.Binary)).item()

    def work() -> int:
        return sum(len(piece) for part in (sheet(), strings()) for piece in deflate(part)[0])

    return work


PARTS = {
    "roster": {
        "oneform": oneform_roster,
        "floor": floor_roster,
        "xlsxwriter": xlsxwriter_roster,
        "openpyxl": openpyxl_roster,
    },
    "merges": {"oneform": oneform_merges, "xlsxwriter": xlsxwriter_merges, "openpyxl": openpyxl_merges},
    "cards": {"oneform": oneform_cards, "openpyxl": openpyxl_cards},
}


def measured(part: str, writer: str, rows: int) -> dict[str, float]:
    """CPU seconds of one run after a small one, and the peak of memory above what the input takes."""
    build = PARTS[part][writer]
    build(50)()
    work = build(rows)
    gc.collect()
    _reset_peak()
    before = _status("VmRSS")
    start = time.process_time()
    size = work()
    seconds = time.process_time() - start
    return {"cpu": round(seconds, 3), "above_input_mb": (_status("VmHWM") - before) >> 10, "bytes": size}


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main() -> None:
    """Run every writer of a part in a process of its own and print the ratios."""
    part, rows, *writers = sys.argv[1:]
    if writers[:1] == ["--one"]:
        print(json.dumps(measured(part, writers[1], int(rows))))
        return
    from oneform.ooxml.deflate import NAME

    print(f"{part}, {rows}, deflate by {NAME}")
    base = 0.0
    for writer in writers or [w for w in PARTS[part] if w in ("oneform", "floor") or find_spec(w)]:
        count = int(rows)
        command = [sys.executable, __file__, part, str(count), "--one", writer]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{writer:12} failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        told = json.loads(done.stdout)
        made = min(count, MAX_SLOW_CARDS) if (part, writer) == ("cards", "openpyxl") else count
        each = told["cpu"] / made
        base = base or each
        print(
            f"{writer:12} {made:>7} {told['cpu']:>8.3f} s CPU  {each * 1e3:>8.4f} ms each  {each / base:>7.2f} x oneform"
            f"  peak +{told['above_input_mb']} MB  {told['bytes'] / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()
