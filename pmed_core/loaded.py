"""The models that this process has loaded, each for as long as its package does not change."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.errors import UserError
from pmed_core.quiet import load_tensorflow
from pmed_core.store.store import Store

if TYPE_CHECKING:
    from pmed_core.explanations.consult import Companions
    from pmed_core.predictor import Predictor
    from pmed_core.scan_predictor import ScanPredictor

MODELS_KEPT = 4


def any_model(identity: str, store: Store) -> Predictor | ScanPredictor:
    """A model of the store; raises ``UserError`` where it is gone or damaged."""
    package = store.models.package(identity)
    return _predictor(package, (package / "manifest.json").stat().st_mtime_ns)


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
    cohort = store.cohorts.get(store.models.entry(model).cohort).labelled()
    return companions(
        table_model(model, store), cohort, out_of_fold, store.models.importance(model)
    )
