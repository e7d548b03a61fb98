"""Who is typed is found, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.search import FOUND, matching
from pmed_core.service import cohorts

IDS = [f"P{number}" for number in range(1, 1001)]


def find(text: str, limit: int) -> Sequence[str]:
    return [one for one in IDS if text.casefold() in one.casefold()][:limit]


def test_an_id_beyond_the_listed_ones_is_found_by_part_of_it() -> None:
    assert matching("p987", find) == ["P987"]
    assert matching("98", find) == ["P98", "P198", "P298", "P398", "P498", "P598", "P698", "P798",
                                    "P898", *(f"P98{i}" for i in range(10)), "P998"]  # fmt: skip
    assert matching("X", find) == []


def test_an_id_that_is_part_of_others_is_that_id() -> None:
    rows = "".join(f"P{i},{i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(1000, 0, -1))
    identity = cohorts.bring_in("many.csv", f"patient_id,x,event\n{rows}".encode())

    def within(text: str, limit: int) -> Sequence[str]:
        return cohorts.find_patients(identity, text, limit)

    assert matching("P1", within) == ["P1"]
    assert len(matching("P", within)) == FOUND
    assert within("", 1) == ("P1000",)
