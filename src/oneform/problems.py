"""The catalogue of all that oneform may say about data and files: stable code → Chinese sentence, English twin, level.

Codes are never renumbered and never reused. A sentence names what is wrong, what was found and what to do; it uses the
user's own header, never a field name of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from oneform.errors import (
    ConfigError,
    Fault,
    HeaderError,
    OneformError,
    PolicyError,
    StoreBusyError,
    StoreError,
    TemplateError,
    UsageError,
    WorkbookError,
)

ERROR, WARN = "错误", "提醒"

WARNINGS = {"OF308", "OF409", "OF608", *(f"OF{n}" for n in range(312, 320))}


@dataclass(frozen=True)
class Message:
    """A sentence and its English twin; `{name}` marks the facts that fill it."""

    zh: str
    en: str


_SAVED_ANEW = "请用 Excel 或 WPS 打开，另存为新的 .xlsx 再交。"

CATALOGUE: dict[str, Message] = {
    # 1xx: the file as a whole
    "OF101": Message("{what}，请重新保存或重新发送后再导入。", "{what_en}; save or send it again."),
    "OF102": Message(
        "这不是能读取的表格（{what}），请交 .xlsx 文件（别的表格可在 Excel 或 WPS 中另存为 .xlsx）。",
        "not a readable workbook ({what_en}); hand in an .xlsx file.",
    ),
    "OF103": Message("文件有密码，请去掉密码再交。", "the file is password-protected; remove the password."),
    "OF104": Message(
        f"文件结构不安全：{{what}}，没有读取。{_SAVED_ANEW}", "unsafe container: {what_en}; save it anew."
    ),
    "OF105": Message(
        f"文件里含有外部定义或特殊编码（{{what}}），没有读取。{_SAVED_ANEW}",
        "DTD or odd XML encoding ({what_en}); save it anew.",
    ),
    "OF106": Message(
        f"文件里的路径不安全（{{what}}），没有读取。{_SAVED_ANEW}",
        "unsafe path inside the file ({what_en}); save it anew.",
    ),
    "OF107": Message(
        "文件解开后过大（{what}），没有读取。请删去多余的行列和图片，另存后再交。",
        "the file unpacks too large ({what_en}); delete what is not needed and save it anew.",
    ),
    "OF108": Message(
        "单元格 {cell} 远在表格之外，请删除多余的行列后再交。", "cell {cell} lies far outside the table; delete it."
    ),
    "OF109": Message(
        f"读取表格的进程没有完成（{{what}}）。{_SAVED_ANEW}",
        "the reading process did not finish ({what_en}); save it anew.",
    ),
    "OF110": Message("{what}。", "{what_en}."),
    # 2xx: header and columns
    "OF201": Message(
        "缺少「{header}」列{nearest}。请补上这一列或改列名。",
        "required column {header} is missing{nearest_en}.",
    ),
    "OF202": Message(
        "两列都叫「{header}」：{columns} 列，请改名加以区分。", "two columns are called {header}: {columns}."
    ),
    "OF203": Message(
        "「{header}」列里大多不是{expected}，是否错列？请核对后再导入。",
        "column {header} mostly does not hold {expected_en}; swapped?",
    ),
    "OF204": Message("这张表应为「{expected}」，实为「{found}」，请核对文件。", "expected {expected}, found {found}."),
    "OF205": Message("没有找到表头，请确认表中有「姓名」「身份证号」等列名。", "no header row was found."),
    "OF206": Message(
        "表头（「{sheet}」第 {rows} 行）里没有一列认得出来，请用 oneform template 生成采集表，或先确认列名。",
        "no column of the header ({sheet}, row {rows}) is known; use `oneform template`.",
    ),
    "OF207": Message(
        "「{sheet}」是{what}，没有读取。请交一行一人（一户、一处）的名单。",
        "{sheet}: {what_en}; not read. Hand in a list with a row for each person, household or place.",
    ),
    # 3xx: cells
    "OF301": Message(
        "「{header}」被 Excel 存成数字，后几位已丢失。请把整列设为文本后重填。",
        "the ID was stored as a number, its tail is lost; set the column to text and type it again.",
    ),
    "OF302": Message("「{header}」{what}，请核对证件。", "{header}: {what_en}; check the document."),
    "OF303": Message(
        "「{header}」不是能拨通的号码（{what}），请核对。", "{header} is no readable phone number ({what_en})."
    ),
    "OF304": Message(
        "「{header}」的日期无法判断年月日（{found}），请写成 2026-11-20 这样。",
        "the date in {header} is ambiguous ({found}); write 2026-11-20.",
    ),
    "OF305": Message("「{header}」在今天之后（{found}），请核对。", "{header} lies in the future ({found})."),
    "OF306": Message(
        "「{header}」的公式没有结果，请用 Excel 打开并保存后再交。",
        "the formula in {header} has no value; open and save it in Excel.",
    ),
    "OF307": Message("「{header}」是错误值 {found}，请改成实际内容。", "{header} holds the error {found}."),
    "OF308": Message(
        "「{header}」里有系统造的字，换台电脑会看不见，请补写正确的字。", "{header} holds a private-use character."
    ),
    "OF309": Message("「{header}」里有{what}，请删去。", "{header} holds {what_en}; remove it."),
    "OF310": Message(
        "「{header}」看不出意思（{found}），请写成{allowed}之一。",
        "{header} is not understood ({found}); write one of {allowed}.",
    ),
    "OF311": Message(
        "「{header}」里的楼栋房号无法确定（{found}），请写成 3栋2单元501室 这样。",
        "the dwelling in {header} is not certain ({found}).",
    ),
    "OF312": Message(
        "「{header}」与证号第 17 位不符（表中 {found}，证号 {expected}），请核对。",
        "sex in {header} disagrees with the ID ({found} / {expected}).",
    ),
    "OF313": Message("「{header}」算出的年龄超过 120 岁，请核对。", "{header} gives an age over 120."),
    "OF314": Message(
        "「{header}」的地区码 {found} 不在现行名单里，请留意。",
        "area code {found} in {header} is not in the current list.",
    ),
    "OF315": Message("「{header}」有疑点（{what}），请核对。", "{header} is doubtful ({what_en})."),
    "OF316": Message("「{header}」缺区号或不完整，请补全。", "the number in {header} lacks its area code."),
    "OF317": Message(
        "「{header}」只写了两位年份，已按 {found} 读取，请核对。", "two-digit year in {header}, read as {found}."
    ),
    "OF318": Message("「{header}」写法少见（{what}），请核对。", "odd value in {header} ({what_en})."),
    "OF319": Message(
        "「{header}」与推算结果不同（表中 {found}，推算 {expected}），请核对。",
        "{header} differs from what is derived ({found} / {expected}).",
    ),
    "OF320": Message(
        "「{header}」不在可选范围内（{found}），请写成{allowed}之一。",
        "{header} is not in the list ({found}); one of {allowed}.",
    ),
    "OF321": Message("「{header}」不是数字（{found}），请改成数字。", "{header} is no number ({found})."),
    "OF322": Message(
        "「{header}」超出范围（{found}，应在 {allowed} 之间），请核对。",
        "{header} is out of range ({found}; {allowed}).",
    ),
    "OF323": Message(
        "「{header}」一格里应写{what}，现在分不清（{found}），请写成「{allowed}」这样，或分列填写。",
        "{header} holds several facts that cannot be told apart ({found}); write {allowed}.",
    ),
    # 4xx: between rows and people
    "OF401": Message(
        "证号相同、姓名不同，请核对是谁的证件（第 {rows} 行）。", "same ID, different names (rows {rows})."
    ),
    "OF402": Message("同一人有两个证号，请核对（另见第 {rows} 行）。", "one person with two IDs (see row {rows})."),
    "OF403": Message(
        "上次有、这次没有的 {count} 人：是迁出还是漏填？", "{count} people of the last sheet are missing."
    ),
    "OF404": Message("「{header}」与库中较新的内容不同，请核对。", "{header} differs from newer data in the store."),
    "OF405": Message("{what}，请核对本户与户主关系。", "{what_en}."),
    "OF406": Message(
        "这一行既没有姓名也没有证号，无法知道是谁，先留着等补填。", "neither name nor identifier in this row; it waits."
    ),
    "OF407": Message("这一行缺少「{header}」，无法入库，先留着等补填。", "this row lacks {header}; it waits."),
    "OF408": Message("报表「{row}」行：{what}，请核对后再报。", "report row {row}: {what_en}."),
    "OF409": Message("报表「{row}」行：{what}，请核对。", "report row {row}: {what_en}."),
    "OF410": Message(
        "「{header}」这张表改过，库里在这之后也改过，两边不同，请核对哪个对。",
        "{header} was changed in this sheet and in the store since; which is right?",
    ),
    # 5xx: mapping, schema, sources
    "OF501": Message("不认识“{key}”{hint}。", "unknown key {key}{hint_en}."),
    "OF502": Message("缺少「{key}」。", "{key} is missing."),
    "OF503": Message("没有字段 {field}{hint}。", "no field {field}{hint_en}."),
    "OF504": Message("{what}。", "{what_en}."),
    "OF505": Message(
        "证号遮蔽 {mask} 与「{header}」同时出现，合起来等于完整证号，请改用 id:1+2。",
        "mask {mask} beside {header} reveals the whole ID; use id:1+2.",
    ),
    "OF506": Message("{what}。", "{what_en}."),
    "OF507": Message("extends 成环或缺少所依据的表：{chain}。", "extends cycle or missing base: {chain}."),
    "OF508": Message("文件不是 UTF-8，请另存为 UTF-8。", "not UTF-8; save the file as UTF-8."),
    "OF509": Message("{what}。", "{what_en}."),
    "OF510": Message("名称「{name}」含有不允许的字符。", "illegal characters in the name {name}."),
    "OF511": Message("表结构变少：{what}。", "schema lowered: {what_en}."),
    "OF512": Message("代码 {code} 仍在使用（{count} 行），不能删除。", "code {code} is still in use ({count} rows)."),
    # 6xx: templates
    "OF601": Message("模板 {file} {what}。", "template {file}: {what_en}."),
    "OF602": Message("模板与映射不一致：{what}。请核对后改映射。", "the template has changed: {what_en}."),
    "OF603": Message("模板里找不到「{label}」（{place}）。", "label {label} not found in the template ({place})."),
    "OF604": Message("填写区 {place} 与模板的{what}相交。", "the fill area {place} crosses {what_en}."),
    "OF605": Message("工作表受保护，{place} 是锁定单元格。", "the sheet is protected; {place} is locked."),
    "OF606": Message(
        "{place} 的下拉只允许 {allowed}，现为「{found}」。", "{place} allows only {allowed}, found {found}."
    ),
    "OF607": Message("{what}，超过模板能容纳的数量（{capacity}）。", "{what_en} exceeds the capacity ({capacity})."),
    "OF608": Message("写出时{what}。", "on writing: {what_en}."),
    "OF609": Message("模板里留有个人信息（{place}），请换空白模板。", "the template holds personal data ({place})."),
    "OF610": Message(
        "{place} 的值不合模板的数据验证：只允许{allowed}{found}。请改数据，或请下发表格的部门改模板。",
        "{place} breaks the template's own rule: only {allowed_en} is allowed{found_en}.",
    ),
    # 7xx: storage
    "OF701": Message(
        "磁盘空间不足：需要 {need} MB，剩余 {free} MB。什么都没有写入。",
        "not enough disk space: {need} MB needed, {free} MB free; nothing was written.",
    ),
    "OF702": Message(
        "数据库正被另一个程序使用（{who}），请稍后再试。", "the database is in use ({who}); try again later."
    ),
    "OF703": Message(
        "数据库文件损坏（{what}），请从备份恢复。", "the database is corrupt ({what_en}); restore from a backup."
    ),
    "OF704": Message(
        "{file} 不是 oneform 的数据库。请把它移走，再运行 oneform init 或从备份恢复。",
        "{file} is no oneform database; move it away, then run oneform init or restore a backup.",
    ),
    "OF705": Message("内存不足，什么都没有写入。请关闭其他程序后再试。", "out of memory; nothing was written."),
    "OF706": Message(
        "{file} 只能读、不能写（没有权限或磁盘只读），什么都没有写入。请检查文件夹的权限，或换一个工作区。",
        "{file} can be read but not written; nothing was written; check its permissions.",
    ),
    "OF707": Message(
        "数据库里少了{lost}（{head} 记着，库里没有），现在只能查看、不能写入。请从备份恢复；"
        "确认不要了，就删去 {head}，再把少的表重新导入。",
        "the database lacks what {head} knows of ({lost}); reading only. Restore a backup, or delete {head} to go on "
        "and import the missing sheets again.",
    ),
    "OF708": Message(
        "表已入库（第 {batch} 批），只是标出问题的表写不进 {folder}。请检查这个文件夹的权限和磁盘空间，"
        "再用 oneform check 文件 -o 别的目录 要一份。",
        "the sheet is taken in (batch {batch}); only the workbook of problems cannot be written to {folder}. Check its "
        "permissions and the disk, then run oneform check FILE -o FOLDER.",
    ),
    # 8xx: policy
    "OF801": Message("本表无权使用字段「{field}」：{what}。", "this form may not use the field {field}: {what_en}."),
}

_ERRORS: dict[str, type[OneformError]] = {
    "OF1": WorkbookError,
    "OF2": HeaderError,
    "OF5": ConfigError,
    "OF6": TemplateError,
    "OF7": StoreError,
    "OF8": PolicyError,
}


def level(code: str) -> str:
    """错误 (the cell is held) or 提醒 (goes on, the doubt is kept); a code has one level for ever."""
    return WARN if code in WARNINGS else ERROR


def message(code: str, /, *, lang: str = "zh", **facts: object) -> str:
    """The sentence of a code, filled with facts; KeyError when a fact it needs is missing."""
    entry = CATALOGUE[code]
    return (entry.zh if lang == "zh" else entry.en).format(**facts)


def fault(code: str, where: str = "", **facts: object) -> Fault:
    """One fault of a file, with its place."""
    entry = CATALOGUE[code]
    return Fault(code, where, entry.zh.format(**facts), entry.en.format(**facts))


def refusal(code: str, where: str = "", **facts: object) -> OneformError:
    """The error to raise when one thing stops the work: its class follows from the code."""
    kind = StoreBusyError if code == "OF702" else _ERRORS[code[:3]]
    return kind(fault(code, where, **facts))


def usage(zh: str, en: str) -> UsageError:
    """A usage fault has no number."""
    return UsageError(Fault("", "", zh, en))


def worded(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings (`code`, `header`, and a struct `facts` of texts) with `level`, `message` and `message_en`.

    Each distinct sentence is made once; a fact that is null reads as an empty text.
    """
    distinct = findings.select("code", "header", "facts").unique()
    wording = [
        {
            **row,
            "level": level(row["code"]),
            "message": CATALOGUE[row["code"]].zh.format(**_facts(row)),
            "message_en": CATALOGUE[row["code"]].en.format(**_facts(row)),
        }
        for row in distinct.iter_rows(named=True)
    ]
    texts = {"level": pl.String, "message": pl.String, "message_en": pl.String}
    sentences = pl.DataFrame(wording, schema={**distinct.schema, **texts})
    return findings.join(sentences, on=["code", "header", "facts"], how="left", nulls_equal=True)


def _facts(row: dict[str, object]) -> dict[str, object]:
    facts = row["facts"] if isinstance(row["facts"], dict) else {}
    return {"header": row["header"] or "", **{name: value or "" for name, value in facts.items()}}
