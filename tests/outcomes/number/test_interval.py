"""Intervals from a distribution over points, stretched until they hold 90 %."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.outcomes.number.interval import ends, quantile, sides, stretch

POINTS = np.array([0.0, 1.0, 3.0, 10.0])


def test_a_quantile_is_straight_between_the_middles_of_points() -> None:
    cells = np.array([[0.4, 0.2, 0.2, 0.2]])
    # The middles lie at shares of 0.2, 0.5, 0.7 and 0.9.
    assert quantile(POINTS, cells, 0.35) == pytest.approx([0.5])
    assert quantile(POINTS, cells, 0.6) == pytest.approx([2.0])
    assert quantile(POINTS, cells, 0.05) == pytest.approx([0.0]), "ties at the lowest"
    assert quantile(POINTS, cells, 0.99) == pytest.approx([10.0])


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_it_holds_the_mean_and_stays_within_what_was_seen(seed: int) -> None:
    cells = np.log(np.random.default_rng(seed).dirichlet(np.ones(4), 20))
    mean, below, above = sides(POINTS, cells)
    low, high = ends(POINTS, cells, 1.7)
    assert ((low <= mean) & (mean <= high)).all()
    assert ((low >= POINTS[0]) & (high <= POINTS[-1])).all()
    assert ((below > 0) & (above > 0)).all()


def test_the_stretch_holds_nine_of_ten_of_those_it_was_found_on() -> None:
    draw = np.random.default_rng(1)
    cells = np.log(draw.dirichlet(np.ones(4), 200))
    actual = draw.uniform(0, 10, 200)
    low, high = ends(POINTS, cells, found := stretch(POINTS, cells, actual))
    assert found > 0
    # Clipped ends may hold more, never fewer.
    assert ((low <= actual + 1e-12) & (actual <= high + 1e-12)).mean() >= 0.9


def test_nobody_needs_no_stretch() -> None:
    assert stretch(POINTS, np.zeros((0, 4)), np.zeros(0)) == 1.0
