"""What running jobs keep to go on from: home/checkpoints/<job>/<part>, gone when the job has ended.

A file is the digest of the rest, the digest of what the part hangs on, and its arrays
(safetensors): whole or not there, encrypted where the home is, and never more than arrays.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pmed_core.checkpoint import Arrays
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing import files

ROOM = "checkpoints"
SHARE = 0.1
"""Of the time of a training, and of what is free on the disk, that keeping it may take."""
DIGEST = hashlib.sha256().digest_size

DAMAGED = "it is damaged"
ANOTHER = "it belongs to another version of the cohort, the choices or the program"
NOT_USED = "What was kept of this job before it was interrupted is not used: {}. It begins again."
NOT_KEPT = (
    "How far this job has come could not be written to the disk, which may be nearly full: if the "
    "job is interrupted, it begins again."
)


@dataclass(frozen=True)
class Checkpoints:
    """Those of all jobs of a home."""

    home: Path

    def of(self, job: str) -> Path:
        """The folder of one job."""
        return self.home / ROOM / job

    def drop(self, job: str) -> None:
        """Nothing goes on from here any more."""
        shutil.rmtree(self.of(job), ignore_errors=True)

    def drop_all_but(self, jobs: Iterable[str]) -> None:
        """Those of jobs that are over, whoever was killed before he could drop them."""
        alive = set(jobs)
        for folder in (self.home / ROOM).glob("*"):
            if folder.name not in alive:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Kept:
    """One part of a job (``pmed_core.checkpoint.Checkpoint``).

    Attributes:
        of: digest of what it hangs on, in hexadecimals.
        note: says a sentence in the job's log.
        next: ``time.monotonic`` before which it is not worth keeping again.
    """

    path: Path
    of: str
    note: Callable[[str], None]
    next: float = field(default=0.0, init=False)

    def kept(self) -> Arrays | None:
        if not self.path.exists():
            return None
        try:
            data = files.read(self.path)
            sound = hashlib.sha256(data[DIGEST:]).digest() == data[:DIGEST]
            fits = data[DIGEST : 2 * DIGEST] == bytes.fromhex(self.of)
            if sound and fits:
                return dict(load(data[2 * DIGEST :]))
        except (OSError, ValueError, SafetensorError):
            sound = False
        self.note(NOT_USED.format(ANOTHER if sound else DAMAGED))
        return None

    def keep(self, state: Callable[[], Arrays], *, now: bool = False) -> None:
        began = time.monotonic()
        if began < self.next and not now:
            return
        held = bytes.fromhex(self.of) + save(
            {n: np.array(a, order="C") for n, a in state().items()}
        )
        try:
            if len(held) > SHARE * shutil.disk_usage(self.path.parents[2]).free:
                self._not_kept()
                return
            with written_whole(self.path) as beside:
                files.write(beside, hashlib.sha256(held).digest() + held)
        except (OSError, UserError):
            # A disk that is full or fails ends no training; what was kept before is as it was.
            self._not_kept()
            return
        took = time.monotonic() - began
        self.next = began + took / SHARE

    def _not_kept(self) -> None:
        if self.next < float("inf"):
            self.note(NOT_KEPT)
        self.next = float("inf")
