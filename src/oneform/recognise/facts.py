"""Recognise, what a sheet says about itself outside its table: title, reporting unit and date, grid, community."""

from __future__ import annotations

import re
from collections.abc import Iterable

from oneform.recognise.band import Zone
from oneform.schema import header_key

# label → fact
_FACTS = {
    "fill_unit": "填报单位 上报单位 报送单位 统计单位 制表单位 编制单位 登记单位 填表单位 采集单位 单位 单位名称 培训机构",
    "fill_date": (
        "填报日期 填表日期 统计日期 制表日期 填报时间 填表时间 统计时间 制表时间 上报日期 上报时间 "
        "报送时间 报送日期 登记日期 登记时间 采集日期 日期"
    ),
    "as_of": "截至时间 截止时间 截至日期 截止日期 数据截至 截至 统计截止时间 数据截止时间 统计时点",
    "grid": "网格 所属网格 网格名称 网格编号 责任网格 所在网格",
    "community": "社区 所属社区 社区名称 村居 村(社区) 社区(村) 社区(村)名称 所在社区",
    "street": "街道 乡镇 街道(乡镇) 乡镇(街道) 所属街道 镇街 街道名称 镇(街道)",
    "filler": "填表人 填报人 制表人 登记人 经办人 采集人 网格员",
    "unit_phone": "联系电话 联系方式 电话 单位电话 填表人电话 填报人电话",
    "issue": "期数 期次 批次",
}
_LABELS = {label: fact for fact, labels in _FACTS.items() for label in labels.split()}
_IN_ONE_TEXT = re.compile(
    "(?:^|(?<=[\\s　，,；;|]))("
    + "|".join(sorted((re.escape(label) for label in _LABELS), key=len, reverse=True))
    .replace("\\(", "[(（]")
    .replace("\\)", "[)）]")
    + r")\s*(?:[（(](?:盖章|公章|印章|签章|签字|签名)[)）])?\s*[:：]\s*"
)
_SEAL = re.compile("[（(](?:盖章|公章|印章|签章|签字|签名)[)）]")
_DATE = re.compile(
    r"((?:19|20)[0-9]{2})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})"
    r"|((?:19|20)[0-9]{2})([01][0-9])([0-3][0-9])"
)
_EMPTY = re.compile(r"^[\s_＿—\-年月日时分/:：.。]*$")
_SINCE = re.compile(r"(?:数据|统计)?截[至止](?:到|于)?\s*[:：]?\s*")  # 截至2026年11月20日18时, without a colon
_ISSUE = re.compile(r"第\s*([0-9一二三四五六七八九十百〇零]{1,5})\s*期")
_NUMBER = "[0-9一二三四五六七八九十〇零]"
# how a title or a unit's name names the one place it is about; several (第二、第三网格) name none
_PLACES = {
    "grid": re.compile(rf"(?<!{_NUMBER})(?<![、和至到及与-])(第?{_NUMBER}{{1,3}}号?网格)(?![、和至到及与])"),
    "community": re.compile(r"(?:^|[街道镇乡区县市\s])([^街道镇乡区县市省\s、和及与第]{2,8}社区)(?![、和及与])"),
    "street": re.compile(r"(?:^|[区县市\s])([^省市区县\s、和及与]{2,6}街道)(?!办|[、和及与])"),
}
_NO_PLACE = re.compile("人员|疫情|防控|居民|信息|情况|各|全|本|智慧|小区|排查|登记|服务|管理")


_OF_PLACE = frozenset({"fill_unit", *_PLACES})


def about(labels: Iterable[str]) -> frozenset[str]:
    """The facts about a place that these labels of a form's own head state: whoever fills the form, not its rows."""
    return frozenset(fact for label in labels if (fact := _fact(label)) in _OF_PLACE)


def facts(cells: Zone, first: int, last: int, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """What rows `first` to `last` say; fill_date in ISO form, absent when it cannot be read or is a blank to fill.

    `without`: facts that are not taken, nor what they imply.
    """
    found: dict[str, str] = {}
    for row in range(first, last + 1):
        line = _line(cells, row)
        for at, text in enumerate(line):
            _in_one_text(text, found)
            _in_passing(text, found)
            fact = _fact(text)
            beside = line[at + 1] if at + 1 < len(line) else ""
            if fact and beside and not _fact(beside) and not _IN_ONE_TEXT.search(beside):
                _take(found, fact, beside)
        if len(line) == 1 and "title" not in found and not _IN_ONE_TEXT.search(line[0]) and len(line[0]) <= 60:
            found["title"] = re.sub(r"\s+", " ", line[0])
    return _with_places({fact: value for fact, value in found.items() if fact not in without})


def below(
    cells: Zone, first: int, last: int, known: dict[str, str], without: frozenset[str] = frozenset()
) -> dict[str, str]:
    """`known` and what the lines under a table add to it; they hold no title."""
    said = facts(cells, first, last, without)
    said.pop("title", None)
    together = {**said, **known}
    if "as_of" in together and "fill_date" not in together:
        together["fill_date"] = together["as_of"]
    return together


def _with_places(found: dict[str, str]) -> dict[str, str]:
    """The grid, community and street that a title or a unit's name names, where no line states them."""
    for fact, pattern in _PLACES.items():
        for text in (found.get("fill_unit"), found.get("title")):
            named = [name for name in pattern.findall(text or "") if fact not in found and not _NO_PLACE.search(name)]
            if len(set(named)) == 1:
                found[fact] = named[0]
    if "as_of" in found and "fill_date" not in found:
        found["fill_date"] = found["as_of"]
    return found


def _fact(text: str) -> str | None:
    """The fact a text is the label of: 填报单位（盖章）： too."""
    return _LABELS.get(header_key(_SEAL.sub("", text)))


def _in_passing(text: str, found: dict[str, str]) -> None:
    """What a title or line says without a label: 第3期, 截至2026年11月20日18时."""
    if issue := _ISSUE.search(text):
        found.setdefault("issue", issue[1])
    if since := _SINCE.search(text):
        _take(found, "as_of", text[since.end() :])


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
    if fact in {"fill_date", "as_of"}:
        date = _DATE.search(value)
        if date is None:
            return
        year, month, day = (int(part) for part in date.groups() if part)
        value = f"{year:04d}-{month:02d}-{day:02d}"
    found[fact] = value
