"""Recognise, what a person said before: a Memory → the field of a header path, the header rows of a sheet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from oneform.frames import Memory, Sheet
from oneform.recognise.dictionary import Meaning
from oneform.recognise.forms import path_key


@dataclass(frozen=True)
class Remembered:
    """Answers about columns, looked up by what a row is about and the key of the header path."""

    memory: Memory

    def has(self, path: tuple[str, ...]) -> bool:
        """True when some answer says which field this header path is: used to find the header, never to bind."""
        return bool(self.meanings(path))

    def meanings(self, path: tuple[str, ...]) -> list[Meaning]:
        """Every field that people said this header path is: they help to see what the rows are about."""
        key = path_key("/".join(path))
        said = {field for (_, known), field in self.memory.columns.items() if known == key and field is not None}
        return [Meaning(*field) for field in sorted(said)]

    def answered(self, path: tuple[str, ...], entity: str) -> bool:
        """True when a person said what this header path is in a table about `entity`, be it nothing."""
        return self._place(path, entity) is not None

    def meaning(self, path: tuple[str, ...], entity: str) -> Meaning | None:
        """The field a person said it is; None when nobody did, or the answer was "nothing"."""
        place = self._place(path, entity)
        field = self.memory.columns[place] if place else None
        return Meaning(*field) if field else None

    def _place(self, path: tuple[str, ...], entity: str) -> tuple[str, str] | None:
        """An answer for this file comes before what is known of such sheets."""
        key = path_key("/".join(path))
        return next((place for place in (("", key), (entity, key)) if place in self.memory.columns), None)


def header_rows(sheet: Sheet, memory: Memory) -> tuple[int, int] | None:
    """The header rows a person stated for a sheet whose first rows read like this one's."""
    for first, last in sorted(set(memory.headers.values())):
        if memory.headers.get(signature(sheet, last)) == (first, last):
            return first, last
    return None


def signature(sheet: Sheet, last: int) -> str:
    """Hash of the texts of Excel rows 1 to `last`, place by place: equal for sheets made from one form."""
    lines = [
        "\x1f".join(path_key(text or "") for text in line).rstrip("\x1f") for line in sheet.texts.head(last).rows()
    ]
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()[:32]
