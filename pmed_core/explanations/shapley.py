"""SHAP values: how an answer is shared out among those who made it differ.

Interventional Shapley values (Štrumbelj & Kononenko 2014; Lundberg & Lee 2017). A round walks one
order forwards and backwards (antithetic pairs: Mitchell et al., JMLR 2022) from each start, which
makes every walk add up exactly to f(x) - f(start); the parts of an answer walk rotations of one
order, so that players join early and late equally often. One pair is exact where no more than two
players interact, so only what more of them do together is left to chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats

ENUMERATED = 10
"""With so many players or fewer every coalition is asked, and nothing is left to chance."""
ROUNDS_AT_MOST = 6


class Game(Protocol):
    """Players replace the cells of the starts by those of the row that is explained; f is what is
    answered then, a mean over parts and starts."""

    @property
    def players(self) -> int:
        """p of them."""

    @property
    def parts(self) -> int:
        """Summands of f, each with orders of its own: as many more samples at no more cost."""

    @property
    def starts(self) -> int:
        """b rows to begin from."""

    def walked(self, orders: NDArray[np.int64]) -> NDArray[np.float64]:
        """(parts, b, p) who joins when -> (parts, b, 2, p + 1) f there, and with the order
        reversed."""

    def worth(self, joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(2 ** p, p) coalitions, each the bits of its position -> (2 ** p,) mean of f."""


@dataclass(frozen=True)
class Values:
    """Of p players.

    Attributes:
        shap: (p,) Shapley values.
        standard_error: (p,) of each; zeros where enumerated.
        base: mean of f over the starts.
        halves: two estimates (2, p, p) of the Shapley interaction index (Grabisch & Roubens, Int J
            Game Theory 1999) of each pair from different samples; the same twice where enumerated;
            None where they were not wanted.
    """

    shap: Floats
    standard_error: Floats
    base: float
    halves: Floats | None


def shapley_values(
    game: Game,
    tolerance: float,
    rounds: int = ROUNDS_AT_MOST,
    pairs: bool = False,
    seed: int = 0,
) -> Values:
    """Exact for few players, sampled for many.

    Args:
        tolerance: sampling stops when every standard error is below this share of f(x) - base.
        rounds: at most so many, and as many as tell the error.
        pairs: interactions are wanted too; they come from the same samples.
        seed: of the orders.
    """
    if game.players <= ENUMERATED:
        return _enumerated(game, pairs)
    generator, one_tells = np.random.default_rng(seed), game.parts > 1 and game.starts > 1
    walks: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    while True:
        orders = _balanced(game, generator)
        walks.append((orders, game.walked(orders)))
        if len(walks) == 1 and not one_tells:
            continue
        steps = np.stack([_steps(*walk) for walk in walks])  # (rounds, parts, b, 2, p)
        added = steps.mean(axis=3)
        shap, error = added.mean(axis=(0, 1, 2)), _standard_error(added)
        if error.max() <= tolerance * abs(shap.sum()) or len(walks) >= rounds:
            base = float(walks[0][1][:, :, 0, 0].mean())
            halves = _paired([order for order, _ in walks], steps) if pairs else None
            return Values(shap, error, base, halves)


def _balanced(game: Game, generator: np.random.Generator) -> NDArray[np.int64]:
    """(parts, b, p): from each start a random order, turned further from part to part."""
    turns = np.arange(game.parts) * game.players // game.parts
    orders = []
    for _ in range(game.starts):
        order = generator.permutation(game.players)
        orders.append(np.stack([np.roll(order, turn) for turn in turns]))
    return np.stack(orders, axis=1)


def _steps(orders: NDArray[np.int64], worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(parts, b, p), (parts, b, 2, p + 1) -> (parts, b, 2, p) what each player added there and
    back."""
    found = np.empty((*orders.shape[:2], 2, orders.shape[2]))
    gained = np.diff(worth, axis=3)
    np.put_along_axis(found[:, :, 0], orders, gained[:, :, 0], axis=2)
    np.put_along_axis(found[:, :, 1], orders, gained[:, :, 1, ::-1], axis=2)
    return found


def _standard_error(added: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rounds, parts, b, p) -> (p,).

    Every round repeats the same parts and starts, so what differs between rounds is error. Of one
    round all is counted as error that parts and starts do not explain by themselves, which is more
    than there is.
    """
    rounds, parts, starts, _ = added.shape
    cells = parts * starts
    if rounds > 1:
        variance = added.var(axis=0, ddof=1).sum(axis=(0, 1)) / cells
    else:
        one = added[0]
        rest = one - one.mean(axis=0) - one.mean(axis=1, keepdims=True) + one.mean(axis=(0, 1))
        variance = (rest**2).sum(axis=(0, 1)) / ((parts - 1) * (starts - 1))
    return np.asarray(np.sqrt(variance / (rounds * cells)))


def _paired(orders: list[NDArray[np.int64]], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, p, p) interactions from the same walks, of each half of the parts or rounds.

    What j adds there less what it adds back is the sum of its interactions with those before it
    less that with those after it. With s = 1 where i comes before j and -1 where after, E[s s'] is
    1 for the same i and 1/3 for two, which is solved for the single i.
    """
    ranks = np.argsort(np.stack(orders), axis=-1)  # (rounds, parts, b, p)
    gained = steps[:, :, :, 0] - steps[:, :, :, 1]
    # Rounds change fastest: with several of them, each half has all parts.
    ranks, gained = (np.concatenate(list(np.swapaxes(one, 0, 1))) for one in (ranks, gained))
    players = ranks.shape[-1]
    halves = []
    for half in (slice(0, None, 2), slice(1, None, 2)):
        rank, gain = (each[half].reshape(-1, players) for each in (ranks, gained))
        before = np.sign(rank[:, None, :] - rank[:, :, None])  # (walks, i, j)
        raw = np.einsum("wij,wj->ij", before, gain) / len(gain)
        found = 1.5 * (raw - raw.sum(axis=0) / (players + 1))
        found = (found + found.T) / 2
        np.fill_diagonal(found, 0)
        halves.append(found)
    return np.stack(halves)


def _enumerated(game: Game, pairs: bool) -> Values:
    """Shapley's own formula over all coalitions."""
    p = game.players
    coalitions = np.arange(1 << p)
    joined = (coalitions[:, None] >> np.arange(p) & 1).astype(bool)
    worth, size = game.worth(joined), joined.sum(axis=1)
    shap = np.zeros(p)
    for i in range(p):
        without = coalitions[~joined[:, i]]
        gained = worth[without | 1 << i] - worth[without]
        shap[i] = (gained / _orders(p - 1, size[without])).sum() / p
    halves = np.stack([_pairs(worth, joined)] * 2) if pairs else None
    return Values(shap, np.zeros(p), float(worth[0]), halves)


def _pairs(worth: NDArray[np.float64], joined: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(p, p) Shapley interaction indices of the enumerated coalitions."""
    coalitions, size, p = np.arange(len(joined)), joined.sum(axis=1), joined.shape[1]
    found = np.zeros((p, p))
    for i in range(p):
        for j in range(i):
            rest = coalitions[~joined[:, i] & ~joined[:, j]]
            together = worth[rest | 1 << i | 1 << j] + worth[rest]
            alone = worth[rest | 1 << i] + worth[rest | 1 << j]
            index = ((together - alone) / _orders(p - 2, size[rest])).sum() / (p - 1)
            found[i, j] = found[j, i] = index
    return found


def _orders(players: int, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many coalitions of each size there are among so many players."""
    return np.array([comb(players, int(size)) for size in sizes], dtype=np.float64)


@dataclass(frozen=True)
class Masked:
    """The game of any function: whole rows are mixed and asked.

    Attributes:
        model: (s, ...) rows -> (s,) answers.
        row: (...) the cells that are explained.
        background: (b, ...) the starts.
        owner: player of each cell, of a shape that stretches to the row's; -1 for none.
        players: p of them.
    """

    model: Callable[[NDArray[Any]], NDArray[np.float64]]
    row: NDArray[Any]
    background: NDArray[Any]
    owner: NDArray[np.int64]
    players: int
    parts: int = 1

    @property
    def starts(self) -> int:
        """Rows of the background."""
        return len(self.background)

    def walked(self, orders: NDArray[np.int64]) -> NDArray[np.float64]:
        """As of every game."""
        found = np.empty((1, self.starts, 2, self.players + 1))
        steps = np.arange(self.players + 1)[:, None]
        for start, rank in enumerate(np.argsort(orders[0], axis=1)):
            there, back = rank < steps, self.players - 1 - rank < steps
            answers = self._asked(start, np.concatenate([there, back[1:-1]]))
            found[0, start, 0] = answers[: self.players + 1]
            found[0, start, 1, 1:-1] = answers[self.players + 1 :]
        found[:, :, 1, [0, -1]] = found[:, :, 0, [0, -1]]
        return found

    def worth(self, joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        """As of every game."""
        each = [self._asked(start, joined) for start in range(self.starts)]
        return np.asarray(np.mean(each, axis=0))

    def _asked(self, start: int, joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        padded = np.concatenate([joined, np.zeros_like(joined[:, :1])], axis=1)
        mixed = np.where(padded[:, self.owner], self.row, self.background[start])
        return np.asarray(self.model(mixed))
