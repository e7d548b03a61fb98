"""What holds for every system: one file, every line of ``systems.py``, every law."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pmed_core import fit
from pmed_core.baselines import Advice
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Baseline, Measure
from pmed_core.evaluations.words import verdict
from pmed_core.loaded import any_model
from pmed_core.modalities.kinds import computing
from pmed_core.modalities.options import kept_as, offered
from pmed_core.modalities.tabular import boosting, trees
from pmed_core.options import AnyOptions
from pmed_core.outcomes import categorical, fitted
from pmed_core.predictor import Predictor
from pmed_core.service import cohorts, models, training
from pmed_core.service.hub import hub
from pmed_core.store.progress import JobProgress
from pmed_core.systems import SYSTEMS, System, system_of
from tests.epochs import Few, at_most
from tests.pages.conftest import Open, installed

ROWS, SOME = 200, 40
NOTHING = 1e-3
"""A difference in loss that two epochs of averaged weights may leave either way."""
LONGEST = {"Lung scan", "Sequences"}
EACH = [
    pytest.param(one, marks=pytest.mark.slow) if one.title in LONGEST else one for one in SYSTEMS
]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def quick(system: System, baselines: bool = False) -> AnyOptions:
    """The least that trains a model of it."""
    wanted = {"folds": 2, "members": 1, "baselines": baselines, "outlines": False, "size": "28"}
    known = system.inputs.Options.model_fields
    chosen = {name: value for name, value in wanted.items() if name in known}
    return system.inputs.Options.model_validate(chosen)


@dataclass(frozen=True)
class Made:
    """A system's sample, a model that learnt two epochs of it, where both are kept, and how far it
    said it was."""

    system: System
    home: Path
    cohort: str
    model: str
    losses: tuple[float, ...]
    shares: tuple[float, ...]

    def table(self) -> Cohort:
        """The sample as it was read; the part of it that is enough here."""
        whole = hub().store.cohorts.get(self.cohort)
        step = max(1, len(whole) // ROWS)
        return whole.select(np.arange(0, len(whole), step))

    def predictor(self) -> Predictor:
        """Loaded from its package, once for all laws."""
        return any_model(self.model, hub().store)


@contextmanager
def shares() -> Iterator[list[float]]:
    """How much of a job was said to be done, each time that it was."""
    told, stage = list[float](), JobProgress.stage

    def kept(progress: JobProgress, text: str, fraction: float) -> None:
        told.append(fraction)
        stage(progress, text, fraction)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JobProgress, "stage", kept)
        yield told


@contextmanager
def few() -> Iterator[None]:
    """Few trees, beside networks and as baselines, and no SVM of many rows: that they are there and
    what they are called is what counts here."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (boosting, trees):
            patch.setattr(kind, "TREES_OF_A_FOLD", 10)
            patch.setattr(kind, "TREES_AT_LEAST", 10)
        patch.setattr(fitted.Size.__init__, "__defaults__", (10, None))
        patch.setattr(categorical, "SVM_ROWS", 1000)
        yield


@pytest.fixture(scope="module", params=EACH, ids=lambda one: one.title)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    system: System = request.param
    with installed(tmp_path_factory.mktemp("system")) as home, at_most(2), shares() as told, few():
        cohort = cohorts.bring_in_sample(system.samples[-1])
        job = training.job(training.train(cohort, system.title, quick(system, baselines=True)))
        assert job.state == "done", job.error
    losses = tuple(float(np.nanmean(epoch["training_loss"])) for epoch in job.epochs)
    return Made(system, home, cohort, job.result, losses, tuple(told))


@pytest.fixture
def made(kept: Made, tmp_path: Path) -> Made:
    shutil.copytree(kept.home, tmp_path / "home", dirs_exist_ok=True)
    return kept


def test_its_sample_reads_as_that_system(made: Made) -> None:
    cohort = made.table()
    assert system_of(made.system.inputs, cohort.outcome) in {
        one for one in SYSTEMS if one.inputs == made.system.inputs
    }
    assert type(cohort.chosen_outcome()) in made.system.outcomes
    assert len(cohort.labelled()) > 0
    assert models.model(made.model).modality == made.system.inputs


def test_a_number_is_told_alike_by_the_screen_and_the_report(made: Made) -> None:
    predictor = made.predictor()
    assert predictor.evaluation.outcome.quantities == predictor.outcome.quantities


def test_what_is_missing_is_named(made: Made) -> None:
    predictor, cohort = made.predictor(), made.table()
    absent = predictor.variables[0].name
    kept = tuple(v for v in cohort.variables if v.name != absent)
    without = replace(cohort, table=cohort.table.drop(columns=absent), variables=kept, scans=None)
    with pytest.raises(UserError) as told:
        predictor.predict(without)
    assert absent in told.value.what


def test_what_is_done_is_never_less_than_it_was(made: Made) -> None:
    assert made.shares
    assert list(made.shares) == sorted(made.shares)
    assert 0 <= made.shares[0] <= made.shares[-1] <= 1


def test_two_epochs_lower_the_loss_and_nobody_is_on_both_sides(made: Made) -> None:
    # Averaged weights of scans have hardly moved by then; that scans are learnt is tried with them.
    assert made.losses[1] < made.losses[0] + NOTHING
    kept = hub().store.models
    held_out = kept.out_of_fold(made.model)
    assert held_out is not None
    sides: dict[str, set[int]] = {}
    for patient, fold in zip(held_out.patients, held_out.folds, strict=False):
        sides.setdefault(patient, set()).add(fold)
    assert all(len(folds) == 1 for folds in sides.values())
    learnt = json.loads(kept.parts(made.model) or "{}").get("patients", ())
    assert not set(learnt) & set(held_out.patients)


def test_predictions_obey_the_law_of_the_outcome(made: Made) -> None:
    found = made.predictor().predict(made.table().select(np.arange(SOME)))
    for k, quantity in enumerate(made.predictor().outcome.quantities):
        lowest, highest = quantity.bounds
        assert np.isfinite(found.value[:, k]).all()
        assert (found.value[:, k] >= lowest - 1e-9).all()
        assert (found.value[:, k] <= highest + 1e-9).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert (np.diff(found.survival, axis=1) <= 1e-12).all()


def test_the_order_of_patients_does_not_matter(made: Made) -> None:
    predictor, cohort = made.predictor(), made.table().select(np.arange(SOME))
    order = np.random.default_rng(0).permutation(SOME)
    moved = predictor.predict(cohort.select(order))
    whole = predictor.predict(cohort)
    assert moved.value == pytest.approx(whole.value[order], abs=1e-6)
    assert moved.patients == tuple(np.array(whole.patients)[order])


def test_a_saved_model_says_the_same(made: Made, tmp_path: Path) -> None:
    predictor, cohort = made.predictor(), made.table().select(np.arange(30))
    predictor.save(tmp_path / "again")
    again = Predictor.load(tmp_path / "again")
    assert np.array_equal(again.predict(cohort).value, predictor.predict(cohort).value)
    assert computing(again.modality).cases(again.ensemble) == computing(predictor.modality).cases(
        predictor.ensemble
    )


def test_the_explanation_adds_up(made: Made) -> None:
    found = made.predictor().explain(made.table().select(np.array([0])), tolerance=0.2)
    assert found.shap.shape == found.standard_error.shape == (1, len(found.variables))
    assert float(found.gap[0]) < 1e-4


def test_its_figures_report_and_card_exist_and_its_pages_show_it(made: Made, opened: Open) -> None:
    entry = models.model(made.model)
    assert entry.evaluation.measures
    assert entry.system is not None
    assert "research use only" in models.card(made.model).lower()
    assert models.export(made.model)[:2] == b"PK"
    for page in ("models", made.system.inputs.page):
        app: AppTest = opened(page, model=made.model)
        assert not app.error
    app = opened("train", cohort=cohorts.cohort(made.cohort).address)
    assert not app.error
    assert any(one.label == "Start training" for one in app.button)
    assert any(entry.system.title in one.value for one in (*app.markdown, *app.caption))


def test_each_baseline_can_be_the_model_or_stands_for_comparison_only(made: Made) -> None:
    entry = models.model(made.model)
    titles = {one.title for one in offered(made.system.inputs.networks, entry.outcome)}
    assert entry.evaluation.baselines
    for one in entry.evaluation.baselines:
        named = kept_as(made.system.inputs.networks, entry.outcome, one.name)
        known = made.system.inputs.compared.get(one.name, "")
        assert (named is None) != (not known), f"{one.name} is neither, or both"
        assert one.advice == Advice(named.title if named else "", known)
        advised = set(re.findall("train '([^']+)' instead", advice_of(made, one)))
        assert advised <= titles
        assert bool(advised) == (named is not None or "train '" in known)


def advice_of(made: Made, baseline: Baseline) -> str:
    """What would be said if it were better than the model."""
    outcome, nothing = models.model(made.model).outcome, Measure(0.1, 0.1, 0.1)
    best, worst = Measure(0.9, 0.85, 0.95), Measure(-0.2, -0.3, -0.1)
    ranks = {outcome.discrimination: best, outcome.error: nothing}
    better = replace(baseline, measures=ranks, difference=worst, brier_difference=nothing)
    return verdict(outcome, ranks, [better])


@pytest.mark.slow
def test_noise_stays_noise(made: Made) -> None:
    cohort = made.table()
    outcome = cohort.chosen_outcome()
    shuffled = cohort.table.copy()
    order = np.random.default_rng(1).permutation(len(cohort))
    columns = list(outcome.columns)
    shuffled[columns] = shuffled[columns].iloc[order].to_numpy()
    found = fit(replace(cohort, table=shuffled), quick(made.system), Few(5)).evaluation
    measure = found.measures[outcome.discrimination]
    assert measure.low <= outcome.chance + 0.02
