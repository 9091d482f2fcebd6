"""Cached values beside formulas: told where they are certain, absent where they are not, never an old one."""

from __future__ import annotations

import re

import polars as pl
import pytest
from fill_templates import inject, mapping, part, people, report, roster

from oneform import fill
from oneform.mapping.model import Block, Total

SHEET = "xl/worksheets/sheet1.xml"
OTHER = "xl/worksheets/sheet3.xml"
WORKBOOK = "xl/workbook.xml"


def cells(content: bytes, name: str = SHEET) -> dict[str, tuple[str, str | None]]:
    """Formula and cached value of every formula cell."""
    xml = part(content, name).decode()
    found = re.findall(r'<c r="(\w+)"[^>]*><f[^>]*>([^<]*)</f>(?:<v>([^<]*)</v>)?</c>', xml)
    return {address: (formula, value or None) for address, formula, value in found}


def filled(template: bytes, records: pl.DataFrame, **more) -> bytes:
    form = mapping(totals=(), **more)
    return fill.render(fill.compile(template, form), report(records)).content


def with_formula(old: str, new: str) -> bytes:
    changed = inject(roster(), {SHEET: lambda x: x.replace(f"<f>{old}</f>".encode(), f"<f>{new}</f>".encode())})
    assert changed != roster() or old == new
    return changed


# columns of the records: A 1, 2, 3 · D an identifier · E 男, 女 · F 1.5, 3, 4.5 (the second is empty here)
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("F5*2", ["3", "0", "9"]),
        ("$F5-A5/2", ["1", "-1", "3"]),
        ("(F5+A5)*-1", ["-2.5", "-2", "-7.5"]),
        ("SUM(A5,F5)", ["2.5", "2", "7.5"]),
        ("SUM(D5:F5)", ["1.5", "0", "4.5"]),
        ("A5/F5", [str(1 / 1.5), None, str(3 / 4.5)]),
        ("ROW()-4", ["1", "2", "3"]),
        ("J5+1", ["1", "1", "1"]),
        # not certain, so not told
        ("D5*2", [None] * 3),
        ("F5*10%", [None] * 3),
        ("F4*2", [None] * 3),
        ("F5^2", [None] * 3),
        ("字典!A5+F5", [None] * 3),
        ("IF(F5&gt;1,1,0)", [None] * 3),
        ("MYMACRO(F5)", [None] * 3),
    ],
)
def test_row_arithmetic(formula, expected):
    records = people(3).with_columns(pl.Series("金额", [1.5, None, 4.5]))
    found = cells(filled(with_formula("F5*2", formula), records))
    assert [found[f"I{row}"][1] for row in (5, 6, 7)] == expected
    assert found["I7"][0] == formula.replace("A5", "A7").replace("F5", "F7").replace("D5", "D7").replace(
        "J5", "J7"
    ) or ("字典" in formula or "F4" in formula)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUM(F5:F5)", "6"),
        ("COUNT(F5:F5)", "2"),
        ("COUNTA(D5:D5)", "3"),
        ("COUNTA(G5:G5)", "3"),
        ("AVERAGE(F5:F5)", "3"),
        ("MAX(A5:A5)", "3"),
        ("MIN(F5:F5)", "1.5"),
        ("SUM(I5:I5)", "12"),  # a column the form computes itself
        ('COUNTIF(E5:E5,"男")', "2"),
        ("COUNTIF(F5:F5,&quot;&gt;=4.5&quot;)", "1"),
        ("COUNTIF(A5:A5,2)", "1"),
        ('COUNTIF(E5:E5,"男*")', None),
        ('COUNTIF(E5:E5,"1")', None),
        ("COUNTIF(E5:E5,A1)", None),
        ("SUM(F5:G5)", None),
        ("SUM(F4:F5)", None),
        ("SUM(F5:F5)*2", None),
        ("SUM(字典!F5:F5)", None),
    ],
)
def test_aggregates_over_filled_columns(formula, expected):
    records = people(3).with_columns(pl.Series("金额", [1.5, None, 4.5]))
    found = cells(filled(with_formula("COUNTA(D5:D5)", formula), records))
    assert found["D8"][1] == expected


def test_formulas_of_formulas_are_followed_to_the_end():
    template = inject(
        with_formula("F5*2", "J5+1"),
        {SHEET: lambda x: re.sub(rb'(<c r="I5".*?</c>)', rb'\1<c r="J5"><f>F5*3</f><v>7</v></c>', x)},
    )
    found = cells(filled(template, people(2)))
    assert [found[a][1] for a in ("J5", "I5", "J6", "I6")] == ["4.5", "5.5", "9", "10"]


def test_a_total_counts_a_household_amount_once():
    block = Block("household_id", merge=("户号",), once=("金额",))
    form = mapping(block=block)
    records = people(6)
    result = fill.render(fill.compile(roster(), form), report(records, totals=({"金额": 1.5 + 6.0},)))
    assert cells(result.content)["F11"] == ("SUM(F5:F10)", "7.5")
    assert result.problems.is_empty()


def test_a_sheet_that_computes_from_a_name_or_a_table_loses_its_old_values():
    table = (
        b'<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="T" displayName="T" '
        b'ref="K5:L6"/>'
    )
    kind = b'<Relationship Id="t1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/table" '
    template = inject(
        roster(),
        {
            OTHER: lambda x: x.replace(
                b"</sheetData>",
                b'<row r="9"><c r="A9"><f>SUM(\xe6\x80\xbb\xe9\x87\x91\xe9\xa2\x9d)</f><v>5</v></c></row></sheetData>',
            ).replace(b"<f>SUM(\xe7\x99\xbb\xe8\xae\xb0\xe8\xa1\xa8!F5:F5)</f>", b"<f>SUM(T[x])</f>"),
            "xl/worksheets/_rels/sheet1.xml.rels": lambda x: x.replace(
                b"</Relationships>", kind + b'Target="../tables/table1.xml"/></Relationships>'
            ),
            "xl/tables/table1.xml": table,
        },
    )
    found = cells(filled(template, people(3)), OTHER)
    assert found["A9"] == ("SUM(总金额)", None)
    assert found["A1"] == ("SUM(T[x])", None)


@pytest.mark.parametrize("text", ["SUM(总金额)", "SUM(T[x])"])
def test_one_reference_by_name_alone_is_enough(text):
    """The only formula of the other sheet reaches the form through a name."""
    only = f'<row r="1"><c r="A1"><f>{text}</f><v>5</v></c></row>'.encode()
    template = inject(roster(), {OTHER: lambda x: re.sub(rb"<row.*</row>", only, x, flags=re.DOTALL)})
    expected = None if "总" in text else "5"  # T is no table of this workbook's form
    assert cells(filled(template, people(3)), OTHER)["A1"] == (text, expected)


def test_a_value_no_cell_can_change_stays():
    template = with_formula("COUNTA(D5:D5)", "2*3")
    assert b"<f>2*3</f><v>0</v>" in part(filled(template, people(3)), SHEET)


def test_totals_made_for_the_form_have_their_value():
    plain = {SHEET: lambda x: re.sub(rb'<c r="([DF]6)" s="(\d+)"><f>.*?</c>', rb'<c r="\1" s="\2"/>', x)}
    compiled = fill.compile(inject(roster(), plain), mapping(totals=(Total("合计"),)))
    result = fill.render(compiled, report(people(3), totals=({"金额": 9.0},)))
    assert cells(result.content)["F8"] == ("SUM(F5:F7)", "9")
