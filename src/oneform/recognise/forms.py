"""Recognise, a sheet of a known form: a MAPPING → which header path is which field, and how its codes are read back."""

from __future__ import annotations

from dataclasses import dataclass

from oneform.mapping.model import Mapping, Output, Rows
from oneform.schema import header_key


@dataclass(frozen=True)
class Form:
    """The columns of a mapping by the key of their header path, and the entity its rows are about (None: no roster)."""

    title: str
    outputs: dict[str, Output]
    each: str | None

    def output(self, path: tuple[str, ...]) -> Output | None:
        """The mapping's column of this header path, or None."""
        return self.outputs.get(path_key("/".join(path)))

    def has(self, path: tuple[str, ...]) -> bool:
        """True when the mapping names this header path."""
        return self.output(path) is not None


def form(mapping: Mapping) -> Form:
    """The readable side of a mapping."""
    each = mapping.shape.each if isinstance(mapping.shape, Rows) else None
    return Form(mapping.title, {path_key(output.path): output for output in mapping.columns}, each)


def path_key(path: str) -> str:
    """Header path in the form paths are compared in; a header may hold a slash of its own."""
    return "/".join(header_key(part) for part in path.split("/"))


def readable(output: Output) -> bool:
    """True when the column can be read back into a field."""
    return output.reversible and output.importing != "skip" and bool(output.entity and output.field)


def legend(output: Output) -> dict[str, str]:
    """The department's spelling → our code."""
    return {spelling: code for code, spelling in output.codes.items()}
