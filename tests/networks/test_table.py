"""Table networks: independent networks packed into one model."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.modalities.tabular import network
from pmed_core.modalities.tabular.layers import EnsembleView, NumberEmbedding, PiecewiseLinear
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.outcomes import YesNo
from pmed_core.outcomes.yes_no import learning

Kind = Literal["tabm", "mlp", "linear"]
TABM = Architecture("tabm", 3, 4, 2, 1, members=5, width=8, dimensions=2, bins=3)


def rows(count: int = 6, networks: int = 3) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, networks, 6)).astype(np.float32)


def loss(target: Any, logits: Any) -> Any:
    return learning.loss(YesNo("died", ("yes",)), target, logits)


def said(model: keras.Model, columns: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(model.predict_on_batch(columns))


@pytest.mark.parametrize(("network", "members"), [("tabm", 5), ("mlp", 1), ("linear", 1)])
@pytest.mark.parametrize("outputs", [1, 4])
def test_logits_have_one_row_a_network_and_member(
    network: Kind, members: int, outputs: int
) -> None:
    model = build(replace(TABM, network=network, outputs=outputs))
    assert said(model, rows()).shape == (6, 3, members, outputs)


@pytest.mark.parametrize("network", ["tabm", "mlp"])
def test_packed_networks_do_not_touch_one_another(network: Kind) -> None:
    model, columns = build(replace(TABM, network=network)), rows()
    before = said(model, columns)
    columns[:, 1] += 10
    after = said(model, columns)
    assert np.array_equal(before[:, [0, 2]], after[:, [0, 2]])
    assert not np.array_equal(before[:, 1], after[:, 1])


def packed(architecture: Architecture, edges: NDArray[np.float64]) -> keras.Model:
    model = build(architecture)
    if architecture.network == "tabm":
        model.get_layer("bins").adapt(edges)
    return model


def taken_out(
    networks: keras.Model, edges: NDArray[np.float64], j: int, a: Architecture
) -> keras.Model:
    """Network j, packed alone."""
    alone = packed(replace(a, packed=1), edges[j : j + 1])
    for own, theirs in zip(alone.trainable_variables, networks.trainable_variables, strict=True):
        assert theirs.shape[0] == a.packed
        own.assign(theirs[j : j + 1])
    return alone


@pytest.mark.parametrize("network", ["tabm", "mlp", "linear"])
def test_packed_networks_say_and_learn_what_they_would_alone(
    network: Kind,
) -> None:
    architecture = replace(TABM, network=network, dropout=0.0)
    generator = np.random.default_rng(1)
    edges = np.sort(generator.normal(size=(3, 4, 4)), axis=-1)
    networks, columns = packed(architecture, edges), rows(16)
    targets = np.ones((16, 3, 1, 2), np.float32)
    targets[..., 0] = generator.integers(0, 2, (16, 3, 1))
    alone = [taken_out(networks, edges, j, architecture) for j in range(3)]
    for step in range(2):
        together = said(networks, columns)
        for j, model in enumerate(alone):
            apart = said(model, columns[:, j : j + 1])
            assert together[:, j] == pytest.approx(apart[:, 0], abs=1e-5), (j, step)
        if step == 0:
            for model, mine in [
                (networks, slice(None)),
                *((m, slice(j, j + 1)) for j, m in enumerate(alone)),
            ]:
                model.compile(keras.optimizers.AdamW(1e-2), loss=loss, run_eagerly=True)
                for _ in range(3):
                    model.train_on_batch(columns[:, mine], targets[:, mine])
            assert np.abs(said(networks, columns) - together).max() > 1e-3


def test_members_differ() -> None:
    logits = said(build(TABM), rows())[..., 0]
    assert logits.std(axis=2).min() > 0


def test_networks_without_numbers_or_without_others_work() -> None:
    assert said(build(replace(TABM, numbers=0, others=6)), rows()).shape == (6, 3, 5, 1)
    assert said(build(replace(TABM, numbers=6, others=0)), rows()).shape == (6, 3, 5, 1)


def test_a_new_network_is_a_line_of_nothing() -> None:
    model = build(TABM)
    linear = model.get_layer("linear")
    assert not np.asarray(linear.kernel).any()
    before = said(model, rows())
    linear.kernel.assign(np.ones(linear.kernel.shape))
    added = said(model, rows()) - before
    assert added == pytest.approx(
        np.broadcast_to(rows().sum(2)[..., None, None], added.shape), abs=1e-4
    )


def test_an_embedding_is_a_line_until_its_bins_have_learnt() -> None:
    layer = NumberEmbedding(2)
    scores, bins = np.array([[[2.0]]], np.float32), np.array([[[[1.0, 0.5]]]], np.float32)
    layer.build(scores.shape, bins.shape)
    layer.kernel.assign([[[1.0, -3.0]]])
    layer.bias.assign([[[0.5, 0.0]]])
    assert np.asarray(layer(scores, bins)).ravel().tolist() == [2.5, -6.0]
    layer.bins.assign([[[[10.0, 0.0], [0.0, 4.0]]]])
    assert np.asarray(layer(scores, bins)).ravel().tolist() == [12.5, -4.0]


def test_each_member_scales_a_variable_as_a_whole() -> None:
    layer = EnsembleView(2)
    numbers, others = np.array([[[[1.0, 2.0], [3.0, 4.0]]]], np.float32), np.array([[[5.0]]])
    layer.build(numbers.shape, others.shape)
    layer.numbers.assign(np.array([[[[1.0], [10.0]], [[0.0], [-1.0]]]]))
    layer.others.assign(np.array([[[1.0], [2.0]]]))
    found = np.asarray(layer(numbers, others.astype(np.float32)))[0, 0]
    assert found.tolist() == [[1, 2, 30, 40, 5], [0, 0, -3, -4, 10]]


def test_an_empty_bin_stays_at_zero() -> None:
    layer = PiecewiseLinear(2)
    layer.build((None, 1, 1))
    layer.adapt(np.array([[[1.0, 1.0, 2.0]]]))
    assert np.asarray(layer(np.array([[[1.5]]])))[0, 0, 0].tolist() == [0, 0.5]


def test_networks_know_keras_and_no_backend() -> None:
    for path in Path(network.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                known = [getattr(node, "module", None) or "", *(name.name for name in node.names)]
                roots = {name.split(".")[0] for name in known}
                assert roots.isdisjoint({"tensorflow", "tf", "jax", "torch"}), path


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


@pytest.mark.parametrize("kind", ["tabm", "mlp", "linear"])
@pytest.mark.parametrize(
    ("networks", "numbers", "others", "blocks"),
    [(2, 3, 2, 2), (1, 0, 5, 0), (3, 7, 0, 1), (2, 5, 5, 3)],
)
def test_how_much_a_network_holds_is_known_before_it_is_built(
    kind: Kind, networks: int, numbers: int, others: int, blocks: int
) -> None:
    one = Architecture(
        kind, networks, numbers, others, 1, members=4, width=8, blocks=blocks, bins=4
    )
    held = sum(int(np.prod(weight.shape)) for weight in build(one).weights)
    assert held / 6 < one.least_weights <= held


def test_a_linear_model_starts_from_no_effect_and_adds_up_columns() -> None:
    model, columns = build(replace(TABM, network="linear")), rows()
    assert not said(model, columns).any()
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(2).normal(size=weight.shape))
    nothing = said(model, np.zeros_like(columns))
    each = []
    for column in range(columns.shape[-1]):
        alone = np.zeros_like(columns)
        alone[..., column] = columns[..., column]
        each.append(said(model, alone) - nothing)
    assert said(model, columns) == pytest.approx(nothing + sum(each), abs=1e-4)
