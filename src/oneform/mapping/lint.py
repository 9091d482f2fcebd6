"""mapping: the outputs of one form → faults between them: masks that do not mask, cells written twice, no necessity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from oneform import problems
from oneform.errors import Fault
from oneform.mapping.model import Output
from oneform.mapping.nodes import Reader
from oneform.schema import Field

# 6 + 8 digits of birth date + 4 = 18; with 3+4 the report's own place name gives the three digits left open.
_COMPLETED_BY_BIRTH = frozenset({"id:6+4", "id:3+4"})


def check(reader: Reader, outputs: Sequence[Output]) -> None:
    """Faults of outputs that are on one form together."""
    _masks(reader, outputs)
    _cells(reader, outputs)


def unique(reader: Reader, columns: Iterable[Output]) -> None:
    """Refuse two columns of one header path: a label of a cross-tab may not be a column as well."""
    seen: set[str] = set()
    for column in columns:
        if column.path in seen:
            zh, en = f"「{column.path}」写了两次，两个值要进同一列", f"two values for the column {column.path}"
            reader.wrong(column.line, zh, en, code="OF506")
        seen.add(column.path)


def necessity(reader: Reader, used: Sequence[tuple[Field, str]], stated: Mapping[str, str]) -> None:
    """OF801 once per sensitive field that is used without its necessity stated."""
    seen: set[str] = set()
    for info, where in used:
        if info.name in stated or f"{info.entity}.{info.name}" in stated or info.name in seen:
            continue
        seen.add(info.name)
        what = f"敏感个人信息要先在 necessity 里写明 {info.name} 的必要性"
        facts = {"field": info.zh, "what": what, "what_en": f"state the necessity of {info.name} first"}
        reader.faults.append(problems.fault("OF801", where, **facts))


def _masks(reader: Reader, outputs: Sequence[Output]) -> None:
    for masked in outputs:
        if masked.mask not in _COMPLETED_BY_BIRTH or masked.expression is None:
            continue
        id_name = masked.value
        prefix, dot, _ = id_name.rpartition(".")
        birth = f"{prefix}{dot}birth_date"
        for other in outputs:
            if other is not masked and _reveals(other, id_name, birth):
                reader.faults.append(_revealed(masked, other))
                break


def _reveals(other: Output, id_name: str, birth: str) -> bool:
    """Whether an output shows the birth date, or parts of the identifier itself; an age does not."""
    if other.expression is None or other.mask is not None:
        return False
    shown = other.expression.names & {id_name, birth}
    return bool(shown) and (other.source != "expr" or other.expression.dtype in {"text", "date"})


def _revealed(masked: Output, other: Output) -> Fault:
    return problems.fault("OF505", masked.line, mask=masked.mask, header=other.path)


def _cells(reader: Reader, outputs: Sequence[Output]) -> None:
    owner: dict[str, Output] = {}
    for one in outputs:
        if one.at and (first := owner.setdefault(one.at, one)) is not one:
            zh = f"单元格 {one.at} 已经写「{first.path}」，不能再写「{one.path}」"
            reader.wrong(one.line, zh, f"cell {one.at} is written twice", code="OF506")
