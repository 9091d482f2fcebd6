"""Read, .xlsx: a checked package → sheets. Plain cells are read here, every odd one by calamine from a small stand-in.

Nine cells of ten are a text, a shared text or a plain number: what they say stands in the XML as it is. The others
(dates, rich text, entities, truth values …) are collected, each spelling once, in a stand-in workbook that has the
styles and the workbook part of the real one; calamine reads that. So every value is what calamine says it is, while a
far cell or a million repetitions never reach it, and error cells, formulas without a value and hidden rows, which
calamine does not show, are seen on the way.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from xml.parsers import expat

import polars as pl
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from oneform import problems
from oneform.frames import BLANK, ERROR, FORMULA, NUMBER, TEXT, Sheet
from oneform.ooxml import refs
from oneform.ooxml.package import Package
from oneform.read import cells, tokens
from oneform.read.spreadsheet import CELLS, ROWS, checked, damaged, spread

Note = tuple[str, str]
_WIDTH = 256  # columns of the stand-in
_NUMBER = r"^-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?$"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHARED = "xl/sharedstrings.xml"
_SPECIAL = r"[<&\r]|_x"  # what makes of a text in XML another text than the characters it shows
_KEPT = "\0"  # no character of XML: marks a text whose blanks at the ends count
_FORMULA = r"^<f(?:[^>]*/>|[^>]*>[^<]*</f>)"
# kinds of cells while they wait for their text: an item of the shared table; a spelling that calamine reads
_ITEM, _ODD = 20, 21


@dataclass
class _StandIn:
    """Spellings of cells and of shared items for calamine to read, each once, in the order they were met."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)  # (attributes as written, inside) → number
    items: dict[str, int] = field(default_factory=dict)

    def cell(self, attributes: str, inner: str) -> int:
        """Number of a cell written like this."""
        return self.cells.setdefault((attributes, inner), len(self.cells))

    def item(self, inner: str) -> int:
        """Number of a cell that shows this item of a shared table."""
        at = self.items.setdefault(inner, len(self.items))
        return self.cell(' t="s"', f"<v>{at}</v>")


def sheets(package: Package) -> tuple[tuple[Sheet, ...], tuple[Note, ...]]:
    """Every worksheet in the workbook's order, and what was noticed. WorkbookError OF101, OF107, OF108, OF110."""
    parts = _parts(package)
    stand_in = _StandIn()
    items = _shared(package, stand_in)
    pieces = {part: tokens.cut(package.take(part), name) for name, part in parts.items()}
    numeric = _number_styles(package, parts, pieces.values())
    waiting = {part: _waiting(cut, numeric, stand_in) for part, cut in pieces.items()}
    texts, kinds = _answers(package, parts, stand_in)
    made, notes = [], []
    with checked(), CalamineWorkbook.from_filelike(BytesIO(_bare(package, parts))) as book:
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            part = parts.get(about.name)
            if part is None:
                raise damaged()
            told = _told(waiting[part], items, texts, kinds)
            grid, stray = _sheet(about.name, told, pieces[part], hidden=about.visible != SheetVisibleEnum.Visible)
            made.append(grid)
            if stray:
                name = about.name
                notes.append((f"「{name}」表格之外的空白单元格已忽略", f"stray blanks far outside {name} are ignored"))
    return tuple(made), tuple(notes)


# -- the parts -----------------------------------------------------------------------------------------------------


def _parts(package: Package) -> dict[str, str]:
    """Sheet name → part name, through the relationships."""
    by_lower = {name.lower(): name for name in package.names}
    book, links = by_lower.get("xl/workbook.xml"), by_lower.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        raise damaged()
    targets = {about.get("Id", ""): about.get("Target", "") for about in _elements(package.read(links), "Relationship")}
    found = {}
    for about in _elements(package.read(book), "sheet"):
        link = next((value for key, value in about.items() if key.endswith(":id")), "")
        target = targets.get(link, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if path.lower() in by_lower:
            found[about.get("name", "")] = by_lower[path.lower()]
    return found


def _elements(xml: bytes, name: str) -> list[dict[str, str]]:
    """Attributes of every element of that local name."""
    met: list[dict[str, str]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == name:
            met.append(attributes)

    parser.StartElementHandler = start
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as broken:
        raise damaged() from broken
    return met


def _shared(package: Package, stand_in: _StandIn) -> pl.DataFrame:
    """The shared texts in their order: `text`, and `odd`, the number of a spelling the stand-in holds."""
    part = next((name for name in package.names if name.lower() == _SHARED), None)
    xml = tokens.usual(package.take(part), b"sst") if part else b""
    frames = []
    for piece in tokens.pieces(xml, 0, len(xml), b"</si>"):
        items = tokens.texts(piece).str.split("<si").list.slice(1).explode(empty_as_null=False).to_frame("item")
        inner = pl.col("item").str.splitn("</si>", 2).struct.field("field_0").str.strip_prefix(">")
        items = items.select(inner.alias("inner")).with_columns(_core(pl.col("inner")).alias("core"))
        frames.append(items.select(_plain(pl.col("core")).alias("text"), "inner"))
    if not frames:
        return pl.DataFrame(schema={"text": pl.String, "odd": pl.UInt32})
    items = pl.concat(frames)
    empty = pl.col("inner").str.starts_with("/>")  # `<si/>`
    items = items.with_columns(pl.when(empty).then(pl.lit("")).otherwise("text").alias("text"))
    odd = items.filter(pl.col("text").is_null())["inner"].unique(maintain_order=True).to_list()
    numbers = [stand_in.item(inner) for inner in odd]
    return items.select(
        "text",
        pl.when(pl.col("text").is_null())
        .then(pl.col("inner").replace_strict(odd, numbers, default=None, return_dtype=pl.UInt32))
        .alias("odd"),
    )


def _core(inner: pl.Expr, around: str = "") -> pl.Expr:
    """What stands in `<t>…</t>` inside `around`; null when it is written otherwise. `_KEPT` in front keeps blanks."""
    opened, ended = (f"<{around}>", f"</{around}>") if around else ("", "")
    simple = inner.str.starts_with(f"{opened}<t>") & inner.str.ends_with(f"</t>{ended}")
    kept = inner.str.starts_with(f'{opened}<t xml:space="preserve">') & inner.str.ends_with(f"</t>{ended}")
    text = inner.str.strip_suffix(f"</t>{ended}")
    marked = pl.lit(_KEPT) + text.str.strip_prefix(f'{opened}<t xml:space="preserve">')
    return pl.when(simple).then(text.str.strip_prefix(f"{opened}<t>")).when(kept).then(marked)


def _plain(core: pl.Expr) -> pl.Expr:
    """The text of such a core where it stands for itself; null where calamine has to be asked."""
    kept = core.str.starts_with(_KEPT)
    plain = ~core.str.contains(_SPECIAL) & (kept | (core == core.str.strip_chars()))
    return pl.when(plain).then(core.str.strip_prefix(_KEPT))


# -- the cells -----------------------------------------------------------------------------------------------------


def _waiting(cut: tokens.Tokens, numeric: set[str], stand_in: _StandIn) -> pl.DataFrame:
    """Cells as `row`, `column`, `kind` (of frames, or _ITEM, _ODD), `text` where known, `at`: item or spelling."""
    tag = pl.col("tag")
    types = [said.get("t", "n") for said in cut.tags]

    def of(*wanted: str) -> pl.Expr:
        return tag.is_in([n for n, kind in enumerate(types) if kind in wanted])

    inner, said = pl.col("inner"), pl.col("said")
    found, value = cut.cells, inner
    if not found.select(inner.str.starts_with("<").all()).item():  # indented XML
        found = found.with_columns(inner.str.strip_chars())
    if found.select((inner.str.starts_with("<f")).any()).item():
        value = pl.when(inner.str.starts_with("<f")).then(inner.str.replace(_FORMULA, "")).otherwise(inner)
    usual = value.str.starts_with("<v>") & value.str.ends_with("</v>")
    core: pl.Expr = pl.when(usual).then(value.str.strip_prefix("<v>").str.strip_suffix("</v>"))
    if "inlineStr" in types:
        core = pl.when(of("inlineStr")).then(_core(inner, "is")).otherwise(core)
    frame = found.with_columns(core.alias("said"))
    plain_style = tag.is_in([n for n, attributes in enumerate(cut.tags) if attributes.get("s", "") in numeric])
    # only what can occur is computed: on a million cells every pass counts
    ways = {
        "inlineStr": _plain(said),
        "str": pl.when(~said.str.contains(_SPECIAL)).then(said),
        # no date lies before the first one, whatever the cell is formatted as
        "n": pl.when((plain_style | said.str.starts_with("-")) & said.str.contains(_NUMBER)).then(said),
    }
    text: pl.Expr = pl.lit(None, pl.String)
    for kind_said in (kind for kind in ways if kind in types):
        text = pl.when(of(kind_said)).then(ways[kind_said]).otherwise(text)
    nothing = value.str.strip_chars().is_in(["", "<v></v>", "<v/>", "<v />"])
    kind = (
        pl.when(of("e")).then(ERROR)
        .when(nothing & inner.str.starts_with("<f") & ~of("str")).then(FORMULA)
        .when(nothing).then(BLANK)
        .when(of("s") & said.str.contains("^[0-9]{1,9}$")).then(_ITEM)
        .when(pl.col("text").is_null()).then(_ODD)
        .when(of("n")).then(NUMBER)
        .otherwise(TEXT)
        .cast(pl.UInt8)
    )  # fmt: skip
    frame = frame.with_columns(text.alias("text")).with_columns(kind.alias("kind")).filter(pl.col("kind") != BLANK)
    frame = frame.with_columns(
        pl.when(pl.col("kind") == _ITEM).then(said.cast(pl.UInt32, strict=False)).alias("at"),
        pl.when(pl.col("kind") == ERROR).then(said.fill_null("")).otherwise("text").alias("text"),
    )
    return _asked(frame, cut, stand_in)


def _asked(frame: pl.DataFrame, cut: tokens.Tokens, stand_in: _StandIn) -> pl.DataFrame:
    """The same cells; the odd ones know the number of their spelling in the stand-in."""
    kept = frame.select("row", "column", "kind", "text", "at")
    odd = frame.filter(pl.col("kind") == _ODD).select("tag", "inner").unique(maintain_order=True)
    if not odd.height:
        return kept
    written = ["".join(f' {name}="{value}"' for name, value in said.items()) for said in cut.tags]
    numbers = [stand_in.cell(written[tag], inner) for tag, inner in odd.iter_rows()]
    odd = odd.with_columns(pl.Series("number", numbers, dtype=pl.UInt32), pl.lit(_ODD, pl.UInt8).alias("kind"))
    joined = frame.join(odd, on=["tag", "inner", "kind"], how="left", maintain_order="left")
    return joined.select("row", "column", "kind", "text", pl.coalesce("at", "number").alias("at"))


def _told(waiting: pl.DataFrame, items: pl.DataFrame, texts: pl.Series, kinds: pl.Series) -> pl.DataFrame:
    """Cells with their last text and kind: shared items and what calamine answered put in."""
    shared = waiting["kind"] == _ITEM
    if shared.any():
        at = pl.when(pl.col("kind") == _ITEM).then("at")
        if (waiting.select(at.max()).item() or 0) >= items.height:
            raise damaged()
        index = waiting.select(at).to_series()
        waiting = waiting.with_columns(
            items["text"].gather(index).alias("shared"), items["odd"].gather(index).alias("odd")
        )
        found = pl.col("kind") == _ITEM
        kind = pl.when(found & pl.col("odd").is_not_null()).then(_ODD).when(found).then(TEXT).otherwise("kind")
        waiting = waiting.select(
            "row",
            "column",
            kind.cast(pl.UInt8).alias("kind"),
            pl.when(found).then("shared").otherwise("text").alias("text"),
            pl.when(found).then("odd").otherwise("at").alias("at"),
        )
    odd = pl.col("kind") == _ODD
    if waiting.select(odd.any()).item():
        index = waiting.select(pl.when(odd).then("at")).to_series()
        answer = waiting.with_columns(texts.gather(index).alias("said"), kinds.gather(index).alias("type"))
        waiting = answer.select(
            "row",
            "column",
            pl.when(odd).then("type").otherwise("kind").alias("kind"),
            pl.when(odd).then("said").otherwise("text").alias("text"),
        )
    return _numbers(waiting.select("row", "column", "kind", "text"))


def _numbers(told: pl.DataFrame) -> pl.DataFrame:
    """Numbers as digits (no exponent, no `.0`) and errors with their entities resolved, each spelling turned once."""
    text, kind = pl.col("text"), pl.col("kind")
    odd = (kind == NUMBER) & ~text.str.contains(r"^(?:0|-?[1-9][0-9]{0,14})$")
    spellings = told.filter(odd)["text"].unique()
    if spellings.len():
        digits = [cells.number(float(spelling)) for spelling in spellings]
        told = told.with_columns(
            pl.when(odd).then(text.replace_strict(spellings, digits, default=None)).otherwise(text)
        )
    error = kind == ERROR
    if told.select(error.any()).item():
        names = told.filter(error)["text"].unique()
        shown = [unescape(name) or "#N/A" for name in names]
        told = told.with_columns(pl.when(error).then(text.replace_strict(names, shown, default=None)).otherwise(text))
    # an empty text is an empty cell
    blank = (text == "").fill_null(value=False)
    return told.with_columns(pl.when(blank).then(BLANK).otherwise(kind).cast(pl.UInt8).alias("kind")).filter(
        kind != BLANK
    )


def _sheet(name: str, told: pl.DataFrame, cut: tokens.Tokens, *, hidden: bool) -> tuple[Sheet, bool]:
    """The grid of the cells that say something, and whether blanks far outside had to be left out."""
    marked = pl.col("kind").is_in([ERROR, FORMULA])
    says = told.filter(marked | (pl.col("text").str.strip_chars() != ""))
    if not says.height:
        return Sheet(name, pl.DataFrame(), pl.DataFrame(), cut.merges, hidden), False
    height, width = int(says["row"].max()), int(says["column"].max())  # type: ignore[arg-type]
    if height * width > CELLS:
        row, column = says.sort(pl.col("row").cast(pl.UInt64) * pl.col("column")).select("row", "column").row(-1)
        raise problems.refusal("OF108", cell=f"{name}!{refs.address(row, column)}")
    if height > ROWS:
        what = f"行数超限（{height} 行，最多 {ROWS} 行）"
        raise problems.refusal("OF110", what=what, what_en=f"too many rows ({height})")
    full = int(cut.cells["row"].max()) * int(cut.cells["column"].max())  # type: ignore[arg-type]
    within = told.filter((pl.col("row") <= height) & (pl.col("column") <= width))
    texts, types = cells.grid(within, height, width)
    rows = tuple(sorted(row for row in set(cut.hidden_rows) if row <= height))
    return Sheet(name, texts, types, cut.merges, hidden, rows, spread(cut.hidden_columns, width)), full > CELLS


# -- the stand-in --------------------------------------------------------------------------------------------------


def _number_styles(package: Package, parts: dict[str, str], pieces: object) -> set[str]:
    """The styles (as written, `""` for none) under which calamine takes a number for a number and not for a date."""
    used = {said["s"] for cut in pieces for said in cut.tags if "s" in said and said.get("t", "n") == "n"}  # type: ignore[attr-defined]
    probe = _StandIn()
    styles = ["", *sorted(used)]
    for style in styles:
        probe.cell(f' s="{style}"' if style else "", "<v>1.5</v>")
    _, kinds = _answers(package, parts, probe)
    return {style for style, kind in zip(styles, kinds, strict=True) if kind == NUMBER}


def _answers(package: Package, parts: dict[str, str], stand_in: _StandIn) -> tuple[pl.Series, pl.Series]:
    """What calamine says the cells of the stand-in are: texts and kinds, by number."""
    count = len(stand_in.cells)
    if not count or not parts:
        return pl.Series([None], dtype=pl.String).clear(), pl.Series([BLANK], dtype=pl.UInt8).clear()
    rows: list[str] = []
    for number, (attributes, inner) in enumerate(stand_in.cells):
        row, column = divmod(number, _WIDTH)
        if column == 0:
            rows.append(f'</row><row r="{row + 1}">')
        rows.append(f'<c r="{refs.address(row + 1, column + 1)}"{attributes}>{inner}</c>')
    first = next(iter(parts))
    sheet = f'<worksheet xmlns="{_MAIN.decode()}"><sheetData>{"".join(rows)[6:]}</row></sheetData></worksheet>'
    shared = "".join(f"<si>{inner}</si>" for inner in stand_in.items)
    content = _bare(package, parts, {parts[first]: sheet.encode()}, f'<sst xmlns="{_MAIN.decode()}">{shared}</sst>')
    with checked(), CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        told = book.get_sheet_by_name(first).to_python(skip_empty_area=False)
    flat = [value for line in told for value in [*line, *[""] * (_WIDTH - len(line))]]
    flat += [""] * (count - len(flat))
    return cells.column(flat[:count])


def _bare(package: Package, parts: dict[str, str], given: dict[str, bytes] | None = None, shared: str = "") -> bytes:
    """The workbook and its styles alone, with empty sheets but for those given and this table of shared texts."""
    empty = b'<worksheet xmlns="' + _MAIN + b'"><sheetData/></worksheet>'
    kept = ("[content_types].xml", "_rels/", "xl/_rels/", "xl/workbook.xml", "xl/styles.xml")
    edits: dict[str, bytes | None] = {n: None for n in package.names if not n.lower().startswith(kept)}
    edits.update(dict.fromkeys(parts.values(), empty))
    edits["xl/sharedStrings.xml"] = (shared or f'<sst xmlns="{_MAIN.decode()}"/>').encode()
    return package.save({**edits, **(given or {})})
