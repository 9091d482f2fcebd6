"""store: the only owner of the database file: open and close, one transaction an act, intake, and what is read back.

A workspace is a folder: `oneform.duckdb`, its own `schemas/` and `mappings/` laid over the shipped ones, `inbox/`,
`outbox/`, and `oneform.head`, the last batch and op kept outside the database so that a lost write-ahead log is noticed.
"""

from oneform.store.database import HEAD, NAME, Store, create, opened, write_whole
from oneform.store.intake import Batch, Edition, begin_op, known_batch, take_in
from oneform.store.memory import COLUMN, HEADER, Answer, forget, memory_list, remember, remembered
from oneform.store.reads import dwelling_register, golden, links, problem_list, provenance, residents, review_list

__all__ = [
    "COLUMN",
    "HEAD",
    "HEADER",
    "NAME",
    "Answer",
    "Batch",
    "Edition",
    "Store",
    "begin_op",
    "create",
    "dwelling_register",
    "forget",
    "golden",
    "known_batch",
    "links",
    "memory_list",
    "opened",
    "problem_list",
    "provenance",
    "remember",
    "remembered",
    "residents",
    "review_list",
    "take_in",
    "write_whole",
]
