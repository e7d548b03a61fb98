"""What is predicted. A closed union: match on it and end with ``assert_never``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, assert_never


@dataclass(frozen=True)
class YesNo:
    """An event that happens or not.

    Attributes:
        column: the variable's name.
        positive: the values of the column that count as the event.
        negative: those that say it did not happen; any other value is not known. Empty where that
            was not kept: then any other value says so. Two outcomes ask the same whatever it is.
    """

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...] = field(default=(), compare=False)
    kind: Literal["yes/no"] = "yes/no"


@dataclass(frozen=True)
class Classes:
    """One of several classes, in the order of ``labels``.

    Attributes:
        column: the variable's name.
        labels: the values, three or more.
    """

    column: str
    labels: tuple[str, ...]
    kind: Literal["classes"] = "classes"


Outcome = YesNo | Classes


def predicted_labels(outcome: Outcome) -> tuple[str, ...]:
    """The columns of a probability array: one (the event) for yes/no, one a class else."""
    match outcome:
        case YesNo():
            return (" or ".join(outcome.positive),)
        case Classes():
            return outcome.labels
        case _:
            assert_never(outcome)
