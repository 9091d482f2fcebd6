"""Where trusted sources disagree: who said what, which value won and why; households; where people lived."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from oneform.pipeline import Workspace
from oneform.pipeline.conflicting import conflicts, household_problems
from oneform.store.history import lived
from tests.sheets import workbook
from tests.test_cli import run

ID = "11010119900307029X"
HEAD = (
    "| 姓名 | 身份证号 | 联系电话 | 籍贯 | 户籍地址 | 现住址 | 户号 | 与户主关系 |\n|---|---|---|---|---|---|---|---|\n"
)


def take(workspace: Workspace, name: str, source: str, day: str, *rows: str) -> None:
    folder = workspace.store.folder.parent / "sheets"
    folder.mkdir(exist_ok=True)
    path = workbook(folder / f"{name}.xlsx", HEAD + "\n".join(rows))
    workspace.import_sheet(path, source=source, valid_on=date.fromisoformat(day))


def row(name: str = "王芳", number: str = ID, **said: str) -> str:
    rest = [said.get(field, "") for field in ("phone", "native", "hukou", "home", "household", "relation")]
    return f"| {' | '.join([name, number, *rest])} |"


def told(workspace: Workspace, field: str) -> list[tuple[object, ...]]:
    found = conflicts(workspace.store)
    return found.filter(field=field).select("value", "won", "why", "source", "trust", "valid_on", "file", "row").rows()


def test_the_source_trusted_more_wins_and_both_are_named(workspace: Workspace) -> None:
    take(workspace, "甲", "grid", "2026-11-02", row(native="广东深圳"))
    take(workspace, "乙", "police", "2026-11-01", row(native="湖北武汉"))
    assert told(workspace, "native_place") == [
        ("湖北武汉", True, "trust", "police", 80, "2026-11-01", "乙.xlsx", 2),
        ("广东深圳", False, None, "grid", 70, "2026-11-02", "甲.xlsx", 2),
    ]
    assert set(conflicts(workspace.store)["field"]) == {"native_place"}


def test_what_changes_is_decided_by_the_day(workspace: Workspace) -> None:
    take(workspace, "甲", "grid", "2026-11-02", row(phone="13800000001"))
    take(workspace, "乙", "police", "2026-11-05", row(phone="13800000002"))
    won, lost = told(workspace, "phone")
    assert won[:5] == ("13800000002", True, "newest", "police", 50)
    assert lost[:5] == ("13800000001", False, None, "grid", 90)


def test_a_source_that_corrects_itself_is_no_dispute(workspace: Workspace) -> None:
    take(workspace, "甲", "grid", "2026-11-01", row(phone="13800000001", native="广东深圳"))
    take(workspace, "乙", "grid", "2026-11-02", row(phone="13800000002", native="广东深圳"))
    assert conflicts(workspace.store).is_empty()


def test_who_is_hardly_believed_disputes_nothing(workspace: Workspace) -> None:
    take(workspace, "甲", "grid", "2026-11-01", row(native="广东深圳"))
    take(workspace, "乙", "self", "2026-11-02", row(native="湖北武汉"))
    assert conflicts(workspace.store).is_empty()


def test_the_winner_is_the_golden_value_in_the_examples(community: Workspace) -> None:
    found = conflicts(community.store)
    assert found.height > 0
    keys = ["entity", "id", "field"]
    assert found.filter("won").select(keys).unique().height == found.select(keys).unique().height
    assert found.filter(~found["won"]).select(keys).unique().height == found.select(keys).unique().height
    names = dict(community.residents().select("resident", "name").iter_rows())
    won = found.filter((found["field"] == "name") & found["won"])
    assert all(names[one["id"]] == one["value"] for one in won.iter_rows(named=True))


def test_households_that_do_not_add_up(workspace: Workspace) -> None:
    take(
        workspace,
        "甲",
        "grid",
        "2026-11-01",
        row("王芳", household="H1", relation="户主"),
        row("李红", "110101199003075381", household="H2", relation="配偶"),
    )
    take(workspace, "乙", "grid", "2026-11-02", row("王强", "440304196001010114", household="H1", relation="户主"))
    assert household_problems(workspace.store)["zh"].to_list() == [
        "本户 1 人，没有户主，请核对本户与户主关系。",
        "本户有 2 位户主，请核对本户与户主关系。",
    ]


def test_where_a_person_lived_comes_from_the_days_of_the_sheets(workspace: Workspace) -> None:
    old, new, paper = "阳光小区3栋2单元501室", "幸福苑1栋1单元101室", "湖北省武汉市江汉区前进路8号"
    take(workspace, "丙", "grid", "2026-11-03", row(home=new, household="H2"))
    take(workspace, "甲", "grid", "2026-11-01", row(home=old, hukou=paper, household="H1"))
    take(workspace, "乙", "grid", "2026-11-02", row(home=old, hukou=paper, household="H1", phone="13800000001"))
    found = lived(workspace.store)
    shown = [(one["kind"], one["what"], one["since"], one["until"], one["rows"]) for one in found.iter_rows(named=True)]
    assert shown == [
        ("dwelling", "阳光小区-3-2-501", "2026-11-01", "2026-11-03", 2),
        ("dwelling", "幸福苑-1-1-101", "2026-11-03", None, 1),
        ("home", old, "2026-11-01", "2026-11-03", 2),
        ("home", new, "2026-11-03", None, 1),
        ("household", "H1", "2026-11-01", "2026-11-03", 2),
        ("household", "H2", "2026-11-03", None, 1),
        ("hukou", paper, "2026-11-01", None, 2),
    ]


def test_conflicts_on_the_command_line_are_masked(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)
    for name, source, phone in (("甲", "grid", "13800000001"), ("乙", "police", "13800000002")):
        workbook(tmp_path / f"{name}.xlsx", HEAD + row(phone=phone))
        run("import", f"{name}.xlsx", "--source", source, "--date", f"2026-11-0{len(source)}", cwd=tmp_path)
    shown = run("conflicts", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr.decode()
    text = shown.stdout.decode()
    assert "138****0002" in text
    assert "13800000002" not in text
    assert "采用：日期更近" in text
    whole = run("conflicts", "--csv", cwd=tmp_path).stdout.decode().splitlines()
    assert whole[0] == "entity,id,field,value,won,why,source,trust,valid_on,file,sheet,row"
    assert "13800000002" in whole[1]
    assert json.loads(run("conflicts", "--json", cwd=tmp_path).stdout.splitlines()[0])["field"] == "phone"
    english = run("conflicts", "--lang", "en", cwd=tmp_path).stdout.decode()
    assert "used: newer" in english


def test_nothing_in_dispute(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)
    assert run("conflicts", cwd=tmp_path).stdout.decode().strip() == "可信来源之间没有不一致。"
