"""Columns of a table, files that hold one, and whole tables which only their own modality reads:
which there are is said here alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pmed_core.modalities.expression import annotated, gct, matrix, series
from pmed_core.modalities.expression import column as expression
from pmed_core.modalities.molecule import bioassay, lines, named, sdf
from pmed_core.modalities.molecule import column as molecules
from pmed_core.modalities.response import column as profiles
from pmed_core.modalities.sequence import column as sequences
from pmed_core.modalities.sequence import fasta, other_formats
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


OWN_COLUMNS: tuple[OwnColumn, ...] = (profiles, molecules, sequences, expression, variants)


class OwnText(Protocol):
    """How a text of such things is known, and made a table."""

    def holds(self, text: str, name: str) -> bool:
        """Whether the text of a file is one."""

    def parsed(self, text: str, name: str, choices: Choices) -> Table:
        """One column a name; raises ``UserError``."""


OWN_TEXTS: tuple[OwnText, ...] = (sdf, lines, bioassay, other_formats, fasta, gct, series)


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


class OwnBytes(Protocol):
    """The same of a file of which nothing is joined by itself."""

    def holds(self, data: bytes, name: str) -> bool:
        """Whether the bytes of a file are one."""

    def parsed(self, data: bytes, name: str, choices: Choices) -> Table:
        """One column a name; raises ``UserError``."""


OWN_BYTES: tuple[OwnBytes, ...] = (annotated,)


class OwnTable(Protocol):
    """How a whole table is known to be something that only its own modality reads."""

    @property
    def KINDS(self) -> Collection[Kind]:
        """Of the variables it makes."""

    @property
    def RULE(self) -> str:
        """Of the decision about it."""

    def gathered(self, table: Table, choices: Choices, sheet: Table | None) -> Table:
        """The table with what it holds as payload; itself where it holds none. ``sheet``: of its
        patients, where they stand in a file of their own. Raises ``UserError``."""

    def paired(self, tables: Mapping[str, Table]) -> tuple[str, str]:
        """Which of two tables holds the payload and which is its sheet, by their names; empty
        where they are none."""


OWN_TABLES: tuple[OwnTable, ...] = (matrix, named)
