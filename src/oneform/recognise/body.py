"""Recognise, the rows under a header: a SHEET and its columns → data rows, and every other row with the reason.

Each row below the band is one of: data, blank, a total, a repeated title or header, a code or hint row, an example, a
heading inside the table, a number without content, or the end (a signature, notes). Nothing is dropped without a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from oneform.frames import BLANK, LEFT_OUT, Sheet

Reason = tuple[str, str]
ABOVE = ("表头以上的标题或说明", "title or notes above the header")
BLANK_ROW = ("空行", "blank row")
TOTAL = ("合计行", "total row")
HEADER_AGAIN = ("重复的表头", "the header again")
TITLE_AGAIN = ("重复的标题或说明", "title or notes printed again")
CODES = ("代码或编号行", "row of codes or column numbers")
HINTS = ("填写提示行", "hints on how to fill in")
EXAMPLE = ("示例行", "example row")
HEADING = ("分段标题", "heading inside the table")
ONLY_NUMBER = ("只有序号，没有内容", "a row number without content")
AFTER = ("表尾的签名、说明或其他内容", "signature, notes or other content after the table")

_TOTAL = (
    r"^(?:以上|其中|本[页表村组]|本?(?:网格|社区|小区|街道)|全[村镇乡区])?(?:合计|总计|小计|共计|累计|总合计)(?:人数|户数|数)?"
    r"[:：]?(?:[0-9,.]*[人户条个元名次份%]?[、，,]?)*$"
)
_END = (
    r"^[\u4e00-\u9fff（()）]{0,10}(?:填表人|填报人|制表人|经办人|审核人|复核人|审批人|负责人|联系人|领导|书记|主任|签名|签字|签章"
    r"|盖章|公章|填报单位|制表单位|联系电话|(?:填报|填表|制表|上报|报送|申请)(?:日期|时间))[^\u4e00-\u9fff]*[:：]"
    r"|^(?:说明|备注|注|注意|注意事项|填表说明|填写说明|填报说明|备注说明)[:：]|^注[0-9一二三]?[、.．:：]"
    r"|^(?:说明|填表说明|填写说明|填报说明|注意事项)$|^[(（]?(?:盖章|公章|签字|签名)[)）]?$"
)
_CODE = r"^[(（]?(?:[0-9]{1,3}(?:=[0-9+\-*/()（）]+)?|[A-Z]{1,2}[0-9]{0,3}|[甲乙丙丁戊己庚辛壬癸]|[①-⑳])[)）]?$"
_EXAMPLE = (
    r"^[(（【\[]?(?:例|示例|样例|例如|例子|范例|填写示例|填写样例|举例)[)）】\]]?[:：]?[0-9]*$"
    r"|^[(（【\[](?:示?例|样例)[)）】\]]"
)
_HINT = (
    r"必填|选填|可填|可选|填写|请填|请选|格式|例如|^如[：:\u4e00-\u9fff0-9]|下拉|选择|自动(?:关联|生成|计算)|(?i:yyyy)|分隔|[0-9]+位"
    r"|^(?:男[^男女]{0,2}女|是[^是否]{0,2}否|有[^有无]{0,2}无)$|^[(（]?(?:1[.、)）]|①)[^0-9①②]+[(（]?(?:2[.、)）]|②)"
    r"|^[\u4e00-\u9fff]{1,4}(?:/[\u4e00-\u9fff]{1,6}){1,}|[0-9]\s*[=＝:：]\s*[\u4e00-\u9fff]"
)

_STARTS = r"^[\s(（【\[]*(?:[例示样范举合总小共累本以其全网社街]|填写)"  # how a total or an example begins
_ORDINAL = r"^[(（]?[一二三四五六七八九十]{1,3}[)）]?[、.．]?$"
TOP = 4  # rows under the header that may be codes, hints and examples


@dataclass(frozen=True)
class Body:
    """Data rows of a table: `row` and `c{i}` as the sheet has them, types beside; what was left out: LEFT_OUT."""

    cells: pl.DataFrame
    types: pl.DataFrame
    left_out: pl.DataFrame


def body(
    sheet: Sheet,
    band: tuple[int, int],
    leaves: dict[int, str],
    *,
    stop: int | None = None,
    above: Sequence[str] = (),
) -> Body:
    """Rows below the header rows `band`, over the columns of `leaves`, up to the row before `stop`.

    `above` are the texts over the header: a page may print them again.
    """
    names = [f"c{i}" for i in leaves]
    height = (stop - 1 if stop else sheet.texts.height) - band[1]
    rows = sheet.texts.slice(band[1], max(height, 0)).select(names)
    types = sheet.types.slice(band[1], max(height, 0)).select(names)
    numbers = pl.int_range(band[1] + 1, band[1] + 1 + rows.height, dtype=pl.Int32, eager=True).alias("row")
    if not rows.height:
        return Body(rows.insert_column(0, numbers), types.insert_column(0, numbers), pl.DataFrame(schema=LEFT_OUT))
    heads = _heads(sheet, band, leaves)
    reasons = _reasons(rows, types, heads, leaves, _wide(sheet, band[1], rows.height, leaves), above)
    kept = reasons.is_null()
    out = pl.DataFrame({"row": numbers, "reason": reasons}).filter(~kept)
    left_out = listed(sheet.name, out["row"], out["reason"])
    cells = rows.insert_column(0, numbers).filter(kept)
    return Body(cells, types.insert_column(0, numbers).filter(kept), left_out)


def _heads(sheet: Sheet, band: tuple[int, int], leaves: dict[int, str]) -> list[list[str | None]]:
    """What stands in each header row, the row of leaves last (with the texts that a merge carries down into it)."""
    names = [f"c{i}" for i in leaves]
    rows = sheet.texts.slice(band[0] - 1, band[1] - band[0] + 1).select(names).rows()
    return [*(list(row) for row in rows), list(leaves.values())]


def listed(sheet: str, rows: pl.Series, reasons: pl.Series) -> pl.DataFrame:
    """LEFT_OUT lines for rows, the reason given by its Chinese text."""
    twins = dict(
        [ABOVE, BLANK_ROW, TOTAL, HEADER_AGAIN, TITLE_AGAIN, CODES, HINTS, EXAMPLE, HEADING, ONLY_NUMBER, AFTER]
    )
    return pl.DataFrame(
        {
            "sheet": pl.repeat(sheet, rows.len(), dtype=pl.String, eager=True),
            "row": rows.cast(pl.Int32),
            "column": pl.repeat(None, rows.len(), dtype=pl.Int32, eager=True),
            "reason": reasons,
            "reason_en": reasons.replace_strict(twins, return_dtype=pl.String) if rows.len() else reasons,
        },
        schema=LEFT_OUT,
    )


def _wide(sheet: Sheet, after: int, height: int, leaves: dict[int, str]) -> pl.Series:
    """True for rows whose cell is merged over most of the table."""
    rows = [
        top - after - 1
        for top, left, bottom, right in sheet.merges
        if after < top <= after + height and top == bottom and sum(left <= c <= right for c in leaves) * 2 > len(leaves)
    ]
    wide = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
    return wide.scatter(rows, True) if rows else wide


def _reasons(
    rows: pl.DataFrame,
    types: pl.DataFrame,
    heads: list[list[str | None]],
    leaves: dict[int, str],
    wide: pl.Series,
    above: Sequence[str],
) -> pl.Series:
    """Why each row is no data, null for data. Only the rows that a cheap look makes suspicious are read closely."""
    names, width = rows.columns, rows.width
    facts = rows.select(
        filled=pl.sum_horizontal(pl.col(n).str.contains(r"\S").fill_null(value=False) for n in names),
        labels=pl.any_horizontal(pl.col(n).str.contains("[:：]\\s*$").fill_null(value=False) for n in names),
        word=pl.any_horizontal(pl.col(n).str.contains(_STARTS).fill_null(value=False) for n in names[:3]),
        **{
            f"again{k}": pl.sum_horizontal(
                (pl.col(n) == text).fill_null(value=False) for n, text in zip(names, head, strict=True) if text
            )
            for k, head in enumerate(heads)
            if any(head)
        },
    ).with_columns(wide=wide, at=pl.int_range(pl.len()))
    agains = [name for name in facts.columns if name.startswith("again")]
    facts = facts.with_columns(
        again=pl.any_horizontal((pl.col(n) >= 2) & (pl.col(n) * 10 >= pl.col("filled") * 6) for n in agains),
        group=pl.any_horizontal((pl.col(n) >= 1) & (pl.col(n) == pl.col("filled")) for n in agains),
    )
    odd = (
        facts["again"] | facts["group"] | facts["word"] | (facts["at"] < TOP) | (facts["filled"] <= max(2, width // 2))
    )
    told = _closely(
        rows.filter(odd).select(pl.all().str.replace_all(r"\s", "").replace("", None)),
        types.filter(odd).select(marked=pl.any_horizontal(pl.all() > BLANK)).to_series(),
        facts.filter(odd),
        leaves,
        {"".join(text.split()) for text in above},
    )
    at = odd.arg_true()
    reasons = pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    return _after_the_end(reasons.scatter(at, told) if at.len() else reasons, facts.select("filled", "labels"), width)


def _closely(
    bare: pl.DataFrame, marked: pl.Series, facts: pl.DataFrame, leaves: dict[int, str], above: set[str]
) -> pl.Series:
    """The reason of each suspicious row, null for data; `bare` are its texts without blanks."""
    names, width = bare.columns, bare.width
    facts = facts.hstack(
        bare.select(
            first=pl.coalesce(names),
            total=pl.any_horizontal(pl.col(n).str.contains(_TOTAL).fill_null(value=False) for n in names[:3]),
        )
    ).with_columns(marked=marked)
    facts = facts.with_columns(ends=_ends(width))
    top = _top(bare, facts.select("at", "filled"), width)
    seq = _sequence(leaves)
    alone = pl.col("filled") == 1
    number = bare[seq].str.contains(r"^[0-9]+[.、]?$").fill_null(value=False) if seq else pl.lit(value=False)
    # 一 | 常住人口 among rows numbered 1, 2, 3: a group of them
    group = bare[seq].str.contains(_ORDINAL).fill_null(value=False) if seq and width > 3 else pl.lit(value=False)
    reason = (
        pl.when(~pl.col("marked") & (pl.col("filled") == 0))
        .then(pl.lit(BLANK_ROW[0]))
        .when(pl.col("again"))
        .then(pl.lit(HEADER_AGAIN[0]))
        .when(alone & pl.col("first").is_in(list(above)))
        .then(pl.lit(TITLE_AGAIN[0]))
        .when("ends")
        .then(pl.lit(AFTER[0]))
        .when("total")
        .then(pl.lit(TOTAL[0]))
        .when(pl.col("first").str.contains(_EXAMPLE).fill_null(value=False))
        .then(pl.lit(EXAMPLE[0]))
        .when(pl.col("at").is_in(list(top)))
        .then(pl.col("at").replace_strict(top, default=None, return_dtype=pl.String))
        .when(alone & number)
        .then(pl.lit(ONLY_NUMBER[0]))
        .when((pl.col("filled") <= 2) & group)
        .then(pl.lit(HEADING[0]))
        .when(alone & pl.col("wide"))
        .then(pl.lit(HEADING[0]))
    )
    told = facts.select(reason.alias("reason"), "at", "group")
    return _whole_headers(told)["reason"]


def _whole_headers(told: pl.DataFrame) -> pl.DataFrame:
    """A group row of the header belongs to the header printed again right below or above it."""
    again = pl.col("reason") == HEADER_AGAIN[0]
    for step in (1, -1):
        near = again.shift(-step).fill_null(value=False) & (pl.col("at").shift(-step) - pl.col("at") == step)
        for _ in range(4):
            told = told.with_columns(
                reason=pl.when(near & pl.col("group")).then(pl.lit(HEADER_AGAIN[0])).otherwise("reason")
            )
    return told


def _ends(width: int) -> pl.Expr:
    """A signature or notes: the first text says so and the row is not filled like data."""
    first = pl.col("first").fill_null("")
    sentence = (
        (first.str.len_chars() > 30) & pl.col("wide") | first.str.contains("[。；]")
        if width > 2
        else pl.lit(value=False)
    )
    long_alone = (pl.col("filled") == 1) & sentence
    few = (pl.col("filled") * 2 <= width) | (pl.col("filled") <= 2)
    return (first.str.contains(_END) & few) | long_alone


def _after_the_end(reasons: pl.Series, facts: pl.DataFrame, width: int) -> pl.Series:
    """Everything after a signature or notes is left out, until the header comes again or rows are filled like data."""
    told = facts.with_columns(reason=reasons).with_columns(
        mark=pl.when(pl.col("reason") == AFTER[0])
        .then(1)
        .when(
            (pl.col("reason") == HEADER_AGAIN[0]) | ((pl.col("filled") * 10 >= max(width, 5) * 8) & ~pl.col("labels"))
        )
        .then(0)
    )
    over = (pl.col("mark").forward_fill() == 1).fill_null(value=False)
    kept = (pl.col("reason") == BLANK_ROW[0]).fill_null(value=False)
    reason = pl.when(over & ~kept).then(pl.lit(AFTER[0])).otherwise("reason")
    return told.select(reason.alias("reason"))["reason"]


def _top(bare: pl.DataFrame, facts: pl.DataFrame, width: int) -> dict[int, str]:
    """The code, hint and example rows right under the band: position → reason."""
    found: dict[int, str] = {}
    for cells, (at, filled) in zip(bare.head(TOP).rows(), facts.head(TOP).rows(), strict=True):
        if not filled:
            continue
        texts = [text for text in cells if text]
        codes = sum(re.search(_CODE, text) is not None for text in texts)
        hints = sum(re.search(_HINT, text) is not None for text in texts)
        if codes * 10 >= filled * 8 and codes >= 3 and filled * 10 >= width * 6 and _rising(texts):
            found[at] = CODES[0]
        elif hints >= 2 and hints * 10 >= filled * 3 and not _IDENTIFIED.search(" ".join(texts)):
            found[at] = HINTS[0]
        elif re.search(_EXAMPLE, texts[0]):
            found[at] = EXAMPLE[0]
        else:
            break
    return found


_IDENTIFIED = re.compile(r"(?<![0-9])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")


def _rising(texts: list[str]) -> bool:
    """True for 1 2 3 …, 甲 1 2, A B C D1: numbers go up by one; letters and stems never are data in most cells."""
    numbers = [int(n[0]) for text in texts if (n := re.match(r"[0-9]{1,3}", text.strip("()（）")))]
    if len(numbers) * 2 < len(texts):
        return True
    return all(b - a == 1 for a, b in pairwise(numbers))


def _sequence(leaves: dict[int, str]) -> str | None:
    """The column of row numbers, if there is one: by name, or an unnamed or numbering first column."""
    for index, leaf in leaves.items():
        if re.sub(r"\s", "", leaf) in {"序号", "编号", "序", "No", "NO", "No.", "NO."}:
            return f"c{index}"
    return None
