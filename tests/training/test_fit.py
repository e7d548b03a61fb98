"""Training: laws every table model keeps, and what cannot be trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, UserError
from pmed_core.modalities.tabular.package import packed, unpacked
from pmed_core.options import FitOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent, Stop
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from pmed_core.variable import Kind

OPTIONS = FitOptions.model_validate({"folds": 3, "baselines": False})


def simulated(rows: int = 150, classes: int = 2) -> Cohort:
    generator = np.random.default_rng(3)
    severity = generator.normal(size=rows)
    bounds = np.quantile(severity, np.arange(1, classes) / classes)
    frame = pd.DataFrame(
        {
            "patient": [f"p{n}" for n in range(rows)],
            "lactate": (severity + 0.5 * generator.normal(size=rows)).round(3),
            "noise": generator.normal(size=rows).round(3),
            "ward": generator.choice(["a", "b", "c"], rows),
            "outcome": np.digitize(severity, bounds).astype(str),
        }
    )
    frame.loc[::7, "lactate"] = np.nan
    keep = ("*",) if classes > 2 else ()
    return read_cohort(frame, outcome="outcome", patient="patient", positive=keep)


class Recorded(Silent):
    """Collects epochs; stops after ``epochs`` of them in the given way."""

    def __init__(self, epochs: int = 10**6, how: Stop = "") -> None:
        self.seen: list[dict[str, Any]] = []
        self.epochs, self.how = epochs, how

    def epoch(self, values: dict[str, Any]) -> None:
        self.seen.append(values)

    def stop(self) -> Stop:
        return self.how if len(self.seen) >= self.epochs else ""


@pytest.fixture(scope="module")
def trained() -> tuple[Predictor, Recorded]:
    progress = Recorded(25, "keep")
    return fit(simulated(), OPTIONS, progress), progress


def test_it_learns_and_reports_every_fold(trained: tuple[Predictor, Recorded]) -> None:
    predictor, progress = trained
    assert predictor.evaluation.measures["auroc"].value > 0.8
    first, last = progress.seen[0], progress.seen[-1]
    assert np.nanmean(last["training_loss"]) < np.nanmean(first["training_loss"])
    assert len(first["validation_auroc"]) == 3
    assert predictor.out_of_fold is not None
    assert len(predictor.out_of_fold) == 150


def test_probabilities_lie_within_their_interval(trained: tuple[Predictor, Recorded]) -> None:
    predictions = trained[0].predict(simulated())
    assert (predictions.low <= predictions.value).all()
    assert (predictions.value <= predictions.high).all()
    assert (predictions.low >= 0).all()
    assert (predictions.high <= 1).all()


def test_the_order_of_patients_does_not_matter(trained: tuple[Predictor, Recorded]) -> None:
    cohort, order = simulated(), np.random.default_rng(0).permutation(150)
    there = trained[0].predict(cohort).value[order]
    assert np.allclose(there, trained[0].predict(cohort.select(order)).value, atol=1e-6)


def test_saved_and_loaded_it_says_the_same(
    trained: tuple[Predictor, Recorded], tmp_path: Path
) -> None:
    trained[0].save(tmp_path / "model")
    loaded = Predictor.load(tmp_path / "model")
    cohort = simulated()
    same = loaded.predict(cohort).value - trained[0].predict(cohort).value
    assert np.abs(same).max() < 1e-6


def test_a_package_from_before_trees_were_boosted_still_loads(
    trained: tuple[Predictor, Recorded],
) -> None:
    ensemble = trained[0].ensemble
    without = replace(ensemble, networks=replace(ensemble.networks, boosted=None))
    parts = packed(without)
    for calibration in parts.fitted["calibration"]:
        del calibration["boosted"]
    assert not any(name.startswith("boosted/") for name in parts.tensors)
    loaded = unpacked(parts, ensemble.outcome, ensemble.variables)
    table = simulated().table
    assert np.abs(loaded.risks(table) - without.risks(table)).max() < 1e-6


@pytest.mark.parametrize("file", ["spec.json", "weights.safetensors", "cases.json"])
def test_a_changed_package_is_refused(
    trained: tuple[Predictor, Recorded], tmp_path: Path, file: str
) -> None:
    trained[0].save(tmp_path / "model")
    path = tmp_path / "model" / file
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(UserError, match="not those that were saved"):
        Predictor.load(tmp_path / "model")


def test_the_explanation_adds_up(trained: tuple[Predictor, Recorded]) -> None:
    found = trained[0].explain(simulated().select(np.arange(4)))
    assert np.abs(found.base + found.shap.sum(axis=1) - found.prediction).max() < 1e-6
    assert "not measured" in found.values[0]


def test_a_missing_column_is_named(trained: tuple[Predictor, Recorded]) -> None:
    with pytest.raises(UserError, match="'lactate'"):
        trained[0].predict(simulated().table.drop(columns="lactate"))


def test_numbers_are_not_taken_for_categories(trained: tuple[Predictor, Recorded]) -> None:
    """1.0 is none of '0' and '1': it would be read as neither, without a word."""
    table = simulated().table.head(3)
    named = next(v.name for v in trained[0].variables if v.kind in (Kind.CATEGORY, Kind.YES_NO))
    numbers, nothing = table.copy(), table.copy()
    numbers[named], nothing[named] = np.array([1.0, 0.0, np.nan]), np.full(3, np.nan)
    with pytest.raises(UserError, match=f"'{named}' holds 1.0, and text"):
        trained[0].predict(numbers)
    assert np.isfinite(trained[0].predict(nothing).value).all()


def test_an_impossible_patient_is_outside(trained: tuple[Predictor, Recorded]) -> None:
    table = simulated().table.head(2).assign(lactate=[0.1, 1e4])
    assert trained[0].predict(table).outside.tolist() == [False, True]


def test_classes_add_up_to_one() -> None:
    predictor = fit(simulated(classes=3), OPTIONS, Recorded(4, "keep"))
    predictions = predictor.predict(simulated(classes=3))
    assert predictions.value.shape == (150, 3)
    assert np.allclose(predictions.value.sum(axis=1), 1)


def test_the_three_layer_network_trains_too() -> None:
    options = FitOptions.model_validate(
        {"network": {"name": "mlp"}, "folds": 2, "baselines": False}
    )
    assert fit(simulated(), options, Recorded(4, "keep")).card["model"] == "Three-layer network"


def test_cancelled_means_nothing_is_kept() -> None:
    with pytest.raises(Cancelled):
        fit(simulated(), OPTIONS, Recorded(1, "cancel"))


def test_a_single_positive_patient_is_not_enough() -> None:
    cohort = simulated()
    table = cohort.table.assign(outcome=["1", *["0"] * 149])
    with pytest.raises(UserError, match="Only 1 patient"):
        fit(replace(cohort, table=table), OPTIONS)
