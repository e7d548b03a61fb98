"""A number as a distribution over points of its own quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.stats import spearmanr

from pmed_core.errors import UserError
from pmed_core.outcomes import Number, Target
from pmed_core.outcomes.number import learning


def target(*values: float) -> Target:
    actual = np.array(values, dtype=np.float64)
    return Target(np.where(np.isnan(actual), -1, 0), actual=actual[:, None])


def settled(values: np.ndarray) -> Number:
    """As one network knows it."""
    known = target(*values)
    return learning.started(learning.settled(Number("x"), known), [known])


@given(st.lists(st.floats(0, 9), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_the_mean_of_what_was_observed_is_the_number(values: list[float]) -> None:
    points = np.array([0.0, 0.5, 4.0, 9.0])
    found = learning.two_hot(points, np.array(values))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(values)))
    assert (np.count_nonzero(found > 1e-12, axis=1) <= 2).all()
    assert found @ points == pytest.approx(values)


def test_beyond_the_ends_counts_as_the_end_and_unknown_as_anything() -> None:
    found = learning.two_hot(np.array([0.0, 1.0]), np.array([-5.0, 7.0, np.nan]))
    assert found.tolist() == [[1, 0], [0, 1], [0.5, 0.5]]


def test_points_reach_from_the_lowest_to_the_highest_and_ties_are_one() -> None:
    zeros = np.concatenate([np.zeros(200), np.linspace(1, 100, 200)])
    found = settled(zeros)
    assert found.points[0] == 0
    assert found.points[-1] == 100
    assert (np.diff(found.points) > 0).all()
    assert found.share[0][0] > 0.4, "half of all are zero"
    assert settled(np.array([1.0, 2.0, 2.0, 5.0] * 20)).points == (1.0, 2.0, 5.0)


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        (np.arange(25.0, 346.0), 0),
        (np.linspace(-9, 1, 50).round(2), 2),
        (np.linspace(1, 9, 50).round(1), 2),
        (np.array([1.0, 2.0, 3.0] * 9), 1),
        (np.linspace(1e5, 9e5, 50).round(1), 0),
    ],
)
def test_a_number_is_told_as_finely_as_it_tells_patients_apart(
    values: np.ndarray, decimals: int
) -> None:
    assert learning.decimals(values) == decimals


def test_no_output_says_what_everybody_is() -> None:
    values = np.random.default_rng(0).exponential(5, 300)
    outcome = settled(values)
    nothing = np.zeros((2, 1, 1, learning.outputs(outcome)))
    found = learning.log_cells(outcome, nothing)
    assert np.exp(found).sum(axis=-1).ravel() == pytest.approx([1, 1])
    assert learning.scores(outcome, found)[0, 0, 0, 0] == pytest.approx(values.mean(), rel=0.02)
    traced = ops.convert_to_numpy(learning.traced_log_cells(outcome, nothing.astype(np.float32)))
    assert traced == pytest.approx(found, abs=1e-5)


def test_a_higher_first_output_is_a_higher_number() -> None:
    outcome = settled(np.random.default_rng(0).normal(size=300))
    lean = np.zeros((5, 1, 1, learning.outputs(outcome)))
    lean[:, 0, 0, 0] = np.linspace(-3, 3, 5)
    said = learning.scores(outcome, learning.log_cells(outcome, lean))[:, 0, 0, 0]
    assert (np.diff(said) > 0).all()


def test_the_loss_is_the_cross_entropy_of_the_two_neighbours() -> None:
    outcome = settled(np.linspace(0, 30, 120))
    known = target(7.3)
    packed = learning.packed(outcome, known, np.ones(1))[None, :, None]
    nothing = np.zeros((1, 1, 1, learning.outputs(outcome)), dtype=np.float32)
    share = learning.two_hot(np.array(outcome.points), np.array([7.3]))[0]
    expected = -(share * np.log(outcome.share[0])).sum()
    found = float(ops.convert_to_numpy(learning.loss(outcome, packed, nothing))[0])
    assert found == pytest.approx(expected, rel=1e-5)


def test_trees_say_distributions_whose_mean_is_near_the_number() -> None:
    draw = np.random.default_rng(0)
    columns = draw.normal(size=(300, 2)).astype(np.float32)
    values = np.exp(columns[:, 0])
    outcome = settled(values)
    shares = learning.shares(outcome, target(*values))
    trees = learning.forest(outcome, columns, shares, 20, seed=0, rows=300)
    for _, value in trees:
        assert (value >= 0).all()
        assert value.sum(axis=1) == pytest.approx(np.ones(len(value)))
    said = np.mean([value[tree.apply(columns)] for tree, value in trees], axis=0)
    assert spearmanr(said @ np.array(outcome.points), values).statistic > 0.9


def test_patients_are_split_by_fifths_or_not_at_all() -> None:
    who = np.array([f"p{i}" for i in range(100)])
    fifths = learning.strata(Number("x"), target(*range(100)), who, "t")
    assert np.bincount(fifths).tolist() == [20, 20, 20, 20, 20]
    ties = learning.strata(Number("x"), target(*([0.0] * 96 + [1, 2, 3, 4])), who, "t")
    assert (ties == 0).all()


@pytest.mark.parametrize(
    ("values", "said"),
    [([3.0] * 40, "Every patient has the same 'x'"), (range(9), "Only 9 patients have a known")],
)
def test_what_cannot_be_learnt_is_said(values: list[float], said: str) -> None:
    who = np.array([f"p{i}" for i in range(len(values))])
    with pytest.raises(UserError, match=said):
        learning.strata(Number("x"), target(*values), who, "t")


def test_a_baseline_says_its_own_number() -> None:
    values = np.linspace(0, 50, 80)
    outcome = settled(values)
    columns = values[:, None].astype(np.float32)
    model = learning.baselines(outcome, 0, 80, None)["Ridge regression"]
    cells = model.fit(columns, target(*values)).cells(columns)
    assert cells @ np.array(outcome.points) == pytest.approx(values, abs=0.5)


def test_progress_is_the_share_explained() -> None:
    values = np.linspace(0, 30, 60)
    outcome = settled(values)
    cells = np.log(np.maximum(learning.two_hot(np.array(outcome.points), values), 1e-12))
    known = Target(np.zeros((60, 1), dtype=int), actual=values[:, None, None])
    found = learning.progress(outcome, cells[:, None], known, np.ones((60, 1), dtype=bool))
    assert found["r2"] == pytest.approx([1.0])


def test_what_everybody_is_comes_of_each_networks_own_training_part() -> None:
    low, high = target(*np.arange(1.0, 60)), target(*np.arange(40.0, 99))
    outcome = learning.started(
        learning.settled(Number("x"), target(*np.arange(1.0, 99))), [low, high]
    )
    nothing = np.zeros((1, 2, 1, learning.outputs(outcome)))
    said = learning.scores(outcome, learning.log_cells(outcome, nothing))[0, :, 0, 0]
    assert said == pytest.approx([30, 69], abs=2)
    alone = learning.of_networks(outcome, np.array([1]))
    assert alone.share == outcome.share[1:]
