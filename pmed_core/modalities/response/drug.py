"""What is predicted of one tumour and one drug."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drug:
    """One of the drugs that a model knows.

    Attributes:
        value, low, high: the predicted response and its interval.
        position: share of the other cell lines of which less is predicted, 0 to 1.
        note: what must be known of it; empty mostly.
        smiles: its structure.
    """

    drug: str
    smiles: str
    value: float
    low: float
    high: float
    position: float
    note: str
