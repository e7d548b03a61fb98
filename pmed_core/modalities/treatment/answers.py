"""Questions about models of a treatment, answered by the folds that may speak of whoever is asked
about; see ``contracts.Answering``. TensorFlow is loaded by the answer that needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.explanation import Explanation
from pmed_core.modalities.learnt import Learnt, learnt_from
from pmed_core.outcomes.effect.scores import OVERLAP, Seen
from pmed_core.outcomes.target import happened
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quantity import percent
from pmed_core.quiet import load_tensorflow
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Consult, Consultation, Explain, Neighbour

if TYPE_CHECKING:
    from pmed_core.modalities.tabular.membership import Found, Members
    from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
    from pmed_core.predictor import Predictor

    Model = Predictor[TreatmentEnsemble]

ANSWERED = (Consult, Explain)
TOLERANCE, ALIKE = 0.05, 5
"""ALIKE: similar patients of each option."""


def answer(work: Consult | Explain, predictor: Model, store: Store, progress: Progress) -> str:
    """JSON; raises ``UserError``."""
    if not work.case.cells:
        return ""  # to be ready for the first who asks, the model itself is enough
    load_tensorflow()
    asked = asked_of(work.model, work.case, predictor, store)
    match work:
        case Consult():
            return to_json(Consultation, _consult(asked, work.case))
        case Explain():
            from pmed_core.modalities.treatment.explaining import explain

            found = explain(asked.ensemble, asked.row, work.label, TOLERANCE)
            return to_json(Explanation, found)
        case _:
            assert_never(work)


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of rows that have exactly the values of somebody in training."""
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return ()
    from pmed_core.modalities.tabular import membership

    return membership.known_rows(learnt.members, cohort, predictor.ensemble.inputs)


@dataclass(frozen=True)
class Treated(Learnt):
    """The patients of training, with what they had."""

    members: Members
    encoded: NDArray[np.float32]
    happened: tuple[str, ...]


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Treated | None:
    from pmed_core.modalities.tabular.membership import Members, row_hashes

    cohort, ids = whole.labelled(), whole.patients()[whole.observed() >= 0]
    if Learnt.of(cohort, held_out) is None:
        return None
    hashes = row_hashes(cohort.table, predictor.ensemble.inputs)
    members = Members(ids, np.array(held_out.folds), hashes)
    encoded = predictor.ensemble.outcomes.novelty.encoding.encode(cohort.table)
    return Treated(cohort, held_out, members, encoded, happened(predictor.outcome, held_out.target))


@dataclass(frozen=True)
class Asked:
    """One patient, and the folds that may speak."""

    ensemble: TreatmentEnsemble
    row: Cohort
    learnt: Treated | None
    found: Found
    basis: Basis


def asked_of(model: str, case: Case, predictor: Model, store: Store) -> Asked:
    """Whoever was in training is answered by the fold that held them out."""
    from pmed_core.modalities.tabular.membership import Found, row_hashes
    from pmed_core.modalities.tabular.package import as_table

    given, ensemble = dict(case.cells), predictor.ensemble
    table = as_table({v.name: [given.get(v.name)] for v in ensemble.inputs}, ensemble.inputs)
    row = ensemble.as_cohort(Cohort("patient", table, ensemble.inputs))
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return Asked(ensemble, row, None, Found(), "in training" if case.patient else "unknown")
    found = learnt.members.find(case.patient, row_hashes(table, ensemble.inputs))
    if found.fold is not None:
        return Asked(ensemble.of_fold(found.fold), row, learnt, found, "held-out")
    return Asked(ensemble, row, learnt, found, "in training" if found.alike else "new")


def _consult(asked: Asked, case: Case) -> Consultation:
    ensemble, row = asked.ensemble, asked.row
    said, labels = ensemble.predict(row), ensemble.outcome.labels
    novel = ensemble.outcomes.novelty.outside(row.table, ensemble.inputs)[0]
    outside = (*novel, *_apart(ensemble, said))
    position: tuple[float, ...] = ()
    given = _plain(Seen.of(ensemble.outcome, said).probability[0])
    if asked.learnt is not None:
        others = asked.learnt.held_out.value
        lower = (others < said.value[0] - 1e-9).sum(axis=0)
        position = _plain(lower / np.maximum(np.isfinite(others).sum(axis=0), 1))
    return Consultation(
        labels, _plain(said.value[0]), _plain(said.low[0]), _plain(said.high[0]), said.interval,
        outside, _unseen(ensemble, row.table), position, (), _neighbours(asked, case),
        asked.basis, asked.found.patient, asked.found.alike, given=given,
    )  # fmt: skip


def _apart(ensemble: TreatmentEnsemble, said: Predictions) -> tuple[str, ...]:
    """That like patients were not given both options, of each of which nothing is told."""
    effect = ensemble.outcome
    probability = Seen.of(effect, said).probability[0]
    found = []
    for k in np.flatnonzero(np.isnan(said.value[0, : effect.effects])):
        share = float(probability[k + 1] / (probability[0] + probability[k + 1]))
        option, reference = effect.options[k + 1], effect.options[0]
        found.append(
            f"Of patients like this one who were given '{option}' or '{reference}', "
            f"{percent(share)} were given '{option}'. Outside {percent(OVERLAP[0])} to "
            f"{percent(OVERLAP[1])} there are too few to compare."
        )
    return tuple(found)


def _unseen(ensemble: TreatmentEnsemble, row: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"{v.name}: '{v.shown(row[v.name].iloc[0])}' was never seen in training and counts as none "
        "of its values."
        for v in ensemble.inputs
        if v.categories and pd.notna(row[v.name].iloc[0])
        and row[v.name].iloc[0] not in v.categories
    )  # fmt: skip


def _neighbours(asked: Asked, case: Case) -> tuple[Neighbour, ...]:
    """The most similar patients of each option, and what happened to them."""
    learnt, ensemble = asked.learnt, asked.ensemble
    if learnt is None:
        return ()
    here = ensemble.outcomes.novelty.encoding.encode(asked.row.table)[0]
    distance = np.sqrt(((learnt.encoded - here) ** 2).mean(axis=1))
    distance[learnt.members.patients == case.patient] = np.inf
    found = []
    for option in range(len(ensemble.outcome.options)):
        apart = np.where(learnt.held_out.observed == option, distance, np.inf)
        nearest = np.argsort(apart, kind="stable")[:ALIKE]
        found += [place for place in nearest if np.isfinite(apart[place])]
    found.sort(key=lambda place: float(distance[place]))
    return tuple(
        Neighbour(
            str(learnt.members.patients[k]), learnt.happened[k],
            float(learnt.held_out.value[k, 0]), float(distance[k]),
            _plain(learnt.held_out.value[k]),
        )
        for k in found
    )  # fmt: skip


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
