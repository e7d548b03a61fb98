"""Measures of predicted numbers against known answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from pmed_core.arrays import from_json, to_json
from pmed_core.evaluation import Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.outcomes import Number
from pmed_core.outcomes.kinds import evaluating
from pmed_core.outcomes.number import figures
from pmed_core.predictions import Predictions

OUTCOME = Number("x", "mmol", 1, points=(0.0, 10.0), share=((0.5, 0.5),))


def predictions(
    said: np.ndarray, actual: np.ndarray, half: float = 1.0, who: list[str] | None = None
) -> Predictions:
    value = said[:, None]
    return Predictions(
        tuple(who or (f"p{i}" for i in range(len(said)))), ("x",), value, value - half,
        value + half, np.where(np.isnan(actual), -1, 0), np.zeros(len(said), dtype=bool),
        actual=actual[:, None],
    )  # fmt: skip


def made(rows: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    said = draw.uniform(1, 9, rows)
    return said, said + draw.normal(0, 0.6, rows)


def test_they_are_those_of_scikit_learn() -> None:
    said, actual = made()
    found = evaluate(predictions(said, actual), OUTCOME, 0, "here").measures
    assert tuple(found) == evaluating(OUTCOME).names(OUTCOME)
    assert found["r2"].value == pytest.approx(r2_score(actual, said))
    assert found["rmse"].value == pytest.approx(root_mean_squared_error(actual, said))
    assert found["mae"].value == pytest.approx(mean_absolute_error(actual, said))
    assert found["coverage"].value == pytest.approx((np.abs(actual - said) <= 1).mean())
    assert found["interval_width"].value == pytest.approx(2)
    assert found["mean_observed"].value == pytest.approx(actual.mean())
    slope = np.polyfit(said, actual, 1)[0]
    assert found["calibration_slope"].value == pytest.approx(slope)
    for name in ("r2", "rmse", "mae", "coverage"):
        assert found[name].low < found[name].value < found[name].high


def test_far_from_zero_nothing_is_lost() -> None:
    said, actual = made()
    here = evaluate(predictions(said, actual), OUTCOME, 0, "here").measures
    there = evaluate(predictions(said + 1e7, actual + 1e7), OUTCOME, 0, "here").measures
    assert there["r2"].value == pytest.approx(here["r2"].value, rel=1e-6)


def test_unknown_outcomes_are_left_out_and_counted() -> None:
    said, actual = made()
    actual[:30] = np.nan
    found = evaluate(predictions(said, actual), OUTCOME, 0, "here")
    assert found.n == 170
    assert "30 rows without a known outcome were left out." in found.notes
    assert found.measures["r2"].value == pytest.approx(r2_score(actual[30:], said[30:]))


def test_no_interval_has_no_coverage_and_is_not_called_bad() -> None:
    said, actual = made()
    found = evaluate(predictions(said, actual, half=0.0), OUTCOME, 0, "here")
    assert np.isnan(found.measures["coverage"].value)
    assert not any("intervals hold" in note for note in found.notes)


def test_intervals_that_hold_too_few_are_named() -> None:
    said, actual = made()
    found = evaluate(predictions(said, actual, half=0.3), OUTCOME, 0, "here")
    assert any("fewer than the 90 % they are meant to" in note for note in found.notes)


def test_what_training_never_saw_is_named() -> None:
    said, actual = made()
    actual[:3] = [25.0, -4.0, 11.0]
    found = evaluate(predictions(said, actual), OUTCOME, 0, "here")
    beyond = int(((actual < 0) | (actual > 10)).sum())
    assert any(f"{beyond} observed values lie outside 0.0 mmol to 10.0 mmol" in n
               for n in found.notes)  # fmt: skip


def test_the_mean_for_everybody_is_no_better_than_chance() -> None:
    _, actual = made()
    draw = np.random.default_rng(5).normal(actual.mean(), 1, len(actual))
    found = evaluate(predictions(draw, actual), OUTCOME, 0, "here")
    assert found.measures["r2"].value < 0.1
    baselines = {"Ridge regression": (predictions(actual + 0.1, actual), 0.1)}
    verdict = evaluate(predictions(draw, actual), OUTCOME, 0, "here", baselines).verdict
    assert "than chance" in verdict
    assert "It predicts worse than ridge regression (R² of the model" in verdict


def test_repeated_patients_are_drawn_together() -> None:
    said, actual = made()
    who = [f"p{i // 4}" for i in range(len(said))]
    found = evaluate(predictions(said, actual, who=who), OUTCOME, 0, "here")
    assert (found.n, found.patients, found.of) == (200, 50, "row")


def test_curves_hold_no_single_patient() -> None:
    said, actual = made(200)
    curves = evaluate(predictions(said, actual), OUTCOME, 0, "here").curves["x"]
    assert len(curves.calibration.x) == 10
    assert sum(curves.counts) == 200
    assert len(curves.named["coverage"].x) == 10
    assert sum(curves.named["errors"].y) == 200
    inside = (np.abs(actual - said) <= 1).mean()
    assert np.mean(curves.named["coverage"].y) == pytest.approx(inside, abs=1e-5)


def test_bars_that_were_kept_by_their_edges_are_read_by_their_middles() -> None:
    said, actual = made(200)
    found = evaluate(predictions(said, actual), OUTCOME, 0, "here")
    plain = json.loads(to_json(Evaluation, found))
    bars = plain["curves"]["x"]["named"]["errors"]
    half = (bars["x"][1] - bars["x"][0]) / 2
    bars["x"] = [bars["x"][0] - half, *(middle + half for middle in bars["x"])]
    former = from_json(Evaluation, json.dumps(plain)).curves["x"].named["errors"]
    ours = found.curves["x"].named["errors"]
    assert former.y == ours.y
    assert former.x == pytest.approx(ours.x, abs=1e-4)
    table = figures.errors_table(found)
    assert table["Error from"][1:].to_numpy() == pytest.approx(table["Error to"][:-1], abs=1e-4)


def test_one_patient_can_be_evaluated() -> None:
    found = evaluate(predictions(np.array([3.0]), np.array([4.0])), OUTCOME, 0, "here")
    assert found.measures["mae"].value == 1
    assert np.isnan(found.measures["r2"].value)
