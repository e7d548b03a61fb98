"""New patients as a model reads them, whether it reads tables or scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from pmed_core.cohort import Cohort
from pmed_core.outcomes import Outcome
from pmed_core.readers.columns.asked import NOTHING
from pmed_core.reading import Choices
from pmed_core.variable import Kind, Variable


class Asked(Protocol):
    """What a model asks for: a predictor, or its entry in the store."""

    @property
    def variables(self) -> tuple[Variable, ...]: ...

    @property
    def outcome(self) -> Outcome: ...

    @property
    def patient(self) -> str | None: ...

    @property
    def card(self) -> Mapping[str, Any]: ...


def read_inputs(
    path: Path, model: Asked, home: Path, looked_at: bool = False, choices: Choices = NOTHING
) -> Cohort:
    """A file or folder as the inputs of the model, with its outcome.

    Args:
        home: whose key makes the pseudonyms of scans.
        looked_at: a person made sure that no scan shows a name.
        choices: decisions of the reader that are overruled, by key.

    Raises ``UserError``.
    """
    if model.variables[0].kind is not Kind.SCAN:
        from pmed_core.readers import layouts
        from pmed_core.readers.tables import read_for

        asked = {**layouts.of_model(model.card), **choices}
        return read_for(path, model.variables, model.outcome, model.patient, asked)
    from pmed_core.readers.scans import read_scans
    from pmed_core.store.keys import pseudonym_key

    read = read_scans(
        path, key=pseudonym_key(home), looked_at=looked_at, choices=choices
    )  # fmt: skip
    return replace(read, outcome=model.outcome)
