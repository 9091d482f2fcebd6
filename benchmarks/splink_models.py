"""The two models that Splink 5 is compared with: a careful one, and the one its tutorial would give.

The careful model has one comparison of telephone and address, levels for the same reading and the same surname, and the
frequency of names; given name, middle initial and surname apart where names are in Latin letters.
"""

from __future__ import annotations

from typing import Any

# Columns whose equality makes the pairs that Splink's EM looks at; names in Latin letters: a census without numbers.
TRAINED = {
    False: (("name", "dob"), ("phone",), ("door",), ("idno",)),
    True: (("given", "dob"), ("surname", "dob"), ("name",), ("idno",)),
}


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


def careful(*, latin: bool) -> list[Any]:
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
        names += [
            _comparison("middle", '"middle_l" IS NULL OR "middle_r" IS NULL', '"middle_l" = "middle_r"'),
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


def tutorial() -> list[Any]:
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
