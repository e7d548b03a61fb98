"""The answer of packed networks as a game that is played fast.

Variables of the patient replace those of a typical patient. Of the networks, each variable's share
of the first layer is known beforehand, so that a mixture of the two costs a sum and what lies
behind; of the trees, only questions that the two answer differently are followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.modalities.tabular import first_layer, tree_walks
from pmed_core.modalities.tabular.network import Architecture
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.training import devices

MIXTURES_AT_ONCE = 1024
"""Of each network; more would not stay near the processor."""


@dataclass(frozen=True)
class PackedGame:
    """Who replaces the cells of typical patients by those of one patient, and what that changes.

    Where the log-odds are a mean over the networks (``additive``), each is a part with orders of
    its own; else all networks are one part.

    Attributes:
        label: position of the explained label among ``predicted_labels``.
        row: (n, c) the patient as each of n networks reads them.
        background: (b, n, c) typical patients.
        owner: (n, c) player of each column, -1 for none.
        players: p of them.
        trees_alone: what the networks answer is left out; of additive outcomes only.
    """

    networks: PackedNetworks
    label: int
    row: NDArray[np.float32]
    background: NDArray[np.float32]
    owner: NDArray[np.int64]
    players: int
    trees_alone: bool = False

    @property
    def parts(self) -> int:
        """Independent parts whose mean is the answer."""
        return len(self.networks.folds) if self.networks.outcome.additive else 1

    @property
    def starts(self) -> int:
        """Typical patients."""
        return len(self.background)

    def among(self, players: NDArray[np.int64]) -> PackedGame:
        """The game of these alone; the others' columns must be the same in all rows."""
        position = np.full(self.players + 1, -1)
        position[players] = np.arange(len(players))
        return replace(self, owner=position[self.owner], players=len(players))

    def walked(self, orders: NDArray[np.int64]) -> NDArray[np.float64]:
        """(parts, b, p) who joins when -> (parts, b, 2, p + 1) log-odds there, and back."""
        whole = np.broadcast_to(orders, (len(self.owner), *orders.shape[1:]))
        padded = np.concatenate([np.argsort(whole, axis=2), np.zeros_like(whole[..., :1])], axis=2)
        joins = 1 + np.stack([one[:, mine] for one, mine in zip(padded, self.owner, strict=True)])
        if self.trees_alone:
            raw = [np.zeros((*joins.shape[:2], 2, self.players + 1, 2))]
        else:
            raw = [
                self._there_and_back(joins[:, first : first + self._at_once], first)
                for first in range(0, self.starts, self._at_once)
            ]
        there, back = (self._trees_walked(way) for way in (joins, self.players + 1 - joins))
        beside = [np.stack(ways, axis=2) for ways in zip(there, back, strict=True)]
        return self._odds(np.concatenate(raw, axis=1), beside)

    def _trees_walked(self, joins: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """(n, b, c) when each column joins -> (n, b, p + 1, c) of each kind of trees."""
        ways = self.row, self.background, joins, self.players
        return [
            self.networks.cells_of(name, tree_walks.WALKED[name](trees, *ways))
            for name, trees in self.networks.grown.items()
        ]

    def worth(self, joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(2 ** p,) log-odds of every coalition, as the bits of its position, over the starts.

        ``joined``: (2 ** p, p).
        """
        columns = np.concatenate([joined, np.zeros_like(joined[:, :1])], axis=1)
        half = columns[: len(columns) // 2]  # The rest are their complements, from the end.
        masks = np.stack([half[:, mine] for mine in self.owner])[:, None]
        each = [self._mixed(masks, slice(b, b + 1)) for b in range(self.starts)]
        both = np.concatenate(each, axis=1)  # (n, b, 2, half, k)
        whole = np.concatenate([both[:, :, 0], both[:, :, 1, ::-1]], axis=2)[:, :, None]
        sides = self.row, self.background, self.owner, self.players
        beside = [
            self.networks.cells_of(name, tree_walks.COALITIONS[name](trees, *sides))
            for name, trees in self.networks.grown.items()
        ]
        odds = self._odds(whole, [each[:, :, None] for each in beside])
        return np.asarray(odds.mean(axis=(0, 1))[0])

    @property
    def _at_once(self) -> int:
        """Starts whose mixtures are computed together: a power of two, so that shapes are few."""
        fitting = max(1, MIXTURES_AT_ONCE // (2 * (self.players + 1)))
        return min(self.starts, 1 << (fitting.bit_length() - 1))

    def _there_and_back(self, joins: NDArray[np.int64], first: int) -> NDArray[np.float64]:
        """(n, b', c) -> (n, b', 2, p + 1, k)."""
        masks = joins[:, :, None] <= np.arange(self.players + 1)[:, None]
        found = self._mixed(masks, slice(first, first + joins.shape[1]))
        # Who has not joined there after j steps has joined back after p - j.
        found[:, :, 1] = found[:, :, 1, ::-1].copy()
        return found

    def _mixed(self, masks: NDArray[np.bool_], starts: slice) -> NDArray[np.float64]:
        """(n, b' or 1, s, c) -> (n, b', 2, s, k) log probabilities of the networks with the row's
        cells where the mask is, and where it is not."""
        rows = np.concatenate([self.row[None], self.background[starts]])
        function = _mixtures(
            self.networks.network, self.networks.architecture, self.networks.outcome
        )
        return np.array(function(rows, masks.astype(np.float32)), dtype=np.float64)

    def _odds(
        self, raw: NDArray[np.float64], beside: list[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Log probabilities (n, b, w, s, k) of networks and trees -> (parts, b, w, s)."""
        networks, *shape, labels = raw.shape
        rows = np.moveaxis(raw, 0, 3).reshape(-1, networks, 1, labels)
        said = [np.moveaxis(one, 0, 3).reshape(-1, networks, labels) for one in beside]
        each = self.networks.calibrate(rows, said)[:, :, 0]
        if self.parts > 1:
            found = each[..., 1] - each[..., 0]
        else:
            outcome = self.networks.outcome
            found = learning(outcome).scores(outcome, self.networks.pooled(each))[
                :, self.label, None
            ]
        return np.moveaxis(found.reshape(*shape, -1), 3, 0)


@lru_cache(maxsize=4)
def _mixtures(network: keras.Model, a: Architecture, outcome: Outcome) -> Callable[[Any, Any], Any]:
    """(1 + b, n, c) rows, the first of which is mixed into each other -> as ``_mixed``."""

    def mixtures(rows: Any, masks: Any) -> Any:
        hidden, straight = first_layer.terms(network, a, rows)  # (n, 1 + b, c, h or k)
        scale = first_layer.scales(network, a)
        bias = first_layer.bias(network, a)
        whole = ops.einsum("nmc,nbch->nmbh", scale, hidden) + bias[:, :, None]
        change = (hidden[:, :1] - hidden[:, 1:])[:, None] * scale[:, :, None, :, None]
        joined = ops.matmul(masks[:, None], change)  # (n, m, b, s, h)
        both = ops.stack([whole[:, :, 1:, None] + joined, whole[:, :, :1, None] - joined], axis=3)
        moved = ops.matmul(masks, straight[:, :1] - straight[:, 1:])  # (n, b, s, k)
        ends = ops.sum(straight, axis=2)
        paths = ops.stack([ends[:, 1:, None] + moved, ends[:, :1, None] - moved], axis=2)
        n, m, b, _, s, h = both.shape
        logits = first_layer.trunk(
            network, a, ops.reshape(both, (n, m, b * 2 * s, h)),
            ops.reshape(paths, (n, b * 2 * s, paths.shape[-1])),
        )  # fmt: skip
        by_row = ops.transpose(logits, (2, 0, 1, 3))  # (.., n, m, k), as the outcome reads them
        cells = learning(outcome).traced_log_cells(outcome, by_row)
        cells = ops.transpose(cells, (1, 2, 0, 3))
        members = ops.reshape(cells, (n, m, b, 2, s, cells.shape[-1]))
        return ops.logsumexp(members, axis=1) - ops.log(float(m))

    return devices.compiled(mixtures)
