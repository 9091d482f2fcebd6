"""store: the only owner of the database file: open and close, one transaction an act, intake, and what is read back.

A workspace is a folder: `oneform.duckdb`, its own `schemas/` and `mappings/` laid over the shipped ones, `inbox/`,
`outbox/`, and `oneform.head`, the last batch and op kept outside the database so that a lost write-ahead log is noticed.
"""

from oneform.store.database import HEAD, NAME, Store, create, opened, write_whole
from oneform.store.intake import Batch, begin_op, known_batch, take_in
from oneform.store.reads import golden, links, problem_list, provenance, residents, review_list

__all__ = [
    "HEAD",
    "NAME",
    "Batch",
    "Store",
    "begin_op",
    "create",
    "golden",
    "known_batch",
    "links",
    "opened",
    "problem_list",
    "provenance",
    "residents",
    "review_list",
    "take_in",
    "write_whole",
]
