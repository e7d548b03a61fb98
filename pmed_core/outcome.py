"""What is predicted. A closed union: match on it and end with ``assert_never``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class YesNo:
    """An event that happens or not.

    Attributes:
        column: the variable's name.
        positive: the values of the column that count as the event.
        negative: those that say it did not happen; any other value is not known. Empty where that
            was not kept: then any other value says so. Two outcomes ask the same whatever it is.
        names: (value, name) of values that stand for something; changes nothing but words.
    """

    column: str
    positive: tuple[str, ...]
    names: Names = field(default=(), compare=False)
    negative: tuple[str, ...] = field(default=(), compare=False)
    kind: Literal["yes/no"] = "yes/no"


@dataclass(frozen=True)
class Classes:
    """One of several classes, in the order of ``labels``.

    Attributes:
        column: the variable's name.
        labels: the values, three or more.
        names: (value, name) of values that stand for something; changes nothing but words.
    """

    column: str
    labels: tuple[str, ...]
    names: Names = field(default=(), compare=False)
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


def shown_label(outcome: Outcome, label: str) -> str:
    """One of the predicted labels as a person reads it: "heart disease", "1 or 2"."""
    names = dict(outcome.names)
    match outcome:
        case YesNo(positive=positive) if label == " or ".join(positive):
            return " or ".join(dict.fromkeys(names.get(value, value) for value in positive))
        case YesNo() | Classes():
            return names.get(label, label)
        case _:
            assert_never(outcome)


def event(outcome: Outcome, label: str) -> str:
    """A predicted label with the column it is about: "num is 1 or 2", "Heart disease (num = 1–4)",
    where the values have names."""
    values = outcome.positive if isinstance(outcome, YesNo) else (label,)
    if not set(values) & set(dict(outcome.names)):
        return f"{outcome.column} is {shown_label(outcome, label)}"
    named = shown_label(outcome, label)
    return f"{named[:1].upper()}{named[1:]} ({outcome.column} = {spans(values)})"


def spans(values: Sequence[str]) -> str:
    """ "1", "2", "3", "4", "7" -> "1–4, 7"; other values as they are."""
    if not all(value.isdecimal() and value == str(int(value)) for value in values):
        return ", ".join(values)
    runs: list[list[int]] = []
    for number in sorted(map(int, values)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )
