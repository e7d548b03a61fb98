"""The trained networks of scans, with all between a scan's pixels and a believable probability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.membership import named
from pmed_core.modalities.scan.network import ScanArchitecture
from pmed_core.modalities.scan.novelty import ScanNovelty
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.segmenter import Segmenter
from pmed_core.networks.calls import batched
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.training.calibration import Calibration

SHIFT = 1 / 28
"""How far a scan is moved, as a share of its side, to see how much its risk depends on it."""
SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1))
INTERVAL = "90 % of the networks and of small shifts of the scan"


@dataclass(frozen=True)
class Data:
    """Scans (n, s, s, c) as the network reads them, and labels (n,)."""

    scans: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class ScanEnsemble:
    """A few networks of the same architecture, averaged. k labels; yes/no counts as two inside.

    Attributes:
        outcome: what is predicted.
        other: what a yes/no outcome is called where the event does not happen; else empty.
        architecture, networks: scan -> logits.
        preparation: a scan's own pixels -> what the networks read.
        calibration: of the mean of the networks.
        segmenter: outlines lesions, where it was shown some.
        averaged: a prediction is the mean over small shifts of the scan.
        novelty: what the networks have seen, in each training that they went through; models
            of earlier versions do not know.
    """

    outcome: Outcome
    other: str
    architecture: ScanArchitecture
    networks: tuple[keras.Model, ...]
    preparation: Preparation
    calibration: Calibration
    segmenter: Segmenter | None = None
    averaged: bool = False
    novelty: tuple[ScanNovelty, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns of probabilities."""
        return self.outcome.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """Every label, also that of no event."""
        return (self.other, *self.labels) if self.outcome.of_one_event else self.labels

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: every label."""
        return self.classes

    def panel(self) -> NDArray[np.float64]:
        """Empty: there are no folds."""
        return np.empty((0, 0, 0))

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        return {"weights": sum(int(network.count_params()) for network in self.all_networks)}

    def stated(self, outcome: Outcome) -> ScanEnsemble:
        """The same of another outcome."""
        return replace(self, outcome=outcome)

    def of_fold(self, fold: int) -> ScanEnsemble:
        """All of it: no network saw those that were held out."""
        return self

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The scans themselves; raises ``UserError`` where there are none."""
        if not isinstance(patients, Cohort) or patients.scans is None or patients.scan is None:
            where = patients.name if isinstance(patients, Cohort) else "table"
            raise UserError("There are no scans in it", where, "Give scans, not a table.")
        return patients

    @property
    def all_networks(self) -> tuple[keras.Model, ...]:
        """Those that classify, and that which outlines."""
        return self.networks + ((self.segmenter.network,) if self.segmenter else ())

    @property
    def reads_lesions(self) -> bool:
        """Whether the networks read, beside the scan, what the segmenter finds."""
        return self.architecture.channels > self.preparation.channels

    def prepared(self, cohort: Cohort) -> NDArray[np.float32]:
        """(n, s, s, c) as the networks read them, after the scan's channels that of its lesions;
        raises ``UserError`` where there are no scans."""
        held, names = named(self.as_cohort(cohort))
        scans = self.preparation.prepare(held, names)
        if self.segmenter is None or not self.reads_lesions:
            return scans
        lesions = self.segmenter.channel(held, names, self.preparation.size)
        return np.concatenate([scans, lesions], axis=3)

    def predict(self, cohort: Cohort) -> Predictions:
        """Probabilities of n scans; raises ``UserError``."""
        return self.predictions(cohort, self.prepared(cohort))

    def predictions(self, cohort: Cohort, scans: NDArray[np.float32]) -> Predictions:
        """Probabilities of a cohort's scans (n, s, s, c), which are prepared already."""
        risks = self.risks(scans)
        known = self.outcome.column in cohort.table.columns
        evaluated = Cohort(cohort.name, cohort.table, cohort.variables, self.outcome)
        observed = evaluated.observed() if known else np.full(len(cohort), -1)
        return Predictions(
            tuple(cohort.patients()), self.labels, risks[0], risks[1], risks[2], observed,
            self.unlike(scans), INTERVAL, tuple(cohort.table[cohort.scan]),
        )  # fmt: skip

    def own(self, scans: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, s, s, c) as the networks read them -> the scans alone, without what a segmenter
        found."""
        return scans[..., : self.preparation.channels]

    @property
    def guarded(self) -> bool:
        """Whether a scan of another kind would be noticed."""
        return bool(self.novelty) and all(known.tells for known in self.novelty)

    def unlike(self, scans: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(n, s, s, c) -> (n,) unlike the scans of every training."""
        each = [known.unlike(self.own(scans)) for known in self.novelty]
        return np.all(each, axis=0) if each else np.zeros(len(scans), dtype=bool)

    def risks(self, scans: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, s, s, c) -> (3, n, k') probability, and low and high over networks and shifts."""
        each = np.stack([self._of_networks(view) for view in shifted(scans)])
        means = each if self.averaged else each[:1]
        mean = self._probability(means.mean(axis=(0, 1)))
        spread = self._probability(each.reshape(-1, *each.shape[2:]))
        low, high = np.quantile(spread, [0.05, 0.95], axis=0)
        found = np.stack([mean, np.minimum(low, mean), np.maximum(high, mean)])
        return found[..., 1:] if found.shape[-1] == 2 else found

    def views(self, scans: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """What is averaged: the scans, and where so chosen the scans moved a little."""
        return shifted(scans) if self.averaged else [scans]

    def _probability(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., outputs) -> calibrated (..., k)."""
        return np.asarray(
            np.exp(self.calibrated(learning(self.outcome).log_cells(self.outcome, logits)))
        )

    def calibrated(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., k) log probabilities -> the same, calibrated."""
        intercepts = np.array(self.calibration.intercepts or (0.0,) * raw.shape[-1])
        return np.asarray(log_softmax(self.calibration.slope * raw + intercepts, axis=-1))

    def mean_log_probabilities(self, scans: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, s, s, c) -> (n, k) of the mean logits, not calibrated."""
        each = [self._of_networks(view).mean(axis=0) for view in self.views(scans)]
        return learning(self.outcome).log_cells(self.outcome, np.mean(each, axis=0))

    def _of_networks(self, scans: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, s, s, c) -> (networks, n, outputs) logits."""
        each = [batched(network, scans) for network in self.networks]
        return np.stack(each).astype(np.float64)


def shifted(scans: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """(n, s, s, c) as they are, and moved a little to each side."""
    pixels = max(1, round(SHIFT * scans.shape[1]))
    return [scans, *(_moved(scans, across * pixels, down * pixels) for across, down in SHIFTS)]


def _moved(scans: NDArray[np.float32], across: int, down: int) -> NDArray[np.float32]:
    """(n, s, s, c) shifted by whole pixels; the edge is repeated."""
    size = scans.shape[1]
    rows = np.clip(np.arange(size) - down, 0, size - 1)
    columns = np.clip(np.arange(size) - across, 0, size - 1)
    return scans[:, rows][:, :, columns]
