"""Simulated expression of genes whose truth is known: counts of reads, and a sheet beside them.

Twelve planted genes, four higher and eight lower in responders, belong to two pathways; a second
thousand differs by batch of the laboratory alone, which is spread over both groups alike.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, GENES, PLANTED, PATHWAYS = 120, 2_000, 12, 40
FILES = ("counts.tsv", "sheet.csv")
STARTED = (2026, 1, 1, 0, 0, 0)
UP, EFFECT = 4, 1.2


def planted() -> tuple[str, ...]:
    """Names of the genes that truly differ."""
    return tuple(f"GENE{number:04d}" for number in range(100, 100 + PLANTED * 50, 50))


def gene_sets() -> dict[str, tuple[str, ...]]:
    """Name -> genes: the planted ones among others of their pathway, and pathways of chance."""
    draw, names = np.random.default_rng(7), [f"GENE{number:04d}" for number in range(GENES)]
    found = {}
    for k in range(PATHWAYS):
        genes = draw.choice(names, 14, replace=False).tolist()
        if k < 2:
            genes[: PLANTED - UP if k else UP] = planted()[UP:] if k else planted()[:UP]
        found[f"PATHWAY_{k + 1:02d}"] = tuple(dict.fromkeys(genes))
    return found


def expression() -> tuple[pd.DataFrame, pd.DataFrame]:
    """(counts with genes in rows, sheet): negative binomial counts with a size of each sample."""
    draw = np.random.default_rng(28)
    names = [f"GENE{number:04d}" for number in range(GENES)]
    samples = [f"S{number:03d}" for number in range(1, PATIENTS + 1)]
    responds = draw.permutation(np.arange(PATIENTS) % 5 < 2)
    batch = draw.integers(0, 2, PATIENTS)
    level = np.minimum(draw.gamma(1.2, 2.0, GENES) + 1, 12)
    shared = draw.normal(size=(PATIENTS, 6)) @ draw.normal(0, 0.2, (6, GENES))
    logs = level + shared + 0.3 * draw.normal(size=(PATIENTS, GENES))
    logs[:, GENES // 2 :] += 0.3 * batch[:, None] * draw.normal(size=GENES // 2)
    sign = np.where(np.arange(PLANTED) < UP, 1.0, -1.0) * EFFECT
    places = [names.index(name) for name in planted()]
    logs[:, places] = 5 + 0.8 * (logs[:, places] - level[places]) + np.outer(responds, sign)
    size = draw.lognormal(0, 0.3, PATIENTS)[:, None]
    means = size * 2**logs
    counts = draw.poisson(draw.gamma(8.0, means / 8.0))
    matrix = pd.DataFrame(counts.T, columns=samples)
    matrix.insert(0, "gene", names)
    sheet = pd.DataFrame(
        {
            "sample": samples, "age": draw.integers(35, 80, PATIENTS),
            "batch": np.where(batch, "B", "A"),
            "response": np.where(responds, "responder", "non-responder"),
        }
    )  # fmt: skip
    return matrix, sheet


def write(path: Path) -> None:
    """Write both as one ZIP, the same bytes each time."""
    matrix, sheet = expression()
    parts = zip(FILES, ((matrix, "\t"), (sheet, ",")), strict=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (table, separator) in parts:
            told = zipfile.ZipInfo(name, STARTED)
            told.compress_type = zipfile.ZIP_DEFLATED
            lines = [separator.join(map(str, row)) for row in table.itertuples(index=False)]
            archive.writestr(told, "\n".join([separator.join(table.columns), *lines]) + "\n")
