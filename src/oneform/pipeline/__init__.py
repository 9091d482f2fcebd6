"""The use cases, each the plain order of its stages; the shells call these and hold no logic."""

from oneform.pipeline.reports import Written, found_form
from oneform.pipeline.reviewing import explain_reviews, telling_pairs
from oneform.pipeline.sheets import Checked, Imported, check_sheet
from oneform.pipeline.workspace import (
    Workspace,
    import_template,
    load_forms,
    load_schema,
    now,
    open_workspace,
)

__all__ = [
    "Checked",
    "Imported",
    "Workspace",
    "Written",
    "check_sheet",
    "explain_reviews",
    "found_form",
    "import_template",
    "load_forms",
    "load_schema",
    "now",
    "open_workspace",
    "telling_pairs",
]
