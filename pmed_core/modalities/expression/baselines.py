"""What simpler models say of the same held-out patients, by the same folds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from pmed_core.baselines import FOREST
from pmed_core.cohort import Cohort
from pmed_core.modalities.contracts import Run
from pmed_core.modalities.expression.describing import strongest
from pmed_core.modalities.expression.options import ALL_GENES, ALONE, FEW_GENES, GENE
from pmed_core.predictions import Baselines, Predictions
from pmed_core.training.baselines import as_predictions
from pmed_core.training.calibration import normalised
from pmed_core.training.cores import cores
from pmed_core.training.folds import Rows

if TYPE_CHECKING:
    from pmed_core.modalities.expression.ensemble import ExpressionEnsemble

    Learnt = tuple[ExpressionEnsemble, NDArray[np.float64], list[tuple[Rows, Rows]]]

Doubles = NDArray[np.float64]
SOURCES = ALL_GENES, FEW_GENES, ALONE
TREES = 300


def baselines(of: Learnt, cohort: Cohort, run: Run) -> Baselines:
    """Name -> what it says of each held-out patient. ``of``: the model, all logarithms (n, p), and
    its folds."""
    ensemble, values, outer = of
    found: Baselines = {}
    for source, title in enumerate(SOURCES[: 2 + (ensemble.network is not None)]):
        started = time.monotonic()
        each = [_source(ensemble, fold, values[held], source) for fold, (_, held) in
                enumerate(outer)]  # fmt: skip
        panel = [_source(ensemble, fold, ensemble.background, source) for fold in ensemble.which]
        found[title] = (_as(of, cohort, each, panel), time.monotonic() - started)
    run.progress.stage("Baselines on the same folds", 0.8)
    found[GENE] = _fitted(of, cohort, _one_gene)
    run.progress.stage("A random forest on the same folds", 0.85)
    seed = run.options.seed
    found[FOREST] = _fitted(of, cohort, lambda x, y, z: _forest(x, y, z, seed))
    return found


def _source(ensemble: ExpressionEnsemble, fold: int, values: Doubles, source: int) -> Doubles:
    """(n, p) -> (n, c) of one source of a fold's members alone."""
    logs = ensemble.of_fold(fold).said(values)[source].mean(axis=0)
    return np.exp(normalised(logs))


def _as(of: Learnt, cohort: Cohort, each: list[Doubles], panel: list[Doubles]) -> Predictions:
    cells = np.empty((len(cohort), each[0].shape[1]))
    for (_, held), said in zip(of[2], each, strict=True):
        cells[held] = said
    return as_predictions(cohort, cells, np.stack(panel))


Fit = Callable[[Doubles, NDArray[np.int64], Doubles], tuple[NDArray[np.int64], Doubles]]


def _fitted(of: Learnt, cohort: Cohort, fit: Fit) -> tuple[Predictions, float]:
    """What a model says that is fitted on the standardised genes of each training part."""
    ensemble, values, outer = of
    started, labels = time.monotonic(), cohort.observed()
    cells = len(ensemble.outcome.labels) + ensemble.outcome.of_one_event
    each, panel = list[Doubles](), list[Doubles]()
    for fold, (training, held) in enumerate(outer):
        encoder = ensemble.folds[fold].encoder
        asked = encoder.standardised(np.concatenate([values[held], ensemble.background]))
        classes, shares = fit(encoder.standardised(values[training]), labels[training], asked)
        said = np.zeros((len(asked), cells))
        said[:, classes] = shares
        each.append(said[: len(held)])
        panel.append(said[len(held) :])
    return _as(of, cohort, each, panel), time.monotonic() - started


def _one_gene(
    genes: Doubles, labels: NDArray[np.int64], asked: Doubles
) -> tuple[NDArray[np.int64], Doubles]:
    best = int(strongest(genes, labels)[0])
    model = LogisticRegression(C=10.0).fit(genes[:, [best]], labels)
    return model.classes_, model.predict_proba(asked[:, [best]])


def _forest(
    genes: Doubles, labels: NDArray[np.int64], asked: Doubles, seed: int
) -> tuple[NDArray[np.int64], Doubles]:
    model = RandomForestClassifier(TREES, random_state=seed, n_jobs=cores())
    model.fit(genes.astype(np.float32), labels)
    return model.classes_, model.predict_proba(asked.astype(np.float32))
