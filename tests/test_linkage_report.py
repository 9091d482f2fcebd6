"""How good the links are: the self-report against the truth, the audit sample out and back, training on command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner, Result

from oneform import link, read, shipped
from oneform.answer import audit_sheet
from oneform.cli.group import oneform
from oneform.errors import UsageError
from oneform.pipeline import Workspace, decide, ledger, linkage, open_workspace, withdraw
from oneform.pipeline.auditing import wilson
from oneform.pipeline.training import blocking_report
from oneform.store import begin_op
from oneform.store.models import save_model
from tests.accuracy import pairwise, read_truth
from tests.conftest import clock
from tests.sheets import workbook
from tests.test_review_workbook import out as review_workbook
from tests.test_reviews import HEAD, HOME, HOMOPHONE, ONE_ID_TWO_PEOPLE, TWINS, people, take

ANSWER, KEY = "是不是同一个人？", "抽样编号（勿改）"
ZHANG = (
    f"| 张伟 | 11010119800101001X | | 男 | 13800000001 | {HOME} |",
    f"| 张伟 | | 1980-01-01 | 男 | 13800000001 | {HOME} |",
)
LI = (
    "| 李娜 | | 1991-02-03 | 女 | 13800000002 | 幸福苑2栋1单元301室 |",
    "| 李娜 | | 1991-02-03 | 女 | 13800000002 | 幸福苑2栋1单元301室 |",
)


def judge(workspace: Workspace, answer: str) -> None:
    """A person's word on the two rows of the sheet 甲 that come first."""
    first, second = workspace.store.connection.execute("SELECT rec_id FROM record ORDER BY row LIMIT 2").fetchall()
    told = pl.DataFrame({"left": [first[0]], "right": [second[0]], "answer": [answer]})
    decide(workspace.store, told, who="张网格", now=clock())


# -- the report ----------------------------------------------------------------------------------------------------


def test_the_report_adds_up(community: Workspace) -> None:
    report = community.linkage_report()
    rows = community.links().filter(entity="person").drop_nulls("resident")
    sizes = rows.group_by("resident").len("rows")["rows"].cast(pl.Int64)
    assert (report.rows, report.residents) == (rows.height, sizes.len())
    assert report.merged_pairs == int((sizes * (sizes - 1) // 2).sum())
    assert report.compared_pairs == report.grounds["pairs"].sum() <= report.merged_pairs
    assert dict(report.sizes.iter_rows()) == dict(sizes.value_counts().iter_rows())
    assert report.largest["rows"][0] == sizes.max()
    assert report.reviews["pairs"].sum() == community.reviews().height
    assert report.refused["pairs"].sum() >= report.refused_pairs.height > 0
    assert set(report.grounds["ground"]) <= set(linkage.GROUNDS)
    assert {*report.reviews["reason"], *report.refused["reason"]} <= set(linkage.REASONS)
    assert report.counted_of == 1
    assert report.blocking.equals(blocking_report(community.store))


def test_precision_and_recall_are_estimated_close_to_the_truth(community: Workspace) -> None:
    report = community.linkage_report()
    found = community.links().filter(entity="person").select("file", "sheet", "row", "resident")
    actual = pairwise(found, read_truth(shipped.folder("examples") / "truth.csv"))
    assert report.precision is not None
    assert abs(report.precision - actual.precision) <= 0.01
    assert report.recall is not None
    assert abs(report.recall.estimate - actual.recall) <= 0.03
    assert report.recall.low <= report.recall.estimate <= report.recall.high <= 1


def test_many_pairs_are_counted_on_a_share_of_the_records(
    community: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = community.linkage_report()
    monkeypatch.setattr(linkage, "_COUNTED", 15_000)
    report = community.linkage_report()
    assert report.counted_of > 1
    assert report.precision == exact.precision
    pairs = exact.blocking.join(report.blocking, on="rule").filter(pl.col("pairs") > 2000)
    assert pairs.height > 5
    assert pairs.select((pl.col("pairs_right") / pl.col("pairs")).is_between(0.8, 1.25).all()).item()


CHAPMAN = [
    # by number only, by both, by phone or place only, by neither; waiting → expected pairs, recall
    pytest.param((100, 100, 100, 0), 0.0, (201 * 201 / 101 - 1), id="plain"),
    pytest.param((0, 100, 0, 0), 0.0, 100.0, id="all-twice"),
    pytest.param((0, 100, 0, 50), 10.0, 160.0, id="never-fewer-than-known"),
]


@pytest.mark.parametrize(("cells", "doubtful", "expected"), CHAPMAN)
def test_recall_by_capture_and_recapture(cells: tuple[int, ...], doubtful: float, expected: float) -> None:
    rules = [
        1 << link.block.SAME_ID,
        (1 << link.block.SAME_ID) | (1 << link.block.PHONE),
        1 << link.block.PHONE,
        1 << 5,
    ]
    found = pl.DataFrame({"rules": rules, "joined": True, "pairs": cells}, schema_overrides={"pairs": pl.Int64})
    apart = found.with_columns(joined=False, pairs=pl.lit(1000, pl.Int64))  # pairs kept apart tell nothing
    right = float(sum(cells))
    recall = linkage._recall(pl.concat([found, apart]), 1, right=right, doubtful=doubtful)
    assert recall is not None
    assert recall.expected == pytest.approx(expected)
    assert recall.estimate == pytest.approx(right / expected)
    assert recall.low <= recall.estimate <= recall.high


def test_recall_is_not_told_from_a_handful(workspace: Workspace) -> None:
    take(workspace, "甲", *ZHANG)
    report = workspace.linkage_report()
    assert (report.merged_pairs, report.recall) == (1, None)
    assert report.precision is not None
    assert report.precision > 0.9


def test_nothing_imported(workspace: Workspace) -> None:
    report = workspace.linkage_report()
    assert (report.rows, report.residents, report.merged_pairs, report.precision, report.recall) == (
        0,
        0,
        0,
        None,
        None,
    )


def test_blocks_over_the_cap_are_named(workspace: Workspace) -> None:
    cap = dict(link.CAPS.iter_rows())[link.block.PHONE]
    rows = [f"| 张{chr(0x4E00 + 7 * n)}{chr(0x5000 + 11 * n)} | | | | 13800000009 | |" for n in range(cap + 1)]
    take(workspace, "甲", *rows)
    (phone,) = workspace.linkage_report().blocking.filter(pl.col("rule") == link.block.PHONE).rows(named=True)
    assert (phone["dropped"], phone["records"], phone["largest"], phone["pairs"]) == (1, cap + 1, cap + 1, 0)
    said = CliRunner().invoke(oneform, ["--workspace", str(workspace.store.folder), "links", "--report"]).output
    assert said  # the file is open here: another connection in this process may read it
    assert f"电话相同：1 个值各有超过 {cap} 行" in said


def test_questions_are_counted_by_reason(workspace: Workspace) -> None:
    take(workspace, "甲", *ONE_ID_TWO_PEOPLE, *TWINS, *HOMOPHONE)
    counted = dict(workspace.linkage_report().reviews.iter_rows())
    assert counted == {"one_id_two_people": 1, "twins": 1, "scored": 1}


def test_a_pair_kept_apart_by_a_person_is_a_refused_one(workspace: Workspace) -> None:
    take(workspace, "甲", *ZHANG)
    judge(workspace, "not_same")
    report = workspace.linkage_report()
    assert report.refused.rows() == [("said_to_differ", 1, 0)]
    assert report.refused_pairs.select("left", "right", "waits").rows() == [
        ("甲.xlsx!Sheet1!2", "甲.xlsx!Sheet1!3", False)
    ]
    assert report.precision is None


def test_a_persons_word_is_certain(workspace: Workspace) -> None:
    take(workspace, "甲", *HOMOPHONE)
    judge(workspace, "same")
    report = workspace.linkage_report()
    assert report.grounds.rows() == [("judged", 1, 1.0)]
    assert report.precision == 1.0


def test_the_model_in_force_is_named(workspace: Workspace) -> None:
    assert workspace.linkage_report().model == linkage.InForce("default", 0, fallback=False, note="", trained_at="")
    for version, note in (("fitted-1", "由 3 条记录估计。"), ("default", "记录太少，无法估计，改用默认模型。")):
        at = clock().isoformat(timespec="seconds")
        with workspace.store.transaction():
            op = begin_op(workspace.store, "train", at=at, who="test", detail=version)
            save_model(workspace.store, version, op, link.to_json(link.DEFAULT), note)
        model = workspace.linkage_report().model
        assert (model.version, model.note, model.trained_at) == (version, note, at)
    assert (model.number, model.fallback) == (2, True)


# -- the audit sample ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (48, 50, 0.8654, 0.9890), (1, 1, 0.2065, 1.0)],
)
def test_the_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == pytest.approx((right / of, low, high), abs=5e-5)


def test_no_label_no_interval() -> None:
    assert wilson(0, 0) == (None, None, None)


def keys(path: Path) -> list[str]:
    told = audit_sheet.labels(read.workbook(path))
    assert told is not None
    return told["key"].to_list()


def sampled(workspace: Workspace, path: Path, count: int = 50) -> Path:
    sample = workspace.audit_sample(count)
    assert sample is not None
    path.write_bytes(sample.content)
    return path


def label(path: Path, *words: str | None, note: str | None = None) -> Path:
    """Label the pairs in the order in which they stand, as a person would; None leaves one blank."""
    book = openpyxl.load_workbook(path)
    page = book.active
    head = {cell.value: cell.column for cell in page[4]}
    for row, word in enumerate(words, start=5):
        page.cell(row, head[ANSWER]).value = word
        page.cell(row, head["备注"]).value = note
    book.save(path)
    return path


def test_the_same_dataset_gives_the_same_sample_and_a_larger_one_holds_it(community: Workspace, tmp_path: Path) -> None:
    sample = community.audit_sample(20)
    assert sample is not None
    assert sample == community.audit_sample(20)
    assert (sample.pairs, sample.merged) == (20, community.linkage_report().compared_pairs)
    few = keys(sampled(community, tmp_path / "少.xlsx", 20))
    many = keys(sampled(community, tmp_path / "多.xlsx", 30))
    assert len(set(many)) == 30
    assert many[:20] == few


def test_the_sample_does_not_depend_on_the_order_of_imports(tmp_path: Path) -> None:
    found = []
    for number, names in enumerate(("甲乙", "乙甲")):
        with open_workspace(tmp_path / f"w{number}", create=True, who="test", clock=clock) as opened:
            for name in names:
                path = workbook(tmp_path / f"{name}.xlsx", HEAD + "\n".join(ZHANG if name == "甲" else LI))
                opened.import_sheet(path, source="grid")
            found.append(keys(sampled(opened, tmp_path / "样.xlsx")))
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_the_sheet_shows_both_rows_and_not_what_the_program_thinks(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, "甲", *ZHANG, "| 李娜 | | 1991-02-03 | 女 | 13800000002 | =1+1 |", LI[1])
    page = openpyxl.load_workbook(sampled(workspace, tmp_path / "抽样核对.xlsx")).active
    head = {cell.value: cell for cell in page[4]}
    assert page.column_dimensions[head[KEY].column_letter].hidden
    assert page.protection.sheet
    assert page.cell(5, head[KEY].column).protection.locked
    assert not page.cell(5, head[ANSWER].column).protection.locked
    (choice,) = page.data_validations.dataValidation
    assert choice.formula1 == '"同一人,不是,看不出"'
    lines = {page.cell(row, head["姓名"].column).value: row for row in (5, 6)}
    assert set(lines) == {"张伟", "李娜"}  # once, where both rows agree
    number = page.cell(lines["张伟"], head["证件号码"].column)
    assert number.value == "①11010119800101001X\n②—"
    assert number.fill.fgColor.rgb != "FFFCD5B4"  # nothing contradicts
    home = page.cell(lines["李娜"], head["现住址"].column)
    assert "=1+1" in home.value
    assert (home.data_type, home.fill.fgColor.rgb) == ("s", "FFFCD5B4")
    shown = " ".join(str(cell.value) for row in page.iter_rows() for cell in row if cell.value)
    assert "甲.xlsx「Sheet1」第 2 行" in shown
    assert "权重" not in shown
    assert "判为" not in shown


@pytest.fixture
def four(workspace: Workspace) -> Workspace:
    """Four residents of two rows each."""
    more = [line.replace("张伟", "赵敏").replace("001X", "0021").replace("0001 ", "0011 ") for line in ZHANG[1:] * 2]
    others = [line.replace("李娜", "王芳").replace("0002 ", "0012 ") for line in LI]
    take(workspace, "甲", *ZHANG, *LI, *more, *others)
    assert len(people(workspace)) == 4
    return workspace


def test_labels_give_an_interval_and_change_nothing(four: Workspace, tmp_path: Path) -> None:
    path = label(sampled(four, tmp_path / "抽样核对.xlsx"), "同一人", "不是", "看不出", None)
    before = people(four)
    audited = four.audit_read(path)
    assert (audited.same, audited.not_same, audited.unclear, audited.blank) == (1, 1, 1, 1)
    assert (audited.precision, audited.low, audited.high) == wilson(1, 2)
    assert audited.wrong.select("row", "together", "answer").rows() == [(6, True, None)]
    assert audited.messages.is_empty()
    assert people(four) == before
    assert ledger(four.store).is_empty()


def test_lines_that_are_not_ours_are_told_and_not_counted(four: Workspace, tmp_path: Path) -> None:
    path = label(sampled(four, tmp_path / "抽样核对.xlsx"), "同一人", "大概是", "同一人", "同一人")
    book = openpyxl.load_workbook(path)
    page = book.active
    column = next(cell.column for cell in page[4] if cell.value == KEY)
    answer = next(cell.column for cell in page[4] if cell.value == ANSWER)
    page.cell(7, column).value = "x'|y"
    page.cell(9, column).value = page.cell(8, column).value
    page.cell(9, answer).value = "不是"
    book.save(path)
    audited = four.audit_read(path)
    assert (audited.same, audited.not_same, audited.blank) == (1, 0, 0)
    assert audited.messages.select("row", pl.col("zh").str.slice(0, 5)).rows() == [
        (6, "答案看不懂"),
        (7, "抽样编号被"),
        (8, "同一对有两"),
    ]


def test_wrong_pairs_become_judgements_only_when_asked_for_and_once(four: Workspace, tmp_path: Path) -> None:
    path = label(sampled(four, tmp_path / "抽样核对.xlsx"), "不是", *["同一人"] * 3, note="问过本人")
    before = people(four)
    audited = four.audit_read(path)
    assert audited.open == 1
    decided = four.audit_judge(audited, path)
    assert decided.split == 1
    assert len(people(four)) == 5
    assert ledger(four.store).select("answer", "who", "reason").rows() == [
        ("not_same", "test", "抽样核对.xlsx 第 5 行：问过本人")
    ]
    again = four.audit_read(path)
    assert (again.not_same, again.open) == (1, 0)  # it was joined when the sample was drawn
    assert four.audit_judge(again, path).split == 0
    assert ledger(four.store).height == 1
    withdraw(four.store, [1], who="test", now=clock())
    assert people(four) == before


def test_a_persons_word_before_is_not_overruled(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, "甲", *ZHANG)
    judge(workspace, "same")
    path = label(sampled(workspace, tmp_path / "抽样核对.xlsx"), "不是")
    audited = workspace.audit_read(path)
    assert (audited.not_same, audited.open) == (1, 0)
    workspace.audit_judge(audited, path)
    assert len(people(workspace)) == 1
    assert ledger(workspace.store)["answer"].to_list() == ["same"]


def test_other_files_and_counts_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    take(workspace, "甲", *TWINS)
    assert workspace.audit_sample() is None  # two rows that nobody joined
    with pytest.raises(UsageError, match="不是抽样核对表"):
        workspace.audit_read(review_workbook(workspace, tmp_path))
    for count in (0, -1, 2001):
        with pytest.raises(UsageError, match="1 到 2000"):
            workspace.audit_sample(count)


# -- the command ---------------------------------------------------------------------------------------------------

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def six_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of four residents, two of whom may be one; tests take a copy."""
    place = tmp_path_factory.mktemp("six") / "w"
    with open_workspace(place, create=True, who="test", clock=clock) as opened:
        take(opened, "甲", *ZHANG, *LI, *TWINS)
    return place


@pytest.fixture
def run(six_rows: Path, tmp_path: Path) -> Run:
    place = tmp_path / "w"
    shutil.copytree(six_rows, place)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(oneform, ["--workspace", str(place), "links", *arguments])

    return invoke


def test_the_report_on_a_screen(run: Run) -> None:
    said = run("--report").output
    for part in ("6 行，合成 4 位居民", "准确率", "召回率", "估不出来", "电话相同", "可能是双胞胎  1", "默认模型"):
        assert part in said, part
    english = run("--report", "--lang", "en").output
    for part in ("6 rows, 4 residents", "precision", "recall", "same phone", "perhaps twins  1", "the default one"):
        assert part in english, part
    assert not any("一" <= character <= "鿿" for character in english)


def test_the_report_for_machines(run: Run) -> None:
    told = json.loads(run("--report", "--json").stdout)
    assert (told["rows"], told["residents"], told["merged_pairs"], told["recall"]) == (6, 4, 2, None)
    assert told["reviews"] == [{"reason": "twins", "pairs": 1}]
    assert told["model"]["version"] == "default"
    assert {row["rule"] for row in told["blocking"]} == set(link.RULES)


def test_the_sample_out_and_back(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "抽样核对.xlsx"
    assert "随机抽了 2 对" in run("--sample", "50", "-o", str(path)).output
    refused = run("--sample", "50", "-o", str(path))
    assert isinstance(refused.exception, UsageError)
    assert "没有覆盖" in refused.exception.faults[0].zh
    assert "还没有填" in run("--labelled", str(path)).output
    label(path, "同一人", "不是")
    said = run("--labelled", str(path)).output
    assert "看过 2 对，1 对合对了：准确率 50.0%（95% 区间 9.4%–90.5%）" in said
    assert "第 6 行，不是同一人：甲.xlsx「Sheet1」第 " in said
    assert "数据没有改动" in said
    told = json.loads(run("--labelled", str(path), "--judge", "--json").stdout)
    assert (told["judgements"], told["split"], told["not_same"]) == (1, 1, 1)
    again = run("--labelled", str(path), "--judge")
    assert "现已分开" in again.output
    assert "没有要新记下的判断" in again.output
    label(path, "也许")
    strange = run("--labelled", str(path))
    assert (strange.exit_code, "[!] 第 5 行：答案看不懂" in strange.output) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--report", "--csv"),
        ("--train", "--sample", "3"),
        ("--judge",),
        ("-o", "a.xlsx"),
        ("--sample", "3"),
        ("--sample", "3", "-o", "a.csv"),
    ],
)
def test_what_does_not_go_together_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert isinstance(run(*arguments).exception, UsageError)


def test_too_few_rows_to_train(run: Run) -> None:
    said = run("--train").output
    assert "记录太少，无法估计" in said
    assert "数据没有改动" in said


def test_training_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = link.Model("fitted-test", 2.0**-12, 2.0**-13, link.DEFAULT.chances)
    monkeypatch.setattr(link, "train", lambda *_, **__: (fitted, link.TrainingReport(6, 3, 3, 1, 2.0, 1.0, 1.0, ())))
    said = run("--train").output
    told = json.loads(run("--train", "--json").stdout)
    assert (told["changed"], told["version"], told["broken"]) == (False, "fitted-test", [])
    assert "训练出新模型（fitted-test）" in said
    assert "新增 0 人，合并 0 人，分开 0 人；1 对等人确认" in said
    assert "第 1 版（fitted-test" in run("--report").output
