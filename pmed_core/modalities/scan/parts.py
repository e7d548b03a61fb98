"""Training, validation and held-out part: patients are split; copies of a scan stay together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.modalities.scan.readers.copies import COMPARED_AT_MOST, copies
from pmed_core.options import ScanOptions
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress, Silent
from pmed_core.reading import open_question
from pmed_core.scans import Scans
from pmed_core.training.folds import inner_parts, outer_folds, split

ASKED = {
    "event": "Say which of them is: --positive LABEL.",
    "label-column": "Name the column with the labels: --label-column COL.",
    "folders": "Say which level they are: --read folders=1 for the outermost.",
}
LABELLED = "Put the scans into one folder for each label, or add a table of labels."


@dataclass(frozen=True)
class Shares:
    """Scans that train, that stop training and calibrate, and that are held out.

    Attributes:
        copied: scans that look like one of another patient, in all of them; None where there are
            too many to look.
        known: (held_out,) which held-out scans have a copy among those that train.
    """

    training: Cohort
    validation: Cohort
    held_out: Cohort
    copied: int | None
    known: NDArray[np.bool_]


def trainable(cohort: Cohort, progress: Progress) -> Cohort:
    """The scans with a label; raises ``UserError`` where there is nothing to learn from."""
    if cohort.scans is None or cohort.scan is None:
        raise UserError("There are no scans in this cohort", cohort.name, "Bring in scans.")
    if question := open_question(cohort.reading) if cohort.outcome is None else None:
        raise UserError(
            question.sentence.removesuffix("."), cohort.name,
            ASKED.get(question.rule, "Choose one of them on the Cohorts page."),
        )  # fmt: skip
    if cohort.outcome is None:
        raise UserError("There are no two labels among the scans", cohort.name, LABELLED)
    known = cohort.labelled()
    if not len(known):
        raise UserError("No scan has a label", cohort.name, LABELLED)
    return known


def parted(cohort: Cohort, validation: Cohort | None, options: ScanOptions) -> Shares:
    """The shares of a cohort; given validation scans are also the held-out ones.

    Patients whose scans are copies of each other count as one, so that no copy is on both sides
    (a tutorial's accuracy of 0.87 was 0.63 once mirrored copies stayed on one side). Raises
    ``UserError``.
    """
    if validation is not None:
        labelled = trainable(validation, Silent())
        known = _known(cohort, labelled)
        looked = len(cohort) + len(labelled) <= COMPARED_AT_MOST
        return Shares(cohort, labelled, labelled, int(known.sum()) if looked else None, known)
    owners, count = _owners(cohort)
    copied = count if len(cohort) <= COMPARED_AT_MOST else None
    folds = outer_folds(cohort, max(2, round(100 / options.held_out_percent)), options.seed, owners)
    rest, held_out = cohort.select(folds[0][0]), cohort.select(folds[0][1])
    observed, patients = rest.observed(), owners[folds[0][0]]
    parts = inner_parts(observed, patients)
    training, validation_part = split(observed, patients, parts, options.seed)[0]
    none = np.zeros(len(held_out), dtype=bool)
    return Shares(rest.select(training), rest.select(validation_part), held_out, copied, none)


def _owners(cohort: Cohort) -> tuple[NDArray[np.str_], int]:
    """(n,) the patient of each scan, one name for patients who share copies; how many scans do."""
    patients = cohort.patients()
    pairs = _pairs([cohort], patients)
    if not len(pairs):
        return patients, 0
    names, codes = np.unique(patients, return_inverse=True)
    ones = (np.ones(len(pairs)), (codes[pairs[:, 0]], codes[pairs[:, 1]]))
    group = connected_components(coo_array(ones, (len(names),) * 2), directed=False)[1]
    first = np.unique(group, return_index=True)[1]
    return np.asarray(names[first[group[codes]]], dtype=np.str_), len(np.unique(pairs))


def _known(training: Cohort, held_out: Cohort) -> NDArray[np.bool_]:
    """(evaluated,) which have a copy among the scans that train."""
    sides = ["training"] * len(training) + ["evaluated"] * len(held_out)
    pairs = _pairs([training, held_out], np.asarray(sides))
    found = np.zeros(len(held_out), dtype=bool)
    found[pairs[:, 1] - len(training)] = True
    return found


def _pairs(cohorts: list[Cohort], owners: NDArray[np.str_]) -> NDArray[np.int64]:
    """(p, 2) scans of different owners that are copies, counted through all cohorts."""
    places = [(c.scans, name) for c in cohorts for name in c.table[c.scan] if c.scans is not None]
    if len(places) > COMPARED_AT_MOST:
        return np.empty((0, 2), dtype=np.int64)

    def pixels(place: int) -> NDArray[np.generic]:
        scans, name = places[place]
        return _of(scans).pixels(name)

    found = copies(len(places), pixels, list(map(str, owners)))
    pairs = np.array([(one.first, one.second) for one in found], dtype=np.int64)
    return pairs.reshape(-1, 2)


def _of(scans: Scans | None) -> Scans:
    if scans is None:
        raise TypeError("A cohort without scans. Expected one that trainable let through.")
    return scans


def beside_copies(evaluation: Evaluation, predictions: Predictions, shares: Shares) -> Evaluation:
    """The evaluation with what copies of scans mean for it, said first."""
    if shares.copied is None:
        said = (
            f"Among more than {COMPARED_AT_MOST:,} scans copies were not looked for: some may be "
            "on both sides of the split."
        )
        return replace(evaluation, notes=(said, *evaluation.notes))
    if not shares.copied:
        return evaluation
    scans = f"{shares.copied:,} scan{'s look' if shares.copied > 1 else ' looks'}"
    if not shares.known.any():
        said = (
            f"{scans} like one of another patient (mirrored, turned, cut or saved again). Copies "
            "were kept on one side of every split, so none of them helps the score."
        )
        return replace(evaluation, notes=(said, *evaluation.notes))
    verb = "are copies of scans" if shares.copied > 1 else "is a copy of a scan"
    said = f"{shares.copied:,} of the {len(shares.known):,} evaluated scans {verb} that trained."
    rest = predictions.select(~shares.known)
    if len(set(rest.observed.tolist()) - {-1}) > 1:
        without = evaluate(rest, evaluation.outcome, evaluation.threshold, evaluation.on).measures
        said += f" AUROC with them {_shown(evaluation.measures['auroc'])}, without them "
        said += f"{_shown(without['auroc'])}."
    return replace(evaluation, notes=(said, *evaluation.notes))


def _shown(found: Measure) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
