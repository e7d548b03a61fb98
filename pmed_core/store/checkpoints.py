"""What running jobs keep to go on from: home/checkpoints/<job>/<part>, gone when the job has ended.

A file is the digest of the rest, the digest of what the part hangs on, and its arrays
(safetensors): whole or not there, encrypted where the home is, and never more than arrays. Where
an object store holds what lasts, it holds these too, so that another machine goes on from them.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError

from pmed_core import bucket
from pmed_core.checkpoint import Arrays
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing import files
from pmed_core.tensors import tensors_from, tensors_to

ROOM = "checkpoints"
SHARE = 0.1
"""Of the time of a training, and of what is free on the disk, that keeping it may take."""
DIGEST = hashlib.sha256().digest_size

DAMAGED = "it is damaged"
ANOTHER = "it belongs to another version of the cohort, the choices or the program"
NOT_USED = "What was kept of this job before it was interrupted is not used: {}. It begins again."
HERE_ALONE = (
    "How far this job has come is kept on this machine alone, as the object store does not take "
    "it: if the machine is lost, the job goes on from further back."
)
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
        # What an object store that is away holds still goes with the next that is dropped.
        with suppress(UserError):
            self._drop_objects([job])

    def drop_all_but(self, alive: Callable[[], Iterable[str]]) -> None:
        """Those of jobs that are over, whoever was killed before he could drop them.

        ``alive``: asked once it is known what is there, so that none that begins meanwhile goes.
        """
        here, there, jobs = [*(self.home / ROOM).glob("*")], bucket.bucket(), set[str]()
        with suppress(UserError):
            jobs = set(there.folders(bucket.within(self.home, ROOM, "")) if there else ())
        kept = set(alive())
        for folder in here:
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        with suppress(UserError):
            self._drop_objects(sorted(jobs - kept))

    def _drop_objects(self, jobs: Iterable[str]) -> None:
        if there := bucket.bucket():
            for job in jobs:
                there.delete(sorted(there.below(bucket.within(self.home, ROOM, job, ""))))


@dataclass(frozen=True)
class Elsewhere:
    """The object of a part, by which other machines go on.

    Attributes:
        path: of the part on this machine; beside it stands which object it was, or became.
    """

    there: bucket.Bucket
    path: Path

    @property
    def _name(self) -> str:
        home, (room, job, part) = self.path.parents[2], self.path.parts[-3:]
        return bucket.within(home, room, job, part)

    @property
    def _tag(self) -> Path:
        return self.path.with_suffix(".tag")

    def fetch(self) -> None:
        """Have what another machine has kept since; raises ``UserError``."""
        found = self.there.below(f"{self._name.rpartition('/')[0]}/").get(self._name)
        if found is not None and not (self.path.exists() and self._known() == found.tag):
            self.there.fetch(self._name, self.path)
            files.write_text(self._tag, found.tag)

    def put(self) -> None:
        """Have other machines go on from what is kept here; raises ``UserError``."""
        files.write_text(self._tag, self.there.put(self._name, self.path).tag)

    def _known(self) -> str:
        try:
            return files.read(self._tag).decode()
        except (OSError, ValueError):
            return ""


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
    away: bool = field(default=False, init=False)

    def kept(self) -> Arrays | None:
        if there := bucket.bucket():
            Elsewhere(there, self.path).fetch()
        if not self.path.exists():
            return None
        try:
            data = files.read(self.path)
            sound = hashlib.sha256(data[DIGEST:]).digest() == data[:DIGEST]
            fits = data[DIGEST : 2 * DIGEST] == bytes.fromhex(self.of)
            if sound and fits:
                return tensors_from(data[2 * DIGEST :])
        except (OSError, ValueError, SafetensorError):
            sound = False
        self.note(NOT_USED.format(ANOTHER if sound else DAMAGED))
        return None

    def keep(self, state: Callable[[], Arrays], *, now: bool = False) -> None:
        began = time.monotonic()
        if began < self.next and not now:
            return
        held = bytes.fromhex(self.of) + tensors_to(state())
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
        self._put()
        took = time.monotonic() - began
        self.next = began + took / SHARE

    def _put(self) -> None:
        there = bucket.bucket()
        try:
            if there is not None:
                Elsewhere(there, self.path).put()
            self.away = False
        except (OSError, UserError):
            # It ends no training either, and is tried again with the next that is kept.
            if not self.away:
                self.note(HERE_ALONE)
            self.away = True

    def _not_kept(self) -> None:
        if self.next < float("inf"):
            self.note(NOT_KEPT)
        self.next = float("inf")
