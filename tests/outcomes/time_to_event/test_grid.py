"""Time in intervals, against answers by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.outcomes.time_to_event import grid

TIME = np.array([1.0, 2.0, 2.0, 3.0, 4.0])
EVENT = np.array([True, True, False, False, True])
NONE = grid.NOBODY_LATE


def test_kaplan_and_meiers_estimate() -> None:
    times, left = grid.kaplan_meier(TIME, EVENT)
    assert times.tolist() == [1, 2, 4]
    assert left == pytest.approx([4 / 5, 4 / 5 * 3 / 4, 0])
    at = np.array([0.0, 1.0, 1.5, 2.0, 3.9, 4.0, 9.0])
    assert grid.steps(times, left, at) == pytest.approx([1, 0.8, 0.8, 0.6, 0.6, 0, 0])
    assert grid.steps(times, left, at, before=True) == pytest.approx([1, 1, 0.8, 0.8, 0.6, 0.6, 0])


def test_events_that_compete_by_hand() -> None:
    time, cause = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 0, 1])
    times, share, error = grid.aalen_johansen(time, cause)
    assert times.tolist() == [1, 2, 4]
    # Without censoring before it, that of a share: one of four.
    assert error[0] == pytest.approx([np.sqrt(0.25 * 0.75 / 4), 0])
    assert error[1] == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    # One of four at 1; a third of the three quarters at 2 by the other cause; all that is left.
    assert share == pytest.approx(np.array([[0.25, 0], [0.25, 0.25], [0.75, 0.25]]))


def test_one_cause_alone_is_one_less_kaplan_and_meier() -> None:
    times, share, error = grid.aalen_johansen(TIME, EVENT.astype(np.int64))
    assert share[:, 0] == pytest.approx(1 - grid.kaplan_meier(TIME, EVENT)[1])
    assert times.tolist() == [1, 2, 4]
    # Greenwood's.
    assert error[1, 0] == pytest.approx(0.6 * np.sqrt(1 / (5 * 4) + 1 / (4 * 3)))


def test_the_same_as_lifelines_says() -> None:
    lifelines = pytest.importorskip("lifelines")
    generator = np.random.default_rng(0)
    time, cause = generator.exponential(10, 120), generator.integers(0, 3, 120)
    entry = np.where(np.arange(120) < 20, 0, time * generator.uniform(0, 0.3, 120))
    for came in (None, entry):
        times, share, error = grid.aalen_johansen(time, cause, entry if came is not None else NONE)
        for one in (1, 2):
            said = lifelines.AalenJohansenFitter().fit(time, cause, one, entry=came)
            line = said.cumulative_density_.iloc[:, 0]
            at = np.searchsorted(line.index.to_numpy(), times, side="right") - 1
            assert share[:, one - 1] == pytest.approx(line.to_numpy()[at])
            # At the very last all are gone, and it divides by nothing.
            inner, at = slice(None, -1), at[:-1]
            assert error[inner, one - 1] == pytest.approx(np.sqrt(said.variance_.to_numpy()[at]))
            ends = said.confidence_interval_.to_numpy()[at]
            own = np.stack(grid.bounds(share[inner, one - 1], error[inner, one - 1]), axis=1)
            known = np.isfinite(ends).all(axis=1)
            assert known.mean() > 0.8
            assert np.sort(own[known]) == pytest.approx(np.sort(ends[known]))


follow_ups = st.lists(
    st.tuples(st.floats(0.01, 1e4), st.booleans()), min_size=2, max_size=60
).filter(lambda rows: any(event for _, event in rows))


@given(follow_ups)
def test_intervals_rise_from_zero_to_the_last_time(rows: list[tuple[float, bool]]) -> None:
    time, event = (np.array(column) for column in zip(*rows, strict=True))
    cuts = np.array(grid.cuts(time, event))
    assert cuts[0] == 0
    assert cuts[-1] == time.max()
    assert (np.diff(cuts) > 0).all()
    assert len(cuts) <= grid.MANY + 1


def test_few_events_have_few_intervals() -> None:
    generator = np.random.default_rng(0)
    time, event = generator.exponential(10, 2000), np.ones(2000, dtype=bool)
    few = np.arange(2000) < grid.FEW_EVENTS - 1
    assert len(grid.cuts(time, event)) == grid.MANY + 1
    assert len(grid.cuts(time, few)) <= grid.FEW + 1


def test_horizons_are_round_and_within_what_was_seen() -> None:
    generator = np.random.default_rng(0)
    time = generator.uniform(1, 100, 500)
    found = grid.horizons(time, np.ones(500, dtype=bool))
    assert list(found) == sorted(set(found))
    assert all(one % 6 == 0 and 0 < one < 100 for one in found)
    days = grid.horizons(time / 100, np.ones(500, dtype=bool))
    assert all(0 < one <= 1 for one in days)


def test_how_much_of_an_interval_is_over() -> None:
    found = grid.shares_until((0.0, 2.0, 6.0), np.array([0.0, 1.0, 3.0, 6.0, 9.0]))
    assert found.tolist() == [[0, 0.5, 1, 1, 1], [0, 0, 0.25, 1, 1], [0, 0, 0, 0, 0]]
