"""Scores, thresholds and models that mean what they say."""

from __future__ import annotations

import math
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pages.parts.words import MEANINGS
from pmed_core import fit, read_cohort
from pmed_core.errors import UserError
from pmed_core.figures import tables
from pmed_core.figures.wording import MEASURES
from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.service import cohorts, models
from pmed_core.settings import settings
from pmed_core.training.folds import entries, outer_folds
from tests.epochs import Few
from tests.service.made import QUICK, Installation, as_bytes, patients

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_1_scores_that_are_false_because_of_leakage() -> None:
    """pycaret#1874, UCSD-AI4H/COVID-CT#11: the score is high because the answer was in the data."""
    table = patients()
    table["ward code"] = np.where(table.died == "yes", 20, 1) + np.arange(len(table)) % 3
    table["days to discharge"] = np.arange(len(table)) % 11
    table = pd.concat([table, table.head(5)], ignore_index=True)
    cohort = read_cohort(table, outcome="died", patient="patient_id")
    named = {
        column
        for finding in check(cohort).findings
        if finding.severity is Severity.SERIOUS
        for column in finding.columns
    }
    assert {"ward code", "days to discharge"} & named == {"ward code"}
    outer, owner = outer_folds(cohort, 4, 0), cohort.patients()
    for training, held_out in outer:
        assert not set(owner[training]) & set(owner[held_out])
    for entry in entries(cohort, outer, 2, 0):
        assert not set(owner[entry.training]) & set(owner[entry.validation])


def test_1_columns_of_noise_predict_nothing() -> None:
    """pycaret#1874: what was chosen or scaled by all patients flatters those held out."""
    generator = np.random.default_rng(0)
    names = [f"gene {n}" for n in range(1000)]
    table = pd.DataFrame(generator.normal(size=(120, 1000)).round(3), columns=names)
    table["ill"] = generator.choice(["yes", "no"], 120)
    auroc = fit(read_cohort(table, outcome="ill"), QUICK, Few(12)).evaluation.measures["auroc"]
    assert auroc.low < 0.5 < auroc.high


def test_6_threshold_and_calibration_confusion(trained: Installation) -> None:
    """torchxrayvision#175, OHDSI PLP#341: 0.5 is taken for a threshold, a score for a risk."""
    entry = models.model(trained.model)
    evaluated = entry.evaluation
    assert (
        evaluated.threshold == entry.threshold == pytest.approx(evaluated.events[0] / evaluated.n)
    )
    assert {"calibration_slope", "calibration_intercept", "brier"} <= set(evaluated.measures)
    for choice in evaluated.thresholds:
        people = (
            choice.true_positive + choice.false_positive + choice.false_negative
            + choice.true_negative
        )  # fmt: skip
        assert people == evaluated.n
        assert math.isfinite(choice.net_benefit)
    # Evaluating elsewhere never moves the threshold to fit the new patients.
    again = models.evaluate(trained.model, "new.csv", as_bytes(patients(80, seed=5)))
    assert again.threshold == entry.threshold


def test_7_the_exported_model_disagrees_with_the_app(
    trained: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """teachablemachine-community#57, #61: the exported file predicts something else."""
    new = as_bytes(patients(60, seed=7))
    here = models.evaluate(trained.model, "new.csv", new)
    package = models.export(trained.model)
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "another hospital"))
    settings.cache_clear()
    there = models.evaluate(models.bring_in("model.zip", package), "new.csv", new)
    for name, measure in here.measures.items():
        assert there.measures[name].value == pytest.approx(measure.value, nan_ok=True)
    with zipfile.ZipFile(BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["weights.safetensors"] = parts["weights.safetensors"][:-4] + b"\0\0\0\1"
    changed = BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    models.remove(models.models()[0].id)
    with pytest.raises(UserError, match="not those that were saved"):
        models.bring_in("model.zip", changed.getvalue())
    assert not models.models()


def test_9_missing_values_and_categories_crash_it() -> None:
    """explainerdashboard#128, shap#3997: an empty cell ends in an error, or in nonsense."""
    table = patients()
    table["ward"] = [("north", "south", "Ünit 3", None)[n % 4] for n in range(len(table))]
    table["never measured"] = np.nan
    predictor = fit(read_cohort(table, outcome="died", patient="patient_id"), QUICK)
    blank = {name: None for name in ("age", "lactate", "sex", "ward", "never measured")}
    new = pd.DataFrame([blank, {**blank, "age": 70.0, "ward": "a ward built later"}])
    cohort = read_cohort(pd.concat([table.drop(columns="died"), new], ignore_index=True))
    rows = cohort.table.tail(2)[[v.name for v in predictor.variables]]
    assert np.isfinite(predictor.predict(rows).value).all()
    explained = predictor.explain(rows)
    total = explained.base + explained.shap.sum(axis=1)
    assert total == pytest.approx(explained.prediction, abs=1e-6)
    assert set(explained.values[0]) == {"not measured"}


def test_14_which_number_is_this_and_can_it_be_trusted(trained: Installation) -> None:
    """pycox#125, EconML#579: a figure without the name of its estimator or an interval."""
    evaluated = models.model(trained.model).evaluation
    for name, measure in evaluated.measures.items():
        assert MEASURES[name]
        assert MEANINGS[name]
        assert measure.low <= measure.value <= measure.high
        assert measure.high > measure.low
    shown = tables.measures(evaluated)
    assert set(shown["Measure"]) == {MEASURES[name] for name in evaluated.measures}
    assert shown[["Value", "95 % low", "95 % high"]].notna().all(axis=None)
    assert models.model(trained.model).evaluation.on.startswith("out-of-fold")


def test_11_it_fails_in_silence_or_with_a_useless_message() -> None:
    """open-cravat#90 ("Error lines: 99"), REINVENT4#276: nobody can tell what to do next."""
    broken = b"patient_id,age,died\np1,50,yes\np2,61,no,7\n"
    with pytest.raises(UserError) as caught:
        cohorts.bring_in("ward 7.csv", broken)
    assert caught.value.where.startswith("ward 7.csv, line 3")
    assert caught.value.what
    assert caught.value.remedy
    assert not cohorts.cohorts()
