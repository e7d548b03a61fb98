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
from pmed_core.modalities.variants import column as variants
from pmed_core.modalities.variants import file as vcf

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


OWN_COLUMNS: tuple[OwnColumn, ...] = (profiles, molecules, sequences, variants)


class OwnText(Protocol):
    """How a text of such things is known, and made a table."""

    def holds(self, text: str, name: str) -> bool:
        """Whether the text of a file is one."""

    def parsed(self, text: str, name: str, choices: Choices) -> Table:
        """One column a name; raises ``UserError``."""


OWN_TEXTS: tuple[OwnText, ...] = (sdf, fasta)


class OwnFile(Protocol):
    """How the bytes of a file of such things are known, and made a table."""

    def holds(self, data: bytes, name: str) -> bool:
        """Whether a file is one."""

    def keys(self, data: bytes, name: str) -> tuple[str, ...]:
        """By which another table is joined to it; raises ``UserError``."""

    def parsed(self, data: bytes, name: str, choices: Choices) -> Table:
        """One column a name; raises ``UserError``."""


OWN_FILES: tuple[OwnFile, ...] = (vcf,)


def of_own_file(data: bytes, name: str) -> OwnFile | None:
    """The kind of file it is, if it is one of these."""
    return next((one for one in OWN_FILES if one.holds(data, name)), None)
