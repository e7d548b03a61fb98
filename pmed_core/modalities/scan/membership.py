"""Which scans and patients were in training, told by their pixels and ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.scans import Scans
from pmed_core.work import Basis


@dataclass(frozen=True)
class Parts:
    """What a model of scans has learnt from, and what was held out; kept with the model, in no
    package.

    Attributes:
        scans, patients: digests of pixels, and ids, of its training and validation parts.
        held_out: digests of the scans that evaluated it.
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


def parts(learnt: tuple[Cohort, ...], evaluated: Cohort, continues: bool) -> Parts:
    """The scans of its training and validation parts, and those that were held out."""
    scans = tuple(digest for cohort in learnt for digest in digests(cohort))
    patients = tuple(sorted({one for cohort in learnt for one in cohort.patients().tolist()}))
    known = set(scans)
    held_out = tuple(digest for digest in digests(evaluated) if digest not in known)
    return Parts(scans, patients, held_out, continues)


def collection_digest(cohort: Cohort) -> str:
    """Of all scans of a cohort in whatever order; tells nothing of any one of them."""
    return hashlib.sha256("\n".join(sorted(digests(cohort))).encode()).hexdigest()


class Trained(Protocol):
    """What is asked of a predictor here."""

    name: str
    card: dict[str, Any]


IN_TRAINING = (
    "Most of these scans were in training: their numbers are too good. Those that were held out "
    "have evaluated the model when it was trained."
)


def knows(model: Trained, cohort: Cohort) -> bool:
    """Whether these are the very scans it was trained, stopped and evaluated by."""
    kept = model.card.get("scans_digest")
    return kept is not None and kept == collection_digest(cohort)


def recognise(model: Trained, cohort: Cohort) -> bool:
    """False: which of the scans were held out is in no package, so nothing changes."""
    return False


def held_out_folds(model: Trained, cohort: Cohort) -> tuple[int, ...]:
    """Empty: which of the scans were held out is in no package."""
    return ()


def said_of_training(model: Trained, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """A note where these are the scans of training."""
    return (IN_TRAINING,) if knows(model, cohort) else ()


def not_kept(name: str) -> UserError:
    """Nobody is known to be held out."""
    return UserError(
        "Held-out predictions are kept with models of tables", name,
        "A model of scans was evaluated on its held-out scans when it was trained: see its card.",
    )  # fmt: skip


def known(cohort: Cohort) -> UserError:
    """These are the scans of training."""
    return UserError(
        "These are the scans the model was trained on", cohort.name,
        "Evaluate on others. Those that were held out have evaluated it already: see its card.",
    )  # fmt: skip


def nameless(model: Trained) -> None:
    """None: nothing is kept beside a package."""


def named(cohort: Cohort) -> tuple[Scans, list[str]]:
    """The pixels, and the names of n scans; of a cohort that has some."""
    if cohort.scans is None or cohort.scan is None:
        raise TypeError("A cohort without scans. Expected one that was let through.")
    return cohort.scans, cohort.table[cohort.scan].tolist()
