"""Simulated responses of cell lines to drugs, of which a few genes truly drive each.

Drugs of one class share a ring system and the genes that drive them; lines differ in how sensitive
they are to all drugs, which genes of growth tell, and some pairs were not measured.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

RINGS = ("c1ccc({})cc1", "c1ccnc({})c1", "c1ccc2cc({})ccc2c1", "c1csc({})n1", "C1CCN({})CC1")
ENDS = ("C(=O)NC", "OCC", "S(=O)(=O)N", "CCN(C)C", "C(F)(F)F")
LINES, GENES, DRIVERS, MISSING, NOISE = 110, 50, 2, 0.12, 0.7
TISSUES = ("breast", "colon", "lung", "skin")
FILES = ("pairs.csv", "expression.csv", "drugs.csv")
STARTED = (2026, 1, 1, 0, 0, 0)


def drug_response() -> dict[str, pd.DataFrame]:
    """File name -> table: pairs of lines and drugs, tissue and genes of each line, and the drugs.

    Tissues differ in two of the genes that drive drugs.
    """
    draw = np.random.default_rng(23)
    genes = draw.standard_normal((LINES, GENES)) @ _alike(draw)
    smiles = [ring.format(end) for ring in RINGS for end in ENDS]
    names = [f"{chr(65 + k // len(ENDS))}{k % len(ENDS) + 1}-{k + 101}" for k in range(len(smiles))]
    potency = draw.normal(1.5, 1.5, len(smiles))
    growth = 0.6 * genes[:, 0]
    response = np.empty((LINES, len(smiles)))
    for drug in range(len(smiles)):
        first = 1 + DRIVERS * (drug // len(ENDS))
        driven = genes[:, first : first + DRIVERS] @ np.array([1.1, -0.8])
        response[:, drug] = potency[drug] + growth + driven * draw.uniform(0.7, 1.3)
    response += NOISE * draw.standard_normal(response.shape)
    lines = [f"L{number:03d}" for number in range(1, LINES + 1)]
    there = draw.random(response.shape) >= MISSING
    line, of = np.nonzero(there)
    pairs = pd.DataFrame(
        {
            "cell_line": np.array(lines)[line], "drug": np.array(names)[of],
            "ln_ic50_uM": np.round(response[there], 3),
        }
    )  # fmt: skip
    columns = ["growth", *(f"driver_{k}" for k in range(1, DRIVERS * len(RINGS) + 1))]
    columns += [f"gene_{k}" for k in range(len(columns) + 1, GENES + 1)]
    expression = pd.DataFrame(np.round(genes, 3), columns=columns)
    expression.insert(0, "cell_line", lines)
    kind = 2 * (genes[:, 1] > 0) + (genes[:, 3] > 0)
    expression.insert(1, "tissue", np.array(TISSUES)[kind])
    drugs = pd.DataFrame({"drug": names, "smiles": smiles})
    return dict(zip(FILES, (pairs, expression, drugs), strict=True))


def _alike(draw: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(genes, genes) that makes genes vary together, as they do."""
    shared = np.eye(GENES) + 0.12 * draw.standard_normal((GENES, GENES))
    return np.asarray(shared / np.linalg.norm(shared, axis=0))


def write(path: Path) -> None:
    """Write the three tables as one ZIP, the same bytes each time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in drug_response().items():
            told = zipfile.ZipInfo(name, STARTED)
            told.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(told, _text(table))


def _text(table: pd.DataFrame) -> str:
    lines = [",".join(map(str, row)) for row in table.itertuples(index=False)]
    return "\n".join([",".join(table.columns), *lines]) + "\n"
