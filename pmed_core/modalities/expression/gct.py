"""GCT, the text of the Broad Institute for matrices: versions 1.2 and 1.3, read strictly.

Genes are rows and samples columns. 1.2 has a description of each gene; 1.3 has columns about genes
before the values and rows about samples above them, which become columns of the cohort.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.expression.profile import Matrix, alone, as_numbers
from pmed_core.quantity import counted
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Choices, Decision

PLAIN, ANNOTATED = "#1.2", "#1.3"
FORMATS = (PLAIN, ANNOTATED)
REMEDY = "Export it again: GCT is text with tabs between the cells."


def holds(text: str, name: str) -> bool:
    """Whether the text of a file says that it is GCT."""
    return text.startswith("#1.") and text[:8].split("\n")[0].strip() in (*FORMATS, "#1.0", "#1.1")


@dataclass(frozen=True)
class _Sizes:
    """What the second line says: genes, samples, columns about genes, rows about samples."""

    genes: int
    samples: int
    about_genes: int
    about_samples: int


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a sample; raises ``UserError`` where the file is not what its second line says."""
    lines = text.splitlines()
    version = lines[0].strip()
    if version not in FORMATS:
        raise UserError(
            f"GCT of version {version[1:]} is not read", name, "Export it as version 1.2 or 1.3."
        )
    sizes = _sizes(lines, version, name)
    rows = _rows(lines, sizes, name)
    first = 1 + sizes.about_genes
    samples = tuple(cell.strip() for cell in rows[0][first:])
    body = rows[1 + sizes.about_samples :]
    genes = tuple(row[0].strip() for row in body)
    block = pd.DataFrame([row[first:] for row in body], index=list(genes), columns=list(samples))
    values = as_numbers(block, name).T.copy()
    about = {
        row[0].strip(): pd.array([cell.strip() for cell in row[first:]], dtype="str")
        for row in rows[1 : 1 + sizes.about_samples]
    }
    if len(about) < sizes.about_samples:
        raise UserError("Two rows about samples have the same name", name, REMEDY)
    told = Decision("format", f"GCT {version[1:]}", _said(sizes, version), proved=True)
    return alone(name, Matrix(samples, genes, values), (told,), pd.DataFrame(about))


def _sizes(lines: list[str], version: str, name: str) -> _Sizes:
    wanted = 4 if version == ANNOTATED else 2
    cells = lines[1].split() if len(lines) > 1 else []
    if len(cells) < wanted or not all(cell.isdecimal() for cell in cells[:wanted]):
        raise UserError("The second line does not say how large the matrix is", name, REMEDY)
    told = [int(cell) for cell in cells[:wanted]]
    found = _Sizes(told[0], told[1], *(told[2:] or (1, 0)))
    must_fit(found.genes * found.samples, name)
    if not found.genes or not found.samples:
        raise UserError("The matrix holds no gene, or no sample", name, REMEDY)
    return found


def _rows(lines: list[str], sizes: _Sizes, name: str) -> list[list[str]]:
    """The header and all rows below it, each with every cell; raises ``UserError``."""
    below = [line for line in lines[2:] if line.strip("\t ")]
    wanted = 1 + sizes.about_samples + sizes.genes
    if len(below) != wanted:
        raise UserError(
            f"The second line says {counted(sizes.genes, 'gene')}, and there are "
            f"{len(below) - 1 - sizes.about_samples:,}", name,
            "The file may be cut off; export it again.",
        )  # fmt: skip
    width = 1 + sizes.about_genes + sizes.samples
    rows = [line.split("\t") for line in below]
    for number, row in enumerate(rows, 3):
        if len(row) != width:
            raise UserError(
                f"Line {number:,} has {len(row):,} cells, and the second line says {width:,}", name,
                REMEDY,
            )  # fmt: skip
    return rows


def _said(sizes: _Sizes, version: str) -> str:
    parts = [
        f"This is a matrix of expression (GCT {version[1:]}): {sizes.genes:,} genes of "
        f"{counted(sizes.samples, 'sample')}."
    ]
    if sizes.about_genes:
        parts.append(
            f"{counted(sizes.about_genes, 'column')} about genes "
            f"{'are' if sizes.about_genes > 1 else 'is'} not read."
        )
    if sizes.about_samples:
        parts.append(
            f"{counted(sizes.about_samples, 'row')} about samples "
            f"{'become columns' if sizes.about_samples > 1 else 'becomes a column'}."
        )
    return " ".join(parts)
