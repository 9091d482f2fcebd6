"""schema: schemas/*.yaml and codes/*.csv → frozen values; from them tables, aliases and the data dictionary page."""

from oneform.schema.bind import load
from oneform.schema.model import (
    Bound,
    CodeList,
    CodeRow,
    Entity,
    Field,
    Rule,
    Schema,
    Source,
    header_key,
)
from oneform.schema.page import dictionary
from oneform.schema.tables import aliases, ddl

__all__ = [
    "Bound",
    "CodeList",
    "CodeRow",
    "Entity",
    "Field",
    "Rule",
    "Schema",
    "Source",
    "aliases",
    "ddl",
    "dictionary",
    "header_key",
    "load",
]
