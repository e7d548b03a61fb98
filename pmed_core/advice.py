"""Patients like one, of whom something else is predicted.

They differ in inputs that may change. What a model associates with a difference is not what an
intervention would cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pmed_core.arrays import formerly
from pmed_core.work import Cell


@dataclass(frozen=True)
class Change:
    """One value that is different."""

    variable: str
    before: Cell
    after: Cell


@dataclass(frozen=True)
class Counterfactual:
    """A patient like this one of whom something else is predicted.

    Attributes:
        changes: in no order of importance.
        value, low, high: as in ``Consultation``, of the explained label.
        reached: the value is on the side of the goal that was asked for.
        outside: sentences that say how such a patient is unlike the training data.
    """

    changes: tuple[Change, ...]
    value: Annotated[float, formerly("value", "probability")]
    low: float
    high: float
    reached: bool
    outside: tuple[str, ...]


@dataclass(frozen=True)
class Option:
    """One change, or two together.

    Attributes:
        changes: one or two.
        value, low, high: predicted with all of them, as in ``Consultation``.
        alone: predicted with each of them alone.
        similar: how many of the training patients who are most alike in everything else have such
            values too.
    """

    changes: tuple[Change, ...]
    value: float
    low: float
    high: float
    alone: tuple[float, ...]
    similar: int


@dataclass(frozen=True)
class Tried:
    """What was predicted while one input took values within its limits.

    Attributes:
        variable: its name.
        values: in order, without the patient's own.
        predicted: of each.
    """

    variable: str
    values: tuple[Cell, ...]
    predicted: tuple[float, ...]


@dataclass(frozen=True)
class Advice:
    """What could change of one patient.

    Attributes:
        label: what is predicted.
        value, low, high: now.
        higher: it is wanted higher; else lower.
        singles: the best change of each input that helps, the most helpful first.
        pairs: two changes that help more than each of them, likewise.
        tried: each input that may change, with every value at which the model knows such patients.
        unlike: how many values and pairs were left out, because the model has not seen such
            patients.
        among: of how many patients ``similar`` is a part; 0 where there are none to compare with.
    """

    label: str
    value: float
    low: float
    high: float
    higher: bool
    singles: tuple[Option, ...]
    pairs: tuple[Option, ...]
    tried: tuple[Tried, ...]
    unlike: int
    among: int

    @property
    def unmoved(self) -> tuple[str, ...]:
        """Inputs of which no allowed value helps."""
        helpful = {option.changes[0].variable for option in self.singles}
        return tuple(one.variable for one in self.tried if one.variable not in helpful)
