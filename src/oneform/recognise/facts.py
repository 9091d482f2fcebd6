"""Recognise, what a sheet says about itself outside its table: title, reporting unit and date, grid, community."""

from __future__ import annotations

import re

from oneform.recognise.band import Zone
from oneform.schema import header_key

# label → fact
_FACTS = {
    "fill_unit": "填报单位 上报单位 报送单位 统计单位 制表单位 编制单位 登记单位 填表单位 单位 培训机构",
    "fill_date": (
        "填报日期 填表日期 统计日期 制表日期 填报时间 填表时间 统计时间 制表时间 上报日期 上报时间 "
        "报送时间 报送日期 登记日期 截至时间 截止时间 截至日期 数据截至 日期"
    ),
    "grid": "网格 所属网格 网格名称 网格编号",
    "community": "社区 所属社区 社区名称 村居 村(社区) 社区(村)",
    "street": "街道 乡镇 街道(乡镇) 所属街道 镇街",
    "filler": "填表人 填报人 制表人 登记人 经办人",
}
_LABELS = {label: fact for fact, labels in _FACTS.items() for label in labels.split()}
_IN_ONE_TEXT = re.compile(
    "(?:^|(?<=[\\s　，,；;|]))("
    + "|".join(sorted((re.escape(label) for label in _LABELS), key=len, reverse=True))
    .replace("\\(", "[(（]")
    .replace("\\)", "[)）]")
    + r")\s*(?:[（(](?:盖章|公章|印章|签章)[)）])?\s*[:：]\s*"
)
_DATE = re.compile(
    r"((?:19|20)[0-9]{2})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})"
    r"|((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])"
)
_EMPTY = re.compile(r"^[\s_＿—\-年月日/:：.。]*$")


def facts(cells: Zone, first: int, last: int) -> dict[str, str]:
    """What rows `first` to `last` say; fill_date in ISO form, absent when it cannot be read or is a blank to fill."""
    found: dict[str, str] = {}
    for row in range(first, last + 1):
        line = _line(cells, row)
        for at, text in enumerate(line):
            _in_one_text(text, found)
            fact = _LABELS.get(header_key(text))
            beside = line[at + 1] if at + 1 < len(line) else ""
            if fact and beside and not _LABELS.get(header_key(beside)):
                _take(found, fact, beside)
        if len(line) == 1 and "title" not in found and not _IN_ONE_TEXT.search(line[0]) and len(line[0]) <= 60:
            found["title"] = re.sub(r"\s+", " ", line[0])
    return found


def _line(cells: Zone, row: int) -> list[str]:
    """The texts of a row from the left, each merged cell once."""
    return list(
        {cell.origin: cell.text for _, cell in sorted(cells.get(row, {}).items()) if cell.origin[0] == row}.values()
    )


def _in_one_text(text: str, found: dict[str, str]) -> None:
    """«填报单位：幸福社区  填报日期：2026年11月20日»: a label reaches to the next one."""
    labels = list(_IN_ONE_TEXT.finditer(text))
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=False):
        value = text[label.end() : end].strip(" 　，,；;|")
        _take(found, _LABELS[header_key(label[1])], value)


def _take(found: dict[str, str], fact: str, value: str) -> None:
    # a label we have no word for ends the value: «填报单位：幸福社区  联系方式：…»
    value = re.split(r"(?:^|[\s　]+)(?=[^\s:：]{2,10}[:：])", value)[0]
    if _EMPTY.match(value) or fact in found:
        return
    if fact == "fill_date":
        date = _DATE.search(value)
        if date is None:
            return
        year, month, day = (int(part) for part in date.groups() if part)
        value = f"{year:04d}-{month:02d}-{day:02d}"
    found[fact] = value
