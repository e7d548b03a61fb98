"""The rows of all networks, side by side, as one packed model trains on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pmed_core.checkpoint import digest
from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular.preprocessing import Preprocessing, pad_columns
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.training.callbacks import Part
from pmed_core.training.folds import Entry, Rows


@dataclass(frozen=True)
class Material:
    """r patients encoded once for each network.

    Attributes:
        members: the n networks and their rows.
        encoded: (n,) of (r, columns); the first ``numbers`` columns are scores.
        target: (r,) what happened.
        class_weights: (c,) of the cells in the loss.
    """

    outcome: Outcome
    members: tuple[Entry, ...]
    encoded: tuple[NDArray[np.float32], ...]
    numbers: int
    target: Target
    class_weights: NDArray[np.float64]

    def digest(self) -> str:
        """Of all that it holds."""
        parts = [rows for one in self.members for rows in (one.training, one.validation)]
        of_target = vars(self.target).values()
        return digest(self.outcome, self.numbers, self.class_weights, *of_target, *parts,
                      *self.encoded)  # fmt: skip

    def rows(self, entry: Entry, part: Literal["training", "validation"]) -> Rows:
        """The rows of one network: its training or its validation part."""
        return entry.training if part == "training" else entry.validation

    def training_arrays(self, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(m, n, columns) and (m, n, 1, t) targets, m the longest training part.

        Shorter ones are filled up with rows of their own, drawn at random.
        """
        generator = np.random.default_rng(seed)
        longest = max(len(entry.training) for entry in self.members)
        index = np.stack([_filled(entry.training, longest, generator) for entry in self.members], 1)
        columns = self._columns(index)
        packed = learning(self.outcome).packed(self.outcome, self.target, self.class_weights)
        # Keras wants targets of the logits' rank.
        return columns, packed[index][:, :, None]

    def part(self, part: Literal["training", "validation"], at_most: int | None = None) -> Part:
        """Rows to look at after each epoch, at most so many of each network."""
        return self.look_at([_spread(self.rows(entry, part), at_most) for entry in self.members])

    def look_at(self, rows: list[Rows]) -> Part:
        """Some rows for each of the n networks, padded to the longest."""
        longest = max(map(len, rows))
        index = np.stack([np.resize(own, longest) for own in rows], 1)
        real = np.stack([np.arange(longest) < len(own) for own in rows], 1)
        return Part(self._columns(index), self.target.select(index), real)

    def _columns(self, index: Rows) -> NDArray[np.float32]:
        return np.stack([own[index[:, j]] for j, own in enumerate(self.encoded)], axis=1)


def _spread(rows: Rows, at_most: int | None) -> Rows:
    """Evenly over the file, as files are often sorted by outcome."""
    if at_most is None or len(rows) <= at_most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, at_most).astype(np.int64)]


def _filled(rows: Rows, size: int, generator: np.random.Generator) -> Rows:
    shuffled = generator.permutation(rows)
    more = generator.choice(rows, size - len(rows))
    return np.concatenate([shuffled, more])


def prepare(
    cohort: Cohort,
    members: tuple[Entry, ...],
    preprocessing: tuple[Preprocessing, ...],
    balanced: bool,
) -> Material:
    """Encode the cohort for each network; ``balanced``: rare labels count more in the loss."""
    encoded = [fitted.encode(cohort.table) for fitted in preprocessing]
    widest = max(table.shape[1] for table in encoded)
    numbers = len(preprocessing[0].numbers)
    outcome, target = cohort.chosen_outcome(), cohort.target()
    return Material(
        outcome, members, tuple(pad_columns(table, widest) for table in encoded), numbers, target,
        learning(outcome).weights(outcome, target, balanced),
    )  # fmt: skip


def bin_edges(material: Material, bins: int) -> NDArray[np.float64]:
    """(n, numbers, bins + 1) quantiles of each network's own training scores."""
    ranks = np.linspace(0, 1, bins + 1)
    edges = [
        np.quantile(own[entry.training, : material.numbers], ranks, axis=0)
        for entry, own in zip(material.members, material.encoded, strict=True)
    ]
    return np.stack(edges).transpose(0, 2, 1).astype(np.float64)
