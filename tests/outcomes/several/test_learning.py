"""Several events: masked where they are not known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from keras import ops
from scipy.special import expit

from pmed_core.errors import UserError
from pmed_core.outcomes import Several, Target, YesNo
from pmed_core.outcomes.several import learning
from pmed_core.training.calibration import Space, fit_calibration, normalised

OUTCOME = Several((YesNo("a", ("yes",), negative=("no",)), YesNo("b", ("1",), negative=("0",))))
NAN = float("nan")


def target(*rows: tuple[float, float]) -> Target:
    actual = np.array(rows)
    return Target(np.where(np.isnan(actual).all(axis=1), -1, 0), actual=actual)


def loss_of(known: Target, logits: np.ndarray) -> float:
    packed = learning.packed(OUTCOME, known, np.ones(4))[:, None, None]
    found = learning.loss(OUTCOME, packed, logits[:, None, None].astype(np.float32))
    return float(np.sum(ops.convert_to_numpy(found)))


def test_the_loss_is_the_entropy_of_what_is_known() -> None:
    logits = np.array([[0.7, -1.2], [0.3, 2.0]])
    known = target((1, NAN), (0, 1))
    p = expit(logits)
    expected = -(np.log(p[0, 0]) + np.log(1 - p[1, 0]) + np.log(p[1, 1]))
    assert loss_of(known, logits) == pytest.approx(expected, rel=1e-5)


def test_what_is_said_of_an_unknown_label_changes_nothing() -> None:
    known = target((1, NAN))
    assert loss_of(known, np.array([[0.5, -9.0]])) == pytest.approx(
        loss_of(known, np.array([[0.5, 9.0]]))
    )
    agrees = learning.compatible(OUTCOME, known)
    assert agrees.tolist() == [[0, 1, 1, 1]]


def test_each_event_has_a_distribution_of_its_own() -> None:
    logits = np.array([[0.7, -1.2]])
    cells = learning.log_cells(OUTCOME, logits)
    assert np.exp(cells).reshape(2, 2).sum(axis=1) == pytest.approx([1, 1])
    assert learning.scores(OUTCOME, cells) == pytest.approx(logits)
    traced = learning.traced_log_cells(OUTCOME, logits.astype(np.float32))
    assert ops.convert_to_numpy(traced) == pytest.approx(cells, abs=1e-6)
    assert normalised(cells + 3, 2) == pytest.approx(cells)


def test_calibration_reads_no_unknown_label() -> None:
    draw = np.random.default_rng(0)
    network = learning.log_cells(OUTCOME, draw.normal(size=(80, 2)))
    actual = draw.integers(0, 2, (80, 2)).astype(float)
    actual[:, 1] = NAN
    agrees = learning.compatible(OUTCOME, Target(np.zeros(80, int), actual=actual))
    space = Space(back=partial(learning.unblended, OUTCOME))
    fitted = fit_calibration(network, agrees.reshape(80, 2, 2), space=space)
    assert np.abs(fitted.intercepts[2:]) == pytest.approx([0, 0], abs=1e-4)


def test_rare_and_unknown_labels_are_balanced_apart() -> None:
    known = target(*[(1, NAN)] * 10, *[(0, 1)] * 30, *[(0, 0)] * 10)
    weights = learning.weights(OUTCOME, known, True)
    assert weights == pytest.approx([50 / 80, 50 / 20, 40 / 20, 40 / 60])
    assert (learning.weights(OUTCOME, known, False) == 1).all()
    shares = learning.shares(OUTCOME, known)
    assert shares[0] == pytest.approx([0, 1, 0.25, 0.75]), "as those of whom it is known"


def test_a_baseline_learns_from_whom_it_is_known() -> None:
    draw = np.random.default_rng(0)
    columns = draw.normal(size=(200, 2)).astype(np.float32)
    actual = (columns > 0).astype(float)
    actual[100:, 1] = NAN
    known = Target(np.zeros(200, int), actual=actual)
    model = learning.baselines(OUTCOME, 0, 200, None)["Logistic regression"]
    cells = model.fit(columns, known).cells(columns)
    assert cells.reshape(200, 2, 2).sum(axis=2) == pytest.approx(np.ones((200, 2)))
    assert np.corrcoef(cells[:, 3], columns[:, 1])[0, 1] > 0.5


def test_a_fold_without_an_event_says_so_to_everybody() -> None:
    columns = np.zeros((20, 1), dtype=np.float32)
    known = target(*[(0, 1)] * 10, *[(1, 1)] * 10)
    cells = learning.baselines(OUTCOME, 0, 20, None)["Logistic regression"].fit(columns, known)
    assert cells.cells(columns)[:, 3] == pytest.approx(np.ones(20))


def test_an_event_that_is_too_rare_is_named() -> None:
    who = np.array([f"p{i}" for i in range(40)])
    with pytest.raises(UserError, match="Only 2 patients with a known 'b' have the event"):
        learning.strata(OUTCOME, target(*[(0, 0)] * 20, *[(1, 0)] * 18, *[(1, 1)] * 2), who, "t")


def test_patients_are_split_by_the_rarest_event() -> None:
    who = np.array([f"p{i}" for i in range(40)])
    known = target(*[(0, 0)] * 20, *[(1, 0)] * 14, *[(1, 1)] * 6)
    assert learning.strata(OUTCOME, known, who, "t").tolist() == [0] * 34 + [1] * 6
