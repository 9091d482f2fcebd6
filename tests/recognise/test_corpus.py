"""Recognise, on real forms: every file goes through, headers are where people see them, nothing binds wrong."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from oneform import recognise
from oneform.errors import WorkbookError
from oneform.frames import Table, Workbook
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


@pytest.fixture(scope="module")
def read(schema: Schema) -> dict[str, tuple[Workbook, tuple[Table, ...]]]:
    """File id → what was read and recognised, once for all tests."""
    paths = sorted((CORPUS / "files").iterdir()) if CORPUS.is_dir() else []
    books = {path.stem: worker.parse(path.read_bytes(), path.name) for path in paths}
    return {file: (book, recognise.tables(book, schema)) for file, book in books.items()}


@needs_corpus
def test_every_file_is_read_and_recognised_or_refused_in_words(
    schema: Schema, read: dict[str, tuple[Workbook, tuple[Table, ...]]]
) -> None:
    for book, found in read.values():
        skipped = recognise.skipped(book, found)
        assert {table.sheet for table in found} | set(skipped["sheet"]) == {sheet.name for sheet in book.sheets}
        if not found:
            assert isinstance(recognise.refusal(book, schema), WorkbookError)


def labelled() -> list[dict[str, str]]:
    lines = (Path(__file__).parent / "labelled.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@needs_corpus
def test_every_header_and_table_is_where_a_person_saw_it(
    schema: Schema, read: dict[str, tuple[Workbook, tuple[Table, ...]]]
) -> None:
    wrong = []
    by_file: dict[str, list[dict[str, str]]] = {}
    for row in labelled():
        by_file.setdefault(row["file"], []).append(row)
    assert set(by_file) == set(read)
    for file, rows in by_file.items():
        book, found = read[file]
        for row in rows:
            name = book.sheets[int(row["sheet"]) - 1].name
            mine = [table for table in found if table.sheet == name]
            header = (int(row["header_first"]), int(row["header_last"])) if row["header_first"] else None
            first = int(row["first_data_row"]) if row["first_data_row"] else None
            if len(mine) != int(row["tables"]) or any(
                table.header_rows != header
                or (table.data_rows[0] if table.data_rows else None) != first
                or bool(table.refused) != bool(row["refused"])
                for table in mine
            ):
                wrong.append((row, [(table.header_rows, table.data_rows, table.refused) for table in mine]))
        if not found:
            assert recognise.refusal(book, schema).code == rows[0]["refused"]
    assert wrong == []


@needs_corpus
def test_headers_of_rosters_are_where_the_manifest_says(
    read: dict[str, tuple[Workbook, tuple[Table, ...]]],
) -> None:
    wrong, seen = [], 0
    for row in manifest():
        _, found = read[row["id"]]
        if not row["kind"].startswith("roster") or not found or found[0].refused:
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
    for leave_out, recall in ((False, 0.88), (True, 0.80)):
        ours = columns.measure(CORPUS, schema, leave_out=leave_out, methods={"ours": columns.ours})["ours"]
        assert ours.wrong == []
        assert ours.right / ours.fields >= recall
