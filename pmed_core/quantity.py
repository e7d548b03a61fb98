"""What is said of a patient: a probability, or an amount in a unit.

A quantity knows the scale on which the shares of an explanation add up, how a number on that scale
is shown, and the words for both, so that nobody else needs to ask which of the two it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from pmed_core.variable import MINUS, readable, titled

UNKNOWN = "not known"
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Typed:
    """A number field for a goal.

    Attributes:
        scale: what is typed is so many times the value.
    """

    title: str
    low: float
    high: float
    step: float
    format: str
    scale: float
    help: str


@dataclass(frozen=True)
class Probability:
    """The probability of an event or class; shares add up in log-odds."""

    kind: Literal["probability"] = "probability"

    name: ClassVar[str] = "risk"
    title: ClassVar[str] = "Risk"
    unit: ClassVar[str] = ""
    predicted: ClassVar[str] = "risk"
    estimate: ClassVar[str] = "Estimate the risk"
    change: ClassVar[str] = "Smallest change that brings the risk to a goal"
    scale: ClassVar[str] = "log-odds"
    explained: ClassVar[str] = "log-odds of the risk"
    shares: ClassVar[str] = explained
    uncertainty: ClassVar[str] = (
        "how far the model disagrees with itself, not all that may be unknown about this one"
    )
    axis: ClassVar[str] = "Risk (log-odds scale)"
    axis_of_shares: ClassVar[str] = axis
    digits: ClassVar[int] = 3
    of_hundred: ClassVar[bool] = True
    """Whether it can be told as so many people of a hundred."""
    of_patients: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def shown(self, scores: Doubles) -> Doubles:
        """Log-odds as probabilities."""
        small = np.exp(-np.abs(scores))
        return np.asarray(np.where(scores < 0, small, 1.0) / (1 + small))

    def value(self, score: float) -> float:
        """One score as it is shown."""
        return float(self.shown(np.float64(score)))  # type: ignore[arg-type]

    def score(self, value: float) -> float:
        """The log-odds of a probability, within those that can be told from 0 and 1."""
        inside = min(max(value, 1e-9), 1 - 1e-9)
        return math.log(inside / (1 - inside))

    def said(self, value: float) -> str:
        """ "14 %"."""
        return percent(value)

    def span(self, low: float, high: float) -> str:
        """ "12 % to 17 %"."""
        return percents(low, high)

    def share(self, change: float) -> str:
        """What something adds, on the scale on which shares add up: "+0.42"."""
        return signed(change)

    def smallest(self) -> float:
        """A share below it would read as nothing."""
        return 0.005

    def difference(self, before: float, after: float) -> str:
        """ "+3.2 percentage points"."""
        return f"{signed(100 * (after - before), 1)} percentage points"

    def ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Places on the scale between two others, and the round risks that they are."""
        kept: list[float] = []
        for risk in (*TICKS, *(1 - tick for tick in reversed(TICKS[:-1]))):
            at = self.score(risk)
            if low <= at <= high and (not kept or at - kept[-1] > (high - low) / 6):
                kept.append(at)
        return [(at, percent(self.value(at))) for at in kept]

    def air(self, low: float, high: float) -> float:
        """Room to leave on both sides of a plot."""
        return max(0.27 * (high - low), 0.15)

    @property
    def typed(self) -> Typed:
        """How a goal is asked for: in per cent."""
        about = "At first the model's threshold where the risk is above it, else half way."
        return Typed("Target risk (%)", 0.1, 99.9, 0.5, "%.1f", 100.0, about)

    def goal(self, threshold: float, value: float, higher: bool = False) -> float:
        """What is asked for at first: the threshold where the risk is above it, else half way to
        none, or to certainty where it is wanted ``higher``."""
        wanted = threshold if 0 < threshold < value else value / 2
        wanted = (1 + value) / 2 if higher else wanted
        return min(max(round(100 * wanted, 1), 0.1), 99.9)

    def wanted(self, value: float, at_least: bool) -> str:
        """A goal as it was typed, not rounded as a risk is."""
        return f"a risk {'above' if at_least else 'below'} {readable(100 * value, 3)} %"

    def typical(self, event: str, of: str = "patient") -> str:
        """What is said of a typical one; the event in words, "died is yes", here and below; ``of``:
        whose it is."""
        return f"the model's answer for a typical {of} to whether {event}"

    def unmoved(self, event: str, of: str = "patient") -> str:
        """That nothing moves it for this one."""
        return f"The model's answer to whether {event} is that for a typical {of}"

    def of(self, event: str) -> str:
        """What moves: "the risk that died is yes"."""
        return f"the risk that {event}"

    def heading(self, event: str, named: bool) -> str:
        """Above the number; the event is a sentence unless its values have names."""
        return f"Risk{':' if named else ' that'} {event}"

    def of_event(self, event: str) -> str:
        """Of what event it is, behind its name."""
        return f" of the event {event!r}" if event else ""

    def quoted(self, event: str) -> str:
        """In a title: "Risk of “died is yes”"."""
        return f"Risk of “{event}”"

    def compared(self, value: float, average: float, of: str = "patient") -> str:
        """One's beside that of the average one, as the end of "That is … "."""
        among_all = f"the {percent(average)} among all {of}s"
        if value > 1.25 * average:
            return f"higher than average: {readable(value / average, 2)} times {among_all}"
        if value < 0.8 * average:
            times = readable(average / max(value, 1e-6), 2)
            return f"lower than average: {among_all} is {times} times as high"
        return f"about average, near {among_all}"


@dataclass(frozen=True)
class Amount:
    """A number in the outcome's unit, in which shares add up too.

    Attributes:
        name: of the outcome.
        unit: as it is written behind a number; empty for none.
        decimals: with which it is told.
        low, high: of all that was observed in training.
        of_patients: it is a difference in risk, which is told as patients of a hundred.
    """

    name: str
    unit: str = ""
    decimals: int = 1
    low: float = -math.inf
    high: float = math.inf
    of_patients: bool = False
    kind: Literal["amount"] = "amount"

    of_hundred: ClassVar[bool] = False
    estimate: ClassVar[str] = "Estimate the value"

    @property
    def digits(self) -> int:
        """Behind the point, where a mean of many is told."""
        return self.decimals + 1

    uncertainty: ClassVar[str] = (
        "right for that share of all cases together, not for that share of each kind of them"
    )

    @property
    def title(self) -> str:
        """The name at the beginning of a line; names such as pIC50 stay as they are."""
        first = self.name.partition(" ")[0]
        plain = first.isalpha() and first.islower()
        return f"{self.name[:1].upper()}{self.name[1:]}" if plain else self.name

    @property
    def change(self) -> str:
        """The heading above a search for a goal."""
        return f"Smallest change that brings {self.name} to a goal"

    @property
    def predicted(self) -> str:
        """The name of what is predicted, not observed."""
        return f"predicted {self.name}"

    @property
    def scale(self) -> str:
        """What shares are counted in."""
        return self.unit or f"units of '{self.name}'"

    @property
    def explained(self) -> str:
        """Of what contributions are parts."""
        return f"{self.scale} of '{self.name}'" if self.unit else self.scale

    @property
    def shares(self) -> str:
        """In what ``share`` tells them."""
        return "patients of 100" if self.of_patients else self.explained

    @property
    def axis(self) -> str:
        """The title of an axis."""
        return titled(self.name, self.unit)

    @property
    def axis_of_shares(self) -> str:
        """That of the axis with ``ticks``, along which shares add up."""
        return titled(self.name, "patients of 100") if self.of_patients else self.axis

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and highest that were observed."""
        return self.low, self.high

    def shown(self, scores: Doubles) -> Doubles:
        """Scores are amounts already."""
        return scores

    def value(self, score: float) -> float:
        """Likewise."""
        return score

    def score(self, value: float) -> float:
        """Likewise."""
        return value

    def said(self, value: float) -> str:
        """ "152 mg/dL"."""
        if not math.isfinite(value):
            return UNKNOWN
        if self.of_patients:
            return f"{fewer(value)} of 100"
        return f"{self._number(value)} {self.unit}".strip()

    def span(self, low: float, high: float) -> str:
        """ "120 to 180 mg/dL"."""
        if self.of_patients:
            return f"{fewer(low)} to {fewer(high)} of 100"
        first, last = self._number(low), self._number(high)
        return f"{first if first == last else f'{first} to {last}'} {self.unit}".strip()

    def share(self, change: float) -> str:
        """What something adds: "+4.2"; to patients of a hundred, where it is told as these."""
        return signed(100 * change, 1) if self.of_patients else signed(change, self.decimals + 1)

    def smallest(self) -> float:
        """A share below it would read as nothing."""
        return 0.0005 if self.of_patients else float(0.5 * 10.0 ** -(self.decimals + 1))

    def difference(self, before: float, after: float) -> str:
        """ "+12 mg/dL"."""
        return f"{signed(after - before, self.decimals)} {self.unit}".strip()

    def ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Round numbers between two others."""
        rough = max((high - low) / 5, 1e-300)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
        places = [step * k for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return [(at, readable(100 * at if self.of_patients else at, 6)) for at in places]

    def air(self, low: float, high: float) -> float:
        """Room to leave on both sides of a plot."""
        return max(0.27 * (high - low), 2 * 10.0**-self.decimals)

    @property
    def typed(self) -> Typed:
        """How a goal is asked for: in the unit, within what was observed."""
        title = f"Target {titled(self.name, self.unit)}"
        step = float(10.0**-self.decimals)
        return Typed(title, self.low, self.high, step, f"%.{self.decimals}f", 1.0, "")

    def goal(self, threshold: float, value: float, higher: bool = False) -> float:
        """What is asked for at first: half way to the lowest that was observed, or the highest."""
        end = self.high if higher else self.low
        return min(max(round((value + end) / 2, self.decimals), self.low), self.high)

    def wanted(self, value: float, at_least: bool) -> str:
        """A goal as it was typed."""
        side = "least" if at_least else "most"
        return f"{self.name} of at {side} {readable(value, 6)} {self.unit}".strip()

    def typical(self, event: str, of: str = "patient") -> str:
        """What is said of a typical one."""
        return f"the model's prediction of {self.name} for a typical {of}"

    def unmoved(self, event: str, of: str = "patient") -> str:
        """That nothing moves it for this one."""
        return f"The model's prediction of {self.name} is that for a typical {of}"

    def of(self, event: str) -> str:
        """What moves."""
        return self.name

    def heading(self, event: str, named: bool) -> str:
        """Above the number."""
        return event

    def of_event(self, event: str) -> str:
        """Nothing more: its name says all."""
        return ""

    def quoted(self, event: str) -> str:
        """In a title."""
        return f"“{event}”"

    def compared(self, value: float, average: float, of: str = "patient") -> str:
        """One's beside the mean of all, as the end of "That is … "."""
        among_all = f"{self.said(average)}, the mean of all {of}s"
        apart = round(abs(value - average), self.decimals)
        if not apart:
            return f"about {among_all}"
        side = "above" if value > average else "below"
        return f"{self.said(apart)} {side} {among_all}"

    def _number(self, value: float) -> str:
        return f"{round(value, self.decimals) + 0.0:,.{self.decimals}f}".replace("-", MINUS)


Quantity = Probability | Amount
RISK = Probability()


def shown(quantities: tuple[Quantity, ...], scores: Doubles) -> Doubles:
    """(..., q) scores as the values that are shown."""
    each = [one.shown(scores[..., k]) for k, one in enumerate(quantities)]
    return np.stack(each, axis=-1) if each else scores


def fewer(share: float) -> str:
    """A difference in risk as patients of a hundred: "8.7 fewer"."""
    return f"{100 * abs(share):.1f} {'fewer' if share < 0 else 'more'}"


def counted(n: int, one: str, many: str = "") -> str:
    """ "1 patient", "4,000 patients"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """0.137 -> "14 %"; one decimal below 10 %, and never a plain 0 or 100 that is not one."""
    if not math.isfinite(share):
        return UNKNOWN
    if 0 < share < 0.001:
        return "below 0.1 %"
    if 0.999 < share < 1:
        return "above 99.9 %"
    digits = 1 if share < 0.1 or share > 0.99 else 0
    text = f"{100 * share:.{digits}f}"
    return f"{text.removesuffix('.0')} %"


def percents(low: float, high: float) -> str:
    """ "12 % to 17 %"; once where both ends read the same."""
    first, last = percent(low), percent(high)
    return first if first == last else f"{first} to {last}"


def signed(value: float, digits: int = 2) -> str:
    """+0.42 or −0.42; 0.00 has no sign."""
    shown = round(value, digits) + 0.0
    return f"{shown:{'+' if shown else ''}.{digits}f}".replace("-", MINUS)
