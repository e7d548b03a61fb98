"""What computes with drug response; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.response.ensemble import ResponseEnsemble, of_pairs
from pmed_core.modalities.response.evaluation import of_new
from pmed_core.modalities.response.learner import trainable, trained
from pmed_core.modalities.response.package import cases, packed, unpacked
from pmed_core.modalities.tabular import computing as tables
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import blocks, learnt_as_json
from pmed_core.modalities.tabular.membership import nameless, not_kept
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

    Model = Predictor[ResponseEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip

known = membership.known


def _whole(model: Model, cohort: Cohort) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(n,) rows that have a profile and a structure."""
    names = [v.name for v in model.ensemble.variables]
    return np.asarray(cohort.table[names].notna().all(axis=1), dtype=bool)


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very pairs it was trained on, incomplete ones apart."""
    return membership.knows(model, cohort.select(_whole(model, cohort)))


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    return membership.recognise(model, cohort.select(_whole(model, cohort)))


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out; ``NOBODY`` also of incomplete rows."""
    return membership.folds_where(model, cohort, _whole(model, cohort))


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, which genes are absent, and how many rows lack a profile or a structure."""
    whole = _whole(model, cohort)
    said = (
        *membership.said_where(model, cohort, folds, whole),
        *model.ensemble.gaps(cohort.profiles),
    )
    without = int((~whole).sum())
    if not without:
        return said
    have = "rows has" if without == 1 else "rows have"
    return (*said, f"{without:,} of {len(cohort):,} {have} no profile or no structure.")


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The rows with a profile and a structure."""
    return cohort.select(_whole(model, cohort))


def completed(
    evaluation: Evaluation, ensemble: ResponseEnsemble, cohort: Cohort, predictions: Predictions
) -> Evaluation:
    """With the correlation within drugs, which matters most."""
    whole = ensemble.as_cohort(cohort)
    rows = np.flatnonzero(whole.observed() >= 0)
    pairs = of_pairs(whole.select(rows), ensemble.variables)
    return of_new(evaluation, pairs, predictions, rows[pairs.rows])


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of the genes of the first row's profile, for its drug or the one that is
    named."""
    from pmed_core.modalities.response.explaining import explain

    one = cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, question.label, question.tolerance), notes=notes)


def prediction_table(predictions: Predictions, predictor: Model, cohort: Cohort) -> pd.DataFrame:
    """As of tables, with the drug beside the line; nothing is said of incomplete rows."""
    found = tables.prediction_table(predictions, predictor, cohort)  # type: ignore[arg-type]
    found = tables.told_where(found, _whole(predictor, cohort))
    names = dict(zip(predictor.ensemble.known.smiles, predictor.ensemble.known.names, strict=True))
    column = predictor.ensemble.variables[1].name
    told = [names.get(str(one), one) for one in cohort.table[column]]
    found.insert(1, "drug", told)
    return found
