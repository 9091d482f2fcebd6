"""Loading mappings: what the language can say, and what is refused with its place."""

# ruff: noqa: E501 - tables of cases read across

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from oneform import mapping, project, schema, shipped
from oneform.errors import ConfigError, OneformError, PolicyError
from oneform.mapping.model import Card, Crosstab, Rows

HEAD = """\
oneform: mapping/1
form: f
title: 表
department: 居委
purpose: 测试
legal_basis: {item: statutory_duty, cite: 测试}
recipient: 街道
retention: 30d
template: {file: t.xlsx, sheet: 表, header: 3-4, rows: 5}
"""
LINES = HEAD.count("\n")

RETURNEES = """\
oneform: mapping/1
form: returnees
title: 返乡人员登记表
department: 疫情防控办
purpose: 返乡人员健康管理
legal_basis: {item: public_health_emergency, cite: 传染病防治法}
recipient: 区疫情防控办
retention: 30d
params: {day: date, community: area}
template: {file: returnees.xlsx, sheet: 登记表, header: 3-4, rows: 5-5, grow: insert, stop: [合计, 填表人]}
necessity: {dose_no: 判断是否需要补种}
head:
  填报单位: {param: community}
  填报日期: {param: day, format: "yyyy年M月d日"}
rows:
  each: person
  with: {trip: latest return_travel, dose: latest vaccination}
  where: "trip.return_date >= day - INTERVAL 14 DAY"
  sort: [grid, building, household_id, relation_to_head]
  block: {by: household, merge: [户号, 家庭住址]}
columns:
  序号:              {seq: rows}
  户号:              {field: household_id}
  家庭住址:          {text: "{estate}{building}栋{unit}单元{room}室", import: skip}
  个人信息/姓名:      {field: name}
  个人信息/证件号码:  {field: id_number, mask: "id:1+2", when: {audience: public}}
  个人信息/性别:      {field: gender, codes: {"1": 男, "2": 女}}
  个人信息/与户主关系: {field: relation_to_head, codes: gb4761_relation.zh}
  个人信息/年龄:      {field: age}
  返乡情况/返乡时间:  {field: trip.return_date, format: "yyyy.M.d", accept: ["yyyy-MM-dd", "yyyy年M月d日"]}
  返乡情况/来源地:    {field: trip.origin, empty: 无}
  返乡情况/是否满14天: {expr: "CASE WHEN date_diff('day', trip.return_date, day) >= 14 THEN '是' ELSE '否' END"}
  接种针次:          {field: dose.dose_no, empty: 0针, suffix: 针}
  联系电话:          {field: phone, import: fill_only}
"""

DAILY = """\
oneform: mapping/1
form: daily
title: "疫情防控日报（{day:M月d日}）"
department: 疫情防控办
purpose: 日报
legal_basis: {item: public_health_emergency, cite: 传染病防治法}
recipient: 区疫情防控办
retention: 30d
template: {file: daily.xlsx, sheet: 日报, header: 3-4, rows: 5-5}
necessity: {dose_no: 接种率, isolation_start: 在管人数, isolation_end: 在管人数}
crosstab:
  each: grid
  label: {网格: name, 网格员: grid_staff}
  with: {doses: max vaccination.dose_no}
  measures:
    total:   {count: person}
    aged60:  {count: person, where: "age >= 60"}
    aged_ok: {count: person, where: "age >= 60 AND doses >= 2"}
    newback: {count: return_travel, where: "return_date = day"}
    iso_now: {distinct: person, of: isolation, where: "isolation_start <= day AND coalesce(isolation_end, day) >= day"}
columns:
  常住人口:        {measure: total}
  60岁以上/人数:   {measure: aged60}
  60岁以上/已接种: {measure: aged_ok}
  60岁以上/接种率: {ratio: [aged_ok, aged60], format: "0.0%", zero: "—"}
  当日新返回:      {measure: newback}
  在管隔离:        {measure: iso_now}
totals:
  - {label: 合计, over: all, write: formula}
checks:
  - {expr: "aged_ok <= aged60", zh: 已接种数不能大于60岁以上人数}
  - {compare: last_delivery, measure: total, max_change: 5%, level: warn, zh: 常住人口较上次变化超过5%}
"""

HOUSEHOLD_CARD = """\
oneform: mapping/1
form: household_card
title: 一户一档
department: 居委
purpose: 台账
legal_basis: {item: statutory_duty, cite: 城市居民委员会组织法}
recipient: 居委
retention: 长期
template: {file: card.xlsx, sheet: 登记卡}
card: {each: household, one: sheet, name: "{building}-{unit}-{room}", where: "grid = '0301'", sort: [building, unit, room]}
cells:
  户主姓名:   {at: C3, field: head.name}
  住房性质:   {at: C4, field: house_own, tick: {"1": 自有, "2": 租住, "3": 单位}}
  现住地址:   {at: C5, text: "{estate}{building}栋{unit}单元{room}室", import: skip}
repeat:
  members:
    over: person
    header: 8
    rows: 9-16
    sort: [relation_to_head, birth_date]
    overflow: new_sheet
    columns:
      姓名:         {field: name}
      与户主关系:   {field: relation_to_head, codes: gb4761_relation.zh}
      公民身份号码: {field: id_number}
      出生日期:     {field: birth_date, format: "yyyyMMdd"}
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> schema.Schema:
    """The shipped schema with the numbered list of house_own that the card is written for."""
    own = tmp_path_factory.mktemp("schemas")
    (own / "codes").mkdir()
    rows = "\n".join(f"{code},{zh},x,,测试" for code, zh in (("1", "自有"), ("2", "租住"), ("3", "单位")))
    (own / "codes" / "house_own.csv").write_text(f"code,zh,en,aliases,source\n{rows}\n", encoding="utf-8")
    return schema.load(shipped.folder("schemas"), own)


def load(tmp_path: Path, dataset: schema.Schema, text: str, name: str = "f.yaml") -> mapping.Mapping:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return mapping.load(path, dataset, base=lambda form: tmp_path / f"{form}.yaml")


def refused(tmp_path: Path, dataset: schema.Schema, text: str) -> OneformError:
    with pytest.raises((ConfigError, PolicyError)) as caught:
        load(tmp_path, dataset, text)
    return caught.value


def test_a_roster(tmp_path, dataset):
    form = load(tmp_path, dataset, RETURNEES)
    assert isinstance(form.shape, Rows)
    assert form.shape.block.merge == ("户号", "家庭住址")
    assert form.template.header == (3, 4)
    assert form.template.file == tmp_path / "returnees.xlsx"
    assert [param.name for param in form.params] == ["day", "community", "audience"]
    columns = {column.path: column for column in form.columns}
    assert {path for path, column in columns.items() if column.reversible} == {
        *("户号", "个人信息/姓名", "个人信息/性别", "个人信息/与户主关系"),
        *("返乡情况/返乡时间", "返乡情况/来源地", "接种针次", "联系电话"),
    }
    assert columns["个人信息/年龄"].importing == "skip"
    assert columns["联系电话"].importing == "fill_only"
    assert columns["个人信息/姓名"].kind == "name"
    assert (columns["返乡情况/返乡时间"].entity, columns["返乡情况/返乡时间"].field) == ("return_travel", "return_date")
    assert columns["返乡情况/是否满14天"].kind == "text"
    assert ("person", "id_number") in form.fields
    assert ("person", "ethnicity") not in form.fields


def test_what_can_be_read_back(tmp_path, dataset):
    body = """\
rows: {each: person, with: {n: max vaccination.dose_no, c: count visit, t: first test, m: member 1}}
necessity: {dose_no: 甲, test_result: 甲}
columns:
  甲1: {field: name, codes: {a: x, b: y}}
  甲2: {field: birth_date, format: yyyyMMdd}
  甲3: {field: birth_date, format: "yyyy年M月d日"}
  甲4: {field: t.test_result}
  甲5: {field: estate, prefix: 小区}
  甲6: {field: is_out, format: 有/无}
  甲7: {field: gender, codes: gb2261_sex.code-zh}
  乙1: {field: name, codes: {a: x, b: x}}
  乙2: {field: birth_date, format: yyyyMd}
  乙3: {field: birth_date, format: yyyy-MM}
  乙4: {field: n}
  乙5: {field: c}
  乙6: {field: head.name}
  乙7: {field: m.name}
  乙8: {field: age}
  乙9: {field: income, format: "0.0"}
"""
    form = load(tmp_path, dataset, HEAD + body.replace("necessity: {", "necessity: {income: 甲, "))
    assert [one.path for one in form.columns if one.reversible] == [f"甲{n}" for n in range(1, 8)]
    assert all(one.importing == "skip" for one in form.columns if one.path in {"乙4", "乙5", "乙6", "乙7", "乙8"})


def test_a_crosstab(tmp_path, dataset):
    form = load(tmp_path, dataset, DAILY)
    assert isinstance(form.shape, Crosstab)
    assert form.shape.measures["newback"].how == "count"
    assert (form.shape.measures["iso_now"].of, form.shape.measures["iso_now"].distinct) == ("isolation", "person")
    assert [column.path for column in form.columns][:3] == ["网格", "网格员", "常住人口"]
    assert {column.path: column.total for column in form.columns}["60岁以上/接种率"] == "ratio"
    assert form.checks[0].expression.names == {"aged_ok", "aged60"}
    assert form.checks[1].max_change == "5%"


def test_a_card(tmp_path, dataset):
    form = load(tmp_path, dataset, HOUSEHOLD_CARD)
    assert isinstance(form.shape, Card)
    assert form.shape.repeats[0].rows == (9, 16)
    assert form.shape.cells[0].at == "C3"
    assert form.shape.cells[1].tick == {"1": "自有", "2": "租住", "3": "单位"}


def test_shipped_mappings_load_and_project_an_empty_store():
    shipped_schema = schema.load(shipped.folder("schemas"))
    forms = mapping.load_all([shipped.folder("mappings")], shipped_schema)
    assert len(forms) >= 10
    for form in forms.values():
        wanted = {param.name: "2026-11-30" for param in form.params if param.kind == "date" and param.name != "day"}
        (report,) = project.reports(form, {}, params=wanted, day=dt.date(2026, 11, 20), schema=shipped_schema)
        assert report.table.is_empty()


ROWS = "rows: {each: person}\n"
ID_PAIR = ROWS + 'columns:\n  证: {field: id_number, mask: "id:6+4"}\n'

# what is written after HEAD → code, line and column of the fault, a word of the sentence
REFUSED = [
    ("colums: {}\n" + ROWS + "columns: {名: {field: name}}\n", "OF501", 1, 1, "columns"),
    (ROWS + "columns:\n  名: {feild: name}\n", "OF501", 3, 7, "field"),
    (ROWS + "columns:\n  序号: {sequ: rows}\n", "OF501", 3, 8, "seq"),
    (ROWS + "columns:\n  名: {field: nmae}\n", "OF503", 3, 14, "name"),
    (ROWS + "columns:\n  名: {expr: 'length(nmae)'}\n", "OF503", 3, 13, "第8列"),
    (ROWS + 'columns:\n  名: {text: "{nmae}室"}\n', "OF503", 3, 13, "name"),
    (ROWS + 'columns:\n  名: {text: "{name"}\n', "OF504", 3, 13, "花括号"),
    (ROWS + "columns:\n  名: {text: {n}}\n", "OF504", 3, 13, "加引号"),
    (ROWS + "columns:\n  名: {field: name, text: x}\n", "OF504", 3, 6, "只写一种来源"),
    (ROWS + "columns:\n  名: {empty: x}\n", "OF504", 3, 6, "来源"),
    (ROWS + "columns:\n  名: name\n", "OF504", 3, 6, "field"),
    (ROWS + "columns:\n  名: {field: name, format: 5}\n", "OF504", 3, 28, "可写"),
    (ROWS + "columns:\n  日: {field: birth_date, format: abc}\n", "OF504", 3, 34, "yyyy"),
    (ROWS + "columns:\n  日: {field: age, format: yyyy}\n", "OF504", 3, 27, "0.0"),
    (ROWS + "columns:\n  性: {field: gender, codes: {'7': 男}}\n", "OF504", 3, 30, "7"),
    (ROWS + "columns:\n  性: {field: gender, codes: gb2261_sexx.zh}\n", "OF503", 3, 29, "gb2261_sex"),
    (ROWS + "columns:\n  名: {field: name, mask: 'id:9+9'}\n", "OF504", 3, 26, "id:1+2"),
    (ROWS + "columns:\n  名: {field: name, import: maybe}\n", "OF504", 3, 28, "fill_only"),
    (ROWS + "columns:\n  名: {field: name, when: {audeince: public}}\n", "OF503", 3, 27, "audience"),
    (ROWS + "columns:\n  序: {seq: row}\n", "OF504", 3, 12, "rows"),
    (ROWS + "columns:\n  民: {field: religion}\n", "OF801", 3, 14, "宗教信仰"),
    (ROWS + "columns:\n  民: {expr: \"coalesce(religion, '')\"}\n", "OF801", 3, 13, "宗教信仰"),
    (ROWS + "columns:\n  民: {field: ethnicity}\n", "OF801", 3, 14, "necessity"),
    ("rows: {each: person, where: \"political_status = '01'\"}\ncolumns:\n  名: {field: name}\n", "OF801", 1, 29, "necessity"),
    ("rows: {each: persn}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 14, "person"),
    ("rows: {each: person, where: name}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 29, "条件"),
    ("rows: {each: person, where: '1 = 1; x'}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 29, "第6列"),
    ("rows: {each: person, with: {n: {of: count visit, where: visit_kin = '排查'}}}\ncolumns:\n  数: {field: n}\n", "OF503", 1, 57, "visit_kind"),
    ("rows: {each: person, with: {n: {where: visit_kind = '排查'}}}\ncolumns:\n  名: {field: name}\n", "OF502", 1, 32, "of"),
    ("rows: {each: organisation}\ncolumns:\n  率: {ratio: [returned, org_name]}\n", "OF504", 3, 25, "不是数字"),
    ("rows: {each: person, with: {trip: last return_travel}}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 35, "latest"),
    ("rows: {each: person, with: {trip: latest retrn_travel}}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 35, "return_travel"),
    ("rows: {each: person, with: {t: latest stock_txn}}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 29, "stock_txn"),
    ("rows: {each: person, with: {t: max vaccination.dose}}\ncolumns:\n  名: {field: name}\n", "OF503", 1, 32, "dose_no"),
    ("rows: {each: person, with: {grid: latest test}}\ncolumns:\n  名: {field: name}\n", "OF504", 1, 29, "grid"),
    ("rows: {each: person, sort: [nmae]}\ncolumns:\n  名: {field: name}\n", "OF503", 1, 29, "name"),
    ("rows: {each: person, block: {by: house}}\ncolumns:\n  名: {field: name}\n", "OF503", 1, 34, "house"),
    ("rows: {each: person, block: {by: household, merge: [户]}}\ncolumns:\n  名: {field: name}\n", "OF503", 1, 53, "户"),
    (ROWS + "crosstab: {each: grid}\ncolumns: {}\n", "OF504", None, None, "只写一种"),
    (ROWS, "OF502", None, None, "columns"),
    ("crosstab: {each: grid, measures: {a: {count: stock_txn}}}\ncolumns: {x: {measure: a}}\n", "OF504", 1, 38, "by"),
    ("crosstab: {each: grid, measures: {a: {count: person}}}\ncolumns: {x: {measure: b}}\n", "OF503", 2, 24, "b"),
    ("crosstab: {each: grid, measures: {a: {cout: person}}}\ncolumns: {x: {measure: a}}\n", "OF501", 1, 39, "count"),
    ("crosstab: {each: grid, measures: {a: {sum: person.name}}}\ncolumns: {x: {measure: a}}\n", "OF504", 1, 44, "数字"),
    ("crosstab: {each: grid, measures: {a: {count: person}}}\ncolumns: {x: {ratio: [a]}}\n", "OF504", 2, 22, "两个"),
    ("crosstab: {each: grid, label: {x: name}, measures: {a: {count: person}}}\ncolumns: {x: {measure: a}}\n", "OF506", 2, 14, "x"),
    (ROWS + "columns: {名: {field: name}}\nchecks: [{expr: length(name) > 1}]\n", "OF502", 3, 10, "zh"),
    (ROWS + "columns: {名: {field: name}}\nchecks: [{zh: x}]\n", "OF504", 3, 10, "expr"),
    (ROWS + "columns: {名: {field: name}}\nparams: {Day: date}\n", "OF504", 3, 10, "参数名"),
    (ROWS + "columns: {名: {field: name}}\nsource: gird\n", "OF504", 3, 9, "grid"),
    (ROWS + "columns: {名: {field: name}}\nnecessity: {nmae: x}\n", "OF503", 3, 13, "name"),
    (ROWS + "columns: {名: {field: name}}\nhead: {a: {at: C3, const: x}, b: {at: C3, const: y}}\n", "OF506", 3, 34, "C3"),
    (ROWS + "columns: {名: {field: name}}\nhead: {a: {field: name}}\n", "OF503", 3, 19, "name"),
    (ID_PAIR + "  生: {field: birth_date}\n", "OF505", 3, 6, "id:6+4"),
    (ID_PAIR + "  生: {text: '生于{birth_date}'}\n", "OF505", 3, 6, "生"),
    (ID_PAIR + "  生: {expr: 'substr(id_number, 7, 8)'}\n", "OF505", 3, 6, "生"),
    (ID_PAIR.replace("6+4", "3+4") + "  生: {expr: \"strftime(birth_date, '%m%d')\"}\n", "OF505", 3, 6, "id:3+4"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "line", "column", "says"), REFUSED)
def test_refused_with_its_place(tmp_path, dataset, body, code, line, column, says):
    faults = refused(tmp_path, dataset, HEAD + body).faults
    fault = next((fault for fault in faults if fault.code == code), None)
    assert fault is not None, [str(one) for one in faults]
    assert says in fault.zh
    if line is not None:
        place = fault.where.split(":")
        assert place[0] == "f.yaml"
        assert int(place[1]) == LINES + line
        if column is not None:
            assert int(place[2]) == column


@pytest.mark.parametrize("column", ["{field: age}", "{expr: 'age >= 60', format: 是/否}", "{field: contact_phone}"])
def test_an_age_does_not_complete_a_masked_id(tmp_path, dataset, column):
    load(tmp_path, dataset, HEAD + ID_PAIR + f"  岁: {column}\n")
    load(tmp_path, dataset, HEAD + ID_PAIR.replace("6+4", "1+2") + "  生: {field: birth_date}\n")


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("purpose", "用途"),
        ("legal_basis", "法律依据"),
        ("recipient", "接收单位"),
        ("retention", "保存期限"),
        ("form", "表代号"),
    ],
)
def test_what_every_form_must_state(tmp_path, dataset, key, label):
    lines = [line for line in RETURNEES.splitlines() if not line.startswith(f"{key}:")]
    error = refused(tmp_path, dataset, "\n".join(lines))
    assert [(fault.code, label in fault.zh) for fault in error.faults] == [("OF502", True)]


def test_every_fault_of_every_file_at_once(tmp_path, dataset):
    body = HEAD + "rows: {each: person, sort: [nmae]}\ncolumns: {a: {field: nam}, b: {feld: name}}\n"
    (tmp_path / "甲").mkdir()
    (tmp_path / "甲" / "a.yaml").write_text(body.replace("form: f", "form: a"), encoding="utf-8")
    (tmp_path / "甲" / "b.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "甲" / "c.yaml").write_text(RETURNEES.replace("fill_only", "fil_only"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        mapping.load_all([tmp_path], dataset)
    assert sorted({fault.where.split(":")[0] for fault in caught.value.faults}) == ["a.yaml", "b.yaml", "c.yaml"]
    assert len(caught.value.faults) >= 5


def test_policy_alone_is_a_policy_error(tmp_path, dataset):
    body = ROWS + "columns: {民: {field: ethnicity}}\n"
    assert refused(tmp_path, dataset, HEAD + body).exit_code == 8
    assert load(tmp_path, dataset, HEAD + body + "necessity: {ethnicity: 法定登记项}\n").necessity
    empty = refused(tmp_path, dataset, HEAD + body + "necessity: {ethnicity: ''}\n")
    assert {fault.code for fault in empty.faults} == {"OF502", "OF801"}


def test_a_later_folder_replaces_a_file_whole(tmp_path, dataset):
    for folder, title in (("one", "旧"), ("two", "新")):
        (tmp_path / folder / "x").mkdir(parents=True)
        text = RETURNEES.replace("返乡人员登记表", title)
        (tmp_path / folder / "x" / "r.yaml").write_text(text, encoding="utf-8")
    forms = mapping.load_all([tmp_path / "one", tmp_path / "two"], dataset)
    assert forms["returnees"].title == "新"
    (tmp_path / "two" / "x" / "s.yaml").write_text(RETURNEES, encoding="utf-8")
    with pytest.raises(ConfigError, match="OF506"):
        mapping.load_all([tmp_path / "one", tmp_path / "two"], dataset)


def test_extends(tmp_path, dataset):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "r.yaml").write_text(RETURNEES, encoding="utf-8")
    more = """\
oneform: mapping/1
form: short
extends: returnees
title: 简表
rows: {each: person, where: "trip.return_date = day"}
columns:
  联系电话: drop
  接种针次: {const: 无}
  备注: {field: remark}
"""
    (tmp_path / "b" / "s.yaml").write_text(more, encoding="utf-8")
    form = mapping.load_all([tmp_path / "a", tmp_path / "b"], dataset)["short"]
    assert (form.title, form.department, form.extends) == ("简表", "疫情防控办", "returnees")
    assert [column.path for column in form.columns][-2:] == ["接种针次", "备注"]
    assert form.columns[-2].source == "const"
    assert form.template.file == tmp_path / "a" / "returnees.xlsx"
    assert [one.alias for one in form.shape.withs] == ["trip", "dose"]
    base = mapping.load_all([tmp_path / "a"], dataset)["returnees"]
    assert base.sha256 != form.sha256


def test_extends_in_a_circle_or_of_nothing(tmp_path, dataset):
    for form, base in (("a", "b"), ("b", "a"), ("c", "nothing")):
        text = f"oneform: mapping/1\nform: {form}\nextends: {base}\n"
        (tmp_path / f"{form}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        mapping.load_all([tmp_path], dataset)
    assert {fault.code for fault in caught.value.faults} == {"OF507"}
    for chain in ("a → b → a", "b → a → b", "c → nothing"):
        assert chain in str(caught.value)


@pytest.mark.parametrize("file", ["../x.xlsx", "/etc/x.xlsx", "a\\b.xlsx", ".hidden"])
def test_a_template_lies_beside_its_mapping(tmp_path, dataset, file):
    text = (HEAD + ROWS + "columns: {名: {field: name}}\n").replace("t.xlsx", f"'{file}'")
    assert "映射文件旁边" in str(refused(tmp_path, dataset, text))


@pytest.mark.parametrize(
    "value", ["no", "01", "0755", "1:30", "12:30:00", "2026-01-01", "__import__('os')", "${x}", "null"]
)
def test_values_stay_the_text_that_was_typed(tmp_path, dataset, value):
    text = HEAD + ROWS + f"columns: {{名: {{const: {value}}}, 姓: {{field: name, empty: {value}}}}}\n"
    if "{" in value:
        text = text.replace(value, f'"{value}"')
    form = load(tmp_path, dataset, text)
    assert [form.columns[0].value, form.columns[1].empty] == [value, value]


def test_a_field_hides_a_parameter_of_its_name(tmp_path, dataset):
    body = "params: {community: area}\nrows: {each: person, where: community = param.community}\ncolumns: {名: {field: name}}\n"
    form = load(tmp_path, dataset, HEAD + body)
    assert form.shape.where.names == {"community", "param.community"}
    assert ("person", "community") in form.fields
