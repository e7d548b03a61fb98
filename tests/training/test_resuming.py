"""A training that is killed goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pmed_core.checkpoint import Checkpoint
from pmed_core.cohort import Cohort
from pmed_core.modalities.kinds import computing
from pmed_core.options import AnyOptions, FitOptions, MLPOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent, Stop
from pmed_core.readers.tables import read_cohort
from pmed_core.service import cohorts
from pmed_core.service.hub import hub
from pmed_core.store import checkpoints
from pmed_core.store.checkpoints import ANOTHER, Checkpoints, Kept
from pmed_core.systems import SYSTEMS, System
from pmed_core.training.fit import fit
from tests.service.made import patients
from tests.systems.test_laws import quick

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
OPTIONS = FitOptions(network=MLPOptions(), folds=2, baselines=False)


class Killed(BaseException):
    """Nothing is tidied up."""


class Attempt(Silent):
    """Dies after an epoch, or at a stage; or stops with what it has after an epoch."""

    def __init__(self, home: Path, dies: int | str = "never", stops: float = np.inf) -> None:
        self.folder, self.dies, self.stops = Checkpoints(home).of("job"), dies, stops
        self.epochs: list[int] = []
        self.notes: list[str] = []

    def epoch(self, values: dict[str, Any]) -> None:
        self.epochs.append(values["epoch"])
        if values["epoch"] == self.dies:
            raise Killed

    def stage(self, text: str, fraction: float) -> None:
        if isinstance(self.dies, str) and text.startswith(self.dies):
            raise Killed

    def stop(self) -> Stop:
        return "keep" if self.epochs and self.epochs[-1] >= self.stops else ""

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return Kept(self.folder / part, of, self.note)


@pytest.fixture(autouse=True)
def _each_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHARE", 1e9)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return read_cohort(patients(100), outcome="died", patient="patient_id")


@pytest.fixture(scope="module")
def whole(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> tuple[Predictor, int]:
    undisturbed = Attempt(tmp_path_factory.mktemp("home"))
    return fit(cohort, OPTIONS, undisturbed), undisturbed.epochs[-1]


def killed(cohort: Cohort, options: AnyOptions, attempt: Attempt) -> Attempt:
    with pytest.raises(Killed):
        fit(cohort, options, attempt)
    return attempt


def identical(one: Predictor, other: Predictor) -> bool:
    """Weights, calibration and held-out predictions, to the last bit."""
    mine, others = (computing(p.modality).packed(p.ensemble) for p in (one, other))
    held_out = [
        (getattr(one.out_of_fold, name), getattr(other.out_of_fold, name))
        for name in ("value", "low", "high")
    ]
    tensors = [(array, others.tensors[name]) for name, array in mine.tensors.items()]
    alike = all(np.array_equal(a, b, equal_nan=True) for a, b in [*tensors, *held_out])
    return alike and set(mine.tensors) == set(others.tensors) and mine.fitted == others.fitted


def test_killed_again_and_again_it_ends_with_the_same_bits(
    cohort: Cohort, whole: tuple[Predictor, int], tmp_path: Path
) -> None:
    model, last = whole
    seen = [
        killed(cohort, OPTIONS, Attempt(tmp_path, dies)).epochs
        for dies in (1, 2, last // 2, last, "Predicting the held-out")
    ]
    # No attempt goes through more than the one epoch again in which the last had died.
    assert [epochs[0] for epochs in seen] == [1, 1, 2, last // 2, last]
    final = Attempt(tmp_path)
    assert identical(fit(cohort, OPTIONS, final), model)
    assert final.epochs == []


def test_it_says_after_which_epoch_it_goes_on(cohort: Cohort, tmp_path: Path) -> None:
    killed(cohort, OPTIONS, Attempt(tmp_path, 4))
    again = killed(cohort, OPTIONS, Attempt(tmp_path, 5))
    assert again.notes == ["It was interrupted, and went on after epoch 3."]


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"folds": 3}, {"imbalance": "class_weights"}, {"patients": 101}]
)
def test_what_another_training_kept_is_not_used(
    cohort: Cohort, tmp_path: Path, change: dict[str, Any]
) -> None:
    killed(cohort, OPTIONS, Attempt(tmp_path, 4))
    if "patients" in change:
        cohort = read_cohort(patients(101), outcome="died", patient="patient_id")
    again = killed(cohort, OPTIONS.model_copy(update=change), Attempt(tmp_path, 1))
    assert again.epochs == [1]
    assert ANOTHER in again.notes[0]


def test_the_time_that_was_used_counts(cohort: Cohort, tmp_path: Path) -> None:
    """A training is not given its whole time again each time that it dies."""
    options = OPTIONS.model_copy(update={"time_limit_minutes": 100})
    killed(cohort, options, Attempt(tmp_path, 3))
    part = tmp_path / "checkpoints" / "job" / "networks"
    of = part.read_bytes()[32:64].hex()
    kept = Kept(part, of, print)
    state = kept.kept()
    assert state is not None
    assert 0 < float(state["seconds"]) < 6000
    state["seconds"] = np.array(7000.0)
    kept.keep(lambda: state, now=True)
    late = Attempt(tmp_path)
    fit(cohort, options, late)
    assert late.epochs == [3]


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.title)
def test_every_system_goes_on_to_the_same_bits(system: System, tmp_path: Path) -> None:
    whole = hub().store.cohorts.get(cohorts.bring_in_sample(system.samples[-1]))
    some = whole.select(np.arange(0, len(whole), max(1, len(whole) // 200)))
    options, elsewhere = quick(system), tmp_path / "undisturbed"
    elsewhere.mkdir()
    model = fit(some, options, Attempt(elsewhere, stops=3))
    first = killed(some, options, Attempt(tmp_path, 2))
    second = Attempt(tmp_path, stops=3)
    assert identical(fit(some, options, second), model)
    assert (first.epochs, second.epochs[0]) == ([1, 2], 2)
    third = Attempt(tmp_path, stops=3)
    assert identical(fit(some, options, third), model)
    assert third.epochs == []
