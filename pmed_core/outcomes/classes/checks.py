"""What is worth knowing about classes before training; see ``contracts.Checking``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.classes import Classes
from pmed_core.quality import Finding

totals, incidences = shared.values, shared.incidences


def balance(cohort: Cohort) -> Finding:
    observed = cohort.observed()
    counts = np.bincount(observed[observed >= 0])
    fewest = int(counts.min()) if len(counts) > 1 else 0
    sentence = f"The rarest outcome has {fewest} of {counts.sum()} {shared.who(cohort)}."
    return shared.found(cohort, sentence, fewest)


def completed(cohort: Cohort, outcome: Classes, chosen: Sequence[Any]) -> Cohort:
    return cohort


def findings(cohort: Cohort) -> list[Finding]:
    return []
