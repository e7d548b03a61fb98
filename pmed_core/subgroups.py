"""How good a model is in parts of its patients: women and men, the young and the old, each site."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.bounds import Count
from pmed_core.evaluation import Measure

WHOLE = "All"


@dataclass(frozen=True)
class Group:
    """One of the parts.

    Attributes:
        name: a value of the variable, or from where to where its numbers go.
        n: rows that were evaluated.
        events: how many of them had the event, or of each class, in words.
        measures: as of an evaluation; NaN where these patients do not tell them.
    """

    name: str
    n: Count
    events: str
    measures: dict[str, Measure]


@dataclass(frozen=True)
class Subgroups:
    """The parts by one variable.

    Attributes:
        measure: by which they are compared.
        whole: all of them together, as far as the variable is known or not.
        groups: largest first; numbers from low to high.
        verdict: whether they differ by more than chance, in words.
    """

    variable: str
    measure: str
    whole: Group
    groups: tuple[Group, ...]
    verdict: str
