"""ooxml: the bytes of an XML part → elements that know their byte span; spans to replace → new bytes.

A part is never serialised again: everything outside the replaced spans stays byte for byte. Offsets come from expat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from xml.parsers import expat

from oneform import problems

Edit = tuple[int, int, bytes]  # first byte, byte after the last, what stands there instead

_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(slots=True)
class Element:
    """One element: `<` at `start`, content from `inner` to `close`, byte after `>` at `end`; `text` is its own only."""

    name: str  # as written, with prefix
    attributes: dict[str, str]
    start: int
    inner: int
    close: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def local(self) -> str:
        """Name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """`x:` or nothing: what new siblings must carry."""
        return self.name[: len(self.name) - len(self.local)]

    def child(self, local: str) -> Element | None:
        """First child of this local name."""
        return next((c for c in self.children if c.local == local), None)

    def walk(self) -> Iterator[Element]:
        """Self and all descendants in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(content: bytes) -> Element:
    """Root element of a part. WorkbookError OF101 when the part is not well-formed, OF105 when it has a DOCTYPE."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack: list[Element] = []
    roots: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        tag = _TAG.match(content, at)
        element = Element(name, attributes, at, tag.end() if tag else at)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(_: str) -> None:
        element = stack.pop()
        if content[element.inner - 2 : element.inner] == b"/>":
            element.close = element.end = element.inner
        else:
            element.close = parser.CurrentByteIndex
            element.end = content.index(b">", element.close) + 1

    def text(characters: str) -> None:
        if stack:
            stack[-1].text += characters

    def doctype(*_: object) -> None:
        raise problems.refusal("OF105", what="DOCTYPE", what_en="DOCTYPE")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as cause:
        raise problems.refusal("OF101", what="文件里的 XML 不完整", what_en="broken XML inside the file") from cause
    return roots[0]


def apply(content: bytes, edits: Iterable[Edit]) -> bytes:
    """Content with the spans replaced; spans do not overlap, equal empty spans keep the order given."""
    return b"".join(pieces(content, edits, 0, len(content)))


def pieces(content: bytes, edits: Iterable[Edit], start: int, stop: int) -> list[bytes]:
    """Edited bytes between two offsets, in pieces."""
    out: list[bytes] = []
    for first, last, replacement in sorted(edits, key=lambda e: (e[0], e[1])):
        if first < start:
            raise AssertionError("overlapping edits")
        out.append(content[start:first])
        out.append(replacement)
        start = last
    out.append(content[start:stop])
    return out


def attribute(content: bytes, element: Element, name: str) -> tuple[int, int] | None:
    """Span of an attribute's value between its quotes; None when the element has no such attribute."""
    found = re.compile(rb"""\s%s\s*=\s*(?:"([^"]*)"|'([^']*)')""" % re.escape(name.encode())).search(
        content, element.start, element.inner
    )
    return found.span(1 if found[1] is not None else 2) if found else None


def set_attribute(content: bytes, element: Element, name: str, value: str) -> Edit:
    """Edit that gives an attribute a value, adding it behind the element's name when it is not there."""
    if span := attribute(content, element, name):
        return (*span, escape(value).encode())
    at = element.start + 1 + len(element.name.encode())
    return (at, at, f' {name}="{escape(value)}"'.encode())


def open_tag(element: Element, changes: Mapping[str, str], *, without: frozenset[str] = frozenset()) -> str:
    """Start tag without its end (`>` or `/>`), attributes in their order; `changes` replace or are added."""
    merged = {k: v for k, v in element.attributes.items() if k not in without} | dict(changes)
    return f"<{element.name}" + "".join(f' {k}="{escape(v)}"' for k, v in merged.items())


def escape(text: str) -> str:
    """Text for XML content and double-quoted attributes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def cell_text(text: str) -> str:
    """Text of a cell for `<t>`: escaped, characters XML forbids as `_x000B_`, text that looks so protected."""
    return escape(_CONTROL.sub(lambda m: f"_x005F{m[0]}" if len(m[0]) > 1 else f"_x{ord(m[0]):04X}_", text))


def plain_text(text: str) -> str:
    """Inverse of the `_x000B_` writing in the text of a cell that was read."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def raw(content: bytes, element: Element) -> str:
    """What stands inside an element exactly as written, entities included."""
    return content[element.inner : element.close].decode("utf-8")


def unescaped(text: str) -> str:
    """Text behind the entities of XML."""
    return unescape(text) if "&" in text else text
