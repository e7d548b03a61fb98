"""How expression comes in: as a table that holds a matrix; see ``contracts.Reading``."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.modalities.expression import column_of
from pmed_core.modalities.expression.matrix import ROW, RULE, of_model
from pmed_core.modalities.expression.profile import SAMPLE
from pmed_core.modalities.expression.scale import others, scale_of, told
from pmed_core.modalities.tabular import reading as tables
from pmed_core.modalities.tabular.reading import (
    KEEPS_FILES,
    cohort,
    corrected,
    inspected,
    unlabelled,
)
from pmed_core.quality import Finding, Severity, Summary
from pmed_core.quantity import counted
from pmed_core.readers import beside, table_quality
from pmed_core.readers.formats import open_table
from pmed_core.reading import JOINED, PHENOTYPES, Choices
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip

TABLES = 2


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A matrix, or a table that holds one, which lies as the model's genes say; with the sheet of
    its samples where both are there."""
    if PHENOTYPES not in choices and zipfile.is_zipfile(path) and _are_two(path):
        choices = beside.settled(path, {"files": JOINED, **choices})
    if PHENOTYPES not in choices and RULE not in choices:
        opened = open_table(path, choices)
        choices = {**of_model(opened, model.card.get("first_genes", ())), **choices}
    return _by_sample(tables.inputs(path, model, home, looked_at, choices))


def _by_sample(cohort: Cohort) -> Cohort:
    """Told by the samples of the matrix, where the file has no column of patients."""
    names = cohort.table[column_of(cohort.variables)]
    if cohort.patient is not None or SAMPLE in cohort.table or names.isna().any():
        return cohort
    if names.str.startswith(ROW).all():
        return cohort
    variable = Variable(SAMPLE, Kind.IDENTIFIER, Role.PATIENT)
    return replace(
        cohort, table=cohort.table.assign(**{SAMPLE: names}),
        variables=(*cohort.variables, variable),
    )  # fmt: skip


def _are_two(path: Path) -> bool:
    from pmed_core.readers import archives

    return not archives.is_office(path.read_bytes()) and len(archives.tables_in(path)) == TABLES


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its profiles, and of these what they lack and on which
    scale they are."""
    own = column_of(cohort.inputs)
    rest = tuple(replace(v, role=Role.IGNORE) if v.name == own else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    if cohort.profiles is None or not cohort.profiles.names:
        return found
    values = cohort.profiles.values.astype(np.float64)
    return [*found, _without(cohort, own), _empty(values), *_scale(cohort, values)]


def _without(cohort: Cohort, own: str) -> Finding:
    gone = int(cohort.table[own].isna().sum())
    if not gone:
        return Finding("profiles of genes", Severity.CLEAN, "Every row has a profile of genes.")
    return Finding(
        "profiles of genes", Severity.NOTE,
        f"{counted(gone, 'row')} of {len(cohort):,} {'has' if gone == 1 else 'have'} no profile of "
        f"genes and {'is' if gone == 1 else 'are'} not learnt from.",
        "Add the samples to the matrix, or spell their names as the sheet does.", (own,),
    )  # fmt: skip


def _empty(values: NDArray[np.float64]) -> Finding:
    gone = int(np.isnan(values).sum())
    if not gone:
        return Finding("empty cells of the matrix", Severity.CLEAN, "Every gene was measured.")
    genes = int(np.isnan(values).any(axis=0).sum())
    return Finding(
        "empty cells of the matrix", Severity.NOTE,
        f"{gone:,} values of {counted(genes, 'gene')} are empty; each counts as typical of the "
        "training part.", "Leave it so, or leave out genes that were hardly measured.",
    )  # fmt: skip


def _scale(cohort: Cohort, values: NDArray[np.float64]) -> list[Finding]:
    """On which scale the values seem to be, and which samples are on another."""
    scale = scale_of(values)
    found = [Finding(
        "scale of expression", Severity.NOTE, told(values, scale),
        "Choose the scale on the Train page where this is wrong.",
    )]  # fmt: skip
    strange = np.flatnonzero(others(values, scale))
    if len(strange) and cohort.profiles is not None:
        named = ", ".join(f"'{cohort.profiles.ids[k][:40]}'" for k in strange[:3])
        among = "raw values among logarithms" if scale == "logs" else "logarithms among raw values"
        found.append(Finding(
            "samples on one scale", Severity.SERIOUS,
            f"{counted(len(strange), 'sample')} {'looks' if len(strange) == 1 else 'look'} like "
            f"{among}: {named}.", "Bring all samples onto one scale before training.",
        ))  # fmt: skip
    return found
