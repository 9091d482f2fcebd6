"""What LibreOffice makes of a filled form: it opens it, computes the same totals, prints all pages."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess

import polars as pl
import pytest
from fill_templates import card, card_mapping, mapping, members, people, report, roster

from oneform import fill
from oneform.frames import CardReport

pytestmark = [pytest.mark.office, pytest.mark.skipif(not shutil.which("soffice"), reason="soffice is not installed")]

ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def converted(content: bytes, to: str, folder):
    file = folder / "表.xlsx"
    file.write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", to, "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.parametrize("count", [1, 40, 2000])
def test_recalculated_totals_are_ours(count, tmp_path):
    records = people(count)
    total = records["金额"].sum()
    compiled = fill.compile(roster(), mapping())
    result = fill.render(compiled, report(records, totals=({"金额": total, "个人信息/证件号码": count},)))
    folder = converted(result.content, ALL_SHEETS, tmp_path)
    rows = list(csv.reader(io.StringIO((folder / "表-登记表.csv").read_text("utf-8"))))
    assert [r[3] for r in rows[4 : 4 + count]] == records["个人信息/证件号码"].to_list()
    label, _, _, counted, _, summed, _, _, doubled = rows[4 + count]
    assert (label, int(counted), float(summed), float(doubled)) == ("合计", count, total, total * 2)
    other = list(csv.reader(io.StringIO((folder / "表-汇总.csv").read_text("utf-8"))))
    assert [float(r[0]) for r in other[:2]] == [total, total]


def test_cards_print_a_page_each(tmp_path):
    compiled = fill.compile(card(), card_mapping(overflow="insert_rows"))
    cards = tuple(CardReport(f"1-{n}", {"户主姓名": "李0"}, {"成员": members(n)}) for n in range(1, 6))
    result = fill.render(compiled, report(pl.DataFrame(), cards=cards))
    pdf = (converted(result.content, "pdf", tmp_path) / "表.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    info = subprocess.run(["pdfinfo", str(tmp_path / "表.pdf")], check=True, capture_output=True, text=True).stdout
    assert "Pages:           7" in info
