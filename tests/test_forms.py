"""The shipped forms: templates in the departments' own column order, drawn by the tool, filled and read back."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import re
import sys
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from oneform import fill, mapping, project
from oneform import schema as schemas
from oneform.frames import Report
from oneform.schema import Schema
from tests.small_community import DAY, PARAMS, golden

ROOT = Path(__file__).parents[1]
MAPPINGS = ROOT / "mappings"

# Column lists as the departments sent them: 组/列, in order.
LAYOUTS = {
    "fangkongban/returnees": (
        "姓名|身份证号码|性别|手机号码|来源省份|来源地市|来源县市区|来源街道乡镇|来源社区村|目的地详细地址|目的地县市区|"
        "目的地街道乡镇|目的地社区村|返乡原因|返乡时间|交通方式|航班，班车，车牌号|"
        "有无发热、咳嗽、恶心、呕吐、腹泻等症状|有无三日内核酸检测阴性证明|来自地区的风险等级|人员类型|"
        "其它类型人员，用户自行输入|人员状态：0 已返（回），1 将返（回）|目的地联系人|目的地联系电话|"
        "使用免费检测核酸状态|使用免费检测核酸时间|使用免费检测核酸扫码来源|核酸检测点编码|"
        "十四天内是否有国内中高风险地区旅居史（是、否）|"
        "是否存在以下情况（单选） 1 新冠肺炎确诊治愈（含无症状） 2 密切接触者或次密切接触者（2个月内） 0 不存在以上情况|"
        "申报时间"
    ),
    "weijian/home_isolation": (
        "姓名|身份证号码|联系手机|隔离地址|户籍地址|责任街道|责任社区|核酸检测结果|开始隔离时间|结束隔离时间|"
        "是否核酸检测|核酸检测时间"
    ),
    "jiezhen/vaccination_progress": (
        "序号|村居名称|任务总量|累计完成|剩余任务量|截止日期|剩余天数|日均任务量|当日预约|当日接种|完成率"
    ),
    "zhihuibu/daily_screening": (
        "网格|网格员|户数|排查/应排人数|排查/已排人数|排查/排查率|返乡人员/武汉|返乡人员/湖北其它地区|"
        "返乡人员/市外其它地区|返乡人员/小计|居家隔离/当日新增|居家隔离/在隔人数|居家隔离/累计解除|重点人群核查人次|确诊病例"
    ),
    "zhihuibu/stock_daily": ("序号|物资名称|单位|上日结存|当日入库|当日出库|当日结存|安全库存|缺口|最近到期日|备注"),
    "minzheng/lone_elders": (
        "序号|姓名|性别|年龄|身份证号|住址|联系电话|关爱类别|紧急联系人|紧急联系人电话|包户社工|最近走访日期|服务需求|备注"
    ),
    "minzheng/low_income_households": (
        "登记时间|证件号码|户主姓名|身份证号码|性别|民族|家庭住址|邮编|家庭电话|享受保障类别|享受保障人数|女性人数|残疾人数|三无人员|"
        "老年人|成年人/在职人员|成年人/灵活就业|成年人/登记失业|成年人/未登记失业|未成年人/在校生|未成年人/其他|户月保障金|月收入|"
        "最低生活标准|金额二|金额三|开户行|开户行账号|变动种类|变动时间|户主是否享受|成员一姓名|成员一身份证号|成员二姓名|"
        "成员二身份证号|成员三姓名|成员三身份证号|成员四姓名|成员四身份证号|成员五姓名|成员五身份证号|成员六姓名|成员六身份证号|"
        "成员七姓名|成员七身份证号|成员八姓名|成员八身份证号|成员九姓名|成员九身份证号"
    ),
    "gongxin/work_resumption": (
        "序号|单位名称|统一社会信用代码|地址|是否四上|是否千家重点|复工日期|员工总数|已返岗人数|复工率|联系人姓名|联系人电话|备注"
    ),
    "qiakou/gate_whitelist": "序号|姓名|小区|楼栋|单元|室|核酸检测时间|核酸检测结果|有效期至|备注",
    "gongan/floating_population": (
        "序号|姓名|公民身份证号|性别|出生日期|联系电话|户籍地区划|户籍地详址|现住地区划|现住地详址|到达时间|核签时间|居住事由|"
        "操作单位|操作人|操作时间|拟居住时间"
    ),
    "gongan/residents": "序号|姓名|公民身份证号|性别|出生日期|联系电话|户籍地详址|现住地详址",
    "zuzhibu/party_members": (
        "登录名|姓名|性别|手机号码|身份证号|民族|学历|学位|籍贯|出生年月(yyyy-MM)|入党时间(yyyy-MM-dd)|所属组织|"
        "党务工作者|志愿者|党代表|困难党员|家庭住址|备注说明|是否管理员"
    ),
    "tuanwei/volunteers": ("序号|志愿服务队|姓名|联系电话|语种|服务岗位|服务日期|签到|签出|服务时长（小时）|备注"),
    "shequ/passes": (
        "序号|批次|通行证编号|颜色|姓名|证件号码|小区|楼栋|单元|室|发放事由|发放日期|有效期至|领证人签字|备注"
    ),
    "shichangjianguan/small_places": (
        "序号|场所名称|场所类型|经营者姓名|统一社会信用代码|地址|所属网格|联系电话|从业人数|是否复工|复工日期|隐患情况|备注"
    ),
}


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        found = importlib.util.spec_from_file_location("draw_templates", ROOT / "tools" / "draw_templates.py")
        module = importlib.util.module_from_spec(found)
        sys.modules["draw_templates"] = module
        found.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


def header_paths(sheet, rows: tuple[int, int]) -> list[str]:
    """Header path of every column: the group of a merged block over the text below it."""
    first, last = rows
    owner = {
        (row, column): (merge.min_row, merge.min_col)
        for merge in sheet.merged_cells.ranges
        for row in range(merge.min_row, merge.max_row + 1)
        for column in range(merge.min_col, merge.max_col + 1)
    }
    paths = []
    for column in range(1, sheet.max_column + 1):
        parts = [sheet.cell(*owner.get((row, column), (row, column))).value for row in range(first, last + 1)]
        paths.append("/".join(dict.fromkeys(part for part in parts if part)))
    return paths


@pytest.mark.parametrize("form", LAYOUTS)
def test_header_of_template_is_the_departments(form):
    sheet = openpyxl.load_workbook(MAPPINGS / f"{form}.xlsx").worksheets[0]
    text = (MAPPINGS / f"{form}.yaml").read_text(encoding="utf-8")
    first, last = map(int, re.search(r"header: *([0-9]+)-([0-9]+)", text).groups())
    assert header_paths(sheet, (first, last)) == LAYOUTS[form].split("|")


def test_two_drawings_give_equal_bytes(tool, tmp_path):
    once, twice = tool.draw_all(tmp_path / "once"), tool.draw_all(tmp_path / "twice")
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in twice]
    assert len(once) == len(LAYOUTS) + 1


def test_shipped_templates_are_what_the_tool_draws(tool, tmp_path):
    """Compared part by part: the compressor, not the content, may differ from machine to machine."""
    for file in tool.draw_all(tmp_path):
        with zipfile.ZipFile(file) as drawn, zipfile.ZipFile(MAPPINGS / file.relative_to(tmp_path)) as shipped:
            assert drawn.namelist() == shipped.namelist()
            assert all(drawn.read(name) == shipped.read(name) for name in drawn.namelist()), file.name


@pytest.mark.parametrize("mapping", sorted(MAPPINGS.glob("*/*.yaml")), ids=lambda file: file.stem)
def test_mapping_is_bound_to_its_template(mapping):
    bound = re.search(r"sha256: *([0-9a-f]{64})", mapping.read_text(encoding="utf-8"))
    assert bound, "sha256 missing: run tools/draw_templates.py --write-sha"
    assert bound[1] == hashlib.sha256(mapping.with_suffix(".xlsx").read_bytes()).hexdigest()


# -- what each form says about them ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schemas.load(ROOT / "schemas")


@pytest.fixture(scope="module")
def forms(schema):
    return mapping.load_all([MAPPINGS], schema)


@pytest.fixture(scope="module")
def filled(schema, forms):
    """Form → (report, filled workbook) for the community above."""
    frames = golden(schema)
    found = {}
    for name, form in forms.items():
        params = {key: value for key, value in PARAMS.items() if key in {param.name for param in form.params}}
        report, *_ = project.reports(
            form, frames, params=params, day=DAY, schema=schema
        )  # of small_places the first grid
        found[name] = report, fill.render(fill.compile(form.template.file.read_bytes(), form), report)
    return found


def cells(content: bytes, sheet: str | int = 0) -> list[list[str]]:
    """Every row of a sheet as texts, blank cells as -, numbers without a needless .0."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    name = book.sheet_names[sheet] if isinstance(sheet, int) else sheet
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return [[f"{cell:g}" if isinstance(cell, float) else str(cell) or "-" for cell in row] for row in rows]


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def test_every_form_loads_and_says_why_it_may_ask(forms):
    assert sorted(forms) == sorted([*(path.rpartition("/")[2] for path in LAYOUTS), "household_card"])
    for form in forms.values():
        assert all(
            (form.purpose, form.legal_basis, form.recipient, form.retention, form.department, form.template.sha256)
        )


@pytest.mark.parametrize("path", LAYOUTS)
def test_mapping_fills_every_column_of_the_form(forms, path):
    assert {column.path for column in forms[path.rpartition("/")[2]].columns} == set(LAYOUTS[path].split("|"))


# Form → Excel row of the first line and the lines from there, blanks as -. Rows not listed here are the signature's.
LINES = {
    "returnees": (
        4,
        """
        张伟 440304198511200312 男 13800000003 湖北省 武汉市 江汉区 无 无 阳光花园3栋2单元501室 无 无 无 无 2026.11.13 铁路 G1012 无 有 低风险 户籍人口 无 0 无 无 无 无 无 44030401 否 0 2026.11.20
        刘敏 440304198209100628 女 13800000006 湖北省 黄冈市 无 无 无 阳光花园3栋1单元101室 无 无 无 探亲 2026.11.16 自驾 无 有 无 中风险 户籍人口 无 0 无 无 无 无 无 无 是 2 2026.11.20""",  # noqa: E501
    ),
    "home_isolation": (
        4,
        """
        张伟 440304198511200312 13800000003 阳光花园3栋2单元501室 广东省深圳市福田区沙嘴路8号 沙头街道 沙嘴社区 阴性 2026-11-13 2026-11-27 是 2026-11-19_08:30
        刘敏 440304198209100628 13800000006 阳光花园3栋1单元101室 广东省深圳市福田区沙嘴路8号 沙头街道 沙嘴社区 未检 2026-11-20 - 否 -
        - - - - - - - - - - - -""",  # noqa: E501
    ),
    "vaccination_progress": (
        4,
        """
        1 沙嘴社区 10 2 8 2026-11-27 7 2 1 2 0.2
        2 新洲社区 0 0 0 - 0 0 0 0 -
        合计 - 10 2 8 - - 2 1 2 0.2""",
    ),
    "daily_screening": (
        5,
        """
        1号网格 吴网格 3 6 2 0.333333 1 1 0 2 1 2 0 2 0
        2号网格 郑网格 3 11 1 0.0909091 0 0 1 1 0 0 1 0 1
        3号网格 - 0 0 0 - 0 0 0 0 0 0 0 0 0
        合计 - 6 17 3 0.176471 1 1 1 3 1 2 1 2 1""",
    ),
    "stock_daily": (
        4,
        """
        1 医用口罩 个 900 200 150 950 1000 50 2027-06-30 -
        2 测温枪 支 0 0 0 0 - 0 - -
        3 消毒液 箱 0 6 2 4 5 1 - -
        - - - - - - - - - - -""",
    ),
    "lone_elders": (
        4,
        """
        1 王桂芳 2-女 88 440304193802280428 沙嘴路2号 13800000004 独居老人 王小明 13800000099 周社工 2026-11-01 送餐 -""",
    ),
    "residents": (
        4,
        """
        1 陈志强 440304198005060513 男 1980-05-06 13800000005 广东省深圳市福田区沙嘴路8号 沙嘴路3号
        2 刘敏 440304198209100628 女 1982-09-10 13800000006 广东省深圳市福田区沙嘴路8号 沙嘴路3号
        3 张建国 440304195803120118 男 1958-03-12 13800000001 广东省深圳市福田区沙嘴路8号 沙嘴路1号
        4 李秀兰 44030419600701022X 女 1960-07-01 13800000002 广东省深圳市福田区沙嘴路8号 沙嘴路1号""",
    ),
    "gate_whitelist": (
        4,
        """
        1 张伟 阳光花园 3 2 501 2026-11-19_08:30 阴性 2026-11-20_08:30 -
        - - - - - - - - - -""",
    ),
    "floating_population": (
        4,
        """
        1 赵丽 440304199512310729 女 1995-12-31 13800000007 湖南省衡阳市 广东省深圳市福田区沙嘴路8号 沙嘴社区 沙嘴路4号 2026-09-01 - 务工 沙嘴社区 - 2026-11-20 2027-08-31""",  # noqa: E501
    ),
    "work_resumption": (
        4,
        """
        1 沙嘴机械厂 - 新洲路1号 是 否 2026-11-01 120 90 0.75 孙厂长 13800003001 -
        2 沙嘴印刷厂 - 新洲路2号 否 否 2026-11-18 30 30 1 钱主任 13800003002 -
        3 沙嘴餐饮店 - 沙嘴路6号 否 否 未复工 - - - - - -
        合计 - - - - - - 150 120 0.8 - - -""",
    ),
    "low_income_households": (
        5,
        """
        2026-11-20 DB0005 买买提·艾力 440304195001010814 男 维吾尔族 沙嘴路5号 - - 城市低保 4 2 1 0 2 2 0 1 3 1 0 2400 - 1100 - - - - 新增 2026-10-01 是 周二 440304195201020929 周三 440304197501031012 周四 440304197701041127 周五 440304199801051217 周六 440304200001061316 周七 440304200201071412 周八 440304200401081519 周九 440304201201091610 - -""",  # noqa: E501
    ),
    "party_members": (
        4,
        """
        - 陈志强 男 13800000005 440304198005060513 汉族 本科 学士 广东深圳 1980-05 2005-07-01 沙嘴社区第一党支部 否 是 - - 沙嘴路3号 - -
        - 买买提·艾力 男 13800000008 440304195001010814 维吾尔族 博士及博士后 - - 1950-01 - 沙嘴社区第二党支部 - - - - 沙嘴路5号 - -""",  # noqa: E501
    ),
    "volunteers": (
        4,
        """
        1 红马甲队 陈志强 13800000005 汉语 门岗测温 2026-11-19 08:30 11:30 3 -
        2 红马甲队 刘敏 13800000006 英语 物资配送 2026-11-20 09:00 10:00 1 -
        3 红马甲队 陈志强 13800000005 汉语 门岗测温 2026-11-20 14:00 16:30 2.5 -
        合计 - - - - - - - - 6.5 -
        服务人数：2人 - - 服务人次：3人次 - - 总时长：6.5小时 - - - -""",
    ),
    "passes": (
        4,
        """
        1 第一批 A0001 紫色 𠮷田 4***************10 幸福苑 A 无 1203 上班 2026-11-10 2026-12-10 - -
        2 第一批 A0002 绿 张建国 4***************18 阳光花园 3 2 501 买菜 2026-11-10 2026-12-10 - -
        3 第二批 B0001 黄 陈志强 4***************13 阳光花园 3 1 101 就医 2026-11-18 2026-11-30 - -
        - - - - - - - - - - - - - - -""",
    ),
    "small_places": (
        4,
        """
        1 好再来超市 小档口 李四 - 沙嘴路3号 1号网格 13800002002 3 否 - 消防通道堆物 -
        2 老张面馆 小档口 张三丰 - 沙嘴路1号 1号网格 13800002001 4 是 2026-11-02 无 -
        合计 - - - - - - - 7 - - - -""",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_form_says_what_the_community_holds(filled, name):
    first, lines = LINES[name]
    expected = table(lines)
    found = cells(filled[name][1].content)[first - 1 : first - 1 + len(expected)]
    assert [[cell.replace(" ", "_") for cell in row] for row in found] == expected


HEADS = {
    "returnees": "填报单位：沙嘴社区 填报日期：2026年11月20日",
    "daily_screening": "填报单位：沙嘴社区 填报日期：2026年11月20日",
    "lone_elders": "社区（盖章）：沙嘴社区 填报日期：2026年11月20日",
    "passes": "发证单位（盖章）：沙嘴社区 登记日期：2026年11月20日",
    "party_members": "填报党组织：____________ 填报日期：2026年11月20日",
}


@pytest.mark.parametrize("name", HEADS)
def test_unit_and_date_stand_in_the_line_under_the_title(filled, name):
    assert [cell for cell in cells(filled[name][1].content)[1] if cell != "-"] == HEADS[name].split()


def test_notes_and_signature_follow_the_grown_table(filled):
    rows = cells(filled["residents"][1].content)
    assert [row[0][:5] for row in rows[3 + 17 :]] == ["注：本表含", "填表人： "]


def test_only_the_colour_the_department_does_not_know_is_reported(filled):
    said = {name: found.problems["code"].to_list() for name, (_, found) in filled.items()}
    assert {name: codes for name, codes in said.items() if codes} == {"passes": ["OF606"]}
    assert all(report.problems.is_empty() for report, _ in filled.values())


def test_household_cards(filled):
    report, found = filled["household_card"]
    assert isinstance(report, Report)
    names = CalamineWorkbook.from_filelike(io.BytesIO(found.content)).sheet_names
    assert names[:6] == [card.name for card in report.cards]
    assert len(names) == 7, "nine members take two sheets"
    sheet = cells(found.content, "阳光花园4栋1单元201室")
    assert sheet[2:6] == [
        ["户号", "-", "H004", "-", "户别", "-", "户主姓名", "赵丽", "-", "-"],
        ["联系电话", "-", "13800000007", "-", "所属网格", "2号网格", "网格员", "郑网格", "-", "-"],
        ["住址", "-", "阳光花园4栋1单元201室", "-", "-", "-", "房屋状态", "□自住　☑出租　□空置", "-", "-"],
        ["房主姓名", "-", "钱房东", "-", "房主联系电话", "13800001003", "填报日期", "2026年11月20日", "-", "-"],
    ]
    assert sheet[8] == table("1 赵丽 户主 女 19951231 440304199512310729 13800000007 流动人口 - -")[0]
    assert cells(found.content, names[6])[8][:5] == ["9", "周九", "孙子女或外孙子女", "男", "20120109"]
    assert cells(found.content, "幸福苑A栋1203室")[4][2] == "幸福苑A栋1203室"


def test_laws_of_the_forms(filled):
    stock = filled["stock_daily"][0].table
    assert stock.select(
        (pl.col("上日结存") + pl.col("当日入库") - pl.col("当日出库") == pl.col("当日结存")).all()
    ).item()
    task = filled["vaccination_progress"][0].table
    assert task.select((pl.col("任务总量") == pl.col("累计完成") + pl.col("剩余任务量")).all()).item()
    grids = filled["daily_screening"][0].table
    kinds = [pl.col(f"返乡人员/{kind}") for kind in ("武汉", "湖北其它地区", "市外其它地区")]
    assert grids.select((pl.sum_horizontal(kinds) == pl.col("返乡人员/小计")).all()).item()


@pytest.mark.parametrize("name", ["daily_screening", "vaccination_progress", "volunteers", "small_places"])
def test_totals_are_formulas_over_all_rows(filled, name):
    report, found = filled[name]
    sheet = openpyxl.load_workbook(io.BytesIO(found.content)).worksheets[0]
    row = next(row for row in sheet.iter_rows() if row[0].value == "合计")
    first, last = row[0].row - report.table.height, row[0].row - 1
    formulas = [cell.value for cell in row if isinstance(cell.value, str) and cell.value.startswith("=")]
    assert formulas
    for formula in formulas:
        assert set(re.findall(r"[A-Z]+([0-9]+):[A-Z]+([0-9]+)", formula)) == {(str(first), str(last))}


def test_nobody_is_named_outside_the_columns_of_a_form(filled):
    """The cross-tabs count; no name, phone or identity number is anywhere in their packages."""
    for name in ("daily_screening", "vaccination_progress"):
        with zipfile.ZipFile(io.BytesIO(filled[name][1].content)) as package:
            text = b"".join(package.read(part) for part in package.namelist()).decode("utf-8", "ignore")
        assert not any(word in text for word in ("张伟", "13800000003", "440304198511200312"))


def test_more_items_than_drawn_rows_push_the_notes_down(schema, forms):
    form = forms["stock_daily"]
    items = pl.DataFrame({"entity_id": range(1, 21), "item_name": [f"物资{n:02d}" for n in range(1, 21)]})
    (report,) = project.reports(form, {"stock_item": items}, params={}, day=DAY, schema=schema)
    rows = cells(fill.render(fill.compile(form.template.file.read_bytes(), form), report).content)
    assert [row[1] for row in rows[3:23]] == items["item_name"].to_list()
    assert rows[23][0].startswith("口径")


def test_a_community_without_data_gets_every_form_empty(schema, forms):
    nothing = {name: frame.clear() for name, frame in golden(schema).items()}
    for form in forms.values():
        (report,) = project.reports(form, nothing, params={}, day=DAY, schema=schema)
        assert report.table.is_empty()
        found = fill.render(fill.compile(form.template.file.read_bytes(), form), report)
        assert found.problems.is_empty(), form.form
