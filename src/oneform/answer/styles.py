"""answer: a workbook's style part and theme → the format of each cell style, in the words of XlsxWriter."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping

from oneform.ooxml.spans import Element

Properties = Mapping[str, object]

_BORDERS = re.findall(
    r"\w+",
    "none thin medium dashed dotted thick double hair mediumDashed dashDot mediumDashDot dashDotDot mediumDashDotDot "
    "slantDashDot",
)
_ACROSS = {"left", "center", "right", "fill", "justify", "distributed"}
_ALIGNED = {"centerContinuous": "center_across"}
_DOWN = {"top": "top", "center": "vcenter", "bottom": "bottom", "justify": "vjustify", "distributed": "vdistributed"}
_UNDERLINES = {"single": 1, "double": 2, "singleAccounting": 33, "doubleAccounting": 34}
_THEME = re.findall(r"\w+", "lt1 dk1 lt2 dk2 accent1 accent2 accent3 accent4 accent5 accent6 hlink folHlink")
# the colours of old files by number, 8 to 63; 0 to 7 are the first eight again
_INDEXED = re.findall(
    r"\w+",
    "000000 FFFFFF FF0000 00FF00 0000FF FFFF00 FF00FF 00FFFF 800000 008000 000080 808000 800080 008080 C0C0C0 808080 "
    "9999FF 993366 FFFFCC CCFFFF 660066 FF8080 0066CC CCCCFF 000080 FF00FF FFFF00 00FFFF 800080 800000 008080 0000FF "
    "00CCFF CCFFFF CCFFCC FFFF99 99CCFF FF99CC CC99FF FFCC99 3366FF 33CCCC 99CC00 FFCC00 FF9900 FF6600 666699 969696 "
    "003366 339966 003300 333300 993300 993366 333399 333333",
)


def properties(styles: Element | None, theme: Element | None) -> tuple[Properties, ...]:
    """XlsxWriter's properties of every cell style, in the order cells number them; () without a style part."""
    if styles is None:
        return ()
    named = dict(_theme(theme))
    fonts = [dict(_font(one, named)) for one in _items(styles, "fonts")]
    fills = [dict(_fill(one, named)) for one in _items(styles, "fills")]
    borders = [dict(_border(one, named)) for one in _items(styles, "borders")]
    codes = {one.attributes.get("numFmtId"): one.attributes.get("formatCode", "") for one in _items(styles, "numFmts")}
    found = []
    for style in _items(styles, "cellXfs"):
        said = style.attributes
        number = said.get("numFmtId", "0")
        look: dict[str, object] = {}
        for name, known in (("fontId", fonts), ("fillId", fills), ("borderId", borders)):
            at = int(said.get(name, "0"))
            look |= known[at] if at < len(known) else {}
        look["num_format"] = codes.get(number) or int(number) or "General"
        aligned = style.child("alignment")
        found.append(look | (dict(_alignment(aligned)) if aligned else {}))
    return tuple(found)


def _items(styles: Element, name: str) -> list[Element]:
    group = styles.child(name)
    return group.children if group else []


def _theme(theme: Element | None) -> Iterator[tuple[int, str]]:
    scheme = next((e for e in theme.walk() if e.local == "clrScheme"), None) if theme else None
    for slot in scheme.children if scheme else []:
        colour = slot.children[0].attributes if slot.children else {}
        if slot.local in _THEME:
            yield _THEME.index(slot.local), colour.get("lastClr") or colour.get("val", "000000")


def _colour(one: Element | None, theme: Mapping[int, str]) -> str | None:
    """`#RRGGBB`, None for automatic."""
    said = one.attributes if one else {}
    if "rgb" in said:
        plain: str | None = said["rgb"][-6:]
    elif "theme" in said:
        plain = theme.get(int(said["theme"]))
    else:
        number = int(said.get("indexed", "64"))
        plain = _INDEXED[number - 8 if number >= 8 else number] if number < 64 else None
    if plain is None or len(plain) != 6:
        return None
    tint = float(said.get("tint", "0"))
    if tint:
        red, green, blue = (int(plain[at : at + 2], 16) / 255 for at in (0, 2, 4))
        hue, light, full = colorsys.rgb_to_hls(red, green, blue)
        light = light * (1 + tint) if tint < 0 else light + (1 - light) * tint
        plain = "".join(f"{round(255 * part):02X}" for part in colorsys.hls_to_rgb(hue, light, full))
    return f"#{plain.upper()}"


def _font(font: Element, theme: Mapping[int, str]) -> Iterator[tuple[str, object]]:
    for part in font.children:
        value = part.attributes.get("val")
        off = value in {"0", "false"}
        match part.local:
            case "name" if value:
                yield "font_name", value
            case "sz" if value:
                yield "font_size", float(value)
            case "b" | "i" | "strike" if not off:
                yield {"b": "bold", "i": "italic", "strike": "font_strikeout"}[part.local], True
            case "u":
                yield "underline", _UNDERLINES.get(value or "single", 0)
            case "color":
                colour = _colour(part, theme)
                if colour:
                    yield "font_color", colour


def _fill(fill: Element, theme: Mapping[int, str]) -> Iterator[tuple[str, object]]:
    pattern = fill.child("patternFill")
    colour = _colour(pattern.child("fgColor"), theme) if pattern else None
    if pattern and pattern.attributes.get("patternType") == "solid" and colour:
        yield "bg_color", colour


def _border(border: Element, theme: Mapping[int, str]) -> Iterator[tuple[str, object]]:
    for side in border.children:
        style = side.attributes.get("style", "none")
        if side.local in {"left", "right", "top", "bottom"} and style in _BORDERS[1:]:
            yield side.local, _BORDERS.index(style)
            colour = _colour(side.child("color"), theme)
            if colour:
                yield f"{side.local}_color", colour


def _alignment(aligned: Element) -> Iterator[tuple[str, object]]:
    said = aligned.attributes
    across = said.get("horizontal", "")
    if across in _ACROSS or across in _ALIGNED:
        yield "align", _ALIGNED.get(across, across)
    if said.get("vertical") in _DOWN:
        yield "valign", _DOWN[said["vertical"]]
    if said.get("wrapText") in {"1", "true"}:
        yield "text_wrap", True
    if said.get("shrinkToFit") in {"1", "true"}:
        yield "shrink", True
    if said.get("indent", "0").isdigit() and int(said.get("indent", "0")):
        yield "indent", int(said["indent"])
    turned = int(said.get("textRotation", "0"))
    if turned:
        yield "rotation", 270 if turned == 255 else turned if turned <= 90 else 90 - turned
