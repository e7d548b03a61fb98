"""What computes with treatments; see ``contracts.Computing``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import blocks, learnt_as_json, prediction_table
from pmed_core.modalities.tabular.membership import known, nameless, not_kept
from pmed_core.modalities.treatment import account
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.modalities.treatment.learner import trainable, trained
from pmed_core.modalities.treatment.package import cases, packed, unpacked
from pmed_core.outcomes import Arms

if TYPE_CHECKING:
    from pmed_core.predictions import Predictions
    from pmed_core.predictor import Predictor

    Model = Predictor[TreatmentEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip


def by_inputs(model: Model) -> Model:
    """The model as patients are told apart: by their inputs, with or without the treatment."""
    return replace(model, variables=model.ensemble.inputs)


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very rows it was trained on, in whatever order."""
    return membership.knows(by_inputs(model), cohort)


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    view = by_inputs(model)
    found = membership.recognise(view, cohort)
    model.learnt, model.out_of_fold = view.learnt, view.out_of_fold
    return found


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out, ``NOBODY`` for others; empty where unknown."""
    return membership.held_out_folds(by_inputs(model), cohort)


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, and of how many no effect is told."""
    return membership.said_of_training(by_inputs(model), cohort, folds)


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The cohort itself: other options and outcomes are unknown, and counted as such. Raises
    ``UserError`` where nobody was given an option of the model."""
    arms = model.ensemble.outcome.arms
    if arms.column not in cohort.table.columns:
        raise UserError(
            f"The treatment '{arms.column}' is missing", cohort.name,
            "Add the column with that name: effects are evaluated by who was given what.",
        )  # fmt: skip
    if (strange := _strange(arms, cohort)) and not cohort.table[arms.column].isin(
        arms.options
    ).any():
        raise UserError(
            f"The treatment has the values {_listed(strange)}; the model compares "
            f"{_listed(arms.options)}", f"{cohort.name}, column '{arms.column}'",
            "Write the options as in training.",
        )  # fmt: skip
    return cohort


def _strange(arms: Arms, cohort: Cohort) -> dict[str, int]:
    """Options that the model does not compare, with their rows."""
    given = cohort.table[arms.column]
    return {str(one): int(n) for one, n in given[~given.isin(arms.options)].value_counts().items()}


def _listed(options: Iterable[str]) -> str:
    return ", ".join(f"'{option}'" for option in options)


def completed(
    evaluation: Evaluation, ensemble: TreatmentEnsemble, cohort: Cohort, predictions: Predictions
) -> Evaluation:
    """With a verdict on whether the effect differs between patients, and with options that the
    model does not compare."""
    found, strange = account.completed(evaluation), _strange(ensemble.outcome.arms, cohort)
    if not strange:
        return found
    many, arms = sum(strange.values()), ensemble.outcome.arms
    said = (
        f"{many:,} of {len(cohort):,} rows were given {_listed(strange)} ({arms.column}), which "
        "the model does not compare."
    )
    return replace(found, notes=(said, *found.notes))


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of the first row's effect, or of the outcome under the option that is named."""
    from pmed_core.modalities.treatment.explaining import explain

    one = cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, question.label, question.tolerance), notes=notes)
