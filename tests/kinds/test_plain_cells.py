"""The short way for plain cells gives exactly what the long way gives, cell by cell, in any mixture."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from oneform.frames import ERROR, FORMULA, NUMBER, TEXT
from oneform.kinds import _clean, phone, resident_id

TODAY = date(2026, 11, 20)
IDS = [
    "110101198001010010",
    "11010119900307029X",
    "11010119900307029x",
    "350302201501011235",
    "110101198001010011",
    "110101198001010000",
    "350302299901011232",
    "11010118800101001X",
    "990101198001010018",
    "810000199408230021",
    "110101800101001",
    "E12345678",
    "身份证110101198001010010",
    "1101011980010100",
    "110***********0010",
    "不详",
    "1.10101198001010E+17",
    "110101198013010013",
    "#N/A",
]
GIVEN = [None, "身份证", "居民身份证", "111", "护照", "1居民身份证"]
PHONES = [
    "13800000000",
    "138 0000 0000",
    "0594-2812345",
    "13800000000、13900000001",
    "1380000000",
    "无",
    "#N/A",
    "",
    "x",
]


def _both(kind: object, long: pl.Struct, frame: pl.DataFrame, short: pl.Expr, reader: object) -> tuple[list, list]:
    plain = frame.select(short.alias("p"))["p"].to_list()
    whole = frame.select(
        _clean.reading(
            reader,  # type: ignore[arg-type]
            long,
            pl.col("raw"),
            pl.col("cell"),
            **({"given": pl.col("given")} if "given" in frame.columns else {}),
        ).alias("p")
    )["p"].to_list()
    return plain, whole


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, *IDS]),
            st.sampled_from([TEXT, TEXT, TEXT, NUMBER, ERROR, FORMULA]),
            st.sampled_from(GIVEN),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_identifiers(cells: list[tuple[str | None, int, str | None]]) -> None:
    frame = pl.DataFrame(cells, schema={"raw": pl.String, "cell": pl.UInt8, "given": pl.String}, orient="row")
    short = resident_id.parse(pl.col("raw"), pl.col("cell"), today=TODAY, id_type=pl.col("given"))
    plain, whole = _both(resident_id, resident_id._ANSWER, frame, short, lambda some: resident_id._read(some, TODAY))
    assert plain == whole


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, *PHONES]), st.sampled_from([TEXT, NUMBER, ERROR])), min_size=1, max_size=30
    )
)
def test_phones(cells: list[tuple[str | None, int]]) -> None:
    frame = pl.DataFrame(cells, schema={"raw": pl.String, "cell": pl.UInt8}, orient="row")
    plain, whole = _both(phone, phone._ANSWER, frame, phone.parse(pl.col("raw"), pl.col("cell")), phone._read)
    assert plain == whole


def test_what_an_identifier_says_is_the_same_by_either_way() -> None:
    ids = pl.DataFrame({"id": ["110101198001010010", "11010119900307029X", "110101198001011000", None]})
    sound = ids.filter(resident_id.checksum_ok(pl.col("id")))
    told = sound.select(
        (resident_id.birth_in(pl.col("id")) == resident_id.birth_date(pl.col("id"))).alias("born"),
        resident_id.gender_in(pl.col("id")).eq_missing(resident_id.gender(pl.col("id"))).alias("sex"),
    )
    assert told.select(pl.all().all()).row(0) == (True, True)
