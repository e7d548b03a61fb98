"""What is worth knowing about a cohort before anyone trains on it."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.judgement import Curve
from pmed_core.outcomes.kinds import checking
from pmed_core.quality import CODES_FOR_MISSING, LABELS, Finding, Quality, Severity, Summary
from pmed_core.readers import identifiers
from pmed_core.readers.leakage import copies, later_dates, repeated, repeated_patients
from pmed_core.readers.repeated_scans import repeated_scans
from pmed_core.scans import Scans
from pmed_core.training.preprocessing import numeric_cells
from pmed_core.variable import Kind, Role, Variable

HISTOGRAM_BINS = 20
VALUES_SHOWN = 12
OFTEN_MISSING = 0.5
SECOND_LABEL = (
    "Training needs a second label: bring in scans of another folder with them, or a table of "
    "labels."
)
TWO_LABELS = (
    "Training needs two labels: bring in the scans with one folder for each label, or with a table "
    "of labels."
)


def check(cohort: Cohort) -> Quality:
    """Look at every variable and at the cohort as a whole; clean findings are said too."""
    summaries = tuple(_summary(v, cohort.table[v.name]) for v in cohort.variables)
    if cohort.scans is not None:
        return _of_scans(cohort, cohort.scans, summaries)
    findings = [*repeated(cohort), *_identifiers(cohort), *_constants(cohort, summaries)]
    findings += [*_missing(cohort, summaries), *_codes_for_missing(cohort)]
    findings += [*copies(cohort), *later_dates(cohort)]
    balance: tuple[tuple[str, int], ...] = ()
    incidences: dict[str, Curve] = {}
    if cohort.outcome is not None:
        kind = checking(cohort.outcome)
        balance, incidences = kind.totals(cohort), kind.incidences(cohort)
        findings += [kind.balance(cohort), *kind.findings(cohort)]
    return Quality(len(cohort), summaries, tuple(findings), balance, incidences)


def _of_scans(cohort: Cohort, scans: Scans, summaries: tuple[Summary, ...]) -> Quality:
    findings = repeated_scans(cohort, scans)
    if cohort.patient is not None:
        findings.append(repeated_patients(cohort))
    if cohort.outcome is None:
        return Quality(len(cohort), summaries, (*_one_label(cohort, summaries), *findings))
    kind = checking(cohort.outcome)
    shares = kind.totals(cohort)
    return Quality(len(cohort), summaries, (*findings, kind.balance(cohort)), shares)


def _one_label(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """That nothing tells the scans apart, so that a model has nothing to learn."""
    kinds = {v.name: v.kind for v in cohort.variables if v.role is not Role.PATIENT}
    told = [s for s in summaries if kinds.get(s.name) in (Kind.CATEGORY, Kind.YES_NO)]
    if any(summary.distinct > 1 for summary in told):
        return []
    # One folder for all is no label to the reader, but to the person who packed it.
    folders = {PurePosixPath(name).parent.name for name in cohort.table[cohort.scan]}
    labels = {value for summary in told for value in summary.values} or folders
    label = labels.pop() if len(labels) == 1 else ""
    if not label:
        return [Finding(LABELS, Severity.WARNING, "The scans have no labels.", TWO_LABELS)]
    n = len(cohort) - sum(summary.missing for summary in told)
    sentence = f"All {n:,} scans carry" if n > 1 else "The only scan with a label carries"
    return [Finding(LABELS, Severity.WARNING, f"{sentence} the label '{label}'.", SECOND_LABEL)]


def _summary(variable: Variable, cells: pd.Series[float]) -> Summary:
    missing, known = int(cells.isna().sum()), cells.dropna()
    distinct = int(known.nunique())
    if variable.kind not in (Kind.NUMBER, Kind.DATE) or not len(known):
        if variable.kind in (Kind.IDENTIFIER, Kind.SCAN):
            return Summary(variable.name, missing, distinct)
        counts = known.value_counts().head(VALUES_SHOWN)
        values, sizes = tuple(map(str, counts.index)), tuple(int(c) for c in counts)
        return Summary(variable.name, missing, distinct, values=values, counts=sizes)
    numbers = known.to_numpy()
    if variable.kind is Kind.DATE:
        numbers = numeric_cells(known.to_frame(), [str(known.name)])[:, 0]
    values_at = np.quantile(numbers, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    width = 3 * (values_at[4] - values_at[2])
    outliers = ((numbers < values_at[2] - width) | (numbers > values_at[4] + width)).sum()
    counts_in, edges = _histogram(np.asarray(numbers, dtype=np.float64))
    return Summary(
        variable.name, missing, distinct, int(outliers) if width > 0 else 0,
        edges=tuple(float(e) for e in edges), counts=tuple(int(c) for c in counts_in),
        quantiles=tuple(float(q) for q in values_at),
    )  # fmt: skip


def _histogram(numbers: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts and edges; fewer bins where the numbers lie closer than floating point can tell."""
    for bins in (HISTOGRAM_BINS, 2, 1):
        edges = np.linspace(numbers.min(), numbers.max(), bins + 1)
        if (np.diff(edges) > 0).all():
            return np.histogram(numbers, bins=edges)
    middle = float(numbers.min())
    width = max(abs(middle) * 1e-6, 0.5)
    return np.array([len(numbers)]), np.array([middle - width, middle + width])


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:5]) + " …" * (len(names) > 5)


def _identifiers(cohort: Cohort) -> list[Finding]:
    direct = [v.name for v in cohort.variables if "direct identifier" in v.reason]
    alike = [v.name for v in cohort.variables if v.reason.startswith("nearly every value")]
    used = [
        v.name for v in cohort.inputs
        if v.kind is Kind.IDENTIFIER or (v.kind is Kind.NUMBER and _counts_rows(cohort, v.name))
    ]  # fmt: skip
    found = []
    if direct:
        found.append(
            Finding(
                "direct identifiers", Severity.WARNING,
                f"{_listed(direct)} look{'s' * (len(direct) == 1)} like direct identifiers and "
                "were not kept.", "Leave them out of the file.", tuple(direct),
            )
        )  # fmt: skip
    else:
        found.append(_no_direct(cohort))
    if alike + used:
        found.append(
            Finding(
                "identifier-like columns", Severity.WARNING if used else Severity.NOTE,
                f"{_listed(alike + used)}: nearly every value is different, as in an identifier.",
                "Ignore them; a model would learn the rows by heart." if used else "",
                tuple(alike + used),
            )
        )  # fmt: skip
    return [*found, *_grouping(cohort)]


def _grouping(cohort: Cohort) -> list[Finding]:
    """Inputs whose repeated values go with one person's unchanging sex, birth or age."""
    suspects = [v.name for v in cohort.inputs if identifiers.groups_like_persons(cohort.table, v)]
    if not suspects:
        return []
    return [
        Finding(
            "possible record numbers", Severity.WARNING,
            f"{_listed(suspects)}: rows with the same value agree in what does not change of a "
            f"person; {'it' if len(suspects) == 1 else 'each'} may be a record number.",
            "Ignore it, or set its role to 'patient'.", tuple(suspects),
        )
    ]  # fmt: skip


def _no_direct(cohort: Cohort) -> Finding:
    """That no name was found; clean where no column numbers persons either."""
    check, numbers = "direct identifiers", identifiers.numbering(cohort.variables)
    if not numbers:
        sentence = "No column looks like a name, contact detail or record number."
        return Finding(check, Severity.CLEAN, sentence)
    sentence = (
        f"No column looks like a name or contact detail. {_listed(numbers)} "
        f"number{'s' * (len(numbers) == 1)} persons, stays or samples and "
        f"{'is' if len(numbers) == 1 else 'are'} not read by a model."
    )
    kept = cohort.patient if cohort.patient and identifiers.direct(cohort.patient) else ""
    if not kept:
        return Finding(check, Severity.CLEAN, sentence)
    return Finding(
        check, Severity.WARNING, f"{sentence} '{kept}' is kept to tell patients apart.",
        "Replace it by a pseudonym in the file.", (kept,),
    )  # fmt: skip


def _counts_rows(cohort: Cohort, name: str) -> bool:
    """Whole numbers, all different, one after another: a running number."""
    cells = cohort.table[name].dropna().to_numpy()
    if len(cells) < 20 or (cells != np.round(cells)).any() or len(np.unique(cells)) < len(cells):
        return False
    return bool(np.ptp(cells) <= 1.5 * len(cells))


def _constants(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    inputs = {v.name for v in cohort.inputs}
    constant = [s.name for s in summaries if s.name in inputs and s.distinct <= 1]
    if not constant:
        return [Finding("constant columns", Severity.CLEAN, "No input is the same for everybody.")]
    return [
        Finding(
            "constant columns", Severity.NOTE, f"{_listed(constant)}: one value for everybody.",
            "Ignore them.", tuple(constant),
        )
    ]  # fmt: skip


def _missing(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    inputs = {v.name for v in cohort.inputs}
    cells = sum(s.missing for s in summaries if s.name in inputs)
    share = cells / max(len(cohort) * len(inputs), 1)
    often = [
        s.name for s in summaries if s.name in inputs and s.missing > OFTEN_MISSING * len(cohort)
    ]
    if not cells:
        return [Finding("missing values", Severity.CLEAN, "No input has an empty cell.")]
    sentence = f"{share:.1%} of the inputs' cells are empty; the model reads that as information."
    if often:
        sentence += f" More than half are empty in {_listed(often)}."
    return [Finding("missing values", Severity.NOTE, sentence, "", tuple(often))]


def _codes_for_missing(cohort: Cohort) -> list[Finding]:
    """Numbers such as 999 that the reader took for numbers, and that a user may set missing."""
    doubted = [d for d in cohort.reading if d.rule == "missing-code" and not d.proved]
    inputs = {v.column: v.name for v in cohort.inputs}
    return [
        Finding(
            CODES_FOR_MISSING, Severity.WARNING, one.sentence,
            "Set them missing, unless they are true values.", (inputs[one.column],),
        )
        for one in doubted
        if one.column in inputs
    ]  # fmt: skip
