"""How tables come in; see ``contracts.Reading``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort, Correction
from pmed_core.errors import UserError
from pmed_core.inspection import Inspection
from pmed_core.readers import layouts, tables, twins
from pmed_core.readers.inspecting import discreet, inspection
from pmed_core.readers.revising import merged
from pmed_core.readers.table_quality import findings
from pmed_core.reading import Choices
from pmed_core.variable import Variable
from pmed_core.work import Inspect, Read

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip

KEEPS_FILES = True


def _uploaded(work: Inspect | Read) -> None:
    """Raise ``UserError`` for a folder on the server, where files of scans are looked for."""
    if work.folder:
        raise UserError(
            "The folder holds tables and no scans", work.folder,
            "Upload the table, or a ZIP of several with the same columns.",
        )  # fmt: skip


def inspected(path: Path, work: Inspect, home: Path) -> Inspection:
    """The table before it is taken."""
    _uploaded(work)
    choices = dict(work.choices)
    found = tables.as_cohort(tables.read_table(path, choices), work.name, choices=choices)
    return inspection(discreet(twins.once(found, choices)))


def cohort(path: Path, work: Read, home: Path) -> Cohort:
    """The table of a stored file with what was corrected by hand."""
    _uploaded(work)
    choices = dict(work.choices)
    table = tables.of_several(tables.read_table(path, choices, work.variables))
    variables: Sequence[Variable] | None = work.variables
    if variables is not None and work.overruled:
        inferred = tables.as_cohort(table, work.name, choices=choices)
        variables = merged(variables, inferred.variables, work.overruled)
    found = tables.as_cohort(table, work.name, variables, choices=choices)
    return discreet(twins.once(found, choices))


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A table laid out as that of training was."""
    asked = {**layouts.of_model(model.card), **choices}
    return tables.read_for(path, model.variables, model.outcome, model.patient, asked)


def corrected(cohort: Cohort, correction: Correction) -> Cohort:
    """Raises ``UserError``: a table is read from its file, where a cell is to be corrected."""
    raise UserError(
        "The outcome of a patient is not corrected here", cohort.name,
        "Correct the cell in the file, and bring it in again.",
    )  # fmt: skip


def unlabelled(cohort: Cohort, column: str) -> UserError:
    """Nothing says what happened."""
    return UserError(
        f"The outcome '{column}' is missing", cohort.name,
        "Add the column with that name: predictions are evaluated by what happened.",
    )  # fmt: skip
