"""No string function of DuckDB that works on bytes: they are wrong on Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))
_BYTEWISE = re.compile(
    r"\b(?:levenshtein|editdist3|damerau_levenshtein|jaro_similarity|jaro_winkler_similarity|jaccard|mismatches|hamming)\s*\(",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", ["SELECT levenshtein(a, b)", "jaro_winkler_similarity (a,b)", "JACCARD(a, b)"])
def test_the_lint_sees_what_it_forbids(text: str) -> None:
    assert _BYTEWISE.search(text)


def test_no_bytewise_fuzzy_function_in_the_tree() -> None:
    assert SOURCES
    found = [path.name for path in SOURCES if _BYTEWISE.search(path.read_text(encoding="utf-8"))]
    assert found == []
