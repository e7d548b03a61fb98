"""A simulated trial and a simulated cohort in which clinicians chose; of both the true effect of
the treatment is known for each patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TRIAL, OBSERVED = 900, 1500
TRUTH = "true effect"
"""The column that a model must not read."""


def treatment_trial(seed: int = 31) -> pd.DataFrame:
    """900 patients with high blood pressure, half of them on a drug by the toss of a coin: their
    pressure after twelve weeks, which the drug lowers by 9 mmHg on average; the more, the saltier
    they eat and the older they are, and hardly where the kidney filters little."""
    generator = np.random.default_rng(seed)
    age = np.clip(generator.normal(61, 11, TRIAL), 30, 90).round()
    pressure = np.clip(generator.normal(156, 13, TRIAL), 135, 210).round()
    salt = np.clip(np.exp(generator.normal(2.15, 0.35, TRIAL)), 3, 25).round(1)
    filtration = np.clip(generator.normal(78, 20, TRIAL), 15, 125).round()
    index = np.clip(generator.normal(28.5, 4.5, TRIAL), 17, 50).round(1)
    potassium = generator.normal(4.2, 0.4, TRIAL).round(1)
    diabetes = generator.random(TRIAL) < 0.22
    effect = -(4 + 0.12 * (age - 61) + 1.0 * (salt - 9)) * _risen((filtration - 45) / 12) - 5
    drug = generator.permutation(TRIAL) % 2 == 1
    base = (
        150 + 0.62 * (pressure - 156) + 0.15 * (age - 61) + 0.35 * (index - 28.5) + 3 * diabetes
        + 0.4 * (salt - 9) + generator.normal(0, 7, TRIAL)
    )  # fmt: skip
    table = {
        "patient_id": [f"T{number:04d}" for number in range(1, TRIAL + 1)],
        "age (years)": age,
        "sex": generator.choice(["female", "male"], TRIAL, p=[0.46, 0.54]),
        "systolic pressure at start (mmHg)": pressure,
        "salt intake (g/day)": salt,
        "eGFR (mL/min)": _missing(filtration, 0.04, generator),
        "body mass index (kg/m²)": _missing(index, 0.03, generator),
        "potassium (mmol/L)": _missing(potassium, 0.05, generator),
        "diabetes": np.where(diabetes, "yes", "no"),
        "arm": np.where(drug, "drug", "placebo"),
        "systolic pressure at 12 weeks (mmHg)": (base + drug * effect).round(),
        TRUTH: effect.round(2),
    }
    return pd.DataFrame(table)


def treatment_observed(seed: int = 32) -> pd.DataFrame:
    """1,500 patients with a narrowed valve, of whom clinicians sent the fitter and younger to
    surgery: who died within two years (24 %). Surgery looks better than it is, as the frail are
    seldom operated on; truly it helps those whose heart is under strain, and harms the frail."""
    generator = np.random.default_rng(seed)
    age = np.clip(generator.normal(76, 8, OBSERVED), 50, 96).round()
    frailty = np.clip(generator.gamma(3, 1.0, OBSERVED), 0, 9).round().astype(int)
    strain = np.exp(generator.normal(6.6, 0.9, OBSERVED)).round()
    ejection = np.clip(generator.normal(54, 10, OBSERVED), 15, 75).round()
    gradient = np.clip(generator.normal(46, 12, OBSERVED), 15, 110).round()
    filtration = np.clip(generator.normal(64, 18, OBSERVED), 12, 120).round()
    fit = 0.1 - 0.08 * (age - 76) - 0.45 * (frailty - 3) + 0.02 * (gradient - 46)
    surgery = generator.random(OBSERVED) < _risen(fit + 0.2 * np.log(strain / 735))
    plain = (
        -1.1 + 0.05 * (age - 76) + 0.3 * (frailty - 3) + 0.7 * np.log(strain / 735)
        - 0.02 * (ejection - 54) - 0.012 * (filtration - 64)
    )  # fmt: skip
    shift = -0.6 - 0.9 * np.log(strain / 735) + 0.4 * (frailty - 3)
    without, with_it = _risen(plain), _risen(plain + shift)
    died = generator.random(OBSERVED) < np.where(surgery, with_it, without)
    table = {
        "patient_id": [f"V{number:04d}" for number in range(1, OBSERVED + 1)],
        "age (years)": age,
        "sex": generator.choice(["female", "male"], OBSERVED),
        "frailty (0-9)": frailty,
        "NT-proBNP (pg/mL)": _missing(strain, 0.06, generator),
        "ejection fraction (%)": ejection,
        "mean gradient (mmHg)": gradient,
        "eGFR (mL/min)": _missing(filtration, 0.03, generator),
        "treatment": np.where(surgery, "surgery", "medication"),
        "died within 2 years": np.where(died, "yes", "no"),
        TRUTH: (with_it - without).round(4),
    }
    return pd.DataFrame(table)


def _risen(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-score)))


def _missing(
    values: NDArray[np.float64], share: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    return np.where(generator.random(len(values)) < share, np.nan, values)
