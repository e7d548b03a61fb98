"""All patients of a model's cohort, or all scans of one, with what is said of each by networks that
never saw them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from pmed_core.accounts import Right
from pmed_core.cohort import Cohort
from pmed_core.outcomes.target import happened, of_label
from pmed_core.predictions import Predictions
from pmed_core.service import cohorts, models, scans
from pmed_core.service.access import may
from pmed_core.service.hub import hub

KEPT = 4
PATIENT, SCAN, VALUE, HAPPENED, OUTSIDE = "patient", "scan", "value", "happened", "outside"
CODE = "code"
UNKNOWN = "unknown"


@may(Right.ASK)
def worklist(model_id: str, label: str) -> pd.DataFrame:
    """One row a patient, in the order of the file, that of the patient's first row.

    ``patient``, or what a row is called; ``value``: held-out prediction of that label, NaN where
    there is none; ``happened``: in words, of several outcomes that of the label alone; ``code``:
    the same as ``Target.observed``, NaN unknown; ``outside``: unlike the patients of training. The
    caller must not change it. Raises ``UserError``.
    """
    return _listed(str(hub().store.home), model_id, label)


@lru_cache(maxsize=KEPT)
def _listed(home: str, model_id: str, label: str) -> pd.DataFrame:
    entry = models.model(model_id)
    listed = pd.DataFrame({PATIENT: cohorts.patients(entry.cohort)})
    held_out = hub().store.models.out_of_fold(model_id)
    if held_out is None:
        listed = listed.rename(columns={PATIENT: entry.modality.listed})
        return listed.assign(value=np.nan, happened=UNKNOWN, outside=False)
    asked, known = of_label(entry.outcome, held_out.target, label)
    said = pd.DataFrame(
        {
            PATIENT: _whose(cohorts.table(entry.cohort), held_out),
            VALUE: held_out.value[:, held_out.labels.index(label)],
            HAPPENED: happened(asked, known), CODE: known.observed,
            OUTSIDE: held_out.outside,
        }
    ).drop_duplicates(PATIENT)  # fmt: skip
    found = listed.merge(said, how="left", on=PATIENT)
    found[HAPPENED] = found[HAPPENED].fillna(UNKNOWN)
    found[OUTSIDE] = found[OUTSIDE].eq(True)
    return found.rename(columns={PATIENT: entry.modality.listed})


def _whose(cohort: Cohort, held_out: Predictions) -> tuple[str, ...]:
    """(n,) ids as the cohort has them: without a column of ids the rows of training are numbered
    anew, so that the third is not the third of the file where rows before it have no outcome."""
    known = cohort.observed() >= 0
    anew = tuple(map(str, range(1, int(known.sum()) + 1)))
    if cohort.patient is None and held_out.patients == anew:
        return tuple(cohort.patients()[known])
    return held_out.patients


@may(Right.ASK)
def scan_list(model_id: str, cohort_id: str, label: str) -> pd.DataFrame:
    """One row a scan of a cohort, which may be another than the model's; as ``worklist``.

    ``happened``: the label that the cohort holds. Only scans that were held out of training have a
    ``value``. The caller must not change it. Raises ``UserError``.
    """
    return _scans_listed(str(hub().store.home), model_id, cohort_id, label)


@lru_cache(maxsize=KEPT)
def _scans_listed(home: str, model_id: str, cohort_id: str, label: str) -> pd.DataFrame:
    own = cohort_id == models.model(model_id).cohort
    held_out = hub().store.models.out_of_fold(model_id) if own else None
    labels = scans.label_of_each(cohort_id)
    listed = pd.DataFrame({SCAN: list(labels), HAPPENED: list(labels.values())})
    listed[HAPPENED] = listed[HAPPENED].replace("", UNKNOWN)
    if held_out is None:
        return listed.assign(value=np.nan, outside=False)
    said = pd.DataFrame(
        {
            SCAN: held_out.rows, VALUE: held_out.value[:, held_out.labels.index(label)],
            OUTSIDE: held_out.outside,
        }
    )  # fmt: skip
    found = listed.merge(said, how="left", on=SCAN)
    found[OUTSIDE] = found[OUTSIDE].eq(True)
    return found
