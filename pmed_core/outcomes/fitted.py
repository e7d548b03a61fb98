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


def apart(tree: Tree, column: int, cells: int) -> list[Tree]:
    """One tree that asks for a column whose cells are 0, 1, ... -> trees that do not, and whose sum
    says (nodes, cells) what it says of each of these: as many as it tells ranges apart."""
    asks = tree.feature == column
    firsts = np.unique(np.append(0, np.floor(tree.threshold[asks]) + 1)).astype(np.int64)
    firsts = firsts[(firsts >= 0) & (firsts < cells)]
    ends = np.append(firsts[1:], cells)
    return [
        _of_range(tree, column, (first, end, cells))
        for first, end in zip(firsts, ends, strict=True)
    ]


def _of_range(tree: Tree, column: int, which: tuple[int, int, int]) -> Tree:
    """What is left where the cell is from the first on and before the end."""
    first, end, cells = which

    def behind(node: int) -> int:
        while tree.feature[node] == column:
            low = first <= tree.threshold[node]
            node = int(tree.left[node] if low else tree.right[node])
        return node

    kept, waiting = dict[int, tuple[int, int]](), [behind(0)]
    while waiting:
        node = waiting.pop()
        inner = tree.feature[node] >= 0
        sides = (tree.left[node], tree.right[node]) if inner else ()
        ways = [behind(int(side)) for side in sides]
        kept[node] = (ways[0], ways[1]) if inner else (0, 0)
        waiting += ways
    nodes = np.array(sorted(kept))
    value = np.zeros((len(nodes), cells))
    value[:, first:end] = tree.value[nodes]
    left, right = np.searchsorted(nodes, [kept[node] for node in nodes]).T
    return Tree(tree.feature[nodes], tree.threshold[nodes], left, right, value)


def leaf_alone(value: Doubles) -> Tree:
    """(k,) a tree that says the same of everybody."""
    nothing = np.zeros(1, np.int64)
    return Tree(nothing - 1, np.zeros(1), nothing, nothing, value[None])
