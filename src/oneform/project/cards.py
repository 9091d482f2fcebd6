"""project: a mapping's `card` → one CARD per record: texts by label, and the lines of its repeated blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from oneform.frames import CardReport
from oneform.mapping import names
from oneform.mapping.model import Block, Card, Repeat
from oneform.project import run as common
from oneform.project import values
from oneform.project.relation import ID, order, relation
from oneform.project.run import BY, Cell, Run

_OWNER = "@card"


def found(run: Run, shape: Card) -> tuple[CardReport, ...]:
    """Cards in their order. Two of one name are told apart by a number: 3-1-501, 3-1-501 (2)."""
    scope = names.scope(run.schema, shape.each, shape.withs, run.mapping.params)
    more = common.expressions(shape.cells)
    wanted = common.names(shape.cells, more, shape.sort)
    wanted |= {piece.name for piece in shape.name_pieces if piece.name}
    links = {_OWNER: ((names.ROOT, "entity_id"),)} | {
        f"#{repeat.name}": ((names.ROOT, _way(run, shape, repeat)[1]),) for repeat in shape.repeats
    }
    query = relation(scope, wanted, run.mapping.fields, where=shape.where, links=links)
    rows = common.blocked(common.select(run, query, more, order(shape.sort, scope.kinds)), None)
    cells = (
        rows.select([common.written(run, output, scope) for output in shape.cells]) if shape.cells else pl.DataFrame()
    )
    called = _called(rows.select(values.text(shape.name_pieces, scope, run.schema).alias("name")).to_series())
    ids = rows.get_column(ID).to_list()
    lines = {repeat.name: _lines(run, shape, repeat) for repeat in shape.repeats}
    owners = {repeat.name: rows.get_column(f"#{repeat.name}").to_list() for repeat in shape.repeats}
    texts: Sequence[Mapping[str, Cell]] = cells.to_dicts() if shape.cells else [{}] * len(ids)
    return tuple(
        CardReport(
            name=called[at],
            cells=texts[at],
            repeats={name: blocks.get(owners[name][at], blocks[None]) for name, blocks in lines.items()},
            entity_id=ids[at],
        )
        for at in range(len(ids))
    )


def _way(run: Run, shape: Card, repeat: Repeat) -> tuple[tuple[tuple[str, str], ...], str]:
    """How a line belongs to its card."""
    scope = names.scope(run.schema, repeat.over, shape.withs, run.mapping.params)
    way = names.link(run.schema, scope, shape.each)
    assert way is not None, "refused when the mapping was bound"  # noqa: S101
    return way


def _lines(run: Run, shape: Card, repeat: Repeat) -> dict[object, pl.DataFrame]:
    """Lines of a block by the card they belong to; under None an empty block. Numbers start anew on each card."""
    scope = names.scope(run.schema, repeat.over, shape.withs, run.mapping.params)
    more = common.expressions(repeat.columns)
    wanted = common.names(repeat.columns, more, repeat.sort)
    links = {_OWNER: _way(run, shape, repeat)[0]}
    query = relation(scope, wanted, run.mapping.fields, where=repeat.where, links=links)
    rows = common.select(run, query, more, order(repeat.sort, scope.kinds))
    rows = rows.filter(pl.col(_OWNER).is_not_null()).with_columns(pl.col(_OWNER).alias(BY))
    rows = common.blocked(rows, Block(BY)).with_columns(pl.col("#inside").alias("#row"))
    columns = [common.written(run, output, scope) for output in repeat.columns]
    written = rows.select(*columns, pl.col(_OWNER).alias(_OWNER))
    blocks: dict[object, pl.DataFrame] = {
        key[0]: block.drop(_OWNER)
        for key, block in written.partition_by(_OWNER, as_dict=True, maintain_order=True).items()
    }
    return {None: written.clear().drop(_OWNER), **blocks}


def _called(names_: pl.Series) -> list[str]:
    seen: dict[str, int] = {}
    called = []
    for name in names_.fill_null("").to_list():
        base = name or "未命名"
        seen[base] = seen.get(base, 0) + 1
        called.append(base if seen[base] == 1 else f"{base} ({seen[base]})")
    return called
