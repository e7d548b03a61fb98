"""The same scan, or nearly the same, under two names."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.copies import COMPARED_AT_MOST, Copy, copies
from pmed_core.quality import Finding, Severity
from pmed_core.scans import Scans
from pmed_core.variable import Role

ROWS_SHOWN = 100
REMEMBERED = 8
_FOUND: dict[bytes, list[Copy]] = {}
"""Copies by the pixels and owners they were found in: a corrected label changes neither, and
looking again takes seconds. It holds no pixels."""


def repeated_scans(cohort: Cohort, scans: Scans) -> list[Finding]:
    """Scans with the same or nearly the same pixels: under two patients, or with two labels.

    Raises ``UserError`` where no column says any more which scan belongs to which row.
    """
    if cohort.scan is None:
        raise UserError(
            "The column of scans is not an input any more", cohort.name,
            "Keep it as it is, and choose the column with the labels as the outcome.",
        )  # fmt: skip
    rows = defaultdict(list)
    for row, name in enumerate(cohort.table[cohort.scan]):
        digest = hashlib.sha256(np.ascontiguousarray(scans.pixels(name)).data)
        rows[digest.digest()].append(row)
    twice = [same for same in rows.values() if len(same) > 1]
    patients = cohort.patients()
    apart = [same for same in twice if len(set(patients[same])) > 1]
    near = _nearly(cohort, scans, {same[0]: digest for digest, same in rows.items()})
    if not apart and not near:
        clean = Finding("same scan twice", Severity.CLEAN, "No scan appears under two patients.")
        return [clean, *_limits(len(rows))]
    found = []
    if apart:
        found.append(
            Finding(
                "same scan twice", Severity.SERIOUS,
                f"{_counted(apart)} twice under different patients or names: one may train the "
                "model and the other evaluate it.",
                "Remove one of each, or give both the same patient.", rows=_rows(apart),
            )
        )  # fmt: skip
    if near:
        pairs = "1 pair of scans looks" if len(near) == 1 else f"{len(near):,} pairs of scans look"
        found.append(
            Finding(
                "nearly the same scan", Severity.WARNING,
                f"{pairs} the same (mirrored, turned, cut, saved again or with other contrast) "
                "under different patients or names.",
                "Look at them in the rows; where they are of one patient, give both that patient.",
                rows=_rows(near),
            )
        )  # fmt: skip
    return [*found, *_torn(cohort, [*twice, *near]), *_limits(len(rows))]


def _torn(cohort: Cohort, groups: list[list[int]]) -> list[Finding]:
    """Those whose labels differ."""
    column = next((v.name for v in cohort.variables if v.role is Role.OUTCOME), None)
    if column is None:
        return []
    labels = cohort.table[column].fillna("").to_numpy()
    torn = [same for same in groups if len(set(labels[same])) > 1]
    if not torn:
        return []
    return [
        Finding(
            "labels", Severity.SERIOUS, f"{_counted(torn)} twice with different labels.",
            "Decide which label is right and correct the other.", rows=_rows(torn),
        )
    ]  # fmt: skip


def _nearly(cohort: Cohort, scans: Scans, digests: dict[int, bytes]) -> list[list[int]]:
    """Pairs of rows, among these, of different patients; very many are not compared."""
    if len(digests) > COMPARED_AT_MOST:
        return []
    rows, names, patients = list(digests), cohort.table[cohort.scan], cohort.patients()
    owners = [str(patients[row]) for row in rows]
    key = hashlib.sha256(b"".join(digests.values()) + "\0".join(owners).encode()).digest()
    if key not in _FOUND:
        while len(_FOUND) >= REMEMBERED:
            del _FOUND[next(iter(_FOUND))]
        _FOUND[key] = copies(len(rows), lambda k: scans.pixels(names.iloc[rows[k]]), owners)
    return [[rows[one.first], rows[one.second]] for one in _FOUND[key]]


def _limits(count: int) -> list[Finding]:
    """What was not looked for, where there are too many scans."""
    if count <= COMPARED_AT_MOST:
        return []
    return [
        Finding(
            "copies not looked for", Severity.NOTE,
            f"Among more than {COMPARED_AT_MOST:,} scans, copies are not looked for; equal files "
            "are.",
            "Look for them in parts of the collection.",
        )
    ]  # fmt: skip


def _rows(groups: list[list[int]]) -> tuple[int, ...]:
    return tuple(row for same in groups for row in same)[:ROWS_SHOWN]


def _counted(found: list[list[int]]) -> str:
    return "1 scan appears" if len(found) == 1 else f"{len(found):,} scans appear"
