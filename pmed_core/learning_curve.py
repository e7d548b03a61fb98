"""How a model's discrimination grows with the patients that it learns from."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.evaluation import Curve, Measure


@dataclass(frozen=True)
class LearningCurve:
    """Scores of the same held-out patients by models that learnt from fewer and more of the others.

    Attributes:
        measure: of discrimination, as evaluations name it.
        network: what was trained, as people call it.
        patients: (s,) rising sizes of a cohort; the last is that of all.
        scores: (s,) with 95 % intervals.
        line: the law that was fitted, from the first size to twice all, with its 95 % interval.
    """

    measure: str
    network: str
    patients: tuple[int, ...]
    scores: tuple[Measure, ...]
    line: Curve

    @property
    def now(self) -> Measure:
        """With all patients."""
        return self.scores[-1]

    @property
    def expected(self) -> Measure:
        """With twice as many."""
        return Measure(self.line.y[-1], self.line.low[-1], self.line.high[-1])

    @property
    def more(self) -> int:
        """How many that would be in addition."""
        return self.patients[-1]
