"""What is chosen to be told of a training, of every kind of outcome and of input."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.modalities import ALL
from pmed_core.options import FitOptions
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.tracking.told import Source, Told, told
from pmed_core.variable import Kind, Variable
from tests.reports import cases

SECRET = "Mustermann"
CARD: dict[str, Any] = {
    "model": "TabM", "rows": 800, "patients": 790, "events": [200], "seconds": 12.5,
    "cohort": f"{SECRET}.csv", "cohort_digest": "cd" * 32, "patient": SECRET,
    "notes": [f"Row 3 holds '{SECRET}'."], "layout": {SECRET: SECRET},
}  # fmt: skip
NAMES = re.compile(r"[\w\-./ ]+")
"""As MLflow lets parameters and metrics be called."""


def run(page: Any, epochs: list[dict[str, Any]], options: Any = None) -> Told:
    variables = (
        Variable("age", Kind.NUMBER, range=(3.25, 99.75)),
        Variable("doctor", Kind.CATEGORY, categories=(SECRET,), labels=((SECRET, SECRET),)),
    )
    evaluation = page.evaluation
    source = Source(
        "ab" * 32, evaluation.outcome, options or FitOptions(), CARD, evaluation, variables, epochs
    )
    return told(source, 1000.0)


PAGES = {
    name: getattr(cases, name)
    for name in ("yes_no", "classes", "several", "number", "time_to_event")
}


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_measures_of_every_outcome_are_told_and_nothing_that_was_observed(kind: str) -> None:
    page = PAGES[kind]()
    found = run(page, [])
    metrics = {name: value for name, value, _ in found.metrics}
    for name, one in page.evaluation.measures.items():
        assert metrics[name] == one.value
        assert (metrics[f"{name}_low"], metrics[f"{name}_high"]) == (one.low, one.high)
    everything = repr(found)
    for held in (SECRET, "3.25", "99.75"):
        assert held not in everything
    assert RESEARCH_ONLY in found.files["model_card.md"]
    assert json.loads(found.files["evaluation.json"])["notice"] == RESEARCH_ONLY
    assert found.started == 1000.0 - 12.5


@pytest.mark.parametrize("modality", ALL)
def test_the_options_of_every_training_are_parameters(modality: Any) -> None:
    found = run(cases.yes_no(), [], modality.Options()).parameters
    assert found["seed"] == "0"
    assert "network.name" in found
    assert all(NAMES.fullmatch(name) for name in found)


VALUES = st.lists(st.floats() | st.none(), max_size=4) | st.floats() | st.text(max_size=3)


@given(epochs=st.lists(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=4)))
def test_whatever_an_epoch_holds_its_numbers_are_finite_and_have_a_step(
    epochs: list[dict[str, Any]],
) -> None:
    told_of = [one for one in run(cases.yes_no(), epochs).metrics if one[0].startswith("epoch/")]
    assert all(math.isfinite(value) for _, value, _ in told_of)
    assert all(NAMES.fullmatch(name) and 1 <= step <= len(epochs) for name, _, step in told_of)


def test_a_curve_is_the_mean_of_the_folds_that_still_train() -> None:
    epochs = [
        {"epoch": 1, "training_loss": [1.0, 3.0]},
        {"epoch": 2, "training_loss": [0.5, float("nan")]},
        {"epoch": 3, "training_loss": [float("nan"), float("nan")]},
    ]
    found = [one for one in run(cases.yes_no(), epochs).metrics if one[0] == "epoch/training_loss"]
    assert found == [("epoch/training_loss", 2.0, 1), ("epoch/training_loss", 0.5, 2)]
