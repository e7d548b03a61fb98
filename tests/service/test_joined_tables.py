"""Tables that are joined, in the app: brought in together, revised, and read for a model."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pmed_core.modalities import Response, modality_of
from pmed_core.modalities.response.reading import inputs
from pmed_core.outcomes import Number
from pmed_core.samples.catalogue import FOLDER
from pmed_core.samples.drug_response import FILES, drug_response
from pmed_core.service import cohorts, uploads
from pmed_core.variable import Role
from tests.pages.conftest import installed


@pytest.fixture(autouse=True)
def home(tmp_path: Path):  # type: ignore[no-untyped-def]
    with installed(tmp_path) as found:
        yield found


def test_tables_that_are_chosen_together_are_joined_and_stay_so_when_revised() -> None:
    files = [
        (name, io.BytesIO(table.to_csv(index=False).encode()))
        for name, table in drug_response().items()
    ]
    work, found = uploads.inspect_together(files, choices=(("files", "joined"),))
    assert "cell_line profile" in found.columns
    assert sum(one.rule == "joined" for one in found.reading) == 2
    taken = cohorts.cohort(cohorts.take(work))
    assert modality_of(taken.variables) == Response()
    variables = tuple(
        replace(v, role=Role.IGNORE) if v.name == "drug" else v for v in taken.variables
    )
    revised = cohorts.revise(taken.id, variables, Number("ln_ic50_uM"))
    kept = cohorts.table(revised)
    assert kept.profiles is not None
    assert kept.variable("drug").role is Role.IGNORE
    assert kept.profiles.of(kept.table["cell_line profile"].head(2).tolist()).shape == (2, 50)


class Asking:
    """What is asked of a model when a file is read for it."""

    def __init__(self, identity: str) -> None:
        table = cohorts.table(identity)
        self.variables = tuple(
            table.variable(name) for name in ("cell_line profile", "smiles")
        )  # fmt: skip
        self.outcome, self.patient = table.chosen_outcome(), table.patient
        self.card: dict[str, Any] = {}


def test_a_zip_of_new_tables_is_joined_for_a_model(tmp_path: Path) -> None:
    model = Asking(cohorts.bring_in_sample("drug_response"))
    found = inputs(FOLDER / "drug_response_simulated.zip", model, tmp_path, False, {})
    assert found.profiles is not None
    assert found.patient == "cell_line"
    assert found.table["ln_ic50_uM"].notna().all()
    assert FILES[0] in next(d.value for d in found.reading if d.rule == "file")
