"""Matrices in the app: brought in with their sheet, revised, and read for a model."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.modalities import Expression, Tabular, modality_of
from pmed_core.modalities.expression.reading import inputs
from pmed_core.outcomes import YesNo
from pmed_core.samples.catalogue import FOLDER
from pmed_core.samples.expression import expression
from pmed_core.service import cohorts, uploads
from pmed_core.variable import Role
from tests.pages.conftest import installed


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    with installed(tmp_path) as found:
        yield found


def test_a_matrix_and_its_sheet_are_brought_in_together_and_revised() -> None:
    matrix, sheet = expression()
    files = [
        (name, io.BytesIO(table.to_csv(index=False).encode()))
        for name, table in (("my sheet.csv", sheet), ("my counts.csv", matrix))
    ]
    work, found = uploads.inspect_together(files, choices=(("files", "joined"),))
    assert "expression" in found.columns
    taken = cohorts.cohort(cohorts.take(work))
    assert taken.name == "my sheet + my counts.zip"
    assert modality_of(taken.variables) == Expression()
    variables = tuple(
        replace(v, role=Role.IGNORE) if v.name == "batch" else v for v in taken.variables
    )
    revised = cohorts.revise(taken.id, variables, YesNo("response", ("responder",)))
    kept = cohorts.table(revised)
    assert kept.variable("batch").role is Role.IGNORE
    assert kept.profiles is not None
    assert kept.profiles.of(["S004"])[0].tolist() == matrix["S004"].tolist()
    said = {one.check: one.sentence for one in cohorts.quality(revised).findings}
    assert "raw counts" in said["scale of expression"]
    assert "no single input" in said["sample size"], "2,000 genes are not three inputs"


@pytest.mark.slow
def test_a_wide_table_becomes_genes_and_columns_again_as_it_is_decided() -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(8, 2, (30, 1_500)).round(3)).add_prefix("g")
    table.insert(0, "case", ["yes", "no"] * 15)
    taken = cohorts.cohort(cohorts.bring_in("wide.csv", table.to_csv(index=False).encode()))
    assert modality_of(taken.variables) == Expression()
    outcome = YesNo("case", ("yes",))
    left = cohorts.revise(taken.id, taken.variables, outcome, {"expression": "left as columns"})
    revised = cohorts.cohort(left)
    assert modality_of(revised.variables) == Tabular()
    assert len(revised.variables) == 1_501
    again = cohorts.revise(
        revised.id, revised.variables, outcome, {"expression": "genes in columns"}
    )
    assert modality_of(cohorts.cohort(again).variables) == Expression()


class Asking:
    """What is asked of a model when a file is read for it."""

    def __init__(self, identity: str) -> None:
        table = cohorts.table(identity)
        self.variables = (table.variable("expression"),)
        self.outcome, self.patient = table.chosen_outcome(), table.patient
        self.card: dict[str, Any] = {"first_genes": list(expression()[0].gene[::10])}


def test_a_matrix_with_or_without_a_sheet_is_read_for_a_model(tmp_path: Path) -> None:
    model = Asking(cohorts.bring_in_sample("expression"))
    found = inputs(FOLDER / "expression_simulated.zip", model, tmp_path, False, {})
    assert found.profiles is not None
    assert found.table["response"].notna().all()
    matrix, _ = expression()
    for name, table in (
        ("rows.tsv", matrix.set_index("gene")), ("columns.tsv", matrix.set_index("gene").T)
    ):  # fmt: skip
        table.to_csv(tmp_path / name, sep="\t")
        alone = inputs(tmp_path / name, model, tmp_path, False, {})
        assert alone.profiles is not None
        assert len(alone) == 120
        assert alone.patients()[5] == "S006" or name == "columns.tsv"
        one = alone.table["expression"].iloc[5]
        assert alone.profiles.of([one])[0].tolist() == matrix["S006"].tolist()
