"""Blanks behind labels and boxes to tick, as forms print them."""

from __future__ import annotations

import pytest

from oneform.fill.labels import box_labels, filled_in, has_boxes, ticked


@pytest.mark.parametrize(
    ("text", "label", "value", "after"),
    [
        ("填报单位：____（盖章）", "填报单位", "幸福社区", "填报单位：幸福社区（盖章）"),
        ("填报单位（盖章）：", "填报单位（盖章）", "幸福社区", "填报单位（盖章）：幸福社区"),
        ("填报单位:        填报人:      ", "填报单位", "幸福社区", "填报单位:幸福社区 填报人:      "),
        ("填报人：____  日期：  年  月  日", "填报人", "张三", "填报人：张三  日期：  年  月  日"),
        ("填报人：____  日期：  年  月  日", "日期", "2026年11月20日", "填报人：____  日期：2026年11月20日"),
        ("填 报 单 位： ______ ", "填报单位", "甲", "填 报 单 位：甲 "),
        ("{{填报单位}}名册", "填报单位", "甲社区", "甲社区名册"),
        ("截至时间", "截至时间", "2026", "截至时间2026"),
        ("填报单位负责人：", "填报单位", "甲", None),
    ],
)
def test_the_blank_behind_a_label_is_filled(text, label, value, after):
    assert filled_in(text, label, value) == after


@pytest.mark.parametrize(
    ("text", "value", "after", "missing"),
    [
        ("□自住 □出租 □空置", "出租", "□自住 ☑出租 □空置", ()),
        ("□自住□出租□空置", "☐自住 ☑空置", "□自住□出租☑空置", ()),
        ("性别：□ 男  □ 女", "女", "性别：□ 男  ☑ 女", ()),
        ("○是 ○否", "是", "☑是 ○否", ()),
        ("□低保 □低保边缘", "低保边缘", "□低保 ☑低保边缘", ()),
        ("□老人、□儿童、□残疾人", "老人、残疾人", "☑老人、□儿童、☑残疾人", ()),
        ("□自住 □出租", "商用", "□自住 □出租", ("商用",)),
        ("□其他（____）", "其他", "☑其他（____）", ()),
        ("□自住 □出租", "☐自住 ☐出租", "□自住 □出租", ()),
    ],
)
def test_boxes_are_ticked_in_place(text, value, after, missing):
    assert ticked(text, value) == (after, missing)


def test_boxes_and_their_labels():
    assert has_boxes("□有 □无")
    assert not has_boxes("□")
    assert box_labels("□有 ☑无") == ("有", "无")
