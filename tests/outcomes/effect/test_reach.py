"""A number under an option may lie beyond all that were observed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.outcomes import Arms, Effect, Number, YesNo

ARMS = Arms("drug", options=("no", "yes"), reference="no")
ENDS = st.floats(-1e6, 1e6, allow_nan=False)


def settled(low: float, high: float) -> Effect:
    effect = Effect.on(Number("y"), ARMS)
    return effect.with_learnt(Number("y", points=(low, high)))


@given(st.tuples(ENDS, ENDS).map(sorted).filter(lambda ends: ends[0] < ends[1]))
def test_what_is_expected_may_lie_as_far_again_and_keeps_its_sign(ends: list[float]) -> None:
    low, high = ends
    effect, *outcomes = settled(low, high).quantities
    for outcome in outcomes:
        assert outcome.bounds[0] <= low
        assert outcome.bounds[1] >= high
        assert (outcome.bounds[0] >= 0) == (low >= 0)
        assert (outcome.bounds[1] <= 0) == (high <= 0)
        if high > 0:
            assert outcome.bounds[1] == pytest.approx(high + (high - low))
        assert effect.bounds[1] == pytest.approx(outcome.bounds[1] - outcome.bounds[0])


def test_a_risk_stays_a_risk() -> None:
    effect = Effect.on(YesNo("dead", positive=("yes",)), ARMS)
    assert effect.with_learnt(effect.learnt).quantities[-1].bounds == (0, 1)


def test_a_model_kept_before_answers_as_it_did() -> None:
    effect = Effect(Number("y", points=(3.0, 10.0)), ARMS)
    assert effect.quantities[-1].bounds == (3.0, 10.0)
    assert np.isfinite(effect.quantities[0].bounds).all()
