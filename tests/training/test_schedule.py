"""The learning rate of each step is that of Keras's own schedule, to the last bit."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pmed_core.training.schedule import WarmedCosine


@pytest.mark.parametrize(
    ("first", "falling", "highest", "warm"),
    [(0.0, 28, 2e-3, 2), (0.0, 950, 3e-3, 50), (1e-4, 77, 1e-3, 11), (0.0, 3, 3e-3, 0)],
)
def test_it_says_what_keras_says(first: float, falling: int, highest: float, warm: int) -> None:
    ours, keras_ = (
        kind(first, falling, warmup_target=highest, warmup_steps=warm)
        for kind in (WarmedCosine, keras.optimizers.schedules.CosineDecay)
    )
    steps = np.unique(np.linspace(0, warm + falling + 5, 60).astype(int))
    assert [float(ours(step)) for step in steps] == [float(keras_(step)) for step in steps]
    assert float(ours(np.int64(warm))) == pytest.approx(highest)
    assert float(ours(steps[-1])) == pytest.approx(0, abs=1e-9)
