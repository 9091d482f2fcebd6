"""Where the shipped schemas, mappings and examples are: inside the wheel, or the source tree of an editable install."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The folder `schemas`, `mappings` or `examples`: an editable install holds no packaged copy and reads the tree's."""
    packaged = Path(__file__).parent / "_shipped" / name
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / name
