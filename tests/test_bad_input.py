"""Hostile and tired input at the command line: what is refused, in which words, and that the store did not change."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from oneform import cli, shipped
from oneform.pipeline import open_workspace
from oneform.store import database
from tests.sheets import workbook
from tests.test_cli import run

ROSTER = """
| 姓名 | 身份证号 | 联系电话 | 现住址 |
|---|---|---|---|
| 张伟 | 110101198001010010 | 13800000001 | 阳光小区3栋2单元501室 |
| 李娜 | 11010119900307029X | 13800000002 | 阳光小区3栋2单元502室 |
"""
GROWN = ROSTER + "| 王强 | 11010519491231002X | 13800000003 | 阳光小区3栋2单元503室 |\n"  # nobody is missing
TEXT = "姓名,身份证号,联系电话\n张伟,110101198001010010,13800000001\n"
PAGE = (
    "<html><body><table><tr><th>姓名</th><th>身份证号</th></tr>"
    "<tr><td>张伟</td><td>110101198001010010</td></tr></table></body></html>"
)
SHEET = "xl/worksheets/sheet1.xml"
FAR = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>%s</t></is></c></row></sheetData>'
# what a clerk may meet in Latin letters: programs, formats, our command, a cell; and the code in front
LATIN = re.compile(r"OF[0-9]{3}|Excel|WPS|PDF|DOCTYPE|\.?xlsx?|oneform|template|Sheet1|XFD1048576|MB|UTF-8|duckdb|init")


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process: `command(folder, "import", "a.xlsx")`."""

    def said(folder: Path, *arguments: str) -> Said:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["oneform", *arguments])
        capsys.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            signal.signal(signal.SIGTERM, before)
        printed = capsys.readouterr()
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    return said


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two people, for tests that must not change it."""
    folder = tmp_path_factory.mktemp("社区")
    with open_workspace(folder, create=True) as opened:
        opened.import_sheet(workbook(folder / "好.xlsx", ROSTER))
    return folder


@pytest.fixture
def own(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, for tests that may."""
    return shutil.copytree(filled, tmp_path / "副本")


def content(folder: Path) -> str:
    return hashlib.sha256((folder / database.NAME).read_bytes()).hexdigest()


def residents(folder: Path) -> int:
    with open_workspace(folder) as opened:
        return opened.residents().height


def sentence(said: Said, *words: str) -> None:
    """One line for people: the words in it, no foreign ones, no trace of a program."""
    (line,) = [line for line in said.err.splitlines() if line.startswith("[x]")]
    assert all(word in line for word in words), line
    told = line.split("OF", 1)[-1]
    assert not re.search("[A-Za-z]{2,}", LATIN.sub("", told)), line
    assert "Traceback" not in said.err + said.out


# -- files that are refused whole -------------------------------------------------------------------------------------


def good(folder: Path) -> bytes:
    return workbook(folder / "原件.xlsx", ROSTER).read_bytes()


def edited(package: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(old.read(info)) if info.filename == part else old.read(info))
    return out.getvalue()


def zipped(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts:
            package.writestr(name, text)
    return out.getvalue()


def encrypted(package: bytes) -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(package)).encrypt("1234", out)
    return out.getvalue()


def flipped(package: bytes) -> bytes:
    """One byte changed inside the compressed sheet."""
    at = package.index(SHEET.encode()) + len(SHEET) + 30
    return package[:at] + bytes([package[at] ^ 0xFF]) + package[at + 1 :]


def ole(*streams: str) -> bytes:
    """The look of an OLE file with streams of these names."""
    names = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000) + names


def doubled(package: bytes) -> bytes:
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, b"<worksheet/>")
    return out.getvalue()


DTD = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
REFUSED: dict[str, tuple[str, Callable[[bytes], bytes], str, tuple[str, ...]]] = {
    # what → file name, its bytes made from a good workbook, code, words of the sentence
    "empty": ("空.xlsx", lambda _: b"", "OF101", ("文件是空的", "重新保存或重新发送")),
    "zeros": ("零.xlsx", lambda _: bytes(5000), "OF101", ("文件是空的",)),
    "cut": ("截.xlsx", lambda b: b[:-1000], "OF101", ("文件不完整", "重新保存或重新发送")),
    "cut early": ("截.xlsx", lambda b: b[:200], "OF101", ("文件不完整",)),
    "flipped byte": ("翻.xlsx", flipped, "OF101", ("损坏", "重新保存或重新发送")),
    "broken xls": ("坏.xls", lambda _: ole("Workbook"), "OF101", ("损坏", "重新保存")),
    "prose": ("字.xlsx", lambda _: "今天上午开会，大家都来了".encode(), "OF102", ("没有表格", ".xlsx")),
    "pdf": ("扫描.xlsx", lambda _: b"%PDF-1.4\n1 0 obj", "OF102", ("PDF 文件", ".xlsx")),
    "png": ("照片.xlsx", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(90), "OF102", ("图片", ".xlsx")),
    "jpeg": ("照片.xlsx", lambda _: b"\xff\xd8\xff\xe0" + bytes(90), "OF102", ("图片", ".xlsx")),
    "archive": ("包.xlsx", lambda _: zipped(("名册.csv", TEXT.encode())), "OF102", ("压缩包", ".xlsx")),
    "word": ("文.xls", lambda _: ole("WordDocument"), "OF102", ("文字文档", ".xlsx")),
    "page without table": ("网.xls", lambda _: "<html><p>登录已过期</p></html>".encode(), "OF102", ("没有表格",)),
    "password": ("密.xlsx", encrypted, "OF103", ("有密码", "去掉密码")),
    "password in xls": ("密.xls", lambda _: ole("EncryptionInfo", "EncryptedPackage"), "OF103", ("有密码",)),
    "two copies of a part": ("重.xlsx", doubled, "OF104", ("同名部件重复出现", "另存为新的 .xlsx")),
    "doctype": (
        "外.xlsx",
        lambda b: edited(b, SHEET, lambda x: DTD + x),
        "OF105",
        ("外部定义", "另存为新的 .xlsx"),
    ),
    "path": (
        "路.xlsx",
        lambda _: zipped(("[Content_Types].xml", b"<a/>"), ("../../x.xml", b"<a/>")),
        "OF106",
        ("路径", "另存为新的 .xlsx"),
    ),
    "bomb": (
        "弹.xlsx",
        lambda _: zipped(("[Content_Types].xml", b"<a/>"), ("xl/a.bin", bytes(40 << 20))),
        "OF107",
        ("过大", "删去"),
    ),
    "far cell": (
        "远.xlsx",
        lambda b: edited(b, SHEET, lambda x: x.replace(b"</sheetData>", FAR % b"x")),
        "OF108",
        ("Sheet1!XFD1048576", "删除多余的行列"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_sheet_is_refused_and_nothing_changes(
    case: str, filled: Path, tmp_path: Path, command: Command
) -> None:
    name, make, code, words = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(make(good(tmp_path)))
    before = content(filled)
    said = command(filled, "import", str(path))
    assert said.status == 5
    sentence(said, f"[x] {path}: {code} ", *words)
    assert said.out == ""
    assert content(filled) == before


def test_check_refuses_in_the_same_words_and_json_says_it_for_programs(
    filled: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "空.xlsx").write_bytes(b"")
    said = command(filled, "check", str(tmp_path / "空.xlsx"), "--json")
    assert said.status == 5
    assert json.loads(said.out)["error"]["code"] == "OF101"
    english = command(filled, "check", str(tmp_path / "空.xlsx"), "--lang", "en")
    assert "OF101 the file is empty; save or send it again." in english.err


# -- sheets without a usable table ------------------------------------------------------------------------------------

TABLES = {
    "no header": ("| 3.5 | 2026 |\n| 4.5 | 2027 |", "OF205", ("没有找到表头", "姓名")),
    "no known column": ("| 甲级 | 乙级 | 丙级 |\n| 1 | 2 | 3 |", "OF206", ("没有一列认得出来", "oneform template")),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_sheet_that_is_not_understood_is_refused(case: str, filled: Path, tmp_path: Path, command: Command) -> None:
    table, code, words = TABLES[case]
    path, before = workbook(tmp_path / "表.xlsx", table), content(filled)
    for verb in ("check", "import"):
        said = command(filled, verb, str(path))
        assert said.status == 3  # a sound file: a person must say what its columns are
        sentence(said, code, *words)
    assert content(filled) == before


def test_a_blank_form_is_good_to_check_and_has_nothing_to_import(
    filled: Path, tmp_path: Path, command: Command
) -> None:
    path, before = workbook(tmp_path / "空白.xlsx", "| 姓名 | 身份证号 | 联系电话 |"), content(filled)
    checked = command(filled, "check", str(path))
    assert checked.status == 0
    assert "空白表，没有数据行；认出 3/3 列" in checked.out
    said = command(filled, "import", str(path))
    assert said.status == 5
    sentence(said, "OF110 表里没有数据行，请填好后再导入。")
    assert content(filled) == before


def test_the_collection_sheet_handed_in_blank_says_nothing(own: Path, command: Command) -> None:
    assert command(own, "template", "person", "-o", "采集表.xlsx").status == 0
    checked = command(own, "check", "采集表.xlsx")
    assert "错误" not in checked.out
    said = command(own, "import", "采集表.xlsx")
    assert said.status == 5
    sentence(said, "OF110")
    assert residents(own) == 2


def test_rows_that_name_nobody_wait_and_make_no_resident(own: Path, tmp_path: Path, command: Command) -> None:
    path = workbook(tmp_path / "缺.xlsx", "| 用户名 | 联系电话 | 现住址 |\n| 甲 | 13800000003 | 3栋1单元101室 |")
    said = command(own, "import", str(path))
    assert said.status == 3
    assert "第 2 行 OF406 这一行既没有姓名也没有证号，无法知道是谁，先留着等补填。" in said.out
    assert "1 行等补填" in said.out
    assert residents(own) == 2


# -- what looks wrong and is read all the same ------------------------------------------------------------------------

READ: dict[str, tuple[str, Callable[[bytes], bytes], int, str]] = {
    # what → file name, bytes, rows, what is said about it
    "gbk text under xlsx": ("名册.xlsx", lambda _: TEXT.encode("gbk"), 1, "按 CSV（GBK）读取"),
    "page under xls": ("导出.xls", lambda _: PAGE.encode(), 1, "按网页表格（UTF-8）读取"),
    "dimension too small": (
        "小.xlsx",
        lambda b: edited(b, SHEET, lambda x: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B1"', x)),
        2,
        "2 行；认出 4/4 列",
    ),
    "dimension too large": (
        "大.xlsx",
        lambda b: edited(b, SHEET, lambda x: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', x)),
        2,
        "2 行；认出 4/4 列",
    ),
    "stray blank far away": (
        "空格.xlsx",
        lambda b: edited(b, SHEET, lambda x: x.replace(b"</sheetData>", FAR % b" ")),
        2,
        "空白单元格已忽略",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_can_be_read_is_read_and_said(case: str, filled: Path, tmp_path: Path, command: Command) -> None:
    name, make, rows, words = READ[case]
    (tmp_path / name).write_bytes(make(good(tmp_path)))
    said = command(filled, "check", str(tmp_path / name))
    assert said.status == 0, said
    assert words in said.out
    assert f"{rows} 行" in said.out


def test_the_same_people_in_two_sheets_are_told_apart_by_sheet(own: Path, tmp_path: Path, command: Command) -> None:
    wrong = ROSTER.replace("11010119900307029X", "110101199003070290")
    path = workbook(tmp_path / "两张.xlsx", {"一组": ROSTER, "二组": wrong})
    said = command(own, "import", str(path))
    assert said.status == 3
    assert "「二组」第 3 行 B 列 OF302" in said.out


# -- the command line -------------------------------------------------------------------------------------------------

USAGE = {
    "no such file": (["import", "没有.xlsx"], ("没有文件 没有.xlsx", "检查文件名")),
    "folder": (["import", "inbox"], ("inbox 是文件夹", "*.xlsx")),
    "pattern without a match": (["check", "没有*.xlsx"], ("没有文件 没有*.xlsx",)),
    "no file at all": (["import"], ("还要写", "文件", "oneform import --help")),
    "mistyped command": (["improt"], ("没有命令 improt", "是否指 import？")),
    "mistyped command of a group": (["mapping", "lsit"], ("没有命令 lsit", "是否指 list？")),
    "mistyped option": (["import", "--sorce", "grid", "好.xlsx"], ("没有选项 --sorce", "--source")),
    "option without its word": (["import", "好.xlsx", "--source"], ("--source", "要写内容")),
    "no folder for the report": (["report", "residents"], ("-o（写到哪个目录）",)),
    "report into a file": (["report", "residents", "-o", "好.xlsx"], ("请写一个目录",)),
    "date the wrong way": (["import", "好.xlsx", "--date", "2026/1/1"], ("--date", "2026-11-20")),
    "batch that is no number": (["problems", "--batch", "一"], ("--batch", "请写数字")),
    "unknown language": (["check", "好.xlsx", "--lang", "fr"], ("只能写 zh、en",)),
    "unknown source": (["import", "好.xlsx", "--source", "火星"], ("没有来源「火星」", "grid（网格员采集）")),
    "unknown form to read by": (["check", "好.xlsx", "--form", "甲"], ("没有表「甲」", "residents（实有人口登记表）")),
    "unknown form to import by": (["import", "好.xlsx", "--form", "甲"], ("没有表「甲」", "residents")),
    "unknown form to fill": (["report", "甲", "-o", "出"], ("没有表「甲」", "residents")),
    "no form to fill": (["report", "-o", "出"], ("请写表名或 --all", "residents")),
    "unknown parameter": (["report", "residents", "-o", "出", "-p", "天=1"], ("没有参数 天", "day")),
    "parameter without a value": (["report", "residents", "-o", "出", "-p", "day"], ("名=值",)),
    "day that is none": (["report", "residents", "-o", "出", "-p", "day=明天"], ("day", "2026-11-20")),
    "unknown entity": (["template", "狗", "-o", "x.xlsx"], ("没有「狗」", "person（居民）")),
    "template into no folder": (["template", "-o", "没有/x.xlsx"], ("没有文件夹 没有",)),
    "template over a file": (["template", "-o", "好.xlsx"], ("好.xlsx 已存在", "--force")),
}


@pytest.mark.parametrize("case", USAGE)
def test_a_wrong_command_line_is_told_what_to_write(case: str, filled: Path, command: Command) -> None:
    arguments, words = USAGE[case]
    before = content(filled), (filled / "好.xlsx").read_bytes()
    said = command(filled, *arguments)
    assert said.status == 2, said
    (line,) = [line for line in said.err.splitlines() if line.startswith("[x]")]
    assert all(word in line for word in words), line
    assert not re.search("Missing|Invalid|No such|Usage|Traceback", said.err)
    assert (content(filled), (filled / "好.xlsx").read_bytes()) == before
    assert not (filled / "出").exists()


def test_a_pattern_is_expanded_without_the_lock_files_of_office(own: Path, command: Command) -> None:
    workbook(own / "三号.xlsx", GROWN)
    (own / "~$三号.xlsx").write_bytes(bytes(165))
    said = command(own, "import", "三*.xlsx", "*号.xlsx")
    assert said.status == 0, said
    assert said.out.count("三号.xlsx\n") == 2
    assert "没有变化" in said.out


def test_one_refused_file_does_not_stop_the_others(own: Path, tmp_path: Path, command: Command) -> None:
    (own / "空.xlsx").write_bytes(b"")
    workbook(own / "新.xlsx", ROSTER.replace("张伟", "王强").replace("110101198001010010", "11010519491231002X"))
    said = command(own, "import", "没有.xlsx", "空.xlsx", "新.xlsx")
    assert said.status == 5
    assert len([line for line in said.err.splitlines() if line.startswith("[x]")]) == 2
    assert residents(own) == 3


def test_without_a_terminal_a_closed_pipe_is_quiet(filled: Path) -> None:
    import os

    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "oneform.cli", "residents", "--csv"],
            cwd=filled,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_ends_with_its_status(sent: signal.Signals, status: int, tmp_path: Path) -> None:
    # a test runner may have been started with the signal switched off
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from oneform.cli import main; main()"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", script, "demo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None
    assert started.stderr is not None
    with started, started.stdout, started.stderr:
        started.stdout.readline()  # the work has begun
        started.send_signal(sent)
        assert started.wait(60) == status
        told = started.stderr.read().decode()
    assert "Traceback" not in told
    assert "程序出错" not in told


# -- templates and mappings of a workspace ----------------------------------------------------------------------------

FORM = "mappings/gongan/residents"


@pytest.fixture
def overlaid(own: Path) -> Path:
    """The workspace with its own copy of a shipped form."""
    for kind in (".yaml", ".xlsx"):
        path = own / f"{FORM}{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped.folder("mappings") / f"gongan/residents{kind}", path)
    return own


def rewritten(folder: Path, old: str, new: str) -> int:
    """The workspace's mapping with a text replaced; the line that changed."""
    path = folder / f"{FORM}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_a_form_of_the_workspace_replaces_the_shipped_one(overlaid: Path, command: Command) -> None:
    rewritten(overlaid, "title: 实有人口登记表", "title: 本社区人口表")
    said = command(overlaid, "report", "residents", "-o", "出")
    assert said.status == 0, said
    (made,) = (overlaid / "出").iterdir()
    assert made.name.startswith("本社区人口表_")


def test_a_missing_template_is_asked_for(overlaid: Path, command: Command) -> None:
    (overlaid / f"{FORM}.xlsx").unlink()
    said = command(overlaid, "report", "residents", "-o", "出")
    assert said.status == 4
    assert "OF601 模板 residents.xlsx 找不到，请放回映射文件旁边。" in said.err
    assert not (overlaid / "出").exists()


def test_another_template_than_the_registered_one_is_refused(overlaid: Path, command: Command) -> None:
    workbook(overlaid / f"{FORM}.xlsx", ROSTER)
    said = command(overlaid, "report", "residents", "-o", "出")
    assert said.status == 4
    assert "OF602 模板与映射不一致" in said.err
    assert not (overlaid / "出").exists()


def test_a_template_with_another_header_is_refused_with_the_column(overlaid: Path, command: Command) -> None:
    import openpyxl

    path = overlaid / f"{FORM}.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["实有人口"]
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "联系电话"]
    cell.value = "手机号"
    book.save(path)
    rewritten(overlaid, re.search("sha256: [0-9a-f]{64}, ", (overlaid / f"{FORM}.yaml").read_text("utf-8"))[0], "")
    said = command(overlaid, "report", "residents", "-o", "出")
    assert said.status == 4
    assert re.search("OF60[23] .*联系电话", said.err), said.err
    assert not (overlaid / "出").exists()


TYPOS = {
    # what is written → with what, code, column of the fault, words
    "key of the file": ("recipient: 辖区派出所", "recipent: 辖区派出所", "OF501", 1, "是否指「recipient」"),
    "key of a column": ("{field: phone}", "{feild: phone}", "OF501", 14, "是否指「field」"),
    "field": ("{field: phone}", "{field: phnoe}", "OF503", 21, "是否指「phone」"),
    "nothing said why": ("purpose: 实有人口登记与核对\n", "", "OF502", 1, "purpose"),
    "a word of SQL": ("{field: phone}", "{expr: \"read_csv('x')\"}", "OF504", 20, "不能用函数 read_csv"),
}


@pytest.mark.parametrize("case", TYPOS)
@pytest.mark.parametrize("arguments", [("mapping", "check"), ("report", "residents", "-o", "出")], ids="-".join)
def test_a_typo_in_a_mapping_is_named_at_its_place(
    case: str, arguments: tuple[str, ...], overlaid: Path, command: Command
) -> None:
    old, new, code, column, words = TYPOS[case]
    line = rewritten(overlaid, old, new)
    before = content(overlaid)
    said = command(overlaid, *arguments)
    assert said.status == 4
    faults = [fault for fault in said.err.splitlines() if code in fault]
    place = "residents.yaml:" if code == "OF502" else f"residents.yaml:{line}:{column} "
    assert any(place in fault and words in fault for fault in faults), said.err
    assert content(overlaid) == before


def test_every_fault_of_a_mapping_is_told_at_once(overlaid: Path, command: Command) -> None:
    rewritten(overlaid, "{field: phone}", "{feild: phone}")
    rewritten(overlaid, "{field: hukou_address}", "{field: hukou_adress}")
    said = command(overlaid, "mapping", "check")
    assert said.status == 4
    assert len(said.err.splitlines()) >= 2
    assert "OF501" in said.err
    assert "OF503" in said.err


def test_a_broken_mapping_does_not_keep_sheets_out(overlaid: Path, command: Command) -> None:
    rewritten(overlaid, "{field: phone}", "{feild: phone}")
    workbook(overlaid / "新.xlsx", GROWN)
    assert command(overlaid, "import", "新.xlsx").status == 0


# -- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(own: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """The workspace while another process has it open."""
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(own / database.NAME)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    with holder:
        holder.stdout.readline()
        yield own, holder
        if holder.poll() is None:
            holder.communicate()


def test_a_busy_database_is_named_with_its_process(
    busy: tuple[Path, subprocess.Popen[bytes]], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, holder = busy
    monkeypatch.setattr(database, "_LOCK_WAIT", 0.3)
    for arguments in (("import", "好.xlsx"), ("residents",), ("report", "residents", "-o", "出")):
        said = command(folder, *arguments)
        assert said.status == 6
        assert f"OF702 数据库正被另一个程序使用（进程 {holder.pid}），请稍后再试。" in said.err
    assert command(folder, "check", "好.xlsx").status == 0  # needs no database
    holder.communicate()
    assert command(folder, "residents").status == 0


def other_database(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE 别的 (a INTEGER)")


NO_DATABASE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a workbook": (lambda path: path.write_bytes(good(path.parent)), "OF704", "不是 oneform 的数据库"),
    "a text": (lambda path: path.write_text("你好" * 3000, "utf-8"), "OF704", "不是 oneform 的数据库"),
    "an empty file": (lambda path: path.write_bytes(b""), "OF704", "不是 oneform 的数据库"),
    "somebody else's database": (other_database, "OF704", "不是 oneform 的数据库"),
    "half of it": (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "OF703", "备份"),
}


@pytest.mark.parametrize("case", NO_DATABASE)
def test_a_file_that_is_no_database_of_ours_is_refused_and_left_alone(case: str, own: Path, command: Command) -> None:
    spoil, code, words = NO_DATABASE[case]
    spoil(own / database.NAME)
    before = content(own)
    for arguments in (("import", "好.xlsx"), ("residents",), ("init",)):
        said = command(own, *arguments)
        assert said.status == 7, said
        sentence(said, code, words)
    assert content(own) == before


def test_flipped_bytes_in_the_database_are_never_a_crash(own: Path, command: Command) -> None:
    path = own / database.NAME
    sound = path.read_bytes()
    for at in range(100, len(sound), len(sound) // 12):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1 :])
        said = command(own, "residents", "--csv")
        assert said.status in {0, 7}, said  # 0: the byte is in no block that is read
        if said.status:
            assert re.search("OF70[34] ", said.err)


def test_a_nearly_full_disk_is_noticed_before_anything_is_written(
    own: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_SPARE", 1 << 40)  # more than any disk has left
    workbook(own / "新.xlsx", ROSTER.replace("张伟", "王强"))
    before = content(own)
    said = command(own, "import", "新.xlsx")
    assert said.status == 7
    assert re.search("OF701 磁盘空间不足：需要 [0-9]+ MB，剩余 [0-9]+ MB。什么都没有写入。", said.err)
    assert content(own) == before


def limited(most: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process that may write no file beyond so many bytes, as on a disk that fills up."""
    script = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
    return subprocess.run(
        [sys.executable, "-c", script + "from oneform.cli import main; main()", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_a_disk_that_fills_up_during_an_import_leaves_the_store_as_it_was(own: Path) -> None:
    shutil.copy(shipped.folder("examples") / "sheets" / "第五网格居民信息.xlsx", own / "新.xlsx")
    ended = limited(300_000, own, "import", "新.xlsx")
    assert ended.returncode == 7, ended.stderr.decode()
    assert "OF701 磁盘空间不足" in ended.stderr.decode()
    assert "已入库" not in ended.stdout.decode()
    assert residents(own) == 2


def test_a_disk_that_fills_up_during_a_report_leaves_yesterdays(own: Path) -> None:
    assert run("report", "residents", "-o", "出", cwd=own).returncode == 0
    (made,) = (own / "出").iterdir()
    yesterday = made.read_bytes()
    with open_workspace(own) as opened:
        deliveries = opened.store.connection.execute("SELECT count(*) FROM delivery").fetchall()
    ended = limited(4096, own, "report", "residents", "-o", "出", "--force")
    assert ended.returncode == 7, ended.stderr.decode()
    assert "OF701" in ended.stderr.decode()
    assert [path.name for path in (own / "出").iterdir()] == [made.name]
    assert made.read_bytes() == yesterday
    with open_workspace(own) as opened:
        assert opened.store.connection.execute("SELECT count(*) FROM delivery").fetchall() == deliveries


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 100 MB, where the tests may mount one."""
    place = tmp_path / "盘"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.mount
def test_a_full_disk(filled: Path, small_disk: Path) -> None:
    folder = shutil.copytree(filled, small_disk / "社区")
    workbook(folder / "新.xlsx", ROSTER.replace("张伟", "王强"))
    (small_disk / "占用").write_bytes(bytes(60 << 20))
    before = content(folder)
    refused = run("import", "新.xlsx", cwd=folder)
    assert refused.returncode == 7
    assert "OF701 磁盘空间不足" in refused.stderr.decode()
    assert content(folder) == before
    (small_disk / "占满").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    refused = run("report", "residents", "-o", "出", cwd=folder)
    assert refused.returncode == 7
    assert "OF701" in refused.stderr.decode()
    assert not list((folder / "出").iterdir())
    assert run("residents", cwd=folder).returncode == 0


@pytest.mark.mount
def test_a_read_only_disk_can_be_read(filled: Path, small_disk: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(filled, small_disk / "社区")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    listed = run("residents", "--csv", cwd=folder)
    assert listed.returncode == 0, listed.stderr.decode()
    assert len(listed.stdout.splitlines()) == 3
    path = workbook(tmp_path / "新.xlsx", ROSTER.replace("张伟", "王强"))
    for arguments in (("import", str(path)), ("report", "residents", "-o", str(tmp_path / "出"))):
        refused = run(*arguments, cwd=folder)
        assert refused.returncode == 7
        assert "OF706" in refused.stderr.decode()
        assert "只能读" in refused.stderr.decode()
    assert not (tmp_path / "出").exists()
