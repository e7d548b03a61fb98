"""What becomes of patients by a horizon, of whom some were last seen before it.

Each patient's outcome is replaced by a number that has, among those who were given the same option,
the same mean: whoever was followed counts for those who were lost (inverse probability of
censoring), and those who were lost for what was to be expected of them from then on (Robins &
Rotnitzky 1992; Rubin & van der Laan, Int J Biostat 2007). It is what a pseudo-observation is for
large n (Graw, Gerds & Schumacher, Lifetime Data Anal 2009), and unlike it is learnt from one part
of the patients and said of another. Who is lost may hang on the option, and not on how a patient
would have fared. Curves are kept at even times, so that none tells when a patient was seen; at all
times where many patients share each, as where time is counted in whole months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.errors import UserError
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.target import Target
from pmed_core.outcomes.time_to_event import grid
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon

Doubles = NDArray[np.float64]
TIMES, SHARED = 401, 5
"""Even times from 0 to the horizon; patients of each time on average, where all are kept."""
KEPT, EVENTS = 0.05, 5
"""Share of an arm that is still followed at the horizon, had nobody the event, and its events by
then, at least."""


@dataclass(frozen=True)
class Followed:
    """Patients of one option.

    Attributes:
        horizon, mean: as of ``ByHorizon``.
        times: (t,) rising, from 0 to the horizon.
        weight: (t,) one over the share that is still followed just before each time.
        expected: (t,) outcome of those who have come so far without the event.
    """

    horizon: float
    mean: bool
    times: Floats
    weight: Floats
    expected: Floats

    def values(self, time: Doubles, event: NDArray[np.bool_]) -> Doubles:
        """(n,) last seen, and whether with the event -> (n,) what stands for their outcomes."""
        end = np.minimum(time, self.horizon)
        happened = event & (time <= self.horizon)
        outcome = np.where(happened, end, self.horizon) if self.mean else happened
        seen = happened | (time >= self.horizon)
        gathered = np.append(0.0, np.cumsum(self.expected[:-1] * np.diff(self.weight)))
        weight, expected, lost = (
            np.interp(end, self.times, curve) for curve in (self.weight, self.expected, gathered)
        )
        return np.asarray(weight * np.where(seen, outcome, expected) - lost)


def followed(outcome: ByHorizon, time: Doubles, event: NDArray[np.bool_]) -> Followed:
    """Learnt from (n,) patients of one option."""
    times = np.linspace(0, outcome.horizon, TIMES)
    told = np.unique(np.append(time[time < outcome.horizon], (0.0, outcome.horizon)))
    if len(told) <= len(time) / SHARED:
        times = told
    alive, left = grid.kaplan_meier(time, event)
    lost, still = _lost(time, event)
    weight = 1 / np.maximum(grid.steps(lost, still, times, before=True), KEPT / 5)
    survival = grid.steps(alive, left, times)
    if outcome.mean:
        # Exact areas under the steps.
        ends = np.unique(np.concatenate([times, alive[alive < outcome.horizon]]))
        area = np.append(0.0, np.cumsum(grid.steps(alive, left, ends[:-1]) * np.diff(ends)))
        within = np.interp(times, ends, area)
        beyond = area[-1] - within
    else:
        beyond = survival - survival[-1]
    share = np.divide(beyond, survival, out=np.zeros(len(times)), where=survival > 0)
    return Followed(outcome.horizon, outcome.mean, times, weight, share + times * outcome.mean)


def restricted_mean(times: Doubles, left: Doubles, horizon: float) -> Doubles:
    """(t,) rising times from 0 and (n, t) share left by each, straight between them -> (n,) mean
    time up to the horizon."""
    ends = np.minimum(times, horizon)
    last = np.stack([np.interp(horizon, times, one) for one in left]) if len(left) else left[:, 0]
    upto = np.where(times <= horizon, left, last[:, None])
    return np.asarray(((upto[:, 1:] + upto[:, :-1]) / 2 * np.diff(ends)).sum(axis=1))


def _lost(time: Doubles, event: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Times at which patients were last seen without the event, and the share that is still
    followed after each; whoever has the event at that time had it before."""
    times, count = np.unique(time[~event], return_counts=True)
    seen, gone = np.sort(time), np.sort(time[event])
    at_risk = len(time) - np.searchsorted(seen, times, "left")
    at_risk -= np.searchsorted(gone, times, "right") - np.searchsorted(gone, times, "left")
    return times, np.asarray(np.cumprod(1 - count / np.maximum(at_risk, 1)), dtype=np.float64)


def learnt(effect: Effect, target: Target) -> tuple[Followed, ...]:
    """Of each option, from a training part; empty where everybody's outcome is known."""
    of = effect.of
    if not isinstance(of, ByHorizon):
        return ()
    event, given = effect.raw(target) == 1, target.observed
    return tuple(
        followed(of, target.time[given == k], event[given == k]) for k in range(len(effect.options))
    )


def outcomes(effect: Effect, arms: tuple[Followed, ...], target: Target) -> Doubles:
    """(n,) the outcome under the option that each was given, or what stands for it; NaN unknown."""
    found = effect.raw(target)
    event = found == 1
    for k, one in enumerate(arms):
        mine = target.observed == k
        found[mine] = one.values(target.time[mine], event[mine])
    return found


def refuse_unfollowed(effect: Effect, target: Target, where: str) -> None:
    """Raises ``UserError`` where nobody with an option was seen with the event, or until the
    horizon."""
    of = effect.of
    if not isinstance(of, ByHorizon):
        return
    event, longest = effect.raw(target) == 1, of.horizon
    for k in range(len(effect.options)):
        mine = target.observed == k
        lost, still = _lost(target.time[mine], event[mine])
        if (still < KEPT).any():
            longest = min(longest, float(lost[still < KEPT][0]))
    if longest < of.horizon:
        raise UserError(
            f"Not all options are followed for {of.horizon:g} {of.of.unit}", where,
            f"Choose a horizon of at most {_rounded(longest):g} {of.of.unit}: until then some "
            "patients of each option were seen.",
        )  # fmt: skip
    for k, option in enumerate(effect.options):
        mine = target.observed == k
        many = int((event[mine] & (target.time[mine] <= of.horizon)).sum())
        if mine.any() and many < EVENTS:
            only = f"Only {many}" if many else "None"
            raise UserError(
                f"{only} of the {mine.sum():,} patients given '{option}' had the event "
                f"{of.until}", where, "Choose a later horizon, or leave this option out: where "
                "nearly everybody was last seen without the event, options cannot be compared.",
            )  # fmt: skip


def _rounded(time: float) -> float:
    """Down to two digits."""
    scale = 10.0 ** (np.floor(np.log10(max(time, 1e-9))) - 1)
    return float(np.floor(time / scale + 1e-9) * scale)
