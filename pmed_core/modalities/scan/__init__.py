"""Scans: pixels that cells of a cohort's table name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.scan.options import (
    COMPARED,
    Cnn28Options,
    Cnn32Options,
    Cnn64Options,
    EvidenceOptions,
    MachineOptions,
    ScanOptions,
)
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.variable import Kind, Role


@dataclass(frozen=True)
class Scan:
    """Scans, each of them a row; attributes as in ``Tabular``."""

    name: ClassVar[str] = "scan"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.SCAN})
    one: ClassVar[str] = "scan"
    listed: ClassVar[str] = "scan"
    many: ClassVar[str] = "scans"
    page: ClassVar[str] = "scan"
    Options: ClassVar[type[ScanOptions]] = ScanOptions
    networks: ClassVar[tuple[type[Network], ...]] = (
        EvidenceOptions, Cnn32Options, Cnn64Options, Cnn28Options, MachineOptions,
    )  # fmt: skip
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = (
        Flag(
            "labels", "a table of files or patients, and labels (default: a table among the "
            "scans, else the folders' names)", "TABLE",
        ),
        Flag(
            "label-column", "the column of that table with the labels (default: the one whose "
            "name says so)", "COL",
        ),
        Flag(
            "validation", "scans of other patients that choose the epoch, calibrate and evaluate "
            "(default: a share of the patients is held out)", "FOLDER",
        ),
        Flag(
            "looked-at", "you made sure that no scan shows a name; then those of modalities where "
            "names are often written into the picture are read too", of_every_file=True,
        ),
        Flag(
            "start", "a model of scans to continue with these, instead of training anew", "MODEL",
        ),
    )  # fmt: skip
    typed: ClassVar[str] = ""
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """Whether a file or folder holds scans rather than a table."""
        return is_scans(path)

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Not as a drawing: a scan is shown by its pixels."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return self.one
