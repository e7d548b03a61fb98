"""How many more patients would help is asked on a model's page, once, and then stands there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pages.parts.outcome import with_outcome
from pmed_core.errors import UserError
from pmed_core.modalities.tabular.learning_curve import curve
from pmed_core.options import FitOptions, MLPOptions
from pmed_core.outcomes import YesNo
from pmed_core.progress import Silent
from pmed_core.service import cohorts, models, training
from pmed_core.service.hub import hub
from pmed_core.work import Growth
from tests.pages.conftest import Open, installed, table, trained_on

QUICK = FitOptions(network=MLPOptions(), folds=2, baselines=False)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one model that is trained again in no time."""
    with installed(tmp_path_factory.mktemp("trained")) as home:
        first = cohorts.bring_in("small.csv", table(120))
        outcome = YesNo("event", ("yes",))
        variables = with_outcome(list(cohorts.cohort(first).variables), outcome)
        trained_on(cohorts.revise(first, variables, outcome), "A", QUICK)
    return home


def test_it_is_asked_on_the_page_and_kept_with_the_model(opened: Open, trained: str) -> None:
    app = opened("models", model=trained)
    asked = next(b for b in app.button if b.label == "How many more patients would help?")
    asked.click().run(timeout=300)
    assert not app.exception
    found = models.growth(trained)
    assert found is not None
    assert found.patients == (30, 60, 90, 120)
    kept = models.model(trained).evaluation.measures["auroc"]
    assert found.now.value == pytest.approx(kept.value)
    app = opened("models", model=trained)
    assert any("120 more patients" in one.value for one in app.markdown)
    assert "How many more patients would help?" not in {b.label for b in app.button}
    job = next(one for one in training.jobs() if isinstance(one.work, Growth))
    assert job.state == "done"


def test_a_cohort_that_is_split_otherwise_is_refused(trained: str) -> None:
    cohort = hub().store.cohorts.get(models.model(trained).cohort)
    whole = hub().store.models.out_of_fold(trained)
    assert whole is not None
    elsewhere = replace(whole, folds=tuple(1 - fold for fold in whole.folds))
    with pytest.raises(UserError, match="no longer split"):
        curve(cohort, QUICK, elsewhere, Silent())
    with pytest.raises(UserError, match="no longer split"):
        curve(cohort.select(np.arange(60)), QUICK, whole, Silent())
