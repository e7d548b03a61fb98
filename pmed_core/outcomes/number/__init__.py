"""A number: regression, in the outcome's own unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.errors import UserError
from pmed_core.outcomes.events import ADVISED, Names, no_time
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Amount, Quantity
from pmed_core.variable import Kind, Role, Variable, titled

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from pmed_core.evaluation import Evaluation
    from pmed_core.predictions import Predictions


@dataclass(frozen=True)
class Number:
    """A number of each patient.

    Attributes:
        column: the variable's name.
        unit: as it is written behind a number; empty for none.
        decimals: with which it is told; set by training.
        points: (c,) rising numbers that stand for all, from the lowest to the highest that was
            observed; set by training.
        share: (n, c) of everybody at each of them, of each network's training part; set by
            training.
    """

    column: str
    unit: str = ""
    decimals: int = field(default=1, compare=False)
    points: tuple[float, ...] = field(default=(), compare=False)
    share: tuple[tuple[float, ...], ...] = field(default=(), compare=False)
    kind: Literal["number"] = "number"

    discrimination: ClassVar[str] = "r2"
    error: ClassVar[str] = "mae"
    in_unit: ClassVar[tuple[str, ...]] = ("rmse", "mae", "interval_width", "mean_observed")
    chance: ClassVar[float] = 0.0
    grades: ClassVar[tuple[float, float, float]] = (0.6, 0.4, 0.2)
    does: ClassVar[str] = "predicts"
    answers: ClassVar[str] = "predictions"
    compared: ClassVar[tuple[str, ...]] = ("r2", "rmse", "mae")
    interval: ClassVar[str] = "conformal, meant to hold 90 % of the true values"
    of_one_event: ClassVar[bool] = True
    comparable: ClassVar[bool] = True
    additive: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ("forest", "boosting")
    in_a_round: ClassVar[int] = 1
    in_time: ClassVar[bool] = False
    else_average: ClassVar[bool] = False
    unsaid: ClassVar[str] = ""
    horizons: ClassVar[tuple[float, ...]] = ()
    every: ClassVar[str] = ""
    choice: ClassVar[str] = ""
    positive: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[Names] = ()
    spellings: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())
    first_measures: ClassVar[tuple[str, ...]] = ("r2", "rmse", "mae", "coverage", "interval_width")

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        fit.add_argument(
            "--number", action="store_true", help="predict the outcome as a number, in its unit; "
            "so is one of more than 20 different numbers",
        )  # fmt: skip

    @classmethod
    def typed(cls, given: Namespace) -> Number | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        if given.number and given.positive:
            raise UserError(
                "A number has no values that are the event",
                "fit",
                "Leave out --positive, or --number.",
            )
        return cls(given.outcome[0]) if given.number else None

    @property
    def learnt(self) -> Number:
        """What networks learn: itself."""
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened."""
        return (self.column,)

    @property
    def labels(self) -> tuple[str, ...]:
        """The one number that is predicted."""
        return (self.column,)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The number in its unit, within what was observed."""
        ends = (self.points[0], self.points[-1]) if self.points else (-math.inf, math.inf)
        return (Amount(self.column, self.unit, self.decimals, *ends),)

    def target(self, table: pd.DataFrame) -> Target:
        """What was observed of n rows."""
        import pandas as pd

        found = pd.to_numeric(table[self.column], errors="coerce").to_numpy(dtype=np.float64)
        actual = np.where(np.isfinite(found), found, np.nan)
        return Target(np.where(np.isnan(actual), -1, 0), actual=actual[:, None])

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The columns whose values say what happened, with those that are the event."""
        return ()

    def renamed(self, names: Mapping[str, str]) -> Number:
        """The same of columns that are called otherwise: name -> new name."""
        return replace(self, column=names[self.column])

    def unknown(self, rows: int) -> Target:
        """Of patients whose outcome nobody gave."""
        return Target(np.full(rows, -1), actual=np.full((rows, 1), np.nan))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as the outcome: it stays a number."""
        return replace(
            variable, role=Role.OUTCOME, kind=Kind.NUMBER, categories=(), labels=(), reason=""
        )

    def at(self, horizons: tuple[float, ...], where: str) -> Number:
        """Raises ``UserError``: nothing is said of times."""
        raise no_time(where)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions as this outcome states them: as they are."""
        return predictions

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        return (Variable(self.column, Kind.NUMBER, Role.OUTCOME, unit=self.unit),)

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The mean of all patients; NaN where nobody was evaluated."""
        found = evaluation.measures.get("mean_observed")
        return math.nan if found is None else found.value

    def titled(self, title: str, label: str) -> str:
        """A measure: there is one number only."""
        return title

    def of_curves(self, ranks: str) -> str:
        """What a curve is, with the measure of discrimination."""
        return f"R² {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure that is looked at first."""
        return measure

    def at_first(self, value: Sequence[float]) -> int:
        """Which of ``labels`` is looked at until another is asked for."""
        return 0

    def shown(self, label: str) -> str:
        """The number as a person reads it."""
        return label

    def event(self, label: str) -> str:
        """What is predicted."""
        return label or self.column

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What was observed of one patient."""
        return "unknown" if code < 0 else self.quantities[0].said(actual[0])

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """Nothing that could be counted."""
        return ()

    def rarest(self, events: Sequence[int], n: int) -> str:
        """What limits an evaluation of n."""
        return "each with a known value" if n >= ADVISED else "which are few"

    def alert(self, threshold: float) -> float | None:
        """None: a number has no alert."""
        return None

    def mistaken(self, label: str) -> str:
        """Nothing that a number would say."""
        return ""

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        values = (predictions.value, predictions.low, predictions.high)
        return {n: v[:, 0] for n, v in zip(("value", "low", "high"), values, strict=True)}

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return f"{self.column}, as a number"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return titled(self.column, self.unit) if self.unit else f"{self.column}, a number"

    def described(self) -> str:
        """What is predicted, in a sentence."""
        unit = f" in {self.unit}" if self.unit else ""
        return f"'{self.column}' as a number{unit}, with an interval ({self.interval})."
