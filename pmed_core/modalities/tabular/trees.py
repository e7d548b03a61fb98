"""Extremely randomised trees, which steady the networks.

Trees and networks err in different places: the blend of both is better than either on every table
in docs/results.md. The trees are grown by scikit-learn (Geurts, Ernst & Wehenkel, Machine Learning
2006) and kept as plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pmed_core.modalities.tabular.material import Material
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress
from pmed_core.training.cores import cores, over_cores

TREES_OF_A_FOLD, TREES_AT_LEAST = 100, 50
ROWS_OF_A_TREE = 5000
"""A tree draws at most so many rows, so that a model of a large cohort stays small."""
DOUBT = 0.01
"""Share of the outcome rates in every leaf: no patient is certain to have the event, or not to."""


@dataclass(frozen=True)
class Trees:
    """n forests of t trees each, as arrays over all their nodes; one beside each network.

    Attributes:
        feature: (nodes,) encoded column that a node asks for; -1 in a leaf.
        threshold: (nodes,) go left where the cell is at most this.
        left, right: (nodes,) the next node, always a later one; 0 in a leaf.
        value: (nodes, k) share of each label.
        roots: (n, t) first node of each tree.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]

    def log_probabilities(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(r, n, columns) rows as each network reads them -> (r, n, k)."""
        nodes = (self.feature, self.threshold, self.left, self.right, self.value)
        found = [
            _mean(np.ascontiguousarray(encoded[:, j]), roots, nodes)
            for j, roots in enumerate(self.roots)
        ]
        return np.asarray(np.log(np.stack(found, axis=1)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As a package keeps them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@njit(nogil=True)
def _mean(encoded: Any, roots: Any, nodes: Any) -> Any:
    """(r, k) mean of the leaves that each row falls into, tree by tree."""
    feature, threshold, left, right, value = nodes
    labels = value.shape[1]
    total = np.zeros((len(encoded), labels))
    for root in roots:
        for row in range(len(encoded)):
            node = root
            while feature[node] >= 0:
                low = encoded[row, feature[node]] <= threshold[node]
                node = left[node] if low else right[node]
            for label in range(labels):
                # One number at a time: numba compiles it in a fifth of the time of a row.
                total[row, label] += value[node, label]
    return total / len(roots)


def grown(material: Material, seed: int, progress: Progress) -> Trees:
    """A forest beside each network, grown on the rows that the network trains on.

    Raises ``Cancelled`` where ``progress`` says so.
    """
    repeats = len(material.members) // len({entry.fold for entry in material.members})
    trees = max(TREES_AT_LEAST, TREES_OF_A_FOLD // repeats)

    def forest(j: int) -> list[dict[str, NDArray[Any]]]:
        return _forest(material, j, trees, seed + j)

    return _joined(list(over_cores(forest, len(material.members), progress, cores())))


def _forest(material: Material, j: int, trees: int, seed: int) -> list[dict[str, NDArray[Any]]]:
    training = material.members[j].training
    kind, columns = learning(material.outcome), material.encoded[j][training]
    shares = kind.shares(material.outcome, material.target.select(training))
    everyone = rates(shares.mean(axis=0), len(training), kind.groups(material.outcome))
    grown = kind.forest(material.outcome, columns, shares, trees, seed=seed, rows=ROWS_OF_A_TREE)
    return [_plain(tree, value, everyone) for tree, value in grown]


def rates(share: NDArray[np.float64], rows: int, groups: int = 1) -> NDArray[np.float64]:
    """(c,) share of each cell, above zero also for one that is absent here (Laplace 1774)."""
    return np.asarray((share * rows + 1) / (rows + len(share) // groups))


def _doubted(share: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return (1 - DOUBT) * share + DOUBT * shares


def _plain(
    tree: Any, value: NDArray[np.float64], shares: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    leaf = tree.children_left < 0
    threshold = tree.threshold.astype(np.float32)
    # Cells are single precision: rounding up could send one the other way.
    above = threshold > tree.threshold
    threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
    return {
        "feature": np.where(leaf, -1, tree.feature).astype(np.int32),
        "threshold": np.where(leaf, 0, threshold).astype(np.float32),
        "left": np.where(leaf, 0, tree.children_left).astype(np.int32),
        "right": np.where(leaf, 0, tree.children_right).astype(np.int32),
        "value": _doubted(value, shares).astype(np.float32),
    }


def _joined(forests: list[list[dict[str, NDArray[Any]]]]) -> Trees:
    trees = [tree for forest in forests for tree in forest]
    sizes = [len(tree["feature"]) for tree in trees]
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    for root, tree in zip(roots, trees, strict=True):
        inner = tree["feature"] >= 0
        tree["left"][inner] += root
        tree["right"][inner] += root
    joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    return Trees(**joined, roots=roots.reshape(len(forests), -1))


def rebuilt(arrays: Mapping[str, NDArray[Any]], shape: tuple[int, int, int]) -> Trees:
    """The trees of a package's arrays.

    Args:
        shape: (n, columns, k) that they must fit.

    Raises ``ValueError`` where they are not trees of that shape: following them could never end,
    or read beyond a row.
    """
    trees = Trees(**{field.name: arrays[field.name] for field in fields(Trees)})
    if not (_shaped(trees, shape) and _ending(trees, shape[1])):
        raise ValueError(f"Not trees. Expected (networks, columns, labels) {shape}")
    return trees


def _shaped(trees: Trees, shape: tuple[int, int, int]) -> bool:
    networks, _, labels = shape
    nodes = len(trees.feature)
    known = all(
        array.dtype == (np.float32 if name in ("threshold", "value") else np.int32)
        for name, array in trees.arrays().items()
    )
    lengths = {a.shape for a in (trees.feature, trees.threshold, trees.left, trees.right)}
    fitting = lengths == {(nodes,)} and trees.value.shape == (nodes, labels)
    return known and fitting and trees.roots.ndim == 2 and len(trees.roots) == networks


def _ending(trees: Trees, columns: int) -> bool:
    """Each step goes to a later node, so following them ends; none reads beyond the arrays."""
    nodes, inner = np.arange(len(trees.feature)), trees.feature >= 0
    later = (trees.left > nodes) & (trees.right > nodes)
    inside = (trees.left < len(nodes)) & (trees.right < len(nodes)) & (trees.feature < columns)
    rooted = (trees.roots >= 0) & (trees.roots < len(nodes))
    return bool((later & inside)[inner].all() and rooted.all() and (trees.value > 0).all())
