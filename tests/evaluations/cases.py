"""Predictions with a known truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmed_core.outcomes import Classes, YesNo
from pmed_core.predictions import Predictions

Floats = NDArray[np.float64]
DIED = YesNo("outcome", ("died",))
STAGE = Classes("stage", ("early", "late", "none"))


def predictions(
    risk: ArrayLike, observed: ArrayLike, patients: Sequence[str] | None = None
) -> Predictions:
    """Of patients 0, 1, 2 ... unless named."""
    probability = np.asarray(risk, dtype=np.float64)
    probability = probability[:, None] if probability.ndim == 1 else probability
    n, k = probability.shape
    return Predictions(
        patients=tuple(patients or map(str, range(n))),
        labels=("died",) if k == 1 else STAGE.labels[:k],
        value=probability, low=probability, high=probability,
        observed=np.asarray(observed, dtype=np.int64), outside=np.zeros(n, dtype=bool),
    )  # fmt: skip


def risks(n: int, seed: int = 0, noise: float = 0.6, centre: float = -1.5) -> tuple[Floats, Floats]:
    """Noisy risks (n,) and events (n,) drawn from the true ones."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(centre, 1.4, n)
    event = (generator.random(n) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    return 1 / (1 + np.exp(-truth - generator.normal(0, noise, n))), event
