"""The models that this process has loaded, each for as long as its package does not change, and
which of their networks may speak of whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import from_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.quiet import load_tensorflow
from pmed_core.store.cohorts import Cohorts
from pmed_core.store.store import Store
from pmed_core.work import Basis, Cell, Check, Consult, Counter, Explain, Load, Look

if TYPE_CHECKING:
    from pmed_core.explanations.consult import Companions
    from pmed_core.predictor import Predictor
    from pmed_core.scan_predictor import ScanPredictor
    from pmed_core.training.membership import Found, Members

MODELS_KEPT = 4


def any_model(identity: str, store: Store) -> Predictor | ScanPredictor:
    """A model of the store; raises ``UserError`` where it is gone or damaged."""
    package, entry = store.models.package(identity), store.models.entry(identity)
    try:
        return _predictor(package, (package / "manifest.json").stat().st_mtime_ns)
    except UserError as error:
        # By its name: nobody needs to know where the server keeps it.
        raise UserError(error.what, entry.name, error.remedy) from error


def table_model(identity: str, store: Store) -> Predictor:
    """A model of tables; raises ``UserError`` for one of scans."""
    found = any_model(identity, store)
    from pmed_core.predictor import Predictor

    if not isinstance(found, Predictor):
        raise UserError("This model reads scans", found.name, "Open it on the Scan page.")
    return found


def scan_model(identity: str, store: Store) -> ScanPredictor:
    """A model of scans; raises ``UserError`` for one of tables."""
    found = any_model(identity, store)
    from pmed_core.scan_predictor import ScanPredictor

    if not isinstance(found, ScanPredictor):
        raise UserError("This model reads tables", found.name, "Open it on the Patient page.")
    return found


@lru_cache(maxsize=MODELS_KEPT)
def _predictor(package: Path, changed: int) -> Predictor | ScanPredictor:
    """Loaded once for as long as the package does not change."""
    load_tensorflow()
    from pmed_core.package import load

    return load(package)


def companions_of(model: str, store: Store) -> Companions | None:
    """None where the training patients are not here: imported, or their cohort was removed."""
    cohort = store.models.entry(model).cohort
    if not cohort or not store.cohorts.exists(cohort):
        return None
    return _companions(model, store, store.models.stamp(model))


@lru_cache(maxsize=MODELS_KEPT)
def _companions(model: str, store: Store, stamp: tuple[int, ...]) -> Companions | None:
    """Prepared once for as long as what is kept of the model does not change."""
    from pmed_core.explanations.consult import companions

    out_of_fold = store.models.out_of_fold(model)
    if out_of_fold is None:
        return None
    cohort, ids = _training_rows(model, store)
    found = companions(
        table_model(model, store), cohort, out_of_fold, store.models.importance(model)
    )
    return replace(found, patients=ids)


def _training_rows(model: str, store: Store) -> tuple[Cohort, NDArray[np.str_]]:
    """The rows with an outcome, and whose each is: where there is no column of ids, rows are
    numbered as all of the cohort's are."""
    cohort = store.cohorts.get(store.models.entry(model).cohort)
    return cohort.labelled(), cohort.patients()[cohort.observed() >= 0]


def members_of(model: str, store: Store) -> Members | None:
    """Who was in training, and which fold held each out; None where that is not known."""
    cohort = store.models.entry(model).cohort
    if not cohort or not store.cohorts.exists(cohort):
        return None
    return _members(model, store, store.models.stamp(model))


@lru_cache(maxsize=MODELS_KEPT)
def _members(model: str, store: Store, stamp: tuple[int, ...]) -> Members | None:
    from pmed_core.training.membership import Members, folds_again, row_hashes

    predictor, out_of_fold = table_model(model, store), store.models.out_of_fold(model)
    cohort, ids = _training_rows(model, store)
    if out_of_fold is None or out_of_fold.patients != tuple(cohort.patients()):
        return None
    folds = out_of_fold.folds or folds_again(predictor, cohort, out_of_fold)
    hashes = row_hashes(cohort.table, predictor.variables)
    return Members(ids, np.array(folds), hashes) if folds else None


@dataclass(frozen=True)
class Asked:
    """One patient, and the networks that may speak of them."""

    predictor: Predictor
    row: Cohort
    found: Found
    basis: Basis


def asked_of(work: Consult | Explain | Counter | Check, store: Store) -> Asked:
    """Whoever was in training is answered by the fold that held them out."""
    predictor = table_model(work.model, store)
    from pmed_core.training.membership import Found, row_hashes

    row, members = _row(predictor, work.cells), members_of(work.model, store)
    if members is None:
        return Asked(predictor, row, Found(), "in training" if work.patient else "unknown")
    found = members.find(work.patient, row_hashes(row.table, predictor.variables))
    if found.fold is not None:
        return Asked(predictor.of_fold(found.fold), row, found, "held-out")
    return Asked(predictor, row, found, "in training" if found.alike else "new")


def _row(predictor: Predictor, cells: tuple[tuple[str, Cell], ...]) -> Cohort:
    from pmed_core.package import as_cohort_rows

    given = dict(cells)
    return as_cohort_rows(predictor, {v.name: [given.get(v.name)] for v in predictor.variables})


def _first(cohort: str, store: Store) -> str:
    """The first revision of a cohort, which all that were made of it share."""
    if not cohort or not store.cohorts.exists(cohort):
        return cohort
    return store.cohorts.entry(cohort).first or cohort


def basis_of_scan(work: Look, one: Cohort, store: Store) -> Basis:
    """Whether the model was trained on this scan, as far as that is kept."""
    from pmed_core.training.scan_membership import Parts, digests

    kept = store.models.parts(work.model)
    if not kept:
        return "unknown"
    parts: Parts = from_json(Parts, kept)
    own = _first(work.cohort, store) == _first(store.models.entry(work.model).cohort, store)
    return parts.basis(digests(one)[0], str(one.patients()[0]), own)


def in_room(token: str, store: Store) -> Cohorts:
    """The cohorts of a room that only passes; those of the store where there is no such room."""
    room = store.passing.find(token)
    return replace(store.cohorts, home=room) if room else store.cohorts


def keep_package(work: Load, store: Store) -> str:
    """Check an imported package by loading it, then keep and list it."""
    load_tensorflow()
    from pmed_core.package import load

    room = store.passing.find(work.model)
    if room is None:
        raise UserError("The uploaded file is no longer there", "", "Upload it again.")
    package = room / "package"
    predictor = load(package)
    # Named after what it holds, not after how the ZIP was made.
    identity = hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()[:32]
    store.models.adopt(identity, package, predictor.name)
    return identity
