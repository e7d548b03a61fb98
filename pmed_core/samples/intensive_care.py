"""A simulated intensive-care cohort: sicker patients are measured more often."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STAYS = 2000
EVENT_RATE = 0.14

# name (unit): mean, spread, effect of one spread of severity, digits, share missing
MEASUREMENTS = {
    "heart rate (/min)": (88, 17, 0.45, 0, 0.05),
    "mean arterial pressure (mmHg)": (79, 14, -0.40, 0, 0.06),
    "respiratory rate (/min)": (19, 5, 0.40, 0, 0.10),
    "temperature (°C)": (37.0, 0.8, -0.10, 1, 0.08),
    "oxygen saturation (%)": (97, 2.5, -0.35, 0, 0.12),
    "creatinine (mg/dL)": (1.2, 0.7, 0.45, 2, 0.15),
    "urea nitrogen (mg/dL)": (25, 15, 0.50, 0, 0.16),
    "sodium (mmol/L)": (138, 5, 0.05, 0, 0.14),
    "potassium (mmol/L)": (4.1, 0.6, 0.10, 1, 0.14),
    "white blood cells (10⁹/L)": (11.5, 5, 0.25, 1, 0.20),
    "haemoglobin (g/dL)": (10.8, 1.9, -0.15, 1, 0.20),
    "platelets (10⁹/L)": (210, 95, -0.25, 0, 0.22),
    "bilirubin (mg/dL)": (0.9, 0.8, 0.35, 1, 0.50),
    "lactate (mmol/L)": (2.0, 1.2, 0.65, 1, 0.55),
    "pH": (7.38, 0.07, -0.45, 2, 0.45),
    "albumin (g/dL)": (3.1, 0.6, -0.40, 1, 0.60),
    "glucose (mg/dL)": (140, 45, 0.15, 0, 0.12),
    "urine output (mL/24 h)": (1700, 800, -0.50, 0, 0.25),
    "troponin (ng/mL)": (0.4, 0.6, 0.20, 2, 0.70),
}


def intensive_care(seed: int = 14) -> pd.DataFrame:
    """2,000 stays: demographics, admission, Glasgow score, 19 measurements, death (14 %).

    One latent severity moves all measurements and, with age, the Glasgow score and the kind of
    admission, the outcome. A measurement is missing more often in patients who are not very ill
    (missing not at random), so that its absence carries information.
    """
    generator = np.random.default_rng(seed)
    severity = generator.normal(size=STAYS)
    age = np.clip(generator.normal(64, 16, STAYS), 18, 95)
    admission = generator.choice(["emergency", "elective", "transfer"], STAYS, p=[0.6, 0.28, 0.12])
    glasgow = np.clip(np.round(13.4 - 1.6 * severity + generator.normal(0, 2, STAYS)), 3, 15)
    values = {name: _measured(name, severity, generator) for name in MEASUREMENTS}
    kidneys = values["creatinine (mg/dL)"]
    risk = (
        1.0 * severity + 0.5 * (age - 64) / 16 - 0.7 * (admission == "elective")
        + 0.6 * ((glasgow < 9) & (age > 60)) + 0.35 * np.log1p(kidneys) * (severity > 0.5)
        + generator.logistic(size=STAYS) * 0.62
    )  # fmt: skip
    died = np.where(risk > np.quantile(risk, 1 - EVENT_RATE), "yes", "no")
    table = {
        "stay_id": [f"S{number:05d}" for number in range(1, STAYS + 1)],
        "age (years)": age.round(0),
        "sex": generator.choice(["female", "male"], STAYS, p=[0.44, 0.56]),
        "admission": admission,
        "unit": generator.choice(["medical", "surgical", "cardiac", "neurological"], STAYS),
        "ventilated": np.where(severity + generator.normal(size=STAYS) > 0.6, "yes", "no"),
        "Glasgow coma score": glasgow,
    }
    for name, cells in values.items():
        table[name] = _with_gaps(cells, name, severity, generator)
    return pd.DataFrame(table | {"died_in_hospital": died})


def _measured(
    name: str, severity: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    mean, spread, effect, digits, _ = MEASUREMENTS[name]
    noise = generator.normal(size=STAYS) * np.sqrt(1 - effect**2)
    score = effect * severity + noise
    if spread > 0.4 * mean:
        # Concentrations are skewed and never negative.
        sigma = np.sqrt(np.log1p((spread / mean) ** 2))
        return np.asarray(np.round(mean * np.exp(sigma * score - sigma**2 / 2), digits))
    highest = 100 if name.startswith("oxygen") else np.inf
    return np.asarray(np.round(np.minimum(mean + spread * score, highest), digits))


def _with_gaps(
    cells: NDArray[np.float64], name: str, severity: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    missing = MEASUREMENTS[name][4]
    odds = np.log(missing / (1 - missing)) + 0.5 - 0.6 * severity
    gone = generator.random(STAYS) < 1 / (1 + np.exp(-odds))
    return np.where(gone, np.nan, cells)
