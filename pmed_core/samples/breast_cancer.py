"""The Wisconsin diagnostic breast cancer table that scikit-learn carries, with readable names."""

from __future__ import annotations

import pandas as pd
from sklearn.datasets import load_breast_cancer

KINDS = {"mean": "mean", "error": "standard error", "worst": "worst"}
UNITS = {"radius": "px", "perimeter": "px", "area": "px²"}


def breast_cancer() -> pd.DataFrame:
    """569 aspirates: id, 30 measurements of cell nuclei, diagnosis (benign or malignant).

    Lengths are in pixels of the digitised image; the publication gives no scale.
    """
    bunch = load_breast_cancer(as_frame=True)
    table = bunch.data.rename(columns=_readable)
    table.insert(0, "sample_id", [f"W{number:03d}" for number in range(1, len(table) + 1)])
    table["diagnosis"] = bunch.target.map({0: "malignant", 1: "benign"})
    return pd.DataFrame(table)


def _readable(name: str) -> str:
    words = name.split()
    kind = words[0] if words[0] in KINDS else words[-1]
    measure = " ".join(word for word in words if word != kind)
    unit = f" ({UNITS[measure]})" if measure in UNITS else ""
    return f"{measure}, {KINDS[kind]}{unit}"
