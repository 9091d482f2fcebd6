"""What happened, as the gates, the returnees, the district and the community office wrote it down."""

from __future__ import annotations

from datetime import date

from .clerk import Clerk, Pen, hire, numbered
from .dirt import masked
from .health import SYMPTOM
from .layout import Book, Column, Layout, Line, Sheet
from .model import Community, Person
from .places import COMMUNITY, DISTRICT, STREET
from .spelling import Cell, door
from .week import Trip, Week


def books(made: Community, week: Week) -> list[Book]:
    """Gates, returnees twice, volunteers and party, households on relief, in the order they arrived."""
    told, said = _returnees_told(made, week), _returnees_said(made, week)
    return [_gate(made, week), told, said, _helpers(made, week), _relief(made)]


def _gate(made: Community, week: Week) -> Book:
    day = date(2026, 11, 18)
    checks = (
        Column("测温时间", "at", 17),
        Column("测温点", "gate", 9),
        Column("姓名", "name", 10),
        Column("小区", "estate", 11),
        Column("楼栋房号", "door", 14),
        Column("体温", "temperature", 8),
        Column("备注", "note", 12),
    )
    clerk = hire(made, "gate", day, checks, Pen("iso", address="dash", prefix="none", damage=0.05, slack=0.05))
    lines = clerk.lines(
        sorted(week.gate_checks, key=lambda c: (c.at, c.person.number)),
        lambda c: (c.person, {"at": clerk.when(c.at), "gate": c.gate, "temperature": c.temperature}),
    )
    visitors = [
        Line({"at": "2026-11-18 10:12", "gate": "东门", "name": "快递员", "temperature": 36.4, "note": "访客"}),
        Line({"at": "2026-11-18 15:40", "gate": "西门", "name": "水电维修", "temperature": 36.6, "note": "访客"}),
    ]
    layout = Layout(title="小区卡口测温登记表", unit="填报单位：阳光物业服务有限公司", date="填报日期：2026-11-18")
    return Book(
        "物业_卡口测温和通行证.xlsx",
        "property",
        day,
        "卡口测温与通行证发放",
        (Sheet("测温登记", checks, lines + visitors, layout), _passes(made, week)),
    )


def _passes(made: Community, week: Week) -> Sheet:
    columns = (
        Column("序号", "seq", 6),
        Column("批次", "batch", 9),
        Column("通行证编号", "number", 13),
        Column("颜色", "colour", 7),
        Column("姓名", "name", 10),
        Column("证件号码", "id_number", 21),
        Column("小区", "estate", 11),
        Column("楼栋", "building", 7),
        Column("单元", "unit", 7),
        Column("室", "room", 8),
        Column("发放事由", "purpose", 11),
        Column("发放日期", "issued", 12),
        Column("有效期至", "until", 12),
        Column("领证人签字", "nothing", 12),
        Column("备注", "nothing", 12),
    )
    clerk = hire(made, "passes", date(2026, 11, 18), columns, Pen("iso", damage=0.04, slack=0.0))
    lines = []
    for issued in week.passes:
        line = clerk.line(
            issued.person,
            batch=issued.batch,
            number=issued.number,
            colour=issued.colour,
            purpose=issued.purpose,
            issued=clerk.when(issued.issued),
            until=clerk.when(issued.until),
        )
        number, dirt = line.values["id_number"], line.dirt
        if isinstance(number, str) and len(number) == 18 and "*" not in number:
            number, dirt = masked(number), (*dirt, "id_masked")  # the gate may see who, not the whole number
        lines.append(Line({**line.values, "id_number": number}, line.person, line.household, dirt))
    return Sheet("通行证台账", columns, numbered(lines), Layout(title="健康通行证发证台账"))


def _trip_values(trip: Trip, clerk: Clerk, made: Community) -> dict[str, Cell]:
    home = made.home(trip.person, clerk.day) or made.household(trip.person).dwelling
    return {
        "province": trip.origin[0],
        "city": trip.origin[1],
        "county": trip.origin[2],
        "to": home.estate + door(home, "plain"),
        "to_county": DISTRICT,
        "to_street": STREET,
        "to_community": COMMUNITY,
        "reason": trip.reason,
        "on": clerk.when(trip.on),
        "transport": trip.transport,
        "vehicle": trip.vehicle,
        "symptom": "无",
        "risk": trip.risk,
        "state": "0",
        "been": "是" if trip.risk != "低风险" else "否",
    }


def _returnees_told(made: Community, week: Week) -> Book:
    """District's list of returnees."""
    day = date(2026, 11, 18)
    columns = (
        Column("姓名", "name", 10),
        Column("身份证号码", "id_number", 21),
        Column("性别", "gender", 6),
        Column("手机号码", "phone", 14),
        Column("来源省份", "province", 12),
        Column("来源地市", "city", 12),
        Column("来源县市区", "county", 12),
        Column("目的地详细地址", "to", 28),
        Column("目的地县市区", "to_county", 13),
        Column("目的地街道乡镇", "to_street", 14),
        Column("目的地社区村", "to_community", 13),
        Column("返乡原因", "reason", 11),
        Column("返乡时间", "on", 12),
        Column("交通方式", "transport", 10),
        Column("航班，班车，车牌号", "vehicle", 18),
        Column(SYMPTOM, "symptom", 20),
        Column("来自地区的风险等级", "risk", 18),
        Column("人员状态：0 已返（回），1 将返（回）", "state", 18),
        Column("十四天内是否有国内中高风险地区旅居史（是、否）", "been", 22),
    )
    clerk = hire(made, "told", day, columns, Pen("iso", damage=0.09, slack=0.03))
    known = [trip for trip in week.trips if clerk.rng.random() < 0.8]
    lines = clerk.lines(known, lambda t: (t.person, _trip_values(t, clerk, made)))
    layout = Layout(
        title="返乡人员登记表",
        unit=f"填报单位：{DISTRICT}疫情防控办",
        date="填报日期：2026年11月18日",
        total=f"合计|{len(lines)}人",
    )
    return Book(
        "区防控办下发_返乡人员登记表.xlsx",
        "other",
        day,
        "区里下发的返乡人员",
        (Sheet("登记表", columns, lines, layout),),
    )


def _returnees_said(made: Community, week: Week) -> Book:
    """Answers the returnees typed themselves: a questionnaire's export, with every habit there is."""
    day = date(2026, 11, 19)
    columns = (
        Column("序号", "seq", 6),
        Column("提交答卷时间", "sent", 19),
        Column("所用时间", "took", 9),
        Column("来源", "channel", 9),
        Column("姓名（必填）", "name", 12),
        Column("身份证号码（必填）", "id_number", 21),
        Column("性别", "gender", 8),
        Column("出生日期", "birth_date", 14),
        Column("手机号码", "phone", 16),
        Column("现住址", "address", 30),
        Column("来源省份", "province", 14),
        Column("来源地市", "city", 12),
        Column("来源县市区", "county", 12),
        Column("返乡时间", "on", 13),
        Column("交通方式", "transport", 10),
        Column("车次", "vehicle", 12),
        Column(SYMPTOM, "symptom", 20),
        Column("十四天内是否有国内中高风险地区旅居史（是、否）", "been", 22),
    )
    clerk = hire(made, "said", day, columns, Pen("iso_loose", address="short", damage=0.4, slack=0.5))
    answered = [trip for trip in week.trips if clerk.rng.random() < 0.75]

    def answer(trip: Trip) -> tuple[Person, dict[str, Cell]]:
        style = clerk.rng.choice(("iso_loose", "slash", "dot", "chinese", "compact", "cell"))
        own = {
            "sent": f"2026/11/{max(trip.on.day, 14)} {clerk.rng.randrange(7, 23)}:{clerk.rng.randrange(60):02d}:00",
            "took": f"{clerk.rng.randrange(40, 400)}秒",
            "channel": clerk.rng.choice(("微信", "链接")),
            "on": clerk.when(trip.on, style),
        }
        return trip.person, {**_trip_values(trip, clerk, made), **own}

    lines = clerk.twice(clerk.lines(answered, answer), 3)
    return Book(
        "本人填报_返乡登记_问卷导出.xlsx",
        "self",
        day,
        "返乡人员自己在手机上填的",
        (Sheet("返乡登记", columns, numbered(lines)),),
    )


def _helpers(made: Community, week: Week) -> Book:
    """Volunteers, party members and the people who live alone, as the community office keeps them."""
    day = date(2026, 11, 20)
    shifts = (
        Column("序号", "seq", 6),
        Column("志愿服务队", "team", 16),
        Column("姓名", "name", 10),
        Column("联系电话", "phone", 14),
        Column("服务岗位", "post", 12),
        Column("服务日期", "on", 12),
        Column("签到", "start", 9),
        Column("签出", "end", 9),
        Column("服务时长（小时）", "hours", 11),
        Column("备注", "nothing", 10),
    )
    clerk = hire(made, "shifts", day, shifts, Pen("slash", damage=0.05, slack=0.0))
    served = clerk.lines(
        week.shifts,
        lambda s: (
            s.person,
            {
                "team": s.team,
                "post": s.post,
                "on": clerk.when(s.start.date()),
                "start": f"{s.start:%H:%M}",
                "end": f"{s.end:%H:%M}",
                "hours": (s.end - s.start).seconds / 3600,
            },
        ),
    )
    title = Layout(title="志愿者服务台账", unit=f"填报单位：{COMMUNITY}", date="填报日期：2026年11月20日")
    sheets = (Sheet("志愿服务", shifts, numbered(served), title), _party(made, day), _alone(made, week, day))
    return Book("社区_志愿者党员独居老人.xlsx", "other", day, "志愿服务、党员、独居老人走访", sheets)


def _party(made: Community, day: date) -> Sheet:
    columns = (
        Column("登录名", "nothing", 9),
        Column("姓名", "name", 10),
        Column("性别", "gender", 6),
        Column("手机号码", "phone", 14),
        Column("身份证号", "id_number", 21),
        Column("民族", "ethnicity", 9),
        Column("学历", "education", 9),
        Column("籍贯", "division", 16),
        Column("出生年月\n(yyyy-MM)", "birth_date", 11),
        Column("入党时间\n(yyyy-MM-dd)", "joined", 13),
        Column("所属组织", "branch", 22),
        Column("志愿者", "volunteer", 8),
        Column("家庭住址", "address", 28),
        Column("备注说明", "nothing", 12),
    )
    clerk = hire(made, "party", day, columns, Pen("month", stale=True, damage=0.05, slack=0.0))
    lines = [
        clerk.line(
            p,
            joined=clerk.when(p.party_join, "iso"),
            branch=f"{COMMUNITY}第{'一二三'[p.number % 3]}党支部",
            volunteer="是" if p.number % 4 == 0 else "否",
        )
        for p in made.people
        if p.party_join and clerk.rng.random() < 0.9
    ]
    return Sheet("党员信息", columns, lines)


def _alone(made: Community, week: Week, day: date) -> Sheet:
    columns = (
        Column("序号", "seq", 6),
        Column("姓名", "name", 10),
        Column("性别", "gender", 6),
        Column("年龄", "age", 6),
        Column("身份证号", "id_number", 21),
        Column("现住址", "address", 28),
        Column("联系电话", "phone", 14),
        Column("关爱类别", "care", 11),
        Column("紧急联系人", "contact", 11),
        Column("紧急联系人电话", "contact_phone", 15),
        Column("包户社工", "worker", 10),
        Column("走访日期", "on", 12),
        Column("服务需求", "need", 14),
    )
    clerk = hire(made, "alone", day, columns, Pen("chinese", damage=0.06, slack=0.05))
    lines = clerk.lines(
        week.visits,
        lambda v: (
            v.person,
            {
                "contact": v.contact[0],
                "contact_phone": v.contact[2],
                "worker": v.worker,
                "on": clerk.when(v.on),
                "need": v.need,
            },
        ),
    )
    return Sheet("独居老人", columns, numbered(lines), Layout(title="独居老人关爱走访台账", footer="填表人：|审核人："))


def _relief(made: Community) -> Book:
    """Households on the minimum living allowance, as the civil affairs office sends them: one line for each head."""
    day = date(2026, 11, 17)
    columns = (
        Column("序号", "seq", 6),
        Column("低保证号", "certificate", 14),
        Column("姓名", "name", 10),
        Column("身份证号", "id_number", 21),
        Column("与户主关系", "relation", 11),
        Column("家庭住址", "address", 28),
        Column("享受保障类别", "relief", 13),
        Column("享受保障人数", "count", 11),
        Column("户月保障金", "amount", 11),
        Column("最低生活标准", "standard", 12),
        Column("变动种类", "change", 10),
        Column("变动时间", "since", 12),
    )
    clerk = hire(made, "relief", day, columns, Pen("iso", damage=0.0, slack=0.0))
    homes = [h for h in made.households if h.tenure == "自住" and h.members and h.members[0].id_number]
    chosen = sorted(clerk.rng.sample(homes, max(1, len(homes) // 40)), key=lambda home: home.number)
    lines = []
    for number, home in enumerate(chosen, 1):
        count = clerk.rng.randrange(1, len(home.members) + 1)
        lines.append(
            clerk.line(
                home.members[0],
                certificate=f"DB2026{number:04d}",
                relief="城市低保",
                count=count,
                amount=count * clerk.rng.randrange(300, 1100, 50),
                standard=1100,
                change=clerk.rng.choice(("不变", "不变", "新增", "提标")),
                since=clerk.when(date(2026, clerk.rng.randrange(1, 11), 1), "iso"),
            )
        )
    title = Layout(title="城市低保家庭花名册", unit="填报单位：清溪街道民政办", date="填报日期：2026年11月17日")
    return Book(
        "民政_城市低保家庭花名册.xlsx",
        "other",
        day,
        "民政办下发的低保家庭，一户一行",
        (Sheet("低保", columns, numbered(lines), title),),
    )
