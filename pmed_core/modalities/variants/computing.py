"""What computes with variants; see ``contracts.Computing``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.contracts import Question
from pmed_core.modalities.tabular import computing as tables
from pmed_core.modalities.tabular import membership
from pmed_core.modalities.tabular.computing import blocks, completed, learnt_as_json
from pmed_core.modalities.tabular.membership import nameless, not_kept
from pmed_core.modalities.variants.ensemble import VariantsEnsemble
from pmed_core.modalities.variants.learner import trainable, trained
from pmed_core.modalities.variants.membership import with_digests
from pmed_core.modalities.variants.package import cases, packed, unpacked
from pmed_core.predictions import Predictions

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

    Model = Predictor[VariantsEnsemble]

__all__ = [
    "blocks", "cases", "completed", "evaluable", "explained", "held_out_folds", "known", "knows",
    "learnt_as_json", "nameless", "not_kept", "packed", "prediction_table", "recognise",
    "said_of_training", "trainable", "trained", "unpacked",
]  # fmt: skip

known = membership.known


def _told(model: Model, cohort: Cohort) -> Cohort:
    """The rows with variants, told by their calls."""
    return with_digests(model.ensemble, evaluable(model, cohort))


def knows(model: Model, cohort: Cohort) -> bool:
    """Whether these are the very patients it was trained on, those without variants apart."""
    return membership.knows(model, _told(model, cohort))


def recognise(model: Model, cohort: Cohort) -> bool:
    """The same; where held-out predictions are kept, each of the rows is known from now on."""
    return membership.recognise(model, _told(model, cohort))


def held_out_folds(model: Model, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held each row out; ``NOBODY`` also of rows without variants."""
    whole = with_digests(model.ensemble, cohort)
    return membership.folds_where(model, whole, model.ensemble.there(cohort))


def said_of_training(model: Model, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """As of tables, which variants are absent, and how many rows have none at all."""
    there = model.ensemble.there(cohort)
    whole = with_digests(model.ensemble, cohort)
    said = membership.said_where(model, whole, folds, there)
    assert cohort.genotypes is not None  # noqa: S101 - ``as_cohort`` looked
    share = model.ensemble.catalogue.known(cohort.genotypes)
    if share < 1:
        absent = (
            f"{100 * (1 - share):.1f} % of the variants that the model reads are not in the file; "
            "rare alleles there count as not carried, which is most likely."
        )
        said = (*said, absent)
    said = (*said, *_of_build(model.ensemble.catalogue.build, cohort.genotypes.build))
    without = int((~there).sum())
    if not without:
        return said
    rows = "rows has" if without == 1 else "rows have"
    return (*said, f"{without:,} of {len(cohort):,} {rows} no variants.")


def _of_build(mine: str, theirs: str) -> tuple[str, ...]:
    """What is to be said of a file that does not tell its build."""
    if theirs or not mine:
        return ()
    return (
        f"The file does not tell the build of its positions; they were read as those of {mine}, of "
        "which the model's are.",
    )


def evaluable(model: Model, cohort: Cohort) -> Cohort:
    """The rows with variants."""
    return cohort.select(model.ensemble.there(cohort))


def explained(model: Model, cohort: Cohort, question: Question) -> Explanation:
    """SHAP values of genes, ancestry and other inputs of the first row."""
    from pmed_core.modalities.tabular.reasons import Care
    from pmed_core.modalities.variants.explaining import explain

    label, one = question.label or model.labels[0], cohort.select(np.array([0]))
    ensemble, notes = question.of_first(
        model.ensemble, lambda folds: said_of_training(model, one, folds)
    )
    return replace(explain(ensemble, one, label, Care(question.tolerance)), notes=notes)


def prediction_table(predictions: Predictions, predictor: Model, cohort: Cohort) -> pd.DataFrame:
    """As of tables; nothing is said of rows without variants."""
    found = tables.prediction_table(predictions, cast(Any, predictor), cohort)
    return tables.told_where(found, predictor.ensemble.there(cohort))
