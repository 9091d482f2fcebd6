"""Numbers that look right and belong to nobody: resident IDs, permits, phones, credit codes.

Resident IDs carry area codes of prefectures that were never assigned (`..98..`), phones the mobile segments that were
never opened to subscribers, so no number printed here can be a real person's.
"""

from __future__ import annotations

from datetime import date
from random import Random

HOME_CODE = "339802"  # 星河市云山区, a place that does not exist

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MOBILE_SEGMENTS = ("154", "160", "161", "163", "164", "168", "169", "179")


def check_character(body: str) -> str:
    """18th character of a resident ID (GB 11643-1999, MOD 11-2) for its first 17 digits."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def resident_id(area: str, born: date, sequence: int) -> str:
    """18 characters, valid; an odd sequence means male."""
    body = f"{area}{born:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


class IdBook:
    """Hands out resident IDs and never the same one twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def number(self, area: str, born: date, gender: str, near: str | None = None) -> str:
        """Fresh number for a person; `near` asks for the sequence right after that one, as twins get."""
        sequence = int(near[14:17]) + 1 if near else self._rng.randrange(1, 400)
        while True:
            sequence = sequence % 995 + 1 if sequence > 995 else sequence
            if sequence % 2 == int(gender) % 2:
                number = resident_id(area, born, sequence)
                if number not in self._taken:
                    self._taken.add(number)
                    return number
            sequence += 1


class PhoneBook:
    """Hands out mobile numbers and never the same one twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def number(self) -> str:
        """Eleven digits in a segment without subscribers."""
        while True:
            number = self._rng.choice(_MOBILE_SEGMENTS) + f"{self._rng.randrange(10**8):08d}"
            if number not in self._taken:
                self._taken.add(number)
                return number

    def landline(self) -> str:
        """Area code and seven digits, of an area code that was never given out."""
        return f"0{self._rng.randrange(500, 506)}-{self._rng.randrange(2000000, 8999999)}"


def credit_code(rng: Random, first: str = "92") -> str:
    """Unified social credit code (GB 32100-2015) of the made-up district."""
    body = first + HOME_CODE + "MA" + "".join(rng.choice(_USCC_ALPHABET) for _ in range(7))
    total = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + _USCC_ALPHABET[(31 - total % 31) % 31]
