"""Which scans and patients were in training, told by their pixels and ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.scans import Scans
from pmed_core.work import Basis


@dataclass(frozen=True)
class Parts:
    """What a model of scans has learnt from, and what was held out; kept with the model, in no
    package.

    Attributes:
        scans, patients: digests of pixels, and ids, that it was trained on or stopped by.
        held_out: digests of the scans that judged it.
        continues: whether the model was begun by another, whose scans nobody knows here.
    """

    scans: tuple[str, ...]
    patients: tuple[str, ...]
    held_out: tuple[str, ...]
    continues: bool = False

    def basis(self, scan: str, patient: str, own: bool) -> Basis:
        """Of a scan by the digest of its pixels; ``own``: of the model's own cohort, where the id
        of a patient means the same."""
        if scan in self.scans:
            return "in training"
        if self.continues:
            return "unknown"
        if scan in self.held_out:
            return "held-out"
        return "in training" if own and patient in self.patients else "new"


def scan_digest(scans: Scans, name: str) -> str:
    """Of the pixels as they were read; the same in any collection, under any name."""
    pixels = np.ascontiguousarray(scans.pixels(name))
    told = f"{pixels.shape} {pixels.dtype.str}".encode()
    return hashlib.blake2b(told + pixels.tobytes(), digest_size=12).hexdigest()


def digests(cohort: Cohort) -> tuple[str, ...]:
    """(n,) of the cohort's scans."""
    if cohort.scans is None or cohort.scan is None:
        return ()
    return tuple(scan_digest(cohort.scans, name) for name in cohort.table[cohort.scan])


def parts(learnt: tuple[Cohort, ...], judged: Cohort, continues: bool) -> Parts:
    """The scans it learnt from or stopped by, and those that only judged it."""
    scans = tuple(digest for cohort in learnt for digest in digests(cohort))
    patients = tuple(sorted({one for cohort in learnt for one in cohort.patients().tolist()}))
    known = set(scans)
    held_out = tuple(digest for digest in digests(judged) if digest not in known)
    return Parts(scans, patients, held_out, continues)


def collection_digest(cohort: Cohort) -> str:
    """Of all scans of a cohort in whatever order; tells nothing of any one of them."""
    return hashlib.sha256("\n".join(sorted(digests(cohort))).encode()).hexdigest()
