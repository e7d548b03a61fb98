"""Questions about models of molecules, answered by networks that may speak of the molecule asked
about; see ``contracts.Answering``. TensorFlow is loaded by the answer that needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.modalities.learnt import Learnt, learnt_from
from pmed_core.outcomes.target import happened
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Consult, Consultation, Depict, Explain, Neighbour

if TYPE_CHECKING:
    from pmed_core.modalities.molecule.ensemble import MoleculeEnsemble
    from pmed_core.modalities.molecule.portrait import Portrait
    from pmed_core.modalities.tabular.membership import Found, Members
    from pmed_core.predictor import Predictor

    Model = Predictor[MoleculeEnsemble]

SIMILAR, DRAWN = 10, 4
ANSWERED = (Consult, Explain, Depict)


def answer(
    work: Consult | Explain | Depict, predictor: Model, store: Store, progress: Progress
) -> str:
    """JSON; raises ``UserError``."""
    asked = asked_of(work.model, work.case, predictor, store)
    match work:
        case Consult():
            return to_json(Consultation, _consult(work, asked, predictor, store))
        case Explain():
            from pmed_core.modalities.molecule.explaining import TOLERANCE, explain

            found = explain(asked.predictor.ensemble, asked.row, work.label, TOLERANCE)
            return to_json(Explanation, found)
        case Depict():
            from pmed_core.modalities.molecule.portrait import Portrait

            return to_json(Portrait, _portrait(work, asked, predictor, store))
        case _:
            assert_never(work)


def known_rows(model: str, predictor: Model, cohort: Cohort, store: Store) -> tuple[str, ...]:
    """What is to be said of rows that are exactly molecules of training."""
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        return ()
    from pmed_core.modalities.tabular import membership

    return membership.known_rows(learnt.members, cohort, predictor.variables)


@dataclass(frozen=True)
class Molecules(Learnt):
    """The training molecules of a kept model.

    Attributes:
        smiles, happened: n of each, as they are told.
    """

    members: Members
    smiles: tuple[str, ...]
    happened: tuple[str, ...]


def _prepared(predictor: Model, whole: Cohort, held_out: Predictions) -> Molecules | None:
    from pmed_core.modalities.molecule.learner import with_structure
    from pmed_core.modalities.tabular.membership import Members, row_hashes

    cohort = with_structure(whole.numbered()).labelled()
    if Learnt.of(cohort, held_out) is None:
        return None
    hashes = row_hashes(cohort.table, predictor.variables)
    members = Members(cohort.patients(), np.array(held_out.folds), hashes)
    smiles = tuple(cohort.table[predictor.ensemble.column])
    return Molecules(
        cohort, held_out, members, smiles, happened(predictor.outcome, held_out.target)
    )


@dataclass(frozen=True)
class Asked:
    """One molecule, and the networks that may speak of it."""

    predictor: Model
    row: Cohort
    found: Found
    basis: Basis
    changes: tuple[str, ...] = ()


def asked_of(model: str, case: Case, predictor: Model, store: Store) -> Asked:
    """Whatever was in training is answered by the fold that held it out."""
    from pmed_core.modalities.tabular.membership import Found, row_hashes
    from pmed_core.modalities.tabular.package import as_cohort_rows

    cells, changes = _standardised(dict(case.cells), predictor.ensemble.column)
    row = as_cohort_rows(
        predictor.variables, {v.name: [cells.get(v.name)] for v in predictor.variables}
    )
    learnt = learnt_from(model, predictor, store, _prepared)
    if learnt is None:
        basis: Basis = "in training" if case.patient else "unknown"
        return Asked(predictor, row, Found(), basis, changes)
    hashes = row_hashes(row.table, predictor.variables)
    found = learnt.members.find_own(case.patient, hashes)
    if found.fold is not None:
        return Asked(predictor.of_fold(found.fold), row, found, "held-out", changes)
    return Asked(predictor, row, found, "in training" if found.alike else "new", changes)


def _standardised(
    cells: dict[str, str | float | None], column: str
) -> tuple[dict[str, str | float | None], tuple[str, ...]]:
    """The cells with the molecule as training has it, and what was changed for that; raises
    ``UserError`` where what was typed is no molecule."""
    from pmed_core.modalities.molecule.structures import Unreadable, standardised

    text = cells.get(column)
    if not isinstance(text, str) or not text.strip():
        return cells, ()
    try:
        found = standardised(text.strip())
    except Unreadable as error:
        raise UserError(
            f"'{text[:60]}' {error}", f"Column '{column}'", "Correct the SMILES."
        ) from error
    return cells | {column: found.smiles}, found.changes


def _consult(work: Consult, asked: Asked, predictor: Model, store: Store) -> Consultation:
    from pmed_core.modalities.molecule.ensemble import described
    from pmed_core.modalities.tabular.consult import position_among

    ensemble = asked.predictor.ensemble
    rows = described(asked.row.table, ensemble.variables)
    risks, _ = ensemble.inner.answers(rows.table)
    value, low, high = (tuple(float(one) for one in each) for each in risks[:, 0])
    learnt = learnt_from(work.model, predictor, store, _prepared)
    position = position_among(risks[0, 0], learnt.held_out.value) if learnt else ()
    return Consultation(
        ensemble.outcome.labels, value, low, high, ensemble.outcome.interval,
        ensemble.outside(rows)[0], (), position, (),
        () if learnt is None else _alike(work.case, asked, predictor, learnt),
        asked.basis, asked.found.patient, asked.found.alike,
    )  # fmt: skip


def _similarities(asked: Asked, predictor: Model) -> NDArray[np.float64]:
    """(n,) to each training molecule."""
    from pmed_core.modalities.molecule.ensemble import described

    rows = described(asked.row.table, predictor.ensemble.variables)
    return np.asarray(predictor.ensemble.domain.similarities(rows.environments)[0])


def _nearest(
    case: Case, asked: Asked, predictor: Model, learnt: Molecules
) -> list[tuple[int, float]]:
    """Positions and similarities of the nearest training molecules but for the molecule itself."""
    similar = _similarities(asked, predictor)
    own = asked.row.table[predictor.ensemble.column].iloc[0]
    similar[np.array(learnt.smiles, dtype=object) == own] = -1
    order = np.argsort(-similar, kind="stable")[:SIMILAR]
    return [(int(k), float(similar[k])) for k in order if similar[k] > 0]


def _alike(case: Case, asked: Asked, predictor: Model, learnt: Molecules) -> tuple[Neighbour, ...]:
    found = []
    for k, similarity in _nearest(case, asked, predictor, learnt):
        said = tuple(map(float, learnt.held_out.value[k]))
        at = predictor.outcome.at_first(list(said))
        found.append(
            Neighbour(
                str(learnt.members.patients[k]), learnt.happened[k], said[at], 1 - similarity, said
            )
        )
    return tuple(found)


def _portrait(work: Depict, asked: Asked, predictor: Model, store: Store) -> Portrait:
    from pmed_core.modalities.molecule.column import SAID
    from pmed_core.modalities.molecule.drawing import svg
    from pmed_core.modalities.molecule.facts import alerts, facts, quantiles
    from pmed_core.modalities.molecule.portrait import Near, Portrait

    smiles = str(asked.row.table[predictor.ensemble.column].iloc[0])
    learnt = learnt_from(work.model, predictor, store, _prepared)
    near = []
    if learnt is not None:
        for rank, (k, similarity) in enumerate(_nearest(work.case, asked, predictor, learnt)):
            drawn = svg(learnt.smiles[k], (240, 180)) if rank < DRAWN else ""
            near.append(
                Near(
                    str(learnt.members.patients[k]), learnt.smiles[k], learnt.happened[k],
                    similarity, drawn,
                )
            )  # fmt: skip
    nearest = near[0].similarity if near else float(_similarities(asked, predictor).max())
    ensemble = predictor.ensemble
    reference = _reference(store.cohorts.get(work.reference)) if work.reference else ()
    return Portrait(
        smiles, tuple(SAID[one] for one in asked.changes), svg(smiles, (520, 360), work.shares),
        facts(smiles, quantiles(reference, 0) if reference else ensemble.typical), alerts(smiles),
        nearest, ensemble.domain.limit, tuple(near), len(reference),
    )  # fmt: skip


def _reference(cohort: Cohort) -> tuple[str, ...]:
    """The different structures of a list such as approved drugs; raises ``UserError``."""
    from pmed_core.modalities.molecule import column_of, holds_molecules

    if not holds_molecules(cohort.variables):
        raise UserError(
            "No column of it holds molecules", cohort.name, "Choose a cohort with structures."
        )
    cells = cohort.table[column_of(cohort.variables)].dropna()
    return tuple(sorted(set(map(str, cells))))
