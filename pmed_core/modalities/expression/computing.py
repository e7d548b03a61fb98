"""What computes with expression; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.expression.ensemble import (
    ExpressionEnsemble,
    identified,
    rows_with_profile,
)
from pmed_core.modalities.expression.learner import trainable, trained
from pmed_core.modalities.expression.package import cases, packed, unpacked
from pmed_core.modalities.tabular import computing as tables
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import blocks, completed, learnt_as_json
from pmed_core.modalities.tabular.membership import nameless, not_kept
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

    Model = Predictor[ExpressionEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip

known = membership.known


def there(model: Model, cohort: Cohort) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(n,) rows with a profile."""
    return rows_with_profile(cohort, model.ensemble.column)


def told(model: Model, cohort: Cohort) -> Cohort:
    """The cohort whose cells are what stands in each profile: a name tells nobody."""
    return identified(cohort, model.ensemble.column, model.ensemble.raw(cohort))


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very profiles it was trained on, rows without one apart."""
    return membership.knows(model, told(model, cohort).select(there(model, cohort)))


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    return membership.recognise(model, told(model, cohort).select(there(model, cohort)))


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out; ``NOBODY`` also of rows without a profile."""
    return membership.folds_where(model, told(model, cohort), there(model, cohort))


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, which genes are absent, and how many rows have no profile."""
    whole = there(model, cohort)
    said = (
        *membership.said_where(model, told(model, cohort), folds, whole),
        *model.ensemble.gaps(cohort.profiles),
    )
    if without := int((~whole).sum()):
        have = "rows has" if without == 1 else "rows have"
        said = (*said, f"{without:,} of {len(cohort):,} {have} no profile of genes.")
    return said


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The rows with a profile."""
    return cohort.select(there(model, cohort))


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of the genes of the first row's profile."""
    from pmed_core.modalities.expression.explaining import explain

    label, one = question.label or model.labels[0], cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, label), notes=notes)


def prediction_table(predictions: Predictions, predictor: Model, cohort: Cohort) -> pd.DataFrame:
    """As of tables; nothing is said of rows without a profile."""
    found = tables.prediction_table(predictions, cast(Any, predictor), cohort)
    return tables.told_where(found, there(predictor, cohort))
