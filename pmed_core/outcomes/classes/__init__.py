"""One of several classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.outcomes.events import Names, as_outcome, no_time, of_column
from pmed_core.outcomes.target import MEMBERS, Target
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Probability, Quantity
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from pmed_core.evaluation import Evaluation
    from pmed_core.predictions import Predictions

KEEP = ("*",)
"""Instead of events: each value is a class."""


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

    discrimination: ClassVar[str] = "auroc"
    error: ClassVar[str] = "brier"
    compared: ClassVar[tuple[str, ...]] = ("auroc", "average_precision", "brier")
    in_unit: ClassVar[tuple[str, ...]] = ()
    chance: ClassVar[float] = 0.5
    grades: ClassVar[tuple[float, float, float]] = (0.9, 0.8, 0.7)
    does: ClassVar[str] = "discriminates"
    answers: ClassVar[str] = "risks"
    interval: ClassVar[str] = MEMBERS
    of_one_event: ClassVar[bool] = False
    comparable: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ("forest", "boosting", "svm")
    in_time: ClassVar[bool] = False
    else_average: ClassVar[bool] = False
    unsaid: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    horizons: ClassVar[tuple[float, ...]] = ()
    every: ClassVar[str] = "All classes"
    choice: ClassVar[str] = "Class"
    positive: ClassVar[tuple[str, ...]] = ()
    first_measures: ClassVar[tuple[str, ...]] = (
        "auroc", "log_loss", "brier", "accuracy", "balanced_accuracy",
    )  # fmt: skip

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        # Behind --positive '*' each value is one.

    @classmethod
    def typed(cls, given: Namespace) -> Classes | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        return None  # its values are told when the file is read

    @property
    def in_a_round(self) -> int:
        """Trees that boosting grows before it corrects them."""
        return len(self.labels)

    @property
    def learnt(self) -> Classes:
        """What networks learn: itself."""
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened."""
        return (self.column,)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is said of a patient, one for each of ``labels``."""
        return (Probability(),) * len(self.labels)

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The classes; none stands for anything else."""
        return self.labels, ()

    def target(self, table: pd.DataFrame) -> Target:
        """Codes of n rows."""
        import pandas as pd

        values = table[self.column]
        codes = pd.Index(self.labels).get_indexer(pd.Index(values)).astype(np.int64)
        return Target(np.where(values.isna().to_numpy(), -1, codes))

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The columns whose values say what happened, with those that are the event."""
        return (YesNo(self.column, KEEP),)

    def renamed(self, names: Mapping[str, str]) -> Classes:
        """The same of columns that are called otherwise: name -> new name."""
        return replace(self, column=names[self.column])

    def unknown(self, rows: int) -> Target:
        """Of patients whose outcome nobody gave."""
        return Target(np.full(rows, -1))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as the outcome."""
        return as_outcome(variable)

    def at(self, horizons: tuple[float, ...], where: str) -> Classes:
        """Raises ``UserError``: nothing is said of times."""
        raise no_time(where)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions as this outcome states them: as they are."""
        return predictions

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        return (Variable(self.column, Kind.CATEGORY, Role.OUTCOME),)

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The share of a class among all patients; NaN where nobody was evaluated."""
        return (
            evaluation.events[self.labels.index(label)] / evaluation.n if evaluation.n else math.nan
        )

    def titled(self, title: str, label: str) -> str:
        """A measure of one label."""
        return f"{title} of {self.shown(label)} against the rest"

    def of_curves(self, ranks: str) -> str:
        """What several curves in one figure are, with the measure of discrimination."""
        return f"One line a class, each against the rest; the mean AUROC is {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure that is looked at first."""
        return measure

    def at_first(self, probability: Sequence[float]) -> int:
        """The likeliest of ``labels``."""
        return max(range(len(probability)), key=probability.__getitem__)

    def shown(self, label: str) -> str:
        """A class as a person reads it."""
        return dict(self.names).get(label, label)

    def event(self, label: str) -> str:
        """A class with the column it is about: "grade is 3"."""
        return of_column(self.column, (label,), self.shown(label), self.names)

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What happened to one patient."""
        return "unknown" if code < 0 else self.shown(self.labels[code])

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """How many there are of what, from the counts of an evaluation."""
        return tuple(zip(map(self.shown, self.labels), events, strict=True))

    def rarest(self, events: Sequence[int], n: int) -> str:
        """How many there are of what limits an evaluation of n."""
        return f"{min(events):,} of the rarest outcome"

    def alert(self, threshold: float) -> float | None:
        """None: there is no alert for a class."""
        return None

    def mistaken(self, label: str) -> str:
        """Nothing that a class more or less would say."""
        return ""

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        return predictions.columns("probability")

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return f"{self.column}, {len(self.labels)} classes"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return f"{self.column} ({len(self.labels)} classes)"

    def described(self) -> str:
        """What is predicted, in a sentence."""
        shown = ", ".join(self.shown(label) for label in self.labels)
        return f"The probability of each value of '{self.column}': {shown}."
