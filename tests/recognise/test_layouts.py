"""Recognise, layouts: every shape a sheet comes in, made sheets with a known header, and what is refused by name."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests import sheets

from oneform import recognise
from oneform.frames import Sheet, Table, Workbook
from oneform.pipeline import load_schema
from oneform.read import cells, worker

SCHEMA = load_schema()


def tables(folder: Path, text: str | dict[str, str], **options) -> tuple[Table, ...]:
    header = options.pop("header", None)
    path = sheets.workbook(folder / "表.xlsx", text, **options)
    return recognise.tables(worker.parse(path.read_bytes(), path.name), SCHEMA, header=header)


def reasons(found: Table) -> dict[int, str]:
    return {row: reason for _, row, column, reason, _ in found.left_out.rows() if column is None}


# -- what happens between and under the rows ---------------------------------------------------------------------------


def test_a_page_that_prints_title_and_grouped_header_again(tmp_path: Path) -> None:
    page = "| 低保户花名册 | < | < | < |\n| 序号 | 个人信息 | < | 备注 |\n| ^ | 姓名 | 身份证号 | ^ |\n"
    again = "| 低保户花名册 | | | |\n| 序号 | 个人信息 | | 备注 |\n| | 姓名 | 身份证号 | |\n"
    (found,) = tables(
        tmp_path, f"{page}| 1 | 张三 | 110101198001010010 | |\n{again}| 2 | 李四 | 11010119900307029X | |"
    )
    assert found.cells["row"].to_list() == [4, 8]
    assert [reasons(found)[row] for row in (5, 6, 7)] == ["重复的标题或说明", "重复的表头", "重复的表头"]


def test_totals_and_groups_of_numbers_inside(tmp_path: Path) -> None:
    (found,) = tables(
        tmp_path,
        """
        | 序号 | 姓名 | 身份证号 | 联系电话 | 备注 |
        | 一 | 常住人口 | | | |
        | 1 | 张三 | 110101198001010010 | 13800138000 | |
        | 小计 | 1人 | | | |
        | 二 | 流动人口 | | | |
        | 1 | 李四 | 11010119900307029X | 13900139000 | |
        | 本页合计：1人 | | | | |
        | 2 | | | | |
        """,
    )
    assert found.cells["c2"].to_list() == ["张三", "李四"]
    assert [reasons(found)[row] for row in (2, 4, 5, 7, 8)] == [
        "分段标题", "合计行", "分段标题", "合计行", "只有序号，没有内容",
    ]  # fmt: skip


def test_rows_after_a_note_in_the_middle_are_read(tmp_path: Path) -> None:
    (found,) = tables(
        tmp_path,
        """
        | 姓名 | 身份证号 | 性别 | 联系电话 | 现住址 |
        | 张三 | 110101198001010010 | 男 | 13800138000 | 3栋501 |
        | 注：以下为新增人员 | | | | |
        | 李四 | 11010119900307029X | 女 | 13900139000 | 3栋502 |
        """,
    )
    assert found.cells["c1"].to_list() == ["张三", "李四"]


def test_two_grids_one_under_another_are_two_tables_each_with_its_grid(tmp_path: Path) -> None:
    roster = "| 姓名 | 身份证号 | 联系电话 |\n| {} | 110101198001010010 | 13800138000 |\n"
    first, second = tables(
        tmp_path,
        "| 阳光社区第三网格人员登记表 | < | < |\n" + roster.format("张三") + "| | | |\n"
        "| 阳光社区第四网格人员登记表 | < | < |\n" + roster.format("李四"),
    )
    assert [(t.header_rows, t.facts["grid"], t.facts["community"]) for t in (first, second)] == [
        ((2, 2), "第三网格", "阳光社区"),
        ((6, 6), "第四网格", "阳光社区"),
    ]
    assert [t.cells["c1"].to_list() for t in (first, second)] == [["张三"], ["李四"]]
    assert set(reasons(second)) == {5}


def test_header_characters_written_over_two_rows(tmp_path: Path) -> None:
    (found,) = tables(tmp_path, "| 姓 | 文化 | 政治 |\n| 名 | 程度 | 面貌 |\n| 张三 | 小学 | 群众 |")
    assert found.header_rows == (1, 2)
    assert [column.field for column in found.columns] == ["name", "education", "political_status"]


def test_enumerations_under_the_header_are_hints(tmp_path: Path) -> None:
    (found,) = tables(tmp_path, "| 姓名 | 性别 | 是否党员 | 民族 |\n| | 男、女 | 是、否 | |\n| 张三 | 男 | 否 | 汉族 |")
    assert reasons(found) == {2: "填写提示行"}


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        (
            "| 填报单位：阳光社区 填报日期：2026年1月2日 填表人：王芳 |",
            {"fill_unit", "fill_date", "filler", "community"},
        ),
        ("| 第3期 截至2026年1月2日18时 |", {"issue", "as_of", "fill_date"}),
        ("| 街道： | 阳光街道 | 联系电话： | 02788886666 |", {"street", "unit_phone"}),
    ],
)
def test_facts_stand_above_or_below(tmp_path: Path, line: str, facts: set[str]) -> None:
    table = "| 姓名 | 身份证号 | 性别 | 民族 | 备注 |\n| 张三 | 110101198001010010 | 男 | 汉族 | 无 |\n"
    (found,) = tables(tmp_path, f"{line}\n{table}")
    assert facts <= set(found.facts)
    (found,) = tables(tmp_path, f"{table}| 填表人： | | | | |\n{line}")
    assert facts - {"filler"} <= set(found.facts)


# -- cards -------------------------------------------------------------------------------------------------------------

CARD = "| 姓名 | {} | 性别 | {} |\n| 民族 | 汉族 | 出生日期 | 1980-01-01 |\n| 现住址 | 3栋501 | < | < |\n"


def test_cards_under_one_another_are_rows(tmp_path: Path) -> None:
    text = "| 居民信息卡 | < | < | < |\n" + CARD.format("张三", "□男 ☑女") + "| | | | |\n" + CARD.format("李四", "男")
    (found,) = tables(tmp_path, text)
    assert found.cells.select("row", "c2", "c4").rows() == [(2, "张三", "□男 ☑女"), (6, "李四", "男")]


def test_a_card_on_each_sheet(tmp_path: Path) -> None:
    found = tables(tmp_path, {name: CARD.format(name, "男") for name in ("张三", "李四", "王五")})
    assert [(t.sheet, t.cells.height) for t in found] == [("张三", 1), ("李四", 1), ("王五", 1)]


# -- shown, not read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("| 编号 | 填表项目 | 单位 | 数量 |\n| 101 | 自然村个数 | 个 | 3 |", "指标表"),
        ("| 项目 | " + " | ".join(f"{m}月" for m in range(1, 13)) + " |\n|" + " 1 |" * 13, "按月份"),
        ("| 街道 | 累计接种 | 新增接种 | 累计检测 | 新增检测 |\n| 甲街道 | 1 | 2 | 3 | 4 |", "累计/新增"),
        ("| 村名 | 总户数 | 总人数 | 低保户数 | 低保人数 |\n| 甲村 | 1 | 2 | 3 | 4 |", "统计表"),
        ("| {{title}} | < |\n| 姓名 | 性别 |\n| {.name} | {.sex} |", "待填的模板"),
    ],
)
def test_a_sheet_that_is_no_list_is_shown_and_refused_by_name(tmp_path: Path, text: str, what: str) -> None:
    (found,) = tables(tmp_path, text)
    assert found.data_rows is None
    assert found.refused
    assert found.refused[0].startswith(what)
    assert found.problems["code"].to_list() == ["OF207"]
    assert found.left_out["reason"][-1] == found.refused[0]
    book = worker.parse((tmp_path / "表.xlsx").read_bytes(), "表.xlsx")
    assert recognise.refusal(book, SCHEMA).code == "OF207"


@pytest.mark.parametrize(
    "text",
    [
        "| 张三 | 110101198001010010 | 13800138000 |\n| 李四 | 11010119900307029X | 13900139000 |",
        "| 张三 | 男 | 汉族 |\n| 李四 | 女 | 汉族 |",
    ],
)
def test_data_without_a_header_is_said_to_have_none(tmp_path: Path, text: str) -> None:
    assert tables(tmp_path, text) == ()
    book = worker.parse((tmp_path / "表.xlsx").read_bytes(), "表.xlsx")
    assert recognise.refusal(book, SCHEMA).code == "OF205"


def test_a_person_may_name_the_header_rows(tmp_path: Path) -> None:
    text = "| 姓名 | 性别 | 民族 |\n| 人员姓名 | 性别 | 民族 |\n| 张三 | 男 | 汉族 |"
    (found,) = tables(tmp_path, text, header=(2, 2))
    assert (found.header_rows, found.data_rows) == ((2, 2), (3, 3))


# -- made sheets -------------------------------------------------------------------------------------------------------

_SELF = (
    "姓名 性别 民族 出生日期 身份证号 联系电话 现住址 户籍地址 文化程度 政治面貌 婚姻状况 职业 工作单位 与户主关系 "
    "户号 健康状况 宗教信仰 籍贯 备注 返乡时间 是否党员 是否独居 残疾等级 所属网格 楼栋 单元 房号"
)
_GROUPS = "基本信息 居住情况 联系方式 户籍情况 就业情况 其他情况 个人信息 核查情况"
_TITLES = "幸福社区居民信息登记表 2026年返乡人员摸排台账 第三网格常住人口花名册（11月） 困难群众情况统计表"
_META = (
    ["填报单位：幸福社区", "填报日期：2026年11月20日"],
    ["填报单位（盖章）：　　　　　填报人：王芳　　联系电话：13800138000　　2026年 11 月 20 日"],
    ["所属网格：", "第三网格", "社区：", "幸福社区"],
)
_NOTES = (
    "填表说明：1.本表由网格员填写；2.身份证号按文本格式填写；3.不得改动表头。",
    "注：本表一式两份",
    "备注：“是否”类填写是或否。",
)
_PEOPLE = ("张伟 李娜 王芳 刘洋 陈静 杨敏", "男 女")


@dataclass(frozen=True)
class Made:
    """A sheet and where its header and first data row are (None on a blank form)."""

    sheet: Sheet
    header: tuple[int, int]
    first: int | None
    rows: int


def made(seed: int) -> Made:  # noqa: C901 - one line of a form after another
    rng = random.Random(seed)
    names = rng.sample(_SELF.split()[1:], rng.randint(3, 14))
    names.insert(rng.randint(0, 1), "姓名")
    numbered = rng.random() < 0.6
    if numbered:
        names.insert(0, "序号")
    width, left = len(names), rng.choice([0, 0, 0, 1, 2])
    rows: list[list[str]] = [[] for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    merges: list[tuple[int, int, int, int]] = []
    if rng.random() < 0.7:
        rows.append([rng.choice(_TITLES.split())])
        if rng.random() < 0.8:
            merges.append((len(rows), 1, len(rows), width))
    if rng.random() < 0.25:
        rows.append([rng.choice(_NOTES[:1])])
        merges.append((len(rows), 1, len(rows), width))
    if rng.random() < 0.5:
        meta = rng.choice(_META)
        at = rng.choice([0, max(0, width - len(meta))])
        rows.append([""] * at + meta if len(meta) <= width else ["　".join(meta)])
        if len(meta) == 1 and rng.random() < 0.7:
            merges.append((len(rows), 1, len(rows), width))
    if rng.random() < 0.2:
        rows.append([])
    height = rng.choice([1, 1, 2, 2, 3, 4])
    first = len(rows) + 1
    rows += _header(rng, names, height, len(rows) + 1, merges)
    last = len(rows)
    if rng.random() < 0.3:
        rows.append(["甲", *map(str, range(1, width))] if rng.random() < 0.5 else [str(i) for i in range(1, width + 1)])
    if rng.random() < 0.3:
        rows.append(["例" if numbered else "示例", *_person(rng, names, 0)[1:]])
    count = rng.choice([0, 1, 3, 12])
    data = len(rows) + 1 if count else None
    for i in range(count):
        rows.append(_person(rng, names, i + 1))
    if numbered:
        for i in range(rng.choice([0, 0, 5])):
            rows.append([str(count + i + 1)])
    if rng.random() < 0.4:
        rows.append(["合计", *[""] * (width - 2), f"{count}"])
    if rng.random() < 0.4:
        rows.append(["填表人：", "", "审核人："][:width])
    if rng.random() < 0.4:
        rows.append([rng.choice(_NOTES)])
        merges.append((len(rows), 1, len(rows), width))
    shifted = [[""] * left + row for row in rows]
    span = tuple((t, c + left, b, r + left) for t, c, b, r in merges)
    return Made(cells.sheet("表", shifted, merges=span), (first, last), data, count)


def _header(
    rng: random.Random, names: list[str], height: int, top: int, merges: list[tuple[int, int, int, int]]
) -> list[list[str]]:
    """Header rows: groups over some columns, the others merged down, or left empty below as WPS saves them."""
    width = len(names)
    grid = [[""] * width for _ in range(height)]
    wps = rng.random() < 0.3
    if height == 1:
        return [names]
    groups = rng.sample(_GROUPS.split(), 8)

    def fill(row: int, left: int, right: int) -> None:
        """Columns left..right (exclusive) from header row `row` down."""
        at = left
        while at < right:
            room = right - at
            if row == height - 1:
                grid[row][at] = names[at]
                at += 1
                continue
            size = (
                rng.randint(2, min(5, room, width - 1))
                if room >= 2 and names[at] != "序号" and rng.random() < 0.6
                else 1
            )
            if size == 1:
                grid[row][at] = names[at]
                if not wps:
                    merges.append((top + row, at + 1, top + height - 1, at + 1))
                at += 1
                continue
            grid[row][at] = groups.pop() if groups else "其他"
            merges.append((top + row, at + 1, top + row, at + size))
            fill(row + 1, at, at + size)
            at += size

    fill(0, 0, width)
    # a header has that height only when a group reaches down to it
    deepest = max(r for r in range(height) if any(grid[r]))
    del grid[deepest + 1 :]
    for i, (t, c, b, r) in enumerate(merges):
        if b > top + deepest and t >= top:
            merges[i] = (t, c, top + deepest, r)
    merges[:] = [m for m in merges if m[:2] != m[2:]]
    return grid


def _person(rng: random.Random, names: list[str], number: int) -> list[str]:
    values = {
        "序号": str(number),
        "姓名": rng.choice(_PEOPLE[0].split()),
        "性别": rng.choice(_PEOPLE[1].split()),
        "民族": "汉族",
        "出生日期": "1990-03-07",
        "身份证号": "110101198001010010",
        "联系电话": "13800138000",
        "现住址": "3栋2单元501室",
        "户籍地址": "某省某市某县",
        "是否党员": "否",
        "是否独居": "是",
        "所属网格": "第三网格",
        "楼栋": "3",
        "单元": "2",
        "房号": "501",
        "户号": "1001",
        "返乡时间": "2026-01-20",
        "备注": "",
    }
    return [values.get(name, "无") for name in names]


def test_the_header_of_every_made_sheet_is_found() -> None:
    some = [made(seed) for seed in range(300)]
    book = Workbook("f", "xlsx", tuple(replace(one.sheet, name=str(seed)) for seed, one in enumerate(some)), "")
    found: dict[str, list[Table]] = {}
    for table in recognise.tables(book, SCHEMA):
        found.setdefault(table.sheet, []).append(table)
    wrong = []
    for seed, one in enumerate(some):
        seen = [(t.header_rows, t.cells["row"].head(1).to_list(), t.cells.height) for t in found.get(str(seed), [])]
        if seen != [(one.header, [one.first] if one.first else [], one.rows)]:
            wrong.append((seed, one.header, seen))
    assert wrong == []
