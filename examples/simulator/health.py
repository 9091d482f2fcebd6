"""What the health office sent: doses, swabs, isolation and daily temperatures; one book a list."""

from __future__ import annotations

from datetime import date

from .clerk import Pen, hire, numbered
from .layout import Book, Column, Layout, Line, Sheet
from .model import Community
from .places import COMMUNITY, DISTRICT, STREET
from .week import Week

SYMPTOM = "有无发热、咳嗽、恶心、呕吐、腹泻等症状"


def books(made: Community, week: Week) -> list[Book]:
    """Vaccinations, tests, isolations, in the order they arrived."""
    return [_vaccinations(made, week), _tests(made, week), _isolations(made, week)]


def _vaccinations(made: Community, week: Week) -> Book:
    day = date(2026, 11, 17)
    columns = (
        Column("序号", "seq", 6),
        Column("被接种员姓名", "name", 13),
        Column("身份证号码", "id_number", 21),
        Column("联系手机", "phone", 14),
        Column("接种时间", "at", 19),
        Column("接种剂次", "dose", 9),
        Column("疫苗名称", "vaccine", 24),
        Column("接种单位", "clinic", 28),
    )
    clerk = hire(made, "doses", day, columns, Pen("iso", damage=0.06, slack=0.0))
    lines = clerk.lines(
        week.doses,
        lambda d: (
            d.person,
            {"at": clerk.when(d.at, "cell"), "dose": d.number, "vaccine": d.vaccine, "clinic": d.clinic},
        ),
    )
    layout = Layout(
        title="新冠病毒疫苗接种名单",
        unit=f"填报单位：{DISTRICT}卫生健康局",
        date="填报日期：2026年11月17日",
        total=f"合计|{len(lines)}人次",
    )
    return Book(
        "卫健_疫苗接种名单.xlsx",
        "health",
        day,
        "本周接种名单和各网格任务量",
        (Sheet("接种名单", columns, numbered(lines), layout), _targets(made, week)),
    )


def _targets(made: Community, week: Week) -> Sheet:
    """The vaccination target that the street set this community."""
    columns = (
        Column("序号", "seq", 6),
        Column("村居名称", "area", 14),
        Column("任务总量", "total", 11),
        Column("累计完成", "done", 11),
        Column("截止日期", "due", 14),
    )
    total = len(made.people) * 9 // 10
    second = sum(dose.number >= 2 for dose in week.doses)
    line = Line({"area": COMMUNITY, "total": total, "done": second, "due": date(2026, 12, 15)})
    return Sheet("接种任务", columns, numbered([line]), Layout(title=f"{COMMUNITY}疫苗接种任务"))


def _tests(made: Community, week: Week) -> Book:
    day = date(2026, 11, 18)
    columns = (
        Column("姓名", "name", 10),
        Column("所持证件种类", "id_type", 22),
        Column("所持证件号码", "id_number", 21),
        Column("联系电话", "phone", 14),
        Column("核酸检测时间", "at", 19),
        Column("核酸检测点编码", "site", 15),
        Column("核酸检测结果", "result", 13),
    )
    clerk = hire(made, "tests", day, columns, Pen("slash", numbers=True, damage=0.06, slack=0.0))
    lines = clerk.lines(week.tests, lambda t: (t.person, {"at": clerk.when(t.at), "site": t.site, "result": t.result}))
    return Book(
        "卫健_核酸检测结果.xlsx",
        "health",
        day,
        "核酸检测结果，表头在第一行",
        (Sheet("检测结果", columns, clerk.twice(lines, 4)),),
    )


def _isolations(made: Community, week: Week) -> Book:
    day = date(2026, 11, 19)
    columns = (
        Column("姓名", "name", 10),
        Column("身份证号码", "id_number", 21),
        Column("联系手机", "phone", 14),
        Column("隔离地址", "address", 36),
        Column("户籍地址", "hukou", 36),
        Column("责任街道", "street", 11),
        Column("责任社区", "community", 11),
        Column("核酸检测结果", "result", 13),
        Column("开始隔离时间", "start", 13),
        Column("结束隔离时间", "end", 13),
        Column("是否核酸检测", "tested", 13),
        Column("核酸检测时间", "at", 17),
    )
    clerk = hire(made, "isolations", day, columns, Pen("iso", prefix="full", damage=0.08, slack=0.05))
    last = {test.person.number: test for test in week.tests}
    lines = []
    for isolation in week.isolations:
        test = last.get(isolation.person.number)
        lines.append(
            clerk.line(
                isolation.person,
                street=STREET,
                community=COMMUNITY,
                start=clerk.when(isolation.start),
                end=clerk.when(isolation.end),
                tested="是" if test else "否",
                result=test.result if test else None,
                at=clerk.when(test.at) if test else None,
            )
        )
    checks = (
        Column("日期", "day", 12),
        Column("姓名", "name", 10),
        Column("身份证号", "id_number", 21),
        Column("联系电话", "phone", 14),
        Column("体温", "temperature", 8),
        Column(SYMPTOM, "symptom", 20),
    )
    nurse = hire(made, "checks", day, checks, Pen("dot", damage=0.05, slack=0.0))
    daily = nurse.lines(
        week.checks,
        lambda c: (
            c.person,
            {
                "day": nurse.when(c.at.date()),
                "temperature": c.temperature,
                "symptom": "有" if c.temperature > 37.2 else "无",
            },
        ),
    )
    sheets = (
        Sheet("居家隔离", columns, lines),
        Sheet("每日测温", checks, daily, Layout(title="居家隔离人员每日测温记录")),
    )
    return Book(
        "卫健_居家隔离人员数据.xlsx",
        "health",
        day,
        "在隔人员与每日测温",
        sheets,
    )
