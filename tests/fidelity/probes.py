"""A workbook written by hand, part by part, with every feature a writer is known to lose; each feature is a probe.

Rows are written as `@9`: where row 9 of the blank form stands (`~9` counts from 0). The form has sample rows 6 and 7;
with other counts the same text says what the filled workbook must hold.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

FIRST, LAST = 6, 7  # the sample rows

NAMESPACES = {
    "": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "x14": "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main",
    "x14ac": "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac",
    "x15": "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main",
    "xr": "http://schemas.microsoft.com/office/spreadsheetml/2014/revision",
    "xm": "http://schemas.microsoft.com/office/excel/2006/main",
    "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "a14": "http://schemas.microsoft.com/office/drawing/2010/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
    "tc": "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments",
    "fpb": "http://schemas.microsoft.com/office/spreadsheetml/2022/featurepropertybag",
    "rd": "http://schemas.microsoft.com/office/spreadsheetml/2017/richdata",
    "etc": "http://www.wps.cn/officeDocument/2017/etCustomData",
    "vt": "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
    "cp": "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
    "ct": "http://schemas.openxmlformats.org/package/2006/content-types",
}
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def declared(*prefixes: str) -> str:
    """Namespace declarations of these prefixes."""
    return "".join(f' xmlns{":" if p else ""}{p}="{NAMESPACES[p]}"' for p in prefixes)


@dataclass(frozen=True)
class Probe:
    """One feature as one element of a part."""

    name: str
    xml: str


Pieces = list["str | Probe"]
Parts = dict[str, "Pieces | bytes"]


def place(row: int, count: int) -> int:
    """Where a row of the blank form stands once `count` records are in it."""
    if row < LAST:
        return row
    return row + count - (LAST - FIRST + 1)


def written(text: str, count: int) -> str:
    """Text of a part for `count` records."""
    text = re.sub(r"@(\d+)", lambda m: str(place(int(m[1]), count)), text)
    return re.sub(r"~(\d+)", lambda m: str(place(int(m[1]), count) - 1), text)


def package(parts: Parts, count: int = 2) -> bytes:
    """The parts as an .xlsx."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, pieces in parts.items():
            if isinstance(pieces, bytes):
                body = pieces
            else:
                text = "".join(p.xml if isinstance(p, Probe) else p for p in pieces)
                body = (DECLARATION + written(text, count)).encode()
            archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def probes(parts: Parts) -> list[tuple[str, Probe]]:
    """All probes with their parts."""
    return [(n, p) for n, pieces in parts.items() if isinstance(pieces, list) for p in pieces if isinstance(p, Probe)]


def unpacked(content: bytes) -> dict[str, bytes]:
    """Parts of a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {n: archive.read(n) for n in archive.namelist()}


def trees(parts: dict[str, bytes]) -> dict[str, ElementTree.Element]:
    """Root element of every XML part; raises when one is not well-formed."""
    return {n: ElementTree.fromstring(body) for n, body in parts.items() if n.endswith((".xml", ".rels", ".vml"))}


def wanted(probe: Probe, count: int) -> ElementTree.Element:
    """The element a probe looks for."""
    wrapper = "<wrapper" + declared(*NAMESPACES) + ">" + written(probe.xml, count) + "</wrapper>"
    return ElementTree.fromstring(wrapper)[0]


def verdict(probe: Probe, count: int, found: Iterator[ElementTree.Element], skip: frozenset[str] = frozenset()) -> str:
    """kept, damaged (an element of this name is there, but not this one) or LOST; attributes in `skip` may differ."""
    element = wanted(probe, count)
    alike = [e for e in found if e.tag == element.tag]
    if any(_holds(e, element, skip) for e in alike):
        return "kept"
    return "damaged" if alike else "LOST"


def _holds(found: ElementTree.Element, element: ElementTree.Element, skip: frozenset[str]) -> bool:
    """True when the found element says all that the wanted one says; more attributes and children may be there."""
    if found.tag != element.tag or _plain(found.text) != _plain(element.text):
        return False
    if any(_plain(found.get(k)) != _plain(v) for k, v in element.items() if k not in skip):
        return False
    rest = iter(found)
    return all(any(_holds(child, wished, skip) for child in rest) for wished in element)


def _plain(value: str | None) -> str:
    """Truth as a number; a range of one cell as that cell; names of sheets without their quotes."""
    value = re.sub(r"'([^'!]+)'!", r"\1!", (value or "").strip())
    return {"true": "1", "false": "0"}.get(value) or re.sub(r"(\$?[A-Z]+\$?[0-9]+):\1\b", r"\1", value)
