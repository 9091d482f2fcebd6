"""Bad sheets through the command line: code, place and exit status of each, as a grid worker meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from oneform.cli.group import oneform
from tests.sheets import workbook

HEAD = "| 姓名 | 身份证号 | 性别 | 出生日期 | 联系电话 |\n|---|---|---|---|---|\n"
GOOD = "| 张伟 | 110101198001010010 | 男 | 1980-01-01 | 13900000001 |\n"
BELOW = "| 王芳 | 110101197001010024 | 女 | 1970-01-01 | 13900000003 |\n"

# case → sheet, exit status, (code, row, column) of every problem
SHEETS: dict[str, tuple[str, int, list[tuple[str, int | None, int | None]]]] = {
    "S15 two headers alike": (
        "| 姓名 | 身份证号 | 联系电话 | 联系电话 |\n| 张伟 | 110101198001010010 | 13900000001 | 13900000002 |\n",
        3, [("OF202", None, 3)],
    ),
    "S16 no names": (
        "| 联系电话 | 现住址 | 性别 | 出生日期 |\n| 13900000001 | 阳光小区3栋2单元501室 | 男 | 1980-01-01 |\n",
        3, [("OF201", None, None), ("OF406", 2, None)],
    ),
    "S17 unknown column": (
        "| 姓名 | 身份证号 | 备注2 |\n| 张伟 | 110101198001010010 | 常住 |\n", 0, [],
    ),
    "S18 header broken up": (
        "| 姓　名* | 身份证号（必填） | 联系\\n电话 |\n| 张伟 | 110101198001010010 | 13900000001 |\n", 0, [],
    ),
    "S20 total, blank row, footer": (
        f"{HEAD}{GOOD}||\n{BELOW}| 合计 | 2 | | | |\n| 填表人：李四 | | | | |\n", 0, [],
    ),
    "S21 identifier as a number": (
        f"{HEAD}| 张伟 | num:110101198001010000 | 男 | 1980-01-01 | 13900000001 |\n{BELOW}", 3, [("OF301", 2, 2)],
    ),
    "S22 identifier with blanks": (
        f"{HEAD}| 张伟 | 110101 19800101 0010 | 男 | 1980-01-01 | 13900000001 |\n", 0, [],
    ),
    "S23 check digit": (
        f"{HEAD}| 张伟 | 110101198001010011 | 男 | 1980-01-01 | 13900000001 |\n{BELOW}", 3, [("OF302", 2, 2)],
    ),
    "S23 another birth date": (
        f"{HEAD}| 张伟 | 110101198001010010 | 男 | 1980-01-10 | 13900000001 |\n{BELOW}", 3, [("OF302", 2, 4)],
    ),
    "S23 another sex": (
        f"{HEAD}| 张伟 | 110101198001010010 | 女 | 1980-01-01 | 13900000001 |\n{BELOW}", 0, [("OF312", 2, 3)],
    ),
    "S25 one identifier, two people": (
        f"{HEAD}{GOOD}| 李强 | 110101198001010010 | 男 | 1980-01-01 | 13900000002 |\n{BELOW}",
        3, [("OF401", 2, 2), ("OF401", 3, 2)],
    ),
    "S26 phone too short": (
        f"{HEAD}| 张伟 | 110101198001010010 | 男 | 1980-01-01 | 1390000000 |\n{BELOW}", 3, [("OF303", 2, 5)],
    ),
    "S27 date that may be three days": (
        f"{HEAD}| 张伟 | 110101198001010010 | 男 | 01/02/03 | 13900000001 |\n{BELOW}", 3, [("OF304", 2, 4)],
    ),
    "S28 born in the future": (
        "| 姓名 | 出生日期 | 联系电话 |\n| 张伟 | 2099-01-01 | 13900000001 |\n| 王芳 | 1970-01-01 | 13900000003 |\n",
        3, [("OF305", 2, 2)],
    ),
    "S30 error cell": (
        f"{HEAD}| 张伟 | 110101198001010010 | 男 | 1980-01-01 | err:#NAME? |\n{BELOW}", 3, [("OF307", 2, 5)],
    ),
    "S34 a sign that starts formulas": (
        f"{HEAD}{GOOD}".replace("联系电话", "备注").replace("13900000001", "=1+1"), 0, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHEETS)
def test_what_is_wrong_is_said_at_its_place(case: str, tmp_path: Path) -> None:
    sheet, status, expected = SHEETS[case]
    path = workbook(tmp_path / "表.xlsx", sheet)
    ran = CliRunner().invoke(oneform, ["check", "--workspace", str(tmp_path), "--json", str(path)])
    found = [(one["code"], one["row"], one["column"]) for one in json.loads(ran.stdout)["problems"]]
    assert (sorted(found, key=str), ran.exit_code) == (sorted(expected, key=str), status)
