"""Who lives where, as the police, the grid workers and the property office wrote it down: one book a source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

from .clerk import Clerk, Pen, numbered
from .layout import Book, Column, Layout, Line, Sheet
from .model import Community, Person, address
from .places import COMMUNITY, STREET, grid_name

_NOTES = (
    "注：1.本表由网格员入户采集，一户多人的逐人填写；2.身份证号为18位，末位为X的请大写。",
    "2.人户分离、空挂户请在备注栏注明。",
)


def books(made: Community) -> list[Book]:
    """Police, the grids, the property office, in the order they arrived."""
    return [
        _police(made),
        Book(
            "第一网格_人口信息采集表.xlsx",
            "grid",
            date(2026, 11, 14),
            "第一网格入户采集，按户合并单元格",
            (_grid_merged(made, 1),),
        ),
        Book(
            "第二第三网格_居民台账.xlsx",
            "grid",
            date(2026, 11, 14),
            "两个网格各一张工作表",
            (_grid_ledger(made, 2), _grid_ledger(made, 3)),
        ),
        Book(
            "第四网格_人员导入.xls",
            "grid",
            date(2026, 11, 15),
            "旧版 Excel，系统导入模板，提示行没有删",
            (_grid_system(made, 4),),
        ),
        Book(
            "第五网格居民信息.xlsx", "grid", date(2026, 11, 15), "表格从 B3 开始，两行表头", (_grid_shifted(made, 5),)
        ),
        Book(
            "第六网格_流动人口和户籍人口.xlsx",
            "grid",
            date(2026, 11, 16),
            "城中村，带房主和自己加的列",
            (_grid_village(made, 6),),
        ),
        _property(made),
    ]


def _rng(made: Community, sheet: str) -> Random:
    return Random(f"{made.seed}/{sheet}")


def _covered(people: list[Person], rng: Random, share: float) -> list[Person]:
    """Part of the people this source knows of; the same chance for everybody."""
    return [person for person in people if rng.random() < share]


def _in_grid(made: Community, number: int, rng: Random, day: date) -> list[Person]:
    """Residents of a grid as its worker met them, household by household; most absent households are remembered too."""
    met = []
    for household in made.households:
        home = made.home(household.head, day) or household.dwelling
        if home.grid == number and rng.random() < (0.97 if household.tenure != "空挂" else 0.7):
            met += _covered(household.members, rng, 0.985)
    return met


def _police(made: Community) -> Book:
    """实有人口 as the police export it: a GBK text file; what GBK cannot write is lost."""
    rng = _rng(made, "police")
    columns = (
        Column("序号", "seq"),
        Column("姓名", "name"),
        Column("公民身份证号", "id_number"),
        Column("性别", "gender"),
        Column("出生日期", "birth_date"),
        Column("联系电话", "phone"),
        Column("户籍地详址", "hukou"),
        Column("现住地详址", "address"),
    )
    odd = ("iso", "slash", "dot")
    pen = Pen(
        "compact",
        prefix="full",
        stale=True,
        damage=0.035,
        slack=0.02,
        odd_dates=odd,
        odd_doors=("zhuang", "short", "number_word"),
    )
    clerk = Clerk(made, date(2026, 11, 14), columns, pen, rng)
    lines = []
    for person in made.people:
        known = {"户籍人口": 0.97, "流动人口": 0.9, "境外人员": 0.6}[person.residence]
        # Of the newborns the police know those whose birth was reported, though no number is given out yet.
        if rng.random() > (known if person.id_number else 0.6):
            continue
        lines.append(clerk.line(person))
        if person.second_hukou:
            again = clerk.line(person, hukou=person.second_hukou)
            lines.append(Line(again.values, again.person, again.household, (*again.dirt, "two_registers")))
    rng.shuffle(lines)
    lines = [_in_gbk(line) for line in clerk.twice(lines, 3)]
    sheet = Sheet("公安_实有人口_20261114", columns, numbered(lines))
    return Book(sheet.name + ".csv", "police", clerk.day, "公安下发的实有人口，GBK 编码", (sheet,))


def _in_gbk(line: Line) -> Line:
    """Line after a program that writes GBK: other characters become question marks, lost numbers are printed short."""
    values = dict(line.values)
    dirt = list(line.dirt)
    for key, value in values.items():
        if isinstance(value, float) and key == "id_number":
            values[key] = f"{value:.5E}"  # the file went through Excel once: 3.39802E+17
        elif isinstance(value, str) and (kept := value.encode("gbk", "replace").decode("gbk")) != value:
            values[key] = kept
            dirt.append("character_lost")
    return Line(values, line.person, line.household, tuple(dirt))


def _filled(grid: int, day: date, made: Community, title: str) -> Layout:
    """Title, 填报单位 and 填报日期 above, signatures below."""
    return Layout(
        title=title,
        unit=f"填报单位：{STREET}{COMMUNITY}{grid_name(grid)}",
        date=f"填报日期：{day.year}年{day.month}月{day.day}日",
        footer=f"填表人：{made.grids[grid - 1].staff}|审核人：",
    )


def _grid_merged(made: Community, grid: int) -> Sheet:
    rng, day = _rng(made, f"grid{grid}"), date(2026, 11, 14)
    columns = (
        Column("序号", "seq", 6),
        Column("户号", "household_code", 21, merge=True),
        Column("户主姓名", "head_name", 10, merge=True),
        Column("现住址", "shared_home", 26, merge=True),
        Column("个人信息/姓名", "name", 10),
        Column("个人信息/与户主关系", "relation", 11),
        Column("个人信息/性别", "gender", 6),
        Column("个人信息/出生日期", "birth_date", 13),
        Column("个人信息/公民身份号码", "id_number", 21),
        Column("个人信息/联系电话", "phone", 14),
        Column("户籍情况/人员类型", "residence", 11),
        Column("户籍情况/户籍地址", "hukou", 40),
        Column("备注", "remark", 18),
    )
    clerk = Clerk(made, day, columns, Pen("iso", damage=0.1, slack=0.06), rng)
    people = _in_grid(made, grid, rng, day)
    # One cell a household: it is written once, so no member's row can spoil it.
    homes = {p.household: made.home(p, day) for p in people}
    lines = [
        clerk.line(p, shared_home=address(home) if (home := homes[p.household]) else made.household(p).elsewhere)
        for p in people
    ]
    layout = replace(
        _filled(grid, day, made, f"{COMMUNITY}人口信息采集表"), total=f"合计|{len(people)}人", notes=_NOTES
    )
    return Sheet(grid_name(grid), columns, numbered(lines), layout)


def _grid_ledger(made: Community, grid: int) -> Sheet:
    rng, day = _rng(made, f"grid{grid}"), date(2026, 11, 14)
    columns = (
        Column("序号", "seq", 6),
        Column("姓名*", "name", 10),
        Column("身份证号码*", "id_number", 21),
        Column("性别", "gender", 6),
        Column("出生年月", "birth_date", 13),
        Column("民族", "ethnicity", 10),
        Column("联系电话", "phone", 14),
        Column("家庭住址", "address", 28),
        Column("与户主\n关系", "relation", 9),
        Column("文化程度", "education", 9),
        Column("婚姻状况", "marital", 9),
        Column("工作单位", "employer", 20),
        Column("是否养犬", "dog", 9),
        Column("备注", "remark", 18),
    )
    styles = {2: ("dot", "dash"), 3: ("slash", "number_word")}
    dates, door = styles.get(grid, ("iso", "plain"))
    clerk = Clerk(made, day, columns, Pen(dates, address=door, numbers=True, damage=0.11, slack=0.07), rng)
    lines = [
        clerk.line(person, dog=rng.choice(("是", "否", "否", "否", None))) for person in _in_grid(made, grid, rng, day)
    ]
    lines = clerk.twice(lines, 2)
    lines.insert(len(lines) // 2, Line({}))
    layout = _filled(grid, day, made, f"{COMMUNITY}{grid_name(grid)}居民台账")
    return Sheet(grid_name(grid), columns, numbered(lines), layout)


def _grid_system(made: Community, grid: int) -> Sheet:
    """Import template of a grid system, its row of hints left standing."""
    rng, day = _rng(made, f"grid{grid}"), date(2026, 11, 15)
    columns = (
        Column("姓名", "name", 10, hint="必填，真实姓名"),
        Column("与其他人员关系", "relation", 15, hint="如：户主、配偶、子女、父母、租户（可选）"),
        Column("身份证号", "id_number", 21, hint="必填，18位身份证号"),
        Column("性别", "gender", 6, hint="男/女"),
        Column("出生日期", "birth_date", 12, hint="YYYYMMDD"),
        Column("联系电话", "phone", 14, hint="多个电话用;分隔"),
        Column("现住小区/建筑", "estate", 14, hint="系统内小区名称"),
        Column("门牌地址", "door", 16, hint="如1单元101室"),
        Column("所属网格", "grid", 10, hint="自动关联"),
        Column("人员类型", "kind", 11, hint="常住人口/流动人口"),
        Column("重点类别", "nothing", 10, hint="多个类别用,分隔"),
        Column("户籍地址", "hukou", 40, hint="外地户籍填写完整地址"),
        Column("户编号", "household_code", 21, hint="如有则填写"),
        Column("是否人户分离", "apart", 12, hint="1=是，0=否"),
        Column("民族", "ethnicity", 10, hint="如汉族、回族等"),
        Column("政治面貌", "political", 11, hint="如中共党员、群众等"),
        Column("婚姻状况", "marital", 10, hint="未婚/已婚/离异/丧偶"),
        Column("备注", "remark", 18, hint="其他补充信息"),
    )
    clerk = Clerk(made, day, columns, Pen("compact", damage=0.1, slack=0.05), rng)
    lines = [
        clerk.line(person, kind="常住人口" if person.residence == "户籍人口" else "流动人口")
        for person in _in_grid(made, grid, rng, day)
    ]
    return Sheet("Person", columns, clerk.twice(lines, 1), Layout(hints=True))


def _grid_shifted(made: Community, grid: int) -> Sheet:
    rng, day = _rng(made, f"grid{grid}"), date(2026, 11, 15)
    columns = (
        Column("编号", "seq", 6),
        Column("居民基本情况/姓名", "name", 10),
        Column("居民基本情况/性别（男：1，女：2）", "gender", 12),
        Column("居民基本情况/身份证号", "id_number", 21),
        Column("居民基本情况/出生日期", "birth_date", 13),
        Column("居民基本情况/手机号码", "phone", 14),
        Column("居住情况/小区", "estate", 11),
        Column("居住情况/楼栋", "building", 7),
        Column("居住情况/单元", "unit", 7),
        Column("居住情况/室", "room", 8),
        Column("居住情况/组", "lane", 6),
        Column("居住情况/户籍地址", "hukou", 40),
        Column("户主姓名", "head_name", 10),
        Column("血型", "blood", 6),
        Column("备注", "remark", 18),
    )
    clerk = Clerk(made, day, columns, Pen("cell", sexes="digit", numbers=True, damage=0.11, slack=0.05), rng)
    people = _in_grid(made, grid, rng, day)
    lines = [clerk.line(person, blood=rng.choice(("A", "B", "O", "AB", None, None))) for person in people]
    layout = Layout(top=3, left=2, total=f"合计|{len(people)}", footer=f"网格员：{made.grids[grid - 1].staff}")
    return Sheet("Sheet1", columns, numbered(clerk.twice(lines, 1)), layout)


def _grid_village(made: Community, grid: int) -> Sheet:
    rng, day = _rng(made, f"grid{grid}"), date(2026, 11, 16)
    columns = (
        Column("序号", "seq", 6),
        Column("姓 名", "name", 10),
        Column("证件类型", "id_type", 20),
        Column("证件号码", "id_number", 21),
        Column("性 别", "gender", 6),
        Column("出生日期", "birth_date", 14),
        Column("联系方式", "phone", 14),
        Column("现居住地", "address", 26),
        Column("户籍地区划", "division", 24),
        Column("户籍地详址", "hukou", 40),
        Column("人员类型", "residence", 11),
        Column("房主姓名", "landlord_name", 10),
        Column("房主联系电话", "landlord_phone", 14),
        Column("微信群昵称", "nickname", 14),
        Column("电动车牌", "plate", 10),
        Column("备注", "remark", 18),
    )
    clerk = Clerk(made, day, columns, Pen("chinese", address="numeral", damage=0.12, slack=0.06), rng)
    lines = [
        clerk.line(
            person,
            nickname=rng.choice((None, "平安是福", "一路顺风", "阳光", "开心每一天", "A小店")),
            plate=f"云{rng.randrange(10000, 99999)}" if rng.random() < 0.2 else None,
        )
        for person in _in_grid(made, grid, rng, day)
    ]
    above = "填写说明：证件号码请按证件填写，不得改动表头；联系方式填本人或家属手机。"
    layout = replace(_filled(grid, day, made, f"{grid_name(grid)}流动人口和户籍人口登记表"), above=above)
    return Sheet("登记表", columns, numbered(clerk.twice(lines, 2)), layout)


def _property(made: Community) -> Book:
    """Property office knows doors and phones, not IDs: one sheet by dwelling, one by resident."""
    rng, day = _rng(made, "property"), date(2026, 11, 16)
    estates = {h.dwelling.estate for h in made.households if h.dwelling.housing in ("商品房", "高层", "别墅")}
    homes = (
        Column("序号", "seq", 6),
        Column("小区", "estate", 11),
        Column("房号", "door", 12),
        Column("建筑面积(㎡)", "area", 12),
        Column("房屋状态", "state", 9),
        Column("房主姓名", "owner", 10),
        Column("房主联系电话", "owner_phone", 14),
        Column("租户姓名", "tenant", 10),
        Column("租户电话", "tenant_phone", 14),
        Column("入住人数", "size", 9),
        Column("物业费", "fee", 9),
    )
    people = (
        Column("小区", "estate", 11),
        Column("门牌地址", "door", 14),
        Column("姓名", "name", 10),
        Column("联系电话", "phone", 15),
        Column("与业主关系", "tie", 11),
        Column("入住时间", "since", 12),
    )
    clerk = Clerk(
        made, day, people, Pen("slash", address="dash", prefix="none", stale=True, damage=0.05, slack=0.05), rng
    )
    lines = []
    for household in made.households:
        if household.dwelling.estate in estates and household.tenure != "空挂" and rng.random() < 0.6:
            since = date(rng.randrange(2012, 2026), rng.randrange(1, 13), rng.randrange(1, 29))
            for person in household.members:
                if person.phone and rng.random() < 0.85:
                    tie = "租户" if household.tenure == "租住" else "业主" if person is household.head else "家属"
                    lines.append(clerk.line(person, tie=tie, since=clerk.when(since)))
    first = Sheet(
        "业主名册", homes, numbered(_owners(made, estates, rng)), Layout(title="阳光物业服务有限公司 业主名册")
    )
    second = Sheet("住户登记", people, lines, Layout(title="住户登记表", date="登记日期：2026.11.16"))
    return Book("物业_业主及住户名册.ods", "property", day, "物业按房号登记，没有身份证号", (first, second))


def _owners(made: Community, estates: set[str], rng: Random) -> list[Line]:
    """One row a dwelling; the row is about the home, not about a person."""
    from .spelling import door

    living: dict[int, list[int]] = {}
    for household in made.households:
        living.setdefault(household.dwelling.number, []).append(household.number)
    lines = []
    for home in made.dwellings:
        if home.estate not in estates or rng.random() > 0.8:
            continue
        here = [made.households[n] for n in living.get(home.number, [])]
        let = next((h for h in here if h.tenure == "租住"), None)
        own = next((h for h in here if h.tenure != "租住"), None)
        state = "出租" if let else "自住" if own and own.tenure == "自住" else "空置"
        owner = let.landlord if let and let.landlord else (own.head.name, made.reach(own.head)) if own else (None, None)
        lines.append(
            Line(
                {
                    "estate": home.estate,
                    "door": door(home, "dash"),
                    "area": round(rng.uniform(58, 142), 1),
                    "state": state,
                    "owner": owner[0],
                    "owner_phone": owner[1],
                    "tenant": let.head.name if let else None,
                    "tenant_phone": let.head.phone if let else None,
                    "fee": "已缴" if rng.random() < 0.9 else "欠费",
                    "size": sum(len(h.members) for h in here if h.tenure != "空挂"),
                }
            )
        )
    return lines
