"""One small community as golden frames: 17 people in 6 households, two who are gone, events up to 2026-11-20."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from oneform.schema import Schema

DAY = date(2026, 11, 20)
PARAMS = {"day": "2026-11-20", "community": "沙嘴社区"}

GOLDEN = {
    "area": """
        name     level
        沙嘴社区 社区
        新洲社区 社区
        沙头街道 街道""",
    "target": """
        area metric      total set_on     due
        1    vaccination 10    2026-11-01 2026-11-27
        1    核酸        99    2026-11-01 2026-11-30""",
    "grid": """
        name     grid_community grid_staff staff_phone
        1号网格  沙嘴社区       吴网格     13800001001
        2号网格  沙嘴社区       郑网格     13800001002
        3号网格  沙嘴社区       -          -""",
    "dwelling": """
        estate   building unit room dwelling_status landlord_name landlord_phone
        阳光花园 3        2    501  自住            -             -
        阳光花园 3        2    502  自住            -             -
        阳光花园 3        1    101  自住            -             -
        阳光花园 4        1    201  出租            钱房东        13800001003
        阳光花园 4        1    301  自住            -             -
        幸福苑   A        -    1203 未核实          -             -""",
    "household": """
        household_id dwelling hukou_type head dibao    relief_cert relief_count relief_head relief_change relief_change_date amount_approved min_living
        H001         1        家庭户     1    -        -           -            -           -             -                  -               -
        H002         2        家庭户     4    -        -           -            -           -             -                  -               -
        H003         3        家庭户     5    -        -           -            -           -             -                  -               -
        H004         4        -          7    -        -           -            -           -             -                  -               -
        H005         5        家庭户     8    城市低保 DB0005      4            true        新增          2026-10-01         2400            1100
        H006         6        集体户     17   农村低保 DB0006      1            true        新增          2026-10-01         600             900""",  # noqa: E501
    "person": """
        household dwelling grid     name        birth_date gender phone       relation_to_head residence_type
        1         1        1号网格  张建国      1958-03-12 1      13800000001 02               户籍人口
        1         1        1号网格  李秀兰      1960-07-01 2      13800000002 10               户籍人口
        1         1        1号网格  张伟        1985-11-20 1      13800000003 20               户籍人口
        2         2        1号网格  王桂芳      1938-02-28 2      13800000004 02               户籍人口
        3         3        1号网格  陈志强      1980-05-06 1      13800000005 02               户籍人口
        3         3        1号网格  刘敏        1982-09-10 2      13800000006 10               户籍人口
        4         4        2号网格  赵丽        1995-12-31 2      13800000007 02               流动人口
        5         5        2号网格  买买提·艾力 1950-01-01 1      13800000008 02               户籍人口
        5         5        2号网格  周二        1952-01-02 2      -           10               户籍人口
        5         5        2号网格  周三        1975-01-03 1      -           20               户籍人口
        5         5        2号网格  周四        1977-01-04 2      -           30               户籍人口
        5         5        2号网格  周五        1998-01-05 1      -           40               户籍人口
        5         5        2号网格  周六        2000-01-06 1      -           40               户籍人口
        5         5        2号网格  周七        2002-01-07 1      -           40               户籍人口
        5         5        2号网格  周八        2004-01-08 1      -           40               户籍人口
        5         5        2号网格  周九        2012-01-09 1      -           40               户籍人口
        6         6        2号网格  𠮷田        1990-06-15 1      13800000017 02               -
        1         1        1号网格  张爷爷      1930-01-01 1      -           50               户籍人口
        1         1        1号网格  张小妹      1990-01-01 2      -           30               户籍人口""",
    "return_travel": """
        person return_date origin_province origin_city origin_county destination transport vehicle_no risk_area risk_stay contact_history return_state
        3      2026-11-13  湖北省 武汉市 江汉区 阳光花园3栋2单元501室 铁路 G1012 低风险 false 0 0
        6      2026-11-16  湖北省 黄冈市 -      阳光花园3栋1单元101室 自驾 -     中风险 true  2 0
        7      2026-10-20  广东省 广州市 天河区 阳光花园4栋1单元201室 铁路 G77   低风险 false 0 0
        3      2026-09-30  北京市 北京市 东城区 阳光花园3栋2单元501室 飞机 CA13  低风险 false 0 0""",  # noqa: E501
    "isolation": """
        person isolation_kind isolation_start isolation_end isolation_place
        3      居家           2026-11-13      2026-11-27    阳光花园3栋2单元501室
        6      居家           2026-11-20      -             阳光花园3栋1单元101室
        7      居家           2026-10-20      2026-11-03    阳光花园4栋1单元201室
        8      集中           2026-11-19      -             区集中隔离点""",
    "test": """
        person test_time           test_result test_org
        3      2026-11-14T09:00:00 阴性        44030402
        3      2026-11-19T08:30:00 阴性        44030401""",
    "daily_check": """
        person checked_at symptom
        3      2026-11-19 无
        6      2026-11-20 咳嗽""",
    "contact_case": """
        person grade    determined_at
        8      确诊病例 2026-11-19""",
    "vaccination": """
        person dose_no vaccine_time booked_for
        1      1       2026-05-01   -
        1      2       2026-06-01   -
        2      2       2026-11-20   -
        4      1       2026-11-20   -
        5      1       -            2026-11-20""",
    "visit": """
        person visit_kind visited_on visited_by
        1      排查       2026-11-18 吴网格
        2      排查       2026-11-20 吴网格
        2      排查       2026-11-19 吴网格
        4      走访       2026-11-01 周社工
        4      走访       2026-10-05 何社工
        8      排查       2026-11-20 郑网格""",
    "need": """
        person need_text opened_on
        4      送餐      2026-11-01""",
    "list_member": """
        person list_name    checked_at
        3      区下发第一批 2026-11-20
        3      区下发第二批 2026-11-20
        7      区下发第一批 2026-11-12""",
    "pass": """
        person pass_no batch  colour purpose issued_on  valid_to
        1      A0002   第一批 绿色   买菜    2026-11-10 2026-12-10
        17     A0001   第一批 紫色   上班    2026-11-10 2026-12-10
        5      B0001   第二批 黄色   就医    2026-11-18 2026-11-30""",
    "volunteer_shift": """
        person team     post     language sign_in             sign_out
        5      红马甲队 门岗测温 -        2026-11-19T08:30:00 2026-11-19T11:30:00
        6      红马甲队 物资配送 英语     2026-11-20T09:00:00 2026-11-20T10:00:00
        5      红马甲队 门岗测温 -        2026-11-20T14:00:00 2026-11-20T16:30:00""",
    "place": """
        place_name   place_kind   operator uscc address    grid     phone       staff resumed reopened_on hazard
        老张面馆     小餐饮       张三丰   -    沙嘴路1号  1号网格  13800002001 4     true    2026-11-02  -
        好再来超市   小商店       李四     -    沙嘴路3号  1号网格  13800002002 3     false   -           消防通道堆物
        金手艺作坊   小作坊       王五     -    新洲路5号  2号网格  13800002003 6     true    2026-11-05  -
        沙嘴幼儿园   托幼机构     赵六     -    沙嘴路9号  2号网格  13800002004 20    true    2026-11-05  -""",
    "organisation": """
        org_name   address   above_scale key_listed resumed_on staff returned contact_name phone
        沙嘴机械厂 新洲路1号 true        false      2026-11-01 120   90       孙厂长       13800003001
        沙嘴印刷厂 新洲路2号 false       false      2026-11-18 30    30       钱主任       13800003002
        沙嘴餐饮店 沙嘴路6号 false       false      -          -     -        -            -""",
    "stock_item": """
        item_name   unit_of_measure safety_level expiry
        医用口罩    个              1000         2027-06-30
        消毒液      箱              5            -
        测温枪      支              -            -""",
    "stock_txn": """
        stock_item txn_at     qty_in qty_out
        1          2026-11-18 1500   -
        1          2026-11-19 -      600
        1          2026-11-20 200    150
        2          2026-11-20 6      2""",
}
# What only one or two people have: (entity_id, field, value).
PARTICULARS = (
    (4, "care_category", "独居老人"),
    (4, "contact_name", "王小明"),
    (4, "contact_phone", "13800000099"),
    (5, "political_status", "01"),
    (5, "ethnicity", "01"),
    (5, "education", "20"),
    (5, "degree", "学士"),
    (5, "native_place", "广东深圳"),
    (5, "party_branch", "沙嘴社区第一党支部"),
    (5, "party_join_date", "2005-07-01"),
    (5, "volunteer", True),
    (5, "party_worker", False),
    (8, "political_status", "02"),
    (8, "ethnicity", "05"),
    (8, "education", "11"),
    (8, "party_branch", "沙嘴社区第二党支部"),
    (10, "employer", "沙嘴小学"),
    (7, "hukou_division", "湖南省衡阳市"),
    (7, "current_division", "沙嘴社区"),
    (7, "residence_since", "2026-09-01"),
    (7, "residence_reason", "务工"),
    (7, "stay_until", "2027-08-31"),
    (9, "disability", "肢体"),
    (10, "job_state", "在职"),
    (11, "job_state", "个体经营"),
    (12, "job_state", "失业"),
    (13, "job_state", "无业"),
    (14, "job_state", "无业"),
    (15, "job_state", "无业"),
    (16, "job_state", "学生"),
    (6, "residence_reason", "探亲"),
    (18, "death_date", "2026-03-01"),
    (18, "care_category", "独居老人"),
    (18, "political_status", "01"),
    (19, "is_out", True),
)


def resident_id(born: str, number: int) -> str:
    """A valid identity number of 深圳福田 (GB 11643-1999)."""
    body = f"440304{born.replace('-', '')}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def golden(schema: Schema) -> dict[str, pl.DataFrame]:
    """Every golden table of the schema, as the store keeps it; the tables above give the rows of some."""
    frames = {}
    for name, entity in schema.entities.items():
        dtypes = {one.name: DTYPES[schema.sql_type(one)] for one in entity.stored}
        dtypes = {"entity_id": pl.Int64, **dtypes, **dict.fromkeys(entity.refs, pl.Int64), "prov": pl.List(pl.Int64)}
        lines = [line.split() for line in GOLDEN.get(name, "").strip().splitlines()]
        rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
        rows = [
            {key: re.sub("([0-9])T([0-9])", r"\1 \2", said) for key, said in row.items() if said != "-"} for row in rows
        ]
        rows = [{**row, "entity_id": number} for number, row in enumerate(rows, start=1)]
        if name == "person":
            for row in rows:
                row |= {
                    "id_number": resident_id(row["birth_date"], 10 * row["entity_id"] + int(row["gender"])),
                    "street": "沙头街道",
                    "community": "沙嘴社区",
                    "hukou_address": "广东省深圳市福田区沙嘴路8号",
                    "current_address": f"沙嘴路{row['dwelling']}号",
                }
            for number, key, value in PARTICULARS:
                rows[number - 1][key] = value
        texts = pl.DataFrame(
            [{k: str(v) for k, v in row.items()} for row in rows], schema=dict.fromkeys(dtypes, pl.String)
        )
        frames[name] = texts.select(_typed(key, dtype) for key, dtype in dtypes.items())
    return frames


DTYPES = {"VARCHAR": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}


def _typed(key: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return pl.col(key).str.to_lowercase() == "true"
    if dtype == pl.List(pl.Int64):
        return pl.lit(None, dtype).alias(key)
    return pl.col(key).cast(dtype)
