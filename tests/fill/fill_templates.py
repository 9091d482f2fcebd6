"""Templates of departments, built in code: XlsxWriter for what it can, raw parts put in for what it cannot."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from oneform.frames import Report
from oneform.mapping.model import Block, Card, Crosstab, Mapping, Output, Repeat, Rows, Template, Total

CT = "application/vnd.openxmlformats-officedocument"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def inject(content: bytes, changes: dict[str, object]) -> bytes:
    """A package with parts replaced (bytes), added (bytes) or changed (a function of the old bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            change = changes.pop(info.filename, None)
            if change is False:
                continue
            body = old.read(info)
            if callable(change):
                body = change(body)
            elif change is not None:
                body = change
            new.writestr(zipfile.ZipInfo(info.filename), body, zipfile.ZIP_DEFLATED)
        for name, body in changes.items():
            new.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def _book(stream: io.BytesIO) -> xlsxwriter.Workbook:
    """A workbook that does not tell when it was made: two of them are equal, whatever the second."""
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
    return book


def roster(*, samples: int = 1, footer: bool = True, total: bool = True) -> bytes:
    """A 登记表: title, 填报单位/填报日期, two header rows with groups, `samples` rows, 合计, notes and a stamp.

    Columns A 序号, B 户号, C 姓名, D 证件号码, E 性别, F 金额, G 备注(merged G:H), I = F*2. Lists on sheet 字典.
    """
    stream = io.BytesIO()
    book = _book(stream)
    sheet = book.add_worksheet("登记表")
    codes = book.add_worksheet("字典")
    sums = book.add_worksheet("汇总")
    head = book.add_format({"bold": True, "border": 1, "align": "center"})
    cell = book.add_format({"border": 1, "num_format": "@"})
    money = book.add_format({"border": 1, "num_format": "0.00"})
    sheet.merge_range("A1:I1", "人员登记表", head)
    sheet.merge_range("A2:D2", "填报单位：____（盖章）")
    sheet.write("G2", "填报日期：")
    for address, text in {
        "A3:A4": "序号",
        "B3:B4": "户号*",
        "C3:E3": "个人信息",
        "F3:F4": "金 额",
        "I3:I4": "双倍",
    }.items():
        sheet.merge_range(address, text, head)
    sheet.merge_range("G3:H4", "备注", head)
    for column, text in {"C": "姓\n名", "D": "证件号码", "E": "性别"}.items():
        sheet.write(f"{column}4", text, head)
    last = 4 + samples
    for row in range(5, last + 1):
        sheet.set_row(row - 1, 24)
        for column in "ABCDE":
            sheet.write_blank(f"{column}{row}", None, cell)
        sheet.write_blank(f"F{row}", None, money)
        sheet.merge_range(f"G{row}:H{row}", None, cell)
        sheet.write_formula(f"I{row}", f"=F{row}*2", money, 0)
    below = last + 1
    if total:
        sheet.write(f"A{below}", "合计", head)
        sheet.write_formula(f"D{below}", f"=COUNTA(D5:D{last})", cell, 0)
        sheet.write_formula(f"F{below}", f"=SUM(F5:F{last})", money, 0)
        sheet.write_formula(f"I{below}", f"=SUM(I5:I{last})", money, 0)
        below += 1
    if footer:
        sheet.merge_range(f"A{below}:I{below}", "填表说明：不得有空。")
        sheet.write(f"A{below + 1}", "填表人：        联系电话：")
        sheet.write_url(f"A{below + 2}", "https://example.org/", string="网址")
        sheet.insert_image(f"F{below + 1}", "stamp.png", {"image_data": io.BytesIO(PNG), "object_position": 1})
        sheet.insert_textbox(f"B{below + 3}", "说明框")
        sheet.write_comment(f"C{below + 1}", "批注")
        sheet.set_h_pagebreaks([below])
    sheet.data_validation(f"E5:E{last}", {"validate": "list", "source": ["男", "女"]})
    sheet.conditional_format(f"F5:F{last}", {"type": "cell", "criteria": ">", "value": 100, "format": head})
    sheet.conditional_format(f"F5:F{last}", {"type": "data_bar", "data_bar_2010": True})
    sheet.autofilter(f"A4:I{last}")
    sheet.print_area(f"A1:I{below + 1}")
    sheet.repeat_rows(2, 3)
    codes.write_column("A1", ["男", "女", "未说明"])
    codes.hide()
    sums.write_formula("A1", f"=SUM(登记表!F5:F{last})", None, 0)
    sums.write_formula("A2", f"=登记表!F{last + 1}", None, 0)
    sums.write("B1", "不动")
    book.define_name("总金额", f"=登记表!$F$5:$F${last}")
    book.close()
    return stream.getvalue()


X14 = (
    '<ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
    '<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
    '<x14:dataValidation type="list" allowBlank="1"><x14:formula1><xm:f>字典!$A$1:$A$3</xm:f></x14:formula1>'
    "<xm:sqref>{sqref}</xm:sqref></x14:dataValidation></x14:dataValidations></ext>"
)


def with_x14_list(content: bytes, sqref: str) -> bytes:
    def put(xml: bytes) -> bytes:
        xml = re.sub(rb"<dataValidations.*?</dataValidations>", b"", xml)
        ext = X14.format(sqref=sqref).encode()
        if b"<extLst>" in xml:
            return xml.replace(b"<extLst>", b"<extLst>" + ext)
        return xml.replace(b"</worksheet>", b"<extLst>" + ext + b"</extLst></worksheet>")

    return inject(content, {"xl/worksheets/sheet1.xml": put})


COLUMNS = ("序号", "户号", "个人信息/姓名", "个人信息/证件号码", "个人信息/性别", "金额", "备注")


def output(path: str, source: str = "field", **more: object) -> Output:
    return Output(path=path, source=source, value=path, line=f"form.yaml:1:{len(path)}", **more)


def mapping(
    *,
    rows: tuple[int, int] = (5, 5),
    header: tuple[int, int] | None = (3, 4),
    sheet: str = "登记表",
    columns: tuple[str, ...] = COLUMNS,
    head: tuple[str | Output, ...] = ("填报单位", "填报日期"),
    totals: tuple[Total, ...] = (Total("合计"),),
    block: Block | None = None,
    shape: Rows | Crosstab | Card | None = None,
    **template: object,
) -> Mapping:
    return Mapping(
        file=Path("form.yaml"),
        sha256="",
        form="form",
        title="登记表",
        department="民政",
        purpose="p",
        legal_basis={},
        recipient="r",
        retention="30d",
        params=(),
        template=Template(Path("form.xlsx"), template.pop("sha256", None), sheet, header, rows, **template),
        head=tuple(h if isinstance(h, Output) else output(h, "param") for h in head),
        shape=shape or Rows("person", block=block),
        columns=tuple(output(c, "seq" if c == "序号" else "field") for c in columns),
        totals=totals,
    )


def people(count: int) -> pl.DataFrame:
    """`count` records for COLUMNS: households of three, a number in 金额."""
    at = pl.int_range(1, count + 1, eager=True, dtype=pl.Int64)
    return pl.select(
        at.alias("序号"),
        (pl.lit("H") + ((at - 1) // 3).cast(pl.String)).alias("户号"),
        (pl.lit("王") + at.cast(pl.String)).alias("个人信息/姓名"),
        (pl.lit("1101011990010") + at.cast(pl.String).str.zfill(5)).alias("个人信息/证件号码"),
        pl.when(at % 2 == 0).then(pl.lit("女")).otherwise(pl.lit("男")).alias("个人信息/性别"),
        at.cast(pl.Float64).alias("金额") * 1.5,
        pl.when(at % 4 == 0).then(None).otherwise(pl.lit("备<注>&")).alias("备注"),
    )


def report(table: pl.DataFrame, *, head: dict | None = None, totals: tuple = (), cards: tuple = ()) -> Report:
    count = table.height
    at = pl.int_range(count, eager=True, dtype=pl.Int64)
    origins = pl.select(at.alias("entity_id"), (at // 3).cast(pl.Int32).alias("block"))
    return Report("form", head or {}, table, origins, totals, cards)


def repeat(*columns: str, header: int, rows: tuple[int, int], overflow: str = "error", name: str = "成员") -> Repeat:
    return Repeat(name, "person", header, rows, tuple(output(c) for c in columns), overflow=overflow)


def card() -> bytes:
    """A 户档案 card: title, labels with merges, boxes, 3 ruled member lines in rows 8-10, a stamp and a comment."""
    stream = io.BytesIO()
    book = _book(stream)
    note = book.add_worksheet("说明")
    sheet = book.add_worksheet("户卡")
    after = book.add_worksheet("附表")
    cell = book.add_format({"border": 1})
    under = book.add_format({"underline": 1})
    plain = book.add_format({"bold": 1})
    sheet.merge_range("A1:F1", "家庭档案", cell)
    sheet.write_rich_string("A2", plain, "填报单位：", under, "        ", plain, "（盖章）")
    for row, labels in enumerate((("户主姓名", "联系电话"), ("住房性质", "建档日期"), ("现住地址", None)), 2):
        sheet.write(row, 0, labels[0], cell)
        sheet.merge_range(row, 1, row, 2, "□自有 □租住 □单位" if labels[0] == "住房性质" else "", cell)
        if labels[1]:
            sheet.write(row, 3, labels[1], cell)
            sheet.merge_range(row, 4, row, 5, "", cell)
    sheet.write("A6", "残疾：□有 □无")
    for column, text in enumerate(("姓名", "与户主关系", "公民身份号码", "联系电话", "备注")):
        sheet.write(6, column, text, cell)
    for row in range(7, 10):
        for column in range(5):
            sheet.write_blank(row, column, None, cell)
    sheet.write("A11", "人数")
    sheet.write_formula("B11", "=COUNTA(A8:A10)", cell, 0)
    sheet.write("A12", "填表人：____  日期：    年  月  日")
    sheet.insert_image("E12", "stamp.png", {"image_data": io.BytesIO(PNG)})
    sheet.write_comment("A12", "签字")
    sheet.data_validation("B8:B10", {"validate": "list", "source": ["户主", "配偶", "子女"]})
    sheet.print_area("A1:F12")
    sheet.activate()
    after.write_formula("A1", "=户卡!B3", None, "旧")
    after.print_area("A1:B2")
    note.write("A1", "说明")
    book.define_name("户主", "=户卡!$B$3")
    book.close()
    return stream.getvalue()


def card_mapping(
    *, one: str = "sheet", overflow: str = "new_sheet", cells: tuple[Output, ...] | None = None
) -> Mapping:
    labelled = cells or (
        output("户主姓名"),
        output("联系电话"),
        output("住房性质", tick={"1": "自有", "2": "租住"}),
        output("现住地址"),
        output("残疾"),
    )
    lines = repeat("姓名", "与户主关系", "公民身份号码", header=7, rows=(8, 10), overflow=overflow)
    shape = Card("household", one, "{name}", cells=labelled, repeats=(lines,))
    head = ("填报单位", "填表人", "日期")
    return mapping(rows=None, header=None, sheet="户卡", columns=(), head=head, totals=(), shape=shape)


def members(count: int) -> pl.DataFrame:
    relations = ["户主", "配偶", "子女"]
    return pl.DataFrame(
        {
            "姓名": [f"李{n}" for n in range(count)],
            "与户主关系": [relations[min(n, 2)] for n in range(count)],
            "公民身份号码": [f"11010119900100{n:04}" for n in range(count)],
        }
    )
