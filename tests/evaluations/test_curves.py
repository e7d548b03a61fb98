"""Curves and thresholds: right at known points, and small."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pmed_core.evaluations.curves import curves, thresholds
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.proportions import wilson
from tests.evaluations.cases import risks


def case(n: int = 3000, seed: int = 0) -> YesNoCase:
    return YesNoCase(*risks(n, seed), 0.137)


def test_the_thinned_roc_keeps_its_ends_and_its_area() -> None:
    given = case(20_000)
    roc = curves(given).roc
    assert len(roc.x) <= 200
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    area = np.trapezoid(roc.y, roc.x)
    assert area == pytest.approx(roc_auc_score(given.event, given.risk), abs=1e-3)


def test_the_precision_recall_curve_ends_at_the_outcome_rate() -> None:
    given = case()
    line = curves(given).precision_recall
    assert len(line.x) <= 200
    assert line.x[-1] == 1
    assert line.y[-1] == pytest.approx(given.event.mean(), abs=1e-5)


def test_deciles_hold_everyone_and_their_intervals() -> None:
    given = case()
    found = curves(given).calibration
    assert len(found.x) == 10
    assert list(found.x) == sorted(found.x)
    assert all(a <= b <= c for a, b, c in zip(found.low, found.y, found.high, strict=True))
    assert np.mean(found.y) == pytest.approx(given.event.mean(), abs=1e-3)


def test_the_smooth_calibration_of_true_risks_is_the_diagonal() -> None:
    given = YesNoCase(*risks(20_000, noise=0.0), 0.2)
    found = curves(given).smooth_calibration
    inside = [low <= x <= high for x, low, high in zip(found.x, found.low, found.high, strict=True)]
    assert np.mean(inside) > 0.8
    assert np.abs(np.subtract(found.x, found.y)).max() < 0.04


def test_the_smooth_calibration_bends_where_the_risks_do() -> None:
    risk, event = risks(20_000, noise=0.0)
    found = curves(YesNoCase(np.sqrt(risk), event, 0.2)).smooth_calibration
    assert np.abs(np.square(found.x) - found.y).max() < 0.04


def test_the_histogram_counts_everyone() -> None:
    given = case()
    found = curves(given)
    assert sum(found.with_event) == given.event.sum()
    assert sum(found.without_event) == len(given.event) - given.event.sum()
    assert len(found.edges) == len(found.with_event) + 1


def test_net_benefit_by_hand() -> None:
    table = thresholds(YesNoCase(np.array([0.05, 0.2, 0.2, 0.8]), np.array([0.0, 0, 1, 1]), 0.2))
    row = next(row for row in table if row.value == 0.2)
    assert (row.true_positive, row.false_positive) == (2, 1)
    assert (row.false_negative, row.true_negative) == (0, 1)
    assert row.net_benefit == pytest.approx(2 / 4 - 1 / 4 * 0.25)
    assert row.net_benefit_all == pytest.approx(2 / 4 - 2 / 4 * 0.25)


@pytest.mark.parametrize(
    ("highest", "step"), [(0.08, 0.001), (0.15, 0.002), (0.4, 0.005), (1, 0.01)]
)
def test_thresholds_are_round_some_hundred_and_hold_the_models_own(
    highest: float, step: float
) -> None:
    risk, event = risks(500)
    table = thresholds(YesNoCase(risk / risk.max() * highest, event, 0.0137))
    values = [row.value for row in table]
    assert len(values) <= 100
    assert 0.0137 in values
    assert min(np.diff([v for v in values if v != 0.0137])) == pytest.approx(step)
    for row in table:
        cells = row.true_positive + row.false_positive + row.false_negative + row.true_negative
        assert cells == 500


def test_wilson_of_none_and_all() -> None:
    low, high = wilson(np.array([0.0, 10.0]), np.array([10.0, 10.0]))
    assert low[0] == 0
    assert high[0] == pytest.approx(0.277533, abs=1e-5)
    assert low[1] == pytest.approx(0.722467, abs=1e-5)
    assert high[1] == 1
