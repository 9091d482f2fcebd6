"""Training: what is learned, when it is refused, that a model outlives the file, and the store linked anew by it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from oneform import frames, link
from oneform.link import model as models
from oneform.link.train import _SLACK
from oneform.pipeline import Workspace, open_workspace
from oneform.pipeline.training import blocking_report, train_model
from oneform.store.models import latest_model, model_list
from tests.conftest import clock
from tests.link.community import community
from tests.link.measure import pairs_of, scores
from tests.link.rows import linkable
from tests.sheets import workbook


def _fit(records: pl.DataFrame, *, households: bool = True) -> tuple[link.Model, link.TrainingReport]:
    standard = link.standardise(records.select(*frames.LINKABLE))
    pairs = pairs_of(link.block_keys(standard), standard)
    return link.train(standard, pairs, seed=7, households=households)


@pytest.fixture(scope="module")
def records() -> pl.DataFrame:
    return community(700, seed=3)


@pytest.fixture(scope="module")
def fitted(records: pl.DataFrame) -> tuple[link.Model, link.TrainingReport]:
    return _fit(records)


def test_a_fitted_model_finds_about_as_many_pairs_as_there_are(
    records: pl.DataFrame, fitted: tuple[link.Model, link.TrainingReport]
) -> None:
    _, report = fitted
    sizes = records.group_by("truth").len()["len"].cast(pl.Int64)
    true_pairs = int((sizes * (sizes - 1) // 2).sum())
    assert report.broken == ()
    assert 0.75 * true_pairs < report.person_pairs < 1.1 * true_pairs
    assert report.household_pairs > 100
    assert report.claimed_precision > 0.99


def test_a_fitted_model_links_as_well_as_the_default(
    records: pl.DataFrame, fitted: tuple[link.Model, link.TrainingReport]
) -> None:
    standard = link.standardise(records.select(*frames.LINKABLE))
    pairs = pairs_of(link.block_keys(standard), standard)
    edges = link.weigh(pairs, standard, fitted[0])
    clusters, _ = link.cluster(edges, standard, pl.DataFrame(schema=frames.JUDGEMENTS), fitted[0])
    found = scores(records, clusters)
    assert found["precision"] >= 0.998
    assert found["recall"] >= 0.95


def test_training_does_not_depend_on_the_order_of_the_rows(
    records: pl.DataFrame, fitted: tuple[link.Model, link.TrainingReport]
) -> None:
    turned = records.with_columns(rec_id=records.height + 1 - pl.col("rec_id")).sort("rec_id")
    assert link.to_json(_fit(turned)[0]) == link.to_json(fitted[0])


def test_a_model_is_the_same_after_a_stay_in_the_store(fitted: tuple[link.Model, link.TrainingReport]) -> None:
    for model in (fitted[0], link.DEFAULT):
        assert link.from_json(link.to_json(model)) == model


def test_a_level_that_an_older_model_does_not_know_has_the_default_weight() -> None:
    text = link.to_json(link.DEFAULT).replace('"door_near"', '"forgotten"')
    place = [level.name for level in models.CONTACT].index("door_near")
    level = models.CONTACT[place]
    assert link.from_json(text).chances["contact"][place] == (level.m, level.h, level.u)


def _alone(count: int) -> pl.DataFrame:
    """Two records a person, nobody living with anybody."""
    people = community(count, seed=5).unique("family", keep="first", maintain_order=True).head(count)
    again = people.with_columns(rec_id=pl.col("rec_id") + 100_000, rec_key=pl.concat_str("rec_key", pl.lit("b")))
    return pl.concat([people, again])


def test_the_guards_send_back_the_default_model_and_say_why() -> None:
    cases = {
        "few_records": linkable(*({"name": "王小明", "phone": str(n)} for n in range(20))),
        "people": community(900, seed=4).unique("truth", keep="first", maintain_order=True),
    }
    for guard, given in cases.items():
        model, report = _fit(given)
        assert guard in report.broken, (guard, report)
        assert model == link.DEFAULT
        assert all(name in link.BROKEN for name in report.broken)


def test_records_of_people_who_live_alone_are_fitted_without_households() -> None:
    model, report = _fit(_alone(600))
    assert (report.broken, report.alone) == ((), True)
    assert model.prior_household == 0
    assert model.version.startswith("fitted-")


def test_households_that_are_there_are_kept(fitted: tuple[link.Model, link.TrainingReport]) -> None:
    assert fitted[1].alone is False
    assert fitted[0].prior_household > 0


def test_a_person_may_say_that_nobody_lives_with_anybody() -> None:
    model, report = _fit(_alone(600), households=False)
    assert "households" not in report.broken
    assert model.prior_household == 0


def test_all_one_household_and_one_surname_do_not_collapse_it() -> None:
    rows = [
        {"name": f"张{a}{b}", "birth_date": f"19{50 + n % 50}-0{1 + n % 9}-1{n % 10}", "home": "苑-1-1-101"}
        for n, (a, b) in enumerate((a, b) for a in "伟芳娜敏静强磊军洋勇" for b in "明辉平刚亮鹏华飞波斌国")
    ]
    model, report = _fit(linkable(*rows, *rows))
    assert report.broken or all(
        m > u for name, table in model.chances.items() for m, _, u in table[1:2] if name != "sex"
    )


def test_no_level_hardly_seen_outweighs_the_exact_one(fitted: tuple[link.Model, link.TrainingReport]) -> None:
    for name in ("name", "dob"):
        weights = [m / u for m, _, u in fitted[0].chances[name]]
        assert max(weights[2:]) <= weights[1] * 2 ** (_SLACK + 1e-6)


SHEET = """
| 姓名 | 身份证号 | 联系电话 | 小区 | 楼栋 | 室号 |
| --- | --- | --- | --- | --- | --- |
| 王小明 | 11010119900307029X | 13800000001 | 幸福小区 | 3 | 501 |
| 王小明 | | 13800000001 | 幸福小区 | 3 | 501 |
| 李丽 | 110101199003075381 | 13900000002 | 幸福小区 | 3 | 502 |
"""


@pytest.fixture
def small(tmp_path: Path) -> Workspace:
    path = workbook(tmp_path / "一号网格.xlsx", SHEET)
    with open_workspace(tmp_path / "w", create=True, who="test", clock=clock) as opened:
        opened.import_sheet(path, source="grid")
        yield opened


def test_a_store_too_small_to_train_stays_with_the_default_model(small: Workspace) -> None:
    before = small.links()
    trained = train_model(small.store, now=clock(), who="test")
    assert (trained.version, trained.changed) == ("default", False)
    assert "few_records" in trained.report.broken
    assert latest_model(small.store) is None
    assert small.links().equals(before)


def test_a_new_model_weighs_every_edge_anew_as_one_act(small: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = models.Model("fitted-test", 2.0**-10, 2.0**-13, link.DEFAULT.chances)
    report = link.TrainingReport(3, 1, 1, 1, 1.0, 0.0, 1.0, ())
    monkeypatch.setattr(link, "train", lambda *_, **__: (fitted, report))
    before, weights = small.links(), _weights(small)
    trained = train_model(small.store, now=clock(), who="test")
    assert (trained.version, trained.changed) == ("fitted-test", True)
    assert model_list(small.store).select("version", "who").rows() == [("fitted-test", "test")]
    assert small.links().equals(before)  # the same people; only the weights moved
    assert all(now > then for now, then in zip(_weights(small), weights, strict=True))
    assert train_model(small.store, now=clock(), who="test").changed is False


def _weights(opened: Workspace) -> list[float]:
    rows = opened.store.connection.execute('SELECT weight FROM edge ORDER BY "left", "right"').fetchall()
    return [row[0] for row in rows]


def test_the_blocking_report_has_a_row_a_rule(small: Workspace) -> None:
    report = blocking_report(small.store)
    assert report["rule"].to_list() == sorted(link.RULES)
    found = dict(report.select("name", "pairs").iter_rows())
    assert found["电话相同"] == 1
    assert report["dropped"].sum() == 0
