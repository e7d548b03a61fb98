"""What trees answer while variables of one row replace those of another.

A tree asks few of the variables, and most of its questions have the same answer in both rows. So
both rows are followed through the tree at once, and where their ways part, it is noted who must
have joined for the one and who must not have for the other. That takes a few visits to a tree's
nodes, and not one way from root to leaf for each mixture of the rows.

A symmetric tree asks its few questions of everybody; a variable that joins turns the bits of those
that the two rows answer differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.tabular.boosting import Boosted
from pmed_core.modalities.tabular.compiled import compiled
from pmed_core.modalities.tabular.trees import Trees
from pmed_core.progress import Silent
from pmed_core.training.cores import cores, over_cores

Starts = NDArray[np.float32]
Nodes = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32],
              NDArray[np.float32]]  # fmt: skip


def walked(
    trees: Trees,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    joins: NDArray[np.int64],
    steps: int,
) -> NDArray[np.float64]:
    """Means (n, b, steps + 1, k) of n forests on the way from b rows to one.

    Args:
        row: (n, c) encoded cells.
        background: (b, n, c).
        joins: (n, b, c) step from 1 to ``steps`` at which a column takes the row's cell.
    """

    def of_forest(j: int, starts: Starts) -> NDArray[np.float64]:
        return np.asarray(
            _walks((row[j], starts, joins[j]), trees.roots[j], nodes_of(trees), steps)
        )

    return of_each(of_forest, background)


def of_coalitions(
    trees: Trees, row: NDArray[np.float32], background: NDArray[np.float32],
    owner: NDArray[np.int64], players: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Means (n, b, 2 ** players, k); a coalition is the bits of its position.

    Args:
        row, background: as in ``walked``.
        owner: (n, c) the player who brings a column's cell; -1 where both rows have the same.
    """

    def of_forest(j: int, starts: Starts) -> NDArray[np.float64]:
        return np.asarray(
            _coalitions((row[j], starts, owner[j]), trees.roots[j], nodes_of(trees), players)
        )

    return of_each(of_forest, background)


def boosted_walked(
    boosted: Boosted,
    row: NDArray[np.float32],
    background: NDArray[np.float32],
    joins: NDArray[np.int64],
    steps: int,
) -> NDArray[np.float64]:
    """Logits (n, b, steps + 1, k) of boosted trees, with arguments as ``walked`` has them."""

    def of_network(j: int, starts: Starts) -> NDArray[np.float64]:
        return np.asarray(_turns((row[j], starts, joins[j]), _asked(boosted, j), steps))

    return of_each(of_network, background) + boosted.base[:, None, None]


def boosted_coalitions(
    boosted: Boosted, row: NDArray[np.float32], background: NDArray[np.float32],
    owner: NDArray[np.int64], players: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Logits (n, b, 2 ** players, k) of boosted trees, with arguments as ``of_coalitions`` has
    them."""

    def of_network(j: int, starts: Starts) -> NDArray[np.float64]:
        return np.asarray(_gains((row[j], starts, owner[j]), _asked(boosted, j), players))

    return of_each(of_network, background) + boosted.base[:, None, None]


WALKED: dict[str, Callable[..., NDArray[np.float64]]] = {
    "trees": walked, "boosted": boosted_walked, "summed": walked,
}  # fmt: skip
"""How each kind of trees (``PackedNetworks.grown``) is walked."""
COALITIONS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "trees": of_coalitions, "boosted": boosted_coalitions, "summed": of_coalitions,
}  # fmt: skip


def of_each(
    of_network: Callable[[int, Starts], NDArray[np.float64]], background: Starts
) -> NDArray[np.float64]:
    """(b, n, c) -> (n, ...) what is found of each network and its starts, over all cores."""

    def found(j: int) -> NDArray[np.float64]:
        return of_network(j, np.ascontiguousarray(background[:, j]))

    return np.stack(list(over_cores(found, background.shape[1], Silent(), cores())))


Asked = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]


def _asked(boosted: Boosted, j: int) -> Asked:
    return boosted.feature[j], boosted.threshold[j], boosted.value[j]


def nodes_of(trees: Trees) -> Nodes:
    return trees.feature, trees.threshold, trees.left, trees.right, trees.value


@compiled
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


@compiled
def follow(cell: Any, node: Any, nodes: Any) -> Any:
    """Where a row with this cell goes from the node."""
    _, threshold, left, right, _ = nodes
    return left[node] if cell <= threshold[node] else right[node]


@compiled
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
            before, after = (
                follow(start[column], node, nodes),
                follow(row[column], node, nodes),
            )
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


@compiled
def _coalitions(rows: Any, roots: Any, nodes: Any, players: Any) -> Any:
    """(b, 2 ** players, k) mean over the trees of one forest."""
    row, starts, owner = rows
    found = np.zeros((len(starts), 1 << players, nodes[4].shape[1]))
    stack = np.empty((players + 2, 3), np.int64)
    for index in range(len(starts)):
        for root in roots:
            _leaves((row, starts[index], owner), root, nodes, found[index], stack)
    return found / len(roots)


@compiled
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
            before, after = (
                follow(start[column], node, nodes),
                follow(row[column], node, nodes),
            )
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


@compiled
def _turned(rows: Any, feature: Any, threshold: Any, turns: Any) -> Any:
    """The start's leaf, and how many bits the row turns: ``turns`` (d, 2) of who and which."""
    row, start, who = rows
    leaf, count = 0, 0
    for level in range(len(feature)):
        column, bit = feature[level], 1 << level
        before, after = start[column] > threshold[level], row[column] > threshold[level]
        if before:
            leaf |= bit
        if before != after:
            turns[count, 0], turns[count, 1] = who[column], bit
            count += 1
    return leaf, count


@compiled
def _turns(rows: Any, trees: Any, steps: Any) -> Any:
    """(b, steps + 1, k) sum over the symmetric trees of one network."""
    row, starts, joins = rows
    feature, threshold, value = trees
    turns = np.empty((feature.shape[1], 2), np.int64)
    found = np.zeros((len(starts), steps + 1, value.shape[2]))
    for index in range(len(starts)):
        for tree in range(len(feature)):
            both = row, starts[index], joins[index]
            leaf, count = _turned(both, feature[tree], threshold[tree], turns)
            _steps(value[tree], leaf, turns[:count], found[index])
        for step in range(1, steps + 1):
            for k in range(value.shape[2]):
                found[index, step, k] += found[index, step - 1, k]
    return found


@compiled
def _steps(value: Any, leaf: Any, turns: Any, found: Any) -> None:
    """Add the start's answer, and at each step at which bits turn what that changes."""
    for k in range(value.shape[1]):
        found[0, k] += value[leaf, k]
    for _ in range(len(turns)):
        first = 0
        for other in range(1, len(turns)):
            if turns[other, 0] < turns[first, 0]:
                first = other
        after = leaf ^ turns[first, 1]
        for k in range(value.shape[1]):
            # In double precision: differences of single numbers would not add up.
            found[turns[first, 0], k] += np.float64(value[after, k]) - np.float64(value[leaf, k])
        leaf = after
        turns[first, 0] = len(found)  # Later than any step: it has turned.


@compiled
def _gains(rows: Any, trees: Any, players: Any) -> Any:
    """(b, 2 ** players, k) sum over the symmetric trees of one network.

    What a tree adds for each set of its own few players is noted at that set; every coalition then
    has the sum of its subsets (Moebius inversion).
    """
    row, starts, owner = rows
    feature, threshold, value = trees
    turns = np.empty((feature.shape[1], 2), np.int64)
    found = np.zeros((len(starts), 1 << players, value.shape[2]))
    for index in range(len(starts)):
        for tree in range(len(feature)):
            both = row, starts[index], owner
            leaf, count = _turned(both, feature[tree], threshold[tree], turns)
            _noted(value[tree], leaf, turns[: _gathered(turns, count)], found[index])
        for player in range(players):
            _over_subsets(found[index], 1 << player, 1.0)
    return found


@compiled
def _gathered(turns: Any, count: Any) -> Any:
    """Bits of one player together, in place; how many players there are."""
    own = 0
    for turn in range(count):
        place = 0
        while place < own and turns[place, 0] != turns[turn, 0]:
            place += 1
        if place < own:
            turns[place, 1] |= turns[turn, 1]
        else:
            turns[own, 0], turns[own, 1] = turns[turn, 0], turns[turn, 1]
            own += 1
    return own


@compiled
def _noted(value: Any, leaf: Any, turns: Any, found: Any) -> None:
    """Add to each set of the tree's players what it gains over its subsets."""
    gains = np.empty((1 << len(turns), value.shape[1]))
    sets = np.zeros(len(gains), np.int64)
    for own in range(len(gains)):
        reached = leaf
        for place in range(len(turns)):
            if own >> place & 1:
                reached ^= turns[place, 1]
                sets[own] |= 1 << turns[place, 0]
        gains[own] = value[reached]
    for place in range(len(turns)):
        _over_subsets(gains, 1 << place, -1.0)
    for own in range(len(gains)):
        for k in range(value.shape[1]):
            found[sets[own], k] += gains[own, k]


@compiled
def _over_subsets(worth: Any, player: Any, sign: Any) -> None:
    """Add to each set with the player that of the same without, or take it off."""
    for own in range(len(worth)):
        if own & player:
            for k in range(worth.shape[1]):
                worth[own, k] += sign * worth[own ^ player, k]
