"""From logits to losses and probabilities, against known answers and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from pmed_core.outcomes import Classes, Outcome, Target, YesNo
from pmed_core.outcomes.kinds import learning

EVENT = YesNo("died", ("yes",))
STAGES = Classes("stage", ("I", "II", "III"))


def loss(
    outcome: Outcome, label: list[int], weight: list[float], logits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of rows that every network sees alike; ``weight`` of each label."""
    target = learning(outcome).packed(outcome, Target(np.array(label)), np.array(weight))
    of_each = np.repeat(target[:, None, None], logits.shape[1], axis=1)
    found = learning(outcome).loss(outcome, of_each, logits.astype(np.float32))
    return np.asarray(ops.convert_to_numpy(found))


def probabilities(outcome: Outcome, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(learning(outcome).log_cells(outcome, logits))


def drawn(*shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=shape)


@given(st.integers(0, 1000), st.integers(3, 12), st.integers(1, 4))
def test_the_auroc_of_an_epoch_is_that_of_each_networks_own_rows(
    seed: int, rows: int, networks: int
) -> None:
    draw = np.random.default_rng(seed)
    risk = draw.integers(1, 5, (rows, networks)) / 5  # with ties
    event, real = draw.integers(0, 2, (rows, networks)), draw.random((rows, networks)) < 0.8
    event[:2], real[:2] = [[0] * networks, [1] * networks], True
    cells = np.log(np.stack([1 - risk, risk], axis=-1))
    found = learning(EVENT).progress(EVENT, cells, Target(event), real)["auroc"]
    for j in range(networks):
        mine = real[:, j]
        assert found[j] == pytest.approx(roc_auc_score(event[mine, j], risk[mine, j]))


@pytest.mark.parametrize(("outcome", "logits"), [(EVENT, 1), (STAGES, 3)])
def test_there_is_one_logit_for_yes_or_no_and_one_a_class_else(
    outcome: Outcome, logits: int
) -> None:
    assert learning(outcome).outputs(outcome) == logits


def test_a_coin_costs_the_logarithm_of_two() -> None:
    assert loss(EVENT, [0, 1], [1, 1], np.zeros((2, 1, 1, 1))) == pytest.approx(np.log([2, 2]))


@pytest.mark.parametrize("outcome", [EVENT, STAGES])
def test_the_loss_is_the_mean_of_members_and_the_sum_of_networks(outcome: Outcome) -> None:
    label, logits = [0, 1, 1, 0], drawn(4, 2, 5, learning(outcome).outputs(outcome))
    said = probabilities(outcome, logits)
    names = list(range(said.shape[-1]))
    each = [
        np.mean([log_loss(label, said[:, network, m], labels=names) for m in range(5)])
        for network in range(2)
    ]
    assert loss(outcome, label, [1, 1, 1], logits).mean() == pytest.approx(sum(each), rel=1e-5)


def test_a_weight_counts_a_row_so_many_times() -> None:
    logits = drawn(2, 3, 4, 1)
    once, thrice = (loss(EVENT, [0, 1], [1, often], logits) for often in (1, 3))
    assert thrice == pytest.approx(once * [1, 3], rel=1e-5)


def test_a_certain_mistake_costs_much_but_never_without_end() -> None:
    assert loss(EVENT, [1], [1, 1], np.full((1, 1, 1, 1), -1e4)) == pytest.approx([1e4])


@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3))
def test_probabilities_are_lawful(logits: list[float]) -> None:
    row = np.array([logits])
    stages = probabilities(STAGES, row)
    assert stages.sum() == pytest.approx(1)
    assert (stages >= 0).all()
    events = probabilities(EVENT, row[..., None])[..., 1:]
    assert ((events >= 0) & (events <= 1)).all()
    assert (np.diff(events[0, np.argsort(logits), 0]) >= 0).all()
