"""Recognise, binding: forms no department of the corpus sent, in the words departments use; nothing binds wrong."""

from __future__ import annotations

import pytest

from oneform import recognise
from oneform.answer.template import template
from oneform.frames import Column
from oneform.read import worker
from oneform.recognise.bind import bind
from oneform.recognise.dictionary import dictionary, header
from oneform.schema import Schema


def columns(schema: Schema, *names: str) -> dict[str, Column]:
    split = {i: header((name,)) for i, name in enumerate(names, 1)}
    return {one.header: one for one in bind("", "", split, {}, dictionary(schema))[1]}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("目前居住详细地址", "current_address"),
        ("户口登记地址", "hukou_address"),
        ("最高学历", "education"),
        ("隔离起始日期", "isolation_start"),
        ("起始隔离日期", "isolation_start"),
        ("文化程度(学历)", "education"),
        ("村/社区", "community"),
        ("是否为志愿者", "volunteer"),
        ("紧急联络人电话", "contact_phone"),
        ("第几针", "dose_no"),
    ],
)
def test_equal_words_bind(schema: Schema, text: str, field: str) -> None:
    assert columns(schema, "姓名", text)[text].field == field


@pytest.mark.parametrize(
    "text",
    [
        "志愿者姓名", "残疾人姓名", "监护人身份证号", "承租人电话", "第一剂接种时间", "第二剂疫苗厂家", "犬主姓名",
        "党费缴纳金额", "转正时间", "原工作单位", "原户籍地址", "户口迁入时间", "户籍地联系人",
        "代领人电话", "家属是否接种", "退休单位", "车主电话", "居住证号码", "房东户籍地址", "账号", "发放日期",
    ],
)  # fmt: skip
def test_what_looks_alike_only_suggests(schema: Schema, text: str) -> None:
    column = columns(schema, "姓名", text)[text]
    assert column.field is None
    sure = [confidence for _, confidence in column.suggestions]
    assert len(sure) <= 3
    assert sure == sorted(sure, reverse=True)
    assert all(one < 0.8 for one in sure)


def test_a_general_act_needs_its_event(schema: Schema) -> None:
    assert columns(schema, "姓名", "通行证编号", "发放日期")["发放日期"].field == "issued_on"
    assert columns(schema, "姓名", "出发地", "到达时间")["到达时间"].field is None


def test_every_template_is_recognised_as_its_own_entity(schema: Schema) -> None:
    for name in schema.entities:
        (found,) = recognise.tables(worker.parse(template(schema, name), "表.xlsx"), schema)
        assert found.entity == {"household": "person"}.get(name, name)  # a household is told with its head, a person
        assert [column.header for column in found.columns if column.field is None] == []


@pytest.mark.parametrize("text", ["家庭医生", "宠物名称", "垃圾分类", "燃气表号", "缴费金额", "是否签约"])
def test_words_that_every_header_has_suggest_nothing(schema: Schema, text: str) -> None:
    assert columns(schema, "姓名", text)[text].suggestions == ()


def test_a_dictionary_is_made_once_a_schema(schema: Schema) -> None:
    assert dictionary(schema) is dictionary(schema)
