"""Extremely randomised trees, which steady the networks.

Trees and networks err in different places: the blend of both is better than either on every table
in docs/results.md. The trees are grown by scikit-learn (Geurts, Ernst & Wehenkel, Machine Learning
2006) and kept as plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.tabular.compiled import compiled
from pmed_core.modalities.tabular.material import Material
from pmed_core.outcomes.fitted import Grown, Tree, leaf_alone, of_forest
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
        value: (nodes, k) share of each label, or what is summed; their mean is the answer.
        roots: (n, t) first node of each tree.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]

    @property
    def count(self) -> int:
        """All trees."""
        return int(self.roots.size)

    def said(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(r, n, columns) rows as each network reads them -> (r, n, k), the mean over the trees."""
        nodes = (self.feature, self.threshold, self.left, self.right, self.value)
        found = [
            _mean(np.ascontiguousarray(encoded[:, j]), roots, nodes)
            for j, roots in enumerate(self.roots)
        ]
        return np.stack(found, axis=1)

    def of_networks(self, which: list[int]) -> Trees:
        """Those beside some of the networks."""
        return replace(self, roots=self.roots[which])

    def shuffled(self, draw: np.random.Generator) -> Trees:
        """The same questions and answers in another order."""
        inner, leaf = self.feature >= 0, self.feature < 0
        feature, value = self.feature.copy(), self.value.copy()
        feature[inner] = draw.permutation(feature[inner])
        value[leaf] = draw.permutation(value[leaf])
        return replace(self, feature=feature, value=value)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As a package keeps them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@compiled
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
    return [_doubting(of_forest(tree, value), everyone) for tree, value in grown]


def rates(share: NDArray[np.float64], rows: int, groups: int = 1) -> NDArray[np.float64]:
    """(c,) share of each cell, above zero also for one that is absent here (Laplace 1774)."""
    return np.asarray((share * rows + 1) / (rows + len(share) // groups))


def of_shares(forests: Sequence[Grown], everyone: Sequence[NDArray[np.float64]]) -> Trees:
    """Forests whose mean is shares, and for each the (c,) ``rates`` of those it was grown on."""
    return _joined(
        [
            [_doubting(tree, rate) for tree in forest.trees]
            for forest, rate in zip(forests, everyone, strict=True)
        ]
    )


def of_sums(grown: Sequence[Grown]) -> Trees:
    """Trees whose sum is the answer, as trees whose mean is; those with fewer are filled up."""
    most = max(1, *(len(one.trees) for one in grown))
    found = []
    for one in grown:
        base = np.zeros(0) if one.base is None else one.base
        scaled = [replace(tree, value=most * tree.value + base) for tree in one.trees]
        filled = scaled + [leaf_alone(base)] * (most - len(scaled))
        found.append([_plain(tree) for tree in filled])
    return _joined(found)


def _doubting(tree: Tree, shares: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    return _plain(replace(tree, value=(1 - DOUBT) * tree.value + DOUBT * shares))


def _plain(tree: Tree) -> dict[str, NDArray[Any]]:
    leaf = tree.feature < 0
    threshold = tree.threshold.astype(np.float32)
    # Cells are single precision: rounding up could send one the other way.
    above = threshold > tree.threshold
    threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
    return {
        "feature": np.where(leaf, -1, tree.feature).astype(np.int32),
        "threshold": np.where(leaf, 0, threshold).astype(np.float32),
        "left": np.where(leaf, 0, tree.left).astype(np.int32),
        "right": np.where(leaf, 0, tree.right).astype(np.int32),
        "value": tree.value.astype(np.float32),
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


def rebuilt(
    arrays: Mapping[str, NDArray[Any]], shape: tuple[int, int, int], *, summed: bool = False
) -> Trees:
    """The trees of a package's arrays.

    Args:
        shape: (n, columns, k) that they must fit.
        summed: their values are no shares, which are above zero.

    Raises ``ValueError`` where they are not trees of that shape: following them could never end,
    or read beyond a row.
    """
    trees = Trees(**{field.name: arrays[field.name] for field in fields(Trees)})
    sound = np.isfinite(trees.value).all() and (summed or (trees.value > 0).all())
    if not (sound and _shaped(trees, shape) and _ending(trees, shape[1])):
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
    return bool((later & inside)[inner].all() and rooted.all())
