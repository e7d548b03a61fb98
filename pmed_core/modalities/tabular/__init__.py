"""Numbers and categories, a patient a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.tabular.options import COMPARED, NETWORKS, FitOptions
from pmed_core.variable import Kind, Role


@dataclass(frozen=True)
class Tabular:
    """Numbers and categories, a patient a row.

    Attributes:
        name: in packages.
        kinds: of inputs, or roles, that make a cohort one of this modality; none where it is what
            is left.
        one: what is predicted and evaluated, one of them.
        listed: who is picked from a list, one of them: of pairs with a drug, the cell line.
        many: what its models read.
        page: where one is looked at.
        networks: to choose from, the default first.
        compared: baselines that stand for comparison only -> what to do where one is better, as the
            end of a sentence.
        flags: of the shell, beside those that its options make.
        writes: suffix of its own format for predictions, beside CSV; empty where there is none.
        advises: whether its models say what could change of one of them.
        typed: how a cell that only this modality reads is typed; empty where there is none.
    """

    name: ClassVar[str] = "tabular"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset()
    one: ClassVar[str] = "patient"
    listed: ClassVar[str] = "patient"
    many: ClassVar[str] = "tables"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[FitOptions]] = FitOptions
    networks: ClassVar[tuple[type[Network], ...]] = NETWORKS
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = ()
    typed: ClassVar[str] = ""
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = True

    def claims(self, path: Path) -> bool:
        """Whether a file is one of this modality: whatever no other claims."""
        return True

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Whether the answers of its models can draw one of them."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return "row" if patients < rows else self.one
