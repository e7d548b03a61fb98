"""How well a model outlines what people have outlined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.modalities.scan.outlines import OutlinedScan, evaluate_outlines
from pmed_core.modalities.scan.segmenter import Segmenter, known_outlines


def with_outlines(
    evaluation: Evaluation, segmenter: Segmenter | None, cohort: Cohort
) -> Evaluation:
    """The evaluation, and how well outlines agree where people drew some."""
    names, scans = known_outlines(cohort), cohort.scans
    if segmenter is None or scans is None or not names:
        return evaluation
    patients = dict(zip(cohort.table[cohort.scan], cohort.patients(), strict=True))
    compared = []
    for name, found in zip(names, segmenter.outlines(scans, names), strict=True):
        mask, frame = scans.mask(name), scans.frames[name]
        drawn = np.zeros_like(found) if mask is None else mask > 0
        series = frame.series or name
        compared.append(OutlinedScan(patients[name], series, found, drawn, frame.spacing))
    return replace(evaluation, measures=evaluation.measures | evaluate_outlines(compared))
