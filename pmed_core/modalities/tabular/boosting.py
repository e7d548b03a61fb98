"""Boosted symmetric trees, which learn what neither networks nor randomised trees do.

Gradient boosting (Friedman, Ann Stat 2001) of trees that ask all patients on a level the same
question, as in CatBoost (Prokhorenkova et al., NeurIPS 2018), with its Bayesian bootstrap and its
noise in the choice of questions. A tree moves the logits of its outcome, whatever its kind: the
kind says how likely what was observed is under them, and its slope is taken numerically.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from pmed_core.checkpoint import digest, done
from pmed_core.modalities.tabular.compiled import compiled
from pmed_core.modalities.tabular.material import Material
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress
from pmed_core.training.cores import cores, over_cores

Doubles = NDArray[np.float64]
TREES_OF_A_FOLD, TREES_AT_LEAST, DEPTH = 300, 50, 6
ROWS_OF_A_TREE = 4000
"""A tree draws at most so many rows, so that time does not grow with the cohort."""
LENGTH, SHORTER = 18.0, 0.25
"""Sum over the trees of the share of a leaf's answer that is added, for as many rows as a tree
draws, and by which power it falls for fewer: fewer rows are learnt by heart sooner."""
BORDERS = 32
"""Questions about a column at most."""
HELD = 3.0
"""Patients, and information, that hold a leaf at zero."""
NOISE = 1.0
"""Deviation of what is added to the score of a question, in those of a score by chance."""
NUDGE = 1e-4


@dataclass(frozen=True)
class Boosted:
    """n sums of t symmetric trees of depth d, one beside each network.

    Attributes:
        feature: (n, t, d) encoded column that a level asks for.
        threshold: (n, t, d) the level's bit is set where the cell is more.
        value: (n, t, 2 ** d, k) what a leaf, numbered by its bits, adds to each logit.
        base: (n, k) logits before the first tree.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    value: NDArray[np.float32]
    base: NDArray[np.float32]

    @property
    def count(self) -> int:
        """All trees."""
        return int(np.prod(self.feature.shape[:2]))

    def of_networks(self, which: list[int]) -> Boosted:
        """Those beside some of the networks."""
        return Boosted(**{name: array[which] for name, array in self.arrays().items()})

    def said(self, encoded: NDArray[np.float32]) -> Doubles:
        """(r, n, columns) rows as each network reads them -> (r, n, k) logits."""
        bits, trees = 1 << np.arange(self.feature.shape[2]), np.arange(self.feature.shape[1])
        found = np.empty((*encoded.shape[:2], self.base.shape[1]))
        for j, (feature, threshold) in enumerate(zip(self.feature, self.threshold, strict=True)):
            leaves = (encoded[:, j][:, feature] > threshold) @ bits
            found[:, j] = self.base[j] + self.value[j, trees, leaves].sum(axis=1, dtype=np.float64)
        return found

    def shuffled(self, draw: np.random.Generator) -> Boosted:
        """The same questions and answers in another order."""
        feature, value = draw.permuted(self.feature), draw.permuted(self.value)
        return replace(self, feature=feature, value=value)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As a package keeps them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Likelihood:
    """Of what was observed of r patients, given k logits of each.

    Attributes:
        agrees: (r, g, c / g) how much of each cell agrees with it.
        given: the same of what is conditioned on, where anything is.
    """

    outcome: Outcome
    agrees: Doubles
    given: Doubles | None

    @classmethod
    def of(cls, outcome: Outcome, target: Target) -> Likelihood:
        kind = learning(outcome)
        apart = (len(target), kind.groups(outcome), -1)
        given = kind.given(outcome, target)
        agrees = kind.compatible(outcome, target).reshape(apart)
        return cls(outcome, agrees, None if given is None else given.reshape(apart))

    def of_rows(self, rows: NDArray[np.int64]) -> Likelihood:
        """Of some of them."""
        given = None if self.given is None else self.given[rows]
        return Likelihood(self.outcome, self.agrees[rows], given)

    def slopes(self, logits: Doubles) -> tuple[Doubles, Doubles]:
        """(r, k) -> (r, k) slope of the log likelihood, and Fisher's information."""
        cells = self._log_cells(logits)
        likely, pull = np.exp(cells), self._share(cells, self.agrees)
        if self.given is not None:
            pull = pull - self._share(cells, self.given)
        slope, information = np.empty_like(logits), np.empty_like(logits)
        for k, nudge in enumerate(np.eye(logits.shape[1]) * NUDGE):
            moved = (self._log_cells(logits + nudge) - cells) / NUDGE
            slope[:, k] = (pull * moved).sum(axis=(1, 2))
            information[:, k] = (likely * moved**2).sum(axis=(1, 2))
        return slope, information

    def _log_cells(self, logits: Doubles) -> Doubles:
        found = learning(self.outcome).log_cells(self.outcome, logits[:, None, None])
        return found.reshape(self.agrees.shape)

    @staticmethod
    def _share(cells: Doubles, agrees: Doubles) -> Doubles:
        together = logsumexp(cells, axis=2, b=agrees, keepdims=True)
        return np.asarray(agrees * np.exp(cells - together))


@dataclass(frozen=True)
class Questions:
    """What may be asked of r rows: whether a cell is above one of its column's borders.

    Attributes:
        borders: (c,) of (b,) thresholds each, rising.
        places: (c, r) how many of them a cell is above.
    """

    borders: tuple[NDArray[np.float32], ...]
    places: NDArray[np.uint8]

    @classmethod
    def of(cls, columns: NDArray[np.float32]) -> Questions:
        """Between quantiles of each of (r, c) columns."""
        borders = tuple(_borders(column) for column in columns.T)
        found = [np.searchsorted(b, own) for b, own in zip(borders, columns.T, strict=True)]
        return cls(borders, np.stack(found).astype(np.uint8))

    def of_rows(self, rows: NDArray[np.int64]) -> Questions:
        """Of some of them."""
        return Questions(self.borders, np.ascontiguousarray(self.places[:, rows]))

    def leaf(self, asked: list[tuple[int, int]]) -> NDArray[np.int64]:
        """(r,) where each row comes to, by the column and border of each level."""
        found = np.zeros(self.places.shape[1], np.int64)
        for level, (column, border) in enumerate(asked):
            found |= (self.places[column] > border).astype(np.int64) << level
        return found


def _borders(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """(b,) rising, at least one, which nobody is above where all are alike."""
    values = np.unique(column)
    if len(values) == 1:
        return values
    if len(values) > BORDERS + 1:
        ranks = np.linspace(0, 1, BORDERS + 1)
        values = np.unique(np.quantile(column, ranks, method="inverted_cdf"))
    return np.asarray((values[:-1] + values[1:]) / 2, dtype=np.float32)


def boosted(material: Material, seed: int, progress: Progress) -> Boosted:
    """Trees beside each network, of the rows that the network trains on.

    Raises ``Cancelled`` where ``progress`` says so.
    """

    repeats = len(material.members) // len({entry.fold for entry in material.members})
    trees, of = max(TREES_AT_LEAST, TREES_OF_A_FOLD // repeats), digest(material.digest(), seed)

    def of_network(j: int) -> dict[str, NDArray[Any]]:
        return done(progress.checkpoint(f"boosted trees {j + 1}", of), lambda: grown(j))

    def grown(j: int) -> dict[str, NDArray[Any]]:
        training = material.members[j].training
        outcome = learning(material.outcome).of_networks(material.outcome, np.array([j]))
        likelihood = Likelihood.of(outcome, material.target.select(training))
        return _grown(likelihood, Questions.of(material.encoded[j][training]), trees, seed + j)

    each = list(over_cores(of_network, len(material.members), progress, cores()))
    return Boosted(**{name: np.stack([one[name] for one in each]) for name in each[0]})


def _grown(
    likelihood: Likelihood, questions: Questions, trees: int, seed: int
) -> dict[str, NDArray[Any]]:
    """The arrays of one network's trees."""
    draw, rows = np.random.default_rng(seed), questions.places.shape[1]
    base = _base(likelihood, rows)
    share = min(1.0, rows / ROWS_OF_A_TREE)
    logits, rate = np.tile(base, (rows, 1)), LENGTH * share**SHORTER / trees
    asked, values = [], []
    for _ in range(trees):
        drawn = draw.choice(rows, min(rows, ROWS_OF_A_TREE), replace=False)
        slope, information = likelihood.of_rows(drawn).slopes(logits[drawn])
        scaled = slope / np.sqrt(information.mean(axis=0) + NUDGE)
        asked.append(_asked(questions.of_rows(drawn), scaled, draw))
        leaf = questions.leaf(asked[-1])
        sums = [_summed(leaf[drawn], each) for each in (slope, information)]
        values.append(rate * sums[0] / (sums[1] + HELD))
        logits += values[-1][leaf]
    borders = [[questions.borders[column][b] for column, b in tree] for tree in asked]
    return {
        "feature": np.array(asked, np.int32)[..., 0], "threshold": np.array(borders, np.float32),
        "value": np.array(values, np.float32), "base": base.astype(np.float32),
    }  # fmt: skip


def _base(likelihood: Likelihood, rows: int) -> Doubles:
    """(k,) logits that suit everybody best, by Newton's steps."""
    base = np.zeros(learning(likelihood.outcome).outputs(likelihood.outcome))
    for _ in range(20):
        slope, information = likelihood.slopes(np.tile(base, (rows, 1)))
        base += np.clip(slope.sum(axis=0) / (information.sum(axis=0) + NUDGE), -1, 1)
    return base


def _summed(leaf: NDArray[np.int64], each: Doubles) -> Doubles:
    """(2 ** d, k) sums over the rows of each leaf."""
    return np.stack([np.bincount(leaf, one, 1 << DEPTH) for one in each.T], axis=1)


def _asked(
    questions: Questions, slope: Doubles, draw: np.random.Generator
) -> list[tuple[int, int]]:
    """The column and border of each level of a tree."""
    every = len(questions.borders)
    columns = np.sort(draw.choice(every, -(-every // 2), replace=False))
    # Each patient counts by chance, as in the Bayesian bootstrap (Rubin, Ann Stat 1981).
    pull = np.stack([*slope.T, np.ones(len(slope))]) * draw.exponential(size=len(slope))
    spread = NOISE * np.sqrt((slope**2).sum(axis=1).mean())
    asked: list[tuple[int, int]] = []
    for level in range(DEPTH):
        noise = spread * draw.normal(size=(len(columns), BORDERS))
        leaf = questions.leaf(asked)
        asked.append(_best(questions.places, (columns, noise), leaf, pull, 1 << level))
    return asked


def rebuilt(arrays: Mapping[str, NDArray[Any]], shape: tuple[int, int, int]) -> Boosted:
    """The boosted trees of a package's arrays.

    Args:
        shape: (n, columns, k) that they must fit.

    Raises ``ValueError`` where they are not trees of that shape: following them could read beyond
    a row.
    """
    found = Boosted(**{field.name: arrays[field.name] for field in fields(Boosted)})
    networks, columns, outputs = shape
    trees, depth = found.feature.shape[1:] if found.feature.ndim == 3 else (0, 0)
    expected = {
        "feature": ((networks, trees, depth), "int32"),
        "threshold": ((networks, trees, depth), "float32"),
        "value": ((networks, trees, 1 << min(depth, 30), outputs), "float32"),
        "base": ((networks, outputs), "float32"),
    }
    if not (
        {name: (each.shape, str(each.dtype)) for name, each in arrays.items()} == expected
        and ((found.feature >= 0) & (found.feature < columns)).all()
        and all(np.isfinite(each).all() for each in arrays.values())
    ):
        raise ValueError(f"Not boosted trees. Expected (networks, columns, outputs) {shape}")
    return found


@compiled
def _best(places: Any, candidates: Any, leaf: Any, pull: Any, leaves: Any) -> Any:
    """The column and border that split all leaves best: by the cosine between the slopes and what
    the leaves would answer, and a little noise."""
    columns, noise = candidates
    bins = noise.shape[1] + 1
    first = leaf.astype(np.uint64) * np.uint64(bins)
    sums = np.zeros((len(pull), leaves * bins))
    best, column, border = -np.inf, columns[0], 0
    for position, candidate in enumerate(columns):
        last = np.int64(places[candidate].max())
        sums[:] = 0.0
        for k in range(len(pull)):
            of_one, each = sums[k], pull[k]
            for row in range(len(first)):
                of_one[first[row] + places[candidate, row]] += each[row]
            for cell in range(1, len(of_one)):
                if cell % bins:
                    of_one[cell] += of_one[cell - 1]
        for split in range(last):
            score = _cosine(sums, split, bins) + noise[position, split]
            if score > best:
                best, column, border = score, candidate, split
    return column, border


@compiled
def _cosine(sums: Any, split: Any, bins: Any) -> Any:
    along, length = 0.0, 1e-12
    for first in range(0, sums.shape[1], bins):
        low = sums[-1, first + split]
        high = sums[-1, first + bins - 1] - low
        for k in range(len(sums) - 1):
            below = sums[k, first + split]
            above = sums[k, first + bins - 1] - below
            under, over = below / (low + HELD), above / (high + HELD)
            along += under * below + over * above
            length += under * under * low + over * over * high
    return along / np.sqrt(length)
