"""The packed networks, layer by layer as ``network`` builds them."""

from __future__ import annotations

from typing import Any, assert_never

import keras
import numpy as np
from numpy.typing import NDArray

from pmed_core.graph import Node
from pmed_core.modalities.tabular.network import Architecture

SINGLE = np.float32


def logits(network: keras.Model, architecture: Architecture, columns: Node) -> Node:
    """(b, n, columns) -> (b, n, m, outputs) in double precision, as everything after it is."""
    match architecture.network:
        case "tabm":
            found = _tabm(network, architecture, columns)
        case "mlp":
            found = columns
            for name in ("dense_32", "dense_16"):
                found = _dense(network, name, found).do("Relu")
            found = _dense(network, "head", found).within(2)
        case "svm":
            waves = _dense(network, "waves", columns).do("Cos")
            found = _dense(network, "head", waves).within(2)
        case "linear" | "none":
            found = _dense(network, "head", columns).within(2)
        case _:
            assert_never(architecture.network)
    found = found.as_type(np.float64)
    return -(-found).softplus() if architecture.one_against_rest else found


def _tabm(network: keras.Model, a: Architecture, columns: Node) -> Node:
    hidden = _view(network, a, columns)
    for block in range(a.blocks):
        hidden = _dense(network, f"dense_{block}", hidden).do("Relu")
    found = _dense(network, "head", hidden)
    return found + _dense(network, "linear", columns).within(2)


def _view(network: keras.Model, a: Architecture, columns: Node) -> Node:
    """(b, n, columns) -> (b, n, m, i) as each member sees them."""
    view, parts = network.get_layer("view"), []
    if a.numbers:
        embedded = _embedded(network, columns.part(2, 0, a.numbers))
        scaled = embedded.within(2) * _array(view.numbers)
        parts.append(scaled.shaped(0, 0, 0, a.numbers * a.dimensions))
    if a.others:
        others = columns.part(2, a.numbers, a.numbers + a.others)
        parts.append(others.within(2) * _array(view.others))
    return columns.graph.do("Concat", parts, axis=3)


def _embedded(network: keras.Model, scores: Node) -> Node:
    """(b, n, f) -> (b, n, f, d)."""
    bins, embedding = network.get_layer("bins"), network.get_layer("embedding")
    apart = scores.within(3)
    share = (apart - _array(bins.left)) * _array(bins.slope)
    share = share.do("Max", bins.lowest).do("Min", bins.highest)
    curved = _product(share, _array(embedding.bins), "bnft,nftd->bnfd")
    return apart * _array(embedding.kernel) + _array(embedding.bias) + curved


def _dense(network: keras.Model, name: str, given: Node) -> Node:
    layer = network.get_layer(name)
    found = _product(given, _array(layer.kernel), layer.equation)
    return found if layer.bias is None else found + _array(layer.bias)


def _product(given: Node, kernel: NDArray[np.float32], equation: str) -> Node:
    """As ``numpy.einsum``, of rows by matrices whose axes come in the same order."""
    rows, matrices = equation.split("->")[0].split(",")
    if len(rows) == len(matrices):
        return (given.within(-2) @ kernel).without(-2)
    return given @ kernel


def _array(weight: Any) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(weight), dtype=SINGLE)
