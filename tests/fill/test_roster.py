"""Rosters: what is written, what follows, and that nothing else in the package changes."""

from __future__ import annotations

import dataclasses
import io
import re
import warnings
import xml.dom.minidom
import zipfile

import openpyxl
import polars as pl
import pytest
from fill_templates import inject, mapping, names, output, part, people, report, roster, with_x14_list
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from oneform import fill
from oneform.errors import TemplateError
from oneform.frames import PROBLEMS
from oneform.mapping.model import Block, Total

SHEET = "xl/worksheets/sheet1.xml"
HEAD = {"填报单位": "幸福社区", "填报日期": "2026年11月20日"}


def read(content: bytes, sheet: str = "登记表") -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def loaded(content: bytes) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl says which features it does not know
        return openpyxl.load_workbook(io.BytesIO(content))


def filled(count: int, template: bytes | None = None, form=None, **more):
    records = people(count)
    totals = ({"个人信息/证件号码": count, "金额": records["金额"].sum()},)
    compiled = fill.compile(template or roster(), form or mapping(**more))
    return fill.render(compiled, report(records, head=HEAD, totals=totals))


def well_formed(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if name.endswith((".xml", ".rels", ".vml")):
                xml.dom.minidom.parseString(archive.read(name))


@pytest.mark.parametrize("count", [1, 2, 50, 700])
def test_everything_below_and_around_follows(count):
    result = filled(count)
    assert result.problems.schema == PROBLEMS
    assert result.problems.is_empty()
    well_formed(result.content)
    rows = read(result.content)
    last = 4 + count
    assert rows[1][0] == "填报单位：幸福社区（盖章）"
    assert rows[1][7] == "2026年11月20日"
    records = people(count).rows()
    assert [tuple(r[:7]) for r in rows[4:last]] == [
        (float(a), b, c, d, e, f, g or "") for a, b, c, d, e, f, g in records
    ]
    assert rows[last][0] == "合计"
    assert rows[last][3] == count
    assert rows[last][5] == people(count)["金额"].sum()
    assert rows[last + 1][0] == "填表说明：不得有空。"

    book = loaded(result.content)
    sheet = book["登记表"]
    assert sheet.dimensions == f"A1:I{last + 4}"
    assert sheet[f"I{last}"].value == f"=F{last}*2"
    assert sheet[f"F{last + 1}"].value == f"=SUM(F5:F{last})"
    assert sheet.row_dimensions[last].height == 24
    assert sheet[f"F{last}"].number_format == "0.00"
    assert sheet.auto_filter.ref == f"A4:I{last}"
    assert sheet.print_area == f"'登记表'!$A$1:$I${last + 3}"
    assert sheet.print_title_rows == "$3:$4"
    assert [(str(d.sqref), d.formula1) for d in sheet.data_validations.dataValidation] == [
        (f"E5:E{last}" if count > 1 else "E5", '"男,女"')
    ]
    merges = {str(m) for m in sheet.merged_cells.ranges}
    assert {f"G{r}:H{r}" for r in range(5, last + 1)} | {f"A{last + 2}:I{last + 2}", "A1:I1"} <= merges
    assert len(merges) == count + 9
    assert book["汇总"]["A1"].value == f"=SUM(登记表!F5:F{last})"
    assert book["汇总"]["A2"].value == f"=登记表!F{last + 1}"
    assert book.defined_names["总金额"].attr_text == f"登记表!$F$5:$F${last}"
    assert f"$A$4:$I${last}" in part(result.content, "xl/workbook.xml").decode()
    assert sheet[f"A{last + 4}"].hyperlink.target == "https://example.org/"
    assert sheet[f"C{last + 3}"].comment.text == "批注"


def test_rows_of_pictures_comments_and_breaks_move():
    before, after = roster(), filled(11).content
    rows = [
        [int(n) for n in re.findall(rb"<xdr:row>(\d+)</xdr:row>", part(x, "xl/drawings/drawing1.xml"))]
        for x in (before, after)
    ]
    assert [a - b for b, a in zip(*rows, strict=True)] == [10] * 4
    vml = part(after, "xl/drawings/vmlDrawing1.vml").decode()
    assert "<x:Row>17</x:Row>" in vml
    assert part(after, "xl/comments1.xml").count(b'ref="C18"') == 1
    assert b'<brk id="17"' in part(after, SHEET)
    sheet = part(after, SHEET).decode()
    assert "<xm:sqref>F5:F15</xm:sqref>" in sheet


def test_only_what_must_follow_changes():
    before, after = roster(), filled(40).content
    changed = {n for n in names(before) if n not in names(after) or part(before, n) != part(after, n)}
    assert changed == {
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet3.xml",
        "xl/workbook.xml",
        "xl/sharedStrings.xml",
        "xl/drawings/drawing1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/comments1.xml",
    }
    assert names(after) == names(before)
    assert part(after, "xl/sharedStrings.xml").startswith(
        re.sub(rb' count="\d+" uniqueCount="\d+"', b"", part(before, "xl/sharedStrings.xml"))[:40]
    )
    assert b'fullCalcOnLoad="1"' in part(after, "xl/workbook.xml")


def test_existing_strings_keep_their_bytes():
    before, after = part(roster(), "xl/sharedStrings.xml"), part(filled(3).content, "xl/sharedStrings.xml")
    items = before[before.index(b"<si>") : before.index(b"</sst>")]
    assert items in after
    root = re.search(rb'count="(\d+)" uniqueCount="(\d+)"', after)
    assert int(root[2]) == after.count(b"<si>")


def test_nothing_to_place_gives_the_templates_bytes():
    template = roster()
    result = fill.render(fill.compile(template, mapping()), report(people(0), head={"填报单位": None}))
    assert (result.content, result.cells) == (template, 0)


def test_filling_twice_gives_equal_bytes():
    template = roster()
    assert filled(7, template).content == filled(7, template).content


def test_head_alone_leaves_rows_and_drops_stale_values():
    result = fill.render(fill.compile(roster(), mapping()), report(people(0), head=HEAD))
    rows = read(result.content)
    assert rows[1][0] == "填报单位：幸福社区（盖章）"
    assert rows[5][0] == "合计"
    assert rows[5][5] == ""  # the template's own 0 would be shown as the truth


@pytest.mark.parametrize(
    ("surplus", "count", "total_row", "texts"),
    [
        ("keep", 2, 10, ["王1", "王2", "样例", "样例", "样例"]),
        ("clear", 2, 10, ["王1", "王2", "", "", ""]),
        ("delete", 2, 7, ["王1", "王2"]),
        ("delete", 0, 6, [""]),
    ],
)
def test_sample_rows_left_over(surplus, count, total_row, texts):
    template = inject(
        roster(samples=5),
        {
            SHEET: lambda x: re.sub(
                rb'<c r="(C[5-9])" s="(\d+)"/>', '<c r="\\1" s="\\2" t="inlineStr"><is><t>样例</t></is></c>'.encode(), x
            )
        },
    )
    result = filled(count, template, rows=(5, 9), surplus=surplus)
    rows = read(result.content)
    assert [r[2] for r in rows[4 : total_row - 1]] == texts
    assert rows[total_row - 1][0] == "合计"
    assert loaded(result.content)["登记表"][f"F{total_row}"].value == f"=SUM(F5:F{total_row - 1})"
    well_formed(result.content)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([0, 1, 2, 3, 4, 5, 9, 90]),
    st.sampled_from(["insert", "overwrite_insert"]),
    st.sampled_from(["keep", "clear", "delete"]),
)
def test_any_growth_keeps_values_totals_and_footer(samples, count, grow, surplus):
    result = filled(count, roster(samples=samples), rows=(5, 4 + samples), grow=grow, surplus=surplus)
    height = max(count, 1 if surplus == "delete" else samples)
    rows = read(result.content)
    assert [r[2] for r in rows[4 : 4 + count]] == [f"王{n}" for n in range(1, count + 1)]
    assert rows[4 + height][0] == "合计"
    assert rows[5 + height][0] == "填表说明：不得有空。"
    sheet = loaded(result.content)["登记表"]
    assert sheet.cell(5 + height, 6).value == f"=SUM(F5:F{4 + height})"
    assert {f"I{r}": sheet.cell(r, 9).value for r in range(5, 5 + height)} == {
        f"I{r}": f"=F{r}*2" for r in range(5, 5 + height)
    }


def test_overwrite_has_the_capacity_of_its_rows():
    result = filled(5, roster(samples=3), rows=(5, 7), grow="overwrite")
    assert result.problems["code"][0] == "OF607"
    assert set(result.problems["code"][1:]) == {"OF608"}  # totals of five beside three rows
    assert [r[2] for r in read(result.content)[4:8]] == ["王1", "王2", "王3", ""]


def test_alternate_sample_rows_take_turns_and_the_last_border_stays_last():
    template = roster(samples=3)
    tall = inject(
        template, {SHEET: lambda x: x.replace(b'<row r="7" spans="1:9" ht="24"', b'<row r="7" spans="1:9" ht="40"')}
    )
    turns = loaded(filled(6, tall, rows=(5, 7), grow="insert").content)["登记表"]
    closing = loaded(filled(6, tall, rows=(5, 7), grow="overwrite_insert").content)["登记表"]
    assert [turns.row_dimensions[r].height for r in range(5, 11)] == [24, 24, 40, 24, 24, 40]
    assert [closing.row_dimensions[r].height for r in range(5, 11)] == [24, 24, 24, 24, 24, 40]


@pytest.mark.parametrize("source", ["classic", "x14", "range"])
def test_values_a_dropdown_forbids_are_reported(source):
    template = roster()
    if source == "x14":
        template = with_x14_list(template, "E5")
    if source == "range":
        template = inject(
            template, {SHEET: lambda x: x.replace(b'"\xe7\x94\xb7,\xe5\xa5\xb3"', "字典!$A$1:$A$2".encode())}
        )
    records = people(4).with_columns(pl.Series("个人信息/性别", ["男", "女性", None, "女"]))
    result = fill.render(fill.compile(template, mapping()), report(records))
    problem = result.problems.row(0, named=True)
    assert result.problems.height == 1
    assert (problem["code"], problem["sheet"], problem["row"], problem["column"]) == ("OF606", "登记表", 6, 5)
    allowed = "男、女、未说明" if source == "x14" else "男、女"
    assert problem["message"] == f"登记表!E6 的下拉只允许 {allowed}，现为「女性」。"
    assert read(result.content)[5][4] == "女性"
    if source == "x14":
        assert b"<xm:sqref>E5:E8</xm:sqref>" in part(result.content, SHEET)


def test_data_never_becomes_a_formula_and_odd_text_survives():
    odd = [
        "=1+1",
        '=HYPERLINK("http://x")',
        "+cmd|' /C calc'!A0",
        "a\x0bb",
        " 前后 ",
        "行\n行",
        "_x000B_",
        "𠮷&<>\"'",
        "110101199001011237",
    ]
    records = people(len(odd)).with_columns(pl.Series("个人信息/姓名", odd))
    result = fill.render(fill.compile(roster(), mapping()), report(records))
    well_formed(result.content)
    assert [r[2] for r in read(result.content)[4:13]] == odd
    formulas = re.findall(r"<f>([^<]*)</f>", part(result.content, SHEET).decode())
    assert all(re.fullmatch(r"F\d+\*2|(SUM|COUNTA)\([DFI]5:[DFI]13\)", f) for f in formulas)
    assert result.problems["code"].to_list() == ["OF608"]
    assert "1 处控制字符" in result.problems["message"][0]
    assert 't="s"><v>' in part(result.content, SHEET).decode()


def test_text_past_the_limit_of_a_cell_is_cut_and_said():
    records = people(1).with_columns(pl.lit("长" * 40_000).alias("备注"))
    result = fill.render(fill.compile(roster(), mapping()), report(records))
    assert len(read(result.content)[4][6]) == 32_767
    assert "截断" in result.problems["message"][0]


def test_blocks_merge_once_and_keep_row_merges_apart():
    block = Block("household_id", merge=("户号", "备注"), once=("金额",))
    result = filled(7, block=block)
    rows = read(result.content)
    assert [r[1] for r in rows[4:11]] == ["H0", "", "", "H1", "", "", "H2"]
    assert [r[5] for r in rows[4:11]] == [1.5, "", "", 6.0, "", "", 10.5]
    merges = {str(m) for m in loaded(result.content)["登记表"].merged_cells.ranges}
    assert {"B5:B7", "B8:B10", "G5:H7", "G8:H10", "G11:H11"} <= merges
    assert not {"G5:H5", "G6:H6", "B11:B11"} & merges


def test_merges_are_linear():
    block = Block("household_id", merge=("户号",))
    result = filled(9000, block=block)
    assert part(result.content, SHEET).count(b"<mergeCell ") == 9 + 3000 + 9000


def test_totals_without_formula_are_made_or_written():
    template = inject(
        roster(), {SHEET: lambda x: re.sub(rb'<c r="([DF]6)" s="(\d+)"><f>.*?</c>', rb'<c r="\1" s="\2"/>', x)}
    )
    made = filled(3, template)
    assert loaded(made.content)["登记表"]["F8"].value == "=SUM(F5:F7)"
    assert read(made.content)[7][3:6] == [3.0, "", 9.0]
    plain = filled(3, template, totals=(Total("合计", write="value"),))
    assert loaded(plain.content)["登记表"]["F8"].value == 9.0


def test_a_total_that_disagrees_with_its_formula_is_said():
    compiled = fill.compile(roster(), mapping())
    result = fill.render(compiled, report(people(3), totals=({"金额": 10.0},)))
    assert result.problems["code"].to_list() == ["OF608"]
    assert "合计公式算出 9，应为 10" in result.problems["message"][0]


def test_shared_and_array_formulas_follow():
    def share(xml: bytes) -> bytes:
        xml = xml.replace(b"<f>F5*2</f>", b'<f t="shared" ref="I5:I7" si="0">F5*2</f>')
        for row in (6, 7):
            xml = xml.replace(f"<f>F{row}*2</f>".encode(), b'<f t="shared" si="0"/>')
        return xml.replace(b"<f>SUM(F5:F7)</f>", b'<f t="array" ref="F8">SUM(F5:F7*1)</f>')

    result = filled(5, inject(roster(samples=3), {SHEET: share}), rows=(5, 7))
    xml = part(result.content, SHEET).decode()
    assert 't="shared"' not in xml
    assert re.findall(r"<f>(F\d+\*2)</f>", xml) == [f"F{r}*2" for r in range(5, 10)]
    assert '<f t="array" ref="F10">SUM(F5:F9*1)</f>' in xml


def test_calc_chain_and_signature_go_with_their_entries():
    kind = "application/vnd.openxmlformats"
    chain_type = f'<Override PartName="/xl/calcChain.xml" ContentType="{kind}-officedocument.calcChain+xml"/>'
    sign_type = f'<Override PartName="/_xmlsignatures/sig1.xml" ContentType="{kind}-package.digital-signature+xml"/>'
    base = "http://schemas.openxmlformats.org"
    chain = f'<Relationship Id="rId99" Type="{base}/officeDocument/2006/calcChain" Target="calcChain.xml"/>'.encode()
    origin = f'<Relationship Id="rId98" Type="{base}/package/origin" Target="_xmlsignatures/origin.sigs"/>'.encode()
    end = b"</Relationships>"
    template = inject(
        roster(),
        {
            "[Content_Types].xml": lambda x: x.replace(b"</Types>", f"{chain_type}{sign_type}</Types>".encode()),
            "xl/_rels/workbook.xml.rels": lambda x: x.replace(end, chain + end),
            "_rels/.rels": lambda x: x.replace(end, origin + end),
            "xl/calcChain.xml": b"<calcChain/>",
            "_xmlsignatures/origin.sigs": b"",
            "_xmlsignatures/sig1.xml": b"<Signature/>",
        },
    )
    result = filled(2, template)
    assert [n for n in names(result.content) if "calcChain" in n or "sig" in n] == []
    for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"):
        assert b"calcChain" not in part(result.content, name)
        assert b"sig1" not in part(result.content, name)
        assert b"origin.sigs" not in part(result.content, name)
    assert "签名" in result.problems["message"][0]


def test_template_without_shared_strings_gets_a_table():
    def inline(xml: bytes) -> bytes:
        texts = re.findall(r"<si><t[^>]*>(.*?)</t></si>", part(template, "xl/sharedStrings.xml").decode(), re.DOTALL)
        return re.sub(
            rb't="s"><v>(\d+)</v>', lambda m: f't="inlineStr"><is><t>{texts[int(m[1])]}</t></is>'.encode(), xml
        )

    template = roster()
    drop = {"xl/sharedStrings.xml": False}
    sheets = {f"xl/worksheets/sheet{n}.xml": inline for n in (1, 2, 3)}
    registers = {
        "xl/_rels/workbook.xml.rels": lambda x: re.sub(rb"<Relationship [^>]*sharedStrings[^>]*/>", b"", x),
        "[Content_Types].xml": lambda x: re.sub(rb"<Override [^>]*sharedStrings[^>]*/>", b"", x),
    }
    result = filled(3, inject(template, {**drop, **sheets, **registers}))
    assert [r[2] for r in read(result.content)[4:7]] == ["王1", "王2", "王3"]
    assert loaded(result.content)["登记表"]["A2"].value == "填报单位：幸福社区（盖章）"


def test_prefixed_parts_are_written_in_their_prefix():
    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-zA-Z])(?!x14|xm:|x14ac)", rb"<\1x:", xml)
        return xml.replace(b"xmlns=", b"xmlns:x=")

    result = filled(4, inject(roster(), {"xl/sharedStrings.xml": prefixed}))
    assert [r[2] for r in read(result.content)[4:8]] == ["王1", "王2", "王3", "王4"]


def test_title_is_replaced_whole_and_underlined_blanks_stay_underlined():
    form = mapping(head=(output("人员登记表", "text"), "联系电话"))
    result = fill.render(
        fill.compile(roster(), form), report(people(2), head={"人员登记表": "三号网格登记表", "联系电话": "021-1"})
    )
    rows = read(result.content)
    assert rows[0][0] == "三号网格登记表"
    assert rows[8][0] == "填表人：        联系电话：021-1"


def test_tables_and_protected_ranges_follow():
    def put(xml: bytes) -> bytes:
        extra = b'<protectedRanges><protectedRange name="p" sqref="C5 F6"/></protectedRanges><mergeCells'
        errors = b'<ignoredErrors><ignoredError sqref="D5" numberStoredAsText="1"/></ignoredErrors><drawing'
        return (
            xml.replace(b"<autoFilter", b"<autoFilter", 1)
            .replace(b"<autoFilter", extra[:-11] + b"<autoFilter")
            .replace(b"<drawing", errors)
        )

    xml = part(filled(4, inject(roster(), {SHEET: put})).content, SHEET)
    assert b'<protectedRange name="p" sqref="C5:C8 F9"/>' in xml
    assert b'<ignoredError sqref="D5:D8"' in xml


def test_more_rows_than_a_sheet_has_are_refused():
    table = pl.DataFrame({"金额": pl.zeros(1_048_577, dtype=pl.Int64, eager=True)})
    compiled = fill.compile(roster(), mapping(columns=("金额",)))
    with pytest.raises(TemplateError) as refused:
        fill.render(compiled, report(table))
    assert refused.value.code == "OF607"


def test_a_sheet_for_each_part_in_the_place_of_the_patterns():
    reports = [
        dataclasses.replace(
            report(people(count), head=HEAD, totals=({"金额": people(count)["金额"].sum()},)), part=part
        )
        for part, count in (("一/甲", 3), ("二", 40), ("三", 1))
    ]
    result = fill.render_sheets(fill.compile(roster(), mapping()), reports)
    book = loaded(result.content)
    assert book.sheetnames == ["一-甲", "二", "三", *loaded(roster()).sheetnames[1:]]
    assert result.problems["code"].to_list() == ["OF608"], "the name that had to change is said"
    for name, count in zip(book.sheetnames, (3, 40, 1), strict=False):
        sheet = book[name]
        assert [sheet[f"C{row}"].value for row in range(5, 5 + count)] == people(count)["个人信息/姓名"].to_list()
        assert sheet[f"F{5 + count}"].value == f"=SUM(F5:F{4 + count})"
    assert fill.render_sheets(fill.compile(roster(), mapping()), reports).content == result.content
