"""What stands before and behind an estimated effect, as plain data: overlap, balance, arms,
heterogeneity and policies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pmed_core.arrays import from_plain
from pmed_core.evaluation import Curve, Measure


@dataclass(frozen=True)
class Arm:
    """One option.

    Attributes:
        n: patients who were given it.
        effective: as many patients, all of one weight, would tell as much as these do (Kish).
        chosen: share of all patients for whom the model predicts the best outcome under it.
    """

    option: str
    n: int
    effective: float
    chosen: float


@dataclass(frozen=True)
class Difference:
    """How far arms differ in one input: the absolute standardised mean difference before and after
    weighting, the largest of all comparisons with the reference."""

    variable: str
    before: float
    after: float


@dataclass(frozen=True)
class Group:
    """Patients of like predicted effect: how many, the mean that is predicted, and what their
    scores say."""

    n: int
    predicted: float
    observed: Measure


@dataclass(frozen=True)
class Control:
    """An outcome that the treatment cannot cause, of how many patients, and the effect on it that
    is estimated all the same, in standard deviations."""

    name: str
    n: int
    effect: Measure


@dataclass(frozen=True)
class Calibration:
    """What negative controls say of one comparison.

    Attributes:
        bias, spread: mean and standard deviation of systematic error, in standard deviations of an
            outcome; NaN where there are too few controls.
        average: the effect without it, with an interval that holds what is left; None likewise.
        p, calibrated_p: of no effect, before and after.
    """

    controls: tuple[Control, ...]
    bias: float = math.nan
    spread: float = math.nan
    average: Measure | None = None
    p: float = math.nan
    calibrated_p: float = math.nan

    @property
    def off(self) -> int:
        """Controls whose interval leaves out no effect."""
        return sum(one.effect.low > 0 or one.effect.high < 0 for one in self.controls)


HARDLY = 0.05
"""Share of a subgroup below which an option was hardly given in it."""


@dataclass(frozen=True)
class Subgroup:
    """Patients in words, and how many of them were given the option and the reference."""

    when: str
    of_option: int
    of_reference: int

    @property
    def n(self) -> int:
        """Of either."""
        return self.of_option + self.of_reference


@dataclass(frozen=True)
class Comparison:
    """One option against the reference.

    Attributes:
        average: effect, of the patients who can be compared.
        edges: (b + 1,) of histograms of the probability of the option among those of it and of the
            reference; ``of_option`` and ``of_reference`` (b,) patients who were given either.
        comparable: patients of whom like ones were given both; ``apart`` are those without.
        equipoise: share of the patients whose option was open: preference scores of 0.3 to 0.7
            (Walker et al., Comp Eff Res 2013); NaN where it was randomised.
        e_value, e_value_of_limit: how strongly, as a risk ratio, an unmeasured cause would have to
            be tied to both option and outcome to explain the average away, or its interval's end
            (VanderWeele & Ding, Ann Intern Med 2017); NaN where it was randomised.
        groups: by quintile of the predicted effect, from the lowest.
        concentrated: TOC by share of the patients treated, with its 95 % band.
        differs: whether there is evidence that the effect differs between patients.
        verdict: that in a sentence.
        projection: variable -> by how much the effect changes with one standard deviation of it, or
            with its category; strongest first.
        calibration: by negative controls, where there are some.
        lacking: subgroups in which either was hardly given; None where nobody looked.
    """

    option: str
    average: Measure
    edges: tuple[float, ...]
    of_option: tuple[int, ...]
    of_reference: tuple[int, ...]
    comparable: int
    apart: int
    equipoise: float
    e_value: float
    e_value_of_limit: float
    groups: tuple[Group, ...]
    concentrated: Curve
    differs: bool
    verdict: str
    projection: tuple[tuple[str, Measure], ...] = ()
    calibration: Calibration | None = None
    lacking: tuple[Subgroup, ...] | None = None


@dataclass(frozen=True)
class Policy:
    """The mean outcome if patients were treated so."""

    name: str
    outcome: Measure


@dataclass(frozen=True)
class Leaf:
    """What a rule of two questions says: which patients, how many of training, and their option."""

    when: str
    option: str
    n: int


@dataclass(frozen=True)
class Diagnostics:
    """Of an estimated effect.

    Attributes:
        design: how patients came by their option, in a sentence.
        limits: of the probability of an option among those of it and of the reference, between
            which patients are compared; 0 and 1 where all are.
        policies: treating by the model, by the rule, everybody alike, and as it was.
        rule: the best one of two questions; one leaf where it is best to treat everybody alike.
        warnings: what a reader must know before any effect.
    """

    design: str
    limits: tuple[float, float]
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    policies: tuple[Policy, ...]
    rule: tuple[Leaf, ...] = ()
    balance: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()


KEPT = "diagnostics"
"""Under which a model's card keeps them."""


def diagnostics_of(card: Mapping[str, Any]) -> Diagnostics | None:
    """What the card of a model keeps; None where it keeps none that can be read."""
    try:
        found: Diagnostics = from_plain(Diagnostics, card[KEPT])
    except (KeyError, ValueError):
        return None
    return found
