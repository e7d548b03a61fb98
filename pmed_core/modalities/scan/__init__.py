"""Scans: pixels that cells of a cohort's table name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Network
from pmed_core.modalities.scan.options import (
    Cnn28Options,
    Cnn32Options,
    Cnn64Options,
    EvidenceOptions,
    ScanOptions,
)
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.variable import Kind


@dataclass(frozen=True)
class Scan:
    """Scans, each of them a row; attributes as in ``Tabular``."""

    name: ClassVar[str] = "scan"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.SCAN})
    one: ClassVar[str] = "scan"
    many: ClassVar[str] = "scans"
    page: ClassVar[str] = "scan"
    Options: ClassVar[type[ScanOptions]] = ScanOptions
    networks: ClassVar[tuple[type[Network], ...]] = (
        EvidenceOptions, Cnn32Options, Cnn64Options, Cnn28Options,
    )  # fmt: skip

    def claims(self, path: Path) -> bool:
        """Whether a file or folder holds scans rather than a table."""
        return is_scans(path)

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return self.one
