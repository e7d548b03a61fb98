"""The engine for any model, answered in shap's own words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd
import shap
from keras import ops
from numpy.typing import NDArray

from pmed_core.explanations.gradients import expected_gradients
from pmed_core.explanations.shapley import Masked, shapley_values

Rows = pd.DataFrame | NDArray[Any]
ROWS_AT_ONCE, TOLERANCE, POINTS = 4096, 0.01, 64


def shap_values(
    model: Callable[[NDArray[Any]], Any] | keras.Model,
    rows: Rows,
    background: Rows,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    method: Literal["permutations", "expected gradients"] = "permutations",
) -> shap.Explanation:
    """Explain rows of a model with one output.

    Args:
        model: (s, c) -> (s,) or (s, 1); expected gradients need a Keras model.
        rows, background: (n, c) and (b, c); every row of the background is begun from, so a few
            dozen are enough.
        groups: columns that move together, for example those of one category; by default each
            column by itself. Of each group there is one value.
        method: permutations stop when every standard error is below 1 % of f(x) - E f.

    Raises ``TypeError`` where expected gradients are asked of what is not a Keras model.
    """
    x, start = np.asarray(rows), np.asarray(background)
    names = [str(name) for name in rows.columns] if isinstance(rows, pd.DataFrame) else None
    groups = [[column] for column in range(x.shape[1])] if groups is None else groups
    owner = np.full(x.shape[1], -1)
    for number, columns in enumerate(groups):
        owner[list(columns)] = number
    if method == "expected gradients":
        values, errors, base = _slopes(model, x, start)
        membership = (owner[:, None] == np.arange(len(groups))).astype(float)
        values, errors = values @ membership, errors @ membership
    else:
        games = [Masked(_asked(model), row, start, owner, len(groups)) for row in x]
        found = [shapley_values(game, TOLERANCE) for game in games]
        values = np.stack([one.shap for one in found])
        errors = np.stack([one.standard_error for one in found])
        base = found[0].base
    alone = all(len(columns) == 1 for columns in groups)
    return shap.Explanation(
        values, base_values=np.full(len(x), base), error_std=errors,
        data=x[:, [columns[0] for columns in groups]] if alone else None,
        feature_names=names if alone else None,
    )  # fmt: skip


def _asked(model: Callable[[NDArray[Any]], Any]) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """The model in batches, its answers flat."""

    def answers(rows: NDArray[Any]) -> NDArray[np.float64]:
        found = [
            np.asarray(ops.convert_to_numpy(model(rows[at : at + ROWS_AT_ONCE])), np.float64)
            for at in range(0, len(rows), ROWS_AT_ONCE)
        ]
        return np.concatenate(found).reshape(len(rows))

    return answers


def _slopes(
    model: Any, x: NDArray[Any], start: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    if not isinstance(model, keras.Model):
        raise TypeError(f"Expected gradients need a Keras model. Received: model={model}")
    x, start = x.astype(np.float32), start.astype(np.float32)
    found = [expected_gradients(_flat(model), row, start, POINTS) for row in x]
    base = float(_asked(model)(start).mean())
    return np.stack([s.values for s in found]), np.stack([s.error for s in found]), base


@lru_cache(maxsize=8)
def _flat(model: keras.Model) -> Callable[[Any], Any]:
    """One function a model, so that it is compiled once."""
    return lambda rows: ops.reshape(model(rows, training=False), (-1,))
