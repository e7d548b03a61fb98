"""Columns of a table, and texts that hold one, which only their own modality reads: which there are
is said here alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from pmed_core.modalities.molecule import column as molecules
from pmed_core.modalities.molecule import sdf
from pmed_core.modalities.response import column as profiles
from pmed_core.modalities.sequence import column as sequences
from pmed_core.modalities.sequence import fasta

if TYPE_CHECKING:
    import pandas as pd

    from pmed_core.readers.columns.asked import Asked, Cells
    from pmed_core.readers.table import Table
    from pmed_core.reading import Choices, Decision
    from pmed_core.variable import Kind, Variable


class OwnColumn(Protocol):
    """How such a column is known and read."""

    @property
    def KINDS(self) -> Collection[Kind]:
        """Of the variables it makes."""

    def holds(self, cells: Cells, asked: Asked) -> bool:
        """Whether unknown cells are a column of these."""

    def variable_of(self, column: str) -> Variable:
        """The column as it is first read."""

    def read(self, cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
        """(n,) cells with gaps where nothing could be read, and the account; stops at none."""


OWN_COLUMNS: tuple[OwnColumn, ...] = (profiles, molecules, sequences)


class OwnText(Protocol):
    """How a text of such things is known, and made a table."""

    def holds(self, text: str, name: str) -> bool:
        """Whether the text of a file is one."""

    def parsed(self, text: str, name: str, choices: Choices) -> Table:
        """One column a name; raises ``UserError``."""


OWN_TEXTS: tuple[OwnText, ...] = (sdf, fasta)
