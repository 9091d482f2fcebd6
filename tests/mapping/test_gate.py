"""The expression gate: what it lets through runs in DuckDB, what it refuses is refused at its character."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneform.errors import ConfigError
from oneform.mapping import gate

NAMES = {
    "name": "text",
    "age": "integer",
    "income": "decimal",
    "is_out": "boolean",
    "birth_date": "date",
    "gender": "text",
    "trip.return_date": "date",
    "trip.origin": "text",
    "dose.dose_no": "integer",
    "head.name": "text",
    "sign_in": "text",
    "sign_out": "text",
    "day": "date",
    "剩余": "integer",
    "天数": "integer",
}
ROW = {
    "name": ("VARCHAR", "欧阳小明"),
    "age": ("BIGINT", 61),
    "income": ("DOUBLE", 37.25),
    "is_out": ("BOOLEAN", False),
    "birth_date": ("VARCHAR", "1960-02-29"),
    "gender": ("VARCHAR", "1"),
    "trip.return_date": ("VARCHAR", "2026-11-10"),
    "trip.origin": ("VARCHAR", "武汉市'江岸区"),
    "dose.dose_no": ("BIGINT", 2),
    "head.name": ("VARCHAR", "张三"),
    "sign_in": ("VARCHAR", "08:30"),
    "sign_out": ("VARCHAR", "2026-11-20 12:00:00"),
    "day": ("VARCHAR", "2026-11-20"),
    "剩余": ("BIGINT", 100),
    "天数": ("BIGINT", 7),
}


def evaluate(text: str, **changes: object):
    expression = gate.check(text, NAMES, where="f.yaml:1:1")
    columns = ", ".join(f'cast(? as {dtype}) as "{name}"' for name, (dtype, _) in ROW.items())
    values = [changes.get(name, value) for name, (_, value) in ROW.items()]
    with duckdb.connect(":memory:") as con:
        return con.sql(f"select {expression.sql} from (select {columns})", params=values).fetchall()[0][0]


LEGITIMATE = [
    ("age >= 60 AND dose.dose_no >= 2", True),
    ("trip.return_date >= day - INTERVAL 14 DAY", True),
    ("trip.return_date >= day - 14", True),
    ("CASE WHEN date_diff('day', trip.return_date, day) >= 14 THEN '是' ELSE '否' END", "否"),
    ("coalesce(trip.origin, '无')", "武汉市'江岸区"),
    ("trip.origin LIKE '武汉%'", True),
    ("trip.origin NOT LIKE '湖北%'", True),
    ("gender IN ('1', '2')", True),
    ("age BETWEEN 18 AND 59", False),
    ("age NOT IN (1, 2.5)", True),
    ("birth_date BETWEEN '1950-01-01' AND '1966-11-20'", True),
    ("NOT is_out", True),
    ("is_out IS FALSE OR name IS NOT NULL", True),
    ("ceil(剩余 / 天数)", 15),
    ("剩余 // 天数", 14),
    ("剩余 % 天数 + -1", 1),
    ("round(income, 1)", 37.3),
    ("round(income * 1.5)", 56.0),
    ("abs(0 - age)", 61),
    ("greatest(剩余 - 200, 0)", 0),
    ("least(income, 10)", 10.0),
    ("nullif(gender, '1')", None),
    ("if(age >= 60, '老年', '其他')", "老年"),
    ("CASE gender WHEN '1' THEN '男' WHEN '2' THEN '女' END", "男"),
    ("left(name, 2) || '*'", "欧阳*"),
    ("right(name, 1)", "明"),
    ("substr(name, 3, 2)", "小明"),
    ("length(name)", 4),
    ("upper(trim(' a ')) || lower('B')", "Ab"),
    ("replace(name, '欧阳', '')", "小明"),
    ("concat(name, age, birth_date)", "欧阳小明611960-02-29"),
    ("contains(name, '阳') AND starts_with(name, '欧') AND ends_with(name, '明')", True),
    ("lpad(gender, 4, '0')", "0001"),
    ("instr(name, '小')", 3),
    ("CAST(gender AS INTEGER) + 1", 2),
    ("CAST(name AS INTEGER)", None),
    ("CAST(age AS TEXT)", "61"),
    ("income::decimal(10,1)", 37.3),
    ("CAST('2026-01-05' AS DATE) < day", True),
    ("year(day) * 100 + month(day)", 202611),
    ("day(day)", 20),
    ("date_part('year', day) - year(birth_date)", 66),
    ("strftime(day, '%Y年%m月%d日')", "2026年11月20日"),
    ("date_trunc('month', day) = '2026-11-01'", True),
    ("last_day(day) - day", 10),
    ("age_at(birth_date, day)", 66),
    ("name = 'read_csv(''x'')'", False),
    ("head.name <> name", True),
    ("NULL", None),
    ("(age > 60) = TRUE", True),
]


@pytest.mark.parametrize(("text", "value"), LEGITIMATE)
def test_legitimate_expressions_run(text, value):
    assert evaluate(text) == value


def test_hours_between_takes_times_with_and_without_a_day():
    assert evaluate("hours_between(sign_in, sign_out)", sign_out="11:00") == 2.5
    assert evaluate("hours_between(sign_in, sign_out)", sign_in="2026-11-20 08:30:00") == 3.5
    assert evaluate("hours_between(sign_in, sign_out)", sign_in="上午") is None


@pytest.mark.parametrize(
    ("day", "age"), [("2001-02-28", 0), ("2001-03-01", 1), ("2004-02-28", 3), ("2004-02-29", 4), ("2000-02-29", 0)]
)
def test_born_on_29_february_is_older_from_1_march(day, age):
    assert evaluate("age_at(birth_date, day)", birth_date="2000-02-29", day=day) == age


def test_a_date_of_month_precision_is_null():
    assert evaluate("age_at(birth_date, day)", birth_date="1990-12") is None


def test_division_by_zero_is_null():
    for text in ("剩余 / 天数", "剩余 // 天数", "剩余 % 天数"):
        assert evaluate(text, 天数=0) is None


ATTACKS = [
    # files, settings, the machine
    "read_csv('/etc/passwd')",
    "read_text('/etc/passwd')",
    "read_blob('x.duckdb')",
    "glob('*')",
    "getenv('HOME')",
    "current_setting('secret_directory')",
    "duckdb_databases()",
    "pragma_version()",
    "sleep_ms(10000)",
    "version()",
    "query('select 1')",
    "query_table('person')",
    "getvariable('x')",
    # statements
    "ATTACH 'x.db'",
    "COPY person TO 'x.csv'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET memory_limit = '1TB'",
    "CREATE TEMP VIEW person AS SELECT 1",
    "DROP TABLE person",
    "age; DROP TABLE person",
    "1; SELECT 1",
    "EXPORT DATABASE 'x'",
    "CALL dbgen(1)",
    "SELECT 1",
    "VALUES (1)",
    "FROM person",
    # queries inside an expression
    "(SELECT max(age) FROM person)",
    "age IN (SELECT age FROM person)",
    "EXISTS (SELECT 1)",
    "age = ANY (SELECT 1)",
    "ARRAY(SELECT 1)",
    "age UNION SELECT 1",
    "age FROM person",
    "age WHERE 1 = 1",
    "age AS x",
    "age, name",
    # comments
    "age -- x",
    "age /* x */",
    "a/**/ge",
    # more than one row
    "count(*)",
    "sum(age)",
    "max(age)",
    "string_agg(name, ',')",
    "sum(age) OVER ()",
    "row_number() OVER (ORDER BY age)",
    "count(DISTINCT name)",
    "max(age) FILTER (WHERE age > 1)",
    "*",
    "person.*",
    "COLUMNS('.*')",
    "unnest([1, 2])",
    # lists, structs, lambdas, parameters
    "[x FOR x IN range(10)]",
    "[1, 2]",
    "list_transform([1], x -> x)",
    "list_transform([1], lambda x: x)",
    "{'a': 1}",
    "MAP {'a': 1}",
    "name[1]",
    "name.x.y",
    "main.person.name",
    "trip.nothing",
    "$1",
    "?",
    ":day",
    "@age",
    "struct_pack(a := 1)",
    "(1, 2)",
    # clocks and dice
    "now()",
    "current_date",
    "current_timestamp",
    "today()",
    "random()",
    "uuid()",
    "current_user",
    # bombs
    "repeat('a', 1000000000)",
    "range(100000000)",
    "generate_series(1, 100000000)",
    "lpad(name, 2000000000, 'x')",
    "lpad(name, 65, 'x')",
    "lpad(name, age, 'x')",
    "printf('%1000000000d', 1)",
    "format('{:1000000000}', 1)",
    "strftime(day, '%1000000000d')",
    "regexp_matches(name, '(a+)+$')",
    "name ~ '(a+)+$'",
    "name SIMILAR TO '(a+)+$'",
    "name GLOB '*'",
    "(" * 40 + "age" + ")" * 40,
    "NOT " * 240 + "is_out",
    "- " * 480 + "age",
    "+".join(["age"] * 160),
    "age + " + "1" * 1000,
    "x" * 1001,
    "99999999999999999999999",
    "1e308 * 10",
    # errors that would quote a value
    "name > 5",
    "name = 5",
    "name + 1",
    "age || 1 > 2",
    "birth_date = name",
    "birth_date = '1990'",
    "error(name)",
    "TRY(CAST(name AS INTEGER))",
    "TRY_CAST(name AS INTEGER)",
    "CAST(name AS BLOB)",
    "CAST(name AS INTEGER[])",
    "CAST(name AS STRUCT(a INTEGER))",
    "CAST(name AS JSON)",
    "CAST(name AS regclass)",
    "CAST(age AS DATE)",
    "name::TIMESTAMP",
    "age_at(name, day)",
    "hours_between(sign_in, '08:30')",
    "name LIKE name",
    "name LIKE 'a' ESCAPE '!'",
    "age IS DISTINCT FROM 1",
    "day - INTERVAL (age) DAY",
    "day - INTERVAL 1 HOUR",
    "INTERVAL 1 DAY",
    "date_diff('second', birth_date, day)",
    "date_diff(name, birth_date, day)",
    "left(name)",
    "name COLLATE nocase",
    "birth_date AT TIME ZONE 'UTC'",
    "age ** 2",
    "age & 1",
    "age <=> 1",
    "name ->> '$.a'",
    "CASE WHEN age THEN 1 END",
    "CASE WHEN is_out THEN 1 ELSE 'a' END",
    "age AND is_out",
    # unicode and quoting
    "age\u200b > 1",
    "age\u00a0> 1",
    "ａｇｅ > 1",
    "age ＞ 1",
    "age（1）",
    "'a\u202eb'",
    "name = 'a\x00'",
    '"age"',
    "`age`",
    "e'\\x41'",
    "x'41'",
    "U&'\\0041'",
    "$$a$$",
    "'a' 'b'",
    "'open",
    "age)",
    "(age",
    "age and",
    "",
    "   ",
    # words of other template languages
    "{{ age }}",
    "${age}",
    "__import__('os')",
    "nmae",
    "AGE",
    "lenght(name)",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_are_refused_with_a_position(text):
    with pytest.raises(ConfigError) as caught:
        gate.check(text, NAMES, where="f.yaml:3:9")
    (fault,) = caught.value.faults
    assert fault.code in {"OF503", "OF504"}
    assert fault.where == "f.yaml:3:9"
    assert fault.zh.startswith("第")
    assert 1 <= int(fault.zh[1 : fault.zh.index("列")]) <= max(len(text), 1) + 1


@pytest.mark.parametrize(
    ("text", "code", "column", "says"),
    [
        ("age + nmae", "OF503", 7, "name"),
        ("length(name) > lenght(name)", "OF504", 16, "length"),
        ("age > 1; x", "OF504", 8, ";"),
        ("age > 1 and name > 5", "OF504", 20, "引号"),
        ("coalesce(trip.orign, '')", "OF503", 10, "trip.origin"),
        ("age > 1 -- x", "OF504", 9, "注释"),
        ("gender = 1", "OF504", 10, "引号"),
    ],
)
def test_messages_name_the_character_and_the_remedy(text, code, column, says):
    with pytest.raises(ConfigError) as caught:
        gate.check(text, NAMES, where="f.yaml:3:9")
    assert caught.value.faults[0].code == code
    assert f"第{column}列" in caught.value.faults[0].zh
    assert says in caught.value.faults[0].zh


def test_what_an_expression_reads_and_gives():
    expression = gate.check("coalesce(trip.return_date, birth_date)", NAMES, where="")
    assert expression.names == {"trip.return_date", "birth_date"}
    assert expression.dtype == "date"
    assert gate.check("剩余 / 天数", NAMES, where="").dtype == "decimal"
    assert gate.check("age + 1", NAMES, where="", columns={"age": 'a"b'}).sql == '("a""b" + 1)'


def test_a_replacement_cannot_explode():
    bomb = "name"
    for _ in range(12):
        bomb = f"replace({bomb}, 'a', '{'a' * 40}')"
    assert len(evaluate(bomb, name="a" * 40)) <= 1000


TOKENS = [*NAMES, "'a'", "1", "2.5", "(", ")", "+", "||", "=", "<", "AND", "OR", "NOT", "IN", "CASE", "WHEN", "THEN"]
TOKENS += ["ELSE", "END", "NULL", "IS", "length(", "coalesce(", ",", "INTERVAL 3 DAY", "-", "day", "'2026-01-01'", "%"]


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9))
def test_whatever_passes_binds_and_runs(tokens):
    text = " ".join(tokens)
    try:
        gate.check(text, NAMES, where="")
    except ConfigError:
        return
    evaluate(text)
