"""mapping: the functions an expression may call → their argument kinds, the kind they give and the SQL they become.

Closed: a name that is not here is refused. Every pattern uses each argument once, so that nesting cannot make the SQL
longer than linear, and no function can make a text much longer than its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

UNITS = ("day", "week", "month", "quarter", "year")
MAX_PAD = 64
MAX_TEXT = 1000  # characters a replacement may grow to

# What an argument must be. Besides the kinds of values: number is integer or decimal, any is any value, same is the
# kind of the arguments before it; unit, pad, digits, pattern are constants; moment is a name of kind date or text.
ARGUMENTS = {
    "text": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是否",
    "date": "日期",
    "any": "任意值",
    "same": "与前面同类的值",
    "unit": "'day' 'week' 'month' 'quarter' 'year' 之一",
    "pad": f"不大于 {MAX_PAD} 的整数",
    "digits": "0 到 6 的整数",
    "pattern": "如 '%Y-%m-%d' 的日期样式",
    "moment": "日期或时间字段",
}


@dataclass(frozen=True)
class Function:
    """One function: kinds of its arguments (the last one repeats when `repeats`), how many it needs, what it gives.

    `gives` "same" is the common kind of the arguments marked same. `sql` is the pattern; "" writes name(arguments).
    """

    takes: tuple[str, ...]
    gives: str
    sql: str = ""
    least: int = -1  # -1: all
    repeats: bool = False

    @property
    def needs(self) -> int:
        """Arguments it cannot do without."""
        return len(self.takes) if self.least < 0 else self.least


_CLOCK = "coalesce(try_cast({0} AS TIMESTAMP), try_cast('2000-01-01 ' || {0} AS TIMESTAMP))"

FUNCTIONS: dict[str, Function] = {
    # a choice between values
    "coalesce": Function(("same",), "same", repeats=True),
    "ifnull": Function(("same", "same"), "same", "coalesce({0}, {1})"),
    "nullif": Function(("same", "same"), "same"),
    "greatest": Function(("same",), "same", repeats=True),
    "least": Function(("same",), "same", repeats=True),
    "if": Function(("boolean", "same", "same"), "same", "CASE WHEN {0} THEN {1} ELSE {2} END"),
    # texts
    "concat": Function(("any",), "text", repeats=True),
    "length": Function(("text",), "integer"),
    "upper": Function(("text",), "text"),
    "lower": Function(("text",), "text"),
    "trim": Function(("text",), "text"),
    "ltrim": Function(("text",), "text"),
    "rtrim": Function(("text",), "text"),
    "left": Function(("text", "integer"), "text"),
    "right": Function(("text", "integer"), "text"),
    "substr": Function(("text", "integer", "integer"), "text", least=2),
    "substring": Function(("text", "integer", "integer"), "text", least=2),
    "replace": Function(("text", "text", "text"), "text", f"left(replace({{0}}, {{1}}, {{2}}), {MAX_TEXT})"),
    "contains": Function(("text", "text"), "boolean"),
    "starts_with": Function(("text", "text"), "boolean"),
    "ends_with": Function(("text", "text"), "boolean"),
    "instr": Function(("text", "text"), "integer"),
    "strpos": Function(("text", "text"), "integer"),
    "lpad": Function(("text", "pad", "text"), "text"),
    "rpad": Function(("text", "pad", "text"), "text"),
    # numbers
    "abs": Function(("same",), "same"),
    "sign": Function(("number",), "integer"),
    "round": Function(("number", "digits"), "decimal", least=1),
    "floor": Function(("number",), "integer", "try_cast(floor({0}) AS BIGINT)"),
    "ceil": Function(("number",), "integer", "try_cast(ceil({0}) AS BIGINT)"),
    "ceiling": Function(("number",), "integer", "try_cast(ceil({0}) AS BIGINT)"),
    # dates
    "date_diff": Function(("unit", "date", "date"), "integer"),
    "datediff": Function(("unit", "date", "date"), "integer", "date_diff({0}, {1}, {2})"),
    "date_part": Function(("unit", "date"), "integer"),
    "date_trunc": Function(("unit", "date"), "date", "CAST(date_trunc({0}, {1}) AS DATE)"),
    "year": Function(("date",), "integer"),
    "quarter": Function(("date",), "integer"),
    "month": Function(("date",), "integer"),
    "week": Function(("date",), "integer"),
    "day": Function(("date",), "integer"),
    "isodow": Function(("date",), "integer"),
    "last_day": Function(("date",), "date"),
    "strftime": Function(("date", "pattern"), "text"),
    # our own: whole years lived (who is born on 29 February turns a year older on 1 March of a common year);
    # the time so many hours (at most 64) after another; hours from one time to another, both times of one day when
    # they are written without a date
    "age_at": Function(
        ("date", "date"),
        "integer",
        "((CAST(strftime({1}, '%Y%m%d') AS BIGINT) - CAST(strftime({0}, '%Y%m%d') AS BIGINT)) // 10000)",
    ),
    "hours_after": Function(("moment", "pad"), "text", f"strftime({_CLOCK} + INTERVAL ({{1}}) HOUR, '%Y-%m-%d %H:%M')"),
    "hours_between": Function(
        ("moment", "moment"),
        "decimal",
        f"round(date_diff('minute', {_CLOCK}, {_CLOCK.replace('{0}', '{1}')}) / 60.0, 2)",
    ),
}
