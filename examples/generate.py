"""Write the example: one made-up community, the sheets six sources made of it in a week, and the truth beside them.

Run `python examples/generate.py` to remake the committed files; `community` and `sheets` serve tests and benchmarks at
any size.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from simulator import business, files, health, lists, rosters
from simulator.layout import Book
from simulator.model import FIRST_DAY, Community, address
from simulator.people import community
from simulator.week import week

__all__ = ["Book", "Community", "community", "main", "sheets", "write"]

SEED, PEOPLE = 20261120, 2000


def sheets(made: Community) -> list[Book]:
    """Books the six sources sent in the week, in the order they arrived; nothing is written."""
    events = week(made)
    books = rosters.books(made) + health.books(made, events) + lists.books(made, events) + business.books(made)
    return sorted(books, key=lambda book: book.day)


def write(made: Community, folder: Path) -> list[Book]:
    """Example's files under a folder: sheets/, sheets.csv, truth.csv, people.csv."""
    books = files.write(sheets(made), folder / "sheets")
    files.table(
        folder / "sheets.csv",
        ("file", "source", "date", "form", "what"),
        ((book.file, book.source, book.day.isoformat(), book.form, book.what) for book in books),
    )
    files.write_truth(books, folder / "truth.csv")
    header = (
        "person",
        "household",
        "name",
        "id_type",
        "id_number",
        "gender",
        "birth_date",
        "phone",
        "relation",
        "home",
        "moved_to",
    )
    files.table(folder / "people.csv", header, _people(made))
    return books


def _people(made: Community) -> Iterator[tuple[object, ...]]:
    """Rows of people.csv, the true values; `home` is empty for who lives elsewhere, `moved_to` for who stayed."""
    for person in made.people:
        household = made.household(person)
        home = made.home(person, FIRST_DAY)
        moved = address(household.moved[1]) if household.moved else ""
        yield (
            person.key,
            household.key,
            person.name,
            person.id_type,
            person.id_number or "",
            person.gender,
            person.birth.isoformat(),
            person.phone or "",
            person.relation,
            address(home) if home else "",
            moved,
        )


def main() -> None:
    """Command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("-o", "--out", type=Path, default=Path(__file__).parent)
    wanted = parser.parse_args()
    made = community(wanted.people, wanted.seed)
    books = write(made, wanted.out)
    for book in books:
        print(book.day, book.source, book.file, *(f"{sheet.name}:{len(sheet.lines)}" for sheet in book.sheets))
    if not any(book.file.endswith(".xls") for book in books):
        print("LibreOffice (soffice) was not found: the .xls and .ods files were written as .xlsx", file=sys.stderr)


if __name__ == "__main__":
    main()
