"""Read, the XML of an .xlsx sheet: bytes → where each cell stands and what is written in it, cut by vectorised passes.

Nothing is interpreted here. A sheet of six million cells is cut in a few seconds because every step is one polars
expression over a megabyte of text; the odd spellings (prefixes, comments, cells without an address) are first rewritten
into the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import polars as pl

from oneform import problems
from oneform.ooxml import refs
from oneform.read.spreadsheet import CELLS, damaged

Merge = tuple[int, int, int, int]
CHUNK = 2 << 20  # bytes of XML cut at a time

# `at` is the number of the cell's start tag in `Sheet.tags`, `inner` what stands between its tags
CELL = pl.Schema({"row": pl.UInt32, "column": pl.UInt32, "tag": pl.UInt32, "inner": pl.String})


@dataclass(frozen=True)
class Tokens:
    """The cells of a sheet that hold anything (CELL), the distinct attributes of their tags, and what is hidden.

    `tags` are attributes without the address, by their number. `hidden_rows` are numbers; `hidden_columns` spans.
    """

    cells: pl.DataFrame
    tags: tuple[dict[str, str], ...]
    merges: tuple[Merge, ...]
    hidden_rows: tuple[int, ...]
    hidden_columns: tuple[tuple[int, int], ...]


_DATA = re.compile(rb"<sheetData\b[^>]*?(/)?>")
_ATTRIBUTE = re.compile(r"""\s+([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TAG = re.compile(r"<(row|c)\b([^>]*?)(/?)>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_HIDDEN_ROW = re.compile(rb'<row\s([^>]*\bhidden="(?:1|true)"[^>]*)>')
_HIDDEN_COLUMN = re.compile(rb'<col\s([^>]*\bhidden="(?:1|true)"[^>]*)>')
_MERGE = re.compile(rb"""<mergeCell\s[^>]*?\bref\s*=\s*["']([^"']*)["']""")


def cut(xml: bytes, sheet: str) -> Tokens:
    """Cells of one sheet part. OF108 for a cell or a merged range out of reach, OF101 for broken XML."""
    xml = usual(xml, b"sheetData")
    data = _DATA.search(xml)
    if data is None:
        return Tokens(pl.DataFrame(schema=CELL), (), (), (), ())
    head, start = xml[: data.start()], data.end()
    stop = start if data[1] else xml.find(b"</sheetData>", start)
    if stop < 0:
        raise damaged()
    tags: dict[str, int] = {}
    frames = _chunks(xml, start, stop, sheet, tags)
    hidden = _HIDDEN_ROW.findall(xml, start, stop) if xml.find(b" hidden=", start, stop) >= 0 else []
    columns = [_attributes(found.decode()) for found in _HIDDEN_COLUMN.findall(head)]
    return Tokens(
        pl.concat(frames) if frames else pl.DataFrame(schema=CELL),
        tuple(_attributes(tag) for tag in tags),
        _merges(xml[stop:], sheet),
        tuple(_whole(_attributes(found.decode()).get("r", "0")) for found in hidden),
        tuple((_whole(said.get("min", "0")), _whole(said.get("max", "0"))) for said in columns),
    )


def _chunks(xml: bytes, start: int, stop: int, sheet: str, tags: dict[str, int]) -> list[pl.DataFrame]:
    frames: list[pl.DataFrame] = []
    rewritten: Iterator[bytes] | None = None
    count = 0
    for chunk in pieces(xml, start, stop):
        frame = None if rewritten else _cells(chunk, sheet, tags)
        if frame is None:  # from here on every address is counted: a cell without one follows the cell before it
            return [_must(_cells(part, sheet, tags)) for part in _numbered(xml, start, stop, sheet)]
        count += frame.height
        if count > CELLS:
            raise problems.refusal("OF107", what="单元格太多", what_en="too many cells")
        frames.append(frame)
    return frames


def pieces(xml: bytes, start: int, stop: int, end_tag: bytes = b"</row>") -> Iterator[bytes]:
    """The bytes between two offsets, a few megabytes at a time, cut behind an end tag."""
    while start < stop:
        end = xml.find(end_tag, min(start + CHUNK, stop), stop)
        end = stop if end < 0 else end + len(end_tag)
        yield xml[start:end]
        start = end


def texts(piece: bytes) -> pl.Series:
    """One String of these bytes; OF101 when they are no UTF-8."""
    try:
        return pl.Series("xml", [piece], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError as broken:
        raise damaged() from broken


def _cells(chunk: bytes, sheet: str, tags: dict[str, int]) -> pl.DataFrame | None:
    """Cells of a piece of XML; None when one of them is not written in the usual way, address first."""
    cells = texts(chunk).str.split('<c r="').list.slice(1).explode(empty_as_null=False).to_frame("cell")
    if chunk.count(b"<c") != cells.height:
        return None
    part = pl.col("cell").str.splitn('"', 2).struct
    cells = cells.select(part.field("field_0").alias("place"), part.field("field_1").alias("cell"))
    part = pl.col("cell").str.splitn(">", 2).struct
    cells = cells.select("place", part.field("field_0").alias("tag"), part.field("field_1").alias("inner"))
    if cells["inner"].has_nulls():
        raise damaged()
    # a cell without content says nothing, and an empty form has a hundred of them for one that does
    cells = cells.filter(~pl.col("tag").str.ends_with("/"))
    # only the last cell of a row has something behind its end tag
    last = ~pl.col("inner").str.ends_with("</c>")
    tails = cells.filter(last).select(pl.col("inner").str.splitn("</c>", 2)).unnest("inner")
    if tails["field_1"].has_nulls():
        raise damaged()
    inner = cells["inner"].str.strip_suffix("</c>")
    if tails.height:
        inner = inner.scatter(cells.select(last.arg_true()).to_series(), tails["field_0"])
    cells = cells.with_columns(inner)
    if not cells.height:
        return pl.DataFrame(schema=CELL)
    place = pl.col("place")
    cells = cells.with_columns(
        place.str.strip_chars_end("0123456789").alias("letters"),
        place.str.strip_chars_start("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        .cast(pl.UInt32, strict=False)
        .alias("row"),
    )
    _reachable(cells, sheet)
    known = cells["letters"].unique().to_list()
    met = cells["tag"].unique(maintain_order=True).to_list()
    for tag in met:
        tags.setdefault(tag, len(tags))
    return cells.select(
        "row",
        pl.col("letters")
        .replace_strict(known, [refs.column(k) for k in known], return_dtype=pl.UInt32)
        .alias("column"),
        pl.col("tag").replace_strict(met, [tags[tag] for tag in met], return_dtype=pl.UInt32),
        "inner",
    )


def _reachable(cells: pl.DataFrame, sheet: str) -> None:
    """Refuse a cell that lies outside any sheet: OF108 with its name, OF101 when it is no address at all."""
    far = cells.filter(
        pl.col("row").is_null()
        | ~pl.col("row").is_between(1, refs.MAX_ROWS)
        | (pl.col("letters").str.len_bytes() > 3)
        | ((pl.col("letters").str.len_bytes() == 3) & (pl.col("letters").str.to_uppercase() > "XFD"))
        | (pl.col("letters") == "")
    )
    if far.height:
        raise out_of_reach(sheet, far["place"][0])


def out_of_reach(sheet: str, place: str) -> Exception:
    """OF108 that names the cell, or OF101 when what stands there is no address."""
    if not re.fullmatch("[A-Za-z]+[0-9]+", place):
        return damaged()
    return problems.refusal("OF108", cell=f"{sheet}!{place[:20].upper()}")


def _must(frame: pl.DataFrame | None) -> pl.DataFrame:
    if frame is None:
        raise damaged()
    return frame


def usual(xml: bytes, element: bytes) -> bytes:
    """The same part without comments, CDATA and the namespace prefix that `element` has."""
    prefix = re.search(rb"<(\w+:)?" + element + rb"\b", xml)
    if prefix and prefix[1]:
        xml = xml.replace(b"<" + prefix[1], b"<").replace(b"</" + prefix[1], b"</")
    if b"!" in xml and b"<!" in xml:  # one byte is looked for many times faster than two
        xml = _COMMENT.sub(b"", xml)
        xml = _CDATA.sub(lambda found: escape(found[1].decode("utf-8", "replace")).encode(), xml)
    return xml


def _numbered(xml: bytes, start: int, stop: int, sheet: str) -> Iterator[bytes]:
    """The same pieces with an address first in every cell; a row or cell without one follows the one before it."""
    row = column = 0

    def rewrite(tag: re.Match[str]) -> str:
        nonlocal row, column
        said = _attributes(tag[2])
        place = said.pop("r", "")
        if tag[1] == "row":
            row, column = _whole(place) if place else row + 1, 0
            place = str(row)
        else:
            at = refs.cell(place) if place else (max(row, 1), column + 1)
            if at is None or at[1] > refs.MAX_COLUMNS:
                raise out_of_reach(sheet, place or refs.address(row, column + 1))
            column = at[1]
            place = place or refs.address(*at)
        rest = "".join(f' {name}="{value.replace(chr(34), "")}"' for name, value in said.items())
        return f'<{tag[1]} r="{place}"{rest}{tag[3]}>'

    for piece in pieces(xml, start, stop):
        yield _TAG.sub(rewrite, piece.decode("utf-8", "replace")).encode()


def _attributes(text: str) -> dict[str, str]:
    """Attributes of a tag by name; OF101 when they are not attributes."""
    text = f" {text.rstrip().removesuffix('/')}"
    if _ATTRIBUTE.sub("", text).strip():
        raise damaged()
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(text)}


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise damaged()
    return int(text)


def _merges(tail: bytes, sheet: str) -> tuple[Merge, ...]:
    found, covered = [], 0
    for place in _MERGE.findall(tail):
        text = place.decode("utf-8", "replace")
        box = refs.box(text)
        if box is None:
            raise out_of_reach(sheet, text.rpartition(":")[2])
        top, left, bottom, right = box
        covered += (bottom - top + 1) * (right - left + 1)
        if covered > CELLS or bottom > refs.MAX_ROWS or right > refs.MAX_COLUMNS:
            raise problems.refusal("OF108", cell=f"{sheet}!{refs.address(bottom, right)}")
        found.append((top, left, bottom, right))
    return tuple(found)
