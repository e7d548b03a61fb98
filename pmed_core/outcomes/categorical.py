"""What yes/no and classes share: each patient has one of c labels.

``compatible`` is then 1 for the label that was seen and 0 for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import rankdata
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from pmed_core.baselines import BOOSTING, FOREST, LOGISTIC, SVM
from pmed_core.errors import UserError
from pmed_core.outcomes.fitted import Grown, Size, of_boosting, of_forest
from pmed_core.outcomes.target import Target

Doubles = NDArray[np.float64]
SVM_ROWS = 5000
"""A kernel SVM's time grows with the square of the rows; beyond this it is left out."""


def packed(target: Target, weights: Doubles) -> NDArray[np.float32]:
    """(r, 2) label and weight."""
    return np.stack([target.observed, weights[target.observed]], axis=-1).astype(np.float32)


def mean_over_members(entropy: Any, target: Any) -> Any:
    """(b, n, m) of each member -> (b,) weighted sum over the networks."""
    return ops.sum(ops.mean(entropy, axis=-1) * target[..., 0, 1], axis=-1)


def started(outcome: Any, targets: Sequence[Target]) -> Any:
    """The outcome as it is: the networks learn from even shares."""
    return outcome


def of_networks(outcome: Any, which: NDArray[np.int64]) -> Any:
    """The outcome as it is."""
    return outcome


def having_lived(outcome: Any, time: float, where: str) -> Any:
    """Raises ``UserError``: there is no time."""
    raise UserError(
        "This model does not predict when", where,
        "Only the model of a time to an event can be asked about patients who have come so far.",
    )  # fmt: skip


def given(outcome: Any, target: Target) -> Doubles | None:
    """Nothing."""
    return None


def blended(outcome: Any, log_cells: Doubles) -> Doubles:
    """Log probabilities are weighted and added."""
    return log_cells


def unblended(outcome: Any, mixed: Doubles) -> Doubles:
    """Sums of them are log probabilities but for a constant."""
    return np.asarray(log_softmax(mixed, axis=-1))


def final(outcome: Any, log_cells: Doubles) -> Doubles:
    """What was blended is what is said."""
    return log_cells


def compatible(target: Target, labels: int) -> Doubles:
    """(..., c) 1 for what was seen."""
    return np.asarray(target.observed[..., None] == np.arange(labels), dtype=np.float64)


def weights(target: Target, labels: int, balanced: bool) -> Doubles:
    """(c,) of the loss: ones, or inversely proportional to each label's share."""
    counts = np.bincount(target.observed, minlength=labels)
    if not balanced:
        return np.ones(labels)
    return np.asarray(counts.sum() / (labels * np.maximum(counts, 1)))


def centre(target: Target, labels: int) -> Doubles:
    """Log share of each label, none of which is nothing (Laplace 1774). Were calibration to draw
    towards even shares, weights that are more than one in sum would make rare labels rarer."""
    counts = np.bincount(target.observed, minlength=labels) + 1
    return np.asarray(np.log(counts / counts.sum()))


def strata(target: Target, patients: NDArray[np.str_], where: str) -> NDArray[np.int64]:
    """The labels; raises ``UserError`` where one is too rare to be learnt."""
    observed = target.observed
    counts = [len(np.unique(patients[observed == label])) for label in np.unique(observed)]
    if len(counts) < 2:
        raise UserError(
            "Every patient has the same outcome", where,
            "A model needs patients with and without the event: choose another outcome column "
            "or other values that count as the event.",
        )  # fmt: skip
    if min(counts) < 4:
        has = "patients have" if min(counts) > 1 else "patient has"
        raise UserError(
            f"Only {min(counts)} {has} the rarest outcome value", where,
            "Training and evaluating need at least 4 of each: add more patients.",
        )  # fmt: skip
    return observed


def odds(log_probability: Doubles) -> Doubles:
    """(..., k) log probabilities -> (..., k) log-odds."""
    return np.asarray(log_probability - np.log(-np.expm1(np.minimum(log_probability, -1e-12))))


def forest(  # noqa: PLR0913 - as the contract has it
    outcome: Any,
    columns: NDArray[np.float32],
    shares: Doubles,
    trees: int,
    *,
    seed: int,
    rows: int,
) -> list[tuple[Any, Doubles]]:
    """Extremely randomised trees of at most so many rows each -> (tree, (nodes, c) shares)."""
    found = ExtraTreesClassifier(
        trees, max_features=0.7, bootstrap=True, max_samples=min(len(shares), rows),
        random_state=seed,
    ).fit(columns, shares.argmax(axis=1))  # fmt: skip
    return _with_shares(found, shares.shape[1])


def _with_shares(forest: Any, cells: int) -> list[tuple[Any, Doubles]]:
    found = []
    for each in forest.estimators_:
        value = np.zeros((len(each.tree_.feature), cells))
        value[:, forest.classes_] = each.tree_.value[:, 0]
        found.append((each.tree_, value))
    return found


@dataclass
class Classifier:
    """A classifier of scikit-learn."""

    model: Any
    one_sided: ClassVar[bool] = False
    """Whether it bears patients who are all alike."""

    def fit(self, columns: NDArray[np.float32], target: Target) -> Classifier:
        """Learn from (n, p) columns and their known targets."""
        return self.taught(columns, target.observed)

    def taught(self, columns: NDArray[np.float32], labels: NDArray[np.int64]) -> Classifier:
        """Learn from (n, p) columns and their labels."""
        if len(np.unique(labels)) < 2 and not self.one_sided:
            # A fold without the event says so to everybody.
            self.model = DummyClassifier()
        self.model.fit(columns, labels)
        return self

    def cells(self, columns: NDArray[np.float32]) -> Doubles:
        """(n, c) probabilities."""
        return np.asarray(self.model.predict_proba(columns), dtype=np.float64)


@dataclass
class Forest(Classifier):
    """A random forest, which can be taken apart."""

    one_sided: ClassVar[bool] = True

    def grown(self, cells: int, outputs: int) -> Grown:
        """Its trees, whose mean is the share of each of so many cells."""
        return Grown([of_forest(*one) for one in _with_shares(self.model, cells)])


ABSENT = -7.0
"""Logit of a label that the rows of a fit lack: about one in a thousand."""


@dataclass
class Boosting(Classifier):
    """Gradient boosting, which can be taken apart."""

    one_sided: ClassVar[bool] = True

    def grown(self, cells: int, outputs: int) -> Grown:
        """Its trees, whose sum is the logits: of all labels, or of the second of two alone."""
        seen = [int(label) for label in self.model.classes_]
        base = np.where(np.isin(np.arange(cells), seen), 0.0, ABSENT)
        if len(seen) == 1:
            return Grown((), base if outputs > 1 else np.diff(base))
        columns = seen if len(seen) > 2 else seen[1:]
        base[columns] = self.model._baseline_prediction.ravel()
        places = columns if outputs > 1 else [0]
        return Grown(of_boosting(self.model, places, outputs), base[-outputs:])


def tree_models(seed: int, size: Size, threads: int | None = None) -> dict[str, Any]:
    """Name -> the baselines that are trees."""
    forest = RandomForestClassifier(
        size.trees, min_samples_leaf=2, max_samples=size.rows, n_jobs=threads, random_state=seed
    )
    boosting = HistGradientBoostingClassifier(random_state=seed)
    return {FOREST: Forest(forest), BOOSTING: Boosting(boosting)}


def baselines(seed: int, rows: int, threads: int | None) -> dict[str, Classifier]:
    """Name -> model; the SVM where its time is bearable."""
    models: dict[str, Classifier] = {
        LOGISTIC: Classifier(LogisticRegression(C=0.1, max_iter=500)),
        **tree_models(seed, Size(), threads),
    }
    if rows <= SVM_ROWS:
        # Platt's scaling inside the training part turns distances into probabilities.
        svm = CalibratedClassifierCV(SVC(C=1.0), cv=3, ensemble=False)
        models[SVM] = Classifier(svm)
    return models


def progress(log_cells: Doubles, target: Target, real: NDArray[np.bool_]) -> dict[str, Doubles]:
    """(r, n, c) log probabilities -> loss, accuracy and AUROC of each of n networks.

    ``real`` (r, n): False where a network has fewer rows than the longest.
    """
    label, total = target.observed, real.sum(axis=0)
    chosen = np.take_along_axis(log_cells, label[..., None], axis=-1)[..., 0]
    right = (log_cells.argmax(axis=-1) == label) & real
    cells = range(1 if log_cells.shape[-1] == 2 else 0, log_cells.shape[-1])
    ranked = [auroc(log_cells[..., cell], label == cell, real) for cell in cells]
    return {
        "loss": -(np.maximum(chosen, np.log(1e-7)) * real).sum(axis=0) / total,
        "accuracy": right.sum(axis=0) / total,
        "auroc": np.mean(ranked, axis=0),
    }


def auroc(said: Doubles, event: NDArray[np.bool_], real: NDArray[np.bool_]) -> Doubles:
    """(r, n) scores -> (n,) areas under the curve (Mann-Whitney) of the rows that are ``real``; NaN
    where all of them or none have the event."""
    order = rankdata(np.where(real, said, np.inf), axis=0)  # the others come last
    event = event & real
    with_it = event.sum(axis=0)
    pairs = with_it * (real.sum(axis=0) - with_it)
    above = (order * event).sum(axis=0) - with_it * (with_it + 1) / 2
    return np.where(pairs > 0, above / np.maximum(pairs, 1), np.nan)


def log_probabilities(logits: Doubles) -> Doubles:
    """(..., c) logits -> (..., c)."""
    return np.asarray(log_softmax(logits, axis=-1))
