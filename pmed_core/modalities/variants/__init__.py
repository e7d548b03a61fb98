"""Variants of a genome: the alleles that each patient carries, from a VCF file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.tabular.options import NETWORKS
from pmed_core.modalities.variants.options import COMPARED, VariantsOptions
from pmed_core.variable import Kind, Role, Variable


@dataclass(frozen=True)
class Variants:
    """A column of variants, with or without numbers and categories beside it.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "variants"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.VARIANTS})
    one: ClassVar[str] = "patient"
    listed: ClassVar[str] = "patient"
    many: ClassVar[str] = "variants"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[VariantsOptions]] = VariantsOptions
    networks: ClassVar[tuple[type[Network], ...]] = NETWORKS
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = (
        Flag(
            "phenotypes", "FILE is a VCF, or a matrix of genes: the table of its patients or "
            "samples, with the outcome", "SHEET",
            of_every_file=True, table_beside=True,
        ),
        Flag(
            "genes", "FILE is a VCF: where genes lie, as BED, GFF3 or GTF (default: those of its "
            "annotation, CSQ or ANN)", "FILE", file_beside=True,
        ),
    )  # fmt: skip
    typed: ClassVar[str] = "the name of a sample"
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: a VCF file is read as a table of its samples."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Nothing: variants are listed."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return "row" if patients < rows else self.one


def column_of(variables: Iterable[Variable]) -> str:
    """The column of variants."""
    return next(variable.name for variable in variables if variable.kind is Kind.VARIANTS)


def naming(variables: Iterable[Variable]) -> str | None:
    """The column that names samples of a VCF file; None where there is none."""
    return next((one.name for one in variables if one.kind in Variants.kinds), None)
