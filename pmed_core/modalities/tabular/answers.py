"""Questions about models of tables, answered by networks that may speak of whoever is asked about;
see ``contracts.Answering``. What loads TensorFlow is imported by the answer that needs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never, cast

import numpy as np
from numpy.typing import NDArray

from pmed_core.advice import Advice, Counterfactual
from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.learnt import learnt_from
from pmed_core.modalities.tabular.options import TableOptions
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quiet import load_tensorflow
from pmed_core.settings import MODELS_KEPT
from pmed_core.store.store import Store
from pmed_core.work import (
    Advise,
    Basis,
    Cell,
    Check,
    Consult,
    Consultation,
    Counter,
    Explain,
    Growth,
    Importance,
    Trust,
)

if TYPE_CHECKING:
    from pmed_core.modalities.tabular.consult import Companions
    from pmed_core.modalities.tabular.ensemble import TableEnsemble
    from pmed_core.modalities.tabular.membership import Found, Members
    from pmed_core.predictor import Predictor

Asking = Consult | Explain | Counter | Advise | Check
ANSWERED = (Consult, Explain, Counter, Advise, Check, Importance, Growth)


def answer(
    work: Asking | Importance | Growth, predictor: Predictor[TableEnsemble], store: Store,
    progress: Progress,
) -> str:  # fmt: skip
    """JSON, or an id where the answer is kept; raises ``UserError``."""
    match work:
        case Consult():
            return _consult(work, predictor, store)
        case Explain():
            return _explain(work, predictor, store)
        case Counter():
            return _counter(work, predictor, store)
        case Advise():
            return _advise(work, predictor, store)
        case Check():
            return _check(work, predictor, store)
        case Importance():
            return _importance(work, predictor, store, progress)
        case Growth():
            return _growth(work, predictor, store, progress)
        case _:
            assert_never(work)


def _explain(work: Explain, predictor: Predictor[TableEnsemble], store: Store) -> str:
    """``Explanation`` as JSON."""
    asked = asked_of(work, predictor, store)
    from pmed_core.modalities.tabular import reasons

    asking = asked.predictor.having_lived(work.lived) if work.lived else asked.predictor
    row = asking.as_cohort(asked.row)
    return to_json(Explanation, reasons.explain(asking.ensemble, row, work.label, reasons.AT_ONCE))


def _check(work: Check, predictor: Predictor[TableEnsemble], store: Store) -> str:
    """``Trust`` as JSON."""
    asked = asked_of(work, predictor, store)
    from pmed_core.modalities.tabular import trust

    return to_json(Trust, trust.check(asked.predictor.ensemble, asked.row, work.label))


def known_rows(
    model: str, predictor: Predictor[TableEnsemble], cohort: Cohort, store: Store
) -> tuple[str, ...]:
    """What is to be said of rows that have exactly the values of somebody in training."""
    members = members_of(model, predictor, store)
    if members is None:
        return ()
    from pmed_core.modalities.tabular import membership

    return membership.known_rows(members, cohort, predictor.variables)


def _consult(work: Consult, predictor: Predictor[TableEnsemble], store: Store) -> str:
    load_tensorflow()
    from pmed_core.modalities.tabular.consult import consult

    asked = asked_of(work, predictor, store)
    others = companions_of(work.model, predictor, store)
    answer = consult(asked.predictor.ensemble, asked.row.table, work.case.patient, others)
    found = asked.found
    return to_json(
        Consultation,
        replace(answer, basis=asked.basis, known_as=found.patient, alike=found.alike),
    )


def _counter(work: Counter, predictor: Predictor[TableEnsemble], store: Store) -> str:
    ensemble = asked_of(work, predictor, store).predictor.ensemble
    from pmed_core.modalities.tabular.counterfactual import Search, counterfactuals

    cells = dict(work.case.cells)
    search = Search.within(ensemble, cells, work.limits, work.label, work.threshold)
    return to_json(tuple[Counterfactual, ...], counterfactuals(search))


def _advise(work: Advise, predictor: Predictor[TableEnsemble], store: Store) -> str:
    load_tensorflow()
    from pmed_core.modalities.tabular import advice

    asked = asked_of(work, predictor, store)
    others = companions_of(work.model, predictor, store)
    who = work.case.patient or asked.found.patient
    cells = dict(work.case.cells)
    given = advice.Asked(asked.predictor.ensemble, cells, work.label, work.limits, who, others)
    return to_json(Advice, advice.advise(given))


def _growth(
    work: Growth, predictor: Predictor[TableEnsemble], store: Store, progress: Progress
) -> str:
    load_tensorflow()
    from pmed_core.modalities.tabular.learning_curve import curve
    from pmed_core.modalities.tabular.membership import not_kept

    whole = store.models.out_of_fold(work.model)
    if whole is None:
        raise not_kept(predictor.name)
    cohort = store.cohorts.get(store.models.entry(work.model).cohort)
    options = cast(TableOptions, predictor.options)
    store.models.keep_growth(work.model, curve(cohort, options, whole, progress))
    return work.model


def _importance(
    work: Importance, predictor: Predictor[TableEnsemble], store: Store, progress: Progress
) -> str:
    load_tensorflow()
    from pmed_core.modalities.tabular.importance import importance

    cohort = store.cohorts.get(store.models.entry(work.model).cohort).labelled()
    rows = np.sort(np.random.default_rng(0).permutation(len(cohort))[: work.patients])
    sample = predictor.as_cohort(cohort.select(rows))
    found = importance(predictor.ensemble, sample, predictor.labels[0], progress)
    store.models.keep_importance(work.model, found)
    return work.model


def companions_of(
    model: str, predictor: Predictor[TableEnsemble], store: Store
) -> Companions | None:
    """None where the training patients are not here: imported, or their cohort was removed."""
    if not store.trained_on(model):
        return None
    return _companions(model, predictor, store, store.models.stamp(model))


@lru_cache(maxsize=MODELS_KEPT)
def _companions(
    model: str, predictor: Predictor[TableEnsemble], store: Store, stamp: tuple[int, ...]
) -> Companions | None:
    """Prepared once for as long as what is kept of the model does not change."""
    from pmed_core.modalities.tabular.consult import companions

    out_of_fold = store.models.out_of_fold(model)
    if out_of_fold is None:
        return None
    cohort, ids = _training_rows(store.cohorts.get(store.models.entry(model).cohort))
    found = companions(predictor.ensemble, cohort, out_of_fold, store.models.importance(model))
    return replace(found, patients=ids)


def _training_rows(cohort: Cohort) -> tuple[Cohort, NDArray[np.str_]]:
    """The rows with an outcome, and whose each is: where there is no column of ids, rows are
    numbered as all of the cohort's are."""
    return cohort.labelled(), cohort.patients()[cohort.observed() >= 0]


def members_of(model: str, predictor: Predictor[TableEnsemble], store: Store) -> Members | None:
    """Who was in training, and which fold held each out; None where that is not known."""
    return learnt_from(model, predictor, store, _members)


def _members(
    predictor: Predictor[TableEnsemble], whole: Cohort, out_of_fold: Predictions
) -> Members | None:
    from pmed_core.modalities.tabular.membership import Members, folds_again, row_hashes

    cohort, ids = _training_rows(whole)
    if out_of_fold.patients != tuple(cohort.patients()):
        return None
    folds = out_of_fold.folds or folds_again(predictor, cohort, out_of_fold)
    hashes = row_hashes(cohort.table, predictor.variables)
    return Members(ids, np.array(folds), hashes) if folds else None


@dataclass(frozen=True)
class Asked:
    """One patient, and the networks that may speak of them."""

    predictor: Predictor[TableEnsemble]
    row: Cohort
    found: Found
    basis: Basis


def asked_of(work: Asking, predictor: Predictor[TableEnsemble], store: Store) -> Asked:
    """Whoever was in training is answered by the fold that held them out."""
    from pmed_core.modalities.tabular.membership import Found, row_hashes

    row, members = _row(predictor, work.case.cells), members_of(work.model, predictor, store)
    if members is None:
        return Asked(predictor, row, Found(), "in training" if work.case.patient else "unknown")
    found = members.find(work.case.patient, row_hashes(row.table, predictor.variables))
    if found.fold is not None:
        return Asked(predictor.of_fold(found.fold), row, found, "held-out")
    return Asked(predictor, row, found, "in training" if found.alike else "new")


def _row(predictor: Predictor[TableEnsemble], cells: tuple[tuple[str, Cell], ...]) -> Cohort:
    from pmed_core.modalities.tabular.package import as_cohort_rows

    given = dict(cells)
    return as_cohort_rows(
        predictor.variables, {v.name: [given.get(v.name)] for v in predictor.variables}
    )
