"""Treatment planning: what each of several options would do for a patient of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.treatment.options import COMPARED, NETWORKS, TreatmentOptions
from pmed_core.variable import Kind, Role


@dataclass(frozen=True)
class Treatment:
    """Numbers and categories, and which option each patient was given.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "treatment"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Role.TREATMENT})
    one: ClassVar[str] = "patient"
    listed: ClassVar[str] = "patient"
    many: ClassVar[str] = "tables with a treatment"
    page: ClassVar[str] = "treatment"
    Options: ClassVar[type[TreatmentOptions]] = TreatmentOptions
    networks: ClassVar[tuple[type[Network], ...]] = NETWORKS
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = ()
    typed: ClassVar[str] = ""
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: which column is the treatment is said with the outcome."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Nothing."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return "row" if patients < rows else self.one
