"""Options compared by an event in time: whoever was lost counts by those who were not, and what
cannot be compared is refused in a sentence."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core import load
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import Arms, Effect, TimeToEvent
from pmed_core.outcomes.effect.censoring import followed, restricted_mean
from pmed_core.outcomes.effect.options_figures import assumptions
from pmed_core.outcomes.target import happened
from pmed_core.outcomes.time_to_event import grid
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon
from pmed_core.predictor import Predictor
from pmed_core.readers.tables import read_cohort
from pmed_core.shell.main import main
from tests.epochs import at_most
from tests.treatment.test_models import fit, options

RATES, LOST, HORIZON = (0.03, 0.015), (0.02, 0.005), 24.0
"""Of the event and of being lost, a month, in either arm."""
DIED = TimeToEvent("died", "months", ("yes",), unit="months", horizons=(HORIZON,))
TRIAL = Arms("arm", reference="a", randomised=True)


def followed_up(n: int = 500, seed: int = 0) -> pd.DataFrame:
    """A trial in which the reference is lost four times as often as the other option."""
    draw = np.random.default_rng(seed)
    given, x = np.arange(n) % 2, draw.standard_normal(n)
    time = draw.exponential(1 / (np.array(RATES)[given] * np.exp(0.4 * x)))
    lost = np.minimum(draw.exponential(1 / np.array(LOST)[given]), draw.uniform(30, 80, n))
    return pd.DataFrame({
        "id": [f"P{k}" for k in range(n)], "x": x, "arm": np.where(given, "b", "a"),
        "months": np.minimum(time, lost), "died": np.where(time <= lost, "yes", "no"),
    })  # fmt: skip


def truth(mean: bool) -> float:
    x = np.random.default_rng(1).standard_normal(100_000)
    each = []
    for rate in RATES:
        of = rate * np.exp(0.4 * x)
        gone = 1 - np.exp(-of * HORIZON)
        each.append(float((gone / of if mean else gone).mean()))
    return each[1] - each[0]


def cohort_of(
    frame: pd.DataFrame, outcome: TimeToEvent = DIED, arms: Arms = TRIAL
) -> Cohort:  # fmt: skip
    return read_cohort(frame, outcome=outcome, treatment=arms, patient="id")


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_the_mean_of_all_is_that_of_kaplan_and_meier(mean: bool, whole: bool) -> None:
    frame = followed_up(400, seed=4)
    event = (frame["died"] == "yes").to_numpy()
    time = frame["months"].to_numpy()
    time = np.ceil(time) if whole else time
    found = followed(ByHorizon(DIED, HORIZON, mean), time, event).values(time, event)
    times, left = grid.kaplan_meier(time, event)
    known = 1 - float(grid.steps(times, left, np.array([HORIZON]))[0])
    if mean:
        ends = np.append(0.0, np.append(times[times < HORIZON], HORIZON))
        known = float(np.diff(ends) @ grid.steps(times, left, ends[:-1]))
    # Where times are even ones between those of patients, nearly so.
    assert found.mean() == pytest.approx(known, rel=1e-9 if whole else 5e-3)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("mean", [False, True])
def test_intervals_of_differences_hold_the_truth_whoever_is_lost(mean: bool) -> None:
    of, inside, runs, errors = ByHorizon(DIED, HORIZON, mean), 0, 200, []
    for seed in range(runs):
        frame = followed_up(300, seed)
        event, time = (frame["died"] == "yes").to_numpy(), frame["months"].to_numpy()
        each = []
        for option in ("a", "b"):
            mine = (frame["arm"] == option).to_numpy()
            each.append(followed(of, time[mine], event[mine]).values(time[mine], event[mine]))
        spread = np.sqrt(sum(one.var() / len(one) for one in each))
        apart = each[1].mean() - each[0].mean() - truth(mean)
        errors.append(apart / spread)
        inside += abs(apart) < 1.96 * spread
    assert 0.91 <= inside / runs <= 0.99
    assert abs(np.mean(errors)) < 0.25


def test_what_is_said_of_others_is_learnt_from_one_part() -> None:
    frame = followed_up(4000, seed=7)
    event, time = (frame["died"] == "yes").to_numpy(), frame["months"].to_numpy()
    own, other = np.arange(4000) % 4 < 2, np.arange(4000) % 4 >= 2
    of = ByHorizon(DIED, HORIZON)
    said = followed(of, time[own], event[own]).values(time[other], event[other])
    times, left = grid.kaplan_meier(time[other], event[other])
    assert said.mean() == pytest.approx(
        1 - grid.steps(times, left, np.array([HORIZON]))[0], abs=0.01
    )


def test_a_mean_time_ends_at_the_horizon() -> None:
    left = np.array([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])
    times = np.array([0.0, 10.0, 20.0])
    assert restricted_mean(times, left, 20.0) == pytest.approx([10.0, 20.0])
    assert restricted_mean(times, left, 5.0) == pytest.approx([5 * 0.875, 5.0])


@pytest.fixture(scope="module")
def survival() -> tuple[Cohort, Predictor]:
    cohort = cohort_of(followed_up())
    return cohort, fit(cohort, options(baselines=True))


def test_a_difference_in_risk_by_the_horizon_is_found(
    survival: tuple[Cohort, Predictor], tmp_path: Path
) -> None:
    cohort, model = survival
    found = model.evaluation.measures["ate"]
    assert found.low < truth(False) < found.high < 0
    said = model.predict(cohort.select(np.arange(40)))
    assert list(model.outcome.columns_of(said)) == ["effect", "low", "high", "risk_a", "risk_b"]
    assert ((said.value[:, 1:] >= 0) & (said.value[:, 1:] <= 1)).all()
    effect = model.outcome
    assert isinstance(effect, Effect)
    assert effect.until == " within 24 months"
    assert any("lost before the horizon" in one for one in assumptions(effect))
    assert happened(effect, model.held_out().target)[0].startswith(("event after", "none until"))
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert np.array_equal(again.predict(cohort.select(np.arange(40))).value, said.value)
    other = again.evaluate(cohort_of(followed_up(300, seed=8))).measures["ate"]
    assert other.low < truth(False) < other.high


def test_a_difference_in_mean_time_is_found_and_longer_is_better() -> None:
    arms = Arms("arm", reference="a", randomised=True, restricted_mean=True)
    model = fit(cohort_of(followed_up(), arms=arms), options())
    found, effect = model.evaluation.measures["ate"], model.outcome
    assert found.low < truth(True) < found.high
    assert found.low > 0
    assert isinstance(effect, Effect)
    assert (effect.sign, effect.unit) == (1, "months")
    said = model.predict(followed_up().iloc[:30])
    assert ((said.value[:, 1:] >= 0) & (said.value[:, 1:] <= HORIZON)).all()


def refused(frame: pd.DataFrame, outcome: TimeToEvent = DIED, arms: Arms = TRIAL) -> UserError:
    with pytest.raises(UserError) as told:
        cohort_of(frame, outcome, arms)
    assert told.value.remedy
    return told.value


def timed(**more: object) -> TimeToEvent:
    plain = {"column": "died", "time": "months", "positive": ("yes",), "unit": "months",
             "horizons": (HORIZON,)}  # fmt: skip
    return TimeToEvent(**(plain | more))  # type: ignore[arg-type]


def test_what_cannot_be_compared_in_time_is_refused() -> None:
    frame = followed_up(200)
    assert refused(frame, timed(horizons=(200.0,))).what == "Nothing is known of 200 months"
    brief = (frame["arm"] == "b") & (frame["months"] > HORIZON / 2)
    early = refused(frame.assign(
        months=frame["months"].mask(brief, HORIZON / 2), died=frame["died"].mask(brief, "no")
    ))  # fmt: skip
    assert early.what == f"Not all options are followed for {HORIZON:g} months"
    assert "at most" in early.remedy
    censored = frame.assign(died=np.where(frame["arm"] == "b", "no", frame["died"]))
    nobody = refused(censored)
    assert "None of the 100 patients given 'b' had the event within 24 months" in nobody.what
    assert "at which of several times" in refused(frame, timed(horizons=(12.0, 24.0))).what
    assert "when options are compared" in refused(frame, timed(horizons=())).what
    other = frame.assign(died=np.where(np.arange(200) % 9 == 0, "other cause", frame["died"]))
    assert "competing" in refused(other, timed(competing=("other cause",), negative=("no",))).what
    late = refused(frame.assign(seen=0.0), timed(entry="seen"))
    assert "came late" in late.what
    alone = Arms("arm", reference="a", randomised=True, restricted_mean=True)
    with pytest.raises(UserError, match="restricted mean"):
        read_cohort(frame, outcome="died", treatment=alone)


@pytest.mark.slow
def test_the_shell_compares_by_a_horizon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial, model = str(tmp_path / "trial.csv"), str(tmp_path / "model")
    followed_up(240).to_csv(trial, index=False)
    how = ["--time", "months", "--event", "died", "--unit", "months", "--treatment", "arm",
           "--reference", "a", "--randomised", "--patient", "id", "--restricted-mean",
           "--model", "linear", "--folds", "2", "--cross-fitting", "2", "--no-baselines",
           "--to", model]  # fmt: skip
    assert main(["fit", trial, *how], 0.0) == 2
    assert "--horizon" in capsys.readouterr().err
    with at_most(40):
        assert main(["fit", trial, *how, "--horizon", "24"], 0.0) == 0
    assert "months" in capsys.readouterr().out
    assert main(["predict", model, trial], 0.0) == 0
    said = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(said.columns) == ["id", "effect", "low", "high", "value_a", "value_b"]
