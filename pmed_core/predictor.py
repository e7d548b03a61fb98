"""A fitted model: what it reads, what it says, how good it is, and how to keep it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Generic

import numpy as np
import pandas as pd
from typing_extensions import TypeVar

from pmed_core import package
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.subgroups import by_variable
from pmed_core.explanation import Explanation
from pmed_core.modalities import Modality, modality_of
from pmed_core.modalities.contracts import NOBODY, Ensemble, Question
from pmed_core.modalities.kinds import computing
from pmed_core.options import AnyOptions
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.subgroups import Subgroups
from pmed_core.variable import Kind, Variable

E = TypeVar("E", bound=Ensemble, default=Any)


@dataclass(eq=False)
class Predictor(Generic[E]):
    """An ensemble of networks and everything needed to use it.

    Attributes:
        name: for people.
        variables: the inputs, in training order.
        patient: name of the column with patient ids, if there was one.
        options: what was chosen before training.
        ensemble: all between a patient's cells and what is said.
        threshold: the outcome rate of training; thresholded measures are taken there.
        evaluation: of patients that were held out.
        card: what it was trained on, plain values.
        out_of_fold: held-out patients of training as predicted; fresh from ``fit``, or kept beside
            the package.
        learnt: which rows it learnt from, as its modality tells them apart; only fresh from
            ``fit``.
        baselines: name -> the baseline's predictions and seconds; only fresh from ``fit``.
    """

    name: str
    variables: tuple[Variable, ...]
    patient: str | None
    options: AnyOptions
    ensemble: E
    threshold: float
    evaluation: Evaluation
    card: dict[str, Any]
    out_of_fold: Predictions | None = None
    learnt: Any = None
    baselines: dict[str, tuple[Predictions, float]] = field(default_factory=dict)

    @property
    def modality(self) -> Modality:
        """What it reads."""
        return modality_of(self.variables)

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.ensemble.outcome

    @property
    def labels(self) -> tuple[str, ...]:
        """The k quantities that are predicted."""
        return self.outcome.labels

    def of_fold(self, fold: int) -> Predictor[E]:
        """The same model with the networks and calibration of one outer fold alone: what it says of
        the patients that this fold held out is a held-out prediction."""
        alone = self.ensemble.of_fold(fold)
        return replace(self, ensemble=alone, out_of_fold=None, learnt=None, baselines={})

    def at(self, horizons: tuple[float, ...]) -> Predictor[E]:
        """The same model with its risks stated at other times; raises ``UserError`` where its
        outcome has none."""
        outcome = self.outcome.at(horizons, self.name)
        kept = None if self.out_of_fold is None else outcome.stated(self.out_of_fold)
        return replace(self, ensemble=self.ensemble.stated(outcome), out_of_fold=kept)

    def having_lived(self, time: float) -> Predictor[E]:
        """The same model of patients who have come so far without the event: its risks are those
        from then to each horizon. Raises ``UserError`` where its outcome has no time."""
        outcome = learning(self.outcome).having_lived(self.outcome, time, self.name)
        return replace(self, ensemble=self.ensemble.stated(outcome), out_of_fold=None)

    def predict(self, patients: Cohort | pd.DataFrame, *, held_out: bool = False) -> Predictions:
        """What is said of n rows that hold at least the inputs, typed as in training.

        With ``held_out`` whoever was in training is predicted by the networks that never saw them;
        without, the notes say how many of the rows were in training, as far as that is known.

        Raises ``UserError`` where an input is missing, or nobody is known to be held out.
        """
        cohort, kind = self.as_cohort(patients), computing(self.modality)
        folds = self._folds(cohort, held_out)
        found = self.ensemble.predict(cohort)
        if not held_out:
            return self._noted(found, kind.said_of_training(self, cohort, folds))
        for fold in sorted(set(folds) - {NOBODY}):
            mine = np.flatnonzero(np.array(folds) == fold)
            found = found.instead(mine, self.of_fold(fold).ensemble.predict(cohort.select(mine)))
        return self._noted(replace(found, folds=folds, panel=self.ensemble.panel()))

    def _noted(self, found: Predictions, notes: tuple[str, ...] = ()) -> Predictions:
        """With what is to be said of them, and of how many rows nothing may be said."""
        without = int(np.isnan(found.value).any(axis=1).sum())
        if without and self.outcome.unsaid:
            notes = (*notes, f"{without:,} of {len(found):,} rows: {self.outcome.unsaid}.")
        return replace(found, notes=(*found.notes, *notes))

    def _folds(self, cohort: Cohort, required: bool) -> tuple[int, ...]:
        kind = computing(self.modality)
        folds = kind.held_out_folds(self, cohort)
        if required and not folds:
            raise kind.not_kept(self.name)
        return folds

    def held_out(self) -> Predictions:
        """The training patients as predicted by the networks that never saw them.

        Raises ``UserError`` where these predictions are not kept with the model.
        """
        if self.out_of_fold is None:
            raise computing(self.modality).not_kept(self.name)
        return self.out_of_fold

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows as a cohort of this model's inputs; raises ``UserError`` where one is absent, or
        holds cells of another type than in training."""
        found = self.ensemble.as_cohort(patients)
        for variable in self.variables:
            _as_in_training(found, variable)
        return found

    def explain(
        self,
        patients: Cohort | pd.DataFrame,
        label: str | None = None,
        *,
        tolerance: float = 0.01,
        held_out: bool = False,
    ) -> Explanation:
        """SHAP values of the rows of a table, or of the places of the first scan; ``label`` chooses
        the quantity.

        ``tolerance``: how exact SHAP values are to be, as a share of prediction less base.
        ``held_out``, and what the notes say without it: as in ``predict``.
        """
        cohort, kind = self.as_cohort(patients), computing(self.modality)
        folds = self._folds(cohort, held_out)
        return kind.explained(self, cohort, Question(label, tolerance, held_out, folds))

    def evaluate(self, cohort: Cohort, *, held_out: bool = False) -> Evaluation:
        """Evaluate on patients that the model did not see, at the threshold stored with it.

        Raises ``UserError`` for the patients of training, unless their ``held_out`` predictions are
        asked for, and where their outcome is told otherwise than in training.
        """
        predictions, cohort = self._evaluable(cohort, held_out)
        evaluated = evaluate(predictions, self.outcome, self.threshold, cohort.name)
        evaluated = replace(evaluated, notes=(*predictions.notes, *evaluated.notes))
        return computing(self.modality).completed(evaluated, self.ensemble, cohort, predictions)

    def evaluate_groups(
        self, cohort: Cohort, variable: str, *, held_out: bool = False
    ) -> Subgroups:
        """The same of each part of the patients by a variable of the cohort; see ``evaluate``."""
        predictions, cohort = self._evaluable(cohort, held_out)
        told = (self.outcome, self.threshold)
        return by_variable(predictions, cohort, cohort.variable(variable), told)

    def _evaluable(self, cohort: Cohort, held_out: bool) -> tuple[Predictions, Cohort]:
        kind = computing(self.modality)
        if not held_out and self.knows(cohort):
            raise kind.known(cohort)
        cohort = kind.evaluable(self, cohort)
        return self.predict(cohort, held_out=held_out), cohort

    def recognise(self, cohort: Cohort) -> bool:
        """Whether these are the very rows it was trained on; where their held-out predictions are
        kept beside the package, it knows each of them from now on."""
        return computing(self.modality).recognise(self, self.as_cohort(cohort))

    def knows(self, patients: Cohort | pd.DataFrame) -> bool:
        """Whether these are the very rows it was trained on, in whatever order."""
        return computing(self.modality).knows(self, self.as_cohort(patients))

    def save(self, folder: Path | str) -> None:
        """Write the model package; see ``package``."""
        package.save(self, Path(folder))

    def save_held_out(self, folder: Path | str) -> None:
        """Keep the held-out predictions beside the package, without ids; see ``package``."""
        package.save_held_out(self, Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> Predictor:
        """Read a model package and check that it predicts its cases again; ``UserError`` if not."""
        kept = package.load(Path(folder))
        return cls(**{one.name: getattr(kept, one.name) for one in fields(kept)})


def _as_in_training(cohort: Cohort, variable: Variable) -> None:
    """Raise ``UserError`` where a category is no text: 1 is not '1', and would be read as none of
    those that the model knows."""
    if variable.kind not in (Kind.CATEGORY, Kind.YES_NO):
        return
    if variable.name not in cohort.table.columns:
        return  # a treatment, which need not have been given yet
    known = cohort.table[variable.name].dropna()
    if len(known) and pd.api.types.infer_dtype(known.array) != "string":
        raise UserError(
            f"'{variable.name}' holds {known.iloc[0]}, and text when the model was trained",
            cohort.name, "Read the table with read_cohort first, which types its cells.",
        )  # fmt: skip
