"""Prints what becomes of every probe: filled by oneform, and loaded and saved by openpyxl.

Run by hand: python tests/fidelity/table.py
"""

from __future__ import annotations

import io
import sys
import warnings
from collections import Counter

import openpyxl
from every_part import BINARIES, WORKBOOK_PARTS
from probes import NAMESPACES, probes, trees, unpacked, verdict
from test_fidelity import TEMPLATE, filled

COUNT = 40
# openpyxl counts styles and relationships anew, which is its right
RENUMBERED = frozenset({"s", "xfId", "dxfId", "fontId", "borderId", f"{{{NAMESPACES['r']}}}id"})


def resaved() -> bytes:
    """The blank form through openpyxl, one cell edited."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(TEMPLATE))
    book["登记表"]["B6"] = "王"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def main() -> None:
    """Print the table and the sums."""
    ours, theirs = unpacked(filled(COUNT).content), unpacked(resaved())
    own, other = trees(ours), trees(theirs)
    rows = []
    for part, probe in probes(WORKBOOK_PARTS):
        anywhere = (e for root in other.values() for e in root.iter())
        rows.append((probe.name, verdict(probe, COUNT, own[part].iter()), verdict(probe, 2, anywhere, RENUMBERED)))
    for part, body in BINARIES.items():
        rows.append((part, *("kept" if body in parts.values() else "LOST" for parts in (ours, theirs))))
    sys.stdout.write(f"{'feature':45} {'oneform':10} openpyxl\n")
    for name, mine, its in rows:
        sys.stdout.write(f"{name:45} {mine:10} {its}\n")
    for column, name in ((1, "oneform"), (2, "openpyxl")):
        told = Counter(r[column] for r in rows)
        sys.stdout.write(
            f"{name}: {told['kept']} kept, {told['damaged']} damaged, {told['LOST']} lost of {len(rows)}\n"
        )
    before = unpacked(TEMPLATE)
    for name, parts in (("oneform", ours), ("openpyxl", theirs)):
        sys.stdout.write(
            f"{name}: {sum(before[n] == parts.get(n) for n in before)} of {len(before)} parts byte for byte\n"
        )


if __name__ == "__main__":
    main()
