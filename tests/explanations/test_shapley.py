"""SHAP values against enumeration, shap's own exact explainer and the axioms."""

from __future__ import annotations

import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.explanations.shapley import Masked, shapley_values

Rows = NDArray[np.float64]


def game(model, background: Rows, row: Rows) -> Masked:  # type: ignore[no-untyped-def]
    return Masked(model, row, background, np.arange(len(row)), len(row))


def rows(seed: int, count: int, columns: int) -> Rows:
    return np.random.default_rng(seed).normal(size=(count, columns))


def curved(x: Rows) -> Rows:
    return np.asarray(x[:, 0] * x[:, 1] * x[:, 2] + np.sin(x[:, 3]) + x.sum(axis=1))


def paired(x: Rows) -> Rows:
    return np.asarray(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 9] + 2 * x[:, 4])


@pytest.mark.parametrize("columns", [5, 10])
def test_few_variables_are_exact(columns: int) -> None:
    background, row = rows(1, 12, columns), rows(2, 1, columns)[0]
    found = shapley_values(game(curved, background, row), 0.01)
    exact = shap.explainers.Exact(curved, background)(row[None])
    assert np.abs(found.shap - exact.values[0]).max() < 1e-6
    assert abs(found.base - exact.base_values[0]) < 1e-6
    assert not found.standard_error.any()


def test_interactions_of_few_variables_are_exact() -> None:
    background, row = rows(1, 12, 6), rows(2, 1, 6)[0]
    found = shapley_values(game(curved, background, row), 0.01, pairs=True)
    assert found.halves is not None
    change, middle = row - background, (row + background) / 2
    expected = (change[:, 0] * change[:, 1] * middle[:, 2]).mean()
    assert found.halves[0][0, 1] == pytest.approx(expected, abs=1e-9)
    assert found.halves[0][1, 0] == found.halves[1][0, 1] == found.halves[0][0, 1]
    assert np.abs(found.halves[0][3:]).max() < 1e-9


def test_one_pair_is_exact_for_interactions_of_two() -> None:
    background, row = rows(1, 1, 12), rows(2, 1, 12)[0]
    found = shapley_values(game(paired, background, row), 0.0, 1)
    b = background[0]
    assert abs(found.shap[0] - (row[0] - b[0]) * (row[1] + b[1]) / 2) < 1e-6
    assert abs(found.shap[4] - 2 * (row[4] - b[4])) < 1e-6
    assert found.standard_error.max() < 1e-9


@given(seed=st.integers(0, 1000))
def test_values_add_up_and_unread_variables_get_nothing(seed: int) -> None:
    background, row = rows(seed, 16, 12), rows(seed + 1, 1, 12)[0]
    found = shapley_values(game(paired, background, row), 0.01)
    assert abs(found.base + found.shap.sum() - paired(row[None])[0]) < 1e-6
    assert np.abs(found.shap[[3, 5, 6, 7, 8, 10, 11]]).max() < 1e-9


def test_sampled_values_lie_within_their_standard_errors_of_the_exact_ones() -> None:
    background, row = rows(1, 16, 12), rows(2, 1, 12)[0]
    exact = shap.explainers.Exact(curved, background)(row[None])
    found = shapley_values(game(curved, background, row), 0.0)
    off = np.abs(found.shap - exact.values[0])
    assert (off <= 4 * found.standard_error + 1e-6).all()
    assert found.standard_error.max() > 1e-3
    assert abs(found.base - exact.base_values[0]) < 1e-6


def test_sampling_stops_when_the_error_is_small_enough() -> None:
    background, row = rows(1, 16, 12), rows(2, 1, 12)[0]
    rough, fine = (shapley_values(game(curved, background, row), t, 40) for t in (0.2, 0.02))
    reached = 0.02 * abs(fine.shap.sum())
    assert fine.standard_error.max() <= reached < rough.standard_error.max()


def test_sampled_interactions_name_those_who_interact() -> None:
    background, row = rows(1, 16, 12), rows(2, 1, 12)[0]
    found = shapley_values(game(paired, background, row), 0.0, 40, pairs=True)
    assert found.halves is not None
    both = found.halves.mean(axis=0)
    b = background
    assert both[0, 1] == pytest.approx(((row[0] - b[:, 0]) * (row[1] - b[:, 1])).mean(), abs=0.15)
    assert both[2, 9] == pytest.approx(((row[2] - b[:, 2]) * (row[9] - b[:, 9])).mean(), abs=0.15)
    assert np.abs(both - both.T).max() < 1e-12
    strength = found.halves[0] * found.halves[1]
    apart = np.triu(np.ones_like(strength, dtype=bool), 1)
    apart[[0, 2], [1, 9]] = False
    assert min(strength[0, 1], strength[2, 9]) > 5 * strength[apart].max()


def test_columns_of_one_variable_move_together() -> None:
    background, row = rows(1, 8, 4), rows(2, 1, 4)[0]
    owned = Masked(curved, row, background, np.array([0, 0, 1, 1]), 2)
    found = shapley_values(owned, 0.01)
    assert found.shap.shape == (2,)
    assert abs(found.base + found.shap.sum() - curved(row[None])[0]) < 1e-9
