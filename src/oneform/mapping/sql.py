"""mapping: a whitelisted expression tree → its SQL and kind, or the part that may not be there.

Types are checked on the way, so that the engine has no value to quote in an error: texts do not meet numbers, casts
never fail, division by zero is null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from oneform import documents
from oneform.errors import Fault
from oneform.mapping.functions import ARGUMENTS, FUNCTIONS, MAX_PAD, UNITS, Function
from oneform.problems import fault

MAX_DEPTH = 30

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STRFTIME = re.compile(r"(?:%[YmdyjHMS]|[^%'\\])*")
_NUMBERS = frozenset({"integer", "decimal"})
_ZH = {
    "text": "文字",
    "integer": "整数",
    "decimal": "小数",
    "boolean": "是否",
    "date": "日期",
    "interval": "时长",
    "null": "空",
}


_COMPARE = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.IntDiv: "//", exp.Mod: "%"}
_CASTS = {
    "TEXT": ("VARCHAR", "text"),
    "VARCHAR": ("VARCHAR", "text"),
    "INT": ("BIGINT", "integer"),
    "BIGINT": ("BIGINT", "integer"),
    "DOUBLE": ("DOUBLE", "decimal"),
    "DECIMAL": ("DOUBLE", "decimal"),
    "DATE": ("DATE", "date"),
}


class RefusedError(Exception):
    """A part of the text that may not be there: its character (from 1) and the fault without a place."""

    def __init__(self, at: int, found: Fault) -> None:
        super().__init__()
        self.at, self.found = at, found


class Writer:
    """Writes the SQL of a tree and notes the names it reads; every method gives (SQL, kind) or refuses."""

    def __init__(self, names: Mapping[str, str], columns: Mapping[str, str]) -> None:
        self.names, self.columns = names, columns
        self.used: set[str] = set()
        self.depth = 0
        self.methods: dict[type[exp.Expr], Callable[..., tuple[str, str]]] = {
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: ("TRUE" if node.this else "FALSE", "boolean"),
            exp.Null: lambda _: ("NULL", "null"),
            exp.Paren: lambda node: self.write(node.this),
            exp.Not: self._not,
            exp.Neg: self._negative,
            exp.And: self._logic,
            exp.Or: self._logic,
            exp.Like: self._like,
            exp.Is: self._is,
            exp.In: self._in,
            exp.Between: self._between,
            exp.DPipe: self._join,
            exp.Case: self._case,
            exp.Cast: self._cast,
            exp.Interval: self._interval,
            exp.Anonymous: self._call,
            **dict.fromkeys(_COMPARE, self._compare),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }

    def write(self, node: exp.Expr) -> tuple[str, str]:
        """Write one node: SQL and kind."""
        method = self.methods.get(type(node))
        if method is None:
            raise refuse(node, "不能用这种写法", f"{type(node).__name__} is not allowed here")
        self.depth += 1
        if self.depth > MAX_DEPTH * 3:
            raise refuse(node, "表达式嵌套太深", "nested too deep")
        written = method(node)
        self.depth -= 1
        return written

    def _as(self, node: exp.Expr, *kinds: str) -> str:
        """Write a node that must be of one of the kinds; a typed ISO date stands for a date."""
        sql, kind = self.write(node)
        if kind in kinds or kind == "null" or (kind == "integer" and "decimal" in kinds):
            return sql
        if kind == "text" and "date" in kinds and "text" not in kinds and (day := _iso(node)):
            return day
        wanted = "、".join(_ZH[kind] for kind in kinds)
        raise refuse(node, f"这里要{wanted}，现在是{_ZH[kind]}", f"{' or '.join(kinds)} wanted, found {kind}")

    def _alike(self, nodes: list[exp.Expr]) -> tuple[list[str], str]:
        """Write nodes that must be of one kind; the texts and that kind; integers count as decimals beside decimals."""
        written = [self.write(node) for node in nodes]
        kinds = {kind for _, kind in written if kind != "null"}
        if "date" in kinds and "text" in kinds:
            written = [
                (day, "date") if kind == "text" and (day := _iso(node)) else (sql, kind)
                for node, (sql, kind) in zip(nodes, written, strict=True)
            ]
            kinds = {kind for _, kind in written if kind != "null"}
        if kinds == _NUMBERS:
            kinds = {"decimal"}
        if len(kinds) > 1 or "interval" in kinds:
            first = next(kind for _, kind in written if kind != "null")
            at = next(
                (n for n, (_, k) in zip(nodes, written, strict=True) if k not in {first, "null", *_same_class(first)}),
                nodes[0],
            )
            zh = f"{_ZH[first]}不能与另一类值放在一起，请用 CAST 或给常量加引号"
            raise refuse(at, zh, f"{first} mixed with another kind; use CAST or quote the constant")
        return [sql for sql, _ in written], kinds.pop() if kinds else "null"

    def _column(self, node: exp.Column) -> tuple[str, str]:
        name = f"{node.table}.{node.name}" if node.table else node.name
        kind = self.names.get(name)
        if kind is None or node.this.quoted:
            raise RefusedError(place(node), documents.unknown("OF503", "", name, self.names))
        self.used.add(name)
        column = quote(self.columns.get(name, name))
        return (f"try_cast({column} AS DATE)" if kind == "date" else column), kind

    def _literal(self, node: exp.Literal) -> tuple[str, str]:
        if node.is_string:
            return text_literal(node.this), "text"
        if re.fullmatch(r"[0-9]{1,18}", node.this):
            return node.this, "integer"
        if re.fullmatch(r"[0-9]{0,15}\.[0-9]{0,15}", node.this) and node.this != ".":
            return f"CAST({node.this} AS DOUBLE)", "decimal"
        raise refuse(node, "数字写法不对或过大", "a number out of range")

    def _not(self, node: exp.Not) -> tuple[str, str]:
        return f"(NOT {self._as(node.this, 'boolean')})", "boolean"

    def _negative(self, node: exp.Neg) -> tuple[str, str]:
        sql, kind = self.write(node.this)
        if kind not in _NUMBERS:
            raise refuse(node, "负号后面要数字", "a number wanted after the minus")
        return f"(- {sql})", kind

    def _logic(self, node: exp.Binary) -> tuple[str, str]:
        word = "AND" if isinstance(node, exp.And) else "OR"
        return f"({self._as(node.left, 'boolean')} {word} {self._as(node.right, 'boolean')})", "boolean"

    def _compare(self, node: exp.Binary) -> tuple[str, str]:
        (left, right), _ = self._alike([node.left, node.right])
        return f"({left} {_COMPARE[type(node)]} {right})", "boolean"

    def _like(self, node: exp.Like) -> tuple[str, str]:
        if not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
            raise refuse(node.expression, "LIKE 后面要写定的文字，如 '张%'", "LIKE takes a constant")
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        return f"({self._as(node.this, 'text')} {word} {text_literal(node.expression.this)})", "boolean"

    def _is(self, node: exp.Is) -> tuple[str, str]:
        if not isinstance(node.expression, exp.Null | exp.Boolean):
            raise refuse(node.expression, "IS 后面只能是 NULL、TRUE、FALSE", "IS takes NULL, TRUE or FALSE")
        sql, kind = self.write(node.this)
        if isinstance(node.expression, exp.Boolean) and kind != "boolean":
            raise refuse(node.this, f"这里要是否，现在是{_ZH[kind]}", "a boolean wanted")
        return f"({sql} IS {self.write(node.expression)[0]})", "boolean"

    def _in(self, node: exp.In) -> tuple[str, str]:
        if not node.expressions:
            raise refuse(node, "IN 后面要写列表，如 ('1', '2')", "IN takes a list")
        (first, *rest), _ = self._alike([node.this, *node.expressions])
        return f"({first} IN ({', '.join(rest)}))", "boolean"

    def _between(self, node: exp.Between) -> tuple[str, str]:
        (value, low, high), _ = self._alike([node.this, node.args["low"], node.args["high"]])
        return f"({value} BETWEEN {low} AND {high})", "boolean"

    def _join(self, node: exp.DPipe) -> tuple[str, str]:
        return f"({self._text(node.left)} || {self._text(node.right)})", "text"

    def _text(self, node: exp.Expr) -> str:
        sql, kind = self.write(node)
        if kind == "interval":
            raise refuse(node, "时长不能当文字", "an interval is no text")
        return sql if kind == "text" else f"CAST({sql} AS VARCHAR)"

    def _arithmetic(self, node: exp.Binary) -> tuple[str, str]:
        operator = _ARITHMETIC[type(node)]
        left, left_kind = self.write(node.left)
        right, right_kind = self.write(node.right)
        if left_kind == "date" and operator in "+-":
            return self._date_arithmetic(node, left, right, right_kind)
        for side, kind in ((node.left, left_kind), (node.right, right_kind)):
            if kind not in _NUMBERS | {"null"}:
                raise refuse(side, f"{_ZH[kind]}不能用 {operator} 计算", f"{kind} cannot be calculated with")
        if operator in {"/", "//", "%"}:
            right = f"nullif({right}, 0)"
        whole = operator != "/" and {left_kind, right_kind} <= {"integer", "null"}
        return f"({left} {operator} {right})", "integer" if whole else "decimal"

    def _date_arithmetic(self, node: exp.Binary, left: str, right: str, kind: str) -> tuple[str, str]:
        operator = _ARITHMETIC[type(node)]
        if kind in {"interval", "integer"}:
            return f"CAST(({left} {operator} {right}) AS DATE)", "date"
        if kind == "date" and operator == "-":
            return f"({left} - {right})", "integer"
        raise refuse(node.right, f"日期不能与{_ZH[kind]}相加减", f"a date and {kind} do not add")

    def _interval(self, node: exp.Interval) -> tuple[str, str]:
        unit = str(node.unit).lower().removesuffix("s") if node.unit else ""
        if (
            not isinstance(node.this, exp.Literal)
            or not re.fullmatch(r"[0-9]{1,5}", node.this.this)
            or unit not in UNITS
        ):
            raise refuse(node, "时长要写成 INTERVAL 14 DAY 这样", "write INTERVAL 14 DAY")
        return f"INTERVAL {int(node.this.this)} {unit.upper()}", "interval"

    def _case(self, node: exp.Case) -> tuple[str, str]:
        ifs, default = node.args["ifs"], node.args.get("default")
        if node.this is None:
            conditions = [self._as(branch.this, "boolean") for branch in ifs]
            subject = ""
        else:
            (subject, *conditions), _ = self._alike([node.this, *(branch.this for branch in ifs)])
        results, kind = self._alike([*(branch.args["true"] for branch in ifs), default or exp.Null()])
        branches = "".join(f" WHEN {c} THEN {r}" for c, r in zip(conditions, results[:-1], strict=True))
        return f"(CASE {subject}{branches} ELSE {results[-1]} END)", kind

    def _cast(self, node: exp.Cast) -> tuple[str, str]:
        target = _CASTS.get(node.to.this.value if isinstance(node.to.this, exp.DType) else "")
        if target is None:
            raise refuse(node, "只能转成 TEXT、INTEGER、DECIMAL、DATE", "cast to TEXT, INTEGER, DECIMAL or DATE only")
        sql, kind = self.write(node.this)
        if (
            kind == "interval"
            or (target[1] == "date" and kind not in {"text", "date", "null"})
            or (kind == "date" and target[1] not in {"text", "date"})
        ):
            raise refuse(node, f"{_ZH[kind]}不能转成{_ZH[target[1]]}", f"{kind} does not cast to {target[1]}")
        digits = [parameter.this.this for parameter in node.to.expressions]
        if len(digits) == 2 and target[1] == "decimal" and re.fullmatch(r"[0-6]", digits[1]):
            return f"round(try_cast({sql} AS DOUBLE), {digits[1]})", "decimal"
        if digits:
            raise refuse(node, "类型的长度不能这样写", "type parameters are not allowed here")
        return f"try_cast({sql} AS {target[0]})", target[1]

    def _call(self, node: exp.Anonymous) -> tuple[str, str]:
        name = str(node.this).lower()
        function = FUNCTIONS.get(name)
        if function is None or not isinstance(node.this, str):
            hint = documents.suggest(name, FUNCTIONS)
            raise refuse(node, f"不能用函数 {name}{hint}", f"the function {name} is not allowed")
        given = node.expressions
        if len(given) < function.needs or (len(given) > len(function.takes) and not function.repeats):
            takes = "、".join(ARGUMENTS[kind] for kind in function.takes)
            raise refuse(node, f"{name} 的参数个数不对，要：{takes}", f"wrong number of arguments for {name}")
        kinds = [function.takes[min(i, len(function.takes) - 1)] for i in range(len(given))]
        written, gives = self._arguments(name, function, list(zip(kinds, given, strict=True)))
        return (function.sql.format(*written) if function.sql else f"{name}({', '.join(written)})"), gives

    def _arguments(self, name: str, function: Function, given: list[tuple[str, exp.Expr]]) -> tuple[list[str], str]:
        same = [node for kind, node in given if kind == "same"]
        alike, common = self._alike(same) if same else ([], "null")
        if name == "abs" and common not in _NUMBERS:
            raise refuse(same[0], "abs 要数字", "abs takes a number")
        waiting = iter(alike)
        written = [next(waiting) if kind == "same" else self._argument(kind, node) for kind, node in given]
        return written, common if function.gives == "same" else function.gives

    def _argument(self, kind: str, node: exp.Expr) -> str:
        if kind == "any":
            return self._text(node)
        if kind == "number":
            return self._as(node, "integer", "decimal")
        if kind == "moment":
            return self._moment(node)
        if kind in ARGUMENTS and kind in _ZH:
            return self._as(node, kind)
        constant = node.this if isinstance(node, exp.Literal) else ""
        quoted = isinstance(node, exp.Literal) and node.is_string
        good = {
            "unit": quoted and constant in UNITS,
            "pad": not quoted and constant.isdecimal() and int(constant) <= MAX_PAD,
            "digits": not quoted and bool(re.fullmatch(r"[0-6]", constant)),
            "pattern": quoted and len(constant) <= MAX_PAD and bool(_STRFTIME.fullmatch(constant)),
        }
        if not good[kind]:
            raise refuse(node, f"这里只能写{ARGUMENTS[kind]}", f"a constant wanted: {kind}")
        return text_literal(constant) if quoted else str(constant)

    def _moment(self, node: exp.Expr) -> str:
        """Raw column with its time of day, which a date has lost; a name only, for the pattern uses it twice."""
        sql, kind = self.write(node)
        if not isinstance(node, exp.Column) or kind not in {"date", "text"}:
            raise refuse(node, "这里要一个日期或时间字段", "a date or time field wanted")
        name = f"{node.table}.{node.name}" if node.table else node.name
        return f"CAST({quote(self.columns.get(name, name))} AS VARCHAR)" if kind == "date" else sql


def quote(identifier: str) -> str:
    """Quote an identifier for SQL; nothing else does."""
    return '"' + identifier.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Quote a text constant for SQL; nothing else does."""
    return "'" + text.replace("'", "''") + "'"


def _iso(node: exp.Expr) -> str:
    """Write a typed ISO day, or "" when the node is none."""
    typed = isinstance(node, exp.Literal) and node.is_string and _ISO.fullmatch(node.this)
    return f"try_cast({text_literal(node.this)} AS DATE)" if typed else ""


def _same_class(kind: str) -> frozenset[str]:
    return _NUMBERS if kind in _NUMBERS else frozenset({kind})


def place(node: exp.Expr) -> int:
    """First character of a node, from 1: its own mark, or that of the leftmost part that has one."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    parent = node.parent
    while not starts and parent is not None:
        starts = [part.meta["start"] for part in parent.walk() if "start" in part.meta]
        parent = parent.parent
    return min(starts) + 1 if starts else 1


def stop(at: int, zh: str, en: str) -> RefusedError:
    """Refusal at a character."""
    return RefusedError(at, fault("OF504", "", what=zh, what_en=en))


def refuse(node: exp.Expr, zh: str, en: str) -> RefusedError:
    """Refusal at a node."""
    return stop(place(node), zh, en)
