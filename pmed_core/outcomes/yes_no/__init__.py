"""An event that happens or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.outcomes.events import ADVISED, Names, as_outcome, no_time, of_column
from pmed_core.outcomes.target import MEMBERS, Target
from pmed_core.quantity import Probability, Quantity
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from pmed_core.evaluation import Evaluation
    from pmed_core.predictions import Predictions


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

    discrimination: ClassVar[str] = "auroc"
    error: ClassVar[str] = "brier"
    compared: ClassVar[tuple[str, ...]] = ("auroc", "average_precision", "brier")
    in_unit: ClassVar[tuple[str, ...]] = ()
    chance: ClassVar[float] = 0.5
    grades: ClassVar[tuple[float, float, float]] = (0.9, 0.8, 0.7)
    does: ClassVar[str] = "discriminates"
    answers: ClassVar[str] = "risks"
    interval: ClassVar[str] = MEMBERS
    of_one_event: ClassVar[bool] = True
    comparable: ClassVar[bool] = True
    additive: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ("forest", "boosting", "svm")
    in_a_round: ClassVar[int] = 1
    in_time: ClassVar[bool] = False
    else_average: ClassVar[bool] = False
    unsaid: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    horizons: ClassVar[tuple[float, ...]] = ()
    every: ClassVar[str] = ""
    choice: ClassVar[str] = ""
    first_measures: ClassVar[tuple[str, ...]] = (
        "auroc", "average_precision", "brier", "calibration_slope", "calibration_intercept",
    )  # fmt: skip

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        fit.add_argument(
            "--positive", metavar="VALUE", nargs="+", action="extend", default=[],
            help="values of the outcome that count as the event; '*' keeps them all as classes",
        )  # fmt: skip

    @classmethod
    def typed(cls, given: Namespace) -> YesNo | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        return None  # its values are told when the file is read

    @property
    def learnt(self) -> YesNo:
        """What networks learn: itself."""
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened."""
        return (self.column,)

    @property
    def labels(self) -> tuple[str, ...]:
        """The one column of probabilities: the event's."""
        return (" or ".join(self.positive),)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is said of a patient, one for each of ``labels``."""
        return (Probability(),) * len(self.labels)

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values of the event, and those that say that it did not happen."""
        return self.positive, self.negative

    def target(self, table: pd.DataFrame) -> Target:
        """Codes of n rows."""
        values = table[self.column]
        codes = values.isin(self.positive).to_numpy(dtype=np.int64)
        if self.negative:
            told = values.isin((*self.positive, *self.negative)).to_numpy(dtype=bool)
            codes = np.where(told, codes, -1)
        return Target(np.where(values.isna().to_numpy(), -1, codes))

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The columns whose values say what happened, with those that are the event."""
        return (self,)

    def renamed(self, names: Mapping[str, str]) -> YesNo:
        """The same of columns that are called otherwise: name -> new name."""
        return replace(self, column=names[self.column])

    def unknown(self, rows: int) -> Target:
        """Of patients whose outcome nobody gave."""
        return Target(np.full(rows, -1))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as the outcome."""
        return as_outcome(variable)

    def at(self, horizons: tuple[float, ...], where: str) -> YesNo:
        """Raises ``UserError``: nothing is said of times."""
        raise no_time(where)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions as this outcome states them: as they are."""
        return predictions

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        return (Variable(self.column, Kind.CATEGORY, Role.OUTCOME),)

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The risk of all patients together; NaN where nobody was evaluated."""
        return evaluation.events[0] / evaluation.n if evaluation.n else math.nan

    def titled(self, title: str, label: str) -> str:
        """A measure of one label."""
        return f"{title} of {label}"

    def of_curves(self, ranks: str) -> str:
        """What a curve is, with the measure of discrimination."""
        return f"AUROC {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure that is looked at first."""
        return measure

    def at_first(self, probability: Sequence[float]) -> int:
        """Which of ``labels`` is looked at until another is asked for."""
        return 0

    def shown(self, label: str) -> str:
        """One of the values, or of ``labels``, as a person reads it: "heart disease", "1 or 2"."""
        names = dict(self.names)
        if label == self.labels[0]:
            return " or ".join(dict.fromkeys(names.get(value, value) for value in self.positive))
        return names.get(label, label)

    def event(self, label: str) -> str:
        """The event with the column it is about: "num is 1 or 2", "Heart disease (num = 1–4)",
        where the values have names."""
        return of_column(self.column, self.positive, self.shown(label), self.names)

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What happened to one patient."""
        return "unknown" if code < 0 else ("no event", "event")[code]

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """How many there are of what, from the counts of an evaluation."""
        return (("with the event", events[0]),)

    def rarest(self, events: Sequence[int], n: int) -> str:
        """How many there are of what limits an evaluation of n."""
        few = "only " if min(events[0], n - events[0]) < ADVISED else ""
        return f"{few}{events[0]:,} with the event"

    def alert(self, threshold: float) -> float | None:
        """The risk from which on alerts are raised; None where there are none."""
        return threshold

    def mistaken(self, label: str) -> str:
        """What it means that those with this label are predicted otherwise."""
        return "Overlooked. " if label in self.positive else "False alarms. "

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        values = (predictions.value, predictions.low, predictions.high)
        return {n: v[:, 0] for n, v in zip(("probability", "low", "high"), values, strict=True)}

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return f"{self.column} = {' or '.join(self.positive)}"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return self.event(self.labels[0])

    def described(self) -> str:
        """What is predicted, in a sentence."""
        if self.names:
            return f"The probability of {self.question()}."
        return f"The probability that '{self.column}' is {' or '.join(self.positive)}."
