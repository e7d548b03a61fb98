"""What a kept model answers about one patient."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from pages.parts.outcome import with_outcome
from pmed_core.modalities.tabular.options import LinearOptions
from pmed_core.options import TreatmentOptions
from pmed_core.outcomes import Effect
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.service import cohorts, models, patients, training
from pmed_core.service.entries import ModelEntry
from tests.epochs import at_most
from tests.pages.conftest import Open, installed, opened

__all__ = ["opened"]

PATIENTS = 300
QUICK = TreatmentOptions(network=LinearOptions(), folds=2, cross_fitting=2, baselines=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    with installed(tmp_path_factory.mktemp("treatment")) as home, at_most(40):
        sample = next(one for one in SAMPLES if one.name == "treatment_trial")
        head = "".join(sample.path.read_text().splitlines(keepends=True)[: 1 + PATIENTS])
        read = cohorts.bring_in(sample.file, head.encode())
        variables = with_outcome(cohorts.cohort(read).variables, sample.outcome)
        cohort = cohorts.revise(read, variables, sample.outcome)
        job = training.job(training.train(cohort, "Trial", QUICK))
        assert job.state == "done", job.error
        return home, job.result


@pytest.fixture
def entry(kept: tuple[Path, str], tmp_path: Path) -> ModelEntry:
    shutil.copytree(kept[0], tmp_path / "home", dirs_exist_ok=True)
    return models.model(kept[1])


def test_whoever_was_in_training_is_answered_by_those_who_never_saw_them(entry: ModelEntry) -> None:
    cells = cohorts.cells(entry.cohort, "T0007")
    found = patients.consult(entry.id, cells, "T0007")
    assert found.basis == "held-out"
    assert found.labels == ("drug instead of placebo", "with placebo", "with drug")
    assert found.value[2] - found.value[1] == pytest.approx(found.value[0])
    assert found.low[0] < found.value[0] < found.high[0]
    assert all(0 <= one <= 1 for one in found.position)
    # Patients alike, of each arm, with what happened to them.
    arms = [neighbour.observed.rpartition(", with ")[2] for neighbour in found.neighbours]
    assert sorted(arms) == ["drug"] * 5 + ["placebo"] * 5
    distances = [neighbour.distance for neighbour in found.neighbours]
    assert distances == sorted(distances)
    assert all(neighbour.patient != "T0007" for neighbour in found.neighbours)
    assert 100 < float(found.neighbours[0].observed.split(" mmHg")[0]) < 190
    again = patients.consult(entry.id, cells, "")
    assert again.known_as == "T0007"
    assert again.value == found.value


def test_a_new_patient_is_answered_by_all_and_an_odd_one_is_outside(entry: ModelEntry) -> None:
    cells = dict(cohorts.cells(entry.cohort, "T0007"))
    cells["age (years)"] = 62.5
    assert patients.consult(entry.id, cells, "").basis == "new"
    cells["age (years)"] = 240.0
    assert "240" in patients.consult(entry.id, cells, "").outside[0]


def test_reasons_for_the_effect_add_up(entry: ModelEntry) -> None:
    cells = cohorts.cells(entry.cohort, "T0012")
    found = patients.explain(entry.id, cells, entry.outcome.labels[0], "T0012")
    assert "arm" not in found.variables
    assert found.base + found.shap.sum() == pytest.approx(found.prediction)
    said = patients.consult(entry.id, cells, "T0012")
    assert found.prediction[0] == pytest.approx(said.value[0])
    assert np.isfinite(found.shap).all()


def test_the_form_asks_for_inputs_and_not_for_the_treatment(entry: ModelEntry) -> None:
    assert "arm" not in {variable.name for variable in models.inputs(entry.id)}
    assert "true effect" not in {variable.name for variable in models.inputs(entry.id)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_view_of_its_cohort_and_of_its_model_opens(entry: ModelEntry, opened: Open) -> None:
    addresses = (
        ("cohorts", {"cohort": cohorts.cohort(entry.cohort).address}),
        ("models", {"model": entry.id}),
    )
    for page, address in addresses:
        app = opened(page, **address)
        views = next(one for one in app.segmented_control if one.label == "View")
        for view in views.options:
            name = view.split(" ", 1)[-1] if view[:1] in "①②③④⑤⑥" else view
            next(one for one in app.segmented_control if one.label == "View").set_value(name).run()
            assert not app.exception, (page, view)
            assert not app.error, (page, view)


def test_more_than_anybody_had_may_be_expected_under_an_option(entry: ModelEntry) -> None:
    outcome = entry.outcome
    assert isinstance(outcome, Effect)
    observed = outcome.of.quantities[0].bounds
    lowest, highest = outcome.quantities[-1].bounds
    assert highest == pytest.approx(observed[1] + (observed[1] - observed[0]))
    assert lowest < observed[0]
