"""Byte spans of elements, addresses, and texts that XML cannot hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneform.errors import WorkbookError
from oneform.ooxml import refs, spans

XML = '<?xml version="1.0"?>\n<x:a b="1>0"><c/><d  e=\'值\' >字<f>&amp;</f></d><!-- <g/> --></x:a>\n'.encode()


def test_every_span_is_the_element_as_written():
    root = spans.parse(XML)
    written = {e.local: XML[e.start : e.end].decode() for e in root.walk()}
    assert written["c"] == "<c/>"
    assert written["d"] == "<d  e='值' >字<f>&amp;</f></d>"
    assert written["f"] == "<f>&amp;</f>"
    assert (root.prefix, root.local, root.child("d").text) == ("x:", "a", "字")


def test_edits_touch_their_bytes_only():
    root = spans.parse(XML)
    d = root.child("d")
    edits = [spans.set_attribute(XML, d, "e", 'a"<'), spans.set_attribute(XML, root.child("c"), "new", "1")]
    out = spans.apply(XML, edits)
    assert out == XML.replace("'值'".encode(), b"'a&quot;&lt;'").replace(b"<c/>", b'<c new="1"/>')


def test_insertions_at_one_place_keep_their_order():
    assert spans.apply(b"ab", [(1, 1, b"1"), (1, 1, b"2"), (1, 2, b"B")]) == b"a12B"


@pytest.mark.parametrize(("xml", "code"), [(b"<a>", "OF101"), (b"<!DOCTYPE a><a/>", "OF105")])
def test_broken_parts_are_refused(xml, code):
    with pytest.raises(WorkbookError) as refused:
        spans.parse(xml)
    assert refused.value.code == code


@given(
    st.lists(
        st.sampled_from(["王", "\x0b", "_x000B_", "&", "<", ">", '"', " ", "\n", "\r", "_x", "=1+1", "𠮷", "\x00"])
    )
)
def test_cell_text_survives_writing_and_reading(tokens):
    text = "".join(tokens)
    xml = f"<t>{spans.cell_text(text)}</t>".encode()
    assert spans.plain_text(spans.parse(xml).text) == text


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("A1", (1, 1, 1, 1)),
        ("$B$2:AA10", (2, 2, 10, 27)),
        ("C3:A1", (1, 1, 3, 3)),
        ("C:D", (1, 3, refs.MAX_ROWS, 4)),
        ("5:6", (5, 1, 6, refs.MAX_COLUMNS)),
        ("", None),
        ("A", None),
        ("5", None),
        ("A1:B", None),
        ("表!A1", None),
    ],
)
def test_boxes(text, box):
    assert refs.box(text) == box


@given(st.integers(1, refs.MAX_COLUMNS))
def test_column_letters_are_one_to_one(number):
    assert refs.column(refs.letters(number)) == number
