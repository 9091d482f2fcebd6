"""Link, explain: an EDGES row and its two STANDARD rows → one Chinese sentence a grid worker can check at the door."""

from __future__ import annotations

from collections.abc import Mapping

from oneform.link.model import COMPARISONS

Row = Mapping[str, object]

_FOR = {
    "name": {"edit", "one_differs", "surname", "different"},
    "id": {"wrong", "document", "different"},
    "dob": {"same_year", "different", "generation"},
    "sex": {"different"},
    "contact": {"none"},
}  # levels that speak against one person

_RULES = {
    "same_id": "证件号相同，判为同一人",
    "one_id_two_people": "证件号相同而姓名、出生日期对不上，可能是一个证号填给了两个人",
    "two_valid_ids": "两个证号都有效而不同，判为两个人",
    "possible_duplicate_id": "两个证号都有效而不同，其余全部相同，可能一人有两个证号",
    "damaged_tail": "证号后几位丢失，前 15 位和姓名相同，判为同一人",
    "sex_and_dob": "性别和出生日期都不同，判为两个人",
    "document_and_dob": "证件和出生日期都不同，判为两个人",
    "twins": "同日出生、住在一起、名字只差一点，可能是双胞胎，请核对",
    "unnamed": "有一方没有写名字，其余相符，判为同一人",
}
_VERDICTS = {"same": "判为同一人", "review": "请核对是否同一人", "apart": "判为两个人", "never": "判为两个人"}


def sentence(edge: Row, left: Row, right: Row) -> str:
    """What agrees, what differs (with the values), and what follows; values of both rows are part of the sentence.

    Missing comparisons are not mentioned.
    """
    agree: list[str] = []
    differ: list[str] = []
    for part in str(edge["levels"]).split():
        comparison, word = part.split("=")
        level = next(level for level in COMPARISONS[comparison] if level.name == word)
        if level.zh:
            said = level.zh + _values(comparison, word, left, right)
            (differ if word in _FOR[comparison] else agree).append(said)
    reason, verdict = str(edge["reason"]), str(edge["verdict"])
    outcome = _RULES.get(reason) or _outcome(verdict, part_of_household="同住址" in "".join(agree))
    facts = "；".join(text for text in ("＋".join(agree), "，".join(differ)) if text)
    return f"{facts}，{outcome}。" if facts else f"没有可以比较的内容，{outcome}。"


def _outcome(verdict: str, *, part_of_household: bool) -> str:
    return "判为同户不同人" if verdict == "apart" and part_of_household else _VERDICTS[verdict]


def _values(comparison: str, word: str, left: Row, right: Row) -> str:
    """The two values in brackets, where they differ and a person can see it: characters of a name, dates, sexes."""
    if word == "equal":
        return ""
    if comparison == "name":
        return _name_values(str(left.get("written") or ""), str(right.get("written") or ""))
    if comparison == "dob":
        dates = [str(row.get("dob_typed") or row.get("dob") or "") for row in (left, right)]
        years = [date[:4] for date in dates]
        return f"（{'/'.join(years if years[0] != years[1] else dates)}）"
    if comparison == "sex":
        return f"（{'/'.join({'1': '男', '2': '女'}.get(str(row.get('sex')), '不明') for row in (left, right))}）"
    return ""


def _name_values(one: str, other: str) -> str:
    differing = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    if len(one) == len(other) and len(differing) == 1:
        return f"（{differing[0][0]}/{differing[0][1]}）"
    return f"（{one}/{other}）"
