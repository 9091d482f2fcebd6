"""docs/zh/导入.md: run its commands on a broken sheet, put what the program says into the page, draw its picture.

python tools/write_import_page.py             the transcript
python tools/write_import_page.py --picture   and docs/img/problem_workbook.png (needs soffice and pdftoppm)
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

import openpyxl
from click.testing import CliRunner
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from oneform.cli.group import oneform

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "zh" / "导入.md"
PICTURE = ROOT / "docs" / "img" / "problem_workbook.png"
SHEET = "三号网格.xlsx"
HANDED_BACK = "三号网格_需修改_3处.xlsx"

_HEADER = ("序号", "户号", "姓名", "身份证号", "性别", "联系电话", "现住址", "与户主关系", "单位")
_ROWS = (
    ("1", "1", "张伟", "110101198001010010", "男", "13900000001", "阳光小区3栋2单元501室", "户主", "第一中学"),
    ("2", "1", "李娜", 110101199003070000, "女", "13900000002", "阳光小区3栋2单元501室", "配偶", "人民医院"),
    ("3", "2", "王芳", "110101197001010024", "女", "1390000003", "阳光小区3栋2单元502室", "户主", None),
    ("4", "3", "赵强", "110101198501010017", "公", "13900000004", "阳光小区5栋1单元101室", "户主", "第一中学"),
    ("5", "4", "孙丽", "110101197205060023", "女", "13900000005", "阳光小区5栋1单元102室", "户主", None),
)
_MENDED = {"李娜": {"身份证号": "110101199003070281"}, "王芳": {"联系电话": "13900000003"}, "赵强": {"性别": "男"}}


def broken(folder: Path) -> None:
    """The sheet as it came from the grid: a number cut by Excel, a phone too short, a sex that is none."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "第三网格"
    page.append(["阳光社区第三网格人口信息表"])
    page.append(["填报日期：2026-11-18"])
    page.append(_HEADER)
    for row in _ROWS:
        page.append(row)
    for row in (1, 2):
        page.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(_HEADER))
    for letter, width in zip("ABCDEFGHI", (6, 6, 9, 22, 6, 14, 26, 12, 12), strict=True):
        page.column_dimensions[letter].width = width
    line = Side("thin", color="FF7F7F7F")
    for cell in page["A1:I1"][0]:
        cell.font, cell.alignment = Font("宋体", 16, bold=True), Alignment("center")
    for row in page.iter_rows(min_row=3):
        for cell in row:
            cell.border = Border(line, line, line, line)
            if cell.row == 3:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFDDEBF7")
    book.save(folder / SHEET)


def mend(path: Path) -> None:
    """What a person does with the workbook handed back: the marked cells set right, the open question answered."""
    book = openpyxl.load_workbook(path)
    page = book["第三网格"]
    top = next(cell.row for cell in page["A"] if cell.value == "原行号")
    headers = {cell.value: cell.column for cell in page[top]}
    for row in range(top + 1, page.max_row + 1):
        for header, value in _MENDED.get(page.cell(row, headers["姓名"]).value, {}).items():
            page.cell(row, headers[header]).value = value
    summary = book["错误汇总"]
    (asked,) = [row for row in summary.iter_rows() if row[0].value == "单位"]
    asked[4].value = "工作单位"
    book.save(path)


def transcript() -> list[str]:
    """What each command of the page answers, in order."""
    shell = CliRunner()
    said = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broken(folder)
        steps = [
            ["init"],
            ["check", folder / SHEET],
            ["import", folder / SHEET],
            ["import", folder / "outbox" / HANDED_BACK],
        ]
        for command, *rest in steps:
            if len(rest) and rest[0].parent.name == "outbox":
                mend(rest[0])
            ran = shell.invoke(oneform, [command, "--workspace", name, *map(str, rest)])
            typed = " ".join(["oneform", command, *(str(one.relative_to(folder)) for one in rest)])
            said.append(f"$ {typed}\n{ran.stdout.replace(str(folder.resolve()), '.').replace(name, '.')}".rstrip())
    return said


def page(text: str) -> str:
    """The page with what the program says now in its console blocks."""
    answers = iter(transcript())
    return re.sub(r"```console\n.*?\n```", lambda _: f"```console\n{next(answers)}\n```", text, flags=re.DOTALL)


def draw() -> None:
    """The workbook handed back as LibreOffice prints it: the summary above, the sheet below."""
    from oneform.pipeline import open_workspace

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broken(folder)
        with open_workspace(folder / "w", create=True) as opened:
            content = opened.problem_workbook(opened.import_sheet(folder / SHEET))
        (folder / "p.xlsx").write_bytes(content or b"")
        office = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
        subprocess.run([*office, "--outdir", name, str(folder / "p.xlsx")], check=True, capture_output=True)  # noqa: S603 - our own file
        for number, suffix in ((1, "summary"), (2, "sheet")):
            target = PICTURE.with_name(f"{PICTURE.stem}_{suffix}")
            command = [
                "pdftoppm",
                "-png",
                "-r",
                "100",
                "-x",
                "60",
                "-y",
                "65",
                "-W",
                "980",
                "-H",
                "310",
                "-f",
                str(number),
                "-l",
                str(number),
                "-singlefile",
            ]
            subprocess.run([*command, str(folder / "p.pdf"), str(target)], check=True)  # noqa: S603 - our own file


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--picture", action="store_true")
    if parser.parse_args().picture:
        draw()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
