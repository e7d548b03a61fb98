"""All between a table's cells and what is said of its patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.tabular.novelty import Novelty
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.outcomes import Outcome, Target
from pmed_core.predictions import Predictions
from pmed_core.variable import Variable

ROWS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class TableEnsemble:
    """Networks and trees, and what they have seen.

    Attributes:
        networks: those between encoded cells and what is said.
        variables: p inputs, in training order.
        background: synthetic typed rows, the "typical patient" of explanations.
        novelty: what the model has seen.
    """

    networks: PackedNetworks
    variables: tuple[Variable, ...]
    background: pd.DataFrame
    novelty: Novelty
    _of_folds: dict[int, TableEnsemble] = field(init=False, repr=False, default_factory=dict)

    guarded = True
    """A patient unlike those of training is noticed."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.networks.outcome

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: the k quantities."""
        return self.outcome.labels

    @property
    def column_variable(self) -> NDArray[np.int64]:
        """(n, columns) position in ``variables`` of each network's encoded column; -1 for none."""
        position = {variable.name: j for j, variable in enumerate(self.variables)}
        found = np.full((len(self.networks.folds), self.networks.columns), -1)
        for j, preprocessing in enumerate(self.networks.preprocessing):
            names = preprocessing.columns
            found[j, : len(names)] = [position[name] for name in names]
        return found

    def panel(self) -> NDArray[np.float64]:
        """(f, rows, k) scores that each outer fold gives the synthetic rows."""
        return self.networks.of_each_fold(self.encode(self.background))

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        networks = self.networks
        weights = 0 if networks.architecture.silent else networks.network.count_params()
        trees = sum(trees.count for trees in networks.grown.values())
        return {"weights": int(weights), "trees": int(trees)}

    def stated(self, outcome: Outcome) -> TableEnsemble:
        """The same with its risks at the outcome's times."""
        return replace(self, networks=replace(self.networks, outcome=outcome))

    def of_fold(self, fold: int) -> TableEnsemble:
        """The networks, trees and calibration of one outer fold alone."""
        if fold not in self._of_folds:
            self._of_folds[fold] = replace(self, networks=self.networks.of_fold(fold))
        return self._of_folds[fold]

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows as a cohort with this outcome; raises ``UserError`` where an input is absent."""
        if isinstance(patients, Cohort):
            cohort = patients
        else:
            cohort = Cohort("table", patients.reset_index(drop=True), self.variables)
        absent = [v.name for v in self.variables if v.name not in cohort.table.columns]
        if absent:
            shown = ", ".join(f"'{name}'" for name in absent[:5])
            raise UserError(
                f"{len(absent)} of the model's inputs {'is' if len(absent) == 1 else 'are'} "
                f"missing: {shown}{' …' * (len(absent) > 5)}", cohort.name,
                "Add the column with that name; cells that were not measured may stay empty.",
            )  # fmt: skip
        return Cohort(cohort.name, cohort.table, cohort.variables, self.outcome, cohort.notes)

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows that hold at least the inputs, typed as in training."""
        risks, left = self.answers(cohort.table)
        target = self._target(cohort)
        return Predictions(
            tuple(cohort.patients()), self.outcome.labels, risks[0], risks[1], risks[2],
            target.observed, self.novelty.flags(cohort.table, self.variables),
            self.outcome.interval, time=target.time, actual=target.actual, entry=target.entry,
            times=self.networks.times, survival=left[0],
        )  # fmt: skip

    def _target(self, cohort: Cohort) -> Target:
        """What is known of the outcome of these rows; nothing where a column of it is absent."""
        if all(column in cohort.table.columns for column in self.outcome.columns):
            return cohort.target()
        return self.outcome.unknown(len(cohort))

    def _calibrated(self, table: pd.DataFrame) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(table), ROWS_AT_ONCE):
            part = table.iloc[start : start + ROWS_AT_ONCE]
            yield self.networks.calibrated(self.encode(part), members=True)

    def risks(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """(3, rows, k): value, low and high of typed rows."""
        found = [self.networks.spread(said) for said in self._calibrated(table)]
        return np.concatenate(found or [np.empty((3, 0, len(self.outcome.labels)))], axis=1)

    def answers(self, table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same, and (3, rows, t) the share of patients like each who are without the event by
        each of ``networks.times``, low and high."""
        if not self.networks.times:
            return self.risks(table), np.empty((3, len(table), 0))
        found = [
            (self.networks.spread(s), self.networks.courses(s)) for s in self._calibrated(table)
        ]
        nobody = (
            np.empty((3, 0, len(self.outcome.labels))),
            np.empty((3, 0, len(self.networks.times))),
        )
        risks, courses = zip(nobody, *found, strict=True)
        return np.concatenate(risks, axis=1), np.concatenate(courses, axis=1)

    def encode(self, table: pd.DataFrame) -> NDArray[np.float32]:
        """(rows, n, columns) as ``scores`` takes them."""
        return self.networks.encode(table)

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, n, columns) -> (rows, k) of each quantity, on the scale on which shares add up:
        log-odds of a calibrated probability, or an amount in its unit."""
        return self.networks.scores(encoded)
