"""Whether an effect differs between patients, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pmed_core.evaluation import Measure
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect.diagnostics import Comparison
from pmed_core.quantity import fewer, signed
from pmed_core.variable import MINUS


def told(effect: Effect, k: int, measures: Mapping[str, Measure]) -> tuple[bool, str]:
    """Whether there is evidence, and the sentence, with the average effect of option k + 1."""
    end = effect.arms.ends[k]
    average, autoc, qini = (measures.get(f"{name}{end}") for name in ("ate", "autoc", "qini"))
    if average is None or autoc is None or not math.isfinite(average.value):
        return False, (
            f"{effect.labels[k]}: too few patients who are alike were given both options, so that "
            "nothing can be said."
        )
    differs = _beyond_chance(autoc)
    label = effect.labels[k]
    mean = f"{label[:1].upper()}{label[1:]}: on average {_said(effect, k, average)}."
    ranks = _ends(autoc, effect.quantities[k].digits)
    if differs:
        return True, (
            f"{mean} The effect differs between patients, and the model tells for whom it is "
            f"larger (AUTOC {ranks})."
        )
    if qini is not None and _beyond_chance(qini):
        # Of two tests the better one would be right by chance more often than either.
        return False, (
            f"{mean} Signs, but no clear evidence, that the effect differs between patients: the "
            f"Qini coefficient leaves out 0 ({_ends(qini, effect.quantities[k].digits)}), AUTOC "
            f"does not ({ranks}). Rely on the average unless other data say the same."
        )
    return False, (
        f"{mean} No evidence that the effect differs between patients (AUTOC {ranks}): rely on the "
        "average."
    )


def _beyond_chance(found: Measure) -> bool:
    return math.isfinite(found.low) and found.low > 0


def calibrated(effect: Effect, one: Comparison) -> str:
    """What negative controls leave of the average effect; empty without an empirical null."""
    kept = one.calibration
    if kept is None or kept.average is None:
        return ""
    k = effect.options.index(one.option) - 1
    return (
        f"Calibrated by {len(kept.controls)} negative controls, {effect.labels[k]}: on average "
        f"{_said(effect, k, kept.average)} (p {_p(kept.calibrated_p)}, before {_p(kept.p)})."
    )


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _said(effect: Effect, k: int, measure: Measure) -> str:
    quantity = effect.quantities[k]
    if quantity.of_patients:
        ends = f"{fewer(measure.low)} to {fewer(measure.high)}"
        return (
            f"{fewer(measure.value)} of 100 patients with the event{effect.until}, 95 % interval "
            f"{ends}"
        )
    return f"{_ends(measure, quantity.digits)} {quantity.unit}".strip()


def _ends(measure: Measure, digits: int) -> str:
    low, high = (f"{end:.{digits}f}".replace("-", MINUS) for end in (measure.low, measure.high))
    return f"{signed(measure.value, digits)}, 95 % interval {low} to {high}"
