"""The law through few points: it finds what made them, never falls, and says how sure it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from pmed_core.evaluations.learning_curve import fitted, learning_curve
from pmed_core.figures.learning_curve import growth, growth_table, sentence
from pmed_core.outcomes import YesNo
from pmed_core.predictions import Predictions

SHARES = np.array([0.25, 0.5, 0.75, 1.0])
ROWS = 400


@pytest.mark.parametrize("exponent", [0.3, 0.5, 1.0])
def test_it_finds_the_law_that_made_the_points(exponent: float) -> None:
    clean = 0.85 - 0.05 * (SHARES**-exponent - 1)
    noisy = clean[:, None] + 1e-4 * np.random.default_rng(0).normal(size=(4, 50))
    scale, found = fitted(SHARES, noisy)
    gain = scale * (1 - 2.0**-found)
    assert gain == pytest.approx(0.05 * (1 - 2.0**-exponent), abs=0.003)


@given(st.lists(st.floats(0.3, 1.0), min_size=4, max_size=4))
def test_it_never_falls(scores: list[float]) -> None:
    values = np.array(scores)[:, None] + 0.01 * np.random.default_rng(0).normal(size=(4, 20))
    scale, exponent = fitted(SHARES, values)
    assert (scale >= 0).all()
    assert (exponent > 0).all()


def predictions(signal: float) -> Predictions:
    """Of patients whose risk is known the better, the more ``signal``."""
    draw = np.random.default_rng(1)
    truth, noise = draw.normal(size=ROWS), draw.normal(size=ROWS)
    observed = (draw.random(ROWS) < expit(2 * truth)).astype(np.int64)
    said = expit(signal * truth + noise)[:, None]
    nobody = np.zeros(ROWS, dtype=bool)
    ids = tuple(f"p{n}" for n in range(ROWS))
    return Predictions(ids, ("1",), said, said, said, observed, nobody)


def test_twice_as_many_patients_are_expected_to_help_where_each_share_did() -> None:
    found = {100: 0.2, 200: 0.6, 300: 0.9, 400: 1.1}
    seen = {size: predictions(signal) for size, signal in found.items()}
    curve = learning_curve(seen, YesNo("x", ("1",)), "TabM")
    assert curve.patients == (100, 200, 300, 400)
    assert curve.line.x[-1] == 800
    assert curve.now.value < curve.expected.value <= 1
    assert curve.expected.low < curve.expected.value < curve.expected.high
    assert "With 400 more patients, AUROC is expected to rise from" in sentence(curve)
    assert growth_table(curve)["Patients"].tolist() == [100, 200, 300, 400, 800]
    assert len(growth(curve).data) == 4


def test_more_patients_hardly_help_where_half_of_them_do_as_well() -> None:
    same = predictions(1.0)
    curve = learning_curve({200: same, 300: same, 400: same}, YesNo("x", ("1",)), "TabM")
    assert curve.expected.value == pytest.approx(curve.now.value)
    assert "400 more patients would hardly help" in sentence(curve)


def test_an_outcome_that_nobody_knows_is_left_out() -> None:
    more, fewer = predictions(1.0), predictions(0.5)
    unknown = np.where(np.arange(ROWS) < 50, -1, more.observed)
    seen = {200: replace(fewer, observed=unknown), 400: replace(more, observed=unknown)}
    curve = learning_curve(seen, YesNo("x", ("1",)), "TabM")
    assert np.isfinite(curve.expected.value)
