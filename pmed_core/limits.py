"""What may change of the patients of a model, and how far: as its users have set it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from pmed_core.bounds import Words
from pmed_core.variable import Variable

Way = Literal["either", "lower", "higher"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
INPUTS_AT_MOST = 16
"""That may change: all pairs of them are looked at."""
NEVER = re.compile(r"\W*(never|nie|niemals|jamais|nunca)(?![^\W_])", re.IGNORECASE)
"""How a value begins that is of the past: who smokes can stop, and not have never smoked."""


def reachable(variable: Variable) -> tuple[str, ...]:
    """The values that a category may become where nothing else is set."""
    return tuple(code for code in variable.categories if not NEVER.match(variable.shown(code)))


@dataclass(frozen=True)
class Limit:
    """That one input may change, and how far.

    Attributes:
        variable: its name.
        way: in which direction a number may go.
        percent: by how much of the patient's own number at most (0..100); None: as far as it goes.
        low, high: between which a changed number lies; None: wherever patients' do.
        to: the values that a category may become; empty: those that are ``reachable``.
    """

    variable: Words
    way: Way = "either"
    percent: Annotated[Finite, Field(gt=0)] | None = None
    low: Finite | None = None
    high: Finite | None = None
    to: tuple[Words, ...] = ()

    def ends(self, now: float, usual: tuple[float, float]) -> tuple[float, float]:
        """The lowest and highest number that ``now`` may become; the first above the second where
        it may not move. ``usual``: what most patients lie between."""
        far = math.inf if self.percent is None else abs(now) * self.percent / 100
        low = max(now if self.way == "higher" else min(usual[0], now), now - far)
        high = min(now if self.way == "lower" else max(usual[1], now), now + far)
        if self.low is not None:
            low = max(low, self.low)
        return low, high if self.high is None else min(high, self.high)


@dataclass(frozen=True)
class Limits:
    """Of all inputs of a model that may change.

    Attributes:
        each: of one input each; what is not named stays as it is.
        higher: labels whose prediction is wanted higher; of all others, lower.
    """

    each: tuple[Limit, ...] = ()
    higher: tuple[Words, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the inputs that may change."""
        return tuple(limit.variable for limit in self.each)

    def of(self, variable: str) -> Limit:
        """What is set for an input; no limit but what patients have where nothing is."""
        return next((one for one in self.each if one.variable == variable), Limit(variable))
