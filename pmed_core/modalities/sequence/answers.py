"""Questions about models of sequences, answered by the folds that may speak of the sequence asked
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
from pmed_core.modalities.sequence.letters import Unreadable, cleaned, either_strand
from pmed_core.modalities.sequence.motifs import KEPT, FindMotifs, Motifs
from pmed_core.modalities.sequence.mutagenesis import Mutagenesis
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Cell, Consult, Consultation, Explain, Mutate

if TYPE_CHECKING:
    from pmed_core.modalities.sequence.ensemble import SequenceEnsemble
    from pmed_core.modalities.tabular.membership import Found, Hashes, Members
    from pmed_core.predictor import Predictor

    Model = Predictor[SequenceEnsemble]

ANSWERED = (Consult, Explain, Mutate, FindMotifs)
SHOWN = 40


def answer(
    work: Consult | Explain | Mutate | FindMotifs, predictor: Model, store: Store,
    progress: Progress,
) -> str:  # fmt: skip
    """JSON, or the id of the model where the answer is kept with it; raises ``UserError``."""
    if isinstance(work, FindMotifs):
        return _motifs(work, predictor, store, progress)
    asked = asked_of(work.model, work.case, predictor, store)
    match work:
        case Consult():
            learnt = learnt_from(work.model, predictor, store, _prepared)
            return to_json(Consultation, _consult(asked, learnt))
        case Explain():
            if not work.case.cells:
                return ""  # to be ready for the first who asks, the model itself is enough
            from pmed_core.modalities.sequence.explaining import TOLERANCE, explain

            found = explain(asked.ensemble, asked.row, work.label, TOLERANCE)
            return to_json(Explanation, found)
        case Mutate():
            from pmed_core.modalities.sequence.ensemble import letters
            from pmed_core.modalities.sequence.mutating import mutagenesis

            text = letters(asked.row.table[asked.ensemble.column].iloc[0])
            exchanged = mutagenesis(asked.ensemble, text, work.label, predictor.name)
            return to_json(Mutagenesis, exchanged)
        case _:
            assert_never(work)


def _motifs(work: FindMotifs, predictor: Model, store: Store, progress: Progress) -> str:
    from pmed_core.modalities.sequence.recurrent import recurrent
    from pmed_core.modalities.tabular.membership import not_kept

    learnt = learnt_from(work.model, predictor, store, _prepared)
    if learnt is None:
        raise not_kept(predictor.name)
    folds = np.array(learnt.held_out.folds)
    found = recurrent(predictor.ensemble, learnt.cohort, folds, (work.sequences, progress))
    store.models.keep_beside(work.model, KEPT, to_json(Motifs, found))
    return work.model


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of rows that are sequences of training, on whichever strand."""
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return ()
    cells = cohort.table[predictor.ensemble.column].dropna()
    count = sum(either_strand(cell) in learnt.either for cell in cells)
    if not count:
        return ()
    have = "rows has" if count == 1 else "rows have"
    return (
        f"{count:,} of {len(cohort):,} {have} exactly a sequence of training, or its reverse "
        "complement: there the scores are too good.",
    )


@dataclass(frozen=True)
class Sequences(Learnt):
    """The training sequences of a kept model.

    Attributes:
        either: what each and its reverse complement have in common.
    """

    members: Members
    either: frozenset[str]


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Sequences | None:
    from pmed_core.modalities.sequence.learner import with_sequence
    from pmed_core.modalities.tabular.membership import Members

    cohort = with_sequence(whole.numbered()).labelled()
    if Learnt.of(cohort, held_out) is None:
        return None
    hashes = _either_hashes(cohort.table, predictor)
    members = Members(cohort.patients(), np.array(held_out.folds), hashes)
    cells = cohort.table[predictor.ensemble.column]
    return Sequences(cohort, held_out, members, frozenset(map(either_strand, cells)))


def _either_hashes(table: pd.DataFrame, predictor: Model) -> Hashes:
    """(n,) a number for each sequence, the same for its reverse complement: a twin of training is
    answered by the fold that held both out."""
    from pmed_core.modalities.tabular.membership import row_hashes

    column = predictor.ensemble.column
    either = table[column].map(either_strand, na_action="ignore").astype("str")
    return row_hashes(pd.DataFrame({column: either}), predictor.variables)


@dataclass(frozen=True)
class Asked:
    """One sequence, and the folds that may speak of it."""

    ensemble: SequenceEnsemble
    row: Cohort
    found: Found
    basis: Basis


def asked_of(model: str, case: Case, predictor: Model, store: Store) -> Asked:
    """Whatever was in training is answered by the fold that held it out."""
    from pmed_core.modalities.tabular.membership import Found
    from pmed_core.modalities.tabular.package import as_cohort_rows

    ensemble = predictor.ensemble
    cells = {ensemble.column: [_cleaned(dict(case.cells).get(ensemble.column), ensemble.column)]}
    row = as_cohort_rows(predictor.variables, cells)
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return Asked(ensemble, row, Found(), "in training" if case.patient else "unknown")
    hashes = _either_hashes(row.table, predictor)
    found = learnt.members.find_own(case.patient, hashes)
    if found.fold is not None:
        return Asked(ensemble.of_fold(found.fold), row, found, "held-out")
    return Asked(ensemble, row, found, "in training" if found.alike else "new")


def _cleaned(cell: Cell, column: str) -> str | None:
    """As training has it; raises ``UserError`` where what was typed is no sequence."""
    if not isinstance(cell, str) or not cell.strip():
        return None
    try:
        return cleaned(cell).letters
    except Unreadable as error:
        shown = cell.strip()[:SHOWN]
        raise UserError(
            f"'{shown}{'…' * (len(cell.strip()) > SHOWN)}' {error}", f"Column '{column}'",
            "Give the letters A, C, G, T (or U), and IUPAC codes for what is not known.",
        ) from error  # fmt: skip


def _consult(asked: Asked, learnt: Sequences | None) -> Consultation:
    from pmed_core.modalities.sequence.ensemble import INTERVAL
    from pmed_core.modalities.tabular.consult import position_among

    ensemble = asked.ensemble
    codes = ensemble.codes(list(asked.row.table[ensemble.column]))
    value, low, high = (tuple(map(float, one[0])) for one in ensemble.risks(codes))
    position = position_among(np.array(value), learnt.held_out.value) if learnt else ()
    return Consultation(
        ensemble.outcome.labels, value, low, high, INTERVAL,
        ensemble.outside(codes), (), position, (), (), asked.basis, asked.found.patient,
        asked.found.alike,
    )  # fmt: skip
