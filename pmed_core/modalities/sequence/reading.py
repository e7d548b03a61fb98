"""How sequences come in: as a column of a table, or as FASTA; see ``contracts.Reading``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.modalities.sequence import column_of
from pmed_core.modalities.sequence.fasta import CALLED, RULE
from pmed_core.modalities.sequence.findings import findings
from pmed_core.modalities.tabular import reading as tables
from pmed_core.modalities.tabular.reading import (
    KEEPS_FILES,
    cohort,
    corrected,
    inspected,
    unlabelled,
)
from pmed_core.reading import Choices

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A table laid out as that of training was; letters and ids of FASTA take the names that they
    had there."""
    asked = {RULE: column_of(model.variables), CALLED: model.patient or "", **choices}
    return tables.inputs(path, model, home, looked_at, asked)
