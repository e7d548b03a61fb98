"""Columns and rows that would make a score untrue."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.readers.cells import as_numbers
from pmed_core.variable import Kind, Role, Variable

LATER = re.compile(
    r"surviv|length.?of.?stay|(^|[ _.-])los([ _.-]|$)|follow.?up|^time$|time.?to|days.?(to|until)"
    r"|discharge|death|died|deceased|autopsy|relapse|recurrence|outcome|readmi",
    re.IGNORECASE,
)
ALONE = 0.97
TELLING = 0.60
BINS, PARTS = 16, 5
ROWS_FOR_NEIGHBOURS = 20_000
NEARLY = 0.03
"""Root mean square difference, in standard deviations, below which two rows are nearly the same."""


def leaks(cohort: Cohort) -> list[Finding]:
    """One variable that alone tells the outcome, or that is known only after it."""
    event = cohort.observed() == 1
    known = cohort.observed() >= 0
    if not event.any() or event[known].all():
        return []
    found = []
    for variable in cohort.inputs:
        finding = _leak(variable, cohort.table[variable.name][known], event[known])
        if finding:
            found.append(finding)
    return found or [
        Finding(
            "leakage", Severity.CLEAN,
            f"None of {len(cohort.inputs)} inputs alone tells the outcome almost perfectly.",
        )
    ]  # fmt: skip


def _leak(variable: Variable, cells: pd.Series[float], event: NDArray[np.bool_]) -> Finding | None:
    strength = alone(cells, variable, event)
    low = strength - 1.96 * _deviation(strength, event)
    absent = cells.isna().to_numpy()
    gap = (
        abs(_auroc(np.asarray(absent, dtype=np.float64), event) - 0.5) + 0.5
        if absent.any()
        else 0.5
    )
    name = variable.name
    if low > ALONE:
        return Finding(
            "leakage", Severity.SERIOUS,
            f"'{name}' alone tells the outcome almost perfectly (AUROC {strength:.3f}).",
            "Ignore it, unless it is truly known before the outcome.", (name,),
        )  # fmt: skip
    if gap - 1.96 * _deviation(gap, event) > 0.8:
        return Finding(
            "leakage", Severity.SERIOUS,
            f"Whether '{name}' is missing tells the outcome (AUROC {gap:.2f}).",
            "Ignore it, or find out why it is missing for one group.", (name,),
        )  # fmt: skip
    if LATER.search(name) and strength - 1.96 * _deviation(strength, event) > TELLING:
        return Finding(
            "leakage", Severity.SERIOUS,
            f"'{name}' sounds as if it were known only after the outcome, and it tells much about "
            f"it (AUROC {strength:.2f}).",
            "Ignore it, unless it is known when the prediction is made.", (name,),
        )  # fmt: skip
    if LATER.search(name):
        return Finding(
            "leakage", Severity.WARNING,
            f"'{name}' sounds as if it were known only after the outcome.",
            "Ignore it, unless it is known when the prediction is made.", (name,),
        )  # fmt: skip
    return None


def alone(cells: pd.Series[float], variable: Variable, event: NDArray[np.bool_]) -> float:
    """AUROC of the event rate of the cell's bin, learnt on the other rows; 0.5 says nothing.

    Bins catch what is not monotone, such as -1 for "alive".
    """
    codes = _binned(cells, variable)
    part = np.random.default_rng(0).integers(0, PARTS, len(codes))
    size = int(codes.max()) + 1
    score = np.empty(len(codes))
    for held_out in range(PARTS):
        other = part != held_out
        events = np.bincount(codes[other], event[other], size)
        rows = np.bincount(codes[other], minlength=size)
        rate = (events + event.mean()) / (rows + 1)
        score[~other] = rate[codes[~other]]
    binned = _auroc(score, event)
    if variable.kind is Kind.NUMBER:
        present = cells.notna().to_numpy()
        if event[present].any() and not event[present].all() and present.mean() > 0.5:
            numbers = np.asarray(cells, dtype=np.float64)
            straight = _auroc(numbers[present], event[present])
            return max(binned, straight, 1 - straight)
    return binned


def _binned(cells: pd.Series[float], variable: Variable) -> NDArray[np.int64]:
    if variable.kind in (Kind.NUMBER, Kind.DATE):
        ranks = cells.rank(method="average", pct=True).to_numpy(dtype=np.float64)
        return np.where(np.isnan(ranks), BINS, np.minimum(np.nan_to_num(ranks) * BINS, BINS - 1)
                        ).astype(np.int64)  # fmt: skip
    return np.asarray(pd.factorize(cells, use_na_sentinel=False)[0], dtype=np.int64)


def _auroc(score: NDArray[np.float64], event: NDArray[np.bool_]) -> float:
    events, others = int(event.sum()), int((~event).sum())
    ranks = rankdata(score)
    return float((ranks[event].sum() - events * (events + 1) / 2) / (events * others))


def _deviation(auroc: float, event: NDArray[np.bool_]) -> float:
    """Standard error of an AUROC (Hanley & McNeil, Radiology 1982)."""
    events, others = int(event.sum()), int((~event).sum())
    q1, q2 = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    variance = auroc * (1 - auroc) + (events - 1) * (q1 - auroc**2) + (others - 1) * (q2 - auroc**2)
    return float(np.sqrt(max(variance, 0) / (events * others)))


def later_dates(cohort: Cohort) -> list[Finding]:
    """Date columns by what they would tell."""
    found = []
    for variable in cohort.variables:
        if variable.kind is Kind.DATE and LATER.search(variable.name):
            found.append(
                Finding(
                    "dates after the outcome", Severity.WARNING,
                    f"'{variable.name}' sounds like a date after the outcome; it is "
                    f"{'ignored' if variable.role is Role.IGNORE else 'an input'}.",
                    "Keep it ignored.", (variable.name,),
                )
            )  # fmt: skip
    return found


def repeated(cohort: Cohort) -> list[Finding]:
    """Patients and rows that appear twice."""
    return [_repeated_patients(cohort), _repeated_rows(cohort)]


def _repeated_patients(cohort: Cohort) -> Finding:
    patients = cohort.patients()
    _, first, counts = np.unique(patients, return_index=True, return_counts=True)
    twice = int((counts > 1).sum())
    if cohort.patient is None:
        return Finding(
            "duplicate patients", Severity.NOTE,
            "No column says whose row it is: each row is taken as a patient of its own.",
            "Set the role of the patient id column to 'patient', if there is one.",
        )  # fmt: skip
    if not twice:
        return Finding(
            "duplicate patients", Severity.CLEAN, f"0 of {len(counts)} patients appear twice."
        )
    return Finding(
        "duplicate patients", Severity.NOTE,
        f"{twice} of {len(counts)} patients have several rows; all rows of a patient stay on one "
        "side of every split.", rows=tuple(int(row) for row in first[counts > 1][:100]),
    )  # fmt: skip


def _repeated_rows(cohort: Cohort) -> Finding:
    pairs = same_rows(cohort)
    n = len(cohort)
    if not len(pairs):
        return Finding(
            "same row twice", Severity.CLEAN, f"0 of {n} rows appear under two patients."
        )
    rows = np.unique(pairs)
    return Finding(
        "same row twice", Severity.SERIOUS,
        f"{len(pairs)} pairs of rows are the same or nearly the same under two patients: one may "
        "train the model and the other judge it.",
        "Remove one of each pair, or give both the same patient id.",
        rows=tuple(int(row) for row in rows[:100]),
    )  # fmt: skip


def same_rows(cohort: Cohort) -> NDArray[np.int64]:
    """(q, 2) rows of different patients whose inputs are the same or nearly so.

    Only asked where at least three inputs have many values: short rows of codes repeat by chance.
    """
    numbers = [
        v.name for v in cohort.inputs
        if v.kind is Kind.NUMBER and cohort.table[v.name].nunique() > 20
    ]  # fmt: skip
    if len(numbers) < 3:
        return np.empty((0, 2), dtype=np.int64)
    cells = cohort.table[numbers].to_numpy(dtype=np.float64)
    spread = np.nanstd(cells, axis=0) + 1e-12
    standard = np.nan_to_num((cells - np.nanmean(cells, axis=0)) / spread)
    informative = (~np.isnan(cells)).sum(axis=1) >= 3
    pairs = _exact(standard) if len(cells) > ROWS_FOR_NEIGHBOURS else _near(standard)
    patients = cohort.patients()
    different = patients[pairs[:, 0]] != patients[pairs[:, 1]]
    kept = different & informative[pairs[:, 0]] & informative[pairs[:, 1]]
    return np.asarray(pairs[kept], dtype=np.int64)


def _exact(standard: NDArray[np.float64]) -> NDArray[np.int64]:
    codes = pd.util.hash_pandas_object(pd.DataFrame(standard.round(6)), index=False).to_numpy()
    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


def _near(standard: NDArray[np.float64]) -> NDArray[np.int64]:
    # Beyond some hundred columns a random projection keeps distances well enough.
    if standard.shape[1] > 100:
        mix = np.random.default_rng(0).normal(size=(standard.shape[1], 100)) / 10
        standard = standard @ mix * np.sqrt(100 / standard.shape[1])
    index = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(standard)
    distance, neighbour = index.kneighbors(standard)
    close = distance[:, 1] / np.sqrt(standard.shape[1]) < NEARLY
    rows = np.flatnonzero(close)
    pairs = np.sort(np.stack([rows, neighbour[rows, 1]], axis=1), axis=1)
    return np.asarray(np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0), dtype=np.int64)


def copies(cohort: Cohort) -> list[Finding]:
    """Ignored columns aside, inputs that repeat one another are a note, not a leak."""
    frame = {}
    for variable in cohort.inputs[:500]:
        cells = cohort.table[variable.name]
        numeric = as_numbers(cells).values if variable.kind is Kind.NUMBER else cells.factorize()[0]
        frame[variable.name] = np.nan_to_num(np.asarray(numeric, dtype=np.float64), nan=-9e9)
    seen: dict[bytes, str] = {}
    found = []
    for name, values in frame.items():
        first = seen.setdefault(values.tobytes(), name)
        if first != name:
            found.append(
                Finding(
                    "copied columns", Severity.NOTE, f"'{name}' is a copy of '{first}'.",
                    "Ignore one of them.", (name,),
                )
            )  # fmt: skip
    return found
