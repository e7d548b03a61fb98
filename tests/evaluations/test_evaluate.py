"""The evaluation of yes/no predictions against scikit-learn and numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from pmed_core.arrays import from_json, to_json
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.proportions import wilson
from pmed_core.outcomes.yes_no.evaluation import NAMES
from tests.evaluations.cases import DIED, predictions, risks


def verdict_on(risk: object, observed: object, **more: object) -> Evaluation:
    return evaluate(predictions(risk, observed), DIED, 0.3, "test", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("rounded", [6, 1], ids=["few ties", "many ties"])
def test_measures_are_those_of_scikit_learn(rounded: int) -> None:
    risk, event = risks(700)
    risk = np.clip(risk.round(rounded), 0.01, 0.99)
    found = verdict_on(risk, event).measures
    assert found["auroc"].value == pytest.approx(roc_auc_score(event, risk), abs=1e-12)
    expected = average_precision_score(event, risk)
    assert found["average_precision"].value == pytest.approx(expected, abs=1e-12)
    assert found["brier"].value == pytest.approx(brier_score_loss(event, risk), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(log_loss(event, risk), abs=1e-12)
    assert tuple(found) == NAMES


def test_calibration_slope_is_that_of_an_unpenalised_logistic_regression() -> None:
    risk, event = risks(900, seed=3)
    odds = np.log(risk / (1 - risk))[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds, event)
    found = verdict_on(risk, event).measures["calibration_slope"]
    assert found.value == pytest.approx(float(fitted.coef_[0, 0]), abs=1e-4)


def test_calibration_intercept_makes_the_mean_risk_equal_the_outcome_rate() -> None:
    risk, event = risks(900, seed=4)
    shifted = 1 / (1 + np.exp(-(np.log(risk / (1 - risk)) - 0.7)))
    found = verdict_on(shifted, event).measures["calibration_intercept"]
    moved = 1 / (1 + np.exp(-(np.log(shifted / (1 - shifted)) + found.value)))
    assert moved.mean() == pytest.approx(event.mean(), abs=1e-9)
    assert found.low < found.value < found.high


def test_measures_at_the_threshold_by_hand() -> None:
    risk = [0.1, 0.2, 0.3, 0.4, 0.9, 0.1, 0.6, 0.7]
    event = [0, 0, 0, 1, 1, 1, 0, 1]
    found = verdict_on(risk, event).measures
    by_hand = {"sensitivity": 3 / 4, "specificity": 2 / 4, "ppv": 3 / 5, "npv": 2 / 3,
               "accuracy": 5 / 8, "balanced_accuracy": 5 / 8}  # fmt: skip
    assert {name: found[name].value for name in by_hand} == pytest.approx(by_hand)
    # Wilson's interval of 3 in 4, worked out from the formula.
    assert found["sensitivity"].low == pytest.approx(0.300642, abs=1e-6)
    assert found["sensitivity"].high == pytest.approx(0.954413, abs=1e-6)


def test_the_bootstrap_of_the_auroc_agrees_with_delong() -> None:
    risk, event = risks(1500, seed=5)
    found = verdict_on(risk, event).measures["auroc"]
    cases, controls = risk[event == 1], risk[event == 0]
    wins = (cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)
    error = np.sqrt(
        wins.mean(axis=1).var(ddof=1) / len(cases) + wins.mean(axis=0).var(ddof=1) / len(controls)
    )
    assert (found.high - found.low) / (2 * norm.ppf(0.975)) == pytest.approx(error, rel=0.08)


def test_intervals_hold_the_uncertainty_of_the_outcome_rate() -> None:
    """A bootstrap by strata would fix the number of events and give 0.4 of this width."""
    risk, event = risks(1500, seed=6)
    found = verdict_on(risk, event).measures["calibration_intercept"]
    expected = 1 / np.sqrt((risk * (1 - risk)).sum())
    assert (found.high - found.low) / (2 * norm.ppf(0.975)) == pytest.approx(expected, rel=0.12)


def test_repeated_patients_are_drawn_together() -> None:
    risk, event = risks(200, seed=7)
    single = verdict_on(risk, event).measures
    ids = [str(i) for i in range(200) for _ in range(4)]
    fourfold = predictions(np.repeat(risk, 4), np.repeat(event, 4), ids)
    found = evaluate(fourfold, DIED, 0.3, "test")
    for name in ("auroc", "brier", "sensitivity"):
        wide, narrow = single[name], found.measures[name]
        assert narrow.value == pytest.approx(wide.value)
        assert narrow.high - narrow.low == pytest.approx(wide.high - wide.low, rel=0.15)
    assert any("several rows" in note for note in found.notes)
    assert (found.of, found.n, found.patients) == ("row", 800, 200)


def test_at_every_threshold_repeated_patients_are_drawn_together() -> None:
    risk, event = risks(200, seed=7)
    ids = [str(i) for i in range(200) for _ in range(4)]
    fourfold = predictions(np.repeat(risk, 4), np.repeat(event, 4), ids)
    found = evaluate(fourfold, DIED, 0.3, "test")
    own = next(row for row in found.thresholds if row.value == 0.3)
    assert own.shares == {name: found.measures[name] for name in own.shares}
    assert set(own.shares) == {"sensitivity", "specificity", "ppv", "npv"}
    for row in found.thresholds[5:40]:
        hits, events = row.true_positive, row.true_positive + row.false_negative
        share = row.shares["sensitivity"]
        assert share.value == pytest.approx(hits / events)
        # Four copies of a patient tell as much as one, not the half of the width.
        low, high = wilson(np.array([hits / 4]), np.array([events / 4]))
        assert share.high - share.low == pytest.approx(float(high[0] - low[0]), rel=0.25)


def test_a_share_of_all_has_the_interval_of_as_many_patients_not_rows() -> None:
    event = np.tile([1, 1, 1, 0, 0, 0], 4)
    found = predictions(np.where(event == 1, 0.8, 0.1), event)
    patients = tuple(f"p{row // 3}" for row in range(len(event)))
    evaluated = evaluate(replace(found, patients=patients), DIED, 0.3, "test")
    _, high = wilson(np.array([0.0]), np.array([4.0]))
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        measure = evaluated.measures[name]
        assert (measure.value, measure.high) == (1, 1)
        assert measure.low == pytest.approx(1 - high[0])
    assert evaluated.thresholds[0].shares["sensitivity"].low == pytest.approx(1 - high[0])


def test_patients_with_one_row_keep_wilsons_interval() -> None:
    assert not any(row.shares for row in verdict_on(*risks(200)).thresholds)


@pytest.mark.parametrize(("scans", "said"), [(True, "scans"), (False, "rows")])
def test_few_events_are_counted_in_patients(scans: bool, said: str) -> None:
    """Twelve patients with the event, three scans each, are no 36 patients."""
    risk, event = np.tile([0.2, 0.7, 0.6, 0.3], 18), np.repeat([0, 1], 36)
    ids = [str(i // 3) for i in range(72)]
    given_ = predictions(risk, event, ids)
    given_ = replace(given_, rows=tuple(map(str, range(72))) if scans else ())
    found = evaluate(given_, DIED, 0.3, "test")
    assert f"Only 12 patients with the event (36 {said}): the intervals are wide" in found.notes[0]
    assert f"Some patients have several {said}:" in found.notes[-1]
    assert (f"{found.of}s", found.n, found.patients) == (said, 72, 24)


def test_a_scan_of_each_patient_is_a_scan() -> None:
    given_ = predictions([0.1, 0.2, 0.6, 0.3], [0, 0, 1, 0])
    found = evaluate(replace(given_, rows=("a", "b", "c", "d")), DIED, 0.3, "test")
    assert "Only 1 scan with the event: the intervals mean little" in found.notes[0]


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.integers(30, 90), st.floats(0.3, 3.0))
def test_a_rising_change_of_all_risks_leaves_discrimination(
    seed: int, n: int, power: float
) -> None:
    risk, event = risks(n, seed)
    event[:2] = 0, 1
    first, second = verdict_on(risk, event).measures, verdict_on(risk**power, event).measures
    assert first["auroc"] == second["auroc"]
    assert first["average_precision"] == second["average_precision"]


@settings(max_examples=15)
@given(st.integers(0, 2**16), st.integers(30, 90))
def test_the_order_of_the_patients_leaves_every_value(seed: int, n: int) -> None:
    risk, event = risks(n, seed)
    risk, order = risk.round(2), np.random.default_rng(seed).permutation(n)
    first, second = verdict_on(risk, event), verdict_on(risk[order], event[order])
    for name, measure in first.measures.items():
        assert second.measures[name].value == pytest.approx(measure.value, nan_ok=True, abs=1e-9)
    assert first.curves["died"].roc == second.curves["died"].roc
    assert first.thresholds == second.thresholds


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(-1, 1)), max_size=12))
def test_nothing_small_or_odd_breaks_it(rows: list[tuple[float, int]]) -> None:
    risk = np.array([row[0] for row in rows], dtype=np.float64).reshape(-1, 1)
    found = evaluate(predictions(risk, [row[1] for row in rows]), DIED, 0.3, "test")
    assert tuple(found.measures) == NAMES
    assert found.n == sum(row[1] >= 0 for row in rows)
    for measure in found.measures.values():
        assert not measure.low > measure.value
        assert not measure.high < measure.value
    read = from_json(Evaluation, to_json(Evaluation, found))
    assert read.thresholds == found.thresholds
    assert found.notes or found.n >= 100


def test_one_outcome_only_is_said_and_leaves_what_can_be_known() -> None:
    found = verdict_on([0.1, 0.2, 0.6], [0, 0, 0])
    assert np.isnan(found.measures["auroc"].value)
    assert np.isnan(found.measures["calibration_slope"].value)
    assert found.measures["brier"].value == pytest.approx((0.01 + 0.04 + 0.36) / 3)
    assert found.measures["specificity"].value == pytest.approx(2 / 3)
    assert "cannot be evaluated" in found.notes[0]
    assert found.curves["died"].roc.x == ()


def test_a_single_event_is_said() -> None:
    found = verdict_on([0.1, 0.2, 0.6, 0.3], [0, 0, 1, 1 - 1])
    assert found.measures["auroc"].value == 1
    assert "Only 1 patient with the event" in found.notes[0]


def test_perfect_separation_has_no_slope_and_no_interval_and_says_so() -> None:
    found = verdict_on([0.1, 0.2, 0.6, 0.7] * 30, [0, 0, 1, 1] * 30)
    assert np.isnan(found.measures["calibration_slope"].value)
    assert found.measures["auroc"].value == 1
    assert not found.measures["auroc"].bounded
    assert any("perfectly here, so the AUROC has no interval" in note for note in found.notes)


def test_a_difference_that_is_always_nothing_is_known() -> None:
    risk, event = risks(200)
    found = verdict_on(risk, event, baselines={"the same": (predictions(risk, event), 1.0)})
    assert found.baselines[0].difference == Measure(0.0, 0.0, 0.0)


def test_equal_risks_for_all_are_evaluated() -> None:
    found = verdict_on(np.full(50, 0.2), [1] * 10 + [0] * 40)
    assert found.measures["auroc"].value == 0.5
    assert not found.measures["auroc"].bounded
    assert found.measures["average_precision"].value == pytest.approx(0.2)
    assert found.measures["calibration_intercept"].value == pytest.approx(0, abs=1e-9)
    assert np.isnan(found.measures["calibration_slope"].value)
    assert len(found.curves["died"].calibration.x) == 1


def test_unknown_outcomes_and_missing_risks_are_left_out_and_said() -> None:
    risk, event = risks(60)
    event[:5], risk[5] = -1, np.nan
    found = verdict_on(risk, event)
    assert found.n == 54
    assert found.notes[:2] == (
        "5 rows without a known outcome were left out.",
        "1 row without a prediction was left out.",
    )


def test_patients_outside_are_counted_and_said() -> None:
    risk, event = risks(60)
    given_ = predictions(risk, event)
    outside = np.arange(60) < 7
    found = evaluate(replace(given_, outside=outside), DIED, 0.3, "test")
    assert any("7 of 60 patients are unlike" in note for note in found.notes)


def test_the_same_predictions_have_the_same_evaluation() -> None:
    risk, event = risks(120)
    assert verdict_on(risk, event) == verdict_on(risk, event)


@pytest.mark.parametrize("end", [": use that.", ": use that, it is simpler."])
def test_what_could_not_be_done_is_not_advised_by_stored_evaluations(end: str) -> None:
    found = verdict_on([0.1, 0.9], [0, 1])
    former = replace(found, verdict=f"SVM discriminates better than the model (0.80){end}")
    read = from_json(Evaluation, to_json(Evaluation, former))
    assert "use that" not in read.verdict
    assert read.verdict.startswith("SVM discriminates better than the model (0.80).")
    assert from_json(Evaluation, to_json(Evaluation, found)).verdict == found.verdict


def test_where_an_event_is_rare_precision_comes_before_ranks() -> None:
    draw = np.random.default_rng(0)
    rare, common = np.arange(400) < 12, np.arange(400) < 120
    for event, first in ((rare, "average_precision"), (common, "auroc")):
        found = verdict_on(np.clip(0.2 + 0.3 * event + 0.2 * draw.random(400), 0, 1), event)
        assert found.first[0] == first
        assert len(set(found.first)) == len(found.first)
        assert set(found.first) <= set(found.measures)
