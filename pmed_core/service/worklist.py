"""All patients of a model's cohort, with what is said of each by networks that never saw them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from pmed_core.outcomes.target import happened
from pmed_core.service import cohorts, models
from pmed_core.service.hub import hub
from pmed_core.settings import settings

KEPT = 4
PATIENT, VALUE, HAPPENED, OUTSIDE = "patient", "value", "happened", "outside"


def worklist(model_id: str, label: str) -> pd.DataFrame:
    """One row a patient, in the order of the file, that of the patient's first row.

    ``patient``; ``value``: held-out prediction of that label, NaN where there is none;
    ``happened``: in words; ``outside``: unlike the patients of training. The caller must not
    change it. Raises ``UserError``.
    """
    return _listed(str(settings().home), model_id, label)


@lru_cache(maxsize=KEPT)
def _listed(home: str, model_id: str, label: str) -> pd.DataFrame:
    entry = models.model(model_id)
    listed = pd.DataFrame({PATIENT: cohorts.patients(entry.cohort)})
    held_out = hub().store.models.out_of_fold(model_id)
    if held_out is None:
        return listed.assign(value=np.nan, happened="unknown", outside=False)
    said = pd.DataFrame(
        {
            PATIENT: held_out.patients, VALUE: held_out.value[:, held_out.labels.index(label)],
            HAPPENED: happened(entry.outcome, held_out.target), OUTSIDE: held_out.outside,
        }
    ).drop_duplicates(PATIENT)  # fmt: skip
    found = listed.merge(said, how="left", on=PATIENT)
    found[HAPPENED] = found[HAPPENED].fillna("unknown")
    found[OUTSIDE] = found[OUTSIDE].eq(True)
    return found
