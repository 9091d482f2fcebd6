"""The database file: created, locked, damaged, killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from oneform import store
from oneform.errors import StoreBusyError, StoreError, UsageError
from oneform.pipeline import open_workspace
from oneform.schema import Schema
from tests.conftest import clock
from tests.sheets import workbook

ROSTER = """
| 姓名 | 身份证号 | 联系电话 | 现住址 |
|---|---|---|---|
| 张伟 | 110101198001010010 | 13800000001 | 阳光小区3栋2单元501室 |
| 李娜 | 11010119900307029X | 13800000002 | 阳光小区3栋2单元502室 |
"""


def test_a_folder_without_a_database_says_to_run_init(tmp_path: Path, schema: Schema) -> None:
    with pytest.raises(UsageError, match="oneform init"), store.opened(tmp_path, schema):
        pass


def test_creating_twice_leaves_the_database_alone(tmp_path: Path, schema: Schema) -> None:
    store.create(tmp_path, schema)
    before = (tmp_path / store.NAME).read_bytes()
    store.create(tmp_path, schema)
    assert (tmp_path / store.NAME).read_bytes() == before
    assert (tmp_path / store.NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a database", b"x" * 5000], ids=["empty", "zip", "foreign"])
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, schema: Schema, content: bytes) -> None:
    (tmp_path / store.NAME).write_bytes(content)
    with pytest.raises(StoreError) as refused, store.opened(tmp_path, schema):
        pass
    assert refused.value.code == "OF704"
    assert refused.value.exit_code == 7


def test_a_database_of_somebody_else_is_refused(tmp_path: Path, schema: Schema) -> None:
    with duckdb.connect(str(tmp_path / store.NAME)) as foreign:
        foreign.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(StoreError) as refused, store.opened(tmp_path, schema):
        pass
    assert refused.value.code == "OF704"


def test_a_second_process_is_told_who_holds_the_database(
    tmp_path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(tmp_path, schema)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / store.NAME)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr("oneform.store.database._LOCK_WAIT", 0.3)
        with pytest.raises(StoreBusyError) as busy, store.opened(tmp_path, schema):
            pass
        assert busy.value.code == "OF702"
        assert str(holder.pid) in str(busy.value)
    finally:
        holder.kill()
        holder.communicate()


_HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)"


def test_a_full_disk_is_found_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = workbook(tmp_path / "表.xlsx", ROSTER)
    with open_workspace(tmp_path / "w", create=True, clock=clock) as opened:
        usage = type("Usage", (), {"free": 1 << 20})
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        with pytest.raises(StoreError) as full:
            opened.import_sheet(sheet)
        assert full.value.code == "OF701"
        assert opened.links().is_empty()


def test_the_head_file_names_the_last_batch(tmp_path: Path) -> None:
    sheet = workbook(tmp_path / "表.xlsx", ROSTER)
    with open_workspace(tmp_path / "w", create=True, clock=clock) as opened:
        outcome = opened.import_sheet(sheet)
    assert json.loads((tmp_path / "w" / store.HEAD).read_text(encoding="utf-8"))["batch"] == outcome.batch


def test_kill_minus_nine_loses_nothing_acknowledged_and_leaves_nothing_half(tmp_path: Path) -> None:
    """Twenty kills at random moments: every acknowledged import is there whole, every other absent whole."""
    folder = tmp_path / "w"
    with open_workspace(folder, create=True, clock=clock):
        pass
    chance = random.Random(20)
    acknowledged: set[str] = set()
    for number in range(20):
        sheet = tmp_path / f"第{number}张.xlsx"
        workbook(sheet, ROSTER.replace("13800000001", f"138{number:08d}"))
        child = subprocess.Popen(
            [sys.executable, "-c", _IMPORT, str(folder), str(sheet)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "start\n"
        time.sleep(chance.uniform(0, 0.5))
        os.kill(child.pid, signal.SIGKILL)
        if "done" in child.communicate()[0]:
            acknowledged.add(sheet.name)
        with open_workspace(folder, clock=clock) as opened:
            rows = dict(opened.links().filter(entity="person").group_by("file").len().iter_rows())
            assert set(rows) >= acknowledged
            assert all(count == 2 for count in rows.values())
            batches = opened.store.connection.sql("SELECT count(*), count(DISTINCT content_sha256) FROM import_batch")
            assert len(set(batches.fetchall()[0])) == 1


_IMPORT = """
import sys
from oneform.pipeline import open_workspace
from oneform.pipeline.identity import settle
with open_workspace(sys.argv[1]) as opened:
    print("start", flush=True)
    opened.import_sheet(sys.argv[2])
    print("done", flush=True)
"""


def test_a_database_that_lost_what_its_head_knows_is_read_but_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    first, second = (workbook(tmp_path / f"{n}.xlsx", ROSTER.replace("13800000001", f"1380000000{n}")) for n in (3, 4))
    with open_workspace(folder, create=True, clock=clock) as opened:
        opened.import_sheet(first)
    earlier = (folder / store.NAME).read_bytes()
    with open_workspace(folder, clock=clock) as opened:
        opened.import_sheet(second)
    (folder / store.NAME).write_bytes(earlier)
    with open_workspace(folder, clock=clock) as opened:
        assert opened.residents().height == 2
        with pytest.raises(StoreError) as refused:
            opened.import_sheet(second)
    assert (refused.value.code, refused.value.exit_code) == ("OF707", 7)
    assert "少了第 2 批" in str(refused.value)
    (folder / store.HEAD).unlink()  # as the refusal says
    with open_workspace(folder, clock=clock) as opened:
        assert opened.import_sheet(second).batch == 2


@pytest.mark.parametrize("head", [b'{"op": 1, "batch": 1}', b"{", b""], ids=["behind", "broken", "empty"])
def test_a_head_that_is_behind_or_unreadable_heals_silently(tmp_path: Path, head: bytes) -> None:
    folder = tmp_path / "w"
    with open_workspace(folder, create=True, clock=clock) as opened:
        opened.import_sheet(workbook(tmp_path / "表.xlsx", ROSTER))
        opened.import_sheet(workbook(tmp_path / "又.xlsx", ROSTER.replace("501", "601")))
    (folder / store.HEAD).write_bytes(head)
    with open_workspace(folder, clock=clock):
        assert json.loads((folder / store.HEAD).read_bytes()) == {"op": 2, "batch": 2}


def test_a_database_of_the_first_format_is_brought_up_after_a_copy(tmp_path: Path, schema: Schema) -> None:
    store.create(tmp_path, schema)
    with duckdb.connect(str(tmp_path / store.NAME)) as old:
        for table in ("edition", "memory", "superseded"):
            old.execute(f"DROP TABLE {table}")
        old.execute("ALTER TABLE record DROP COLUMN part")
        old.execute("UPDATE meta SET value = '1' WHERE key = 'format'")
    with open_workspace(tmp_path, clock=clock) as opened:
        assert opened.import_sheet(workbook(tmp_path / "表.xlsx", ROSTER)).new == 2
        assert opened.store.connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() == [("2",)]
    assert (tmp_path / f"{store.NAME}.before-migration").is_file()
