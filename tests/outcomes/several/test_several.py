"""Several events from the table to the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pmed_core.errors import UserError
from pmed_core.options import FitOptions
from pmed_core.outcomes import Classes, Several
from pmed_core.outcomes.several import checks as several
from pmed_core.predictor import Predictor
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.training.fit import fit
from tests.outcomes.several.made import NAMES, asked, cohort, complications
from tests.shell.typed import shell

OPTIONS = FitOptions.model_validate({"folds": 2})


@pytest.fixture(scope="module")
def trained() -> Predictor:
    return fit(cohort(), OPTIONS)


def test_all_columns_are_outcomes_and_what_is_not_known_is_said() -> None:
    found = cohort()
    outcome = found.chosen_outcome()
    assert isinstance(outcome, Several)
    assert outcome.columns == NAMES
    assert [v.name for v in found.inputs] == ["lactate", "age", "noise"]
    table = complications()
    for k, name in enumerate(NAMES):
        actual = found.target().actual[:, k]
        assert (actual == 1).tolist() == (table[name] == "yes").tolist()
        assert np.isnan(actual).tolist() == table[name].isna().tolist()
    lacking = int(table["falls"].isna().sum())
    assert f"'falls' is not known of {lacking} of 240 patients" in " ".join(found.notes)
    assert not any("are not used" in note for note in found.notes)
    events = [d.column for d in found.reading if d.rule == "event"]
    assert sorted(events) == sorted(NAMES), "each can be overruled"


def test_a_patient_of_whom_one_is_known_is_used() -> None:
    table = complications()
    table.loc[0, list(NAMES)] = [None, None, "yes"]
    table.loc[1, list(NAMES)] = [None, None, None]
    found = read_cohort(table, outcome=asked(*NAMES), patient="patient")
    assert found.observed()[:2].tolist() == [0, -1]
    assert len(found.labelled()) == 239


def test_more_than_yes_and_no_is_refused() -> None:
    table = complications().assign(grade=np.arange(240) % 3)
    with pytest.raises(UserError, match="The outcome has 3 values"):
        read_cohort(table, outcome=asked("sepsis", "grade"))
    with pytest.raises(UserError, match="more than two values"):
        several.completed(cohort(), Several(()), [Classes("grade", ("1", "2", "3"))])


def test_the_same_column_twice_is_refused() -> None:
    with pytest.raises(UserError, match="different columns"):
        read_cohort(complications(), outcome=asked("sepsis", "sepsis"))


def test_how_often_each_happened_is_said() -> None:
    found = check(cohort())
    (said,) = [f.sentence for f in found.findings if f.check == "outcome balance"]
    assert all(f"'{name}' to " in said for name in NAMES)
    leaks = [f.sentence for f in found.findings if f.check == "leakage"]
    assert len(leaks) == len(NAMES)


def test_it_learns_each_of_them(trained: Predictor) -> None:
    found = trained.evaluation
    said, actual = trained.held_out().value, cohort().target().actual
    folds, scores = np.array(trained.held_out().folds), []
    for k, name in enumerate(NAMES):
        parts = [np.isfinite(actual[:, k]) & (folds == fold) for fold in np.unique(folds)]
        each = [roc_auc_score(actual[part, k], said[part, k]) for part in parts]
        pairs = [(actual[part, k] == 1).sum() * (actual[part, k] == 0).sum() for part in parts]
        expected = np.average(each, weights=pairs)
        assert found.measures[f"auroc_{name}"].value == pytest.approx(expected)
        assert expected > 0.75
        scores.append(expected)
    assert found.measures["auroc"].value == pytest.approx(np.mean(scores))
    assert found.events == tuple(int(n) for n in np.nansum(actual, axis=0))
    assert ((said > 0) & (said < 1)).all()
    assert {"Logistic regression", "Random forest"} <= {one.name for one in found.baselines}


def test_each_has_reasons_of_its_own(trained: Predictor) -> None:
    rows = cohort().select(np.arange(20))
    for label, variable in (("sepsis", "lactate"), ("delirium", "age")):
        found = trained.explain(rows, label, tolerance=0.05)
        assert found.gap.max() < 1e-5
        most = np.abs(found.shap).mean(axis=0).argmax()
        assert found.variables[most] == variable
        k = NAMES.index(label)
        said = found.quantity.shown(found.prediction)
        assert said == pytest.approx(trained.predict(rows).value[:, k], abs=1e-6)


def test_a_package_says_the_same_again(trained: Predictor, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    again, rows = Predictor.load(tmp_path / "model"), cohort().select(np.arange(20))
    assert again.outcome == trained.outcome
    assert again.predict(rows).value == pytest.approx(trained.predict(rows).value, abs=1e-6)


def test_other_words_for_the_same_are_understood(trained: Predictor) -> None:
    new = complications(80, seed=5)
    new["falls"] = new["falls"].map({"yes": "1", "no": "0"})
    read = read_for(new, trained.variables, trained.outcome, "patient")
    assert (read.target().actual[:, 2] == 1).tolist() == (new["falls"] == "1").tolist()
    found = trained.evaluate(read)
    assert found.n == 80
    assert found.measures["auroc"].value > 0.7


def test_the_shell_names_columns_for_each(trained: Predictor, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    complications(30, seed=5).to_csv(tmp_path / "new.csv", index=False)
    assert not shell(
        "predict", tmp_path / "model", tmp_path / "new.csv", "--to", tmp_path / "out.csv"
    )
    found = pd.read_csv(tmp_path / "out.csv")
    said = [f"{what}_{name}" for name in NAMES for what in ("probability", "low", "high")]
    assert list(found.columns) == ["patient", *said]
    for name in NAMES:
        assert (found[f"low_{name}"] <= found[f"probability_{name}"]).all()
        assert (found[f"probability_{name}"] <= found[f"high_{name}"]).all()


def test_what_happened_is_told_by_name() -> None:
    outcome = cohort().chosen_outcome()
    assert outcome.happened(0, actual=(1, 0, float("nan"))) == "sepsis (1 not known)"
    assert outcome.happened(0, actual=(0, 0, 0)) == "none"
    assert outcome.happened(-1, actual=(float("nan"),) * 3) == "unknown"
