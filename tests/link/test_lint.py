"""No string function of DuckDB that works on bytes: they are wrong on Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from rapidfuzz.distance import OSA

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))
_BYTEWISE = re.compile(
    r"\b(?:levenshtein|editdist3|damerau_levenshtein|jaro_similarity|jaro_winkler_similarity|jaccard|mismatches|hamming)\s*\(",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", ["SELECT levenshtein(a, b)", "jaro_winkler_similarity (a,b)", "JACCARD(a, b)"])
def test_the_lint_sees_what_it_forbids(text: str) -> None:
    assert _BYTEWISE.search(text)


def test_why_duckdb_counts_bytes() -> None:
    """One character differs; the database says three. The day it says one, the rule may go."""
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT levenshtein('张伟', '张玮')").fetchall()[0][0]
    assert (counted, OSA.distance("张伟", "张玮")) == (3, 1)


def test_no_bytewise_fuzzy_function_in_the_tree() -> None:
    assert SOURCES
    found = [path.name for path in SOURCES if _BYTEWISE.search(path.read_text(encoding="utf-8"))]
    assert found == []
