"""Who trains what, and what people use today on the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled
from pmed_core.modalities.tabular.baselines import Encoded, baselines
from pmed_core.options import FitOptions
from pmed_core.outcomes import Target, YesNo, categorical
from pmed_core.progress import Silent, Stop
from pmed_core.readers.tables import read_cohort
from pmed_core.training.cores import over_cores
from pmed_core.training.fit import fit
from pmed_core.training.folds import entries, outer_folds
from pmed_core.variable import Kind, Role, Variable


def cohort(rows: int, visits: int = 1, rate: float = 0.3) -> Cohort:
    generator = np.random.default_rng(rows + visits)
    marker = generator.normal(size=rows)
    ill = marker + generator.normal(size=rows) > np.quantile(marker, 1 - rate)
    frame = pd.DataFrame(
        {
            "patient": [f"p{n // visits}" for n in range(rows)],
            "marker": marker.round(3),
            "noise": generator.normal(size=rows).round(3),
            "ill": np.where(ill, "yes", "no"),
        }
    )
    return read_cohort(frame, outcome="ill", patient="patient", positive=["yes"])


@given(rows=st.integers(60, 150), visits=st.integers(1, 8), folds=st.integers(2, 8))
def test_every_row_is_held_out_once_and_patients_stay_together(
    rows: int, visits: int, folds: int
) -> None:
    made = cohort(rows, visits)
    owner, observed = made.patients(), made.observed()
    assume(all(len(set(owner[observed == label])) >= 4 for label in (0, 1)))
    outer = outer_folds(made, folds, 0)
    held_out = np.concatenate([rows for _, rows in outer])
    assert sorted(held_out.tolist()) == list(range(rows))
    for entry in entries(made, outer, 2, 0):
        training = set(outer[entry.fold][0].tolist())
        assert set(entry.training.tolist()) | set(entry.validation.tolist()) == training
        assert not set(owner[entry.training]) & set(owner[entry.validation])
        assert not set(owner[entry.training]) & set(owner[outer[entry.fold][1]])


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=5), min_size=4, max_size=9))
def test_a_few_patients_with_several_labels_each_leave_something_to_learn_from(
    visits: list[list[bool]],
) -> None:
    owner = np.repeat(np.arange(len(visits)), [len(one) for one in visits]).astype(str)
    ill = np.concatenate(visits)
    assume(all(len(set(owner[ill == label])) >= 4 for label in (True, False)))
    frame = pd.DataFrame({"patient": owner, "x": 0.5, "ill": np.where(ill, "yes", "no")})
    whose = Variable("patient", Kind.CATEGORY, Role.PATIENT)
    made = Cohort("made", frame, (whose,), YesNo("ill", ("yes",)))
    outer = outer_folds(made, 5, 0)
    for entry in entries(made, outer, 8, 0):
        assert set(made.observed()[entry.training]) == {0, 1}


def test_four_baselines_predict_each_patient_out_of_fold() -> None:
    made = cohort(160)
    outer = outer_folds(made, 4, 0)
    marker = made.table[["marker", "noise"]].to_numpy(dtype=np.float32)
    found = baselines(made, outer, [Encoded(marker, marker[:7])] * 4, 0, Silent())
    assert set(found) == {
        "Logistic regression", "Random forest", "Gradient boosting", "SVM",
    }  # fmt: skip
    for predictions, seconds in found.values():
        assert predictions.value.shape == (160, 1)
        assert predictions.panel.shape == (4, 7, 1)
        assert ((predictions.value >= 0) & (predictions.value <= 1)).all()
        assert predictions.patients == tuple(made.patients())
        assert (predictions.observed == made.observed()).all()
        assert roc_auc_score(made.observed(), predictions.value[:, 0]) > 0.65
        assert seconds > 0


class Recorder:
    """A model that says which rows it was given, by their first column."""

    def __init__(self, told: list[tuple[list[int], list[int]]]) -> None:
        self.told = told

    def fit(self, columns: NDArray[Any], target: Target) -> Recorder:
        self.fitted = columns[:, 0].astype(int).tolist()
        self.rate = float(target.observed.mean())
        return self

    def cells(self, columns: NDArray[Any]) -> NDArray[np.float64]:
        self.told.append((self.fitted, columns[:, 0].astype(int).tolist()))
        return np.tile([1 - self.rate, self.rate], (len(columns), 1))


def test_baselines_are_given_the_folds_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    made, told = cohort(90, visits=2), list[tuple[list[int], list[int]]]()
    monkeypatch.setattr(categorical, "baselines", lambda *_: {"any": Recorder(told)})
    outer = outer_folds(made, 3, 0)
    number = np.arange(90, dtype=np.float32)[:, None]
    # Each fold reads the cohort as that fold encodes it.
    encoded = [
        Encoded(number + 1000 * fold, np.full((1, 1), -fold, np.float32)) for fold in range(3)
    ]
    found, _ = baselines(made, outer, encoded, 0, Silent())["any"]
    expected = [
        ((training + 1000 * fold).tolist(), [*(held_out + 1000 * fold).tolist(), -fold])
        for fold, (training, held_out) in enumerate(outer)
    ]
    assert sorted(told) == sorted(expected)
    for training, held_out in outer:
        rate = made.observed()[training].mean()
        assert found.value[held_out, 0] == pytest.approx(rate)
    rates = np.array([made.observed()[training].mean() for training, _ in outer])
    assert found.panel[:, 0, 0] == pytest.approx(np.log(rates / (1 - rates)))


def test_pieces_come_in_order_and_end_with_the_first_that_fails() -> None:
    done = []

    def piece(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        done.append(number)
        return number

    assert list(over_cores(piece, 3, Silent(), 2)) == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        list(over_cores(piece, 4000, Silent(), 1))
    assert len(done) < 4000


def test_a_slow_baseline_is_left_out_of_large_cohorts_and_all_stop_when_told() -> None:
    assert "SVM" not in categorical.baselines(0, categorical.SVM_ROWS + 1, None)

    class Cancelling(Silent):
        def stop(self) -> Stop:
            return "cancel"

    made, nothing = cohort(60), np.zeros((60, 1), np.float32)
    with pytest.raises(Cancelled):
        baselines(made, outer_folds(made, 2, 0), [Encoded(nothing, nothing)] * 2, 0, Cancelling())


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_class_weights_do_not_overestimate_risk() -> None:
    made = cohort(240, rate=0.12)
    options = FitOptions.model_validate(
        {"folds": 2, "imbalance": "class_weights", "baselines": False, "network": {"name": "mlp"}}
    )
    predictor = fit(made, options)
    assert predictor.out_of_fold is not None
    mean = predictor.out_of_fold.value.mean()
    assert mean == pytest.approx((made.observed() == 1).mean(), abs=0.06)
