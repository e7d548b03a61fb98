"""Many patients at once: what moves the model, and what does it together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pmed_core import fit, read_cohort
from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled
from pmed_core.explanation import Explanation
from pmed_core.modalities.tabular.importance import importance
from pmed_core.options import FitOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent, Stop

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def made() -> tuple[Predictor, Cohort]:
    """x0 and x1 matter only together, x2 by itself, nine others not at all."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1000, 12))
    risk = 1 / (1 + np.exp(-(2.5 * np.sign(x[:, 0]) * x[:, 1] + x[:, 2])))
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(12)])
    frame["died"] = np.where(draw.random(1000) < risk, "yes", "no")
    cohort = read_cohort(frame, outcome="died")
    return fit(cohort, FitOptions(folds=2, baselines=False)), cohort


def test_who_moves_the_model_and_who_does_it_together(made: tuple[Predictor, Cohort]) -> None:
    predictor, cohort = made
    said: list[float] = []

    class Listening(Silent):
        def stage(self, text: str, fraction: float) -> None:
            said.append(fraction)

    found = importance(predictor.ensemble, cohort.select(np.arange(60)), "yes", Listening())
    assert found.shap.shape == (60, 12)
    assert found.gap.max() < 1e-5
    strongest = np.argsort(-np.abs(found.shap).mean(axis=0))[:3]
    assert set(strongest.tolist()) == {0, 1, 2}
    pair = found.pairs[0]
    assert {pair.first, pair.second} == {0, 1}
    assert pair.strength > 3 * found.pairs[1].strength
    assert found.pairs[1].high < pair.low < pair.strength < pair.high
    assert (found.partner(0), found.partner(1)) == (1, 0)
    assert said == sorted(said)
    assert len(said) == 3
    again = from_json(Explanation, to_json(Explanation, found))
    assert again.pairs == found.pairs
    assert (again.shap == found.shap).all()


def test_it_can_be_stopped(made: tuple[Predictor, Cohort]) -> None:
    class Stopped(Silent):
        def stop(self) -> Stop:
            return "cancel"

    predictor, cohort = made
    with pytest.raises(Cancelled):
        importance(predictor.ensemble, cohort.select(np.arange(3)), "yes", Stopped())
