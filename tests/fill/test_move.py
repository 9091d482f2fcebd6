"""Where rows, ranges and formulas go when sample rows become many, against rows that were laid out one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneform.fill.move import Growth, Move, formula, renamed, row_pieces, shifted

GROWN = Move((Growth(5, 5, 30),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SUM(F5:F5)", "SUM(F5:F34)"),
        ("SUM(F5)", "SUM(F5:F34)"),
        ("COUNTA($D$5:$D$5)+1", "COUNTA($D$5:$D$34)+1"),
        ("SUM(F4:F5)", "SUM(F4:F34)"),
        ("F5", "F5"),
        ("F6*2+A4", "F35*2+A4"),
        ("SUM(F6:F9)", "SUM(F35:F38)"),
        ("SUM(F:F)+SUM(5:5)+SUM($6:$7)", "SUM(F:F)+SUM(5:34)+SUM($35:$36)"),
        ('IF(A6="F6",&quot;F6&quot;,LOG10(F6))', 'IF(A35="F6",&quot;F6&quot;,LOG10(F35))'),
        ("SUM(表!F5:F5)+SUM(别表!F5:F5)+'表'!F6", "SUM(表!F5:F34)+SUM(别表!F5:F5)+'表'!F35"),
        ("[1]表!F6+名F6+F6名+Table1[F6]", "[1]表!F6+名F6+F6名+Table1[F6]"),
        ("A6&lt;B6", "A35&lt;B35"),
        ("INDEX(F1:F1048576,6)", "INDEX(F1:F1048576,6)"),
    ],
)
def test_formulas_grow_and_shift(before, after):
    assert formula(before, GROWN, sheet="表", here=True) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("F8", "#REF!"),
        ("SUM(F5:F9)", "SUM(F5:F6)"),
        ("SUM(F7:F8)", "SUM(#REF!)"),
        ("SUM(F8:F12)", "SUM(F7:F9)"),
        ("F10", "F7"),
    ],
)
def test_formulas_shrink(before, after):
    assert formula(before, Move((Growth(5, 9, 2),)), sheet="表", here=True) == after


def test_formulas_of_other_sheets_move_only_what_names_the_sheet():
    assert (
        formula("SUM(F5:F5)+SUM('我 表'!F5:F5)", GROWN, sheet="我 表", here=False) == "SUM(F5:F5)+SUM('我 表'!F5:F34)"
    )


@pytest.mark.parametrize(
    ("text", "rows", "columns", "after"),
    [
        ("A1+$A$1+A$1+$A1", 2, 1, "B3+$A$1+B$1+$A3"),
        ("SUM(A1:B2)", 1, 0, "SUM(A2:B3)"),
        ("SUM(A:B,$C:C)", 3, 1, "SUM(B:C,$C:D)"),
        ("A1", -1, 0, "#REF!"),
    ],
)
def test_copied_formulas(text, rows, columns, after):
    assert shifted(text, rows, columns) == after


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("F5*2", ["F", 0, "*2"]),
        ("A4+1", ["A", -1, "+1"]),
        ("SUM(D$5:D5)", ["SUM(D$5", ":D", 0, ")"]),
        ("F5/SUM(F$5:F$5)", ["F", 0, "/SUM(F$5:F$34", ")"]),
        ("F5/F6+$B$2", ["F", 0, "/F35", "+$B$2"]),
    ],
)
def test_a_sample_rows_formula_follows_its_record(text, pieces):
    found = row_pieces(text, 5, GROWN, GROWN.growths[0], sheet="表")
    assert "|".join(map(str, found)).replace("|", "") == "".join(map(str, pieces))
    assert [p for p in found if isinstance(p, int)] == [p for p in pieces if isinstance(p, int)]


def test_sheets_are_renamed_inside_formulas_only_as_prefix():
    assert renamed("户卡!A1+'户卡'!B2+\"户卡!A1\"", lambda s: "1-2'3" if s == "户卡" else None) == (
        "'1-2''3'!A1+'1-2''3'!B2+\"户卡!A1\""
    )


@st.composite
def moves(draw):
    """A template of up to 60 rows with one or two areas, each growing or shrinking."""
    growths = []
    first = 1
    for _ in range(draw(st.integers(1, 2))):
        first += draw(st.integers(1, 6))
        last = first + draw(st.integers(0, 5))
        growths.append(Growth(first, last, draw(st.sampled_from([1, 2, 3, 7, 40, 2000]))))
        first = last + 1
    return Move(tuple(growths))


def laid_out(move: Move, height: int) -> list[int]:
    """The template row each output row comes from: new rows come from the last sample row."""
    out: list[int] = []
    row = 1
    for growth in move.growths:
        out += range(row, growth.first)
        out += [min(growth.first + i, growth.last) for i in range(growth.rows)]
        row = growth.last + 1
    return out + list(range(row, height + 1))


@given(moves(), st.integers(1, 30), st.integers(0, 30))
def test_ranges_hold_exactly_the_rows_that_come_from_them(move, first, length):
    last = first + length
    origins = laid_out(move, 40 + last)
    end = next((g.last for g in move.growths if g.first <= last <= g.last), last)
    places = [at for at, origin in enumerate(origins, 1) if first <= origin <= end]
    expected = (places[0], places[-1]) if places else None
    assert move.rows(first, last) == expected


@given(moves(), st.integers(1, 40))
def test_rows_go_where_they_are_laid_out(move, row):
    origins = laid_out(move, 60)
    assert move.row(row) == (origins.index(row) + 1 if row in origins else None)
