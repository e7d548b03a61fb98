"""The measures of courses, against brute force and known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.resampling import draw
from pmed_core.outcomes import TimeToEvent
from pmed_core.outcomes.time_to_event import at, evaluation, grid, measures
from pmed_core.predictions import Predictions

TIMES = (0.0, 5.0, 10.0, 20.0, 40.0)
OUTCOME = TimeToEvent("died", "months", ("yes",), unit="months", horizons=(10.0,), cuts=TIMES)


def said(rows: int = 80, seed: int = 0, right: bool = True) -> Predictions:
    """Courses of exponential survival, by the true hazards or by those of others."""
    generator = np.random.default_rng(seed)
    hazard = 0.05 * np.exp(generator.normal(size=rows))
    time, seen = generator.exponential(1 / hazard), generator.uniform(5, 39, rows)
    told = hazard if right else generator.permutation(hazard)
    survival = np.exp(-told[:, None] * np.array(TIMES))
    risk = 1 - np.exp(-told[:, None] * 10)
    return Predictions(
        tuple(f"p{n}" for n in range(rows)), OUTCOME.labels, risk, risk, risk,
        (time <= seen).astype(np.int64), np.zeros(rows, dtype=bool),
        time=np.minimum(time, seen), times=TIMES, survival=survival,
    )  # fmt: skip


def brute(found: Predictions) -> float:
    right = pairs = 0.0
    for i in np.flatnonzero(found.observed == 1):
        here = at(found, found.time[i : i + 1])[:, 0]
        for j in range(len(found)):
            later = found.time[j] > found.time[i]
            if later or (found.time[j] == found.time[i] and not found.observed[j]):
                pairs += 1
                right += (here[i] < here[j]) + 0.5 * (here[i] == here[j])
    return right / pairs


def first(values: NDArray[np.float64]) -> float:
    return float(values[0])


def test_the_c_index_is_that_of_all_pairs() -> None:
    found = said()
    draws = draw(found.patients, found.observed)
    assert first(measures.c_index(measures.Case(found), draws)) == pytest.approx(brute(found))


def test_a_resample_counts_whoever_is_drawn_twice_twice() -> None:
    found = said(30)
    draws = draw(found.patients, found.observed)
    drawn = np.repeat(np.arange(30), draws.counts[1])
    again = found.select(np.isin(np.arange(30), drawn))
    assert len(again) < 30
    several = replace(
        found, patients=tuple(f"q{n}" for n in range(len(drawn))), observed=found.observed[drawn],
        outside=found.outside[drawn], time=found.time[drawn], survival=found.survival[drawn],
        value=found.value[drawn],
    )  # fmt: skip
    # Copies of one patient are no pair: they have the same time.
    counted = measures.c_index(measures.Case(found), draws)[1]
    assert counted == pytest.approx(brute(several), abs=0.02)


def test_nobody_with_the_event_leaves_the_c_index_unknown() -> None:
    found = replace(said(20), observed=np.zeros(20, dtype=np.int64))
    draws = draw(found.patients, found.observed)
    assert np.isnan(measures.c_index(measures.Case(found), draws)).all()


def test_the_true_courses_are_nearer_than_those_of_others() -> None:
    errors = []
    for right in (True, False):
        found = said(300, right=right)
        case = measures.Case(found)
        errors.append(first(measures.integrated_brier(case, draw(found.patients, found.observed))))
    assert 0 < errors[0] < errors[1] - 0.02


def test_without_censoring_weights_are_one() -> None:
    found = said(50)
    everybody = replace(found, observed=np.ones(50, dtype=np.int64))
    assert measures.Case(everybody).weights(10.0) == pytest.approx(np.ones(50))


def test_weights_stand_for_everybody() -> None:
    found = said(400)
    case = measures.Case(found)
    assert case.weights(10.0).sum() == pytest.approx(400, rel=0.05)
    censored_before = ~case.event & (case.time <= 10)
    assert (case.weights(10.0)[censored_before] == 0).all()


def test_d_calibration_tells_true_courses_from_bold_ones() -> None:
    found = said(400)
    bold = replace(found, survival=found.survival**3)
    assert measures.d_calibration(measures.Case(found)) > 0.05
    assert measures.d_calibration(measures.Case(bold)) < 0.001


def test_observed_risk_is_kaplan_and_meiers() -> None:
    time, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True])
    value, low, high = evaluation.observed(time, event, 2.5)
    assert value == pytest.approx(0.5)
    assert 0 < low < 0.5 < high < 1


def test_without_censoring_net_benefit_is_the_plain_one() -> None:
    found = replace(said(200), observed=np.ones(200, dtype=np.int64))
    drawn = evaluation.curves(OUTCOME, found)["10"]
    risk, event = found.value[:, 0], found.time <= 10
    for at_risk, ours, everyone in zip(
        drawn.net_benefit.x, drawn.net_benefit.y, drawn.alert_everyone.y, strict=True
    ):
        odds, alert = at_risk / (1 - at_risk), risk >= at_risk
        plain = (event & alert).mean() - odds * (~event & alert).mean()
        assert ours == pytest.approx(plain, abs=1e-4)
        assert everyone == pytest.approx(event.mean() - odds * (~event).mean(), abs=1e-4)
    assert all(a <= b <= c for a, b, c in zip(
        drawn.net_benefit.low, drawn.net_benefit.y, drawn.net_benefit.high, strict=True
    ))  # fmt: skip


def test_true_risks_are_worth_more_than_those_of_others() -> None:
    ours = evaluation.curves(OUTCOME, said(600))["10"].net_benefit
    others = evaluation.curves(OUTCOME, said(600, right=False))["10"].net_benefit
    at_risk = 0.4
    assert np.interp(at_risk, ours.x, ours.y) > np.interp(at_risk, others.x, others.y) + 0.02


def test_nobody_with_the_event_by_then_has_no_net_benefit() -> None:
    none = replace(said(40), observed=np.zeros(40, dtype=np.int64))
    assert evaluation.curves(OUTCOME, none)["10"].net_benefit.x == ()


def test_a_evaluation_has_every_measure_with_an_interval_and_curves() -> None:
    found = evaluate(said(200), OUTCOME, 0.5, "here", {"Others": (said(200, right=False), 1.0)})
    assert tuple(found.measures) == evaluation.names(OUTCOME)
    for name in ("c_index", "integrated_brier", "observed_10", "auroc_10", "calibration_slope_10"):
        assert found.measures[name].bounded, name
    assert found.measures["calibration_slope_10"].value == pytest.approx(1, abs=0.35)
    assert found.measures["observed_expected_10"].value == pytest.approx(1, abs=0.2)
    assert found.verdict.startswith("Better than every simpler model tried")
    assert "C-index of the model" in found.verdict
    assert found.course.x[0] == 0
    assert found.course.y[0] == 1
    assert list(found.curves) == ["10"]
    assert found.events == (int((said(200).observed == 1).sum()),)


def test_noise_is_said_to_be_no_better_than_chance() -> None:
    noise = said(200, right=False)
    found = evaluate(noise, OUTCOME, 0.5, "here", {"Others": (noise, 1.0)})
    assert found.measures["c_index"].value == pytest.approx(0.5, abs=0.08)
    assert "than chance (C-index" in found.verdict


def test_nobody_with_an_outcome_is_evaluated_as_nobody() -> None:
    nobody = replace(said(20), observed=np.full(20, -1))
    found = evaluate(nobody, OUTCOME, 0.5, "here")
    assert found.n == 0
    assert tuple(found.measures) == evaluation.names(OUTCOME)


def test_the_observed_risk_is_that_of_kaplan_and_meier() -> None:
    found = said(300)
    times, left = grid.kaplan_meier(found.time, found.observed == 1)
    risk = 1 - grid.steps(times, left, np.array([10.0]))[0]
    measured = evaluate(found, OUTCOME, 0.5, "here").measures
    assert measured["observed_10"].value == pytest.approx(risk, abs=1e-12)
    assert measured["observed_expected_10"].value == pytest.approx(risk / found.value.mean())
    assert measured["observed_10"].low < risk < measured["observed_10"].high


def test_nothing_is_scored_later_than_training_saw() -> None:
    """Patients of another hospital were followed for longer than courses are predicted."""
    found = said(300)
    longer = replace(found, time=np.where(np.arange(300) % 7, found.time, found.time + 60))
    until = TIMES[-1]
    ended = replace(
        longer, time=np.minimum(longer.time, until),
        observed=np.where(longer.time > until, 0, longer.observed),
    )  # fmt: skip
    first, other = (evaluate(each, OUTCOME, 0.5, "elsewhere") for each in (longer, ended))
    for name in ("c_index", "integrated_brier", "d_calibration", "brier_10"):
        assert first.measures[name].value == pytest.approx(other.measures[name].value)
    assert "43 patients were followed for longer than anybody in training (40 months)" in " ".join(
        first.notes
    )
    assert "longer than anybody" not in " ".join(other.notes)
