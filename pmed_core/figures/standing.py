"""How far to trust a number: what stands beside it wherever a model speaks of somebody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pmed_core.baselines import inside
from pmed_core.evaluation import Evaluation
from pmed_core.figures import wording
from pmed_core.work import Basis, Consultation

Level = Literal["bad", "doubtful", "good", "unknown"]

GRADES = ("very well", "well", "fairly")
"""Behind the values of the outcome's ``grades``; below them "weakly"."""
RIGHT, WIDE = "well calibrated", 0.5
"""Said where the interval of the slope holds 1 and reaches no further from it than that."""


@dataclass(frozen=True)
class Standing:
    """How far to trust a model.

    Attributes:
        level: in one word, for a colour.
        grade: in a few words.
        score: the measure of discrimination with its interval; empty where it is not known.
        details: calibration, simpler models, and how many events it was evaluated on.
        tells: whether its numbers tell patients apart; where they do not, no risk is shown.
        doubt: why it is doubtful all the same where the grade praises; else empty.
    """

    level: Level
    grade: str
    score: str
    details: tuple[str, ...]
    tells: bool
    doubt: str = ""

    @property
    def mark(self) -> str:
        """What stands beside the mark of the level, so that both say the same."""
        return self.doubt or self.grade

    @property
    def beside(self) -> tuple[str, ...]:
        """Details where the mark stands already: the grade in the place of what it says."""
        if not self.doubt:
            return self.details
        others = (one for one in self.details if one[1:] != self.doubt[1:])
        return (inside(self.grade), *others)

    @property
    def headline(self) -> str:
        """Grade and score."""
        return f"{self.grade}. {self.score}" if self.score else self.grade

    @property
    def sentence(self) -> str:
        """Headline and details as one paragraph."""
        return f"{self.headline}. {'; '.join(self.details)}.".replace(". .", ".")


NO_EVIDENCE = "No clear evidence of differences between patients"
NO_RISK = "No number is shown: the model is no better than chance"
"""In the place of a number."""
NO_RISK_WHY = (
    "On {one}s it had not seen its answers did not tell one from another, so its number says "
    "nothing of this {one}"
)


def standing(evaluation: Evaluation, label: str = "") -> Standing:
    """Of discrimination first, as the rest means nothing without it; of one ``label`` where it has
    measures of its own, as a mean of several outcomes says little of one."""
    own = f"{evaluation.discrimination}_{label}"
    name = own if own in evaluation.measures else evaluation.discrimination
    ranks = evaluation.measures.get(name)
    if ranks is None or not math.isfinite(ranks.value):
        return Standing(
            "unknown", "Its quality is unknown", "", (_counted(evaluation, label),), True
        )
    calibration = _calibration(evaluation, label)
    details = (
        *calibration,
        *_coverage(evaluation),
        *_simpler(evaluation),
        _counted(evaluation, label),
    )
    score = f"{wording.measure_title(name, evaluation.outcome)} {wording.measure(ranks, 3)}"
    if ranks.value == 1 and not ranks.bounded:
        grade = "Perfect, which is rarely true: check for a leak"
        return Standing("doubtful", grade, score, details, True)
    if not ranks.bounded:
        return Standing("doubtful", f"Evaluated on too few {evaluation.one}s", score, details, True)
    if ranks.low <= evaluation.outcome.chance and evaluation.outcome.else_average:
        return Standing("doubtful", NO_EVIDENCE, score, details, True)
    if ranks.low <= evaluation.outcome.chance:
        worse = (
            "Worse than chance"
            if ranks.high < evaluation.outcome.chance
            else "No better than chance"
        )
        return Standing("bad", worse, score, details[-1:], False)
    steps = evaluation.grades
    known = zip(steps, GRADES, strict=True)
    how = next((word for least, word in known if ranks.value >= least), "weakly")
    fair = ranks.value >= steps[-1]
    doubts = [one for one in calibration if one != RIGHT] + [*_simpler(evaluation)]
    doubt = doubts[0] if fair and doubts else ""
    return Standing(
        "good" if fair and not doubts else "doubtful", f"Tells {evaluation.one}s apart {how}",
        score, details, True, doubt[:1].upper() + doubt[1:],
    )  # fmt: skip


NOT_TOLD = "not told"
"""In the place of a number of one label among others."""


def shown_labels(evaluation: Evaluation, labels: Sequence[str]) -> tuple[int, ...]:
    """Positions of the labels whose number is shown: the model is better than chance there."""
    return tuple(k for k, label in enumerate(labels) if standing(evaluation, label).tells)


def withheld(evaluation: Evaluation, labels: Sequence[str]) -> tuple[str, ...]:
    """Why the number of each other label is not shown."""
    return tuple(
        f"No number of {one} is shown: the model is no better than chance there."
        for one in _hidden(evaluation, labels)
    )


def at_chance(evaluation: Evaluation, labels: Sequence[str]) -> str:
    """A sentence beside numbers that are written all the same; empty where all say something."""
    others = _hidden(evaluation, labels)
    if not others:
        return ""
    where = f" at {wording.listed(others)}" if len(others) < len(labels) else ""
    return f"The model is no better than chance{where}: do not rely on these numbers."


def _hidden(evaluation: Evaluation, labels: Sequence[str]) -> list[str]:
    there, shown = shown_labels(evaluation, labels), evaluation.outcome.shown
    return [shown(label) for k, label in enumerate(labels) if k not in there]


def _of(evaluation: Evaluation, name: str, label: str) -> str:
    """The key of a measure: of a label by itself, where there is one."""
    own = f"{name}_{label}"
    return own if own in evaluation.measures else evaluation.outcome.main(name)


def _calibration(evaluation: Evaluation, label: str) -> tuple[str, ...]:
    """Whether risks come true, where the outcome is yes or no."""
    slope = evaluation.measures.get(_of(evaluation, "calibration_slope", label))
    intercept = evaluation.measures.get(_of(evaluation, "calibration_intercept", label))
    if slope is None or intercept is None:
        return ()
    if not (slope.bounded and intercept.bounded):
        return ("calibration not known",)
    wrong = [
        word
        for word, is_so in (
            ("too extreme", slope.high < 1), ("too timid", slope.low > 1),
            ("too high", intercept.high < 0), ("too low", intercept.low > 0),
        )
        if is_so
    ]  # fmt: skip
    if wrong:
        return (f"risks {wording.listed(wrong)}",)
    wide = slope.low < 1 - WIDE or slope.high > 1 + WIDE
    return (f"too few {evaluation.one}s to know the calibration" if wide else RIGHT,)


def _coverage(evaluation: Evaluation) -> tuple[str, ...]:
    """How many intervals hold what was observed, where there are such intervals."""
    found = evaluation.measures.get("coverage")
    if found is None or not math.isfinite(found.value):
        return ()
    return (f"intervals hold {wording.percent(found.value)} of the observed values",)


def _simpler(evaluation: Evaluation) -> tuple[str, ...]:
    """Another model that was trained beside it and is to be preferred."""
    better = next((baseline for baseline in evaluation.baselines if baseline.better), None)
    if better is not None:
        return (f"{inside(better.name)} is better",)
    simple = next(
        (baseline for baseline in evaluation.baselines if baseline.simple and baseline.as_good),
        None,
    )
    return (f"a simpler model is as good ({inside(simple.name)})",) if simple else ()


def _counted(evaluation: Evaluation, label: str) -> str:
    n, events, asked = evaluation.n, evaluation.events, evaluation.outcome
    share = asked.average(evaluation, label) if label in asked.labels else 0.0
    if len(asked.each) > 1 and share > 0:
        # Each is known of others: of as many as make the share who had it.
        k = asked.labels.index(label)
        events, asked = events[k : k + 1], asked.each[k]
        n = round(events[0] / share)
    if not n:
        return f"not evaluated on any {evaluation.one}"
    return f"evaluated on {wording.counted(n, evaluation.of)}, {asked.rarest(events, n)}"


BASES: dict[Basis, tuple[str, str]] = {
    "held-out": (
        "Held-out prediction",
        "This {one} was in training. What is said here comes from the networks that never saw "
        "them.",
    ),
    "new": ("Not in training", "This {one} was not in training: all networks answer."),
    "in training": (
        "Was in training",
        "The number is too good, as every network that answers has learnt from this {one}.",
    ),
    "unknown": (
        "Not known whether in training",
        "The training data are not here. If this {one} was among them, the number is too good.",
    ),
}
"""In a few words, and in a sentence."""


def basis_title(basis: Basis) -> str:
    """Which networks speak, in a few words."""
    return BASES[basis][0]


def basis_sentence(found: Consultation, named: bool, one: str = "patient") -> str:
    """Which networks speak of ``one`` that was ``named``, or of typed values."""
    said = BASES[found.basis][1].format(one=one)
    if named or found.basis == "unknown":
        return said
    if found.basis == "new":
        return f"No {one} of training has exactly these values: all networks answer."
    if found.basis == "held-out":
        who = f"{one} {found.known_as}" if found.known_as else f"{found.alike} {one}s"
        return (
            f"These are the values of {who} of training. What is said here comes from the networks "
            "that never saw them."
        )
    return (
        f"{found.alike} {one}s of training have exactly these values, and every network has "
        "learnt from some of them: the number may be too good."
    )


IN_TRAINING = "Was in training: no reliable number for this scan"
TOO_GOOD = (
    "The network has learnt from it, or from others of the same patient, so what it says is too "
    "good; evaluate it by scans that were held out"
)


def scan_sentence(basis: Basis) -> str:
    """What a reader must know of the number of a scan."""
    if basis == "held-out":
        return "This scan was held out of training: the networks never learnt from it."
    if basis == "in training":
        return f"{IN_TRAINING}."
    if basis == "unknown":
        return (
            "It is not known whether this scan was in training; if it was, the number is too good."
        )
    return BASES[basis][1].format(one="scan")
