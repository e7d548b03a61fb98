"""What simpler models say of the same held-out sequences, by the same folds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pmed_core.cohort import Cohort
from pmed_core.modalities.contracts import Run
from pmed_core.modalities.sequence import training as networks
from pmed_core.modalities.sequence.letters import Codes, gc_content
from pmed_core.modalities.sequence.network import Architecture, build
from pmed_core.modalities.sequence.options import (
    ALONE,
    GC,
    POSITIONS,
    ConvolutionalOptions,
    WordsOptions,
)
from pmed_core.networks.weights import assign
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Baselines, Predictions
from pmed_core.training.baselines import as_predictions
from pmed_core.training.calibration import normalised
from pmed_core.training.folds import Entry, Rows

if TYPE_CHECKING:
    from pmed_core.modalities.sequence.ensemble import SequenceEnsemble

    Learnt = tuple[SequenceEnsemble, Codes, list[tuple[Rows, Rows]]]

Doubles = NDArray[np.float64]


def baselines(of: Learnt, cohort: Cohort, parts: tuple[Entry, ...], run: Run) -> Baselines:
    """Name -> what it says of each held-out sequence; raises ``Cancelled``.

    ``of``: the model, all sequences (n, length), and its folds.
    """
    ensemble, codes, outer = of
    name = run.options.network.name
    found: Baselines = {GC: _gc_alone(of, cohort)}
    for source, title in enumerate(_sources(ensemble) if name == "dilated" else ()):
        started = time.monotonic()
        each = [
            _source(ensemble, fold, codes[held], source) for fold, (_, held) in enumerate(outer)
        ]
        panel = [_source(ensemble, fold, ensemble.background, source) for fold in ensemble.which]
        found[title] = (_as(of, cohort, each, panel), time.monotonic() - started)
    if name != "cnn":
        run.progress.stage("A plain convolutional network on the same folds", 0.66)
        found[ConvolutionalOptions.title] = _plain_network(of, cohort, parts, run)
    return found


def _sources(ensemble: SequenceEnsemble) -> tuple[str, ...]:
    """What stands beside each other in every member, in order."""
    aligned = all(one.positions is not None for one in ensemble.members)
    return (ALONE, WordsOptions.title, POSITIONS)[: 2 + aligned]


def _as(of: Learnt, cohort: Cohort, each: list[Doubles], panel: list[Doubles]) -> Predictions:
    """(held, c) of each fold as predictions of all rows."""
    cells = np.empty((len(cohort), each[0].shape[1]))
    for (_, held), said in zip(of[2], each, strict=True):
        cells[held] = said
    return as_predictions(cohort, cells, np.stack(panel))


def _source(ensemble: SequenceEnsemble, fold: int, codes: Codes, source: int) -> Doubles:
    """(n, length) -> (n, c) of one source of a fold's members alone."""
    mine = [one for one in ensemble.members if one.fold == fold]
    logs = np.mean([ensemble.said(one, codes)[source] for one in mine], axis=0)
    return np.exp(normalised(logs))


def _gc_alone(of: Learnt, cohort: Cohort) -> tuple[Predictions, float]:
    """Logistic regression on the share of G and C, and its square."""
    ensemble, codes, outer = of
    started, labels = time.monotonic(), cohort.observed()
    columns, asked = _of_gc(codes), _of_gc(ensemble.background)
    each, panel = list[Doubles](), list[Doubles]()
    cells = len(ensemble.outcome.labels) + ensemble.outcome.of_one_event
    for training, held in outer:
        model = LogisticRegression(C=100.0).fit(columns[training], labels[training])
        for rows, into in ((columns[held], each), (asked, panel)):
            said = np.zeros((len(rows), cells))
            said[:, model.classes_] = model.predict_proba(rows)
            into.append(said)
    return _as(of, cohort, each, panel), time.monotonic() - started


def _of_gc(codes: Codes) -> Doubles:
    share = np.nan_to_num(gc_content(codes), nan=0.5)
    return np.column_stack([share, (share - 0.5) ** 2 * 10])


def _plain_network(
    of: Learnt, cohort: Cohort, parts: tuple[Entry, ...], run: Run
) -> tuple[Predictions, float]:
    """One of each fold, trained as ours are."""
    ensemble, codes, outer = of
    started, outcome = time.monotonic(), ensemble.outcome
    kind, recipe = learning(outcome), networks.recipe(len(outer[0][0]))
    first = tuple(next(e for e in parts if e.fold == fold) for fold in range(len(outer)))
    both = tuple(fold.words.both for fold in ensemble.folds)
    plan = Architecture("cnn", ensemble.length, kind.outputs(outcome), recipe.width, recipe.dropout)
    material = networks.Material(outcome, codes, cohort.target(), first, both)
    until = started + 30 * run.options.time_limit_minutes
    limits = networks.Limits(until, 0.66, 0.94, run.options.seed)
    progress = networks.Unseen(run.progress)
    learnt, network = networks.train(plan, material, recipe, limits, progress), build(plan)
    each, panel = list[Doubles](), list[Doubles]()
    for fold, (weights, (_, held)) in enumerate(zip(learnt, outer, strict=True)):
        assign(network, weights)
        for rows, into in ((codes[held], each), (ensemble.background, panel)):
            said = networks.said_by(network, rows, both[fold])
            into.append(np.exp(kind.log_cells(outcome, said)))
    return _as(of, cohort, each, panel), time.monotonic() - started
