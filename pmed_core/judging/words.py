"""The judgement in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import Measure, Rival
from pmed_core.outcome import Outcome, YesNo

EVENTS_ADVISED = 100
SAME = 0.005
"""A difference in AUROC that nobody would notice at a bedside."""


def verdict(model: dict[str, Measure], rivals: Sequence[Rival]) -> str:
    """The model against the baselines, best AUROC first; says so where a baseline wins."""
    comparable = [rival for rival in rivals if np.isfinite(rival.difference.low)]
    if not comparable:
        return "" if not rivals else "These patients cannot tell the model from the baselines."
    ours = model["auroc"].value
    better = [rival for rival in comparable if rival.difference.high < 0]
    if better:
        found = f"{better[0].name} discriminates better than the model"
        return f"{found} ({_against(better[0], ours)}): use that."
    simple = next((r for r in comparable if _is_logistic(r) and _as_good(r)), None)
    if simple:
        found = "The model is no better than logistic regression"
        return f"{found} ({_against(simple, ours)}): use that, it is simpler."
    return _otherwise(comparable, ours) + _brier(model, comparable)


def _is_logistic(rival: Rival) -> bool:
    return rival.name.casefold().startswith("logistic regression")


def _as_good(rival: Rival) -> bool:
    """The model is not ahead, or so little that it does not matter, and not clearly ahead."""
    ahead = rival.difference.value > SAME and rival.difference.high > 2 * SAME
    return rival.difference.low <= 0 and not ahead and rival.brier_difference.high >= 0


def _otherwise(rivals: Sequence[Rival], ours: float) -> str:
    level = [rival for rival in rivals if rival.difference.low <= 0]
    if not level:
        next_best = f"{rivals[0].name}, the best of them ({_against(rivals[0], ours)})"
        return f"The model discriminates better than every baseline; next is {next_best}."
    found = "No baseline is clearly better than the model, nor the model clearly better than"
    return f"{found} {level[0].name} ({_against(level[0], ours)})."


def _brier(model: dict[str, Measure], rivals: Sequence[Rival]) -> str:
    """A warning where a baseline's risks are closer to what happened."""
    closer = [rival for rival in rivals if rival.brier_difference.low > 0]
    if not closer:
        return ""
    best = min(closer, key=lambda rival: rival.measures["brier"].value)
    scores = f"{best.measures['brier'].value:.4f} against {model['brier'].value:.4f}"
    return f" But the risks of {best.name} are closer to what happened (Brier score {scores})."


def _against(rival: Rival, ours: float) -> str:
    """The winner's score first, and the difference as a positive number where it can be one."""
    theirs, gap = rival.measures["auroc"].value, rival.difference
    first, second, low, high = ours, theirs, gap.low, gap.high
    if gap.value < 0:
        first, second, low, high = theirs, ours, -gap.high, -gap.low
    digits = 3 if round(first, 2) == round(second, 2) or abs(gap.value) < 0.02 else 2
    return (
        f"AUROC {first:.{digits}f} against {second:.{digits}f}; difference "
        f"{abs(gap.value):.{digits}f}, 95 % interval {low:.{digits}f} to {high:.{digits}f}"
    )


def notes(
    observed: NDArray[np.int64], outcome: Outcome, measures: dict[str, Measure]
) -> tuple[str, ...]:
    """What a reader must know about n known outcomes (n,) and their measures."""
    if not len(observed):
        return ("No patient has a known outcome, so nothing can be judged.",)
    if isinstance(outcome, YesNo):
        return _yes_no(observed, measures)
    counts = np.bincount(observed, minlength=len(outcome.labels))
    absent = [name for name, count in zip(outcome.labels, counts, strict=True) if not count]
    rarest = int(counts[counts > 0].min())
    found = [f"Nobody here has the outcome '{name}', so it is not judged." for name in absent]
    if rarest < EVENTS_ADVISED:
        name = outcome.labels[int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))]
        found.append(_few(rarest, f"with the outcome '{name}'"))
    return tuple(found)


def _yes_no(observed: NDArray[np.int64], measures: dict[str, Measure]) -> tuple[str, ...]:
    events = int((observed == 1).sum())
    without = len(observed) - events
    if not events or not without:
        nobody = "Nobody" if not events else "Everybody"
        return (
            f"{nobody} here has the event, so discrimination and calibration cannot be judged.",
        )
    found = []
    if min(events, without) < EVENTS_ADVISED:
        which = "with the event" if events <= without else "without the event"
        found.append(_few(min(events, without), which))
    if measures["auroc"].value in (0.0, 1.0):
        found.append(
            "The risks separate the two outcomes perfectly here, so the calibration slope does "
            "not exist and the interval of the AUROC has no width: check for a leak, and judge on "
            "more patients."
        )
    elif not np.isfinite(measures["calibration_slope"].value):
        found.append("The calibration slope cannot be found: the risks hardly differ.")
    elif not np.isfinite(measures["calibration_slope"].low):
        found.append("There are too few patients for an interval of the calibration slope.")
    return tuple(found)


def _few(count: int, which: str) -> str:
    patients = "patient" if count == 1 else "patients"
    wide = "the intervals mean little" if count < 10 else "the intervals are wide"
    return (
        f"Only {count} {patients} {which}: {wide}. At least {EVENTS_ADVISED} are advised for "
        "judging a model (Collins et al., Stat Med 2016)."
    )


def dropped(unknown: int, unusable: int) -> tuple[str, ...]:
    """Rows that were left out."""
    reasons = ((unknown, "a known outcome"), (unusable, "a predicted risk"))
    return tuple(
        f"{count:,} {'row' if count == 1 else 'rows'} without {what} "
        f"{'was' if count == 1 else 'were'} left out."
        for count, what in reasons
        if count
    )


def drawn(outside: int, n: int, repeated: bool) -> tuple[str, ...]:
    """Who is in here."""
    found = []
    if outside:
        found.append(
            f"{outside:,} of {n:,} rows are unlike those the model was trained on; they are judged "
            "with the others."
        )
    if repeated:
        found.append("Some patients have several rows: the intervals keep these together.")
    return tuple(found)
