"""Columns and rows that would make a score untrue."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from pmed_core.cohort import Cohort
from pmed_core.quality import SAME_ROW, Finding, Severity
from pmed_core.readers.twins import same_rows
from pmed_core.variable import Kind, Role, Variable

LATER = re.compile(
    r"surviv|length.?of.?stay|(^|[ _.-])los([ _.-]|$)|follow.?up|^time$|time.?to|days.?(to|until)"
    r"|discharge|death|died|deceased|autopsy|relapse|recurrence|outcome|readmi",
    re.IGNORECASE,
)
ALONE = 0.97
TELLING = 0.60
ABSENT = 0.8
BINS, PARTS = 16, 5


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
            f"None of {len(cohort.inputs)} inputs alone predicts the outcome almost perfectly "
            "(no sign of leakage).",
        )
    ]  # fmt: skip


def _leak(variable: Variable, cells: pd.Series[float], event: NDArray[np.bool_]) -> Finding | None:
    strength = alone(cells, variable, event)
    low = strength - 1.96 * _deviation(strength, event)
    gap = _gap(cells, event)
    name = variable.name
    if low > ALONE:
        return Finding(
            "leakage", Severity.SERIOUS,
            f"'{name}' alone predicts the outcome almost perfectly (AUROC {strength:.3f}).",
            "Ignore it, unless it is truly known before the outcome.", (name,),
        )  # fmt: skip
    if gap - 1.96 * _deviation(gap, event) > ABSENT:
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


def _gap(cells: pd.Series[float], event: NDArray[np.bool_]) -> float:
    """AUROC of whether the cell is missing, in whichever direction tells more."""
    absent = np.asarray(cells.isna(), dtype=np.float64)
    return abs(_auroc(absent, event) - 0.5) + 0.5 if absent.any() else 0.5


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
    """Date columns by what they would tell: their name, or for whom they are known."""
    found = []
    dates = [v for v in cohort.variables if v.kind is Kind.DATE and v.role is not Role.OUTCOME]
    for variable in dates:
        if why := _why_later(cohort, variable.name):
            role = "ignored" if variable.role is Role.IGNORE else "an input"
            found.append(_later(variable.name, f"'{variable.name}' {why}; it is {role}."))
    return found


def _why_later(cohort: Cohort, name: str) -> str:
    if cohort.outcome is not None:
        known, event = cohort.observed() >= 0, cohort.observed() == 1
        if event.any() and not event[known].all():
            gap = _gap(cohort.table[name][known], event[known])
            if gap - 1.96 * _deviation(gap, event[known]) > ABSENT:
                return f"is known for one outcome and missing for the other (AUROC {gap:.2f})"
    return "sounds like a date after the outcome" if LATER.search(name) else ""


def _later(name: str, sentence: str) -> Finding:
    check = "dates after the outcome"
    return Finding(check, Severity.WARNING, sentence, "Keep it ignored.", (name,))


def repeated(cohort: Cohort) -> list[Finding]:
    """Patients and rows that appear twice."""
    return [repeated_patients(cohort), _repeated_rows(cohort)]


def repeated_patients(
    cohort: Cohort, check: str = "duplicate patients", rows: str = "rows"
) -> Finding:
    """Patients with more than one row, under the name of that check."""
    patients = cohort.patients()
    _, first, counts = np.unique(patients, return_index=True, return_counts=True)
    twice = int((counts > 1).sum())
    if cohort.patient is None:
        return Finding(
            check, Severity.NOTE,
            "No column says whose row it is: each row is taken as a patient of its own.",
            "Set the role of the patient id column to 'patient', if there is one.",
        )  # fmt: skip
    if not twice:
        return Finding(check, Severity.CLEAN, f"0 of {len(counts)} patients appear twice.")
    return Finding(
        check, Severity.NOTE,
        f"{twice} of {len(counts)} patients have several {rows}; all {rows} of a patient stay on "
        "one side of every split.", rows=tuple(int(row) for row in first[counts > 1][:100]),
    )  # fmt: skip


def _repeated_rows(cohort: Cohort) -> Finding:
    pairs = same_rows(cohort)
    n = len(cohort)
    if not len(pairs):
        return Finding(SAME_ROW, Severity.CLEAN, f"0 of {n} rows appear under two patients.")
    rows = np.unique(pairs)
    return Finding(
        SAME_ROW, Severity.SERIOUS,
        f"{len(pairs)} {'pair of rows is' if len(pairs) == 1 else 'pairs of rows are'} the same or "
        "nearly the same under two patients: one may train the model and the other evaluate it.",
        "Leave out the later row of each pair, or give both the same patient id in the file.",
        rows=tuple(int(row) for row in rows[:100]),
    )  # fmt: skip


def copies(cohort: Cohort) -> list[Finding]:
    """Ignored columns aside, inputs that repeat one another are a note, not a leak."""
    frame = {}
    for variable in cohort.inputs[:500]:
        cells = cohort.table[variable.name]
        numeric = cells if variable.kind is Kind.NUMBER else cells.factorize()[0]
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
