"""From logits to courses, and what agrees with what was observed."""

from __future__ import annotations

from dataclasses import replace

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
    left=((0.8, 0.5, 0.2),),
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
    cells = learning.log_cells(OUTCOME, np.array([[logits]]))[0]
    assert np.exp(cells).sum() == pytest.approx(1)
    times, left = learning.course(OUTCOME, cells)
    assert times == OUTCOME.cuts
    assert left[0, 0] == 1
    assert (np.diff(left[0]) <= 1e-12).all()
    assert (left >= -1e-12).all()


def test_the_same_in_the_graph() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 1, 4, 3))
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


TWO = replace(OUTCOME, left=((0.8, 0.5, 0.2), (0.7, 0.6, 0.4)))
"""Two networks, of two folds."""


def test_each_network_begins_with_everybody_of_its_own_training_part() -> None:
    early, late = target((1, 1), (1, 1.5), (0, 7)), target((1, 5), (1, 6), (0, 7))
    found = learning.started(OUTCOME, [early, late])
    assert found.left[0] == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert found.left[1] == pytest.approx((1, 1, 1 / 3))
    cells = np.exp(learning.log_cells(TWO, np.zeros((1, 2, 1, 3))))[0, :, 0]
    assert cells == pytest.approx(np.array([[0.2, 0.3, 0.3, 0.2], [0.3, 0.1, 0.2, 0.4]]))
    assert learning.of_networks(TWO, np.array([1])).left == TWO.left[1:]


def said(seed: int, networks: int = 2, rows: int = 7) -> np.ndarray:
    """(rows, networks, 1, 4) log probabilities."""
    logits = np.random.default_rng(seed).normal(size=(rows, networks, 1, 3))
    return learning.log_cells(replace(TWO, left=TWO.left[:networks]), logits)


@given(st.integers(0, 1000))
def test_blending_one_source_as_it_is_changes_nothing(seed: int) -> None:
    cells = said(seed)
    back = learning.unblended(TWO, learning.blended(TWO, cells))
    assert np.exp(back) == pytest.approx(np.exp(cells), abs=1e-6)


def test_proportional_hazards_are_sums_in_the_space_of_the_blend() -> None:
    everybody = np.log([[0.2, 0.3, 0.3, 0.2]])
    mixed = learning.unblended(OUTCOME, learning.blended(OUTCOME, everybody) + np.log(2))
    left = 1 - np.cumsum(np.exp(mixed))[:-1]
    assert left == pytest.approx(np.array([0.8, 0.5, 0.2]) ** 2)


@given(st.integers(0, 1000))
def test_a_course_that_leads_is_a_course(seed: int) -> None:
    cells = said(seed)
    found = np.exp(learning.final(TWO, cells))
    assert found.sum(axis=-1) == pytest.approx(1, abs=1e-5)
    # Nobody is ever out of danger: an interval keeps a share of its hazard.
    assert (found[..., :-1] > 0).all()


def test_a_course_leads_only_where_effects_change_with_time() -> None:
    everybody = learning.blended(OUTCOME, np.log([[[[0.2, 0.3, 0.3, 0.2]]]]))
    steady = learning.unblended(OUTCOME, everybody + 0.5)
    assert np.exp(learning.final(OUTCOME, steady)) == pytest.approx(np.exp(steady), abs=1e-6)
    fading = learning.unblended(OUTCOME, everybody + np.array([0.9, 0.6, 0.4]))
    led = np.exp(learning.final(OUTCOME, fading))[0, 0, 0]
    assert led[0] == pytest.approx(np.exp(fading)[0, 0, 0, 0]), "nothing lies before the first"
    assert led[-1] > np.exp(fading)[0, 0, 0, -1], "the effect has faded, so more are left"


def test_risks_at_horizons_are_those_of_the_course() -> None:
    cells = learning.log_cells(OUTCOME, np.random.default_rng(2).normal(size=(6, 1, 3)))[:, 0]
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
