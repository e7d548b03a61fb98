"""Table networks: a bag of independent networks in one model."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.networks.layers import PiecewiseLinear
from pmed_core.networks.table import Architecture, build

TABM = Architecture("tabm", 3, 4, 2, 1, members=5, width=8, dimensions=2, bins=3)


def rows(count: int = 6, networks: int = 3) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, networks, 6)).astype(np.float32)


def said(model: keras.Model, columns: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(model.predict_on_batch(columns))


@pytest.mark.parametrize(("network", "members"), [("tabm", 5), ("mlp", 1)])
@pytest.mark.parametrize("outputs", [1, 4])
def test_logits_have_one_row_a_network_and_member(
    network: Literal["tabm", "mlp"], members: int, outputs: int
) -> None:
    model = build(replace(TABM, network=network, outputs=outputs))
    assert said(model, rows()).shape == (6, 3, members, outputs)


@pytest.mark.parametrize("network", ["tabm", "mlp"])
def test_networks_of_a_bag_do_not_touch_one_another(network: Literal["tabm", "mlp"]) -> None:
    model, columns = build(replace(TABM, network=network)), rows()
    before = said(model, columns)
    columns[:, 1] += 10
    after = said(model, columns)
    assert np.array_equal(before[:, [0, 2]], after[:, [0, 2]])
    assert not np.array_equal(before[:, 1], after[:, 1])


def test_members_differ() -> None:
    logits = said(build(TABM), rows())[..., 0]
    assert logits.std(axis=2).min() > 0


def test_networks_without_numbers_or_without_others_work() -> None:
    assert said(build(replace(TABM, numbers=0, others=6)), rows()).shape == (6, 3, 5, 1)
    assert said(build(replace(TABM, numbers=6, others=0)), rows()).shape == (6, 3, 5, 1)


def test_bins_say_how_far_a_number_has_come() -> None:
    layer = PiecewiseLinear(3)
    layer.build((None, 1, 1))
    layer.adapt(np.array([[[0.0, 1.0, 3.0, 4.0]]]))
    shares = np.asarray(layer(np.array([[[2.0]], [[-0.5]], [[5.0]], [[99.0]]])))[:, 0, 0]
    assert shares[0].tolist() == [1.0, 0.5, 0.0]
    assert shares[1].tolist() == [-0.5, 0.0, 0.0]
    assert shares[2].tolist() == [1.0, 1.0, 2.0]
    # Far beyond the training range a number counts as far beyond, not as without end.
    assert shares[3].tolist() == [1.0, 1.0, 5.0]
