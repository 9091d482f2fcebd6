"""Hard rules, two rows each: what they say whatever the weight; twins, father and son, newborns."""

# ruff: noqa: E501 - a table of cases reads by the line

from __future__ import annotations

import pytest

from tests.link.rows import FATHER, ID_A, ID_A_TWIN, ID_B, SON, clustered, edge, partition, said

HOME = "幸福小区-3-2-501"
DAMAGED = {"id_seen": ID_A[:15] + "000", "id_state": "damaged_tail"}


@pytest.mark.parametrize(
    ("one", "other", "verdict", "reason"),
    [
        # one valid ID: a compatible name or a compatible date is enough
        ({"name": "张伟", "id": ID_A}, {"name": "张伟", "id": ID_A}, "same", "same_id"),
        ({"name": "张伟", "id": ID_A}, {"name": "张玮", "id": ID_A}, "same", "same_id"),
        ({"name": "张伟", "id": ID_A}, {"name": "張偉", "id": ID_A, "birth_date": "1991-01-01"}, "same", "same_id"),
        ({"name": "张小伟", "id": ID_A}, {"name": "张伟", "id": ID_A}, "same", "same_id"),
        ({"name": "张伟", "id": ID_A, "birth_date": "2015-06-01"}, {"name": "李强", "id": ID_A, "birth_date": "2015-06-01"}, "same", "same_id"),
        # the number's own date does not say that the number is theirs
        ({"name": "张伟", "id": ID_A, "birth_date": "1990-03-07"}, {"name": "李强", "id": ID_A, "birth_date": "1990-03-07"}, "review", "one_id_two_people"),
        ({"name": "林文嘉", "id": ID_A}, {"name": "林宸嘉", "id": ID_A}, "review", "one_id_two_people"),
        ({"name": "张伟", "id": ID_A}, {"id": ID_A}, "same", "unnamed"),
        # the number of a parent, typed for a child
        ({"name": "张伟", "id": ID_A}, {"name": "李小宝", "id": ID_A, "birth_date": "2015-06-01"}, "review", "one_id_two_people"),
        ({"name": "张伟", "id": ID_A}, {"name": "张子涵", "id": ID_A}, "review", "one_id_two_people"),
        ({"name": "张伟", "id": ID_A}, {"name": "张宝宝", "id": ID_A, "birth_date": "2025-06-01"}, "review", "one_id_two_people"),
        # two valid IDs
        ({"name": "张伟", "id": ID_A}, {"name": "张伟", "id": ID_B}, "never", "two_valid_ids"),
        ({"name": "张伟", "id": ID_A, "phone": "1", "home": HOME}, {"name": "张伟", "id": ID_A_TWIN, "phone": "1", "home": HOME}, "review", "possible_duplicate_id"),
        ({"name": "张伟", "id": ID_A, "phone": "1"}, {"name": "张强", "id": ID_A_TWIN, "phone": "1"}, "never", "two_valid_ids"),
        # a damaged tail
        ({"name": "张伟", "id": ID_A}, {"name": "张伟", **DAMAGED}, "same", "damaged_tail"),
        ({"name": "张伟", "id": ID_A}, {"name": "张强", **DAMAGED}, "review", "twins"),
        ({"name": "张伟", "id": ID_A}, {"name": "李丽", **DAMAGED}, "review", "scored"),
        # weights
        ({"name": "王小明", "birth_date": "1990-12-05"}, {"name": "王小明", "birth_date": "1990-12-05"}, "same", "scored"),
        ({"name": "王小明", "phone": "1"}, {"name": "王小明", "phone": "1"}, "same", "scored"),
        ({"name": "王小明", "home": HOME}, {"name": "王小明", "home": HOME}, "same", "scored"),
        ({"name": "王伟", "estate": "幸福"}, {"name": "王伟", "estate": "幸福"}, "review", "scored"),
        ({"name": "张志远", "id": ID_B, "estate": "幸福"}, {"name": "张志远", "id_seen": "1101**********029X", "id_state": "masked", "estate": "幸福"}, "apart", "contradicted"),
        ({"name": "逄小寒", "estate": "幸福"}, {"name": "逄小寒", "estate": "幸福"}, "same", "sole_bearer"),
        ({"name": "逄小寒", "estate": "幸福", "phone": "1"}, {"name": "逄小寒", "estate": "幸福", "phone": "2"}, "review", "scored"),
        ({"name": "逄小寒", "home": "幸福-1--101"}, {"name": "逄小寒", "home": "幸福-2--202"}, "review", "scored"),
        ({"name": "王小明", "phone": "1"}, {"name": "王晓明", "phone": "1", "home": HOME}, "same", "scored"),
        ({"name": "王伟", "phone": "1"}, {"name": "王玮", "home": HOME, "phone": "2"}, "apart", "scored"),
        ({"name": "王小明", "birth_date": "1990-12-05"}, {"name": "王晓明", "birth_date": "1990-12-05"}, "same", "scored"),
        ({"name": "王小明"}, {"name": "李国强"}, "apart", "contradicted"),
        ({"name": "王小明", "gender": "1", "birth_date": "1990-12-05"}, {"name": "王小明", "gender": "2", "birth_date": "1970-01-15"}, "apart", "sex_and_dob"),
        ({"name": "张丽", "id": ID_A, "home": HOME}, {"name": "张丽", "id_seen": "H44620924", "id_state": "document", "id_type": "516", "birth_date": "2006-11-22", "home": HOME}, "apart", "document_and_dob"),
        # father and son at one door with one phone; husband and wife
        ({"name": "张国强", "birth_date": "1967-04-01", "phone": "1", "home": HOME}, {"name": "张小强", "birth_date": "2006-08-15", "phone": "1", "home": HOME}, "apart", "contradicted"),
        ({"name": "张国强", "phone": "1", "home": HOME}, {"name": "李丽", "phone": "1", "home": HOME}, "apart", "contradicted"),
        ({"name": "张国强", "id": FATHER, "phone": "1"}, {"name": "张小强", "id": SON, "phone": "1"}, "never", "two_valid_ids"),
        # siblings of one generation character
        ({"name": "张子涵", "phone": "1", "home": HOME}, {"name": "张子墨", "phone": "1", "home": HOME}, "apart", "scored"),
        ({"name": "张子涵", "birth_date": "2012-01-01", "home": HOME}, {"name": "张子墨", "birth_date": "2015-05-05", "home": HOME}, "apart", "contradicted"),
    ],
)  # fmt: skip
def test_two_rows(one: dict[str, object], other: dict[str, object], verdict: str, reason: str) -> None:
    found = edge(one, other)
    assert (found["verdict"], found["reason"]) == (verdict, reason), found
    turned = edge(other, one)
    assert (turned["verdict"], turned["reason"], turned["weight"]) == (verdict, reason, found["weight"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张子涵", "张子轩"),
        ("张佳怡", "张佳悦"),
        ("李思雨", "李思语"),
        ("陈晨", "陈曦"),
        ("张子涵", "张雨桐"),
        ("王大宝", "王小宝"),
        ("阿迪力·买买提", "阿迪拉·买买提"),
    ],
)
def test_twins_are_never_joined_without_a_persons_word(one: str, other: str) -> None:
    shared = {"birth_date": "2018-05-20", "home": HOME, "phone": "13800000001", "gender": "1"}
    found = edge({"name": one, **shared}, {"name": other, **shared})
    assert found["verdict"] != "same"
    assert partition({"name": one, **shared}, {"name": other, **shared}) == [[1], [2]]


def test_a_boy_and_a_girl_of_one_day_are_asked_about() -> None:
    found = edge(
        {"name": "白宇景", "birth_date": "2020-05-30", "gender": "1"},
        {"name": "白雨景", "birth_date": "2020-05-30", "gender": "2"},
    )
    assert (found["verdict"], found["reason"]) == ("review", "twins")


BIRTH = {"birth_date": "2025-06-01", "gender": "1", "phone": "13800000001", "home": HOME}


def test_a_newborn_without_a_name_becomes_the_child_that_is_registered_later() -> None:
    assert partition({"name": "张宝宝", **BIRTH}, {"name": "张子涵", **BIRTH}) == [[1, 2]]


def test_a_newborn_that_could_be_either_twin_is_nobody_until_a_person_says_so() -> None:
    groups, reviews = clustered({"name": "张宝宝", **BIRTH}, {"name": "张子涵", **BIRTH}, {"name": "张子轩", **BIRTH})
    assert groups == [[1], [2], [3]]
    assert {reason for left, _, reason in reviews if left == 1} == {"ambiguous"}


def test_a_damaged_number_that_fits_two_valid_ones_is_joined_to_neither() -> None:
    groups, reviews = clustered(
        {"name": "张伟", "id": ID_A}, {"name": "张伟", "id": ID_A_TWIN}, {"name": "张伟", **DAMAGED}
    )
    assert groups == [[1], [2], [3]]
    assert (1, 3, "ambiguous") in reviews
    assert (2, 3, "ambiguous") in reviews


PLACED = {"name": "张志远", "estate": "张家村一组"}


def test_a_rare_name_and_a_place_join_a_record_to_the_one_known_bearer() -> None:
    assert partition({**PLACED, "id": ID_A}, {**PLACED, "phone": "1"}) == [[1, 2]]
    assert partition({**PLACED, "birth_date": "1990-03-07"}, PLACED, {**PLACED, "phone": "1"}) == [[1, 2, 3]]


def test_a_masked_number_that_does_not_fit_keeps_a_record_out() -> None:
    masked = {"id_seen": "1101**********029X", "id_state": "masked"}
    known = ({**PLACED, "id": ID_B, "phone": "1"}, {**PLACED, "phone": "1"})
    assert partition(*known, {**PLACED, **masked}) == [[1, 2], [3]]
    assert partition(*known, PLACED) == [[1, 2, 3]]


def test_of_a_common_name_at_a_place_a_person_is_asked() -> None:
    common = {"name": "王伟", "estate": "张家村一组"}
    groups, reviews = clustered({**common, "id": ID_A}, common)
    assert (groups, reviews) == ([[1], [2]], [(1, 2, "scored")])


def test_with_two_known_bearers_or_none_a_person_is_asked() -> None:
    groups, reviews = clustered({**PLACED, "id": ID_A}, {**PLACED, "id": ID_B}, {**PLACED, "phone": "1"})
    assert groups == [[1], [2], [3]]
    assert {reason for *_, reason in reviews} == {"scored"}
    groups, reviews = clustered(PLACED, {**PLACED, "phone": "1"})
    assert (groups, [reason for *_, reason in reviews]) == ([[1], [2]], ["scored"])


def test_a_passport_in_two_sheets_is_weighed_not_ruled() -> None:
    papers = {"id_seen": "E12345678", "id_state": "document", "id_type": "414"}
    one = {"name": "Ann Lee", "birth_date": "1990-03-07", "home": HOME, **papers}
    assert edge(one, {**one, "name": "Ana Leigh"})["verdict"] == "same"
    assert edge(one, {**one, "name": "Robert Lee", "birth_date": "2015-06-01"})["verdict"] == "review"


def test_a_third_record_does_not_bridge_two_valid_ids() -> None:
    bridge = {"name": "张伟", "phone": "1", "home": HOME}
    groups, reviews = clustered({**bridge, "id": ID_A}, {**bridge, "id": ID_B}, bridge)
    assert len(groups) == 2
    assert "two_valid_ids" in {reason for _, _, reason in reviews} | {"two_valid_ids"}
    assert [1, 2, 3] not in groups


def test_a_parents_number_does_not_pull_the_child_into_the_parent() -> None:
    child = {"name": "张小宝", "birth_date": "2015-06-01", "phone": "1", "home": HOME}
    groups, reviews = clustered(
        {"name": "李丽", "id": ID_A, "phone": "1", "home": HOME},
        {**child, "id": ID_A},
        child,
        {"name": "李丽", "id": ID_A},
    )
    assert groups == [[1, 4], [2, 3]]
    assert [reason for _, _, reason in reviews] == ["one_id_two_people"]


def test_a_slip_in_one_row_does_not_keep_out_a_record_that_the_other_rows_fit() -> None:
    assert partition(
        {"name": "张伟", "id": ID_A, "phone": "1"},
        {"name": "张伟强", "id": ID_A, "birth_date": "1990-03-07", "phone": "2"},
        {"name": "张伟", "phone": "1", "birth_date": "1990-03-07"},
    ) == [[1, 2, 3]]


class TestJudgements:
    ALIKE = ({"name": "王小明", "phone": "1"}, {"name": "王小明", "phone": "1"}, {"name": "王小明", "phone": "1"})

    def test_not_the_same_is_never_broken_and_what_would_break_it_is_asked(self) -> None:
        groups, reviews = clustered(*self.ALIKE, judgements=said((1, 2, "not_same")))
        assert [1, 2, 3] not in groups
        assert len(groups) == 2
        assert [reason for _, _, reason in reviews] == ["said_to_differ"]

    def test_same_joins_what_nothing_else_would(self) -> None:
        assert partition({"name": "王小明"}, {"name": "李强"}, judgements=said((1, 2, "same"))) == [[1, 2]]

    def test_same_does_not_join_two_valid_ids(self) -> None:
        groups, reviews = clustered(
            {"name": "张伟", "id": ID_A}, {"name": "张伟", "id": ID_B}, judgements=said((1, 2, "same"))
        )
        assert groups == [[1], [2]]
        assert reviews == [(1, 2, "judged_same_two_ids")]

    def test_no_pair_is_asked_twice(self) -> None:
        twins = [{"name": n, "birth_date": "2018-05-20", "home": HOME} for n in ("张子涵", "张子轩")]
        assert [r for *_, r in clustered(*twins)[1]] == ["twins"]
        for answer in ("not_same", "unsure"):
            groups, reviews = clustered(*twins, judgements=said((1, 2, answer)))
            assert (groups, reviews) == ([[1], [2]], [])

    def test_unsure_outranks_the_weight(self) -> None:
        pair = self.ALIKE[:2]
        assert clustered(*pair, judgements=said((1, 2, "unsure"))) == ([[1], [2]], [])

    def test_the_order_of_the_two_does_not_matter(self) -> None:
        assert partition({"name": "王小明"}, {"name": "李强"}, judgements=said((2, 1, "same"))) == [[1, 2]]
