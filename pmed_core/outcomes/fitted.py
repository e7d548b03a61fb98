"""Trees that scikit-learn has fitted, as plain arrays.

No cell that they read is missing (``preprocessing`` sees to that), so where a tree would send one
is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """Of a forest: so many trees, of at most so many rows each; of all rows where that is None."""

    trees: int = 300
    rows: int | None = None


@dataclass(frozen=True)
class Tree:
    """One tree as arrays over its nodes.

    Attributes:
        feature: (nodes,) column that a node asks for; -1 in a leaf.
        threshold: (nodes,) go left where the cell is at most this.
        left, right: (nodes,) the next node, always a later one.
        value: (nodes, k) what a leaf says.
    """

    feature: NDArray[np.int64]
    threshold: Doubles
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Doubles


@dataclass(frozen=True)
class Grown:
    """What a fitted model says, as trees.

    Attributes:
        trees: whose mean is the share of each of k cells; or, where there is a ``base``, whose sum
            is added to it.
        base: (k,) logits or amounts before the first tree.
    """

    trees: Sequence[Tree]
    base: Doubles | None = None


def of_forest(tree: Any, value: Doubles) -> Tree:
    """A tree of scikit-learn's forests, with what its nodes say."""
    leaf = tree.children_left < 0
    return Tree(
        np.where(leaf, -1, tree.feature), tree.threshold, tree.children_left, tree.children_right,
        value,
    )  # fmt: skip


def of_boosting(model: Any, columns: Sequence[int], width: int) -> list[Tree]:
    """Of scikit-learn's histogram gradient boosting, whose rounds grow a tree for each of these
    columns of what is said (``width`` of them)."""
    # scikit-learn has no public way to its boosted trees; a test holds them to ``predict``.
    return [
        _of_nodes(tree.nodes, column, width)
        for in_round in model._predictors
        for column, tree in zip(columns, in_round, strict=True)
    ]


def _of_nodes(nodes: Any, column: int, width: int) -> Tree:
    leaf, value = nodes["is_leaf"].astype(bool), np.zeros((len(nodes), width))
    value[leaf, column] = nodes["value"][leaf]
    feature = np.where(leaf, -1, nodes["feature_idx"])
    return Tree(
        feature, nodes["num_threshold"], nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64), value,
    )  # fmt: skip


def leaf_alone(value: Doubles) -> Tree:
    """(k,) a tree that says the same of everybody."""
    nothing = np.zeros(1, np.int64)
    return Tree(nothing - 1, np.zeros(1), nothing, nothing, value[None])
