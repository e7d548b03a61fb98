"""How variants come in: as a VCF file, alone or joined to a table of its patients; see
``contracts.Reading``."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.modalities.tabular import reading as tables
from pmed_core.modalities.tabular.reading import (
    KEEPS_FILES,
    cohort,
    corrected,
    inspected,
    unlabelled,
)
from pmed_core.modalities.variants.file import RULE
from pmed_core.quality import Finding, Severity, Summary
from pmed_core.quantity import counted
from pmed_core.readers import beside, table_quality
from pmed_core.reading import JOINED, Choices, joins
from pmed_core.variable import Kind, Role

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A VCF file alone, whose samples get the name that patients had in training, or with its
    table in a ZIP."""
    asked: Choices = {RULE: model.patient or "", **choices} if model.patient else choices
    if not joins(asked) and zipfile.is_zipfile(path):
        asked = beside.settled(path, {"files": JOINED, **asked})
    return tables.inputs(path, model, home, looked_at, asked)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its variants, and what is found of these."""
    own = [v.name for v in cohort.inputs if v.kind is Kind.VARIANTS]
    rest = tuple(replace(v, role=Role.IGNORE) if v.name in own else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    for name in own:
        found += [_gaps(cohort, name), *_of_relatives(cohort, name)]
    return found


def _gaps(cohort: Cohort, name: str) -> Finding:
    without = int(cohort.table[name].isna().sum())
    if not without:
        return Finding(
            "gaps of variants", Severity.CLEAN, "Every patient has variants.", "", (name,)
        )
    have, are = ("has", "is") if without == 1 else ("have", "are")
    return Finding(
        "gaps of variants", Severity.NOTE,
        f"{without:,} of {counted(len(cohort), 'row')} {have} no sample in the VCF file and {are} "
        "not learnt from.", "The account of reading names some.", (name,),
    )  # fmt: skip


def _of_relatives(cohort: Cohort, name: str) -> list[Finding]:
    """Duplicates and first-degree relatives, by kinship."""
    if cohort.genotypes is None:
        return []
    from pmed_core.modalities.variants.relatives import relatives

    found = relatives(cohort, name)
    if not found.pairs:
        return [Finding("relatives", Severity.CLEAN, found.sentence, "", (name,))]
    severity = Severity.WARNING if found.same else Severity.NOTE
    rows = tuple(sorted({row for pair in found.pairs for row in (pair.first, pair.second)}))[:100]
    return [Finding("relatives", severity, found.sentence, found.remedy, (name,), rows)]
