"""mapping: the text of one expression → checked EXPRESSION, its SQL written anew from a whitelisted tree.

What passes is what is written here, node by node and function by function; the parser is told of no function, no
statement and no clause, and nothing of the author's text reaches the engine except names that were declared and
constants that are quoted again. Types are checked too, so that the engine has no value to quote in an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser

from oneform.errors import ConfigError, Fault
from oneform.mapping.model import Expression
from oneform.mapping.sql import MAX_DEPTH, RefusedError, Writer, place, refuse, stop

MAX_LENGTH = 1000
MAX_NODES = 300

_PUNCTUATION = frozenset(" \n\t+-*/%<>=!|(),.':_")


class _Parser(DuckDBParser):
    """DuckDB's grammar without its functions: a call stays a name and its arguments."""

    FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {k: v for k, v in DuckDBParser.FUNCTION_PARSERS.items() if k == "CAST"}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
        k: v for k, v in DuckDBParser.NO_PAREN_FUNCTION_PARSERS.items() if k == "CASE"
    }
    SUBQUERY_PREDICATES: ClassVar[dict[Any, Any]] = {}


# The nodes that may stand in a tree, each with the arguments it may carry; anything else is refused.
_NODES: dict[type[exp.Expr], frozenset[str]] = {
    node: frozenset(arguments.split())
    for node, arguments in {
        exp.Column: "this table",
        exp.Identifier: "this",
        exp.Literal: "this is_string",
        exp.Boolean: "this",
        exp.Null: "",
        exp.Paren: "this",
        exp.Not: "this",
        exp.Neg: "this",
        exp.And: "this expression",
        exp.Or: "this expression",
        exp.EQ: "this expression",
        exp.NEQ: "this expression",
        exp.LT: "this expression",
        exp.LTE: "this expression",
        exp.GT: "this expression",
        exp.GTE: "this expression",
        exp.Like: "this expression negate",
        exp.Is: "this expression",
        exp.In: "this expressions",
        exp.Between: "this low high",
        exp.Add: "this expression",
        exp.Sub: "this expression",
        exp.Mul: "this expression",
        exp.Div: "this expression typed safe",
        exp.IntDiv: "this expression",
        exp.Mod: "this expression",
        exp.DPipe: "this expression safe",
        exp.Case: "this ifs default",
        exp.If: "this true",
        exp.Cast: "this to",
        exp.DataType: "this expressions nested",
        exp.DataTypeParam: "this",
        exp.Interval: "this unit",
        exp.Var: "this",
        exp.Anonymous: "this expressions",
    }.items()
}


def check(text: str, names: Mapping[str, str], *, where: str, columns: Mapping[str, str] | None = None) -> Expression:
    """Check one scalar expression over `names` (name → text, integer, decimal, boolean or date).

    In the SQL a name is the quoted column of that name, or of `columns[name]` where given; a date is
    `try_cast(… AS DATE)`, so a value of month precision is null. Casts never fail, division by zero is null.
    ConfigError with one fault: OF503 unknown name, OF504 everything else; the sentence opens with 第N列 (from 1).
    """
    try:
        _characters(text)
        tree = _parse(text)
        writer = Writer(names, columns or {})
        sql, kind = writer.write(tree)
        if kind == "interval":
            raise refuse(tree, "结果是一段时长，不能写出", "the result is an interval")
    except RefusedError as refused:
        at, found = refused.at, refused.found
        zh, en = f"第{at}列 {found.zh}", f"character {at}: {found.en}"
        raise ConfigError(Fault(found.code, where, zh, en)) from None
    return Expression(sql, frozenset(writer.used), "text" if kind == "null" else kind)


def _characters(text: str) -> None:
    """Refuse what no expression needs before anything parses it: length, comments, odd characters, deep brackets."""
    if not text.strip():
        raise stop(1, "表达式是空的", "empty expression")
    if len(text) > MAX_LENGTH:
        raise stop(MAX_LENGTH + 1, f"表达式超过 {MAX_LENGTH} 个字符", f"longer than {MAX_LENGTH} characters")
    quoted, depth = False, 0
    for at, char in enumerate(text, start=1):
        if char == "'":
            if not quoted and at > 1 and (text[at - 2].isalnum() or text[at - 2] == "_"):
                raise stop(at, "引号前不能紧跟字母", "no letter before a quote")
            quoted = not quoted
        elif unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\n\t":
            raise stop(at, "有看不见的字符，请删去", "an invisible character")
        elif not quoted:
            if char not in _PUNCTUATION and not (char.isalnum() and unicodedata.normalize("NFKC", char) == char):
                raise stop(at, f"不能用字符 {char}", f"the character {char} is not allowed")
            if text[at - 1 : at + 1] in {"--", "/*", "*/"}:
                raise stop(at, "不能写注释", "no comments")
            depth += (char == "(") - (char == ")")
            if depth > MAX_DEPTH:
                raise stop(at, f"括号超过 {MAX_DEPTH} 层", f"brackets deeper than {MAX_DEPTH}")
    if quoted:
        raise stop(len(text), "引号没有成对", "an open quote")


def _parse(text: str) -> exp.Expr:
    dialect = DuckDB()
    try:
        trees = _Parser(dialect=dialect).parse_into(exp.Condition, dialect.tokenize(text), text)
    except SqlglotError as error:
        raise stop(_error_at(error, text), "看不懂这个表达式，请检查写法", "not an expression") from None
    except RecursionError:
        raise stop(1, "表达式嵌套太深", "nested too deep") from None
    if len(trees) != 1 or trees[0] is None:
        raise stop(1, "只能写一个表达式", "one expression only")
    tree: exp.Expr = trees[0]
    for count, node in enumerate(tree.walk(), start=1):
        if count > MAX_NODES:
            raise stop(place(node), f"表达式超过 {MAX_NODES} 个成分", f"more than {MAX_NODES} nodes")
        allowed = _NODES.get(type(node))
        if allowed is None or any(value and key not in allowed for key, value in node.args.items()):
            raise refuse(node, "不能用这种写法", f"{type(node).__name__} is not allowed")
    return tree


def _error_at(error: SqlglotError, text: str) -> int:
    found = getattr(error, "errors", None) or [{}]
    line, column = found[0].get("line") or 1, found[0].get("col") or 1
    before = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    return min(max(int(before + column), 1), len(text))
