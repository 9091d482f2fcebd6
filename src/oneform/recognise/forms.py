"""Recognise, a sheet of a known form: a MAPPING → which header path is which field, and how its values are read back."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace

import polars as pl

from oneform.frames import Column, Table
from oneform.mapping.model import Card, Mapping, Output, Rows
from oneform.mapping.outputs import injective
from oneform.recognise.facts import about
from oneform.schema import Schema, header_key

_HEAD = "head."  # of a household
_BOOLEAN = ("是", "否")  # what the two sides of a boolean's format mean


@dataclass(frozen=True)
class Form:
    """A mapping as it is read: `outputs` are its columns by the key of their header path.

    `each` is what its rows are about (None: no roster), `heads` and `stops` the labels outside its table, `places` the
    facts (grid, community …) that the form prints itself, `members` that a row holds several people. Of a card the
    columns are those of its first block of lines, and `cells` what stands over it, by the key of its label.
    """

    title: str
    outputs: dict[str, Output]
    each: str | None
    heads: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    members: bool = False
    cells: MappingOf[str, Output] = field(default_factory=dict)

    def output(self, path: tuple[str, ...]) -> Output | None:
        """The mapping's column of this header path, or None."""
        return self.outputs.get(path_key("/".join(path)))

    def has(self, path: tuple[str, ...]) -> bool:
        """True when the mapping names this header path."""
        return self.output(path) is not None


def form(mapping: Mapping, schema: Schema) -> Form:
    """The readable side of a mapping."""
    rows = mapping.shape if isinstance(mapping.shape, Rows) else None
    members = rows is not None and rows.each == "household" and any(one.how == "member" for one in rows.withs)
    card = mapping.shape if isinstance(mapping.shape, Card) else None
    block = card.repeats[0] if card and card.repeats else None
    columns = block.columns if block else mapping.columns
    return Form(
        mapping.title,
        {path_key(output.path): _read_back(output, mapping, schema, members=members) for output in columns},
        rows.each if rows else block.over if block else None,
        heads=frozenset(header_key(output.path) for output in mapping.head),
        stops=frozenset(header_key(label) for label in mapping.template.stop),
        places=about(output.path for output in mapping.head),
        members=members,
        cells={header_key(output.path): output for output in card.cells} if card else {},
    )


def _read_back(output: Output, mapping: Mapping, schema: Schema, *, members: bool) -> Output:
    """An output as it is read: two columns may hold one moment, and the head's columns are those of a person."""
    if output.source != "field" or output.mask is not None or not output.entity or not output.field:
        return output
    day = schema.entities[output.entity].fields[output.field].day_in
    if day is not None and output.format and output.importing != "skip":
        if "H" not in output.format and _has_time(mapping, output):
            return replace(output, field=day, reversible=injective(output.format, "date"))
        return replace(output, reversible="H" in output.format)
    if members and output.value.startswith(_HEAD) and output.entity == "person":
        return replace(output, reversible=_kept(output), importing="update")
    return output


def _has_time(mapping: Mapping, day: Output) -> bool:
    """True when another column holds the time of the moment whose day stands here."""
    return any(one.value == day.value and one is not day and "H" in (one.format or "") for one in mapping.columns)


def _kept(output: Output) -> bool:
    """True when the way a value is written keeps all of it."""
    codes = (output.codes, output.tick)
    one_to_one = all(len(set(told.values())) == len(told) for told in codes)
    return one_to_one and (output.format is None or injective(output.format, output.kind))


def path_key(path: str) -> str:
    """Header path in the form paths are compared in; a header may hold a slash of its own."""
    return "/".join(header_key(part) for part in path.split("/"))


def readable(output: Output) -> bool:
    """True when the column can be read back into a field."""
    return output.reversible and output.importing != "skip" and bool(output.entity and output.field)


def legend(output: Output) -> dict[str, str]:
    """The department's spelling → our code."""
    told = {spelling: code for code, spelling in {**output.codes, **output.tick}.items()}
    if output.kind == "boolean" and output.format:
        told |= dict(zip(output.format.split("/"), _BOOLEAN, strict=False))
    return told


def framed(column: Column, output: Output | None) -> Column:
    """The column with what the form writes for an empty value, for zero and around a value."""
    if output is None or column.field is None:
        return column
    return replace(column, empty=output.empty, zero=output.zero, prefix=output.prefix, suffix=output.suffix)


def bare(cells: pl.DataFrame, form: Form | None, paths: dict[int, tuple[str, ...]]) -> pl.DataFrame:
    """The cells without what the form writes for nothing and around a value: what they prove of a column."""
    if form is None:
        return cells
    told = {index: output for index, path in paths.items() if f"c{index}" in cells and (output := form.output(path))}
    shown = (framed(Column(index, "", field=output.field or ""), output) for index, output in told.items())
    return cells.with_columns(one.bare(pl.col(f"c{one.index}")).alias(f"c{one.index}") for one in shown if one.framed)


def stated_cell(form: Form, guessed: Column, label: str) -> Column:
    """The column that a labelled cell of the form's card becomes; bound to nothing where it is not read back.

    An address is put together by the form and typed by people: what its label means by itself (`guessed`) holds.
    """
    output = form.cells.get(header_key(label))
    if output is not None and output.source in {"text", "expr"} and guessed.field == "current_address":
        return guessed
    plain = Column(guessed.index, guessed.header)
    if output is None or output.source != "field" or output.mask is not None or not _kept(output):
        return plain
    if output.entity == "person" and not output.value.startswith(_HEAD):
        return plain
    stated = replace(plain, entity=output.entity, field=output.field, confidence=1.0, legend=legend(output))
    return framed(stated, output)


def of_member(table: Table, form: Form) -> Table:
    """A member's table without what the form says of the head alone."""
    heads = {
        column.index
        for column in table.columns
        if column.entity == "person" and (output := form.output((column.header,))) and output.value.startswith(_HEAD)
    }
    names = [f"c{index}" for index in heads]
    return replace(
        table,
        columns=tuple(column for column in table.columns if column.index not in heads),
        cells=table.cells.drop(names),
        types=table.types.drop(names),
    )


def ends(form: Form | None, cells: pl.DataFrame) -> int | None:
    """The first row that holds a label which the form has under its table (`总时长：338.5 小时`); None when none does."""
    if form is None or cells.is_empty():
        return None
    label = pl.exclude("row").str.extract(r"^\s*([^:：]{1,20})[:：]").str.replace_all(r"\s", "")
    below = cells.filter(pl.any_horizontal(label.is_in(sorted(form.heads))))
    return None if below.is_empty() else int(below["row"][0])
