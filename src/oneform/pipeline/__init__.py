"""The use cases, each the plain order of its stages; the shells call these and hold no logic."""

from oneform.pipeline.checking import Checked, check_sheet, hand_back, problem_workbook_of
from oneform.pipeline.confirming import Said
from oneform.pipeline.judging import ledger, unmet
from oneform.pipeline.reports import Written, found_form
from oneform.pipeline.reviewing import (
    ANSWERS,
    Decided,
    decide,
    explain_reviews,
    side_by_side,
    split,
    telling_pairs,
    withdraw,
)
from oneform.pipeline.sheets import Imported
from oneform.pipeline.workspace import (
    Workspace,
    import_template,
    known_in,
    load_forms,
    load_schema,
    now,
    open_workspace,
)

__all__ = [
    "ANSWERS",
    "Checked",
    "Decided",
    "Imported",
    "Said",
    "Workspace",
    "Written",
    "check_sheet",
    "decide",
    "explain_reviews",
    "found_form",
    "hand_back",
    "import_template",
    "known_in",
    "ledger",
    "load_forms",
    "load_schema",
    "now",
    "open_workspace",
    "problem_workbook_of",
    "side_by_side",
    "split",
    "telling_pairs",
    "unmet",
    "withdraw",
]
