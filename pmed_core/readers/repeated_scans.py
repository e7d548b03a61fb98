"""The same scan under two names."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.scans import Scans


def repeated_scans(cohort: Cohort, scans: Scans) -> list[Finding]:
    """Scans with the same pixels: under two patients, or with two labels."""
    rows = defaultdict(list)
    for row, name in enumerate(cohort.table[cohort.scan]):
        digest = hashlib.sha256(np.ascontiguousarray(scans.pixels(name)).data)
        rows[digest.digest()].append(row)
    twice = [same for same in rows.values() if len(same) > 1]
    patients = cohort.patients()
    apart = [same for same in twice if len(set(patients[same])) > 1]
    if not apart:
        return [Finding("same scan twice", Severity.CLEAN, "No scan appears under two patients.")]
    found = [
        Finding(
            "same scan twice", Severity.SERIOUS,
            f"{_counted(apart)} twice under different patients or names: one may train the model "
            "and the other judge it.",
            "Remove one of each, or give both the same patient.",
            rows=tuple(row for same in apart for row in same)[:100],
        )
    ]  # fmt: skip
    if cohort.outcome is not None:
        observed = cohort.observed()
        torn = [same for same in twice if len(set(observed[same])) > 1]
        if torn:
            found.append(
                Finding(
                    "labels", Severity.SERIOUS,
                    f"{_counted(torn)} twice with different labels.",
                    "Decide which label is right and remove the other.",
                    rows=tuple(row for same in torn for row in same)[:100],
                )
            )  # fmt: skip
    return found


def _counted(found: list[list[int]]) -> str:
    return "1 scan appears" if len(found) == 1 else f"{len(found):,} scans appear"
