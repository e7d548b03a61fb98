"""All between a patient's cells and what each option would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.tabular.ensemble import ROWS_AT_ONCE, TableEnsemble
from pmed_core.modalities.tabular.preprocessing import numeric_cells
from pmed_core.modalities.treatment.positivity import Seldom, as_seen
from pmed_core.modalities.treatment.process import Process
from pmed_core.modalities.treatment.shrinkage import Shrunk
from pmed_core.outcomes import Effect, Outcome, Target
from pmed_core.outcomes.effect import censoring
from pmed_core.outcomes.effect.censoring import Followed, restricted_mean
from pmed_core.outcomes.effect.scores import OVERLAP, Z, comparable, scored
from pmed_core.outcomes.kinds import learning
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon
from pmed_core.predictions import Predictions
from pmed_core.quantity import shown
from pmed_core.variable import Role, Variable

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """What networks say of n patients.

    Attributes:
        outcomes: (n, networks, options) expected under each, by a network and its fold's process.
        doubt: (n, folds, options, options) covariance of what the processes do not know, of those
            folds that speak.
        probability: (n, networks, options) of being given each.
        columns: (n, folds, p) inputs as the first network of each such fold reads them.
    """

    outcomes: Doubles
    doubt: Doubles
    probability: Doubles
    columns: Doubles


@dataclass(frozen=True, eq=False)
class TreatmentEnsemble:
    """Networks of the outcome and of the choice of treatment, processes beside the former, and how
    far effects are believed.

    Attributes:
        variables: the inputs, then the treatment.
        outcomes: of the outcome, which read the treatment as one more input.
        choice: of the option that was given; None where it was randomised.
        processes: of each fold, beside its networks of the outcome; empty before they are learnt.
        effects: of each fold, one for each option but the reference.
        shares: of the options among the patients of training.
        which: the folds that speak.
        followed: of each fold, one for each option, where the outcome is an event by a horizon.
        seldom: subgroups in which an option was hardly given, where nobody randomised.
    """

    outcome: Effect
    variables: tuple[Variable, ...]
    outcomes: TableEnsemble
    choice: TableEnsemble | None
    processes: tuple[Process, ...]
    effects: tuple[tuple[Shrunk, ...], ...]
    shares: tuple[float, ...]
    which: tuple[int, ...]
    followed: tuple[tuple[Followed, ...], ...] = ()
    seldom: tuple[Seldom, ...] = ()

    guarded = True
    """A patient unlike those of training is noticed."""

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """What is read of a patient."""
        return tuple(v for v in self.variables if v.role is Role.INPUT)

    @property
    def explainable(self) -> tuple[str, ...]:
        """All that is said."""
        return self.outcome.labels

    def panel(self) -> Doubles:
        """Nothing: no measure of an effect hangs on how folds rank."""
        return np.empty((0, 0, 0))

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        each = [one.facts() for one in (self.outcomes, self.choice) if one is not None]
        return {name: sum(one[name] for one in each) for name in each[0]}

    def stated(self, outcome: Outcome) -> TreatmentEnsemble:
        """Itself: an effect has no times."""
        return self

    def of_fold(self, fold: int) -> TreatmentEnsemble:
        """What was trained in one outer fold alone."""
        choice = None if self.choice is None else self.choice.of_fold(fold)
        return replace(self, outcomes=self.outcomes.of_fold(fold), choice=choice, which=(fold,))

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where an input is absent."""
        if isinstance(patients, pd.DataFrame):
            patients = Cohort("table", patients.reset_index(drop=True), self.variables)
        absent = [v.name for v in self.inputs if v.name not in patients.table.columns]
        if absent:
            shown_ = ", ".join(f"'{name}'" for name in absent[:5]) + " …" * (len(absent) > 5)
            raise UserError(
                f"{len(absent)} of the model's inputs {'is' if len(absent) == 1 else 'are'} "
                f"missing: {shown_}", patients.name,
                "Add the column with that name; cells that were not measured may stay empty.",
            )  # fmt: skip
        return replace(patients, outcome=self.outcome)

    def told(self, table: pd.DataFrame) -> Told:
        """What all networks say."""
        parts = [
            self._told(table.iloc[start : start + ROWS_AT_ONCE])
            for start in range(0, max(len(table), 1), ROWS_AT_ONCE)
        ]
        return Told(
            *(np.concatenate([getattr(one, name) for one in parts])
              for name in ("outcomes", "doubt", "probability", "columns"))
        )  # fmt: skip

    def _told(self, table: pd.DataFrame) -> Told:
        networks, column = self.outcomes.networks, self.outcome.arms.column
        each = []
        for option in self.outcome.options:
            given = pd.array([option] * len(table), dtype="str")
            encoded = networks.encode(table.assign(**{column: given}))
            each.append(self._expected(encoded))
        outcomes, doubt = self._blended(np.stack(each, axis=-1), table)
        inputs = encoded[:, self.firsts].astype(np.float64)
        return Told(outcomes, doubt, self._probability(table, outcomes.shape), self._own(inputs))

    def _expected(self, encoded: NDArray[np.float32]) -> Doubles:
        """(n, networks, columns) -> (n, networks) outcome as each network by itself expects it."""
        of = self.outcome.of
        if not isinstance(of, ByHorizon) or not of.mean:
            return _said(self.outcomes, encoded)[..., 0]
        learnt = self.outcomes.networks.outcome
        cells = self.outcomes.networks.calibrated(encoded)[:, :, 0]
        times, left = learning(learnt).course(learnt, cells.reshape(-1, cells.shape[-1]))
        return restricted_mean(np.asarray(times), left, of.horizon).reshape(cells.shape[:2])

    def happened(self, target: Target) -> Doubles:
        """(n,) outcomes, or what stands for them by the folds that speak; NaN unknown."""
        arms = [self.followed[fold] for fold in self.which] if self.followed else [()]
        each = [censoring.outcomes(self.outcome, one, target) for one in arms]
        return np.asarray(np.mean(each, axis=0))

    @property
    def firsts(self) -> list[int]:
        """The first network of each fold that speaks, whose preprocessing is the fold's."""
        return [self.outcomes.networks.folds.index(fold) for fold in self.which]

    def cells(self, table: pd.DataFrame, fold: int) -> Doubles:
        """(n, q) inputs as the process of a fold reads them; NaN unknown."""
        reads = self.outcomes.networks.preprocessing[self.networks_of(fold)[0]]
        given = self.outcome.arms.column
        levels = [table[name] == value for name, value in reads.levels if name != given]
        missing = [table[name].isna() for name in reads.indicators if name != given]
        told = [one.to_numpy(dtype=np.float64) for one in (*levels, *missing)]
        return np.column_stack([numeric_cells(table, reads.numbers), *told])

    def _blended(self, said: Doubles, table: pd.DataFrame) -> tuple[Doubles, Doubles]:
        """What networks say, moved towards the process of their fold, and its doubt."""
        many = len(self.outcome.options)
        doubt = np.zeros((len(table), len(self.which), many, many))
        for k, fold in enumerate(self.which if self.processes else ()):
            one, mine = self.processes[fold], self.networks_of(fold)
            expected, covariance = one.answers(self.cells(table, fold))
            said[:, mine] += one.share * (self.possible(expected)[:, None] - said[:, mine])
            doubt[:, k] = one.share**2 * covariance
        return said, doubt

    def possible(self, outcomes: Doubles) -> Doubles:
        """Within what the outcome can be."""
        return np.clip(outcomes, *self.outcome.under_option.bounds)

    def _own(self, encoded: Doubles) -> Doubles:
        """Without the treatment, which is the same for everybody here."""
        column = self.outcomes.column_variable[self.firsts]
        treatment = [v.name for v in self.outcomes.variables].index(self.outcome.arms.column)
        return np.where(column == treatment, 0.0, encoded)

    def _probability(self, table: pd.DataFrame, shape: tuple[int, ...]) -> Doubles:
        if self.choice is None:
            return np.broadcast_to(np.array(self.outcome.arms.probability), shape)
        said = _said(self.choice, self.choice.encode(table))
        if said.shape[-1] == 1:
            said = np.concatenate([1 - said, said], axis=-1)
        return np.asarray(said / said.sum(axis=-1, keepdims=True))

    def networks_of(self, fold: int) -> NDArray[np.int64]:
        """Positions of one fold's networks."""
        return np.flatnonzero(np.array(self.outcomes.networks.folds) == fold)

    def probability(self, told: Told) -> Doubles:
        """(n, options) of the folds that speak."""
        mine = np.concatenate([self.networks_of(fold) for fold in self.which])
        return np.asarray(told.probability[:, mine].mean(axis=1))

    def answers(self, told: Told) -> tuple[Doubles, Doubles]:
        """(n, effects + options) effects and the outcomes that they lead to, and their standard
        errors."""
        each = [self._of_fold(told, k) for k in range(len(self.which))]
        values, variances = (np.stack(one) for one in zip(*each, strict=True))
        return values.mean(axis=0), np.sqrt(variances.mean(axis=0) + values.var(axis=0))

    def _of_fold(self, told: Told, place: int) -> tuple[Doubles, Doubles]:
        """Values and variances by one alone of the folds that speak."""
        fold = self.which[place]
        mine = self.networks_of(fold)
        said = told.outcomes[:, mine]
        apart = said[:, :, 1:] - said[:, :, :1]
        pairs = [
            one.effect(apart[:, :, k].mean(axis=1), told.columns[:, place])
            for k, one in enumerate(self.effects[fold])
        ]
        own = told.doubt[:, place]
        doubt = [
            variance + one.weights[0] ** 2 * (apart[:, :, k].var(axis=1) + _apart(own, k + 1))
            for k, (one, (_, variance)) in enumerate(zip(self.effects[fold], pairs, strict=True))
        ]
        nothing = np.zeros(len(said))
        effects = np.stack([nothing, *(effect for effect, _ in pairs)], axis=1)
        shares = np.array(self.shares)
        everybody = said @ shares
        level = everybody.mean(axis=1) - effects @ shares
        outcomes = self.possible(level[:, None] + effects)
        uncertain = np.stack([nothing, *doubt], axis=1)
        level_doubt = everybody.var(axis=1) + np.einsum("nij,i,j->n", own, shares, shares)
        each = level_doubt[:, None] + uncertain * (1 - shares) ** 2
        each += (uncertain @ shares**2)[:, None] - uncertain * shares**2
        values = np.concatenate([outcomes[:, 1:] - outcomes[:, :1], outcomes], axis=1)
        return values, np.concatenate([uncertain[:, 1:], each], axis=1)

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows that ``as_cohort`` let through. Where like patients were not given
        both options, nothing is said of their difference, nor of the outcome under either that is
        rare there."""
        told = self.told(cohort.table)
        value, error = self.answers(told)
        probability = self.probability(told)
        probability = as_seen(cohort.table, self.inputs, probability, self.seldom)
        outside, apart = self._apart(cohort, probability)
        value = np.where(apart, np.nan, value)
        lowest, highest = np.array([one.bounds for one in self.outcome.quantities]).T
        low = np.clip(value - Z * error, lowest, highest)
        high = np.clip(value + Z * error, lowest, highest)
        target = self._observed(cohort, told, probability)
        return Predictions(
            tuple(cohort.patients()), self.outcome.labels, value, np.minimum(low, value),
            np.maximum(high, value), target.observed, outside, self.outcome.interval,
            actual=target.actual, time=target.time,
        )  # fmt: skip

    def _apart(
        self, cohort: Cohort, probability: Doubles
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(n,) unlike those of training or incomparable, and (n, quantities) not to be said."""
        novel = self.outcomes.novelty.flags(cohort.table, self.inputs)
        if self.choice is None:
            return novel, np.zeros((len(cohort), len(self.outcome.labels)), dtype=bool)
        alike = comparable(probability)
        # Where only the reference is rare, the outcome under the other option is known, and so on.
        share = probability[:, 1:] / (probability[:, 1:] + probability[:, :1])
        never = ((share > OVERLAP[1]).any(axis=1, keepdims=True), share < OVERLAP[0])
        return novel | ~alike.all(axis=1), np.concatenate([~alike, *never], axis=1)

    def _observed(self, cohort: Cohort, told: Told, probability: Doubles) -> Target:
        """What was given and happened, as ``Effect`` has it."""
        target = self.outcome.unknown(len(cohort))
        if set(self.outcome.columns) <= set(cohort.table.columns):
            target = self.outcome.target(cohort.table)
        mine = np.concatenate([self.networks_of(fold) for fold in self.which])
        expected, happened = told.outcomes[:, mine].mean(axis=1), self.happened(target)
        scores = scored(expected, probability, target.observed, happened)
        actual = np.concatenate([scores, probability, happened[:, None]], axis=1)
        if actual.shape[1] < self.outcome.width:
            actual = np.column_stack([actual, self.outcome.raw(target)])
        return replace(target, actual=actual)


def _apart(covariance: Doubles, option: int) -> Doubles:
    """(n,) variance of the difference between an option and the reference."""
    both = covariance[:, option, option] + covariance[:, 0, 0]
    return np.asarray(both - 2 * covariance[:, 0, option])


def _said(ensemble: TableEnsemble, encoded: NDArray[np.float32]) -> Doubles:
    """(n, networks, columns) -> (n, networks, quantities) as each network by itself says."""
    networks = ensemble.networks
    kind, outcome = learning(networks.outcome), networks.outcome
    cells = networks.calibrated(encoded)[:, :, 0]
    return shown(outcome.quantities, kind.scores(outcome, cells))
