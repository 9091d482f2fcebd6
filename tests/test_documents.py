"""documents: YAML as strings with places; what a loader would accept in silence is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneform import documents
from oneform.errors import ConfigError


def _load(tmp_path, text: str | bytes) -> documents.Node:
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return documents.load(path)


@pytest.mark.parametrize(
    "text", ["01", "0101", "0755", "NO", "yes", "1:30", "12:30:00", "2020-01-01", "1e3", "null", "~", "1.0"]
)
def test_scalars_stay_as_typed(tmp_path, text):
    root = _load(tmp_path, f"a: {text}\nb: ['{text}', {text}]\n")

    assert root.mapping["a"].text == text
    assert [item.text for item in root.mapping["b"].items] == [text, text]


def test_places_are_one_based_lines_and_columns(tmp_path):
    root = _load(tmp_path, "a: 1\nb:\n  - x\n  - {k: v}\nc:\n")

    assert root.keys == {"a": "x.yaml:1:1", "b": "x.yaml:2:1", "c": "x.yaml:5:1"}
    assert [item.where for item in root.mapping["b"].items] == ["x.yaml:3:5", "x.yaml:4:5"]
    assert root.mapping["b"].items[1].mapping["k"].where == "x.yaml:4:9"
    assert root.mapping["c"].text == ""


def test_byte_order_mark_and_empty_file(tmp_path):
    assert _load(tmp_path, b"\xef\xbb\xbfa: 1\n").mapping["a"].text == "1"
    assert _load(tmp_path, "# nothing\n").text == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1 OF501 不认识“a”：同一层里写了两次，请删去一处。"),
        ("a: &x 1\n", "x.yaml:1:4 OF509 不能使用锚点 & 和引用 *，若是文字请加引号。"),
        ("a: *x\n", "x.yaml:1:4 OF509 不能使用锚点 & 和引用 *，若是文字请加引号。"),
        ("a: !!int 1\n", "x.yaml:1:4 OF509 不能使用标签 !，若是文字请加引号。"),
        ("a: {text: {n}人}\n", "x.yaml:1:14 OF509 YAML 写法不对；含有 { } 的文字请加引号。"),
        ("? {n}\n: 1\n", "x.yaml:1:3 OF509 键必须是文字；含括号的文字请加引号。"),
        ("a:\n\t- b\n", "x.yaml:2:1 OF509 缩进用了制表符，请改成空格。"),
        ("a: 1\n b: 2\n", "x.yaml:2:3 OF509 YAML 写法不对，请检查缩进、冒号和括号。"),
        ("---\na: 1\n---\nb: 2\n", "x.yaml:3:1 OF509 一个文件只能有一份内容（多出了 ---）。"),
        ("a: \x07\n", "x.yaml OF509 含有不允许的控制字符。"),
        ("[" * 3000, "x.yaml:1:21 OF509 嵌套超过 20 层。"),
        ("a: 姓名\n".encode("gb18030"), "x.yaml OF508 文件不是 UTF-8，请另存为 UTF-8。"),
        ("# " + "x" * 1_000_000, "x.yaml OF509 文件超过 1 MB。"),
    ],
)
def test_refused(tmp_path, text, fault):
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)

    assert str(caught.value) == fault


def test_every_fault_of_a_file_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, "a: &x 1\na: 2\nb: *x\n")

    assert [fault.where for fault in caught.value.faults] == ["x.yaml:1:4", "x.yaml:2:1", "x.yaml:3:4"]


def test_alias_bomb_is_not_expanded(tmp_path):
    bomb = "a: &a [x, x]\n" + "".join(
        f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefghi", "bcdefghij", strict=True)
    )

    with pytest.raises(ConfigError):
        _load(tmp_path, bomb)


def test_twenty_levels_are_enough(tmp_path):
    assert _load(tmp_path, "[" * 20 + "]" * 20).items is not None


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("fileds", ["fields", "rules"], "，是否指「fields」？"),
        ("sequ", ["seq"], "，是否指「seq」？"),
        ("zzz", ["fields"], ""),
    ],
)
def test_suggestions(word, known, hint):
    assert documents.suggest(word, known) == hint


def test_unknown_names_the_nearest_in_both_languages():
    fault = documents.unknown("OF503", "x.yaml:1:1", "nmae", ["name", "phone"])

    assert (fault.zh, fault.en) == ("没有字段 nmae，是否指「name」？", "no field nmae; did you mean name?")


_TOKENS = st.sampled_from(
    ["a", "01", "是", "{n}", "[x]", ": ", "- ", "\n", "  ", "#", "&x", "*x", "!", "'", '"', "|", "---\n", "\t", "?"]
)


@given(st.lists(_TOKENS, max_size=12).map("".join))
def test_any_text_gives_a_node_or_faults_with_a_place(text):
    faults, where = (), "x.yaml:1:1"
    try:
        where = documents.parse(text, "x.yaml").where
    except ConfigError as error:
        faults = error.faults

    assert where.startswith("x.yaml:")
    assert all(fault.where.startswith("x.yaml") and fault.code in {"OF501", "OF509"} for fault in faults)
