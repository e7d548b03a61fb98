"""A fitted model of scans: what it reads, what it says, how good it is, and how to keep it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.judgement import Judgement
from pmed_core.judging.judge import judge
from pmed_core.judging.outlines import OutlinedScan, judge_outlines
from pmed_core.options import ScanOptions
from pmed_core.outcomes import Outcome
from pmed_core.predictions import Predictions
from pmed_core.training.scan_bag import ScanBag
from pmed_core.training.scan_membership import Parts, collection_digest
from pmed_core.training.segmenter import Segmenter, known_outlines
from pmed_core.variable import Variable

IN_TRAINING = (
    "Most of these scans were in training: their numbers are too good. Those that were held out "
    "have judged the model when it was trained."
)


@dataclass
class ScanPredictor:
    """Networks of scans and everything needed to use them.

    Attributes:
        name: for people.
        variables: the scan, alone.
        patient: name of the column with patient ids, if there was one.
        options: what was chosen before training.
        bag: the networks between a scan's pixels and a probability.
        threshold: the outcome rate of training; thresholded measures are taken there.
        judgement: of patients that were held out.
        card: what it was trained on, plain values.
        out_of_fold: the judged scans as predicted; only fresh from ``fit``.
        rivals: the baseline's predictions and seconds; only fresh from ``fit``.
        parts: which scans were in training and which held out; only fresh from ``fit``.
    """

    name: str
    variables: tuple[Variable, ...]
    patient: str | None
    options: ScanOptions
    bag: ScanBag
    threshold: float
    judgement: Judgement
    card: dict[str, Any]
    out_of_fold: Predictions | None = None
    rivals: dict[str, tuple[Predictions, float]] = field(default_factory=dict)
    parts: Parts | None = None

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.bag.outcome

    @property
    def labels(self) -> tuple[str, ...]:
        """The k columns of probabilities."""
        return self.bag.labels

    def at(self, horizons: tuple[float, ...]) -> ScanPredictor:
        """Raises ``UserError``: what a scan shows has no time."""
        return replace(self, bag=replace(self.bag, outcome=self.outcome.at(horizons, self.name)))

    def predict(self, cohort: Cohort) -> Predictions:
        """Probabilities of n scans, with a note where these are the scans of training; raises
        ``UserError`` where there are none."""
        found = self.bag.predict(cohort)
        return replace(found, notes=(IN_TRAINING,)) if self.knows(cohort) else found

    def knows(self, cohort: Cohort) -> bool:
        """Whether these are the very scans it was trained, stopped and judged by."""
        kept = self.card.get("scans_digest")
        return kept is not None and kept == collection_digest(cohort)

    def evaluate(self, cohort: Cohort) -> Judgement:
        """Judge on patients that the model did not see, at the threshold stored with it.

        Raises ``UserError`` where a scan has a label that training did not, and for the scans of
        training.
        """
        if self.knows(cohort):
            raise UserError(
                "These are the scans the model was trained on", cohort.name,
                "Judge on others. Those that were held out have judged it already: see its card.",
            )  # fmt: skip
        cohort = labelled_alike(cohort, self.outcome, self.card.get("labels", ()))
        judged = judge(self.predict(cohort), self.outcome, self.threshold, cohort.name)
        return with_outlines(judged, self.bag.segmenter, cohort)

    def save(self, folder: Path | str) -> None:
        """Write the model package; see ``package``."""
        from pmed_core.package import save

        save(self, Path(folder))


def labelled_alike(cohort: Cohort, outcome: Outcome, known: Collection[str]) -> Cohort:
    """The cohort with another's outcome; raises ``UserError`` where a label is not ``known``.

    Models of earlier versions do not say which labels they know; then nothing is refused.
    """
    if outcome.column not in cohort.table.columns:
        raise UserError(
            "Its scans have no label", cohort.name, "Use the folders of the training scans."
        )
    strange = sorted(set(cohort.table[outcome.column].dropna()) - set(known))
    if strange and known:
        raise UserError(
            f"The training scans have no label '{strange[0]}'", cohort.name,
            f"Their labels are: {', '.join(sorted(known))}.",
        )  # fmt: skip
    return replace(cohort, outcome=outcome)


def with_outlines(judged: Judgement, segmenter: Segmenter | None, cohort: Cohort) -> Judgement:
    """The judgement, and how well outlines agree where people drew some."""
    names, scans = known_outlines(cohort), cohort.scans
    if segmenter is None or scans is None or not names:
        return judged
    patients = dict(zip(cohort.table[cohort.scan], cohort.patients(), strict=True))
    compared = []
    for name, found in zip(names, segmenter.outlines(scans, names), strict=True):
        mask, frame = scans.mask(name), scans.frames[name]
        drawn = np.zeros_like(found) if mask is None else mask > 0
        series = frame.series or name
        compared.append(OutlinedScan(patients[name], series, found, drawn, frame.spacing))
    return replace(judged, measures=judged.measures | judge_outlines(compared))
