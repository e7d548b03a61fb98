"""Of an IC50 the numbers alone do not tell scale and unit: what they look like is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.quality import Finding
from pmed_core.readers import quality
from pmed_core.readers.concentrations import guessed
from pmed_core.readers.tables import read_cohort
from tests.molecules.test_structures import MOLECULES


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-9.0, 12.0, "natural logarithms of µM"), (-3.0, 2.5, "logarithms to the base 10 of µM"),
        (4.0, 9.5, "pIC50"), (0.5, 80_000.0, "in nM"), (0.001, 250.0, "in µM"),
    ],
)  # fmt: skip
def test_the_scale_of_an_ic50_is_guessed_by_its_range(low: float, high: float, said: str) -> None:
    assert said in guessed(low, high)


def found(tmp_path: Path, name: str, low: float, high: float) -> Finding:
    """Of a table of molecules with numbers evenly between these."""
    smiles = MOLECULES[:40]
    pd.DataFrame({"smiles": smiles, name: np.geomspace(low, high, 40)}).to_csv(
        tmp_path / "x.csv", index=False
    )
    told = quality.check(read_cohort(tmp_path / "x.csv", outcome=name)).findings
    return next(one for one in told if one.check == "scale of the response")


@pytest.mark.parametrize(
    ("name", "low", "high", "severity"),
    [("ic50", 1, 90_000, "note"), ("IC50_nM", 1, 90_000, "note"), ("pIC50", 4, 9, "clean"),
     ("log10_ic50_nM", 1, 9, "clean"), ("ic50", 0.0001, 90_000, "warning")],
)  # fmt: skip
def test_of_molecules_it_is_asked_as_well(
    tmp_path: Path, name: str, low: float, high: float, severity: str
) -> None:
    said = found(tmp_path, name, low, high)
    assert said.severity == severity
    assert ("units are mixed" in said.sentence) is (severity == "warning")
