"""A simulated cohort of heart failure that was followed for up to seven years."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PATIENTS = 1200
LONGEST = 84.0
"""Months from the first visit to the end of the study for whoever came first."""


def follow_up(seed: int = 21) -> pd.DataFrame:
    """1,200 patients: 12 inputs, months of follow-up, and whether they died (47 %).

    Hazards are Weibull's; age counts more the lower the ejection fraction is, and the effect of
    natriuretic peptides fades with time, so that no proportional hazard is quite right. Patients
    join over four years and are last seen when the study ends, or are lost before.
    """
    generator = np.random.default_rng(seed)
    age = np.clip(generator.normal(68, 11, PATIENTS), 30, 95).round()
    ejection = np.clip(generator.normal(38, 12, PATIENTS), 10, 70).round()
    creatinine = np.exp(generator.normal(0.15, 0.35, PATIENTS)).round(2)
    peptide = np.exp(generator.normal(7.0, 1.0, PATIENTS) - 0.02 * (ejection - 38)).round()
    sodium = np.clip(generator.normal(138, 4, PATIENTS), 120, 150).round()
    pressure = np.clip(generator.normal(124, 18, PATIENTS), 80, 200).round()
    severity = (peptide > 1500).astype(int) + (ejection < 30) + generator.integers(0, 2, PATIENTS)
    nyha = np.array(["I", "II", "III", "IV"])[np.clip(severity, 0, 3)]
    diabetes, smoker = (generator.random(PATIENTS) < share for share in (0.35, 0.2))
    early = 0.45 * (np.log(peptide) - 7)
    lasting = (
        0.035 * (age - 68) * (1 + 0.02 * np.maximum(40 - ejection, 0))
        + 0.02 * (38 - ejection) + 0.7 * np.log(creatinine) - 0.04 * (sodium - 138)
        - 0.008 * (pressure - 124) + 0.3 * diabetes + 0.25 * smoker + 0.18 * np.clip(severity, 0, 3)
    )  # fmt: skip
    scale = 120 * np.exp(-(lasting + early) / 1.1)
    time = scale * generator.weibull(1.1, PATIENTS)
    # Whoever outlives the first year has left half of what the peptide said behind.
    time = np.where(time > 12, 12 + (time - 12) * np.exp(early / 2.2), time)
    ends, lost = LONGEST - generator.uniform(0, 48, PATIENTS), generator.exponential(220, PATIENTS)
    seen = np.minimum(ends, lost)
    haemoglobin = generator.normal(13.2, 1.8, PATIENTS).round(1)
    table = {
        "patient_id": [f"F{number:04d}" for number in range(1, PATIENTS + 1)],
        "age (years)": age,
        "sex": generator.choice(["female", "male"], PATIENTS, p=[0.38, 0.62]),
        "ejection fraction (%)": ejection,
        "NYHA class": nyha,
        "systolic pressure (mmHg)": pressure,
        "creatinine (mg/dL)": _missing(creatinine, 0.05, generator),
        "NT-proBNP (pg/mL)": _missing(peptide, 0.12, generator),
        "sodium (mmol/L)": _missing(sodium, 0.04, generator),
        "haemoglobin (g/dL)": _missing(haemoglobin, 0.06, generator),
        "diabetes": np.where(diabetes, "yes", "no"),
        "smoker": np.where(smoker, "yes", "no"),
        "beta blocker": np.where(generator.random(PATIENTS) < 0.75, "yes", "no"),
        "months": np.maximum(np.minimum(time, seen), 0.1).round(1),
        "died": np.where(time <= seen, "yes", "no"),
    }
    return pd.DataFrame(table)


def _missing(
    values: NDArray[np.float64], share: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    return np.where(generator.random(len(values)) < share, np.nan, values)
