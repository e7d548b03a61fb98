"""A simulated cohort of surgical patients and what went wrong afterwards."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PATIENTS = 1000
NOT_LOOKED_FOR = {"wound_infection": 0.05, "delirium": 0.25, "kidney_injury": 0.15}
"""Complication -> share of the patients in whom nobody looked for it."""


def complications(seed: int = 31) -> pd.DataFrame:
    """1,000 patients: ten inputs, and three complications that share some of their causes.

    A label is empty where nobody looked for the complication; delirium is looked for more often in
    the old.
    """
    generator = np.random.default_rng(seed)
    age = np.clip(generator.normal(63, 14, PATIENTS), 18, 95).round()
    hours = np.exp(generator.normal(0.9, 0.5, PATIENTS)).round(1)
    loss = np.exp(generator.normal(5.3, 0.8, PATIENTS) + 0.25 * np.log(hours)).round(-1)
    albumin = np.clip(generator.normal(38, 5, PATIENTS), 18, 50).round()
    creatinine = np.exp(generator.normal(-0.1, 0.3, PATIENTS) + 0.006 * (age - 63)).round(2)
    glucose = np.exp(generator.normal(4.75, 0.25, PATIENTS)).round()
    emergency, diabetes, opioids = (generator.random(PATIENTS) < p for p in (0.22, 0.2, 0.35))
    asa = np.clip(1 + generator.poisson(0.9, PATIENTS) + (age > 75), 1, 4)
    risks = {
        "wound_infection": -2.6 + 0.6 * np.log(hours) + 0.01 * (glucose - 115)
        - 0.07 * (albumin - 38) + 0.6 * emergency + 0.5 * diabetes,
        "delirium": -3.0 + 0.075 * (age - 63) + 0.45 * (asa - 2) + 0.7 * opioids
        + 0.5 * emergency,
        "kidney_injury": -2.9 + 2.2 * np.log(creatinine + 0.1) + 0.55 * np.log(loss / 200)
        + 0.4 * (asa - 2) + 0.5 * emergency,
    }  # fmt: skip
    table = {
        "patient_id": [f"S{number:04d}" for number in range(1, PATIENTS + 1)],
        "age (years)": age,
        "sex": generator.choice(["female", "male"], PATIENTS),
        "ASA class": asa,
        "emergency": np.where(emergency, "yes", "no"),
        "duration (h)": hours,
        "blood loss (mL)": _missing(loss, 0.1, generator),
        "albumin (g/L)": _missing(albumin, 0.15, generator),
        "creatinine (mg/dL)": _missing(creatinine, 0.04, generator),
        "glucose (mg/dL)": _missing(glucose, 0.08, generator),
        "diabetes": np.where(diabetes, "yes", "no"),
        "opioids": np.where(opioids, "yes", "no"),
    }
    for name, odds in risks.items():
        happened = generator.random(PATIENTS) < 1 / (1 + np.exp(-odds))
        unseen = generator.random(PATIENTS) < NOT_LOOKED_FOR[name]
        if name == "delirium":
            unseen &= generator.random(PATIENTS) < 1.3 - age / 100
        told = pd.Series(np.where(happened, "yes", "no"), dtype="str")
        table[name] = told.mask(unseen).to_numpy(dtype=object)
    return pd.DataFrame(table)


def _missing(
    values: NDArray[np.float64], share: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    return np.where(generator.random(len(values)) < share, np.nan, values)
