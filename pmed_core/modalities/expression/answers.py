"""Questions about models of expression, answered by the folds that may speak of the patient; see
``contracts.Answering``. TensorFlow is loaded by the answer that needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np
import pandas as pd

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.modalities.expression.genes import DescribeGenes, Genes
from pmed_core.modalities.learnt import Learnt, learnt_from
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Consult, Consultation, Explain

if TYPE_CHECKING:
    from pmed_core.modalities.expression.ensemble import ExpressionEnsemble
    from pmed_core.predictor import Predictor

    Model = Predictor[ExpressionEnsemble]

ANSWERED = (Consult, Explain, DescribeGenes)


def answer(
    work: Consult | Explain | DescribeGenes, predictor: Model, store: Store, progress: Progress
) -> str:
    """JSON; raises ``UserError``."""
    match work:
        case DescribeGenes():
            from pmed_core.modalities.expression.describing import described

            learnt = learnt_from(work.model, predictor, store, _prepared)
            if learnt is None:
                raise _not_here(predictor.name)
            found = described(predictor.ensemble, learnt.cohort, work)
            return to_json(Genes, found)
        case Consult() | Explain() if not work.case.cells:
            return ""  # to be ready for the first who asks, the model itself is enough
        case Consult():
            return to_json(Consultation, _consult(*_asked(work.model, work.case, predictor, store)))
        case Explain():
            from pmed_core.modalities.expression.explaining import explain, foremost

            asked, _ = _asked(work.model, work.case, predictor, store)
            found_ = foremost(explain(asked.ensemble, asked.row, work.label))
            return to_json(Explanation, found_)
        case _:
            assert_never(work)


def _not_here(name: str) -> UserError:
    return UserError(
        "The profiles of this model's patients are not here", name,
        "Predict new patients from a file: on the Models page, or in the shell.",
    )  # fmt: skip


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of profiles that lack genes, and of rows whose profile is exactly one of
    training."""
    gaps = predictor.ensemble.gaps(cohort.profiles)
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return gaps
    from pmed_core.modalities.expression.ensemble import digests, rows_with_profile

    column = predictor.ensemble.column
    mine = cohort.select(rows_with_profile(cohort, column))
    theirs = set(digests(predictor.ensemble.raw(learnt.cohort)))
    count = sum(one in theirs for one in digests(predictor.ensemble.raw(mine)))
    if not count:
        return gaps
    have = "rows has" if count == 1 else "rows have"
    return (
        *gaps,
        f"{count:,} of {len(cohort):,} {have} exactly the profile of a patient of training: there "
        "the scores are too good.",
    )


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Learnt | None:
    """The patients of training."""
    from pmed_core.modalities.expression.ensemble import rows_with_profile

    whole = whole.numbered()
    there = whole.select(rows_with_profile(whole, predictor.ensemble.column))
    return Learnt.of(there.labelled(), held_out)


@dataclass(frozen=True)
class Asked:
    """One patient, and the folds that may speak of them."""

    ensemble: ExpressionEnsemble
    row: Cohort
    basis: Basis


def _asked(
    model: str, case: Case, predictor: Model, store: Store
) -> tuple[Asked, Learnt]:  # fmt: skip
    """Whoever was in training is answered by the fold that held them out; raises ``UserError``
    where the profiles are not here."""
    learnt, column = learnt_from(model, predictor, store, _prepared), predictor.ensemble.column
    if learnt is None:
        raise _not_here(predictor.name)
    name = dict(case.cells).get(column)
    table = pd.DataFrame({column: pd.array([name], dtype="str")})
    whole = store.cohorts.get(store.models.entry(model).cohort)
    row = Cohort("patient", table, predictor.variables, profiles=whole.profiles)
    mine = (learnt.cohort.table[column] == name).to_numpy()
    folds = np.unique(np.array(learnt.held_out.folds)[mine])
    if len(folds) != 1:
        return Asked(predictor.ensemble, row, "in training" if len(folds) else "new"), learnt
    return Asked(predictor.ensemble.of_fold(int(folds[0])), row, "held-out"), learnt


def _consult(asked: Asked, learnt: Learnt) -> Consultation:
    from pmed_core.modalities.expression.ensemble import INTERVAL
    from pmed_core.modalities.expression.scale import transformed
    from pmed_core.modalities.tabular.consult import position_among

    ensemble = asked.ensemble
    raw = ensemble.raw(asked.row)
    said = ensemble.risks(transformed(raw, ensemble.scale))
    value, low, high = (tuple(map(float, one[0])) for one in said)
    position = position_among(np.array(value), learnt.held_out.value)
    return Consultation(
        ensemble.outcome.labels, value, low, high, INTERVAL, ensemble.outside(raw), (), position,
        (), (), asked.basis,
    )  # fmt: skip
