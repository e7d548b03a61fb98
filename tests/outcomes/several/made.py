"""Patients with three complications, some of which nobody looked for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.outcomes import Several, YesNo
from pmed_core.readers.tables import read_cohort

NAMES = ("sepsis", "delirium", "falls")


def complications(rows: int = 240, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(rows, 3))
    table = pd.DataFrame(inputs.round(3), columns=["lactate", "age", "noise"])
    table.insert(0, "patient", [f"P{i:03d}" for i in range(rows)])
    odds = (2 * inputs[:, 0] - 0.5, 2 * inputs[:, 1], 2 * (inputs[:, 1] - inputs[:, 0]) - 0.5)
    for name, one in zip(NAMES, odds, strict=True):
        table[name] = np.where(draw.random(rows) < 1 / (1 + np.exp(-one)), "yes", "no")
    table.loc[draw.random(rows) < 0.3, "delirium"] = None
    table.loc[draw.random(rows) < 0.4, "falls"] = None
    return table


def asked(*names: str) -> Several:
    """Whatever their words tell counts as the event."""
    return Several(tuple(YesNo(name, ()) for name in names))


def cohort(rows: int = 240) -> Cohort:
    return read_cohort(complications(rows), outcome=asked(*NAMES), patient="patient")
