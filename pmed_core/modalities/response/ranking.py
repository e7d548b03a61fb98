"""All drugs that a model knows, for one tumour."""

from __future__ import annotations

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.response import columns_of
from pmed_core.modalities.response.drug import Drug, sensitive_is_high
from pmed_core.modalities.response.ensemble import ResponseEnsemble

NO_BETTER = "no better than the drug's mean"


def ranked(ensemble: ResponseEnsemble, one: Cohort) -> tuple[Drug, ...]:
    """The drugs for the profile of the first row, those it should respond to most first; raises
    ``UserError`` where it has none."""
    profile, _ = columns_of(ensemble.variables)
    name = one.table[profile].iloc[0]
    if one.profiles is None or name not in one.profiles.places:
        raise UserError("This row has no profile", one.name, "Join the file of profiles.")
    values = ensemble.values(one.profiles)[[one.profiles.places[name]]]
    said = ensemble.table(values, ensemble.asked(ensemble.known.smiles))[0]
    places, ends = np.arange(len(said)), ensemble.ends
    sign = -1 if sensitive_is_high(ensemble.outcome.column) else 1
    value, low, high = ends.of(said, places, ensemble.outcome)
    return tuple(
        Drug(
            ensemble.known.names[k], ensemble.known.smiles[k], float(value[k]),
            float(low[k]), float(high[k]),
            ends.position(float(said[k]), int(k)), "" if ends.better[k] else NO_BETTER,
        )
        for k in np.argsort(sign * said, kind="stable")
    )  # fmt: skip
