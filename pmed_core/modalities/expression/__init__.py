"""Expression: how active each of many genes is, a profile a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.expression.options import (
    COMPARED,
    ComponentsOptions,
    ExpressionOptions,
    RidgeOptions,
)
from pmed_core.modalities.options import Flag, Network
from pmed_core.variable import Kind, Role, Variable


@dataclass(frozen=True)
class Expression:
    """A column that names profiles of genes, which the model reads alone.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "expression"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.EXPRESSION})
    one: ClassVar[str] = "patient"
    listed: ClassVar[str] = "patient"
    many: ClassVar[str] = "expression of genes"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[ExpressionOptions]] = ExpressionOptions
    networks: ClassVar[tuple[type[Network], ...]] = (ComponentsOptions, RidgeOptions)
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = ()
    typed: ClassVar[str] = "the name of a profile"
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: a matrix is read as a table."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Nothing: the explanation names the genes."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return "sample" if patients < rows else self.one


def column_of(variables: Iterable[Variable]) -> str:
    """The column that names profiles."""
    return next(variable.name for variable in variables if variable.kind is Kind.EXPRESSION)
