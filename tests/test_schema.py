"""schema: the shipped dataset is whole and without contradictions; a wrong file is told everything at once."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneform import schema
from oneform.errors import ConfigError
from oneform.pipeline import load_schema

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "aliases.csv"
PAGE = ROOT / "docs" / "data-dictionary.md"


@pytest.fixture(scope="module")
def shipped() -> schema.Schema:
    return schema.load(ROOT / "schemas")


# -- header keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("姓名*", "姓名"),
        ("*姓名", "姓名"),
        ("姓 名", "姓名"),
        ("姓　名\n", "姓名"),
        ("姓名（必填）", "姓名"),
        ("姓名(*)", "姓名"),
        ("1.0/姓名", "姓名"),
        ("1、姓名", "姓名"),
        ("（2）姓名：", "姓名"),
        ("一、姓名", "姓名"),
        ("填报单位：____", "填报单位"),
        ("户口薄住址", "户口簿住址"),
        ("银行帐号", "银行账号"),
        ("其它联系方式", "其他联系方式"),
        ("家庭祥址", "家庭详址"),
        ("出生年月(yyyy-MM)", "出生年月"),
        ("出生日期（格式：1990-01-01）", "出生日期"),
        ("联系电话（如13800000000）", "联系电话"),
        ("联系方式(手机)", "联系方式(手机)"),
        ("核准救助金额【元】", "核准救助金额(元)"),
        ("入伍（工作）时间", "入伍(工作)时间"),
        ("性别（男：1，女：2）", "性别(男:1,女:2)"),
        ("ＩＤ", "id"),
        ("14.5天", "14.5天"),
        ("\ufeff姓\u200b名", "姓名"),
        ("*", ""),
    ],
)
def test_header_key(text, key):
    assert schema.header_key(text) == key


_HEADER_TOKENS = st.sampled_from(
    [
        "姓名",
        "联系方式",
        "帐号",
        "其它",
        "*",
        "（必填）",
        "(元)",
        "(",
        ")",
        "（",
        "1.",
        "1.0/",
        "2、",
        "一、",
        "：",
        "_",
        " ",
        "　",
        "\n",
        "yyyy-MM",
        "(格式",
        "ID",
        "，",
    ]
)


@given(st.lists(_HEADER_TOKENS, max_size=8).map("".join))
def test_header_key_is_idempotent(text):
    key = schema.header_key(text)

    assert schema.header_key(key) == key


# -- the shipped dataset -------------------------------------------------------------------------------------------

EVENTS = {
    *("return_travel", "isolation", "daily_check", "test", "contact_case", "vaccination", "status_window"),
    *("medical_need", "need", "service_contact", "visit", "pass", "handover", "trip", "volunteer_shift", "points"),
    *("list_member", "residence", "stock_txn", "target", "order"),
}
THINGS = {
    *("person", "household", "dwelling", "area", "grid", "organisation", "place", "assignment", "stock_item"),
    *("issue", "disinfection", "measure", "access_log", "donation"),
}


def test_entities(shipped):
    assert {name for name, entity in shipped.entities.items() if entity.event} == EVENTS
    assert {name for name, entity in shipped.entities.items() if not entity.event} == THINGS


def test_every_thing_has_a_key_and_every_event_says_when_two_rows_are_one(shipped):
    for entity in shipped.entities.values():
        assert entity.identify if entity.event is None else entity.once, entity.name
        assert entity.event is None or (entity.occurs and entity.once[0] == entity.event), entity.name


def test_canonical_names_and_aliases_of_the_corpus(shipped):
    if not CORPUS.exists():
        pytest.skip(f"no corpus at {CORPUS}")
    found = {
        (key, one.reported, alone)
        for key, entity, name, alone, denied in schema.aliases(shipped).iter_rows()
        for one in (
            [f for f in shipped.denied if f.name == name] if denied else [shipped.entities[entity].fields[name]]
        )
    }
    with CORPUS.open(encoding="utf-8-sig", newline="") as file:
        wanted = {
            (schema.header_key(row["alias"]), row["canonical"], row["alone"] == "yes") for row in csv.DictReader(file)
        }

    assert wanted - found == set()


def test_no_alone_alias_belongs_to_two_fields(shipped):
    alone = schema.aliases(shipped).filter("alone")

    assert [key for key, count in Counter(alone["key"]).items() if count > 1] == []


@pytest.mark.parametrize(
    "text", ["单位", "编号", "类型", "名称", "电话", "地址", "其他", "民政", "残联", "县", "市", "ID"]
)
def test_never_by_label_alone(shipped, text):
    found = schema.aliases(shipped).filter(key=schema.header_key(text))

    assert not found["alone"].any()


@pytest.mark.parametrize(
    ("text", "entity", "field"),
    [
        ("证件号", "person", "id_number"),
        ("与户主的关系", "person", "relation_to_head"),
        ("户主身份证号", "household", "head_id"),
        ("门牌号", "dwelling", "room"),
        ("工作/学习单位", "person", "employer"),
        ("离职时间", "person", "leave_work_date"),
        ("其他联系方式", "person", "phone_alt"),
        ("房主身份证号", "dwelling", "landlord_id"),
        ("来源地市", "return_travel", "origin_city"),
        ("成员三姓名", "household", "member_n_name"),
        ("服务时长（小时）", "volunteer_shift", "hours"),
        ("网格员", "grid", "grid_staff"),
    ],
)
def test_known_headers(shipped, text, entity, field):
    found = schema.aliases(shipped).filter("alone", key=schema.header_key(text))

    assert found.select("entity", "field").rows() == [(entity, field)]


def test_finer_fields_are_reported_under_the_broader_name(shipped):
    fields = shipped.entities["return_travel"].fields

    assert {name for name, one in fields.items() if one.reported == "origin"} == {
        *("origin", "origin_province", "origin_city", "origin_county", "origin_street", "origin_community")
    }


def test_people_households_and_dwellings_share_no_stored_name(shipped):
    names = Counter(one.name for name in ("person", "household", "dwelling") for one in shipped.stored(name))

    assert [name for name, count in names.items() if count > 1] == []


def test_what_is_not_stored(shipped):
    stored = {one.name for one in shipped.stored("person")}

    assert stored & {"age", "seq", "filler", "fill_date", "household", "dwelling"} == set()
    assert {one.name for one in shipped.stored("household")} & {"head", "member_n_name", "member_n_id"} == set()
    assert list(stored & {one.name for one in shipped.denied}) == []


def test_personal_settings(shipped):
    person = shipped.entities["person"].fields

    assert (person["phone"].keep_days, person["phone"].prefer, person["phone"].pii) == (180, "newest", "direct")
    assert person["gender"].derive == "gender_from_id(id_number)"
    assert person["birth_date"].check == {"range": ("1900-01-01", "today")}
    assert person["name"].check == {"length": (1, 50)}
    assert person["age"].virtual == "age_at(birth_date, day)"
    assert all(person[name].necessity for name in ("ethnicity", "political_status", "health_status"))
    assert shipped.entities["household"].fields["household_id"].fill_down
    assert shipped.entities["person"].rules[0].over == "household"
    assert shipped.entities["vaccination"].fields["vaccine_time"].check == {"range": ("2020-12-01", "today")}


def test_sources(shipped):
    trust = {name: source.trust for name, source in shipped.sources.items()}

    assert trust == {"operator": 100, "police": 80, "grid": 70, "health": 60, "property": 50, "self": 40, "other": 30}
    assert shipped.sources["grid"].fields["household"] == 90
    assert shipped.sources["health"].fields["vaccination"] == 95


@pytest.mark.parametrize(
    ("codes", "spelling", "code"),
    [
        ("gb2261_sex", "男", "1"),
        ("gb2261_sex", "2-女", "2"),
        ("gb2261_marital", "离异", "40"),
        ("gb3304_ethnic", "01-汉族", "01"),
        ("gb3304_ethnic", "汉", "01"),
        ("gb3304_ethnic", "德昴族", "46"),
        ("gb3304_ethnic", "基诺族", "56"),
        ("gb4658_education", "本科", "20"),
        ("gb4761_relation", "户主", "02"),
        ("gb4761_relation", "本人", "02"),
        ("gb4761_relation", "户主/本人", "02"),
        ("gb4761_relation", "子/婿", "20"),
        ("gb4761_relation", "女/媳", "30"),
        ("gb4761_relation", "父母/岳父母/公婆", "50"),
        ("gb4761_relation", "租户", "9A"),
        ("gb4762_political", "群众（普通居民）", "13"),
        ("ga517_id_type", "身份证", "111"),
        ("disability_kind", "视力", "61"),
        ("transport", "0铁路", "铁路"),
        ("residence_type", "1流动人口", "流动人口"),
        ("test_result", "阴", "阴性"),
        ("return_state", "已返", "0"),
    ],
)
def test_code_spellings(shipped, codes, spelling, code):
    assert shipped.codes[codes].spellings[spelling] == code


def test_code_lists_are_whole(shipped):
    assert [row.code for row in shipped.codes["gb2261_sex"].rows] == ["0", "1", "2", "9"]
    assert [row.code for row in shipped.codes["gb3304_ethnic"].rows] == [f"{n:02d}" for n in range(1, 57)]
    assert all(row.source for one in shipped.codes.values() for row in one.rows)
    used = {f.codes for entity in shipped.entities.values() for f in entity.fields.values() if f.codes}
    assert used == set(shipped.codes)


def test_data_dictionary_is_up_to_date(shipped):
    rewrite = (
        'python -c "from pathlib import Path; from oneform import schema, shipped; '
        "Path('docs/data-dictionary.md')"
        ".write_text(schema.dictionary(schema.load(shipped.folder('schemas'))), encoding='utf-8')\""
    )
    assert PAGE.read_text(encoding="utf-8") == schema.dictionary(shipped), f"rewrite it with: {rewrite}"


# -- tables --------------------------------------------------------------------------------------------------------


def test_tables_of_the_shipped_dataset_are_created(shipped):
    with duckdb.connect() as connection:
        for statement in schema.ddl(shipped):
            connection.execute(statement)
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
        ).fetchall()

    tables = {table for table, _, _ in columns}
    assert tables == {f"{kind}_{name}" for name in shipped.entities for kind in ("source", "golden")}
    golden = {(table, name): dtype for table, name, dtype in columns if table.startswith("golden_")}
    assert golden["golden_vaccination", "person"] == golden["golden_person", "household"] == "BIGINT"
    assert golden["golden_household", "head"] == golden["golden_household", "dwelling"] == "BIGINT"
    assert golden["golden_person", "prov"] == "BIGINT[]"


def test_ddl(tmp_path):
    _write(tmp_path, "thing.yaml", THING)

    assert schema.ddl(schema.load(tmp_path)) == [
        'CREATE TABLE "source_thing" ("rec_id" BIGINT, "import_id" BIGINT, "sheet" VARCHAR, "row" INTEGER, '
        '"order" VARCHAR, "no" VARCHAR, "no__seen" VARCHAR, "no__state" VARCHAR, "size" DOUBLE, "count" BIGINT, '
        '"good" BOOLEAN, "held" VARCHAR, "raw" VARCHAR, "extras" VARCHAR)',
        'CREATE TABLE "golden_thing" ("entity_id" BIGINT, "order" VARCHAR, "no" VARCHAR, "size" DOUBLE, "count" '
        'BIGINT, "good" BOOLEAN, "of" BIGINT, "prov" BIGINT[])',
    ]


# -- faults --------------------------------------------------------------------------------------------------------

THING = """\
oneform: schema/1
entity: thing
label: {zh: 物, en: Thing}
identify: [[order]]
fields:
  order: {kind: text, label: {zh: 次序, en: Order}}
  no: {kind: resident_id, label: {zh: 号码, en: No}}
  size: {kind: decimal, label: {zh: 大小, en: Size}}
  count: {kind: integer, label: {zh: 个数, en: Count}}
  good: {kind: boolean, label: {zh: 好坏, en: Good}}
  double: {kind: integer, label: {zh: 加倍, en: Double}, virtual: count * 2}
  seq: {kind: text, label: {zh: 序号, en: Row}, output_only: yes}
  of: {kind: ref, to: thing, label: {zh: 属于, en: Of}}
"""


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        schema.load(folder)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("identify:", "identfy:", "thing.yaml:4:1 OF501 不认识“identfy”，是否指「identify」？"),
        ("fields:", "fileds:", "thing.yaml:1:1 OF502 缺少「fields」。"),
        ("[[order]]", "[[oder]]", "thing.yaml:4:13 OF503 没有字段 oder，是否指「order」？"),
        ("schema/1", "schema/2", "thing.yaml:1:10 OF504 第一行应是 oneform: schema/1。"),
        ("entity: thing", "entity: things", "thing.yaml:2:9 OF504 entity 应与文件名相同：thing。"),
        ("kind: decimal", "kind: decimals", "thing.yaml:8:16 OF504 “decimals”不是字段种类，可能想写「decimal」。"),
        ("{kind: decimal, ", "{", "thing.yaml:8:9 OF502 缺少「kind」。"),
        ("kind: decimal", "kind: code", "thing.yaml:8:9 OF502 缺少「codes」。"),
        ("{kind: decimal,", "{kind: decimal, codes: x,", "thing.yaml:8:32 OF504 codes 只用于 code 字段。"),
        (
            "{kind: decimal,",
            "{kind: decimal, pii: directt,",
            "thing.yaml:8:30 OF504 “directt”不是pii 的值，可能想写「direct」。",
        ),
        (
            "{kind: decimal,",
            "{kind: decimal, ask: allways,",
            "thing.yaml:8:30 OF504 “allways”不是ask 的值，可能想写「always」。",
        ),
        ("{kind: decimal,", "{kind: decimal, alias: x,", "thing.yaml:8:25 OF501 不认识“alias”，是否指「aliases」？"),
        ("{kind: decimal,", "{kind: decimal, keep: 180,", "thing.yaml:8:31 OF504 天数要写成 180d 这样。"),
        ("{kind: decimal,", "{kind: decimal, aliases: 尺寸,", "thing.yaml:8:34 OF504 这里要写成 [甲, 乙] 这样的列表。"),
        (
            "{kind: decimal,",
            "{kind: decimal, note: {n},",
            "thing.yaml:8:31 OF504 这里要写文字；含 { } 或 [ ] 的文字请加引号。",
        ),
        (
            "{kind: decimal,",
            "{kind: decimal, check: {range: [a, 1]},",
            "OF504 range 要写成 [最小, 最大]，并与字段种类 decimal 相符。",
        ),
        (
            "{kind: decimal,",
            "{kind: decimal, derive: sum(count),",
            "OF504 derive 只能写 gender_from_id(字段)、birth_from_id(字段)。",
        ),
        ("{kind: decimal,", "{kind: decimal, derive: birth_from_id(noo),", "OF503 没有字段 noo，是否指「no」？"),
        ("  size:", "  Größe:", "thing.yaml:8:3 OF510 名称「Größe」含有不允许的字符。"),
        ("  size:", "  prov:", "thing.yaml:8:3 OF504 prov 是系统用名，请换一个字段名。"),
        ("zh: 大小", "zh: 次序*", "thing.yaml:8:3 OF504 列名「次序*」已经属于 thing.order，请改列入 context。"),
        ("to: thing", "to: think", "OF504 “think”不是实体，可能想写「thing」。"),
    ],
)
def test_faults_name_place_and_remedy(tmp_path, old, new, fault):
    _write(tmp_path, "thing.yaml", THING.replace(old, new, 1))

    assert any(line.endswith(fault) for line in _faults(tmp_path)), _faults(tmp_path)


def test_every_fault_of_every_file_at_once(tmp_path):
    _write(tmp_path, "a.yaml", "a: &x 1\n")
    _write(tmp_path, "b.yaml", THING.replace("thing", "b").replace("kind: text", "kind: txt", 1))
    _write(tmp_path, "sources.yaml", "oneform: sources/1\ngrid: {trust: 101, fields: {sise: 1}}\n")
    _write(tmp_path, "codes/c.csv", "code,zh,en,aliases,source\n1,男,Male,,s\n1,女,Female,男,s\n")

    assert [line.split(" ")[:2] for line in _faults(tmp_path)] == [
        ["a.yaml:1:4", "OF509"],
        ["b.yaml:6:17", "OF504"],
        ["codes/c.csv:3:1", "OF504"],
        ["codes/c.csv:3:1", "OF504"],
        ["sources.yaml:2:15", "OF504"],
        ["sources.yaml:2:29", "OF503"],
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [("religion", "信"), ("faith", "宗教信仰"), ("faith", "血型*"), ("grade", "人员风险等级"), ("face", "人脸照片")],
)
def test_denied_fields_are_refused_by_name_and_label(tmp_path, name, label):
    text = THING.replace("size:", f"{name}:").replace("大小", label)
    _write(tmp_path, "thing.yaml", text)
    _write(tmp_path, "denied.yaml", (ROOT / "schemas" / "denied.yaml").read_text(encoding="utf-8"))

    (line,) = _faults(tmp_path)
    assert line.startswith("thing.yaml:8:3 OF504 「")
    assert "不得保存" in line


def test_denied_headers_are_recognised(shipped):
    found = schema.aliases(shipped).filter(key=schema.header_key("宗教信仰"))

    assert found.rows() == [("宗教信仰", "", "religion", True, True)]


def test_a_workspace_file_replaces_the_shipped_one_whole(tmp_path, shipped):
    _write(tmp_path, "sources.yaml", "oneform: sources/1\ngrid: {zh: 本社区网格员, trust: 75}\n")
    _write(tmp_path, "codes/health_code.csv", "code,zh,en,aliases,source\n绿码,绿码,Green,绿,本地\n")
    _write(tmp_path, "garden.yaml", THING.replace("thing", "garden").replace("序号", "花号").replace("次序", "花序"))

    own = schema.load(ROOT / "schemas", tmp_path)

    assert {name: source.trust for name, source in own.sources.items()} == {"grid": 75}
    assert list(own.codes["health_code"].labels) == ["绿码"]
    assert set(own.entities) == {*shipped.entities, "garden"}


def test_code_file_must_be_utf8_and_have_its_header(tmp_path):
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "a.csv").write_bytes("code,zh\n1,男\n".encode("gb18030"))
    _write(tmp_path, "codes/b.csv", "code,zh\n1,男\n")

    assert [line.split(" ")[:2] for line in _faults(tmp_path)] == [
        ["codes/a.csv", "OF508"],
        ["codes/b.csv:1:1", "OF504"],
    ]


def test_a_workspace_says_itself_who_is_believed(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(
        "oneform: sources/1\noperator: {trust: 100}\ngrid: {zh: 本社区网格员, trust: 77}\nother: {zh: 其他, trust: 1}\n",
        encoding="utf-8",
    )
    sources = load_schema(tmp_path).sources
    assert {name: source.trust for name, source in sources.items()} == {"operator": 100, "grid": 77, "other": 1}
