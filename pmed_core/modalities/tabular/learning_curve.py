"""What a model of a table would have been with fewer patients, on the same folds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from pmed_core.checkpoint import Checkpoint
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluations.learning_curve import learning_curve
from pmed_core.learning_curve import LearningCurve
from pmed_core.modalities.tabular.learner import predicted, trainable
from pmed_core.modalities.tabular.options import TableOptions
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress, Silent, Stretch
from pmed_core.training import devices
from pmed_core.training.folds import Rows, outer_folds, strata

SHARES = (0.25, 0.5, 0.75)
"""Of each training part; all of it was learnt from already."""
OF_EACH = 4
"""Patients of each stratum that a share must hold at the least."""


def curve(
    cohort: Cohort, options: TableOptions, whole: Predictions, progress: Progress
) -> LearningCurve:
    """Train on shares of the training part of each fold, and predict whom that fold held out.

    Args:
        cohort: that of the model.
        options: of its training.
        whole: its out-of-fold predictions.

    Raises ``UserError`` where there are too few patients, ``Cancelled`` where ``progress`` says so.
    """
    cohort = trainable(cohort, Silent())
    patients = cohort.patients()
    codes, owners = strata(cohort, patients), np.unique(patients, return_inverse=True)[1]
    outer = outer_folds(cohort, options.folds, options.seed)
    if not _of_these(whole, outer):
        raise UserError(
            "The cohort is no longer split as when the model was trained", cohort.name,
            "Train the model again.",
        )  # fmt: skip
    shares = [s for s in SHARES if all(_enough(codes[part], s) for part, _ in outer)]
    if not shares:
        raise UserError(
            "There are too few patients to see how much more would help", cohort.name,
            f"Each share of the training part needs {OF_EACH} of each outcome.",
        )  # fmt: skip
    keras.utils.set_random_seed(options.seed)
    found, every = dict[int, Predictions](), len(np.unique(owners))
    # A GPU that the model was trained on may be another job's by now.
    with devices.on("cpu" if options.device == "cpu" else "auto"):
        for number, share in enumerate(shares):
            fewer = [(_some(part, codes, owners, share), out) for part, out in outer]
            told = _Within(progress, number, len(shares), share)
            found[round(share * every)] = predicted(cohort, fewer, options, told)
    return learning_curve(found | {every: whole}, cohort.chosen_outcome(), options.network.title)


def _of_these(whole: Predictions, outer: list[tuple[Rows, Rows]]) -> bool:
    """Whether those folds held these rows out."""
    folds, held_out = np.array(whole.folds), np.concatenate([out for _, out in outer])
    if len(folds) != len(held_out):
        return False
    return all((folds[out] == fold).all() for fold, (_, out) in enumerate(outer))


def _enough(codes: Rows, share: float) -> bool:
    """Whether a share of these rows holds enough of each stratum."""
    return bool(share * np.unique(codes, return_counts=True)[1].min() >= OF_EACH)


def _some(part: Rows, codes: Rows, owners: Rows, share: float) -> Rows:
    """A share of the patients of each stratum; a larger share holds a smaller one."""
    order = np.random.default_rng(0).permutation(owners.max() + 1)[owners]
    kept = [_first(part[codes[part] == code], order, share) for code in np.unique(codes[part])]
    return np.sort(np.concatenate(kept))


def _first(rows: Rows, order: Rows, share: float) -> Rows:
    ranks = np.unique(order[rows], return_inverse=True)[1]
    return np.asarray(rows[ranks < np.ceil(share * (ranks.max() + 1))])


class _Within(Stretch):
    """Progress of one training among several."""

    def __init__(self, progress: Progress, number: int, of: int, share: float) -> None:
        super().__init__(progress, number / of, (number + 1) / of)
        self.number, self.share = number, share

    def stage(self, text: str, fraction: float) -> None:
        said = (
            f"Learning from {100 * self.share:.0f} % of the patients: {text[:1].lower()}{text[1:]}"
        )
        super().stage(said, fraction)

    def epoch(self, values: dict[str, Any]) -> None: ...

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        return self.progress.checkpoint(f"training {self.number + 1}, {part}", of)
