"""What a model says about each patient, and what happened to them if known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Flags, Floats, Integers, formerly
from pmed_core.outcomes.target import MEMBERS, Target


@dataclass(frozen=True)
class Predictions:
    """What is predicted of n patients: k quantities (yes/no: k = 1, the probability of the event).

    Attributes:
        patients: n patient ids, in the order of the rows.
        labels: k names of what is predicted.
        value: (n, k) calibrated probabilities, or amounts in the outcome's unit.
        low, high: (n, k) the interval described by ``interval``.
        observed: (n,) as in ``Target``; -1 unknown.
        outside: (n,) the patient is unlike everyone the model was trained on.
        interval: what low..high is, in words.
        rows: what each row is called where patients have several: their scans.
        folds: (n,) the outer fold whose networks never saw the patient and said this; empty where
            nobody was held out, or it is not known.
        notes: what whoever reads the numbers must know of them.
        time, entry: (n,) as in ``Target``; empty where the outcome has none.
        actual: (n, q) as in ``Target``; empty where ``observed`` says all.
        panel: (f, m, k) scores that the models of each of f outer folds give the same m rows, which
            are nobody's; empty where nobody was out of fold. From it comes how much the ranks of
            patients hang on whom a model learnt from.
        of: what each row is called where it is no patient: a molecule.
        times, survival: (t,) and (n, t) share without the event by then; empty without time.
    """

    patients: tuple[str, ...]
    labels: tuple[str, ...]
    value: Annotated[Floats, formerly("value", "probability")]
    low: Floats
    high: Floats
    observed: Integers
    outside: Flags
    interval: str = MEMBERS
    rows: tuple[str, ...] = ()
    folds: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    time: Floats = field(default_factory=lambda: np.empty(0))
    actual: Floats = field(default_factory=lambda: np.empty((0, 0)))
    entry: Floats = field(default_factory=lambda: np.empty(0))
    times: tuple[float, ...] = ()
    survival: Floats = field(default_factory=lambda: np.empty((0, 0)))
    panel: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    of: str = ""

    @property
    def target(self) -> Target:
        """What happened."""
        return Target(self.observed, self.time, self.actual, self.entry)

    def __len__(self) -> int:
        return len(self.patients)

    def columns(self, what: str) -> dict[str, Floats]:
        """Of each label its value as ``what``_label, and the ends of its interval."""
        ends = {what: self.value, "low": self.low, "high": self.high}
        return {
            f"{name}_{label}": values[:, k]
            for k, label in enumerate(self.labels)
            for name, values in ends.items()
        }

    def said_of(self, labels: Sequence[int]) -> Predictions:
        """What is said of some labels alone, by position."""
        return replace(
            self, labels=tuple(self.labels[k] for k in labels), value=self.value[:, labels],
            low=self.low[:, labels], high=self.high[:, labels],
        )  # fmt: skip

    def instead(self, rows: NDArray[np.int64], others: Predictions) -> Predictions:
        """With what others say of some rows, by position; also what they make of what happened."""
        changed = {}
        for name in ("value", "low", "high", "survival", "actual"):
            values = getattr(self, name).copy()
            if values.size:
                values[rows] = getattr(others, name)
            changed[name] = values
        return replace(self, **changed)

    def select(self, rows: NDArray[np.bool_]) -> Predictions:
        """Those of some rows, by a mask."""
        return self.take(np.flatnonzero(rows))

    def take(self, kept: NDArray[np.int64]) -> Predictions:
        """Those of some rows, by position, in that order."""
        return replace(
            self, patients=tuple(self.patients[row] for row in kept),
            value=self.value[kept], low=self.low[kept], high=self.high[kept],
            observed=self.observed[kept], outside=self.outside[kept],
            rows=tuple(self.rows[row] for row in kept) if self.rows else (),
            folds=tuple(self.folds[row] for row in kept) if self.folds else (),
            time=self.time[kept] if self.time.size else self.time,
            actual=self.actual[kept] if self.actual.size else self.actual,
            entry=self.entry[kept] if self.entry.size else self.entry,
            survival=self.survival[kept] if self.survival.size else self.survival,
        )  # fmt: skip


Baselines = dict[str, tuple[Predictions, float]]
"""Name -> the same rows as a baseline predicts them, and the seconds of its training."""
