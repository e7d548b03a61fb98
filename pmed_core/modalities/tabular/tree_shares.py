"""Shapley values of trees whose answers are added, without a combination left to chance.

A leaf is reached by some mixtures of a row and a start: those for which certain variables are the
row's and certain others the start's. What it says is shared out among them by counts alone, so that
one way through each tree from each start gives the values (interventional TreeSHAP, Lundberg et
al., Nature Machine Intelligence 2020).
"""

from __future__ import annotations

from math import lgamma
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pmed_core.modalities.tabular.tree_walks import follow, nodes_of, of_each
from pmed_core.modalities.tabular.trees import Trees

ROW, START = 1, 2


def shared_out(
    trees: Trees,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    owner: NDArray[np.int64],
    players: int,
) -> NDArray[np.float64]:
    """Shapley values (n, b, players, k) of n forests between each of b starts and a row.

    Args:
        row: (n, c) encoded cells.
        background: (b, n, c).
        owner: (n, c) the player who brings a column's cell; -1 where nobody does.
    """
    weights = _weights(int(min(players, owner.shape[1])))

    def of_forest(j: int, starts: NDArray[np.float32]) -> NDArray[np.float64]:
        own = row[j], starts, owner[j]
        return np.asarray(_shares(own, trees.roots[j], nodes_of(trees), (players, weights)))

    return of_each(of_forest, background)


def _weights(most: int) -> NDArray[np.float64]:
    """(a, b): the share of orders in which one comes after a - 1 given ones and before b others:
    (a - 1)! b! / (a + b)!."""
    found = np.zeros((most + 1, most + 1))
    for a in range(1, most + 1):
        for b in range(most + 1 - a):
            found[a, b] = np.exp(lgamma(a) + lgamma(b + 1) - lgamma(a + b + 1))
    return found


@njit(nogil=True)
def _shares(rows: Any, roots: Any, nodes: Any, sizes: Any) -> Any:
    """(b, players, k) mean over the trees of one forest."""
    row, starts, owner = rows
    players, weights = sizes
    found = np.zeros((len(starts), players, nodes[4].shape[1]))
    path = np.empty((len(weights) + 1, 2), np.int64)
    stack = np.empty((len(weights) + 1, 2), np.int64)
    for index in range(len(starts)):
        for root in roots:
            _tree((row, starts[index], owner), root, nodes, (path, stack, weights), found[index])
    return found / len(roots)


@njit(nogil=True)
def _tree(rows: Any, root: Any, nodes: Any, room: Any, found: Any) -> None:
    """Follow both rows at once: ``path`` (d, 2) is who has parted them and whose cell is followed,
    ``stack`` the row's ways that wait, each behind as much of the path as it shares."""
    row, start, owner = rows
    path, stack, weights = room
    feature, value = nodes[0], nodes[4]
    waiting, node, depth = 0, root, 0
    while True:
        while feature[node] >= 0:
            column = feature[node]
            before, after = (
                follow(start[column], node, nodes),
                follow(row[column], node, nodes),
            )
            side = _side(path, depth, owner[column])
            if before == after or owner[column] < 0 or side == START:
                node = before
            elif side == ROW:
                node = after
            else:
                stack[waiting, 0], stack[waiting, 1] = after, depth
                waiting += 1
                path[depth, 0], path[depth, 1] = owner[column], START
                node, depth = before, depth + 1
        _share_out(value[node], path[:depth], weights, found)
        if not waiting:
            break
        waiting -= 1
        node, depth = stack[waiting, 0], stack[waiting, 1] + 1
        path[depth - 1, 1] = ROW


@njit(nogil=True)
def _side(path: Any, depth: Any, player: Any) -> Any:
    """Whose cells of the player are followed; 0 where it is not decided."""
    for step in range(depth):
        if path[step, 0] == player:
            return path[step, 1]
    return 0


@njit(nogil=True)
def _share_out(value: Any, path: Any, weights: Any, found: Any) -> None:
    """A leaf's answer among those who lead to it and, taken off, those who would lead away."""
    joined = 0
    for step in range(len(path)):
        joined += path[step, 1] == ROW
    absent = len(path) - joined
    for step in range(len(path)):
        gain = weights[joined, absent] if path[step, 1] == ROW else -weights[absent, joined]
        for k in range(len(value)):
            found[path[step, 0], k] += gain * value[k]
