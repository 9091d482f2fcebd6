"""answer: the steps of match weights → one SVG picture, a waterfall a pair: from the start to the weight, bar by bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_BAR, _LABEL, _CHART, _VALUE = 22, 250, 430, 70  # heights and widths, in pixels
_FOR, _AGAINST, _SUM = "#2e7d32", "#c0392b", "#34495e"


@dataclass(frozen=True)
class Chart:
    """One waterfall: what stands above it, its steps (label, weight), the name of their sum and what stands below."""

    heading: str
    steps: Sequence[tuple[str, float]]
    total: str
    verdict: str


def waterfall_svg(charts: Sequence[Chart]) -> str:
    """The picture (SVG 1.1, one text): charts below each other. Texts may hold anything; they are escaped."""
    parts, top = [], 10
    for chart in charts:
        drawn, height = _chart(chart, top)
        parts.append(drawn)
        top += height
    width = _LABEL + _CHART + _VALUE + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" viewBox="0 0 {width} {top}" '
        'font-family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif" font-size="13">\n'
        f'<rect width="{width}" height="{top}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _chart(chart: Chart, top: int) -> tuple[str, int]:
    """One waterfall with its upper edge at `top`, and its height."""
    ends = [0.0]
    for _, weight in chart.steps:
        ends.append(ends[-1] + weight)
    low, high = min(ends), max(ends)
    scale = _CHART / ((high - low) or 1)

    def x(weight: float) -> float:
        return _LABEL + (weight - low) * scale

    lines = [_text(10, top + 18, chart.heading, bold=True)]
    y = top + 32
    bottom = y + _BAR * (len(chart.steps) + 1)
    lines.append(
        f'<line x1="{x(0):.1f}" y1="{y}" x2="{x(0):.1f}" y2="{bottom}" stroke="#999999" stroke-dasharray="3 3"/>'
    )
    for (label, weight), start, end in zip(chart.steps, ends[:-1], ends[1:], strict=True):
        lines.append(_bar(x(min(start, end)), y, abs(weight) * scale, _FOR if weight >= 0 else _AGAINST))
        lines += [_text(10, y + 15, label), _text(_LABEL + _CHART + 8, y + 15, f"{weight:+.1f}")]
        lines.append(f'<line x1="{x(end):.1f}" y1="{y}" x2="{x(end):.1f}" y2="{y + 2 * _BAR - 6}" stroke="#bbbbbb"/>')
        y += _BAR
    lines.append(_bar(x(min(0, ends[-1])), y, abs(ends[-1]) * scale, _SUM))
    lines += [
        _text(10, y + 15, chart.total, bold=True),
        _text(_LABEL + _CHART + 8, y + 15, f"{ends[-1]:+.1f}", bold=True),
    ]
    lines.append(_text(10, y + 15 + _BAR, chart.verdict))
    return "\n".join(lines), y + 2 * _BAR + 18 - top


def _bar(x: float, y: int, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{_BAR - 6}" fill="{colour}"/>'


def _text(x: int, y: int, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    safe = "".join(character for character in text if character >= " ")
    return f'<text x="{x}" y="{y}"{weight}>{escape(safe)}</text>'
