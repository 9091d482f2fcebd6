"""Blank forms of real departments: every column found by its own header, records written, all else kept."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from fill_templates import mapping, names, part, report
from python_calamine import CalamineWorkbook

from oneform import fill
from oneform.errors import TemplateError
from oneform.fill import labels, template
from oneform.mapping.model import Block
from oneform.ooxml import workbook
from oneform.ooxml.package import Package

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "files"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus of blank forms is not at {CORPUS}")


def page_of(content: bytes) -> template.Sheet:
    package = Package.open(content)
    book = workbook.book(package)
    entry = book.sheets[0]
    texts = template.strings(package, book.strings).texts
    return template.sheet(entry.name, entry.part, package.read(entry.part), texts)


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.xlsx")), ids=lambda f: f.stem)
def test_real_forms_take_records(file):
    content = file.read_bytes()
    page = page_of(content)
    counts = {r: sum(bool(c.text) for c in row.cells.values()) for r, row in page.rows.items() if r <= 10}
    header = max(counts, key=lambda r: counts[r])
    bottom = max(page.merge(header, c)[2] for c in page.rows[header].cells)
    paths = labels.header_paths(page, (header, bottom))
    deep = max(page.merge(bottom + 1, c)[2] for c in paths)
    often = Counter(paths.values())
    unique = tuple(p for p in paths.values() if often[p] == 1)
    if not unique:
        pytest.skip("every header text stands twice in this form")
    block = Block("household_id", unique)
    form = mapping(
        rows=(bottom + 1, deep),
        header=(header, bottom),
        block=block,
        sheet=page.name,
        columns=unique,
        head=(),
        totals=(),
    )
    compiled = fill.compile(content, form)
    records = pl.DataFrame({p: [f"值{n}" for n in range(9)] for p in unique})
    result = fill.render(compiled, report(records))

    rows = CalamineWorkbook.from_filelike(io.BytesIO(result.content)).get_sheet_by_name(page.name)
    grid = {(r, c): v for r, row in enumerate(rows.to_python(skip_empty_area=False)) for c, v in enumerate(row, 1)}
    for column in compiled.area.columns.values():
        assert [grid.get((bottom + n, column), "") for n in range(9)] == ["值0", "", "", "值3", "", "", "值6", "", ""]
    after = page_of(result.content)
    by = 9 - (deep - bottom)
    below = {(c.row + by, c.column): c.text for c in page.cells() if c.row > deep and c.text}
    assert below.items() <= {(c.row, c.column): c.text for c in after.cells()}.items()
    changed = {n for n in names(content) if n in names(result.content) and part(content, n) != part(result.content, n)}
    assert not {n for n in changed if "styles" in n or "theme" in n or "media" in n or "printerSettings" in n}


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.xls"))[:3], ids=lambda f: f.stem)
def test_old_formats_are_asked_to_be_saved_anew(file):
    with pytest.raises(TemplateError) as refused:
        fill.compile(file.read_bytes(), mapping())
    assert refused.value.code == "OF601"
