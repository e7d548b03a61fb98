"""Patients with a length of stay that their marker tells, skewed and never negative."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.readers.tables import read_cohort


def stays(rows: int = 240, seed: int = 3) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    marker = generator.normal(size=rows)
    days = np.exp(1.2 + 0.7 * marker + 0.4 * generator.normal(size=rows))
    return pd.DataFrame(
        {
            "patient": [f"P{i:03d}" for i in range(rows)],
            "marker": marker.round(3),
            "noise": generator.normal(size=rows).round(3),
            "ward": np.where(np.arange(rows) % 3 == 0, "A", "B"),
            "stay (days)": days.round(1),
        }
    )


def cohort(rows: int = 240) -> Cohort:
    return read_cohort(stays(rows), outcome="stay (days)", patient="patient")
