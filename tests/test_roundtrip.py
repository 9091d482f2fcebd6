"""A form of ours that comes back: untouched it says so; written off row by row it changes nothing; filled by hand it is read.

Forms that count (cross-tabs) say nothing of one resident and are refused by name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from oneform.errors import WorkbookError
from oneform.frames import Table
from oneform.mapping.model import Crosstab, Rows
from oneform.mapping.model import Mapping as Form
from oneform.pipeline import Imported, Workspace, load_forms, load_schema, open_workspace
from oneform.recognise import forms as readable_forms
from oneform.schema import Schema, header_key
from oneform.store import golden
from tests.conftest import clock

FORMS = load_forms(load_schema())
ROSTERS = sorted(name for name, form in FORMS.items() if isinstance(form.shape, Rows))
COUNTS = sorted(name for name, form in FORMS.items() if isinstance(form.shape, Crosstab))
PARAMS = {"gate_whitelist": {"day": "2026-11-18"}}  # a list of one day; on others nobody is on it
# what still keeps a copy of a form, all its cells the same and not known to be ours, from changing nothing
OPEN = {
    "gate_whitelist": "the form prints neither number nor phone, and a name with a home is too little to link a row by",
    "residents": "a resident known by a name alone, or whose number another one bears too, cannot be told from a new one",
    "volunteers": "a volunteer known by a name alone, without a phone, is taken for a new one",
}


@pytest.fixture(scope="module")
def copy(community: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The example community in a folder of its own, to be written; every form that is a roster lies in its outbox."""
    folder = tmp_path_factory.mktemp("copy") / "workspace"
    community.store.connection.execute("CHECKPOINT")
    shutil.copytree(community.store.folder, folder)
    with open_workspace(folder, who="test", clock=clock) as opened:
        for name in ROSTERS:
            opened.deliver(name, folder / "outbox" / name, params=PARAMS.get(name, {}))
        yield opened


def delivered(workspace: Workspace, name: str) -> list[Path]:
    return sorted((workspace.store.folder / "outbox" / name).iterdir())[:2]  # of a split form two parts will do


@pytest.mark.parametrize("name", ROSTERS)
def test_an_untouched_delivery_says_so_whoever_saved_it_again(name: str, copy: Workspace, tmp_path: Path) -> None:
    for file in delivered(copy, name):
        again = tmp_path / "另存.xlsx"
        openpyxl.load_workbook(file).save(again)
        # this library forgets what a total came to; spreadsheet programs do not
        for path in (file,) if copy.form(name).totals else (file, again):
            outcome = copy.import_sheet(path, form=name)
            assert (outcome.delivered, outcome.again) == ((name, "2026-11-20"), True)
            assert (outcome.new, outcome.updated, outcome.queued_for_review) == (0, 0, 0)


def test_a_delivery_that_somebody_wrote_in_is_a_sheet_like_any_other(copy: Workspace, tmp_path: Path) -> None:
    (file,) = delivered(copy, "lone_elders")
    book = openpyxl.load_workbook(file)
    book.active["N4"] = "子女在外地"
    book.save(tmp_path / file.name)
    outcome = copy.import_sheet(tmp_path / file.name, form="lone_elders", dry_run=True)
    assert outcome.delivered is None
    assert (outcome.new, outcome.updated) == (0, 1)


@pytest.mark.parametrize("name", ROSTERS)
def test_every_column_comes_back_or_is_made_by_the_form(name: str, copy: Workspace) -> None:
    form = copy.form(name)
    for file in delivered(copy, name):
        tables = copy.check(file, form=name).tables
        asked = readable_forms.form(form, copy.schema)
        found = {
            readable_forms.path_key(column.header): column.parts or ((column.entity, column.field),)
            for table in reversed(tables)
            for column in table.columns
        }
        lost = [
            output.path
            for key, output in asked.outputs.items()
            if readable_forms.readable(output) and (output.entity, output.field) not in found.get(key, ())
        ]
        assert lost == []
        assert {header_key(part) for output in form.columns for part in output.path.split("/")} <= {
            header_key(part) for header in found for part in header.split("/")
        } | _of_nobody(tables)


def _of_nobody(tables: Sequence[Table]) -> set[str]:
    """Headers of members that no household has."""
    return {
        header_key(f"成员{number}{what}")
        for number in "一二三四五六七八九"
        for what in ("姓名", "身份证号")
        if len(tables) > 1
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.xfail(strict=True, reason=OPEN[name])] if name in OPEN else [])
        for name in ROSTERS
    ],
)
def test_a_copy_cell_by_cell_changes_nothing(name: str, copy: Workspace, tmp_path: Path) -> None:
    """Even where the file is not known to be ours (a remark was added below it): every row finds its resident."""
    for file in delivered(copy, name):
        book = openpyxl.load_workbook(file)
        sheet = book[copy.form(name).template.sheet]
        sheet.cell(sheet.max_row + 2, 1).value = "备注：已核对"
        book.save(tmp_path / file.name)
        outcome = copy.import_sheet(tmp_path / file.name, form=name, dry_run=True)
        assert outcome.delivered is None
        assert outcome.checked.counts["rows"] > 0
        assert outcome.checked.counts["waiting"] == 0
        assert (outcome.new, outcome.updated) == (0, 0)
        assert outcome.changes.to_dicts() == []


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_not_read_back(name: str, workspace: Workspace, tmp_path: Path) -> None:
    shutil.copy(workspace.form(name).template.file, tmp_path / "回来.xlsx")
    with pytest.raises(WorkbookError, match=r"统计表.*读不回去"):
        workspace.import_sheet(tmp_path / "回来.xlsx", form=name)


# -- filled by hand ----------------------------------------------------------------------------------------------------


def by_hand(form: Form, path: Path, lines: Sequence[Mapping[str, str | int]]) -> Path:
    """The form's blank template with lines typed under its headers, saved by another program."""
    book = openpyxl.load_workbook(form.template.file)
    sheet = book[form.template.sheet]
    assert form.template.header
    assert form.template.rows
    at: dict[str, int] = {}
    for row in range(form.template.header[0], form.template.header[1] + 1):
        at |= {header_key(str(cell.value)): cell.column for cell in sheet[row] if cell.value}
    for notes in [one for one in sheet.merged_cells.ranges if one.min_row > form.template.rows[0]]:
        sheet.unmerge_cells(notes.coord)  # lines are typed over the notes below
        sheet.cell(notes.min_row, notes.min_col).value = None
    for row, line in enumerate(lines, form.template.rows[0]):
        for header, text in line.items():
            sheet.cell(row, at[header_key(header)]).value = text
    book.save(path)
    return path


def taken_in(workspace: Workspace, path: Path, form: str | None) -> Imported:
    outcome = workspace.import_sheet(path, form=form)
    assert (outcome.checked.counts["waiting"], outcome.checked.counts["held_cells"]) == (0, 0)
    return outcome


def said(frame: pl.DataFrame, *fields: str) -> list[tuple[object, ...]]:
    return frame.select(fields).rows()


@pytest.mark.parametrize("form", ["returnees", None])
def test_returnees_by_hand(form: str | None, workspace: Workspace, tmp_path: Path) -> None:
    lines = [
        {
            "姓名": "周国强", "身份证号码": "110101199003070038", "性别": "男", "手机号码": "13811112222",
            "来源省份": "湖北省", "来源地市": "武汉市", "目的地详细地址": "幸福花园5栋1单元302室",
            "返乡时间": "2026.11.15", "交通方式": "火车", "航班，班车，车牌号": "G1234", "人员类型": "流动人口",
        },
        {
            "姓名": "李小兰", "身份证号码": "11010119900307010X", "性别": "女", "手机号码": "13900001111",
            "来源省份": "湖北省", "来源地市": "黄石市", "返乡时间": "2026.11.16",
            "目的地联系人": "王强", "目的地联系电话": "13700001111",
        },
    ]  # fmt: skip
    if form:  # 无 is what this form writes for nothing
        lines[1] |= {"交通方式": "无", "其它类型人员，用户自行输入": "无"}
    path = by_hand(workspace.form("returnees"), tmp_path / "返乡人员.xlsx", lines)
    assert taken_in(workspace, path, form).new == 2
    people = workspace.residents().sort("name")
    assert said(people, "name", "id_number", "phone", "gender") == [
        ("周国强", "110101199003070038", "13811112222", "1"),
        ("李小兰", "11010119900307010X", "13900001111", "2"),
    ]
    assert said(people, "contact_name", "contact_phone") == [(None, None), ("王强", "13700001111")]
    trips = golden(workspace.store, {"return_travel"})["return_travel"].sort("return_date")
    assert said(trips, "return_date", "origin_province", "origin_city", "vehicle_no") == [
        ("2026-11-15", "湖北省", "武汉市", "G1234"),
        ("2026-11-16", "湖北省", "黄石市", None),
    ]
    assert trips["transport"].to_list() == ["铁路", None]


@pytest.mark.parametrize("form", ["household_card", None])
def test_a_household_card_by_hand(form: str | None, workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workspace.form("household_card").template.file)
    sheet = book.active
    top = {
        "C3": "H0301001", "F3": "居民户", "H3": "周国强", "C4": "13811112222", "F4": "第三网格", "H4": "李网",
        "C5": "幸福花园5栋1单元302室", "H5": "☑自住　□出租　□空置", "H6": "2026年11月18日",
    }  # fmt: skip
    for cell, text in top.items():
        sheet[cell] = text
    members = [
        (1, "周国强", "户主", "男", "19900307", "110101199003070038", None, "户籍人口", "某厂"),
        (2, "李小兰", "配偶", "女", "19900307", "11010119900307010X", "13900001111", "户籍人口", None),
    ]
    for row, member in enumerate(members, 9):
        for column, text in enumerate(member, 1):
            sheet.cell(row, column).value = text
    book.save(tmp_path / "5-1-302.xlsx")
    outcome = taken_in(workspace, tmp_path / "5-1-302.xlsx", form)
    assert (outcome.new, outcome.valid_on) == (2, "2026-11-18")
    people = workspace.residents().sort("name")
    assert said(people, "name", "id_number", "relation_to_head", "grid", "current_address") == [
        ("周国强", "110101199003070038", "02", "第三网格", "幸福花园5栋1单元302室"),
        ("李小兰", "11010119900307010X", "10", "第三网格", "幸福花园5栋1单元302室"),
    ]
    assert people["household"].n_unique() == 1
    tables = golden(workspace.store, {"household", "dwelling"})
    assert said(tables["household"], "household_id", "hukou_type") == [("H0301001", "家庭户")]
    assert said(tables["dwelling"], "estate", "building", "unit", "room", "dwelling_status") == [
        ("幸福花园", "5", "1", "302", "自住")
    ]
    if form:
        assert people["phone"].to_list() == ["13811112222", "13900001111"]  # the card's own is the head's


def test_the_head_of_a_card_without_members(workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workspace.form("household_card").template.file)
    for cell, text in {"C3": "H0301002", "H3": "周国强", "C4": "13811112222", "F4": "第三网格"}.items():
        book.active[cell] = text
    book.save(tmp_path / "一户.xlsx")
    assert taken_in(workspace, tmp_path / "一户.xlsx", "household_card").new == 1
    assert said(workspace.residents(), "name", "phone", "relation_to_head", "grid") == [
        ("周国强", "13811112222", "02", "第三网格")
    ]


@pytest.mark.parametrize("form", ["low_income_households", None])
def test_low_income_households_by_hand(form: str | None, workspace: Workspace, tmp_path: Path) -> None:
    lines = [
        {
            "证件号码": "D0301001", "户主姓名": "周国强", "身份证号码": "110101199003070038", "性别": "男",
            "家庭住址": "幸福花园5栋1单元302室", "享受保障类别": "城市低保", "享受保障人数": 3, "户月保障金": 1260,
            "成员一姓名": "李小兰", "成员一身份证号": "11010119900307010X", "成员二姓名": "周乐",
        },
        {"证件号码": "D0301002", "户主姓名": "陈东", "身份证号码": "110101195003070152", "享受保障人数": 1},
    ]  # fmt: skip
    path = by_hand(workspace.form("low_income_households"), tmp_path / "低保.xlsx", lines)
    taken_in(workspace, path, form)
    people = workspace.residents().sort("name")
    assert people["name"].to_list() == ["周乐", "周国强", "李小兰", "陈东"]
    assert people.filter(pl.col("name").is_in(["周国强", "李小兰", "周乐"]))["household"].n_unique() == 1
    homes = golden(workspace.store, {"household"})["household"].drop_nulls("relief_count").sort("relief_count")
    assert homes["relief_count"][-1] == 3
    if form:
        assert homes["relief_cert"][-1] == "D0301001"  # 证件号码 is a card's number by this form alone


def test_the_labels_of_a_form_are_no_facts_about_its_rows(schema: Schema) -> None:
    read = readable_forms.form(FORMS["residents"], schema)
    assert read.places == {"fill_unit"}
    assert readable_forms.form(FORMS["lone_elders"], schema).places == {"community"}
