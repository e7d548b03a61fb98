"""What of an event in time is compared: its risk by a horizon, or the time without it until then
(restricted mean survival time; Royston & Parmar, BMC Med Res Methodol 2013)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pmed_core.errors import UserError
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.time_to_event import TimeToEvent
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Amount, Probability, Quantity
from pmed_core.variable import Variable

if TYPE_CHECKING:
    import pandas as pd

    from pmed_core.outcomes import Outcome


@dataclass(frozen=True)
class ByHorizon:
    """An event by a time that everybody is compared at, however long each was followed.

    Attributes:
        of: the event and its time, whose one horizon this is.
        horizon: in the unit of the time.
        mean: the mean time without the event up to the horizon, and not the risk by then.
    """

    of: TimeToEvent
    horizon: float
    mean: bool = False
    kind: Literal["by horizon"] = "by horizon"

    names: ClassVar[tuple[tuple[str, str], ...]] = ()
    comparable: ClassVar[bool] = True

    @property
    def learnt(self) -> TimeToEvent:
        """What networks learn: the time itself."""
        return self.of

    @property
    def column(self) -> str:
        """Says whether the event happened."""
        return self.of.column

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that say what happened, and when."""
        return self.of.columns

    @property
    def unit(self) -> str:
        """Of what is compared."""
        return self.of.unit if self.mean else ""

    @property
    def until(self) -> str:
        """ "within 60 months"."""
        return f"within {self.horizon:g} {self.of.unit}".rstrip()

    @property
    def additive(self) -> bool:
        """Whether it is a risk."""
        return not self.mean

    @property
    def positive(self) -> tuple[str, ...]:
        """Values that are the event."""
        return self.of.positive

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the event."""
        return self.of.spellings

    @property
    def labels(self) -> tuple[str, ...]:
        """The one quantity."""
        return (f"{self.horizon:g}",)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """A risk, or a time of no more than the horizon."""
        if not self.mean:
            return (Probability(),)
        decimals = max(0, 2 - math.floor(math.log10(self.horizon)))
        name = f"time without the event up to {self.horizon:g} {self.of.unit}".rstrip()
        return (Amount(name, self.of.unit, decimals, 0.0, self.horizon),)

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The column whose values say what happened."""
        return self.of.each

    def target(self, table: pd.DataFrame) -> Target:
        """As of the event in time: what happened, and when each was last seen."""
        return self.of.target(table)

    def renamed(self, names: Mapping[str, str]) -> ByHorizon:
        """The same of columns that are called otherwise: name -> new name."""
        return replace(self, of=self.of.renamed(names))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as the outcome."""
        return self.of.of_column(variable)

    def read_as(self) -> tuple[Variable, ...]:
        """How ``columns`` are read from another file."""
        return self.of.read_as()

    def event(self, label: str) -> str:
        """ "died is yes within 60 months"."""
        return f"{self.of.event('')} {self.until}"

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What happened to one patient, and when."""
        return self.of.happened(code, time)

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        what = "mean time without the event" if self.mean else "risk"
        return f"{what} {self.until}, of {self.of.changed()}"

    def question(self) -> str:
        """What is compared, in a few words."""
        if not self.mean:
            return f"risk that {self.event('')}"
        return (
            f"mean time until {self.of.event('')}, up to {self.horizon:g} {self.of.unit}".rstrip()
        )


def by_horizon(outcome: Outcome, mean: bool, where: str) -> ByHorizon:
    """An event in time by its one horizon; raises ``UserError`` where it has not one, or cannot be
    compared by it."""
    if not isinstance(outcome, TimeToEvent):
        raise TypeError(f"Expected a time to an event. Received: {outcome!r}")
    if len(outcome.horizons) != 1:
        raise UserError(
            f"It is not said {'at which of several times' if outcome.horizons else 'when'} "
            "options are compared", f"time '{outcome.time}'",
            "Give one horizon that patients of each option have reached: --horizon 60.",
        )  # fmt: skip
    if outcome.competing or outcome.entry:
        why = "with competing events" if outcome.competing else "of patients who came late"
        raise UserError(
            f"The effect of a treatment on times {why} is not estimated", where,
            "Count competing events as the event, and patients from time zero; or choose "
            "another outcome.",
        )  # fmt: skip
    return ByHorizon(outcome, outcome.horizons[0], mean)
