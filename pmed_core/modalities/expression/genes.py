"""Genes of a cohort: how they differ between two groups, and what a model reads from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pmed_core.arrays import Floats
from pmed_core.bounds import text_in
from pmed_core.errors import UserError

SETS_AT_MOST, BYTES_AT_MOST = 20_000, 50_000_000
LEAST_CELLS = 3

Sets = tuple[tuple[str, tuple[str, ...]], ...]
"""(name, genes) of each set."""


@dataclass(frozen=True)
class DescribeGenes:
    """How the genes of a model's training patients differ between those of a label and the others,
    beside what the model reads from them -> ``Genes``."""

    model: str
    label: str
    sets: Sets = ()
    kind: Literal["describe genes"] = "describe genes"


@dataclass(frozen=True)
class Gene:
    """One gene.

    Attributes:
        difference: mean of the group less that of all others, on the scale of logarithms.
        p: of Welch's t-test; q: the same as a false discovery rate over all genes.
        share: mean absolute SHAP value of some held-out patients.
        place: its rank by ``share``, from 1; 0 where no fold reads it.
    """

    name: str
    difference: float
    p: float
    q: float
    share: float
    place: int


@dataclass(frozen=True)
class HeatMap:
    """g genes and n samples in the order of their clusters.

    Attributes:
        values: (g, n) standard deviations from the mean of the cohort.
        groups: (n,) the group of each.
        several: n samples of all.
    """

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    groups: tuple[str, ...]
    values: Floats
    several: int


@dataclass(frozen=True)
class GeneSet:
    """A set of genes, compared with all others by the ranks of their differences.

    Attributes:
        size: genes of the set that were measured; of: that it names.
        higher: whether they are higher in the group.
    """

    name: str
    size: int
    of: int
    higher: bool
    p: float
    q: float


@dataclass(frozen=True)
class Genes:
    """What there is to see of the genes of a model's training patients: descriptive, and no
    evaluation.

    Attributes:
        label: the group; the others are all the rest.
        sizes: samples of the group and of the others; patients: different ones.
        tested: genes; found: those with a false discovery rate of 5 % or less.
        shown: those with the smallest p, and some of the others for comparison.
        explained: patients that shares are means of.
        unit: of differences.
        heat: of the genes that differ most.
        sets: by p; ``unknown``: sets with too few measured genes.
    """

    label: str
    sizes: tuple[int, int]
    patients: int
    tested: int
    found: int
    shown: tuple[Gene, ...]
    explained: int
    unit: str
    heat: HeatMap
    sets: tuple[GeneSet, ...] = ()
    unknown: int = 0


def parsed_sets(data: bytes, where: str) -> Sets:
    """The sets of a GMT file: name, description and genes between tabs, one set a line; raises
    ``UserError`` where it is none."""
    text = text_in(data, "gene sets", BYTES_AT_MOST, where, REMEDY)
    found = dict[str, tuple[str, ...]]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        genes = tuple(dict.fromkeys(one for one in cells[2:] if one))
        if len(cells) < LEAST_CELLS or not cells[0] or not genes:
            raise UserError(f"Line {number:,} holds no set of genes", where, REMEDY)
        if cells[0] in found:
            raise UserError(f"The set '{cells[0][:60]}' is there twice", where, REMEDY)
        found[cells[0]] = genes
    if not found or len(found) > SETS_AT_MOST:
        raise UserError(
            f"The file holds {len(found):,} sets of genes", where,
            f"Give between one and {SETS_AT_MOST:,}.",
        )  # fmt: skip
    return tuple(found.items())


REMEDY = "GMT has a set a line: its name, a description and its genes, with tabs between them."
