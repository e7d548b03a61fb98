"""A table network cut behind its first weights.

What a column adds to the first hidden layer does not depend on the other columns, so a thousand
mixtures of two rows need those sums once and the rest of the network a thousand times.

Shapes as in ``layers``: r rows, n networks, m members, c columns, h hidden units, k outputs.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pmed_core.modalities.tabular.network import Architecture

FIRST = {"tabm": "dense_0", "mlp": "dense_32", "linear": "head", "svm": "waves", "none": "head"}


def terms(network: keras.Model, a: Architecture, columns: Any) -> tuple[Any, Any]:
    """(r, n, c) -> what each column adds, before a member scales it, to the hidden layer (n, r, c,
    h) and straight to the logits (n, r, c, k)."""
    kernel = network.get_layer(FIRST[a.network]).kernel
    across = ops.transpose(columns, (1, 0, 2))[..., None]  # (n, r, c, 1)
    if a.network in ("mlp", "svm"):
        return across * kernel[:, None], ops.zeros_like(across)
    if a.line:
        return ops.zeros_like(across), across * kernel[:, None]
    scores, others = columns[..., : a.numbers], across[:, :, a.numbers :]
    embedded = network.get_layer("embedding")(scores, network.get_layer("bins")(scores))
    width = a.numbers * a.dimensions
    of_numbers = ops.reshape(kernel[:, :width], (a.packed, a.numbers, a.dimensions, -1))
    hidden = ops.concatenate(
        [ops.einsum("rnfd,nfdh->nrfh", embedded, of_numbers), others * kernel[:, None, width:]],
        axis=2,
    )
    return hidden, across * network.get_layer("linear").kernel[:, None]


def scales(network: keras.Model, a: Architecture) -> Any:
    """(n, m, c): by what a member multiplies what a column adds."""
    if a.network != "tabm":
        return ops.ones((a.packed, 1, a.numbers + a.others))
    view = network.get_layer("view")
    return ops.concatenate([view.numbers[..., 0], view.others], axis=-1)


def bias(network: keras.Model, a: Architecture) -> Any:
    """(n, 1 or m, h) of the hidden layer; what goes straight to the logits has none."""
    shift = _with_members(network.get_layer(FIRST[a.network]).bias, 3)
    return shift[..., :1] * 0 if a.line else shift


def trunk(network: keras.Model, a: Architecture, hidden: Any, straight: Any) -> Any:
    """The rest: (n, m, r, h) before the first activation and (n, r, k) -> (n, m, r, k) logits."""
    if a.line:
        return straight[:, None] + _with_members(network.get_layer("head").bias, 3)[:, :, None]
    bend = ops.cos if a.network == "svm" else ops.relu
    for name in [*_between(a), "head"]:
        layer = network.get_layer(name)
        kernel, shift = _with_members(layer.kernel, 4), _with_members(layer.bias, 3)
        hidden = ops.matmul(bend(hidden), kernel) + shift[:, :, None]
    found = hidden + straight[:, None]
    return ops.log_sigmoid(found) if a.one_against_rest else found


def _between(a: Architecture) -> list[str]:
    """Layers between the first and the head."""
    named = {"mlp": ["dense_16"], "svm": []}
    return named.get(a.network, [f"dense_{i}" for i in range(1, a.blocks)])


def _with_members(weight: Any, rank: int) -> Any:
    """(n, ...) -> (n, 1, ...) where all members share the weight."""
    return weight if len(weight.shape) == rank else weight[:, None]
