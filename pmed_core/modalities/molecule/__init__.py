"""Molecules, a structure a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.molecule.options import MoleculeOptions
from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.tabular.options import COMPARED, NETWORKS
from pmed_core.variable import Kind, Role, Variable


@dataclass(frozen=True)
class Molecule:
    """A column of molecules, with or without numbers and categories beside it.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "molecule"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.MOLECULE})
    one: ClassVar[str] = "molecule"
    listed: ClassVar[str] = "molecule"
    many: ClassVar[str] = "molecules"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[MoleculeOptions]] = MoleculeOptions
    networks: ClassVar[tuple[type[Network], ...]] = NETWORKS
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = (
        Flag(
            "molecule", "the column of SMILES (default: it is recognised)", "COL",
            column_of=Kind.MOLECULE,
        ),
    )  # fmt: skip
    typed: ClassVar[str] = "as SMILES or InChI"
    writes: ClassVar[str] = "sdf"
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: molecules come as a column of a table, and SDF is read as one."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Where there is a structure."""
        return any(isinstance(cell, str) and cell for cell in cells.values())

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return self.one


def column_of(variables: Iterable[Variable]) -> str:
    """The column of molecules."""
    return next(variable.name for variable in variables if variable.kind is Kind.MOLECULE)


def holds_molecules(variables: Iterable[Variable]) -> bool:
    """Whether one of them is a column of molecules."""
    return any(variable.kind is Kind.MOLECULE for variable in variables)
