"""Bringing in, correcting, looking at and forgetting cohorts."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.service import cohorts, patients, training
from pmed_core.settings import settings
from pmed_core.variable import Kind, Role
from tests.service.made import QUICK, Installation, as_bytes, chosen
from tests.service.made import patients as made

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def sources(home: Path) -> list[str]:
    return [path.name for path in (home / "sources").rglob("*") if path.is_file()]


def test_a_revised_cohort_takes_the_place_of_the_first() -> None:
    first = cohorts.bring_in("icu.csv", io.BytesIO(as_bytes(made())))
    second = chosen(first)
    assert second != first
    assert [entry.id for entry in cohorts.cohorts()] == [second]
    assert cohorts.cohort(second).outcome is not None
    assert cohorts.quality(second).balance
    assert sources(settings().home) == ["icu.csv"]
    assert [path.name for path in (settings().home / "cohorts").iterdir()] == [second]


def test_one_with_a_model_stays_when_it_is_revised(trained: Installation) -> None:
    found = cohorts.cohort(trained.cohort)
    variables = tuple(
        replace(v, role=Role.IGNORE) if v.name == "sex" else v for v in found.variables
    )
    fresh = cohorts.revise(trained.cohort, variables, found.outcome)
    assert {entry.id for entry in cohorts.cohorts()} == {trained.cohort, fresh}
    assert [cohorts.cohort(one).models for one in (trained.cohort, fresh)] == [1, 0]


def test_a_correction_that_does_not_fit_changes_nothing() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    variables = tuple(
        replace(v, kind=Kind.NUMBER, categories=()) if v.name == "sex" else v
        for v in cohorts.cohort(first).variables
    )
    with pytest.raises(UserError, match="sex"):
        cohorts.revise(first, variables, None)
    assert [entry.id for entry in cohorts.cohorts()] == [first]


def test_a_file_that_cannot_be_read_is_not_kept() -> None:
    with pytest.raises(UserError, match=r"nothing\.csv"):
        cohorts.bring_in("nothing.csv", b"")
    assert cohorts.cohorts() == ()
    assert sources(settings().home) == []


def test_patients_are_found_by_a_part_of_their_id(trained: Installation) -> None:
    assert cohorts.find_patients(trained.cohort, "p01", 3) == ("P010", "P011", "P012")
    assert cohorts.find_patients(trained.cohort, "  ")[:2] == ("P001", "P002")
    assert cohorts.find_patients(trained.cohort, ".*") == ()


def test_the_cells_of_a_patient_are_its_inputs(trained: Installation) -> None:
    table = made()
    missing = int(table.index[table["lactate"].isna()][0])
    found = cohorts.cells(trained.cohort, f"P{missing + 1:03d}")
    assert found == {"age": table["age"][missing], "lactate": None, "sex": table["sex"][missing]}
    with pytest.raises(UserError, match="no patient"):
        cohorts.cells(trained.cohort, "P1")


def test_the_preview_is_the_first_rows(trained: Installation) -> None:
    found = cohorts.preview(trained.cohort, 3)
    assert list(found["patient_id"]) == ["P001", "P002", "P003"]
    pd.testing.assert_series_equal(found["age"], made()["age"].head(3))


def test_a_forgotten_cohort_leaves_its_models(trained: Installation) -> None:
    cells = cohorts.cells(trained.cohort, "P001")
    before = patients.consult(trained.model, cells, "P001")
    assert before.neighbours
    cohorts.remove(trained.cohort)
    after = patients.consult(trained.model, cells, "P001")
    assert after.probability == before.probability
    assert after.neighbours == ()
    with pytest.raises(UserError, match="no such cohort"):
        cohorts.find_patients(trained.cohort, "")
    assert sources(trained.home) == []


@pytest.mark.parametrize("name", [sample.name for sample in cohorts.samples()])
def test_each_sample_is_ready_in_one_call(name: str) -> None:
    found = cohorts.cohort(cohorts.bring_in_sample(name))
    assert found.outcome is not None
    assert training.estimate(found.id, QUICK).seconds > 0
