"""What is predicted of one tumour and one drug."""

from __future__ import annotations

import re
from dataclasses import dataclass

HIGHER = re.compile(
    r"p(?:ic|ec|gi|ac)[ _-]?50|inhibition|kill|sensitiv|(?:^|[ _.-])(?:dss|aac|act\w*[ _.-]?area)",
    re.IGNORECASE,
)
"""Of a response that is higher the better a drug works; of others, as an IC50, low is sensitive."""


def sensitive_is_high(response: str) -> bool:
    """Whether the name of a response says that it is higher where a drug works."""
    return bool(HIGHER.search(response))


def order(response: str) -> str:
    """In which order drugs stand, and what that means, in a sentence."""
    if sensitive_is_high(response):
        return f"The highest response stands first, as '{response}' is higher where a drug works."
    return "The lowest response stands first; of an IC50 low means sensitive."


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
