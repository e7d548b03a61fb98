"""The judgement in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.judgement import MEAN_LITTLE, Measure, Rival
from pmed_core.outcome import Outcome, YesNo

EVENTS_ADVISED = 100
FEW = 10
NOBODY = "No patient has a known outcome, so nothing can be judged."
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Judged:
    """Who was judged.

    Attributes:
        observed: (n,) the index of what happened.
        patients: (n,) ids.
        of: what each of the n is: a patient, a scan, a row.
    """

    observed: NDArray[np.int64]
    patients: NDArray[np.str_]
    of: str

    def without(self, value: int) -> tuple[int, int]:
        """(patients, rows) of those to whom something else happened."""
        return self._counted(self.observed != value)

    def having(self, value: int) -> tuple[int, int]:
        """(patients, rows) of those to whom this happened."""
        return self._counted(self.observed == value)

    def _counted(self, chosen: NDArray[np.bool_]) -> tuple[int, int]:
        return len(np.unique(self.patients[chosen])), int(chosen.sum())


def verdict(model: dict[str, Measure], rivals: Sequence[Rival]) -> str:
    """The model against the baselines, best AUROC first; says so where a baseline wins."""
    comparable = [rival for rival in rivals if np.isfinite(rival.difference.low)]
    if not comparable:
        return "" if not rivals else "These patients cannot tell the model from the baselines."
    ours = model["auroc"].value
    better = [rival for rival in comparable if rival.better]
    chance = _no_better_than_chance(model["auroc"])
    if better and not (chance and _no_better_than_chance(better[0].measures["auroc"])):
        found = f"{better[0].name} discriminates better than the model"
        return f"{chance}{found} ({_against(better[0], ours)}): use that."
    if chance:
        return f"{chance}Its risks say nothing of a patient: do not use it."
    simple = next((r for r in comparable if r.simple and r.as_good), None)
    if simple:
        found = "The model is no better than logistic regression"
        return f"{found} ({_against(simple, ours)}): use that, it is simpler."
    return _otherwise(comparable, ours) + _brier(model, comparable)


def _no_better_than_chance(auroc: Measure) -> str:
    """The sentence that says so; empty where it is better, or nobody knows."""
    if not auroc.bounded or auroc.low > 0.5:
        return ""
    worse = "worse" if auroc.high < 0.5 else "no better"
    ends = f"{auroc.value:.2f}, 95 % interval {auroc.low:.2f} to {auroc.high:.2f}"
    return f"The model is {worse} than chance (AUROC {ends}). "


def _otherwise(rivals: Sequence[Rival], ours: float) -> str:
    level = [rival for rival in rivals if rival.difference.low <= 0]
    if not level:
        next_best = f"{rivals[0].name}, the best of them ({_against(rivals[0], ours)})"
        return f"Better than every simpler model tried; next is {next_best}."
    best = f"{_inside(level[0].name)} ({_against(level[0], ours)})"
    return f"Performs as well as {best}. No alternative is clearly better."


def _brier(model: dict[str, Measure], rivals: Sequence[Rival]) -> str:
    """A warning where a baseline's risks are closer to what happened."""
    closer = [rival for rival in rivals if rival.brier_difference.low > 0]
    if not closer:
        return ""
    best = min(closer, key=lambda rival: rival.measures["brier"].value)
    scores = f"{best.measures['brier'].value:.4f}, that of the model {model['brier'].value:.4f}"
    return f" But the risks of {best.name} are closer to what happened (Brier score {scores})."


def _against(rival: Rival, ours: float) -> str:
    """Both scores with their owners, and the model's minus the rival's, as in the table of them."""
    theirs, gap = rival.measures["auroc"].value, rival.difference
    digits = 3 if round(ours, 2) == round(theirs, 2) or abs(gap.value) < 0.02 else 2
    difference, low, high = (_signed(end, digits) for end in (gap.value, gap.low, gap.high))
    ends = f", 95 % interval {low} to {high}" if gap.bounded else ""
    return (
        f"AUROC of the model {ours:.{digits}f}, of {_inside(rival.name)} {theirs:.{digits}f}; "
        f"difference {difference}{ends}"
    )


def _signed(value: float, digits: int) -> str:
    """With a true minus sign, and none before a zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def _inside(name: str) -> str:
    """A name as it stands within a sentence; SVM keeps its capitals."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def notes(judged: Judged, outcome: Outcome, measures: dict[str, Measure]) -> tuple[str, ...]:
    """What a reader must know about the known outcomes (one or more) and their measures."""
    if isinstance(outcome, YesNo):
        return _yes_no(judged, measures)
    counts = [judged.having(k) for k in range(len(outcome.labels))]
    found = [
        f"Nobody here has the outcome '{name}', so it is not judged."
        for name, (_, rows) in zip(outcome.labels, counts, strict=True)
        if not rows
    ]
    there = [(count, name) for count, name in zip(counts, outcome.labels, strict=True) if count[1]]
    rarest, name = min(there, key=lambda pair: pair[0])
    if rarest[0] < EVENTS_ADVISED:
        found.append(_few(rarest, f"with the outcome '{name}'", judged.of))
    return (*found, *_unbounded(measures["auroc"]))


def _unbounded(auroc: Measure) -> tuple[str, ...]:
    """Why several classes have an AUROC without an interval."""
    if auroc.bounded or not np.isfinite(auroc.value):
        return ()
    if auroc.value == 1:
        return (
            "The probabilities separate the classes perfectly here, so the AUROC has no interval: "
            "check for a leak, and judge on more patients.",
        )
    return ("There are too few patients for an interval of the AUROC.",)


def _yes_no(judged: Judged, measures: dict[str, Measure]) -> tuple[str, ...]:
    events, without = judged.having(1), judged.without(1)
    if not events[1] or not without[1]:
        nobody = "Nobody" if not events[1] else "Everybody"
        return (
            f"{nobody} here has the event, so discrimination and calibration cannot be judged.",
        )
    found = []
    rarer, which = min((events, "with the event"), (without, "without the event"))
    if rarer[0] < EVENTS_ADVISED:
        found.append(_few(rarer, which, judged.of))
    if measures["auroc"].value in (0.0, 1.0):
        found.append(
            "The risks separate the two outcomes perfectly here, so the AUROC has no interval and "
            "the calibration slope does not exist: check for a leak, and judge on more patients."
        )
    elif not np.isfinite(measures["calibration_slope"].value):
        found.append("The calibration slope cannot be found: the risks hardly differ.")
    elif not np.isfinite(measures["calibration_slope"].low):
        found.append("There are too few patients for an interval of the calibration slope.")
    return tuple(found)


def _few(count: tuple[int, int], which: str, of: str) -> str:
    """Count: patients, of whom alone there can be too few, and their rows."""
    patients, rows = count
    told = f"{_many(patients, 'patient')} {which} ({_many(rows, of)})"
    if patients == rows:
        told = f"{_many(rows, of)} {which}"
    wide = MEAN_LITTLE if patients < FEW else "the intervals are wide"
    return (
        f"Only {told}: {wide}. At least {EVENTS_ADVISED} are advised for "
        "judging a model (Collins et al., Stat Med 2016)."
    )


def _many(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"


def dropped(unknown: int, unusable: int, one: str = "row") -> tuple[str, ...]:
    """Rows, or scans, that were left out."""
    reasons = ((unknown, "a known outcome"), (unusable, "a predicted risk"))
    return tuple(
        f"{_many(count, one)} without {what} {'was' if count == 1 else 'were'} left out."
        for count, what in reasons
        if count
    )


def drawn(outside: int, judged: Judged, repeated: bool) -> tuple[str, ...]:
    """Who is in here."""
    ones = "scans" if judged.of == "scan" else "rows"
    found = []
    if outside:
        found.append(
            f"{outside:,} of {len(judged.observed):,} {ones} are unlike those the model was "
            "trained on; they are judged with the others."
        )
    if repeated:
        found.append(f"Some patients have several {ones}: the intervals keep these together.")
    return tuple(found)
