"""What computes with molecules; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.molecule.ensemble import MoleculeEnsemble, structures
from pmed_core.modalities.molecule.learner import (
    rows_with_structure,
    trainable,
    trained,
    with_structure,
)
from pmed_core.modalities.molecule.package import cases, packed, unpacked
from pmed_core.modalities.molecule.sdf import written
from pmed_core.modalities.tabular import computing as tables
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import completed, learnt_as_json
from pmed_core.modalities.tabular.membership import nameless, not_kept
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

    Model = Predictor[MoleculeEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip

known = membership.known


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very molecules it was trained on, those without a structure apart."""
    return membership.knows(model, with_structure(cohort))


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    return membership.recognise(model, with_structure(cohort))


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out; ``NOBODY`` also of rows without a structure."""
    return membership.folds_where(model, cohort, rows_with_structure(cohort))


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, and how many rows hold no molecule."""
    there = rows_with_structure(cohort)
    said = membership.said_where(model, cohort, folds, there)
    without = int((~there).sum())
    if not without:
        return said
    rows = "rows holds" if without == 1 else "rows hold"
    return (*said, f"{without:,} of {len(cohort):,} {rows} no molecule that can be read.")


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The rows with a molecule."""
    return with_structure(cohort)


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of the pieces of the first row's molecule."""
    from pmed_core.modalities.molecule.explaining import explain

    label, one = question.label or model.labels[0], cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, label, question.tolerance), notes=notes)


def blocks(table: pd.DataFrame, predictor: Model, cohort: Cohort) -> tuple[str, ...]:
    """Of SDF: the structure drawn flat, and what is said as properties."""
    smiles = structures(cohort.table[predictor.ensemble.column])
    names = [str(name) for name in table.columns]
    return tuple(
        written(one, dict(zip(names, row, strict=True)))
        for one, row in zip(smiles, table.itertuples(index=False), strict=True)
    )


def prediction_table(predictions: Predictions, predictor: Model, cohort: Cohort) -> pd.DataFrame:
    """As of tables; nothing is said of rows without a molecule."""
    found = tables.prediction_table(predictions, cast(Any, predictor), cohort)
    return tables.told_where(found, rows_with_structure(cohort))
