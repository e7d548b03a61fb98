"""What simpler learners say of the same patients' effects.

T-learner: a model of the outcome for each option, and their difference. X-learner: what a patient
gained over what the other option's model says, learnt in each arm (Künzel et al., PNAS 2019).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from pmed_core.cohort import Cohort
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.modalities.treatment.options import RIDGE, SAME, T_LEARNER, X_LEARNER
from pmed_core.predictions import Baselines, Predictions
from pmed_core.training.folds import Rows

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Run

Doubles = NDArray[np.float64]
PENALTIES = np.logspace(-2, 4, 13)


@dataclass(frozen=True)
class Two:
    """Two arms of a training part: (n, p) columns, (n,) whether each was given the option that is
    compared with the reference, and (n,) outcomes."""

    columns: Doubles
    given: NDArray[np.bool_]
    outcome: Doubles


Learner = Callable[[Two, Doubles, int], Doubles]
"""A training part, (m, p) others and a seed -> (m,) their effects."""


def ridge(of: Two, others: Doubles, seed: int) -> Doubles:
    scale = StandardScaler().fit(of.columns)
    share = of.given.mean()

    def columns(x: Doubles, given: Doubles) -> Doubles:
        centred = given[:, None] - share
        return np.concatenate([x, centred, centred * x], axis=1)

    x, z = scale.transform(of.columns), scale.transform(others)
    model = RidgeCV(PENALTIES).fit(columns(x, of.given.astype(float)), of.outcome)
    each = [model.predict(columns(z, np.full(len(z), value))) for value in (1.0, 0.0)]
    return np.asarray(each[0] - each[1])


def t_learner(of: Two, others: Doubles, seed: int) -> Doubles:
    each = [
        _boosted(of.columns[arm], of.outcome[arm], seed).predict(others)
        for arm in (of.given, ~of.given)
    ]
    return np.asarray(each[0] - each[1])


def x_learner(of: Two, others: Doubles, seed: int) -> Doubles:
    models = [_boosted(of.columns[arm], of.outcome[arm], seed) for arm in (of.given, ~of.given)]
    gains = (
        of.outcome[of.given] - models[1].predict(of.columns[of.given]),
        models[0].predict(of.columns[~of.given]) - of.outcome[~of.given],
    )
    each = [
        _boosted(of.columns[arm], gain, seed).predict(others)
        for arm, gain in zip((of.given, ~of.given), gains, strict=True)
    ]
    share = of.given.mean()
    return np.asarray((1 - share) * each[0] + share * each[1])


def _boosted(columns: Doubles, outcome: Doubles, seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=8, random_state=seed
    ).fit(columns, outcome)


LEARNERS: dict[str, Learner] = {RIDGE: ridge, T_LEARNER: t_learner, X_LEARNER: x_learner}


def baselines(
    ensemble: TreatmentEnsemble,
    cohort: Cohort,
    outer: list[tuple[Rows, Rows]],
    held_out: Predictions,
    run: Run,
) -> Baselines:
    """Of the held-out patients, in the cohort's order. Raises ``Cancelled``."""
    found = {SAME: (_said(ensemble, held_out, _same(ensemble, outer, len(cohort))), 0.0)}
    columns = [
        ensemble.outcomes.networks.preprocessing[ensemble.networks_of(fold)[0]]
        .encode(cohort.table).astype(np.float64)
        for fold in range(len(outer))
    ]  # fmt: skip
    for number, (name, learner) in enumerate(LEARNERS.items()):
        run.progress.stage(f"Baselines, {name}", 0.86 + 0.03 * number)
        started = time.monotonic()
        effects = np.empty((len(cohort), ensemble.outcome.effects))
        for fold, (training, rows) in enumerate(outer):
            own = _without_treatment(ensemble, fold, columns[fold])
            part = cohort.select(training)
            happened = replace(ensemble, which=(fold,)).happened(part.target())
            for k in range(effects.shape[1]):
                of = _two((own[training], part.target().observed, happened), k + 1)
                effects[rows, k] = learner(of, own[rows], run.options.seed)
        found[name] = (_said(ensemble, held_out, effects), time.monotonic() - started)
    return found


def _same(ensemble: TreatmentEnsemble, outer: list[tuple[Rows, Rows]], count: int) -> Doubles:
    effects = np.empty((count, ensemble.outcome.effects))
    for fold, (_, rows) in enumerate(outer):
        effects[rows] = [one.average for one in ensemble.effects[fold]]
    return effects


def _without_treatment(ensemble: TreatmentEnsemble, fold: int, columns: Doubles) -> Doubles:
    of = ensemble.outcomes.networks.preprocessing[ensemble.networks_of(fold)[0]]
    own = np.array(of.columns) != ensemble.outcome.arms.column
    return columns[:, own]


def _two(part: tuple[Doubles, NDArray[np.int64], Doubles], option: int) -> Two:
    columns, given, happened = part
    mine = (given == 0) | (given == option)
    return Two(columns[mine], given[mine] == option, happened[mine])


def _said(ensemble: TreatmentEnsemble, held_out: Predictions, effects: Doubles) -> Predictions:
    """The model's predictions with other effects, and without intervals."""
    value = held_out.value.copy()
    value[:, : ensemble.outcome.effects] = effects
    return replace(held_out, value=value, low=value, high=value, interval="not stated")
