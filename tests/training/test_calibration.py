"""Calibration leaves alone what is right, and mends what the data show to be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from pmed_core.training.calibration import (
    SHARED,
    UNCHANGED,
    Space,
    doubted,
    fit_calibration,
)


def logs(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.stack([expit(-odds), expit(odds)], axis=1)))


def seen(label: NDArray[np.int64]) -> NDArray[np.float64]:
    """What agrees with the label: itself."""
    return np.eye(max(2, int(label.max()) + 1))[label]


def drawn(rows: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1, 1.5, rows)
    return odds, (generator.random(rows) < expit(odds)).astype(np.int64)


def test_what_is_calibrated_stays() -> None:
    odds, label = drawn(5000)
    found = fit_calibration(logs(odds), seen(label))
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.intercepts[1] - found.intercepts[0] == pytest.approx(0, abs=0.1)
    assert found.trees == 0


def test_what_is_too_bold_is_made_timid() -> None:
    odds, label = drawn(5000)
    assert fit_calibration(logs(2 * odds), seen(label)).slope == pytest.approx(0.52, abs=0.05)


def risks(
    network: NDArray[np.float64], label: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log probabilities as calibrated on these very rows, and their mean probabilities."""
    found = fit_calibration(network, seen(label))
    said = log_softmax(found.slope * network + np.array(found.intercepts), axis=1)
    return said, np.exp(said).mean(axis=0)


def test_risks_that_are_all_too_high_are_brought_down() -> None:
    odds, label = drawn(5000)
    before = logs(odds + 1.5)
    _, mean = risks(before, label)
    assert np.exp(before[:, 1]).mean() > label.mean() + 0.2
    assert mean[1] == pytest.approx(label.mean(), abs=0.01)


def test_classes_are_brought_to_their_shares() -> None:
    generator = np.random.default_rng(4)
    label = generator.choice(3, 4000, p=[0.6, 0.3, 0.1])
    scores = generator.normal(size=(4000, 3)) + 1.5 * np.eye(3)[label] + [0, 0, 1.0]
    before, shares = np.asarray(log_softmax(scores, axis=1)), np.bincount(label) / 4000
    _, mean = risks(before, label)
    assert abs(np.exp(before).mean(axis=0) - shares).max() > 0.1
    # The prior holds on a little, even against 4,000 patients.
    assert mean == pytest.approx(shares, abs=0.02)


@given(rows=st.integers(4, 80), seed=st.integers(0, 1000), bold=st.floats(0.2, 4))
def test_it_never_makes_the_rows_it_learnt_from_less_likely(
    rows: int, seed: int, bold: float
) -> None:
    odds, label = drawn(rows, seed)
    before = logs(bold * odds)
    after, _ = risks(before, label)
    chosen = np.arange(rows), label
    assert after[chosen].mean() >= before[chosen].mean() - 1e-6


def test_few_events_change_next_to_nothing() -> None:
    odds, label = drawn(12)
    found = fit_calibration(logs(2 * odds), seen(label))
    assert abs(found.slope - UNCHANGED.slope) < 0.25


def test_trees_and_networks_are_near_equals_until_the_data_say_otherwise() -> None:
    odds, label = drawn(5000)
    noise = np.random.default_rng(1).normal(0, 1.5, 5000)
    few = fit_calibration(logs(odds)[:20], seen(label)[:20], [logs(noise)[:20]])
    assert few.slope == pytest.approx(SHARED[1], abs=0.2)
    assert few.trees == pytest.approx(SHARED[1], abs=0.2)
    many = fit_calibration(logs(odds), seen(label), [logs(noise)])
    assert many.slope > 0.9
    assert many.trees < 0.1


def test_weights_of_more_than_one_in_sum_leave_a_rare_event_as_frequent() -> None:
    """Of three who say the same and are right the prior weights are 1.2 in sum."""
    odds = np.random.default_rng(5).normal(-3, 0.7, 400)
    said, risk = logs(odds), expit(odds)
    label = np.diff(np.floor(np.cumsum(risk)), prepend=0.0).astype(np.int64)  # As many as due.
    drawn_to = (Space(), Space(np.log([1 - risk.mean(), risk.mean()])))
    found = [fit_calibration(said, seen(label), [said, said], space=space) for space in drawn_to]
    odd, right = (
        np.exp(log_softmax(sum(one.weights) * said + np.array(one.intercepts), axis=1))[:, 1].mean()
        for one in found
    )
    assert odd < 0.95 * risk.mean()
    assert right == pytest.approx(risk.mean(), rel=0.04)


def test_rows_of_few_groups_do_not_speak_for_themselves() -> None:
    """Chromosomes, or hospitals, whose rate happens to be another say little of the next one."""
    odds, label = drawn(600)
    more = np.where(np.random.default_rng(1).random(600) < 0.4, 1, label)
    moved = [
        fit_calibration(logs(odds), seen(more), deviation=doubted(600, groups)).intercepts
        for groups in (2, 20, 600)
    ]
    shift = [two - one for one, two in moved]
    assert abs(shift[0]) < 0.05 < abs(shift[1]) < abs(shift[2])
    assert shift[2] > 0.5
    assert doubted(50, 50) < doubted(200, 200) == doubted(600, 150)
