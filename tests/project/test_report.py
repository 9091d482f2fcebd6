"""project.report on small hand-made golden frames: rosters, cross-tabs, cards."""

# ruff: noqa: E501 - tables of rows read across

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from oneform import mapping, project, schema, shipped
from oneform.errors import ConfigError, UsageError
from oneform.frames import PROBLEMS
from oneform.project import instance

DAY = dt.date(2026, 11, 20)
HEAD = """\
oneform: mapping/1
form: f
title: "日报（{day:M月d日}）"
department: 居委
purpose: 测试
legal_basis: {cite: 测试}
recipient: 街道
retention: 30d
template: {file: t.xlsx, sheet: 表, header: 3-4, rows: 5}
necessity: {dose_no: 甲, vaccine_time: 甲, isolation_start: 甲, isolation_end: 甲, isolation_kind: 甲, visit_note: 甲}
"""


@pytest.fixture(scope="module")
def dataset() -> schema.Schema:
    return schema.load(shipped.folder("schemas"))


def frame(columns: str, *rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=columns.split(), orient="row", infer_schema_length=None)


GOLDEN = {
    "grid": frame("entity_id name grid_staff grid_community", (1, "1号网格", "甲", "东社区"), (2, "10号网格", "乙", "东社区"), (3, "2号网格", "丙", "东社区")),
    "dwelling": frame("entity_id estate building unit room", (1, "锦绣园", "3", "2", "501"), (2, "锦绣园", "12", None, "101")),
    "household": frame("entity_id household_id dwelling head", (1, "H1", 1, 1), (2, "H2", 2, 3), (3, "H3", None, None)),
    "person": frame(
        "entity_id name id_number gender birth_date phone relation_to_head grid is_out household dwelling",
        (1, "欧阳小明", "110101195001011234", "1", "1950-01-01", "13800000001", "02", "1号网格", False, 1, 1),
        (2, "李四", "110101198001011235", "2", "1980-01-01", None, "10", "1号网格", True, 1, 1),
        (3, "王五", None, None, "1990-12", "13800000003", "02", "10号网格", None, 2, 2),
        (4, "赵六", None, "1", None, None, None, None, None, None, None),
        (5, "钱七", None, "1", "1960-11-20", None, "20", "1号网格", None, 1, 1),
    ),
    "return_travel": frame(
        "entity_id return_date origin_province origin_city person",
        (1, "2026-11-20", "湖北省", "武汉市", 1),
        (2, "2026-11-01", "湖北省", "孝感市", 1),
        (3, "2026-11-20", "湖南省", "长沙市", 2),
        (4, "2026-11-20", "湖南省", "株洲市", 2),
        (5, "2026-11", "湖南省", "长沙市", 3),
        (6, "2026-11-18", "广东省", "深圳市", 4),
    ),
    "vaccination": frame("entity_id dose_no vaccine_time person", (1, 1, "2021-05-01", 1), (2, 2, "2021-06-01", 1), (3, 1, "2021-05-01", 5)),
}  # fmt: skip


def load(tmp_path: Path, dataset: schema.Schema, body: str) -> mapping.Mapping:
    path = tmp_path / "f.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    return mapping.load(path, dataset, base=lambda _: None)


@pytest.fixture
def make(tmp_path, dataset):
    def run(body: str, golden=GOLDEN, **params: str):
        return project.reports(load(tmp_path, dataset, body), golden, params=params, day=DAY, schema=dataset)[0]

    return run


ROSTER = """\
params: {day: date, community: area}
head:
  填报单位: {param: community}
  填报日期: {param: day, format: "yyyy年M月d日"}
  标题: {text: "日报（{day:M月d日}）"}
  明天: {expr: "day + 1", format: "M月d日"}
  单位: {const: 居委会}
rows:
  each: person
  with: {trip: latest return_travel, doses: max vaccination.dose_no, trips: count return_travel}
  sort: [grid, building, relation_to_head]
  block: {by: household, merge: [户号]}
columns:
  序号: {seq: rows}
  户序: {seq: blocks}
  户内: {seq: block}
  户号: {field: household_id}
  住址: {text: "{estate}{building}栋{unit}单元{room}室"}
  个人/姓名: {field: name}
  个人/证件: {field: id_number, mask: "id:1+2", when: {audience: public}}
  个人/性别: {field: gender, codes: {"1": 男, "2": 女}, empty: 未知}
  个人/年龄: {field: age}
  户主: {field: head.name}
  关系: {field: relation_to_head, codes: gb4761_relation.zh}
  返乡: {field: trip.return_date, format: "yyyy.M.d"}
  来源: {field: trip.origin_city, empty: 无}
  剂次: {field: doses, empty: 0针, suffix: 针}
  次数: {field: trips, zero: "—"}
  迁出: {field: is_out}
  满60: {expr: "CASE WHEN age >= 60 THEN '是' ELSE '否' END"}
  网格员: {field: grid_staff, prefix: 网}
  盖章: {const: ""}
"""


def test_roster(make):
    report = make(ROSTER)
    table = report.table
    assert table.get_column("个人/姓名").to_list() == ["欧阳小明", "李四", "钱七", "王五", "赵六"]
    assert report.origins.to_dict(as_series=False) == {"entity_id": [1, 2, 5, 3, 4], "block": [1, 1, 1, 2, 3]}
    expected = {
        "序号": [1, 2, 3, 4, 5],
        "户序": [1, 1, 1, 2, 3],
        "户内": [1, 2, 3, 1, 1],
        "户号": ["H1", "H1", "H1", "H2", None],
        "住址": ["锦绣园3栋2单元501室"] * 3 + ["锦绣园12栋101室", None],
        "个人/证件": ["110101195001011234", "110101198001011235", None, None, None],
        "个人/性别": ["男", "女", "男", "未知", "男"],
        "个人/年龄": [76, 46, 66, None, None],
        "户主": ["欧阳小明", "欧阳小明", "欧阳小明", "王五", None],
        "关系": ["户主", "配偶", "子", "户主", None],
        "返乡": ["2026.11.20", "2026.11.20", None, "2026.11", "2026.11.18"],
        "来源": ["武汉市", "株洲市", "无", "长沙市", "深圳市"],
        "剂次": ["2针", "0针", "1针", "0针", "0针"],
        "次数": ["2", "2", "—", "1", "1"],
        "迁出": ["否", "是", None, None, None],
        "满60": ["是", "否", "是", "否", "否"],
        "网格员": ["网甲", "网甲", "网甲", "网乙", None],
        "盖章": [None] * 5,
    }
    for path, values in expected.items():
        assert table.get_column(path).to_list() == values, path
    assert table.schema["个人/年龄"] == pl.Int64
    assert table.columns == [*list(expected)[:5], "个人/姓名", *list(expected)[5:]]
    assert report.head == {"填报单位": "东社区", "填报日期": "2026年11月20日", "标题": "日报（11月20日）", "明天": "11月21日", "单位": "居委会"}  # fmt: skip


def test_a_mask_is_put_on_for_whom_it_is_meant(make):
    masked = make(ROSTER, audience="public").table.get_column("个人/证件").to_list()
    assert masked[0] != GOLDEN["person"]["id_number"][0]
    assert (masked[0][:1], masked[0][-2:]) == ("1", "34")
    assert "0101" not in masked[0]


def test_latest_of_one_day_ends_in_content_not_in_arrival(make):
    body = """\
rows: {each: person, with: {trip: latest return_travel, old: first return_travel}, sort: [name]}
columns: {名: {field: name}, 来源: {field: trip.origin_city}, 先: {field: old.origin_city}}
"""
    first = make(body).table
    turned = {**GOLDEN, "return_travel": GOLDEN["return_travel"].reverse().with_columns(entity_id=pl.int_range(1, 7))}
    assert first.equals(make(body, golden=turned).table)


def test_where_with_parameters(make):
    body = """\
params: {from_day: date, least: {kind: integer, default: "1"}}
rows: {each: return_travel, where: "return_date >= from_day AND length(name) >= least", sort: [-return_date, name]}
columns:
  姓名: {field: name}
  日期: {field: return_date, format: "M月d日"}
  户主: {field: head.name}
"""
    report = make(body, from_day="2026-11-18")
    assert report.table.get_column("姓名").to_list() == ["李四", "李四", "欧阳小明", "赵六"]
    assert make(body, from_day="2026-11-18", least="3").table.get_column("姓名").to_list() == ["欧阳小明"]
    with pytest.raises(UsageError, match="from_day"):
        make(body)
    with pytest.raises(UsageError, match="2026-11-20"):
        make(body, from_day="18/11")
    with pytest.raises(UsageError, match="from_day"):
        make(body, form_day="2026-11-18")


def test_roster_totals_and_measures(make):
    body = """\
head: {人数: {measure: people}, 人次: {measure: times}, 武汉: {measure: wuhan}}
rows:
  each: return_travel
  sort: [return_date, name]
  measures: {people: {distinct: person}, times: {count: return_travel}, wuhan: {count: return_travel, where: "origin_city = '武汉市'"}}
columns: {姓名: {field: name}, 年龄: {field: age}, 年长: {expr: "age + 1", total: sum}}
totals: [{label: 合计}]
"""
    report = make(body)
    assert report.head == {"人数": 4, "人次": 6, "武汉": 1}
    assert report.totals == ({"年长": 77 + 77 + 47 + 47},)


CROSSTAB = """\
head: {全部: {measure: total}, 占比: {ratio: [ok, aged], format: "0.0%"}}
crosstab:
  each: grid
  label: {网格: name, 网格员: grid_staff}
  sort: [name]
  with: {doses: max vaccination.dose_no}
  measures:
    total: {count: person}
    aged: {count: person, where: "age >= 60"}
    ok: {count: person, where: "age >= 60 AND doses >= 2"}
    times: {count: return_travel, where: "return_date = day"}
    heads: {distinct: person, of: return_travel, where: "return_date = day"}
    homes: {count: household}
    last: {max: return_travel.return_date}
    ages: {sum: age, of: person}
columns:
  序号: {seq: rows}
  人口: {measure: total}
  老人/人数: {measure: aged}
  老人/已种: {measure: ok}
  老人/率: {ratio: [ok, aged], format: "0.0%", zero: "—"}
  老人/比: {ratio: [ok, aged]}
  人次: {measure: times}
  人数: {measure: heads, zero: 无}
  户数: {measure: homes}
  最近: {measure: last, format: "M月d日"}
  剩余: {expr: "total - ok"}
  日均: {expr: "ceil((total - ok) / 2)"}
  平均: {expr: "round(ages / total, 1)", total: none}
totals:
  - {label: 合计}
checks:
  - {expr: "homes <= ok", zh: 户数不能大于已种数}
  - {expr: "total >= 0", zh: 从不, level: error}
  - {expr: "grid_staff <> '丙'", zh: 不能是丙, level: error}
  - {compare: last_delivery, measure: total, max_change: 5%, zh: 变化}
"""


def test_crosstab(make):
    report = make(CROSSTAB)
    expected = {
        "网格": ["1号网格", "2号网格", "10号网格"],
        "网格员": ["甲", "丙", "乙"],
        "序号": [1, 2, 3],
        "人口": [3, 0, 1],
        "老人/人数": [2, 0, 0],
        "老人/已种": [1, 0, 0],
        "老人/率": ["50.0%", "—", "—"],
        "老人/比": [0.5, None, None],
        "人次": [3, 0, 0],
        "人数": ["2", "无", "无"],
        "户数": [1, 0, 1],
        "最近": ["11月20日", None, "11月"],
        "剩余": [2, 0, 1],
        "日均": [1, 0, 1],
        "平均": [62.7, None, 0.0],
    }
    for path, values in expected.items():
        assert report.table.get_column(path).to_list() == values, path
    assert report.table.columns == list(expected)
    assert report.table.schema["人口"] == pl.Int64
    assert report.totals == (
        {
            "人口": 4,
            "老人/人数": 2,
            "老人/已种": 1,
            "老人/率": "50.0%",
            "老人/比": 0.5,
            "人次": 3,
            "人数": "2",
            "户数": 2,
            "剩余": 3,
            "日均": 2,
        },
    )
    assert report.head == {"全部": 4, "占比": "50.0%"}
    assert report.origins.get_column("entity_id").to_list() == [1, 3, 2]


def test_checks_become_problems_with_the_row_named(make):
    problems = make(CROSSTAB).problems
    assert problems.schema == PROBLEMS
    assert sorted(problems.select("code", "level", "message").rows()) == [
        ("OF408", "错误", "报表「2号网格」行：不能是丙，请核对后再报。"),
        ("OF409", "提醒", "报表「10号网格」行：户数不能大于已种数，请核对。"),
        ("OF409", "提醒", "报表「合计」行：户数不能大于已种数，请核对。"),
    ]


def test_stock_balance(make):
    golden = {
        "stock_item": frame("entity_id item_name safety_level", (1, "口罩", 100.0), (2, "测温枪", None), (3, "消毒液", 5.0)),
        "stock_txn": frame(
            "entity_id txn_at qty_in qty_out stock_item",
            (1, "2026-11-18", 50.0, None, 1),
            (2, "2026-11-19", None, 20.0, 1),
            (3, "2026-11-20", 10.0, 5.5, 1),
            (4, "2026-11-20", 6.0, None, 3),
            (5, "2026-11-21", 6.0, None, 3),
        ),
    }  # fmt: skip
    body = """\
crosstab:
  each: stock_item
  label: {物资: item_name}
  sort: [-item_name]
  measures:
    was_in: {sum: stock_txn.qty_in, where: "txn_at < day"}
    was_out: {sum: stock_txn.qty_out, where: "txn_at < day"}
    now_in: {sum: qty_in, of: stock_txn, where: "txn_at = day"}
    now_out: {sum: stock_txn.qty_out, where: "txn_at = day"}
columns:
  上日: {expr: "was_in - was_out"}
  入: {measure: now_in}
  出: {measure: now_out}
  结存: {expr: "was_in - was_out + now_in - now_out", format: "0.0"}
  缺口: {expr: "greatest(safety_level - (was_in - was_out + now_in - now_out), 0)"}
"""
    table = make(body, golden=golden).table
    assert table.rows() == [
        ("消毒液", 0.0, 6.0, 0.0, "6.0", 0.0),
        ("测温枪", 0.0, 0.0, 0.0, "0.0", 0.0),
        ("口罩", 30.0, 10.0, 5.5, "34.5", 65.5),
    ]


def test_by_and_areas(make):
    golden = {
        **GOLDEN,
        "area": frame("entity_id name level", (1, "东社区", "社区"), (2, "西社区", "社区"), (3, "某街道", "街道")),
    }
    body = """\
crosstab:
  each: area
  label: {村居: name}
  where: "level = '社区'"
  sort: [name]
  measures: {total: {count: person}, back: {distinct: person, of: return_travel}}
columns: {人口: {measure: total}, 返乡: {measure: back}}
"""
    assert make(body, golden=golden).table.rows() == [("东社区", 4, 3), ("西社区", 0, 0)]
    by = """\
crosstab:
  each: dwelling
  by: {estate: estate}
  label: {小区: estate, 栋: building}
  sort: [building]
  measures: {total: {count: person}}
columns: {小区人口: {measure: total}}
"""
    assert make(by).table.rows() == [("锦绣园", "3", 4), ("锦绣园", "12", 4)]


CARD = """\
head: {日期: {param: day, format: "yyyy-MM-dd"}}
card: {each: household, one: sheet, name: "{building}-{unit}-{room}", where: "grid IS NOT NULL", sort: [household_id]}
cells:
  户主: {field: head.name}
  网格: {field: grid}
  网格员: {field: grid_staff}
  性别: {field: head.gender, tick: {"1": 男, "2": 女}}
  住址: {text: "{estate}{building}栋{unit}单元{room}室"}
repeat:
  members:
    over: person
    header: 8
    rows: 9-16
    sort: [relation_to_head, birth_date]
    columns:
      序号: {seq: rows}
      姓名: {field: name}
      年龄: {field: age}
      出生: {field: birth_date, format: "yyyyMMdd"}
      老人: {expr: "age >= 60", format: "是/否"}
  trips:
    over: return_travel
    header: 20
    rows: 21-22
    where: "return_date = day"
    sort: [origin_city]
    columns: {谁: {field: name}, 哪: {field: origin_city}}
"""


def test_cards(make):
    report = make(CARD)
    assert report.head == {"日期": "2026-11-20"}
    assert [(card.name, card.entity_id) for card in report.cards] == [("3-2-501", 1), ("12-101", 2)]
    first, second = report.cards
    assert first.cells == {
        "户主": "欧阳小明",
        "网格": "1号网格",
        "网格员": "甲",
        "性别": "☑男 ☐女",
        "住址": "锦绣园3栋2单元501室",
    }
    assert second.cells["性别"] == "☐男 ☐女"
    assert first.repeats["members"].rows() == [
        (1, "欧阳小明", 76, "19500101", "是"),
        (2, "李四", 46, "19800101", "否"),
        (3, "钱七", 66, "19601120", "是"),
    ]
    assert first.repeats["trips"].rows() == [("李四", "株洲市"), ("欧阳小明", "武汉市"), ("李四", "长沙市")]
    assert second.repeats["trips"].is_empty()
    assert second.repeats["trips"].columns == ["谁", "哪"]
    assert second.repeats["members"].get_column("序号").to_list() == [1]


def test_members_as_columns(make):
    body = """\
rows: {each: household, with: {m1: member 1, m2: member 2}, sort: [household_id]}
columns: {户号: {field: household_id}, 户主: {field: head.name}, 成员一: {field: m1.name}, 成员二: {field: m2.name}}
"""
    assert make(body).table.rows() == [
        ("H1", "欧阳小明", "李四", "钱七"),
        ("H2", "王五", None, None),
        ("H3", None, None, None),
    ]


def test_a_column_written_once_per_block(make):
    body = """\
rows: {each: person, sort: [name], block: {by: household, once: [户号]}}
columns: {户号: {field: household_id}, 姓名: {field: name}}
"""
    rows = make(body).table.rows()
    assert [row for row in rows if row[1] in {"李四", "欧阳小明", "钱七"}] == [
        ("H1", "李四"),
        (None, "欧阳小明"),
        (None, "钱七"),
    ]
    names = [row[1] for row in rows]
    assert names.index("钱七") - names.index("李四") == 2


def test_undeclared_columns_never_reach_the_instance(tmp_path, dataset):
    form = load(
        tmp_path,
        dataset,
        "rows: {each: person, sort: [name]}\ncolumns: {姓名: {field: name}, 户: {field: household_id}}\n",
    )
    held = instance.tables(GOLDEN, form, dataset)
    assert set(held["golden_person"].columns) == {"entity_id", "name", "household", "dwelling"}
    assert set(held["golden_household"].columns) == {"entity_id", "household_id", "dwelling", "head"}
    assert form.fields == {("person", "name"), ("household", "household_id")}
    assert set(held["golden_dwelling"].columns) == {"entity_id"}
    assert set(held) == {"golden_person", "golden_household", "golden_dwelling"}


def test_the_instance_is_locked(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n")
    hidden = pl.DataFrame({"a": [1]})
    with instance.instance({"t": pl.DataFrame({"a": [1]})}) as private:
        assert private.rows("SELECT a FROM t").item() == 1
        for query in (f"SELECT * FROM '{tmp_path}/x.csv'", "SELECT * FROM hidden", "SET threads = 1", "ATTACH 'x.db'"):
            with pytest.raises(ConfigError) as caught:
                private.rows(query)
            assert "x.csv" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None
    assert hidden.height == 1


def test_an_error_of_the_engine_quotes_no_value(make):
    body = 'rows: {each: person}\ncolumns: {x: {expr: "age * 999999999999999999 * 999999999999999999"}}\n'
    with pytest.raises(ConfigError) as caught:
        make(body)
    assert "999" not in str(caught.value)


def test_empty_golden(make):
    assert make(ROSTER, golden={}).table.is_empty()
    assert make(CROSSTAB, golden={}).table.is_empty()
    assert make(CROSSTAB, golden={}).totals[0]["人口"] == 0
    assert make(CARD, golden={}).cards == ()


def test_title(tmp_path, dataset):
    form = load(tmp_path, dataset, "rows: {each: person}\ncolumns: {姓名: {field: name}}\n")
    assert project.title(form, {}, day=DAY, schema=dataset) == "日报（11月20日）"


@pytest.mark.parametrize("reverse", [False, True])
def test_order_of_golden_rows_does_not_matter(make, reverse):
    golden = {name: rows.reverse() if reverse else rows for name, rows in GOLDEN.items()}
    for body in (ROSTER, CROSSTAB):
        assert make(body, golden=golden).table.equals(make(body).table)
    assert make(CARD, golden=golden).cards[0].repeats["members"].equals(make(CARD).cards[0].repeats["members"])


def test_split_by_a_field_gives_a_report_for_each_value(tmp_path, dataset):
    body = """\
head: {人数: {measure: n}}
split: {by: grid, into: sheet, name: "{grid}名册"}
rows: {each: person, sort: [grid, name], measures: {n: {count: person}}}
columns:
  序号: {seq: rows}
  姓名: {field: name}
"""
    form = load(tmp_path, dataset, body)
    made = project.reports(form, GOLDEN, params={}, day=DAY, schema=dataset)
    assert [(one.part, one.table.rows(), one.head["人数"]) for one in made] == [
        ("1号网格名册", [(1, "李四"), (2, "欧阳小明"), (3, "钱七")], 3),
        ("10号网格名册", [(1, "王五")], 1),
        ("未填", [(1, "赵六")], 1),
    ]
    nothing = {name: table.clear() for name, table in GOLDEN.items()}
    (one,) = project.reports(form, nothing, params={}, day=DAY, schema=dataset)
    assert (one.part, one.table.height) == ("", 0)
