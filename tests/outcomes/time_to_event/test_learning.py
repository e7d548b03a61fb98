"""From logits to courses, and what agrees with what was observed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from pmed_core.errors import UserError
from pmed_core.outcomes import Target, TimeToEvent
from pmed_core.outcomes.time_to_event import learning
from pmed_core.outcomes.time_to_event.baselines import Boosting, Cox

OUTCOME = TimeToEvent(
    "died",
    "months",
    ("yes",),
    ("no",),
    unit="months",
    horizons=(1.0, 3.0),
    cuts=(0, 2, 4, 8),
    left=(0.8, 0.5, 0.2),
)
IDS = np.array([f"p{n}" for n in range(100)])


def target(*rows: tuple[int, float]) -> Target:
    observed, time = zip(*rows, strict=True)
    return Target(np.array(observed), np.array(time, dtype=np.float64))


def test_what_agrees_with_an_event_and_with_being_seen_without_it() -> None:
    seen = target((1, 1), (1, 2), (1, 5), (0, 1), (0, 4), (0, 8), (0, 9))
    found = learning.compatible(OUTCOME, seen)
    assert found.tolist() == [
        [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0],
        [0.5, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1],
    ]  # fmt: skip


@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_a_course_begins_at_one_and_never_rises(logits: list[float]) -> None:
    cells = learning.log_cells(OUTCOME, np.array([logits]))
    assert np.exp(cells).sum() == pytest.approx(1)
    times, left = learning.course(OUTCOME, cells)
    assert times == OUTCOME.cuts
    assert left[0, 0] == 1
    assert (np.diff(left[0]) <= 1e-12).all()
    assert (left >= -1e-12).all()


def test_the_same_in_the_graph() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 2, 3, 3))
    traced = ops.convert_to_numpy(learning.traced_log_cells(OUTCOME, logits.astype(np.float32)))
    assert traced == pytest.approx(learning.log_cells(OUTCOME, logits), abs=1e-5)


def test_the_loss_is_the_negative_log_likelihood_of_the_hazards() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(size=(2, 1, 1, 3))
    seen = target((1, 3), (0, 4))
    packed = learning.packed(OUTCOME, seen, np.ones(4))[:, None, None]
    # Outputs lift, tilt and bend everybody's hazards: 0.2, 0.375 and 0.6.
    terms = np.array([[1, 1, 1], [-1, 0, 1], [1, -0.5, 1]])
    everybody = np.log([0.2 / 0.8, 0.375 / 0.625, 0.6 / 0.4])
    hazard = 1 / (1 + np.exp(-(everybody + logits[:, 0, 0] @ terms)))
    expected = [
        -np.log((1 - hazard[0, 0]) * hazard[0, 1]),
        -np.log((1 - hazard[1, 0]) * (1 - hazard[1, 1])),
    ]
    found = ops.convert_to_numpy(learning.loss(OUTCOME, packed, logits.astype(np.float32)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_risks_at_horizons_are_those_of_the_course() -> None:
    cells = learning.log_cells(OUTCOME, np.random.default_rng(2).normal(size=(6, 3)))
    risk = 1 / (1 + np.exp(-learning.scores(OUTCOME, cells)))
    times, left = learning.course(OUTCOME, cells)
    for k, horizon in enumerate(OUTCOME.horizons):
        expected = [1 - np.interp(horizon, times, line) for line in left]
        assert risk[:, k] == pytest.approx(expected)


def test_whoever_is_last_seen_early_is_spread_over_what_came_after() -> None:
    found = learning.shares(OUTCOME, target((1, 1), (1, 3), (1, 6), (0, 2)))
    assert found.sum(axis=1) == pytest.approx(1)
    assert found[3, 0] == 0
    assert found[3, 1] == pytest.approx(found[3, 2], abs=0.2)


def test_too_few_events_are_refused_and_all_with_it_are_not() -> None:
    few = Target(np.repeat([1, 0], [9, 91]), np.linspace(1, 8, 100))
    with pytest.raises(UserError, match="Only 9 patients have the event"):
        learning.strata(OUTCOME, few, IDS, "x.csv")
    everybody = Target(np.ones(100, dtype=np.int64), np.linspace(1, 8, 100))
    assert np.bincount(learning.strata(OUTCOME, everybody, IDS, "x.csv")).tolist() == [50, 50]


@pytest.mark.parametrize("kind", ["cox", "boosting"])
def test_baselines_say_a_distribution_that_follows_the_risk(kind: str) -> None:
    generator = np.random.default_rng(4)
    marker = generator.normal(size=400)
    time = 4 * np.exp(-marker) * generator.exponential(size=400)
    seen = Target((time < 6).astype(np.int64), np.minimum(time, 6) + 0.01)
    columns = np.stack([marker, generator.normal(size=400)], axis=1).astype(np.float32)
    cuts = np.array([0, 1, 2, 4, 6.01])
    model = Cox(cuts) if kind == "cox" else Boosting(cuts, 0)
    cells = model.fit(columns, seen).cells(columns)
    assert cells.sum(axis=1) == pytest.approx(1)
    assert (cells >= 0).all()
    assert np.corrcoef(cells[:, -1], marker)[0, 1] < -0.7


def test_cox_finds_the_coefficient() -> None:
    generator = np.random.default_rng(5)
    marker = generator.normal(size=4000)
    time = np.exp(-0.7 * marker) * generator.exponential(size=4000)
    seen = Target((time < 2).astype(np.int64), np.minimum(time, 2))
    model = Cox(np.array([0, 1, 2.0]), ridge=1e-6)
    model.fit(marker[:, None].astype(np.float32), seen)
    assert model.coefficients / model.scale == pytest.approx([0.7], abs=0.05)
