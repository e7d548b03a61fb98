"""How a running job writes what it does, and learns that it should stop."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from pmed_core.checkpoint import Checkpoint
from pmed_core.errors import Cancelled, UserError
from pmed_core.progress import Silent, Stop
from pmed_core.store.checkpoints import Kept
from pmed_core.store.jobs import Jobs

BEAT = 0.4
PATIENCE = 1.4
"""Seconds that work which is to be dropped has to notice it by itself."""
CANCELLED = 130


class JobProgress(Silent):
    """Progress that is written to the store, about twice a second.

    Args:
        kept: the folder in which it keeps how far it has come (``Checkpoints.of``).
        alone: this process does nothing but the job, so that it may end itself where the work
            does not listen.
    """

    def __init__(
        self, jobs: Jobs, job: str, token: int, kept: Path, *, alone: bool = False
    ) -> None:
        self.jobs, self.job, self.token, self.alone = jobs, job, token, alone
        self.kept, self.parts = kept, set[str]()
        self.pending: list[tuple[str, Any]] = []
        self.asked: Stop = ""
        self.patience = PATIENCE
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.beating = threading.Thread(target=self._beat, daemon=True)
        self.beating.start()

    def stage(self, text: str, fraction: float) -> None:
        self._append("stage", (text, fraction))

    def epoch(self, values: dict[str, Any]) -> None:
        self._append("epoch", values)

    def note(self, sentence: str) -> None:
        self._append("note", sentence)

    def stop(self) -> Stop:
        return self.asked

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        if part in self.parts:
            raise ValueError(f"Two parts of a job are called '{part}'. Expected one.")
        self.parts.add(part)
        return Kept(self.kept / f"{part.replace(', ', '-').replace(' ', '-')}.kept", of, self.note)

    def hold(self) -> None:
        try:
            asked = self.jobs.beat(self.job, self.token)
        except (SQLAlchemyError, UserError):
            # The store is busy for now, and no reason to lose what was learnt.
            asked = self.asked
        if asked == "cancel":
            raise Cancelled

    def close(self) -> None:
        """Stop beating and write what is pending."""
        self.ended.set()
        self.beating.join()
        self.flush()

    def flush(self) -> None:
        """Write what is pending, where the store has time for it."""
        with suppress(SQLAlchemyError, UserError):
            self._flush()

    def _append(self, kind: str, body: Any) -> None:
        with self.lock:
            self.pending.append((kind, body))

    def _beat(self) -> None:
        while not self.ended.wait(BEAT):
            try:
                self.asked = self.jobs.beat(self.job, self.token) or self.asked
                self._flush()
            except (SQLAlchemyError, UserError):
                # The database is busy or the disk is full for now; the lease outlasts many beats.
                continue
            if self.asked == "cancel" and self.alone:
                self._end_soon()

    def _end_soon(self) -> None:
        """The supervisor ends a worker that does not listen; this is for when there is none."""
        self.patience -= BEAT
        if self.patience < 0:
            self.jobs.finish(self.job, self.token, "cancelled", "")
            os._exit(CANCELLED)

    def _flush(self) -> None:
        with self.lock:
            events, self.pending = self.pending, []
        if not events:
            return
        try:
            self.jobs.report(self.job, self.token, events)
        except (SQLAlchemyError, UserError):
            with self.lock:
                self.pending = events + self.pending
            raise
