"""fill: texts of cells → indices into the template's shared string table, which grows at its end only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import polars as pl

from oneform.fill.template import Strings
from oneform.ooxml import spans

MAX_CHARACTERS = 32_767
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_FORBIDDEN = "[\x00-\x08\x0b-\x1f\ufffe\uffff]"
# what needs escaping, keeping of blanks, or a look
_SPECIAL = r"[\x00-\x1f&<>\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}_|^\s|\s$|  "
_ODD = re.compile(_SPECIAL.replace(r"\x{fffe}\x{ffff}", "\ufffe\uffff") + '|"')
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_CHUNK = 20_000


class Texts:
    """The string table of one delivery while it is written; `escaped` and `cut` count cells that could not go as is."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._prefix = strings.root.prefix if strings.root else ""
        self._items: list[bytes] = []
        self._known: dict[str, int] = {}
        self._controlled: set[str] = set()
        self._size = len(strings.items)
        self._uses = 0
        self.escaped = 0
        self.cut = 0

    @property
    def grown(self) -> bool:
        """True when the table holds more than the template's own strings."""
        return bool(self._items)

    def one(self, text: str) -> int:
        """Index of one text."""
        self._uses += 1
        index = self._known.get(text)
        if index is None:
            index = self._known[text] = self._size
            self._size += 1
            self._items.append(self._item(text if len(text) <= MAX_CHARACTERS else self._short(text)).encode())
            if _CONTROL.search(text):
                self._controlled.add(text)
        self.escaped += text in self._controlled
        return index

    def rich(self, item: str) -> int:
        """Index of an item that is XML already (`<si>…</si>`)."""
        self._uses += 1
        self._add([item.encode()], 1)
        return self._size - 1

    def many(self, columns: Iterable[pl.Series]) -> list[pl.Series]:
        """Indices (UInt32) of String columns; null stays null. Each distinct text of a column is stored once."""
        return [self._column(c) for c in columns]

    def part(self) -> Iterator[bytes]:
        """The whole table in pieces: the template's bytes with the counts raised, the new items before the closing tag."""
        root = self._strings.root
        if root is None:
            head = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="{_NAMESPACE}"'
            yield f'{head} count="{self._uses}" uniqueCount="{self._size}">'.encode()
            yield from self._items
            yield b"</sst>"
            return
        content = self._strings.content
        edits: list[spans.Edit] = []
        if "count" in root.attributes:
            edits.append(spans.set_attribute(content, root, "count", str(int(root.attributes["count"]) + self._uses)))
        if "uniqueCount" in root.attributes:
            edits.append(spans.set_attribute(content, root, "uniqueCount", str(self._size)))
        empty = root.close == root.inner == root.end
        end = root.inner - 2 if empty else root.close
        yield from spans.pieces(content, edits, 0, end)
        yield b">" if empty else b""
        yield from self._items
        yield f"</{root.name}>".encode() if empty else b""
        yield content[root.inner if empty else end :]

    def _column(self, texts: pl.Series) -> pl.Series:
        # one cast into a fresh category set numbers the distinct texts far faster than a hash join; a set for each
        # column keeps the peak of memory at that of one column
        codes = texts.cast(pl.Categorical(pl.Categories.random())).to_physical().cast(pl.UInt32)
        first = codes.arg_unique().sort()
        seen = codes.gather(first)
        first, seen = first.filter(seen.is_not_null()), seen.drop_nulls()
        if seen.is_empty():
            return codes
        order = pl.select(pl.zeros(int(seen.max()) + 1, dtype=pl.UInt32)).to_series()  # type: ignore[arg-type]
        order = order.scatter(seen, pl.arange(self._size, self._size + len(seen), eager=True, dtype=pl.UInt32))
        distinct = texts.gather(first)
        self._add(list(self._xml(distinct, texts)), len(distinct))
        self._uses += len(texts) - texts.null_count()
        return order.gather(codes).alias(texts.name)

    def _add(self, items: list[bytes], count: int) -> None:
        self._items.extend(items)
        self._size += count

    def _item(self, text: str) -> str:
        p = self._prefix
        if not _ODD.search(text):
            return f"<{p}si><{p}t>{text}</{p}t></{p}si>"
        kept = text[:1].isspace() or text[-1:].isspace() or "\n" in text or "  " in text
        space = ' xml:space="preserve"' if kept else ""
        return f"<{p}si><{p}t{space}>{spans.cell_text(text)}</{p}t></{p}si>"

    def _short(self, text: str) -> str:
        self.cut += 1
        return text[:MAX_CHARACTERS]

    def _xml(self, distinct: pl.Series, stacked: pl.Series) -> Iterator[bytes]:
        """Items of distinct texts, many at a time; texts in need of more than wrapping are made by themselves."""
        p = self._prefix
        special = distinct.str.contains(_SPECIAL) | (distinct.str.len_bytes() > MAX_CHARACTERS)
        if special.any():
            self._count_misfits(stacked, distinct.filter(special))
        item = pl.concat_str(pl.lit(f"<{p}si><{p}t>"), pl.col("text"), pl.lit(f"</{p}t></{p}si>")).alias("item")
        for start in range(0, len(distinct), _CHUNK):
            texts = pl.DataFrame({"text": distinct.slice(start, _CHUNK)})
            items = texts.select(item)["item"]
            rows = special.slice(start, _CHUNK).arg_true()
            if len(rows):
                items = items.scatter(rows, [self._item(t[:MAX_CHARACTERS]) for t in texts["text"].gather(rows)])
            yield items.str.join("").cast(pl.Binary).item()

    def _count_misfits(self, stacked: pl.Series, special: pl.Series) -> None:
        bad = special.filter(special.str.contains(_FORBIDDEN))
        long = special.filter(special.str.len_chars() > MAX_CHARACTERS)
        if len(bad):
            self.escaped += int(stacked.is_in(bad.implode()).sum())
        if len(long):
            self.cut += int(stacked.is_in(long.implode()).sum())
