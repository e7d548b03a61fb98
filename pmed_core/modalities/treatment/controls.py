"""Negative controls: outcomes that the treatment cannot cause, whose estimated effects are nothing
but systematic error.

From them comes an empirical null: systematic error is normal, with a mean and a spread that fit the
estimates beyond their own noise (Schuemie et al., Stat Med 2014); from it p-values and intervals of
the effect in question (Schuemie et al., PNAS 2018). Few controls leave both open, so they are not
plugged in: intervals are quantiles over all spreads, believed as far as the controls agree (flat
prior; Gelman, Bayesian Analysis 2006). Effects are compared in standard deviations of each outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from pmed_core.evaluation import Measure
from pmed_core.event_words import event_of
from pmed_core.modalities.tabular.preprocessing import NUMERIC
from pmed_core.outcomes.effect.diagnostics import Calibration, Control
from pmed_core.outcomes.effect.scores import Z, error_of_mean, scored
from pmed_core.variable import Variable

Doubles = NDArray[np.float64]
CALIBRATING = 5
"""Controls at least, for an empirical null."""
COLUMNS, SPREADS = 200, 400
PENALTIES = np.logspace(-1, 4, 6)


@dataclass(frozen=True)
class Compared:
    """n patients of two arms, or of others that stand beside.

    Attributes:
        columns: (n, c) inputs.
        given: (n,) 0 for the reference, 1 for the option, 2 for any other.
        probability: (n, 2) of the reference and the option.
        folds: (n,) by which outcomes are regressed on others' alone.
        usable: (n,) who can be compared.
        patients: (n,) whose rows they are.
    """

    columns: Doubles
    given: NDArray[np.int64]
    probability: Doubles
    folds: NDArray[np.int64]
    usable: NDArray[np.bool_]
    patients: NDArray[np.str_]


def observed(cells: pd.Series[Any], variable: Variable) -> tuple[Doubles, str]:
    """(n,) a control as a number, NaN unknown, and what it is called: of two values that which says
    that something happened is the event, the rarer one where words do not tell. By rarity alone an
    error that raises all controls would seem to lower those that most patients had."""
    if variable.kind in NUMERIC:
        return pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64), variable.name
    counts = cells.value_counts()
    names = {variable.shown(str(value)): str(value) for value in counts.index}
    told = event_of(tuple(names))
    event = names[told[0]] if told else str(counts.index[-1])
    found = np.where(cells.isna(), np.nan, (cells == event).astype(float))
    return found, f"{variable.name} is {variable.shown(event)}"


def effect(outcome: Doubles, of: Compared) -> tuple[float, float, int]:
    """The average effect on (n,) outcomes by doubly robust scores, ridge regressions being of each
    arm and of other folds; its standard error, both in standard deviations; and of how many."""
    known, columns = np.isfinite(outcome), _telling(of)
    said = np.zeros((len(outcome), 2))
    for fold in np.unique(of.folds):
        mine = of.folds == fold
        for arm in (0, 1):
            rows = known & ~mine & (of.given == arm)
            scale = StandardScaler().fit(columns[rows])
            model = RidgeCV(PENALTIES).fit(scale.transform(columns[rows]), outcome[rows])
            said[mine, arm] = model.predict(scale.transform(columns[mine]))
    scores = scored(said, of.probability, of.given, np.where(known, outcome, 0.0))[:, 0]
    kept, patients = scores[known & of.usable], of.patients[known & of.usable]
    spread = max(float(outcome[known].std()), 1e-12)
    error = error_of_mean(kept, patients)
    return float(kept.mean()) / spread, error / spread, len(kept)


def _telling(of: Compared) -> Doubles:
    """Of very many inputs those by which the arms differ most."""
    if of.columns.shape[1] <= COLUMNS:
        return of.columns
    apart = of.columns[of.given == 1].mean(axis=0) - of.columns[of.given == 0].mean(axis=0)
    order = np.argsort(-np.abs(apart) / np.maximum(of.columns.std(axis=0), 1e-12), kind="stable")
    return of.columns[:, order[:COLUMNS]]


@dataclass(frozen=True)
class Null:
    """Systematic error, as controls tell it: a mixture over (s,) spreads.

    Attributes:
        spread, mean, doubt: (s,) of systematic error, and the variance of its mean.
        weight: (s,) of each spread.
    """

    spread: Doubles
    mean: Doubles
    doubt: Doubles
    weight: Doubles

    def calibrated(self, value: float, error: float) -> tuple[float, float, float, float]:
        """The effect without systematic error, both ends of its 95 % interval, and its p-value."""
        centre = value - self.mean
        width = np.sqrt(error**2 + self.spread**2 + self.doubt)

        def below(at: float) -> float:
            return float(self.weight @ ndtr((at - centre) / width))

        furthest = 60 * float(width.max()) + float(np.abs(centre).max())
        ends = [
            brentq(lambda at, share=share: below(at) - share, -furthest, furthest)
            for share in (0.025, 0.975)
        ]
        less = below(0.0)
        return float(self.weight @ centre), ends[0], ends[1], 2 * min(less, 1 - less)


def null(values: Doubles, errors: Doubles) -> Null:
    """From (k,) estimates whose truth is none, and their standard errors."""
    most = 6 * float(values.std()) + 3 * float(errors.max())
    spread = np.linspace(0, most, SPREADS)
    precision = 1 / (errors**2 + spread[:, None] ** 2)
    total = precision.sum(axis=1)
    mean = precision @ values / total
    likelihood = 0.5 * (np.log(precision).sum(axis=1) - np.log(total))
    likelihood -= 0.5 * (precision * (values - mean[:, None]) ** 2).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max())
    return Null(spread, mean, 1 / total, weight / weight.sum())


def calibration(
    each: list[tuple[str, tuple[float, float, int]]], average: Measure, spread: float
) -> Calibration:
    """Of the average effect, whose outcome has this standard deviation, by what was estimated of
    each control; without an empirical null where these are few."""
    controls = tuple(
        Control(name, n, Measure(value, value - Z * error, value + Z * error))
        for name, (value, error, n) in each
    )
    if len(controls) < CALIBRATING:
        return Calibration(controls)
    values, errors = (np.array([one[k] for _, one in each]) for k in (0, 1))
    found, error = null(values, errors), (average.high - average.low) / (2 * Z)
    value, low, high, p = found.calibrated(average.value / spread, error / spread)
    plain = 2 * float(ndtr(-abs(average.value) / max(error, 1e-12)))
    return Calibration(
        controls, float(found.weight @ found.mean), float(found.weight @ found.spread),
        Measure(value * spread, low * spread, high * spread), plain, p,
    )  # fmt: skip
