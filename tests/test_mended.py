"""A problem workbook whose marked cells are mended comes in without a problem, to the values of a sheet never wrong."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from oneform import read
from oneform.pipeline import Workspace, open_workspace
from oneform.recognise.answers import answers
from tests.conftest import clock
from tests.wps import as_wps

Row = dict[str, object]

SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂"
MARKS = {"FFFFC7CE", "FFFFEB9C"}


def id_number(birth: date, number: int) -> str:
    body = f"110101{birth:%Y%m%d}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def people(chance: random.Random, homes: int = 8) -> list[Row]:
    """True rows: households of one to four, everyone with every field."""
    rows: list[Row] = []
    for home in range(1, homes + 1):
        room = f"阳光小区{home % 4 + 1}栋{home % 2 + 1}单元{100 * (home % 6 + 1) + home:d}室"
        for place, relation in enumerate(chance.sample(["配偶", "子", "女"], chance.randrange(4)), start=1):
            rows.append(person(chance, home, room, relation, 10 * home + place))
        rows.append(person(chance, home, room, "户主", 10 * home))
    return rows


def person(chance: random.Random, home: int, room: str, relation: str, number: int) -> Row:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(60 * 365))
    return {
        "户号": str(home),
        "姓名": SURNAMES[home] + GIVEN[number % 19] + chance.choice(GIVEN),
        "身份证号": id_number(born, number),
        "性别": "男" if number % 2 else "女",
        "出生日期": born,
        "联系电话": f"139{home:04d}{number:04d}",
        "现住址": room,
        "与户主关系": relation,
        "备注": None,
    }


# column → what a hand makes of a true value; each must be found and held
DAMAGES: dict[str, tuple[Callable[[Row], object], ...]] = {
    "身份证号": (
        lambda row: str(row["身份证号"])[:-1] + ("1" if str(row["身份证号"])[-1] != "1" else "2"),
        lambda row: int(str(row["身份证号"])[:15] + "000"),
        lambda row: str(row["身份证号"])[:17],
    ),
    "性别": (lambda _: "公",),
    "出生日期": (lambda _: "01/02/03", lambda _: "不记得", lambda _: date(2035, 1, 1)),
    "联系电话": (lambda row: str(row["联系电话"])[:-1], lambda _: "没有号码"),
    "与户主关系": (lambda _: "邻居家的",),
}


def damaged(chance: random.Random, rows: list[Row]) -> list[Row]:
    spoiled = [dict(row) for row in rows]
    for row in chance.sample(spoiled, max(3, len(rows) // 3)):
        for column in chance.sample(sorted(DAMAGES), chance.choice([1, 1, 2])):
            row[column] = chance.choice(DAMAGES[column])(row)
    chance.choice(spoiled).update({"姓名": None, "身份证号": None})  # about nobody: the row waits
    return spoiled


def sheet(path: Path, rows: list[Row], layout: str) -> Path:
    """The rows as one of the sheets that come in; the truth and the damaged rows lie in the same cells."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "三号网格"
    columns = [*rows[0]]
    first = 1
    if layout != "plain":
        page.append(["阳光社区人口信息采集表"])
        page.append(["填报日期：2026-11-18"])
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
        first = 3
    if layout == "groups":
        page.append(["户号", "个人信息", *[None] * (len(columns) - 3), "备注"])
        page.append([None, *columns[1:-1], None])
        page.merge_cells(start_row=3, start_column=2, end_row=3, end_column=len(columns) - 1)
        for column in (1, len(columns)):
            page.merge_cells(start_row=3, start_column=column, end_row=4, end_column=column)
        first = 4
    else:
        page.append([f"*{name}" if name == "姓名" else name for name in columns])
    for row in rows:
        page.append([row[name] for name in columns])
        for cell in page[page.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
                cell.number_format = "@"
            elif isinstance(cell.value, int):
                cell.number_format = "0"
    if layout == "groups":  # one number a household, merged over its rows
        top = first + 1
        for at in range(first + 2, page.max_row + 2):
            if page.cell(at, 1).value != page.cell(top, 1).value:
                if at - 1 > top:
                    page.merge_cells(start_row=top, start_column=1, end_row=at - 1, end_column=1)
                top = at
    page.freeze_panes = f"C{first + 1}"
    page.auto_filter.ref = f"A{first}:{openpyxl.utils.get_column_letter(len(columns))}{page.max_row}"
    rule = DataValidation(type="list", formula1='"男,女"')
    rule.add(f"D{first + 1}:D{page.max_row}")
    page.add_data_validation(rule)
    page.column_dimensions["C"].width = 25.5
    page.column_dimensions["I"].hidden = True
    page.row_dimensions[first].height = 33
    page.cell(first, 2).fill = PatternFill("solid", fgColor="FFB7DEE8")
    book.save(path)
    return path


def mend(path: Path, truth: dict[int, Row]) -> int:
    """Write the true value into every marked cell, as a person types it; how many there were."""
    book = openpyxl.load_workbook(path)
    page = book["三号网格"]
    top = next(cell.row for cell in page["A"] if cell.value == "原行号")
    headers = {}
    for column in range(2, page.max_column + 1):
        texts = [page.cell(row, column).value for row in range(top, 0, -1)]
        headers[column] = next((text for text in texts if text), "").lstrip("*")
    done = 0
    for row in range(top + 1, page.max_row + 1):
        true = truth[int(page.cell(row, 1).value)]
        for column, name in headers.items():
            cell = page.cell(row, column)
            nobody = name in {"姓名", "身份证号"} and cell.value is None
            if name in true and (nobody or cell.fill.fgColor.rgb in MARKS):
                value = true[name]
                cell.value = value.isoformat() if isinstance(value, date) else value
                done += 1
    book.save(path)
    return done


def told(opened: Workspace) -> list[tuple[object, ...]]:
    """Golden residents without their ids, and the size of their household."""
    found = opened.residents().with_columns(pl.len().over("household").alias("household"))
    return sorted(found.select(pl.exclude("resident", "head", "dwelling")).rows(), key=str)


def as_it_is(path: Path) -> Path:
    return path


def shuffled(path: Path) -> Path:
    """The data rows in another order, as sorting them leaves them."""
    book = openpyxl.load_workbook(path)
    page = book["三号网格"]
    top = next(cell.row for cell in page["A"] if cell.value == "原行号")
    lines = [[cell.value for cell in row] for row in page.iter_rows(min_row=top + 1)]
    for row, line in enumerate(reversed(lines), start=top + 1):
        for column, value in enumerate(line, start=1):
            page.cell(row, column).value = value
    book.save(path)
    return path


def by_libreoffice(path: Path) -> Path:
    """Opened by LibreOffice and saved again."""
    out = path.parent / "office"
    command = ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=120)
    return Path(shutil.move(out / path.name, path))


SAVED = [
    *(pytest.param(layout, saved, id=f"{layout}-{saved.__name__}")
      for layout, saved in [("plain", as_it_is), ("titled", shuffled), ("groups", as_it_is), ("groups", as_wps),
                            ("plain", as_wps), ("titled", as_wps)]),
    *(pytest.param(layout, by_libreoffice, id=f"{layout}-libreoffice", marks=[
        pytest.mark.office, pytest.mark.skipif(not shutil.which("soffice"), reason="soffice is not installed")])
      for layout in ("plain", "groups")),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "saved"), SAVED)
def test_mended_it_says_what_a_clean_sheet_says(layout: str, saved: Callable[[Path], Path], tmp_path: Path) -> None:
    chance = random.Random(f"{layout}-{saved.__name__}")
    rows = people(chance)
    first = {"plain": 2, "titled": 4, "groups": 5}[layout]
    truth = dict(enumerate(rows, start=first))
    clean = sheet(tmp_path / "干净.xlsx", rows, layout)
    dirty = sheet(tmp_path / "三号网格.xlsx", damaged(chance, rows), layout)
    with open_workspace(tmp_path / "one", create=True, who="test", clock=clock) as opened:
        assert opened.import_sheet(clean).checked.problems.is_empty()
        wanted = told(opened)
    with open_workspace(tmp_path / "two", create=True, who="test", clock=clock) as opened:
        outcome = opened.import_sheet(dirty)
        content = opened.problem_workbook(outcome)
        assert content is not None
        handed = tmp_path / "三号网格_需修改.xlsx"
        handed.write_bytes(content)
        assert mend(handed, truth) >= outcome.checked.counts["held_cells"]
        second = opened.import_sheet(saved(handed))
        assert second.checked.problems.rows() == []
        assert opened.problem_workbook(second) is None
        assert second.new == outcome.checked.counts["waiting"]
        assert told(opened) == wanted


def test_the_sheet_keeps_its_look(tmp_path: Path, workspace: Workspace) -> None:
    rows = damaged(random.Random(7), people(random.Random(7)))
    outcome = workspace.check(sheet(tmp_path / "三号网格.xlsx", rows, "groups"))
    content = workspace.problem_workbook(outcome)
    assert content is not None
    (tmp_path / "回.xlsx").write_bytes(content)
    page = openpyxl.load_workbook(tmp_path / "回.xlsx")["三号网格"]
    assert page.column_dimensions["D"].width == pytest.approx(25.5, abs=1)
    assert page.column_dimensions["J"].hidden
    assert page.row_dimensions[4].height == 33
    assert page.freeze_panes == "D5"
    assert page["C4"].fill.fgColor.rgb == "FFB7DEE8"
    assert "B1:J1" in {str(one) for one in page.merged_cells.ranges}
    dates = [cell for cell in page["F"][4:] if cell.is_date]
    assert dates
    assert {cell.number_format for cell in dates} == {"yyyy\\-mm\\-dd"} or {c.number_format for c in dates} == {
        "yyyy-mm-dd"
    }
    sexes = next(rule for rule in page.data_validations.dataValidation if str(rule.sqref).startswith("E5"))
    place = re.sub(r"\$", "", sexes.formula1.split("!")[1])
    assert [cell.value for (cell,) in page.parent["_码表"][place]] == ["男", "女"]


def test_what_is_chosen_on_the_summary_is_read_back(tmp_path: Path, workspace: Workspace) -> None:
    rows = [
        row | {"单位": "第一中学", "电话号": "13900000000"}
        for row in damaged(random.Random(3), people(random.Random(3)))
    ]
    content = workspace.problem_workbook(workspace.check(sheet(tmp_path / "三号网格.xlsx", rows, "plain")))
    assert content is not None
    (tmp_path / "回.xlsx").write_bytes(content)
    assert answers(read.workbook(tmp_path / "回.xlsx"), workspace.schema) == {}
    for chosen, meant in {
        "工作单位": {"单位": ("person", "employer")},
        "都不是（不用导入）": {"单位": None},
        "没有这个": {},
    }.items():
        book = openpyxl.load_workbook(tmp_path / "回.xlsx")
        (asked,) = [row for row in book["错误汇总"].iter_rows() if row[0].value == "单位"]
        asked[4].value = chosen
        book.save(tmp_path / "答.xlsx")
        assert answers(read.workbook(tmp_path / "答.xlsx"), workspace.schema) == meant
        assert answers(read.workbook(as_wps(tmp_path / "答.xlsx")), workspace.schema) == meant
