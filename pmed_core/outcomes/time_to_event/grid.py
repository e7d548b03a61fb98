"""Time in intervals, and what is known of it without any model.

Kaplan & Meier, JASA 1958; intervals by its quantiles and constant density within one: Kvamme &
Borgan, Lifetime Data Analysis 2021.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluations.proportions import Z

Doubles = NDArray[np.float64]
FEW_EVENTS, FEW, MANY = 200, 6, 12
"""With fewer events than this there are few intervals."""


NOBODY_LATE = np.empty(0)
"""Everybody was seen from time zero."""
IN_VIEW_AT_LEAST, IN_VIEW_SHARE = 10, 0.05
"""Patients, or a share of them where that is fewer; see ``first_counted``."""


def kaplan_meier(
    time: Doubles, event: NDArray[np.bool_], entry: Doubles = NOBODY_LATE
) -> tuple[Doubles, Doubles]:
    """(t,) rising times of events, and (t,) share without the event after each.

    Patients with an ``entry`` (n,) are at risk after it alone (Kaplan-Meier for left-truncated
    times: Tsai, Jewell & Wang, Biometrika 1987).
    """
    times, count = np.unique(time[event], return_counts=True)
    count = np.where(times < first_counted(time, entry), 0, count)
    left = np.cumprod(1 - count / np.maximum(_at_risk(time, times, entry), 1))
    return times, left.astype(np.float64)


def first_counted(time: Doubles, entry: Doubles) -> float:
    """When enough patients are in view for the first time; 0 where all are from time zero.

    Events before are not counted, and shares are of those who came so far without: where two are
    in view and one dies, half of everybody would be gone, and where one, all (Lai & Ying, Ann Stat
    1991).
    """
    if not entry.size:
        return 0.0
    least = min(IN_VIEW_AT_LEAST, int(np.ceil(IN_VIEW_SHARE * len(entry))))
    came = np.sort(entry)
    enough = np.arange(1, len(came) + 1) - np.searchsorted(np.sort(time), came, "right") >= least
    return float(came[np.argmax(enough)]) if enough.any() else 0.0


def aalen_johansen(
    time: Doubles, cause: NDArray[np.int64], entry: Doubles = NOBODY_LATE
) -> tuple[Doubles, Doubles, Doubles]:
    """(t,) rising times of events of any cause, (t, causes) share that has had each by then, and
    (t, causes) its standard error.

    ``cause``: (n,) 0 for none, then 1, 2, ... (Aalen & Johansen, Scand J Stat 1978). Where there
    are several, one less Kaplan-Meier of each says too much: it counts as at risk whom another
    cause has taken.
    """
    times, left = kaplan_meier(time, cause > 0, entry)
    free = np.append(1.0, left[:-1])
    at_risk = np.maximum(_at_risk(time, times, entry), 1)
    begun = times >= first_counted(time, entry)
    counts = [
        np.bincount(np.searchsorted(times, time[cause == one]), minlength=len(times)) * begun
        for one in range(1, int(cause.max(initial=0)) + 1)
    ]
    each = [np.cumsum(free * count / at_risk) for count in counts]
    errors = [_error(free, at_risk, np.sum(counts, axis=0), count) for count in counts]
    if not each:
        return times, np.empty((len(times), 0)), np.empty((len(times), 0))
    return times, np.stack(each, axis=1), np.stack(errors, axis=1)


def _error(
    free: Doubles, at_risk: NDArray[np.int64], events: NDArray[np.int64], mine: NDArray[np.int64]
) -> Doubles:
    """(t,) standard error of a cumulative incidence by the delta method (Marubini & Valsecchi,
    Analysing Survival Data from Clinical Trials, 1995, chapter 10)."""
    rise = free * mine / at_risk
    so_far = np.cumsum(rise)
    # Where all at risk have it nothing comes after, so that the term is none.
    lost = np.divide(events, at_risk * (at_risk - events), where=at_risk > events,
                     out=np.zeros(len(free)))  # fmt: skip
    # The sums over earlier times of (F(t) - F(s))^2 and F(t) - F(s), multiplied out.
    squares = so_far**2 * np.cumsum(lost) - 2 * so_far * np.cumsum(lost * so_far)
    squares += np.cumsum(lost * so_far**2)
    both = so_far * np.cumsum(rise / at_risk) - np.cumsum(so_far * rise / at_risk)
    own = np.cumsum(free * rise * (at_risk - mine) / at_risk**2)
    return np.asarray(np.sqrt(np.maximum(squares + own - 2 * both, 0)))


def bounds(share: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """95 % interval of shares, by log(-log) (Kalbfleisch & Prentice, 1980); no width where all or
    none have it."""
    inside = (share > 0) & (share < 1)
    known = np.where(inside, share, 0.5)
    wide = Z * np.where(inside, error, 0) / np.abs(known * np.log(known))
    low, high = known ** np.exp(wide), known ** np.exp(-wide)
    return np.where(inside, low, share), np.where(inside, high, share)


def _at_risk(time: Doubles, times: Doubles, entry: Doubles) -> NDArray[np.int64]:
    """(t,) how many are seen as long as each time, and in view before."""
    found = len(time) - np.searchsorted(np.sort(time), times, side="left")
    if entry.size:
        found = found - (len(time) - np.searchsorted(np.sort(entry), times, side="left"))
    return np.asarray(found)


def steps(times: Doubles, survival: Doubles, at: Doubles, before: bool = False) -> Doubles:
    """A step function that begins at 1, at some times; ``before``: just before each."""
    place = np.searchsorted(times, at, side="left" if before else "right")
    return np.asarray(np.append(1.0, survival)[place])


def cuts(
    time: Doubles, event: NDArray[np.bool_], entry: Doubles = NOBODY_LATE
) -> tuple[float, ...]:
    """(K + 1,) ends of intervals with like shares of events, from 0 to the last time seen."""
    intervals = FEW if event.sum() < FEW_EVENTS else MANY
    times, survival = kaplan_meier(time, event, entry)
    levels = np.linspace(1, survival[-1], intervals + 1)[1:-1]
    inner = times[np.minimum(np.searchsorted(-survival, -levels), len(times) - 1)]
    ends = np.unique(np.concatenate([[0.0], inner, [time.max()]]))
    return tuple(float(end) for end in ends)


def horizons(time: Doubles, event: NDArray[np.bool_]) -> tuple[float, ...]:
    """Three round times, by which about a quarter, half and three quarters of the events that
    were seen had happened."""
    wanted = np.quantile(time[event], [0.25, 0.5, 0.75])
    return tuple(dict.fromkeys(_round(float(value)) for value in wanted))


def _round(value: float) -> float:
    """To the nearest of 1, 2, 3, 5, 6, 9 or 12 times a power of ten, or whole years of months."""
    if 6 <= value < 240:
        return float(max(6, 6 * round(value / 6)))
    scale = 10.0 ** np.floor(np.log10(max(value, 1e-9)))
    choices = np.array([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10]) * scale
    return float(choices[np.argmin(np.abs(choices - value))])


def shares_until(cuts: tuple[float, ...], times: Doubles) -> Doubles:
    """(K + 1, t) how much of each interval, and of what lies beyond, is over at each time."""
    ends = np.asarray(cuts)
    inside = (times[None] - ends[:-1, None]) / np.diff(ends)[:, None]
    return np.concatenate([np.clip(inside, 0, 1), np.zeros((1, len(times)))])
