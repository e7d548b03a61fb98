"""A fitted model: what it reads, what it says, how good it is, and how to keep it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.explanations.familiarity import Familiarity, learn_familiarity
from pmed_core.judgement import Judgement
from pmed_core.judging.judge import judge
from pmed_core.options import NETWORK_TITLES, FitOptions
from pmed_core.outcomes import Outcome, Target
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.training.bag import Bag
from pmed_core.training.membership import (
    NOBODY,
    Hashes,
    held_out_folds,
    in_training,
    not_kept,
    row_hashes,
    rows_digest,
    training_part,
)
from pmed_core.training.synthesis import synthesise
from pmed_core.variable import Kind, Variable

ROWS_AT_ONCE = 1024
BACKGROUND_ROWS = 128
LAYOUTS = ("join", "pivot")
"""Decisions about rows that a later file needs too."""


@dataclass(eq=False)
class Predictor:
    """A bag of networks and everything needed to use it.

    Attributes:
        name: for people.
        variables: p inputs, in training order.
        patient: name of the column with patient ids, if there was one.
        options: what was chosen before training.
        bag: the networks between a table's cells and a probability.
        threshold: the outcome rate of training; thresholded measures are taken there.
        background: synthetic typed rows, the "typical patient" of explanations.
        familiarity: what the model has seen.
        judgement: of the outer folds.
        card: what it was trained on, plain values.
        out_of_fold: each training patient as predicted out of fold; fresh from ``fit``, or kept
            beside the package.
        rows: of each of these, what ``row_hashes`` makes of the inputs; only fresh from ``fit``.
        rivals: the baselines' predictions and seconds; only fresh from ``fit``.
    """

    name: str
    variables: tuple[Variable, ...]
    patient: str | None
    options: FitOptions
    bag: Bag
    threshold: float
    background: pd.DataFrame
    familiarity: Familiarity
    judgement: Judgement
    card: dict[str, Any]
    out_of_fold: Predictions | None = None
    rows: Hashes | None = None
    rivals: dict[str, tuple[Predictions, float]] = field(default_factory=dict)
    _of_folds: dict[int, Predictor] = field(init=False, repr=False, default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.bag.outcome

    @property
    def labels(self) -> tuple[str, ...]:
        """The k columns of probabilities."""
        return self.outcome.labels

    @property
    def column_variable(self) -> NDArray[np.int64]:
        """(n, columns) position in ``variables`` of each network's encoded column; -1 for none."""
        position = {variable.name: j for j, variable in enumerate(self.variables)}
        found = np.full((len(self.bag.folds), self.bag.columns), -1)
        for j, preprocessing in enumerate(self.bag.preprocessing):
            names = preprocessing.columns
            found[j, : len(names)] = [position[name] for name in names]
        return found

    def of_fold(self, fold: int) -> Predictor:
        """The same model with the networks, trees and calibration of one outer fold alone: what it
        says of the patients that this fold held out is a held-out prediction."""
        if fold not in self._of_folds:
            bag = self.bag.of_fold(fold)
            self._of_folds[fold] = replace(self, bag=bag, out_of_fold=None, rows=None, rivals={})
        return self._of_folds[fold]

    def at(self, horizons: tuple[float, ...]) -> Predictor:
        """The same model with its risks stated at other times; raises ``UserError`` where its
        outcome has none."""
        outcome = self.outcome.at(horizons, self.name)
        kept = None if self.out_of_fold is None else outcome.stated(self.out_of_fold)
        return replace(self, bag=replace(self.bag, outcome=outcome), out_of_fold=kept)

    def having_lived(self, time: float) -> Predictor:
        """The same model of patients who have come so far without the event: its risks are those
        from then to each horizon. Raises ``UserError`` where its outcome has no time."""
        outcome = learning(self.outcome).having_lived(self.outcome, time, self.name)
        return replace(self, bag=replace(self.bag, outcome=outcome), out_of_fold=None)

    def predict(self, patients: Cohort | pd.DataFrame, *, held_out: bool = False) -> Predictions:
        """Probabilities of n rows that hold at least the inputs, typed as in training.

        With ``held_out`` whoever was in training is predicted by the networks that never saw them;
        without, the notes say how many of the rows were in training, as far as that is known.

        Raises ``UserError`` where an input is missing, or nobody is known to be held out.
        """
        cohort = self.as_cohort(patients)
        folds = self._folds(cohort, held_out)
        risks, left = self.answers(cohort.table)
        if held_out:
            for fold in sorted(set(folds) - {NOBODY}):
                mine = np.flatnonzero(np.array(folds) == fold)
                theirs = self.of_fold(fold).answers(cohort.table.iloc[mine])
                risks[:, mine], left[:, mine] = theirs
        target = self._target(cohort)
        outside = self.familiarity.flags(cohort.table, self.variables)
        return Predictions(
            tuple(cohort.patients()), self.labels, risks[0], risks[1], risks[2], target.observed,
            outside, folds=folds if held_out else (),
            notes=() if held_out else in_training(self, cohort, folds),
            time=target.time, entry=target.entry, times=self.bag.times, survival=left[0],
        )  # fmt: skip

    def _target(self, cohort: Cohort) -> Target:
        """What is known of the outcome of these rows; nothing where a column of it is absent."""
        if all(column in cohort.table.columns for column in self.outcome.columns):
            return cohort.target()
        return Target(np.full(len(cohort), -1), np.full(len(cohort), np.nan))

    def _folds(self, cohort: Cohort, required: bool) -> tuple[int, ...]:
        folds = held_out_folds(self, cohort)
        if required and not folds:
            raise not_kept(self.name)
        return folds

    def held_out(self) -> Predictions:
        """The training patients as predicted by the networks that never saw them.

        Raises ``UserError`` where these predictions are not kept with the model.
        """
        if self.out_of_fold is None:
            raise not_kept(self.name)
        return self.out_of_fold

    def _calibrated(self, table: pd.DataFrame) -> Iterator[NDArray[np.float64]]:
        for part in _parts(table):
            yield self.bag.calibrated(self.bag.encode(part), members=True)

    def risks(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """(3, rows, k): probability, low and high of typed rows."""
        found = [self.bag.spread(said) for said in self._calibrated(table)]
        return np.concatenate(found or [np.empty((3, 0, len(self.labels)))], axis=1)

    def answers(self, table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same, and (3, rows, t) the share of patients like each who are without the event by
        each of ``bag.times``, low and high."""
        if not self.bag.times:
            return self.risks(table), np.empty((3, len(table), 0))
        found = [(self.bag.spread(s), self.bag.courses(s)) for s in self._calibrated(table)]
        nobody = np.empty((3, 0, len(self.labels))), np.empty((3, 0, len(self.bag.times)))
        risks, courses = zip(nobody, *found, strict=True)
        return np.concatenate(risks, axis=1), np.concatenate(courses, axis=1)

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows as a cohort of this model's variables; raises ``UserError``."""
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

    def explain(
        self,
        patients: Cohort | pd.DataFrame,
        label: str | None = None,
        *,
        tolerance: float = 0.01,
        held_out: bool = False,
    ) -> Explanation:
        """SHAP values of the rows; ``label`` chooses the class. See ``explanations.reasons``.

        ``held_out``, and what the notes say without it: as in ``predict``.
        """
        # Imported here: reasons asks the predictor, and both would otherwise import each other.
        from pmed_core.explanations.reasons import Care, explain, explain_held_out

        cohort, care = self.as_cohort(patients), Care(tolerance)
        folds = self._folds(cohort, held_out)
        label = label or self.labels[0]
        if held_out:
            return explain_held_out(self, cohort, label, care, folds)
        return replace(explain(self, cohort, label, care), notes=in_training(self, cohort, folds))

    def evaluate(self, cohort: Cohort, *, held_out: bool = False) -> Judgement:
        """Judge on patients that the model did not see, at the threshold stored with it.

        Raises ``UserError`` for the training cohort, unless its ``held_out`` predictions are asked
        for.
        """
        if not held_out and self.knows(cohort):
            raise UserError(
                "These are the patients the model was trained on", cohort.name,
                "Judge on others. What the model says of these while they were held out is judged "
                "already (in the shell with --held-out).",
            )  # fmt: skip
        predictions = self.predict(cohort, held_out=held_out)
        judged = judge(predictions, self.outcome, self.threshold, cohort.name)
        return replace(judged, notes=(*predictions.notes, *judged.notes))

    def recognise(self, cohort: Cohort) -> None:
        """Where these are the very rows it was trained on, and their held-out predictions are kept
        beside the package: know each of them from now on."""
        part = None if self.rows is not None else training_part(self, self.as_cohort(cohort))
        if part is not None and self.out_of_fold is not None:
            self.rows = row_hashes(cohort.table.iloc[part], self.variables)
            ids = tuple(cohort.patients()[part].tolist())
            self.out_of_fold = replace(self.out_of_fold, patients=ids)

    def knows(self, patients: Cohort | pd.DataFrame) -> bool:
        """Whether these are the very rows it was trained on, in whatever order."""
        return training_part(self, self.as_cohort(patients)) is not None

    def encode(self, table: pd.DataFrame) -> NDArray[np.float32]:
        """(rows, n, columns) as ``log_odds`` takes them."""
        return self.bag.encode(table)

    def log_odds(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, n, columns) -> (rows, k) log-odds of the calibrated probability."""
        return self.bag.log_odds(encoded)

    def save(self, folder: Path | str) -> None:
        """Write the model package; see ``package``."""
        from pmed_core.package import save

        save(self, Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> Predictor:
        """Read a model package and check that it predicts its cases again; ``UserError`` if not."""
        from pmed_core.package import load

        predictor = load(Path(folder))
        if not isinstance(predictor, Predictor):
            raise UserError("This model reads scans", str(folder), "Give it scans, not a table.")
        return predictor


def _parts(table: pd.DataFrame) -> list[pd.DataFrame]:
    starts = range(0, len(table), ROWS_AT_ONCE)
    return [table.iloc[start : start + ROWS_AT_ONCE] for start in starts]


def describe(bag: Bag, cohort: Cohort, options: FitOptions, judgement: Judgement) -> Predictor:
    """The predictor of a trained bag, with all it remembers of its cohort."""
    variables = tuple(_with_range(v, cohort.table) for v in cohort.inputs)
    rows = row_hashes(cohort.table, variables)
    card = {
        "cohort": cohort.name,
        "cohort_digest": cohort.digest(),
        "rows_digest": rows_digest(rows, variables),
        "rows": len(cohort),
        "patients": len(set(cohort.patients())),
        "events": list(judgement.events),
        "inputs": len(variables),
        "patient": cohort.patient,
        "model": NETWORK_TITLES[options.network.name],
        "weights": int(bag.network.count_params()),
        "trees": int(bag.trees.roots.size) if bag.trees else 0,
        "trained": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "notes": list(cohort.notes),
        "layout": {d.rule: d.value for d in cohort.reading if d.rule in LAYOUTS and d.proved},
    }
    return Predictor(
        cohort.name, variables, cohort.patient, options, bag, judgement.threshold,
        synthesise(cohort, BACKGROUND_ROWS, options.seed),
        learn_familiarity(cohort.table, bag.preprocessing[0]), judgement, card, rows=rows,
    )  # fmt: skip


def _with_range(variable: Variable, table: pd.DataFrame) -> Variable:
    if variable.kind is not Kind.NUMBER or table[variable.name].isna().all():
        return variable
    cells = table[variable.name]
    return replace(variable, range=(float(cells.min()), float(cells.max())))
