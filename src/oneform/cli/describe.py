"""What a sheet was understood to say and what is wrong with it, as lines a tired clerk can act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from oneform.cli.options import Shell, column_letters

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from oneform.frames import Table
    from oneform.pipeline import Checked, Imported
    from oneform.schema import Schema

_SHOWN = 20  # lines of problems printed; the rest are counted
_CHANGES = 50  # cells of a dry run printed
_NAMED = 8  # rows or columns named in one line
_WORTH_ASKING = 0.7  # a suggestion below it is a guess among guesses


def describe(shell: Shell, path: Path, checked: Checked, bound: Schema) -> None:
    """What was understood, what was left out and why, and each kind of problem at its rows."""
    shell.result(path.name)
    for zh, en in checked.workbook.notes:
        shell.result(f"  {shell.text(zh, en)}")
    for table in checked.tables:
        shell.result("  " + _understood(shell, table, bound))
        for line in _asked(shell, table, bound):
            shell.result("    " + line)
    for line in _left_out(shell, checked):
        shell.result("  " + line)
    if not checked.problems.is_empty():
        _problems(shell, checked)


def told(shell: Shell, outcome: Imported, bound: Schema) -> None:
    """What an import did."""
    if outcome.delivered:
        form, day = outcome.delivered
        zh = f"[ok] 这是本程序 {day} 导出的「{form}」，没有改动，不用导入。"
        shell.result(
            "  " + shell.text(zh, f"[ok] exported by oneform on {day} ({form}) and unchanged; nothing to take in.")
        )
        return
    if outcome.again:
        zh = f"[ok] 这份内容已在第 {outcome.batch} 批导入过，没有变化。"
        en = f"[ok] already imported as batch {outcome.batch}; nothing changed."
        if not outcome.checked.problems.is_empty():
            zh += f"要改的见 oneform problems --batch {outcome.batch}"
            en += f" What to mend: oneform problems --batch {outcome.batch}"
        shell.result("  " + shell.text(zh, en))
        return
    if outcome.checked.answers and not outcome.dry_run:
        said = [answer.shown for answer in outcome.checked.answers]
        zh = f"记住了：{'、'.join(f'「{one}」' for one in said)}，以后同样的表不再问（oneform memory 可查看、可忘掉）。"
        shell.result("  " + shell.text(zh, f"remembered: {', '.join(said)}; see oneform memory."))
    counts = outcome.checked.counts
    about = "、".join(dict.fromkeys(bound.entities[table.entity].zh for table in outcome.checked.tables))
    source = bound.sources[outcome.source].zh or outcome.source
    queued, waiting = outcome.queued_for_review, counts["waiting"]
    done = "如果导入（" if outcome.dry_run else f"已入库，第 {outcome.batch} 批（"
    done_en = "would be taken in" if outcome.dry_run else f"taken in as batch {outcome.batch}"
    zh = (
        f"[ok] {done}{source}，{outcome.valid_on}）：{about} {outcome.new} 新增，"
        f"{outcome.updated} 更新，{outcome.unchanged} 未变"
    )
    en = (
        f"[ok] {done_en} ({outcome.source}, {outcome.valid_on}): {outcome.new} new, "
        f"{outcome.updated} updated, {outcome.unchanged} unchanged"
    )
    more = [
        (counts["held_cells"], "{} 格有错先不用", "{} cells held"),
        (waiting, "{} 行等补填", "{} rows wait"),
        (outcome.merged, "{} 位居民并入另一位", "{} residents went into another"),
        (outcome.split, "{} 位居民从另一位分出", "{} residents came off another"),
        (queued, "{} 对可能是同一人，见 oneform reviews", "{} pairs wait for a person: oneform reviews"),
    ]
    zh += "".join(f"；{said.format(count)}" for count, said, _ in more if count)
    en += "".join(f"; {said.format(count)}" for count, _, said in more if count)
    shell.result("  " + shell.text(zh, en))


def changed(shell: Shell, outcome: Imported, bound: Schema) -> None:
    """What a dry run would change, cell by cell: `第 5 行 C 列 联系电话：138… → 139…`."""
    if not outcome.dry_run or outcome.again:
        return
    several = len(outcome.checked.tables) > 1
    for line in outcome.changes.head(_CHANGES).iter_rows(named=True):
        field = bound.entities[line["entity"]].fields[line["field"]]
        words = bound.codes[field.codes].labels if field.codes else {}
        blank = shell.text("（空）", "(blank)")
        old, new = (words.get(line[name], line[name]) or blank for name in ("old", "new"))
        at = column_letters(line["column"]) if line["column"] else ""
        sheet = line["sheet"] if several else ""
        zh = f"「{sheet}」" if sheet else ""
        zh += f"第 {line['row']} 行 {f'{at} 列 ' if at else ''}{field.zh}：{old} → {new}"
        en = f"{sheet} row {line['row']} {f'column {at} ' if at else ''}{field.en}: {old} → {new}".strip()
        shell.result("    " + shell.text(zh, en))
    if outcome.changes.height > _CHANGES:
        rest = outcome.changes.height - _CHANGES
        shell.result("    " + shell.text(f"…… 还有 {rest} 格，加 --json 看全部。", f"… {rest} more; --json shows all."))


def missing(shell: Shell, outcome: Imported) -> None:
    """Who was in the last edition of the sheet and is not in this one: named by surname and place only."""
    gone = outcome.missing
    if gone.is_empty():
        return
    shell.result(
        "  "
        + shell.text(
            f"本次缺 {gone.height} 人，迁出还是漏填？（没有删除；漏填的请补上再交。）",
            f"{gone.height} people of the last sheet are missing: moved away or left out? (Nothing was deleted.)",
        )
    )
    for line in gone.head(_SHOWN).iter_rows(named=True):
        shell.result(f"    {line['name'] or '*'}（{line['file']}!{line['sheet']}!{line['row']}）")
    if gone.height > _SHOWN:
        shell.result("    " + shell.text(f"…… 共 {gone.height} 人", f"… {gone.height} in all"))


def _understood(shell: Shell, table: Table, bound: Schema) -> str:
    first, last = table.header_rows
    known = sum(column.field is not None for column in table.columns)
    denied = [column.header for column in table.columns if column.denied]
    unused = [
        column.header for column in table.columns if not column.field and not column.denied and column.header != "序号"
    ]
    if table.refused:
        return shell.text(
            f"没有读取：工作表「{table.sheet}」，表头像在第 {_span(first, last)} 行（{table.refused[0]}）",
            f"not read: sheet {table.sheet}, header seems to be row {_span(first, last)} ({table.refused[1]})",
        )
    zh = (
        f"读取：工作表「{table.sheet}」（{bound.entities[table.entity].zh}），表头第 {_span(first, last)} 行，"
        + (f"{table.cells.height} 行" if table.data_rows else "空白表，没有数据行")
        + f"；认出 {known}/{len(table.columns)} 列"
        + (f"（原样留着、没有用上的：{_listed(unused, '、', ' 等 {} 列')}）" if unused else "")
        + (f"（按规定不保存：{'、'.join(denied)}）" if denied else "")
    )
    en = (
        f"read: sheet {table.sheet} ({bound.entities[table.entity].en}), header row {_span(first, last)}, "
        + (f"{table.cells.height} rows" if table.data_rows else "a blank form without data rows")
        + f"; {known}/{len(table.columns)} columns known"
        + (f" (kept but unused: {_listed(unused, ', ', ' and more, {} in all')})" if unused else "")
        + (f" (never stored: {', '.join(denied)})" if denied else "")
    )
    return shell.text(zh, en)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _listed(names: Sequence[object], comma: str, more: str) -> str:
    """The first few names, and how many there are when that is more."""
    return comma.join(map(str, names[:_NAMED])) + (more.format(len(names)) if len(names) > _NAMED else "")


def _asked(shell: Shell, table: Table, bound: Schema) -> Iterator[str]:
    for column in table.columns:
        likely = [field for field, sure in column.suggestions if sure >= _WORTH_ASKING and not column.field]
        labels = [_label(bound, table.entity, field) for field in likely]
        if any(zh in column.header.rpartition("/")[2] for zh, _ in labels):
            continue  # the very word, ambiguous where it stands: renaming it would not help
        if labels:
            zh, en = "、".join(zh for zh, _ in labels), ", ".join(en for _, en in labels)
            yield shell.text(
                f"「{column.header}」是否指 {zh}？是的话请改成这个列名，或导入时加 --column {column.header}={labels[0][0]}",
                f"{column.header}: is it {en}? If so, rename the column or add --column {column.header}={labels[0][0]}",
            )


def _label(bound: Schema, entity: str, field: str) -> tuple[str, str]:
    homes = [bound.entities[entity], bound.entities["person"], *bound.entities.values()]
    found = next(one.fields[field] for one in homes if field in one.fields)
    return found.zh, found.en


def _left_out(shell: Shell, checked: Checked) -> Iterator[str]:
    """One line per reason: which sheets, rows or columns."""
    several = len(checked.tables) > 1
    for (reason, reason_en), places in checked.left_out.group_by("reason", "reason_en", maintain_order=True):
        rows, columns = places["row"].drop_nulls().to_list(), places["column"].drop_nulls().to_list()
        sheets = list(dict.fromkeys(places["sheet"]))
        where, where_en = ("、".join(f"「{name}」" for name in sheets), ", ".join(sheets))
        if rows:
            runs = _runs(rows) if len(sheets) == 1 else [str(len(rows))]
            zh = f"第 {_listed(runs, '、', ' 等')} 行" if len(sheets) == 1 else f"共 {len(rows)} 行"
            place = (f"{where if several else ''}{zh}", f"{where_en + ' ' if several else ''}{len(rows)} rows")
        elif columns:
            letters = [column_letters(index) for index in columns]
            place = (f"{where if several else ''}{_listed(letters, '、', ' 等')} 列", f"columns {', '.join(letters)}")
        else:
            place = (f"工作表{where}", f"sheet {where_en}")
        yield shell.text(f"未读：{place[0]}（{reason}）", f"left out: {place[1]} ({reason_en})")


def _runs(rows: list[int]) -> list[str]:
    """Rows as spans: 5, 6, 7, 9 → 5-7, 9."""
    spans: list[list[int]] = []
    for row in sorted(set(rows)):
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return [_span(first, last) for first, last in spans]


def _problems(shell: Shell, checked: Checked) -> None:
    found = checked.problems
    counts = dict(found.group_by("level").len().iter_rows())
    errors, warnings = counts.get("错误", 0), counts.get("提醒", 0)
    shell.result("  " + shell.text(f"错误 {errors}  提醒 {warnings}", f"errors {errors}  warnings {warnings}"))
    lines = list(places(shell, found, several=len(checked.tables) > 1))
    for line in lines[:_SHOWN]:
        shell.result("    " + line)
    if len(lines) > _SHOWN:
        by_code = found.group_by("code").len().sort("code").rows()
        zh, en = "，".join(f"{c} {n} 处" for c, n in by_code), ", ".join(f"{c} {n}" for c, n in by_code)
        shell.result("    " + shell.text(f"…… 共 {found.height} 处：{zh}。", f"… {found.height} in all: {en}."))


def places(shell: Shell, found: pl.DataFrame, *, several: bool) -> Iterator[str]:
    """`第 5、9 行 D 列 OF301 …`: one line per sentence and column, in the order of their first rows."""
    import polars as pl

    said = "message" if shell.lang == "zh" else "message_en"
    grouped = found.group_by("sheet", "column", "code", said, maintain_order=True).agg(pl.col("row").drop_nulls())
    for sheet, column, code, message, rows in grouped.iter_rows():
        place = f"「{sheet}」" if several else ""
        if rows:
            place += shell.text(
                f"第 {_listed(rows, '、', ' 等 {}')} 行 ", f"row {_listed(rows, ', ', ' and more, {} in all')} "
            )
        if column is not None:
            place += shell.text(f"{column_letters(column)} 列 ", f"column {column_letters(column)} ")
        yield f"{place}{code} {message}"
