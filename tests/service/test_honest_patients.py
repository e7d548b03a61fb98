"""What the Patient page shows of training patients is no better than the model honestly is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pmed_core.advice import Counterfactual, Option
from pmed_core.errors import UserError
from pmed_core.figures.standing import basis_sentence, standing
from pmed_core.limits import Limit, Limits
from pmed_core.options import FitOptions
from pmed_core.outcomes import YesNo
from pmed_core.predictions import Predictions
from pmed_core.service import cohorts, models, patients, training
from pmed_core.service.hub import hub
from pmed_core.work import Cell, Consultation
from tests.epochs import at_most
from tests.service.made import Installation, as_bytes
from tests.service.made import patients as made

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TREES = FitOptions(folds=3, baselines=False)


def noise(rows: int = 160) -> pd.DataFrame:
    """Forty measurements, none of which tells the outcome."""
    draw = np.random.default_rng(3)
    table = pd.DataFrame({f"x{n}": draw.normal(size=rows).round(3) for n in range(40)})
    table.insert(0, "patient_id", [f"P{n:03d}" for n in range(rows)])
    table["ill"] = draw.permutation(["yes", "no"] * (rows // 2))
    return table


def trained_on(name: str, data: bytes, outcome: YesNo, options: FitOptions) -> tuple[str, str]:
    """-> ids of the cohort and of a model of it."""
    first = cohorts.bring_in(name, data)
    cohort = cohorts.revise(first, cohorts.cohort(first).variables, outcome)
    with at_most(12):
        job = training.job(training.train(cohort, "m", options))
    assert job.state == "done", job.error
    return cohort, job.result


def shown(cohort: str, model: str) -> tuple[list[str], np.ndarray, list[Consultation]]:
    """Of every patient what the page shows."""
    ids = list(cohorts.find_patients(cohort, "", 10_000))
    found = [patients.consult(model, cohorts.cells(cohort, one), one) for one in ids]
    return ids, np.array([one.value[0] for one in found]), found


def kept(model: str) -> Predictions:
    found = hub().store.models.out_of_fold(model)
    assert found is not None
    return found


def test_on_pure_noise_the_page_is_no_better_than_chance() -> None:
    cohort, model = trained_on("noise.csv", as_bytes(noise()), YesNo("ill", ("yes",)), TREES)
    _, risk, found = shown(cohort, model)
    event = kept(model).observed
    assert abs(roc_auc_score(event, risk) - 0.5) < 0.14  # three standard errors
    assert risk == pytest.approx(kept(model).value[:, 0], abs=1e-6)
    assert {one.basis for one in found} == {"held-out"}
    # Nobody is ranked by a number of another kind: ranks run evenly over the cohort.
    ranks = sorted(one.position[0] for one in found)
    assert ranks[0] == 0
    assert ranks[-1] == pytest.approx(159 / 160)
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.01)
    # Networks that have seen them would know them all by heart.
    new = [
        patients.consult(model, _jittered(cohorts.cells(cohort, f"P{n:03d}"))) for n in range(30)
    ]
    assert {one.basis for one in new} == {"new"}
    in_sample = np.array([one.value[0] for one in new])
    assert roc_auc_score(event[:30], in_sample) > 0.8
    assert not standing(models.model(model).evaluation).tells


def _jittered(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """The same patient to the networks, and nobody of training to the letter."""
    return dict(cells) | {"x0": float(cells["x0"] or 0.0) + 1e-7}


def test_reasons_checks_and_changes_are_of_the_same_networks(trained: Installation) -> None:
    for one in ("P007", "P031"):
        cells = cohorts.cells(trained.cohort, one)
        found = patients.consult(trained.model, cells, one)
        row = kept(trained.model).patients.index(one)
        assert found.value[0] == pytest.approx(kept(trained.model).value[row, 0], abs=1e-6)
        why = patients.explain(trained.model, cells, "yes", one)
        assert expit(why.prediction[0]) == pytest.approx(found.value[0], abs=1e-6)
        trust = patients.check(trained.model, cells, "yes", one)
        assert trust.strongest[0] == pytest.approx(found.value[0], abs=1e-5)
        changed = cells | {"age": 30.0}
        moved = patients.consult(trained.model, changed, one)
        assert (moved.basis, moved.known_as) == ("held-out", one)
        limits = Limits((Limit("age"), Limit("sex")))
        nearest = patients.counterfactuals(
            trained.model, cells, "yes", found.value[0] * 0.9, limits, one
        )
        advice = patients.advise(trained.model, cells, "yes", limits, one)
        assert advice.value == pytest.approx(found.value[0], abs=1e-6)
        assert advice.among == 50
        states: list[Counterfactual | Option] = [nearest[0], *advice.singles, *advice.pairs]
        for state in states:
            after = cells | {change.variable: change.after for change in state.changes}
            again = patients.consult(trained.model, after, one)
            assert (again.value[0], again.low[0], again.high[0]) == pytest.approx(
                (state.value, state.low, state.high), abs=1e-6
            )


def test_typed_values_of_a_training_patient_are_held_out_too(trained: Installation) -> None:
    cells = cohorts.cells(trained.cohort, "P007")
    typed, named = (patients.consult(trained.model, cells, one) for one in ("", "P007"))
    assert typed.value == named.value
    assert (typed.basis, typed.known_as) == ("held-out", "P007")
    assert basis_sentence(typed, named=False).startswith("These are the values of patient P007")
    new = patients.consult(trained.model, cells | {"age": 61.23})
    assert (new.basis, new.known_as, new.alike) == ("new", "", 0)


def test_an_imported_model_does_not_know_who_was_in_training(trained: Installation) -> None:
    fresh = models.bring_in("model.zip", models.export(trained.model))
    found = patients.consult(fresh, cohorts.cells(trained.cohort, "P007"))
    assert found.basis == "unknown"
    assert "the number is too good" in basis_sentence(found, named=False)


def test_a_model_kept_without_folds_finds_them_again(trained: Installation) -> None:
    before = kept(trained.model)
    hub().store.models.keep_out_of_fold(trained.model, replace(before, folds=()))
    cells = cohorts.cells(trained.cohort, "P007")
    assert patients.consult(trained.model, cells, "P007").basis == "held-out"
    other = replace(before, folds=(), value=1 - before.value)
    hub().store.models.keep_out_of_fold(trained.model, other)
    found = patients.consult(trained.model, cells, "P007")
    assert found.basis == "in training"
    assert "too good" in basis_sentence(found, named=True)


def test_a_patient_without_an_outcome_was_not_in_training() -> None:
    table = noise(80).drop(columns="patient_id")
    table.loc[5, "ill"] = None
    options = FitOptions(folds=2, baselines=False)
    cohort, model = trained_on("some.csv", as_bytes(table), YesNo("ill", ("yes",)), options)
    assert patients.consult(model, cohorts.cells(cohort, "6"), "6").basis == "new"
    # Rows are numbered as in the file, also behind the one that was left out.
    after = patients.consult(model, cohorts.cells(cohort, "20"), "20")
    assert after.basis == "held-out"
    assert after.value[0] == pytest.approx(kept(model).value[18, 0], abs=1e-6)
    assert "20" not in {one.patient for one in after.neighbours}


@pytest.mark.slow
def test_on_the_heart_table_the_page_is_as_good_as_out_of_fold(real_tables: Path) -> None:
    lines = (real_tables / "heart_disease_cleveland.csv").read_bytes().splitlines(keepends=True)
    data = b"".join(lines[:131])
    outcome = YesNo("num", ("1", "2", "3", "4"))
    cohort, model = trained_on("heart.csv", data, outcome, TREES)
    _, risk, _ = shown(cohort, model)
    found = kept(model)
    auroc = roc_auc_score(found.observed, risk)
    assert auroc == pytest.approx(roc_auc_score(found.observed, found.value[:, 0]), abs=1e-6)
    pairs, right = 0.0, 0.0
    for fold in set(found.folds):
        mine = np.array(found.folds) == fold
        count = float((found.observed[mine] == 1).sum() * (found.observed[mine] == 0).sum())
        pairs += count
        right += count * roc_auc_score(found.observed[mine], risk[mine])
    stated = models.model(model).evaluation.measures["auroc"].value
    assert right / pairs == pytest.approx(stated, abs=1e-6)


def test_the_training_file_is_not_evaluated_and_rows_of_it_are_said(trained: Installation) -> None:
    with pytest.raises(UserError, match="the model was trained on"):
        models.evaluate(trained.model, "again.csv", as_bytes(made().sample(frac=1, random_state=0)))
    half = pd.concat([made().head(40), made(60, seed=4)])
    evaluated = models.evaluate(trained.model, "half.csv", as_bytes(half))
    assert evaluated.notes[0].startswith("40 of 100 rows have exactly the values")
