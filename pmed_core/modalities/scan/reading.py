"""How scans come in; see ``contracts.Reading``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.inspection import SCANS, Inspection
from pmed_core.modalities.scan.labels import corrected
from pmed_core.modalities.scan.readers.quality import findings
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.sketches import holds, sketches, some_of_each_label
from pmed_core.readers.inspecting import of_rows
from pmed_core.readers.revising import merged
from pmed_core.reading import Choices
from pmed_core.store.keys import pseudonym_key
from pmed_core.work import Inspect, Read

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip

KEEPS_FILES = False
"""They are larger than what is kept of them, and say who somebody is."""
LABELLED = (
    "Put them into one folder for each label, or add a table of labels: predictions are evaluated "
    "by what was found."
)


def _read(path: Path, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    return read_scans(path, key=pseudonym_key(home), looked_at=looked_at, choices=choices)


def inspected(path: Path, work: Inspect, home: Path) -> Inspection:
    """Some of each label, made small."""
    found = replace(_read(path, home, work.looked_at, dict(work.choices)), name=work.name)
    rows = some_of_each_label(found, SCANS)
    if found.scans is None:
        return of_rows(found, rows)
    return replace(
        of_rows(found, rows), sketches=sketches(found, found.scans, rows),
        holds=holds(found, found.scans),
    )  # fmt: skip


def cohort(path: Path, work: Read, home: Path) -> Cohort:
    """Scans, read once more with what was corrected about their variables."""
    read = replace(_read(path, home, work.looked_at, dict(work.choices)), name=work.name)
    if work.variables is None:
        return read
    return replace(read, variables=merged(work.variables, read.variables, work.overruled))


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """Scans with the outcome of the model."""
    return replace(_read(path, home, looked_at, choices), outcome=model.outcome)


def unlabelled(cohort: Cohort, column: str) -> UserError:
    """Nothing says what was found."""
    return UserError("The scans have no labels", cohort.name, LABELLED)
