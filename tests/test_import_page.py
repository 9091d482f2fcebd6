"""docs/zh/导入.md says what the program says: its commands are run again and compared."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_for_grid_workers_is_what_the_program_says() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_import_page.py"))
    written = tool["PAGE"].read_text(encoding="utf-8")
    assert written == tool["page"](written), "run: python tools/write_import_page.py"
