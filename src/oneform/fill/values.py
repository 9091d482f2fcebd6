"""fill: formulas of the form + the filled columns → the values they must have, where that can be told for sure.

A cached value that is missing is computed when the file is opened; one that is stale would be taken for the truth.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import reduce

import polars as pl

from oneform.fill.cells import Value, equal, printed
from oneform.fill.compiled import Area, Compiled
from oneform.fill.findings import Findings
from oneform.fill.grow import Known
from oneform.fill.move import TOKEN, Move, formula
from oneform.fill.template import Sheet
from oneform.ooxml import refs, spans

MAX_FORMULA = 200  # characters; nobody's row arithmetic is longer

_RANGE = r"(?:(?P<sheet>.+)!)?(?P<range>\$?[A-Z]{1,3}\$?[0-9]+:\$?[A-Z]{1,3}\$?[0-9]+)"
_AGGREGATE = re.compile(rf"(?P<name>SUM|COUNTA?|AVERAGE|MAX|MIN|COUNTIF)\({_RANGE}(?:,(?P<criterion>[^,()]+))?\)")
_CRITERION = re.compile(r'"(?P<how>[<>]=?|<>|=)?(?P<text>[^"]*)"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)')
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_OPERATIONS = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__"}


def known(name: str, area: Area, columns: Mapping[int, pl.Series], count: int, move: Move) -> Known:
    """What a moved formula must give: an aggregate over exactly the filled rows of one column of sheet `name`."""
    first, last = move.rows(area.first, area.last) or (area.first, area.last)
    filled = last - first + 1 == count

    def value(text: str) -> str | None:
        found = _AGGREGATE.fullmatch(spans.unescaped(text).strip()) if filled else None
        box = refs.box(found["range"]) if found else None
        if not found or box is None or (found["sheet"] and found["sheet"].strip("'").replace("''", "'") != name):
            return None
        if box[0] != first or box[2] != last or box[1] != box[3] or box[1] not in columns:
            return None
        cells = columns[box[1]]
        cells = cells.drop_nulls()
        cells = cells.filter(cells != "") if cells.dtype == pl.String else cells.filter(cells.is_finite())
        if found["name"] == "COUNTIF":
            return _count_if(cells, found["criterion"] or "")
        return None if found["criterion"] else _aggregate(found["name"], cells)

    return value


def disagreements(
    compiled: Compiled,
    area: Area,
    name: str,
    written: tuple[Mapping[str, Value], ...],
    move: Move,
    tell: Known,
    findings: Findings,
) -> None:
    """OF608 for every total whose formula, over the rows as written, gives another number than the report's."""
    sheet = compiled.sheet
    for spec, row, totals in zip(compiled.mapping.totals, compiled.totals, written, strict=False):
        for path, value in totals.items() if spec.write == "formula" else ():
            column = area.columns.get(path, 0)
            text = sheet.formulas.get((row, column))
            told = tell(formula(text, move, sheet=sheet.name, here=True)) if text and value is not None else None
            if told is not None and not equal(float(told), value):
                place = (move.row(row) or row, column)
                what = f"合计公式算出 {told}，应为 {printed(value)}（{refs.address(*place)}）"
                findings.add("OF608", name, place, path, what=what, what_en=f"formula gives {told}")


def row_formulas(
    sheet: Sheet, area: Area, columns: Mapping[int, pl.Series], count: int, first: int
) -> dict[int, pl.Series]:
    """Float64 values of the formula columns that compute from their own row; null where Excel would show an error.

    `columns` are the filled ones, by sheet column; `first` is the output row of the first record.
    """
    sample = range(area.first, area.last + 1)
    frame = pl.DataFrame({f"_c{c}": s for c, s in columns.items()} | {"_row": pl.int_range(count, eager=True) + first})
    wanted = {c for r, c in sheet.formulas if r in sample} - columns.keys()
    told: dict[int, pl.Series] = {}
    left = -1
    while len(wanted) != left:
        left = len(wanted)
        for column in sorted(wanted):
            trees = {_tree(sheet, row, column, frame, wanted) for row in sample if (row, column) in sheet.formulas}
            tree = trees.pop() if len(trees) == 1 else None
            whole = all((row, column) in sheet.formulas for row in sample)
            expression = _expression(ast.parse(tree, mode="eval").body, frame) if tree and whole else None
            if expression is not None:
                name, value = f"_c{column}", expression.cast(pl.Float64)
                frame = frame.with_columns(pl.when(value.is_finite()).then(value).alias(name))
                told[column] = frame[name]
                wanted.discard(column)
    return told


def _tree(sheet: Sheet, row: int, column: int, frame: pl.DataFrame, open_: set[int]) -> str | None:
    """A formula with its cells as names (`_c6`, `_row`), the same text for every row alike; None when it looks elsewhere."""
    text = spans.unescaped(sheet.formulas[row, column])
    if len(text) > MAX_FORMULA:
        return None
    elsewhere = False

    def named(token: re.Match[str]) -> str:
        nonlocal elsewhere
        ends = [r for r in (token["r1"], token["r2"]) if r]
        if token["skip"] or token["sheet"] or token["w1"] or token["k1"] or any(r != str(row) for r in ends):
            elsewhere = True
            return ""
        left = refs.column(token["c1"].lstrip("$"))
        right = refs.column(token["c2"].lstrip("$")) if token["c2"] else left
        names = [_named(sheet, row, c, frame, open_, single=not token["c2"]) for c in range(left, right + 1)]
        elsewhere = elsewhere or None in names
        return ",".join(filter(None, names))

    text = TOKEN.sub(named, re.sub(r"\bROW\(\)", "_row", text, flags=re.IGNORECASE))
    try:
        return None if elsewhere else ast.unparse(ast.parse(text.strip(), mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _named(sheet: Sheet, row: int, column: int, frame: pl.DataFrame, open_: set[int], *, single: bool) -> str | None:
    """Name of a filled column, or the constant of the sample row; None for a text, or a formula not yet known."""
    name = f"_c{column}"
    if name in frame.columns:
        if frame.schema[name].is_numeric():
            return name
        return None if single else "0"  # a sum over cells passes texts over
    cell = sheet.cell(row, column)
    text = cell.text if cell else ""
    numeric = cell is not None and cell.element.attributes.get("t", "n") == "n" and _NUMBER.fullmatch(text)
    if column in open_ or (text and not numeric):
        return None
    return text or "0"


def _expression(node: ast.expr, frame: pl.DataFrame) -> pl.Expr | None:
    """Arithmetic and SUM over names of the frame; None for anything else. An empty cell counts as 0."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return pl.lit(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.Name) and node.id in frame.columns:
        return pl.col(node.id).cast(pl.Float64).fill_null(0.0)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _expression(node.operand, frame)
        return inner if inner is None or isinstance(node.op, ast.UAdd) else -inner
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.upper() == "SUM":
        terms = [_expression(a, frame) for a in node.args]
        known_terms = [t for t in terms if t is not None]
        return reduce(lambda a, b: a + b, known_terms) if known_terms and len(known_terms) == len(terms) else None
    if isinstance(node, ast.BinOp):
        left, right = _expression(node.left, frame), _expression(node.right, frame)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Div):
            return pl.when(right != 0).then(left / right)
        operation = _OPERATIONS.get(type(node.op))
        return getattr(left, operation)(right) if operation else None
    return None


def _aggregate(name: str, cells: pl.Series) -> str | None:
    if name == "COUNTA":
        return str(len(cells))
    numbers = cells if cells.dtype.is_numeric() else pl.Series([], dtype=pl.Int64)
    if name == "COUNT":
        return str(len(numbers))
    if name == "SUM":
        total = numbers.sum()
        return printed(total if isinstance(total, int) else float(total))
    if not len(numbers):
        return None if name == "AVERAGE" else "0"
    of = {"AVERAGE": numbers.mean, "MAX": numbers.max, "MIN": numbers.min}[name]()
    return printed(of if isinstance(of, int | float) else None) or None


def _count_if(cells: pl.Series, criterion: str) -> str | None:
    """Count of the cells that meet `"男"`, `60` or `">=60"`; None for patterns and for texts that look like numbers."""
    found = _CRITERION.fullmatch(criterion.strip())
    if not found:
        return None
    how, text = found["how"] or "=", found["number"] or found["text"]
    if _NUMBER.fullmatch(text):
        if not cells.dtype.is_numeric():
            return None
        number = float(text)
        masks = {"=": cells == number, "<>": cells != number, ">": cells > number, "<": cells < number}
        masks |= {">=": cells >= number, "<=": cells <= number}
        return str(int(masks[how].sum()))
    if how != "=" or not text or re.search(r"[*?~<>=]", text) or cells.dtype != pl.String:
        return None
    return str(int((cells.str.to_lowercase() == text.lower()).sum()))
