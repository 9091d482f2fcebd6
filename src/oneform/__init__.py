"""oneform: one dataset of residents and households, every department's form filled from it. 表格只填一次。

    with oneform.open("社区", create=True) as community:
        outcome = community.import_sheet("三号网格.xlsx", source="grid")
        workbook = community.report("returnees", day="2026-11-20")

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oneform.errors import (
        ConfigError,
        OneformError,
        PolicyError,
        StoreBusyError,
        StoreError,
        TemplateError,
        UsageError,
        WorkbookError,
    )
    from oneform.pipeline import Checked, Decided, Imported, Workspace, Written
    from oneform.pipeline import open_workspace as open  # noqa: A004 - oneform.open is the name users expect

__version__ = "0.1.0"

_HOMES = {
    "Checked": "pipeline",
    "ConfigError": "errors",
    "Decided": "pipeline",
    "Imported": "pipeline",
    "OneformError": "errors",
    "PolicyError": "errors",
    "StoreBusyError": "errors",
    "StoreError": "errors",
    "TemplateError": "errors",
    "UsageError": "errors",
    "WorkbookError": "errors",
    "Workspace": "pipeline",
    "Written": "pipeline",
    "open": "pipeline",
}

__all__ = [
    "Checked",
    "ConfigError",
    "Decided",
    "Imported",
    "OneformError",
    "PolicyError",
    "StoreBusyError",
    "StoreError",
    "TemplateError",
    "UsageError",
    "WorkbookError",
    "Workspace",
    "Written",
    "open",
]


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'oneform' has no attribute {name!r}")
    return getattr(import_module(f"oneform.{_HOMES[name]}"), "open_workspace" if name == "open" else name)
