"""The evaluation in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.baselines import Advice, inside
from pmed_core.evaluation import MEAN_LITTLE, Baseline, Evaluation, Measure
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.events import ADVISED
from pmed_core.quantity import counted

FEW = 10
TOO_FEW = "Too few were evaluated to tell the model from the baselines."
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Evaluated:
    """Who was evaluated.

    Attributes:
        observed: (n,) the index of what happened.
        patients: (n,) ids.
        of: what each of the n is: a patient, a scan, a row.
        actual, time: as in ``Target``.
    """

    observed: NDArray[np.int64]
    patients: NDArray[np.str_]
    of: str
    actual: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    time: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def without(self, value: int) -> tuple[int, int]:
        """(patients, rows) of those to whom something else happened."""
        return self._counted(self.observed != value)

    def having(self, value: int) -> tuple[int, int]:
        """(patients, rows) of those to whom this happened."""
        return self._counted(self.observed == value)

    def _counted(self, chosen: NDArray[np.bool_]) -> tuple[int, int]:
        return len(np.unique(self.patients[chosen])), int(chosen.sum())


TITLES = {
    "auroc": "AUROC", "c_index": "C-index", "brier": "Brier score",
    "integrated_brier": "integrated Brier score", "r2": "R²", "mae": "mean absolute error",
    "autoc": "AUTOC", "score_rmse": "error of the scores",
    "per_drug_r": "correlation within a drug",
}  # fmt: skip
"""Of the measures by which models are compared."""


def verdict(
    outcome: Outcome, model: dict[str, Measure], baselines: Sequence[Baseline], ranks: str = ""
) -> str:
    """The model against the baselines, best first; says so where a baseline wins. ``ranks``: the
    measure by which they are compared, where it is not that of the outcome."""
    return _Verdict.on(outcome, ranks).of(model, baselines)


def beaten(
    outcome: Outcome, model: dict[str, Measure], baselines: Sequence[Baseline], ranks: str = ""
) -> str:
    """The sentence that a baseline is better, where one is; as ``verdict``."""
    better = [baseline for baseline in baselines if baseline.better]
    return _Verdict.on(outcome, ranks).beaten(model, better, "The model") if better else ""


def advised(evaluation: Evaluation, advise: Callable[[str], Advice], model: str = "") -> Evaluation:
    """With what to do where a baseline is to be preferred, asked by the name of each; ``model``:
    title of the one that was evaluated, which nobody is told to train."""
    if not evaluation.baselines:
        return evaluation
    told = tuple(
        replace(one, advice=_to_owner(advise(one.name), model)) for one in evaluation.baselines
    )
    said = verdict(evaluation.outcome, evaluation.measures, told)
    return replace(evaluation, baselines=told, verdict=said)


def _to_owner(advice: Advice, model: str) -> Advice:
    """What is advised to whoever has trained the model of that title."""
    instead = "" if model and f"train '{model}'" in advice.instead else advice.instead
    return replace(advice, instead=instead, own=advice.model == model != "")


@dataclass(frozen=True)
class _Verdict:
    """By which measures models are compared: one of discrimination, what it is by chance, and one
    of error; what a model's answers are called."""

    ranks: str
    error: str
    chance: float
    answers: str
    does: str

    @classmethod
    def on(cls, outcome: Outcome, ranks: str) -> _Verdict:
        """As models of an outcome are compared; ``ranks``: by another measure."""
        return cls(
            ranks or outcome.discrimination,
            outcome.error,
            outcome.chance,
            outcome.answers,
            outcome.does,
        )

    def of(self, model: dict[str, Measure], baselines: Sequence[Baseline]) -> str:
        """The verdict on a model and its baselines, best first."""
        comparable = [baseline for baseline in baselines if np.isfinite(baseline.difference.low)]
        if not comparable:
            return "" if not baselines else TOO_FEW
        ours = model[self.ranks].value
        better = [baseline for baseline in comparable if baseline.better]
        chance = self._no_better_than_chance(model)
        if better and not (chance and self._no_better_than_chance(better[0].measures)):
            return f"{chance}{self.beaten(model, better, 'It' if chance else 'The model')}"
        if chance:
            return f"{chance}Its {self.answers} tell nothing apart: do not use it."
        simple = next((r for r in comparable if r.simple and r.as_good), None)
        if simple:
            found = f"The model is no better than {inside(simple.name)}"
            return f"{found} ({self._against(simple, ours)}){_do([simple], ', it is simpler')}"
        return self._otherwise(comparable, ours) + self._closer(model, comparable)

    def beaten(self, model: dict[str, Measure], better: Sequence[Baseline], who: str) -> str:
        """That others are better, the best first, whether a name is of one thing or of several."""
        ours, best = model[self.ranks].value, better[0]
        found = f"{who} {self.does} worse than {inside(best.name)}"
        return f"{found} ({self._against(best, ours)}){_do(better)}"

    def _no_better_than_chance(self, measures: dict[str, Measure]) -> str:
        """The sentence that says so; empty where it is better, or nobody knows."""
        found = measures[self.ranks]
        if not found.bounded or found.low > self.chance:
            return ""
        worse = "worse" if found.high < self.chance else "no better"
        ends = f"{found.value:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f}"
        return f"The model is {worse} than chance ({TITLES[self.ranks]} {ends}). "

    def _otherwise(self, baselines: Sequence[Baseline], ours: float) -> str:
        level = [baseline for baseline in baselines if baseline.difference.low <= 0]
        if not level:
            best = f"{inside(baselines[0].name)} ({self._against(baselines[0], ours)})"
            return f"Better than every simpler model tried; the best of them is {best}."
        best = f"{inside(level[0].name)} ({self._against(level[0], ours)})"
        return f"Performs as well as {best}. No alternative is clearly better."

    def _closer(self, model: dict[str, Measure], baselines: Sequence[Baseline]) -> str:
        """A warning where a baseline's risks are closer to what happened."""
        closer = [baseline for baseline in baselines if baseline.brier_difference.low > 0]
        if not closer:
            return ""
        best = min(closer, key=lambda baseline: baseline.measures[self.error].value)
        theirs, ours = best.measures[self.error].value, model[self.error].value
        digits = 4 if max(theirs, ours) < 1 else 2
        scores = f"{TITLES[self.error]} {theirs:.{digits}f}, that of the model {ours:.{digits}f}"
        return f" But the {self.answers} of {best.name} are closer to what happened ({scores})."

    def _against(self, baseline: Baseline, ours: float) -> str:
        """Both scores with their owners, and their difference, as in their table."""
        theirs, gap = baseline.measures[self.ranks].value, baseline.difference
        digits = 3 if round(ours, 2) == round(theirs, 2) or abs(gap.value) < 0.02 else 2
        difference, low, high = (_signed(end, digits) for end in (gap.value, gap.low, gap.high))
        ends = f", 95 % interval {low} to {high}" if gap.bounded else ""
        return (
            f"{TITLES[self.ranks]} of the model {ours:.{digits}f}, of {inside(baseline.name)} "
            f"{theirs:.{digits}f}; difference {difference}{ends}"
        )


def _do(preferable: Sequence[Baseline], why: str = "") -> str:
    """The end of a sentence about the first of them: to train it, or what to do where it is no
    model that can be chosen; then also to train the best that is one."""
    first = preferable[0].advice
    if first.model and not first.own:
        return f": train '{first.model}' instead{why}."
    said = f": {first.instead}." if first.instead else "."
    others = (one for one in preferable if one.advice.model and not one.advice.own)
    other = next(others, None)
    if other is None:
        return said
    return f"{said} {other.name} is better too: train '{other.advice.model}' instead."


def _signed(value: float, digits: int) -> str:
    """With a true minus sign, and none before a zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def few(count: tuple[int, int], which: str, of: str) -> str:
    """That there are too few. Count: patients, of whom alone there can be too few, and their
    rows."""
    patients, rows = count
    told = f"{counted(patients, 'patient')} {which} ({counted(rows, of)})"
    if patients == rows:
        told = f"{counted(rows, of)} {which}"
    wide = MEAN_LITTLE if patients < FEW else "the intervals are wide"
    return (
        f"Only {told}: {wide}. At least {ADVISED} are advised for "
        "evaluating a model (Collins et al., Stat Med 2016)."
    )


def nobody(one: str) -> str:
    """That of none of them the outcome is known."""
    return f"No {one} has a known outcome, so nothing can be evaluated."


def dropped(unknown: int, unusable: int, one: str = "row") -> tuple[str, ...]:
    """Rows, or scans, that were left out."""
    reasons = ((unknown, "a known outcome"), (unusable, "a prediction"))
    return tuple(
        f"{counted(count, one)} without {what} {'was' if count == 1 else 'were'} left out."
        for count, what in reasons
        if count
    )


def ranked(by_rank: bool, parts: int, of: str) -> tuple[str, ...]:
    """How measures of ranks were taken where models of several folds predicted.

    ``parts``: how many folds' models there are.
    """
    if not by_rank or parts < 2:
        return ()
    return (
        f"Each {of} is ranked among those of the same fold, which the same models predicted; "
        "intervals of these measures allow for other training patients too. Curves show all folds "
        "together.",
    )


def drawn(outside: int, evaluated: Evaluated, repeated: bool) -> tuple[str, ...]:
    """Who is in here."""
    found = []
    if outside:
        are = "is" if outside == 1 else "are"
        found.append(
            f"{outside:,} of {counted(len(evaluated.observed), evaluated.of)} {are} unlike those "
            "the model was trained on; all are evaluated together."
        )
    if repeated:
        ones = "rows" if evaluated.of == "patient" else f"{evaluated.of}s"
        who = "patients" if evaluated.of in ("patient", "row", "scan") else "ids"
        found.append(f"Some {who} have several {ones}: the intervals keep these together.")
    return tuple(found)
