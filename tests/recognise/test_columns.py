"""Recognise, columns: what binds silently, what is only suggested, and the header pairs that must never be confused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import sheets

from oneform import recognise
from oneform.frames import Column, Table
from oneform.pipeline import load_schema
from oneform.read import worker
from oneform.recognise import words
from oneform.recognise.bind import AUTOMATIC, bind
from oneform.recognise.dictionary import dictionary, header
from oneform.schema import Schema

SCHEMA = load_schema()  # properties take no fixtures


def bound(schema: Schema, *paths: str, title: str = "") -> dict[str, str | None]:
    """Header → the field it binds to, by header alone; a path is written `组/列`."""
    split = {i: header(tuple(path.split("/"))) for i, path in enumerate(paths, 1)}
    _, columns, _ = bind("", title, split, {}, dictionary(schema))
    return dict(zip(paths, (column.field for column in columns), strict=True))


def table(schema: Schema, folder: Path, text: str) -> Table:
    path = sheets.workbook(folder / "a.xlsx", text)
    (found,) = recognise.tables(worker.parse(path.read_bytes(), path.name), schema)
    return found


def column(found: Table, name: str) -> Column:
    return next(c for c in found.columns if c.header == name)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("姓名", "name"),
        ("姓　名*", "name"),
        ("联系\n电话", "phone"),
        ("联系电话（必填）", "phone"),
        ("身份证号码", "id_number"),
        ("公民身份号码", "id_number"),
        ("户口薄住址", "hukou_address"),
        ("出生年月(yyyy-MM)", "birth_date"),
        ("性别（男：1，女：2）", "gender"),
        ("1.0/性别", "gender"),
        ("联系方式(手机)", "phone"),
        ("居民姓名", "name"),
        ("被采集人姓名", "name"),
        ("本人手机号码", "phone"),
        ("户籍住址", "hukou_address"),
        ("现居住详细地址", "current_address"),
        ("婚姻情况", "marital"),
        ("户主公民身份证号码", "head_id"),
    ],
)
def test_spellings_that_bind(schema: Schema, text: str, field: str) -> None:
    assert bound(schema, "姓名" if field != "name" else "备注", text)[text] == field


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("离职时间", "join_work_date"),
        ("其他联系方式", "phone"),
        ("工作单位电话", "employer"),
        ("工作单位性质", "employer"),
        ("工作单位地址", "employer"),
        ("户主姓名", "name"),
        ("房主身份证号", "id_number"),
        ("主申请人证件号码", "id_number"),
        ("主申请人姓名", "name"),
        ("目的地联系电话", "phone"),
        ("社区电话", "phone"),
        ("紧急联系人电话", "phone"),
        ("居民身份证签发日期", "id_number"),
        ("居民身份证签发日期", "birth_date"),
        ("户籍小区/建筑", "estate"),
        ("迁出日期", "residence_since"),
        ("登记单位", "employer"),
        ("出生地", "birth_date"),
        ("志愿者", "name"),
        ("困难党员", "political_status"),
        ("配偶姓名", "name"),
        ("父亲身份证号", "id_number"),
        ("监护人电话", "phone"),
        ("物业联系电话", "phone"),
        ("网格员姓名", "name"),
        ("经办人", "name"),
        ("审核人姓名", "name"),
        ("户主性别", "gender"),
        ("接种单位", "employer"),
        ("工作单位统一社会信用代码", "employer"),
        ("拟离开日期", "residence_since"),
        ("车牌", "name"),
        ("血型", "name"),
        ("户号", "name"),
        ("房东电话", "phone"),
        ("出生日期代码", "birth_date"),
        ("姓名代码", "name"),
        ("前住址", "current_address"),
        ("原住址", "current_address"),
        ("法定代表人/姓名", "name"),
        ("户主信息/身份证号", "id_number"),
        ("配偶/联系电话", "phone"),
        ("户籍地/小区", "estate"),
        ("工作单位/地址", "current_address"),
        ("党组织负责人/身份证号", "id_number"),
    ],
)
def test_pairs_that_look_alike_never_bind(schema: Schema, text: str, never: str) -> None:
    assert bound(schema, "姓名", "性别", text)[text] != never


def test_a_group_gives_its_party_the_leaf(schema: Schema) -> None:
    told = bound(
        schema,
        "基本信息/姓名",
        "基本信息/身份证号",
        "户主信息/姓名",
        "户主/身份证号",
        "紧急联系人/电话",
        "房东/联系电话",
    )
    assert list(told.values()) == ["name", "id_number", "head_name", "head_id", "contact_phone", "landlord_phone"]
    assert bound(schema, "姓名", "户籍情况/户籍地址")["户籍情况/户籍地址"] == "hukou_address"


@pytest.mark.parametrize(
    ("paths", "field"),
    [
        (("姓名", "电话"), "phone"),
        (("姓名", "电话", "手机号码"), None),
        (("姓名", "电话", "办公电话"), None),
        (("姓名", "住址"), "current_address"),
        (("姓名", "住址", "户籍地址"), None),
        (("物资名称", "单位"), "unit_of_measure"),
        (("姓名", "单位"), None),
        (("姓名", "职务", "单位"), "employer"),
        (("姓名", "户主"), "head_name"),
        (("姓名", "联系人"), "contact_name"),
        (("场所名称", "联系电话"), "phone"),
        (("姓名", "其他"), None),
        (("姓名", "类型"), None),
        (("姓名", "市"), None),
        (("姓名", "民政"), None),
        (("姓名", "户编号", "与其他人员关系"), "relation_to_head"),
        (("姓名", "与其他人员关系"), None),
    ],
)
def test_headers_that_need_their_neighbours(schema: Schema, paths: tuple[str, ...], field: str | None) -> None:
    told = bound(schema, *paths)
    told_of = ("电话", "住址", "单位", "户主", "联系人", "联系电话", "其他", "类型", "市", "民政", "与其他人员关系")
    text = next(p for p in paths if p in told_of)
    assert told[text] == field


def test_the_subject_of_the_row(schema: Schema) -> None:
    known = dictionary(schema)

    def about(*names: str) -> str:
        return bind("", "", {i: header((n,)) for i, n in enumerate(names, 1)}, {}, known)[0]

    assert about("姓名", "身份证号", "户主姓名", "户主身份证号", "户号") == "person"
    assert about("户主姓名", "户号", "家庭人口数") == "household"
    assert about("小区", "楼栋", "单元", "室", "房主姓名") == "dwelling"
    assert (
        about("序号", "单位名称", "统一社会信用代码", "地址", "是否四上", "联系人姓名", "联系人电话") == "organisation"
    )
    assert about("场所名称", "场所类型", "经营者姓名", "统一社会信用代码", "联系电话", "所属网格") == "place"
    assert about("物资名称", "单位", "入库数量", "出库数量") == "stock_item"


def test_events_ride_on_their_person(schema: Schema) -> None:
    split = {i: header((n,)) for i, n in enumerate(("姓名", "身份证号", "返乡时间", "核酸检测结果", "接种时间"), 1)}
    entity, columns, _ = bind("", "", split, {}, dictionary(schema))
    assert entity == "person"
    assert [(c.entity, c.field) for c in columns[2:]] == [
        ("return_travel", "return_date"),
        ("test", "test_result"),
        ("vaccination", "vaccine_time"),
    ]


def test_initials_bind_when_they_mean_one_field(schema: Schema) -> None:
    told = bound(schema, "xm", "csrq", "zz")
    assert told["csrq"] == "birth_date"
    assert told["zz"] is None


def test_denied_columns_are_named_and_not_bound(schema: Schema, tmp_path: Path) -> None:
    found = table(schema, tmp_path, "| 姓名 | 血型 | 宗教信仰 |\n| 张三 | A | 无 |")
    assert [(c.header, c.field, c.denied) for c in found.columns] == [
        ("姓名", "name", False),
        ("血型", None, True),
        ("宗教信仰", None, True),
    ]


def test_two_claimants_are_both_asked_about(schema: Schema, tmp_path: Path) -> None:
    found = table(schema, tmp_path, "| 姓名 | 文化程度 | 学历 |\n| 张三 | 大专 | 大专 |")
    for name in ("文化程度", "学历"):
        assert column(found, name).field is None
        assert column(found, name).suggestions[0][0] == "education"


def test_duplicate_headers_are_a_problem_and_stay_unbound(schema: Schema, tmp_path: Path) -> None:
    found = table(schema, tmp_path, "| 姓名 | 户号 | 性别 | 户号 |\n| 张三 | 001 | 男 | 002 |")
    assert [c.field for c in found.columns] == ["name", None, "gender", None]
    (problem,) = found.problems.rows(named=True)
    assert problem["code"] == "OF202"
    assert problem["message"] == "两列都叫「户号」：B、D 列，请改名加以区分。"
    assert problem["row"] is None


def test_swapped_columns_are_found_by_their_values(schema: Schema, tmp_path: Path) -> None:
    found = table(
        schema,
        tmp_path,
        """
        | 姓名 | 联系电话 | 性别 |
        | 13800138000 | 张三 | 男 |
        | 13800138001 | 李四 | 女 |
        | 13800138002 | 王五 | 女 |
        """,
    )
    assert [c.field for c in found.columns] == [None, None, "gender"]
    assert found.problems["code"].to_list() == ["OF203", "OF203"]
    assert "「姓名」列里大多不是姓名" in found.problems["message"][0]


def test_values_prove_what_a_header_only_suggests(schema: Schema, tmp_path: Path) -> None:
    rows = "\n".join(f"| {name} | {number} |" for name, number in zip(["张三", "李四", "王五"], IDS, strict=True))
    found = table(schema, tmp_path, f"| 姓名 | 身份证件信息 |\n{rows}")
    assert column(found, "身份证件信息").field == "id_number"
    assert AUTOMATIC <= column(found, "身份证件信息").confidence < 0.9
    found = table(schema, tmp_path, f"| 姓名 | 监护人身份证件信息 |\n{rows}")
    assert column(found, "监护人身份证件信息").field is None


IDS = ("110101198001010010", "11010119900307029X", "130503196704010016")


def test_a_missing_name_is_a_problem(schema: Schema, tmp_path: Path) -> None:
    found = table(
        schema, tmp_path, "| 姓名全称 | 性别 | 出生日期 | 民族 | 职业 |\n| 张三 | 男 | 1990-01-01 | 汉 | 无 |"
    )
    assert found.problems["message"].to_list() == ["缺少「姓名」列，最接近的是「姓名全称」。请补上这一列或改列名。"]


def test_legends_in_headers(schema: Schema) -> None:
    for text, legend in {
        "人员状态：0已返（回），1将返（回）": {"0": "已返（回）", "1": "将返（回）"},
        "性别（男：1，女：2）": {"1": "男", "2": "女"},
        "是否党员(0-否 1-是)": {"0": "否", "1": "是"},
        "人员状态：0 已返（回），1 将返（回）": {"0": "已返（回）", "1": "将返（回）"},
        "是否固定物品（Y是N否）": {"Y": "是", "N": "否"},
        "联系方式(手机)": {},
        "核准救助金额(元)": {},
    }.items():
        assert header((text,)).legend == legend, text
    del schema


_LEAVES = ["姓名", "身份证号", "联系电话", "住址", "性别", "出生日期", "工作单位"]
_PARTIES = [
    "配偶",
    "监护人",
    "房东",
    "户主",
    "经办人",
    "审核人",
    "父亲",
    "班主任",
    "物业",
    "主申请人",
    "负责人",
    "网格员",
]
_OWN = {"name", "id_number", "phone", "current_address", "gender", "birth_date", "employer"}


@settings(deadline=None)  # the first example loads rapidfuzz
@given(st.sampled_from(_PARTIES), st.sampled_from(_LEAVES), st.sampled_from(["", "的", "/"]))
def test_another_party_never_becomes_the_person(party: str, leaf: str, joint: str) -> None:
    text = f"{party}{joint}{leaf}"
    assert bound(SCHEMA, "姓名", text)[text] not in _OWN


_PADDING = st.sampled_from(["", " ", "　", "\n", "*", "\u200b"])


@given(st.sampled_from([*_LEAVES[:3], "户籍地址", "与户主关系"]), st.lists(_PADDING, min_size=8, max_size=8))
def test_padding_changes_nothing(leaf: str, padding: list[str]) -> None:
    text = "".join(letter + pad for letter, pad in zip(leaf, padding, strict=False))
    assert header((text,)).key == header((leaf,)).key


def test_equal_words_have_one_canonical_form() -> None:
    for one, other in (
        ("隔离开始时间", "开始隔离日期"),
        ("户口所在地", "户籍地址"),
        ("目前居住地", "现住址"),
        ("成员三身份证号", "成员身份证号码"),
        ("来源街道乡镇", "来源地街道"),
    ):
        assert words.canonical(one) == words.canonical(other)
    for one, other in (
        ("迁出时间", "迁入时间"),
        ("工作单位电话", "单位工作电话"),
        ("配偶姓名", "姓名"),
        ("人员类型", "类型"),
    ):
        assert words.canonical(one) != words.canonical(other)


def test_words_of_one_code_list_suggest_its_field(schema: Schema, tmp_path: Path) -> None:
    found = table(
        schema,
        tmp_path,
        """
        | 姓名 | 甲栏 | 乙栏 | 丙栏 | 配偶丁栏 | 性别 |
        | 张三 | 自驾 | 是 | 绿 | 汉族 | 男 |
        | 李四 | 高铁 | 否 | 黄 | 回族 | 女 |
        | 王五 | 飞机 | 是 | 绿 | 汉族 | 女 |
        """,
    )
    assert [c.field for c in found.columns] == ["name", None, None, None, None, "gender"]
    suggested = [[field for field, _ in c.suggestions if field != "remark"] for c in found.columns[1:5]]
    # 是/否 are of no list, 绿 and 黄 of two; a spouse's nation is not the person's
    assert suggested == [["transport"], [], [], []]


def test_values_of_a_list_lift_only_sex_and_nation(schema: Schema, tmp_path: Path) -> None:
    found = table(
        schema,
        tmp_path,
        """
        | 姓名 | 年龄 | 民族情况 | 交通方式填报 | 甲 |
        | 张三 | 30 | 汉族 | 自驾 | 男 |
        | 李四 | 40 | 土家族 | 高铁 | 女 |
        | 王五 | 50 | 汉 | 飞机 | 女 |
        """,
    )
    assert [c.field for c in found.columns] == ["name", "age", "ethnicity", None, None]
    assert [c.suggestions[0][0] for c in found.columns[3:]] == ["transport", "gender"]


def test_a_temperature_proves_itself_and_an_age_does_not(schema: Schema, tmp_path: Path) -> None:
    for values, field in (("36.5 36.8 37", "temperature"), ("36 38 41", None)):
        lines = "\n".join(f"| 张{n} | {value} |" for n, value in zip("三四五", values.split(), strict=True))
        found = table(schema, tmp_path, f"| 姓名 | 今早测量的体温值 |\n{lines}")
        assert column(found, "今早测量的体温值").field == field


def roster(schema: Schema, folder: Path, *heads: str) -> dict[str, str | None]:
    """Header → field in a sheet whose values prove what they can: names, identifiers, phones, 男/女."""
    given = {"姓名": "张三 李四 王五", "身份证": " ".join(IDS), "电话": "13800138000 13800138001 13800138002"}
    given |= {
        "性别": "男 女 男",
        "年龄": "70 75 80",
        "户名": "张三 李四 王五",
        "地址": "幸福里3栋101室 幸福里3栋102室 幸福里3栋103室",
    }
    values = [next((v.split() for key, v in given.items() if key in head), ["甲", "乙", "丙"]) for head in heads]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in zip(*values, strict=True))
    return {c.header: c.field for c in table(schema, folder, f"| {' | '.join(heads)} |\n{lines}").columns}


@pytest.mark.parametrize(
    ("heads", "bound"),
    [
        # all that is told of the one who is named belongs together
        ("老人姓名 性别 年龄 老人身份证号 老人电话", "name gender age id_number phone"),
        ("老人姓名 身份证号 志愿者电话", "name id_number -"),
        ("孕妇姓名 身份证号 新生儿性别", "name id_number -"),
        # neither of two
        ("女方姓名 女方身份证号 男方姓名 男方身份证号 民族", "- - - - ethnicity"),
        # an account's holder is named as such
        ("老人姓名 身份证号 户名", "name id_number -"),
        # whose number is it?
        ("姓名 身份证号 监护人姓名 联系电话", "name id_number - -"),
        ("姓名 性别 父亲姓名 身份证号", "name gender - -"),
        ("姓名 身份证号 监护人关系 联系电话", "name id_number contact_relation phone"),
    ],
)
def test_whose_values_they_are(schema: Schema, tmp_path: Path, heads: str, bound: str) -> None:
    assert [field or "-" for field in roster(schema, tmp_path, *heads.split()).values()] == bound.split()
