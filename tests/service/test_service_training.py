"""Jobs as the pages see them, and what they will cost."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.modalities.sequence.options import SequenceOptions, WordsOptions
from pmed_core.modalities.tabular.options import (
    BoostingOptions,
    ForestOptions,
    LinearOptions,
    MachineOptions,
)
from pmed_core.options import FitOptions
from pmed_core.outcomes import TimeToEvent
from pmed_core.service import models, simpler, training
from pmed_core.service.snapshot import Snapshot
from pmed_core.settings import settings
from pmed_core.variable import Kind, Role, Variable
from tests.reports.cases import baseline
from tests.service.made import QUICK, Installation

PATIENCE = 120.0
ROOT = Path(__file__).parents[2]

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_the_same_training_is_one_job(trained: Installation) -> None:
    job = training.train(trained.cohort, "First", QUICK)
    found = training.job(job)
    assert (found.state, found.result) == ("done", trained.model)
    assert len(training.jobs()) == 1
    assert found.epochs
    assert found.fraction == 1.0 or found.stage


def test_it_is_done_again_where_its_model_was_removed(trained: Installation) -> None:
    models.remove(trained.model)
    assert models.models() == ()
    job = training.job(training.train(trained.cohort, "First", QUICK))
    assert (job.state, job.error) == ("done", "")
    assert [model.id for model in models.models()] == [job.result]


def test_a_training_that_cannot_be_is_a_job_that_says_why(trained: Installation) -> None:
    job = training.job(training.train("gone", "Second", QUICK))
    assert job.state == "failed"
    assert "no such cohort" in job.error
    training.remove(job.id)
    with pytest.raises(UserError, match="no such run"):
        training.job(job.id)


def test_what_was_read_a_moment_ago_is_not_read_again() -> None:
    snapshot, reads = Snapshot(), iter(range(10))
    assert [snapshot.get("a", lambda: next(reads)) for _ in range(3)] == [0, 0, 0]
    assert snapshot.get("b", lambda: next(reads)) == 1
    snapshot.forget()
    assert snapshot.get("a", lambda: next(reads)) == 2


def test_more_work_is_estimated_to_take_longer(trained: Installation) -> None:
    few = training.estimate(trained.cohort, FitOptions(folds=2, baselines=False))
    many = training.estimate(trained.cohort, FitOptions(folds=20))
    assert few.seconds < many.seconds
    assert few.memory_mb < many.memory_mb
    assert "seconds" in few.sentence
    assert "GB" in few.sentence


def test_what_takes_longer_than_a_job_may_is_refused_before_it_waits(
    trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_JOB_HOURS", "0.001")
    settings.cache_clear()
    before = training.jobs()
    told = training.estimate(trained.cohort, FitOptions(folds=20)).refusal
    assert "a job is ended after 4 seconds" in told
    with pytest.raises(UserError, match="a job is ended after 4 seconds"):
        training.train(trained.cohort, "Long", FitOptions(folds=20))
    assert training.train(trained.cohort, "First", QUICK) == trained.model, "that is done already"
    assert training.jobs() == before


@pytest.fixture
def _local_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMED_ENGINE", "local")
    settings.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("_local_engine")
def test_a_training_survives_the_app_that_started_it(trained: Installation) -> None:
    script = (
        "from pmed_core.service import training; from tests.service.made import QUICK\n"
        f"print(training.train({trained.cohort!r}, 'In the background', QUICK))"
    )
    app = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    job = app.stdout.strip()
    ends = time.monotonic() + PATIENCE
    while training.job(job).alive and time.monotonic() < ends:
        time.sleep(0.2)
    found = training.job(job)
    assert (found.state, found.error) == ("done", "")
    assert found.epochs
    assert models.model(found.result).name == "In the background"


def test_the_formula_that_is_as_good_is_trained_on_the_same_folds(
    trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = models.model(trained.model)
    assert simpler.simpler(entry) is None, "nothing simple was trained beside it"
    good = baseline("Logistic regression", 0.86, 0.0)
    beside = replace(entry, evaluation=replace(entry.evaluation, baselines=(good,)))
    found = simpler.simpler(beside)
    assert found is LinearOptions
    asked: list[object] = []

    def train(*work: object) -> str:
        asked.append(work)
        return "job"

    monkeypatch.setattr(training, "train", train)
    assert simpler.train_simpler(beside, LinearOptions) == "job"
    options = FitOptions(network=LinearOptions(), folds=2)
    assert asked == [(trained.cohort, "First, linear model", options)]
    simpler.train_simpler(beside, MachineOptions)
    read = (Variable("letters", Kind.SEQUENCE, Role.INPUT),)
    card = {"folds": 3, "split": "chromosome", "seed": 7}
    simpler.train_simpler(replace(beside, variables=read, card=card), WordsOptions)
    alike = SequenceOptions(network=WordsOptions(), folds=3, split="chromosome", seed=7)
    assert asked[1:] == [
        (trained.cohort, "First, SVM", FitOptions(network=MachineOptions(), folds=2)),
        (trained.cohort, "First, k-mer logistic regression", alike),
    ]
    for other in (
        replace(beside, network_title=LinearOptions.title),
        replace(beside, cohort=""),
        replace(beside, evaluation=replace(entry.evaluation, baselines=(
            baseline("Logistic regression", 0.7, 0.1), baseline("Network alone", 0.9, -0.1)))),
    ):  # fmt: skip
        assert simpler.simpler(other) is None


def test_trees_that_are_better_can_be_trained_where_the_outcome_keeps_them(
    trained: Installation,
) -> None:
    entry = models.model(trained.model)
    found = (baseline("Random forest", 0.9, -0.1), baseline("Logistic regression", 0.86, 0.0))
    beside = replace(entry, evaluation=replace(entry.evaluation, baselines=found))
    assert simpler.simpler(beside) is ForestOptions
    assert simpler.simpler(replace(beside, network_title=ForestOptions.title)) is LinearOptions
    boosted = (baseline("Gradient boosting", 0.9, -0.1), *found[1:])
    evaluation = replace(entry.evaluation, baselines=boosted)
    in_time = replace(entry, evaluation=evaluation, outcome=TimeToEvent("died", "days", ("1",)))
    assert simpler.simpler(in_time) is BoostingOptions
