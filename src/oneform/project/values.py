"""project: raw values by name → what is written: codes spelled out, dates and numbers formatted, masks put on.

Set-wise: one polars expression an output. A number stays a number (Int64, Float64) unless a text is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from oneform.kinds import boolean, mask, number
from oneform.kinds import date as dates
from oneform.mapping.model import Output, Piece
from oneform.mapping.names import Scope
from oneform.schema import CodeList, Schema

_NUMBERS = frozenset({"integer", "decimal"})


def written(output: Output, raw: pl.Expr, *, codes: CodeList | None, params: Mapping[str, str | int | None]) -> pl.Expr:
    """Write an output for raw values of its kind; null is an empty cell.

    Order: codes or format, mask, prefix and suffix, then `zero` and `empty` for what is 0 or missing.
    """
    holds = not output.when or all(str(params.get(key) or "") == said for key, said in output.when.items())
    if not holds and output.mask is None:
        return pl.lit(None, pl.String)
    text = _spelled(output, raw, codes)
    if output.tick:
        text = _ticked(output, raw)
    if output.mask is not None and holds:
        text = mask.apply(text.cast(pl.String), output.mask)
    if output.prefix or output.suffix:
        text = pl.concat_str(pl.lit(output.prefix), _as_text(text, output.kind), pl.lit(output.suffix))
    if output.zero is not None and output.kind in _NUMBERS:
        text = pl.when(raw == 0).then(pl.lit(output.zero)).otherwise(_as_text(text, output.kind))
    if output.empty is not None:
        text = _as_text(text, output.kind).fill_null(output.empty)
    return text


def ratio(output: Output, part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Part of a whole: Float64, or text where a format or a zero policy asks for it; null, or `zero`, of nothing."""
    share = pl.when(whole != 0).then(part / whole)
    if output.format is None and output.zero is None and output.empty is None:
        return share
    text = number.format(share, output.format)
    if output.zero is not None:
        text = pl.when(whole == 0).then(pl.lit(output.zero)).otherwise(text)
    return text if output.empty is None else text.fill_null(output.empty)


def text(pieces: tuple[Piece, ...], scope: Scope, schema: Schema) -> pl.Expr:
    """Text of a pattern over columns called as its names; null when every name is missing.

    A missing value takes the literal behind it along.
    """
    parts: list[pl.Expr] = []
    names: list[pl.Expr] = []
    for piece in pieces:
        if piece.name is None:
            parts.append(pl.lit(piece.literal))
            continue
        value = _piece(piece, scope, schema)
        names.append(value)
        parts.append(pl.concat_str(value, pl.lit(piece.literal)).fill_null(""))
    if not parts:
        return pl.lit(None, pl.String)
    joined = pl.concat_str(parts)
    return pl.when(pl.any_horizontal([name.is_not_null() for name in names])).then(joined) if names else joined


def _piece(piece: Piece, scope: Scope, schema: Schema) -> pl.Expr:
    name = scope.names[piece.name or ""]
    value = pl.col(name.name)
    if name.kind == "date":
        return dates.format(value, piece.format)
    if name.kind in _NUMBERS:
        return number.format(value, piece.format)
    if name.kind == "boolean":
        return boolean.format(value, piece.format)
    if name.info is not None and name.info.codes:
        return _labelled(value, schema.codes[name.info.codes], piece.format or "zh")
    return value


def _spelled(output: Output, raw: pl.Expr, codes: CodeList | None) -> pl.Expr:
    if output.codes:
        spelling = dict(output.codes)
        text = raw.cast(pl.String)
        return text.replace_strict(list(spelling), list(spelling.values()), default=text, return_dtype=pl.String)
    if output.kind == "date":
        return dates.format(raw, output.format)
    if output.kind == "boolean":
        return boolean.format(raw, output.format)
    if output.format is not None and output.kind in _NUMBERS:
        return number.format(raw, output.format)
    return raw if codes is None else _labelled(raw, codes, output.format or "zh")


def _labelled(value: pl.Expr, codes: CodeList, form: str) -> pl.Expr:
    """Code as zh or code-zh; a code the list does not have stays as it is."""
    if form == "code":
        return value
    label = value.replace_strict(codes.labels, default=None, return_dtype=pl.String)
    pair = label if form == "zh" else pl.concat_str(value, label, separator="-")
    return pl.coalesce(pair, value)


def _ticked(output: Output, raw: pl.Expr) -> pl.Expr:
    """☑ before the label of the value, ☐ before the others; a value without a box ticks none."""
    value = raw.cast(pl.String).fill_null("")
    boxes = [
        pl.when(value == code).then(pl.lit(f"☑{label}")).otherwise(pl.lit(f"☐{label}"))
        for code, label in output.tick.items()
    ]
    return pl.concat_str(boxes, separator=" ")


def _as_text(value: pl.Expr, kind: str) -> pl.Expr:
    return number.format(value, None) if kind in _NUMBERS else value.cast(pl.String)
