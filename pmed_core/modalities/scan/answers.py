"""Questions about models of scans; see ``contracts.Answering``.

What loads TensorFlow is imported by the answer that needs it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

import numpy as np

from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evidence import Evidence, Example, SeriesOutline
from pmed_core.progress import Progress
from pmed_core.quiet import load_tensorflow
from pmed_core.store.store import Store
from pmed_core.work import Basis, Case, Check, Explain, Outline, Preview, Trust

if TYPE_CHECKING:
    from pmed_core.modalities.scan.ensemble import ScanEnsemble
    from pmed_core.predictor import Predictor


ANSWERED = (Explain, Check, Outline)


def answer(
    work: Explain | Check | Outline,
    predictor: Predictor[ScanEnsemble],
    store: Store,
    progress: Progress,
) -> str:
    """JSON; raises ``UserError``."""
    match work:
        case Explain():
            return _explain(work, predictor, store)
        case Check():
            return _check(work, predictor, store)
        case Outline():
            return _outline(work, predictor, store)
        case _:
            assert_never(work)


def _explain(work: Explain, predictor: Predictor[ScanEnsemble], store: Store) -> str:
    """``Evidence`` as JSON."""
    load_tensorflow()
    from pmed_core.modalities.scan.explaining import explain_scan

    ensemble, one = predictor.ensemble, _one_scan(work.case, store)
    found = explain_scan(ensemble, one, work.label)
    return to_json(Evidence, replace(found, basis=_basis(work, one, store)))


def _check(work: Check, predictor: Predictor[ScanEnsemble], store: Store) -> str:
    """``Trust`` as JSON."""
    load_tensorflow()
    from pmed_core.modalities.scan import trust

    ensemble = predictor.ensemble
    return to_json(Trust, trust.check(ensemble, _one_scan(work.case, store), work.label))


def known_rows(
    model: str, predictor: Predictor[ScanEnsemble], cohort: Cohort, store: Store
) -> tuple[str, ...]:
    """Nothing: the predictor says whether these are the scans of training."""
    return ()


def _outline(work: Outline, predictor: Predictor[ScanEnsemble], store: Store) -> str:
    load_tensorflow()
    from pmed_core.modalities.scan.lesions import whole_series

    segmenter = predictor.ensemble.segmenter
    scans = store.cohorts.scans(work.cohort)
    if segmenter is None or scans is None or work.scan not in scans.frames:
        raise UserError("This model outlines nothing", work.scan, "Train one on outlined scans.")
    return to_json(SeriesOutline, whole_series(segmenter, scans, work.scan))


def preview(work: Preview, store: Store) -> str:
    """``Example``s as JSON."""
    load_tensorflow()
    from pmed_core.modalities.scan.preview import examples

    found = examples(store.cohorts.get(work.cohort), work.options, work.scans)
    return to_json(tuple[Example, ...], found)


def _one_scan(case: Case, store: Store) -> Cohort:
    held = store.cohorts.get(case.cohort)
    names = held.table[held.scan].tolist() if held.scan else []
    if case.row not in names:
        raise UserError(f"There is no scan '{case.row}'", held.name, "Pick one from the list.")
    return held.select(np.array([names.index(case.row)]))


def _first(cohort: str, store: Store) -> str:
    """The first revision of a cohort, which all that were made of it share."""
    if not cohort or not store.cohorts.exists(cohort):
        return cohort
    return store.cohorts.entry(cohort).first or cohort


def _basis(work: Explain, one: Cohort, store: Store) -> Basis:
    """Whether the model was trained on this scan, as far as that is kept."""
    from pmed_core.modalities.scan.membership import Parts, digests

    kept = store.models.parts(work.model)
    if not kept:
        return "unknown"
    parts: Parts = from_json(Parts, kept)
    own = _first(work.case.cohort, store) == _first(store.models.entry(work.model).cohort, store)
    return parts.basis(digests(one)[0], str(one.patients()[0]), own)
