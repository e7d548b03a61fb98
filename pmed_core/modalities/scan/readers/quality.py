"""What is worth knowing about a collection of scans before anyone trains on it."""

from __future__ import annotations

from pathlib import PurePosixPath

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.repeated_scans import repeated_scans
from pmed_core.quality import LABELS, Finding, Severity, Summary
from pmed_core.readers.leakage import repeated_patients
from pmed_core.variable import Kind, Role

SECOND_LABEL = (
    "Training needs a second label: bring in scans of another folder with them, or a table of "
    "labels."
)
TWO_LABELS = (
    "Training needs two labels: bring in the scans with one folder for each label, or with a table "
    "of labels."
)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """Of scans and patients; clean ones are said too."""
    found = [] if cohort.outcome is not None else _one_label(cohort, summaries)
    if cohort.scans is not None:
        found += repeated_scans(cohort, cohort.scans)
    if cohort.patient is not None:
        found.append(repeated_patients(cohort, "several scans of a patient", "scans"))
    return found


def _one_label(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """That nothing tells the scans apart, so that a model has nothing to learn."""
    kinds = {v.name: v.kind for v in cohort.variables if v.role is not Role.PATIENT}
    told = [s for s in summaries if kinds.get(s.name) in (Kind.CATEGORY, Kind.YES_NO)]
    if any(summary.distinct > 1 for summary in told):
        return []
    # One folder for all is no label to the reader, but to the person who packed it.
    folders = {PurePosixPath(name).parent.name for name in cohort.table[cohort.scan]}
    labels = {value for summary in told for value in summary.values} or folders
    label = next(iter(labels), "")
    if len(labels) > 1 or not label:
        return [Finding(LABELS, Severity.WARNING, "The scans have no labels.", TWO_LABELS)]
    n = len(cohort) - sum(summary.missing for summary in told)
    sentence = f"All {n:,} scans carry" if n > 1 else "The only scan with a label carries"
    return [Finding(LABELS, Severity.WARNING, f"{sentence} the label '{label}'.", SECOND_LABEL)]
