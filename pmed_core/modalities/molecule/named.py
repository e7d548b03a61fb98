"""A later table whose molecules stand in a column of another name than in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pmed_core.modalities.molecule import column
from pmed_core.modalities.molecule.sdf import RULE
from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.readers.columns.texts import words
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision

__all__ = ["KINDS", "RULE", "gathered", "paired"]

KINDS = column.KINDS


def gathered(table: Table, choices: Choices, sheet: Table | None) -> Table:
    """The table with its only column of molecules under the name that is asked for; itself where
    that is there, or where it cannot be told which is meant."""
    called = choices.get(RULE, "")
    if not called or called in table.cells:
        return table
    names = [str(name) for name in table.cells]
    alike = [name for name in names if name.casefold() == called.casefold()]
    found = alike or [name for name in names if _of_molecules(table, name)]
    if len(found) != 1:
        return table
    sentence = f"The molecules stand in the column '{found[0]}' here, in training in '{called}'."
    told = Decision(RULE, called, sentence, cells=len(table.cells))
    cells = table.cells.rename(columns={found[0]: called})
    return replace(table, cells=cells, reading=(*table.reading, told))


def _of_molecules(table: Table, name: str) -> bool:
    cells = table.cells[name]
    return cells.dtype.kind not in "iufMb" and column.holds(
        Cells.of(words(cells)), Asked(name, table.name)
    )


def paired(tables: Mapping[str, Table]) -> tuple[str, str]:
    """No table is a sheet of molecules."""
    return "", ""
