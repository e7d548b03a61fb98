"""What computes with sequences; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.sequence.ensemble import SequenceEnsemble
from pmed_core.modalities.sequence.learner import (
    rows_with_sequence,
    trainable,
    trained,
    with_sequence,
)
from pmed_core.modalities.sequence.package import cases, packed, unpacked
from pmed_core.modalities.tabular import computing as tables
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import blocks, completed, learnt_as_json
from pmed_core.modalities.tabular.membership import nameless, not_kept
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

    Model = Predictor[SequenceEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip

known = membership.known


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very sequences it was trained on, rows without one apart."""
    return membership.knows(model, with_sequence(cohort))


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    return membership.recognise(model, with_sequence(cohort))


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out; ``NOBODY`` also of rows without a sequence."""
    return membership.folds_where(model, cohort, rows_with_sequence(cohort))


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, and how many rows hold no sequence or more than is read."""
    there = rows_with_sequence(cohort)
    said = membership.said_where(model, cohort, folds, there)
    if without := int((~there).sum()):
        rows = "rows holds" if without == 1 else "rows hold"
        said = (*said, f"{without:,} of {len(cohort):,} {rows} no sequence that can be read.")
    lengths = cohort.table[model.ensemble.column][there].str.len()
    if cropped := int((lengths > model.ensemble.length).sum()):
        are = "sequence is" if cropped == 1 else "sequences are"
        said = (
            *said,
            f"{cropped:,} {are} longer than the {model.ensemble.length:,} letters that the model "
            "reads, and cropped round the centre.",
        )
    return said


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The rows with a sequence."""
    return with_sequence(cohort)


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of stretches of the first row's sequence."""
    from pmed_core.modalities.sequence.explaining import explain

    label, one = question.label or model.labels[0], cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, label, question.tolerance), notes=notes)


def prediction_table(predictions: Predictions, predictor: Model, cohort: Cohort) -> pd.DataFrame:
    """As of tables; nothing is said of rows without a sequence."""
    found = tables.prediction_table(predictions, cast(Any, predictor), cohort)
    return tables.told_where(found, rows_with_sequence(cohort))
