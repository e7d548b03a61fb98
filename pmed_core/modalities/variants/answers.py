"""Questions about models of variants, answered by the folds that may speak of whoever is asked
about; see ``contracts.Answering``. TensorFlow is loaded by the answer that needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np
import pandas as pd

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.modalities.learnt import Learnt, learnt_from
from pmed_core.modalities.variants.carried import Carried
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quiet import load_tensorflow
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Consult, Consultation, Explain, Rank

if TYPE_CHECKING:
    from pmed_core.modalities.variants.ensemble import VariantsEnsemble
    from pmed_core.predictor import Predictor

    Model = Predictor[VariantsEnsemble]

ANSWERED = (Consult, Explain, Rank)


def answer(
    work: Consult | Explain | Rank, predictor: Model, store: Store, progress: Progress
) -> str:
    """JSON; raises ``UserError``."""
    if not work.case.cells:
        return ""  # to be ready for the first who asks, the model itself is enough
    load_tensorflow()
    asked = asked_of(work.model, work.case, predictor, store)
    match work:
        case Consult():
            return to_json(Consultation, _consult(asked))
        case Explain():
            from pmed_core.modalities.tabular.reasons import AT_ONCE
            from pmed_core.modalities.variants.explaining import explain

            return to_json(Explanation, explain(asked.ensemble, asked.row, work.label, AT_ONCE))
        case Rank():
            from pmed_core.modalities.variants.carrying import carried

            return to_json(tuple[Carried, ...], carried(asked.ensemble, asked.row, predictor.card))
        case _:
            assert_never(work)


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of rows whose calls are exactly those of somebody in training, and of
    close relatives of theirs; nothing where the patients of training are not here, for a package
    holds no genotypes."""
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return ()
    from pmed_core.modalities.variants.membership import with_digests
    from pmed_core.modalities.variants.relatives import related_to

    ensemble = predictor.ensemble
    there = ensemble.there(cohort)
    mine = with_digests(ensemble, cohort).table[ensemble.column][there]
    theirs = with_digests(ensemble, learnt.cohort).table[ensemble.column]
    same = mine.isin(theirs).to_numpy()
    said, others = list[str](), cohort.select(np.flatnonzero(there)[~same])
    if count := int(same.sum()):
        have = "rows has" if count == 1 else "rows have"
        said.append(
            f"{count:,} of {len(cohort):,} {have} exactly the calls of a patient of training: "
            "there the scores are too good."
        )
    if len(others):
        copies = ensemble.copies(learnt.cohort), ensemble.copies(others)
        said += related_to(copies, ensemble.catalogue.autosomal)
    return tuple(said)


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Learnt | None:
    """The patients of training."""
    known = whole.numbered().labelled()
    return Learnt.of(known.select(predictor.ensemble.there(known)), held_out)


@dataclass(frozen=True)
class Asked:
    """One patient, and the folds that may speak."""

    ensemble: VariantsEnsemble
    row: Cohort
    learnt: Learnt
    basis: Basis
    patient: str = ""


def asked_of(model: str, case: Case, predictor: Model, store: Store) -> Asked:
    """Whoever was in training is answered by the fold that held them out; raises ``UserError``
    where the variants of the cohort are not here."""
    learnt, ensemble = learnt_from(model, predictor, store, _prepared), predictor.ensemble
    if learnt is None:
        raise UserError(
            "The variants of this model's patients are not here", predictor.name,
            "Predict new patients from a file: on the Models page, or in the shell.",
        )  # fmt: skip
    from pmed_core.modalities.tabular.package import as_table

    cells = dict(case.cells)
    sample = cells.get(ensemble.column)
    found = learnt.cohort.genotypes
    if sample is not None and (found is None or sample not in found.places):
        raise UserError(
            f"There is no sample '{str(sample)[:60]}' in the VCF file of this cohort",
            predictor.name, "Choose a patient from the cohort.",
        )  # fmt: skip
    table = as_table({v.name: [cells.get(v.name)] for v in ensemble.variables}, ensemble.variables)
    row = Cohort("patient", table, ensemble.variables, ensemble.outcome, genotypes=found)
    # By the sample: whatever else is typed, its calls were in training.
    mine = (learnt.cohort.table[ensemble.column] == sample).to_numpy()
    folds = np.unique(np.array(learnt.held_out.folds)[mine])
    if len(folds) == 1:
        known = str(learnt.cohort.patients()[mine][0])
        return Asked(ensemble.of_fold(int(folds[0])), row, learnt, "held-out", known)
    return Asked(ensemble, row, learnt, "new")


def _consult(asked: Asked) -> Consultation:
    from pmed_core.modalities.tabular.consult import position_among

    ensemble, row = asked.ensemble, asked.row
    said = ensemble.predict(row)
    outside: tuple[str, ...] = ()
    if said.outside[0]:
        outside = _why(asked)
    value, low, high = (tuple(map(float, one[0])) for one in (said.value, said.low, said.high))
    return Consultation(
        ensemble.outcome.labels, value, low, high, said.interval, outside, (),
        position_among(np.array(value), asked.learnt.held_out.value), (), (), asked.basis,
        asked.patient,
    )  # fmt: skip


def _why(asked: Asked) -> tuple[str, ...]:
    from pmed_core.modalities.variants.ensemble import NO_VARIANTS

    ensemble, row = asked.ensemble, asked.row
    if pd.isna(row.table[ensemble.column].iloc[0]):
        return (NO_VARIANTS,)
    return ensemble.outside(row.table, ensemble.copies(row))[0]
