"""Recognise, on real forms: every file goes through, headers are where people see them, nothing binds wrong."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from oneform import recognise
from oneform.errors import WorkbookError
from oneform.read import worker
from oneform.schema import Schema

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus of real forms is not at {CORPUS}")

# the manifest counts four; its cells are merged over five
HEADERS = {"F012": (1, 5)}


def manifest() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@needs_corpus
def test_every_file_is_read_and_recognised_or_refused_in_words(schema: Schema) -> None:
    for path in sorted((CORPUS / "files").iterdir()):
        book = worker.parse(path.read_bytes(), path.name)
        found = recognise.tables(book, schema)
        skipped = recognise.skipped(book, found)
        assert {table.sheet for table in found} | set(skipped["sheet"]) == {sheet.name for sheet in book.sheets}
        if not found:
            assert isinstance(recognise.refusal(book, schema), WorkbookError)


@needs_corpus
def test_headers_of_rosters_are_where_the_manifest_says(schema: Schema) -> None:
    wrong, seen = [], 0
    for row in manifest():
        path = next((CORPUS / "files").glob(f"{row['id']}.*"))
        found = recognise.tables(worker.parse(path.read_bytes(), path.name), schema)
        if not row["kind"].startswith("roster") or not found:
            continue
        first, _, last = row["header_rows"].partition("-")
        expected = HEADERS.get(row["id"], (int(first), int(last or first)))
        seen += 1
        if found[0].header_rows != expected or len(found[0].columns) != int(row["columns"]):
            wrong.append((row["id"], found[0].header_rows, expected, len(found[0].columns), row["columns"]))
    assert seen >= 25
    # F072 has a column of values under no header, which the manifest does not count
    assert [line for line in wrong if line[0] != "F072"] == []


@needs_corpus
def test_no_column_of_a_real_form_binds_wrong(schema: Schema) -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import columns
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    for leave_out, recall in ((False, 0.85), (True, 0.50)):
        ours = columns.measure(CORPUS, schema, leave_out=leave_out, methods={"ours": columns.ours})["ours"]
        assert ours.wrong == []
        assert ours.right / ours.fields >= recall
