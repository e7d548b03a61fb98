"""Questions about models of drug response, answered by the folds that may speak of the cell line;
see ``contracts.Answering``. TensorFlow is loaded by the answer that needs it."""

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
from pmed_core.modalities.response import columns_of
from pmed_core.modalities.response.drug import Drug
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Consult, Consultation, Explain, Rank

if TYPE_CHECKING:
    from pmed_core.modalities.response.ensemble import ResponseEnsemble
    from pmed_core.predictor import Predictor

    Model = Predictor[ResponseEnsemble]

ANSWERED = (Consult, Explain, Rank)
TOLERANCE = 0.05


def answer(
    work: Consult | Explain | Rank, predictor: Model, store: Store, progress: Progress
) -> str:
    """JSON; raises ``UserError``."""
    if not work.case.cells:
        return ""  # to be ready for the first who asks, the model itself is enough
    asked = asked_of(work.model, work.case, predictor, store)
    match work:
        case Consult():
            return to_json(Consultation, _consult(asked))
        case Explain():
            from pmed_core.modalities.response.explaining import explain

            found = explain(asked.ensemble, asked.row, work.label, TOLERANCE)
            return to_json(Explanation, found)
        case Rank():
            from pmed_core.modalities.response.ranking import ranked

            return to_json(tuple[Drug, ...], ranked(asked.ensemble, asked.row))
        case _:
            assert_never(work)


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of profiles that lack genes, and of rows whose profile is exactly one of
    training."""
    gaps = predictor.ensemble.gaps(cohort.profiles)
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None or cohort.profiles is None or learnt.cohort.profiles is None:
        return gaps
    from pmed_core.modalities.response.ensemble import digests

    ensemble, profile = predictor.ensemble, columns_of(predictor.variables)[0]
    theirs = digests(ensemble.values(learnt.cohort.profiles))
    mine = digests(ensemble.values(cohort.profiles))
    twice = {cohort.profiles.ids[k] for k in np.flatnonzero(np.isin(mine, theirs))}
    count = int(cohort.table[profile].isin(twice).sum())
    if not count:
        return gaps
    return (
        *gaps,
        f"{count:,} of {len(cohort):,} rows have exactly the profile of a cell line of training. "
        "Where the model is for new ones, the scores are too good.",
    )


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Learnt | None:
    """The pairs of training."""
    whole, names = whole.labelled(), [v.name for v in predictor.variables]
    cohort = whole.select(whole.table[names].notna().all(axis=1).to_numpy())
    return Learnt.of(cohort, held_out)


@dataclass(frozen=True)
class Asked:
    """One pair, and the folds that may speak of it."""

    ensemble: ResponseEnsemble
    row: Cohort
    basis: Basis


def asked_of(model: str, case: Case, predictor: Model, store: Store) -> Asked:
    """Whatever was in training is answered by the fold that held it out; raises ``UserError`` where
    the profiles are not here."""
    learnt, names = learnt_from(model, predictor, store, _prepared), columns_of(predictor.variables)
    if learnt is None:
        raise UserError(
            "The profiles of this model's cell lines are not here", predictor.name,
            "Predict new tumours from a file: on the Models page, or in the shell with --join.",
        )  # fmt: skip
    cells = dict(case.cells)
    table = pd.DataFrame({name: pd.array([cells.get(name)], dtype="str") for name in names})
    row = Cohort("patient", table, predictor.variables, profiles=learnt.cohort.profiles)
    fold = _fold(learnt, (cells.get(names[0]), cells.get(names[1])), names)
    if fold is None:
        return Asked(predictor.ensemble, row, "new")
    return Asked(predictor.ensemble.of_fold(fold), row, "held-out")


def _fold(
    learnt: Learnt, pair: tuple[str | float | None, str | float | None], names: tuple[str, str]
) -> int | None:
    """That held out this pair; of a drug that was not measured with it the one that held out all of
    the line's. None where there is none."""
    mine = (learnt.cohort.table[names[0]] == pair[0]).to_numpy()
    folds = np.array(learnt.held_out.folds)
    exact = mine & (learnt.cohort.table[names[1]] == pair[1]).to_numpy()
    found = np.unique(folds[exact if exact.any() else mine])
    return int(found[0]) if len(found) == 1 else None


def _consult(asked: Asked) -> Consultation:
    ensemble = asked.ensemble
    said = ensemble.predict(ensemble.as_cohort(asked.row))
    place = int(ensemble.asked([str(asked.row.table.iloc[0, 1])]).place[0])
    drug = ensemble.known.names[place] if place >= 0 else "a drug it was not trained on"
    outside = (
        "The profile, or the structure of the drug, is unlike all of training.",
    ) * bool(said.outside[0])  # fmt: skip
    position = (ensemble.ends.position(float(said.value[0, 0]), place),) if place >= 0 else ()
    told = [f"This is the response to {drug}; the panel 'Drugs' ranks all that the model knows."]
    if place >= 0 and not ensemble.ends.better[place]:
        told.append("For this drug the model is no better than the drug's mean.")
    return Consultation(
        ensemble.outcome.labels, tuple(said.value[0]), tuple(said.low[0]), tuple(said.high[0]),
        said.interval, outside, (), position, (), (), asked.basis, about=tuple(told),
    )  # fmt: skip
