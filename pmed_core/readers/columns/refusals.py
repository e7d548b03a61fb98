"""Columns that are refused because of some of their cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.variable import Variable


def refuse_infinite(
    cells: Cells, infinite: NDArray[np.bool_], variable: Variable, asked: Asked
) -> None:
    """Raises ``UserError`` for cells that are infinite; ``infinite`` (n,) rows."""
    rows = np.flatnonzero(infinite)
    if len(rows):
        shown = ", ".join(
            f"'{cells.distinct[cells.codes[row]]}' (row {row + 2})" for row in rows[:3]
        )
        raise UserError(
            f"{len(rows)} cell{'s are' if len(rows) > 1 else ' is'} infinite: {shown}",
            f"{asked.where}, column '{variable.column}'",
            "Replace infinite values by a number or clear the cells.",
        )  # fmt: skip


def refuse(cells: Cells, wrong: NDArray[np.bool_], variable: Variable, asked: Asked) -> None:
    """Raises ``UserError`` for cells that are not of the variable's kind; ``wrong`` (d,) of the
    distinct cells."""
    rows = cells.rows(wrong)
    shown = ", ".join(f"'{cells.distinct[cells.codes[row]]}' (row {row + 2})" for row in rows[:3])
    raise UserError(
        f"{len(rows)} cell{'s are' if len(rows) > 1 else ' is'} not a {variable.kind}: {shown}",
        f"{asked.where}, column '{variable.column}'",
        "Correct or clear these cells, or make the variable a category.",
    )  # fmt: skip
