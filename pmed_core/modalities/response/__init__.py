"""How a tumour responds to a drug: the profile of a cell line, and the structure of the drug."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.response.options import (
    COMPARED,
    FactorsOptions,
    ResponseOptions,
    TowersOptions,
)
from pmed_core.variable import Kind, Role, Variable


@dataclass(frozen=True)
class Response:
    """A column of profiles beside one of molecules, a pair of both a row.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "response"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.PROFILE})
    one: ClassVar[str] = "pair"
    listed: ClassVar[str] = "cell line"
    many: ClassVar[str] = "pairs of a profile and a drug"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[ResponseOptions]] = ResponseOptions
    networks: ClassVar[tuple[type[Network], ...]] = (TowersOptions, FactorsOptions)
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = ()
    typed: ClassVar[str] = "the name of a profile"
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: profiles are joined to a table."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Nothing: the answer is a ranking of drugs."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return "pair"


def columns_of(variables: Iterable[Variable]) -> tuple[str, str]:
    """The columns of profiles and of molecules; the latter empty where there is none."""
    kinds = {variable.kind: variable.name for variable in variables}
    return kinds[Kind.PROFILE], kinds.get(Kind.MOLECULE, "")
