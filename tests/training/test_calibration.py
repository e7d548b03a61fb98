"""Calibration leaves alone what is right, and mends what the data show to be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from pmed_core.training.calibration import SHARED, UNCHANGED, fit_calibration


def logs(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.stack([expit(-odds), expit(odds)], axis=1)))


def drawn(rows: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1, 1.5, rows)
    return odds, (generator.random(rows) < expit(odds)).astype(np.int64)


def test_what_is_calibrated_stays() -> None:
    odds, label = drawn(5000)
    found = fit_calibration(logs(odds), label)
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.intercepts[1] - found.intercepts[0] == pytest.approx(0, abs=0.1)
    assert found.trees == 0


def test_what_is_too_bold_is_made_timid() -> None:
    odds, label = drawn(5000)
    assert fit_calibration(logs(2 * odds), label).slope == pytest.approx(0.52, abs=0.05)


def test_few_events_change_next_to_nothing() -> None:
    odds, label = drawn(12)
    found = fit_calibration(logs(2 * odds), label)
    assert abs(found.slope - UNCHANGED.slope) < 0.25


def test_trees_and_networks_are_near_equals_until_the_data_say_otherwise() -> None:
    odds, label = drawn(5000)
    noise = np.random.default_rng(1).normal(0, 1.5, 5000)
    few = fit_calibration(logs(odds)[:20], label[:20], logs(noise)[:20])
    assert few.slope == pytest.approx(SHARED, abs=0.2)
    assert few.trees == pytest.approx(SHARED, abs=0.2)
    many = fit_calibration(logs(odds), label, logs(noise))
    assert many.slope > 0.9
    assert many.trees < 0.1
