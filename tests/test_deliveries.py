"""Every shipped form, filled from the examples: what two readers see is the report, and nothing else is there."""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from oneform import project
from oneform.frames import Report
from oneform.mapping.model import Card, Output
from oneform.mapping.model import Mapping as Form
from oneform.pipeline import Workspace
from oneform.store import golden
from tests.conftest import TODAY
from tests.test_forms import header_paths

FORMS = sorted(path.stem for path in (Path(__file__).parents[1] / "mappings").glob("*/*.yaml"))
Value = str | int | float | None
Grid = Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Delivery:
    form: Form
    report: Report
    name: str
    content: bytes


@pytest.fixture(scope="module")
def deliveries(community: Workspace) -> dict[str, list[Delivery]]:
    """Form → what was to be said, and the workbook that says it; several of a form that is split."""
    made = {}
    for name, form in community.forms.items():
        tables = golden(community.store, frozenset(form.entities) | {"grid"})
        reports = project.reports(form, tables, params={}, day=TODAY, schema=community.schema)
        files = community.fill(name).files.items()
        made[name] = [
            Delivery(form, report, file, content) for report, (file, content) in zip(reports, files, strict=True)
        ]
    return made


def test_every_shipped_form_is_filled_with_something(deliveries: dict[str, list[Delivery]]) -> None:
    assert sorted(deliveries) == FORMS
    for one in every(deliveries):
        if one.form.form != "gate_whitelist":  # nobody was tested in the last day of the example week
            assert one.report.table.height or one.report.cards, one.name
        assert one.report.problems.filter(pl.col("level") == "错误").is_empty(), one.name


def every(deliveries: dict[str, list[Delivery]]) -> list[Delivery]:
    return [one for parts in deliveries.values() for one in parts]


def test_a_form_that_is_split_gives_a_file_for_each_part(deliveries: dict[str, list[Delivery]]) -> None:
    parts = deliveries["small_places"]
    grids = [one.report.table["所属网格"].unique().to_list() for one in parts]
    assert [[one.report.part] for one in parts] == grids
    assert all(one.name.endswith(f"_{one.report.part}.xlsx") for one in parts)
    assert all(one.report.table["序号"].to_list() == list(range(1, one.report.table.height + 1)) for one in parts)
    assert len(parts) > 2


# -- what two readers see ---------------------------------------------------------------------------------------------


def by_calamine(content: bytes) -> dict[str, Grid]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def by_openpyxl(content: bytes) -> dict[str, Grid]:
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True)
    for sheet in book:
        sheet.reset_dimensions()
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


READERS = {"calamine": by_calamine, "openpyxl": by_openpyxl}


def at(grid: Grid, row: int, column: int) -> Value:
    """The value of a cell as a report writes it: null for a blank one, numbers as numbers."""
    line = grid[row - 1] if row <= len(grid) else []
    value = line[column - 1] if column <= len(line) else None
    if value == "":
        return None
    return float(value) if isinstance(value, int | float) else value


def said(value: Value) -> Value:
    return float(value) if isinstance(value, int | float) else value or None


def columns(sheet: Worksheet, rows: tuple[int, int]) -> dict[str, int]:
    """Header path → sheet column."""
    return {path: column for column, path in enumerate(header_paths(sheet, rows), 1) if path}


ROSTERS = [name for name in FORMS if name != "household_card"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ROSTERS)
def test_a_delivered_table_is_the_report(name: str, reader: str, deliveries: dict[str, list[Delivery]]) -> None:
    for one in deliveries[name]:
        same_table(one, reader)


def same_table(one: Delivery, reader: str) -> None:
    template, table = one.form.template, one.report.table
    assert template.header is not None
    assert template.rows is not None
    grid = READERS[reader](one.content)[template.sheet]
    places = columns(openpyxl.load_workbook(template.file)[template.sheet], template.header)
    first = template.rows[0]
    wrong = [
        (row, path)
        for path in table.columns
        for row, value in enumerate(table[path].to_list(), first)
        if at(grid, row, places[path]) != said(value)
    ]
    assert not wrong
    after = first + table.height
    for number, totals in enumerate(one.report.totals):
        found = {path: at(grid, after + number, places[path]) for path in totals}
        assert found == pytest.approx({path: said(value) for path, value in totals.items()}), one.name
        assert "合计" in {at(grid, after + number, column) for column in places.values()}
    texts = "\n".join(str(cell) for row in grid for cell in row if cell)
    assert all(str(value) in texts for value in one.report.head.values() if value is not None)


@pytest.mark.parametrize("reader", READERS)
def test_delivered_cards_are_the_reports_cards(reader: str, deliveries: dict[str, list[Delivery]]) -> None:
    (one,) = deliveries["household_card"]
    shape = one.form.shape
    assert isinstance(shape, Card)
    (repeat,) = shape.repeats
    room = repeat.rows[1] - repeat.rows[0] + 1
    template = openpyxl.load_workbook(one.form.template.file)[one.form.template.sheet]
    places = columns(template, (repeat.header, repeat.header))
    sheets = iter(READERS[reader](one.content).values())
    for card in one.report.cards:
        members = card.repeats[repeat.name]
        for page in range(max(1, -(-members.height // room))):
            grid = next(sheets)
            for output in shape.cells:
                assert slot(grid, output) == ticked(output, said(card.cells[output.path])), output.path
            lines = members.slice(page * room, room)
            found = [[at(grid, repeat.rows[0] + line, places[path]) for path in lines.columns] for line in range(room)]
            blank: list[Value] = [None] * lines.width
            wanted = [[said(value) for value in line] for line in lines.rows()]
            assert found == wanted + [blank] * (room - lines.height), card.entity_id
    assert not list(sheets)


def slot(grid: Grid, output: Output) -> Value:
    assert output.at is not None
    letters, row = re.fullmatch("([A-Z]+)([0-9]+)", output.at).groups()
    return ticked(output, at(grid, int(row), openpyxl.utils.column_index_from_string(letters)))


def ticked(output: Output, value: Value) -> Value:
    """Of a row of boxes only the words that are ticked: the boxes themselves are the template's."""
    return "".join(re.findall("☑([一-鿿]+)", str(value))) if output.tick else value


# -- nothing else is in the package -----------------------------------------------------------------------------------


def parts(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            yield html.unescape(package.read(name).decode("utf-8", "ignore"))


def tokens(content: bytes) -> set[str]:
    """All runs of letters and digits, and all texts of elements and attributes but cell addresses, in any part."""
    found: set[str] = set()
    for part in parts(content):
        text = re.sub(' (r|ref|sqref|spans|topLeftCell|activeCell)="[^"]*"', "", part)
        found |= set(re.findall("[0-9A-Za-z]{6,}", text))
        found |= set(re.findall(">([^<>]+)<", text)) | set(re.findall('"([^"<>]+)"', text))
    return found


# Fields whose values are about one person or one door: any of them in a package could only have come from us.
TELLING = {"resident_id", "name", "phone", "address", "uscc"}
ALSO = {"bank_account", "bank_holder", "email", "vehicle_no", "social_card_no", "medical_ins_no", "household_id"}


Values = Mapping[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def values(community: Workspace) -> Values:
    """(entity, field) → the golden values of every field, but for single characters."""
    found = {}
    for entity, table in golden(community.store).items():
        for field in community.schema.stored(entity):
            texts = set(table[field.name].drop_nulls().cast(pl.String).to_list())
            found[entity, field.name] = {text for text in texts if len(text) > 1}
    return found


@pytest.fixture(scope="module")
def telling(community: Workspace, values: Values) -> Values:
    """Those of them that point at somebody."""
    fields = {
        (field.entity, field.name)
        for one in community.schema.entities.values()
        for field in one.stored
        if field.kind in TELLING or field.name in ALSO
    }
    return {place: texts for place, texts in values.items() if place in fields and texts}


@pytest.mark.parametrize("name", FORMS)
def test_no_value_of_an_undeclared_field_is_anywhere_in_the_package(
    name: str, deliveries: dict[str, list[Delivery]], values: Values, telling: Values, community: Workspace
) -> None:
    one = deliveries[name][0]
    declared = {text for place, texts in values.items() if place in one.form.fields for text in texts}
    kinds = {
        (field.entity, field.name): field.kind for one in community.schema.entities.values() for field in one.stored
    }
    # a form that has a dwelling's parts may write the address that somebody wrote elsewhere
    built = {place for place, kind in kinds.items() if kind == "address" and ("dwelling", "room") in one.form.fields}
    there = set[str]().union(*(tokens(part.content) for part in deliveries[name]))
    assert there & declared, "what is declared must be seen, or nothing would be"
    undeclared = telling.keys() - one.form.fields - built
    leaked = {place: len(there & (telling[place] - declared)) for place in undeclared}
    assert leaked, "every telling field is declared: the test would prove nothing"
    assert not {place: count for place, count in leaked.items() if count}


def test_a_masked_column_leaves_no_whole_number_behind(deliveries: dict[str, list[Delivery]], values: Values) -> None:
    masked = [one for one in every(deliveries) if any(column.mask for column in one.form.columns)]
    assert masked
    for one in masked:
        hidden = {(column.entity, column.field) for column in one.form.columns if column.mask and not column.when}
        open_ = {(column.entity, column.field) for column in one.form.columns if not column.mask}
        there = tokens(one.content)
        for place in hidden - open_:
            assert not there & values[place], (one.form.form, place)


def test_the_properties_name_nobody(deliveries: dict[str, list[Delivery]], values: Values) -> None:
    people = values["person", "name"] | values["person", "id_number"]
    for one in every(deliveries):
        with zipfile.ZipFile(io.BytesIO(one.content)) as package:
            told = [part for part in package.namelist() if part.startswith("docProps/")]
            text = "".join(package.read(part).decode() for part in told)
        assert not set(re.findall(">([^<>]+)<", text)) & people, one.name


# -- the same again, and in an office program -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_a_second_fill_gives_equal_bytes(
    name: str, community: Workspace, deliveries: dict[str, list[Delivery]]
) -> None:
    assert community.fill(name).files == {one.name: one.content for one in deliveries[name]}


@pytest.mark.office
@pytest.mark.skipif(not shutil.which("soffice"), reason="soffice is not installed")
@pytest.mark.timeout(900)
def test_an_office_program_opens_and_prints_every_filled_form(
    deliveries: dict[str, list[Delivery]], tmp_path: Path
) -> None:
    printed_here = {
        name: parts for name, parts in deliveries.items() if name != "household_card"
    }  # 900 sheets: minutes
    for name, parts in printed_here.items():
        (tmp_path / f"{name}.xlsx").write_bytes(parts[0].content)
    files = sorted(map(str, tmp_path.glob("*.xlsx")))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(tmp_path), *files], check=True, capture_output=True, timeout=800)
    for name in printed_here:
        printed = (tmp_path / f"{name}.pdf").read_bytes()
        assert printed.startswith(b"%PDF"), name
        assert len(printed) > 5000, name
