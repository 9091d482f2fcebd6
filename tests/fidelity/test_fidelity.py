"""No feature of a department's workbook is lost or damaged by a fill; what is not touched keeps its bytes."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from every_part import BINARIES, WORKBOOK_PARTS
from probes import Probe, package, probes, trees, unpacked, verdict

from oneform import fill
from oneform.frames import CardReport, Filled, Report
from oneform.mapping.model import Card, Mapping, Output, Rows, Template, Total

COLUMNS = ("序号", "姓名", "性别", "类别", "金额", "备注")
TEMPLATE = package(WORKBOOK_PARTS)
COUNTS = (1, 2, 3, 40)

# what must follow the rows, and nothing else
FOLLOW = {
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "xl/worksheets/sheet3.xml",
    "xl/sharedStrings.xml",
    "xl/drawings/drawing1.xml",
    "xl/drawings/vmlDrawing1.vml",
    "xl/charts/chart1.xml",
    "xl/comments1.xml",
    "xl/threadedComments/threadedComment1.xml",
    "xl/tables/table1.xml",
    "xl/ctrlProps/ctrlProp2.xml",
    "xl/pivotCache/pivotCacheDefinition1.xml",
    # they listed the calculation chain
    "xl/calcChain.xml",
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
}


def form(surplus: str = "delete") -> Mapping:
    """The mapping of the form: 填报单位, six columns, 合计."""
    output = [Output(path=c, source="field", value=c, line="form.yaml:1:1") for c in ("填报单位", *COLUMNS)]
    return Mapping(
        file=Path("form.yaml"),
        sha256="",
        form="form",
        title="登记表",
        department="民政",
        purpose="p",
        legal_basis={},
        recipient="r",
        retention="30d",
        params=(),
        template=Template(Path("form.xlsm"), None, "登记表", (5, 5), (6, 7), "overwrite_insert", surplus),
        head=(output[0],),
        shape=Rows("person"),
        columns=tuple(output[1:]),
        totals=(Total("合计"),),
    )


def report(count: int) -> Report:
    """A roster of `count` people who fit the rules of the form."""
    at = pl.int_range(1, count + 1, eager=True, dtype=pl.Int64)
    table = pl.select(
        at.alias("序号"),
        (pl.lit("王") + at.cast(pl.String)).alias("姓名"),
        pl.when(at % 2 == 0).then(pl.lit("女")).otherwise(pl.lit("男")).alias("性别"),
        pl.when(at % 3 == 0).then(pl.lit("特困")).otherwise(pl.lit("低保")).alias("类别"),
        (at * 10).alias("金额"),
        pl.lit("无").alias("备注"),
    )
    origins = pl.select(at.alias("entity_id"), at.cast(pl.Int32).alias("block"))
    total = {"金额": int(table["金额"].sum())}
    return Report("form", {"填报单位": "幸福社区"} if count else {}, table, origins, (total,) if count else ())


def filled(count: int) -> Filled:
    """The form with a roster in it."""
    return fill.render(fill.compile(TEMPLATE, form()), report(count))


@pytest.fixture(scope="module")
def outcomes() -> dict[int, dict[str, bytes]]:
    return {count: unpacked(filled(count).content) for count in COUNTS}


PROBES = probes(WORKBOOK_PARTS)


def test_the_workbook_holds_its_probes():
    parts = trees(unpacked(TEMPLATE))
    assert len({p.name for _, p in PROBES}) == len(PROBES)
    assert len(PROBES) + len(BINARIES) >= 59
    assert [p.name for part, p in PROBES if verdict(p, 2, parts[part].iter()) != "kept"] == []


def test_nothing_to_place_leaves_the_bytes():
    assert filled(0).content == TEMPLATE


@pytest.mark.parametrize(("part", "probe"), PROBES, ids=[p.name for _, p in PROBES])
def test_no_feature_is_lost_or_damaged(part: str, probe: Probe, outcomes: dict[int, dict[str, bytes]]):
    for count, parts in outcomes.items():
        root = ElementTree.fromstring(parts[part])
        assert verdict(probe, count, root.iter()) == "kept", f"with {count} records"


@pytest.mark.parametrize("count", COUNTS)
def test_untouched_parts_keep_their_bytes(count: int, outcomes: dict[int, dict[str, bytes]]):
    before, after = unpacked(TEMPLATE), outcomes[count]
    changed = {n for n in before if before[n] != after.get(n)}
    still = {"xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet3.xml", "xl/sharedStrings.xml"}
    registers = {"xl/calcChain.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"}
    assert changed == (FOLLOW if count != 2 else still | registers)
    assert [*after] == [n for n in before if n != "xl/calcChain.xml"]


@pytest.mark.parametrize("count", COUNTS)
def test_every_relationship_and_type_still_stands(count: int, outcomes: dict[int, dict[str, bytes]]):
    before, after = unpacked(TEMPLATE), outcomes[count]
    trees(after)
    assert _targets(after) == {t for t in _targets(before) if "calcChain" not in t[1]}
    assert {t for _, t in _targets(after) if ":" not in t} <= set(after)
    types = re.compile(rb'(?:PartName="/|Extension=")([^"]*)" ContentType="([^"]*)"')
    listed = set(types.findall(before["[Content_Types].xml"]))
    assert set(types.findall(after["[Content_Types].xml"])) == {t for t in listed if b"calcChain" not in t[0]}


def _targets(parts: dict[str, bytes]) -> set[tuple[str, str]]:
    found = set()
    for name in (n for n in parts if n.endswith(".rels")):
        base = posixpath.dirname(posixpath.dirname(name))
        for element in ElementTree.fromstring(parts[name]):
            target = element.get("Target", "")
            found.add((name, target if ":" in target else posixpath.normpath(posixpath.join(base, target))))
    return found


@pytest.mark.parametrize("one", ["file", "sheet"])
def test_cards_lose_nothing_either(one: str):
    shape = Card("household", one, "{name}", cells=(Output(path="填报单位", source="field", value="x"),))
    spec = Template(Path("form.xlsm"), None, "登记表")
    compiled = fill.compile(
        TEMPLATE, dataclasses.replace(form(), head=(), columns=(), totals=(), shape=shape, template=spec)
    )
    cards = tuple(CardReport(name, {"填报单位": name}, {}) for name in ("登记表", "二户"))
    drafted = Report("form", {}, pl.DataFrame(), pl.DataFrame(), (), cards)
    if one == "file":
        parts = unpacked(fill.render_cards(compiled, drafted)[0][1].content)
        assert [*parts] == [n for n in WORKBOOK_PARTS if n != "xl/calcChain.xml"]
    else:
        parts = unpacked(fill.render(compiled, drafted).content)
    own = trees(parts)
    lost = {p.name for part, p in PROBES if verdict(p, 2, own[part].iter()) != "kept"}
    assert lost == set()
    assert all(parts[n] == body for n, body in BINARIES.items())


def test_what_names_the_pattern_follows_its_new_name():
    shape = Card("household", "sheet", "{name}", cells=(Output(path="填报单位", source="field", value="x"),))
    spec = Template(Path("form.xlsm"), None, "登记表")
    own = dataclasses.replace(form(), head=(), columns=(), totals=(), shape=shape, template=spec)
    cards = tuple(CardReport(name, {"填报单位": name}, {}) for name in ("1-1", "1-2"))
    drafted = Report("form", {}, pl.DataFrame(), pl.DataFrame(), (), cards)
    parts = unpacked(fill.render(fill.compile(TEMPLATE, own), drafted).content)
    texts = {name: body.decode() for name, body in parts.items() if name.endswith(".xml")}
    assert "textlink=\"'1-1'!$E$8\"" in texts["xl/drawings/drawing1.xml"]
    copied = next(t for n, t in texts.items() if re.fullmatch(r"xl/drawings/drawing[3-9].xml", n))
    assert "textlink=\"'1-2'!$E$8\"" in copied
    assert 'sheet="1-1"' in texts["xl/pivotCache/pivotCacheDefinition1.xml"]
    assert "<c:f>'1-1'!$E$6:$E$7</c:f>" in texts["xl/charts/chart1.xml"]
    named = [n for n, text in texts.items() if "登记表!" in text]
    assert named == []


def test_two_fills_give_equal_bytes():
    assert filled(40).content == filled(40).content


def test_the_fill_is_whole_and_says_nothing():
    result = filled(40)
    assert result.problems.is_empty()
    strings = unpacked(result.content)["xl/sharedStrings.xml"].decode()
    assert "填报单位：幸福社区" in strings


def test_a_signature_goes_and_is_said():
    base = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/"
    root = WORKBOOK_PARTS["_rels/.rels"]
    assert isinstance(root, list)
    signed = {
        **WORKBOOK_PARTS,
        "_rels/.rels": [
            str(root[0]).replace(
                "</Relationships>",
                f'<Relationship Id="s" Type="{base}origin" Target="_xmlsignatures/origin.sigs"/></Relationships>',
            )
        ],
        "_xmlsignatures/origin.sigs": b"",
        "_xmlsignatures/_rels/origin.sigs.rels": b"<Relationships/>",
        "_xmlsignatures/sig1.xml": b"<Signature/>",
    }
    result = fill.render(fill.compile(package(signed), form()), report(3))
    assert [n for n in unpacked(result.content) if "signature" in n] == []
    assert "签名" in result.problems["message"][0]
