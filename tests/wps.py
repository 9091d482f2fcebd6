"""A workbook saved by openpyxl → the same workbook written in the manner of WPS.

Strings stand in their cells, `<dimension>` names one cell only, the sheet declares namespaces it asks readers to ignore,
and drop-downs that read another sheet are kept in the extension list of 2010.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_NAMESPACES = (
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"'
    ' xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    ' xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" mc:Ignorable="etc x14"'
)
_EXTENSION = "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"


def as_wps(path: Path) -> Path:
    """Rewrite the file in place."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    strings = _strings(parts.get("xl/sharedStrings.xml", b"").decode())
    sheets = {name: part for name, part in parts.items() if name.startswith("xl/worksheets/sheet")}
    parts |= {name: _sheet(part.decode(), strings).encode() for name, part in sheets.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return path


def _strings(part: str) -> list[str]:
    """The shared strings as they are written, entities and all."""
    return ["".join(re.findall(r"<t(?:\s[^>]*)?>(.*?)</t>", item, re.DOTALL))
            for item in re.findall(r"<si>(.*?)</si>", part, re.DOTALL)]  # fmt: skip


def _sheet(part: str, strings: list[str]) -> str:
    def inline(cell: re.Match[str]) -> str:
        text = strings[int(cell[2])]
        return f'<c{cell[1]} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    part = re.sub(r'<c((?:\s(?!t=)\w+="[^"]*")*) t="s"><v>([0-9]+)</v></c>', inline, part)
    part = re.sub(r'<dimension ref="[^"]*"\s*/>', '<dimension ref="A1"/>', part)
    part = part.replace(f'<worksheet xmlns="{_MAIN}"', f'<worksheet xmlns="{_MAIN}"{_NAMESPACES}', 1)
    found = re.search(r"<dataValidations.*?</dataValidations>", part, re.DOTALL)
    if found is None:
        return part
    rules = re.findall(r"<dataValidation\s([^>]*)>(.*?)</dataValidation>", found[0], re.DOTALL)
    moved = []
    for said, content in rules:
        formula = re.search(r"<formula1>(.*?)</formula1>", content, re.DOTALL)
        area = re.search(r'sqref="([^"]*)"', said)
        if formula and area:
            moved.append(
                '<x14:dataValidation type="list" allowBlank="1">'
                + f"<x14:formula1><xm:f>{formula[1]}</xm:f></x14:formula1><xm:sqref>{escape(area[1])}</xm:sqref>"
                + "</x14:dataValidation>"
            )
    listed = f'<x14:dataValidations count="{len(moved)}">{"".join(moved)}</x14:dataValidations>'
    extension = f'<extLst><ext uri="{_EXTENSION}">{listed}</ext></extLst>'
    return part.replace(found[0], "").replace("</worksheet>", extension + "</worksheet>")
