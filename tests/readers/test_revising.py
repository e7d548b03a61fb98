"""A file that is read once more keeps what a person corrected, and takes what was overruled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pmed_core.readers.revising import is_masked, merged
from pmed_core.readers.tables import as_cohort, read_cohort, read_table
from pmed_core.variable import Kind, Role, Variable

TABLE = pd.DataFrame(
    {
        "patient_id": [f"P{n}" for n in range(24)],
        "crp": ["1,250", "2,375", "950"] * 8,
        "sex": ["0", "1", "1"] * 8,
        "ward": ["a", "b", "c"] * 8,
        "e-mail": [f"p{n}@ward.org" for n in range(24)],
        "died": ["yes", "no", "no"] * 8,
    }
)


def variables(**choices: str) -> tuple[Variable, ...]:
    given = {key.replace("__", ":"): value for key, value in choices.items()}
    return read_cohort(TABLE, choices=given).variables


def changed(column: str, **what: object) -> list[Variable]:
    """The variables as inferred, one of them corrected by hand."""
    return [
        replace(v, **what) if v.name == column else v  # type: ignore[arg-type]
        for v in variables()
    ]


def one(found: Sequence[Variable], column: str) -> Variable:
    (variable,) = (v for v in found if v.column == column)
    return variable


def test_a_choice_about_one_column_leaves_the_others_as_they_were_corrected() -> None:
    given = changed("ward", role=Role.IGNORE, reason="not known at admission")
    fresh = variables(decimal__crp="comma")
    found = merged(given, fresh, ["decimal:crp"])
    assert one(found, "ward") == one(given, "ward")
    assert one(found, "crp").range == (1.25, 950)
    assert one(given, "crp").range == (950, 2375)


def test_the_overruled_column_keeps_its_name_role_and_unit() -> None:
    given = changed("crp", name="CRP at day 1", source="crp", unit="mg/L", changeable=True)
    found = one(merged(given, variables(decimal__crp="comma"), ["decimal:crp"]), "crp")
    assert (found.name, found.unit, found.changeable) == ("CRP at day 1", "mg/L", True)
    assert found.range == (1.25, 950), "but is what the new reading says"


@pytest.mark.parametrize("key", ["header", "rows", "encoding"])
def test_a_choice_about_the_file_reads_every_column_afresh(key: str) -> None:
    given = changed("sex", kind=Kind.CATEGORY, labels=(("0", "female"), ("1", "male")))
    found = one(merged(given, variables(), [key]), "sex")
    assert found.kind is Kind.YES_NO, "the kind is the file's"
    assert found.labels == (("0", "female"), ("1", "male")), "the names are a person's"


def test_names_that_the_new_reading_gives_fill_a_gap_only() -> None:
    fresh = variables(labels__sex="0=f;1=m")
    assert one(merged(variables(), fresh, ["labels:sex"]), "sex").labels == (
        ("0", "f"), ("1", "m"),
    )  # fmt: skip
    given = changed("sex", labels=(("0", "woman"), ("1", "man")))
    assert one(merged(given, fresh, ["labels:sex"]), "sex").labels == (
        ("0", "woman"), ("1", "man"),
    )  # fmt: skip


def test_what_identifies_somebody_stays_masked_whatever_was_given() -> None:
    assert is_masked(one(variables(), "e-mail"))
    given = changed("e-mail", role=Role.INPUT, reason="")
    assert is_masked(one(merged(given, variables(), ["decimal:crp"]), "e-mail"))


def test_a_column_that_a_choice_made_is_there_and_one_that_it_took_is_not() -> None:
    pairs = TABLE.assign(bp=["120/80", "135/95", "110/70"] * 8)
    given = read_cohort(pairs).variables
    fresh = read_cohort(pairs, choices={"kind:bp": "two-numbers"}).variables
    found = [v.name for v in merged(given, fresh, ["kind:bp"])]
    assert "bp" not in found
    assert {"bp, 1st number", "bp, 2nd number"} < set(found)


def test_nothing_overruled_changes_nothing() -> None:
    given = changed("ward", role=Role.IGNORE, reason="by hand")
    assert merged(given, variables(), []) == tuple(given)


def test_cells_are_read_as_the_merged_variables_say(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    TABLE.to_csv(path, index=False)
    choices = {"decimal:crp": "comma"}
    given = changed("crp", name="CRP at day 1", source="crp")
    table = read_table(path, choices)
    again = merged(given, as_cohort(table, "t", choices=choices).variables, list(choices))
    cohort = as_cohort(table, "t", again, choices=choices)
    assert cohort.table["CRP at day 1"].tolist()[:3] == [1.25, 2.375, 950]
