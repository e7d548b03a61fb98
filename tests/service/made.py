"""A small cohort that is quick to train on, and what is made of it once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.options import FitOptions, MLPOptions
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts

QUICK = FitOptions(network=MLPOptions(), folds=2, baselines=False)


@dataclass(frozen=True)
class Installation:
    """What is in it."""

    home: Path
    cohort: str
    model: str


def patients(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Patients whose risk rises with age and lactate; a fifth of the lactates is missing."""
    generator = np.random.default_rng(seed)
    age = generator.normal(60, 15, rows).round(1)
    lactate = generator.gamma(2, 1, rows).round(2)
    risk = 1 / (1 + np.exp(-(0.08 * (age - 65) + 0.8 * (lactate - 2))))
    return pd.DataFrame(
        {
            "patient_id": [f"P{number:03d}" for number in range(1, rows + 1)],
            "age": age,
            "lactate": np.where(generator.random(rows) < 0.2, np.nan, lactate),
            "sex": generator.choice(["f", "m"], rows),
            "died": np.where(generator.random(rows) < risk, "yes", "no"),
        }
    )


def as_bytes(table: pd.DataFrame) -> bytes:
    """The table as a file."""
    return table.to_csv(index=False).encode()


def chosen(cohort_id: str) -> str:
    """The cohort with its outcome chosen."""
    return cohorts.revise(cohort_id, cohorts.cohort(cohort_id).variables, YesNo("died", ("yes",)))
