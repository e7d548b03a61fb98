"""Home: what this is, what there is, and one next step that names what it is about."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pmed_core.evaluation import Measure
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, models
from pmed_core.service.entries import ModelEntry
from tests.figures import nouns
from tests.pages.conftest import Open


def entry(name: str, low: float = 0.84) -> ModelEntry:
    evaluated = nouns.evaluation()
    evaluated.measures["auroc"] = Measure(0.86, low, 0.88)
    return ModelEntry(
        name.lower(), name, "", "icu.csv", "TabM", YesNo("died", ("1",)), nouns.variables(), 4000,
        550, 9.0, 0.0, evaluated, {}, 0.14,
    )  # fmt: skip


def samples(app: AppTest) -> bool:
    """Whether they can be opened, and lie open."""
    (box,) = (one for one in app.expander if one.label == "Start with a sample")
    assert any(button.label == "Open this sample" for button in box.button)
    return bool(box.proto.expanded)


def test_an_empty_installation_shows_three_steps_and_the_samples(opened: Open) -> None:
    app = opened()
    assert [one.value.split(": ", 1)[-1] for one in app.subheader] != []
    titles = " ".join(one.value for one in app.subheader)
    assert all(step in titles for step in ("1. Data", "2. Model", "3. One patient"))
    assert samples(app)


def test_the_next_step_names_the_cohort_and_samples_stay(opened: Open, small: str) -> None:
    app = opened()
    (said,) = (one.value for one in app.markdown if "Choose the outcome of" in one.value)
    assert "small" in said
    assert not samples(app)
    variables = cohorts.cohort(small).variables
    cohorts.revise(small, variables, YesNo("event", ("yes",)))
    (said,) = (one.value for one in opened().markdown if "Train a model on it" in one.value)
    assert "small" in said


def test_models_stand_there_with_how_good_they_are(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (entry("Newest *"), *(entry(f"M{k}", 0.45) for k in range(6)))
    monkeypatch.setattr(models, "models", lambda: kept)
    app = opened()
    said = " ".join(one.value for one in app.markdown)
    assert "**Newest \\*** is trained" in said
    assert "AUROC 0.860 (0.840 to 0.880)" in said
    assert said.count("No better than chance") == 4
    assert not app.error
