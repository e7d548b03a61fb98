"""Sequences of DNA or RNA, one a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pmed_core.modalities.options import Flag, Network
from pmed_core.modalities.sequence.options import (
    COMPARED,
    ConvolutionalOptions,
    PositionsOptions,
    RecurrentOptions,
    SequenceOptions,
    WordsOptions,
)
from pmed_core.variable import Kind, Role, Variable


@dataclass(frozen=True)
class Sequence:
    """A column of sequences, which the model reads alone.

    Attributes: as of ``Tabular``.
    """

    name: ClassVar[str] = "sequence"
    kinds: ClassVar[frozenset[Kind | Role]] = frozenset({Kind.SEQUENCE})
    one: ClassVar[str] = "sequence"
    listed: ClassVar[str] = "sequence"
    many: ClassVar[str] = "sequences"
    page: ClassVar[str] = "patient"
    Options: ClassVar[type[SequenceOptions]] = SequenceOptions
    networks: ClassVar[tuple[type[Network], ...]] = (
        RecurrentOptions, ConvolutionalOptions, WordsOptions, PositionsOptions,
    )  # fmt: skip
    compared: ClassVar[Mapping[str, str]] = COMPARED
    flags: ClassVar[tuple[Flag, ...]] = (
        Flag(
            "sequence", "the column of DNA or RNA (default: it is recognised)", "COL",
            column_of=Kind.SEQUENCE,
        ),
        Flag(
            "known-motifs", "known motifs (MEME format) to compare recurrent ones with",
            "FILE", of_explain=True,
        ),
    )  # fmt: skip
    typed: ClassVar[str] = "as letters of DNA or RNA"
    writes: ClassVar[str] = ""
    advises: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """No file: sequences come as a column of a table, and FASTA is read as one."""
        return False

    def pictured(self, cells: Mapping[str, object]) -> bool:
        """Nothing in the report: the explanation there is of stretches of the sequence."""
        return False

    def counted(self, rows: int, patients: int) -> str:
        """What each of its rows is called."""
        return self.one


def column_of(variables: Iterable[Variable]) -> str:
    """The column of sequences."""
    return next(variable.name for variable in variables if variable.kind is Kind.SEQUENCE)
