"""answer: the workbook being written → its cell formats, each made once, and the lists its drop-downs read."""

from __future__ import annotations

from dataclasses import dataclass, field

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_formula

from oneform.answer.styles import Properties
from oneform.frames import LISTS
from oneform.problems import ERROR, WARN
from oneform.schema import Schema

_FILLS = {ERROR: "#FFC7CE", WARN: "#FFEB9C"}
_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
_LINE = {"border": 1, "border_color": "#C9D3DC"}
_LOOKS = {
    "title": {**_FONT, "bold": True, "align": "center"},
    "head": {**_FONT, **_LINE, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#D7E6EE"},
    "cell": {**_FONT, **_LINE, "num_format": "@"},
    "big": {**_FONT, "bold": True, "font_size": 14, "font_color": "#1F5C7A"},
    "wrapped": {**_FONT, **_LINE, "text_wrap": True},
    "count": {**_FONT, **_LINE, "align": "center"},
    "link": {**_FONT, **_LINE, "font_color": "#0563C1", "underline": 1},
    "asked": {**_FONT, **_LINE, "num_format": "@", "bg_color": "#FFF9DB"},
    "said": {**_FONT, **_LINE, "num_format": "@", "text_wrap": True},
}


@dataclass
class Book:
    """The workbook being written, its cell formats made once, and the lists of its drop-downs."""

    workbook: xlsxwriter.Workbook
    schema: Schema
    _formats: dict[tuple[object, str | None, bool], Format] = field(default_factory=dict)
    _lists: dict[tuple[str, ...], str] = field(default_factory=dict)

    def format(
        self, look: str, level: str | None = None, *, kept: Properties | None = None, text: bool = False
    ) -> Format:
        """One of the _LOOKS with the fill of a level, None for none; `kept` is the file's own look in its stead."""
        key = (look if kept is None else id(kept), level, text)
        if key not in self._formats:
            own = _LOOKS[look] if kept is None else dict(kept)
            fill = {"bg_color": _FILLS[level]} if level else {}
            self._formats[key] = self.workbook.add_format(own | fill | ({"num_format": "@"} if text else {}))
        return self._formats[key]

    def choices(self, names: tuple[str, ...]) -> str:
        """The formula of a list of choices; every list is written once, by `write_lists`."""
        at = len(self._lists)
        return self._lists.setdefault(names, "=" + xl_range_formula(LISTS, 0, at, len(names) - 1, at))

    def write_lists(self) -> None:
        """The very hidden sheet the drop-downs read: a literal list may not pass 255 characters."""
        sheet = self.workbook.add_worksheet(LISTS)
        sheet.very_hidden()
        for at, names in enumerate(self._lists):
            for row, name in enumerate(names):
                sheet.write_string(row, at, name)
