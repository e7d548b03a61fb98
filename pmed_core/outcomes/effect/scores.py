"""Doubly robust scores: what each quantity of a patient is, but for noise whose mean is nothing.

The score of the outcome under an option is what is predicted of it and, of whoever was given that
option, the error of that prediction over the probability of the option (Robins, Rotnitzky & Zhao,
JASA 1994). Its mean is the mean outcome if everybody were given the option, wherever outcomes or
probabilities are predicted right.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluations.resampling import parts
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect.arms import LEAST
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
Codes = NDArray[np.int64]
OVERLAP = (0.1, 0.9)
"""Of the probability of an option among those of it and the reference (Crump et al., Biometrika
2009); patients beyond have nobody to be compared with."""
SMALLEST = 0.01
"""Of a probability by which is divided."""
Z = 1.96
"""Standard errors to either end of a 95 % interval."""


@dataclass(frozen=True)
class Seen:
    """n patients, as ``Effect`` lays out what is observed of them.

    Attributes:
        scores: (n, q) of each quantity.
        probability: (n, options) with which patients like each are given each option.
        given: (n,) option that each was given.
        outcome: (n,) under it.
        said: (n, effects) what was predicted.
        patients: (n,) whose rows they are.
        folds: (n,) whose models predicted each; empty where the same predicted all.
    """

    scores: Doubles
    probability: Doubles
    given: Codes
    outcome: Doubles
    said: Doubles
    patients: NDArray[np.str_]
    folds: Codes

    @classmethod
    def of(cls, outcome: Effect, predictions: Predictions) -> Seen:
        """As a model left them; without scores of options that hardly anybody was given, which
        would be nothing but what the model says itself."""
        actual, many = predictions.actual, len(outcome.options)
        quantities = outcome.effects + many
        counts = np.bincount(predictions.observed[predictions.observed >= 0], minlength=many)
        few = counts < LEAST
        told = np.concatenate([~(few[1:] | few[0]), ~few])
        return cls(
            np.where(told, actual[:, :quantities], np.nan),
            actual[:, quantities : quantities + many],
            predictions.observed, actual[:, quantities + many],
            predictions.value[:, : outcome.effects],
            np.asarray(predictions.patients, dtype=np.str_),
            np.asarray(predictions.folds, dtype=np.int64),
        )  # fmt: skip

    def select(self, rows: NDArray[np.bool_]) -> Seen:
        """Some of them."""
        each = (getattr(self, one.name) for one in fields(self))
        return Seen(*(one[rows] if len(one) else one for one in each))

    @property
    def parts(self) -> list[NDArray[np.bool_]]:
        """Masks (n,) of those whom the same models predicted."""
        return parts(self.folds, len(self.given))

    @property
    def effects(self) -> Doubles:
        """(n, effects) scores of the effects alone."""
        return self.scores[:, : self.said.shape[1]]

    @property
    def outcomes(self) -> Doubles:
        """(n, options) scores of the outcomes."""
        return self.scores[:, self.said.shape[1] :]


def scored(outcomes: Doubles, probability: Doubles, given: Codes, happened: Doubles) -> Doubles:
    """(n, options) predicted outcomes, and what (n,) happened under the option that was given ->
    (n, effects + options) scores; NaN where nobody knows what happened."""
    own = given[:, None] == np.arange(outcomes.shape[1])
    weight = own / np.maximum(probability, SMALLEST)
    found = outcomes + weight * (happened[:, None] - outcomes)
    found = np.where((given >= 0)[:, None], found, np.nan)
    return np.concatenate([found[:, 1:] - found[:, :1], found], axis=1)


def together(values: Doubles, patients: NDArray[np.str_]) -> Doubles:
    """(n,) or (n, c) values of rows -> (k,) or (k, c) sums of each patient's."""
    _, places = np.unique(patients, return_inverse=True)
    found = np.zeros((int(places.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(found, places, values)
    return found


def error_of_mean(values: Doubles, patients: NDArray[np.str_]) -> float:
    """Standard error of the mean of (n,) rows, of which several may be of one patient: these tell
    no more than they differ (the sandwich of clusters)."""
    sums = together(values - values.mean(), patients)
    return float(np.sqrt((sums**2).sum() * len(sums) / max(len(sums) - 1, 1)) / len(values))


def comparable(probability: Doubles) -> NDArray[np.bool_]:
    """(n, options) -> (n, effects): like patients were given both, the option and the reference."""
    share = probability[:, 1:] / np.maximum(probability[:, 1:] + probability[:, :1], 1e-12)
    return np.asarray((share >= OVERLAP[0]) & (share <= OVERLAP[1]))
