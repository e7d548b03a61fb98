"""Several events at once, each of which happens or not; some may not be known of a patient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.outcomes.events import ADVISED, Names, as_outcome, no_time
from pmed_core.outcomes.target import MEMBERS, Target
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Probability, Quantity
from pmed_core.variable import Variable

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from pmed_core.evaluation import Evaluation
    from pmed_core.predictions import Predictions

LISTED = 4


@dataclass(frozen=True)
class Several:
    """Events that are predicted together.

    Attributes:
        each: two or more, each with a column of its own.
    """

    each: tuple[YesNo, ...]
    kind: Literal["several"] = "several"

    discrimination: ClassVar[str] = "auroc"
    error: ClassVar[str] = "brier"
    in_unit: ClassVar[tuple[str, ...]] = ()
    chance: ClassVar[float] = 0.5
    grades: ClassVar[tuple[float, float, float]] = (0.9, 0.8, 0.7)
    does: ClassVar[str] = "discriminates"
    answers: ClassVar[str] = "risks"
    interval: ClassVar[str] = MEMBERS
    compared: ClassVar[tuple[str, ...]] = ("auroc", "average_precision", "brier")
    of_one_event: ClassVar[bool] = False
    comparable: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ("forest", "boosting")
    in_time: ClassVar[bool] = False
    else_average: ClassVar[bool] = False
    unsaid: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    horizons: ClassVar[tuple[float, ...]] = ()
    every: ClassVar[str] = "All outcomes"
    choice: ClassVar[str] = "Outcome"
    positive: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Names] = ()
    spellings: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())
    first_measures: ClassVar[tuple[str, ...]] = ("auroc", "average_precision", "brier", "log_loss")

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        # Several columns behind --outcome are all that is needed.

    @classmethod
    def typed(cls, given: Namespace) -> Several | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        if len(given.outcome) == 1:
            return None
        return cls(tuple(YesNo(name, tuple(given.positive)) for name in given.outcome))

    @property
    def in_a_round(self) -> int:
        """Trees that boosting grows before it corrects them."""
        return len(self.each)

    @property
    def learnt(self) -> Several:
        """What networks learn: itself."""
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened."""
        return tuple(one.column for one in self.each)

    @property
    def column(self) -> str:
        """The first of them."""
        return self.columns[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """A column of probabilities for each event, under the name of its column."""
        return self.columns

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is said of a patient, one for each of ``labels``."""
        return (Probability(),) * len(self.each)

    def target(self, table: pd.DataFrame) -> Target:
        """1 for an event, 0 for none, NaN unknown, of n rows; known is who has any."""
        codes = np.stack([one.target(table).observed for one in self.each], axis=1)
        actual = np.where(codes < 0, np.nan, codes.astype(np.float64))
        return Target(np.where((codes < 0).all(axis=1), -1, 0), actual=actual)

    def renamed(self, names: Mapping[str, str]) -> Several:
        """The same of columns that are called otherwise: name -> new name."""
        return Several(tuple(one.renamed(names) for one in self.each))

    def unknown(self, rows: int) -> Target:
        """Of patients whose outcomes nobody gave."""
        return Target(np.full(rows, -1), actual=np.full((rows, len(self.each)), np.nan))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as an outcome."""
        return as_outcome(variable)

    def at(self, horizons: tuple[float, ...], where: str) -> Several:
        """Raises ``UserError``: nothing is said of times."""
        raise no_time(where)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions as this outcome states them: as they are."""
        return predictions

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        return tuple(variable for one in self.each for variable in one.read_as())

    def of(self, label: str) -> YesNo:
        """The event of that label."""
        return self.each[self.labels.index(label)]

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The share with the event of those of whom it is known; NaN where nobody was evaluated."""
        found = evaluation.measures.get(f"observed_{label}")
        return math.nan if found is None else found.value

    def titled(self, title: str, label: str) -> str:
        """A measure of one event."""
        return f"{title} of {self.shown(label)}"

    def of_curves(self, ranks: str) -> str:
        """What several curves in one figure are, with the measure of discrimination."""
        return f"One line an outcome, of those for which it is known; the mean AUROC is {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure that is looked at first."""
        return measure

    def at_first(self, value: Sequence[float]) -> int:
        """The likeliest of ``labels``."""
        return max(range(len(value)), key=value.__getitem__)

    def shown(self, label: str) -> str:
        """An outcome as a person reads it."""
        return label

    def event(self, label: str) -> str:
        """One event with the column it is about: "asthma is yes"."""
        one = self.of(label)
        return one.event(one.labels[0])

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What happened to one patient, by the names of the columns."""
        if code < 0:
            return "unknown"
        had = [name for name, one in zip(self.labels, actual, strict=True) if one == 1]
        known = sum(math.isfinite(one) for one in actual)
        said = ", ".join(had[:LISTED]) + f" and {len(had) - LISTED} more" * (len(had) > LISTED)
        lacking = len(actual) - known
        return (said or "none") + (f" ({lacking} not known)" if lacking else "")

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """Nothing: each is known of other patients, as the notes of an evaluation say."""
        return ()

    def rarest(self, events: Sequence[int], n: int) -> str:
        """How many there are of what limits an evaluation of n."""
        few = min(zip(events, self.labels, strict=True))
        return f"{'only ' if few[0] < ADVISED else ''}{few[0]:,} with {few[1]}, the rarest"

    def alert(self, threshold: float) -> float | None:
        """None: there is no alert for several."""
        return None

    def mistaken(self, label: str) -> str:
        """Nothing that several would say."""
        return ""

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        return predictions.columns("probability")

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return ", ".join(one.changed() for one in self.each)

    def question(self) -> str:
        """What is predicted, in a few words."""
        first = ", ".join(self.labels[:LISTED])
        return f"{len(self.each)} outcomes: {first}{' …' * (len(self.each) > LISTED)}"

    def described(self) -> str:
        """What is predicted, in a sentence."""
        return f"The probability of each of {len(self.each)} events: {', '.join(self.labels)}."
