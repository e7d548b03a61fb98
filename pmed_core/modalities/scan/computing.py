"""What computes with scans; see ``contracts.Computing``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.labels import labelled_alike
from pmed_core.modalities.scan.learner import trained
from pmed_core.modalities.scan.membership import (
    Parts,
    held_out_folds,
    known,
    knows,
    nameless,
    not_kept,
    recognise,
    said_of_training,
)
from pmed_core.modalities.scan.outlined import with_outlines
from pmed_core.modalities.scan.package import cases, packed, unpacked
from pmed_core.modalities.scan.parts import trainable
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


def learnt_as_json(model: Predictor[ScanEnsemble]) -> str:
    """``Parts``."""
    return to_json(Parts, model.learnt)


def evaluable(model: Predictor[ScanEnsemble], cohort: Cohort) -> Cohort:
    """The scans with the model's outcome; raises ``UserError`` for a label that it does not
    know."""
    return labelled_alike(cohort, model.outcome, model.card.get("labels", ()))


def completed(
    evaluation: Evaluation, ensemble: ScanEnsemble, cohort: Cohort, predictions: Predictions
) -> Evaluation:
    """And how well outlines agree where people drew some."""
    return with_outlines(evaluation, ensemble.segmenter, cohort)


def explained(model: Predictor[ScanEnsemble], cohort: Cohort, question: Question) -> Explanation:
    """Of the first scan; see ``explaining``."""
    from pmed_core.modalities.scan.explaining import explain_scan

    one = cohort.select(np.array([0]))
    return explain_scan(model.ensemble, one, question.label or "").explanation


def prediction_table(
    predictions: Predictions, predictor: Predictor[ScanEnsemble], cohort: Cohort
) -> pd.DataFrame:
    """file, patient, one probability for each class."""
    columns: dict[str, Any] = {
        "file": list(cohort.table[cohort.scan]),
        "patient": list(predictions.patients) if cohort.patient else "",
    }
    risk = predictions.value
    if risk.shape[1] == 1:
        risk = np.concatenate([1 - risk, risk], axis=1)
    for position, label in enumerate(predictor.ensemble.classes):
        columns[f"probability_{label}"] = risk[:, position]
    return pd.DataFrame(columns)
