"""Bringing in, correcting, looking at and forgetting cohorts."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.service import cohorts, models, patients, revisions, training, uploads
from pmed_core.settings import settings
from pmed_core.variable import Kind, Role
from pmed_core.work import Fit
from tests.scans.made import plain, png
from tests.service.made import QUICK, Installation, as_bytes, chosen
from tests.service.made import patients as made

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def sources(home: Path) -> list[str]:
    """Uploaded files that are kept, or that only pass through and are still there."""
    rooms = [path for room in ("sources", "passing") for path in (home / room).rglob("*")]
    return [path.name for path in rooms if path.is_file() and path.name != ".lock"]


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
    assert [(entry.id, entry.models) for entry in cohorts.cohorts()] == [(fresh, 1)]
    assert cohorts.here(trained.cohort)
    assert cohorts.revision(trained.cohort).variables == found.variables


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
    assert (before.basis, bool(before.neighbours)) == ("held-out", True)
    cohorts.remove(trained.cohort)
    after = patients.consult(trained.model, cells, "P001")
    # Which fold held the patient out is forgotten with the cohort, and that is said.
    assert after.basis == "in training"
    assert after.neighbours == ()
    with pytest.raises(UserError, match="no such cohort"):
        cohorts.find_patients(trained.cohort, "")
    assert sources(trained.home) == []


@pytest.mark.parametrize("name", [sample.name for sample in cohorts.samples()])
def test_each_sample_is_ready_in_one_call(name: str) -> None:
    found = cohorts.cohort(cohorts.bring_in_sample(name))
    assert found.outcome is not None
    assert training.estimate(found.id, QUICK).seconds > 0


def ignoring(cohort_id: str, column: str) -> str:
    """The next revision, in which that column is no input."""
    entry = cohorts.cohort(cohort_id)
    variables = tuple(
        replace(v, role=Role.IGNORE) if v.name == column else v for v in entry.variables
    )
    return cohorts.revise(entry.id, variables, entry.outcome)


def test_one_address_leads_to_the_newest_revision() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    second = chosen(first)
    third = ignoring(first, "sex")
    assert len({first, second, third}) == 3
    assert cohorts.cohort(first).id == third
    assert cohorts.cohort(third).address == first
    assert [entry.address for entry in cohorts.cohorts()] == [first]


def test_a_model_stays_with_its_revision_until_it_is_removed(trained: Installation) -> None:
    before = cohorts.cells(trained.cohort, "P001")
    ignoring(trained.cohort, "sex")
    assert models.model(trained.model).cohort == trained.cohort
    assert cohorts.cells(trained.cohort, "P001") == before
    models.remove(trained.model)
    assert not cohorts.here(trained.cohort)


def test_the_history_says_what_was_changed() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    entry = cohorts.cohort(chosen(first))
    variables = tuple(
        replace(v, kind=Kind.CATEGORY, range=None) if v.name == "age" else v
        for v in entry.variables
    )
    cohorts.revise(entry.id, variables, entry.outcome)
    told = [one.said for one in revisions.history(first)]
    assert told[0] == ("read from icu.csv",)
    assert "outcome: died = yes" in told[1]
    assert told[2] == ("kind of age: number → category",)


def test_going_back_makes_a_revision_that_equals_the_old_one() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    second = chosen(first)
    was = cohorts.table(second).digest()
    third = ignoring(first, "sex")
    again = revisions.go_back(third, 2)
    assert cohorts.table(again).digest() == was
    assert cohorts.cohort(first).id == again
    assert len(revisions.history(first)) == 4
    told = revisions.history(first)[-1].said
    assert told == ("went back to revision 2", "role of sex: ignore → input")
    start = revisions.go_back(again, 1)
    assert cohorts.cohort(start).outcome is None


def test_nobody_overwrites_what_another_saved_meanwhile() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    seen = cohorts.cohort(chosen(first))
    ignoring(first, "sex")
    with pytest.raises(UserError, match="changed meanwhile"):
        cohorts.revise(seen.id, seen.variables, None)
    assert cohorts.cohort(first).outcome == seen.outcome


def test_the_same_file_again_is_the_same_cohort_with_its_changes() -> None:
    first = cohorts.bring_in("icu.csv", as_bytes(made()))
    second = chosen(first)
    assert cohorts.bring_in("icu.csv", as_bytes(made())) == second
    assert len(cohorts.cohorts()) == 1


def test_a_removed_cohort_leaves_no_revision_and_no_history(trained: Installation) -> None:
    address = cohorts.cohort(trained.cohort).address
    fresh = ignoring(trained.cohort, "sex")
    cohorts.remove(fresh)
    assert cohorts.cohorts() == ()
    assert not cohorts.here(trained.cohort)
    assert sources(trained.home) == []
    assert not list((trained.home / "histories").glob("*/*"))
    with pytest.raises(UserError, match="deleted or belongs to another server"):
        cohorts.cohort(address)


def test_what_is_only_looked_at_is_forgotten() -> None:
    file, found = uploads.inspect("icu.csv", as_bytes(made()))
    assert (found.rows, len(found.cells)) == (120, 20)
    assert cohorts.cohorts() == ()
    uploads.forget(file.source)
    assert sources(settings().home) == []


def test_a_preview_shows_no_cell_that_identifies_directly() -> None:
    table = made()
    table["name"] = [f"Anna Miller{number}" for number in range(len(table))]
    _, found = uploads.inspect("icu.csv", as_bytes(table))
    assert "name" in found.masked
    assert "Miller" not in str(found)


def test_an_upload_that_nobody_takes_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    uploads.inspect("icu.csv", as_bytes(made()))
    monkeypatch.setattr(uploads, "ABANDONED_SECONDS", -1)
    uploads.inspect("other.csv", as_bytes(made(50)))
    assert sources(settings().home) == ["other.csv"]


def pictures(*names: str) -> list[tuple[str, io.BytesIO]]:
    """Files as they are chosen together in a browser."""
    return [(name, io.BytesIO(png(plain(place)))) for place, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("a.png", "b.png", "a.png"), "2 files are called 'a.png'"),
        (("a.png", "../b.png"), "leads out of its folder"),
    ],
)
def test_files_chosen_together_are_never_renamed_in_silence(
    names: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        cohorts.bring_in_together(pictures(*names))
    assert sources(settings().home) == []


def test_two_points_in_a_name_stay() -> None:
    found = cohorts.table(cohorts.bring_in_together(pictures("x..1.png", "y..2.png")))
    assert {str(name) for name in found.table[found.variables[0].name]} == {"x..1.png", "y..2.png"}


def test_a_training_that_was_done_before_is_known(trained: Installation) -> None:
    done = Fit(trained.cohort, "First", QUICK)
    before = training.trained_before(done)
    assert before is not None
    assert before.result == trained.model
    assert training.trained_before(replace(done, name="Second")) is None
    models.remove(trained.model)
    assert training.trained_before(done) is None
