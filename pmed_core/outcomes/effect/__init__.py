"""The effect of a treatment: what would happen under each of several options."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeGuard

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.bounds import Share
from pmed_core.errors import UserError
from pmed_core.outcomes.effect import arms as of_arms
from pmed_core.outcomes.effect.arms import Arms as Arms
from pmed_core.outcomes.effect.arms import Better as Better
from pmed_core.outcomes.events import ADVISED, Names, no_time
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon, by_horizon
from pmed_core.outcomes.yes_no import YesNo
from pmed_core.quantity import Amount, Quantity
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from argparse import Namespace

    import pandas as pd
    from numpy.typing import NDArray

    from pmed_core.evaluation import Evaluation
    from pmed_core.outcomes import Outcome
    from pmed_core.predictions import Predictions

Side = Literal["value", "low", "high"]
OPTIONS_AT_MOST = 5
REACH = 1.0
"""The ``Effect.reach`` of a model that is trained."""
TRUE = "is called as the truth of a simulation is"
"""Why a column is not read that no patient could have."""
CONTROL = "is a negative control"
"""Why another outcome is not read."""
Compared = YesNo | Number | ByHorizon
"""By what options are compared, of outcomes that are ``comparable``."""


@dataclass(frozen=True)
class Effect:
    """The difference that an option makes, instead of the reference, for each patient.

    What is said of a patient are the effects of all options but the reference, then the outcome
    under each. ``Target.observed`` is the option that was given; of ``Target.actual`` the last
    column is the outcome under it, or, by a horizon, whether the event was seen. Whoever predicts
    fills the others: the doubly robust score of each quantity, which is on average what it truly
    is, the probability with which patients like this one were given each option, and by a horizon
    what stands for the outcome.

    Attributes:
        of: the outcome.
        arms: the options.
        reach: how far beyond what was observed a number may be expected under an option, in shares
            of the range that was observed; set by training.
    """

    of: Compared
    arms: Arms
    kind: Literal["effect"] = "effect"
    decimals: int = field(default=3, compare=False)
    reach: Share = field(default=0.0, compare=False)

    discrimination: ClassVar[str] = "autoc"
    error: ClassVar[str] = "score_rmse"
    chance: ClassVar[float] = 0.0
    grades: ClassVar[tuple[float, float, float]] = (math.inf, math.inf, 0.0)
    does: ClassVar[str] = "tells effects apart"
    answers: ClassVar[str] = "effects"
    compared: ClassVar[tuple[str, ...]] = ("autoc", "qini", "policy_value", "score_rmse")
    interval: ClassVar[str] = "95 %, of the expected effect and not of one patient's fate"
    of_one_event: ClassVar[bool] = True
    comparable: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = ()
    in_a_round: ClassVar[int] = 1
    in_time: ClassVar[bool] = False
    else_average: ClassVar[bool] = True
    unsaid: ClassVar[str] = (
        "no effect is told of these, as too few patients like them were given each option"
    )
    horizons: ClassVar[tuple[float, ...]] = ()
    every: ClassVar[str] = "Effects, and the outcome under each option"
    choice: ClassVar[str] = "Quantity"
    names: ClassVar[Names] = ()
    first_measures: ClassVar[tuple[str, ...]] = ("ate", "autoc", "qini", "policy_value")

    @classmethod
    def flags(cls, fit: Any) -> None:
        """What may be typed of it in the shell."""
        of_arms.flags(fit)

    @classmethod
    def typed(cls, given: Namespace) -> Effect | None:
        """The outcome that was typed; None where it was not. Raises ``UserError``."""
        return None  # an outcome is typed, and ``Arms`` beside it

    @classmethod
    def on(cls, outcome: Outcome, arms: Arms) -> Effect:
        """Of options on an outcome; raises ``UserError`` where it is of a kind on which no effect
        is estimated."""
        if outcome.in_time:
            return cls(by_horizon(outcome, arms.restricted_mean, arms.column), arms)
        if arms.restricted_mean:
            raise UserError(
                "A restricted mean is of a time", arms.column, "Give the time to the event "
                "(--time COL), or leave out --restricted-mean.",
            )  # fmt: skip
        if not _comparable(outcome):
            raise UserError(
                f"The effect of a treatment on {outcome.question()} is not estimated",
                arms.column, "Choose an outcome of yes or no (which values count as the event: "
                "--positive VALUE …), a time to an event, or a number.",
            )  # fmt: skip
        return cls(outcome, arms)

    @property
    def in_unit(self) -> tuple[str, ...]:
        """Measures in the unit of the first quantity."""
        return (
            "ate", "autoc", "qini", "policy_value", "policy_gain", "observed_value", "score_rmse",
        )  # fmt: skip

    @property
    def column(self) -> str:
        """The outcome's."""
        return self.of.column

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say what was given, and what happened."""
        return (*self.of.columns, self.arms.column)

    @property
    def learnt(self) -> Outcome:
        """The outcome that networks learn."""
        return self.of.learnt

    def with_learnt(self, outcome: Outcome) -> Effect:
        """The same once training has settled what is learnt."""
        if type(outcome) is not type(self.learnt):
            raise TypeError(f"Expected {type(self.learnt).__name__}. Received: {outcome!r}")
        return replace(self, of=Effect.on(outcome, self.arms).of, reach=REACH)

    @property
    def until(self) -> str:
        """ " within 60 months"; empty where the outcome has no time."""
        return f" {self.of.until}" if isinstance(self.of, ByHorizon) else ""

    @property
    def unit(self) -> str:
        """Of effects."""
        return self.of.unit

    @property
    def positive(self) -> tuple[str, ...]:
        """Values of the outcome that are its event."""
        return self.of.positive

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the outcome."""
        return self.of.spellings

    @property
    def options(self) -> tuple[str, ...]:
        """The reference first."""
        return self.arms.options

    @property
    def effects(self) -> int:
        """How many of the quantities are effects; the others are outcomes."""
        return len(self.options) - 1

    @property
    def sign(self) -> int:
        """1 where a higher outcome is better, else -1."""
        told = self.arms.better or ("lower" if self.of.additive else "higher")
        return 1 if told == "higher" else -1

    @property
    def labels(self) -> tuple[str, ...]:
        """The effects, then the outcome under each option."""
        reference, *others = self.options or ("",)
        effects = tuple(f"{option} instead of {reference}" for option in others)
        return (*effects, *(f"with {option}" for option in self.options))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Differences in the outcome's unit, and outcomes."""
        outcome = self.under_option
        low, high = outcome.bounds
        width, decimals = high - low, getattr(outcome, "decimals", self.decimals)
        name = f"difference in {outcome.name}"
        effect = Amount(name, outcome.unit, decimals, -width, width, outcome.of_hundred)
        return (effect,) * self.effects + (outcome,) * len(self.options)

    @property
    def under_option(self) -> Quantity:
        """The outcome under one option. A number may lie beyond all that were observed: cut off
        there, an option would seem to do less for those to whom it does most."""
        (outcome,) = self.of.quantities
        if self.of.each or not (self.reach and isinstance(outcome, Amount)):
            return outcome
        low, high = outcome.bounds
        beyond = self.reach * (high - low)
        # What was never negative is not expected to be, nor positive what never was.
        lowest = max(low - beyond, 0.0) if low >= 0 else low - beyond
        highest = min(high + beyond, 0.0) if high <= 0 else high + beyond
        return replace(outcome, low=lowest, high=highest)

    @property
    def width(self) -> int:
        """Columns of ``Target.actual``."""
        return self.effects + 2 * len(self.options) + 1 + isinstance(self.of, ByHorizon)

    def raw(self, target: Target) -> Floats:
        """(n,) what was observed: the outcome, or whether the event was seen; NaN unknown."""
        return np.array(target.actual[:, -1])

    def given(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """(n,) option of each row, whether or not the outcome is known; -1 unknown."""
        import pandas as pd

        found = pd.Index(self.options).get_indexer(pd.Index(table[self.arms.column]))
        return np.asarray(found, dtype=np.int64)

    def target(self, table: pd.DataFrame) -> Target:
        """What was observed of n rows."""
        seen = self.of.target(table)
        outcome = seen.actual[:, 0] if seen.actual.size else np.where(
            seen.observed >= 0, seen.observed, np.nan
        )  # fmt: skip
        given = self.given(table)
        known = np.isfinite(outcome) & (given >= 0)
        actual = np.full((len(table), self.width), np.nan)
        actual[:, -1] = outcome
        return Target(np.where(known, given, -1), seen.time, actual)

    @property
    def each(self) -> tuple[YesNo, ...]:
        """The columns whose values say what happened, with those that are the event."""
        return self.of.each

    def renamed(self, names: Mapping[str, str]) -> Effect:
        """The same of columns that are called otherwise: name -> new name."""
        others = tuple(names.get(one, one) for one in self.arms.controls)
        arms = replace(self.arms, column=names[self.arms.column], controls=others)
        return replace(self, of=self.of.renamed(names), arms=arms)

    def unknown(self, rows: int) -> Target:
        """Of patients of whom nobody knows."""
        time = np.full(rows if isinstance(self.of, ByHorizon) else 0, np.nan)
        return Target(np.full(rows, -1), time, np.full((rows, self.width), np.nan))

    def of_column(self, variable: Variable) -> Variable:
        """A variable of ``columns`` as what it is here."""
        if variable.name != self.arms.column:
            return self.of.of_column(variable)
        return replace(
            variable, role=Role.TREATMENT, kind=Kind.CATEGORY, categories=self.options, range=None,
            reason="", changeable=False,
        )  # fmt: skip

    def at(self, horizons: tuple[float, ...], where: str) -> Effect:
        """Raises ``UserError``: nothing is said of times."""
        raise no_time(where)

    def stated(self, predictions: Predictions) -> Predictions:
        """Predictions as this outcome states them: as they are."""
        return predictions

    def read_as(self) -> tuple[Variable, ...]:
        """How the outcome is read from another file; the treatment is a variable of the model."""
        return self.of.read_as()

    def average(self, evaluation: Evaluation, label: str) -> float:
        """The mean effect, or outcome, of all patients; NaN where nobody was evaluated."""
        found = evaluation.measures.get(f"mean_{label}")
        return math.nan if found is None else found.value

    def titled(self, title: str, label: str) -> str:
        """A measure of one effect or option."""
        return f"{title}, {label}"

    def of_curves(self, ranks: str) -> str:
        """What a curve is, with the measure of discrimination."""
        return f"AUTOC {ranks}."

    def main(self, measure: str) -> str:
        """The key of a measure that is looked at first."""
        return measure

    def at_first(self, value: Sequence[float]) -> int:
        """Which of ``labels`` is looked at until another is asked for."""
        return 0

    def shown(self, label: str) -> str:
        """A label as a person reads it: it says all."""
        return label

    def event(self, label: str) -> str:
        """What is told: the effect of an option, or the outcome under it."""
        outcome = self.of.event(self.of.labels[0])
        return f"{outcome}: {label}" if label else outcome

    def happened(self, code: int, time: float = math.nan, actual: Sequence[float] = ()) -> str:
        """What was observed of one patient: "no event, with placebo"."""
        if code < 0:
            return "unknown"
        if isinstance(self.of, ByHorizon):
            return f"{self.of.happened(round(actual[-1]), time)}, with {self.options[code]}"
        value = float(actual[-1])
        said = self.of.happened(0 if not self.of.additive else round(value), time, (value,))
        return f"{said}, with {self.options[code]}"

    def counted(self, events: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """How many were given each option."""
        return tuple((f"with {o}", n) for o, n in zip(self.options, events, strict=False))

    def rarest(self, events: Sequence[int], n: int) -> str:
        """What limits an evaluation of n: the smallest arm."""
        if not events:
            return "none with a known option"
        smallest = int(np.argmin(events))
        few = "only " if events[smallest] < ADVISED else ""
        return f"{few}{events[smallest]:,} with {self.options[smallest]}"

    def alert(self, threshold: float) -> float | None:
        """None: no effect raises an alert."""
        return None

    def mistaken(self, label: str) -> str:
        """Nothing that an effect would say."""
        return ""

    def columns_of(self, predictions: Predictions) -> dict[str, Floats]:
        """Predictions as columns of a file."""
        found: dict[str, Floats] = {}
        for k, option in enumerate(self.options[1:]):
            end = "" if self.effects < 2 else f"_{option}"
            sides: tuple[tuple[str, Side], ...] = (
                ("effect", "value"), ("low", "low"), ("high", "high"),
            )  # fmt: skip
            found |= {f"{name}{end}": getattr(predictions, side)[:, k] for name, side in sides}
        name = "risk" if self.of.additive else "value"
        return found | {
            f"{name}_{option}": predictions.value[:, self.effects + k]
            for k, option in enumerate(self.options)
        }

    def changed(self) -> str:
        """What is predicted, as a line of a history."""
        return f"effect of {self.arms.column} on {self.of.changed()}"

    def question(self) -> str:
        """What is predicted, in a few words."""
        return f"effect of {self.arms.column} on {self.of.question()}"

    def design(self) -> str:
        """How patients came by their option, in a sentence."""
        if not self.arms.randomised:
            return (
                "The treatment was chosen, not randomised: effects hold only if the inputs hold "
                "everything on which both the choice and the outcome depend."
            )
        shares = zip(self.options, self.arms.probability, strict=False)
        told = ", ".join(f"{option} {100 * share:.4g} %" for option, share in shares)
        return f"The treatment was randomised ({told})."

    def described(self) -> str:
        """What is predicted, in a sentence."""
        others = " and of ".join(f"'{option}'" for option in self.options[1:])
        reference = self.options[0] if self.options else ""
        return (
            f"The effect of {others} instead of '{reference}' ({self.arms.column}) on "
            f"{self.of.question()}, with an interval ({self.interval}). {self.design()}"
        )


def _comparable(outcome: Outcome) -> TypeGuard[Compared]:
    return outcome.comparable


def effect_of(outcome: Outcome) -> Effect:
    """The outcome of a model that compares options; raises ``UserError`` for any other."""
    if not isinstance(outcome, Effect):
        raise UserError(
            "Nothing is compared here", outcome.column, "Open a model of a treatment instead."
        )
    return outcome
