"""When an event happens, for patients of whom some were last seen before it did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.errors import UserError
from pmed_core.outcomes.events import ADVISED, Names, as_outcome, of_column
from pmed_core.outcomes.target import MEMBERS, Target
from pmed_core.outcomes.time_to_event import follow_up
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Probability, Quantity
from pmed_core.variable import Kind, Role, Variable, readable

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd

    from pmed_core.evaluation import Evaluation
    from pmed_core.predictions import Predictions

GIVE_TIME = "Give --time COL, or two dates: --time-from COL --time-to COL."


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
        since: the column with the date of time zero; ``time`` and ``entry`` then hold dates too.
        entry: the column that says when a patient came into view, who would not be in the table
            with an event before that (left truncation); empty where all were seen from time zero.
        horizons: times at which a risk is stated, rising.
        names: (value, name) of values that stand for something; changes nothing but words.
        lived: risks are given that the patient has come this far; 0 but while one is explained.
        cuts: (K + 1,) ends of the intervals in which time is divided, from 0; set by training.
        left: (n, K) share of everybody without the event after each interval, of each network's
            own training part; set by training.
    """

    column: str
    time: str
    positive: tuple[str, ...]
    negative: tuple[str, ...] = field(default=(), compare=False)
    competing: tuple[str, ...] = ()
    unit: str = ""
    since: str = ""
    entry: str = ""
    horizons: tuple[float, ...] = ()
    names: Names = field(default=(), compare=False)
    lived: float = field(default=0.0, compare=False)
    cuts: tuple[float, ...] = field(default=(), compare=False)
    left: tuple[tuple[float, ...], ...] = field(default=(), compare=False)
    kind: Literal["time to event"] = "time to event"

    discrimination: ClassVar[str] = "c_index"
    error: ClassVar[str] = "integrated_brier"
    compared: ClassVar[tuple[str, ...]] = ("c_index", "integrated_brier")
    in_unit: ClassVar[tuple[str, ...]] = ()
    chance: ClassVar[float] = 0.5
    grades: ClassVar[tuple[float, float, float]] = (0.9, 0.8, 0.7)
    does: ClassVar[str] = "discriminates"
    answers: ClassVar[str] = "risks"
    interval: ClassVar[str] = MEMBERS
    of_one_event: ClassVar[bool] = False
    comparable: ClassVar[bool] = True
    additive: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ("forest", "boosting")
    # A tree reads as many rows of a patient as there were intervals lived, and is taken apart.
    in_a_round: ClassVar[int] = 8
    in_time: ClassVar[bool] = True
    else_average: ClassVar[bool] = False
    unsaid: ClassVar[str] = ""
    every: ClassVar[str] = "All horizons"
    choice: ClassVar[str] = "Horizon"

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        fit.add_argument(
            "--event", dest="outcome", metavar="COL", nargs=1,
            help="the outcome, where --time says when it happens",
        )  # fmt: skip
        fit.add_argument(
            "--time", metavar="COL", help="the column with the time to the event, or to when the "
            "patient was last seen: prognosis",
        )  # fmt: skip
        fit.add_argument("--time-from", metavar="COL", help="the date from which time is counted")
        fit.add_argument(
            "--time-to", metavar="COL",
            help="the date of the event, or on which the patient was last seen",
        )  # fmt: skip
        fit.add_argument(
            "--unit", metavar="UNIT", default="", help="of time: days, weeks, months or years"
        )
        fit.add_argument(
            "--entry", metavar="COL", help="when a patient came into view, as a time or a date: at "
            "risk from then on (left truncation)",
        )  # fmt: skip
        fit.add_argument(
            "--competing", metavar="VALUE", nargs="+", action="extend", default=[],
            help="values of the outcome that are another event, after which this one cannot happen",
        )  # fmt: skip

    @classmethod
    def typed(cls, given: Namespace) -> TimeToEvent | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        if bool(given.time_from) != bool(given.time_to) or (given.time and given.time_to):
            raise UserError("The time is given only in part, or twice", "fit", GIVE_TIME)
        time = given.time or given.time_to
        if time:
            return cls(
                given.outcome[0], time, tuple(given.positive), competing=tuple(given.competing),
                unit=given.unit, since=given.time_from or "", entry=given.entry or "",
                horizons=tuple(sorted(set(given.horizon))),
            )  # fmt: skip
        if given.unit or given.entry or given.competing or given.horizon:
            raise UserError("No time is given", "fit", GIVE_TIME)
        return None

    @property
    def learnt(self) -> TimeToEvent:
        """What networks learn: itself."""
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what happened, and when."""
        return (self.column, self.time, *filter(None, (self.since, self.entry)))

    @property
    def labels(self) -> tuple[str, ...]:
        """A column of risks for each horizon."""
        return tuple(f"{horizon:g}" for horizon in self.horizons)

    @property
    def first_measures(self) -> tuple[str, ...]:
        """Those that a reader sees first: overall, and at the horizon in the middle."""
        at = ("auroc", "observed", "observed_expected")
        return ("c_index", "integrated_brier", "d_calibration", *map(self.main, at))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is said of a patient, one for each of ``labels``."""
        return (Probability(),) * len(self.labels)

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values of the event, and all others that are known."""
        return self.positive, (*self.negative, *self.competing)

    def target(self, table: pd.DataFrame) -> Target:
        """Codes and times of n rows; unknown where either is missing, a time is not positive, or
        not after the patient came into view."""
        values = table[self.column]
        codes = values.isin(self.positive).to_numpy(dtype=np.int64)
        told = values.notna().to_numpy(dtype=bool)
        if self.negative:
            known = (*self.positive, *self.negative, *self.competing)
            told = values.isin(known).to_numpy(dtype=bool)
        time, entry = self.times(table)
        usable = told & np.isfinite(time) & (time > 0)
        if entry.size:
            usable &= entry < time
            entry = np.where(usable, np.maximum(entry, 0), np.nan)
        seen = np.where(usable, time, np.nan)
        return Target(np.where(usable, codes, -1), seen, entry=entry)

    def times(self, table: pd.DataFrame) -> tuple[Floats, Floats]:
        """(n,) times of n rows in ``unit``, NaN unknown, and when each came into view (unknown:
        at time zero); empty where all were seen from there."""
        time = follow_up.times(table, self.time, self.since, self.unit)
        if not self.entry:
            return time, np.empty(0)
        entry = follow_up.times(table, self.entry, self.since, self.unit)
        return time, np.where(np.isfinite(entry), entry, 0.0)

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The columns whose values say what happened, with those that are the event."""
        return (YesNo(self.column, self.positive),)

    def renamed(self, names: Mapping[str, str]) -> TimeToEvent:
        """The same of columns that are called otherwise: name -> new name."""
        return replace(
            self, column=names[self.column], time=names[self.time],
            since=names.get(self.since, ""), entry=names.get(self.entry, ""),
        )  # fmt: skip

    def unknown(self, rows: int) -> Target:
        """Of patients whose outcome nobody gave."""
        return Target(np.full(rows, -1), np.full(rows, np.nan))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as the outcome."""
        if variable.name in self.columns[1:]:
            return replace(variable, role=Role.OUTCOME, reason="")
        return as_outcome(variable)

    def at(self, horizons: tuple[float, ...], where: str) -> TimeToEvent:
        """With its risks at other times; raises ``UserError`` for those beyond what was seen."""
        last = self.cuts[-1] if self.cuts else math.inf
        for horizon in horizons:
            if not 0 < horizon <= last:
                raise UserError(
                    f"Nothing is known of {readable(horizon)} {self.unit}", where,
                    f"Patients were followed for up to {readable(last, 4)} {self.unit}: choose "
                    "a time above 0 and no longer than that.",
                )  # fmt: skip
        return replace(self, horizons=horizons)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions with their risks at these horizons, without intervals."""
        risk = 1 - at(predictions, np.asarray(self.horizons))
        return replace(
            predictions, labels=self.labels, value=risk, low=risk, high=risk,
            interval="not stated", panel=np.empty((0, 0, 0)),
        )  # fmt: skip

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        kind = Kind.DATE if self.since else Kind.NUMBER
        event = Variable(self.column, Kind.CATEGORY, Role.OUTCOME)
        return (event, *(Variable(name, kind, Role.OUTCOME) for name in self.columns[1:]))

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The risk of all patients together by a horizon (Kaplan-Meier); NaN if not known."""
        found = evaluation.measures.get(f"observed_{label}")
        return math.nan if found is None else found.value

    def titled(self, title: str, label: str) -> str:
        """A measure at one horizon."""
        return f"{title} {self.shown(label)}"

    def of_curves(self, ranks: str) -> str:
        """What several curves in one figure are, with the measure of discrimination."""
        return f"One line a horizon, patients weighted for follow-up; the C-index is {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure at the horizon in the middle, which is looked at first."""
        labels = self.labels
        return f"{measure}_{labels[len(labels) // 2]}" if labels else measure

    def at_first(self, probability: Sequence[float]) -> int:
        """The horizon in the middle."""
        return len(probability) // 2

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

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What happened to one patient, and when."""
        if code < 0 or not math.isfinite(time):
            return "unknown"
        return f"{'event after' if code else 'none until'} {readable(time)} {self.unit}"

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
        return predictions.columns("risk")

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        by = f"{self.since} to {self.time}" if self.since else self.time
        by += f", in view from {self.entry}" if self.entry else ""
        return f"time to {self.column} = {' or '.join(self.positive)}, by {by}"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return f"time until {self.event('')}"

    def described(self) -> str:
        """What is predicted, in a sentence."""
        shown = ", ".join(self.labels)
        return (
            f"The risk of the event ({self.event('')}) by each time; stated at {shown} {self.unit}."
        )


def at(predictions: Predictions, times: Floats) -> Floats:
    """(n, len(times)) predicted share without the event, straight between the predicted times."""
    known = np.asarray(predictions.times)
    place = np.clip(np.searchsorted(known, times), 1, len(known) - 1)
    share = np.clip((times - known[place - 1]) / (known[place] - known[place - 1]), 0, 1)
    survival = predictions.survival
    return np.asarray(survival[:, place - 1] * (1 - share) + survival[:, place] * share)
