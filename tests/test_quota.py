"""What is left of a day's quota, and when there is more."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.quota import DAY, Quota, machine_time

HOUR = 3600.0
SPANS = st.lists(
    st.tuples(st.floats(0, DAY), st.floats(0, DAY)).map(lambda two: (max(two), min(two))),
    max_size=5,
).map(lambda spans: tuple(sorted(spans, reverse=True)))


def later(quota: Quota, seconds: float) -> Quota:
    """The same, so much later, where nothing else was used."""
    moved = [(min(began + seconds, DAY), min(ended + seconds, DAY)) for began, ended in quota.spans]
    return Quota(quota.seconds, tuple(moved), quota.expected)


@given(spans=SPANS, quota=st.floats(0, DAY), expected=st.floats(0, HOUR), wanted=st.floats(1, DAY))
def test_more_comes_when_it_is_said_and_not_before(
    spans: tuple[tuple[float, float], ...], quota: float, expected: float, wanted: float
) -> None:
    limit = Quota(quota, spans, expected)
    moment = limit.until(wanted)
    if moment is None:
        assert wanted > later(limit, DAY).left - 1e-3
        return
    assert later(limit, moment).left >= wanted - 1e-3
    if moment > 1:
        assert later(limit, moment - 1).left < wanted + 1e-3


def test_what_was_used_comes_back_a_day_later_as_it_was_used() -> None:
    limit = Quota(2 * HOUR, ((10 * HOUR, 8 * HOUR),))
    assert limit.left == 0
    assert limit.until(HOUR) == pytest.approx(15 * HOUR)
    assert limit.until(2 * HOUR) == pytest.approx(16 * HOUR)
    assert limit.until(2 * HOUR + 1) is None


def test_jobs_beside_one_another_come_back_as_fast() -> None:
    limit = Quota(2 * HOUR, ((10 * HOUR, 9 * HOUR), (10 * HOUR, 9 * HOUR)))
    assert limit.until(HOUR) == pytest.approx(14.5 * HOUR)


def refused(limit: Quota, wanted: float) -> str:
    with pytest.raises(UserError) as error:
        limit.check(wanted)
    return str(error.value)


def test_a_refusal_says_how_much_is_left_and_what_to_do() -> None:
    used = Quota(2 * HOUR, ((10 * HOUR, 8.2 * HOUR),))
    used.check(700)
    told = refused(used, 2400)
    assert "needs about 40 minutes" in told
    assert "you have 12 minutes left of your 2 hours of machine time a day" in told
    assert "Enough is left from" in told
    assert "more than" not in told
    assert "Choose less" in refused(used, 3 * HOUR)
    assert "stop one of them" in refused(Quota(2 * HOUR, (), 2 * HOUR), 600)


def test_a_job_of_which_nobody_knows_the_cost_is_refused_where_nothing_is_left() -> None:
    Quota(HOUR, ((5000, 1500),)).check(0)
    assert "needs machine time; you have 0 seconds left of your 60 minutes" in refused(
        Quota(HOUR, ((5000, 1400),)), 0
    )
    told = refused(Quota(0), 0)
    assert "you have 0 seconds left of your 0 seconds of machine time a day" in told
    assert told.endswith("Ask an administrator for more.")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (59.4, "59 seconds"), (60, "1 minute"), (5280, "88 minutes"),
     (5400, "1.5 hours"), (7200, "2 hours"), (36_000_000, "10,000 hours")],
)  # fmt: skip
def test_machine_time_in_words(seconds: float, said: str) -> None:
    assert machine_time(seconds) == said


def test_what_is_left_is_never_said_to_be_more() -> None:
    assert machine_time(119, math.floor) == "1 minute"
    assert machine_time(7_000, math.floor) == "1.9 hours"


def test_a_project_that_is_not_counted_is_said() -> None:
    assert "cannot be opened" not in Quota(HOUR).sentence()
    assert (
        Quota(HOUR, unknown=1)
        .sentence()
        .endswith(", without what was used in 1 project that cannot be opened")
    )
