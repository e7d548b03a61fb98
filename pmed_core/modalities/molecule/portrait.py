"""One molecule as it is shown: its picture, what is known of it, and who is like it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A property: what it is called, its value in words, and what that means.

    Attributes:
        lower: share of the molecules that it is compared with that have a lower value; None where
            it is not known.
    """

    name: str
    value: str
    meaning: str
    lower: float | None = None


@dataclass(frozen=True)
class Alert:
    """A part that is known for trouble, and the list that names it."""

    catalogue: str
    name: str


@dataclass(frozen=True)
class Near:
    """A training molecule like this one.

    Attributes:
        patient: its id.
        observed: what was measured, in words.
        similarity: Tanimoto, 0 to 1.
        svg: its picture; empty beyond the nearest few.
    """

    patient: str
    smiles: str
    observed: str
    similarity: float
    svg: str


@dataclass(frozen=True)
class Portrait:
    """One molecule.

    Attributes:
        smiles: of its standardised structure.
        changes: what standardising changed, and what is unusual of it, in words.
        svg: its picture; coloured by the shares that were asked for.
        similarity, limit: to the nearest other training molecule, and what it should be at least.
        near: the nearest training molecules, nearest first; empty for an imported model.
        compared: how many different molecules of a reference list it is compared with; 0 where it
            is compared with those of training.
    """

    smiles: str
    changes: tuple[str, ...]
    svg: str
    facts: tuple[Fact, ...]
    alerts: tuple[Alert, ...]
    similarity: float
    limit: float
    near: tuple[Near, ...]
    compared: int = 0
