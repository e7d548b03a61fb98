"""What the tests of readers share: writing a file and asking for a decision."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pmed_core.readers.formats import open_table
from pmed_core.readers.table import Table
from pmed_core.reading import Decision

CASES = Path(__file__).parents[3] / "shared" / "cases"


def case(name: str) -> Path:
    """A file of the collected cases; the test is left out where they are not there."""
    if not (CASES / name).exists():
        pytest.skip("the collected cases are not there")
    return CASES / name


def opened(path: Path, **choices: str) -> Table:
    """The table, with choices whose keys are words."""
    return open_table(path, choices)


def decided(table: Table, key: str) -> Decision:
    """The one decision of that key."""
    found = [decision for decision in table.reading if decision.key == key]
    assert len(found) == 1, [decision.key for decision in table.reading]
    return found[0]


def rules(table: Table) -> set[str]:
    """Which rules decided anything."""
    return {decision.rule for decision in table.reading}


def texts(table: Table, column: str) -> list[str]:
    """The cells of a column as text, "" where missing."""
    cells = table.cells[column].astype(object)
    return ["" if pd.isna(cell) else str(cell) for cell in cells]
