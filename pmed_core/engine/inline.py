"""Work is done at once, in this process: for notebooks, the shell and tests."""

from __future__ import annotations

import importlib

from pmed_core.job import UNKNOWN, Request
from pmed_core.progress import Silent
from pmed_core.store.store import Store
from pmed_core.work import Work, identify


class InlineEngine:
    """Submit, ask and cancel without another process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        # By name: the front must not import what computes (docs/architecture.md).
        self.worker = importlib.import_module("pmed_core.worker")

    def submit(self, work: Work, request: Request = UNKNOWN, *, again: bool = False) -> str:
        """Do the work now, as a job that leaves the same traces; -> its id."""
        identity = self.store.jobs.add(identify(work), work, request, again=again)
        while claimed := self.store.jobs.claim():
            self.worker.run_job(self.store, *claimed)
        return identity

    def ask(self, work: Work, seconds: float) -> str:
        """The answer; raises ``UserError``. Nobody can be interrupted after so many seconds."""
        return str(self.worker.run(work, self.store, Silent()))

    def cancel(self, job: str, keep: bool) -> None:
        """Nothing runs while anybody could ask; only a waiting job can be cancelled."""
        self.store.jobs.ask_to_stop(job, "keep" if keep else "cancel")

    def attend(self) -> None:
        """Work is done at once, so that nothing waits for anybody."""

    def warm(self, work: Work | None = None) -> None:
        """There is no process to start early."""
