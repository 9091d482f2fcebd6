"""mapping: a text pattern `{estate}{building}栋{unit}单元` → its pieces.

A name takes the literal that follows it along: where `unit` is missing, 单元 is not written either. A literal before
the first name stays as long as any name has a value.
"""

from __future__ import annotations

import re

from oneform.mapping.model import Piece

_NAME = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")


def pieces(pattern: str) -> tuple[Piece, ...] | None:
    """Pieces of a pattern in order, `{name}` or `{name:format}`; None when a bracket has no partner."""
    found: list[Piece] = []
    start = 0
    for match in _NAME.finditer(pattern):
        _literal(found, pattern[start : match.start()])
        found.append(Piece(match[1].strip(), "", match[2]))
        start = match.end()
    _literal(found, pattern[start:])
    if any("{" in piece.literal or "}" in piece.literal for piece in found):
        return None
    return tuple(found)


def _literal(found: list[Piece], text: str) -> None:
    if not text:
        return
    if found and found[-1].name is not None:
        found[-1] = Piece(found[-1].name, text, found[-1].format)
    else:
        found.append(Piece(None, text))
