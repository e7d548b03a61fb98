"""The diabetes table of Efron et al. that scikit-learn carries, with readable names and units."""

from __future__ import annotations

import pandas as pd
from sklearn.datasets import load_diabetes

NAMES = {
    "age": "age (years)", "sex": "sex", "bmi": "body mass index (kg/m²)",
    "bp": "mean blood pressure (mmHg)", "s1": "total cholesterol (mg/dL)",
    "s2": "LDL cholesterol (mg/dL)", "s3": "HDL cholesterol (mg/dL)",
    "s4": "total over HDL cholesterol", "s5": "log triglycerides", "s6": "glucose (mg/dL)",
}  # fmt: skip


def diabetes() -> pd.DataFrame:
    """442 patients: id, ten measurements, and a measure of disease progression a year later, which
    the publication gives without a unit. It does not say either which sex is which."""
    bunch = load_diabetes(as_frame=True, scaled=False)
    table = bunch.data.rename(columns=NAMES)
    table["sex"] = table["sex"].map({1.0: "group 1", 2.0: "group 2"})
    table.insert(0, "patient_id", [f"D{number:03d}" for number in range(1, len(table) + 1)])
    table["progression"] = bunch.target.astype(int)
    return pd.DataFrame(table)
