"""When an event happens, for patients of whom some were last seen before it did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd

from pmed_core.arrays import Floats
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.yes_no import ADVISED, Names, of_column

if TYPE_CHECKING:
    from pmed_core.predictions import Predictions


@dataclass(frozen=True)
class TimeToEvent:
    """An event in time; patients without it are right-censored when they were last seen.

    Attributes:
        column: says whether the event happened.
        time: the column with the time to the event, or to when the patient was last seen.
        positive: the values of ``column`` that count as the event.
        negative: those that say that it had not happened when the patient was last seen.
        competing: other events, after which this one cannot happen or is another question; a
            patient counts as last seen when one happens (cause-specific hazards).
        unit: of the time, in the plural: "months".
        horizons: times at which a risk is stated, rising.
        names: (value, name) of values that stand for something; changes nothing but words.
        cuts: (K + 1,) ends of the intervals in which time is divided, from 0; set by training.
    """

    column: str
    time: str
    positive: tuple[str, ...]
    negative: tuple[str, ...] = field(default=(), compare=False)
    competing: tuple[str, ...] = ()
    unit: str = "months"
    horizons: tuple[float, ...] = ()
    names: Names = field(default=(), compare=False)
    cuts: tuple[float, ...] = field(default=(), compare=False)
    kind: Literal["time to event"] = "time to event"

    discrimination: ClassVar[str] = "c_index"
    error: ClassVar[str] = "integrated_brier"
    of_one_event: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    first_measures: ClassVar[tuple[str, ...]] = (
        "c_index", "integrated_brier", "calibration_slope", "d_calibration",
    )  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened, and when."""
        return (self.column, self.time)

    @property
    def labels(self) -> tuple[str, ...]:
        """A column of risks for each horizon."""
        return tuple(f"{horizon:g}" for horizon in self.horizons)

    @property
    def levels(self) -> tuple[str, ...]:
        """What the codes of ``target`` mean."""
        return ("censored", "event")

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values of the event, and all others that are known."""
        return self.positive, (*self.negative, *self.competing)

    def target(self, table: pd.DataFrame) -> Target:
        """Codes and times of n rows; unknown where either is missing or a time is not positive."""
        values = table[self.column]
        time = pd.to_numeric(table[self.time], errors="coerce").to_numpy(dtype=np.float64)
        codes = values.isin(self.positive).to_numpy(dtype=np.int64)
        told = values.notna().to_numpy()
        if self.negative:
            told &= values.isin((*self.positive, *self.negative, *self.competing)).to_numpy()
        known = told & np.isfinite(time) & (time > 0)
        return Target(np.where(known, codes, -1), np.where(known, time, np.nan))

    def shown(self, label: str) -> str:
        """A horizon, or a value, as a person reads it: "within 12 months"."""
        if label in self.labels:
            return f"within {label} {self.unit}"
        return dict(self.names).get(label, label)

    def event(self, label: str) -> str:
        """The event by a horizon: "died is yes within 12 months"."""
        values = dict.fromkeys(dict(self.names).get(value, value) for value in self.positive)
        said = of_column(self.column, self.positive, " or ".join(values), self.names)
        return f"{said} {self.shown(label)}" if label else said

    def happened(self, code: int, time: float = float("nan")) -> str:
        """What happened to one patient, and when."""
        if code < 0 or not math.isfinite(time):
            return "unknown"
        return f"{'event after' if code else 'none until'} {time:.3g} {self.unit}"

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """How many there are of what, from the counts of an evaluation."""
        return (("with the event", events[0]),)

    def rarest(self, events: Sequence[int], n: int) -> str:
        """How many there are of what limits an evaluation of n."""
        return f"{'only ' if events[0] < ADVISED else ''}{events[0]:,} with the event"

    def alert(self, threshold: float) -> float | None:
        """None: a time has no alert."""
        return None

    def mistaken(self, label: str) -> str:
        """Nothing that a time would say."""
        return ""

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        found = {}
        for k, label in enumerate(predictions.labels):
            found[f"risk_{label}"] = predictions.probability[:, k]
            found[f"low_{label}"] = predictions.low[:, k]
            found[f"high_{label}"] = predictions.high[:, k]
        return found

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return f"time to {self.column} = {' or '.join(self.positive)}, by {self.time}"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return f"time to {self.event('')}"

    def described(self) -> str:
        """What is predicted, in a sentence."""
        shown = ", ".join(self.labels)
        return (
            f"The risk of the event ({self.event('')}) by each time; stated at {shown} {self.unit}."
        )
