"""What computes with tables; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.learner import trainable, trained
from pmed_core.modalities.tabular.membership import (
    held_out_folds,
    known,
    knows,
    nameless,
    not_kept,
    recognise,
    said_of_training,
)
from pmed_core.modalities.tabular.package import cases, packed, unpacked
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

__all__ = [
    "blocks", "cases", "completed", "explained", "held_out_folds", "evaluable", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip


def blocks(table: pd.DataFrame, predictor: Any, cohort: Cohort) -> tuple[str, ...]:
    """None: a table is all there is."""
    return ()


def learnt_as_json(model: Predictor[TableEnsemble]) -> str:
    """Nothing: the held-out predictions tell who was in training."""
    return ""


def evaluable(model: Predictor[TableEnsemble], cohort: Cohort) -> Cohort:
    """The cohort itself: other values of the outcome are unknown, and counted as such."""
    return cohort


def completed(
    evaluation: Evaluation, ensemble: TableEnsemble, cohort: Cohort, predictions: Predictions
) -> Evaluation:
    """The evaluation itself."""
    return evaluation


def explained(model: Predictor[TableEnsemble], cohort: Cohort, question: Question) -> Explanation:
    """SHAP values; see ``reasons``."""
    from pmed_core.modalities.tabular.reasons import Care, explain, explain_held_out

    label, care = question.label or model.labels[0], Care(question.tolerance)
    if question.held_out:
        return explain_held_out(model.ensemble, cohort, label, care, question.folds)
    notes = said_of_training(model, cohort, question.folds)
    return replace(explain(model.ensemble, cohort, label, care), notes=notes)


def prediction_table(
    predictions: Predictions, predictor: Predictor[TableEnsemble], cohort: Cohort
) -> pd.DataFrame:
    """The patient column under its own name (``row`` where there is none), then what is said."""
    said, name = predictor.outcome.columns_of(predictions), cohort.patient or "row"
    # Two columns of one name would be one.
    columns: dict[str, Any] = {name + " (patient)" * (name in said): list(predictions.patients)}
    return pd.DataFrame(columns | said)


def told_where(table: pd.DataFrame, there: NDArray[np.bool_]) -> pd.DataFrame:
    """Such a table in which nothing is said of rows that are not ``there`` (n,)."""
    return table.assign(**{name: table[name].where(there) for name in table.columns[1:]})
