"""Trees beside the networks, or in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from pmed_core.errors import UserError
from pmed_core.graph import TREES, Node
from pmed_core.modalities.tabular.boosting import Boosted
from pmed_core.modalities.tabular.trees import Trees

NODES_AT_MOST = 10_000_000
"""Of all trees: a file of more would come near the two gigabytes that the format can hold."""


def of_sums(trees: Trees, columns: Node) -> Node:
    """(b, n, columns) -> (b, n, k) what the trees of each network add up to.

    The operator answers in single precision, which cannot tell 2026.1 from 2026.1001: it is given
    how far leaves are from the middle of all.
    """
    middle = trees.value.mean(axis=0, dtype=np.float64)
    apart = trees.value.astype(np.float64) - middle
    return of_trees(replace(trees, value=apart), columns).do("Add", middle)


def of_trees(trees: Trees, columns: Node) -> Node:
    """(b, n, columns) -> (b, n, k) mean over the trees of each network."""
    if len(trees.feature) > NODES_AT_MOST:
        raise UserError(
            f"The trees of this model have {len(trees.feature):,} nodes, more than an ONNX file "
            "holds", "", "Train a linear model or a three-layer network for it.",
        )  # fmt: skip
    each = [_ensemble(trees, roots, columns, j).within(1) for j, roots in enumerate(trees.roots)]
    return columns.graph.do("Concat", each, axis=1).as_type(np.float64)


def _ensemble(trees: Trees, roots: NDArray[np.int32], columns: Node, network: int) -> Node:
    """(b, n, columns) -> (b, k) of one network."""
    found = [_below(trees, int(root)) for root in roots]
    nodes = np.concatenate(found)
    of = np.repeat(np.arange(len(roots)), [len(one) for one in found])
    # Nodes are numbered anew within each tree, in the order in which they lie.
    number = np.concatenate([np.arange(len(one)) for one in found])
    place = {name: _numbered(getattr(trees, name), found) for name in ("left", "right")}
    leaf = trees.feature[nodes] < 0
    labels = trees.value.shape[1]
    targets = np.tile(np.arange(labels), int(leaf.sum()))
    cells = columns.take(np.array(network), axis=1).as_type(np.float64)
    return cells.do(
        "TreeEnsembleRegressor", domain=TREES, n_targets=labels, aggregate_function="AVERAGE",
        nodes_treeids=of.tolist(), nodes_nodeids=number.tolist(),
        nodes_featureids=np.where(leaf, 0, trees.feature[nodes]).tolist(),
        nodes_values_as_tensor=_tensor(np.where(leaf, 0, trees.threshold[nodes])),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=np.where(leaf, 0, place["left"]).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, place["right"]).tolist(),
        target_treeids=np.repeat(of[leaf], labels).tolist(),
        target_nodeids=np.repeat(number[leaf], labels).tolist(),
        target_ids=targets.tolist(),
        target_weights_as_tensor=_tensor(trees.value[nodes][leaf].reshape(-1)),
    )  # fmt: skip


def _below(trees: Trees, root: int) -> NDArray[np.int64]:
    """The nodes of one tree, rising; the root is the first, as each leads to later ones."""
    level, found = np.array([root]), [np.array([root])]
    while len(level):
        inner = level[trees.feature[level] >= 0]
        level = np.unique(np.concatenate([trees.left[inner], trees.right[inner]])).astype(np.int64)
        found.append(level)
    return np.unique(np.concatenate(found))


def _numbered(to: NDArray[np.int32], found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Where each node leads, by the numbers within its tree."""
    return np.concatenate([np.searchsorted(one, to[one]) for one in found])


def _tensor(array: NDArray[Any]) -> Any:
    return numpy_helper.from_array(np.asarray(array, dtype=np.float64))


def of_boosted(boosted: Boosted, columns: Node, width: int) -> Node:
    """(b, n, columns) of so many columns -> (b, n, k) logits."""
    networks, trees, depth = boosted.feature.shape
    leaves, labels = boosted.value.shape[2:]
    first = np.arange(networks)[:, None, None] * width
    cells = columns.shaped(0, networks * width).take(boosted.feature + first, axis=1)
    above = cells.do("Greater", boosted.threshold).as_type(np.int64)
    leaf = (above * (1 << np.arange(depth))).sum(axis=3)
    place = leaf + (np.arange(networks * trees) * leaves).reshape(networks, trees)
    values = boosted.value.reshape(-1, labels).astype(np.float64)
    said = columns.graph.do("Gather", [values, place], axis=0)
    return said.sum(axis=2) + boosted.base.astype(np.float64)
