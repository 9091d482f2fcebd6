"""The cells of an .xlsx read by us are the cells calamine reads, whatever way they are spelled."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from tests.read import packages

from oneform.errors import WorkbookError
from oneform.frames import BLANK
from oneform.read import cells, tokens, worker

SHARED = (
    "<si><t>张三</t></si>",
    "<si><t> 李 四 </t></si>",
    '<si><t xml:space="preserve"> 王五 </t></si>',
    "<si><t>A&amp;B &lt;1&gt; &#20013;</t></si>",
    "<si><r><t>幸福</t></r><r><rPr><b/></rPr><t>小区</t></r><rPh sb='0' eb='1'><t>xf</t></rPh></si>",
    "<si><t>一行\n二行</t></si>",
    "<si><t>a_x000D_b_x005F_x000D_</t></si>",
    "<si><t/></si>",
    "<si/>",
    "<si><t></t></si>",
    "<si><t>\u3000全角\u3000</t></si>",
    "<si><t>𠮷田</t><phoneticPr fontId='1'/></si>",
)
CELLS = [
    *(f' t="s"><v>{n}</v></c>' for n in range(len(SHARED))),
    *(f' s="{s}"><v>32939.5</v></c>' for s in range(len(packages.STYLES))),
    *(
        f' t="n" s="1"><v>{v}</v></c>'
        for v in ("1", "-7", "1.5", "1E3", "007", "1.10101198001010E+17", "0.1", ".5", "5.")
    ),
    ' s="4" t="s"><v>0</v></c>',
    ' t="inlineStr"><is><t>现场</t></is></c>',
    ' t="inlineStr"><is><t> 两边 </t></is></c>',
    ' t="inlineStr"><is><t xml:space="preserve"> 两边 </t></is></c>',
    ' t="inlineStr"><is><r><t>红</t></r><r><t>字</t></r></is></c>',
    ' t="inlineStr"><is><t>a&gt;b</t></is></c>',
    ' t="str"><f>A1&amp;"x"</f><v>张三x</v></c>',
    ' t="str"><f>A1</f><v> 留空 </v></c>',
    ' t="str"><f>IF(A1>1,"","")</f><v></v></c>',
    ' t="str"><v>&quot;引号&quot;</v></c>',
    "><f>1+1</f><v>2</v></c>",
    '><f t="shared" ref="A1:A3" si="0">B1</f><v>3</v></c>',
    '><f t="shared" si="0"/><v>4</v></c>',
    ' t="b"><v>1</v></c>',
    ' t="b"><v>0</v></c>',
    ' t="d"><v>2021-04-03T08:30:00</v></c>',
    "><v>abc</v></c>",
    "><v> 5 </v></c>",
    "><v></v></c>",
    "></c>",
    "/>",
    ' s="3"/>',
    ' t="s"><v></v></c>',
]


def calamine(content: bytes) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Texts and types as calamine's own objects give them."""
    with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        told = book.get_sheet_by_index(0)
        made = cells.sheet("S", told.iter_rows(), left=told.start[1] if told.start else 0)
        return made.texts.rows(), made.types.rows()


def ours(content: bytes) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    made = worker.parse(content, "a.xlsx").sheets[0]
    return made.texts.rows(), made.types.rows()


@pytest.mark.parametrize("written", CELLS)
@pytest.mark.parametrize("epoch1904", [False, True])
def test_every_spelling_alone(written: str, epoch1904: bool) -> None:
    data = f'<row r="2"><c r="B2" t="inlineStr"><is><t>左</t></is></c><c r="C2"{written}</row>'
    content = packages.xlsx(data, shared="".join(SHARED), epoch1904=epoch1904)
    assert ours(content) == calamine(content)


PLACED = st.tuples(st.integers(1, 12), st.integers(1, 30), st.sampled_from(CELLS))


@given(
    st.lists(PLACED, max_size=40, unique_by=lambda c: c[:2]),
    st.booleans(),
    st.sampled_from([2, 60, 4 << 20]),
    st.sampled_from(["", "\n  ", "<!-- x -->"]),
)
@settings(deadline=None, max_examples=80)
def test_sheets_are_read_as_calamine_reads_them(
    placed: list[tuple[int, int, str]], addressed: bool, chunk: int, between: str
) -> None:
    """Also without addresses, in small pieces, indented and with comments."""
    rows: dict[int, list[str]] = {}
    for row, column, written in sorted(placed):
        place = f' r="{chr(64 + column) if column < 27 else "A" + chr(38 + column)}{row}"' if addressed else ""
        rows.setdefault(row, []).append(f"<c{place}{written}")
    body = between.join(
        f"<row{f' r={chr(34)}{row}{chr(34)}' if addressed else ''}>{between.join(written)}</row>"
        for row, written in rows.items()
    )
    content = packages.xlsx(body, shared="".join(SHARED))
    before, tokens.CHUNK = tokens.CHUNK, chunk
    try:
        assert ours(content) == calamine(content)
    finally:
        tokens.CHUNK = before


def test_a_prefix_in_front_of_every_element() -> None:
    parts = packages.parts('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>5</v></c></row>', shared=SHARED[0])
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        text = str(parts[name]).replace("</", "<\0").replace("<", "<x:").replace("<x:\0", "</x:")
        parts[name] = text.replace("xmlns=", "xmlns:x=")
    assert ours(packages.zipped(parts)) == ([("张三", "5")], [(1, 2)])


def test_attributes_in_any_order_and_with_any_quotes() -> None:
    data = "<row spans='1:2' r='1'><c t='s' r='A1'><v>0</v></c><c s='4' r=\"B1\"><v>32939</v></c></row>"
    content = packages.xlsx(data, shared=SHARED[0])
    assert ours(content) == calamine(content) == ([("张三", "1990-03-07")], [(1, 3)])


def test_the_later_of_two_cells_at_one_place_stands() -> None:
    data = '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'
    assert ours(packages.xlsx(data)) == calamine(packages.xlsx(data)) == ([("2",)], [(2,)])


def test_more_odd_cells_than_the_stand_in_is_wide() -> None:
    rows = "".join(f'<row r="{r}"><c r="A{r}" s="4"><v>{30000 + r}</v></c></row>' for r in range(1, 700))
    assert ours(packages.xlsx(rows)) == calamine(packages.xlsx(rows))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "OF101"),  # no such shared text
        ('<row r="1"><c r="A1" t="zz"><v>1</v></c></row>', "OF101"),
        ('<row r="1"><c r="A1"><v>1</v></row>', "OF101"),
        ('<row r="1"><c r="A1" s="1', "OF101"),
        ('<row r="1"><c r="1A"><v>1</v></c></row>', "OF101"),
        ('<row r="1"><c r="ZZZZZ9999999999"><v>1</v></c></row>', "OF108"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "OF108"),
        ('<row r="1"><c r="A1048577"><v>1</v></c></row>', "OF108"),
        ("<row>" + "<c/>" * 16385 + "</row>", "OF108"),
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "OF110"),
    ],
)
def test_what_contradicts_itself_is_refused(data: str, code: str) -> None:
    with pytest.raises(WorkbookError) as refused:
        worker.parse(packages.xlsx(data), "a.xlsx")
    assert refused.value.code == code


@pytest.mark.parametrize("place", ["A1:XFD1048576", "A1:ZZZZZ9999999999", "A1:XFE2", "A1:B1048577"])
def test_a_merge_out_of_reach_is_refused(place: str) -> None:
    around = f'<mergeCells count="1"><mergeCell ref="{place}"/></mergeCells>'
    with pytest.raises(WorkbookError) as refused:
        worker.parse(packages.xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', around=around), "a.xlsx")
    assert refused.value.code == "OF108"


def test_an_empty_sheet_is_an_empty_grid() -> None:
    made = worker.parse(packages.xlsx(""), "a.xlsx").sheets[0]
    assert (made.texts.shape, made.types.shape) == ((0, 0), (0, 0))


def test_cells_that_are_only_formatted_make_no_grid() -> None:
    made = worker.parse(packages.xlsx('<row r="1"><c r="A1" s="1"/><c r="B1" s="1"></c></row>'), "a.xlsx").sheets[0]
    assert made.texts.shape == (0, 0)
    assert BLANK not in made.types
