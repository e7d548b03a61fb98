"""What trees answer while variables of one row replace those of another.

A tree asks few of the variables, and most of its questions have the same answer in both rows. So
both rows are followed through the tree at once, and where their ways part, it is noted who must
have joined for the one and who must not have for the other. That takes a few visits to a tree's
nodes, and not one way from root to leaf for each mixture of the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pmed_core.modalities.tabular.trees import Trees
from pmed_core.progress import Silent
from pmed_core.training.cores import cores, over_cores

Nodes = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32],
              NDArray[np.float32]]  # fmt: skip


def walked(
    trees: Trees,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    joins: NDArray[np.int64],
    steps: int,
) -> NDArray[np.float64]:
    """Log probabilities (n, b, steps + 1, k) of n forests on the way from b rows to one.

    Args:
        row: (n, c) encoded cells.
        background: (b, n, c).
        joins: (n, b, c) step from 1 to ``steps`` at which a column takes the row's cell.
    """

    def of_forest(j: int) -> NDArray[np.float64]:
        starts = np.ascontiguousarray(background[:, j])
        return np.asarray(_walks((row[j], starts, joins[j]), trees.roots[j], _nodes(trees), steps))

    found = list(over_cores(of_forest, len(trees.roots), Silent(), cores()))
    return np.log(np.stack(found))


def of_coalitions(
    trees: Trees, row: NDArray[np.float32], background: NDArray[np.float32],
    owner: NDArray[np.int64], players: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Log probabilities (n, b, 2 ** players, k); a coalition is the bits of its position.

    Args:
        row, background: as in ``walked``.
        owner: (n, c) the player who brings a column's cell; -1 where both rows have the same.
    """

    def of_forest(j: int) -> NDArray[np.float64]:
        starts = np.ascontiguousarray(background[:, j])
        return np.asarray(
            _coalitions((row[j], starts, owner[j]), trees.roots[j], _nodes(trees), players)
        )

    found = list(over_cores(of_forest, len(trees.roots), Silent(), cores()))
    return np.log(np.stack(found))


def _nodes(trees: Trees) -> Nodes:
    return trees.feature, trees.threshold, trees.left, trees.right, trees.value


@njit(nogil=True)
def _walks(rows: Any, roots: Any, nodes: Any, steps: Any) -> Any:
    """(b, steps + 1, k) mean over the trees of one forest."""
    row, starts, joins = rows
    labels = nodes[4].shape[1]
    found = np.zeros((len(starts), steps + 2, labels))
    # Branches that wait are of different steps, so there are never more of them.
    stack = np.empty((steps + 2, 3), np.int64)
    for index in range(len(starts)):
        for root in roots:
            _changes((row, starts[index], joins[index]), root, nodes, found[index], stack)
        for step in range(1, steps + 1):
            for label in range(labels):
                found[index, step, label] += found[index, step - 1, label]
    return found[:, : steps + 1] / len(roots)


@njit(nogil=True)
def _next(cell: Any, node: Any, nodes: Any) -> Any:
    """Where a row with this cell goes from the node."""
    _, threshold, left, right, _ = nodes
    return left[node] if cell <= threshold[node] else right[node]


@njit(nogil=True)
def _changes(rows: Any, root: Any, nodes: Any, found: Any, stack: Any) -> None:
    """Add the leaf's value where the tree begins to give it; take it off where it ends."""
    row, start, joins = rows
    feature, value = nodes[0], nodes[4]
    waiting = 1
    stack[0, 0], stack[0, 1], stack[0, 2] = root, 0, len(found) - 1
    while waiting:
        waiting -= 1
        node, first, end = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2]
        while feature[node] >= 0:
            column = feature[node]
            before, after = _next(start[column], node, nodes), _next(row[column], node, nodes)
            change = joins[column]
            if before == after or change >= end:
                node = before
            elif change <= first:
                node = after
            else:
                stack[waiting, 0], stack[waiting, 1], stack[waiting, 2] = after, change, end
                waiting += 1
                node, end = before, change
        for label in range(value.shape[1]):
            found[first, label] += value[node, label]
            found[end, label] -= value[node, label]


@njit(nogil=True)
def _coalitions(rows: Any, roots: Any, nodes: Any, players: Any) -> Any:
    """(b, 2 ** players, k) mean over the trees of one forest."""
    row, starts, owner = rows
    found = np.zeros((len(starts), 1 << players, nodes[4].shape[1]))
    stack = np.empty((players + 2, 3), np.int64)
    for index in range(len(starts)):
        for root in roots:
            _leaves((row, starts[index], owner), root, nodes, found[index], stack)
    return found / len(roots)


@njit(nogil=True)
def _leaves(rows: Any, root: Any, nodes: Any, found: Any, stack: Any) -> None:
    """Add each leaf's value to the coalitions that reach it."""
    row, start, owner = rows
    feature, value = nodes[0], nodes[4]
    waiting = 1
    stack[0, 0], stack[0, 1], stack[0, 2] = root, 0, 0
    while waiting:
        waiting -= 1
        node, joined, absent = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2]
        while feature[node] >= 0:
            column = feature[node]
            before, after = _next(start[column], node, nodes), _next(row[column], node, nodes)
            player = 1 << owner[column] if owner[column] >= 0 else 0
            if before == after or absent & player:
                node = before
            elif joined & player:
                node = after
            else:
                stack[waiting, 0], stack[waiting, 1] = after, joined | player
                stack[waiting, 2] = absent
                waiting += 1
                node, absent = before, absent | player
        free = len(found) - 1 - joined - absent
        others = free
        while True:
            for label in range(value.shape[1]):
                found[joined | others, label] += value[node, label]
            if not others:
                break
            others = (others - 1) & free
