"""Simulated patients who are followed up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.outcomes import TimeToEvent
from pmed_core.readers.tables import read_cohort


def followed(rows: int = 160, seed: int = 3, effect: float = 1.0) -> pd.DataFrame:
    """Patients whose hazard grows with ``marker``; about a third are censored."""
    generator = np.random.default_rng(seed)
    marker = generator.normal(size=rows)
    time = 30 * np.exp(-effect * marker) * generator.exponential(size=rows)
    seen = generator.uniform(5, 80, rows)
    return pd.DataFrame(
        {
            "patient": [f"p{n}" for n in range(rows)],
            "marker": marker.round(3),
            "noise": generator.normal(size=rows).round(3),
            "ward": generator.choice(["a", "b"], rows),
            "months": np.minimum(time, seen).round(2) + 0.01,
            "died": np.where(time <= seen, "yes", "no"),
        }
    )


def cohort(
    rows: int = 160, seed: int = 3, effect: float = 1.0, horizons: tuple[float, ...] = (12, 24)
) -> Cohort:
    return read_cohort(
        followed(rows, seed, effect), patient="patient",
        outcome=TimeToEvent("died", "months", (), horizons=horizons),
    )  # fmt: skip
