"""Whoever was in training is answered by the networks that never saw them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pmed_core import fit, load, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.contracts import NOBODY
from pmed_core.modalities.tabular.membership import (
    Members,
    folds_again,
    row_hashes,
    rows_digest,
)
from pmed_core.options import FitOptions
from pmed_core.package import save_held_out
from pmed_core.predictor import Predictor
from tests.epochs import Few
from tests.service.made import QUICK, patients

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TREES = FitOptions(folds=3, baselines=False)


def noise(rows: int = 150) -> pd.DataFrame:
    """Nothing in it tells the outcome; some patients have two rows, some cells are missing."""
    draw = np.random.default_rng(1)
    table = pd.DataFrame({f"x{n}": draw.normal(size=rows).round(3) for n in range(8)})
    table["x1"] = table["x1"].mask(draw.random(rows) < 0.2)
    table["group"] = draw.choice(["a", "b", "c"], rows)
    table.insert(0, "who", [f"P{n % (rows - 20):03d}" for n in range(rows)])
    table["ill"] = draw.choice(["yes", "no"], rows)
    return table


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return read_cohort(noise(), outcome="ill", patient="who", positive=["yes"])


@pytest.fixture(scope="module")
def predictor(cohort: Cohort) -> Predictor:
    return fit(cohort, TREES, Few(12))


def test_each_fold_says_again_what_was_said_out_of_fold(
    predictor: Predictor, cohort: Cohort
) -> None:
    kept = predictor.held_out()
    folds = np.array(kept.folds)
    assert set(folds) == {0, 1, 2}
    for fold in range(3):
        rows = np.flatnonzero(folds == fold)
        again = predictor.of_fold(fold).ensemble.risks(cohort.table.iloc[rows])
        for found, known in zip(again, (kept.value, kept.low, kept.high), strict=True):
            assert found == pytest.approx(known[rows], abs=1e-6)
    assert predictor.of_fold(1).ensemble is predictor.of_fold(1).ensemble


def test_no_patient_is_in_two_folds(predictor: Predictor, cohort: Cohort) -> None:
    folds = pd.Series(predictor.held_out().folds).groupby(cohort.patients()).nunique()
    assert (folds == 1).all()


def test_on_noise_what_is_held_out_is_no_better_than_chance(
    predictor: Predictor, cohort: Cohort
) -> None:
    event = cohort.observed()
    seen, held_out = predictor.predict(cohort), predictor.predict(cohort, held_out=True)
    assert roc_auc_score(event, seen.value[:, 0]) > 0.9
    assert abs(roc_auc_score(event, held_out.value[:, 0]) - 0.5) < 0.15
    assert held_out.value == pytest.approx(predictor.held_out().value, abs=1e-6)
    assert "150 of 150 rows were in training" in seen.notes[0]
    assert (held_out.notes, held_out.folds) == ((), predictor.held_out().folds)


def test_explanations_of_the_held_out_end_at_their_held_out_risk(
    predictor: Predictor, cohort: Cohort
) -> None:
    rows = np.array([140, 3])
    found = predictor.explain(cohort.select(rows), held_out=True)
    kept = predictor.held_out().value[rows, 0]
    assert expit(found.prediction) == pytest.approx(kept, abs=1e-6)
    assert found.base + found.shap.sum(axis=1) == pytest.approx(found.prediction, abs=1e-6)
    assert found.patients == tuple(cohort.patients()[rows])
    assert found.notes == ("2 of 2 rows are explained by the networks that never saw them.",)
    assert predictor.explain(cohort.select(rows)).notes[0].startswith("2 of 2 rows were in")


def test_new_patients_get_all_networks_and_no_note(predictor: Predictor, cohort: Cohort) -> None:
    new = cohort.table.head(3).assign(x0=[9.25, 9.5, 9.75], who=["N1", "N2", "N3"])
    mixed = replace(cohort, table=pd.concat([new, cohort.table.head(2)], ignore_index=True))
    found = predictor.predict(mixed, held_out=True)
    assert found.folds[:3] == (NOBODY,) * 3
    assert found.value[:3] == pytest.approx(predictor.ensemble.risks(new)[0], abs=1e-9)
    assert found.value[3:] == pytest.approx(predictor.held_out().value[:2], abs=1e-6)
    # The id alone makes nobody the same: the values differ.
    same_id = replace(cohort, table=new.assign(who=["P000", "P001", "P002"]).reset_index(drop=True))
    assert predictor.predict(same_id).notes == ()


def test_the_training_table_is_not_evaluated_unless_its_held_out_predictions_are(
    predictor: Predictor, cohort: Cohort
) -> None:
    mixed = cohort.select(np.random.default_rng(0).permutation(len(cohort)))
    with pytest.raises(UserError, match="the model was trained on"):
        predictor.evaluate(mixed)
    found = predictor.evaluate(mixed, held_out=True)
    assert found.measures["auroc"].value == pytest.approx(
        predictor.evaluation.measures["auroc"].value
    )
    assert not predictor.knows(cohort.select(np.arange(100)))


def test_beside_a_package_stands_nothing_that_tells_who_they_are(
    predictor: Predictor, cohort: Cohort, tmp_path: Path
) -> None:
    predictor.save(tmp_path / "model")
    alone = load(tmp_path / "model")
    assert isinstance(alone, Predictor)
    with pytest.raises(UserError, match="not kept"):
        alone.held_out()
    assert "150 of 150" in alone.predict(cohort).notes[0]
    save_held_out(predictor, tmp_path / "model")
    text = (tmp_path / "model" / "held_out.json").read_text()
    assert "P0" not in text
    loaded = load(tmp_path / "model")
    assert isinstance(loaded, Predictor)
    order = np.random.default_rng(5).permutation(len(cohort))
    found = loaded.predict(cohort.select(order), held_out=True)
    assert found.value == pytest.approx(predictor.held_out().value[order], abs=1e-6)
    loaded.recognise(cohort.select(order))
    assert set(loaded.held_out().patients) == set(cohort.patients())
    one = loaded.explain(cohort.select(np.array([7])), held_out=True)
    assert expit(one.prediction[0]) == pytest.approx(predictor.held_out().value[7, 0], abs=1e-6)


def test_folds_that_were_not_kept_are_found_again_or_not_believed(
    predictor: Predictor, cohort: Cohort
) -> None:
    kept = replace(predictor.held_out(), folds=())
    assert folds_again(predictor, cohort, kept) == predictor.held_out().folds
    other = replace(kept, value=kept.value + 0.01)
    assert folds_again(predictor, cohort, other) == ()
    assert folds_again(predictor, cohort.select(np.arange(149)), kept) == ()


def test_rows_are_told_by_their_cells_alone(cohort: Cohort) -> None:
    inputs = cohort.inputs
    hashes = row_hashes(cohort.table, inputs)
    order = np.random.default_rng(2).permutation(len(cohort))
    assert (row_hashes(cohort.table.iloc[order], inputs) == hashes[order]).all()
    assert rows_digest(hashes, inputs) == rows_digest(hashes[order], inputs)
    changed = cohort.table.copy()
    changed["x2"] += np.where(np.arange(len(changed)) == 3, 0.001, 0)
    assert (row_hashes(changed, inputs) != hashes).nonzero()[0].tolist() == [3]
    assert rows_digest(row_hashes(changed, inputs), inputs) != rows_digest(hashes, inputs)
    blank = cohort.table.head(1).assign(group=np.nan)
    assert row_hashes(blank, inputs)[0] != hashes[0]


def test_typed_values_are_whose_they_are_and_several_are_nobodys() -> None:
    members = Members(
        np.array(["a", "b", "c", "c"]), np.array([0, 1, 1, 1]),
        np.array([5, 5, 7, 8], dtype=np.uint64),
    )  # fmt: skip
    found = members.find("", np.array([7], dtype=np.uint64))
    assert (found.fold, found.patient, found.alike) == (1, "c", 1)
    both = members.find("", np.array([5], dtype=np.uint64))
    assert (both.fold, both.patient, both.alike) == (None, "", 2)
    assert members.find("a", np.array([1], dtype=np.uint64)).fold == 0
    assert members.find("z", np.array([5], dtype=np.uint64)).fold is None
    assert members.find("", np.array([9], dtype=np.uint64)).alike == 0


@pytest.mark.parametrize("outcome", ["died", "group"], ids=["yes/no", "classes"])
def test_other_networks_and_classes_are_restricted_too(outcome: str) -> None:
    table = patients()
    table["group"] = np.where(table.age < 50, "a", np.where(table.age < 65, "b", "c"))
    positive = ["yes"] if outcome == "died" else ["*"]
    read = read_cohort(table, outcome=outcome, patient="patient_id", positive=positive)
    found = fit(read, QUICK, Few(12))
    again = found.predict(read, held_out=True)
    assert again.value == pytest.approx(found.held_out().value, abs=1e-6)
