"""Of which tissue each cell line is, where a column of the table tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.quantity import counted
from pmed_core.variable import Kind

NAMES = re.compile(
    r"tissue|lineage|histology|organ(?!i)|(?:cancer|tumou?r)[ _.-]?(?:type|site|entity)|"
    r"(?:primary|anatomic\w*)[ _.-]?site|oncotree",
    re.IGNORECASE,
)
WORDS = (Kind.CATEGORY, Kind.YES_NO)
FEWEST = 3
"""Tissues that a question about new ones needs."""


@dataclass(frozen=True)
class Tissues:
    """The tissues of m cell lines.

    Attributes:
        column: that tells them.
        names: of the tissues.
        of: (m,) positions in ``names``, -1 where it is not known.
    """

    column: str
    names: tuple[str, ...]
    of: NDArray[np.int64]

    @property
    def sentence(self) -> str:
        """Which column was taken for them, what for, and of how many lines it tells none."""
        unknown = int((self.of < 0).sum())
        rest = f" {counted(unknown, 'cell line')} without one count as a tissue of their own."
        return (
            f"'{self.column}' tells {len(self.names)} tissues, for the baselines and the split; "
            f"the model does not read it.{rest * bool(unknown)}"
        )


def tissues(
    cohort: Cohort, profile: str, lines: pd.Series[str], column: str = ""
) -> Tissues | None:
    """Of the profiles ``lines`` (m,), by ``column``, or by the first input with a telling name.

    None where no column tells. Raises ``UserError`` where ``column`` is absent, holds no words, or
    gives one line two tissues.
    """
    told = {v.name: v for v in cohort.variables}
    if not column:
        inputs = {v.name: v for v in cohort.inputs if len(v.categories) > 1}
        column = next((n for n, v in inputs.items() if NAMES.search(n) and v.kind in WORDS), "")
        if not column:
            return None
    if column not in told or told[column].kind not in WORDS:
        raise UserError(
            f"'{column}' is no column of tissues", cohort.name,
            "Name a column of words that says for each cell line where it comes from.",
        )  # fmt: skip
    table = cohort.table[[profile, column]].dropna().drop_duplicates()
    if twice := list(table[profile][table[profile].duplicated()]):
        both = " and ".join(f"'{one}'" for one in table[column][table[profile] == twice[0]][:2])
        raise UserError(
            f"'{twice[0]}' has the tissues {both}", f"{cohort.name}, column '{column}'",
            "Give each cell line one tissue, or ignore the column.",
        )  # fmt: skip
    of = table.set_index(profile)[column]
    codes, names = pd.factorize(lines.map(of), sort=True)
    return Tissues(column, tuple(map(str, names)), codes.astype(np.int64))


def enough(found: Tissues | None, name: str) -> Tissues:
    """Those that a question about new tissues can be answered with; raises ``UserError``."""
    if found is None:
        raise UserError(
            "No column says of which tissue a cell line is", name,
            "Add one, named tissue, to the table or to the file of profiles, or name yours under "
            "'Column of tissues'.",
        )  # fmt: skip
    if len(found.names) < FEWEST:
        raise UserError(
            f"'{found.column}' tells {len(found.names)} tissues", name,
            f"A question about new tissues needs at least {FEWEST}.",
        )  # fmt: skip
    return found
