"""How well columns are recognised on forms the dictionary has not seen: one source left out at a time.

For each source of the corpus every spelling met in that source's forms and in no other source's is taken out of the
dictionary, the schema's own labels and general words among them (a field whose only name it was loses its name); then
its forms are bound by header alone (no values). Spellings that no form of the source uses stay. Columns that only a
context could explain (类别, 说明) are not counted; a denied column counts as right when it is named as denied. Beside
it: exact aliases, smallest Levenshtein distance ≤ 2, WRatio ≥ 80.
Truth: the corpus's alias list, then the whole schema's own aliases. Run: python benchmarks/columns.py [corpus folder]
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from oneform import schema as schemas
from oneform import shipped
from oneform.frames import Column
from oneform.recognise import words
from oneform.recognise.bind import bind
from oneform.recognise.dictionary import Dictionary, dictionary, header
from oneform.schema import Schema, header_key

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
Place = tuple[str, ...]  # header path
Method = Callable[[list[Place], str, Dictionary], list[tuple[str, str] | None]]


@dataclass
class Tally:
    """Columns whose field is known, those bound right, and those bound wrong by name."""

    fields: int = 0
    right: int = 0
    top3: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Recall, precision and wrong silent bindings as one row of the table."""
        bound = self.right + len(self.wrong)
        precision = self.right / bound if bound else 1.0
        return f"{self.right / self.fields:8.3f} {precision:10.3f} {len(self.wrong):6d} {self.right:6d} / {self.fields}"


def layouts(corpus: Path) -> Iterator[tuple[str, str, str, list[Place]]]:
    """Id, source, title and header paths of every form of the corpus."""
    with (corpus / "layouts.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            yield row["id"], row["source"], row["title"], [_path(text) for text in row["columns_in_order"].split("|")]


def _path(text: str) -> Place:
    whole = text in {"户籍小区/建筑", "现住小区/建筑", "小区/建筑名称"}
    return (text,) if whole else tuple(part for part in text.split("/") if part.strip("0123456789."))


def truth(corpus: Path, schema: Schema) -> dict[str, set[str]]:
    """Header key → names of the fields it may mean.

    The corpus's list is about people; for what it lacks, and for tables about something else (地址 of a place), the
    schema's own aliases count too. A key that the list lacks and the schema only takes beside others (类别, 说明) is no
    column whose field is known: it starts with "?", binding it to one of the fields is not wrong.
    """
    meant: dict[str, set[str]] = {}
    with (corpus / "aliases.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            meant.setdefault(header_key(row["alias"]), set()).add(row["canonical"])
    listed = set(meant)
    alone = set()
    for key, entity, name, sure, denied in schemas.aliases(schema).rows():
        if not denied and (key not in listed or entity not in {"person", "household", "dwelling"}):
            meant.setdefault(key, set()).add(name)
            alone |= {key} if sure else set()
    for key in set(meant) - listed - alone:
        meant[key].add("?")
    return meant


def wanted(path: Place, meant: dict[str, set[str]]) -> set[str]:
    """Fields a header path means: by its whole path, or by its leaf when the groups above say nothing else."""
    one = header(path)
    groups = [g for g in one.groups if not words.neutral(g) and g not in {"单位资料", "机构详情"}]
    for key in ("".join([*groups, one.key]), one.full_key if not groups else "", one.key if not groups else ""):
        if key in meant:
            return meant[key]
    return set()


def ours(paths: list[Place], title: str, known: Dictionary) -> list[tuple[str, str] | None]:
    """What recognise binds by header alone."""
    return [_place(c, path, known) for c, path in zip(_columns(paths, title, known), paths, strict=True)]


def _place(column: Column, path: Place, known: Dictionary) -> tuple[str, str] | None:
    """What a column was taken for; a denied one counts as the denied field it was named as."""
    if column.denied:
        one = header(path)
        meanings = [*known.meanings(one.full_key), *known.meanings(one.key), *known.in_same_words(one.key)]
        return next(("", m.field) for m in meanings if m.denied)
    return (column.entity, column.field) if column.entity and column.field else None


def _columns(paths: list[Place], title: str, known: Dictionary) -> tuple[Column, ...]:
    return bind("", title, {i: header(path) for i, path in enumerate(paths, 1)}, {}, known)[1]


def exact(paths: list[Place], _: str, known: Dictionary) -> list[tuple[str, str] | None]:
    """The leaf is an alias that may stand alone."""
    return [
        next(((m.entity, m.field) for m in known.meanings(header(p).key) if m.alone and not m.denied), None)
        for p in paths
    ]


def levenshtein(paths: list[Place], _: str, known: Dictionary) -> list[tuple[str, str] | None]:
    """The nearest alias within two edits."""
    return [_nearest(p, known, Levenshtein.distance, 2) for p in paths]


def wratio(paths: list[Place], _: str, known: Dictionary) -> list[tuple[str, str] | None]:
    """The most alike alias by WRatio, from 80."""
    return [_nearest(p, known, fuzz.WRatio, 80) for p in paths]


def _nearest(path: Place, known: Dictionary, scorer: Callable[..., float], cutoff: float) -> tuple[str, str] | None:
    found = process.extractOne(header(path).key, list(known.exact), scorer=scorer, score_cutoff=cutoff)
    if found is None:
        return None
    meaning = known.exact[found[0]][0]
    return None if meaning.denied else (meaning.entity, meaning.field)


METHODS: dict[str, Method] = {"ours": ours, "exact": exact, "Levenshtein <= 2": levenshtein, "WRatio >= 80": wratio}


def measure(corpus: Path, schema: Schema, *, leave_out: bool, methods: dict[str, Method] = METHODS) -> dict[str, Tally]:
    """A tally per method; with `leave_out` the aliases met only in a form's own source are unknown."""
    full = dictionary(schema)
    meant = truth(corpus, schema)
    forms = list(layouts(corpus))
    seen: dict[str, set[str]] = {}
    for _, source, _, paths in forms:
        for path in paths:
            seen.setdefault(header(path).key, set()).add(source)
    tallies = {name: Tally() for name in methods}
    reduced = {}
    for name, source, title, paths in forms:
        if source not in reduced:
            kept = {key: m for key, m in full.exact.items() if not leave_out or seen.get(key) != {source}}
            reduced[source] = Dictionary(schema, kept)
        for method, tally in tallies.items():
            bound = methods[method](paths, title, reduced[source])
            for path, place in zip(paths, bound, strict=True):
                _count(tally, name, path, place, wanted(path, meant), schema)
        if methods is not METHODS:
            continue
        columns = _columns(paths, title, reduced[source])
        for path, column in zip(paths, columns, strict=True):
            right = wanted(path, meant)
            if right and "?" not in right:
                place = _place(column, path, reduced[source])
                names = {place[1]} if place else {name for name, _ in column.suggestions}
                whole = {_whole(n, schema) for n in names}
                tallies["ours"].top3 += bool(names & right or whole & right)
    return tallies


def _whole(name: str, schema: Schema) -> str:
    parts = (one for entity in schema.entities.values() for one in entity.fields.values() if one.name == name)
    return next((part for one in parts if (part := getattr(one, "part_of", None))), name)


def _count(
    tally: Tally, form: str, path: Place, place: tuple[str, str] | None, right: set[str], schema: Schema
) -> None:
    tally.fields += bool(right) and "?" not in right
    if place is None or (place[0] == "" and not right):  # a denied column stores nothing
        return
    if right & {place[1], _whole(place[1], schema)}:
        tally.right += "?" not in right
    else:
        tally.wrong.append(
            f"{form} {'/'.join(path)} -> {place[0]}.{place[1]} (not {'|'.join(sorted(right)) or 'any field'})"
        )


def main(corpus: Path) -> None:
    """Print the tables."""
    schema = schemas.load(shipped.folder("schemas"))
    for leave_out in (True, False):
        tallies = measure(corpus, schema, leave_out=leave_out)
        print("one source left out" if leave_out else "whole dictionary")
        print(f"{'method':18} {'recall':>8} {'precision':>10} {'wrong':>6} {'right':>6}")
        for method, tally in tallies.items():
            print(f"{method:18} {tally.line()}")
        print(f"right field among the bound or suggested ones: {tallies['ours'].top3 / tallies['ours'].fields:.3f}")
        for line in tallies["ours"].wrong:
            print("  wrong:", line)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
