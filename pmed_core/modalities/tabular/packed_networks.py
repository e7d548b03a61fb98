"""The trained networks, with all between a table's cells and a believable probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from pmed_core.modalities.tabular.boosting import Boosted
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.modalities.tabular.preprocessing import Cells, Preprocessing, pad_columns
from pmed_core.modalities.tabular.trees import Trees
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.quantity import shown
from pmed_core.training.calibration import Calibration, normalised
from pmed_core.training.callbacks import predict_logits


@dataclass(frozen=True)
class PackedNetworks:
    """n networks of several folds, and of each a distribution over c cells (``contracts``).

    Attributes:
        outcome: what is predicted.
        architecture, network: the packed networks.
        folds: (n,) the outer fold of each network.
        preprocessing: (n,) one for each network, fitted on the rows it trained on.
        calibration: one for each outer fold.
        log_weights: (c,) log of the class weights of training, taken off again (Saerens et al.,
            Neural Computation 2002); zeros without weights.
        trees: a forest beside each network, where the model has any.
        boosted: boosted trees beside each network; only where there are ``trees`` too.
        stretch: by which intervals of all networks together are widened; each fold has its own.
        summed: trees of which each adds to what is said, as gradient boosting has them, beside each
            network; only where the model is nothing else.
    """

    outcome: Outcome
    architecture: Architecture
    network: keras.Model
    folds: tuple[int, ...]
    preprocessing: tuple[Preprocessing, ...]
    calibration: tuple[Calibration, ...]
    log_weights: tuple[float, ...]
    trees: Trees | None = None
    stretch: float = 1.0
    boosted: Boosted | None = None
    summed: Trees | None = None

    @property
    def grown(self) -> dict[str, Any]:
        """Field -> the trees beside the networks, of each kind that there are."""
        found = {"trees": self.trees, "boosted": self.boosted, "summed": self.summed}
        return {name: trees for name, trees in found.items() if trees is not None}

    def of_fold(self, fold: int) -> PackedNetworks:
        """The networks, trees and calibration of one outer fold alone."""
        mine = [j for j, one in enumerate(self.folds) if one == fold]
        architecture = replace(self.architecture, packed=len(mine))
        network = build(architecture)
        # Every weight of a packed network begins with the axis of its networks.
        assign(network, {path: array[mine] for path, array in kept(self.network).items()})
        outcome = learning(self.outcome).of_networks(self.outcome, np.array(mine))
        return replace(
            self, outcome=outcome, architecture=architecture, network=network,
            folds=(fold,) * len(mine),
            preprocessing=tuple(self.preprocessing[j] for j in mine),
            stretch=self.calibration[fold].stretch,
            **{name: trees.of_networks(mine) for name, trees in self.grown.items()},
        )  # fmt: skip

    def encode(self, table: pd.DataFrame) -> NDArray[np.float32]:
        """(rows, n, columns), each row as each network reads it."""
        cells = Cells.of(table, self.preprocessing)
        encoded = [pad_columns(p.encode_cells(cells), self.columns) for p in self.preprocessing]
        return np.stack(encoded, axis=1)

    @property
    def groups(self) -> int:
        """Questions that the cells answer."""
        return learning(self.outcome).groups(self.outcome)

    @property
    def columns(self) -> int:
        """Encoded columns that each network reads."""
        return self.architecture.numbers + self.architecture.others

    def calibrated(
        self, encoded: NDArray[np.float32], members: bool = False
    ) -> NDArray[np.float64]:
        """(rows, n, columns) -> calibrated log probabilities (rows, n, 1, c) of each network.

        With ``members`` those of its m members follow: (rows, n, 1 + m, c).
        """
        said = self.said(encoded, members)
        return self.calibrate(said, self.beside(encoded))

    def beside(self, encoded: NDArray[np.float32]) -> list[NDArray[np.float64]]:
        """(rows, n, columns) -> (rows, n, c) log probabilities of each kind of trees that there
        are."""
        each = {name: np.moveaxis(grown.said(encoded), 1, 0) for name, grown in self.grown.items()}
        return [np.moveaxis(self.cells_of(name, said), 0, 1) for name, said in each.items()]

    def cells_of(self, name: str, said: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, ..., k) what trees of a kind say -> (n, ..., c) log probabilities, as each network's
        outcome has it."""
        if name == "trees":
            return np.asarray(np.log(said))
        kind, rows = learning(self.outcome), np.moveaxis(said, 0, -2)[..., None, :]
        read = kind.log_cells if name == "boosted" else kind.summed_cells
        return np.moveaxis(read(self.outcome, rows)[..., 0, :], -2, 0)

    def said(self, encoded: NDArray[np.float32], members: bool = False) -> NDArray[np.float64]:
        """(rows, n, columns) -> (rows, n, w, c) log probabilities of the networks alone, before
        calibration and as trained, with their class weights; w as in ``calibrated``."""
        logits = predict_logits(self.network, encoded).astype(np.float64)
        each = learning(self.outcome).log_cells(self.outcome, logits)
        mean = logsumexp(each, axis=2, keepdims=True) - np.log(each.shape[2])
        return np.concatenate([mean, each], axis=2) if members else mean

    def blended(self, said: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, n, w, c) of the networks -> (rows, n, w, b) without class weights, in the space
        in which the outcome blends."""
        unweighted = normalised(said - np.array(self.log_weights), self.groups)
        return learning(self.outcome).blended(self.outcome, unweighted)

    def calibrate(
        self, raw: NDArray[np.float64], beside: Sequence[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """The networks' log probabilities (rows, n, w, c), and those of ``beside`` ->
        calibrated."""
        kind, of_networks = learning(self.outcome), self.blended(raw)
        none = (0.0,) * of_networks.shape[-1]
        of_each = [self.calibration[fold] for fold in self.folds]
        weights = np.array([calibration.weights for calibration in of_each])[:, :, None, None]
        intercepts = np.array([calibration.intercepts or none for calibration in of_each])
        mixed = weights[:, 0] * of_networks + intercepts[:, None, :]
        for source, said in enumerate(beside, start=1):
            mixed = mixed + weights[:, source] * kind.blended(self.outcome, said[:, :, None])
        return kind.final(self.outcome, kind.unblended(self.outcome, mixed))

    def pooled(self, each: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, n, c) -> (rows, c): the mean of log-odds, not of probabilities, which would draw
        calibrated risks to the middle (Ranjan & Gneiting, JRSS B 2010)."""
        return normalised(each.mean(axis=1), self.groups)

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, n, columns) -> (rows, k) of each quantity, on the scale on which shares add up."""
        cells = self.pooled(self.calibrated(encoded)[:, :, 0])
        return learning(self.outcome).scores(self.outcome, cells)

    def of_each_fold(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, n, columns) -> (f, rows, k) scores by the networks of each outer fold alone."""
        each, folds = self.calibrated(encoded)[:, :, 0], np.array(self.folds)
        cells = [self.pooled(each[:, folds == fold]) for fold in range(len(self.calibration))]
        return np.stack([learning(self.outcome).scores(self.outcome, one) for one in cells])

    @property
    def times(self) -> tuple[float, ...]:
        """t times at which the share without the event is said; none without time."""
        cells = np.zeros((1, len(self.log_weights)))
        return learning(self.outcome).course(self.outcome, cells)[0]

    def courses(self, calibrated: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, n, 1 + m, c) log probabilities -> (3, rows, t): share without the event by each
        time, low and high as ``spread`` has them."""
        rows, networks, members, cells = calibrated[:, :, 1:].shape
        said = learning(self.outcome).course
        mean = said(self.outcome, self.pooled(calibrated[:, :, 0]))[1]
        each = said(self.outcome, calibrated[:, :, 1:].reshape(-1, cells))[1]
        each = each.reshape(rows, networks * members, mean.shape[1])
        low, high = np.quantile(each, [0.05, 0.95], axis=1)
        return np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)])

    def spread(self, calibrated: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, n, 1 + m, c) log probabilities -> (3, rows, k): value, low, high.

        The value is pooled over the networks; low and high are what ``outcome.interval`` says.
        """
        kind, cells = learning(self.outcome), self.pooled(calibrated[:, :, 0])
        mean = shown(self.outcome.quantities, kind.scores(self.outcome, cells))
        low, high = kind.ends(self.outcome, cells, calibrated[:, :, 1:], self.stretch)
        return np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)])
